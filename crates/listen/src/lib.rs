//! Servers that record or act as some software.
