//! Quotes out of an old text, and what became of each in a new one, as far as the diff is certain.

use std::collections::HashSet;

use postil::domain::passage::anchor::Range;
use postil::domain::passage::selector::Selector;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use unicode_segmentation::UnicodeSegmentation;

use super::diff::{Words, align};

/// Most code points of a quote; longer "sentences" are blocks of code.
const LONGEST: usize = 600;
/// How many lost words on each side of a quote are looked at.
const AROUND: usize = 8;
/// Tokens in a row that tell whether a passage stands somewhere else.
const RUN: usize = 3;

/// What the diff says of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Its words are there as they were, and nowhere else.
    Once,
    /// Its words are there as they were, and elsewhere too.
    Repeated,
    /// Some of its words are others.
    Edited,
    /// Its words are gone.
    Deleted,
    /// Its words are gone, but the same words stand elsewhere.
    Elsewhere,
    /// Nobody can say from the diff alone.
    Doubtful,
}

/// A quote, and what became of it.
pub struct Quote {
    pub passage: Selector,
    pub is_sentence: bool,
    pub fate: Fate,
    /// Where it is now, if it is there.
    pub range: Option<Range>,
}

/// The quotes of one article: every sentence, and phrases of 2 to 8 words as the seed has them.
pub fn of(old: &Words, new: &Words, phrases: usize, seed: u64) -> Vec<Quote> {
    let judge = Judge::new(old, new);
    let mut quotes = Vec::new();
    for span in sentences(old) {
        quotes.extend(judge.quote(span, true));
    }
    let mut random = StdRng::seed_from_u64(seed);
    let words: Vec<usize> = (0..old.tokens.len())
        .filter(|at| old.tokens[*at].is_word)
        .collect();
    if words.len() < 10 {
        return quotes;
    }
    for _ in 0..phrases {
        let length = random.gen_range(2..=8);
        let first = random.gen_range(0..=words.len() - length);
        quotes.extend(judge.quote((words[first], words[first + length - 1] + 1), false));
    }
    quotes
}

/// Each sentence (Unicode Standard Annex 29) as a span of tokens.
fn sentences(words: &Words) -> Vec<(usize, usize)> {
    let whole = words.text.slice(0, usize::MAX);
    let (mut spans, mut offset, mut first) = (Vec::new(), 0, 0);
    for sentence in whole.split_sentence_bounds() {
        offset += sentence.chars().count();
        let end = first + words.tokens[first..].partition_point(|token| token.end <= offset);
        if words.tokens[first..end]
            .iter()
            .filter(|token| token.is_word)
            .count()
            > 2
        {
            spans.push((first, end));
        }
        first = end;
    }
    spans
}

struct Judge<'w> {
    old: &'w Words,
    new: &'w Words,
    stays: Vec<Option<usize>>,
    /// All runs of words of the new text.
    runs: HashSet<Vec<&'w str>>,
}

impl<'w> Judge<'w> {
    fn new(old: &'w Words, new: &'w Words) -> Self {
        Self {
            stays: align(old, new),
            runs: runs(new, (0, new.tokens.len())),
            old,
            new,
        }
    }

    fn quote(&self, (first, end): (usize, usize), is_sentence: bool) -> Option<Quote> {
        let (start, stop) = (self.old.tokens[first].start, self.old.tokens[end - 1].end);
        if stop - start > LONGEST {
            return None;
        }
        let passage = Selector::at(&self.old.text, start, stop);
        let (fate, range) = self.fate(&passage, (first, end));
        Some(Quote {
            passage,
            is_sentence,
            fate,
            range,
        })
    }

