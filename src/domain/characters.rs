//! Which characters of plain text from outside may be shown, and which can be seen at all.
//!
//! Sources: the Unicode Standard, chapter 23 (special areas and format characters);
//! `DerivedCoreProperties.txt`, `Default_Ignorable_Code_Point`; UAX #9 (bidirectional text).

use unicode_normalization::char::is_combining_mark;

/// Embeddings, overrides and isolates of UAX #9. They turn what follows around, even outside the text that
/// holds them ("Trojan Source", CVE-2021-42574). The plain marks (LRM, RLM, ALM) only place neighbours and stay allowed.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A [bidi control](is_bidi_control) that writes letters in an order that is not theirs. No program puts one around a name.
fn is_bidi_override(c: char) -> bool {
    matches!(c, '\u{202D}' | '\u{202E}')
}

/// What ends a line in the texts of some program (Unicode Standard, 5.8): Word breaks lines with U+000B, mainframes with U+0085.
pub fn is_line_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// What programs leave in a text that is copied out of them: controls, and embeddings and isolates,
/// whose other half may have stayed behind. Nobody typed them and nobody misses them, so they are dropped, not refused.
pub fn is_dropped(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n')) || is_bidi_control(c)
}

/// What makes a line say something else than it seems to. All else that has [no place in a line](is_refused_in_a_line) is dropped.
pub fn is_deceptive(c: char) -> bool {
    is_bidi_override(c)
        || matches!(c, '\u{FFF9}'..='\u{FFFC}')
        || is_private_use(c)
        || is_noncharacter(c)
}

/// What has no place in one line of plain text: controls, [bidi controls](is_bidi_control), line and
/// paragraph separators, annotation anchors, and code points that mean nothing outside one's own programs.
pub fn is_refused_in_a_line(c: char) -> bool {
    c.is_control()
        || is_bidi_control(c)
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFC}')
        || is_private_use(c)
        || is_noncharacter(c)
}

fn is_private_use(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// The 66 code points that are never characters: U+FDD0–U+FDEF and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE
}

/// Characters that put nothing on the page when they stand alone: the default ignorable code points
/// (zero-width characters, fillers, variation selectors, tags) and the few letters and symbols drawn as a blank.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_default_ignorable(c) || is_blank_glyph(c)
}

fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Braille blank, musical null notehead, Egyptian blanks.
fn is_blank_glyph(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1D159}' | '\u{13441}' | '\u{13442}')
}

/// Whether at least one character shows by itself; combining marks need a base and do not count.
pub fn has_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !is_invisible(c) && !is_combining_mark(c))
}

/// White space, or a joiner, mark or break hint that does nothing at the edge of a text.
pub fn is_idle_at_an_edge(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'
                ..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
}

/// How many combining marks a base may carry. Living scripts stack three or four; "zalgo" stacks dozens
/// and paints over the lines above and below.
pub const MAX_MARKS: usize = 6;

/// How many letters may stand below a Tibetan one. They are combining marks to Unicode and letters to their readers; the
/// highest stacks, of mantras, have seven.
const MAX_STACKED: usize = 12;

/// Counts the marks that have piled up on the present base. Invisible characters between marks do not start
/// a new base, or a zero-width character every few marks would undo the limit.
#[derive(Default)]
pub struct MarkCount {
    marks: usize,
    stacked: usize,
}

impl MarkCount {
    /// The next character bears nothing yet.
    pub fn rest(&mut self) {
        *self = Self::default();
    }

    /// Takes the next character; true while the pile is within [`MAX_MARKS`].
    pub fn admits(&mut self, c: char) -> bool {
        if matches!(c, '\u{0F90}'..='\u{0FBC}') {
            self.stacked += 1;
            return self.stacked <= MAX_STACKED;
        }
        if is_combining_mark(c) {
            self.marks += 1;
            return self.marks <= MAX_MARKS;
        }
        if !is_invisible(c) || c.is_whitespace() {
            self.rest();
        }
        true
    }
}

/// `U+202E` for a character that must not be repeated in an answer.
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", c as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_refuses_what_hides_or_turns_text() {
        for c in "\0\n\t\u{7f}\u{85}\u{202e}\u{2066}\u{2028}\u{e000}\u{fdd0}\u{ffff}\u{1fffe}\u{10ffff}\u{fffc}".chars() {
            assert!(is_refused_in_a_line(c), "{}", code_point(c));
        }
        for c in "aé漢😀 \u{200d}\u{200c}\u{200f}\u{fe0f}\u{fffd}\u{fdf0}".chars() {
            assert!(!is_refused_in_a_line(c), "{}", code_point(c));
        }
    }

    #[test]
    fn blanks_are_not_visible() {
        for text in [
            "",
            " ",
            "\u{200b}\u{feff}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{2800}",
            "\u{301}\u{302}",
            "\u{fe0f}",
        ] {
            assert!(!has_visible(text), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "😀", "가", "-"] {
            assert!(has_visible(text), "{text:?}");
        }
    }

    #[test]
    fn marks_are_counted_through_invisible_characters() {
        let mut count = MarkCount::default();
        let pile = format!("a{}\u{200d}\u{301}", "\u{301}".repeat(6));
        assert!(!pile.chars().all(|c| count.admits(c)));
        let mut count = MarkCount::default();
        assert!("a\u{301}\u{302}".repeat(9).chars().all(|c| count.admits(c)));
    }

    #[test]
    fn letters_below_a_tibetan_letter_are_no_pile_of_marks() {
        let stack = "\u{f67}\u{f90}\u{fb5}\u{fa8}\u{fb3}\u{fba}\u{fbc}\u{fbb}\u{f83}\u{f74}";
        let mut count = MarkCount::default();
        assert!(stack.repeat(3).chars().all(|c| count.admits(c)));
        let mut count = MarkCount::default();
        let pile = format!("\u{f67}{}", "\u{f90}".repeat(500));
        assert_eq!(
            pile.chars().filter(|&c| count.admits(c)).count(),
            1 + MAX_STACKED
        );
        let mut count = MarkCount::default();
        let pile = format!("\u{f67}{}", "\u{f90}\u{301}".repeat(500));
        let kept = pile.chars().filter(|&c| c == '\u{301}' && count.admits(c));
        assert_eq!(kept.count(), MAX_MARKS);
    }
}
