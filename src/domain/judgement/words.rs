//! Word lists: what a site does not want to read (block), and what it wants to look at first (suspect).

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

use super::folding::{Folded, plain};
use crate::domain::characters::is_refused_in_a_line;
use crate::domain::invalid::Invalid;
use crate::domain::word::Word;

/// What a word on a list does to a comment that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// It waits for a moderator.
    Suspect,
    /// It is turned down.
    Block,
}

impl Word for List {
    const ALL: &'static [Self] = &[Self::Block, Self::Suspect];

    fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Suspect => "suspect",
        }
    }
}

/// One entry: a word or a few, as a moderator wrote it. A star at its beginning or end stands for whatever the word goes
/// on with; without one, only whole words are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    written: String,
    folded: String,
    begins_open: bool,
    ends_open: bool,
}

impl Entry {
    /// Most characters of an entry.
    pub const MAX: usize = 100;

    /// Fails with `rule_invalid`, saying what is wrong with the entry.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let refuse = |detail: String| Err(Invalid::new("rule_invalid", detail));
        let written = raw.trim();
        let length = written.chars().count();
        if length > Self::MAX {
            return refuse(format!(
                "An entry may have at most {} characters; this one has {length}.",
                Self::MAX
            ));
        }
        if written.chars().any(is_refused_in_a_line) {
            return refuse("An entry is one line of plain text.".into());
        }
        let inner = written.strip_prefix('*').unwrap_or(written);
        let begins_open = inner.len() < written.len();
        let stem = inner.strip_suffix('*').unwrap_or(inner);
        let ends_open = stem.len() < inner.len();
        if stem.contains('*') {
            return refuse("A star stands only at the beginning or the end of an entry.".into());
        }
        let folded = plain(stem).as_str().to_owned();
        // Vowel signs alone are no word.
        if folded.chars().all(is_combining_mark) {
            return refuse("An entry needs at least one letter, figure or pictograph.".into());
        }
        // `*a*` would stop nearly everything.
        if (begins_open || ends_open) && folded.chars().count() < 3 && folded.is_ascii() {
            return refuse("An entry with a star needs at least three letters.".into());
        }
        Ok(Self {
            written: written.to_owned(),
            folded,
            begins_open,
            ends_open,
        })
    }

    /// As it was written, trimmed.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// A list as a moderator gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries(Vec<Entry>);

impl Entries {
    /// Most entries of a list.
    pub const MAX: usize = 100_000;
    /// Most faults that are told at once.
    pub const MAX_FAULTS: usize = 20;

