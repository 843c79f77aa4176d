//! What follows from mail that came back: an address that nothing is sent to any more, or a choice that was left.

use crate::domain::link::Leaving;
use crate::domain::mark::Mark;
use crate::domain::subscription::{Form, Frequency, Suppressed};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::mailboxes::{self, Mailbox};
use crate::store::suppressions::{self, Suppression};
use crate::store::types::Named;
use crate::store::{Store, outbox};

/// The mailbox that a mark names; `None` when its address was forgotten.
///
/// # Errors
/// An outage.
pub async fn mailbox(store: &Store, mark: &Mark) -> Result<Option<Mailbox>> {
    let id = mark.mailbox;
    store.read(move |conn| mailboxes::by_id(conn, id)).await
}

/// Sends nothing to a mailbox's address from now on, on any site. `detail` holds no address.
///
/// # Errors
/// An outage.
pub async fn suppress(
    store: &Store,
    mailbox: &Mailbox,
    reason: Suppressed,
    detail: Option<String>,
    now: Time,
) -> Result<()> {
    let suppression = Suppression {
        email: mailbox.folded.clone(),
        reason: Named(reason),
        detail,
        at: now,
    };
    store
        .write(move |tx| suppressions::add(tx, &suppression))
        .await
}

/// Leaves what a letter was sent for, as the link in it does; everything, where it is not known any more which it was.
///
/// # Errors
/// An outage.
pub async fn unsubscribe(store: &Store, mark: Mark, now: Time) -> Result<()> {
    let rows = store
        .read(move |conn| outbox::letter_to(conn, mark.mailbox, mark.letter))
        .await?;
    let cadence = rows.first().map(|row| *row.cadence);
    let leaving = match cadence {
        None => Leaving::All,
        Some(Frequency::Instant) => {
            let causes = rows.iter().flat_map(|row| row.reason.iter());
            Leaving::these(causes.map(|cause| cause.subscription).collect())
        }
        Some(cadence) => Leaving::Digest(cadence),
    };
    super::leaving::leave(store, mark.mailbox, leaving, Form::Mail, now).await
}
