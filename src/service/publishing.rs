//! What the public sees come and go: the one place that changes a comment's standing, with the
//! counters, the tombstones and the log that follow from it.

use std::collections::BTreeMap;

use super::drafts;
use super::subscriptions;
use crate::domain::id::{CommentId, MailboxId, SiteId, ThreadId};
use crate::domain::judgement::{Outcome, Reason, Ruling};
use crate::domain::subscription::Frequency;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Status, Word};
use crate::error::Result;
use crate::store::comments::{self, Comment, Standing};
use crate::store::events::{self, Locked};
use crate::store::outbox::Call;
use crate::store::types::{Json, Named};
use crate::store::{self, Tx, mailboxes, outbox, page_hints, passages, queue, tallies, threads};

/// Work that is for nobody yet.
const NOBODY: MailboxId = MailboxId::from_uuid(uuid::Uuid::nil());

/// Stores a comment that was just sent, and does with it as was ruled.
pub fn receive(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    ruling: &Ruling,
    now: Time,
) -> Result<()> {
    let mut counted = vec!["received".to_owned()];
    let reasons = ruling.reasons.clone();
    comment.risk = ruling.risk();
    if ruling.outcome == Outcome::Publish {
        show(tx, thread, comment, None, now)?;
    } else {
        let status = match ruling.outcome {
            Outcome::Reject => Status::Rejected,
            _ => Status::Pending,
        };
        counted.extend(held_for(&reasons));
        comment.reasons = Json::new(reasons);
        comment.status = Named(status);
        comment.queued_at = (status == Status::Pending).then_some(now);
        comments::insert(tx, comment)?;
        tally(tx, comment, None, status)?;
    }
    count_today(tx, comment, &counted, now)
}

/// What a day's numbers say of something that is kept from the public: that, and why; not whether it is for good.
pub fn held_for(reasons: &[Reason]) -> Vec<String> {
    let why = reasons.iter().map(|reason| format!("held:{}", reason.code));
    std::iter::once("held".to_owned()).chain(why).collect()
}

/// Counts what happened to a comment today.
pub fn count_today(tx: &mut Tx, comment: &Comment, names: &[String], now: Time) -> Result<()> {
    count_on(tx, comment.site_id, comment.thread_id, names, now)
}

/// Counts what happened today on a site, in or about a thread.
pub fn count_on(
    tx: &mut Tx,
    site: SiteId,
    thread: ThreadId,
    names: &[String],
    now: Time,
) -> Result<()> {
    let mut names = names.to_vec();
    // See `tallies::add` for the order.
    names.sort_unstable();
    names.dedup();
    for name in names {
        tallies::add(tx, site, now.day(), &name, thread, 1)?;
    }
    Ok(())
}

fn tally(tx: &mut Tx, comment: &Comment, from: Option<Status>, to: Status) -> Result<()> {
    if from == Some(to) {
        return Ok(());
    }
    let mut moves = BTreeMap::from([(to.word(), 1)]);
    if let Some(from) = from {
        *moves.entry(from.word()).or_default() -= 1;
    }
    if comment.draft && from == Some(Status::Published) {
        // A text that waited waits no more by itself.
        *moves.entry(Status::Pending.word()).or_default() -= 1;
    }
    for (name, difference) in moves.into_iter().filter(|(_, by)| *by != 0) {
        let (site, thread) = (comment.site_id, comment.thread_id);
        tallies::add(tx, site, tallies::NOW, name, thread, difference)?;
    }
    Ok(())
}

/// Makes a comment visible. `comment` is not published now.
pub fn publish(tx: &mut Tx, thread: &mut Locked, comment: &mut Comment, now: Time) -> Result<()> {
    let from = *comment.status;
    show(tx, thread, comment, Some(from), now)
}

/// Makes a comment visible that stood at `from`; one that is not stored yet is stored so.
fn show(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    from: Option<Status>,
    now: Time,
) -> Result<()> {
    // What it answers may have been withdrawn while it waited: tombstones then mark the places. They
    // come first in the log, as in the thread.
    let mut stones = Vec::new();
    let mut above = vec![comment.parent_id, comment.reply_to];
    while let Some(next) = above.pop() {
        let Some(answered) = found(tx, next)? else {
            continue;
        };
        if !answered.listed && !stones.iter().any(|stone: &Comment| stone.id == answered.id) {
            above.extend([answered.parent_id, answered.reply_to]);
            stones.push(answered);
        }
    }
    stones.sort_by_key(|stone| (stone.published_at, stone.id));
    for stone in stones {
        comments::list(tx, stone.id, true)?;
        events::append(tx, thread, EventKind::CommentCreated, Some(stone.id), now)?;
    }
    if from.is_some() {
        if !thread.has_address()
            && let Some(hint) = page_hints::of(tx, comment.id)?
            && thread.url != hint.url
        {
            threads::set_url(tx, thread, &hint.url)?;
        }
        page_hints::erase(tx, comment.id)?;
    }
    // Only its first publication is news: who was told is not told again when it comes back.
    if comment.published_at.is_none() {
        // While threads are being joined, choices are on their way: whoever is told is found out later.
        if thread.joining || store::subscriptions::may_be_news(tx, comment)? {
            call(tx, outbox::PUBLISHED, comment, NOBODY, now)?;
        }
        if from.is_some() {
            // Where it came from when it was written is not known here, and does not matter: a moderator calls for the letter.
            subscriptions::ask_for(tx, comment, None, now)?;
            tell_author(tx, outbox::APPROVED, comment, now)?;
        }
    }
    if let Some(passage) = comment.passage_id {
        let passage = passages::count(tx, passage, 1)?;
        if passage.answer_count == 1 && !passage.planted {
            // It comes into sight, before what is said about it.
            events::append_passage(tx, thread, Some(passage.id), now)?;
        }
    }
    let at = events::append(tx, thread, EventKind::CommentCreated, Some(comment.id), now)?;
    if from.is_some() {
        stand(tx, comment, Status::Published, true, Some(at), Vec::new())?;
        queue::note(tx, comment.id, now)?;
    } else {
        set(comment, Status::Published, true, Some(at), Vec::new());
        comments::insert(tx, comment)?;
    }
    tally(tx, comment, from, Status::Published)?;
    threads::count(tx, thread.id, 1)?;
    count_beneath(tx, comment, 1)?;
    comments::touch(tx, comment.root_id, at)
}

