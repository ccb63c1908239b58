//! Whether two answers come from the same back end.

use shakedown_model::Slot;
use shakedown_model::ssh::SshOffer;

/// What differs, as it goes into a sentence; `None` where the offers are the same.
pub(crate) fn difference(one: &SshOffer, other: &SshOffer) -> Option<String> {
    let mut differing = Vec::new();
    if one.identification != other.identification {
        let text = |offer: &SshOffer| offer.identification.as_ref().map_or("none".to_owned(), ToString::to_string);
        differing.push(format!("identification (`{}` and `{}`)", text(one), text(other)));
    }
    let names = |offer: &SshOffer, slot| {
        offer.list(slot).accepted().map(|list| list.iter().map(|item| item.name.clone()).collect::<Vec<_>>())
    };
    for slot in Slot::SSH.into_iter().filter(|&slot| names(one, slot) != names(other, slot)) {
        differing.push(format!("{} list", slot.as_str()));
    }
    (!differing.is_empty()).then(|| differing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::{Known, Name, items};

    #[test]
    fn origins_do_not_count_and_order_does() {
        let offer = |text: &str, kex: &[&str]| SshOffer {
            identification: Some(Name::new(text)),
            kex: Known::Complete(items(kex.iter().copied())),
            ..SshOffer::default()
        };
        let one = offer("SSH-2.0-a", &["x", "y"]);
        assert_eq!(difference(&one, &one.clone()), None);
        let other = difference(&one, &offer("SSH-2.0-b", &["y", "x"])).unwrap();
        assert!(other.contains("identification") && other.contains("kex list"), "{other}");
    }
}
