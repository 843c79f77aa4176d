//! Comments as readers see them, and as their authors and moderators do.

use std::collections::HashMap;

use serde::Serialize;

use super::passage::Passage;
use super::{List, page_of};
use crate::domain::id::{CommentId, PassageId, PersonId, SiteId, ThreadId};
use crate::domain::judgement::Reason;
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::{Role, Sort, Status};
use crate::error::Result;
use crate::store::comments::{self, Comment as Row};
use crate::store::drafts::{self, Draft};
use crate::store::passages::{self, Passage as PassageRow};
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, PublicThread};
use crate::store::types::Named;
use crate::store::{Conn, reactions};

/// How many of a root's descendants come with it.
pub const FIRST_REPLIES: usize = 5;

/// A comment as the public sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Comment {
    id: CommentId,
    thread_id: ThreadId,
    parent_id: Option<CommentId>,
    root_id: CommentId,
    depth: i32,
    status: Status,
    author: Option<Author>,
    body_html: Option<String>,
    passage_id: Option<PassageId>,
    votes: Votes,
    reactions: Vec<Reaction>,
    reply_count: i64,
    reply_to: Option<Addressee>,
    pinned: bool,
    created_at: Time,
    edited_at: Option<Time>,
    replies: Option<List<Comment>>,
}

/// Who wrote a comment.
#[derive(Debug, Clone, Serialize)]
pub struct Author {
    id: PersonId,
    name: Option<String>,
    website: Option<String>,
    avatar_url: Option<String>,
    badge: Option<Role>,
    verified: bool,
}

/// What people think of a comment.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Votes {
    up: i64,
    down: i64,
    score: i64,
}

impl Votes {
    /// So many for, so many against.
    pub fn new(up: i64, down: i64) -> Self {
        Self {
            up,
            down,
            score: up - down,
        }
    }
}

/// How many people reacted so.
#[derive(Debug, Clone, Serialize)]
pub struct Reaction {
    emoji: String,
    count: i64,
}

/// Whom a comment answers, when that is not the comment it is shown beneath.
#[derive(Debug, Clone, Serialize)]
pub struct Addressee {
    id: CommentId,
    name: Option<String>,
}

/// A comment as its author and moderators see it.
#[derive(Debug, Serialize)]
pub struct OwnComment {
    #[serde(flatten)]
    comment: Comment,
    body: Option<String>,
    revision: i64,
    reasons: Vec<Reason>,
    /// What everybody reads, while another text of it waits.
    public_html: Option<String>,
    /// The passage that it is about, with the words if they are the author's to see.
    passage: Option<Passage>,
}

impl Comment {
    /// Its id.
    pub fn id(&self) -> CommentId {
        self.id
    }
}

/// Who looks.
#[derive(Clone, Copy)]
enum Eyes<'a> {
    /// Everybody, into this thread.
    Public(&'a PublicThread),
    /// Everybody, into a thread that is kept from them.
    Nobody,
    Own,
}

/// Renders rows of a thread, in their order, for the public. Rows that are not published become tombstones.
pub fn public(conn: &mut Conn, thread: &PublicThread, rows: &[Row]) -> Result<Vec<Comment>> {
    render(conn, rows, Eyes::Public(thread))
}

/// Renders rows, in their order, for their author.
pub fn own(conn: &mut Conn, rows: &[Row]) -> Result<Vec<OwnComment>> {
    let mut views = whole(conn, rows)?;
    let passages = passages_of(conn, rows)?;
    for (view, row) in views.iter_mut().zip(rows) {
        view.reasons = view.reasons.iter().map(Reason::for_author).collect();
        let passage = row.passage_id.and_then(|id| passages.get(&id));
        view.passage =
            passage.map(|(passage, site)| Passage::own(passage, &site.policy, row.person_id));
    }
    Ok(views)
}

/// Renders rows, in their order, for moderators, who are told all of the reasons. Where a new text waits, it is what they see.
pub fn moderated(conn: &mut Conn, rows: &[Row]) -> Result<Vec<OwnComment>> {
    let mut views = whole(conn, rows)?;
    let passages = passages_of(conn, rows)?;
    for (view, row) in views.iter_mut().zip(rows) {
        let passage = row.passage_id.and_then(|id| passages.get(&id));
        view.passage = passage.map(|(row, site)| Passage::whole(row, &site.policy));
    }
    Ok(views)
}

