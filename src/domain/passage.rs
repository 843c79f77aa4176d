//! Passages: words of an article that a question or a remark is tied to, and how they are found again
//! when the article has changed.
//!
//! [`text`] defines the text that all offsets count in, [`selector`] what names a passage in it, and
//! [`anchor`] finds passages in a text. `docs/passages.md` says the same for those who write no Rust.

pub mod anchor;
mod distance;
mod drift;
mod judge;
mod meeting;
pub mod quoted;
pub mod rule;
mod seeds;
pub mod selector;
pub mod text;
mod words;
