//! Edit distance by bits: 64 cells of the matrix at a time (Myers 1999, in blocks after Hyyrö 2003).

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

    /// The errors (insertions, deletions, substitutions) between the pattern and the whole text.
    pub fn errors(&self, text: &[char]) -> usize {
        self.run(text.iter().copied()).1
    }

    /// The fewest errors between the pattern and any beginning of the text.
    pub fn fewest_errors(&self, text: impl Iterator<Item = char>) -> usize {
        self.run(text).0
    }

    /// Fills the matrix column by column. Gives the least of its last row, and that row's last cell.
    fn run(&self, text: impl Iterator<Item = char>) -> (usize, usize) {
        let mut plus = vec![u64::MAX; self.words];
        let mut minus = vec![0u64; self.words];
        let mut errors = self.length;
        let mut fewest = errors;
        let last = 1u64 << ((self.length.max(1) - 1) % 64);
        for (column, c) in text.enumerate() {
            let row = self.row(c) * self.words;
            let (mut rises, mut falls) = (true, false);
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
            errors = match self.length {
                0 => column + 1,
                _ => errors + usize::from(rises) - usize::from(falls),
            };
            fewest = fewest.min(errors);
        }
        (fewest, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The last row of the whole matrix, by the book.
    fn last_row(pattern: &[char], text: &[char]) -> Vec<usize> {
        let mut row: Vec<usize> = (0..=text.len()).collect();
        for (above, c) in pattern.iter().enumerate() {
            let mut next = vec![above + 1];
            for column in 1..=text.len() {
                let differs = usize::from(*c != text[column - 1]);
                let cell = (row[column - 1] + differs)
                    .min(row[column] + 1)
                    .min(next[column - 1] + 1);
                next.push(cell);
            }
            row = next;
        }
        row
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_book(pattern in "[abü]{0,150}", text in "[abü]{0,150}") {
            let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            let last = last_row(&pattern, &text);
            let own = Pattern::new(&pattern);
            prop_assert_eq!(own.errors(&text), last[text.len()]);
            prop_assert_eq!(own.fewest_errors(text.iter().copied()), *last.iter().min().unwrap());
        }
    }
}
