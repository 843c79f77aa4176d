//! Where a passage may be, and what is left of it there.

use super::distance::Pattern;
use super::rule::Candidate;
use super::selector::Selector;
use super::text::Text;
use super::words::{Word, Words};

/// Judges places for one passage.
pub struct Judge<'p> {
    text: &'p Text,
    words: &'p Words,
    passage: &'p Selector,
    /// The words of prefix, quote and suffix; where each is counted in all three together.
    own: Vec<Word>,
    /// Which of them the quote begins and ends with.
    edges: [usize; 2],
    quote: Pattern,
    /// From the quote outwards.
    prefix: Pattern,
    suffix: Pattern,
}

impl<'p> Judge<'p> {
    /// A judge of places in this text.
    pub fn new(text: &'p Text, words: &'p Words, passage: &'p Selector) -> Self {
        let backwards: Vec<char> = passage.prefix().iter().rev().copied().collect();
        let own = words.of(&passage.all());
        let begin = passage.prefix().len();
        let end = begin + passage.exact().len();
        let edges = [
            own.partition_point(|word| word.end <= begin),
            own.partition_point(|word| word.start < end),
        ];
        Self {
            text,
            words,
            passage,
            own,
            edges,
            quote: Pattern::new(passage.exact()),
            prefix: Pattern::new(&backwards),
            suffix: Pattern::new(passage.suffix()),
        }
    }

    /// What the quote counts for.
    pub fn weight(&self) -> f64 {
        let [first, last] = self.edges;
        self.own[first..last]
            .iter()
            .map(|word| f64::from(self.words.weight(word)))
            .sum()
    }

    /// The place that has exactly the words.
    pub fn exact(&self, start: usize) -> Candidate {
        self.candidate(start, start + self.passage.exact().len())
    }

    /// The place near `start` where prefix, quote and suffix together stand best.
    pub fn near(&self, start: i64) -> Option<Candidate> {
        let length = self.passage.all().len();
        let slack = SLACK + length.min(LONG);
        let clamp = |at: i64| at.clamp(0, self.text.len() as i64) as usize;
        let piece = (
            clamp(start - slack as i64),
            clamp(start + (length + slack) as i64),
        );
        let found = self.words.align(&self.own, self.edges, piece);
        let (start, end) = self.trimmed(self.without_context(self.range(&found)?))?;
        let mut candidate = self.candidate(start, end);
        let [first, last] = self.edges;
        let is_found = |index: usize| found[index].is_some();
        let is_inside =
            |index: usize| found[index].is_some_and(|word| start < word.end && word.start < end);
        candidate.left = candidate.left.max(self.share(first..last, is_inside));
        candidate.before = candidate.before.max(self.share(0..first, is_found));
        let behind = self.share(last..self.own.len(), is_found);
        candidate.behind = candidate.behind.max(behind);
        Some(candidate)
    }

    /// From where to where the quote goes when its words are those of the text. Where its first word is another now, it begins
    /// behind the last word of the prefix, but not too far from what is left of it; and likewise at its end.
    fn range(&self, found: &[Option<Word>]) -> Option<(usize, usize)> {
        let [first, last] = self.edges;
        let place = |index: usize| found.get(index).copied().flatten().map(|word| word.place);
        let is_there = |index: &usize| found[*index].is_some();
        let inner = (first..last).find(is_there);
        let outer = (first..last).rfind(is_there);
        let start = match inner {
            Some(index) if index == first => {
                // The quote may begin within the word.
                let word = found[index]?;
                word.start
                    + self
                        .passage
                        .prefix()
                        .len()
                        .saturating_sub(self.own[index].start)
            }
            _ => {
                let behind_prefix = first.checked_sub(1).and_then(place).map(|place| place + 1);
                let by_quote = inner.and_then(|index| {
                    // For each word that is missing there may be two others.
                    Some((
                        place(index)?,
                        place(index)?.saturating_sub(2 * (index - first)),
                    ))
                });
                let place = match (behind_prefix, by_quote) {
                    (Some(place), Some((_, least))) => place.max(least),
                    (None, Some((place, _))) | (Some(place), None) => place,
                    (None, None) => return None,
                };
                self.words.get(place)?.start
            }
        };
        let end = match outer {
            Some(index) if index + 1 == last => {
                let end = self.passage.prefix().len() + self.passage.exact().len();
                let word = found[index]?;
                let beyond = self.own[index].end.saturating_sub(end);
                word.end - beyond.min(word.end - word.start)
            }
            _ => {
                let before_suffix = match place(last) {
                    Some(place) => Some(place.checked_sub(1)?),
                    None => None,
                };
                let by_quote = outer.and_then(|index| {
                    Some((place(index)?, place(index)? + 2 * (last - 1 - index)))
                });
                let place = match (before_suffix, by_quote) {
                    (Some(place), Some((_, most))) => place.min(most),
                    (None, Some((place, _))) | (Some(place), None) => place,
                    (None, None) => return None,
                };
                self.words.get(place)?.end
            }
        };
        (start < end).then_some((start, end))
    }

