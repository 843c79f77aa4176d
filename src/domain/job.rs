//! Long work: of which kinds it is, and how it stands.

use serde::Serialize;

use super::word::{Role, Word};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Applies a changed form of pages' addresses to a site's threads.
    Addresses,
    /// Brings what is left of a large join of two threads to its end, or of undoing one.
    Join,
    /// Makes the stored HTML of a site's comments anew.
    Rerender,
}

impl JobKind {
    /// The role on its site that may begin, see and cancel it; everywhere, for one that has no site.
    pub fn role(self) -> Role {
        match self {
            Self::Addresses | Self::Rerender => Role::Admin,
            Self::Join => Role::Moderator,
        }
    }
}

impl Word for JobKind {
    const ALL: &'static [Self] = &[Self::Addresses, Self::Join, Self::Rerender];

    fn word(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Join => "join",
            Self::Rerender => "rerender",
        }
    }
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Nobody has taken a step yet.
    Waiting,
    /// Its steps are being taken.
    Running,
    /// It came to its end.
    Done,
    /// Somebody stopped it.
    Cancelled,
    /// It cannot go on.
    Failed,
}

impl Word for JobState {
    const ALL: &'static [Self] = &[
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}
