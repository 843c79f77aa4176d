//! A site's own idea of spam: an online logistic model over words, runs of letters, kinds of words, links and shape.
//!
//! It judges by its weights alone ([`Model`]); a [`pupil::Pupil`] changes them. The same decisions in the same order give
//! the same model, to the bit.

mod features;
mod kinds;
mod prior;
pub mod pupil;
mod traits;

use std::collections::VecDeque;

use features::{BUCKETS, Feature, features};
use serde::{Deserialize, Serialize};

pub use traits::Traits;

use super::writing::Writing;

/// Grows when what is stored of a model, or what is looked at in a comment, becomes something else: weights that were learnt
/// for other traits say nothing.
const FORMAT: u32 = 1;

/// Before so many decisions about genuine comments, the usual threshold is kept to.
const FEWEST_GENUINE: usize = 50;
/// How many of the latest genuine comments the threshold is found among.
const RECENT: usize = 500;
/// Log-odds above which a comment is held while the model has too little to find its own threshold: 0.88.
const USUAL_THRESHOLD: f32 = 2.0;

/// How many grounds are told.
const GROUNDS: usize = 6;
/// Less than that is no ground, in log-odds.
const LEAST_GROUND: f32 = 0.05;

/// What is known of who wrote a comment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Comments of theirs that were turned down.
    pub spam: u32,
    /// Comments of theirs that were approved.
    pub approved: u32,
    /// Whether the form was filled in as no person does: faster than one can write, or in a field that is not shown.
    pub hasty: bool,
}

/// Something about a comment that speaks for or against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// What it is, such as `word: casino` or `links: three or more`.
    pub what: String,
    /// What it adds to the log-odds, in hundredths; above 0 it speaks for spam.
    pub weight: i32,
}

/// What a model makes of a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Above 0 it is rather spam than not.
    pub log_odds: f32,
    /// What contributed most, the strongest first.
    pub grounds: Vec<Ground>,
}

impl Score {
    /// How likely it is spam, 0 to 1000.
    pub fn permille(&self) -> u16 {
        (probability(self.log_odds) * 1000.0).round() as u16
    }
}

/// The probability that log-odds stand for.
pub fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// What judges: some 256 KiB, and nothing of any comment but sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    weights: Box<[f32]>,
    /// Decisions that it was taught.
    taught: u32,
    /// What it thought of the latest genuine comments before it was told that they were, the oldest first.
    thoughts: VecDeque<f32>,
}

impl Model {
    /// A model that knows nothing.
    fn blank() -> Self {
        Self {
            weights: vec![0.0; BUCKETS].into(),
            taught: 0,
            thoughts: VecDeque::new(),
        }
    }

    /// How many decisions it was taught.
    pub fn taught(&self) -> u32 {
        self.taught
    }

    /// What the model thinks of a comment, in log-odds; above 0 it is rather spam than not.
    pub fn score(&self, traits: &Traits) -> f32 {
        traits
            .iter()
            .map(|(bucket, value)| self.weights[usize::from(bucket)] * value)
            .sum()
    }

    /// The same, with what contributed most.
    pub fn judge(&self, writing: &Writing, title: Option<&str>, author: Author) -> Score {
        let (mut log_odds, mut letters) = (0.0, 0.0);
        let mut strongest: Vec<(f32, String)> = Vec::new();
        let mut note = |weight: f32, what: &dyn std::fmt::Display| {
            let place = strongest.partition_point(|other| other.0.abs() >= weight.abs());
            if place < GROUNDS && weight.abs() >= LEAST_GROUND {
                strongest.insert(place, (weight, what.to_string()));
                strongest.truncate(GROUNDS);
            }
        };
        features(writing, title, author, &mut |feature, value| {
            let weight = self.weights[usize::from(feature.bucket())] * value;
            log_odds += weight;
            match feature {
                // A run of letters says nothing to a reader; all of them together say something.
                Feature::Letters(_) => letters += weight,
                feature => note(weight, &feature),
            }
        });
        note(letters, &"spelling");
        let grounds = strongest.into_iter().map(|(weight, what)| Ground {
            what,
            weight: (weight * 100.0).round() as i32,
        });
        Score {
            log_odds,
            grounds: grounds.collect(),
        }
    }

    /// The log-odds above which to hold comments so that at most this share of genuine ones is held: found among
    /// what the model thought of genuine comments before it was told that they were. What is rather no spam is let pass.
    pub fn threshold(&self, share: f32) -> f32 {
        // What it thought when it knew next to nothing says nothing about what it thinks now.
        let known = RECENT.min(self.taught as usize * 3 / 8);
        let mut thoughts: Vec<f32> = self.thoughts.iter().rev().take(known).copied().collect();
        if thoughts.len() < FEWEST_GENUINE {
            return USUAL_THRESHOLD;
        }
        thoughts.sort_unstable_by(|a, b| b.total_cmp(a));
        let allowed = (thoughts.len() as f32 * share) as usize;
        thoughts[allowed.min(thoughts.len() - 1)].max(0.0)
    }

    /// The model as bytes, to be stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = [FORMAT, self.taught, self.thoughts.len() as u32];
        let numbers = self.thoughts.iter().chain(self.weights.iter());
        let numbers = numbers.flat_map(|number| number.to_le_bytes());
        let head = head.into_iter().flat_map(u32::to_le_bytes);
        head.chain(numbers).collect()
    }

    /// The model that was stored so; `None` when it was by a Postil that looked at comments otherwise.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, numbers) = bytes.split_at_checked(12)?;
        let mut head = head.as_chunks().0.iter().copied().map(u32::from_le_bytes);
        let (format, taught, thoughts) = (head.next()?, head.next()?, head.next()? as usize);
        if format != FORMAT || thoughts > RECENT || numbers.len() != (thoughts + BUCKETS) * 4 {
            return None;
        }
        let mut numbers = numbers
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(f32::from_le_bytes);
        Some(Self {
            taught,
            thoughts: numbers.by_ref().take(thoughts).collect(),
            weights: numbers.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::pupil::tests::{LESSONS, taught};
    use super::*;

    #[test]
    fn it_says_why() {
        let model = taught(LESSONS);
        let writing = prior::writing("cheap watches");
        let score = model.judge(&writing, None, Author::default());
        assert_eq!(score.grounds.len(), GROUNDS);
        let weights: Vec<i32> = score.grounds.iter().map(|g| g.weight.abs()).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");
        let money = score.grounds.iter().find(|g| g.what == "kind: <money>");
        assert!(money.is_some_and(|ground| ground.weight > 0), "{score:?}");
        let traits = Traits::of(&writing, None, Author::default());
        assert!((score.log_odds - model.score(&traits)).abs() < 1e-4);
        assert!(score.permille() > 500);
    }

    #[test]
    fn it_is_stored_to_the_bit() {
        let model = taught(LESSONS);
        let bytes = model.to_bytes();
        assert_eq!(Model::from_bytes(&bytes), Some(Model::clone(&model)));
        for broken in [&bytes[..bytes.len() - 4], &[], &bytes[4..]] {
            assert_eq!(Model::from_bytes(broken), None);
        }
    }
}
