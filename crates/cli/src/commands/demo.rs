//! `shakedown demo`: the steps as a person reads them.

use shakedown::{Demo, DemoStep, Options, Session, document, report};

use crate::arguments::{Format, Output};
use crate::output;

/// Runs the demonstration. 0 if the fix was proved.
pub(super) fn run(output: &Output) -> anyhow::Result<u8> {
    let mut options = Options::default();
    options.catalog = output.catalog.clone();
    let session = Session::new(options)?;
    let mut steps = Vec::new();
    let result = super::block_on(session.demo(|step| steps.push(step)))??;
    match output.format {
        Format::Json => {
            let reports = steps
                .iter()
                .filter_map(|step| match step {
                    DemoStep::Found(report) | DemoStep::Proved(report) => {
                        serde_json::from_str(&report::json(report)).ok()
                    }
                    _ => None,
                })
                .collect();
            output::print_json(&document::Demo {
                schema: document::SCHEMA.to_owned(),
                command: "demo".to_owned(),
                proved: result == Demo::Proved,
                reports,
            })?;
        }
        Format::Text | Format::Markdown | Format::Handoff | Format::Sarif => {
            for step in &steps {
                output::print(&describe(step, output))?;
            }
            let end = match result {
                Demo::Proved => "proved: the same client now connects; nothing was written to disk\n",
                Demo::NotProved => "not proved: the server still fails\n",
            };
            output::print(end)?;
        }
    }
    Ok(if result == Demo::Proved { 0 } else { 1 })
}

fn describe(step: &DemoStep, output: &Output) -> String {
    let options = output::text_options(output, None);
    match step {
        DemoStep::Started { address, software, configuration } => {
            let file: String = configuration.lines().map(|line| format!("    {line}\n")).collect();
            format!(
                "1. a legacy server listens on {address}, acting as `{software}` with this configuration:\n\n{file}\n2. what `shakedown check` finds:\n\n"
            )
        }
        DemoStep::Found(found) | DemoStep::Proved(found) if output.format == Format::Markdown => {
            report::markdown(found)
        }
        DemoStep::Found(found) | DemoStep::Proved(found) => format!("{}\n", report::text(found, &options)),
        DemoStep::Applied { title, number, configuration } => {
            let file: String = configuration.lines().map(|line| format!("    {line}\n")).collect();
            format!(
                "3. fix {number} is applied to the server's configuration ({title}):\n\n{file}\n4. a new connection:\n\n"
            )
        }
        _ => String::new(),
    }
}
