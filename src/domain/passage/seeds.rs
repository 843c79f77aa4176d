//! Where in a text something like a passage may stand: an index of all pieces of four code points, in which the pieces of
//! a passage vote for places. It takes one pass over the text, and a bounded time for each passage.

/// Code points of a piece. Three say too little in English, five too much in Chinese.
const PIECE: usize = 4;

/// A piece that occurs more often says little about where, and is not asked.
const FREQUENT: usize = 64;

/// A place with less than this part of the votes of the best is no rival of it.
const FEW: u32 = 5;

/// Of exactly the same words, only so many on each side of a place are told apart.
const CROWD: usize = 500;

/// For these, no more places than this are tried on each side.
const TRIED: usize = 4000;

/// At most so many pieces of a passage are asked, spread over it evenly.
const ASKED: usize = 192;

/// An index of a text.
pub struct Index<'t> {
    text: &'t [char],
    /// Bits that a hash is shifted by.
    shift: u32,
    /// For each hash, where its places begin; one more at the end.
    begins: Vec<u32>,
    /// Offsets of pieces, grouped by hash, ascending within.
    places: Vec<u32>,
}

/// A place where a pattern may begin, and how much speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// The offset in the text at which the pattern would begin; may lie before the text.
    pub start: i64,
    /// The more, the more rare pieces of the pattern are there.
    pub votes: u32,
}

fn hash(piece: &[char], shift: u32) -> usize {
    let mixed = piece.iter().fold(0u64, |hash, c| {
        (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    (mixed >> shift) as usize
}

impl<'t> Index<'t> {
    /// Indexes a text.
    pub fn new(text: &'t [char]) -> Self {
        let bits = (usize::BITS - text.len().leading_zeros()).clamp(8, 18);
        let shift = 64 - bits;
        let hashes: Vec<u32> = text
            .windows(PIECE)
            .map(|piece| hash(piece, shift) as u32)
            .collect();
        let mut begins = vec![0u32; (1 << bits) + 1];
        for hash in &hashes {
            begins[*hash as usize + 1] += 1;
        }
        for bucket in 1..begins.len() {
            begins[bucket] += begins[bucket - 1];
        }
        let mut next = begins.clone();
        let mut places = vec![0u32; hashes.len()];
        for (place, hash) in hashes.iter().enumerate() {
            let slot = &mut next[*hash as usize];
            places[*slot as usize] = place as u32;
            *slot += 1;
        }
        Self {
            text,
            shift,
            begins,
            places,
        }
    }

    /// Where pieces with this hash are; some may be other pieces.
    fn places(&self, piece: &[char]) -> &[u32] {
        let hash = hash(piece, self.shift);
        &self.places[self.begins[hash] as usize..self.begins[hash + 1] as usize]
    }

    /// The places where the text has exactly these words, ascending. Of what is everywhere, those next to `near`.
    pub fn occurrences(&self, words: &[char], near: usize) -> Vec<usize> {
        if words.is_empty() || words.len() > self.text.len() {
            return Vec::new();
        }
        let is_here = |start: &usize| self.text[*start..].starts_with(words);
        let rarest = words
            .windows(PIECE)
            .enumerate()
            .min_by_key(|(_, piece)| self.places(piece).len());
        let mut found: Vec<usize> = match rarest {
            Some((offset, piece)) => {
                let places = self.places(piece);
                let next = places.partition_point(|place| (*place as usize) < near + offset);
                let start = |place: &u32| (*place as usize).checked_sub(offset);
                let before = places[..next].iter().rev().take(TRIED).filter_map(start);
                let behind = places[next..].iter().take(TRIED).filter_map(start);
                let before = before.filter(is_here).take(CROWD);
                before.chain(behind.filter(is_here).take(CROWD)).collect()
            }
            // Shorter than a piece.
            None => {
                let near = near.min(self.text.len());
                let before = (0..near).rev().filter(is_here).take(CROWD);
                let behind = (near..self.text.len()).filter(is_here).take(CROWD);
                before.chain(behind).collect()
            }
        };
        found.sort_unstable();
        found
    }

    /// The places that most speaks for, the best first, at most `most`, none within `apart` of a better one.
    pub fn seeds(&self, pattern: &[char], apart: i64, most: usize) -> Vec<Seed> {
        let step = pattern.len().div_ceil(ASKED).max(1);
        let mut hits: Vec<(i64, u32)> = Vec::new();
        for (offset, piece) in pattern.windows(PIECE).enumerate().step_by(step) {
            let places = self.places(piece);
            if places.len() > FREQUENT {
                continue;
            }
            // A piece that is nowhere else speaks louder than one that is everywhere.
            let weight = 1 + (16 / places.len().max(1)) as u32;
            hits.extend(
                places
                    .iter()
                    .map(|place| (i64::from(*place) - offset as i64, weight)),
            );
        }
        hits.sort_unstable();
        // Edits before a piece move its place a little, so near ones are counted together.
        let reach = apart / 2;
        let mut seeds: Vec<Seed> = Vec::new();
        let (mut first, mut votes) = (0, 0u32);
        for last in 0..hits.len() {
            votes += hits[last].1;
            while hits[last].0 - hits[first].0 > reach {
                votes -= hits[first].1;
                first += 1;
            }
            let start = hits[(first + last) / 2].0;
            match seeds.last_mut() {
                Some(before) if start - before.start <= apart => {
                    if votes > before.votes {
                        *before = Seed { start, votes };
                    }
                }
                _ => seeds.push(Seed { start, votes }),
            }
        }
        seeds.sort_by_key(|seed| (std::cmp::Reverse(seed.votes), seed.start));
        seeds.truncate(most);
        let least = seeds.first().map_or(0, |best| best.votes / FEW);
        seeds.retain(|seed| seed.votes >= least);
        seeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn what_was_edited_is_still_voted_for() {
        let text = chars(
            "One thing first. Then the quick brown fox jumped over a lazy dog. Then another thing.",
        );
        let pattern = chars("the quick red fox jumps over the lazy dog");
        let seeds = Index::new(&text).seeds(&pattern, 16, 3);
        assert!((seeds[0].start - 22).abs() <= 4, "{seeds:?}");
    }

    proptest! {
        #[test]
        fn every_occurrence_is_found(text in "[ab]{0,60}", words in "[ab]{1,6}", near in 0usize..90) {
            let (text, words) = (chars(&text), chars(&words));
            let index = Index::new(&text);
            let expected: Vec<usize> = (0..text.len())
                .filter(|at| text[*at..].starts_with(&words))
                .collect();
            prop_assert_eq!(index.occurrences(&words, near), expected);
        }
    }
}
