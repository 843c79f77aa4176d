//! Plain text from outside: the name a reader gives, a page's title, the Markdown of a comment.
//!
//! Lengths are counted in Unicode scalar values ("characters"), after cleaning.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::characters::{
    MAX_MARKS, MarkCount, code_point, has_visible, is_deceptive, is_dropped, is_idle_at_an_edge,
    is_line_break, is_refused_in_a_line,
};
use super::invalid::Invalid;

pub use super::contact::{Email, Website};
pub use super::tags::{Locale, Slug};

/// What a person wants to be called: 1 to 60 characters on one line, in NFC (UAX #15), white space collapsed.
///
/// Every script and emoji are welcome, so ZWJ and ZWNJ are too. What a copied name brings along from the program it was copied
/// from (isolates, controls) is dropped. Refused is what deceives: characters that turn letters around or mean nothing,
/// names of which nothing shows, and piles of combining marks. Whether the name imitates another is a
/// question for [`skeleton`](super::skeleton::skeleton).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Most characters of a name.
    pub const MAX: usize = 60;

    /// Fails with `name_required` (blank), `name_invalid` or `name_too_long`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name =
            clean_line(raw).map_err(|flaw| flaw.of("name", "name_required", "name_invalid"))?;
        let length = name.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new(
                "name_too_long",
                format!(
                    "A name may have at most {} characters; this one has {length}.",
                    Self::MAX
                ),
            )
            .with("max", Self::MAX)
            .with("length", length));
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The title of a page: 1 to 200 characters on one line, under the same rules as a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Title(String);

impl Title {
    /// Most characters of a title.
    pub const MAX: usize = 200;

    /// A title somebody set on purpose. Fails with `field_required` (blank), `text_invalid` or `title_too_long`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let title =
            clean_line(raw).map_err(|flaw| flaw.of("title", "field_required", "text_invalid"))?;
        let length = title.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new(
                "title_too_long",
                format!(
                    "A title may have at most {} characters; this one has {length}.",
                    Self::MAX
                ),
            )
            .with("max", Self::MAX)
            .with("length", length));
        }
        Ok(Self(title))
    }

    /// The title a page happens to have, sent along with a comment: no reader should lose a comment over it.
    /// What [`parse`](Self::parse) refuses is left out, what is too long is cut and ends in "…"; `None` when
    /// nothing visible is left.
    pub fn hint(raw: &str) -> Option<Self> {
        let allowed: String = raw
            .chars()
            .filter(|&c| c.is_whitespace() || !is_refused_in_a_line(c))
            .collect();
        let mut marks = MarkCount::default();
        let line: String = collapse(&allowed)
            .nfc()
            .filter(|&c| marks.admits(c))
            .collect();
        let title = if line.chars().count() > Self::MAX {
            let cut: String = line.chars().take(Self::MAX - 1).collect();
            format!("{}…", cut.trim_end_matches(is_idle_at_an_edge))
        } else {
            line
        };
        has_visible(&title).then_some(Self(title))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a line of text was refused, before it is known what the line is called.
enum Flaw {
    Blank,
    NothingVisible,
    Refused(char),
    TooManyMarks,
}

impl Flaw {
    fn of(self, noun: &str, blank: &'static str, bad: &'static str) -> Invalid {
        match self {
            Flaw::Blank => Invalid::new(blank, format!("A {noun} may not be empty.")),
            Flaw::NothingVisible => Invalid::new(
                bad,
                format!("A {noun} needs at least one visible character."),
            ),
            Flaw::Refused(c) => Invalid::new(
                bad,
                format!("A {noun} may not contain the character {}.", code_point(c)),
            )
            .with("character", code_point(c)),
            Flaw::TooManyMarks => Invalid::new(
                bad,
                format!("A {noun} may have at most {MAX_MARKS} combining marks on one character."),
            )
            .with("max_marks", MAX_MARKS),
        }
    }
}

fn clean_line(raw: &str) -> Result<String, Flaw> {
    let raw = raw.trim();
    if raw.is_empty() {
        return Err(Flaw::Blank);
    }
    if let Some(c) = raw.chars().find(|&c| is_deceptive(c)) {
        return Err(Flaw::Refused(c));
    }
    let cleaned: String = raw
        .chars()
        .filter(|&c| c.is_whitespace() || !is_dropped(c))
        .collect();
    if !has_visible(&cleaned) {
        return Err(Flaw::NothingVisible);
    }
    let line: String = collapse(&cleaned).nfc().collect();
    let mut marks = MarkCount::default();
    if !line.chars().all(|c| marks.admits(c)) {
        return Err(Flaw::TooManyMarks);
    }
    Ok(line)
}

/// Strips both edges and makes each run of white space one space.
fn collapse(raw: &str) -> String {
    let words: Vec<&str> = raw
        .trim_matches(is_idle_at_an_edge)
        .split_whitespace()
        .collect();
    words.join(" ")
}

/// How long a comment may be, in characters, both ends included; part of a site's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    pub min: u32,
    pub max: u32,
}

