//! A comment as a site's adviser is told of it: what its readers would see, and what kind of person wrote it. No e-mail address
//! and no network is in it.

use serde::Serialize;

use crate::domain::id::{CommentId, PersonId};
use crate::domain::time::Time;
use crate::domain::word::Kind;
use crate::store::people::Person;

/// The message.
#[derive(Debug, Serialize)]
pub struct Submission {
    /// `comment.submitted`, or `comment.edited` for a new text of one.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it came.
    pub timestamp: Time,
    /// What came.
    pub data: Submitted,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Submitted {
    /// The site's slug.
    pub site: String,
    /// The page.
    pub url: String,
    /// What the page is called, where that is known.
    pub title: Option<String>,
    /// Which comment is edited; a new one has no id yet.
    pub comment_id: Option<CommentId>,
    /// What it answers.
    pub parent_id: Option<CommentId>,
    /// The Markdown.
    pub body: String,
    /// The same, rendered.
    pub body_html: String,
    /// Who writes.
    pub author: Author,
}

/// Who writes.
#[derive(Debug, Serialize)]
pub struct Author {
    id: Option<PersonId>,
    kind: Kind,
    name: Option<String>,
    website: Option<String>,
    verified: bool,
    approved: i64,
    rejected: i64,
}

impl Author {
    /// A person (nobody for a guest who is new), with the name and website that the comment is signed with.
    pub fn of(person: Option<&Person>, name: Option<String>, website: Option<String>) -> Self {
        Self {
            id: person.map(|person| person.id),
            kind: person.map_or(Kind::Guest, |person| *person.kind),
            name,
            website,
            verified: person.is_some_and(|person| person.verified),
            approved: person.map_or(0, |person| person.approved),
            rejected: person.map_or(0, |person| person.rejected),
        }
    }
}
