//! `comments`: rows, the orders they are read in, and the counters they carry.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::{Literal, fixed};
use super::schema::{comments, threads};
use super::threads::Thread;
use super::types::{Json, Named};
use crate::domain::cursor::Cursor;
use crate::domain::id::{CommentId, PassageId, PersonId, SiteId, ThreadId};
use crate::domain::judgement::Reason;
use crate::domain::time::Time;
use crate::domain::visibility::{self, CommentSight};
use crate::domain::word::{Sort, Status};
use crate::error::Result;

/// A comment as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = comments)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// Its site.
    pub site_id: SiteId,
    /// The comment it is shown beneath.
    pub parent_id: Option<CommentId>,
    /// The root it belongs to; its own id for a root.
    pub root_id: CommentId,
    /// Whom it answers, when that is not `parent_id`.
    pub reply_to: Option<CommentId>,
    /// 0 for a root.
    pub depth: i32,
    /// Who wrote it.
    pub person_id: PersonId,
    /// As signed at the time.
    pub author_name: Option<String>,
    /// As given at the time.
    pub author_website: Option<String>,
    /// Where it stands.
    pub status: Named<Status>,
    /// Whether it has a place in what the public reads: it is published, or something answers it.
    pub listed: bool,
    /// Markdown; empty once deleted.
    pub body: String,
    /// HTML, as [`crate::domain::markdown`] made it.
    pub body_html: String,
    /// Why it is held.
    pub reasons: Json<Vec<Reason>>,
    /// How many texts it has had.
    pub revision: i64,
    /// Votes for it.
    pub up: i64,
    /// Votes against it.
    pub down: i64,
    /// See [`crate::domain::rank`].
    pub rank: i64,
    /// Published comments beneath it, however deep.
    pub reply_count: i64,
    /// Whether it stays on top.
    pub pinned: bool,
    /// When it was sent.
    pub created_at: Time,
    /// Its place in the thread: the log's clock when it first became visible.
    pub published_at: Option<Time>,
    /// When it or something beneath it was last published.
    pub active_at: Time,
    /// When its text last changed.
    pub edited_at: Option<Time>,
    /// The passage it is about; roots only.
    pub passage_id: Option<PassageId>,
    /// How suspicious it looked when it was judged, 0 to 1000.
    pub risk: i64,
    /// Reports of it that nobody has decided on.
    pub reports: i64,
    /// When moderators last had to hear of it.
    pub queued_at: Option<Time>,
    /// Whether a new text of it waits for a moderator; it is published then.
    pub draft: bool,
    /// What all its texts were made HTML by, as [`crate::domain::markdown::renderer`] says; 0: not all by the same.
    pub renderer: i32,
}

impl Comment {
    /// A root without text that nobody has judged.
    pub fn new(thread: &Thread, person: PersonId, now: Time) -> Self {
        let id = CommentId::new();
        Self {
            id,
            thread_id: thread.id,
            site_id: thread.site_id,
            parent_id: None,
            root_id: id,
            reply_to: None,
            depth: 0,
            person_id: person,
            author_name: None,
            author_website: None,
            status: Named(Status::Pending),
            listed: false,
            body: String::new(),
            body_html: String::new(),
            reasons: Json::new(Vec::new()),
            revision: 1,
            up: 0,
            down: 0,
            rank: 0,
            reply_count: 0,
            pinned: false,
            created_at: now,
            published_at: None,
            active_at: now,
            edited_at: None,
            passage_id: None,
            risk: 0,
            reports: 0,
            queued_at: None,
            draft: false,
            renderer: 0,
        }
    }

    /// What the public sees of it. `thread` is its own.
    pub fn sight(&self, thread: &Thread) -> CommentSight {
        visibility::comment(thread.hidden, *self.status, self.listed)
    }

    /// What a cursor remembers of this comment in that order.
    pub fn cursor(&self, sort: Sort) -> Cursor {
        let key = match sort {
            Sort::Newest | Sort::Oldest => self.published_at.unwrap_or(self.created_at).micros(),
            Sort::Top => self.rank,
            Sort::Active => self.active_at.micros(),
        };
        Cursor {
            key,
            id: self.id.bytes(),
        }
    }
}

