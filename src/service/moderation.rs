//! Moderators' decisions about comments: each is one transaction, with its line in the record.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use super::drafts;
use super::lessons;
use super::passages;
use super::publishing;
use super::reports;
use crate::domain::id::{CommentId, PersonId};
use crate::domain::judgement::Reason;
use crate::domain::moderation::Action;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Role, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment};
use crate::store::drafts::{self as stored, Draft};
use crate::store::events::{self, Locked};
use crate::store::lessons as told;
use crate::store::types::Named;
use crate::store::verdicts::{self, Verdict};
use crate::store::{Store, Tx, people, queue, sites, tallies};

/// How many comments a decision about a person reaches.
pub const REACH: usize = 1000;

/// How many comments are decided about at a time: enough to share SQLite's commits, and to leave
/// PostgreSQL's connections to others.
const AT_ONCE: usize = 8;

/// How many roots of a thread may be pinned.
const PINS: i64 = 10;

/// A decision, whatever it is about.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is to be done.
    pub action: Action,
    /// Why: a code of the site's list.
    pub reason: Option<String>,
    /// Why, for other moderators.
    pub note: Option<String>,
    /// Where the comment stood when it was read; if it does not any more, nothing is decided.
    pub from: Option<Status>,
    /// Whether it is about the comment as a whole, also where only a new text of it waits.
    pub whole: bool,
}

/// A comment that is decided about.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Which.
    pub id: CommentId,
    /// The text that was read; when it was edited since, nothing is decided.
    pub revision: Option<i64>,
}

/// What became of one comment of a decision.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    id: CommentId,
    /// Whether it is now as the action wants it.
    pub ok: bool,
    status: Option<Status>,
    code: Option<&'static str>,
    /// What was wrong.
    pub detail: Option<String>,
}

