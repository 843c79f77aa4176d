//! What a site's spam model is told: a lesson for each decision that says what spam is, which stands for as long as the decision
//! does. A decision that is taken back gives back the lesson whose place it took, where that was.

use crate::domain::id::CommentId;
use crate::domain::moderation::Action;
use crate::domain::word::Status;
use crate::error::Result;
use crate::store::comments::Comment;
use crate::store::lessons::{self, Lesson};
use crate::store::{Tx, models};

/// Writes down what a decision about a comment, other than `undo`, says to the model. The caller holds the thread's lock.
pub(super) fn follow(tx: &mut Tx, action: Action, comment: &Comment) -> Result<()> {
    let known = lessons::of_comment(tx, comment.id)?;
    // What the decision before had replaced cannot come back any more.
    for lesson in known.iter().filter(|lesson| !lesson.stands) {
        lessons::forget(tx, lesson)?;
    }
    let is_spam = match action {
        Action::Approve => Some(false),
        Action::Spam => Some(true),
        // Only a new text was turned down: the one that everybody reads is what it was.
        Action::Reject if *comment.status == Status::Published => return Ok(()),
        Action::Reject | Action::Restore => None,
        // What is put away is what it was.
        Action::Trash | Action::Pin | Action::Unpin | Action::Undo => return Ok(()),
    };
    if let Some(lesson) = known.iter().rfind(|lesson| lesson.stands) {
        let base = models::lock(tx, lesson.site_id)?;
        // What is a part of sums stays one: the new lesson follows it.
        if lesson.number > base {
            lessons::set_stands(tx, lesson, false)?;
            models::unlearn(tx, lesson.site_id, lesson.number)?;
        }
    }
    match is_spam {
        Some(is_spam) => lessons::tell(tx, comment.site_id, comment.id, comment.revision, is_spam),
        None => Ok(()),
    }
}

/// Takes back what the last decision about a comment told the model. `before` is the lesson that stood when it was made.
pub(super) fn take_back(tx: &mut Tx, comment: CommentId, before: Option<i64>) -> Result<()> {
    let known = lessons::of_comment(tx, comment)?;
    let stands = known.iter().rfind(|lesson| lesson.stands);
    // The decision was none about what spam is.
    if stands.map(|lesson| lesson.number) == before {
        return Ok(());
    }
    let Some(site) = known.first().map(|lesson| lesson.site_id) else {
        return Ok(());
    };
    let base = models::lock(tx, site)?;
    let is_told = |lesson: &&Lesson| lesson.stands && Some(lesson.number) > before;
    for lesson in known.iter().filter(is_told) {
        if lesson.number > base {
            lessons::forget(tx, lesson)?;
            models::unlearn(tx, site, lesson.number)?;
        }
    }
    let replaced = known.iter().find(|lesson| Some(lesson.number) == before);
    match replaced.filter(|lesson| !lesson.stands) {
        Some(lesson) if lesson.number > base => {
            lessons::set_stands(tx, lesson, true)?;
            models::unlearn(tx, site, lesson.number)
        }
        // Its place is a part of sums meanwhile, without it: it is learnt as the newest.
        Some(lesson) => {
            lessons::forget(tx, lesson)?;
            lessons::tell(tx, site, comment, lesson.revision, lesson.is_spam)
        }
        None => Ok(()),
    }
}

/// Forgets the lessons about a comment. What a model has learnt by them is a part of sums, and stays.
pub(super) fn erase(tx: &mut Tx, comment: CommentId) -> Result<()> {
    let known = lessons::of_comment(tx, comment)?;
    if let Some(lesson) = known.iter().rfind(|lesson| lesson.stands) {
        models::lock(tx, lesson.site_id)?;
        models::keep_learnt(tx, lesson.site_id, lesson.number)?;
    }
    for lesson in &known {
        lessons::forget(tx, lesson)?;
    }
    Ok(())
}
