//! Finds passages in a text.
//!
//! 1. **By position:** the words stand where they stood, and so does what is around them.
//! 2. **By quote:** every place that has exactly these words; what stands around them decides between several.
//! 3. **Approximately:** the places that pieces of prefix, quote and suffix vote for ([`super::seeds`]), each compared with all
//!    three word by word ([`super::words`]), which also says where the passage begins and ends now.
//!
//! Each place is judged by how much is left there of the quote, the prefix and the suffix ([`super::judge`]). The best is taken if it
//! is good enough and clearly better than the next ([`super::rule`]); otherwise the passage is orphaned. A note that is missing is bad, a note
//! in the wrong place is worse.
//!
//! Passages that were found beyond doubt say how far the text around them has moved, and so where the others are to be
//! expected ([`super::drift`]).

use super::drift::Drift;
use super::judge::Judge;
use super::rule::{Candidate, Rule};
use super::seeds::Index;
use super::selector::Selector;
use super::text::Text;
use super::words::Words;

/// What became of a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// The same words at the same place.
    Exact(Range),
    /// The same words at another place.
    Moved(Range),
    /// Other words, found by what is left of them and by what stands around them.
    Changed {
        /// Where they are.
        range: Range,
        /// How much of the quote is left: 1 less the edit distance over the longer of the two lengths.
        similarity: f64,
    },
    /// Not found, or not certainly.
    Orphaned,
}

/// From `start` up to, not including, `end`: code points of the normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub start: usize,
    pub end: usize,
}

impl Anchor {
    /// Where it is, if it was found.
    pub fn range(&self) -> Option<Range> {
        match self {
            Self::Exact(range) | Self::Moved(range) | Self::Changed { range, .. } => Some(*range),
            Self::Orphaned => None,
        }
    }
}

/// How many places are looked at closely for each passage.
const LOOKED_AT: usize = 8;

/// The same of a passage with more code points than this, which has more to say about where it is.
const LONG: usize = 400;
const LOOKED_AT_LONG: usize = 3;

/// Finds each passage in the text, in their order.
pub fn find(text: &Text, passages: &[Selector]) -> Vec<Anchor> {
    find_by(text, passages, &Rule::default())
}

/// The same by another rule.
pub fn find_by(text: &Text, passages: &[Selector], rule: &Rule) -> Vec<Anchor> {
    let mut finder = Finder::new(text);
    let found: Vec<Found> = passages
        .iter()
        .map(|passage| finder.find(passage))
        .collect();
    let drift = Drift::new(
        passages
            .iter()
            .zip(&found)
            .filter_map(|(passage, found)| Some((passage.start()?, found.certain()?))),
    );
    let decide = |(passage, found): (&Selector, Found)| match found {
        Found::Untouched(range) => Anchor::Exact(range),
        Found::Among { candidates, weight } => {
            let expected = passage.start().map(|start| drift.expected(start));
            let chosen = rule.choose(&candidates, weight, expected, text);
            chosen.map_or(Anchor::Orphaned, |one| anchor(text, passage, &one))
        }
    };
    passages.iter().zip(found).map(decide).collect()
}

fn anchor(text: &Text, passage: &Selector, chosen: &Candidate) -> Anchor {
    let range = Range {
        start: chosen.start,
        end: chosen.end,
    };
    if text.chars()[range.start..range.end] != *passage.exact() {
        return Anchor::Changed {
            range,
            similarity: chosen.similarity,
        };
    }
    match passage.start() {
        Some(start) if start != range.start => Anchor::Moved(range),
        _ => Anchor::Exact(range),
    }
}

/// What was found out about a passage by itself.
enum Found {
    /// It is where it was.
    Untouched(Range),
    /// It may be at these places. Its quote counts for that much.
    Among {
        candidates: Vec<Candidate>,
        weight: f64,
    },
}

impl Found {
    /// Where it begins, if there is no doubt.
    fn certain(&self) -> Option<usize> {
        match self {
            Self::Untouched(range) => Some(range.start),
            Self::Among { candidates, .. } => match candidates.as_slice() {
                [one] if one.similarity == 1.0 && one.context() > 0.9 => Some(one.start),
                _ => None,
            },
        }
    }
}

