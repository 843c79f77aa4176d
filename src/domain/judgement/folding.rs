//! Text as a word list reads it, so that no spelling trick hides a word: case, accents and width always;
//! look-alikes, letters drawn apart and letters written as figures in readings of their own.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_combining_mark};

use crate::domain::characters::is_invisible;

/// A text in folded form, and where words begin and end in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    text: String,
    /// Byte offsets of the edges of words, ascending.
    edges: Vec<u32>,
}

impl Folded {
    /// The folded text: words in small letters, one space between them.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a word begins or ends at this byte.
    pub fn is_edge(&self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| self.edges.binary_search(&at).is_ok())
    }
}

/// The text without regard to case, accents, width and what cannot be seen. This is how entries of a list are
/// folded, and the first reading of a comment.
pub fn plain(text: &str) -> Folded {
    written(&letters(text, fold), |_, _, gap| gap == Gap::None)
}

/// Every reading of a text: as it stands, and as somebody sees it who is meant to. Two readings undo tricks,
/// since `1` may stand for an i or an l, and a letter that was drawn out for one or two.
pub fn readings(text: &str) -> Vec<Folded> {
    let plain = plain(text);
    let mut all = vec![plain];
    for (ell, most) in [('i', 1), ('l', 2)] {
        let reading = unmasked(text, ell, most);
        if !all.contains(&reading) {
            all.push(reading);
        }
    }
    all
}

/// What lies between a letter and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    /// Nothing: both belong to one word.
    Inside,
    /// Nothing, but either is a word by itself, as in scripts without spaces.
    None,
    /// A mark that is also used within words: a hyphen, an underscore, an ornament.
    Joint,
    /// A mark that ends something: a full stop, a comma, a slash.
    Stop,
    /// White space, and whatever else.
    Space,
}

/// A folded letter or two (`ß`), after a gap.
struct Letter {
    folded: Small,
    gap: Gap,
}

/// What one character folds to; more than one letter is rare.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Small {
    Nothing,
    One(char),
    More(String),
}

impl Small {
    fn of(mut letters: impl Iterator<Item = char>) -> Self {
        let Some(first) = letters.next() else {
            return Self::Nothing;
        };
        match letters.next() {
            None => Self::One(first),
            Some(second) => Self::More([first, second].into_iter().chain(letters).collect()),
        }
    }

    fn first(&self) -> Option<char> {
        match self {
            Self::Nothing => None,
            Self::One(letter) => Some(*letter),
            Self::More(letters) => letters.chars().next(),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Nothing => {}
            Self::One(letter) => out.push(*letter),
            Self::More(letters) => out.push_str(letters),
        }
    }
}

/// A text in compatibility form (UAX #15), without what cannot be seen.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    // As most texts are, and then it is in that form.
    if text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
    {
        return Cow::Borrowed(text);
    }
    let seen = expanded(text)
        .nfc()
        .filter(|&c| c.is_whitespace() || !is_invisible(c));
    Cow::Owned(seen.collect())
}

/// Letters that a short text may grow by, whatever is in it.
const ROOM: usize = 64;
/// The most letters that one character stands for (U+FDFA).
const LONGEST: usize = 18;

/// A text with each character in the letters that it stands for (`ﬁ`, `㍿`), but no more than an eighth more of them than there were
/// characters: U+FDFA alone stands for eighteen. Past that they stay as they are, and are letters like any other. Letters with
/// their accents do not count, since composing brings them together again.
fn expanded(text: &str) -> impl Iterator<Item = char> {
    let mut room = ROOM + text.chars().count() / 8;
    let (mut letters, mut next) = ([' '; LONGEST], 0..0);
    let mut chars = text.chars();
    std::iter::from_fn(move || {
        if let Some(at) = next.next() {
            return letters.get(at).copied();
        }
        let c = chars.next()?;
        // Syllables of Hangul would only be put together again.
        if c.is_ascii() || ('\u{AC00}'..='\u{D7A3}').contains(&c) {
            return Some(c);
        }
        let mut count = 0;
        decompose_compatible(c, |letter| {
            if let Some(place) = letters.get_mut(count) {
                *place = letter;
            }
            count += 1;
        });
        if count > 1 {
            let mut own = 0;
            decompose_canonical(c, |_| own += 1);
            let more = count - own.min(count);
            if more > room || count > LONGEST {
                return Some(c);
            }
            room -= more;
        }
        next = 1..count;
        letters.first().copied()
    })
}

