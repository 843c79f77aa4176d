//! Why a comment is held, in words for programs and for people. Whatever judges comments adds
//! its own codes here; the rooms beneath find them.

pub mod folding;
pub mod likeness;
pub mod spam;
pub mod words;
pub mod writing;

use serde::{Deserialize, Serialize};

/// One reason for which a comment waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs.
    pub code: String,
    /// A plain sentence.
    pub detail: String,
}

impl Reason {
    /// Enough people whom somebody vouches for have reported it.
    pub fn reported() -> Self {
        Self {
            code: "reported".into(),
            detail: "Readers have reported it.".into(),
        }
    }

    /// A moderator wants it decided again.
    pub fn restored() -> Self {
        Self {
            code: "restored".into(),
            detail: "A moderator put it back into the queue.".into(),
        }
    }

    /// The site, or the page, reads every comment before the public does.
    pub fn premoderated() -> Self {
        Self {
            code: "premoderated".into(),
            detail: "Every comment here is read by a moderator first.".into(),
        }
    }
}
