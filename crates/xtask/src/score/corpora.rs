//! Labelled failures of real people: how often `shakedown explain` names the cause and the side, and how often it is
//! sure of a wrong one.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::side_by_side;
use crate::command;

/// A corpus, with what is asked of it in per cent.
struct Corpus {
    file: &'static str,
    /// Cases whose first answer is the label, or another that an expert accepts.
    first: f64,
}

const CORPORA: [Corpus; 3] = [
    Corpus { file: "ssh.jsonl", first: 96.0 },
    Corpus { file: "tls.jsonl", first: 94.0 },
    Corpus { file: "ike.jsonl", first: 92.0 },
];
/// Of the cases labelled client, server or network, those with just that answer, in per cent.
const SIDE: f64 = 75.0;
/// Answers given as sure that are wrong, in per cent of all cases.
const CONFIDENTLY_WRONG: f64 = 1.0;

pub(super) fn run(binary: &Path, shared: &Path, verbose: bool) -> Result<()> {
    let folder = shared.join("corpus");
    if !folder.is_dir() {
        eprintln!("no corpora beside the workspace (../shared/corpus): nothing to score");
        return Ok(());
    }
    let texts = side_by_side("corpora", &CORPORA, |corpus| {
        let mut command = Command::new("python3");
        command.arg(shared.join("score")).arg("--binary").arg(binary);
        if verbose {
            command.arg("--verbose");
        }
        command::output(command.arg(folder.join(corpus.file)))
    });
    let mut missed = Vec::new();
    for (corpus, text) in CORPORA.iter().zip(texts) {
        let text = text?;
        println!("{}", text.trim_end());
        missed.extend(shortfalls(corpus, &text)?);
    }
    if !missed.is_empty() {
        bail!("{}", missed.join("; "));
    }
    Ok(())
}

/// What a corpus falls short of.
fn shortfalls(corpus: &Corpus, text: &str) -> Result<Vec<String>> {
    let figure = |name: &str| number_after(text, name).with_context(|| format!("no figure for `{name}` in: {text}"));
    let cases = number_after(text, ": ").context("the number of cases is missing")?;
    let (first, side) = (figure("top-1 ")?, figure("side ")?);
    let wrong = 100.0 * figure("confidently wrong ")? / cases.max(1.0);
    let mut missed = Vec::new();
    let mut ask = |holds: bool, what: String| missed.extend((!holds).then(|| format!("{}: {what}", corpus.file)));
    ask(first >= corpus.first, format!("{first:.1} % of the first answers are right, below {:.1} %", corpus.first));
    ask(side >= SIDE, format!("{side:.1} % of the sides are right, below {SIDE:.1} %"));
    ask(
        wrong <= CONFIDENTLY_WRONG,
        format!("{wrong:.1} % of the answers are sure and wrong, above {CONFIDENTLY_WRONG:.1} %"),
    );
    ask(figure("errors ")? == 0.0, "some cases end in an error".to_owned());
    Ok(missed)
}

fn number_after(text: &str, name: &str) -> Option<f64> {
    let (_, rest) = text.split_once(name)?;
    rest.split(|character: char| !character.is_ascii_digit() && character != '.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "ike.jsonl: 85 cases, top-1 95.3 %, strict 90.6 %, side 86.0 % of 50, silent 0, errors 0, sure \
                        40, confidently wrong 1";

    #[test]
    fn the_figures_of_a_line_are_read() {
        assert_eq!(number_after(LINE, "top-1 "), Some(95.3));
        assert_eq!(number_after(LINE, "confidently wrong "), Some(1.0));
        assert_eq!(number_after(LINE, ": "), Some(85.0));
    }

    #[test]
    fn what_is_below_its_bound_is_named() {
        let corpus = |first| Corpus { file: "ike.jsonl", first };
        let missed = shortfalls(&corpus(96.0), LINE).unwrap();
        assert_eq!(missed.len(), 2, "{missed:?}");
        assert!(missed.iter().any(|text| text.contains("95.3 %")) && missed.iter().any(|text| text.contains("1.2 %")));
        let fine = LINE.replace("wrong 1", "wrong 0");
        assert!(shortfalls(&corpus(92.0), &fine).unwrap().is_empty());
    }
}
