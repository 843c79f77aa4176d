//! What a model is taught of a comment: numbers, not words.

use super::features::features;
use super::{Author, FORMAT};
use crate::domain::judgement::writing::Writing;

/// The traits of a comment, each bucket once.
#[derive(Debug, Clone, PartialEq)]
pub struct Traits(Vec<(u16, f32)>);

impl Traits {
    /// The traits of a comment on a page of that title.
    pub fn of(writing: &Writing, title: Option<&str>, author: Author) -> Self {
        let mut traits: Vec<(u16, f32)> = Vec::new();
        features(writing, title, author, &mut |feature, value| {
            traits.push((feature.bucket(), value));
        });
        traits.sort_unstable_by_key(|entry| entry.0);
        traits.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self(traits)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, f32)> {
        self.0.iter().copied()
    }

    /// The traits as bytes, to be stored: six for each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let traits = self.0.iter();
        let traits = traits.flat_map(|(bucket, value)| {
            let (bucket, value) = (bucket.to_le_bytes(), value.to_le_bytes());
            bucket.into_iter().chain(value)
        });
        FORMAT.to_le_bytes().into_iter().chain(traits).collect()
    }

    /// The traits that were stored so; `None` when it was by a Postil that looked at comments otherwise.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (format, traits) = bytes.split_first_chunk()?;
        let (traits, rest) = traits.as_chunks::<6>();
        if u32::from_le_bytes(*format) != FORMAT || !rest.is_empty() {
            return None;
        }
        let traits = traits.iter().map(|[b0, b1, v @ ..]| {
            let bucket = u16::from_le_bytes([*b0, *b1]);
            (bucket, f32::from_le_bytes(*v))
        });
        Some(Self(traits.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::prior::writing;
    use super::*;

    #[test]
    fn they_are_stored_to_the_bit_and_give_no_word_away() {
        let traits = Traits::of(
            &writing("Ada lives in Löwenstraße 7"),
            None,
            Author::default(),
        );
        let bytes = traits.to_bytes();
        assert_eq!(Traits::from_bytes(&bytes), Some(traits));
        assert_eq!(Traits::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Traits::from_bytes(&bytes[1..]), None);
        assert!(!String::from_utf8_lossy(&bytes).contains("Ada"));
    }

    #[test]
    fn the_longest_comment_has_some_thousands() {
        let words: Vec<String> = (0..9_000_u32)
            .map(|n| format!("{n:x}{:x}", n * 7_919))
            .collect();
        let traits = Traits::of(&writing(&words.join(" ")), None, Author::default());
        assert!(traits.to_bytes().len() < 60_000, "{}", traits.0.len());
    }
}