    /// Parses a list. Blank entries are left out, and what is there twice stays once.
    ///
    /// # Errors
    /// The entries that are broken, by their place in the list (from 0); at most [`Self::MAX_FAULTS`].
    pub fn parse<'a>(raw: impl Iterator<Item = &'a str>) -> Result<Self, Vec<(usize, Invalid)>> {
        let mut entries = Vec::new();
        let mut faults = Vec::new();
        let mut known = std::collections::HashSet::new();
        for (place, raw) in raw.enumerate() {
            if place >= Self::MAX {
                let detail = format!("A list takes at most {} entries.", Self::MAX);
                return Err(vec![(place, Invalid::new("rules_too_many", detail))]);
            }
            if raw.trim().is_empty() {
                continue;
            }
            match Entry::parse(raw) {
                Ok(entry) => {
                    let key = (entry.folded.clone(), entry.begins_open, entry.ends_open);
                    if known.insert(key) {
                        entries.push(entry);
                    }
                }
                Err(invalid) => faults.push((place, invalid)),
            }
            if faults.len() == Self::MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() {
            Ok(Self(entries))
        } else {
            Err(faults)
        }
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Entry::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A word that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// On which list.
    pub list: List,
    /// The entry, as written.
    pub entry: String,
}

/// A site's lists, ready to be looked for.
#[derive(Debug, Clone)]
pub struct WordLists {
    automaton: Option<AhoCorasick>,
    entries: Vec<Ready>,
}

/// What is left of an entry once its text is in the automaton.
#[derive(Debug, Clone)]
struct Ready {
    written: Box<str>,
    list: List,
    begins_open: bool,
    ends_open: bool,
}

impl WordLists {
    /// Makes lists ready, which takes time: some 0.1 s for 100,000 entries.
    ///
    /// # Errors
    /// `rules_too_many` when they are more than an automaton can hold, which the limits of a list rule out.
    pub fn new(block: &Entries, suspect: &Entries) -> Result<Self, Invalid> {
        let both = || {
            let block = block.0.iter().map(|entry| (List::Block, entry));
            block.chain(suspect.0.iter().map(|entry| (List::Suspect, entry)))
        };
        let entries: Vec<Ready> = both()
            .map(|(list, entry)| Ready {
                written: entry.written.as_str().into(),
                list,
                begins_open: entry.begins_open,
                ends_open: entry.ends_open,
            })
            .collect();
        if entries.is_empty() {
            return Ok(Self {
                automaton: None,
                entries,
            });
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // Ten times smaller than a DFA, and fast enough for a comment.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(both().map(|(_, entry)| entry.folded.as_str()))
            .map_err(|error| Invalid::new("rules_too_many", error.to_string()))?;
        Ok(Self {
            automaton: Some(automaton),
            entries,
        })
    }

    /// The gravest word in any of these readings of a text; the first such, where several are equally grave.
    pub fn find(&self, readings: &[Folded]) -> Option<Found> {
        let automaton = self.automaton.as_ref()?;
        let mut found: Option<&Ready> = None;
        for reading in readings {
            for hit in automaton.find_overlapping_iter(reading.as_str()) {
                let entry = &self.entries[hit.pattern().as_usize()];
                let is_graver = found.is_none_or(|known| entry.list > known.list);
                let begins = entry.begins_open || reading.is_edge(hit.start());
                let ends = entry.ends_open || reading.is_edge(hit.end());
                if is_graver && begins && ends {
                    found = Some(entry);
                    if entry.list == List::Block {
                        break;
                    }
                }
            }
        }
        found.map(|entry| Found {
            list: entry.list,
            entry: entry.written.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::judgement::folding::readings;
    use proptest::prelude::*;

    fn entries(words: &[&str]) -> Entries {
        Entries::parse(words.iter().copied()).unwrap()
    }

    fn block(words: &[&str]) -> WordLists {
        WordLists::new(&entries(words), &Entries::default()).unwrap()
    }

    fn finds(lists: &WordLists, text: &str) -> bool {
        lists.find(&readings(text)).is_some()
    }

    #[test]
    fn a_word_is_found_however_it_is_dressed_up() {
        let lists = block(&[
            "viagra",
            "buy now",
            "fuck",
            "加微信",
            "порно",
            "straße",
            "🍆",
            "spam",
            "kill",
        ]);
        for text in [
            "Viagra",
            "VIÁGRÄ!",
            "v i a g r a",
            "v.i.a.g.r.a",
            "v-i_a*g~r'a",
            "via-gra",
            "v\u{200b}i\u{ad}a\u{2060}gra",
            "vi\u{336}a\u{336}gra",
            "ｖｉａｇｒａ",
            "𝓿𝓲𝓪𝓰𝓻𝓪",
            "ⓥⓘⓐⓖⓡⓐ",
            "🆅🅸🅰🅶🆁🅰",
            "🇻 🇮 🇦 🇬 🇷 🇦",
            "vіаgrа",
            "v1agra",
            "v!@gr@",
            "vi4gr4 for you",
            "v|agra",
            "viiiiagraaaa",
            "v★i★a★g★r★a",
            "now v i a g r a here",
            "a v i a g r a",
            "(viagra)",
            "buy   NOW",
            "buy,\nnow",
            "fuuuuuck",
            "加微信好友",
            "加 微 信",
            "ПОРНО",
            "STRASSE",
            "good🍆day",
            "5pam",
            "k1ll",
            "ki11",
        ] {
            assert!(finds(&lists, text), "{text} {:?}", readings(text));
        }
    }

    #[test]
    fn what_only_holds_the_letters_is_let_be() {
        let lists = block(&[
            "ass", "sex", "cum", "tit", "porn", "pot", "hell", "mail", "buy now", "spam",
        ]);
        for text in [
            "class assembly pass",
            "Essex and Sussex",
            "Scunthorpe document",
            "title",
            "The Pom barks",
            "Рот и нос, стол и стул",
            "hello, shell",
            "the mall",
            "buy it now",
            "buynow",
            "Is this a test? It is.",
            "I am a B. C. D.",
            "spammer",
            "Give me the pot.ash",
            "e-mails",
        ] {
            let hit = lists.find(&readings(text));
            let expected = text.contains("pot.ash").then_some("pot");
            assert_eq!(
                hit.as_ref().map(|hit| hit.entry.as_str()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_star_stands_for_the_rest_of_the_word() {
        let lists = block(&["spam*", "*coin", "*medic*"]);
        for text in ["spam", "spammer", "a Bitcoin", "paramedics"] {
            assert!(finds(&lists, text), "{text}");
        }
        for text in ["antispam", "coinage", "med ic"] {
            assert!(!finds(&lists, text), "{text}");
        }
    }

    #[test]
    fn the_gravest_word_counts() {
        let lists = WordLists::new(&entries(&["bad"]), &entries(&["odd"])).unwrap();
        let found = |text| lists.find(&readings(text)).map(|found| found.list);
        assert_eq!(found("odd and bad"), Some(List::Block));
        assert_eq!(found("odd"), Some(List::Suspect));
        assert_eq!(found("fine"), None);
    }

    #[test]
    fn broken_entries_are_named() {
        let long = "x".repeat(101);
        let list = [
            "fine",
            "",
            "a*b",
            "---",
            "*it*",
            long.as_str(),
            "two\nlines",
            "fine",
        ];
        let faults = Entries::parse(list.into_iter()).unwrap_err();
        assert_eq!(
            faults.iter().map(|fault| fault.0).collect::<Vec<_>>(),
            [2, 3, 4, 5, 6]
        );
        assert!(faults[3].1.detail.contains("100"));
        assert_eq!(entries(&["fine", " FINE ", ""]).len(), 1);
    }

    #[test]
    fn a_list_has_an_end() {
        let words: Vec<String> = (0..=Entries::MAX).map(|n| format!("w{n}")).collect();
        let faults = Entries::parse(words.iter().map(String::as_str)).unwrap_err();
        assert_eq!(
            (faults[0].0, faults[0].1.code),
            (Entries::MAX, "rules_too_many")
        );
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text: String, word in "\\PC{1,20}") {
            let lists = match Entries::parse([word.as_str()].into_iter()) {
                Ok(entries) => WordLists::new(&entries, &Entries::default()).unwrap(),
                Err(_) => return Ok(()),
            };
            lists.find(&readings(&text));
        }

        #[test]
        fn an_entry_finds_itself(word in "\\PC{1,20}", before in "[a-z ]{0,9} ", after in " [a-z ]{0,9}") {
            if let Ok(entries) = Entries::parse([word.as_str()].into_iter()) {
                let lists = WordLists::new(&entries, &Entries::default()).unwrap();
                if !entries.is_empty() {
                    let text = format!("{before}{}{after}", word.trim().trim_matches('*'));
                    prop_assert!(lists.find(&readings(&text)).is_some(), "{:?} {:?}", word, readings(&text));
                }
            }
        }

        #[test]
        fn tricks_do_not_help(
            word in "[a-hj-km-z]{4,12}",
            tricks in proptest::collection::vec(0..8usize, 12),
            gap in prop_oneof![Just(""), Just(" "), Just("."), Just("-"), Just("\u{200b}"), Just("\u{ad}"), Just(" . ")],
        ) {
            // Letters drawn out are another trick, with a test of its own.
            // And a word of figures alone is a number.
            prop_assume!(word.bytes().zip(&tricks).any(|(_, trick)| ![5, 6].contains(trick)));
            prop_assume!(word.as_bytes().windows(3).all(|run| run[0] != run[1] || run[1] != run[2]));
            let lists = block(&[&word]);
            // Signs for letters are known beside letters, not beside full stops.
            let signs = matches!(gap, "" | " ");
            let dressed: Vec<String> = word
                .chars()
                .zip(&tricks)
                .map(|(c, &trick)| dress(c, if trick == 6 && !signs { 5 } else { trick }))
                .collect();
            let text = format!("well {} well", dressed.join(gap));
            prop_assert!(finds(&lists, &text), "{} {:?}", text, readings(&text));
        }
    }

    fn dress(c: char, trick: usize) -> String {
        let swap = |pairs: &str| {
            let mut chars = pairs.chars();
            while let (Some(plain), Some(other)) = (chars.next(), chars.next()) {
                if plain == c {
                    return other.to_string();
                }
            }
            c.to_string()
        };
        match trick {
            0 => c.to_uppercase().to_string(),
            1 => format!("{c}\u{301}"),
            2 => format!("{c}\u{200d}"),
            3 => char::from_u32(c as u32 - 'a' as u32 + 'ａ' as u32)
                .unwrap()
                .to_string(),
            4 => swap("aаeеoоpрcсyуxх"),
            5 => swap("o0e3a4s5t7"),
            6 => swap("a@s$"),
            _ => c.to_string(),
        }
    }
}
