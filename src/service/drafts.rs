//! New texts that wait. When an edit of a published comment is held, everybody goes on reading the text before, and only
//! the author and moderators see the new one. Such a text waits beside a published comment and nowhere else: what
//! withdraws the comment takes it in.

use super::{history, publishing};
use crate::domain::judgement::Reason;
use crate::domain::moderation::Action;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment, Text};
use crate::store::drafts::{self, Draft};
use crate::store::events::{self, Locked};
use crate::store::types::Json;
use crate::store::verdicts::Verdict;
use crate::store::{Conn, Tx, outbox, queue, revisions, tallies};

/// The number of a comment's next text: none that was ever read bears it.
pub(super) fn next_revision(tx: &mut Tx, comment: &Comment) -> Result<i64> {
    let draft = drafts::of(tx, comment.id)?;
    let last = draft.map_or(comment.revision, |draft| draft.revision);
    Ok(last.max(comment.revision) + 1)
}

/// Whether a text is another than what everybody reads, and than what waits beside it.
///
/// # Errors
/// [`Error::Database`].
pub(super) fn is_news(conn: &mut Conn, comment: &Comment, text: &str) -> Result<bool> {
    if comment.body == text {
        return Ok(false);
    }
    let draft = drafts::of(conn, comment.id)?.filter(|draft| draft.waits);
    Ok(draft.is_none_or(|draft| draft.body != text))
}

/// Lets a new text wait, in the place of one that does: then also for its reasons, where there are no others.
pub(super) fn hold(
    tx: &mut Tx,
    comment: &mut Comment,
    text: Text,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    let before = drafts::of(tx, comment.id)?.filter(|draft| draft.waits);
    let draft = Draft {
        comment_id: comment.id,
        revision: text.revision,
        body: text.body,
        body_html: text.body_html,
        reasons: match before {
            Some(before) if reasons.is_empty() => before.reasons,
            _ => Json::new(reasons),
        },
        waits: true,
        created_at: now,
    };
    put(tx, comment, &draft)?;
    queue::note(tx, comment.id, now)
}

fn put(tx: &mut Tx, comment: &mut Comment, draft: &Draft) -> Result<()> {
    drafts::put(tx, draft)?;
    if !std::mem::replace(&mut comment.draft, true) {
        count(tx, comment, 1)?;
    }
    Ok(())
}

/// Makes the text that waits the comment's own; the one before is kept. It goes on counting as waiting: the caller, who
/// knows where the comment goes, ends that.
pub(super) fn take_in(tx: &mut Tx, comment: &mut Comment) -> Result<()> {
    let Some(draft) = drafts::of(tx, comment.id)?.filter(|draft| draft.waits) else {
        return Ok(());
    };
    revisions::insert(tx, &history::present(comment))?;
    let text = Text {
        revision: draft.revision,
        body: draft.body,
        body_html: draft.body_html,
        edited_at: Some(draft.created_at),
    };
    rewrite(tx, comment, text)?;
    drafts::erase(tx, comment.id)
}

/// Lets everybody read the text that waits.
pub(super) fn publish(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    now: Time,
) -> Result<()> {
    take_in(tx, comment)?;
    comment.draft = false;
    count(tx, comment, -1)?;
    events::append(tx, thread, EventKind::CommentUpdated, Some(comment.id), now)?;
    queue::note(tx, comment.id, now)
}

/// Takes a decision about a text that waited back: it waits again, and everybody reads the one before.
///
/// # Errors
/// [`Error::Conflict`] when another was written since.
pub(super) fn undo(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    last: &Verdict,
    now: Time,
) -> Result<()> {
    let revision = last.draft.unwrap_or_default();
    let is_public = *comment.status == Status::Published;
    if is_public && *last.action == Action::Reject {
        wait_again(tx, comment, revision, &last.was_reasons)?;
    } else {
        give_back(tx, comment, revision, last.was_reasons.to_vec())?;
        if is_public {
            events::append(tx, thread, EventKind::CommentUpdated, Some(comment.id), now)?;
        } else {
            publishing::publish(tx, thread, comment, now)?;
        }
    }
    queue::note(tx, comment.id, now)
}

/// Turns the text that waits down, which may be taken back.
pub(super) fn turn_down(
    tx: &mut Tx,
    comment: &mut Comment,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    lay_aside(tx, comment, reasons, now)?;
    publishing::tell_author(tx, outbox::REJECTED, comment, now)
}

/// Lets the text that waits wait no more, without forgetting it: no other ever bears its number.
pub(super) fn lay_aside(
    tx: &mut Tx,
    comment: &mut Comment,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    drafts::set_waits(tx, comment.id, false, &Json::new(reasons))?;
    comment.draft = false;
    count(tx, comment, -1)?;
    queue::note(tx, comment.id, now)
}

/// Forgets the text that waits, or was turned down.
pub(super) fn forget(tx: &mut Tx, comment: &mut Comment) -> Result<()> {
    drafts::erase(tx, comment.id)?;
    if std::mem::replace(&mut comment.draft, false) {
        count(tx, comment, -1)?;
    }
    Ok(())
}

/// Lets a text that was turned down wait again.
fn wait_again(
    tx: &mut Tx,
    comment: &mut Comment,
    revision: i64,
    reasons: &Json<Vec<Reason>>,
) -> Result<()> {
    let draft = drafts::of(tx, comment.id)?;
    let draft = draft.filter(|draft| draft.revision == revision && !draft.waits);
    if draft.is_none() {
        return Err(changed());
    }
    drafts::set_waits(tx, comment.id, true, reasons)?;
    comment.draft = true;
    count(tx, comment, 1)
}

/// Lets a text that was taken in wait again, and gives the comment back the one before.
fn give_back(
    tx: &mut Tx,
    comment: &mut Comment,
    revision: i64,
    reasons: Vec<Reason>,
) -> Result<()> {
    let before = revisions::of(tx, comment.id, 1)?.pop();
    let before = before.filter(|_| comment.revision == revision && !comment.draft);
    let before = before.ok_or_else(changed)?;
    let draft = Draft {
        comment_id: comment.id,
        revision,
        body: comment.body.clone(),
        body_html: comment.body_html.clone(),
        reasons: Json::new(reasons),
        waits: true,
        created_at: comment.edited_at.unwrap_or(comment.created_at),
    };
    revisions::forget(tx, comment.id, before.revision)?;
    let is_first = before.created_at == comment.created_at;
    let text = Text {
        revision: before.revision,
        body: before.body,
        body_html: before.body_html,
        edited_at: (!is_first).then_some(before.created_at),
    };
    rewrite(tx, comment, text)?;
    put(tx, comment, &draft)
}

pub(super) fn changed() -> Error {
    Error::Conflict("Its text has changed since.".into())
}

/// Replaces a comment's text.
pub(super) fn rewrite(tx: &mut Tx, comment: &mut Comment, text: Text) -> Result<()> {
    comments::rewrite(tx, comment.id, &text)?;
    comment.revision = text.revision;
    comment.body = text.body;
    comment.body_html = text.body_html;
    comment.edited_at = text.edited_at;
    Ok(())
}

/// Counts what waits up or down.
fn count(tx: &mut Tx, comment: &Comment, difference: i64) -> Result<()> {
    let (site, thread) = (comment.site_id, comment.thread_id);
    let name = Status::Pending.word();
    tallies::add(tx, site, tallies::NOW, name, thread, difference)
}
