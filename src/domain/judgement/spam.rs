//! A site's own idea of spam: an online logistic model over words, runs of letters, kinds of words, links and shape.
//!
//! It learns from each decision of a moderator, one step of AdaGrad (Duchi, Hazan, Singer, 2011) at a time, and goes over
//! some of what it has learnt each time, so that a few hundred decisions are enough. What it remembers is bounded; taking a
//! decision back makes it learn the rest anew, so nothing of it stays. The same decisions in the same order give the
//! same model, to the bit.

mod features;
mod kinds;
mod prior;

use std::collections::VecDeque;

use features::{BUCKETS, Feature, features};
use serde::{Deserialize, Serialize};

use super::writing::Writing;
use crate::domain::id::CommentId;

/// Decisions that a model remembers; the oldest go first.
pub const MEMORY: usize = 2_000;

/// How many remembered decisions it goes over with each new one.
const REHEARSALS: usize = 30;
/// The first step of a weight; later ones are smaller the more it has moved.
const STEP: f32 = 0.1;
/// How much of a weight each step takes back.
const DECAY: f32 = 1e-4;
/// Before so many decisions about genuine comments, the usual threshold is kept to.
const FEWEST_GENUINE: usize = 50;
/// How many of the latest genuine comments the threshold is found among.
const RECENT: usize = 500;
/// Log-odds above which a comment is held while the model has too little to find its own threshold: 0.88.
const USUAL_THRESHOLD: f32 = 2.0;

/// What the model needs to know of a comment: numbers, not words.
#[derive(Debug, Clone, PartialEq)]
pub struct Traits(Vec<(u32, f32)>);

impl Traits {
    /// The traits of a comment on a page of that title.
    pub fn of(writing: &Writing, title: Option<&str>, author: Author) -> Self {
        let mut traits: Vec<(u32, f32)> = Vec::new();
        features(writing, title, author, &mut |feature, value| {
            traits.push((feature.bucket(), value));
        });
        traits.sort_unstable_by_key(|entry| entry.0);
        traits.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self(traits)
    }
}

/// What is known of who wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Comments of theirs that were turned down as spam.
    pub spam: u32,
    /// Comments of theirs that were approved.
    pub approved: u32,
    /// Whether the form was filled in as no person does: faster than one can write, or in a field that is not shown.
    pub hasty: bool,
}

/// Something about a comment that speaks for or against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// What it is, such as `word: casino` or `links: 3 or more`.
    pub what: String,
    /// What it adds to the log-odds; above 0 it speaks for spam.
    pub weight: f32,
}

/// One decision.
#[derive(Debug, Clone)]
struct Lesson {
    comment: CommentId,
    traits: Traits,
    is_spam: bool,
    /// What the model thought before it was told, in log-odds.
    thought: f32,
}

/// The model. Some 600 KiB, and as much again at most for what it remembers of a usual site.
#[derive(Debug, Clone)]
pub struct Model {
    weights: Weights,
    lessons: VecDeque<Lesson>,
    /// What it started from, to start from again.
    start: Option<std::sync::Arc<Weights>>,
    dice: Dice,
}

#[derive(Debug, Clone)]
struct Weights {
    weight: Box<[f32]>,
    /// The sum of each weight's squared gradients.
    moved: Box<[f32]>,
}

impl Weights {
    fn blank() -> Self {
        Self {
            weight: vec![0.0; BUCKETS].into(),
            moved: vec![1e-2; BUCKETS].into(),
        }
    }

    fn score(&self, traits: &Traits) -> f32 {
        let pairs = traits.0.iter();
        pairs
            .map(|(bucket, value)| self.weight[*bucket as usize] * value)
            .sum()
    }

    fn step(&mut self, traits: &Traits, is_spam: bool) {
        let error = probability(self.score(traits)) - f32::from(u8::from(is_spam));
        for (bucket, value) in &traits.0 {
            let bucket = *bucket as usize;
            let gradient = error * value + DECAY * self.weight[bucket];
            self.moved[bucket] += gradient * gradient;
            self.weight[bucket] -= STEP * gradient / self.moved[bucket].sqrt();
        }
    }
}

