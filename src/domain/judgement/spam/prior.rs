//! What a model knows before its site has taught it anything: a few examples of our own writing.

use super::pupil::Lesson;
use super::{Author, Traits};
use crate::domain::judgement::writing::Writing;

/// A line each: `+` spam, `-` not, `!` where the form was filled in hastily, then the text. Written for this purpose; nobody's
/// comments are among them.
const EXAMPLES: &str = include_str!("examples.txt");

/// How often the examples are gone over.
pub(super) const ROUNDS: usize = 6;

/// The examples.
pub(super) fn lessons() -> Vec<Lesson> {
    EXAMPLES.lines().filter_map(lesson).collect()
}

fn lesson(line: &str) -> Option<Lesson> {
    let text = line.strip_prefix(['+', '-'])?;
    let author = Author {
        hasty: text.starts_with('!'),
        ..Author::default()
    };
    let writing = writing(text.trim_start_matches('!').trim());
    Some(Lesson {
        traits: Traits::of(&writing, None, author),
        is_spam: line.starts_with('+'),
    })
}

/// The places of so many examples, in another order each round.
pub(super) fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    // 7919 is a prime, so that no count of examples but its multiples leaves one out.
    (0..count).map(move |at| (at * 7_919 + round * 31) % count)
}

/// A text without links of its own or a signature.
pub(super) fn writing(text: &str) -> Writing {
    Writing {
        text: text.to_owned(),
        ..Writing::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_heard() {
        let lessons = lessons();
        let spam = lessons.iter().filter(|lesson| lesson.is_spam).count();
        let all = lessons.len();
        assert!(
            all >= 100 && spam * 5 >= all * 2 && spam * 5 <= all * 3,
            "{spam} of {all}"
        );
        assert_eq!(EXAMPLES.lines().count(), all);
        let places: std::collections::BTreeSet<_> = order(2, all).collect();
        assert_eq!(places.len(), all);
    }
}
