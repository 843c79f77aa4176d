//! The source made harmless for the parser, whose time is linear but for two things: it walks the open quotes and lists again
//! for every line, and the pieces of the text again for every line of a link's title. Thousands of containers on one
//! line, or a title that runs on for thousands of lines, would take it seconds.
//!
//! Both are stopped by a backslash that makes a character what it would have been anyway, text. Only in a code block would
//! it show, and no body that somebody wrote to be read has either.

use std::borrow::Cow;

/// Quotes and list items that one line may open or continue. The writer shows no more levels than that anyway; lists that
/// nest by indentation pay for each level with the length of their lines and need no cap.
pub(super) const MAX_LEVELS: usize = 16;
/// Line breaks that the title of a link may span.
const MAX_TITLE_BREAKS: usize = 8;

/// The source with LF line ends, at most [`MAX_LEVELS`] containers opened on a line and no title of more than
/// [`MAX_TITLE_BREAKS`] line breaks. A body that has it so already is borrowed.
pub(super) fn prepare(source: &str) -> Cow<'_, str> {
    let source = if source.contains('\r') {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(source)
    };
    let mut escapes = endless_titles(&source);
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        // What follows a marker made text is text too, so that one backslash a line is enough.
        escapes.extend(excess(line).map(|at| start + at));
        start += line.len();
    }
    if escapes.is_empty() {
        return source;
    }
    escapes.sort_unstable();
    let mut escaped = String::with_capacity(source.len() + escapes.len());
    let mut done = 0;
    for at in escapes {
        escaped.push_str(&source[done..at]);
        escaped.push('\\');
        done = at;
    }
    escaped.push_str(&source[done..]);
    Cow::Owned(escaped)
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
