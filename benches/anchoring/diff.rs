//! Which words of one text are which of another: what the matcher is judged by, and does not use. The longest block of words
//! that both have, and so on before and behind it (Ratcliff and Obershelp 1988).

use std::collections::HashMap;

use postil::domain::passage::text::Text;
use unicode_segmentation::UnicodeSegmentation;

/// A text, cut into words and marks.
pub struct Words {
    /// The text.
    pub text: Text,
    /// The words and marks (Unicode Standard Annex 29), without the spaces.
    pub tokens: Vec<Token>,
}

/// A word or a mark.
pub struct Token {
    pub start: usize,
    pub end: usize,
    /// What it is.
    pub word: String,
    /// Whether it has a letter or a digit.
    pub is_word: bool,
}

impl Words {
    pub fn new(raw: &str) -> Self {
        let text = Text::new(raw);
        let whole = text.slice(0, usize::MAX);
        let (mut tokens, mut start) = (Vec::new(), 0);
        for word in whole.split_word_bounds() {
            let end = start + word.chars().count();
            if word != " " {
                tokens.push(Token {
                    start,
                    end,
                    word: word.to_owned(),
                    is_word: word.chars().any(char::is_alphanumeric),
                });
            }
            start = end;
        }
        Self { text, tokens }
    }
}

/// For each token of the old text, its place among those of the new one, if it is still there.
pub fn align(old: &Words, new: &Words) -> Vec<Option<usize>> {
    let mut numbers = HashMap::new();
    let mut number = |token: &Token| {
        let next = numbers.len();
        *numbers.entry(token.word.clone()).or_insert(next)
    };
    let old: Vec<usize> = old.tokens.iter().map(&mut number).collect();
    let new: Vec<usize> = new.tokens.iter().map(&mut number).collect();
    let mut places = vec![Vec::new(); numbers.len()];
    for (place, word) in new.iter().enumerate() {
        places[*word].push(place);
    }
    // What is everywhere starts no block; it only makes one longer.
    let frequent = new.len() / 100 + 1;
    for places in &mut places {
        if places.len() > frequent {
            places.clear();
        }
    }
    let diff = Diff {
        old: &old,
        new: &new,
        places: &places,
    };
    let mut found = vec![None; old.len()];
    let mut open = vec![((0, old.len()), (0, new.len()))];
    while let Some((a, b)) = open.pop() {
        let (at, to, length) = diff.longest(a, b);
        if length == 0 {
            continue;
        }
        for step in 0..length {
            found[at + step] = Some(to + step);
        }
        open.push(((a.0, at), (b.0, to)));
        open.push(((at + length, a.1), (to + length, b.1)));
    }
    found
}

type Span = (usize, usize);

struct Diff<'w> {
    old: &'w [usize],
    new: &'w [usize],
    /// Where each word is in the new text.
    places: &'w [Vec<usize>],
}

impl Diff<'_> {
    /// The longest block that both spans have: where it begins in each, and its length.
    fn longest(&self, a: Span, b: Span) -> (usize, usize, usize) {
        let mut best = (a.0, b.0, 0);
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        for at in a.0..a.1 {
            let places = &self.places[self.old[at]];
            let mut next = HashMap::new();
            let first = places.partition_point(|place| *place < b.0);
            for place in places[first..].iter().take_while(|place| **place < b.1) {
                let before = place.checked_sub(1).and_then(|before| lengths.get(&before));
                let length = before.copied().unwrap_or(0) + 1;
                next.insert(*place, length);
                if length > best.2 {
                    best = (at + 1 - length, place + 1 - length, length);
                }
            }
            lengths = next;
        }
        self.extended(best, a, b)
    }

    /// The block with the same words before and behind it.
    fn extended(
        &self,
        (mut at, mut to, mut length): (usize, usize, usize),
        a: Span,
        b: Span,
    ) -> (usize, usize, usize) {
        while at > a.0 && to > b.0 && self.old[at - 1] == self.new[to - 1] {
            (at, to, length) = (at - 1, to - 1, length + 1);
        }
        while at + length < a.1
            && to + length < b.1
            && self.old[at + length] == self.new[to + length]
        {
            length += 1;
        }
        (at, to, length)
    }
}
