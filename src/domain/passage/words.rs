//! Words against words: where, in a piece of a text, each word of a passage still stands.
//!
//! A word counts for what it says: 1 if it occurs once in the text, and less the more often it does, so that "the" in the right
//! place proves little. The best alignment is the chain of words, in order in both, that counts most, less what its gaps
//! cost (affine, after Gotoh 1982). So a passage with a new half-sentence in it stays one passage, while words that
//! happen to stand about do not make one.

use std::collections::HashMap;

use unicode_normalization::char::is_combining_mark;

/// What a gap costs, in words that occur once.
const GAP: f32 = 0.4;

/// The same where the quote begins or ends.
const GAP_AT_EDGE: f32 = 0.3;

/// What each word costs that was put in.
const PUT_IN: f32 = 0.05;

/// What each word costs that was left out.
const LEFT_OUT: f32 = 0.025;

/// A mark between words says little, however rare it is.
const MARK: f32 = 0.1;

/// More words of a passage than this are not looked at: the rarest are.
const MOST: usize = 256;

/// A word of a text or a passage; or a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Where it begins, in code points.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Which word of the text or passage it is.
    pub place: usize,
    /// The same for the same word in any case; [`UNKNOWN`] is none of the text's.
    id: u32,
}

/// What the text has not.
const UNKNOWN: u32 = 0;

/// The words of a text.
pub struct Words {
    all: Vec<Word>,
    ids: HashMap<Box<str>, u32>,
    /// What each counts for, by its id.
    weights: Vec<f32>,
}

impl Words {
    /// Reads the words of a text.
    pub fn new(text: &[char]) -> Self {
        let mut ids: HashMap<Box<str>, u32> = HashMap::new();
        let mut counts = vec![0u32];
        let mut folded = String::new();
        let mut all = Vec::with_capacity(text.len() / 4);
        for (start, end) in cut(text) {
            fold(&text[start..end], &mut folded);
            let id = match ids.get(folded.as_str()) {
                Some(id) => *id,
                None => {
                    // A text has at most 2^20 words.
                    let id = counts.len() as u32;
                    ids.insert(folded.as_str().into(), id);
                    counts.push(0);
                    id
                }
            };
            counts[id as usize] += 1;
            let place = all.len();
            all.push(Word {
                start,
                end,
                place,
                id,
            });
        }
        let size = (all.len().max(2) as f32).ln();
        let weight = |count: &u32| 1.0 - ((*count).max(1) as f32).ln() / size;
        let mut weights: Vec<f32> = counts.iter().map(weight).collect();
        for (word, id) in &ids {
            if !word.chars().any(char::is_alphanumeric) {
                let own = &mut weights[*id as usize];
                *own = own.min(MARK);
            }
        }
        Self { all, ids, weights }
    }

    /// The words of a passage.
    pub fn of(&self, passage: &[char]) -> Vec<Word> {
        let mut folded = String::new();
        cut(passage)
            .enumerate()
            .map(|(place, (start, end))| {
                fold(&passage[start..end], &mut folded);
                let id = self.ids.get(folded.as_str()).copied();
                Word {
                    start,
                    end,
                    place,
                    id: id.unwrap_or(UNKNOWN),
                }
            })
            .collect()
    }

    /// What a word counts for, from 0 to 1.
    pub fn weight(&self, word: &Word) -> f32 {
        self.weights[word.id as usize]
    }

    /// The word at a place.
    pub fn get(&self, place: usize) -> Option<&Word> {
        self.all.get(place)
    }

    /// For each word of the passage, the word that it is in the piece of the text that begins within `start..end`, as
    /// far as the best alignment has it. The quote begins and ends at the passage's words `edges`.
    pub fn align(
        &self,
        passage: &[Word],
        edges: [usize; 2],
        (start, end): (usize, usize),
    ) -> Vec<Option<Word>> {
        let mut found = vec![None; passage.len()];
        let rows = self.telling(passage, edges);
        let columns = self.shared(&rows, start, end);
        let chain = Chain {
            words: self,
            rows: &rows,
            columns: &columns,
            edges,
        };
        for (row, column) in chain.best() {
            found[rows[row].place] = Some(columns[column]);
        }
        found
    }

