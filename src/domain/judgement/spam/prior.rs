//! What a model knows before its site has taught it anything: a few examples of our own writing.

use crate::domain::judgement::writing::Writing;

/// A line each: `+` spam, `-` not, then the text. Written for this purpose; nobody's comments are among them.
const EXAMPLES: &str = include_str!("examples.txt");

/// How often the examples are gone over.
pub(super) const ROUNDS: usize = 6;

/// The examples, in another order each round.
pub(super) fn examples(round: usize) -> impl Iterator<Item = (&'static str, bool)> {
    let lines: Vec<_> = EXAMPLES.lines().filter_map(example).collect();
    let count = lines.len();
    // Coprime to any count of examples that is no multiple of 7919.
    (0..count).map(move |at| lines[(at * 7_919 + round * 31) % count])
}

fn example(line: &'static str) -> Option<(&'static str, bool)> {
    let is_spam = line.starts_with('+');
    Some((line.strip_prefix(['+', '-'])?.trim(), is_spam))
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
        let spam = examples(0).filter(|example| example.1).count();
        let all = examples(1).count();
        assert!(
            all >= 100 && spam * 5 >= all * 2 && spam * 5 <= all * 3,
            "{spam} of {all}"
        );
        assert_eq!(EXAMPLES.lines().count(), all);
        assert!(!all.is_multiple_of(7_919));
        let texts: std::collections::BTreeSet<_> = examples(2).map(|example| example.0).collect();
        assert_eq!(texts.len(), all);
    }
}
