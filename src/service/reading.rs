//! What everyone sees, and the small overlay that only one person sees.

use std::collections::BTreeMap;

use serde::Serialize;

use super::caller::Caller;
use super::subscriptions;
use super::threads::{Page, may_be_unwritten};
use crate::domain::cursor::Cursor;
use crate::domain::id::{CommentId, PassageId, ThreadId};
use crate::domain::time::Time;
use crate::domain::visibility::{CommentSight, Quotation};
use crate::domain::word::{Kind, Role, Sort, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::Roots;
use crate::store::sites::{self, Site};
use crate::store::threads::PublicThread;
use crate::store::{Conn, comments, passages, reactions, threads, votes};
use crate::view::comment::{Comment, FIRST_REPLIES, OwnComment, RootsPage};
use crate::view::passage::Passage;
use crate::view::site::Policy;
use crate::view::thread::{Thread, is_open};
use crate::view::{self, List};

/// How many of a person's own marks on a thread the overlay tells.
const OVERLAY: i64 = 500;

/// How many roots a page of whole conversations has.
const WHOLE_ROOTS: usize = 50;

/// How many comments beneath each of them.
const WHOLE_REPLIES: usize = 200;

/// All that a page needs for its first paint.
#[derive(Serialize)]
pub struct FirstPage<'a> {
    thread: Thread,
    comments: List<Comment>,
    passages: Vec<Passage>,
    policy: Policy<'a>,
}

/// Reads the first page of a thread, and hands it to `give` while the site is at hand.
pub fn first_page<T>(
    conn: &mut Conn,
    site: &Site,
    page: &Page,
    sort: Sort,
    limit: usize,
    now: Time,
    give: impl FnOnce(&FirstPage) -> Result<T>,
) -> Result<T> {
    let (id, row) = page.thread(conn)?;
    let thread = match &row {
        Some(row) => Thread::stored(row, site, now).at(row, page.url.as_str()),
        None => Thread::unwritten(id, site, page.key.as_str(), page.url.as_str()),
    };
    let comments = match &row {
        Some(_) => roots(conn, Listed::All(id), sort, None, limit)?,
        None => none(),
    };
    let passages = match &row {
        Some(row) if row.is_public() => view::passage::of_thread(conn, id, &site.policy)?,
        _ => Vec::new(),
    };
    give(&FirstPage {
        thread,
        comments,
        passages,
        policy: Policy::of(site, row.as_ref()),
    })
}

/// Which of a thread's roots are listed.
#[derive(Debug, Clone, Copy)]
pub enum Listed {
    /// Every one.
    All(ThreadId),
    /// Those about a passage of the text.
    Inline(ThreadId),
    /// Those about this passage of the thread.
    Of(ThreadId, PassageId),
}

/// A page of a thread's roots.
///
/// # Errors
/// `invalid_cursor`; [`Error::NotFound`] for a passage that is not this thread's, or not to be seen.
pub fn roots(
    conn: &mut Conn,
    listed: Listed,
    sort: Sort,
    after: Option<&str>,
    limit: usize,
) -> Result<List<Comment>> {
    // The name of the list, for its cursors.
    let query = format!("roots {listed:?} {}", sort.word());
    let after = cursor(after, &query)?;
    let (Listed::All(thread) | Listed::Inline(thread) | Listed::Of(thread, _)) = listed;
    let row = threads::by_id(conn, thread)?;
    let Some(seen) = row.and_then(threads::Thread::public) else {
        return match listed {
            Listed::Of(..) => Err(Error::NotFound),
            Listed::All(_) | Listed::Inline(_) => Ok(none()),
        };
    };
    let page = RootsPage {
        limit,
        replies: FIRST_REPLIES,
        sort,
        query: &query,
    };
    let which = match listed {
        Listed::All(thread) => {
            let (rows, limit) = rows(conn, thread, sort, after, limit)?;
            return view::comment::roots(conn, &seen, rows, RootsPage { limit, ..page });
        }
        Listed::Inline(thread) => Roots::Inline(thread),
        Listed::Of(thread, passage) => {
            let found = passages::current(conn, passage)?
                .filter(|found| found.thread_id == thread && found.is_public())
                .ok_or(Error::NotFound)?;
            Roots::Of(found.id)
        }
    };
    let rows = comments::roots(conn, which, sort, after, limit as i64 + 1)?;
    view::comment::roots(conn, &seen, rows, page)
}

