//! Rows that go from one thread to another. [`TABLES`] says of every table that names threads what becomes of its rows.

use diesel::prelude::*;

use super::board::Change;
use super::connection::Run;
use super::joins::{Item, Join, kind};
use super::schema::{
    comments, joined_items, page_requests, passages, prints, reactions, subscriptions, thread_keys,
    threads, votes,
};
use super::subscriptions::Subscription;
use super::types::Named;
use super::{Conn, Tx};
use crate::domain::id::{CommentId, JoinId, PassageId, SiteId, SubscriptionId, TargetId, ThreadId};
use crate::domain::subscription::Scope;
use crate::domain::word::Status;
use crate::error::Result;

/// Every column that names a thread, and what becomes of it when threads join. A test compares this with the schema.
pub const TABLES: &[(&str, &str)] = &[
    ("threads.joined_into", "leads on"),
    ("thread_keys.thread_id", "goes over, is remembered"),
    // Each log tells of its own thread; both are told to be read anew.
    ("events.thread_id", "stays"),
    ("passages.thread_id", "goes over, is remembered"),
    ("comments.thread_id", "goes over, its root is remembered"),
    ("votes.thread_id", "goes with its comment"),
    ("reactions.thread_id", "goes with its comment"),
    ("subscriptions.thread_id", "goes over, is remembered"),
    ("subscriptions.target", "goes over, is remembered"),
    // What was agreed to is written down as it was agreed to.
    ("consents.target", "stays"),
    // Letters about what was one thread stay one conversation; where they lead is read from their comments.
    ("outbox.thread_id", "stays"),
    ("prints.thread_id", "goes with its comment"),
    // The page of the joined thread is not what is read any more.
    ("page_requests.thread_id", "goes away"),
    ("joins.from_thread", "stays"),
    ("joins.into_thread", "stays"),
];

/// A comment that is to be moved.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct Moved {
    /// Its id.
    pub id: CommentId,
    /// Null for a root.
    pub parent_id: Option<CommentId>,
    /// The passage that it is about.
    pub passage_id: Option<PassageId>,
    /// Where it stands.
    pub status: Named<Status>,
}

const MOVED: (
    comments::id,
    comments::parent_id,
    comments::passage_id,
    comments::status,
) = (
    comments::id,
    comments::parent_id,
    comments::passage_id,
    comments::status,
);

/// The listed roots of a thread, the newest first, at most `limit`.
pub fn roots(conn: &mut Conn, thread: ThreadId, limit: i64) -> Result<Vec<Moved>> {
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(comments::parent_id.is_null())
        .filter(comments::listed)
        .order((comments::published_at.desc(), comments::id.desc()))
        .limit(limit)
        .select(MOVED);
    Ok(query.load(conn)?)
}

