//! What a model looks at in a comment. Each trait falls into one of a fixed number of buckets by its hash.

use std::collections::BTreeSet;
use std::fmt;

use super::Author;
use super::kinds::{Kind, kind};
use crate::domain::judgement::folding::composed;
use crate::domain::judgement::writing::Writing;

/// How many buckets there are. At 2^16 few of the some 100,000 traits of a thousand comments share one that matters.
pub(super) const BUCKETS: usize = 1 << 16;

/// Words that are looked at; the rest of a longer text says the same.
const MOST_WORDS: usize = 600;
/// Characters whose runs are looked at, likewise.
const MOST_CHARS: usize = 2_000;

/// What stands for a link among the words.
const LINK: &str = "<link>";
/// What stands for a word of the page's title.
const TITLE: &str = "<title>";

/// One trait.
#[derive(Debug, Clone, Copy)]
pub(super) enum Feature<'a> {
    Word(&'a str),
    /// Two words that follow each other.
    Pair(&'a str, &'a str),
    /// A part of an address.
    Address(&'a str),
    /// A run of letters, spaces included, by its hash: there are a thousand in a comment, and none is told.
    Letters(u64),
    /// A kind of word, anywhere.
    Kind(Kind),
    /// Two kinds, anywhere.
    Kinds(Kind, Kind),
    /// A kind and the word before or after it.
    Beside(&'a str, &'a str),
    /// Two kinds, one after the other, whatever lies between them.
    Course(Kind, Kind),
    /// Length, case, marks and the like.
    Shape(&'static str),
}

impl Feature<'_> {
    pub(super) fn bucket(self) -> u16 {
        let (purpose, one, other) = match self {
            Feature::Word(word) => (1, word, ""),
            Feature::Pair(one, other) => (2, one, other),
            Feature::Address(part) => (3, part, ""),
            Feature::Letters(hash) => return stirred(hash),
            Feature::Kind(kind) => (5, kind.name(), ""),
            Feature::Kinds(one, other) => (6, one.name(), other.name()),
            Feature::Beside(one, other) => (7, one, other),
            Feature::Course(one, other) => (8, one.name(), other.name()),
            Feature::Shape(name) => (9, name, ""),
        };
        stirred(hash(purpose, one, other))
    }
}

/// Of the runs of letters.
const LETTERS: u64 = 4;

/// FNV-1a.
fn hash(purpose: u64, one: &str, other: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ purpose;
    let bytes = one
        .bytes()
        .chain(std::iter::once(0xff))
        .chain(other.bytes());
    bytes.fold(start, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The bucket of a hash, whose low bits are poor.
fn stirred(hash: u64) -> u16 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 48) as u16
}

impl fmt::Display for Feature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Feature::Word(word) => write!(f, "word: {word}"),
            Feature::Pair(one, other) => write!(f, "words: {one} {other}"),
            Feature::Address(part) => write!(f, "address: {part}"),
            Feature::Letters(_) => f.write_str("letters"),
            Feature::Kind(kind) => write!(f, "kind: {}", kind.name()),
            Feature::Kinds(one, other) => write!(f, "kinds: {} and {}", one.name(), other.name()),
            Feature::Beside(one, other) => write!(f, "words: {one} {other}"),
            Feature::Course(one, other) => {
                write!(f, "kinds: {}, then {}", one.name(), other.name())
            }
            Feature::Shape(name) => f.write_str(name),
        }
    }
}

