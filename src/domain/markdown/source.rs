//! The source made harmless for the parser, whose time is linear but for two things: it walks the open quotes and lists again
//! for every line, and the pieces of the text again for every line of a link's title. Thousands of containers on one
//! line, or a title that runs on for thousands of lines, would take it seconds.
//!
//! Both are stopped by a backslash that makes a character what it would have been anyway, text. Only in a code block would
//! it show, and no body that somebody wrote to be read has either.
//!
//! Two more things are read otherwise than the parser would read them: emphasis beside letters of Chinese, Japanese and
//! Korean, and footnotes, which are no extension of ours and whose texts a parser without it takes for definitions of links. There
//! a mark is put in that is punctuation to the parser and does not come out: [`Shown`] drops it wherever text leaves.

use std::borrow::Cow;

use super::escape::Shown;
use super::script::{is_cjk, is_cjk_punctuation, is_wide_punctuation};

/// Quotes and list items that one line may open or continue. The writer shows no more levels than that anyway; lists that
/// nest by indentation pay for each level with the length of their lines and need no cap.
pub(super) const MAX_LEVELS: usize = 16;
/// Line breaks that the title of a link may span.
const MAX_TITLE_BREAKS: usize = 8;

/// What stands for the mark: punctuation that hardly anybody writes (of Duployan shorthand, of SignWriting). Where a comment
/// has both it goes without.
const MARKS: [char; 2] = ['\u{1BC9F}', '\u{1DA8B}'];
/// The longest label of a footnote, in bytes.
const MAX_LABEL: usize = 100;

/// A source that is ready for the parser.
pub(super) struct Prepared<'s> {
    pub text: Cow<'s, str>,
    /// What was put in, and must not come out.
    pub mark: Option<char>,
}

impl Prepared<'_> {
    /// What of its characters may be shown.
    pub fn shown(&self) -> Shown {
        Shown::without(self.mark)
    }
}

/// The source with LF line ends, at most [`MAX_LEVELS`] containers opened on a line, no title of more than
/// [`MAX_TITLE_BREAKS`] line breaks, and its marks. A body that has it so already is borrowed.
pub(super) fn prepare(source: &str) -> Prepared<'_> {
    let source = if source.contains('\r') {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(source)
    };
    let mut inserted: Vec<(usize, char)> = endless_titles(&source)
        .into_iter()
        .map(|at| (at, '\\'))
        .collect();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        // What follows a marker made text is text too, so that one backslash a line is enough.
        inserted.extend(excess(line).map(|at| (start + at, '\\')));
        start += line.len();
    }
    let mark = MARKS.into_iter().find(|mark| !source.contains(*mark));
    if let Some(mark) = mark {
        inserted.extend(footnotes(&source).into_iter().map(|at| (at, mark)));
        inserted.extend(flanks(&source).into_iter().map(|at| (at, mark)));
    }
    if inserted.is_empty() {
        return Prepared {
            text: source,
            mark: None,
        };
    }
    inserted.sort_unstable();
    let mut text = String::with_capacity(source.len() + 4 * inserted.len());
    let mut done = 0;
    for (at, c) in inserted {
        text.push_str(&source[done..at]);
        text.push(c);
        done = at;
    }
    text.push_str(&source[done..]);
    Prepared {
        text: Cow::Owned(text),
        mark,
    }
}

/// Where a mark keeps the text of a footnote from being the definition of a link, which would vanish: before the colon of
/// `[^label]:`.
fn footnotes(source: &str) -> Vec<usize> {
    let labels = source.match_indices("[^").filter_map(|(start, _)| {
        let label = &source.as_bytes()[start + 2..];
        let length = label
            .iter()
            .take(MAX_LABEL)
            .position(|b| b"[]\n".contains(b))?;
        label[length..]
            .starts_with(b"]:")
            .then_some(start + 2 + length + 1)
    });
    labels.collect()
}

