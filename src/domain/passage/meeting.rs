//! Whether two readers mean the same words.

use super::selector::Selector;

/// How much of the words of both the two have in common, at least: "the quick brown fox" and "quick brown fox" meet,
/// a sentence and one of its words do not.
const SHARED: f64 = 0.7;

/// How many code points next to the words must be the same on each side, where both have as many.
const NEAR: usize = 8;

impl Selector {
    /// Whether these are the same words at the same place of the text, or nearly so, as far as the words and what
    /// surrounds them can tell. It does not matter who asks whom.
    pub fn meets(&self, other: &Self) -> bool {
        self.holds(other) || other.holds(self)
    }

    /// Whether the other's words stand in what this one knows of the text, and are nearly its own.
    fn holds(&self, other: &Self) -> bool {
        let known = [self.prefix(), self.exact(), self.suffix()].concat();
        let (own_start, own_end) = (
            self.prefix().len(),
            self.prefix().len() + self.exact().len(),
        );
        let length = other.exact().len();
        if length > known.len() {
            return false;
        }
        (0..=known.len() - length).any(|start| {
            let end = start + length;
            let shared = own_end.min(end).saturating_sub(own_start.max(start));
            let all = own_end.max(end) - own_start.min(start);
            shared as f64 >= SHARED * all as f64
                && known[start..].starts_with(other.exact())
                && agree(known[..start].iter().rev(), other.prefix().iter().rev())
                && agree(known[end..].iter(), other.suffix().iter())
                && self.may_begin(other, start as i64 - own_start as i64)
        })
    }

    /// Where nothing surrounds the words, their places must not speak against it.
    fn may_begin(&self, other: &Self, shift: i64) -> bool {
        let is_bare = |one: &Self| one.prefix().is_empty() && one.suffix().is_empty();
        match (self.start(), other.start()) {
            (Some(own), Some(other_start)) if is_bare(self) || is_bare(other) => {
                (own as i64 + shift - other_start as i64).unsigned_abs()
                    <= self.exact().len() as u64
            }
            _ => true,
        }
    }
}

fn agree<'a>(own: impl Iterator<Item = &'a char>, other: impl Iterator<Item = &'a char>) -> bool {
    own.zip(other).take(NEAR).all(|(own, other)| own == other)
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    const TEXT: &str = "Say it once: the tide waits for nobody. Say it twice: the tide waits for nobody. That is all.";

    fn at(words: &str, turn: usize) -> Selector {
        let text = Text::new(TEXT);
        let words: Vec<char> = words.chars().collect();
        let start = text
            .chars()
            .windows(words.len())
            .enumerate()
            .filter(|(_, window)| *window == words)
            .nth(turn)
            .unwrap()
            .0;
        Selector::at(&text, start, start + words.len())
    }

    #[test]
    fn nearly_the_same_words_meet() {
        let one = at("the tide waits for nobody.", 0);
        for (words, turn, expected) in [
            ("the tide waits for nobody.", 0, true),
            ("the tide waits for nobody", 0, true),
            ("tide waits for nobody. Say", 0, true),
            ("the tide waits for nobody.", 1, false),
            ("tide", 0, false),
            (
                "Say it once: the tide waits for nobody. Say it twice",
                0,
                false,
            ),
            ("That is all.", 0, false),
        ] {
            let other = at(words, turn);
            assert_eq!(one.meets(&other), expected, "{words}");
            assert_eq!(other.meets(&one), expected, "{words}");
        }
    }

    #[test]
    fn bare_words_meet_unless_their_places_differ() {
        let bare = |start| Selector::stored("the tide", "", "", start);
        assert!(bare(None).meets(&bare(Some(13))));
        assert!(bare(Some(13)).meets(&bare(Some(14))));
        assert!(!bare(Some(13)).meets(&bare(Some(54))));
    }
}
