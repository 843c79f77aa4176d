//! Why a comment is held, in words for programs and for people. Whatever judges comments adds
//! its own codes here.

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
    /// The site, or the page, reads every comment before the public does.
    pub fn premoderated() -> Self {
        Self {
            code: "premoderated".into(),
            detail: "Every comment here is read by a moderator first.".into(),
        }
    }
}