/// Whether anything was ever written in this thread.
pub fn are_in(conn: &mut Conn, thread: ThreadId) -> Result<bool> {
    let any = comments::table.filter(comments::thread_id.eq(thread));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}

/// The comment with that id, whatever its state.
pub fn by_id(conn: &mut Conn, id: CommentId) -> Result<Option<Comment>> {
    Ok(comments::table.find(id).row(conn)?)
}

/// These comments, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[CommentId]) -> Result<Vec<Comment>> {
    Ok(comments::table
        .filter(comments::id.eq_any(ids))
        .rows(conn)?)
}

/// Adds a comment.
pub fn insert(conn: &mut Conn, comment: &Comment) -> Result<()> {
    diesel::insert_into(comments::table)
        .values(comment)
        .run(conn)?;
    Ok(())
}

/// Which of the roots are meant.
#[derive(Debug, Clone, Copy)]
pub enum Roots {
    /// Those of a thread but for the pinned ones, which lead the first page.
    Unpinned(ThreadId),
    /// Those of a thread that are about a passage of the text.
    Inline(ThreadId),
    /// Those about this passage.
    Of(PassageId),
}

/// The listed roots after a cursor, in that order, at most `limit`; without those that are
/// [`pinned`].
pub fn roots(
    conn: &mut Conn,
    which: Roots,
    sort: Sort,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::listed)
        .limit(limit)
        .into_boxed();
    let query = match which {
        Roots::Unpinned(thread) => query
            .filter(comments::thread_id.eq(thread))
            .filter(comments::parent_id.is_null())
            .filter(comments::pinned.eq(false)),
        Roots::Inline(thread) => query
            .filter(comments::thread_id.eq(thread))
            .filter(comments::passage_id.is_not_null()),
        // The first condition follows from the second, and names the index.
        Roots::Of(passage) => query
            .filter(comments::passage_id.is_not_null())
            .filter(comments::passage_id.eq(passage)),
    };
    // `key <= k AND (key < k OR id < i)` rather than `(key < k) OR (key = k AND id < i)`: the first
    // half is a range that both databases look up in the order's own index.
    let place = after.map(|cursor| {
        (
            cursor.key,
            CommentId::from_uuid(uuid::Uuid::from_bytes(cursor.id)),
        )
    });
    let query = match sort {
        Sort::Newest => {
            let query = query.order((comments::published_at.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((key, id)) => {
                    let at = Time::from_micros(key);
                    query.filter(comments::published_at.le(at)).filter(
                        comments::published_at
                            .lt(at)
                            .or(comments::id.nullable().lt(id)),
                    )
                }
            }
        }
        Sort::Oldest => {
            let query = query.order((comments::published_at.asc(), comments::id.asc()));
            match place {
                None => query,
                Some((key, id)) => {
                    let at = Time::from_micros(key);
                    query.filter(comments::published_at.ge(at)).filter(
                        comments::published_at
                            .gt(at)
                            .or(comments::id.nullable().gt(id)),
                    )
                }
            }
        }
        Sort::Top => {
            let query = query.order((comments::rank.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((rank, id)) => query
                    .filter(comments::rank.le(rank))
                    .filter(comments::rank.lt(rank).or(comments::id.lt(id))),
            }
        }
        Sort::Active => {
            let query = query.order((comments::active_at.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((key, id)) => {
                    let at = Time::from_micros(key);
                    query
                        .filter(comments::active_at.le(at))
                        .filter(comments::active_at.lt(at).or(comments::id.lt(id)))
                }
            }
        }
    };
    Ok(query.load(conn)?)
}

/// The pinned roots of a thread, the first published first.
pub fn pinned(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("pinned AND listed"))
        .filter(comments::status.eq(Named(Status::Published)))
        .order(comments::published_at.asc());
    Ok(query.rows(conn)?)
}

/// Pins a comment, or lets it go.
pub fn pin(conn: &mut Conn, id: CommentId, pinned: bool) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::pinned.eq(pinned))
        .run(conn)?;
    Ok(())
}

