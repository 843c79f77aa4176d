//! The only writer of HTML: from the parser's events to the few elements a comment may have.
//!
//! What may come out, all of it:
//! `p br hr strong em del code pre blockquote ul li table thead tbody tr`, `ol[start]`, `code[class=language-…]`,
//! `th td[align]`, `a[href title rel]`.

use super::autolink::{self, Found};
use super::escape::{Shown, escape, href};
use super::{EXTENSIONS, LineBreaks, source};
use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, LinkType, Parser, Tag};
use std::fmt::Write as _;
use std::ops::Range;

/// Quotes and lists within each other that are shown as such, and, counted apart, emphasis within emphasis. What lies deeper
/// is shown, but as part of the level above: nobody reads it, and browsers take long over it.
const MAX_LEVELS: usize = source::MAX_LEVELS;
/// Cells that rows are filled up with, in the whole comment, when the head of their table is wider than they are. A head of
/// thousands of cells over thousands of empty rows would otherwise make megabytes.
const MAX_FILLED_CELLS: usize = 4096;
/// The longest name of a code block's language, in bytes.
const MAX_LANGUAGE: usize = 32;
const REL: &str = r#" rel="nofollow ugc noopener noreferrer""#;

/// The HTML of a Markdown text; `may_link` says which addresses become links. Private to the module, which alone may call
/// the result safe.
pub(super) fn html(markdown: &str, breaks: LineBreaks, may_link: fn(&str) -> bool) -> String {
    let prepared = source::prepare(markdown);
    let text = &*prepared.text;
    let mut writer = Writer {
        source: text,
        breaks,
        shown: prepared.shown(),
        may_link,
        out: String::with_capacity(text.len() + text.len() / 2),
        open: Vec::new(),
        run: 0..0,
        address: None,
        swallowed: 0,
        levels: 0,
        emphasis: 0,
        links: 0,
        images: 0,
        table: Table::default(),
        filled: 0,
    };
    for (event, range) in Parser::new_ext(text, EXTENSIONS).into_offset_iter() {
        if let Event::Text(text) = &event
            && writer.continues_run(text, &range)
        {
            continue;
        }
        writer.end_run();
        if !writer.swallows(&event, &range) {
            writer.event(event, range);
        }
    }
    writer.end_run();
    writer.end_address();
    writer.out
}

/// An element that is open.
struct Open<'s> {
    kind: Kind,
    /// What is written at its end; empty for one that is not shown.
    close: &'static str,
    /// Where in the source its text ends, for those that can end in the middle of a line.
    limit: usize,
    /// Where in the output its text begins.
    start: usize,
    /// The address of an image, shown when there is no text.
    image: CowStr<'s>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Quote or list.
    Level,
    Code,
    Html,
    Emphasis,
    Link,
    Image,
    Table,
    Head,
    Row,
    Cell,
    Other,
}

/// The table being written; tables do not nest.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
    has_body: bool,
    /// Where in the output the row's last cell with any text ends, and how many follow it.
    row_end: usize,
    empty: usize,
}

struct Writer<'s> {
    source: &'s str,
    breaks: LineBreaks,
    shown: Shown,
    may_link: fn(&str) -> bool,
    out: String,
    open: Vec<Open<'s>>,
    /// Text of the source not written yet: the parser cuts text into pieces, and an address may span them.
    run: Range<usize>,
    /// A web address that reaches beyond the run it began in, and how many elements are open within it.
    address: Option<Found>,
    swallowed: usize,
    levels: usize,
    emphasis: usize,
    links: usize,
    images: usize,
    table: Table,
    filled: usize,
}

