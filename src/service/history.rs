//! The texts that a comment has had, and who may read them.

use serde::Serialize;

use super::caller::Caller;
use crate::domain::id::CommentId;
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::{Role, Status};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment};
use crate::store::drafts::{self, Draft};
use crate::store::revisions::{self, Revision};
use crate::store::{Store, sites, threads};
use crate::view;

/// The present text, as it is kept when another takes its place.
pub(super) fn present(comment: &Comment) -> Revision {
    Revision {
        comment_id: comment.id,
        revision: comment.revision,
        body: comment.body.clone(),
        body_html: comment.body_html.clone(),
        public: *comment.status == Status::Published,
        created_at: comment.edited_at.unwrap_or(comment.created_at),
    }
}

/// One text of a comment.
#[derive(Debug, Serialize)]
pub struct HistoryItem {
    revision: i64,
    body: String,
    body_html: String,
    created_at: Time,
}

/// The texts that a comment has had, the latest first, with one that waits; the earlier ones at most 100.
///
/// # Errors
/// [`Error::NotFound`] for whoever may not see them.
pub async fn history(
    store: &Store,
    caller: &Caller,
    id: CommentId,
) -> Result<view::List<HistoryItem>> {
    let caller = caller.clone();
    store
        .read(move |conn| {
            let comment = comments::by_id(conn, id)?.ok_or(Error::NotFound)?;
            let site = sites::by_id(conn, comment.site_id)?.ok_or(Error::NotFound)?;
            let thread = threads::by_id(conn, comment.thread_id)?.ok_or(Error::NotFound)?;
            let is_public = comment.sight(&thread) == CommentSight::Whole;
            let sees_all =
                caller.wrote(&comment) || caller.in_place().has(Role::Moderator, site.id);
            if *comment.status == Status::Deleted || (!sees_all && !is_public) {
                return Err(Error::NotFound);
            }
            if !sees_all && !site.policy.public_history {
                return Err(match caller.authority {
                    None => Error::Unauthorized,
                    Some(_) => Error::Forbidden("Earlier texts are for the author and moderators."),
                });
            }
            let mut texts = vec![present(&comment)];
            if sees_all && comment.draft {
                let draft = drafts::of(conn, id)?.map(waiting);
                texts.splice(0..0, draft);
            }
            texts.extend(revisions::of(conn, id, 100)?);
            // A text that was held all its life does not come out by way of the history.
            texts.retain(|text| sees_all || text.public);
            let items = texts.into_iter().map(item).collect();
            Ok(view::List::whole(items))
        })
        .await
}

/// A text that waits, as one of those that a comment has had.
fn waiting(draft: Draft) -> Revision {
    Revision {
        comment_id: draft.comment_id,
        revision: draft.revision,
        body: draft.body,
        body_html: draft.body_html,
        public: false,
        created_at: draft.created_at,
    }
}

fn item(revision: Revision) -> HistoryItem {
    HistoryItem {
        revision: revision.revision,
        body: revision.body,
        body_html: revision.body_html,
        created_at: revision.created_at,
    }
}
