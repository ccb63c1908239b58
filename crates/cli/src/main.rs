//! The command line of `shakedown`: arguments to calls, nothing else.

mod arguments;
mod commands;
mod output;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(with_verb(std::env::args_os().collect())) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output with status 0, everything else to standard error with status 2.
            let status = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    match commands::run(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            output::error(&error);
            ExitCode::from(2)
        }
    }
}

/// A bare name is checked: `shakedown db01` is `shakedown check db01`.
fn with_verb(mut arguments: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let command = Arguments::command();
    // Options with a value that may stand before the verb.
    let takes_value = ["--format", "--color", "--catalog", "--to"];
    let mut index = 1;
    while let Some(argument) = arguments.get(index).and_then(|argument| argument.to_str()) {
        if takes_value.contains(&argument) {
            index += 2;
        } else if argument.starts_with('-') {
            if matches!(argument, "-h" | "--help" | "-V" | "--version") {
                return arguments;
            }
            index += 1;
        } else {
            if command.find_subcommand(argument).is_none() && argument != "help" {
                arguments.insert(index, "check".into());
            }
            return arguments;
        }
    }
    if !std::io::stdin().is_terminal() {
        // Text that is piped in without a verb is explained.
        arguments.push("explain".into());
    }
    arguments
}
