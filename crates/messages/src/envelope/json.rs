use std::ops::Range;

use memchr::memmem;

use super::Envelope;

/// How much of a line is searched for its keys.
const FAR: usize = 8192;

/// Reads a line that is a JSON object, or begins with a member of one, as container runtimes, journald and logging
/// libraries write them.
pub(super) fn read(line: &[u8]) -> Option<Envelope> {
    let trimmed = line.trim_ascii_start();
    let whole = trimmed.starts_with(b"{\"") || trimmed.starts_with(b"{ \"");
    if !whole && !trimmed.starts_with(b"\"") {
        return None;
    }
    let text = line.get(..FAR).unwrap_or(line);
    // A program's own `msg` stays with the members around it: they are part of what it says.
    let messages: &[&str] = if whole {
        &["log", "message", "MESSAGE"]
    } else {
        &["log", "msg", "message", "MESSAGE", "stderr", "stdout", "error", "err", "text"]
    };
    let message = messages.iter().filter_map(|key| value(text, key)).filter(|value| value.quoted);
    let message = message.map(|value| value.range.start).min();
    if !whole {
        // A member alone on its line, as in an indented document.
        let start = line.len() - trimmed.len();
        let message = message.filter(|at| text.get(start + 1..*at).is_some_and(|key| key.len() < 16))?;
        return Some(Envelope { message, ..Envelope::default() });
    }
    let first = |keys: &[&str]| keys.iter().find_map(|key| value(text, key)).map(|value| value.range);
    Some(Envelope {
        time: first(&["time", "ts", "@timestamp", "timestamp", "__REALTIME_TIMESTAMP", "t", "date", "asctime"]),
        host: first(&["_HOSTNAME", "hostname", "host"]),
        program: first(&["SYSLOG_IDENTIFIER", "_COMM", "program", "ident"]),
        process: first(&["_PID", "SYSLOG_PID", "pid", "process_id"]),
        connection: first(&["connection", "conn_id", "connection_id", "remote_addr", "remote", "client"]),
        message: message.filter(|at| text.get(..*at).is_some_and(is_about_logging)).unwrap_or_default(),
    })
}

/// Members that say nothing of what happened.
const ABOUT: &[&str] = &[
    "time",
    "ts",
    "timestamp",
    "@timestamp",
    "@version",
    "date",
    "asctime",
    "level",
    "lvl",
    "severity",
    "levelname",
    "priority",
    "pid",
    "tid",
    "process",
    "thread",
    "threadname",
    "thread_name",
    "host",
    "hostname",
    "logger",
    "logger_name",
    "loggername",
    "name",
    "stream",
    "caller",
    "file",
    "line",
    "type",
    "tags",
    "service",
    "component",
    "module",
    "v",
    "attrs",
    "tag",
    "log",
    "msg",
    "message",
    "stderr",
    "stdout",
    "error",
    "err",
    "text",
];

/// Whether the members before the message are only about the logging of it, as far as their names tell.
fn is_about_logging(before: &[u8]) -> bool {
    let mut rest = before;
    while let Some(colon) = memmem::find(rest, b"\":") {
        let key = rest.get(..colon).unwrap_or_default();
        let start = memchr::memrchr(b'"', key).map_or(0, |quote| quote + 1);
        let key = key.get(start..).unwrap_or_default();
        let journal = key.starts_with(b"_") || key.starts_with(b"SYSLOG_") || key.starts_with(b"CODE_");
        if !journal && !ABOUT.iter().any(|about| about.as_bytes().eq_ignore_ascii_case(key)) {
            return false;
        }
        rest = rest.get(colon + 2..).unwrap_or_default();
    }
    true
}

struct Value {
    range: Range<usize>,
    quoted: bool,
}

/// The value of a member, if it is a string or a number.
fn value(text: &[u8], key: &str) -> Option<Value> {
    let quoted = format!("\"{key}\"");
    memmem::find_iter(text, quoted.as_bytes()).find_map(|found| {
        let after = found + quoted.len();
        let rest = text.get(after..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let start = text.len() - rest.len();
        if rest.starts_with(b"\"") {
            let length = rest.iter().skip(1).position(|byte| *byte == b'"').unwrap_or(rest.len() - 1);
            Some(Value { range: start + 1..start + 1 + length, quoted: true })
        } else {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
            (length > 0).then_some(Value { range: start..start + length, quoted: false })
        }
    })
}