    /// What stood around the quote does not stand within it now: there it ends.
    fn without_context(&self, (mut start, mut end): (usize, usize)) -> (usize, usize) {
        let chars = self.text.chars();
        let is_telling = |context: &[char]| {
            let mut places = self.passage.exact().windows(context.len().max(1));
            context.len() >= TELLING && !places.any(|window| window == context)
        };
        let (prefix, suffix) = (self.passage.prefix(), self.passage.suffix());
        if is_telling(prefix) {
            let mut places = chars[start..end].windows(prefix.len());
            let last = places.rposition(|window| window == prefix);
            start += last.map_or(0, |at| at + prefix.len());
        }
        if is_telling(suffix) {
            let mut places = chars[start..end].windows(suffix.len());
            end = places
                .position(|window| window == suffix)
                .map_or(end, |at| start + at);
        }
        (start, end)
    }

    /// The share of these words that is there.
    fn share(&self, of: std::ops::Range<usize>, is_there: impl Fn(usize) -> bool) -> f64 {
        let (mut all, mut there) = (0.0, 0.0);
        for index in of {
            let weight = f64::from(self.words.weight(&self.own[index]));
            all += weight;
            there += if is_there(index) { weight } else { 0.0 };
        }
        if all > 0.0 { there / all } else { 0.0 }
    }

    /// The range without spaces at its ends, and with the whole of its first and last letter. `None` where a letter has no end.
    fn trimmed(&self, (mut start, mut end): (usize, usize)) -> Option<(usize, usize)> {
        let chars = self.text.chars();
        start += usize::from(chars.get(start) == Some(&' '));
        end -= usize::from(start < end && chars[end - 1] == ' ');
        start = (start.saturating_sub(LONGEST_LETTER)..=start)
            .rfind(|at| self.text.is_boundary(*at))?;
        end = (end..=(end + LONGEST_LETTER).min(chars.len()))
            .find(|at| self.text.is_boundary(*at))?;
        (start < end).then_some((start, end))
    }

    /// A place, by its letters.
    fn candidate(&self, start: usize, end: usize) -> Candidate {
        let chars = self.text.chars();
        let (words, exact) = (&chars[start..end], self.passage.exact());
        let similarity = match words == exact {
            true => 1.0,
            false => {
                let longer = words.len().max(exact.len());
                1.0 - self.quote.errors(words) as f64 / longer as f64
            }
        };
        let (prefix, suffix) = (self.passage.prefix().len(), self.passage.suffix().len());
        let before = chars[start.saturating_sub(2 * prefix)..start].iter().rev();
        let behind = chars[end..(end + 2 * suffix).min(chars.len())].iter();
        Candidate {
            start,
            end,
            similarity,
            left: beyond_chance(similarity),
            before: alike(&self.prefix, prefix, before.copied()),
            behind: alike(&self.suffix, suffix, behind.copied()),
        }
    }
}

/// So many code points of context stand nowhere by chance.
const TELLING: usize = 16;

/// Code points of a letter with its marks; more are no letter.
const LONGEST_LETTER: usize = 32;

/// How far from its seed a passage is looked for, in code points, besides its own length.
const SLACK: usize = 100;

/// Of a longer passage no more than this is added.
const LONG: usize = 1000;

/// How much of a context there is, from the passage outwards.
fn alike(context: &Pattern, length: usize, text: impl Iterator<Item = char>) -> f64 {
    match length {
        0 => 1.0,
        _ => beyond_chance(1.0 - context.fewest_errors(text) as f64 / length as f64),
    }
}

/// Any two texts share some letters in some order; what counts is what is beyond that.
fn beyond_chance(alike: f64) -> f64 {
    ((alike - CHANCE) / (1.0 - CHANCE)).max(0.0)
}

/// How much of a piece any text has.
const CHANCE: f64 = 0.4;
