//! `explain`: reads the texts and prints what they mean.

use std::io::Read;

use anyhow::Context as _;
use shakedown::{Input, Options, Session};

use crate::arguments::{ExplainArguments, Output};
use crate::output::{self, Kind};

pub(crate) fn run(arguments: ExplainArguments, output: &Output) -> anyhow::Result<u8> {
    let mut options = Options::default();
    options.catalog = output.catalog.clone();
    let session = Session::new(options)?;
    let mut files = arguments.files;
    if files.is_empty() {
        files.push("-".into());
    }
    let mut inputs = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let bytes = if name == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
            bytes
        } else {
            std::fs::read(&file).with_context(|| format!("`{name}` cannot be read"))?
        };
        inputs.push(Input { name, bytes });
    }
    let report = session.explain_inputs(inputs)?;
    output::report(report, &session, output, Kind::Diagnosis)
}
