//! Addresses that stand in the text as they are: GFM's "autolinks (extension)", read on the source.
//!
//! Every look ahead or back is bounded by a longest length, so that no flood of almost-addresses is scanned twice over.

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
            b'@' => mail(bytes, at, from, to),
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
    // A cell of a table begins after its `|`.
    let (host, prefix) =
        if starts("www.") && before.is_none_or(|c| c.is_whitespace() || "*_~(|".contains(c)) {
            (start, "http://")
        } else if let Some(scheme) = ["http://", "https://"]
            .into_iter()
            .find(|scheme| starts(scheme))
            && before.is_none_or(|c| !c.is_alphanumeric())
        {
            (start + scheme.len(), "")
        } else {
            return Ok(None);
        };
    let Some(host_end) = host_end(source, host, bytes.len()) else {
        return Ok(None);
    };
    let end = source[host_end..bytes.len()]
        .char_indices()
        .take_while(|(at, _)| *at <= MAX_URL)
        .find(|(_, c)| c.is_whitespace() || c.is_control() || *c == '<')
        .map_or(bytes.len(), |(at, _)| host_end + at);
    if end - start > MAX_URL {
        return Err(TooLong {
            end: source.floor_char_boundary(host_end + MAX_URL),
        });
    }
    let end = trimmed(&bytes[..end], host);
    let has_dot = bytes[host..end.min(host_end)].contains(&b'.');
    Ok(has_dot.then_some(Found { start, end, prefix }))
}

/// Where a valid domain that begins at `start` ends: letters, digits, `-` and `_` in segments parted by periods, at least
/// two of them, no `_` in the last two.
fn host_end(source: &str, start: usize, limit: usize) -> Option<usize> {
    let name = &source[start..limit];
    let length = name
        .char_indices()
        .take(MAX_HOST + 1)
        .find(|(_, c)| !(c.is_alphanumeric() || "-_.".contains(*c)))
        .map_or(name.len(), |(at, _)| at);
    if length > MAX_HOST {
        return None;
    }
    let segments: Vec<&str> = name[..length].trim_end_matches('.').split('.').collect();
    let valid = segments.len() > 1
        && segments
            .iter()
            .rev()
            .take(2)
            .all(|s| !s.is_empty() && !s.contains('_'));
    valid.then_some(start + length)
}

/// The end of an address without the punctuation of the sentence around it: GFM's "extended autolink path validation".
fn trimmed(bytes: &[u8], start: usize) -> usize {
    let count = |b: u8| bytes[start..].iter().filter(|c| **c == b).count();
    let (opening, mut closing) = (count(b'('), count(b')'));
    let mut end = bytes.len();
    while end > start {
        match bytes[end - 1] {
            b'?' | b'!' | b'.' | b',' | b':' | b'*' | b'_' | b'~' | b'\'' | b'"' => end -= 1,
            b')' if closing > opening => {
                closing -= 1;
                end -= 1;
            }
            b';' => {
                let name = bytes[start..end - 1]
                    .iter()
                    .rev()
                    .take_while(|b| b.is_ascii_alphanumeric())
                    .count();
                let entity = name > 0 && bytes[start..end - 1 - name].last() == Some(&b'&');
                end -= if entity { name + 2 } else { 1 };
            }
            _ => break,
        }
    }
    end
}

/// The mail address around the `@` at `at`, within `from..to`.
fn mail(bytes: &[u8], at: usize, from: usize, to: usize) -> Option<Found> {
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
    let domain = &bytes[at + 1..at + 1 + host];
    let host = host - domain.iter().rev().take_while(|b| **b == b'.').count();
    let domain = &domain[..host];
    let valid = domain.contains(&b'.')
        && domain.split(|b| *b == b'.').all(|s| !s.is_empty())
        && !matches!(domain.last(), Some(b'-' | b'_'))
        // What a backslash cut off belongs to the address, which is then meant to be text.
        && bytes[..at - local].last() != Some(&b'\\')
        && bytes.get(at + 1 + host) != Some(&b'@');
    valid.then_some(Found {
        start: at - local,
        end: at + 1 + host,
        prefix: "mailto:",
    })
}
