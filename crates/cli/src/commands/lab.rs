//! `shakedown lab`: scenarios that a person can run and learn from.

use shakedown::document::{Document, LabList, LabListed, LabResult, LabRun, LabStep as Shown, SCHEMA};
use shakedown::{LabEnd, LabOptions, LabStep, Options, Scenario, Session, report};

use crate::arguments::{Format, LabVerb, Output};
use crate::output;

/// The demonstration, which needs nothing but this program, is one of them.
const DEMO: &str = "demo";
const DEMO_TITLE: &str = "a legacy server on loopback, by this program alone: found, explained, fixed and proved";

/// 0 where all was proved, 1 where something was not, 3 where programs are missing.
pub(super) fn run(verb: LabVerb, output: &Output) -> anyhow::Result<u8> {
    match verb {
        LabVerb::List => list(output),
        LabVerb::Run { name, .. } if name == DEMO => super::demo::run(output),
        LabVerb::Run { name, keep } => {
            let mut options = LabOptions::default();
            options.keep = keep;
            options.guard = super::fix::guard()?;
            let scenarios = if name == "all" { shakedown::scenarios() } else { vec![shakedown::scenario(&name)?] };
            all(&scenarios, &options, output)
        }
    }
}

fn list(output: &Output) -> anyhow::Result<u8> {
    let scenarios = shakedown::scenarios();
    if output.format == Format::Json {
        let demo = LabListed {
            name: DEMO.to_owned(),
            title: DEMO_TITLE.to_owned(),
            protocol: "ssh".to_owned(),
            cause: None,
            needs: Vec::new(),
            missing: Vec::new(),
        };
        let listed = scenarios.iter().map(|one| LabListed {
            name: one.name.clone(),
            title: one.title.clone(),
            protocol: one.protocol.clone(),
            cause: Some(one.cause.clone()),
            needs: one.needs().iter().map(|&name| name.to_owned()).collect(),
            missing: one.missing(),
        });
        let scenarios = std::iter::once(demo).chain(listed).collect();
        output::print_json(&LabList { schema: SCHEMA.to_owned(), command: "lab".to_owned(), scenarios })?;
        return Ok(0);
    }
    let width = scenarios.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let mut text = format!("{DEMO:width$}  {DEMO_TITLE}\n");
    for one in &scenarios {
        let missing = one.missing();
        let needs = if missing.is_empty() { String::new() } else { format!(" (needs {})", missing.join(", ")) };
        text.push_str(&format!("{:width$}  {}{needs}\n", one.name, one.title));
    }
    text.push_str("\nshakedown lab run NAME runs one, on loopback and in a folder of its own; `all` runs all\n");
    output::print(&text)?;
    Ok(0)
}

fn all(scenarios: &[Scenario], options: &LabOptions, output: &Output) -> anyhow::Result<u8> {
    let json = output.format == Format::Json;
    let mut of_session = Options::default();
    of_session.catalog.clone_from(&output.catalog);
    let session = Session::new(of_session)?;
    let (mut results, mut status) = (Vec::new(), 0);
    for (index, scenario) in scenarios.iter().enumerate() {
        if !json {
            let line = if index > 0 { "\n" } else { "" };
            output::print(&format!("{line}{}: {}\n\n{}\n", scenario.name, scenario.title, scenario.learn.trim()))?;
        }
        let mut steps = Vec::new();
        let lab = session.lab(scenario, options, |step| {
            if json {
                steps.push(value(&step));
            } else {
                // A reader that has gone away must not leave a server behind.
                let _nobody_reads = output::print(&text(&step, scenario, output));
            }
        });
        let end = super::block_on(lab)??;
        let (result, because, this) = match &end {
            LabEnd::Proved => ("proved", None, 0),
            LabEnd::NotProved(because) => ("not-proved", Some(because.clone()), 1),
            LabEnd::Missing(programs) => ("missing", Some(format!("not found here: {}", programs.join(", "))), 3),
        };
        // What failed says more than what could not be tried.
        status = if status == 1 || this == 1 { 1 } else { status.max(this) };
        results.push(LabResult {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            protocol: scenario.protocol.clone(),
            cause: scenario.cause.clone(),
            result: result.to_owned(),
            because,
            steps,
        });
        if !json {
            output::print(&match &end {
                LabEnd::Proved => "\nproved\n".to_owned(),
                LabEnd::NotProved(because) => format!("\nnot proved: {because}\n"),
                LabEnd::Missing(programs) => {
                    format!("\nnot run: it needs {}, which is not installed here\n", programs.join(", "))
                }
            })?;
        }
    }
    if json {
        output::print_json(&LabRun { schema: SCHEMA.to_owned(), command: "lab".to_owned(), scenarios: results })?;
    }
    Ok(status)
}

fn indented(text: &str) -> String {
    text.trim_matches('\n').lines().map(|line| format!("    {line}\n")).collect()
}

fn text(step: &LabStep, scenario: &Scenario, output: &Output) -> String {
    let mut options = output::text_options(output, None);
    options.allow_weaker |= scenario.weakens();
    let shown = |found: &shakedown::Report| match output.format {
        Format::Markdown => report::markdown(found),
        _ => report::text(found, &options),
    };
    match step {
        LabStep::File { whose, text } => format!("\nthe {whose}'s file has:\n\n{}", indented(text)),
        LabStep::Started { command } => format!("\n$ {command}\n"),
        LabStep::Said { command: Some(command), text } => format!("\n$ {command}\n{}", indented(text)),
        LabStep::Said { command: None, text } => format!("\nwhat the client's log has:\n\n{}", indented(text)),
        LabStep::Found(found) => format!("\nwhat shakedown finds:\n\n{}\n", shown(found)),
        LabStep::Fix(step) => format!("{:>12}  {}\n", step.state.as_str(), step.text),
        LabStep::ByHand { text } => format!("{:>12}  {text}\n", "by hand"),
        LabStep::Proof(found) => format!("\nonce more:\n\n{}", shown(found)),
        LabStep::Kept { folder } => format!("\nkept: {}\n", folder.display()),
        _ => String::new(),
    }
}

fn value(step: &LabStep) -> Shown {
    let named = |name: &str| Shown { step: name.to_owned(), ..Shown::default() };
    let document =
        |found: &shakedown::Report| serde_json::from_str::<Document>(&report::json(found)).ok().map(Box::new);
    match step {
        LabStep::File { whose, text } => {
            Shown { whose: Some((*whose).to_owned()), text: Some(text.clone()), ..named("file") }
        }
        LabStep::Started { command } => Shown { command: Some(command.clone()), ..named("started") },
        LabStep::Said { command, text } => {
            Shown { command: command.clone(), text: Some(text.clone()), ..named("said") }
        }
        LabStep::Found(found) => Shown { report: document(found), ..named("found") },
        LabStep::Fix(step) => {
            Shown { state: Some(step.state.as_str().to_owned()), text: Some(step.text.clone()), ..named("fix") }
        }
        LabStep::ByHand { text } => Shown { text: Some(text.clone()), ..named("by-hand") },
        LabStep::Proof(found) => Shown { report: document(found), ..named("proof") },
        LabStep::Kept { folder } => Shown { folder: Some(folder.display().to_string()), ..named("kept") },
        // The steps may become more than this program knows of.
        _ => named("other"),
    }
}
