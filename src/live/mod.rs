//! What is kept ready: pages as bytes, and streams of what changes.

pub mod answers;
pub mod pages;
pub mod streams;