/// Counts open reports up or down, and gives how many there are now. The caller holds the thread's lock.
pub fn count_reports(conn: &mut Conn, id: CommentId, difference: i64) -> Result<i64> {
    Ok(diesel::update(comments::table.find(id))
        .set(comments::reports.eq(comments::reports + difference))
        .returning(comments::reports)
        .get_result(conn)?)
}

/// The listed comments beneath a root in reading order (oldest first, so that parents come before
/// their answers), at most `limit`.
pub fn replies(
    conn: &mut Conn,
    root: CommentId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Comment>> {
    let mut query = comments::table
        .filter(comments::root_id.eq(root))
        .filter(comments::parent_id.is_not_null())
        .filter(comments::listed)
        .order((comments::published_at.asc(), comments::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(cursor) = after {
        let at = Time::from_micros(cursor.key);
        let id = CommentId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
        query = query.filter(comments::published_at.ge(at)).filter(
            comments::published_at
                .gt(at)
                .or(comments::id.nullable().gt(id)),
        );
    }
    Ok(query.load(conn)?)
}

/// The comments that lead from the root down to this one's parent. There are at most as many as
/// comments may be deep.
pub fn ancestors(conn: &mut Conn, comment: &Comment) -> Result<Vec<Comment>> {
    let mut path = Vec::new();
    let mut next = comment.parent_id;
    while let Some(id) = next {
        let parent: Comment = comments::table.find(id).first(conn)?;
        next = parent.parent_id;
        path.push(parent);
    }
    path.reverse();
    Ok(path)
}

/// The published comments of a thread, newest first, at most `limit`.
pub fn latest_of_thread(conn: &mut Conn, thread: ThreadId, limit: i64) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(comments::listed)
        .filter(comments::status.eq(Named(Status::Published)))
        .order((comments::published_at.desc(), comments::id.desc()))
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// The published comments of a site, newest first, at most `limit`.
pub fn latest_of_site(conn: &mut Conn, site: SiteId, limit: i64) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::site_id.eq(site))
        .filter(comments::listed)
        .filter(comments::status.eq(Named(Status::Published)))
        .order((comments::published_at.desc(), comments::id.desc()))
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// A person's comments in a thread, the latest first, at most `limit`.
pub fn of_person(
    conn: &mut Conn,
    person: PersonId,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::person_id.eq(person))
        .filter(comments::thread_id.eq(thread))
        .order(comments::created_at.desc())
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// How many comments a person wrote and did not take back.
pub fn count_of_person(conn: &mut Conn, person: PersonId) -> Result<i64> {
    let query = comments::table
        .filter(comments::person_id.eq(person))
        .filter(comments::status.ne(Named(Status::Deleted)))
        .count();
    Ok(query.get_result(conn)?)
}

/// The last comment of a person that everybody sees: none in a thread that moderators hide.
pub fn latest_of_person(conn: &mut Conn, person: PersonId) -> Result<Option<Comment>> {
    let query = comments::table
        .inner_join(threads::table)
        .filter(comments::person_id.eq(person))
        .filter(comments::status.eq(Named(Status::Published)))
        .filter(threads::hidden.eq(false))
        .order((comments::created_at.desc(), comments::id.desc()))
        .select(comments::all_columns);
    Ok(query.row(conn)?)
}

/// A thread in which a person wrote, if there is any.
pub fn thread_of_person(conn: &mut Conn, person: PersonId) -> Result<Option<ThreadId>> {
    let query = comments::table
        .filter(comments::person_id.eq(person))
        .order(comments::thread_id)
        .select(comments::thread_id);
    Ok(query.row(conn)?)
}

/// Says that a comment is somebody else's.
pub fn set_person(conn: &mut Conn, id: CommentId, person: PersonId) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::person_id.eq(person))
        .run(conn)?;
    Ok(())
}

/// Signs a comment anew.
pub fn set_signature(
    conn: &mut Conn,
    id: CommentId,
    name: Option<&str>,
    website: Option<&str>,
) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set((
            comments::author_name.eq(name),
            comments::author_website.eq(website),
        ))
        .run(conn)?;
    Ok(())
}

