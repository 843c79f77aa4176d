//! What a page of a site says of itself, read from its HTML without a browser: its title, its canonical address, the keys of the
//! blocks that stand in it, and its text as `docs/passages.md` defines it.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::text::Title;

/// Where a document may say in which encoding it is written (HTML Living Standard §13.2.3.2), in bytes.
const PRESCAN: usize = 1024;

/// Most blocks of a page whose keys are read.
const MAX_KEYS: usize = 100;

/// Most marked passages of a page that are read.
const MAX_MARKS: usize = 1000;

/// Elements in which nothing is prose: see `docs/passages.md`. What readers wrote and a page repeats stands in `noscript`, in the
/// block itself, or in what the page marks as ignored, so that it never counts as the page's own words.
const SKIPPED: &[&str] = &[
    "audio",
    "button",
    "canvas",
    "head",
    "iframe",
    "noscript",
    "object",
    "postil-count",
    "postil-thread",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "video",
];

/// Elements that never have an end (HTML Living Standard §13.1.2).
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// Elements that stand apart from the text around them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// What a page says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HtmlPage {
    /// The text of its first `<title>`.
    pub title: Option<Title>,
    /// The address in its first `<link rel="canonical">`, as written.
    pub canonical: Option<String>,
    /// The address in its first `<base href>`, as written.
    pub base: Option<String>,
    /// The keys of its blocks (`<postil-thread key="…">`), at most 100.
    pub keys: Vec<String>,
    /// The keys of the passages that it marks (`data-postil-key="…"`), at most 1,000.
    pub marks: Vec<String>,
    /// The text of its body, not yet normalised.
    pub text: String,
}

impl HtmlPage {
    /// Reads a document. Any bytes are one: what is no HTML is text.
    pub fn read(bytes: &[u8], content_type: Option<&str>) -> Self {
        Self::of(&decode(bytes, content_type))
    }

    /// Reads a document's text.
    pub fn of(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut reader = Reader::default();
        // Reading from memory cannot fail.
        for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
            reader.take(token);
        }
        let mut page = reader.page;
        page.title = reader.title.as_deref().and_then(Title::hint);
        page
    }
}

#[derive(Default)]
struct Reader {
    page: HtmlPage,
    title: Option<String>,
    in_title: bool,
    /// The element that is skipped with all that is in it, and how many of its name are open.
    skipping: Option<(String, usize)>,
}

impl Reader {
    fn take(&mut self, token: Token) {
        match token {
            Token::StartTag(tag) => self.start(&tag),
            Token::EndTag(tag) => self.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) => self.string(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name);
        self.note(&name, tag);
        if let Some((skipped, open)) = &mut self.skipping {
            if *skipped != name {
                // A head that nobody closed ends where the body begins.
                if skipped == "head" && name == "body" {
                    self.skipping = None;
                }
                return;
            }
            *open += 1;
            return;
        }
        let is_ignored = attribute(tag, "data-postil-ignore").is_some();
        let is_skipped = SKIPPED.contains(&name.as_ref()) || is_ignored;
        // In SVG alone a tag may close itself; there nothing is read anyway.
        if is_skipped && !VOID.contains(&name.as_ref()) && !(tag.self_closing && name == "svg") {
            self.skipping = Some((name.into_owned(), 1));
            return;
        }
        if self.page.marks.len() < MAX_MARKS {
            self.page.marks.extend(attribute(tag, "data-postil-key"));
        }
        self.part(&name);
    }

    fn end(&mut self, name: &str) {
        if name == "title" {
            self.in_title = false;
        }
        let Some((skipped, open)) = &mut self.skipping else {
            self.part(name);
            return;
        };
        if skipped == name {
            *open -= 1;
            if *open == 0 {
                self.skipping = None;
            }
        }
    }

    fn string(&mut self, text: &str) {
        if self.in_title
            && let Some(title) = &mut self.title
        {
            title.push_str(text);
        }
        if self.skipping.is_none() && !self.in_title {
            self.page.text.push_str(text);
        }
    }

    /// Puts a space where a block begins or ends.
    fn part(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.page.text.push(' ');
        }
    }

    /// Notes what an element says of the page.
    fn note(&mut self, name: &str, tag: &StartTag<()>) {
        // A drawing's title is not the page's, nor is anything that a skipped part of the body says.
        let in_head = self
            .skipping
            .as_ref()
            .is_none_or(|(name, _)| name == "head");
        if !in_head {
            return;
        }
        match name {
            "title" if self.title.is_none() => {
                self.title = Some(String::new());
                self.in_title = true;
            }
            "link" if self.page.canonical.is_none() => {
                let rel = attribute(tag, "rel").unwrap_or_default();
                let is_canonical = rel
                    .split_ascii_whitespace()
                    .any(|word| word.eq_ignore_ascii_case("canonical"));
                if is_canonical {
                    self.page.canonical = attribute(tag, "href").filter(|href| !href.is_empty());
                }
            }
            "base" if self.page.base.is_none() => self.page.base = attribute(tag, "href"),
            "postil-thread" if self.page.keys.len() < MAX_KEYS => {
                let key = attribute(tag, "thread-key").or_else(|| attribute(tag, "key"));
                self.page.keys.extend(key);
            }
            _ => {}
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

/// The document's text by the encoding that a byte order mark, its transport or itself names; else UTF-8, if it can be that.
fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> std::borrow::Cow<'a, str> {
    let told = content_type.and_then(charset);
    let named =
        told.or_else(|| charset(&String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN)])));
    let encoding = named.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        // A page that was cut off may end within a character.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    });
    encoding.decode(bytes).0
}

