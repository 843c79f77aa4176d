//! What a matcher must never do, and what it must always do.

use proptest::prelude::*;

use super::super::selector::{Quote, Selector};
use super::*;

fn quoted(text: &str, words: &str) -> Selector {
    let text = Text::new(text);
    let words: Vec<char> = words.chars().collect();
    let start = text
        .chars()
        .windows(words.len())
        .position(|w| w == words)
        .unwrap();
    Selector::at(&text, start, start + words.len())
}

fn found(text: &str, passage: &Selector) -> (Anchor, String) {
    let text = Text::new(text);
    let anchor = find(&text, std::slice::from_ref(passage))[0];
    let words = anchor
        .range()
        .map(|range| text.slice(range.start, range.end));
    (anchor, words.unwrap_or_default())
}

const TIDE: &str = "The tide tables of the harbour were printed in March. High water was given at six. \
    The pilots, who knew better, came at seven; and so did we.";

#[test]
fn words_that_stay_are_exact_and_words_that_go_along_are_moved() {
    let passage = quoted(TIDE, "High water was given at six.");
    assert!(matches!(found(TIDE, &passage).0, Anchor::Exact(_)));
    let (anchor, words) = found(&format!("A preface. {TIDE}"), &passage);
    assert!(matches!(anchor, Anchor::Moved(_)), "{anchor:?}");
    assert_eq!(words, "High water was given at six.");
}

#[test]
fn edited_words_are_found_whole() {
    let passage = quoted(TIDE, "High water was given at six.");
    let text = TIDE.replace("was given at six", "had been announced for six");
    let (anchor, words) = found(&text, &passage);
    assert!(
        matches!(anchor, Anchor::Changed { similarity, .. } if similarity > 0.5),
        "{anchor:?}"
    );
    assert_eq!(words, "High water had been announced for six.");
}

#[test]
fn what_is_gone_is_orphaned_and_so_is_what_may_be_anywhere() {
    let passage = quoted(TIDE, "High water was given at six.");
    let gone = TIDE.replace("High water was given at six. ", "");
    assert_eq!(found(&gone, &passage).0, Anchor::Orphaned);
    let twin = Selector::stored("a word", "", "", None);
    assert_eq!(
        found("Say a word, then a word, and a word.", &twin).0,
        Anchor::Orphaned
    );
    assert_eq!(found("", &passage).0, Anchor::Orphaned);
}

#[test]
fn the_quote_wins_over_positions_and_contexts_that_lie() {
    let quote = Quote::parse("The pilots, who knew better, came at seven").unwrap();
    for (prefix, suffix, position) in [
        ("", "", Some((0, 9))),
        ("nothing of the kind stands here", "nor here", Some((3, 4))),
        ("High water", "The tide", Some((1_000_000, 1_000_001))),
        ("", "", None),
    ] {
        let passage = Selector::parse(&quote, prefix, suffix, position).unwrap();
        assert_eq!(
            found(TIDE, &passage).1,
            quote.exact(),
            "{prefix} {position:?}"
        );
    }
}

#[test]
fn context_tells_repeats_apart() {
    let text = "One: see the note. Two: see the note. Three: see the note. Four: see the note.";
    let passage = quoted(
        "Two: see the note. Three: see the note.",
        "see the note. Three",
    );
    assert_eq!(found(text, &passage).1, "see the note. Three");
    let third = Selector::stored("see the note", "Three: ", ". Four: ", None);
    assert_eq!(found(text, &third).0.range().unwrap().start, 45);
}

#[test]
fn a_letter_is_never_cut() {
    let passage = quoted(
        "I say fox and mean it, every single day of the week.",
        "fox",
    );
    let text = "I say fox\u{323}\u{30c} and mean it, every single day of the week.";
    let (anchor, words) = found(text, &passage);
    assert!(matches!(anchor, Anchor::Changed { .. }), "{anchor:?}");
    assert_eq!(words, "fox\u{323}\u{30c}");
}

/// Words that occur once each.
fn words(count: usize, seed: u64) -> Vec<String> {
    let word = |n: usize| {
        let mixed = (n as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        format!("{mixed:x}")
            .chars()
            .map(|c| char::from_u32(c as u32 % 26 + 97).unwrap())
            .collect()
    };
    (0..count).map(word).collect()
}

proptest! {
    #[test]
    fn it_is_found_whatever_is_edited_elsewhere(
        seed: u64, first in 10usize..30, length in 2usize..20, before in 0usize..60, behind in 0usize..60,
    ) {
        let own = words(60, seed);
        let old = own.join(" ");
        let exact = own[first..first + length].join(" ");
        let passage = quoted(&old, &exact);
        // Its context is kept, all the rest replaced by something longer or shorter.
        let near: String = [passage.prefix(), passage.exact(), passage.suffix()].concat().iter().collect();
        let other = words(200, !seed);
        let text = format!("{} {near} {}", other[..before].join(" "), other[100..100 + behind].join(" "));
        let (anchor, words) = found(&text, &passage);
        prop_assert!(matches!(anchor, Anchor::Exact(_) | Anchor::Moved(_)), "{:?}", anchor);
        prop_assert_eq!(words, exact);
    }

    #[test]
    fn a_range_has_the_text_it_says(
        text in "[ab ü\u{301}]{0,120}", exact in "[ab ü\u{301}]{1,30}", prefix in "[ab]{0,40}", suffix in "[ab]{0,40}",
        start in 0i64..150,
    ) {
        let Ok(quote) = Quote::parse(&exact) else { return Ok(()) };
        let passage = Selector::parse(&quote, &prefix, &suffix, Some((start, start + 1))).unwrap();
        let text = Text::new(&text);
        let anchor = find(&text, std::slice::from_ref(&passage))[0];
        let Some(range) = anchor.range() else { return Ok(()) };
        prop_assert!(range.start < range.end && range.end <= text.len());
        prop_assert!(text.is_boundary(range.start) && text.is_boundary(range.end));
        let is_same = text.slice(range.start, range.end) == quote.exact();
        match anchor {
            Anchor::Exact(_) => prop_assert!(is_same && passage.start() == Some(range.start)),
            Anchor::Moved(_) => prop_assert!(is_same && passage.start() != Some(range.start)),
            Anchor::Changed { similarity, .. } => prop_assert!(!is_same && (0.0..1.0).contains(&similarity)),
            Anchor::Orphaned => unreachable!(),
        }
    }
}