    /// The words that are looked for: all that the text has, or of a long passage the rarest, and those at its edges.
    fn telling(&self, passage: &[Word], edges: [usize; 2]) -> Vec<Word> {
        let mut known: Vec<Word> = passage
            .iter()
            .filter(|word| word.id != UNKNOWN)
            .copied()
            .collect();
        if known.len() > MOST {
            let is_near = |word: &Word| edges.iter().any(|edge| word.place.abs_diff(*edge) < 8);
            known.sort_by(|a, b| {
                let by_weight = || self.weight(b).total_cmp(&self.weight(a));
                is_near(b).cmp(&is_near(a)).then_with(by_weight)
            });
            known.truncate(MOST);
            known.sort_by_key(|word| word.place);
        }
        known
    }

    /// The words of that piece of the text that are among `rows`.
    fn shared(&self, rows: &[Word], start: usize, end: usize) -> Vec<Word> {
        let mut ids: Vec<u32> = rows.iter().map(|word| word.id).collect();
        ids.sort_unstable();
        let first = self.all.partition_point(|word| word.start < start);
        let piece = self.all[first..].iter().take_while(|word| word.start < end);
        piece
            .filter(|word| ids.binary_search(&word.id).is_ok())
            .copied()
            .collect()
    }
}

/// The table in which the best chain is found.
struct Chain<'w> {
    words: &'w Words,
    rows: &'w [Word],
    columns: &'w [Word],
    edges: [usize; 2],
}

/// The best that a chain has reached up to a cell: what it would be worth at the beginning of both texts, and the
/// cell that it has reached it in.
#[derive(Clone, Copy)]
struct Reached {
    worth: f32,
    cell: usize,
}

const NOWHERE: Reached = Reached {
    worth: f32::MIN,
    cell: usize::MAX,
};

impl Chain<'_> {
    /// The pairs of row and column of the best chain, the last first.
    fn best(&self) -> Vec<(usize, usize)> {
        let width = self.columns.len();
        let first = self.columns.first().map_or(0, |word| word.place);
        let mut before = vec![usize::MAX; self.rows.len() * width];
        let mut above = vec![NOWHERE; width];
        let mut above_gain = vec![f32::MIN; width];
        let mut best = (0.0, usize::MAX);
        for (row, word) in self.rows.iter().enumerate() {
            let weight = self.words.weight(word);
            let at_edge = self.edges.contains(&word.place);
            let gap = if at_edge { GAP_AT_EDGE } else { GAP };
            let is_next = row > 0 && self.rows[row - 1].place + 1 == word.place;
            let left_out = LEFT_OUT * word.place as f32;
            // The row above, as it was before this column was changed.
            let (mut diagonal, mut diagonal_gain) = (NOWHERE, f32::MIN);
            let mut beside = NOWHERE;
            for (column, other) in self.columns.iter().enumerate() {
                let (mut here, mut gain) = (NOWHERE, f32::MIN);
                if other.id == word.id {
                    let cell = row * width + column;
                    let put_in = PUT_IN * (other.place - first) as f32;
                    let skipped = diagonal.worth - gap - put_in - left_out + PUT_IN + LEFT_OUT;
                    let joins = is_next && self.columns[column.max(1) - 1].place + 1 == other.place;
                    let (from, start) = match joins && diagonal_gain >= skipped {
                        true => (diagonal_gain, cell.wrapping_sub(width + 1)),
                        false => (skipped, diagonal.cell),
                    };
                    gain = weight;
                    if from > 0.0 {
                        gain += from;
                        before[cell] = start;
                    }
                    if gain > best.0 {
                        best = (gain, cell);
                    }
                    here = Reached {
                        worth: gain + put_in + left_out,
                        cell,
                    };
                }
                for other in [beside, above[column]] {
                    if other.worth > here.worth {
                        here = other;
                    }
                }
                diagonal = std::mem::replace(&mut above[column], here);
                diagonal_gain = std::mem::replace(&mut above_gain[column], gain);
                beside = here;
            }
        }
        let mut chain = Vec::new();
        let mut cell = best.1;
        while cell != usize::MAX {
            chain.push((cell / width, cell % width));
            cell = before[cell];
        }
        chain
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Space,
    /// A run of these is a word.
    Letter,
    /// A word by itself: a mark, or a character of a script that does not part words.
    Single,
}