/// Tells `each` every trait of a comment with its value. A group of traits has the same length (in the sense of Euclid)
/// however many there are, so that a long text is not spam for being long.
pub(super) fn features(
    writing: &Writing,
    title: Option<&str>,
    author: Author,
    each: &mut dyn FnMut(Feature<'_>, f32),
) {
    let text = composed(&writing.text);
    let title: BTreeSet<String> = title
        .map(words)
        .unwrap_or_default()
        .into_iter()
        .filter(|word| word.chars().count() > 2)
        .collect();
    let (words, mut addresses, shown) = seen(&text, &title);
    // A link whose text does not show where it leads.
    let hidden = writing
        .links
        .iter()
        .filter(|link| !text.contains(bare(link)));
    let hidden: Vec<&String> = hidden.collect();
    for link in hidden.iter().copied().chain(&writing.website) {
        addresses.extend(self::words(link));
    }
    let plain = words.join(" ");

    let mut group: BTreeSet<Token> = words.iter().map(|word| (1, word.as_str(), "")).collect();
    group.extend(addresses.iter().map(|part| (3, part.as_str(), "")));
    let bounded: Vec<&str> = std::iter::once("^")
        .chain(words.iter().map(String::as_str))
        .chain(["$"])
        .collect();
    group.extend(bounded.windows(2).map(|pair| (2, pair[0], pair[1])));
    say(&group, 0.8, each);

    let spaced = format!(" {plain} ");
    let starts: Vec<usize> = spaced
        .char_indices()
        .map(|(at, _)| at)
        .chain([spaced.len()])
        .take(MOST_CHARS)
        .collect();
    let runs = (3..=5).flat_map(|length| {
        starts
            .windows(length + 1)
            .map(move |run| (run[0], run[length]))
    });
    let mut runs: Vec<u64> = runs
        .map(|(from, to)| hash(LETTERS, &spaced[from..to], ""))
        .collect();
    runs.sort_unstable();
    runs.dedup();
    let value = shared(0.8, runs.len());
    for run in runs {
        each(Feature::Letters(run), value);
    }

    say_kinds(&bounded, each);
    let links = shown + hidden.len() + usize::from(writing.website.is_some());
    say_shape(&text, &words, links, author, each);
}

/// Which kind of feature, and its words.
type Token<'a> = (u8, &'a str, &'a str);

/// What each of so many traits is worth.
fn shared(weight: f32, count: usize) -> f32 {
    weight / (count.max(1) as f32).sqrt()
}

fn say(group: &BTreeSet<Token>, weight: f32, each: &mut dyn FnMut(Feature<'_>, f32)) {
    let value = shared(weight, group.len());
    for &(purpose, one, other) in group {
        let feature = match purpose {
            1 => Feature::Word(one),
            2 => Feature::Pair(one, other),
            3 => Feature::Address(one),
            _ => Feature::Beside(one, other),
        };
        each(feature, value);
    }
}

fn say_kinds(words: &[&str], each: &mut dyn FnMut(Feature<'_>, f32)) {
    let kinds: Vec<Option<Kind>> = words.iter().map(|word| kind(word)).collect();
    let present: BTreeSet<Kind> = kinds.iter().flatten().copied().collect();
    let course: Vec<Kind> = kinds.iter().flatten().copied().collect();
    let course: BTreeSet<(Kind, Kind)> = course.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let named = |at: usize| match kinds[at] {
        Some(kind) => kind.name(),
        None => words[at],
    };
    let beside: BTreeSet<Token> = (1..words.len())
        .filter(|&at| {
            kinds[at - 1].is_some()
                || kinds[at].is_some()
                || words[at - 1] == "^"
                || words[at] == "$"
        })
        .map(|at| (7, named(at - 1), named(at)))
        .collect();
    let both = |one: &Kind| {
        present
            .iter()
            .filter(move |other| *other > one)
            .copied()
            .collect::<Vec<_>>()
    };
    let count = present.len()
        + present.len() * present.len().saturating_sub(1) / 2
        + course.len()
        + beside.len();
    // In a long text every kind turns up by chance.
    let rarity = (8.0 / (words.len() as f32 + 6.0)).powf(0.3).min(1.0);
    let value = 2.0 * rarity / (count.max(1) as f32).sqrt();
    for one in &present {
        each(Feature::Kind(*one), value);
        for other in both(one) {
            each(Feature::Kinds(*one, other), value);
        }
    }
    for (one, other) in course {
        each(Feature::Course(one, other), value);
    }
    for (_, one, other) in beside {
        each(Feature::Beside(one, other), value);
    }
}

fn say_shape(
    text: &str,
    words: &[String],
    links: usize,
    author: Author,
    each: &mut dyn FnMut(Feature<'_>, f32),
) {
    let chars = text.chars().count().max(1) as f32;
    let share = |wanted: &dyn Fn(char) -> bool| text.chars().filter(|&c| wanted(c)).count() as f32;
    let letters = share(&char::is_alphabetic).max(1.0);
    let different: BTreeSet<&String> = words.iter().collect();
    let mut say = |name, value: f32| {
        if value != 0.0 {
            each(Feature::Shape(name), value);
        }
    };
    let yes = |holds: bool| f32::from(u8::from(holds));
    say("anything", 1.0);
    say(
        [
            "links: none",
            "links: one",
            "links: two",
            "links: three or more",
        ][links.min(3)],
        1.0,
    );
    say("capital letters", share(&char::is_uppercase) / letters);
    say(
        "figures",
        (share(&|c| c.is_ascii_digit()) / chars * 5.0).min(1.0),
    );
    say(
        "punctuation",
        (share(&|c| c.is_ascii_punctuation()) / chars * 5.0).min(1.0),
    );
    say("exclamation mark", yes(text.contains('!')));
    say("exclamation marks", yes(text.contains("!!")));
    say("question mark", yes(text.contains('?')));
    say("more than one line", yes(text.trim().contains('\n')));
    say("colon", yes(text.contains(':')));
    say(
        "symbols",
        yes(text
            .chars()
            .any(|c| c as u32 > 0x2000 && !c.is_alphabetic())),
    );
    say(
        "variety of words",
        different.len() as f32 / words.len().max(1) as f32,
    );
    let on_topic = words.iter().any(|word| word == TITLE);
    say(
        if on_topic {
            "words of the title"
        } else {
            "no word of the title"
        },
        1.0,
    );
    say(
        "spam of the same person",
        (author.spam as f32).min(4.0).sqrt(),
    );
    say(
        "approved comments of the same person",
        (author.approved as f32).min(4.0).sqrt(),
    );
    say(
        "filled in faster than one can write, or where nothing shows",
        yes(author.hasty),
    );
}

/// The words that are seen, with links and words of the title replaced; the parts of the addresses among them, and how many
/// addresses there are.
fn seen(text: &str, title: &BTreeSet<String>) -> (Vec<String>, Vec<String>, usize) {
    let (mut seen, mut addresses, mut count) = (Vec::new(), Vec::new(), 0);
    for token in text.split_whitespace() {
        if seen.len() >= MOST_WORDS {
            break;
        }
        if is_address(token) {
            count += 1;
            seen.push(LINK.to_owned());
            addresses.extend(words(token));
        } else {
            let words = words(token).into_iter();
            seen.extend(words.map(|word| {
                if title.contains(&word) {
                    TITLE.to_owned()
                } else {
                    word
                }
            }));
        }
    }
    (seen, addresses, count)
}

/// Words in small letters, with figures alike and letters that were drawn out shortened.
fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
    let mut words = Vec::new();
    for part in text.split(|c| !is_part(c)).filter(|part| !part.is_empty()) {
        let mut word = String::new();
        let mut run = (None, 0);
        for c in part.chars().flat_map(char::to_lowercase) {
            let c = match c {
                '’' => '\'',
                c if c.is_numeric() => '0',
                c => c,
            };
            run = if run.0 == Some(c) {
                (run.0, run.1 + 1)
            } else {
                (Some(c), 1)
            };
            if run.1 <= 2 && word.len() < 60 {
                word.push(c);
            }
        }
        words.push(word);
    }
    words
}

/// An address without what a reader need not write.
fn bare(link: &str) -> &str {
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/')
}

/// Endings that make an address of two words with a full stop between them. Others need a path behind.
const ENDINGS: [&str; 20] = [
    "com", "net", "org", "info", "biz", "io", "co", "me", "tv", "tk", "ly", "ru", "de", "nl", "in",
    "uk", "br", "xyz", "shop", "online",
];

fn is_address(token: &str) -> bool {
    let token = token.to_lowercase();
    let token = token.trim_matches(|c: char| !c.is_alphanumeric());
    if token.contains("://") || token.starts_with("www.") {
        return true;
    }
    let host = token.split(['/', '?', ':']).next().unwrap_or_default();
    let mut labels = host.rsplit('.');
    let (Some(ending), Some(name)) = (labels.next(), labels.next()) else {
        return false;
    };
    let has_path = host.len() < token.len();
    name.chars().count() >= 2
        && name.chars().all(|c| c.is_alphanumeric() || c == '-')
        && (2..=6).contains(&ending.len())
        && ending.chars().all(|c| c.is_ascii_lowercase())
        && (has_path || ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_known_when_seen() {
        for token in [
            "http://x.example",
            "(www.x.org)",
            "example.com",
            "blog.example.in/2013",
            "Shop.example.COM,",
        ] {
            assert!(is_address(token), "{token}");
        }
        for token in [
            "end.Next", "e.g.", "3.14", "etc...", "word", "a.b", "and/or",
        ] {
            assert!(!is_address(token), "{token}");
        }
    }

    #[test]
    fn words_are_alike_however_drawn_out() {
        assert_eq!(words("Sooooo GOOD in 2015!"), ["soo", "good", "in", "00"]);
    }

    proptest! {
        #[test]
        fn every_text_has_bounded_traits(text: String, title: Option<String>, links: Vec<String>) {
            let writing = Writing { text, links, ..Writing::default() };
            let mut sum = 0.0;
            features(&writing, title.as_deref(), Author::default(), &mut |feature, value| {
                assert!(usize::from(feature.bucket()) < BUCKETS);
                sum += value * value;
            });
            prop_assert!(sum.is_finite() && sum < 40.0, "{sum}");
        }
    }
}
