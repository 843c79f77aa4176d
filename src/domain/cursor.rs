//! Where a list goes on: an opaque cursor over (sort key, id), never an offset.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::invalid::Invalid;

const VERSION: u8 = 1;

// version 1 | fingerprint of the query 8 | key 8 | id 16 | checksum 4
const BYTES: usize = 37;
const CHECKED: usize = BYTES - 4;

/// Characters of an encoded cursor: 37 bytes as base64url without padding (RFC 4648 §5).
pub const ENCODED_LENGTH: usize = 50;

/// The last row a reader has seen: its value in the column sorted by, and its id to break ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub id: [u8; 16],
}

impl Cursor {
    /// Writes the cursor for the list that `query` describes: whatever decides which rows are listed and in
    /// what order (route, thread, sort, filters), not the page size.
    ///
    /// It is opaque, not secret and not signed: it opens no row that the same query without it would not list.
    pub fn encode(&self, query: &str) -> String {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&fingerprint(query));
        bytes[9..17].copy_from_slice(&self.key.to_be_bytes());
        bytes[17..CHECKED].copy_from_slice(&self.id);
        let sum = checksum(&bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&sum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back. One that was cut, changed, made up, or taken from another query is `invalid_cursor`.
    pub fn decode(s: &str, query: &str) -> Result<Self, Invalid> {
        Self::read(s, query).ok_or_else(|| {
            Invalid::new(
                "invalid_cursor",
                "This cursor does not belong to this list; take it unchanged from `next` of the same query.",
            )
        })
    }

    fn read(s: &str, query: &str) -> Option<Self> {
        if s.len() != ENCODED_LENGTH {
            return None;
        }
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(s).ok()?.try_into().ok()?;
        let (checked, sum) = bytes.split_at(CHECKED);
        let (head, place) = checked.split_at(9);
        let whole =
            sum == checksum(checked) && head[0] == VERSION && head[1..] == fingerprint(query);
        if !whole {
            return None;
        }
        Some(Self {
            key: i64::from_be_bytes(place[..8].try_into().ok()?),
            id: place[8..].try_into().ok()?,
        })
    }
}

fn fingerprint(query: &str) -> [u8; 8] {
    first_bytes(b"postil cursor query\0", query.as_bytes())
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    first_bytes(b"postil cursor check\0", bytes)
}

/// The first `N` (at most 32) bytes of a SHA-256 bound to its purpose.
fn first_bytes<const N: usize>(purpose: &[u8], data: &[u8]) -> [u8; N] {
    let digest = Sha256::new_with_prefix(purpose)
        .chain_update(data)
        .finalize();
    std::array::from_fn(|i| digest[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nonsense_is_refused_with_its_code() {
        for s in [
            "",
            "x",
            "2",
            "null",
            &"A".repeat(50),
            &"A".repeat(5000),
            "é",
        ] {
            assert_eq!(Cursor::decode(s, "q").unwrap_err().code, "invalid_cursor");
        }
    }

    #[test]
    fn the_written_form_is_stable() {
        let cursor = Cursor {
            key: -1,
            id: [7; 16],
        };
        let written = cursor.encode("threads/1/comments?sort=newest");
        assert_eq!(written.len(), ENCODED_LENGTH);
        assert!(written.starts_with('A'), "the version byte comes first");
        assert!(Cursor::decode(&written[..49], "threads/1/comments?sort=newest").is_err());
        assert!(Cursor::decode(&format!("{written}="), "threads/1/comments?sort=newest").is_err());
    }

    proptest! {
        #[test]
        fn round_trip(key: i64, id: [u8; 16], query: String) {
            let cursor = Cursor { key, id };
            prop_assert_eq!(Cursor::decode(&cursor.encode(&query), &query), Ok(cursor));
        }

        #[test]
        fn another_query_is_refused(key: i64, id: [u8; 16], one: String, other: String) {
            prop_assume!(one != other);
            let cursor = Cursor { key, id };
            prop_assert!(Cursor::decode(&cursor.encode(&one), &other).is_err());
        }

        #[test]
        fn a_changed_byte_is_refused(key: i64, id: [u8; 16], at in 0..BYTES, flip in 1..=255u8) {
            let mut bytes = URL_SAFE_NO_PAD.decode(Cursor { key, id }.encode("q")).unwrap();
            bytes[at] ^= flip;
            prop_assert!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes), "q").is_err());
        }

        #[test]
        fn a_changed_character_is_refused(key: i64, id: [u8; 16], at in 0..ENCODED_LENGTH, c in "[A-Za-z0-9_-]") {
            let written = Cursor { key, id }.encode("q");
            let mut other = written.clone();
            other.replace_range(at..=at, &c);
            prop_assume!(other != written);
            prop_assert!(Cursor::decode(&other, "q").is_err());
        }

        #[test]
        fn never_panics(s: String, query: String) {
            let _ = Cursor::decode(&s, &query);
        }
    }
}
