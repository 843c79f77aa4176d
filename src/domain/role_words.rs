//! Words that say that whoever bears them runs a site, or wrote its pages: what a badge says, which nobody gives oneself.
//!
//! They are looked for as whole words: set apart by spaces, signs, digits, a change of case or of script, or spelled out letter by
//! letter, and under every look by which [`skeleton`] knows a name again. Within other letters they are part of honest
//! names ("Padmini", "Badminton").

use std::collections::HashSet;
use std::sync::OnceLock;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::characters::is_invisible;
use super::skeleton::{skeleton, unframed};

/// In the languages that the service speaks.
const WORDS: &str = include_str!("role_words/words.txt");

/// Shorter words are no sooner found among others' letters than honest initials are.
const LONG: usize = 5;

/// More letters than any word has, however it is looked at.
const MOST: usize = 30;

/// More changes of case than any word has that is written in both by turns.
const TURNS: usize = 16;

/// Whether a name says that its bearer runs the site or wrote the page. `own` is what the site's badges say instead.
pub fn claims_role<'a>(name: &str, own: impl Iterator<Item = &'a str>) -> bool {
    let own: HashSet<String> = own.map(shape).filter(|own| !own.is_empty()).collect();
    let vocabulary = vocabulary();
    readings(name).iter().any(|reading| {
        let reading = Reading::of(reading);
        reading.has(|shape, is_long| {
            own.contains(shape)
                || vocabulary.long.contains(shape)
                || (!is_long && vocabulary.short.contains(shape))
        }) || reading.has_alone(&vocabulary.alone)
    })
}

/// The words by their shapes.
struct Vocabulary {
    long: HashSet<String>,
    short: HashSet<String>,
    alone: HashSet<String>,
}

fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    VOCABULARY.get_or_init(|| {
        let of = |mark: char| {
            let lines = WORDS
                .lines()
                .filter_map(move |line| line.strip_prefix(mark));
            lines.flat_map(str::split_whitespace)
        };
        let plain = WORDS
            .lines()
            .filter(|line| !line.starts_with(['#', '~', '+', '=']));
        let words = plain.flat_map(str::split_whitespace).map(str::to_owned);
        let declined = of('~').flat_map(|stem| {
            let endings = std::iter::once("").chain(of('+'));
            endings.map(move |ending| format!("{stem}{ending}"))
        });
        let all = words.chain(declined);
        let (short, long): (Vec<_>, Vec<_>) = all.partition(|word| word.chars().count() < LONG);
        let shapes = |words: Vec<String>| words.iter().map(|word| shape(word)).collect();
        Vocabulary {
            long: shapes(long),
            short: shapes(short),
            alone: of('=').map(shape).collect(),
        }
    })
}

/// What a word looks like.
fn shape(word: &str) -> String {
    skeleton(&plain(word, None))
}

