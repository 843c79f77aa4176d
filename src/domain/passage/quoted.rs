//! Whether a page's text contains what somebody says that they quote from it.

use super::selector::CONTEXT;
use super::text::Text;

/// A page's text, ready to be searched. White space does not count, since pages are laid out in more ways than they are read.
pub struct PageText {
    text: Text,
    /// Its code points without white space.
    bare: String,
    /// Where each byte of `bare` stands in the text, in code points.
    places: Vec<u32>,
}

/// Words of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The words.
    pub exact: String,
    /// What stands before them.
    pub prefix: String,
    /// What stands behind them.
    pub suffix: String,
}

impl PageText {
    /// Reads a text.
    pub fn new(text: Text) -> Self {
        let mut bare = String::new();
        let mut places = Vec::new();
        for (place, c) in text.chars().iter().enumerate() {
            if *c != ' ' {
                bare.push(*c);
                // A text has far fewer code points than 2^32: whoever sends one is held to a million bytes.
                places.resize(bare.len(), place as u32);
            }
        }
        Self { text, bare, places }
    }

    /// The quoted words with what stands around them, if they stand here at all: with what was said to stand around them, where that
    /// is so, or else where they first occur. All that is given back is the page's own, its white space too. Everything given is
    /// normalised.
    pub fn find(&self, exact: &str, prefix: &str, suffix: &str) -> Option<Words> {
        let bare = |text: &str| text.replace(' ', "");
        let (before, exact, behind) = (bare(prefix), bare(exact), bare(suffix));
        if exact.is_empty() {
            return None;
        }
        let whole = [before.as_str(), &exact, &behind].concat();
        let (at, is_as_told) = match self.bare.find(&whole) {
            Some(at) => (at + before.len(), true),
            None => (self.bare.find(&exact)?, false),
        };
        let (start, end) = (self.start(at), self.end(at + exact.len()));
        let (from, to) = match is_as_told {
            true => (
                self.start(at - before.len()).min(start),
                self.end(at + exact.len() + behind.len()),
            ),
            false => (start.saturating_sub(CONTEXT), end + CONTEXT),
        };
        Some(Words {
            exact: self.text.slice(start, end),
            prefix: own_edge(prefix, self.text.slice(from, start)),
            suffix: own_edge(suffix, self.text.slice(end, to)),
        })
    }

    /// Where the code point begins that begins at this byte of `bare`.
    fn start(&self, at: usize) -> usize {
        self.places[at] as usize
    }

    /// Where the code point ends that ends before this byte of `bare`.
    fn end(&self, at: usize) -> usize {
        self.places[at - 1] as usize + 1
    }
}

/// What stands in the page, or what was told of it where that has but other white space at its ends.
fn own_edge(told: &str, stands: String) -> String {
    match told.trim() == stands.trim() {
        true => told.to_owned(),
        false => stands,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(text: &str) -> PageText {
        PageText::new(Text::new(text))
    }

    #[test]
    fn quoted_words_are_found_with_what_stands_around_them() {
        let page = page(
            "The tables were printed in March. High water was given at six. The pilots knew better.",
        );
        let found = page.find("High water was given", "in March. ", " at six.");
        let told = Words {
            exact: "High water was given".into(),
            prefix: "in March. ".into(),
            suffix: " at six.".into(),
        };
        assert_eq!(found, Some(told));
        // A context that is not there is put right: nothing else of a reader's comes along with found words.
        let found = page
            .find("High water was given", "buy pills ", " now")
            .unwrap();
        assert_eq!(found.prefix, "The tables were printed in March. "[2..]);
        assert_eq!(found.suffix, " at six. The pilots knew better."[..32]);
        for invented in [
            "Low water was given",
            "High water was given at seven",
            "",
            " ",
        ] {
            assert_eq!(page.find(invented, "", ""), None, "{invented}");
        }
    }

    #[test]
    fn white_space_does_not_count_and_is_the_pages() {
        let page = page("Ask the therapist\nabout it");
        for (quoted, stands) in [
            ("the rapist", "therapist"),
            ("the therapistabout it", "the therapist about it"),
            ("A sk", "Ask"),
        ] {
            let found = page.find(quoted, "", "").unwrap();
            assert!(found.exact.ends_with(stands), "{quoted}: {found:?}");
        }
        let found = page.find("about", "the rapist ", " i t").unwrap();
        assert_eq!(
            (found.prefix.as_str(), found.suffix.as_str()),
            ("therapist ", " it")
        );
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_found(text in "[a-zé \u{1f600}漢]{1,60}", from in 0..60usize, length in 1..20usize) {
            let text = Text::new(&text);
            let from = from.min(text.len());
            let words = text.slice(from, from + length);
            let found = PageText::new(text.clone()).find(&words, "", "");
            let bare = |text: &str| text.replace(' ', "");
            let stands = Some(bare(&words)).filter(|words| !words.is_empty());
            prop_assert_eq!(found.map(|found| bare(&found.exact)), stands);
        }

        #[test]
        fn what_surrounds_them_is_the_pages(text in "[a-c ]{1,80}", words in "[a-c ]{1,5}", prefix in "[a-d ]{0,5}") {
            let page = PageText::new(Text::new(&text));
            if let Some(Words { exact, prefix, suffix }) = page.find(&words, &prefix, "") {
                prop_assert!(!prefix.contains('d'));
                let whole = [prefix, exact, suffix].concat().replace(' ', "");
                prop_assert!(page.bare.contains(&whole));
            }
        }
    }
}
