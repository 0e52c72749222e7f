//! What the keys of a terminal mean.
//!
//! Owns the table, and the cutting of what a terminal sends into keys. Every wish has one key, without a second one held: the oftenest
//! asked for lie where fingers find them, the others on their first letter.

use crate::control::Control;

/// Each key as a terminal sends it. Arrows come in two forms.
pub const KEYS: &[(&str, Control)] = &[
    (" ", Control::Stop),
    ("\x1b", Control::Stop),
    ("\n", Control::Repeat),
    ("\r", Control::Repeat),
    ("r", Control::Repeat),
    ("\x1b[A", Control::Louder),
    ("\x1bOA", Control::Louder),
    ("\x1b[B", Control::Quieter),
    ("\x1bOB", Control::Quieter),
    ("\x1b[C", Control::Faster),
    ("\x1bOC", Control::Faster),
    ("\x1b[D", Control::Slower),
    ("\x1bOD", Control::Slower),
    ("+", Control::Chattier),
    ("=", Control::Chattier),
    ("c", Control::Chattier),
    ("-", Control::Less),
    ("l", Control::Less),
    ("\t", Control::Around),
    ("a", Control::Around),
    ("m", Control::More),
    ("s", Control::Status),
    ("h", Control::Help),
    ("?", Control::Help),
    ("p", Control::Toggle),
    ("w", Control::Wrong),
    ("i", Control::Introduce),
];

/// The wishes in `bytes`, one read of a terminal; keys of no meaning are passed over. An escape at the end is the key of that name,
/// since a terminal sends the whole of an arrow at once.
pub(super) fn controls(bytes: &[u8]) -> Vec<Control> {
    let (mut controls, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (key, after) = rest.split_at(length(rest));
        let lower = key.to_ascii_lowercase();
        // The last letter of an arrow is upper case.
        let find = |key: &[u8]| KEYS.iter().find(|(known, _)| known.as_bytes() == key).map(|(_, control)| *control);
        controls.extend(if key.len() > 1 { find(key) } else { find(&lower) });
        rest = after;
    }
    controls
}

/// Bytes of the first key.
fn length(bytes: &[u8]) -> usize {
    match bytes {
        // A sequence ends with its first letter or tilde.
        [0x1b, b'[', rest @ ..] => 2 + rest.iter().position(|b| (0x40..=0x7e).contains(b)).map_or(rest.len(), |end| end + 1),
        [0x1b, b'O', _, ..] => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, want: &[Control]) {
        assert_eq!(controls(bytes.as_bytes()), want, "{bytes:?}");
    }

    #[test]
    fn each_key_means_one_thing_and_others_mean_nothing() {
        use Control::*;
        for (key, control) in KEYS {
            check(key, &[*control]);
        }
        check("R", &[Repeat]);
        check("ra", &[Repeat, Around]);
        check("\x1b[Ap\x1b", &[Louder, Toggle, Stop]);
        // F5, Delete, a pasted word, and what is no ASCII.
        check("\x1b[15~\x1b[3~", &[]);
        check("x1é斑", &[]);
        check("\x1b[", &[]);
    }

    #[test]
    fn every_wish_has_its_key() {
        // A key that does both stands for these.
        let toggled = [Control::Pause, Control::Resume];
        for control in Control::ALL.into_iter().filter(|control| !toggled.contains(control)) {
            assert!(KEYS.iter().any(|(_, other)| *other == control), "{control}");
        }
    }
}
