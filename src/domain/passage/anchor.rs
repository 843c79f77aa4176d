//! Finds passages in a text.
//!
//! 1. **By position:** the words stand where they stood, and so does what is around them.
//! 2. **By quote:** every place that has exactly these words; what stands around them decides between several.
//! 3. **Approximately:** the places that pieces of prefix, quote and suffix vote for ([`super::seeds`]), each aligned with all
//!    three ([`super::align`]), which also says where the words begin and end now.
//!
//! Each candidate is judged by how much of the quote, the prefix and the suffix is there. The best is taken if it
//! is good enough ([`Rule`]) and clearly better than the next; otherwise the passage is orphaned. A note that is missing
//! is bad, a note in the wrong place is worse.

use std::collections::HashMap;

use super::align::{Pattern, Start};
use super::seeds::Index;
use super::selector::Selector;
use super::text::Text;

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

/// When a candidate is good enough. The numbers were chosen with `benches/anchoring.rs`; docs/passages.md has the curve.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Least of the quote that must be left, from 0 to 1, whatever stands around it.
    pub quote: f64,
    /// Added to the least score, which depends on how long the quote is.
    pub severity: f64,
    /// Candidates whose scores are no further apart are as good as each other, and their distance decides.
    pub margin: f64,
    /// The nearest of those must be this many times as near as the next.
    pub nearer: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            quote: 0.3,
            severity: 0.0,
            margin: 0.02,
            nearer: 1.5,
        }
    }
}

impl Rule {
    /// The least score of a quote of that weight. Short words are found anywhere, so they need their surroundings; a
    /// long sentence of which much is left needs none.
    fn least(&self, weight: f64) -> f64 {
        let least = match weight {
            w if w < 8.0 => 1.2,
            w if w < 24.0 => 1.2 - 0.2 * (w - 8.0) / 16.0,
            w if w < 40.0 => 1.0,
            w if w < 60.0 => 1.0 - 0.3 * (w - 40.0) / 20.0,
            _ => 0.7,
        };
        least + self.severity
    }
}

/// A place where a passage may be.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Where.
    pub range: Range,
    /// How much of the quote is there, from 0 to 1.
    pub quote: f64,
    /// How much of the prefix stands before it.
    pub prefix: f64,
    /// How much of the suffix stands behind it.
    pub suffix: f64,
    /// How far it lies from where the passage was, as a part of the text.
    pub distance: f64,
    /// What it is worth.
    pub score: f64,
}

/// How many places are looked at closely for each passage.
const LOOKED_AT: usize = 8;

/// Finds each passage in the text, in their order.
pub fn find(text: &Text, passages: &[Selector]) -> Vec<Anchor> {
    find_by(text, passages, &Rule::default())
}

/// The same by another rule.
pub fn find_by(text: &Text, passages: &[Selector], rule: &Rule) -> Vec<Anchor> {
    let mut finder = Finder::new(text);
    passages
        .iter()
        .map(|passage| finder.find(passage, rule))
        .collect()
}

/// Finds passages in one text, and keeps what it learnt of it.
pub struct Finder<'t> {
    text: &'t Text,
    index: Option<Index<'t>>,
    occurrences: HashMap<Vec<char>, Vec<usize>>,
}

impl<'t> Finder<'t> {
    /// Finds passages in this text.
    pub fn new(text: &'t Text) -> Self {
        Self {
            text,
            index: None,
            occurrences: HashMap::new(),
        }
    }

