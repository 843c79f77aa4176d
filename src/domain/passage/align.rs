//! Edit distance by bits: 64 cells of the matrix at a time (Myers 1999, in blocks after Hyyrö 2003), and the
//! way back through the matrix from the vertical differences that were kept.

/// A pattern that texts are compared with.
pub struct Pattern {
    length: usize,
    /// Words of 64 rows.
    words: usize,
    /// For each distinct code point of the pattern, a row of `words` masks; row 0 is of those that do not occur.
    masks: Vec<u64>,
    ascii: [u16; 128],
    /// Beyond ASCII, sorted.
    others: Vec<(char, u16)>,
}

/// Where the text may begin: at its first code point, or anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// What stands before the match counts as inserted.
    Fixed,
    /// What stands before the match costs nothing.
    Free,
}

/// The best place of a pattern in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// Insertions, deletions and substitutions.
    pub errors: usize,
    /// Where in the text it ends.
    pub end: usize,
}

/// The vertical differences of every column, for the way back.
struct Trace {
    plus: Vec<u64>,
    minus: Vec<u64>,
}

impl Pattern {
    /// A pattern of these code points.
    pub fn new(pattern: &[char]) -> Self {
        let words = pattern.len().div_ceil(64).max(1);
        let mut own = Self {
            length: pattern.len(),
            words,
            masks: vec![0; words],
            ascii: [0; 128],
            others: Vec::new(),
        };
        for (row, c) in pattern.iter().enumerate() {
            let id = own.admit(*c);
            own.masks[id * words + row / 64] |= 1 << (row % 64);
        }
        own
    }

    /// The row of masks of this code point, made now if there is none.
    fn admit(&mut self, c: char) -> usize {
        let known = self.row(c);
        if known > 0 {
            return known;
        }
        let id = self.masks.len() / self.words;
        self.masks.resize(self.masks.len() + self.words, 0);
        // A pattern has fewer than 65,536 code points: `selector` limits what it is made of.
        let short = id as u16;
        match self.ascii.get_mut(c as usize) {
            Some(slot) => *slot = short,
            None => {
                let place = self.others.partition_point(|(other, _)| *other < c);
                self.others.insert(place, (c, short));
            }
        }
        id
    }

    fn row(&self, c: char) -> usize {
        match self.ascii.get(c as usize) {
            Some(id) => usize::from(*id),
            None => match self.others.binary_search_by_key(&c, |(other, _)| *other) {
                Ok(place) => usize::from(self.others[place].1),
                Err(_) => 0,
            },
        }
    }

    /// The fewest errors with which the pattern matches a beginning of the text (or, with
    /// [`Start::Free`], a piece), and where that ends; the first of equals.
    pub fn best(&self, text: impl IntoIterator<Item = char>, start: Start) -> Best {
        self.run(text, start, None).0
    }

    /// The errors between the pattern and the whole text.
    pub fn errors(&self, text: &[char]) -> usize {
        self.run(text.iter().copied(), Start::Fixed, None).1
    }

    /// Where in the text the best match of the pattern begins a part of it: for each of the ascending
    /// `borders`, offsets in the pattern, the least and the greatest offset in the text that it falls on.
    pub fn borders<const N: usize>(
        &self,
        text: &[char],
        borders: [usize; N],
    ) -> (Best, [(usize, usize); N]) {
        let mut trace = Trace {
            plus: Vec::with_capacity(text.len() * self.words),
            minus: Vec::with_capacity(text.len() * self.words),
        };
        let (best, _) = self.run(text.iter().copied(), Start::Free, Some(&mut trace));
        let mut found = [(best.end, best.end); N];
        let mut is_met = [false; N];
        let (mut row, mut column) = (self.length, best.end);
        loop {
            for (index, border) in borders.iter().enumerate() {
                if *border == row {
                    if !is_met[index] {
                        is_met[index] = true;
                        found[index].1 = column;
                    }
                    found[index].0 = column;
                }
            }
            if row == 0 {
                break;
            }
            if column == 0 {
                row -= 1;
                continue;
            }
            let (word, bit) = ((row - 1) / 64, 1u64 << ((row - 1) % 64));
            let here = (column - 1) * self.words + word;
            if trace.plus[here] & bit != 0 {
                row -= 1;
            } else if column > 1 && trace.minus[here - self.words] & bit != 0 {
                column -= 1;
            } else {
                row -= 1;
                column -= 1;
            }
        }
        (best, found)
    }