/// The encoding that `charset=` names in a media type or in a document's head.
fn charset(text: &str) -> Option<&'static Encoding> {
    let at = text.to_ascii_lowercase().find("charset=")?;
    let rest = text.get(at + "charset=".len()..)?;
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))
        .unwrap_or(rest.len());
    Encoding::for_label(&rest.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::passage::text::normalise;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Example {
        name: String,
        html: String,
        text: String,
    }

    #[derive(Deserialize)]
    struct Examples {
        extraction: Vec<Example>,
    }

    #[test]
    fn a_page_without_a_browser_has_the_text_that_the_widget_reads() {
        let table = include_str!("../../tests/passages/normalisation.json");
        let examples: Examples = serde_json::from_str(table).unwrap();
        for example in examples.extraction {
            let page = HtmlPage::of(&example.html);
            assert_eq!(normalise(&page.text), example.text, "{}", example.name);
        }
    }

    #[test]
    fn a_page_says_what_it_is_called_and_where_it_is() {
        let page = HtmlPage::of(
            "<!doctype html><html><head><meta charset=utf-8><title> On \n margins &amp; more</title>
             <link rel=stylesheet href=/a.css><link rel='Canonical nofollow' href='https://example.org/a?b=1&amp;c=2'>
             <base href='/x/'></head>
             <body><h1 data-postil-key=p1>On margins</h1><div data-postil-ignore><p data-postil-key=p2>x</p></div><svg><title>a drawing</title></svg><postil-thread key=k1></postil-thread>
             <postil-thread thread-key='k2'>x</postil-thread>",
        );
        assert_eq!(page.title.unwrap().as_str(), "On margins & more");
        assert_eq!(
            page.canonical.as_deref(),
            Some("https://example.org/a?b=1&c=2")
        );
        assert_eq!(page.base.as_deref(), Some("/x/"));
        assert_eq!(page.keys, ["k1", "k2"]);
        assert_eq!(page.marks, ["p1"]);
        assert_eq!(normalise(&page.text), "On margins");
    }

    #[test]
    fn what_readers_wrote_and_the_page_repeats_is_not_the_pages() {
        let page = HtmlPage::of(
            "<p>Mine.</p><noscript><p>invented</p></noscript><div data-postil-ignore><div>in</div>vented</div>
             <postil-thread><p>invented</p></postil-thread><template><title>invented</title></template><p>Mine too.</p>",
        );
        assert_eq!(normalise(&page.text), "Mine. Mine too.");
        assert_eq!(page.title, None);
    }

    #[test]
    fn pages_come_in_many_encodings() {
        let html = "<title>Größe</title><p>Straße";
        for (bytes, content_type) in [
            (html.as_bytes().to_vec(), None),
            (html.as_bytes().to_vec(), Some("text/html; charset=UTF-8")),
            (WINDOWS_1252.encode(html).0.into_owned(), None),
            (
                WINDOWS_1252.encode(html).0.into_owned(),
                Some("text/html;charset=\"iso-8859-1\""),
            ),
        ] {
            let page = HtmlPage::read(&bytes, content_type);
            assert_eq!(page.title.unwrap().as_str(), "Größe", "{content_type:?}");
            assert_eq!(page.text, " Straße");
        }
        let russian = Encoding::for_label(b"windows-1251").unwrap();
        let html =
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>Поля";
        let page = HtmlPage::read(&russian.encode(html).0, Some("text/html"));
        assert_eq!(page.text, " Поля");
        // Cut off within a character.
        assert_eq!(
            HtmlPage::read(&"<p>ä".as_bytes()[..4], None).text.trim(),
            "\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn anything_is_read(bytes: Vec<u8>) {
            HtmlPage::read(&bytes, None);
        }

        #[test]
        fn tags_in_any_order_are_read(
            parts in proptest::collection::vec(prop_oneof![
                Just("<p>"), Just("</p>"), Just("<title>"), Just("</title>"), Just("<svg>"), Just("</svg>"), Just("<head>"),
                Just("<body>"), Just("a"), Just("<script>"), Just("</script>"), Just("<!--"), Just("-->"), Just("<postil-thread key=x>"),
                Just("<textarea>"), Just("</textarea>"), Just("<link rel=canonical href=/>"), Just("&amp;"), Just("<div data-postil-ignore>"),
            ], 0..30),
        ) {
            let html = parts.concat();
            let page = HtmlPage::of(&html);
            prop_assert!(page.text.len() <= html.len() + parts.len());
        }
    }
}