/// What is listed beneath a root and lies in that thread, at most `limit`.
pub fn beneath(
    conn: &mut Conn,
    root: CommentId,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<Moved>> {
    let query = comments::table
        .filter(comments::root_id.eq(root))
        .filter(comments::parent_id.is_not_null())
        .filter(comments::listed)
        .filter(comments::thread_id.eq(thread))
        .limit(limit)
        .select(MOVED);
    Ok(query.load(conn)?)
}

/// Whatever lies in a thread, at most `limit`.
pub fn any(conn: &mut Conn, thread: ThreadId, limit: i64) -> Result<Vec<Moved>> {
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        .limit(limit)
        .select(MOVED);
    Ok(query.load(conn)?)
}

/// What lies in `thread` although its root lies in `home`, at most `limit`: answers that are not listed, or that were written while the
/// root moved.
pub fn strays(conn: &mut Conn, thread: ThreadId, home: ThreadId, limit: i64) -> Result<Vec<Moved>> {
    let root = diesel::alias!(comments as root);
    let at_home = root
        .filter(root.field(comments::id).eq(comments::root_id))
        .filter(root.field(comments::thread_id).eq(home));
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(comments::parent_id.is_not_null())
        .filter(diesel::dsl::exists(at_home))
        .limit(limit)
        .select(MOVED);
    Ok(query.load(conn)?)
}

/// The roots in `thread` that are about a passage which goes back with a join, at most `limit`.
pub fn about_passages_of(
    conn: &mut Conn,
    thread: ThreadId,
    join: JoinId,
    limit: i64,
) -> Result<Vec<Moved>> {
    let going = joined_items::table
        .filter(joined_items::join_id.eq(join))
        .filter(joined_items::kind.eq(kind::PASSAGE))
        .filter(joined_items::other.is_null())
        .select(joined_items::item.nullable());
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(comments::parent_id.is_null())
        .filter(comments::passage_id.is_not_null())
        .filter(comments::passage_id.eq_any(going))
        .limit(limit)
        .select(MOVED);
    Ok(query.load(conn)?)
}

/// The comment with that id, if it lies in that thread.
pub fn one(conn: &mut Conn, id: CommentId, thread: ThreadId) -> Result<Option<Moved>> {
    let query = comments::table
        .find(id)
        .filter(comments::thread_id.eq(thread))
        .select(MOVED);
    Ok(query.row(conn)?)
}

/// Moves comments to another thread with all that hangs on them, and gives how many of them are published. The caller holds the
/// locks of both threads, and counts.
pub fn comments(conn: &mut Conn, moved: &[Moved], to: ThreadId) -> Result<i64> {
    for part in moved.chunks(200) {
        let ids: Vec<CommentId> = part.iter().map(|moved| moved.id).collect();
        let targets: Vec<TargetId> = ids.iter().map(|id| id.cast()).collect();
        diesel::update(comments::table.filter(comments::id.eq_any(&ids)))
            .set(comments::thread_id.eq(to))
            .run(conn)?;
        diesel::update(votes::table.filter(votes::comment_id.eq_any(&ids)))
            .set(votes::thread_id.eq(to))
            .run(conn)?;
        diesel::update(reactions::table.filter(reactions::comment_id.eq_any(&ids)))
            .set(reactions::thread_id.eq(to))
            .run(conn)?;
        diesel::update(prints::table.filter(prints::comment_id.eq_any(&ids)))
            .set(prints::thread_id.eq(to))
            .run(conn)?;
        let followed = subscriptions::table
            .filter(subscriptions::scope.eq(Named(Scope::Comment)))
            .filter(subscriptions::target.eq_any(&targets));
        diesel::update(followed)
            .set(subscriptions::thread_id.eq(Some(to)))
            .run(conn)?;
    }
    let published = moved
        .iter()
        .filter(|moved| *moved.status == Status::Published);
    Ok(published.count() as i64)
}

/// Says that a comment is about another passage.
pub fn about(conn: &mut Conn, id: CommentId, passage: PassageId) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::passage_id.eq(Some(passage)))
        .run(conn)?;
    Ok(())
}

/// Moves a passage to another thread.
pub fn passage(conn: &mut Conn, id: PassageId, to: ThreadId) -> Result<()> {
    diesel::update(passages::table.find(id))
        .set(passages::thread_id.eq(to))
        .run(conn)?;
    Ok(())
}

/// Says that a passage is one with another, or no longer.
pub fn passage_leads(conn: &mut Conn, id: PassageId, to: Option<PassageId>) -> Result<()> {
    diesel::update(passages::table.find(id))
        .set(passages::joined_into.eq(to))
        .run(conn)?;
    Ok(())
}

/// The keys that lead to a thread.
pub fn keys(conn: &mut Conn, thread: ThreadId) -> Result<Vec<String>> {
    let query = thread_keys::table
        .filter(thread_keys::thread_id.eq(thread))
        .order(thread_keys::key)
        .select(thread_keys::key);
    Ok(query.load(conn)?)
}

/// Has all keys of a thread lead to another.
pub fn all_keys(tx: &mut Tx, site: SiteId, from: ThreadId, to: ThreadId) -> Result<()> {
    tx.note(Change::Keys(site));
    let conn: &mut Conn = tx;
    diesel::update(thread_keys::table.filter(thread_keys::thread_id.eq(from)))
        .set(thread_keys::thread_id.eq(to))
        .run(conn)?;
    Ok(())
}

/// Has a key lead back to `to`, if it leads to `from` or nowhere; one that leads elsewhere by now stays there.
pub fn key_back(tx: &mut Tx, site: SiteId, key: &str, from: ThreadId, to: ThreadId) -> Result<()> {
    tx.note(Change::Keys(site));
    let conn: &mut Conn = tx;
    let row = thread_keys::table.find((site, key));
    let leads: Option<ThreadId> = row.select(thread_keys::thread_id).row(conn)?;
    match leads {
        Some(leads) if leads == from => {
            diesel::update(row)
                .set(thread_keys::thread_id.eq(to))
                .run(conn)?;
        }
        Some(_) => {}
        None => {
            diesel::insert_into(thread_keys::table)
                .values((
                    thread_keys::site_id.eq(site),
                    thread_keys::key.eq(key),
                    thread_keys::thread_id.eq(to),
                ))
                .run(conn)?;
        }
    }
    Ok(())
}