/// Finds passages in one text, and keeps what it learnt of it.
struct Finder<'t> {
    text: &'t Text,
    index: Option<Index<'t>>,
    words: Option<Words>,
}

impl<'t> Finder<'t> {
    fn new(text: &'t Text) -> Self {
        Self {
            text,
            index: None,
            words: None,
        }
    }

    fn find(&mut self, passage: &Selector) -> Found {
        if let Some(start) = passage.start()
            && self.is_untouched(passage, start)
        {
            let end = start + passage.exact().len();
            return Found::Untouched(Range { start, end });
        }
        let chars = self.text.chars();
        let places = self.exact_places(passage);
        let words = self.words.get_or_insert_with(|| Words::new(chars));
        let index = self.index.get_or_insert_with(|| Index::new(chars));
        let judge = Judge::new(self.text, words, passage);
        let mut candidates: Vec<Candidate> =
            places.into_iter().map(|start| judge.exact(start)).collect();
        if !candidates.iter().any(|one| one.context() > 0.99) {
            let all = passage.all();
            let most = if all.len() > LONG {
                LOOKED_AT_LONG
            } else {
                LOOKED_AT
            };
            let exact = candidates.len();
            for seed in index.seeds(&all, 16 + all.len() as i64 / 8, most) {
                if let Some(other) = judge.near(seed.start) {
                    add(&mut candidates, exact, other);
                }
            }
        }
        Found::Among {
            candidates,
            weight: judge.weight(),
        }
    }

    /// Whether words and context stand where they stood.
    fn is_untouched(&self, passage: &Selector, start: usize) -> bool {
        let chars = self.text.chars();
        let end = start + passage.exact().len();
        end <= chars.len()
            && chars[start..].starts_with(passage.exact())
            && chars[..start].ends_with(passage.prefix())
            && chars[end..].starts_with(passage.suffix())
            && (passage.prefix().len() + passage.suffix().len() > 0)
            && self.text.is_boundary(start)
            && self.text.is_boundary(end)
    }

    /// The places that have exactly the words: those whose surroundings begin alike, and the nearest.
    fn exact_places(&mut self, passage: &Selector) -> Vec<usize> {
        let text = self.text;
        let index = self.index.get_or_insert_with(|| Index::new(text.chars()));
        let was = passage.start().unwrap_or(0);
        let mut places = index.occurrences(passage.exact(), was);
        places.retain(|at| text.is_boundary(*at) && text.is_boundary(at + passage.exact().len()));
        if places.len() > LOOKED_AT {
            let nearest = places.iter().copied().min_by_key(|at| at.abs_diff(was));
            let rank = |at: &usize| {
                let alike = common(text.chars(), passage, *at);
                (std::cmp::Reverse(alike), at.abs_diff(was))
            };
            places.sort_by_cached_key(rank);
            places.truncate(LOOKED_AT);
            places.extend(nearest.filter(|nearest| !places.contains(nearest)));
        }
        places
    }
}

/// Adds a place to others, of which the first `exact` have the very words: where these are there is nothing to guess, and
/// what the words around them told counts for them.
fn add(candidates: &mut Vec<Candidate>, exact: usize, other: Candidate) {
    let mut is_new = true;
    for known in candidates[..exact].iter_mut() {
        if known.overlaps(&other) {
            known.before = known.before.max(other.before);
            known.behind = known.behind.max(other.behind);
            is_new = false;
        }
    }
    if is_new {
        candidates.push(other);
    }
}

/// How many code points next to a place are those that stood next to the passage.
fn common(text: &[char], passage: &Selector, at: usize) -> usize {
    let before = text[..at].iter().rev().zip(passage.prefix().iter().rev());
    let behind = text[at + passage.exact().len()..]
        .iter()
        .zip(passage.suffix());
    before.take_while(|(a, b)| a == b).count() + behind.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
#[path = "anchor_tests.rs"]
mod tests;