    fn fate(&self, passage: &Selector, (first, end): (usize, usize)) -> (Fate, Option<Range>) {
        let places = self.places(passage.exact());
        let letters = |at: usize| match self.old.tokens[at].is_word {
            true => self.old.tokens[at].end - self.old.tokens[at].start,
            false => 0,
        };
        let all: usize = (first..end).map(letters).sum();
        let kept: usize = (first..end)
            .filter(|at| self.stays[*at].is_some())
            .map(letters)
            .sum();
        if kept == 0 {
            // Whatever came in its place is not made of its words.
            let gap = self.gap((first, end));
            let fate = match places {
                _ if self.is_moved((first, end)) => Fate::Doubtful,
                _ if 4 * self.shares((first, end), gap) > end - first => Fate::Doubtful,
                0 => Fate::Deleted,
                _ => Fate::Elsewhere,
            };
            return (fate, None);
        }
        let Some((from, to)) = self.place((first, end)) else {
            return (Fate::Doubtful, None);
        };
        let range = (from < to).then(|| Range {
            start: self.new.tokens[from].start,
            end: self.new.tokens[to - 1].end,
        });
        if let Some(range) = range
            && self.new.text.chars()[range.start..range.end] == *passage.exact()
        {
            let fate = if places > 1 {
                Fate::Repeated
            } else {
                Fate::Once
            };
            return (fate, Some(range));
        }
        match range {
            _ if places > 0 => (Fate::Doubtful, None),
            Some(range)
                if 2 * kept >= all
                    && to - from <= 2 * (end - first) + 2
                    && 2 * self.core((first, end)) >= range.end - range.start =>
            {
                (Fate::Edited, Some(range))
            }
            _ => (Fate::Doubtful, None),
        }
    }

    /// The length from the first of the words that stayed to the last; what came before and behind may be the passage's or not.
    fn core(&self, (first, end): (usize, usize)) -> usize {
        let is_word = |at: &usize| self.old.tokens[*at].is_word;
        let mut stayed = (first..end).filter(is_word).filter_map(|at| self.stays[at]);
        let Some(from) = stayed.next() else { return 0 };
        let to = stayed.next_back().unwrap_or(from);
        self.new.tokens[to].end - self.new.tokens[from].start
    }

    /// The tokens of the new text between those that are certain before and behind.
    fn gap(&self, (first, end): (usize, usize)) -> (usize, usize) {
        let before = self.stays[..first].iter().rev().find_map(|place| *place);
        let behind = self.stays[end..].iter().find_map(|place| *place);
        (
            before.map_or(0, |place| place + 1),
            behind.unwrap_or(self.new.tokens.len()),
        )
    }

    /// Between which tokens of the new text the words stand now; `None` where a change reaches over an edge of theirs.
    fn place(&self, (first, end): (usize, usize)) -> Option<(usize, usize)> {
        let from = match (self.stays[first], first.checked_sub(1)) {
            (Some(place), _) => place,
            (None, None) => 0,
            (None, Some(before)) => self.stays[before]? + 1,
        };
        let to = match (self.stays[end - 1], self.stays.get(end)) {
            (Some(place), _) => place + 1,
            (None, None) => self.new.tokens.len(),
            (None, Some(behind)) => (*behind)?,
        };
        (from <= to).then_some((from, to))
    }

    /// How often the new text has exactly these words.
    fn places(&self, exact: &[char]) -> usize {
        let text = self.new.text.chars();
        text.windows(exact.len())
            .filter(|window| *window == exact)
            .count()
    }

    /// Whether words of the lost piece around these stand in a row in the new text: then it was moved.
    fn is_moved(&self, (first, end): (usize, usize)) -> bool {
        let is_lost = |at: &usize| self.stays[*at].is_none();
        let before = (0..first).rev().take(AROUND).take_while(is_lost).count();
        let behind = (end..self.stays.len())
            .take(AROUND)
            .take_while(is_lost)
            .count();
        let own = runs(self.old, (first - before, end + behind));
        let there = own.iter().filter(|run| self.runs.contains(*run)).count();
        4 * there > own.len()
    }

    /// How many of the words are among those that came in their place.
    fn shares(&self, old: (usize, usize), new: (usize, usize)) -> usize {
        let words = |tokens: &'w [super::diff::Token]| {
            tokens
                .iter()
                .filter(|token| token.is_word)
                .map(|token| token.word.as_str())
        };
        let new: HashSet<&str> = words(&self.new.tokens[new.0..new.1]).collect();
        words(&self.old.tokens[old.0..old.1])
            .filter(|word| new.contains(word))
            .count()
    }
}

fn runs(words: &Words, (first, end): (usize, usize)) -> HashSet<Vec<&str>> {
    let own: Vec<&str> = words.tokens[first..end]
        .iter()
        .filter(|token| token.is_word)
        .map(|token| token.word.as_str())
        .collect();
    own.windows(RUN).map(<[&str]>::to_vec).collect()
}
