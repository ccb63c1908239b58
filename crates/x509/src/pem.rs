use std::ops::Range;

use shakedown_crypto::decode_base64;
use shakedown_model::Name;

use crate::{Certificate, DerError, Limits};

/// A block of a PEM file (RFC 7468), or the whole of a DER file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it says it is: `CERTIFICATE`; empty where the file is DER.
    pub label: Name,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// What is wrong with it, where it could not be read.
    pub problem: Option<PemProblem>,
    /// Its contents; empty where they may be secret or could not be read.
    pub der: Vec<u8>,
}

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemProblem {
    /// Its last line is missing.
    #[error("the line `-----END ...-----` is missing")]
    NoEnd,
    /// Its last line is that of another kind of block.
    #[error("it ends as another kind of block than it begins")]
    OtherEnd,
    /// Something in it is not base64.
    #[error("byte {offset} is not base64")]
    NotBase64 {
        /// The byte, in the file.
        offset: usize,
    },
    /// What it holds is no certificate.
    #[error("{0}")]
    NotACertificate(DerError),
    /// What it holds is no revocation list.
    #[error("{0}")]
    NotAList(DerError),
}

/// A certificate, and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

/// The certificates of a file in PEM or DER, in their order, and the blocks that are none or cannot be read. The
/// contents of private keys are not kept.
pub fn certificates(file: &[u8], limits: &Limits) -> (Vec<ReadCertificate>, Vec<Block>) {
    let (mut read, mut others) = (Vec::new(), Vec::new());
    for mut block in blocks(file) {
        let holds = matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" | "");
        if !holds || block.problem.is_some() {
            block.der.clear();
            others.push(block);
            continue;
        }
        let der = match block.label.as_str() {
            // OpenSSL's own form has what it is trusted for behind the certificate.
            "TRUSTED CERTIFICATE" => crate::der::Reader::new(&block.der).any("certificate").map(|first| first.whole),
            _ => Ok(block.der.as_slice()),
        };
        match der.and_then(|der| Certificate::from_der_within(der, limits)) {
            Ok(certificate) => read.push(ReadCertificate { certificate, span: block.span }),
            Err(error) => {
                block.problem = Some(PemProblem::NotACertificate(error));
                others.push(block);
            }
        }
    }
    (read, others)
}

/// The blocks of a file; one without a name if it begins like DER. Text between the blocks is passed over.
pub(crate) fn blocks(file: &[u8]) -> Vec<Block> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut blocks = Vec::new();
    let mut lines = lines(file).peekable();
    while let Some((start, line)) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(b"-----")) else { continue };
        let mut block =
            Block { label: Name::from_bytes(label), span: start..start + line.len(), problem: None, der: Vec::new() };
        let body = start + line.len();
        let mut end = None;
        // A block without an end stops where the next one begins.
        while let Some((at, line)) = lines.next_if(|(_, line)| !line.starts_with(BEGIN)) {
            block.span.end = at + line.len();
            if let Some(rest) = line.strip_prefix(b"-----END ") {
                end = Some((at, rest.strip_suffix(b"-----") == Some(label)));
                break;
            }
        }
        match end {
            None => block.problem = Some(PemProblem::NoEnd),
            Some((_, false)) => block.problem = Some(PemProblem::OtherEnd),
            Some((at, true)) => {
                let text = file.get(body..at).unwrap_or_default();
                match decode_base64(after_headers(text)) {
                    Ok(der) => block.der = der,
                    Err(place) => {
                        let offset = at - after_headers(text).len() + place;
                        block.problem = Some(PemProblem::NotBase64 { offset });
                    }
                }
            }
        }
        blocks.push(block);
    }
    if blocks.is_empty() && file.first() == Some(&crate::der::SEQUENCE) {
        blocks.push(Block { label: Name::new(""), span: 0..file.len(), problem: None, der: file.to_vec() });
    }
    blocks
}

/// Behind the headers of RFC 1421 (`Proc-Type: 4,ENCRYPTED`), which an empty line ends.
fn after_headers(text: &[u8]) -> &[u8] {
    let has = text.contains(&b':');
    let empty = [&b"\n\n"[..], b"\r\n\r\n"];
    let end =
        empty.iter().find_map(|line| Some(text.windows(line.len()).position(|window| window == *line)? + line.len()));
    match end {
        Some(end) if has => text.get(end..).unwrap_or_default(),
        _ => text,
    }
}

/// The lines with where they begin, without white space at their ends. A byte order mark is passed over.
fn lines(file: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    file.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')).map(move |line| {
        let start = at;
        at += line.len();
        let line = if start == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        let trimmed = line.trim_ascii();
        let skipped = line.len() - line.trim_ascii_start().len();
        (at - line.len() + skipped, trimmed)
    })
}
