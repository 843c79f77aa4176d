//! What letters lead to: leaving what one was told of, managing all of it, and being forgotten. The sealed
//! link is all the right that is needed.

use super::consent;
use super::subscriptions::{end, hurry};
use crate::domain::id::{MailboxId, SiteId, SubscriptionId};
use crate::domain::link::Leaving;
use crate::domain::subscription::{Form, Frequency, Standing};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::letter_requests::{self, Share, Verdict};
use crate::store::mailboxes::{self, Mailbox};
use crate::store::sites::{self, Site};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, Store, Tx, consents, outbox, people, sign_ins};
use crate::view::subscription::Followed;

/// How many choices the page of all of them shows; those of one mailbox on one site.
const SHOWN: i64 = 500;

/// What the pages behind a letter's links show.
#[derive(Clone)]
pub struct Held {
    /// The site, in whose language they are written.
    pub site: Site,
    /// The mailbox; `None` when the address was forgotten.
    pub mailbox: Option<Mailbox>,
    /// Choices.
    pub followed: Vec<Followed>,
}

/// The site that a link is about, and nothing of the mailbox.
///
/// # Errors
/// [`Error::NotFound`] when the site is gone.
pub async fn site(store: &Store, id: SiteId) -> Result<Site> {
    store
        .read(move |conn| sites::by_id(conn, id)?.ok_or(Error::NotFound))
        .await
}

/// Everything that a mailbox follows or may still confirm.
///
/// # Errors
/// [`Error::NotFound`] when the site is gone.
pub async fn held(store: &Store, site: SiteId, mailbox: MailboxId) -> Result<Held> {
    store
        .read(move |conn| {
            let mut rows = subscriptions::of_mailbox(conn, mailbox, Standing::Active, SHOWN)?;
            rows.extend(subscriptions::of_mailbox(
                conn,
                mailbox,
                Standing::Pending,
                SHOWN,
            )?);
            show(conn, site, mailbox, rows)
        })
        .await
}

/// These choices of a mailbox, whatever became of them.
///
/// # Errors
/// [`Error::NotFound`] when the site is gone.
pub async fn these(
    store: &Store,
    site: SiteId,
    mailbox: MailboxId,
    ids: Vec<SubscriptionId>,
) -> Result<Held> {
    store
        .read(move |conn| {
            let mut rows = subscriptions::with_kept(conn, &ids)?;
            rows.retain(|row| row.mailbox_id == mailbox);
            show(conn, site, mailbox, rows)
        })
        .await
}

fn show(
    conn: &mut Conn,
    site: SiteId,
    mailbox: MailboxId,
    rows: Vec<Subscription>,
) -> Result<Held> {
    let site = sites::by_id(conn, site)?.ok_or(Error::NotFound)?;
    let mailbox = mailboxes::by_id(conn, mailbox)?.filter(|row| row.site_id == site.id);
    Ok(Held {
        followed: Followed::stored(conn, &site, &rows)?,
        mailbox,
        site,
    })
}

/// Leaves what a letter was sent for. Leaving twice is leaving once, and an address that was forgotten has
/// left all there was.
///
/// # Errors
/// An outage.
pub async fn leave(
    store: &Store,
    mailbox: MailboxId,
    leaving: Leaving,
    form: Form,
    now: Time,
) -> Result<()> {
    let left = store
        .write(move |tx| {
            mailboxes::lock(tx, mailbox)?;
            let mut rows = match &leaving {
                Leaving::These(ids) => subscriptions::with_kept(tx, ids)?,
                Leaving::Digest(_) | Leaving::All => all(tx, mailbox)?,
            };
            if let Leaving::Digest(frequency) = leaving {
                rows.retain(|row| *row.frequency == frequency);
            }
            for row in rows.into_iter().filter(|row| row.mailbox_id == mailbox) {
                end(tx, row, form, now)?;
            }
            if leaving == Leaving::All {
                // Nor is the mailbox told any more what became of anybody's comments.
                mailboxes::distrust(tx, mailbox)?;
            }
            Ok(())
        })
        .await;
    match left {
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}

/// Everything that a mailbox did not leave. The mailbox is locked.
fn all(tx: &mut Tx, mailbox: MailboxId) -> Result<Vec<Subscription>> {
    let mut rows = subscriptions::of_mailbox(tx, mailbox, Standing::Active, i64::MAX)?;
    rows.extend(subscriptions::of_mailbox(
        tx,
        mailbox,
        Standing::Pending,
        i64::MAX,
    )?);
    Ok(rows)
}

/// What is changed on the page of all of one's choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// One is told sooner or later.
    Frequency(SubscriptionId, Frequency),
    /// One is left.
    Stop(SubscriptionId),
    /// All are left, and nobody's choices are taken for agreed to any more.
    StopAll,
}