/// The probability that log-odds stand for.
pub fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Model {
    /// A model that knows nothing.
    pub fn blank() -> Self {
        Self {
            weights: Weights::blank(),
            lessons: VecDeque::new(),
            start: None,
            dice: Dice::default(),
        }
    }

    /// A model that knows what spam looks like anywhere, from the examples that come with Postil.
    pub fn seasoned() -> Self {
        let mut model = Self::blank();
        for round in 0..prior::ROUNDS {
            for (text, is_spam) in prior::examples(round) {
                let traits = Traits::of(&prior::writing(text), None, Author::default());
                model.weights.step(&traits, is_spam);
            }
        }
        model.start = Some(std::sync::Arc::new(model.weights.clone()));
        model
    }

    /// What the model thinks of a comment, in log-odds; above 0 it is rather spam than not.
    pub fn score(&self, traits: &Traits) -> f32 {
        self.weights.score(traits)
    }

    /// Learns that a comment is spam, or is not. A comment that was decided about before is decided about anew.
    pub fn learn(&mut self, comment: CommentId, traits: Traits, is_spam: bool) {
        self.unlearn(comment);
        self.take(Lesson {
            comment,
            traits,
            is_spam,
            thought: 0.0,
        });
    }

    fn take(&mut self, mut lesson: Lesson) {
        lesson.thought = self.score(&lesson.traits);
        self.weights.step(&lesson.traits, lesson.is_spam);
        self.lessons.push_back(lesson);
        if self.lessons.len() > MEMORY {
            self.lessons.pop_front();
        }
        for _ in 0..REHEARSALS {
            let lesson = &self.lessons[self.dice.below(self.lessons.len())];
            self.weights.step(&lesson.traits, lesson.is_spam);
        }
    }

    /// Forgets a decision, as if it had never been told. What is older than the memory is part of the weights and stays.
    pub fn unlearn(&mut self, comment: CommentId) {
        if !self.lessons.iter().any(|lesson| lesson.comment == comment) {
            return;
        }
        let lessons = std::mem::take(&mut self.lessons);
        self.weights = match &self.start {
            Some(start) => Weights::clone(start),
            None => Weights::blank(),
        };
        self.dice = Dice::default();
        for lesson in lessons
            .into_iter()
            .filter(|lesson| lesson.comment != comment)
        {
            self.take(lesson);
        }
    }

    /// How many decisions it remembers.
    pub fn lessons(&self) -> usize {
        self.lessons.len()
    }

    /// The log-odds above which to hold comments so that at most this share of genuine ones is held: found among
    /// what the model thought of genuine comments before it was told that they were.
    pub fn threshold(&self, share: f32) -> f32 {
        let latest = self.lessons.iter().rev().filter(|lesson| !lesson.is_spam);
        // What it thought when it knew next to nothing says nothing about what it thinks now.
        let mut thoughts: Vec<f32> = latest
            .take(RECENT.min(self.lessons.len() * 3 / 8))
            .map(|lesson| lesson.thought)
            .collect();
        if thoughts.len() < FEWEST_GENUINE {
            return USUAL_THRESHOLD;
        }
        thoughts.sort_unstable_by(|a, b| b.total_cmp(a));
        let allowed = (thoughts.len() as f32 * share) as usize;
        thoughts[allowed.min(thoughts.len() - 1)]
    }

    /// What contributed most to a score, the strongest first, at most `most`.
    pub fn explain(
        &self,
        writing: &Writing,
        title: Option<&str>,
        author: Author,
        most: usize,
    ) -> Vec<Ground> {
        let mut grounds: Vec<Ground> = Vec::new();
        let mut letters = 0.0;
        features(writing, title, author, &mut |feature, value| {
            let weight = self.weights.weight[feature.bucket() as usize] * value;
            match feature {
                // A run of letters says nothing to a reader; all of them together say something.
                Feature::Letters(_) => letters += weight,
                feature => grounds.push(Ground {
                    what: feature.to_string(),
                    weight,
                }),
            }
        });
        grounds.push(Ground {
            what: "spelling".into(),
            weight: letters,
        });
        grounds.retain(|ground| ground.weight.abs() >= 0.01);
        grounds.sort_by(|a, b| {
            b.weight
                .abs()
                .total_cmp(&a.weight.abs())
                .then_with(|| a.what.cmp(&b.what))
        });
        grounds.truncate(most);
        grounds
    }
}

