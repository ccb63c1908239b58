//! Draws a report as text, JSON or Markdown.