/// Changes what a mailbox follows.
///
/// # Errors
/// [`Error::NotFound`] when the address was forgotten, or the choice is not the mailbox's.
pub async fn change(store: &Store, mailbox: MailboxId, change: Change, now: Time) -> Result<()> {
    store
        .write(move |tx| {
            mailboxes::lock(tx, mailbox)?;
            let one = |tx: &mut Tx, id| {
                let row = subscriptions::by_id(tx, id)?;
                row.filter(|row| row.mailbox_id == mailbox)
                    .ok_or(Error::NotFound)
            };
            match change {
                Change::Frequency(id, frequency) => {
                    let row = one(tx, id)?;
                    hurry(tx, row, frequency, Form::ManagePage, now)?;
                }
                Change::Stop(id) => {
                    let row = one(tx, id)?;
                    end(tx, row, Form::ManagePage, now)?;
                }
                Change::StopAll => {
                    for row in all(tx, mailbox)? {
                        end(tx, row, Form::ManagePage, now)?;
                    }
                    mailboxes::distrust(tx, mailbox)?;
                }
            }
            Ok(())
        })
        .await
}

/// Forgets an address on its site, with all that hangs on it: choices, the record of them, letters that
/// wait, ways to sign in, and the address wherever a comment's author gave it. That its server or its owner
/// wants no mail from here (`suppressions`) is remembered, since forgetting that would send some. Forgetting
/// twice is forgetting once.
///
/// # Errors
/// An outage.
pub async fn forget(store: &Store, id: MailboxId) -> Result<()> {
    let forgotten = store
        .write(move |tx| {
            let mailbox = mailboxes::lock(tx, id)?;
            erase(tx, id)?;
            people::forget_email(tx, mailbox.site_id, &mailbox.folded)?;
            letter_requests::forget_address(tx, &mailbox.folded)
        })
        .await;
    match forgotten {
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}

/// Takes a mailbox away with what hangs on it. It is locked.
pub(super) fn erase(tx: &mut Tx, id: MailboxId) -> Result<()> {
    outbox::forget_recipient(tx, id)?;
    consents::forget_all(tx, id)?;
    subscriptions::forget_all(tx, id)?;
    sign_ins::forget_all(tx, id)?;
    mailboxes::distrust(tx, id)?;
    mailboxes::delete(tx, id)
}

/// Sends a mailbox a new link to the page of all of its choices, if it may have a letter.
///
/// # Errors
/// An outage.
pub async fn send_link(store: &Store, id: MailboxId, now: Time) -> Result<()> {
    let sent = store
        .write(move |tx| {
            let mailbox = mailboxes::lock(tx, id)?;
            if consent::may_write(tx, &mailbox, Share::Link, None, now)? != Verdict::Granted {
                return Ok(());
            }
            let call = outbox::Call {
                kind: outbox::SUBSCRIPTIONS_LINK,
                subject: id.cast(),
                recipient: id,
                site: mailbox.site_id,
                thread: None,
                cadence: Frequency::Instant,
                causes: Vec::new(),
            };
            outbox::post(tx, &call, now)
        })
        .await;
    match sent {
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}