/// The letters of a text and the gaps before them.
fn letters(text: &str, fold: impl Fn(char) -> Small) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let mut gap = Gap::Space;
    let mut alone = true;
    for c in composed(text).chars() {
        let folded = fold(c);
        let Some(first) = folded.first() else {
            // An accent goes without leaving a gap.
            if c.is_ascii() || !is_combining_mark(c) {
                gap = gap.max(gap_of(c));
            }
            continue;
        };
        let is_mark = !first.is_ascii() && is_combining_mark(first);
        let here = stands_alone(first);
        let before = match gap {
            // A vowel sign belongs to the letter before it.
            Gap::Inside if is_mark => Gap::Inside,
            Gap::Inside if here || alone => Gap::None,
            gap => gap,
        };
        alone = here || (is_mark && alone);
        gap = Gap::Inside;
        letters.push(Letter {
            folded,
            gap: before,
        });
    }
    letters
}

fn gap_of(c: char) -> Gap {
    match c {
        _ if c.is_whitespace() => Gap::Space,
        '-' | '_' | '*' | '~' | '\'' | '`' | '^' | '|' | '\\' | '+' | '=' | '<' | '>' | '"'
        | '#' => Gap::Joint,
        '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201F}' | '·' | '•' | '´' => Gap::Joint,
        _ => Gap::Stop,
    }
}

/// Ideographs and kana, which are written without spaces, and symbols that are words by themselves.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{2E80}'..='\u{2FFF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
        || is_pictograph(c)
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// A character in small letters without accents; empty for what is no letter, figure or pictograph.
fn fold(c: char) -> Small {
    if c.is_ascii() {
        return match c.is_ascii_alphanumeric() {
            true => Small::One(c.to_ascii_lowercase()),
            false => Small::Nothing,
        };
    }
    // What had to be taken apart was, but for what stands for too many letters.
    let small = std::iter::once(unframed(c))
        .nfd()
        .filter(|&c| c.is_alphanumeric() || is_script_mark(c) || is_pictograph(c))
        .flat_map(char::to_lowercase)
        // İ in small letters is an i with a dot above.
        .filter(|&c| !is_accent(c))
        .map(|c| if c == 'ς' { 'σ' } else { c });
    match Small::of(small) {
        Small::One('ß') => Small::More("ss".into()),
        small => small,
    }
}

/// White letters in black circles and squares (🅐, 🅰), and the letters of flags (🇦), which NFKC leaves alone.
fn unframed(c: char) -> char {
    let letter = match c {
        '\u{1F150}'..='\u{1F169}' => c as u32 - 0x1F150,
        '\u{1F170}'..='\u{1F189}' => c as u32 - 0x1F170,
        '\u{1F1E6}'..='\u{1F1FF}' => c as u32 - 0x1F1E6,
        _ => return c,
    };
    // At most 25 above `A`.
    char::from(b'A' + letter as u8)
}