/// The passages that these comments are about, each with its site.
fn passages_of(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<PassageId, (PassageRow, Site)>> {
    let ids: Vec<PassageId> = rows.iter().filter_map(|row| row.passage_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let of: HashMap<ThreadId, SiteId> = rows
        .iter()
        .map(|row| (row.thread_id, row.site_id))
        .collect();
    let mut site_ids: Vec<SiteId> = of.values().copied().collect();
    site_ids.sort_unstable();
    site_ids.dedup();
    let sites: HashMap<SiteId, Site> = sites::by_ids(conn, &site_ids)?
        .into_iter()
        .map(|site| (site.id, site))
        .collect();
    let found = passages::by_ids(conn, &ids)?;
    let with_site = found.into_iter().filter_map(|row| {
        let site = sites.get(of.get(&row.thread_id)?)?.clone();
        Some((row.id, (row, site)))
    });
    Ok(with_site.collect())
}

fn whole(conn: &mut Conn, rows: &[Row]) -> Result<Vec<OwnComment>> {
    let read = read_as(conn, rows)?;
    let views = render(conn, &read, Eyes::Own)?;
    let views = views.into_iter().zip(read).zip(rows);
    let own = views.map(|((comment, read), row)| OwnComment {
        comment,
        body: (*read.status != Status::Deleted).then_some(read.body),
        revision: read.revision,
        reasons: read.reasons.to_vec(),
        public_html: row.draft.then(|| row.body_html.clone()),
        passage: None,
    });
    Ok(own.collect())
}

/// Comments as their authors and moderators read them: the new text in the place of the published one, where one waits.
pub fn read_as(conn: &mut Conn, rows: &[Row]) -> Result<Vec<Row>> {
    let mut rows = rows.to_vec();
    let waiting = rows.iter().filter(|row| row.draft).map(|row| row.id);
    let waiting: Vec<CommentId> = waiting.collect();
    if waiting.is_empty() {
        return Ok(rows);
    }
    let drafts = drafts::waiting(conn, &waiting)?;
    let mut drafts: HashMap<CommentId, Draft> = drafts
        .into_iter()
        .map(|draft| (draft.comment_id, draft))
        .collect();
    for row in &mut rows {
        if let Some(draft) = drafts.remove(&row.id) {
            row.status = Named(Status::Pending);
            row.revision = draft.revision;
            row.body = draft.body;
            row.body_html = draft.body_html;
            row.reasons = draft.reasons;
            row.edited_at = Some(draft.created_at);
        }
    }
    Ok(rows)
}

/// Renders one row for its author.
pub fn own_one(conn: &mut Conn, row: &Row) -> Result<OwnComment> {
    let mut views = own(conn, std::slice::from_ref(row))?;
    views.pop().ok_or(crate::error::Error::NotFound)
}

/// Renders one row in its author's form for somebody who is not: with what everybody sees, and the source of the first text, which
/// whoever sent it knows.
pub fn from_outside(conn: &mut Conn, row: &Row) -> Result<OwnComment> {
    let thread = threads::by_id(conn, row.thread_id)?.and_then(threads::Thread::public);
    let eyes = thread.as_ref().map_or(Eyes::Nobody, Eyes::Public);
    let mut views = render(conn, std::slice::from_ref(row), eyes)?;
    let comment = views.pop().ok_or(crate::error::Error::NotFound)?;
    let is_first = comment.status == Status::Published && row.revision == 1;
    Ok(OwnComment {
        comment,
        body: is_first.then(|| row.body.clone()),
        revision: row.revision,
        reasons: Vec::new(),
        public_html: None,
        passage: None,
    })
}

/// A page of a thread's roots.
#[derive(Debug, Clone, Copy)]
pub struct RootsPage<'a> {
    /// How many roots it has at most.
    pub limit: usize,
    /// How many descendants come with each of them at most.
    pub replies: usize,
    /// Their order.
    pub sort: Sort,
    /// The name of the list, in its cursors.
    pub query: &'a str,
}

/// Renders a page of a thread's roots, each with its first replies.
pub fn roots(
    conn: &mut Conn,
    thread: &PublicThread,
    rows: Vec<Row>,
    page: RootsPage,
) -> Result<List<Comment>> {
    let (mut rows, next) = page_of(rows, page.limit, |row| {
        row.cursor(page.sort).encode(page.query)
    });
    let roots = rows.len();
    let mut lists = Vec::new();
    for index in 0..roots {
        let root = &rows[index];
        let beneath = match root.reply_count {
            0 => Vec::new(),
            // One short look into an index for each answered root.
            _ => comments::replies(conn, root.id, None, page.replies as i64 + 1)?,
        };
        let (id, total) = (root.id, root.reply_count);
        let (beneath, next) = page_of(beneath, page.replies, |row| {
            row.cursor(Sort::Oldest).encode(&replies_query(id))
        });
        lists.push((beneath.len(), next, total));
        rows.extend(beneath);
    }
    // One look at people and reactions for all that the page shows.
    let mut views = public(conn, thread, &rows)?;
    let mut beneath = views.split_off(roots).into_iter();
    for (view, (length, next, total)) in views.iter_mut().zip(lists) {
        let items = beneath.by_ref().take(length).collect();
        view.replies = Some(List {
            items,
            next,
            total: Some(total),
        });
    }
    Ok(List {
        items: views,
        next,
        total: None,
    })
}

/// The name of a root's list of replies, for its cursors.
pub fn replies_query(root: CommentId) -> String {
    format!("replies {root}")
}

/// One comment with its first replies, if it is a root.
pub fn with_replies(conn: &mut Conn, thread: &PublicThread, row: Row) -> Result<Comment> {
    if row.parent_id.is_some() {
        let mut views = public(conn, thread, &[row])?;
        return views.pop().ok_or(crate::error::Error::NotFound);
    }
    let page = RootsPage {
        limit: 1,
        replies: FIRST_REPLIES,
        sort: Sort::Oldest,
        query: "",
    };
    let mut list = roots(conn, thread, vec![row], page)?;
    list.items.pop().ok_or(crate::error::Error::NotFound)
}

fn render(conn: &mut Conn, rows: &[Row], eyes: Eyes) -> Result<Vec<Comment>> {
    let authors = authors(conn, rows)?;
    let mut reactions = reactions_of(conn, rows)?;
    let addressees = addressees(conn, rows)?;
    let render_one = |row: &Row| {
        let (shown, status) = match eyes {
            Eyes::Own => (*row.status != Status::Deleted, *row.status),
            Eyes::Nobody => (false, Status::Deleted),
            Eyes::Public(thread) => match row.sight(thread) {
                CommentSight::Whole => (true, Status::Published),
                CommentSight::Tombstone | CommentSight::Nothing => (false, Status::Deleted),
            },
        };
        let person = authors.get(&row.person_id);
        Comment {
            id: row.id,
            thread_id: row.thread_id,
            parent_id: row.parent_id,
            root_id: row.root_id,
            depth: row.depth,
            status,
            author: person.filter(|_| shown).map(|person| author(row, person)),
            body_html: shown.then(|| row.body_html.clone()),
            passage_id: row.passage_id,
            votes: if shown {
                Votes::new(row.up, row.down)
            } else {
                Votes::new(0, 0)
            },
            reactions: reactions
                .remove(&row.id)
                .filter(|_| shown)
                .unwrap_or_default(),
            reply_count: row.reply_count,
            reply_to: row.reply_to.map(|id| Addressee {
                id,
                name: addressees.get(&id).cloned().flatten(),
            }),
            pinned: row.pinned,
            created_at: row.created_at,
            edited_at: row.edited_at.filter(|_| shown),
            replies: None,
        }
    };
    Ok(rows.iter().map(render_one).collect())
}

fn author(row: &Row, person: &Person) -> Author {
    Author {
        id: person.id,
        name: row.author_name.clone(),
        website: row.author_website.clone(),
        avatar_url: person.avatar_url.clone(),
        badge: Some(*person.role).filter(|role| *role > Role::Reader),
        verified: person.verified,
    }
}

fn authors(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<PersonId, Person>> {
    let mut ids: Vec<_> = rows.iter().map(|row| row.person_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people::by_ids(conn, &ids)?;
    Ok(people
        .into_iter()
        .map(|person| (person.id, person))
        .collect())
}

/// The reactions of these comments, the most frequent first.
pub fn reactions_of(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<CommentId, Vec<Reaction>>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut reactions: HashMap<CommentId, Vec<Reaction>> = HashMap::new();
    for (comment, emoji, count) in reactions::counts(conn, &ids)? {
        reactions
            .entry(comment)
            .or_default()
            .push(Reaction { emoji, count });
    }
    for list in reactions.values_mut() {
        list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.emoji.cmp(&b.emoji)));
    }
    Ok(reactions)
}

/// The names of those who are answered across levels, while their comments are public.
fn addressees(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<CommentId, Option<String>>> {
    let ids: Vec<_> = rows.iter().filter_map(|row| row.reply_to).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let answered = comments::by_ids(conn, &ids)?;
    let public = answered
        .into_iter()
        .filter(|row| *row.status == Status::Published);
    Ok(public.map(|row| (row.id, row.author_name)).collect())
}
