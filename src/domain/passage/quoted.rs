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

    /// What stands around the quoted words, if they stand here at all: what was said to stand around them, where that is so, or
    /// else what does where they first occur. Everything given is normalised.
    pub fn surroundings(
        &self,
        exact: &str,
        prefix: &str,
        suffix: &str,
    ) -> Option<(String, String)> {
        let bare = |text: &str| text.replace(' ', "");
        let exact = bare(exact);
        if exact.is_empty() {
            return None;
        }
        let whole = [bare(prefix), exact.clone(), bare(suffix)].concat();
        if self.bare.contains(&whole) {
            return Some((prefix.to_owned(), suffix.to_owned()));
        }
        let at = self.bare.find(&exact)?;
        let start = self.places[at] as usize;
        let end = self.places[at + exact.len() - 1] as usize + 1;
        let before = self.text.slice(start.saturating_sub(CONTEXT), start);
        let behind = self.text.slice(end, end + CONTEXT);
        Some((before, behind))
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
        let told = page.surroundings("High water was given", "in March. ", " at six.");
        assert_eq!(told, Some(("in March. ".into(), " at six.".into())));
        // A context that is not there is put right: nothing else of a reader's comes along with found words.
        let (before, behind) = page
            .surroundings("High water was given", "buy pills ", " now")
            .unwrap();
        assert_eq!(before, "The tables were printed in March. "[2..]);
        assert_eq!(behind, " at six. The pilots knew better."[..32]);
        for invented in [
            "Low water was given",
            "High water was given at seven",
            "",
            " ",
        ] {
            assert_eq!(page.surroundings(invented, "", ""), None, "{invented}");
        }
    }

    #[test]
    fn white_space_does_not_count() {
        let page = page("one two\nthree");
        for quoted in ["onetwo three", "one two three", "o ne"] {
            assert!(page.surroundings(quoted, "", "").is_some(), "{quoted}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_found(text in "[a-zé \u{1f600}漢]{1,60}", from in 0..60usize, length in 1..20usize) {
            let text = Text::new(&text);
            let from = from.min(text.len());
            let words = text.slice(from, from + length);
            let found = PageText::new(text.clone()).surroundings(&words, "", "");
            prop_assert_eq!(found.is_some(), !words.trim().is_empty());
        }

        #[test]
        fn what_surrounds_them_is_the_pages(text in "[a-c ]{1,80}", words in "[a-c ]{1,5}", prefix in "[a-d ]{0,5}") {
            let page = PageText::new(Text::new(&text));
            if let Some((before, behind)) = page.surroundings(&words, &prefix, "") {
                prop_assert!(!before.contains('d'));
                let whole = [before, words, behind].concat().replace(' ', "");
                prop_assert!(page.bare.contains(&whole));
            }
        }
    }
}