/// Says where a thread leads, and whether rows are being moved.
pub fn lead(
    conn: &mut Conn,
    thread: ThreadId,
    into: Option<ThreadId>,
    joining: bool,
) -> Result<()> {
    diesel::update(threads::table.find(thread))
        .set((threads::joined_into.eq(into), threads::joining.eq(joining)))
        .run(conn)?;
    Ok(())
}

/// Hides or shows also what is on its way to this thread, or from it.
pub fn hide_with(conn: &mut Conn, thread: ThreadId, hidden: bool) -> Result<()> {
    let on_its_way = threads::table
        .filter(threads::joined_into.eq(thread))
        .filter(threads::joining);
    diesel::update(on_its_way)
        .set(threads::hidden.eq(hidden))
        .run(conn)?;
    Ok(())
}

/// Asks the page of a thread nothing any more.
pub fn drop_page_request(conn: &mut Conn, thread: ThreadId) -> Result<()> {
    diesel::delete(page_requests::table.find(thread)).run(conn)?;
    Ok(())
}

/// The choices about a thread as a whole that did not stay behind with this join, at most `limit`.
pub fn subscriptions(
    conn: &mut Conn,
    thread: ThreadId,
    join: JoinId,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let target: TargetId = thread.cast();
    let parked = joined_items::table
        .filter(joined_items::join_id.eq(join))
        .filter(joined_items::kind.eq(kind::PARKED))
        .select(joined_items::item);
    let of_threads = [Scope::Thread, Scope::Replies, Scope::Article].map(Named);
    let query = subscriptions::table
        .filter(subscriptions::scope.eq_any(of_threads))
        .filter(subscriptions::target.eq(target))
        .filter(diesel::dsl::not(subscriptions::id.eq_any(parked)))
        .order(subscriptions::mailbox_id)
        .limit(limit);
    Ok(query.load(conn)?)
}

/// How many comments, or choices, go over with a join, as far as `most`.
pub fn weigh(conn: &mut Conn, join: &Join, most: i64) -> Result<i64> {
    let comments = comments::table
        .filter(comments::thread_id.eq(join.from_thread))
        .select(comments::id)
        .limit(most);
    let comments: Vec<CommentId> = comments.load(conn)?;
    let choices = subscriptions(conn, join.from_thread, join.id, most)?;
    Ok(comments.len().max(choices.len()) as i64)
}

/// Has a choice be about another thread.
pub fn subscription(conn: &mut Conn, id: SubscriptionId, to: ThreadId) -> Result<()> {
    let target: TargetId = to.cast();
    diesel::update(subscriptions::table.find(id))
        .set((
            subscriptions::target.eq(target),
            subscriptions::thread_id.eq(Some(to)),
        ))
        .run(conn)?;
    Ok(())
}

/// Has two choices of one mailbox, which only differ in their threads, change places. `one` is about `from` and is about `to`
/// afterwards.
pub fn change_places(
    conn: &mut Conn,
    one: SubscriptionId,
    other: SubscriptionId,
    from: ThreadId,
    to: ThreadId,
) -> Result<()> {
    // Out of the way first: no two of a mailbox's choices may be the same.
    subscription(conn, other, ThreadId::new())?;
    subscription(conn, one, to)?;
    subscription(conn, other, from)
}

/// What went over with a join of all of a thread's keys.
pub fn key_items(join: &Join, keys: &[String]) -> Vec<Item> {
    let item = |key: &String| Item {
        join_id: join.id,
        kind: kind::KEY.to_owned(),
        item: key.clone().into_bytes(),
        other: None,
    };
    keys.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_column_that_names_a_thread_is_forgotten() {
        let mut named = BTreeSet::new();
        let mut table = "";
        for line in include_str!("schema.rs").lines().map(str::trim) {
            if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
                table = name;
            }
            let Some((column, _)) = line.split_once(" -> ") else {
                continue;
            };
            let is_of_threads = column.ends_with("thread_id")
                || column.ends_with("_thread")
                || column == "target"
                || (table == "threads" && column == "joined_into");
            if is_of_threads {
                named.insert(format!("{table}.{column}"));
            }
        }
        let told = TABLES.iter().map(|(column, _)| (*column).to_owned());
        assert_eq!(named, told.collect::<BTreeSet<_>>());
    }
}
