//! `consents`: the record of what was agreed to or taken back, when and by which form.

use diesel::prelude::*;

use super::Conn;
use super::schema::consents;
use super::subscriptions::Subscription;
use super::types::Named;
use crate::domain::id::{ConsentId, MailboxId};
use crate::domain::subscription::{Act, Form};
use crate::domain::time::Time;
use crate::error::Result;

/// Writes down what was done with a choice.
pub fn record(
    conn: &mut Conn,
    choice: &Subscription,
    act: Act,
    form: Form,
    now: Time,
) -> Result<()> {
    diesel::insert_into(consents::table)
        .values((
            consents::id.eq(ConsentId::new()),
            consents::mailbox_id.eq(choice.mailbox_id),
            consents::scope.eq(choice.scope),
            consents::target.eq(choice.target),
            consents::frequency.eq(choice.frequency),
            consents::act.eq(Named(act)),
            consents::form.eq(Named(form)),
            consents::at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets the record of a mailbox.
pub fn forget_all(conn: &mut Conn, mailbox: MailboxId) -> Result<()> {
    let all = consents::table.filter(consents::mailbox_id.eq(mailbox));
    diesel::delete(all).execute(conn)?;
    Ok(())
}
