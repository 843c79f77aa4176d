//! Addresses that stand in the text as they are: GFM's "autolinks (extension)", read on the source.
//!
//! GFM knows where an address ends in English. Here it ends where a reader of any language would end it (`script.rs`): at
//! the marks of Chinese and Japanese sentences, at the quotation marks of all languages, before letters that go on without a space.
//! Letters beyond ASCII are part of it, as browsers show them.
//!
//! Every look ahead or back is bounded by a longest length, so that no flood of almost-addresses is scanned twice over.

use unicode_normalization::char::is_combining_mark;

use super::script::{ends_an_address, is_arabic_stop, is_symbol, is_unspaced, trails};

/// The longest address made a link, in bytes; a longer one stays text.
const MAX_URL: usize = 2048;
/// The longest host name (RFC 1035, 2.3.4) and the longest local part of an address (RFC 5321, 4.5.3.1.1), in bytes.
const MAX_HOST: usize = 253;
const MAX_LOCAL: usize = 64;

/// An address in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    /// What `href` needs before the address as written.
    pub prefix: &'static str,
}

/// The first address that begins in `source[from..to]`; a web address may reach beyond `to`, up to `limit`.
pub(super) fn find(source: &str, from: usize, to: usize, limit: usize) -> Option<Found> {
    let bytes = source.as_bytes();
    let mut at = from;
    while at < to {
        let found = match bytes[at] {
            b'h' | b'H' | b'w' | b'W' => match web(source, at, limit) {
                Err(TooLong { end }) => {
                    at = end;
                    continue;
                }
                Ok(found) => found,
            },
            b'@' => mail(source, at, from, to),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        at += 1;
    }
    None
}

/// An address longer than any made a link. The text up to `end` is part of it, and not searched for others.
pub(super) struct TooLong {
    end: usize,
}

/// The web address that begins at `start` and ends before `limit`.
pub(super) fn web(source: &str, start: usize, limit: usize) -> Result<Option<Found>, TooLong> {
    // The limit comes from the parser's ranges, which are not relied on: a wrong one must cost a link, not a panic.
    let limit = source.floor_char_boundary(limit.max(start));
    let bytes = &source.as_bytes()[..limit];
    let before = source[..start].chars().next_back();
    let starts = |with: &str| {
        bytes[start..]
            .get(..with.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()))
    };
    let (host, prefix) = if starts("www.") && before.is_none_or(may_precede_www) {
        (start, "http://")
    } else if let Some(scheme) = ["http://", "https://"]
        .into_iter()
        .find(|scheme| starts(scheme))
        && before.is_none_or(|c| !continues_a_word(c))
    {
        (start + scheme.len(), "")
    } else {
        return Ok(None);
    };
    let Some(name) = host_end(source, host, bytes.len()) else {
        return Ok(None);
    };
    let end = if name.is_whole {
        let path = port_end(&source[..bytes.len()], name.end);
        let end = match bytes.get(path) {
            Some(b'/' | b'?' | b'#') => path_end(&source[..bytes.len()], path, before),
            // A lone colon is the sentence's.
            _ if bytes[..path].ends_with(b":") => name.end,
            _ => path,
        };
        if end - start > MAX_URL {
            return Err(TooLong {
                end: source.floor_char_boundary(name.end + MAX_URL),
            });
        }
        trimmed(source, host, end)
    } else {
        name.end
    };
    let has_dot = bytes[host..end.min(name.end)].contains(&b'.');
    Ok(has_dot.then_some(Found { start, end, prefix }))
}

/// Whether a `www.` after this character begins an address. A cell of a table begins after its `|`.
fn may_precede_www(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_whitespace() || "*_~(|\"'[{<>".contains(c),
        false => is_unspaced(c) || !c.is_alphanumeric(),
    }
}

/// Whether what follows this character is the rest of a word, so that no address begins there. No word of another script
/// goes on in the letters of `http`.
fn continues_a_word(c: char) -> bool {
    c.is_alphanumeric() && matches!(c, '\0'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}')
}

/// Whether a text names a host as `www.example.org` does, without a scheme.
pub(super) fn is_bare_host(url: &str) -> bool {
    url.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("www."))
        && matches!(web(url, 0, url.len()), Ok(Some(found)) if found.start == 0)
}

/// A host's name in the source.
struct Host {
    end: usize,
    /// Whether a port or a path may follow: no letters of the sentence do.
    is_whole: bool,
}

/// The valid domain that begins at `start`: letters, digits, `-` and `_` in segments parted by periods, at least
/// two of them, no `_` in the last two.
fn host_end(source: &str, start: usize, limit: usize) -> Option<Host> {
    let name = &source[start..limit];
    let length = name
        .char_indices()
        .take(MAX_HOST + 1)
        .find(|(_, c)| !(c.is_alphanumeric() || "-_.".contains(*c) || is_combining_mark(*c)))
        .map_or(name.len(), |(at, _)| at);
    if length > MAX_HOST {
        return None;
    }
    let name = name[..length].trim_end_matches('.');
    // No top-level domain has letters of two scripts: those that follow Latin ones are the sentence's.
    let top = name.rfind('.').map_or(0, |dot| dot + 1);
    let whole = match name[top..].find(|c: char| !c.is_ascii()) {
        Some(strange) if strange > 0 => &name[..top + strange],
        _ => name,
    };
    let mut last = whole.rsplit('.');
    let valid = [last.next(), last.next()]
        .iter()
        .all(|segment| segment.is_some_and(|s| !s.is_empty() && !s.contains('_')));
    valid.then_some(match whole.len() == name.len() {
        true => Host {
            end: start + length,
            is_whole: true,
        },
        false => Host {
            end: start + whole.len(),
            is_whole: false,
        },
    })
}

