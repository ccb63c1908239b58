//! Public values of IKE's key exchanges, for messages whose secret nobody computes.

use crate::CryptoError;
use crate::kex::Curve;
use crate::kex::elliptic::EllipticKey;
use crate::kex::finite_field::FieldKey;

/// Groups whose moduli are not needed elsewhere, and their sizes in bytes: RFC 2409 section 6.1 and RFC 3526 section 2.
const SMALL_FIELDS: [(u16, usize); 2] = [(1, 96), (5, 192)];
/// X448 and the size of its values in bytes, of which any is one (RFC 7748 section 5).
const X448: (u16, usize) = (32, 56);

/// A public value of the group with this number in the IKEv2 registry, in the form of RFC 7296 section 3.4 and RFC 5903
/// section 7: one that the responder takes. `None` for groups of which none can be made here.
///
/// # Errors
/// The library or the random source fails.
pub fn public_value(group: u16) -> Result<Option<Vec<u8>>, CryptoError> {
    let curve = match group {
        19 => Some(Curve::P256),
        20 => Some(Curve::P384),
        21 => Some(Curve::P521),
        31 => Some(Curve::X25519),
        _ => None,
    };
    if let Some(curve) = curve {
        let point = EllipticKey::generate(curve)?.public()?;
        // The byte that says "not compressed" is left out.
        let begin = usize::from(curve != Curve::X25519);
        return Ok(point.get(begin..).map(<[u8]>::to_vec));
    }
    // SSH's first group is the second of IKE.
    let field = match group {
        2 => crate::kex::group(1),
        14..=18 => u8::try_from(group).ok().and_then(crate::kex::group),
        _ => None,
    };
    if let Some(field) = field {
        let value = FieldKey::generate(&field.modulus(), &field.generator())?.public().to_vec();
        // With zeros in front, to the length of the modulus (RFC 7296 section 3.4).
        let length = usize::try_from(field.bits / 8).unwrap_or(value.len());
        let mut padded = vec![0; length.saturating_sub(value.len())];
        padded.extend(value);
        return Ok(Some(padded));
    }
    if group == X448.0 {
        let mut value = vec![0; X448.1];
        crate::random(&mut value)?;
        return Ok(Some(value));
    }
    let Some((_, length)) = SMALL_FIELDS.iter().find(|(number, _)| *number == group) else { return Ok(None) };
    // The generator is 2: a number with a single bit is a power of it.
    let mut value = vec![0; *length];
    let mut place = [0];
    crate::random(&mut place)?;
    let [place] = place.map(usize::from);
    if let Some(byte) = value.get_mut(place % (length / 2)) {
        *byte = 0x20;
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_length_of_their_group() {
        let lengths =
            [(1, 96), (2, 128), (5, 192), (14, 256), (18, 1024), (19, 64), (20, 96), (21, 132), (31, 32), (32, 56)];
        for (group, length) in lengths {
            assert_eq!(public_value(group).unwrap().map(|value| value.len()), Some(length), "{group}");
        }
        assert_eq!(public_value(23).unwrap(), None);
        assert_ne!(public_value(14).unwrap(), public_value(14).unwrap());
    }
}
