//! A model that is being taught: from each decision of a moderator, one step of AdaGrad (Duchi, Hazan, Singer, 2011) at a time.
//! With each decision it goes over some of those before it again, so that a few hundred are enough.

use super::features::BUCKETS;
use super::{FORMAT, Model, RECENT, Traits, prior, probability};

/// Decisions that are gone over again; those before them are part of the weights, and stay.
pub const MEMORY: usize = 2_000;

/// How many remembered decisions are gone over with each new one.
const REHEARSALS: usize = 30;
/// The first step of a weight; later ones are smaller the more it has moved.
const STEP: f32 = 0.1;
/// How much of a weight each step takes back.
const DECAY: f32 = 1e-4;

/// One decision.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// What the comment was like.
    pub traits: Traits,
    /// What was decided.
    pub is_spam: bool,
}

/// A model, and what it takes to change it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pupil {
    model: Model,
    /// The sum of each weight's squared gradients.
    moved: Box<[f32]>,
}

impl std::ops::Deref for Pupil {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}

impl From<Pupil> for Model {
    fn from(pupil: Pupil) -> Self {
        pupil.model
    }
}

impl Pupil {
    /// One who knows nothing.
    pub fn blank() -> Self {
        Self {
            model: Model::blank(),
            moved: vec![1e-2; BUCKETS].into(),
        }
    }

    /// One who knows what spam looks like anywhere, from the examples that come with Postil.
    pub fn seasoned() -> Self {
        let mut pupil = Self::blank();
        let examples = prior::lessons();
        for round in 0..prior::ROUNDS {
            for place in prior::order(round, examples.len()) {
                pupil.step(&examples[place].traits, examples[place].is_spam);
            }
        }
        pupil
    }

    /// Learns from a decision, and goes over these again: those at [`rehearsals`]' places.
    pub fn learn<'a>(&mut self, lesson: &Lesson, again: impl IntoIterator<Item = &'a Lesson>) {
        if !lesson.is_spam {
            let thought = self.score(&lesson.traits);
            self.model.thoughts.push_back(thought);
            if self.model.thoughts.len() > RECENT {
                self.model.thoughts.pop_front();
            }
        }
        self.model.taught = self.model.taught.saturating_add(1);
        self.step(&lesson.traits, lesson.is_spam);
        for lesson in again {
            self.step(&lesson.traits, lesson.is_spam);
        }
    }

    fn step(&mut self, traits: &Traits, is_spam: bool) {
        let error = probability(self.score(traits)) - f32::from(u8::from(is_spam));
        for (bucket, value) in traits.iter() {
            let bucket = usize::from(bucket);
            let (weight, moved) = (&mut self.model.weights[bucket], &mut self.moved[bucket]);
            let gradient = error * value + DECAY * *weight;
            *moved += gradient * gradient;
            *weight -= STEP * gradient / moved.sqrt();
        }
    }

    /// What is stored beside the model, as bytes.
    pub fn moved_bytes(&self) -> Vec<u8> {
        let moved = self.moved.iter().flat_map(|moved| moved.to_le_bytes());
        FORMAT.to_le_bytes().into_iter().chain(moved).collect()
    }

    /// The pupil of whom a model and [`moved_bytes`](Self::moved_bytes) were stored.
    pub fn from_bytes(model: &[u8], moved: &[u8]) -> Option<Self> {
        let (format, moved) = moved.split_first_chunk()?;
        let (moved, _) = moved.as_chunks();
        if u32::from_le_bytes(*format) != FORMAT || moved.len() != BUCKETS {
            return None;
        }
        Some(Self {
            model: Model::from_bytes(model)?,
            moved: moved.iter().copied().map(f32::from_le_bytes).collect(),
        })
    }
}

