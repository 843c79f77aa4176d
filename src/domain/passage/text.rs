//! The normalised text of an article: what quotes are compared in, and what every offset counts.
//!
//! # Normalisation
//!
//! From any string, in this order:
//!
//! 1. **Drop** what takes no room: soft hyphens, zero-width characters (joiners and direction marks too),
//!    and controls that are no white space. The list is [`is_dropped`].
//! 2. **NFC** (UAX #15), so that one letter is one letter however it was typed.
//! 3. **White space:** each run of characters with the property White_Space becomes one U+0020, and none is left at
//!    the beginning or the end.
//!
//! Nothing else changes: case, punctuation, quotation marks and digits stay as they are. Normalising twice is normalising
//! once. **Offsets count Unicode code points (scalar values)** of the result, from 0; a range is `start..end`, without
//! `end`. Ranges that the service finds begin and end at boundaries of extended grapheme clusters (UAX #29).
//!
//! In JavaScript, with `s` the string:
//!
//! ```js
//! s.toWellFormed()
//!   .replace(/[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "")
//!   .normalize("NFC")
//!   .replace(/[\s\x85]+/g, " ")
//!   .replace(/^ | $/g, "")
//! ```
//!
//! `tests/passages/normalisation.json` holds examples that the tests of the service and of the widget both read, and
//! `docs/passages.md` says which text of a page is its article's.

use std::str::FromStr;

use sha2::{Digest, Sha256};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::GraphemeCursor;

/// A string in the form that this module defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// By code point, so that offsets are indices.
    chars: Vec<char>,
}

/// What a text is known by: SHA-256 of its UTF-8, normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextHash([u8; 32]);

impl FromStr for TextHash {
    type Err = ();

    /// 64 hexadecimal digits.
    fn from_str(raw: &str) -> Result<Self, ()> {
        let digits = raw.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let digit = |at: usize| (pair[at] as char).to_digit(16).unwrap_or_default() as u8;
            *byte = digit(0) << 4 | digit(1);
        }
        Ok(Self(bytes))
    }
}

/// Soft hyphens, zero-width characters, marks of direction, and controls that are no white space.
pub fn is_dropped(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}'
        | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Normalises a string.
pub fn normalise(raw: &str) -> String {
    let mut text = piece(raw);
    if text.ends_with(' ') {
        text.pop();
    }
    match text.strip_prefix(' ') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Normalises a piece of a text, which may begin and end with the space that parts it from its neighbours.
pub fn piece(raw: &str) -> String {
    let kept: String = raw.chars().filter(|c| !is_dropped(*c)).collect();
    if is_nfc(&kept) {
        collapse(kept.chars(), kept.len())
    } else {
        collapse(kept.nfc(), kept.len())
    }
}

fn collapse(chars: impl Iterator<Item = char>, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    let mut is_gap = false;
    for c in chars {
        let was_gap = is_gap;
        is_gap = c.is_whitespace();
        match (was_gap, is_gap) {
            (false, true) => text.push(' '),
            (_, false) => text.push(c),
            (true, true) => {}
        }
    }
    text
}

/// How many code points on each side of a place decide whether it is a boundary of a cluster. Flags and
/// marks form longer runs only in texts that mean to.
const NEIGHBOURS: usize = 24;

impl Text {
    /// Normalises a string.
    pub fn new(raw: &str) -> Self {
        Self {
            chars: normalise(raw).chars().collect(),
        }
    }

    /// What it is known by.
    pub fn hash(&self) -> TextHash {
        let whole = self.slice(0, usize::MAX);
        TextHash(Sha256::digest(whole.as_bytes()).into())
    }

    /// Its code points.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// How many code points it has.
    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// The words at `start..end`. Offsets beyond the end mean the end.
    pub fn slice(&self, start: usize, end: usize) -> String {
        let end = end.min(self.chars.len());
        self.chars[start.min(end)..end].iter().collect()
    }

    /// Whether a grapheme cluster may end at `offset`.
    pub fn is_boundary(&self, offset: usize) -> bool {
        if offset == 0 || offset >= self.chars.len() {
            return true;
        }
        if self.chars[offset - 1].is_ascii() && self.chars[offset].is_ascii() {
            return true;
        }
        let first = offset.saturating_sub(NEIGHBOURS);
        let last = (offset + NEIGHBOURS).min(self.chars.len());
        let near = self.slice(first, last);
        let place: usize = self.chars[first..offset].iter().map(|c| c.len_utf8()).sum();
        // Fails only when it is asked about a piece of a longer string, which this one is not.
        GraphemeCursor::new(place, near.len(), true)
            .is_boundary(&near, 0)
            .unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        raw: String,
        text: String,
        length: usize,
    }

    #[derive(Deserialize)]
    struct Vectors {
        normalisation: Vec<Vector>,
    }

    #[test]
    fn the_vectors_that_the_widget_reads_too() {
        let table = include_str!("../../../tests/passages/normalisation.json");
        let vectors: Vectors = serde_json::from_str(table).unwrap();
        for vector in vectors.normalisation {
            let text = Text::new(&vector.raw);
            assert_eq!(text.slice(0, usize::MAX), vector.text, "{}", vector.name);
            assert_eq!(text.len(), vector.length, "{}", vector.name);
        }
    }

    #[test]
    fn clusters_are_not_cut() {
        // A letter with two marks, a flag beside a flag, and an emoji with a tone of skin.
        let text = Text::new("ax\u{30c}\u{323}b \u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7} 👍🏽");
        let boundaries: Vec<usize> = (0..=text.len())
            .filter(|at| text.is_boundary(*at))
            .collect();
        assert_eq!(boundaries, [0, 1, 4, 5, 6, 8, 10, 11, 13]);
    }

    #[test]
    fn a_text_is_known_by_what_is_left_of_it() {
        let known = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let hash = Text::new(" he\u{ad}llo\n").hash();
        assert_eq!(known.parse(), Ok(hash));
        assert_eq!(known.to_uppercase().parse(), Ok(hash));
        for wrong in [
            "",
            "2cf2",
            &known[1..],
            &known.replace('9', "g"),
            &known.replace("2c", "é"),
        ] {
            assert_eq!(wrong.parse::<TextHash>(), Err(()), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(raw: String) {
            let once = normalise(&raw);
            prop_assert_eq!(normalise(&once), once.clone());
            prop_assert!(!once.chars().any(|c| is_dropped(c) || (c.is_whitespace() && c != ' ')));
            prop_assert!(is_nfc(&once));
        }

        #[test]
        fn pieces_that_trouble_come_out_in_one_form(
            pieces in proptest::collection::vec(prop_oneof![
                Just("e\u{301}"), Just("\u{200b}"), Just("\u{301}"), Just(" "), Just("\n\t"), Just("\u{a0}"),
                Just("\u{1100}"), Just("\u{1161}"), Just("\u{11a8}"), Just("\u{ad}"), Just("a"), Just("\u{85}"),
                Just("\u{fb01}"), Just("\u{212b}"), Just("\u{3000}"), Just("\u{200d}"), Just("\u{323}"),
            ], 0..12),
        ) {
            let once = normalise(&pieces.concat());
            prop_assert_eq!(normalise(&once), once.clone());
            prop_assert!(is_nfc(&once));
        }
    }
}
