//! When two comments say the same: exactly, or but for a few words.

use sha2::{Digest, Sha256};

use super::folding::plain;

/// How many bands a print has; each is the least of a few hashes over the text's runs of words.
const BANDS: usize = 4;
/// Hashes to a band. Of texts that share four fifths of their runs, two thirds of the bands agree; of those that share a
/// third, one in nine (Broder, "On the resemblance and containment of documents", 1997).
const ROWS: usize = 2;
/// Words that make a run.
const RUN: usize = 3;
/// Fewer words than this are too common to be compared but as a whole.
const FEWEST_WORDS: usize = 8;
/// Fewer characters than this are said by everybody ("Thank you for this article!"), unless there is a link among them.
const FEWEST_CHARS: usize = 40;
/// So many words of a text are looked at.
const MOST_WORDS: usize = 2_000;

/// What is kept of a text in order to know it again: numbers that give nothing of it away but that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The same for the same words.
    whole: i64,
    /// Some of them the same for nearly the same words; none when the text is short.
    bands: Vec<i64>,
}

/// How much two texts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Most of their runs of words.
    Near,
    /// Every word.
    Same,
}

impl Print {
    /// The print of a text, case, accents, spacing and punctuation aside; `None` when many people say the same in so few words.
    pub fn of(text: &str, has_link: bool) -> Option<Self> {
        let folded = plain(text);
        let text = folded.as_str();
        if text.is_empty() || (!has_link && text.chars().count() < FEWEST_CHARS) {
            return None;
        }
        let whole = hash(0, text.as_bytes());
        let words: Vec<&str> = text.split(' ').take(MOST_WORDS).collect();
        let bands = if words.len() < FEWEST_WORDS {
            Vec::new()
        } else {
            bands(&words)
        };
        Some(Self { whole, bands })
    }

    /// The numbers to look for: the whole first.
    pub fn numbers(&self) -> Vec<i64> {
        std::iter::once(self.whole)
            .chain(self.bands.iter().copied())
            .collect()
    }

    /// What another text is to this one that has those of its [numbers](Self::numbers).
    pub fn likeness(&self, shared: &[i64]) -> Option<Likeness> {
        if shared.contains(&self.whole) {
            return Some(Likeness::Same);
        }
        let bands = self
            .bands
            .iter()
            .filter(|band| shared.contains(band))
            .count();
        (2 * bands >= BANDS).then_some(Likeness::Near)
    }
}

fn bands(words: &[&str]) -> Vec<i64> {
    let mut least = [[u64::MAX; ROWS]; BANDS];
    for run in words.windows(RUN) {
        let base = hash(1, run.join(" ").as_bytes()) as u64;
        for (seed, slot) in least.iter_mut().flatten().enumerate() {
            *slot = (*slot).min(stirred(base, seed as u64));
        }
    }
    least
        .iter()
        .enumerate()
        .map(|(band, rows)| {
            let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_be_bytes()).collect();
            hash(2 + band as u8, &bytes)
        })
        .collect()
}

/// The beginning of a SHA-256, which nobody can aim at somebody else's text.
fn hash(purpose: u8, bytes: &[u8]) -> i64 {
    let digest = Sha256::new()
        .chain_update([purpose])
        .chain_update(bytes)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// One of many hashes of a hash (the finish of SplitMix64).
fn stirred(base: u64, seed: u64) -> u64 {
    let mut z = base.wrapping_add((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn likeness(one: &str, other: &str) -> Option<Likeness> {
        let (one, other) = (Print::of(one, true)?, Print::of(other, true)?);
        let numbers = other.numbers();
        let shared: Vec<i64> = one
            .numbers()
            .into_iter()
            .filter(|n| numbers.contains(n))
            .collect();
        one.likeness(&shared)
    }

    const PROSE: &str = "I have been a customer of this shop for many years and I can only say that the shoes which \
        they sell are the best that I have ever had, so do have a look at their pages when you find the time for it";

    #[test]
    fn dressing_up_makes_no_other_text() {
        assert_eq!(
            likeness(
                "Buy my shoes, they are cheap!",
                "buy MY shoes - they  are cheap"
            ),
            Some(Likeness::Same)
        );
        assert_eq!(likeness(PROSE, &PROSE.to_uppercase()), Some(Likeness::Same));
    }

    #[test]
    fn a_few_words_more_make_a_near_text() {
        assert_eq!(
            likeness(PROSE, &format!("Hello! {PROSE} xq7")),
            Some(Likeness::Near)
        );
        assert_eq!(
            likeness(PROSE, &PROSE.replace("many", "twelve")),
            Some(Likeness::Near)
        );
    }

    #[test]
    fn another_text_is_another() {
        let other = "The author is right about the margins of old books, but forgets that printers had reasons of their own \
            for leaving so much white on a page that cost them more than the ink and the hours of the men who set it";
        assert_eq!(likeness(PROSE, other), None);
        assert_eq!(likeness("Thanks a lot", "Thanks a lot, really"), None);
        assert_eq!(Print::of("Thank you so much for this!", false), None);
        assert!(Print::of("Thanks! https://x.example", true).is_some());
        assert!(Print::of(PROSE, false).is_some());
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_as_itself(text: String) {
            if let Some(print) = Print::of(&text, true) {
                prop_assert_eq!(likeness(&text, &text), Some(Likeness::Same));
                prop_assert!(print.numbers().len() <= 1 + BANDS);
            }
        }
    }
}