fn kind(c: char) -> Kind {
    match c {
        ' ' => Kind::Space,
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Letter,
        // Thai and Lao, Burmese, Khmer; ideographs and kana.
        '\u{E00}'..='\u{EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{2E80}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Kind::Single,
        c if c.is_alphanumeric() || is_combining_mark(c) => Kind::Letter,
        _ => Kind::Single,
    }
}

/// Where each word begins and ends.
fn cut(text: &[char]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while text.get(at).is_some_and(|c| kind(*c) == Kind::Space) {
            at += 1;
        }
        let start = at;
        let first = kind(*text.get(start)?);
        at += 1;
        if first == Kind::Letter {
            while text.get(at).is_some_and(|c| kind(*c) == Kind::Letter) {
                at += 1;
            }
        }
        Some((start, at))
    })
}

fn fold(word: &[char], into: &mut String) {
    into.clear();
    for c in word {
        match c.is_ascii() {
            true => into.push(c.to_ascii_lowercase()),
            false => into.extend(c.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    /// Each word of the passage that was found, beside the word of the text that it is.
    fn aligned(passage: &str, text: &str) -> Vec<(String, String)> {
        let (passage, text) = (chars(passage), chars(text));
        let words = Words::new(&text);
        let own = words.of(&passage);
        let found = words.align(&own, [0, own.len()], (0, text.len()));
        let word = |of: &[char], word: &Word| of[word.start..word.end].iter().collect();
        own.iter()
            .zip(&found)
            .filter_map(|(own, found)| Some((word(&passage, own), word(&text, found.as_ref()?))))
            .collect()
    }

    #[test]
    fn words_and_marks_of_every_script_are_cut() {
        for (text, expected) in [
            ("It’s 3.5 m", vec!["It", "’", "s", "3", ".", "5", "m"]),
            ("潮位表です。", vec!["潮", "位", "表", "で", "す", "。"]),
            ("كتابٌ جديد", vec!["كتابٌ", "جديد"]),
            ("  ", vec![]),
        ] {
            let text = chars(text);
            let words: Vec<String> = cut(&text)
                .map(|(start, end)| text[start..end].iter().collect())
                .collect();
            assert_eq!(words, expected);
        }
    }

    #[test]
    fn a_new_half_sentence_does_not_part_what_stands_around_it() {
        let text = "Yesterday the harbour pilots, who had heard nothing of the tables that were printed in March, came at seven.";
        let found = aligned("the Harbour pilots came at seven", text);
        let words: Vec<&str> = found.iter().map(|(_, word)| word.as_str()).collect();
        assert_eq!(words, ["the", "harbour", "pilots", "came", "at", "seven"]);
    }

    #[test]
    fn what_stands_about_far_off_is_no_part_of_it() {
        let far = "a ".repeat(60);
        let found = aligned(
            "the harbour pilots came",
            &format!("the {far} harbour pilots came"),
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(aligned("entirely different", "nothing of the kind"), []);
    }

    #[test]
    fn of_a_long_passage_the_rarest_words_are_aligned() {
        let long: Vec<String> = (0..2000).map(|n| format!("w{n} the")).collect();
        let found = aligned(
            &long.join(" "),
            &format!("before {} behind", long.join(" ")),
        );
        assert!((MOST / 2..=MOST).contains(&found.len()), "{}", found.len());
        assert!(found.iter().all(|(own, other)| own == other));
        assert_eq!(found[0].0, "w0");
    }
}