    /// Fills the matrix column by column. Gives the best of its last row, and that row's last cell.
    fn run(
        &self,
        text: impl IntoIterator<Item = char>,
        start: Start,
        mut trace: Option<&mut Trace>,
    ) -> (Best, usize) {
        let mut plus = vec![u64::MAX; self.words];
        let mut minus = vec![0u64; self.words];
        let mut errors = self.length;
        let mut best = Best { errors, end: 0 };
        let last = 1u64 << ((self.length.max(1) - 1) % 64);
        for (column, c) in text.into_iter().enumerate() {
            let row = self.row(c) * self.words;
            let (mut rises, mut falls) = (start == Start::Fixed, false);
            for word in 0..self.words {
                let (up, down) = (plus[word], minus[word]);
                let mut equal = self.masks[row + word];
                let vertical = equal | down;
                equal |= u64::from(falls);
                let across = ((equal & up).wrapping_add(up) ^ up) | equal;
                let mut rise = down | !(across | up);
                let mut fall = up & across;
                let top = if word + 1 == self.words {
                    last
                } else {
                    1 << 63
                };
                let (next_rises, next_falls) = (rise & top != 0, fall & top != 0);
                rise = rise << 1 | u64::from(rises);
                fall = fall << 1 | u64::from(falls);
                plus[word] = fall | !(vertical | rise);
                minus[word] = rise & vertical;
                (rises, falls) = (next_rises, next_falls);
            }
            if self.length == 0 {
                errors = match start {
                    Start::Fixed => column + 1,
                    Start::Free => 0,
                };
            } else {
                errors = errors + usize::from(rises) - usize::from(falls);
            }
            if errors < best.errors {
                best = Best {
                    errors,
                    end: column + 1,
                };
            }
            if let Some(trace) = &mut trace {
                trace.plus.extend_from_slice(&plus);
                trace.minus.extend_from_slice(&minus);
            }
        }
        (best, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The whole matrix, by the book.
    fn matrix(pattern: &[char], text: &[char], start: Start) -> Vec<Vec<usize>> {
        let mut cells = vec![vec![0; text.len() + 1]; pattern.len() + 1];
        for (row, line) in cells.iter_mut().enumerate() {
            line[0] = row;
        }
        if start == Start::Fixed {
            cells[0] = (0..=text.len()).collect();
        }
        for row in 1..=pattern.len() {
            for column in 1..=text.len() {
                let differs = usize::from(pattern[row - 1] != text[column - 1]);
                cells[row][column] = (cells[row - 1][column - 1] + differs)
                    .min(cells[row - 1][column] + 1)
                    .min(cells[row][column - 1] + 1);
            }
        }
        cells
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn borders_are_found_around_what_was_changed() {
        let pattern = chars("he saw a big red dog in the park");
        let text = chars("Yesterday he saw a large red dog in the park again");
        let (best, [start, end]) = Pattern::new(&pattern).borders(&text, [9, 20]);
        // "big" became "large": by the fewest errors, it began anywhere before the "g".
        assert_eq!((best.errors, best.end), (4, 44));
        assert_eq!((start.0, end), (19, (32, 32)));
        assert!((19..=22).contains(&start.1), "{start:?}");
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_book(
            pattern in "[abü]{0,150}", text in "[abü]{0,150}", is_free: bool, border in 0usize..150,
        ) {
            let (pattern, text) = (chars(&pattern), chars(&text));
            let start = if is_free { Start::Free } else { Start::Fixed };
            let cells = matrix(&pattern, &text, start);
            let own = Pattern::new(&pattern);
            let best = own.best(text.iter().copied(), start);
            let last = &cells[pattern.len()];
            let least = *last.iter().min().unwrap();
            prop_assert_eq!(best.errors, least);
            prop_assert_eq!(last[best.end], least);
            if !is_free {
                prop_assert_eq!(own.errors(&text), last[text.len()]);
            }
            // The way back stays on cells that an alignment with the fewest errors may pass.
            let border = border.min(pattern.len());
            let (best, [(first, _)]) = own.borders(&text, [border]);
            let whole = matrix(&pattern, &text, Start::Free);
            let rest = matrix(&pattern[border..], &text[first..best.end], Start::Fixed);
            prop_assert_eq!(whole[border][first] + rest[pattern.len() - border][best.end - first], best.errors);
        }
    }
}