/// Whether something listed is shown beneath this comment or answers it.
pub fn is_answered(conn: &mut Conn, id: CommentId) -> Result<bool> {
    let beneath = comments::table
        .filter(comments::parent_id.eq(id))
        .filter(comments::listed);
    if diesel::select(diesel::dsl::exists(beneath)).get_result(conn)? {
        return Ok(true);
    }
    let answering = comments::table
        .filter(comments::reply_to.eq(id))
        .filter(comments::listed);
    Ok(diesel::select(diesel::dsl::exists(answering)).get_result(conn)?)
}

/// Where a comment stands, and how it is seen.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = comments)]
pub struct Standing {
    /// Its state.
    pub status: Named<Status>,
    /// Whether it has a place.
    pub listed: bool,
    /// Its place; `None` leaves it.
    pub published_at: Option<Time>,
    /// Why it is held.
    pub reasons: Json<Vec<Reason>>,
}

/// Moves a comment to where it stands now.
pub fn stand(conn: &mut Conn, id: CommentId, standing: &Standing) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(standing)
        .run(conn)?;
    Ok(())
}

/// Gives a tombstone its place, or takes it away.
pub fn list(conn: &mut Conn, id: CommentId, listed: bool) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::listed.eq(listed))
        .run(conn)?;
    Ok(())
}

/// Counts published comments beneath all of these up or down.
pub fn count_replies(conn: &mut Conn, ancestors: &[CommentId], difference: i64) -> Result<()> {
    diesel::update(comments::table.filter(comments::id.eq_any(ancestors)))
        .set(comments::reply_count.eq(comments::reply_count + difference))
        .run(conn)?;
    Ok(())
}

/// Says that something happened beneath a root.
pub fn touch(conn: &mut Conn, root: CommentId, at: Time) -> Result<()> {
    fixed::<()>("UPDATE comments SET active_at = ? WHERE id = ?")
        .number(at.micros())
        .id(root)
        .run(conn)?;
    Ok(())
}

/// A text of a comment.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = comments)]
#[diesel(treat_none_as_null = true)]
pub struct Text {
    /// Which one, from 1.
    pub revision: i64,
    /// Its Markdown.
    pub body: String,
    /// Its HTML, as [`crate::domain::markdown`] made it.
    pub body_html: String,
    /// When it was written, if it is not the first.
    pub edited_at: Option<Time>,
}

/// Replaces a comment's text. The caller holds the thread's lock.
pub fn rewrite(conn: &mut Conn, id: CommentId, text: &Text) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(text)
        .run(conn)?;
    Ok(())
}

/// Says what its texts were made HTML by.
pub fn set_renderer(conn: &mut Conn, id: CommentId, renderer: i32) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::renderer.eq(renderer))
        .run(conn)?;
    Ok(())
}

/// Says how suspicious a comment looks.
pub fn set_risk(conn: &mut Conn, id: CommentId, risk: i64) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::risk.eq(risk))
        .run(conn)?;
    Ok(())
}

/// Takes the text, the name and the votes away for good.
pub fn erase(conn: &mut Conn, id: CommentId) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set((
            comments::body.eq(""),
            comments::body_html.eq(""),
            comments::author_name.eq(None::<String>),
            comments::author_website.eq(None::<String>),
            comments::up.eq(0),
            comments::down.eq(0),
            comments::rank.eq(0),
            comments::pinned.eq(false),
        ))
        .run(conn)?;
    Ok(())
}

/// Counts votes, and gives what they are now.
pub fn count_votes(conn: &mut Conn, id: CommentId, up: i64, down: i64) -> Result<(i64, i64)> {
    let votes = diesel::update(comments::table.find(id))
        .set((
            comments::up.eq(comments::up + up),
            comments::down.eq(comments::down + down),
        ))
        .returning((comments::up, comments::down))
        .get_result(conn)?;
    Ok(votes)
}

/// Sets the place in `top`. The caller holds the thread's lock since it counted the votes.
pub fn set_rank(conn: &mut Conn, id: CommentId, rank: i64) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::rank.eq(rank))
        .run(conn)?;
    Ok(())
}
