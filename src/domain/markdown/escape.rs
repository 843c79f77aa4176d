//! What of a comment's own characters may come out: as text, and as an address. Nothing of it is written in any other way.

use std::fmt::Write as _;

use crate::domain::characters::MarkCount;

/// Whether a comment may link to this address. Browsers read `http:x` as a relative address, so that the slashes count.
pub(super) fn may_link(url: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// The character as it may be shown: controls, and those that turn the direction of the text around it (UAX #9, explicit
/// embeddings, overrides and isolates), are replaced.
pub(super) fn visible(c: char) -> char {
    match c {
        '\t' | '\n' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ if c.is_control() || (c as u32) & 0xfffe == 0xfffe => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// What of a comment's characters has been shown, so that what is too much of it is not.
#[derive(Default)]
pub(super) struct Shown {
    /// What the source was prepared with.
    dropped: Option<char>,
    /// Entities can pile up what the check of the body has not seen.
    marks: MarkCount,
}

impl Shown {
    pub fn without(dropped: Option<char>) -> Self {
        Self {
            dropped,
            marks: MarkCount::default(),
        }
    }

    /// The next character as it may be shown, if it may.
    pub fn admit(&mut self, c: char) -> Option<char> {
        // Most of what is written; no mark is ASCII.
        if c.is_ascii() {
            self.marks.rest();
            return Some(visible(c));
        }
        (Some(c) != self.dropped && self.marks.admits(c)).then(|| visible(c))
    }

    /// An address without what the source was prepared with.
    pub fn address<'a>(&self, url: &'a str) -> std::borrow::Cow<'a, str> {
        match self.dropped {
            Some(mark) if url.contains(mark) => url.replace(mark, "").into(),
            _ => url.into(),
        }
    }
}

/// Text as HTML, within elements and within quoted attributes alike.
pub(super) fn escape(out: &mut String, text: &str, shown: &mut Shown) {
    for c in text.chars() {
        match shown.admit(c) {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some(c) => out.push(c),
            None => {}
        }
    }
}

/// An address as a quoted attribute: what is neither unreserved nor reserved in RFC 3986 is percent-encoded, square brackets
/// with it, as the specification's examples have it; what is encoded already stays.
pub(super) fn href(out: &mut String, url: &str) {
    for b in url.bytes() {
        match b {
            b'&' => out.push_str("&amp;"),
            b'\'' => out.push_str("&#x27;"),
            _ if b.is_ascii_alphanumeric() || b"-._~:/?#@!$()*+,;=%".contains(&b) => {
                out.push(char::from(b))
            }
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
}