/// Vowel signs are part of the spelling in their scripts; accents that go with any letter are not.
fn is_script_mark(c: char) -> bool {
    is_combining_mark(c) && !is_accent(c)
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Writes letters down as words. `joins` is asked at each gap whether the words on its sides, of that many letters, are one;
/// their edges stay edges all the same.
fn written(letters: &[Letter], joins: impl Fn(usize, usize, Gap) -> bool) -> Folded {
    let mut folded = Folded::default();
    let mut start = 0;
    let mut before = 0;
    while start < letters.len() {
        let inside = letters[start + 1..]
            .iter()
            .take_while(|letter| letter.gap == Gap::Inside);
        let length = 1 + inside.count();
        if start > 0 && !joins(before, length, letters[start].gap) {
            folded.text.push(' ');
        }
        folded.mark();
        for letter in &letters[start..start + length] {
            letter.folded.write(&mut folded.text);
        }
        folded.mark();
        (start, before) = (start + length, length);
    }
    folded
}

impl Folded {
    fn mark(&mut self) {
        // A comment has at most 64 KiB, and folds to a few times that.
        let at = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        if self.edges.last() != Some(&at) {
            self.edges.push(at);
        }
    }
}

/// A text with its tricks undone: look-alikes are the Latin letters that they pass for, letters that stand apart are
/// brought together, and runs of more than two of a letter become `most`.
fn unmasked(text: &str, ell: char, most: usize) -> Folded {
    let plain: Vec<char> = composed(text).chars().collect();
    let is_latin = is_mostly_latin(&plain);
    let mut seen = String::with_capacity(text.len());
    let words: Vec<&[char]> = plain
        .split_inclusive(|c: &char| c.is_whitespace())
        .collect();
    for (place, word) in words.iter().enumerate() {
        let spelt_out = is_spelt_out(&words, place);
        let ascii = word.iter().any(char::is_ascii_alphabetic) || spelt_out;
        for (at, &c) in word.iter().enumerate() {
            let letter = match c {
                _ if c.is_ascii_alphabetic() => c,
                _ if c.is_ascii() && ascii => {
                    let before = at.checked_sub(1).and_then(|at| word.get(at));
                    let beside =
                        [before, word.get(at + 1)].map(|c| spelt_out || c.is_some_and(is_sign));
                    as_letter(c, beside, ell).unwrap_or(c)
                }
                _ if !c.is_ascii() && (ascii || is_latin) => match looks_like(c, ell) {
                    Some(letters) => {
                        seen.push_str(&letters);
                        continue;
                    }
                    None => c,
                },
                c => c,
            };
            seen.push(letter);
        }
    }
    // Ornaments between letters only keep them apart here.
    let letters = letters(&seen, |c| match is_pictograph(unframed(c)) {
        true => Small::Nothing,
        false => fold(c),
    });
    let letters = squeezed(letters, most);
    written(&letters, |before, length, gap| match gap {
        Gap::Inside | Gap::None | Gap::Joint => true,
        Gap::Stop => before == 1 || length == 1,
        Gap::Space => before == 1 && length == 1,
    })
}

/// Whether a lone figure stands among lone letters, as in `v 1 a g r a`.
fn is_spelt_out(words: &[&[char]], place: usize) -> bool {
    let is_lone = |word: &[char]| word.iter().filter(|c| !c.is_whitespace()).count() == 1;
    let near = &words[place.saturating_sub(6)..words.len().min(place + 7)];
    is_lone(words[place])
        && near
            .iter()
            .any(|word| is_lone(word) && word.iter().any(|c| c.is_alphabetic()))
}

/// What may be part of a word of letters, figures and signs.
fn is_sign(c: &char) -> bool {
    c.is_alphanumeric() || is_combining_mark(*c) || "@$!|".contains(*c)
}

/// The letter that a figure or a sign stands for within a word, if the word goes on before or after it.
fn as_letter(c: char, [follows, leads]: [bool; 2], ell: char) -> Option<char> {
    match c {
        '0' => Some('o'),
        '1' => Some(ell),
        '3' => Some('e'),
        '4' => Some('a'),
        '5' => Some('s'),
        '7' => Some('t'),
        '8' => Some('b'),
        '@' if leads || follows => Some('a'),
        '$' if leads || follows => Some('s'),
        // At the end of a word it is an exclamation mark.
        '!' | '|' if leads => Some(ell),
        _ => None,
    }
}

/// The Latin letters that a character is mistaken for (UTS #39 §4), if it is; looks come before case.
fn looks_like(c: char, ell: char) -> Option<String> {
    let prototype: String = unicode_security::skeleton(c.encode_utf8(&mut [0; 4]))
        .filter(|&c| !is_accent(c))
        .collect();
    if prototype.is_empty() || !prototype.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    Some(match prototype.as_str() {
        "rn" => "m".into(),
        // Prototype of everything that is one upright stroke.
        "l" => ell.to_string(),
        "O" => "o".into(),
        other => other.to_owned(),
    })
}

fn is_mostly_latin(text: &[char]) -> bool {
    let letters = text.iter().filter(|c| c.is_alphabetic()).count();
    let latin = text.iter().filter(|c| c.is_ascii_alphabetic()).count();
    2 * latin >= letters
}

/// Shortens runs of three and more of a letter.
fn squeezed(letters: Vec<Letter>, most: usize) -> Vec<Letter> {
    let mut kept: Vec<Letter> = Vec::with_capacity(letters.len());
    let mut rest = letters.into_iter().peekable();
    while let Some(letter) = rest.next() {
        let mut run = 1;
        let mut twin = None;
        while let Some(next) =
            rest.next_if(|next| next.gap == Gap::Inside && next.folded == letter.folded)
        {
            run += 1;
            twin = Some(next);
        }
        let count = if run > 2 { most } else { run };
        kept.push(letter);
        kept.extend(twin.filter(|_| count == 2));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_text_grows_beyond_an_eighth() {
        for c in ['\u{fdfa}', '\u{fdfb}', '㌖', '㍿', '⑴', 'ﬁ', '½', 'ᾂ'] {
            let count = composed(&c.to_string().repeat(15_000)).chars().count();
            assert!(count <= 15_000 * 9 / 8 + ROOM, "{c}: {count}");
        }
        let long = plain(&"\u{fdfa}".repeat(15_000));
        assert!(long.as_str().chars().count() < 2 * 15_000 + ROOM);
        assert_eq!(
            plain("ﬁne ㍿ é 각").as_str(),
            plain("fine 株式会社 e 각").as_str()
        );
    }

    proptest! {
        #[test]
        fn a_short_text_is_in_compatibility_form(text in "[a-zäßﬁ½㍿ｆＵ각e\u{301}\u{323}ｶﾞ ]{0,20}") {
            let all: String = text.nfkc().filter(|&c| c.is_whitespace() || !is_invisible(c)).collect();
            prop_assert_eq!(composed(&text), all);
        }
    }
}