/// Carries a decision out on each of these comments, and tells what became of each, in their order.
/// One that fails does not stop the others; one that is named twice is decided about once.
///
/// # Errors
/// [`Error::Unauthorized`] or [`Error::Forbidden`] when the caller decides nowhere; an outage.
pub async fn decide(
    store: &Store,
    caller: &Caller,
    decision: &Decision,
    targets: &[Target],
    now: Time,
) -> Result<Vec<Decided>> {
    let least = match decision.action {
        Action::Pin | Action::Unpin => Role::Author,
        _ => Role::Moderator,
    };
    let authority = caller.in_place().must_be(least)?;
    caller.in_place().must_change(least, authority.site)?;
    let mut each: Vec<Target> = Vec::new();
    for target in targets {
        if !each.iter().any(|other| other.id == target.id) {
            each.push(*target);
        }
    }
    let outcomes: Vec<_> = stream::iter(each)
        .map(|target| {
            let (caller, decision) = (caller.clone(), decision.clone());
            async move {
                let work = store.write(move |tx| decide_one(tx, &caller, &decision, target, now));
                (target.id, work.await)
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut decided = HashMap::new();
    for (id, outcome) in outcomes {
        let answer = match outcome {
            Ok(status) => Decided {
                id,
                ok: true,
                status: Some(status),
                code: None,
                detail: None,
            },
            Err(error) if error.is_outage() => return Err(error),
            Err(error) => Decided {
                id,
                ok: false,
                status: None,
                code: Some(error.code()),
                detail: Some(error.to_string()),
            },
        };
        decided.insert(id, answer);
    }
    let answers = targets.iter().filter_map(|target| decided.get(&target.id));
    Ok(answers.cloned().collect())
}

/// What of a person's comments a decision would change, at most [`REACH`], and whether there is more.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is not known where the caller decides.
pub async fn targets_of(
    store: &Store,
    caller: &Caller,
    person: PersonId,
    since: Option<Time>,
    action: Action,
) -> Result<(Vec<Target>, bool)> {
    caller.must_be(Role::Moderator)?;
    let caller = caller.clone();
    store
        .read(move |conn| {
            let found = people::by_id(conn, person)?.ok_or(Error::NotFound)?;
            if !caller.has(Role::Moderator, found.site_id) {
                return Err(Error::NotFound);
            }
            let but = match action {
                Action::Approve => vec![Status::Deleted, Status::Published],
                Action::Reject => vec![Status::Deleted, Status::Rejected],
                Action::Spam => vec![Status::Deleted, Status::Spam],
                Action::Trash => vec![Status::Deleted, Status::Trash],
                _ => vec![Status::Deleted, Status::Published, Status::Pending],
            };
            let most = REACH as i64 + 1;
            let mut ids = queue::of_person_since(conn, person, since, &but, most)?;
            let more = ids.len() > REACH;
            ids.truncate(REACH);
            let targets = ids.into_iter().map(|id| Target { id, revision: None });
            Ok((targets.collect(), more))
        })
        .await
}

/// Carries a decision out on one comment, as it stands behind its thread's lock; gives where it stands then.
pub(super) fn decide_one(
    tx: &mut Tx,
    caller: &Caller,
    decision: &Decision,
    target: Target,
    now: Time,
) -> Result<Status> {
    let found = comments::by_id(tx, target.id)?.ok_or(Error::NotFound)?;
    // A comment of another site is not there for this moderator.
    let rights = caller.in_place();
    if !rights.has(Role::Author, found.site_id) {
        return Err(Error::NotFound);
    }
    // Read again behind the lock: somebody may have decided about it meanwhile.
    let (mut thread, mut comment) = Locked::around(tx, target.id)?;
    let may = match decision.action {
        Action::Pin | Action::Unpin => rights.directs(&thread),
        _ => rights.has(Role::Moderator, found.site_id),
    };
    if !may {
        return Err(Error::Forbidden("Your role does not reach this."));
    }
    let draft = waiting(tx, &comment)?;
    let (status, revision) = read_as(&comment, draft.as_ref());
    let is_other_text = target.revision.is_some_and(|read| read != revision);
    let is_elsewhere = decision.from.is_some_and(|from| from != status);
    if is_other_text || is_elsewhere {
        return Err(Error::Changed);
    }
    let reason = reason(tx, &comment, decision.reason.as_deref())?;
    carry_out(tx, caller, decision, &mut thread, &mut comment, reason, now)
}

/// Does what was decided, with all that follows from it; gives where the comment stands then. What is
/// so already stays as it is, and leaves no line in the record. Where a new text waits beside the one that everybody reads, the
/// decision is about the new one.
pub(super) fn carry_out(
    tx: &mut Tx,
    caller: &Caller,
    decision: &Decision,
    thread: &mut Locked,
    comment: &mut Comment,
    reason: Option<Reason>,
    now: Time,
) -> Result<Status> {
    let last = verdicts::of(tx, comment.id)?;
    let taken_back = last.as_ref().filter(|verdict| !verdict.undone);
    let was = taken_back.map(|verdict| *verdict.was);
    let to = decision
        .action
        .leads_to(*comment.status, was)
        .map_err(|sentence| Error::Conflict(sentence.into()))?;
    let Some(to) = to else {
        return pin(tx, caller, decision, thread, comment, now);
    };
    // What was decided about one text is not taken back for another; `drafts::undo` looks at those that waited.
    let is_of_other = |last: &Verdict| last.draft.is_none() && !last.is_about(comment);
    if decision.action == Action::Undo && last.as_ref().is_some_and(is_of_other) {
        return Err(drafts::changed());
    }
    let draft = waiting(tx, comment)?;
    // What everybody reads stays when only a new text is turned down.
    let is_text = draft.is_some() && decision.action == Action::Reject && !decision.whole;
    let to = if is_text { *comment.status } else { to };
    let is_settled = *comment.status == to
        && draft.is_none()
        && comment.reports == 0
        && (decision.action == Action::Restore
            || last.as_ref().is_some_and(|verdict| {
                *verdict.action == decision.action && verdict.is_about(comment)
            }));
    if is_settled {
        return Ok(to);
    }
    let from = *comment.status;
    let (shown, revision) = read_as(comment, draft.as_ref());
    let grounds = reason.as_ref().map(|reason| reason.detail.clone());
    let reasons = match (decision.action, &last) {
        (Action::Undo, Some(last)) => last.was_reasons.to_vec(),
        (Action::Restore, _) => vec![Reason::restored()],
        _ => reason.into_iter().collect(),
    };
    let verdict = Verdict {
        comment_id: comment.id,
        action: Named(decision.action),
        was: Named(from),
        was_reasons: match &draft {
            Some(draft) => draft.reasons.clone(),
            None => comment.reasons.clone(),
        },
        at: now,
        draft: draft.as_ref().map(|draft| draft.revision),
        prior_action: last.as_ref().map(|last| last.action),
        prior_at: last.as_ref().map(|last| last.at),
        lesson: told::standing(tx, comment.id)?,
        undone: false,
    };
    match (decision.action, &last) {
        (Action::Undo, Some(last)) => reports::reopen(tx, comment, last)?,
        _ if is_text => {}
        _ => reports::settle(tx, comment, to, grounds.as_deref(), now)?,
    }
    match (decision.action, &last) {
        (Action::Reject, _) if is_text => drafts::turn_down(tx, comment, reasons, now)?,
        (Action::Approve, _) if draft.is_some() => drafts::publish(tx, thread, comment, now)?,
        (Action::Undo, Some(last)) if last.draft.is_some() => {
            drafts::undo(tx, thread, comment, last, now)?;
        }
        _ => stand(tx, thread, comment, to, reasons, now)?,
    }
    match (decision.action, &last) {
        // Whoever approves a comment has read the words that it quotes.
        (Action::Approve, _) => passages::approve(tx, thread, comment, true, now)?,
        (Action::Undo, Some(last)) if *last.action == Action::Approve => {
            passages::approve(tx, thread, comment, false, now)?;
        }
        (Action::Undo, Some(last)) if last.prior_action == Some(Named(Action::Approve)) => {
            passages::approve(tx, thread, comment, true, now)?;
        }
        (Action::Reject | Action::Spam | Action::Trash, Some(last))
            if *last.action == Action::Approve && !is_text =>
        {
            passages::approve(tx, thread, comment, false, now)?;
        }
        _ => {}
    }
    remember(tx, decision, comment, last.as_ref(), &verdict, now)?;
    let act = Act {
        site: Some(comment.site_id),
        action: decision.action.word(),
        object: "comment",
        reason: decision.reason.as_deref(),
        note: decision.note.as_deref(),
        was: json!({"status": shown, "revision": revision}),
        became: json!({"status": to}),
    };
    audit::record(tx, Some(caller), comment.id, &act, now)?;
    Ok(to)
}

/// The new text of a comment that waits, if one does.
fn waiting(tx: &mut Tx, comment: &Comment) -> Result<Option<Draft>> {
    match comment.draft {
        true => stored::of(tx, comment.id),
        false => Ok(None),
    }
}

/// Where a comment stands, and in which text, as moderators see it.
fn read_as(comment: &Comment, draft: Option<&Draft>) -> (Status, i64) {
    match draft {
        Some(draft) => (Status::Pending, draft.revision),
        None => (*comment.status, comment.revision),
    }
}

/// Moves a comment from where it stands to where it shall.
fn stand(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    to: Status,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    match (*comment.status, to) {
        (Status::Published, Status::Published) => queue::note(tx, comment.id, now),
        (_, Status::Published) => publishing::publish(tx, thread, comment, now),
        (Status::Published, _) => publishing::withdraw(tx, thread, comment, to, reasons, now),
        _ => publishing::hold(tx, comment, to, reasons, now),
    }
}

/// Keeps the verdict, the person's record and the day's numbers.
fn remember(
    tx: &mut Tx,
    decision: &Decision,
    comment: &Comment,
    last: Option<&Verdict>,
    verdict: &Verdict,
    now: Time,
) -> Result<()> {
    let stands = match decision.action {
        Action::Undo => last.and_then(Verdict::prior),
        _ => Some(verdict.clone()),
    };
    match &stands {
        Some(verdict) => verdicts::put(tx, verdict)?,
        None => verdicts::forget(tx, comment.id)?,
    }
    count(tx, comment, last, stands.as_ref())?;
    let mut counted = vec![(decision.action.word().to_owned(), 1)];
    if last.is_none() {
        let waited = now.seconds() - comment.created_at.seconds();
        counted.push(("decided".to_owned(), 1));
        counted.push(("decision_seconds".to_owned(), waited.max(0)));
    }
    counted.sort_unstable();
    for (name, count) in counted {
        let (site, thread) = (comment.site_id, comment.thread_id);
        tallies::add(tx, site, now.day(), &name, thread, count)?;
    }
    match (decision.action, last) {
        (Action::Undo, Some(last)) => lessons::take_back(tx, comment.id, last.lesson),
        _ => lessons::follow(tx, decision.action, comment),
    }
}

/// Has the record of whoever wrote the comment say what stands of the decisions about it.
fn count(
    tx: &mut Tx,
    comment: &Comment,
    last: Option<&Verdict>,
    stands: Option<&Verdict>,
) -> Result<()> {
    let counts = |verdict: Option<&Verdict>| verdict.map_or((0, 0), |v| v.action.counts_as());
    let (before, after) = (counts(last), counts(stands));
    if before == (0, 0) && after == (0, 0) {
        return Ok(());
    }
    // Also where it changes nothing: from here on nobody else decides about this person.
    let (approved, rejected) = (after.0 - before.0, after.1 - before.1);
    people::count_decisions(tx, comment.person_id, approved, rejected)?;
    let rejected_at = match stands {
        Some(verdict) if after.1 > 0 && !verdict.undone => Some(verdict.at),
        _ if before.1 == 0 && after.1 == 0 => return Ok(()),
        _ => verdicts::last_rejected(tx, comment.person_id)?,
    };
    people::set_rejected_at(tx, comment.person_id, rejected_at)
}

/// What the site's list says of the reason that was given.
fn reason(tx: &mut Tx, comment: &Comment, code: Option<&str>) -> Result<Option<Reason>> {
    let Some(code) = code else {
        return Ok(None);
    };
    let site = sites::by_id(tx, comment.site_id)?.ok_or(Error::NotFound)?;
    let known = site.policy.decision_reason(code).ok_or(Error::Reason)?;
    Ok(Some(Reason::new(known.code.as_str(), known.text.as_str())))
}

/// Pins a root, or lets it go.
fn pin(
    tx: &mut Tx,
    caller: &Caller,
    decision: &Decision,
    thread: &mut Locked,
    comment: &Comment,
    now: Time,
) -> Result<Status> {
    let pinned = decision.action == Action::Pin;
    if comment.pinned == pinned {
        return Ok(*comment.status);
    }
    if pinned {
        if *comment.status != Status::Published || comment.parent_id.is_some() {
            let detail = "Only a published comment that answers no other can be pinned.";
            return Err(Error::Conflict(detail.into()));
        }
        if comments::pinned(tx, thread.id)?.len() as i64 >= PINS {
            let detail = format!("A thread has at most {PINS} pinned comments.");
            return Err(Error::Conflict(detail));
        }
    }
    comments::pin(tx, comment.id, pinned)?;
    if *comment.status == Status::Published {
        events::append(tx, thread, EventKind::CommentUpdated, Some(comment.id), now)?;
    }
    let act = Act {
        site: Some(comment.site_id),
        action: decision.action.word(),
        object: "comment",
        reason: decision.reason.as_deref(),
        note: decision.note.as_deref(),
        was: json!({"pinned": !pinned}),
        became: json!({"pinned": pinned}),
    };
    audit::record(tx, Some(caller), comment.id, &act, now)?;
    Ok(*comment.status)
}
