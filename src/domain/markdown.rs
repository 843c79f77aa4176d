//! A comment's text, from Markdown to HTML that any page may carry.
//!
//! The Markdown is CommonMark 0.31 with four of GFM's extensions: tables, strikethrough, task lists and autolinks. Where a
//! comment is not a document of its own, Postil departs from the specifications:
//!
//! * Raw HTML is shown as the text it is.
//! * Links lead to `http://`, `https://` and `mailto:` only; any other keeps its text and loses its `<a>`. Every link bears
//!   `rel="nofollow ugc noopener noreferrer"`.
//! * An image becomes a link to it, named by its alternative text (or, lacking that, by its address): a reader's browser
//!   fetches nothing that a commenter chose.
//! * A heading becomes a paragraph in bold, since a comment must not break the outline of the page around it.
//! * A task's box is a character (☐ ☑), not a form's control.
//! * A code block's language is a class only when made of `a-z 0-9 + # -`.
//! * A line break that is typed is kept, unless the site joins lines ([`LineBreaks`]).
//! * Dashes below a line draw a line: only `===` and `#` make a heading.
//! * Emphasis begins and ends beside letters of Chinese, Japanese and Korean as the CJK-friendly amendments have it.
//! * A footnote's reference and its text are shown as they are written.
//! * No more combining marks pile up on a letter than a name may have.
//! * Control characters and characters that turn the direction of the text around, which an entity such as `&#x202e;` would
//!   smuggle past the check of the body, come out as U+FFFD.
//!
//! # Why no second sanitiser follows
//!
//! A sanitiser takes HTML of unknown making apart and writes anew what its list allows. Here there is no HTML of unknown
//! making: the parser gives events, not HTML, and the one writer of tags (`writer.rs`) can write nothing that is not
//! spelled out there. No name of an element or an attribute ever comes from the comment. What does come from it reaches the
//! output in three ways only: as text and attribute values through `escape::escape`, as an address through `escape::href` (which lets
//! nothing but unreserved characters stand unencoded), and as a language through its own set of characters. Each start tag
//! pushes its end tag on a stack, so the tags are balanced. So the list of what may come out is the set of literals in
//! one short file, as an HTML sanitiser's would be, and it cannot disagree with a browser about how broken markup reads,
//! because none is read. The tests hold it against arbitrary input with a tokenizer that shares no code with the writer.
//!
//! # Time
//!
//! The parser is linear but for two things, which `source.rs` caps before it; `writer.rs` caps the nesting of what is shown
//! and the cells a table is filled up with, and `autolink.rs` how far it looks. `cargo bench --bench markdown` measures
//! the worst bodies known.

mod autolink;
mod escape;
mod script;
mod source;
mod writer;

#[cfg(test)]
#[path = "../../tests/markdown/specification.rs"]
mod specification;

use pulldown_cmark::{Event, Options, Parser, TagEnd};
use serde::{Deserialize, Serialize};

use escape::Shown;

/// What becomes of a line break within a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineBreaks {
    /// It is shown, as it was typed.
    #[default]
    Keep,
    /// It is white space, as CommonMark has it.
    Join,
}

/// The extensions of GFM that pulldown-cmark knows; the fourth, autolinks, is ours. Footnotes stay off: their anchors would
/// be ids on somebody else's page.
const EXTENSIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// Which release of the rules in this room writes. It goes up whenever the same text gives other HTML, so that what is stored
/// can be told from what would be written today.
const RELEASE: i32 = 1;

/// What stored HTML was made by: the release of the renderer and the site's rule, as one number. Zero is what was stored
/// before there were such numbers.
pub fn renderer(breaks: LineBreaks) -> i32 {
    2 * RELEASE + i32::from(breaks == LineBreaks::Join)
}

/// HTML that any page may carry as it stands: only elements and attributes of a short list, balanced, with checked links.
/// Nothing but [`render`] makes one out of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeHtml {
    html: String,
    renderer: i32,
}

impl SafeHtml {
    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.html
    }

    /// The HTML, taken out.
    pub fn into_string(self) -> String {
        self.html
    }

    /// What it was made by, as [`renderer`] says.
    pub fn renderer(&self) -> i32 {
        self.renderer
    }
}

