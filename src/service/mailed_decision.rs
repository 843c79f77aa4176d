//! Decisions by a letter's link. The link says which comment and which moderator; whether they are one still is asked anew each
//! time, and one decision uses it up.

use super::caller::{Authority, Caller};
use super::moderation::{self, Decision, Target};
use crate::domain::id::{CommentId, PersonId, SiteId};
use crate::domain::time::Time;
use crate::domain::visibility::Quotation;
use crate::domain::word::{Role, Status};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment};
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, Store, page_hints, passages, used_links};
use crate::view::comment::read_as;

/// What a link lets its reader do, once.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Where.
    pub site: SiteId,
    /// About what.
    pub comment: CommentId,
    /// As whom.
    pub moderator: PersonId,
    /// A hash of the link.
    pub link: [u8; 32],
    /// Until when.
    pub expires_at: Time,
}

/// A comment that waits, as its moderator reads it.
pub struct Question {
    /// The comment; where a new text of it waits, with that.
    pub comment: Comment,
    /// Its thread.
    pub thread: Thread,
    /// The words that it quotes, if nobody has found them on the page: who approves it approves them.
    pub quote: Option<String>,
}

/// The site, and what there is to decide: nothing, when somebody has decided, the link was used, or its reader moderates no
/// more.
///
/// # Errors
/// [`Error::NotFound`] when the site is gone.
pub async fn question(store: &Store, ticket: &Ticket) -> Result<(Site, Option<Question>)> {
    let ticket = ticket.clone();
    store
        .read(move |conn| {
            let site = sites::by_id(conn, ticket.site)?.ok_or(Error::NotFound)?;
            let question = open(conn, &ticket)?;
            Ok((site, question))
        })
        .await
}

fn open(conn: &mut Conn, ticket: &Ticket) -> Result<Option<Question>> {
    if moderator(conn, ticket)?.is_none() {
        return Ok(None);
    }
    let Some(comment) = comments::by_id(conn, ticket.comment)? else {
        return Ok(None);
    };
    let Some(thread) = threads::by_id(conn, comment.thread_id)? else {
        return Ok(None);
    };
    let comment = read_as(conn, &[comment])?.pop();
    let Some(comment) = comment.filter(|comment| *comment.status == Status::Pending) else {
        return Ok(None);
    };
    let site = sites::by_id(conn, comment.site_id)?.ok_or(Error::NotFound)?;
    let thread = page_hints::placed(conn, thread, comment.id)?;
    let passage = match comment.passage_id {
        Some(id) => passages::by_id(conn, id)?,
        None => None,
    };
    let waits = passage.filter(|row| row.quotation(&site.policy) == Quotation::Waiting);
    Ok(Some(Question {
        comment,
        thread,
        quote: waits.map(|row| row.quote),
    }))
}

/// Whoever the link is for, if it is good and they moderate the site now.
fn moderator(conn: &mut Conn, ticket: &Ticket) -> Result<Option<Person>> {
    if used_links::is_used(conn, &ticket.link)? {
        return Ok(None);
    }
    let person = people::by_id(conn, ticket.moderator)?;
    Ok(person.filter(|person| person.site_id == ticket.site && *person.role >= Role::Moderator))
}

/// Decides about the text that was read, if it waits still.
///
/// # Errors
/// [`Error::Changed`] when there is nothing more to decide, or another text; those of a decision.
pub async fn decide(
    store: &Store,
    ticket: &Ticket,
    decision: Decision,
    revision: i64,
    now: Time,
) -> Result<Status> {
    let ticket = ticket.clone();
    store
        .write(move |tx| {
            let person = moderator(tx, &ticket)?.ok_or(Error::Changed)?;
            let authority = Authority::full(*person.role, Some(person.site_id));
            let caller = Caller {
                person: Some(person),
                session: None,
                authority: Some(authority),
            };
            let target = Target {
                id: ticket.comment,
                revision: Some(revision),
            };
            let decision = Decision {
                from: Some(Status::Pending),
                ..decision.clone()
            };
            let status = moderation::decide_one(tx, &caller, &decision, target, now)?;
            used_links::use_up(tx, &ticket.link, ticket.expires_at)?;
            Ok(status)
        })
        .await
}
