//! When a place is good enough for a passage, and which of several is the one.

use super::text::Text;

/// When a place is good enough. The numbers were chosen with `benches/anchoring.rs`; docs/passages.md has the curve.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The share of the quote that must be left where its surroundings are as they were.
    pub least: f64,
    /// How much more must be left where nothing stands around it as it did: this over the square root of what the quote
    /// counts for ([`super::words`]). Any text has some of the words of a short quote, and few of those of a long one.
    pub alone: f64,
    /// The same where the very words stand, which is less often by chance.
    pub alone_unchanged: f64,
    /// Places whose scores are no further apart are as good as each other.
    pub margin: f64,
    /// Of these, the nearest must be this many times as near as the next.
    pub nearer: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            least: 0.3,
            alone: 1.5,
            alone_unchanged: 0.95,
            margin: 0.02,
            nearer: 1.5,
        }
    }
}

/// A place where a passage may be.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Where it begins, in code points.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// How much of the words is there, letter by letter: 1 less the edit distance over the longer of the two lengths.
    pub similarity: f64,
    /// How much of what the quote says is left, from 0 to 1.
    pub left: f64,
    /// How much of the prefix stands before it.
    pub before: f64,
    /// How much of the suffix stands behind it.
    pub behind: f64,
}

impl Candidate {
    /// Whether not a letter is another.
    pub fn is_exact(&self) -> bool {
        self.similarity == 1.0
    }

    /// Whether they share a character.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// How much of the surroundings is there, from 0 to 1.
    pub fn context(&self) -> f64 {
        (self.before + self.behind) / 2.0
    }

    /// What it is worth: most for what is left of the quote, a little for not a letter of it changed, and for being near.
    fn score(&self, nearness: f64) -> f64 {
        let unchanged = if self.is_exact() { 0.1 } else { 0.0 };
        self.left + unchanged + 0.8 * self.context() + 0.1 * nearness
    }
}

/// A candidate among others.
#[derive(Clone, Copy)]
struct Ranked<'c> {
    candidate: &'c Candidate,
    /// How far it lies from where it is expected, as a part of the text.
    distance: f64,
    score: f64,
}

impl<'c> Ranked<'c> {
    fn new(candidate: &'c Candidate, expected: Option<usize>, text: &Text) -> Self {
        let apart = expected.map_or(0, |expected| expected.abs_diff(candidate.start));
        let distance = (apart as f64 / text.len().max(1) as f64).min(1.0);
        Self {
            candidate,
            distance,
            score: candidate.score(nearness(distance)),
        }
    }
}

/// From 1 at the expected place down to almost 0; a half at a fiftieth of the text.
fn nearness(distance: f64) -> f64 {
    1.0 / (1.0 + 50.0 * distance)
}

impl Rule {
    /// The best of these places, if it is good enough and no other is as good. `weight` is what the quote counts for.
    pub fn choose(
        &self,
        candidates: &[Candidate],
        weight: f64,
        expected: Option<usize>,
        text: &Text,
    ) -> Option<Candidate> {
        let mut ranked: Vec<Ranked> = candidates
            .iter()
            .map(|one| Ranked::new(one, expected, text))
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        let best = *ranked.first()?;
        // One that overlaps a better one is the same place, seen less well.
        let is_rival = |other: &&Ranked| {
            best.score - other.score <= self.margin && !best.candidate.overlaps(other.candidate)
        };
        let mut equals: Vec<Ranked> = ranked[1..].iter().filter(is_rival).copied().collect();
        equals.push(best);
        equals.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        let chosen = match equals.as_slice() {
            [nearest, next, ..] if next.distance <= nearest.distance * self.nearer => return None,
            [nearest, ..] => nearest,
            [] => return None,
        };
        (chosen.candidate.left >= self.required(weight, chosen)).then_some(*chosen.candidate)
    }

    /// The share of a quote that must be left at a place.
    fn required(&self, weight: f64, place: &Ranked) -> f64 {
        let context = place.candidate.context();
        // The very words where they are expected need nobody to vouch for them.
        let (alone, context) = match place.candidate.is_exact() {
            true => (self.alone_unchanged, context.max(nearness(place.distance))),
            false => (self.alone, context),
        };
        self.least + alone / weight.max(0.1).sqrt() * (1.0 - context)
    }
}