impl<'s> Writer<'s> {
    fn event(&mut self, event: Event<'s>, range: Range<usize>) {
        match event {
            Event::Start(_) if self.images > 0 => self.push(Kind::Other, ""),
            Event::Start(tag) => self.start(tag, &range),
            Event::End(_) => self.end(),
            Event::Text(text)
                if self.is_searched() && self.source.get(range.clone()) == Some(&*text) =>
            {
                self.run = range
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                escape(&mut self.out, &text, &mut self.shown)
            }
            Event::Code(text) if self.images > 0 => escape(&mut self.out, &text, &mut self.shown),
            Event::Code(text) => {
                self.out.push_str("<code>");
                escape(&mut self.out, &text, &mut self.shown);
                self.out.push_str("</code>");
            }
            Event::HardBreak if self.images == 0 => self.out.push_str("<br />\n"),
            Event::SoftBreak if self.images == 0 && self.breaks == LineBreaks::Keep => {
                self.out.push_str("<br />\n")
            }
            Event::SoftBreak | Event::HardBreak => self.out.push('\n'),
            Event::Rule => {
                self.new_line();
                self.out.push_str("<hr />\n");
            }
            Event::TaskListMarker(done) => {
                self.out.push_str(task_box(done));
                self.out.push(' ');
            }
            // Of extensions that are off.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'s>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph => self.block(Kind::Other, "<p>", "</p>\n"),
            Tag::Heading { .. } => {
                let (open, close) = self.heading(range);
                self.block(Kind::Other, open, close);
            }
            Tag::HtmlBlock => self.block(Kind::Html, "<p>", "</p>\n"),
            Tag::CodeBlock(kind) => {
                self.block(Kind::Code, "<pre><code", "</code></pre>\n");
                if let Some(language) = language(&kind) {
                    self.put(format_args!(" class=\"language-{language}\""));
                }
                self.out.push('>');
            }
            Tag::BlockQuote(_) => self.level(format_args!("<blockquote>\n"), "</blockquote>\n"),
            Tag::List(None) => self.level(format_args!("<ul>\n"), "</ul>\n"),
            Tag::List(Some(1)) => self.level(format_args!("<ol>\n"), "</ol>\n"),
            Tag::List(Some(first)) => {
                self.level(format_args!("<ol start=\"{first}\">\n"), "</ol>\n")
            }
            Tag::Item if self.levels > MAX_LEVELS => self.block(Kind::Other, "", ""),
            Tag::Item => self.block(Kind::Other, "<li>", "</li>\n"),
            Tag::Table(alignments) => {
                self.table = Table {
                    alignments,
                    ..Table::default()
                };
                self.block(Kind::Table, "<table>\n", "</table>\n");
            }
            Tag::TableHead => {
                self.table.in_head = true;
                self.row("<thead>\n<tr>\n", Kind::Head, "</tr>\n</thead>\n");
            }
            Tag::TableRow => {
                let open = if self.table.has_body {
                    "<tr>\n"
                } else {
                    "<tbody>\n<tr>\n"
                };
                self.table.has_body = true;
                self.row(open, Kind::Row, "</tr>\n");
            }
            Tag::TableCell => self.cell(range.end),
            Tag::Emphasis => self.emphasis("<em>", "</em>", range.end - 1),
            Tag::Strong => self.emphasis("<strong>", "</strong>", range.end - 2),
            Tag::Strikethrough => {
                let mark = if self.source.as_bytes()[range.start..].starts_with(b"~~") {
                    2
                } else {
                    1
                };
                self.emphasis("<del>", "</del>", range.end - mark);
            }
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => {
                let prefix = if link_type == LinkType::Email {
                    "mailto:"
                } else {
                    ""
                };
                let close = self.link(prefix, &dest_url, &title);
                self.push(Kind::Link, close);
                self.links += 1;
            }
            Tag::Image {
                dest_url, title, ..
            } => {
                let close = self.link("", &dest_url, &title);
                self.push(Kind::Image, close);
                self.images += 1;
                if let Some(image) = self.open.last_mut() {
                    image.image = dest_url;
                }
            }
            // Of extensions that are off.
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => self.push(Kind::Other, ""),
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        match open.kind {
            Kind::Level => {
                self.levels -= 1;
                self.new_line();
            }
            Kind::Html => self.out.truncate(self.out.trim_end_matches('\n').len()),
            Kind::Emphasis => self.emphasis -= 1,
            Kind::Link => self.links -= 1,
            Kind::Image => {
                self.images -= 1;
                if self.out.len() == open.start {
                    escape(&mut self.out, &open.image, &mut self.shown);
                }
            }
            Kind::Table if self.table.has_body => self.out.push_str("</tbody>\n"),
            Kind::Head => self.table.in_head = false,
            Kind::Row => {
                self.filled += self.table.empty;
                if self.filled > MAX_FILLED_CELLS {
                    self.out.truncate(self.table.row_end);
                }
            }
            Kind::Code | Kind::Table | Kind::Cell | Kind::Other => {}
        }
        self.out.push_str(open.close);
        if open.kind == Kind::Cell {
            let is_empty = self.out.len() == open.start + open.close.len();
            self.table.empty = if is_empty { self.table.empty + 1 } else { 0 };
            if !is_empty {
                self.table.row_end = self.out.len();
            }
        }
    }

    fn push(&mut self, kind: Kind, close: &'static str) {
        self.open.push(Open {
            kind,
            close,
            limit: usize::MAX,
            start: self.out.len(),
            image: CowStr::Borrowed(""),
        });
    }

    fn put(&mut self, text: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn block(&mut self, kind: Kind, open: &str, close: &'static str) {
        self.new_line();
        self.out.push_str(open);
        self.push(kind, close);
    }

    /// How a heading is written. Whoever types dashes below a line draws a line, or signs: no heading is meant, however the
    /// paragraph above is written.
    fn heading(&self, range: &Range<usize>) -> (&'static str, &'static str) {
        let text = self.source.get(range.clone()).unwrap_or_default();
        let text = text.trim_ascii();
        let dashes = text.len() - text.trim_end_matches('-').len();
        match dashes {
            // A heading of one line begins with `#` and a space; that its text begins with `#` says nothing (`#tag`).
            _ if !text.contains('\n') => ("<p><strong>", "</strong></p>\n"),
            0 => ("<p><strong>", "</strong></p>\n"),
            1 => ("<p>", "<br />\n-</p>\n"),
            2 => ("<p>", "<br />\n--</p>\n"),
            _ => ("<p>", "</p>\n<hr />\n"),
        }
    }

    fn level(&mut self, open: std::fmt::Arguments, close: &'static str) {
        self.new_line();
        self.levels += 1;
        let shown = self.levels <= MAX_LEVELS;
        if shown {
            self.put(open);
        }
        self.push(Kind::Level, if shown { close } else { "" });
    }

    fn emphasis(&mut self, open: &str, close: &'static str, limit: usize) {
        self.emphasis += 1;
        let shown = self.emphasis <= MAX_LEVELS;
        if shown {
            self.out.push_str(open);
        }
        self.push(Kind::Emphasis, if shown { close } else { "" });
        self.limit(limit);
    }

    fn limit(&mut self, limit: usize) {
        if let Some(open) = self.open.last_mut() {
            open.limit = limit;
        }
    }

    fn row(&mut self, open: &str, kind: Kind, close: &'static str) {
        self.block(kind, open, close);
        self.table.column = 0;
        self.table.empty = 0;
        self.table.row_end = self.out.len();
    }

    fn cell(&mut self, limit: usize) {
        let (open, close) = if self.table.in_head {
            ("<th", "</th>\n")
        } else {
            ("<td", "</td>\n")
        };
        self.out.push_str(open);
        self.out
            .push_str(match self.table.alignments.get(self.table.column) {
                Some(Alignment::Left) => " align=\"left\">",
                Some(Alignment::Center) => " align=\"center\">",
                Some(Alignment::Right) => " align=\"right\">",
                Some(Alignment::None) | None => ">",
            });
        self.table.column += 1;
        self.push(Kind::Cell, close);
        self.limit(limit);
    }

    /// Opens a link, if it may be one, and returns what closes it. No link stands within a link, even where the parser finds
    /// one (as it does in `<![CDATA[<http://a.b>\\[a](http://b)`).
    fn link(&mut self, prefix: &str, url: &str, title: &str) -> &'static str {
        let url = &*self.shown.address(url);
        let prefix = match prefix {
            "" if (self.may_link)(url) => "",
            // As the same would be in the text.
            "" if autolink::is_bare_host(url) => "http://",
            "" => return "",
            prefix => prefix,
        };
        if self.links > 0 {
            return "";
        }
        self.out.push_str("<a href=\"");
        self.out.push_str(prefix);
        href(&mut self.out, url);
        self.out.push('"');
        if !title.is_empty() {
            self.out.push_str(" title=\"");
            escape(&mut self.out, title, &mut self.shown);
            self.out.push('"');
        }
        self.out.push_str(REL);
        self.out.push('>');
        "</a>"
    }

    /// Whether text here may hold addresses to be made links.
    fn is_searched(&self) -> bool {
        let verbatim = self
            .open
            .last()
            .is_some_and(|open| matches!(open.kind, Kind::Code | Kind::Html));
        self.links == 0 && self.images == 0 && !verbatim
    }

    fn continues_run(&mut self, text: &str, range: &Range<usize>) -> bool {
        let continues = !self.run.is_empty()
            && range.start == self.run.end
            && self.source.get(range.clone()) == Some(text);
        if continues {
            self.run.end = range.end;
        }
        continues
    }

    /// Writes the run, the addresses in it as links. One that reaches beyond it is kept for the events to come.
    fn end_run(&mut self) {
        let Range { start: mut at, end } = std::mem::take(&mut self.run);
        let limit = self.open.last().map_or(usize::MAX, |open| open.limit);
        while let Some(found) = autolink::find(self.source, at, end, limit) {
            self.source_text(at..found.start);
            if found.end > end {
                self.address = Some(found);
                return;
            }
            self.found(found);
            at = found.end;
        }
        self.source_text(at..end);
    }

    /// Whether the event is part of the address that is being read. One that the address would cut in two ends it.
    fn swallows(&mut self, event: &Event, range: &Range<usize>) -> bool {
        let Some(found) = self.address else {
            return false;
        };
        let within = range.end <= found.end;
        match event {
            Event::End(_) if self.swallowed > 0 => {
                self.swallowed -= 1;
                return true;
            }
            Event::End(_) => {}
            Event::Start(_) if within => {
                self.swallowed += 1;
                return true;
            }
            _ if within => return true,
            Event::Text(text)
                if range.start < found.end && self.source.get(range.clone()) == Some(&**text) =>
            {
                self.end_address();
                self.run = found.end..range.end;
                return true;
            }
            _ if range.start < found.end => {
                // The address as far as it stands before the event; it may have become none.
                self.address = None;
                let rest = match autolink::web(self.source, found.start, range.start) {
                    Ok(Some(shorter)) => {
                        self.found(shorter);
                        shorter.end
                    }
                    _ => found.start,
                };
                self.source_text(rest..range.start);
            }
            _ => {}
        }
        self.end_address();
        false
    }

    fn end_address(&mut self) {
        self.swallowed = 0;
        if let Some(found) = self.address.take() {
            self.found(found);
        }
    }

    fn found(&mut self, found: Found) {
        // An address copied out of HTML has its ampersands written so.
        let url = self.source[found.start..found.end].replace("&amp;", "&");
        let full = format!("{}{url}", found.prefix);
        let close = self.link("", &full, "");
        escape(&mut self.out, &url, &mut self.shown);
        self.out.push_str(close);
    }

    fn source_text(&mut self, range: Range<usize>) {
        escape(
            &mut self.out,
            self.source.get(range).unwrap_or_default(),
            &mut self.shown,
        );
    }
}

/// The box of a task.
pub(super) fn task_box(done: bool) -> &'static str {
    if done { "☑" } else { "☐" }
}

/// The language of a code block: the first word of its info string, if it is a plain name.
fn language(kind: &CodeBlockKind) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else {
        return None;
    };
    let name = info.split_whitespace().next()?.to_ascii_lowercase();
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+#-".contains(&b));
    (plain && name.len() <= MAX_LANGUAGE).then_some(name)
}
