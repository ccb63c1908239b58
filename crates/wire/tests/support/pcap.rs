//! Streams of TCP and datagrams of UDP in a capture: enough of pcap and pcapng for tests.

use std::collections::BTreeMap;

/// Address and port of both ends, the sender first.
pub(crate) type Flow = (Vec<u8>, u16, Vec<u8>, u16);

/// What each end sent, from its SYN to the first gap.
pub(crate) fn streams(file: &[u8]) -> BTreeMap<Flow, Vec<u8>> {
    let mut segments: BTreeMap<Flow, Vec<(u32, &[u8])>> = BTreeMap::new();
    let mut begins: BTreeMap<Flow, u32> = BTreeMap::new();
    for (link, packet) in packets(file) {
        let Some((flow, sequence, flags, payload)) = segment(link, packet) else { continue };
        if flags & 2 != 0 {
            begins.entry(flow.clone()).or_insert_with(|| sequence.wrapping_add(1));
        }
        let sequence = if flags & 2 != 0 { sequence.wrapping_add(1) } else { sequence };
        segments.entry(flow).or_default().push((sequence, payload));
    }
    begins
        .into_iter()
        .map(|(flow, begin)| (flow.clone(), join(begin, segments.remove(&flow).unwrap_or_default())))
        .collect()
}

/// The datagrams of UDP that are whole, in the order of the capture.
pub(crate) fn datagrams(file: &[u8]) -> Vec<(Flow, &[u8])> {
    packets(file).into_iter().filter_map(|(link, packet)| datagram(link, packet)).collect()
}

fn join(begin: u32, mut segments: Vec<(u32, &[u8])>) -> Vec<u8> {
    segments.sort_by_key(|(sequence, _)| sequence.wrapping_sub(begin));
    let mut stream = Vec::new();
    for (sequence, payload) in segments {
        let at = sequence.wrapping_sub(begin) as usize;
        if at > stream.len() {
            break;
        }
        stream.extend_from_slice(payload.get(stream.len() - at..).unwrap_or_default());
    }
    stream
}

fn number(bytes: &[u8], at: usize, size: usize, little: bool) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
    Some(if little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
}

/// Link types and packets.
fn packets(file: &[u8]) -> Vec<(usize, &[u8])> {
    let mut found = Vec::new();
    let _as_far_as_it_goes = match file.get(..4) {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => blocks(file, &mut found),
        Some([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]) => classic(file, true, &mut found),
        Some([0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d]) => classic(file, false, &mut found),
        _ => None,
    };
    found
}

fn classic<'a>(file: &'a [u8], little: bool, found: &mut Vec<(usize, &'a [u8])>) -> Option<()> {
    let link = number(file, 20, 4, little)? & 0xffff;
    let mut at = 24;
    loop {
        let length = number(file, at + 8, 4, little)?;
        found.push((link, file.get(at + 16..at + 16 + length)?));
        at += 16 + length;
    }
}

fn blocks<'a>(file: &'a [u8], found: &mut Vec<(usize, &'a [u8])>) -> Option<()> {
    let little = file.get(8) == Some(&0x4d);
    let (mut at, mut links) = (0, Vec::new());
    loop {
        let length = number(file, at + 4, 4, little)?;
        let block = file.get(at..at + length.max(12))?;
        match number(block, 0, 4, little)? {
            1 => links.push(number(block, 8, 2, little)?),
            6 => {
                let interface = number(block, 8, 4, little)?;
                let captured = number(block, 20, 4, little)?;
                found.push((*links.get(interface)?, block.get(28..28 + captured)?));
            }
            _ => {}
        }
        at += block.len();
    }
}

/// Flow, sequence number, flags, payload.
fn segment(link: usize, packet: &[u8]) -> Option<(Flow, u32, u8, &[u8])> {
    let (flow, tcp) = transport(link, packet, 6)?;
    let payload = tcp.get(usize::from(tcp.get(12)? >> 4) * 4..)?;
    Some((flow, u32::try_from(number(tcp, 4, 4, false)?).ok()?, *tcp.get(13)?, payload))
}

fn datagram(link: usize, packet: &[u8]) -> Option<(Flow, &[u8])> {
    let (flow, udp) = transport(link, packet, 17)?;
    Some((flow, udp.get(8..number(udp, 4, 2, false)?)?))
}

/// Flow, and what IP carries from the header of that protocol on.
fn transport(link: usize, packet: &[u8], protocol: u8) -> Option<(Flow, &[u8])> {
    let ip = match link {
        0 => packet.get(4..)?,
        1 => {
            let mut at = 12;
            while matches!(number(packet, at, 2, false)?, 0x8100 | 0x88a8) {
                at += 4;
            }
            packet.get(at + 2..)?
        }
        12 | 14 | 101 => packet,
        113 => packet.get(16..)?,
        276 => packet.get(20..)?,
        _ => return None,
    };
    let (source, target, carried) = match ip.first()? >> 4 {
        4 if ip.get(9) == Some(&protocol) && number(ip, 6, 2, false)? & 0x3fff == 0 => {
            let header = usize::from(ip.first()? & 15) * 4;
            (ip.get(12..16)?, ip.get(16..20)?, ip.get(header..number(ip, 2, 2, false)?.min(ip.len()))?)
        }
        6 if ip.get(6) == Some(&protocol) => {
            (ip.get(8..24)?, ip.get(24..40)?, ip.get(40..(40 + number(ip, 4, 2, false)?).min(ip.len()))?)
        }
        _ => return None,
    };
    let port = |at| number(carried, at, 2, false).and_then(|port| u16::try_from(port).ok());
    Some(((source.to_vec(), port(0)?, target.to_vec(), port(2)?), carried))
}