/// What is listed where there is nothing to see.
fn none() -> List<Comment> {
    List {
        items: Vec::new(),
        next: None,
        total: None,
    }
}

/// The rows of a page of roots and one more, and how many the page has. The first page begins with the
/// pinned ones, and has at least one other, which its cursor needs.
fn rows(
    conn: &mut Conn,
    thread: ThreadId,
    sort: Sort,
    after: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<comments::Comment>, usize)> {
    let mut rows = match after {
        None => comments::pinned(conn, thread)?,
        Some(_) => Vec::new(),
    };
    let others = limit.saturating_sub(rows.len()).max(1);
    let limit = rows.len() + others;
    rows.extend(comments::roots(
        conn,
        Roots::Unpinned(thread),
        sort,
        after,
        others as i64 + 1,
    )?);
    Ok((rows, limit))
}

/// A page of a thread's roots, the oldest first, each with (nearly) all that is beneath it: for
/// readers who cannot ask for more.
pub fn whole_roots(
    conn: &mut Conn,
    thread: &PublicThread,
    after: Option<&str>,
) -> Result<List<Comment>> {
    let query = format!("whole {}", thread.id);
    let after = cursor(after, &query)?;
    let (rows, limit) = rows(conn, thread.id, Sort::Oldest, after, WHOLE_ROOTS)?;
    let page = RootsPage {
        limit,
        replies: WHOLE_REPLIES,
        sort: Sort::Oldest,
        query: &query,
    };
    view::comment::roots(conn, thread, rows, page)
}

fn cursor(after: Option<&str>, query: &str) -> Result<Option<Cursor>> {
    after
        .map(|text| Cursor::decode(text, query).map_err(Error::Query))
        .transpose()
}

/// A comment with what leads to it, for permalinks.
#[derive(Serialize)]
pub struct Permalink {
    comment: Comment,
    ancestors: Vec<Comment>,
    thread: Thread,
}

/// One comment that has a place in what the public reads.
///
/// # Errors
/// [`Error::NotFound`] for every other.
pub fn permalink(conn: &mut Conn, id: CommentId, now: Time) -> Result<Permalink> {
    let (thread, row) = listed(conn, id)?;
    let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
    let path = comments::ancestors(conn, &row)?;
    let ancestors = view::comment::public(conn, &thread, &path)?;
    let comment = view::comment::with_replies(conn, &thread, row)?;
    Ok(Permalink {
        comment,
        ancestors,
        thread: Thread::stored(&thread, &site, now),
    })
}

/// A page of what is beneath the root that a comment belongs to, in reading order.
///
/// # Errors
/// [`Error::NotFound`] when the public does not see the comment.
pub fn replies(
    conn: &mut Conn,
    id: CommentId,
    after: Option<&str>,
    limit: usize,
) -> Result<List<Comment>> {
    let (thread, comment) = listed(conn, id)?;
    let root = comment.root_id;
    let query = view::comment::replies_query(root);
    let after = cursor(after, &query)?;
    let rows = comments::replies(conn, root, after, limit as i64 + 1)?;
    let (rows, next) = view::page_of(rows, limit, |row| row.cursor(Sort::Oldest).encode(&query));
    Ok(List {
        items: view::comment::public(conn, &thread, &rows)?,
        next,
        total: None,
    })
}

/// A comment that has a place in what the public reads, and its thread.
pub fn listed(conn: &mut Conn, id: CommentId) -> Result<(PublicThread, comments::Comment)> {
    let row = comments::by_id(conn, id)?.ok_or(Error::NotFound)?;
    let thread = threads::by_id(conn, row.thread_id)?.ok_or(Error::NotFound)?;
    match (row.sight(&thread), thread.public()) {
        (CommentSight::Whole | CommentSight::Tombstone, Some(thread)) => Ok((thread, row)),
        _ => Err(Error::NotFound),
    }
}