/// A name as it may be read: as it stands, with digits and signs as letters, and with small Cyrillic letters as the Latin
/// ones that they look like, where they stand among those. What shows nothing but takes room is a space, or nothing.
fn readings(name: &str) -> Vec<String> {
    let mut readings = Vec::new();
    for gap in [None, Some(' ')] {
        let plain = plain(name, gap);
        let spelled: String = plain.chars().map(as_letter).collect();
        readings.extend([latinised(&plain), latinised(&spelled), plain, spelled]);
    }
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// A name in the letters that it shows, whatever they are drawn like. Blanks that are no white space become `gap`.
fn plain(name: &str, gap: Option<char>) -> String {
    let shown = name.nfkc().filter_map(|c| match c {
        // Braille's empty cell, and fillers for Hangul letters.
        '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{115F}' | '\u{1160}' => gap,
        c if c.is_whitespace() || !is_invisible(c) => Some(c),
        _ => None,
    });
    shown
        .map(|c| without_style(unframed(c)))
        .filter_map(arabic)
        .collect()
}

/// Regional indicators, which some systems draw as letters, and small capitals.
fn without_style(c: char) -> char {
    let small = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ".chars();
    let mut small = small.zip("abcdefghijklmnopqrstuvwyz".chars());
    match c {
        '\u{1F1E6}'..='\u{1F1FF}' => char::from(b'A' + (c as u32 - 0x1F1E6) as u8),
        c => small
            .find(|(small, _)| *small == c)
            .map_or(c, |(_, letter)| letter),
    }
}

/// Arabic without what is often left out: vowel signs, the stroke that lengthens a word, hamzas, and the dots of a last letter.
fn arabic(c: char) -> Option<char> {
    match c {
        '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}' => None,
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ؤ' => Some('و'),
        'ئ' | 'ى' | 'ی' => Some('ي'),
        'ة' | 'ہ' | 'ە' => Some('ه'),
        'ک' => Some('ك'),
        c => Some(c),
    }
}

/// Digits and signs that stand for letters. [`skeleton`] knows `0` and `1`.
fn as_letter(c: char) -> char {
    match c {
        '4' | '@' => 'a',
        '3' | '€' => 'e',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '!' | '¡' => 'i',
        c => c,
    }
}

/// With the small Cyrillic letters that only look like small Latin capitals; [`skeleton`] knows the others.
fn latinised(text: &str) -> String {
    if !text.chars().any(|c| c.is_ascii_alphabetic()) {
        return text.to_owned();
    }
    let letter = |c| match c {
        'в' => 'b',
        'н' => 'h',
        'к' => 'k',
        'м' => 'm',
        'т' => 't',
        c => c,
    };
    text.chars().map(letter).collect()
}

/// A name cut into words.
struct Reading {
    letters: Vec<char>,
    /// From where to where each word is.
    words: Vec<(usize, usize)>,
}

impl Reading {
    fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let mut words: Vec<(usize, usize)> = Vec::new();
        for (at, c) in letters.iter().enumerate() {
            if !c.is_alphanumeric() && !is_combining_mark(*c) {
                continue;
            }
            match words.last_mut() {
                Some(word) if word.1 == at => word.1 = at + 1,
                _ => words.push((at, at + 1)),
            }
        }
        Self { letters, words }
    }

    /// Whether a part that can be read as a word fits. It is told its shape, and whether only long words count.
    fn has(&self, fits: impl Fn(&str, bool) -> bool) -> bool {
        let fits = |from: usize, to: usize, is_long: bool| {
            to - from <= MOST && fits(&self.shape(from, to), is_long)
        };
        let within = self.words.iter().any(|word| {
            let cuts = self.cuts(*word);
            (0..cuts.len()).any(|at| {
                let ends = cuts[at + 1..].iter().take(TURNS);
                ends.into_iter().any(|to| fits(cuts[at], *to, false))
            })
        });
        within
            || (0..self.words.len()).any(|first| {
                (first + 1..self.words.len())
                    .take(MOST)
                    .filter(|last| self.is_one(first, *last))
                    .any(|last| {
                        let is_whole = self.is_spelled_out(first, last);
                        fits(self.words[first].0, self.words[last].1, !is_whole)
                    })
            })
    }

    /// Whether one of these stands by itself: it is all that there is, or set apart by more than a space.
    fn has_alone(&self, words: &HashSet<String>) -> bool {
        (0..self.words.len()).any(|at| {
            let (from, to) = self.words[at];
            self.begins_apart(at) && self.ends_apart(at) && words.contains(&self.shape(from, to))
        })
    }

    fn shape(&self, from: usize, to: usize) -> String {
        let part: String = self.letters[from..to].iter().collect();
        skeleton(&part)
    }

    /// Where a word may be cut: where digits meet letters, scripts meet, or the case changes.
    fn cuts(&self, (from, to): (usize, usize)) -> Vec<usize> {
        let mut cuts = vec![from];
        let is_capital = |at: usize| self.letters[at].is_uppercase();
        for at in from + 1..to {
            let (before, c) = (self.letters[at - 1], self.letters[at]);
            if is_combining_mark(c) {
                continue;
            }
            let is_begun = c.is_uppercase() && before.is_lowercase();
            // Of several capitals, the last may belong to what follows.
            let is_last_capital = c.is_uppercase()
                && before.is_uppercase()
                && at + 1 < to
                && self.letters[at + 1].is_lowercase();
            let is_after_capitals =
                c.is_lowercase() && before.is_uppercase() && at >= from + 2 && is_capital(at - 2);
            let is_other = script(before) != script(c);
            if is_begun || is_last_capital || is_after_capitals || is_other {
                cuts.push(at);
            }
        }
        cuts.push(to);
        cuts
    }

    /// Whether these words, from the first to the last, can be read as one: they are all that stands together, nothing but signs
    /// is between them, or one of them is a single letter.
    fn is_one(&self, first: usize, last: usize) -> bool {
        let is_together = self.begins_apart(first)
            && self.ends_apart(last)
            && (first..last).all(|at| !self.ends_apart(at));
        let is_all = first == 0 && last + 1 == self.words.len();
        let has_no_space = !self.letters[self.words[first].0..self.words[last].1]
            .iter()
            .any(|c| c.is_whitespace());
        let is_single = |at: usize| self.words[at].1 - self.words[at].0 == 1;
        is_together || is_all || has_no_space || (first..=last).any(is_single)
    }

    /// Whether these are single letters, and no others are beside them.
    fn is_spelled_out(&self, first: usize, last: usize) -> bool {
        let is_single = |at: usize| self.words.get(at).is_some_and(|(from, to)| to - from == 1);
        (first..=last).all(is_single)
            && !is_single(last + 1)
            && first.checked_sub(1).is_none_or(|before| !is_single(before))
    }

    /// Whether more than a space is between a word and the one before it.
    fn begins_apart(&self, word: usize) -> bool {
        word.checked_sub(1)
            .is_none_or(|before| self.ends_apart(before))
    }

    /// Whether more than a space is between a word and the next.
    fn ends_apart(&self, word: usize) -> bool {
        let end = self.words[word].1;
        self.words
            .get(word + 1)
            .is_none_or(|(next, _)| self.letters[end..*next].iter().any(|c| !c.is_whitespace()))
    }
}

/// A script, as far as two letters of different ones are seen to be two words.
fn script(c: char) -> u8 {
    match c {
        c if c.is_numeric() => 0,
        '\u{0400}'..='\u{052F}' => 1,
        '\u{0370}'..='\u{03FF}' => 2,
        '\u{0600}'..='\u{06FF}' => 3,
        c if (c as u32) < 0x2C80 => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests;
