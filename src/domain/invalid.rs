//! What a parse at the door says when it refuses its input.

use std::fmt;

use serde_json::{Map, Value};

/// A refused value: a stable code for programs and one plain sentence for people. What the sentence names stands in `params`
/// as well, so that programs can say it in other words.
///
/// The sentence names the limit that was passed and never repeats private input (an e-mail address).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// One of the API's stable codes, such as `name_too_long`.
    pub code: &'static str,
    /// A whole sentence, such as "A name may have at most 60 characters."
    pub detail: String,
    /// The limits and values that the sentence names, by name.
    pub params: Map<String, Value>,
}

impl Invalid {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            params: Map::new(),
        }
    }

    /// The same, with one thing more that the sentence names.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_its_sentence() {
        let invalid = Invalid::new("slug_invalid", "A slug may not be empty.");
        assert_eq!(invalid.to_string(), "A slug may not be empty.");
    }
}