/// What only one person sees of a thread.
#[derive(Serialize)]
pub struct Overlay {
    person: view::person::Person,
    can: Vec<&'static str>,
    comments: BTreeMap<CommentId, Mark>,
    pending: Vec<OwnComment>,
    /// Passages whose words nobody has found on the page yet, as far as one may see them.
    passages: Vec<Passage>,
    /// What one chose to be told of on this thread.
    subscription: Option<view::subscription::Subscription>,
}

/// A person's own marks on one comment.
#[derive(Serialize, Default)]
struct Mark {
    vote: i32,
    reactions: Vec<String>,
    can: Vec<&'static str>,
}

/// The caller's overlay of a thread.
///
/// # Errors
/// [`Error::Unauthorized`] without a token, [`Error::Forbidden`] with one that is nobody's.
pub fn overlay(conn: &mut Conn, caller: &Caller, id: ThreadId, now: Time) -> Result<Overlay> {
    caller.authority.ok_or(Error::Unauthorized)?;
    let nobody = Error::Forbidden("This token belongs to nobody.");
    let person = caller.person.as_ref().ok_or(nobody)?;
    let row = threads::current(conn, id)?;
    let id = row.as_ref().map_or(id, |row| row.id);
    match &row {
        Some(row) if row.site_id != person.site_id => return Err(Error::NotFound),
        None => may_be_unwritten(id)?,
        Some(_) => {}
    }
    let site = sites::by_id(conn, person.site_id)?.ok_or(Error::NotFound)?;
    let may_write = *person.kind != Kind::Guest || site.policy.guests;
    let open = row
        .as_ref()
        .is_none_or(|row| is_open(row, &site.policy, now));
    let is_public = row.as_ref().is_none_or(threads::Thread::is_public);
    let others: Vec<_> = [
        ("comment", open),
        ("reply", open),
        ("vote", is_public),
        ("react", is_public),
    ]
    .into_iter()
    .filter_map(|(right, given)| (given && may_write).then_some(right))
    .collect();

    let mut marks: BTreeMap<CommentId, Mark> = BTreeMap::new();
    for (comment, vote) in votes::of_person(conn, person.id, id, OVERLAY)? {
        marks.entry(comment).or_default().vote = vote;
    }
    for (comment, emoji) in reactions::of_person(conn, person.id, id, OVERLAY)? {
        marks.entry(comment).or_default().reactions.push(emoji);
    }
    for mark in marks.values_mut() {
        mark.can.clone_from(&others);
        mark.can.retain(|right| *right != "comment");
    }
    let mut pending = Vec::new();
    for own in comments::of_person(conn, person.id, id, OVERLAY)? {
        if *own.status == Status::Deleted {
            continue;
        }
        let editable = matches!(*own.status, Status::Pending | Status::Published)
            && own.created_at.plus(site.policy.edit_span()) >= now;
        let is_public = is_public && *own.status == Status::Published;
        let rights = [
            ("edit", editable),
            ("delete", true),
            ("react", is_public && may_write),
            ("reply", is_public && open && may_write),
        ];
        marks.entry(own.id).or_default().can = rights
            .into_iter()
            .filter_map(|(right, given)| given.then_some(right))
            .collect();
        if *own.status == Status::Pending || own.draft {
            pending.push(own);
        }
    }
    let subscription = subscriptions::of_overlay(conn, person.id, id)?;
    let moderates = caller.in_place().has(Role::Moderator, site.id);
    let waiting = passages::waiting(conn, id)?;
    let waiting = waiting
        .iter()
        .filter(|row| row.quotation(&site.policy) == Quotation::Waiting)
        .filter(|row| moderates || row.person_id == Some(person.id))
        .map(|row| Passage::whole(row, &site.policy));
    Ok(Overlay {
        person: view::person::Person::stored(person, &site),
        can: others,
        comments: marks,
        pending: view::comment::own(conn, &pending)?,
        passages: waiting.collect(),
        subscription: subscription
            .as_ref()
            .map(view::subscription::Subscription::stored),
    })
}