/// Where the port ends that may begin at `start`: a colon, and a number unless a path follows (RFC 3986, 3.2.3).
fn port_end(source: &str, start: usize) -> usize {
    let Some(rest) = source[start..].strip_prefix(':') else {
        return start;
    };
    let length = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
    match length == 0 || rest[..length].parse::<u16>().is_ok() {
        true => start + 1 + length,
        false => start,
    }
}

/// Where the path, query and fragment end that begin at `start`; `before` is what stands before the address. Looks no
/// further than an address may be long.
fn path_end(source: &str, start: usize, before: Option<char>) -> usize {
    let is_quoted = matches!(before, Some('\u{2018}' | '\u{201A}' | '\u{203A}'));
    let mut open = [0_usize; 3];
    let mut last = source[..start].chars().next_back().unwrap_or(' ');
    // Whether the segment has letters of another script, as they are or encoded: then more of them may follow.
    let mut is_foreign = false;
    let mut chars = source[start..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        // After the Latin letters of an address, before those of a sentence that needs no space.
        let sentence_follows = last.is_ascii() && is_unspaced(next);
        let ends = at > MAX_URL
            || ends_an_address(c)
            || (!is_foreign && last.is_ascii_alphanumeric() && is_unspaced(c))
            || (!is_foreign && last.is_ascii() && is_symbol(c))
            || match c {
                '\u{2019}' => is_quoted || !next.is_alphanumeric() || is_unspaced(next),
                ',' | ';' | '!' | '.' | '\u{301C}' | '\u{FF5E}' => sentence_follows,
                '(' => {
                    open[0] += 1;
                    sentence_follows && last.is_ascii_alphanumeric()
                }
                '[' => {
                    open[1] += 1;
                    false
                }
                '{' => {
                    open[2] += 1;
                    false
                }
                ')' | ']' | '}' => {
                    let open = &mut open[")]}".find(c).unwrap_or_default()];
                    let is_balanced = *open > 0;
                    *open = open.saturating_sub(1);
                    !is_balanced && (is_unspaced(next) || ends_an_address(next))
                }
                _ => is_arabic_stop(c) && last.is_ascii() && next.is_alphanumeric(),
            };
        if ends {
            return start + at;
        }
        is_foreign = match c {
            '/' | '?' | '#' | '&' | '=' => false,
            '%' => true,
            _ => is_foreign || (!c.is_ascii() && c.is_alphanumeric()),
        };
        last = c;
    }
    source.len()
}

/// The end of an address without the punctuation of the sentence around it: GFM's "extended autolink path validation".
/// What comes in pairs stays as long as the pairs are whole.
fn trimmed(source: &str, start: usize, end: usize) -> usize {
    let count = |of: char| source[start..end].matches(of).count();
    let mut pairs = [('(', ')'), ('[', ']'), ('{', '}')]
        .map(|(open, close)| (close, count(close).saturating_sub(count(open))));
    // Marks of emphasis that the parser has not taken for any.
    let mut marks = ['*', '_', '~'].map(|mark| (mark, count(mark)));
    let mut end = end;
    while let Some(c) = source[start..end].chars().next_back() {
        if let Some((_, left)) = marks.iter_mut().find(|(mark, _)| *mark == c) {
            if *left % 2 == 0 {
                break;
            }
            *left -= 1;
        } else if let Some((_, excess)) = pairs.iter_mut().find(|(close, _)| *close == c) {
            if *excess == 0 {
                break;
            }
            *excess -= 1;
        } else if c == ';' {
            let text = &source.as_bytes()[start..end - 1];
            let name = text
                .iter()
                .rev()
                .take_while(|b| b.is_ascii_alphanumeric())
                .count();
            if name > 0 && text[..text.len() - name].last() == Some(&b'&') {
                end -= name + 1;
            }
        } else if !trails(c) && !"([{".contains(c) {
            break;
        }
        end -= c.len_utf8();
    }
    end
}

/// The mail address around the `@` at `at`, within `from..to`.
fn mail(source: &str, at: usize, from: usize, to: usize) -> Option<Found> {
    let bytes = source.as_bytes();
    let local = bytes[from..at].iter().rev().take(MAX_LOCAL + 1);
    let local = local
        .take_while(|b| b.is_ascii_alphanumeric() || b".-_+".contains(b))
        .count();
    let host = bytes[at + 1..to].iter().take(MAX_HOST + 1);
    let host = host
        .take_while(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        .count();
    if local == 0 || local > MAX_LOCAL || host > MAX_HOST {
        return None;
    }
    // `@user@example.social` is a handle; and a letter that no address may have here is part of a word, or of an address
    // that is not for us.
    let is_cut = |c: char| c == '@' || (!c.is_ascii() && c.is_alphanumeric() && !is_unspaced(c));
    let before = source[..at - local].chars().next_back();
    let after = source[at + 1 + host..].chars().next();
    if before.is_some_and(is_cut) || after.is_some_and(is_cut) {
        return None;
    }
    let domain = &bytes[at + 1..at + 1 + host];
    let host = host - domain.iter().rev().take_while(|b| **b == b'.').count();
    let domain = &domain[..host];
    let valid = domain.contains(&b'.')
        && domain.split(|b| *b == b'.').all(|s| !s.is_empty())
        && !matches!(domain.last(), Some(b'-' | b'_'))
        // What a backslash cut off belongs to the address, which is then meant to be text.
        && before != Some('\\');
    valid.then_some(Found {
        start: at - local,
        end: at + 1 + host,
        prefix: "mailto:",
    })
}
