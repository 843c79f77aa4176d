//! Whose article a page is: its author is told of every comment on it. A site says it by the person who directs the page, or by an
//! address.
//!
//! Nobody agrees by the site's word. An address is asked, once for all of its articles; but one that the operator, or the site's own
//! sign-on, gave for a person is vouched for. What an author left stays left, however often they are named; and whoever left every
//! article, or did not answer, is not asked about others.

use std::collections::BTreeSet;

use super::consent::{self, Choice, MANY};
use super::subscriptions::locked;
use crate::domain::id::{PersonId, ThreadId};
use crate::domain::subscription::{Act, Form, Frequency, Scope, Standing};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::{self, Person};
use crate::store::sites::Site;
use crate::store::subscriptions::{self, Subscription};
use crate::store::threads::Thread;
use crate::store::{Tx, consents, outbox};

/// Has a page's new author told of its comments, in the place of the one before. `thread` is as it was, and locked; `owner` is
/// whose it became, and `author` whom the site names (`Some(None)`: nobody any more). Gives whether it named another.
pub(super) fn note(
    tx: &mut Tx,
    site: &Site,
    thread: &Thread,
    owner: Option<PersonId>,
    author: &Option<Option<Email>>,
    now: Time,
) -> Result<bool> {
    if let Some(owner) = owner.filter(|owner| thread.owner_id != Some(*owner)) {
        for row in subscriptions::named(tx, thread.id)? {
            if thread.owner_id.is_some() && row.person_id == thread.owner_id {
                withdraw(tx, &row, now)?;
            }
        }
        own(tx, site, thread.id, owner, now)?;
    }
    match author {
        None => Ok(false),
        Some(email) => {
            let owner = owner.or(thread.owner_id);
            name(tx, site, thread.id, owner, email.as_ref(), now)
        }
    }
}

/// Has whoever directs the page told, where their address is known.
fn own(tx: &mut Tx, site: &Site, thread: ThreadId, owner: PersonId, now: Time) -> Result<()> {
    let Some(person) = people::by_id(tx, owner)? else {
        return Ok(());
    };
    let Some(Ok(email)) = person.email.as_deref().map(Email::parse) else {
        return Ok(());
    };
    let mailbox = locked(tx, site, &email, now)?;
    choose(tx, &mailbox, Some(&person), thread, now)?;
    Ok(())
}

fn name(
    tx: &mut Tx,
    site: &Site,
    thread: ThreadId,
    owner: Option<PersonId>,
    email: Option<&Email>,
    now: Time,
) -> Result<bool> {
    let mut named = subscriptions::named(tx, thread)?;
    named.retain(|row| owner.is_none() || row.person_id != owner);
    let mailbox = match email {
        Some(email) => Some(locked(tx, site, email, now)?),
        None => None,
    };
    let mut is_other = false;
    for row in named {
        if Some(row.mailbox_id) != mailbox.as_ref().map(|mailbox| mailbox.id) {
            withdraw(tx, &row, now)?;
            is_other = true;
        }
    }
    if let Some(mailbox) = mailbox {
        let person = people::vouched_for(tx, site.id, &mailbox.folded)?;
        is_other |= choose(tx, &mailbox, person.as_ref(), thread, now)?;
    }
    Ok(is_other)
}

/// Chooses for the author, unless they are told already, were asked already, or want none of it; false then.
fn choose(
    tx: &mut Tx,
    mailbox: &Mailbox,
    person: Option<&Person>,
    thread: ThreadId,
    now: Time,
) -> Result<bool> {
    let id = person.map(|person| person.id);
    for of in BTreeSet::from([None, id]) {
        let known = subscriptions::find(tx, mailbox.id, Scope::Article, thread.cast(), of)?;
        // One that was refused its letter has not been asked.
        if known.is_some_and(|row| *row.state != Standing::Pending || row.letter_at.is_some()) {
            return Ok(false);
        }
    }
    if subscriptions::declines_articles(tx, mailbox.id)? {
        return Ok(false);
    }
    let choice = Choice {
        scope: Scope::Article,
        target: thread.cast(),
        thread: Some(thread),
        frequency: Frequency::Instant,
        form: Form::Staff,
    };
    consent::choose(tx, mailbox, person, &choice, now)?;
    consent::ask(tx, mailbox, id, None, now)?;
    Ok(true)
}

/// Takes back what the site chose. Nothing is left of it but the record, so that it is not taken for the author's own leaving.
fn withdraw(tx: &mut Tx, row: &Subscription, now: Time) -> Result<()> {
    let mailbox = mailboxes::lock(tx, row.mailbox_id)?;
    // Read again behind the lock: its owner may have answered, or left, meanwhile.
    let Some(row) = subscriptions::by_id(tx, row.id)?.filter(|row| *row.state != Standing::Ended)
    else {
        return Ok(());
    };
    consents::record(tx, &row, Act::Ended, Form::Staff, now)?;
    subscriptions::delete(tx, row.id)?;
    // Where the letter that asks about several names this one, another takes its place.
    let is_named = *row.state == Standing::Pending
        && outbox::is_called_for(tx, outbox::CONFIRM, row.id.cast(), mailbox.id)?;
    let waiting = subscriptions::of_mailbox(tx, mailbox.id, Standing::Pending, MANY)?;
    let heir = waiting.into_iter().find(|other| other.goes_with(&row));
    if let Some(heir) = heir.filter(|_| is_named) {
        subscriptions::delete(tx, heir.id)?;
        subscriptions::insert(tx, &Subscription { id: row.id, ..heir })?;
    }
    Ok(())
}