impl Default for Length {
    fn default() -> Self {
        Self {
            min: 1,
            max: 10_000,
        }
    }
}

/// The Markdown a comment is written in: as typed, but for [line ends](is_line_break) (always LF), blank lines before and
/// white space after, and what was pasted along with it: [what is dropped](is_dropped), bidirectional controls among it, which can
/// make code and quotations read differently from what they are; and combining marks above [`MAX_MARKS`] on a character.
/// Not put into NFC, since code in it has to survive as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CommentSource(String);

impl CommentSource {
    /// Fails with `comment_empty`, `comment_too_short` or `comment_too_long`.
    pub fn parse(raw: &str, length: Length) -> Result<Self, Invalid> {
        let text = raw.replace("\r\n", "\n").replace(is_line_break, "\n");
        let mut marks = MarkCount::default();
        let text: String = text
            .chars()
            .filter(|&c| !is_dropped(c) && marks.admits(c))
            .collect();
        let text = without_blank_edges(&text);
        if !has_visible(text) {
            return Err(Invalid::new("comment_empty", "A comment may not be empty."));
        }
        within(text, length)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Indentation of the first line stays: in Markdown it makes code.
fn without_blank_edges(text: &str) -> &str {
    let text = text.trim_end();
    let indent = text.len() - text.trim_start().len();
    let start = text[..indent].rfind('\n').map_or(0, |newline| newline + 1);
    &text[start..]
}

fn within(text: &str, Length { min, max }: Length) -> Result<(), Invalid> {
    let actual = text.chars().count() as u64;
    if actual < u64::from(min) {
        return Err(Invalid::new(
            "comment_too_short",
            format!("A comment must have at least {min} characters; this one has {actual}."),
        )
        .with("min", min)
        .with("length", actual));
    }
    if actual > u64::from(max) {
        return Err(Invalid::new(
            "comment_too_long",
            format!("A comment may have at most {max} characters; this one has {actual}."),
        )
        .with("max", max)
        .with("length", actual));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(raw: &str) -> Result<String, &'static str> {
        Name::parse(raw)
            .map(|n| n.as_str().to_owned())
            .map_err(|e| e.code)
    }

    fn comment(raw: &str) -> Result<String, &'static str> {
        CommentSource::parse(raw, Length::default())
            .map(|c| c.as_str().to_owned())
            .map_err(|e| e.code)
    }

    #[test]
    fn names_are_tidied() {
        for (raw, clean) in [
            ("  Ann \u{a0}\u{3000} Lee\n", "Ann Lee"),
            ("Rene\u{301}", "René"),
            ("\u{feff}Ann\u{200b}", "Ann"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            ("I ❤\u{fe0f}", "I ❤\u{fe0f}"),
            ("O'Brien <b>", "O'Brien <b>"),
            ("שָׁלוֹם", "שָׁלוֹם"),
            ("\u{2068}Ann\u{2069}", "Ann"),
            ("\u{202b}دانا\u{202c}", "دانا"),
            (
                "A\u{2066}n\0n\u{b}Lee\tX\nY\u{2028}Z\u{85}Q",
                "Ann Lee X Y Z Q",
            ),
        ] {
            let clean: String = clean.nfc().collect();
            assert_eq!(name(raw), Ok(clean), "{raw:?}");
        }
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        for raw in [
            "Ann\u{202e}nimda",
            "a\u{202d}b",
            "a\u{fffa}b",
            "\u{2066}\u{2069}",
            "\u{e000}",
            "a\u{fdd0}",
            "\u{3164}",
            "\u{115f}",
            "\u{2800}\u{2800}",
            "\u{200d}\u{200b}",
            "\u{301}\u{301}",
            "\u{fe0f}",
        ] {
            assert_eq!(name(raw), Err("name_invalid"), "{raw:?}");
        }
        assert_eq!(name(""), Err("name_required"));
        assert_eq!(name(" \u{3000}\n"), Err("name_required"));
    }

    #[test]
    fn zalgo_is_refused() {
        assert_eq!(
            name(&format!("x{}", "\u{336}".repeat(MAX_MARKS + 1))),
            Err("name_invalid")
        );
        assert!(name(&format!("x{}", "\u{336}".repeat(MAX_MARKS))).is_ok());
    }

    #[test]
    fn a_name_has_at_most_sixty_characters() {
        assert!(name(&"é".repeat(60)).is_ok());
        let error = Name::parse(&"é".repeat(61)).unwrap_err();
        assert_eq!(error.code, "name_too_long");
        assert_eq!(
            error.detail,
            "A name may have at most 60 characters; this one has 61."
        );
    }

    #[test]
    fn a_set_title_is_judged_and_a_hint_is_mended() {
        assert_eq!(Title::parse("a\u{202e}b").unwrap_err().code, "text_invalid");
        assert_eq!(Title::parse(" ").unwrap_err().code, "field_required");
        assert_eq!(
            Title::parse(&"a".repeat(201)).unwrap_err().code,
            "title_too_long"
        );
        assert_eq!(Title::parse(&"a".repeat(200)).unwrap().as_str().len(), 200);
        assert_eq!(
            Title::hint("\n  On\u{202e} bread\n\t and\0 salt ")
                .unwrap()
                .as_str(),
            "On bread and salt"
        );
        let cut = Title::hint(&"word ".repeat(100)).unwrap();
        assert!(cut.as_str().chars().count() <= 200 && cut.as_str().ends_with("word…"));
        assert_eq!(Title::hint(" \u{200b}\u{202e}"), None);
    }

    #[test]
    fn a_comment_keeps_its_inner_form() {
        assert_eq!(
            comment("\r\n \t\r\n    code\r\rtwo  \nthree \n\n"),
            Ok("    code\n\ntwo  \nthree".into())
        );
        assert_eq!(comment("e\u{301}"), Ok("e\u{301}".into()), "no NFC");
        assert_eq!(comment("  x"), Ok("  x".into()));
    }

    #[test]
    fn line_breaks_of_other_programs_are_line_breaks() {
        for c in "\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".chars() {
            assert_eq!(
                comment(&format!("First{c}Second")),
                Ok("First\nSecond".into()),
                "{}",
                code_point(c)
            );
            assert_eq!(
                comment(&format!("{c}  code{c}")),
                Ok("  code".into()),
                "{}",
                code_point(c)
            );
            assert_eq!(
                comment(&c.to_string()),
                Err("comment_empty"),
                "{}",
                code_point(c)
            );
        }
    }

    #[test]
    fn what_is_pasted_along_with_a_comment_is_dropped() {
        for c in "\0\u{1}\u{8}\u{1b}\u{7f}\u{84}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".chars()
        {
            assert_eq!(comment(&format!("a{c}b")), Ok("ab".into()), "{}", code_point(c));
            assert_eq!(comment(&c.to_string()), Err("comment_empty"), "{}", code_point(c));
        }
        let kept = "a\u{200f}\u{200d}\tb";
        assert_eq!(comment(kept), Ok(kept.into()));
        assert_eq!(
            comment("\u{b}\u{2068}\r\n a\u{2069} \u{202c}"),
            Ok(" a".into())
        );
    }

    #[test]
    fn marks_in_a_comment_pile_up_no_higher_than_in_a_name() {
        let pile = |count| format!("a{}b", "\u{336}".repeat(count));
        assert_eq!(comment(&pile(MAX_MARKS)), Ok(pile(MAX_MARKS)));
        assert_eq!(comment(&pile(500)), Ok(pile(MAX_MARKS)));
        let through = format!("a{}", "\u{336}\u{200d}".repeat(50));
        let kept = comment(&through).unwrap();
        assert_eq!(kept.matches('\u{336}').count(), MAX_MARKS);
        let many = "שָׁ e\u{301}\u{323} ".repeat(50);
        assert_eq!(comment(&many), Ok(many.trim_end().into()));
    }

    #[test]
    fn a_refusal_says_its_numbers_to_programs() {
        let params = |invalid: Invalid| serde_json::Value::Object(invalid.params);
        let long = Name::parse(&"é".repeat(61)).unwrap_err();
        assert_eq!(params(long), serde_json::json!({"max": 60, "length": 61}));
        let turned = Name::parse("a\u{202e}b").unwrap_err();
        assert_eq!(params(turned), serde_json::json!({"character": "U+202E"}));
        let short = CommentSource::parse("a", Length { min: 2, max: 5 }).unwrap_err();
        assert_eq!(params(short), serde_json::json!({"min": 2, "length": 1}));
    }

    #[test]
    fn a_comment_needs_something_to_read() {
        for raw in [
            "",
            "\n\n",
            " \t ",
            "\u{200b}\n\u{feff}",
            "\u{3164}",
            "\u{301}",
        ] {
            assert_eq!(comment(raw), Err("comment_empty"), "{raw:?}");
        }
    }

    #[test]
    fn a_comment_keeps_to_its_length() {
        let length = Length { min: 3, max: 5 };
        let parse = |raw: &str| CommentSource::parse(raw, length);
        assert_eq!(parse("äö ").unwrap_err().code, "comment_too_short");
        assert!(parse("äöü").is_ok() && parse("äöüßé").is_ok());
        let error = parse("äöüßéx").unwrap_err();
        assert_eq!(error.code, "comment_too_long");
        assert_eq!(
            error.detail,
            "A comment may have at most 5 characters; this one has 6."
        );
    }

    #[test]
    fn text_serialises_as_a_string() {
        assert_eq!(
            serde_json::to_string(&Name::parse("Ann").unwrap()).unwrap(),
            r#""Ann""#
        );
        assert_eq!(
            serde_json::to_string(&Length::default()).unwrap(),
            r#"{"min":1,"max":10000}"#
        );
    }

    /// Letters, marks, joiners and spaces in odd orders.
    fn odd_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[a-zé\u{301}\u{323}\u{200b}\u{200d}\u{2000} \n\u{3164}가\u{1100}\u{1161}]{0,80}",
        ]
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in odd_text()) {
            if let Ok(name) = Name::parse(&raw) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
            if let Ok(source) = CommentSource::parse(&raw, Length::default()) {
                prop_assert!(!source.as_str().chars().any(is_dropped));
                prop_assert_eq!(CommentSource::parse(source.as_str(), Length::default()), Ok(source));
            }
        }

        #[test]
        fn a_hint_is_always_a_title(raw in odd_text()) {
            if let Some(title) = Title::hint(&raw) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
        }
    }
}