/// Counts a published comment with all that it answers.
fn count_beneath(tx: &mut Tx, comment: &Comment, difference: i64) -> Result<()> {
    let path = comments::ancestors(tx, comment)?;
    let ids: Vec<CommentId> = path.iter().map(|ancestor| ancestor.id).collect();
    match ids.is_empty() {
        true => Ok(()),
        false => comments::count_replies(tx, &ids, difference),
    }
}

fn found(tx: &mut Tx, id: Option<CommentId>) -> Result<Option<Comment>> {
    match id {
        Some(id) => comments::by_id(tx, id),
        None => Ok(None),
    }
}

/// Takes a published comment out of sight, with the new text that waits, if one does; leaves a tombstone where something answers it.
pub fn withdraw(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    to: Status,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    if comment.draft {
        drafts::take_in(tx, comment)?;
    }
    let answered = comments::is_answered(tx, comment.id)?;
    if comment.pinned {
        // A tombstone has its place among the others.
        comments::pin(tx, comment.id, false)?;
        comment.pinned = false;
    }
    events::append(tx, thread, EventKind::CommentDeleted, Some(comment.id), now)?;
    if owes_reasons(to) {
        tell_author(tx, outbox::REJECTED, comment, now)?;
    }
    stand(tx, comment, to, answered, None, reasons)?;
    tally(tx, comment, Some(Status::Published), to)?;
    comment.draft = false;
    queue::note(tx, comment.id, now)?;
    threads::count(tx, thread.id, -1)?;
    if let Some(passage) = comment.passage_id {
        let passage = passages::count(tx, passage, -1)?;
        if !passage.is_public() {
            events::append_passage(tx, thread, Some(passage.id), now)?;
        }
    }
    count_beneath(tx, comment, -1)?;
    if answered {
        return Ok(());
    }
    // Tombstones that nothing answers any more go too, and then perhaps what they answered.
    let mut above = vec![comment.parent_id, comment.reply_to];
    while let Some(next) = above.pop() {
        let Some(stone) = found(tx, next)? else {
            continue;
        };
        let is_tombstone = stone.listed && *stone.status != Status::Published;
        if is_tombstone && !comments::is_answered(tx, stone.id)? {
            comments::list(tx, stone.id, false)?;
            events::append(tx, thread, EventKind::CommentDeleted, Some(stone.id), now)?;
            above.extend([stone.parent_id, stone.reply_to]);
        }
    }
    Ok(())
}

/// Moves a comment that the public does not see from one such state to another; it keeps its place
/// in the thread, if it has one, and the log stays silent.
pub fn hold(
    tx: &mut Tx,
    comment: &mut Comment,
    to: Status,
    reasons: Vec<Reason>,
    now: Time,
) -> Result<()> {
    let (from, listed) = (*comment.status, comment.listed);
    if from == Status::Pending && owes_reasons(to) {
        tell_author(tx, outbox::REJECTED, comment, now)?;
    }
    stand(tx, comment, to, listed, None, reasons)?;
    tally(tx, comment, Some(from), to)?;
    queue::note(tx, comment.id, now)
}

/// Whether who wrote a comment is told why it goes there. Spam is not answered, and whoever takes their own comment back knows.
fn owes_reasons(to: Status) -> bool {
    matches!(to, Status::Rejected | Status::Trash)
}

/// Calls for a letter to whoever wrote a comment, if they have an address that they answered from.
pub(super) fn tell_author(
    tx: &mut Tx,
    kind: &'static str,
    comment: &Comment,
    now: Time,
) -> Result<()> {
    match mailboxes::of_person(tx, comment.person_id, 1)?.first() {
        Some(mailbox) => call(tx, kind, comment, mailbox.id, now),
        None => Ok(()),
    }
}

fn call(
    tx: &mut Tx,
    kind: &'static str,
    comment: &Comment,
    recipient: MailboxId,
    now: Time,
) -> Result<()> {
    let call = Call {
        kind,
        subject: comment.id.cast(),
        recipient,
        site: comment.site_id,
        thread: Some(comment.thread_id),
        cadence: Frequency::Instant,
        causes: Vec::new(),
    };
    outbox::post(tx, &call, now)
}

fn stand(
    tx: &mut Tx,
    comment: &mut Comment,
    status: Status,
    listed: bool,
    at: Option<Time>,
    reasons: Vec<Reason>,
) -> Result<()> {
    set(comment, status, listed, at, reasons);
    let standing = Standing {
        status: comment.status,
        listed,
        published_at: comment.published_at,
        reasons: comment.reasons.clone(),
    };
    comments::stand(tx, comment.id, &standing)
}

fn set(
    comment: &mut Comment,
    status: Status,
    listed: bool,
    at: Option<Time>,
    reasons: Vec<Reason>,
) {
    comment.status = Named(status);
    comment.listed = listed;
    comment.published_at = comment.published_at.or(at);
    comment.reasons = Json::new(reasons);
}
