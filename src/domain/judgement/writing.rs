//! What of a comment is judged: what a reader sees of it, where its links lead, and how it is signed.

use crate::domain::judgement::folding::{Folded, readings};
use crate::domain::markdown::{self, LineBreaks};

/// A comment as it will be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writing {
    /// The text that shows; each block is on a line of its own.
    pub text: String,
    /// Where its links lead, in order.
    pub links: Vec<String>,
    /// The name it is signed with.
    pub name: Option<String>,
    /// The writer's own page.
    pub website: Option<String>,
}

impl Writing {
    /// Reads what [`crate::domain::markdown`] wrote. Judging that and not the source is what keeps tricks with Markdown and
    /// entities (`v&#105;agra`, `vi**ag**ra`) from working.
    pub fn of_html(html: &str) -> Self {
        let mut writing = Self::default();
        let mut rest = html;
        while let Some(open) = rest.find('<') {
            push_text(&mut writing.text, &rest[..open]);
            // The writer closes every tag, and escapes `<` and `>` everywhere else.
            let Some(length) = rest[open..].find('>') else {
                return writing;
            };
            let tag = &rest[open + 1..open + length];
            if let Some(href) = tag.strip_prefix("a ").and_then(href) {
                let mut link = String::new();
                push_text(&mut link, href);
                writing.links.push(link);
            }
            if !is_inline(tag) {
                writing.text.push('\n');
            }
            rest = &rest[open + length + 1..];
        }
        push_text(&mut writing.text, rest);
        writing
    }

    /// The same, with words that it quotes from the page, as somebody says. They are read like its own.
    pub fn quoting(mut self, words: &[&str]) -> Self {
        for words in words {
            let quoted = Self::of_html(markdown::render(words, LineBreaks::Keep).as_str());
            self.text.push('\n');
            self.text.push_str(&quoted.text);
            self.links.extend(quoted.links);
        }
        self
    }

    /// The same, signed.
    pub fn signed(mut self, name: Option<&str>, website: Option<&str>) -> Self {
        self.name = name.map(str::to_owned);
        self.website = website.map(str::to_owned);
        self
    }

    /// Every reading of all that a word list is held against.
    pub fn readings(&self) -> Vec<Folded> {
        let signature = self.name.iter().chain(&self.website);
        let parts = std::iter::once(&self.text)
            .chain(&self.links)
            .chain(signature);
        parts
            .filter(|part| !part.trim().is_empty())
            .flat_map(|part| readings(part))
            .collect()
    }
}

fn href(attributes: &str) -> Option<&str> {
    let (_, rest) = attributes.split_once("href=\"")?;
    rest.split_once('"').map(|(href, _)| href)
}

/// Elements that do not part the words on their sides.
fn is_inline(tag: &str) -> bool {
    let name = tag
        .trim_start_matches('/')
        .split([' ', '/'])
        .next()
        .unwrap_or_default();
    matches!(name, "a" | "em" | "strong" | "del" | "code" | "span")
}

/// Undoes what `escape` did.
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&#x27;", '\''),
        ];
        let (length, c) = known
            .into_iter()
            .find_map(|(entity, c)| rest.starts_with(entity).then_some((entity.len(), c)))
            .unwrap_or((1, '&'));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::markdown::render;
    use proptest::prelude::*;

    fn read(source: &str) -> Writing {
        Writing::of_html(render(source, LineBreaks::Keep).as_str())
    }

    #[test]
    fn tricks_with_markdown_are_seen_through() {
        for source in [
            "vi**ag**ra",
            "v&#105;agra",
            "vi&shy;agra",
            "v\\iagra",
            "[via](https://x.example)gra",
            "~~viagra~~",
        ] {
            let text = read(source).text.replace(['\u{ad}', '\\'], "");
            assert_eq!(text.trim(), "viagra", "{source}");
        }
        assert_eq!(read("one\n\ntwo").text.split_whitespace().count(), 2);
    }

    #[test]
    fn links_are_read_as_they_lead() {
        let writing = read(
            "[a](https://x.example/?a=1&b=%27) <https://y.example> www.z.example ![i](https://i.example/p.png)",
        );
        assert_eq!(writing.links.len(), 4, "{:?}", writing.links);
        assert_eq!(writing.links[0], "https://x.example/?a=1&b=%27");
        assert!(writing.links[3].contains("i.example"));
    }

    proptest! {
        #[test]
        fn anything_is_read(source: String) {
            let writing = read(&source);
            prop_assert!(writing.text.len() <= 8 * source.len() + 64);
        }
    }
}
