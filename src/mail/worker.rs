//! The worker: takes what is due from the outbox, writes the letter, sends it, says so.
//!
//! Any number may run, on any number of instances. A lease keeps one from another's work; nothing
//! holds a transaction while a mail server is being talked to. A worker that dies between a server's
//! acceptance and our record of it sends the letter once more, under the same `Message-ID`.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::Post;
use super::letter::{CommentWaiting, Letter};
use crate::domain::markdown::plain_text;
use crate::domain::time::Time;
use crate::domain::word::Status;
use crate::error::{Error, Result};
use crate::store::outbox::{self, Delivery};
use crate::store::{Conn, Store, comments, mailboxes, people, sites, threads};

/// How long the worker sleeps when nothing is due.
const POLL: Duration = Duration::from_secs(3);

/// How long it leaves the database alone after that failed.
const AFTER_AN_ERROR: Duration = Duration::from_secs(15);

/// How many deliveries it looks for at a time.
const BATCH: i64 = 20;

/// How long a delivery is its own: more than a letter and its record can take.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// How long a letter that is on its way when the service stops may still take.
const LAST_LETTER: Duration = Duration::from_secs(5);

/// How often the record of a letter that went out is tried, a second apart.
const RECORDS: u32 = 10;

/// How much of a comment a letter tells, in characters.
const EXCERPT: usize = 500;

/// Works until `stop` turns true, or its sender is gone; then finishes the delivery at hand.
pub async fn run(store: Store, post: Post, mut stop: watch::Receiver<bool>) {
    loop {
        let pause = match round(&store, &post, &mut stop).await {
            Ok(found) if found == BATCH as usize => Duration::ZERO,
            Ok(_) => POLL,
            Err(error) => {
                warn!(error = ?error, "the outbox cannot be read or written");
                AFTER_AN_ERROR
            }
        };
        tokio::select! {
            biased;
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody is left to work for.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Does what is due now, and gives how many deliveries that were.
async fn round(store: &Store, post: &Post, stop: &mut watch::Receiver<bool>) -> Result<usize> {
    let now = Time::now();
    let due = store
        .read(move |conn| outbox::due(conn, now, BATCH))
        .await?;
    for delivery in &due {
        if *stop.borrow() {
            break;
        }
        let (id, now) = (delivery.id, Time::now());
        if store
            .write(move |tx| outbox::lease(tx, id, now, LEASE))
            .await?
        {
            deliver(store, post, delivery, stop).await?;
        }
    }
    Ok(due.len())
}

async fn deliver(
    store: &Store,
    post: &Post,
    delivery: &Delivery,
    stop: &mut watch::Receiver<bool>,
) -> Result<()> {
    let (id, kind) = (delivery.id, delivery.kind.as_str());
    let letter = match compose(store, post, delivery).await {
        Ok(Some(letter)) => letter,
        Ok(None) => {
            info!(delivery = %id, kind, "no mail is needed any more");
            return settle(store, delivery).await;
        }
        // The lease runs out, and the delivery is looked at again, none the worse.
        Err(error) if error.is_outage() => return Err(error),
        Err(Error::Internal(detail)) => return fail(store, delivery, detail).await,
        Err(error) => return fail(store, delivery, error.to_string()).await,
    };
    let sent = tokio::select! {
        sent = post.transport.send(letter) => sent,
        () = async { stopped(stop).await; tokio::time::sleep(LAST_LETTER).await } => {
            Err("the service stopped while the letter was on its way".to_owned())
        }
    };
    match sent {
        Ok(()) => {
            info!(delivery = %id, kind, "mail sent");
            settle(store, delivery).await
        }
        Err(error) => fail(store, delivery, error).await,
    }
}

/// The letter that a delivery calls for, if it still does.
async fn compose(store: &Store, post: &Post, delivery: &Delivery) -> Result<Option<Letter>> {
    match delivery.kind.as_str() {
        outbox::COMMENT_WAITING => {
            let (comment, recipient) = (delivery.subject.cast(), delivery.recipient);
            let waiting = move |conn: &mut Conn| {
                let Some(comment) = comments::by_id(conn, comment)? else {
                    return Ok(None);
                };
                let Some(mailbox) = mailboxes::by_id(conn, recipient)? else {
                    return Ok(None);
                };
                comment_waiting(conn, &comment, mailbox)
            };
            let Some((to, told)) = store.read(waiting).await? else {
                return Ok(None);
            };
            post.comment_waiting(delivery.id, &to, &told, Time::now())
                .map(Some)
        }
        other => Err(Error::Internal(format!(
            "there is no letter of kind `{other}`"
        ))),
    }
}

/// Whom to tell what of a comment; nobody when it waits no more, or not for them.
fn comment_waiting(
    conn: &mut Conn,
    comment: &comments::Comment,
    mailbox: mailboxes::Mailbox,
) -> Result<Option<(String, CommentWaiting)>> {
    let moderators = people::moderators_with_email(conn, comment.site_id)?;
    // Whoever moderates no more, or has another address now, is not written to.
    let is_theirs = moderators.iter().any(|moderator| {
        let email = moderator.email.as_deref().unwrap_or_default();
        email.eq_ignore_ascii_case(&mailbox.email)
    });
    if !is_theirs || mailbox.site_id != comment.site_id || *comment.status != Status::Pending {
        return Ok(None);
    }
    let to = mailbox.email;
    let Some(site) = sites::by_id(conn, comment.site_id)? else {
        return Ok(None);
    };
    let Some(thread) = threads::by_id(conn, comment.thread_id)? else {
        return Ok(None);
    };
    let told = CommentWaiting {
        site: site.name,
        title: thread.title,
        page_url: thread.url,
        comment_id: comment.id.to_string(),
        author: comment.author_name.clone(),
        excerpt: plain_text(&comment.body, EXCERPT),
        reasons: comment
            .reasons
            .iter()
            .map(|reason| reason.detail.clone())
            .collect(),
    };
    Ok(Some((to, told)))
}

/// Records that a delivery is done. Tried hard, since a letter that went out goes out again if not.
async fn settle(store: &Store, delivery: &Delivery) -> Result<()> {
    let id = delivery.id;
    for _ in 1..RECORDS {
        match store.write(move |tx| outbox::settle(tx, id)).await {
            Err(error) if error.is_outage() => tokio::time::sleep(Duration::from_secs(1)).await,
            settled => return settled,
        }
    }
    store.write(move |tx| outbox::settle(tx, id)).await
}

async fn fail(store: &Store, delivery: &Delivery, error: String) -> Result<()> {
    let attempts = delivery.attempts + 1;
    warn!(delivery = %delivery.id, kind = delivery.kind, attempts, error, "mail not sent");
    let (delivery, now) = (delivery.clone(), Time::now());
    store
        .write(move |tx| outbox::fail(tx, &delivery, &error, now))
        .await
}

#[cfg(test)]
mod tests;