/// Where a mark lets emphasis begin or end that CommonMark would not see: it looks for spaces around punctuation, and these
/// scripts have none (`**好。**后`, `前**「好」**`). The CJK-friendly amendments have such marks of emphasis open and close as between two
/// letters; between two of punctuation they do just that. Marks that other scripts have too (`“`, `–`) do not show by themselves
/// that the text is of these scripts: the letter on the other side does.
fn flanks(source: &str) -> Vec<usize> {
    let mut found = Vec::new();
    if source.is_ascii() {
        return found;
    }
    let punctuation = |c: char| c.is_ascii_punctuation() || is_cjk_punctuation(c);
    let letter = |c: char| !c.is_whitespace() && !c.is_control() && !punctuation(c);
    let mut before = '\n';
    let mut rest = source.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c != '*' && c != '~' {
            before = c;
            continue;
        }
        let mut end = start + 1;
        while rest.next_if(|(_, next)| *next == c).is_some() {
            end += 1;
        }
        let after = rest.peek().map_or('\n', |(_, next)| *next);
        let is_cjk = is_cjk(before)
            || is_cjk(after)
            || is_wide_punctuation(before)
            || is_wide_punctuation(after);
        if is_cjk && punctuation(before) && letter(after) {
            found.push(end);
        } else if is_cjk && letter(before) && punctuation(after) {
            found.push(start);
        }
        before = c;
    }
    found
}

/// Where something begins that the parser would take for a title and follow for too many lines: what [`titles`] finds,
/// without the character that ends it, or fails it, near enough. Read from the end, since one made text ends no other.
fn endless_titles(source: &str) -> Vec<usize> {
    let bytes = source.as_bytes();
    let mut candidates = titles(bytes);
    let mut found = Vec::new();
    // Lines are counted from the end. Of each kind of title: the line of the nearest character that stops it.
    let (mut line, mut stops) = (0_usize, [0_usize; 3]);
    // A blank line ends the paragraph, and any title in it.
    let (mut blank_line, mut is_blank) = (0, true);
    for (at, byte) in bytes.iter().enumerate().rev() {
        if candidates.is_empty() {
            break;
        }
        let kind = match byte {
            b'"' => 0,
            b'\'' => 1,
            b'(' | b')' => 2,
            b'\n' => {
                if is_blank {
                    blank_line = line;
                }
                line += 1;
                is_blank = true;
                continue;
            }
            _ => {
                is_blank &= b" \t".contains(byte);
                continue;
            }
        };
        is_blank = false;
        let is_title = candidates.pop_if(|candidate| *candidate == at).is_some();
        if is_title && line - blank_line.max(stops[kind]) > MAX_TITLE_BREAKS {
            found.push(at);
        } else if !is_escaped(bytes, at) {
            stops[kind] = line;
        }
    }
    found
}

/// Every place where a title may begin, and some more: a quote or a parenthesis after white space or `>`, at most two lines
/// after a `](`. There may be a line break before the address, and one after it.
fn titles(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut breaks = 3;
    for (at, pair) in bytes.windows(2).enumerate() {
        match pair {
            b"](" => breaks = 0,
            [
                b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'>',
                b'"' | b'\'' | b'(',
            ] if breaks <= 2 => found.push(at + 1),
            [_, b'\n'] => breaks += 1,
            _ => {}
        }
    }
    found
}

fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at]
        .iter()
        .rev()
        .take_while(|b| **b == b'\\')
        .count()
        % 2
        == 1
}

/// Where on the line the first marker too many can be escaped.
fn excess(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let blank = |at: usize| bytes.get(at).is_none_or(|b| b" \t\n".contains(b));
    let (mut at, mut levels) = (0, 0);
    loop {
        at += bytes[at..]
            .iter()
            .take_while(|b| b" \t".contains(b))
            .count();
        let escape = match bytes.get(at)? {
            b'>' => at,
            b'-' | b'+' | b'*' if blank(at + 1) => at,
            b'0'..=b'9' => {
                let end = at
                    + bytes[at..]
                        .iter()
                        .take_while(|b| b.is_ascii_digit())
                        .count();
                if end - at > 9 || !matches!(bytes.get(end), Some(b'.' | b')')) || !blank(end + 1) {
                    return None;
                }
                end
            }
            _ => return None,
        };
        levels += 1;
        if levels > MAX_LEVELS {
            return (!is_rule(&bytes[escape..])).then_some(escape);
        }
        at = escape + 1;
    }
}

/// Whether the line ends in nothing but `- - -` or `* * *`: a thematic break, which nests nothing however long.
fn is_rule(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(first @ (b'-' | b'*')) if rest.iter().all(|b| b == first || b" \t\n".contains(b)))
}