/// Numbers that look like chance and are the same each time (Knuth's MMIX generator).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self(7)
    }
}

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(text: &str) -> Traits {
        Traits::of(&prior::writing(text), None, Author::default())
    }

    fn taught(lessons: &[(&str, bool)]) -> (Model, Vec<CommentId>) {
        let mut model = Model::blank();
        let ids = lessons.iter().map(|_| CommentId::new()).collect::<Vec<_>>();
        for ((text, is_spam), id) in lessons.iter().zip(&ids) {
            model.learn(*id, traits(text), *is_spam);
        }
        (model, ids)
    }

    const LESSONS: &[(&str, bool)] = &[
        ("The second chapter is a joy to read", false),
        ("Cheap watches at https://watches.example", true),
        ("I do not agree about the margins", false),
        ("Visit my page for cheap watches", true),
    ];

    #[test]
    fn it_learns_from_decisions() {
        let (model, _) = taught(LESSONS);
        assert!(model.score(&traits("cheap watches here")) > 0.0);
        assert!(model.score(&traits("a joy to read the margins")) < 0.0);
    }

    #[test]
    fn it_forgets_without_a_trace() {
        let (mut model, ids) = taught(LESSONS);
        let id = CommentId::new();
        model.learn(id, traits("A lovely chapter, I agree"), true);
        model.unlearn(id);
        let (other, _) = taught(LESSONS);
        assert_eq!(model.weights.weight, other.weights.weight);
        model.learn(ids[1], traits(LESSONS[1].0), false);
        assert_eq!(model.lessons(), LESSONS.len());
    }

    #[test]
    fn it_says_why() {
        let (model, _) = taught(LESSONS);
        let writing = prior::writing("cheap watches");
        assert_eq!(model.explain(&writing, None, Author::default(), 3).len(), 3);
        let grounds = model.explain(&writing, None, Author::default(), 50);
        assert!(
            grounds
                .iter()
                .any(|ground| ground.what == "word: cheap" && ground.weight > 0.0),
            "{grounds:?}"
        );
    }

    #[test]
    fn its_memory_is_bounded() {
        let mut model = Model::blank();
        for n in 0..MEMORY + 20 {
            model.learn(
                CommentId::new(),
                Traits(vec![(n as u32 % 50, 1.0)]),
                n % 2 == 0,
            );
        }
        assert_eq!(model.lessons(), MEMORY);
    }

    #[test]
    fn the_examples_that_come_along_are_of_use() {
        let model = Model::seasoned();
        for spam in [
            "Make money fast from home, visit https://cash.example now",
            "Great post! Check out my blog at http://seo.example for cheap viagra",
            "Subscribe to my channel and win a free gift card",
        ] {
            assert!(
                model.score(&traits(spam)) > 0.0,
                "{spam}: {}",
                model.score(&traits(spam))
            );
        }
        for genuine in [
            "I read this twice and still think that the second argument does not follow from the first.",
            "Thank you, that solved it for me.",
            "Does anybody know whether this works on older versions?",
        ] {
            assert!(
                model.score(&traits(genuine)) < 0.0,
                "{genuine}: {}",
                model.score(&traits(genuine))
            );
        }
    }

    #[test]
    fn the_threshold_holds_few_genuine_comments() {
        let mut model = Model::blank();
        for n in 0..400_u32 {
            let is_spam = n % 2 == 0;
            let text = format!(
                "{} number {n}",
                if is_spam {
                    "cheap watches"
                } else {
                    "a thought"
                }
            );
            model.learn(CommentId::new(), traits(&text), is_spam);
        }
        let threshold = model.threshold(0.02);
        assert!(model.score(&traits("a thought number 777")) < threshold);
        assert!(model.score(&traits("cheap watches number 777")) > threshold);
        assert_eq!(Model::blank().threshold(0.02), USUAL_THRESHOLD);
    }
}