    /// Finds one.
    pub fn find(&mut self, passage: &Selector, rule: &Rule) -> Anchor {
        if let Some(start) = passage.start()
            && self.is_untouched(passage, start)
        {
            return Anchor::Exact(Range {
                start,
                end: start + passage.exact().len(),
            });
        }
        let candidates = self.candidates(passage);
        let Some(best) = chosen(&candidates, weight(passage.exact()), rule) else {
            return Anchor::Orphaned;
        };
        let range = best.range;
        let words = &self.text.chars()[range.start..range.end];
        if words != passage.exact() {
            return Anchor::Changed {
                range,
                similarity: best.quote,
            };
        }
        match passage.start() {
            Some(start) if start != range.start => Anchor::Moved(range),
            _ => Anchor::Exact(range),
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

    /// The places where a passage may be, the best first, none overlapping a better one.
    pub fn candidates(&mut self, passage: &Selector) -> Vec<Candidate> {
        let mut judge = Judge::new(self.text, passage);
        let mut found = Vec::new();
        for start in self.exact_places(passage) {
            let range = Range {
                start,
                end: start + passage.exact().len(),
            };
            found.extend(judge.judge(range));
        }
        let is_clear = found
            .iter()
            .any(|best: &Candidate| best.prefix + best.suffix > 1.99);
        if !is_clear {
            let index = self
                .index
                .get_or_insert_with(|| Index::new(self.text.chars()));
            let all = judge.all.len() as i64;
            let seeds = index.seeds(&judge.all, 16 + all / 8, LOOKED_AT);
            for seed in seeds {
                found.extend(judge.look_around(seed.start));
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut apart: Vec<Candidate> = Vec::new();
        for candidate in found {
            let overlaps = |other: &Candidate| {
                candidate.range.start < other.range.end && other.range.start < candidate.range.end
            };
            if !apart.iter().any(overlaps) {
                apart.push(candidate);
            }
        }
        apart
    }

    /// The places that have exactly the words: those whose surroundings begin alike, and the nearest.
    fn exact_places(&mut self, passage: &Selector) -> Vec<usize> {
        let text = self.text;
        let index = self.index.get_or_insert_with(|| Index::new(text.chars()));
        let all = match self.occurrences.get(passage.exact()) {
            Some(known) => known,
            None => {
                let mut places = index.occurrences(passage.exact());
                places.retain(|at| {
                    text.is_boundary(*at) && text.is_boundary(at + passage.exact().len())
                });
                self.occurrences
                    .entry(passage.exact().to_vec())
                    .or_insert(places)
            }
        };
        if all.len() <= LOOKED_AT {
            return all.clone();
        }
        let mut ranked: Vec<(usize, usize)> = all
            .iter()
            .map(|at| (common(text.chars(), passage, *at), *at))
            .collect();
        let was = passage.start().unwrap_or(0);
        // The best by context; among equals, the nearest.
        let rank = |(common, at): &(usize, usize)| (std::cmp::Reverse(*common), at.abs_diff(was));
        ranked.select_nth_unstable_by_key(LOOKED_AT - 1, rank);
        let mut places: Vec<usize> = ranked[..LOOKED_AT].iter().map(|(_, at)| *at).collect();
        let nearest = |at: &&usize| at.abs_diff(was);
        places.extend(all.iter().min_by_key(nearest));
        places.sort_unstable();
        places.dedup();
        places
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

/// The best candidate, if it is good enough and no other is as good.
fn chosen(candidates: &[Candidate], weight: f64, rule: &Rule) -> Option<Candidate> {
    let best = candidates.first()?;
    if best.quote < rule.quote || best.score < rule.least(weight) {
        return None;
    }
    let equals = candidates
        .iter()
        .filter(|other| best.score - other.score <= rule.margin);
    let mut equals: Vec<&Candidate> = equals.collect();
    equals.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    match equals.as_slice() {
        [nearest, next, ..] if next.distance <= nearest.distance * rule.nearer => None,
        [nearest, ..] => Some(**nearest),
        [] => None,
    }
}

/// Judges places for one passage.
struct Judge<'p> {
    text: &'p Text,
    passage: &'p Selector,
    /// Prefix, quote and suffix.
    all: Vec<char>,
    whole: Pattern,
    quote: Pattern,
    /// From the quote outwards.
    prefix: Pattern,
    suffix: Pattern,
}

impl<'p> Judge<'p> {
    fn new(text: &'p Text, passage: &'p Selector) -> Self {
        let all = [passage.prefix(), passage.exact(), passage.suffix()].concat();
        let backwards: Vec<char> = passage.prefix().iter().rev().copied().collect();
        Self {
            text,
            passage,
            whole: Pattern::new(&all),
            quote: Pattern::new(passage.exact()),
            prefix: Pattern::new(&backwards),
            suffix: Pattern::new(passage.suffix()),
            all,
        }
    }

    /// The place near `start` where prefix, quote and suffix together match best.
    fn look_around(&mut self, start: i64) -> Option<Candidate> {
        let chars = self.text.chars();
        let slack = (16 + self.all.len() / 4) as i64;
        let clamp = |at: i64| at.clamp(0, chars.len() as i64) as usize;
        let first = clamp(start - slack);
        let last = clamp(start + self.all.len() as i64 + slack);
        let window = &chars[first..last];
        let begin = self.passage.prefix().len();
        let end = begin + self.passage.exact().len();
        let (_, [begin, end]) = self.whole.borders(window, [begin, end]);
        // What was inserted at an edge is not of the passage.
        let range = self.whole_words(first + begin.1, first + end.0)?;
        self.judge(range)
    }

    /// The range with the words that it begins and ends in, unless the quote itself does so; and then at boundaries of
    /// clusters, without spaces at its ends.
    fn whole_words(&self, mut start: usize, mut end: usize) -> Option<Range> {
        let chars = self.text.chars();
        if start >= end {
            return None;
        }
        let (exact, prefix, suffix) = (
            self.passage.exact(),
            self.passage.prefix(),
            self.passage.suffix(),
        );
        let is_inside = |before: Option<&char>, behind: Option<&char>| {
            before.is_some_and(|c| c.is_alphanumeric())
                && behind.is_some_and(|c| c.is_alphanumeric())
        };
        let is_split = |at: usize| {
            !self.text.is_boundary(at) || (at > 0 && is_inside(chars.get(at - 1), chars.get(at)))
        };
        if !is_inside(prefix.last(), exact.first()) {
            while start > 0 && is_split(start) {
                start -= 1;
            }
        }
        if !is_inside(exact.last(), suffix.first()) {
            while end < chars.len() && is_split(end) {
                end += 1;
            }
        }
        while !self.text.is_boundary(start) {
            start -= 1;
        }
        while !self.text.is_boundary(end) {
            end += 1;
        }
        while start < end && chars[start] == ' ' && self.text.is_boundary(start + 1) {
            start += 1;
        }
        while start < end && chars[end - 1] == ' ' && self.text.is_boundary(end - 1) {
            end -= 1;
        }
        (start < end).then_some(Range { start, end })
    }

    fn judge(&self, range: Range) -> Option<Candidate> {
        let chars = self.text.chars();
        let words = &chars[range.start..range.end];
        let exact = self.passage.exact();
        let quote = if words == exact {
            1.0
        } else {
            let longer = words.len().max(exact.len());
            1.0 - self.quote.errors(words) as f64 / longer as f64
        };
        let before =
            &chars[range.start.saturating_sub(2 * self.passage.prefix().len())..range.start];
        let behind_end = (range.end + 2 * self.passage.suffix().len()).min(chars.len());
        let prefix = self.passage.prefix().len();
        let prefix = alike(&self.prefix, prefix, before.iter().rev().copied());
        let suffix = self.passage.suffix().len();
        let suffix = alike(
            &self.suffix,
            suffix,
            chars[range.end..behind_end].iter().copied(),
        );
        let distance = match self.passage.start() {
            Some(start) => start.abs_diff(range.start) as f64 / chars.len().max(1) as f64,
            None => 0.0,
        };
        let mut candidate = Candidate {
            range,
            quote,
            prefix,
            suffix,
            distance: distance.min(1.0),
            score: 0.0,
        };
        candidate.score = score(&candidate);
        Some(candidate)
    }
}

/// How much of a context there is, from the passage outwards.
fn alike(context: &Pattern, length: usize, text: impl Iterator<Item = char>) -> f64 {
    if length == 0 {
        return 1.0;
    }
    1.0 - context.best(text, Start::Fixed).errors as f64 / length as f64
}

/// What a candidate is worth: up to 1 for the quote, a little more if not a letter of it was changed, and up to 1/2 for
/// the context on each side.
fn score(candidate: &Candidate) -> f64 {
    let unchanged = if candidate.quote == 1.0 { 0.1 } else { 0.0 };
    candidate.quote
        + unchanged
        + 0.5 * beyond_chance(candidate.prefix)
        + 0.5 * beyond_chance(candidate.suffix)
}

/// Any two texts are alike to a third or so; what counts is what is beyond that.
fn beyond_chance(alike: f64) -> f64 {
    ((alike - CHANCE) / (1.0 - CHANCE)).max(0.0)
}

/// How much of 32 code points any text has.
const CHANCE: f64 = 0.35;

/// How much a quote says: code points, of which those of scripts that write a syllable or a word with one count for more.
fn weight(quote: &[char]) -> f64 {
    let weights = quote.iter().map(|c| match c {
        '\u{1100}'..='\u{11FF}' | '\u{3040}'..='\u{30FF}' | '\u{AC00}'..='\u{D7AF}' => 2.0,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => 3.0,
        _ => 1.0,
    });
    weights.sum()
}

#[cfg(test)]
#[path = "anchor_tests.rs"]
mod tests;