/// Which of the decisions that are remembered, the new one last, are gone over with it: their places from 0. `taught` is
/// how many were learnt before; the same numbers give the same places each time.
pub fn rehearsals(taught: u32, remembered: usize) -> impl Iterator<Item = usize> {
    // SplitMix64, which is at its best with numbers in a row.
    let mut state = u64::from(taught).wrapping_mul(0xd1b5_4a32_d192_ed03);
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % remembered.max(1) as u64) as usize
    })
    .take(if remembered > 0 { REHEARSALS } else { 0 })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::super::Author;
    use super::*;

    fn traits(text: &str) -> Traits {
        Traits::of(&prior::writing(text), None, Author::default())
    }

    fn hasty(text: &str) -> Traits {
        let author = Author {
            hasty: true,
            ..Author::default()
        };
        Traits::of(&prior::writing(text), None, author)
    }

    /// Teaches these, in order.
    pub(in super::super) fn taught<T: AsRef<str>>(lessons: &[(T, bool)]) -> Pupil {
        let mut pupil = Pupil::blank();
        let lessons: Vec<Lesson> = lessons
            .iter()
            .map(|(text, is_spam)| Lesson {
                traits: traits(text.as_ref()),
                is_spam: *is_spam,
            })
            .collect();
        for (place, lesson) in lessons.iter().enumerate() {
            let again = rehearsals(pupil.taught(), place + 1);
            pupil.learn(lesson, again.map(|again| &lessons[again]));
        }
        pupil
    }

    pub(in super::super) const LESSONS: &[(&str, bool)] = &[
        ("The second chapter is a joy to read", false),
        ("Cheap watches at https://watches.example", true),
        ("I do not agree about the margins", false),
        ("Visit my page for cheap watches", true),
    ];

    #[test]
    fn it_learns_from_decisions() {
        let pupil = taught(LESSONS);
        assert!(pupil.score(&traits("cheap watches here")) > 0.0);
        assert!(pupil.score(&traits("a joy to read the margins")) < 0.0);
        assert_eq!(pupil, taught(LESSONS));
    }

    #[test]
    fn it_is_stored_to_the_bit() {
        let pupil = taught(LESSONS);
        let (model, moved) = (pupil.to_bytes(), pupil.moved_bytes());
        assert_eq!(Pupil::from_bytes(&model, &moved), Some(pupil));
        assert_eq!(Pupil::from_bytes(&model, &moved[..moved.len() - 4]), None);
        assert_eq!(Pupil::from_bytes(&model[4..], &moved), None);
    }

    #[test]
    fn what_is_gone_over_is_among_what_is_remembered() {
        for remembered in [1, 2, 5, MEMORY] {
            let again: Vec<_> = rehearsals(7, remembered).collect();
            assert_eq!(again.len(), REHEARSALS);
            assert!(again.iter().all(|at| *at < remembered));
        }
        assert_eq!(rehearsals(0, 0).count(), 0);
        let different = |taught| rehearsals(taught, MEMORY).collect::<BTreeSet<_>>();
        assert!(different(1).len() > REHEARSALS * 2 / 3);
        assert_ne!(different(1), different(2));
    }

    #[test]
    fn the_examples_that_come_along_are_of_use() {
        let model = Pupil::seasoned();
        for spam in [
            "Make money fast from home, visit https://cash.example now",
            "Great post! Check out my blog at http://seo.example for cheap viagra",
            "Subscribe to my channel and win a free gift card",
        ] {
            let score = model.score(&traits(spam));
            assert!(score > 0.0, "{spam}: {score}");
        }
        for genuine in [
            "I read this twice and still think that the second argument does not follow from the first.",
            "Thank you, that solved it for me.",
            "Does anybody know whether this works on older versions?",
        ] {
            let (score, in_haste) = (model.score(&traits(genuine)), model.score(&hasty(genuine)));
            assert!(score < 0.0, "{genuine}: {score}");
            // Haste adds to the score, and is not enough for one.
            assert!(in_haste > score && in_haste < 0.5, "{genuine}: {in_haste}");
        }
    }

    #[test]
    fn the_threshold_holds_few_genuine_comments() {
        let lessons: Vec<(String, bool)> = (0..400_u32)
            .map(|n| {
                let is_spam = n % 2 == 0;
                let what = if is_spam {
                    "cheap watches"
                } else {
                    "a thought"
                };
                (format!("{what} number {n}"), is_spam)
            })
            .collect();
        let model = taught(&lessons);
        let threshold = model.threshold(0.02);
        assert!(threshold >= 0.0);
        assert!(model.score(&traits("a thought number 777")) < threshold);
        assert!(model.score(&traits("cheap watches number 777")) > threshold);
        assert_eq!(
            Model::blank().threshold(0.02),
            super::super::USUAL_THRESHOLD
        );
    }
}
