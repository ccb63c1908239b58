//! Changes that were made: `shakedown fix --list`, `--undo`, `--confirm`, `--expire`, and `shakedown exceptions`.

use shakedown::document::{Change, Changes, Exceptions};
use shakedown::{Options, Session, Told};

use crate::arguments::{ExceptionsArguments, Format, Output};
use crate::output;

/// All changes. 1 where one is unfinished and nobody works on it.
pub(super) fn list(document: &Changes, output: &Output) -> anyhow::Result<u8> {
    let busy = document.busy.unwrap_or_default();
    let left = |change: &Change| !change.finished && change.undone_at.is_none() && !busy;
    if output.format == Format::Json {
        output::print_json(document)?;
    } else {
        let changes = document.changes.iter().map(|change| entry(change, &standing(change, busy)));
        let text = changes.collect::<Vec<_>>().join("\n");
        output::print(if text.is_empty() { "no change was made\n" } else { &text })?;
    }
    Ok(u8::from(document.changes.iter().any(left)))
}

/// What stands of a change, in a few words.
fn standing(change: &Change, busy: bool) -> String {
    match change.undone_at {
        Some(_) => format!("{}, to be confirmed", change.state),
        None if change.finished => change.state.clone(),
        None if busy => format!("{}, being made now", change.state),
        None => format!("{}, unfinished", change.state),
    }
}

/// A change as a paragraph.
fn entry(change: &Change, standing: &str) -> String {
    // `2026-01-31T12:00:00.5Z`
    let begun = change.begun.as_deref().and_then(|at| at.get(..16)).map(|at| at.replace('T', " "));
    let mut text = format!("{}  {standing}\n", change.id);
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<9}{value}\n"));
    line("change", &change.title);
    for file in &change.files {
        line("file", &format!("`{}`", file.path));
    }
    line("made", &format!("{} UTC by {}", begun.as_deref().unwrap_or("at a time not known,"), change.by));
    if let Some(until) = &change.until {
        line("weaker", &format!("until {until}: {}", change.reason.as_deref().unwrap_or_default()));
    }
    if let Some(detail) = &change.detail {
        line("last", detail);
    }
    if let Some(at) = &change.undone_at {
        line("next", &format!("it is undone at {at} unless `shakedown fix --confirm {}` is run", change.id));
    } else if standing.ends_with("unfinished") {
        let undo = format!("`shakedown fix --undo {}`, or the next `--apply`, takes it back", change.id);
        line("next", &format!("the run that made it was interrupted: {undo}"));
    }
    text
}

/// What became of changes. 1 where not all was done.
pub(super) fn told(told: &Told, output: &Output) -> anyhow::Result<u8> {
    if output.format == Format::Json {
        output::print_json(&told.document)?;
    } else {
        output::print(&(told.said.join("\n") + "\n"))?;
    }
    Ok(u8::from(!told.done))
}

/// The weaker fixes in force. 1 where one is past its date.
pub(super) fn exceptions(arguments: ExceptionsArguments, output: &Output) -> anyhow::Result<u8> {
    let session = Session::new(Options::default())?;
    let document = match &arguments.via {
        Some(destination) => {
            let via = super::far::via(destination, &arguments.far, arguments.ssh_config)?;
            super::block_on(session.far(&via))??.exceptions(arguments.state.as_ref())?
        }
        None => session.exceptions(&session.store(arguments.state)?)?,
    };
    show_exceptions(&document, arguments.via.as_deref(), output)
}

fn show_exceptions(document: &Exceptions, via: Option<&str>, output: &Output) -> anyhow::Result<u8> {
    let past = document.exceptions.iter().any(|change| change.days_left.is_some_and(|days| days < 0));
    if output.format == Format::Json {
        output::print_json(document)?;
        return Ok(u8::from(past));
    }
    let via = via.map(|destination| format!(" --via {destination}")).unwrap_or_default();
    let of = |change: &Change| {
        let left = match change.days_left.unwrap_or_default() {
            0 => "its last day is today".to_owned(),
            1 => "1 day left".to_owned(),
            days if days > 0 => format!("{days} days left"),
            -1 => format!("past its date by 1 day: `shakedown fix --expire{via}` removes it"),
            days => format!("past its date by {} days: `shakedown fix --expire{via}` removes it", -days),
        };
        entry(change, &left)
    };
    let text = document.exceptions.iter().map(of).collect::<Vec<_>>().join("\n");
    output::print(if text.is_empty() { "no weaker fix is in force\n" } else { &text })?;
    Ok(u8::from(past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_as_people_read_it() {
        let change: Change = serde_json::from_value(serde_json::json!({
            "id": "20260131-2", "state": "proved", "finished": false, "begun": "2026-01-31T12:34:56.7Z",
            "title": "offer `aes128-ctr` as well", "applicability": "safe", "by": "root",
            "files": [{"path": "/etc/ssh/sshd_config", "backup": "/etc/ssh/.x"}],
            "detail": "a new connection agreed on aes128-ctr", "undone_at": "2026-01-31T12:40:00Z",
        }))
        .unwrap();
        let expected = "20260131-2  proved, to be confirmed\n  \
                        change   offer `aes128-ctr` as well\n  \
                        file     `/etc/ssh/sshd_config`\n  \
                        made     2026-01-31 12:34 UTC by root\n  \
                        last     a new connection agreed on aes128-ctr\n  \
                        next     it is undone at 2026-01-31T12:40:00Z unless `shakedown fix --confirm 20260131-2` is run\n";
        assert_eq!(entry(&change, &standing(&change, false)), expected);
        let interrupted = Change { undone_at: None, state: "written".into(), ..change };
        assert_eq!(standing(&interrupted, true), "written, being made now");
        let text = entry(&interrupted, &standing(&interrupted, false));
        assert!(text.starts_with("20260131-2  written, unfinished\n") && text.contains("--undo 20260131-2"), "{text}");
    }
}
