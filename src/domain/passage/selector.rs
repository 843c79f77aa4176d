//! What names a passage: its words, what stands around them, and where they stood (W3C Web Annotation Data Model §4.2.4,
//! §4.2.5).

use std::fmt;

use super::text::{self, normalise};
use crate::domain::characters::{has_visible, is_refused_in_a_line};
use crate::domain::invalid::Invalid;
use crate::domain::text::Title;

/// Code points of context that are kept on each side of a quote.
pub const CONTEXT: usize = 32;

/// Most code points of context that are read; of more than [`CONTEXT`], the nearest are kept.
const CONTEXT_READ: usize = 1000;

/// Most code points of a text that anybody may send: its bytes are limited to a million.
pub const FURTHEST: usize = 1 << 20;

/// The words of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    exact: String,
    shown: String,
}

impl Quote {
    /// Most code points, normalised.
    pub const MAX: usize = 2000;

    /// Reads the words as they were selected. Fails with `quote_required` or `quote_too_long`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let exact = normalise(raw);
        if !has_visible(&exact) {
            return Err(Invalid::new(
                "quote_required",
                "A passage needs words that can be seen.",
            ));
        }
        let length = exact.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new(
                "quote_too_long",
                format!(
                    "A passage may have at most {} characters; this one has {length}.",
                    Self::MAX
                ),
            ));
        }
        let shown = shown(raw);
        // Joiners are welcome in words; as padding they are not.
        let shown = match shown.chars().count() > 2 * length + 16 {
            true => exact.clone(),
            false => shown,
        };
        Ok(Self { exact, shown })
    }

    /// The words, normalised: what is searched for.
    pub fn exact(&self) -> &str {
        &self.exact
    }

    /// The words as they were written, on one line: what is shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// The words on one line, joiners kept, without what would turn or break the text around them.
fn shown(raw: &str) -> String {
    let kept = raw.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = kept
        .filter(|c| !is_refused_in_a_line(*c) && !matches!(c, '\u{AD}' | '\u{FEFF}'))
        .collect();
    kept.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a passage is found again by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    exact: Vec<char>,
    prefix: Vec<char>,
    suffix: Vec<char>,
    start: Option<usize>,
}

impl Selector {
    /// Reads what surrounds a quote, and where it is said to begin. Of the context, the nearest
    /// [`CONTEXT`] code points count. What begins or ends it may be a space. A position that lies beyond every text
    /// is none.
    ///
    /// Fails with `context_too_long` or `position_invalid`.
    pub fn parse(
        quote: &Quote,
        prefix: &str,
        suffix: &str,
        position: Option<(i64, i64)>,
    ) -> Result<Self, Invalid> {
        for context in [prefix, suffix] {
            if context.chars().nth(CONTEXT_READ).is_some() {
                return Err(Invalid::new(
                    "context_too_long",
                    format!("A prefix or suffix may have at most {CONTEXT_READ} characters."),
                ));
            }
        }
        let start = match position {
            None => None,
            // The words say how long the passage is; an end that says otherwise is wrong about it.
            Some((start, end)) => {
                let start = usize::try_from(start).ok().filter(|_| start < end);
                Some(start.filter(|start| *start < FURTHEST).ok_or_else(|| {
                    Invalid::new(
                        "position_invalid",
                        format!("A position is 0 ≤ start < end, and start below {FURTHEST}."),
                    )
                })?)
            }
        };
        let (prefix, suffix) = (text::piece(prefix), text::piece(suffix));
        let surplus = prefix.chars().count().saturating_sub(CONTEXT);
        Ok(Self {
            exact: quote.exact.chars().collect(),
            prefix: prefix.chars().skip(surplus).collect(),
            suffix: suffix.chars().take(CONTEXT).collect(),
            start,
        })
    }

    /// What was parsed before, and stored.
    pub fn stored(exact: &str, prefix: &str, suffix: &str, start: Option<usize>) -> Self {
        Self {
            exact: exact.chars().collect(),
            prefix: prefix.chars().collect(),
            suffix: suffix.chars().collect(),
            start,
        }
    }

    /// The passage at `start..end` of a text.
    pub fn at(text: &text::Text, start: usize, end: usize) -> Self {
        let chars = text.chars();
        Self {
            exact: chars[start..end].to_vec(),
            prefix: chars[start.saturating_sub(CONTEXT)..start].to_vec(),
            suffix: chars[end..(end + CONTEXT).min(chars.len())].to_vec(),
            start: Some(start),
        }
    }

    /// The words.
    pub fn exact(&self) -> &[char] {
        &self.exact
    }

    /// What stands before them.
    pub fn prefix(&self) -> &[char] {
        &self.prefix
    }

    /// What stands behind them.
    pub fn suffix(&self) -> &[char] {
        &self.suffix
    }

    /// Prefix, words and suffix.
    pub fn all(&self) -> Vec<char> {
        [&self.prefix[..], &self.exact, &self.suffix].concat()
    }

    /// Where they began when they were last seen.
    pub fn start(&self) -> Option<usize> {
        self.start
    }

    /// Where they ended then.
    pub fn end(&self) -> Option<usize> {
        self.start.map(|start| start + self.exact.len())
    }
}

/// What the author calls a passage, in the page's HTML or over the API; unique within a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageKey(String);

impl PassageKey {
    /// Most characters.
    pub const MAX: usize = 64;

    /// 1 to 64 of `A-Z a-z 0-9 . _ ~ -`, so that it can stand in an address. Fails with `passage_key_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
        if raw.is_empty() || raw.len() > Self::MAX || !raw.chars().all(is_plain) {
            return Err(Invalid::new(
                "passage_key_invalid",
                "A passage's key has 1 to 64 of A-Z, a-z, 0-9, `.`, `_`, `~` and `-`.",
            ));
        }
        Ok(Self(raw.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PassageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an author asks about a passage: 1 to 200 characters of plain text on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question(String);

impl Question {
    /// Fails with `field_required` (blank), `text_invalid` or `question_too_long`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match Title::parse(raw) {
            Ok(title) => Ok(Self(title.to_string())),
            Err(invalid) if invalid.code == "title_too_long" => Err(Invalid::new(
                "question_too_long",
                format!("A question may have at most {} characters.", Title::MAX),
            )),
            Err(invalid) => Err(invalid),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a reader, or an author, points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The words.
    pub quote: Quote,
    /// What they are found again by.
    pub selector: Selector,
    /// What the page's HTML calls them.
    pub key: Option<PassageKey>,
}
