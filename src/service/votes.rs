//! Votes: one for each person and comment, taken back or changed at will.

use serde::Serialize;

use super::caller::Caller;
use super::comments::published;
use crate::domain::id::CommentId;
use crate::domain::invalid::Invalid;
use crate::domain::rank::wilson;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Kind};
use crate::error::{Error, Result};
use crate::store::people::Person;
use crate::store::sites;
use crate::store::{Conn, Store, comments, events, votes};
use crate::view::comment::Votes;

/// A vote that was parsed: for, against, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(i32);

impl Value {
    /// Reads 1, -1 or 0.
    ///
    /// # Errors
    /// `vote_invalid`.
    pub fn parse(value: i64) -> std::result::Result<Self, Invalid> {
        match value {
            1 => Ok(Self(1)),
            0 => Ok(Self(0)),
            -1 => Ok(Self(-1)),
            _ => Err(Invalid::new("vote_invalid", "`value` takes 1, 0 or -1.")),
        }
    }
}

/// What a comment's votes are after one's own.
#[derive(Debug, Serialize)]
pub struct Outcome {
    votes: Votes,
    vote: i32,
}

/// Sets the caller's vote on a published comment of somebody else's.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::NotFound`], [`Error::OwnComment`], [`Error::GuestsNotAllowed`].
pub async fn vote(
    store: &Store,
    caller: &Caller,
    id: CommentId,
    value: Value,
    now: Time,
) -> Result<Outcome> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            let (mut thread, comment) = published(tx, id)?;
            let person = voter(tx, &caller, &comment)?;
            if person.id == comment.person_id {
                return Err(Error::OwnComment);
            }
            let before = votes::value(tx, id, person.id)?;
            let outcome = |up, down| Outcome {
                votes: Votes::new(up, down),
                vote: value.0,
            };
            if before == value.0 {
                return Ok(outcome(comment.up, comment.down));
            }
            votes::set(tx, id, person.id, thread.id, value.0, now)?;
            let count = |sign: i32| i64::from(value.0 == sign) - i64::from(before == sign);
            let (up, down) = comments::count_votes(tx, id, count(1), count(-1))?;
            let clamp = |votes: i64| u32::try_from(votes).unwrap_or(u32::MAX);
            comments::set_rank(tx, id, wilson(clamp(up), clamp(down)))?;
            events::append(tx, &mut thread, EventKind::CommentUpdated, Some(id), now)?;
            Ok(outcome(up, down))
        })
        .await
}

/// The person who votes on this comment or reacts to it.
pub(super) fn voter(
    conn: &mut Conn,
    caller: &Caller,
    comment: &comments::Comment,
) -> Result<Person> {
    let person = caller.person_on(comment.site_id)?.clone();
    if *person.kind == Kind::Guest {
        let site = sites::by_id(conn, comment.site_id)?.ok_or(Error::NotFound)?;
        if !site.policy.guests {
            return Err(Error::GuestsNotAllowed);
        }
    }
    Ok(person)
}
