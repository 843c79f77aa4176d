//! `verdicts`: the last decision about each comment, and where it stood before.

use diesel::prelude::*;

use super::Conn;
use super::comments::Comment;
use super::connection::Run;
use super::schema::{comments, verdicts};
use super::types::{Json, Named};
use crate::domain::id::{CommentId, PersonId};
use crate::domain::judgement::Reason;
use crate::domain::moderation::Action;
use crate::domain::time::Time;
use crate::domain::word::Status;
use crate::error::Result;

/// A decision.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = verdicts)]
pub struct Verdict {
    /// About this comment.
    pub comment_id: CommentId,
    /// What was decided.
    pub action: Named<Action>,
    /// Where the comment stood before.
    pub was: Named<Status>,
    /// Why it was held there.
    pub was_reasons: Json<Vec<Reason>>,
    /// When.
    pub at: Time,
    /// The number of the new text that it was about, if the public read the one before meanwhile.
    pub draft: Option<i64>,
    /// The decision whose place it took.
    pub prior_action: Option<Named<Action>>,
    /// When that was.
    pub prior_at: Option<Time>,
    /// The [lesson](super::lessons) about the comment that stood before.
    pub lesson: Option<i64>,
    /// Whether it counts again since the one that had taken its place was taken back; then it is taken back no more.
    pub undone: bool,
}

impl Verdict {
    /// Whether it was about the text that the comment has now.
    pub fn is_about(&self, comment: &Comment) -> bool {
        self.at >= comment.edited_at.unwrap_or(comment.created_at)
    }

    /// The decision whose place this one took, as it counts again when this one is taken back.
    pub fn prior(&self) -> Option<Self> {
        Some(Self {
            action: self.prior_action?,
            at: self.prior_at?,
            draft: None,
            prior_action: None,
            prior_at: None,
            lesson: None,
            undone: true,
            ..self.clone()
        })
    }
}

/// The last decision about a comment.
pub fn of(conn: &mut Conn, id: CommentId) -> Result<Option<Verdict>> {
    Ok(verdicts::table.find(id).first(conn).optional()?)
}

/// Puts a decision in the place of the one before. The caller holds the thread's lock.
pub fn put(conn: &mut Conn, verdict: &Verdict) -> Result<()> {
    forget(conn, verdict.comment_id)?;
    diesel::insert_into(verdicts::table)
        .values(verdict)
        .execute(conn)?;
    Ok(())
}

/// When a comment of this person was last turned down, of what is turned down by the last decision about it.
pub fn last_rejected(conn: &mut Conn, person: PersonId) -> Result<Option<Time>> {
    let query = verdicts::table
        .inner_join(comments::table)
        .filter(comments::person_id.eq(person))
        .filter(verdicts::action.eq_any([Action::Reject, Action::Spam].map(Named)))
        .order(verdicts::at.desc())
        .select(verdicts::at);
    Ok(query.row(conn)?)
}

/// Forgets the last decision about a comment.
pub fn forget(conn: &mut Conn, id: CommentId) -> Result<()> {
    diesel::delete(verdicts::table.find(id)).execute(conn)?;
    Ok(())
}