/// The HTML of a comment written in Markdown, for any text whatever. Its time is bounded for bodies within the hard limit of
/// 64 KiB (the bench says how far); it does not check that limit.
pub fn render(source: &str, breaks: LineBreaks) -> SafeHtml {
    SafeHtml {
        html: writer::html(source, breaks, escape::may_link),
        renderer: renderer(breaks),
    }
}

/// The text of a comment on one line, without markup: for feeds, letters and summaries. At most `max_chars` Unicode
/// code points; what is cut ends in `…`. It is text, not HTML: whoever puts it into a page escapes it.
pub fn plain_text(source: &str, max_chars: usize) -> String {
    let prepared = source::prepare(source);
    let mut line = Line::new(max_chars, prepared.shown());
    for event in Parser::new_ext(&prepared.text, EXTENSIONS) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                line.push(&text)
            }
            Event::TaskListMarker(done) => {
                line.push(writer::task_box(done));
                line.gap = true;
            }
            Event::End(
                TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough
                | TagEnd::Link
                | TagEnd::Image,
            ) => {}
            Event::SoftBreak | Event::HardBreak | Event::Rule | Event::End(_) => line.gap = true,
            _ => {}
        }
        if line.is_over() {
            break;
        }
    }
    line.finish()
}

/// The text of a comment, a block a line, and a line each that stands alone in it, without markup: for letters. At most
/// `max_chars` Unicode code points in all; what is cut ends in `…`.
pub fn plain_lines(source: &str, breaks: LineBreaks, max_chars: usize) -> Vec<String> {
    let prepared = source::prepare(source);
    let (mut lines, mut left) = (Vec::new(), max_chars);
    let line = |max| Line::new(max, prepared.shown());
    let mut current = line(left);
    for event in Parser::new_ext(&prepared.text, EXTENSIONS) {
        let mut ends = false;
        match event {
            Event::Code(text) | Event::InlineHtml(text) => current.push(&text),
            // A block of code comes in one piece, or in several.
            Event::Text(text) | Event::Html(text) => {
                let mut parts = text.split('\n');
                current.push(parts.next().unwrap_or_default());
                for part in parts {
                    left = left.saturating_sub(current.chars);
                    lines.push(std::mem::replace(&mut current, line(left)).finish());
                    current.push(part);
                }
            }
            Event::TaskListMarker(done) => {
                current.push(writer::task_box(done));
                current.gap = true;
            }
            Event::End(
                TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough
                | TagEnd::Link
                | TagEnd::Image,
            ) => {}
            Event::SoftBreak if breaks == LineBreaks::Keep => ends = true,
            Event::End(TagEnd::TableCell) | Event::SoftBreak => current.gap = true,
            Event::HardBreak | Event::Rule | Event::End(_) => ends = true,
            _ => {}
        }
        if current.is_over() {
            break;
        }
        if ends {
            left = left.saturating_sub(current.chars);
            lines.push(std::mem::replace(&mut current, line(left)).finish());
        }
    }
    lines.push(current.finish());
    lines.retain(|line| !line.is_empty());
    lines
}

/// A line of text being filled up to its longest.
struct Line {
    text: String,
    chars: usize,
    max: usize,
    /// White space has been seen since the last visible character.
    gap: bool,
    shown: Shown,
}

impl Line {
    fn new(max: usize, shown: Shown) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            max,
            gap: false,
            shown,
        }
    }

    /// Adds a text, white space in it drawn together; stops at the first character too many.
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.gap = true;
                continue;
            }
            let Some(c) = self.shown.admit(c) else {
                continue;
            };
            if self.gap && !self.text.is_empty() {
                self.put(' ');
            }
            self.gap = false;
            self.put(c);
            if self.is_over() {
                break;
            }
        }
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.chars += 1;
    }

    fn is_over(&self) -> bool {
        self.chars > self.max
    }

    fn finish(mut self) -> String {
        if self.is_over() {
            let keep = self.max.saturating_sub(1);
            let end = self
                .text
                .char_indices()
                .nth(keep)
                .map_or(self.text.len(), |(at, _)| at);
            self.text.truncate(end);
            self.text.truncate(self.text.trim_end().len());
            if self.max > 0 {
                self.text.push('…');
            }
        }
        self.text
    }
}
