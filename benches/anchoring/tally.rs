//! How many quotes of which kind were found, lost, or found in the wrong place.

use std::collections::BTreeMap;

use postil::domain::passage::anchor::Range;

use super::quotes::{Fate, Quote};

/// What came out for a quote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The range overlaps the truth by half or more of their union; or the words are gone, and it is orphaned.
    Right,
    /// Another range, or a range where there is none.
    Wrong,
    /// Orphaned, though the words are there.
    Lost,
}

impl Outcome {
    pub fn of(truth: Option<Range>, found: Option<Range>) -> Self {
        match (truth, found) {
            (None, None) => Self::Right,
            (None, Some(_)) => Self::Wrong,
            (Some(_), None) => Self::Lost,
            (Some(truth), Some(found)) => {
                let shared = truth
                    .end
                    .min(found.end)
                    .saturating_sub(truth.start.max(found.start));
                let all = truth.end.max(found.end) - truth.start.min(found.start);
                match 2 * shared >= all {
                    true => Self::Right,
                    false => Self::Wrong,
                }
            }
        }
    }
}

/// How often each outcome was.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub all: usize,
    pub right: usize,
    pub wrong: usize,
    pub lost: usize,
}

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        self.all += 1;
        match outcome {
            Outcome::Right => self.right += 1,
            Outcome::Wrong => self.wrong += 1,
            Outcome::Lost => self.lost += 1,
        }
    }

    pub fn join(&mut self, other: Self) {
        self.all += other.all;
        self.right += other.right;
        self.wrong += other.wrong;
        self.lost += other.lost;
    }

    /// A part of all, in per cent.
    pub fn share(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.all.max(1) as f64
    }
}

/// A row of the table, and its goal in per cent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Once,
    Repeated,
    SentenceEdited,
    PhraseEdited,
    SentenceDeleted,
    PhraseDeleted,
    Elsewhere,
}

impl Row {
    pub const ALL: [Self; 7] = [
        Self::Once,
        Self::Repeated,
        Self::SentenceEdited,
        Self::PhraseEdited,
        Self::SentenceDeleted,
        Self::PhraseDeleted,
        Self::Elsewhere,
    ];

    /// That of a quote, unless nobody knows what became of it.
    pub fn of(quote: &Quote) -> Option<Self> {
        Some(match (quote.fate, quote.is_sentence) {
            (Fate::Once, _) => Self::Once,
            (Fate::Repeated, _) => Self::Repeated,
            (Fate::Edited, true) => Self::SentenceEdited,
            (Fate::Edited, false) => Self::PhraseEdited,
            (Fate::Deleted, true) => Self::SentenceDeleted,
            (Fate::Deleted, false) => Self::PhraseDeleted,
            (Fate::Elsewhere, _) => Self::Elsewhere,
            (Fate::Doubtful, _) => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "words survive, occur once",
            Self::Repeated => "words survive, occur several times",
            Self::SentenceEdited => "sentence edited",
            Self::PhraseEdited => "phrase of 2–8 words edited",
            Self::SentenceDeleted => "sentence deleted → orphaned",
            Self::PhraseDeleted => "phrase deleted → orphaned",
            Self::Elsewhere => "deleted, the same words elsewhere → orphaned",
        }
    }

    pub fn goal(self) -> Option<f64> {
        match self {
            Self::Once => Some(100.0),
            Self::Repeated | Self::SentenceDeleted => Some(98.0),
            Self::SentenceEdited => Some(99.5),
            Self::PhraseEdited | Self::PhraseDeleted => Some(95.0),
            Self::Elsewhere => None,
        }
    }
}

/// The rows of one matcher.
#[derive(Clone, Default)]
pub struct Tally(BTreeMap<Row, Counts>);

impl Tally {
    pub fn add(&mut self, quote: &Quote, found: Option<Range>) {
        if let Some(row) = Row::of(quote) {
            self.0
                .entry(row)
                .or_default()
                .add(Outcome::of(quote.range, found));
        }
    }

    pub fn join(&mut self, other: &Self) {
        for (row, counts) in &other.0 {
            self.0.entry(*row).or_default().join(*counts);
        }
    }

    pub fn of(&self, row: Row) -> Counts {
        self.0.get(&row).copied().unwrap_or_default()
    }
}
