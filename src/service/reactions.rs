//! Reactions: a small set of emoji that the site chooses, each at most once for each person.

use serde::Serialize;

use super::caller::Caller;
use super::comments::published;
use super::votes::voter;
use crate::domain::id::CommentId;
use crate::domain::invalid::Invalid;
use crate::domain::site::is_reaction;
use crate::domain::time::Time;
use crate::domain::word::EventKind;
use crate::error::{Error, Result};
use crate::store::{Store, events, reactions, sites};
use crate::view::comment::{Reaction, reactions_of};

/// A comment's reactions after one's own.
#[derive(Debug, Serialize)]
pub struct Outcome {
    reactions: Vec<Reaction>,
    mine: Vec<String>,
}

/// Adds or takes back the caller's reaction to a published comment.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::NotFound`], `reaction_unknown`.
pub async fn react(
    store: &Store,
    caller: &Caller,
    id: CommentId,
    emoji: String,
    wanted: bool,
    now: Time,
) -> Result<Outcome> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            let (mut thread, comment) = published(tx, id)?;
            let person = voter(tx, &caller, &comment)?;
            let site = sites::by_id(tx, comment.site_id)?.ok_or(Error::NotFound)?;
            // One that the site no longer offers may still be taken back.
            let is_offered = site.policy.reactions.contains(&emoji);
            if !is_offered && (wanted || !is_reaction(&emoji)) {
                let detail = format!(
                    "This site's reactions are: {}",
                    site.policy.reactions.join(" ")
                );
                return Err(Error::field(
                    "/emoji",
                    Invalid::new("reaction_unknown", detail),
                ));
            }
            let changed = match wanted {
                true => reactions::add(tx, id, person.id, thread.id, &emoji, now)?,
                false => reactions::remove(tx, id, person.id, &emoji)?,
            };
            if changed {
                events::append(tx, &mut thread, EventKind::CommentUpdated, Some(id), now)?;
            }
            let mut all = reactions_of(tx, std::slice::from_ref(&comment))?;
            Ok(Outcome {
                reactions: all.remove(&id).unwrap_or_default(),
                mine: reactions::mine(tx, id, person.id)?,
            })
        })
        .await
}
