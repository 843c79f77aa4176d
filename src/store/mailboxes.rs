//! `mailboxes`: one address on one site, and whose choices count for it.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::Literal;
use super::people::Person;
use super::schema::{mailbox_people, mailboxes, outbox, sign_ins, subscriptions};
use crate::domain::id::{MailboxId, PersonId, SiteId};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// A mailbox as stored. `Debug` is absent: there is an address in it.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = mailboxes)]
pub struct Mailbox {
    /// Its id.
    pub id: MailboxId,
    /// The site that writes to it.
    pub site_id: SiteId,
    /// Its address, as first given.
    pub email: String,
    /// See [`Email::folded`].
    pub folded: String,
    /// The language of its letters (BCP 47).
    pub locale: String,
    /// Who signs in by mail to it.
    pub person_id: Option<PersonId>,
    /// When the address was first given.
    pub created_at: Time,
    /// When its owner first answered.
    pub confirmed_at: Option<Time>,
}

/// The mailbox with that id.
pub fn by_id(conn: &mut Conn, id: MailboxId) -> Result<Option<Mailbox>> {
    Ok(mailboxes::table.find(id).row(conn)?)
}

/// These mailboxes, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[MailboxId]) -> Result<Vec<Mailbox>> {
    let query = mailboxes::table.filter(mailboxes::id.eq_any(ids));
    Ok(query.rows(conn)?)
}

/// The mailbox of an address on a site.
pub fn by_email(conn: &mut Conn, site: SiteId, email: &Email) -> Result<Option<Mailbox>> {
    let query = mailboxes::table
        .filter(mailboxes::site_id.eq(site))
        .filter(mailboxes::folded.eq(email.folded()));
    Ok(query.row(conn)?)
}

/// The mailboxes of an address, in lower case, on every site.
pub fn everywhere(conn: &mut Conn, folded: &str) -> Result<Vec<Mailbox>> {
    let query = mailboxes::table.filter(mailboxes::folded.eq(folded));
    Ok(query.rows(conn)?)
}

/// The mailbox of an address on a site; made now if this is the first that is heard of it.
pub fn find_or_make(
    conn: &mut Conn,
    site: SiteId,
    email: &Email,
    locale: &str,
    now: Time,
) -> Result<Mailbox> {
    if let Some(known) = by_email(conn, site, email)? {
        return Ok(known);
    }
    let mailbox = Mailbox {
        id: MailboxId::new(),
        site_id: site,
        email: email.as_str().to_owned(),
        folded: email.folded(),
        locale: locale.to_owned(),
        person_id: None,
        created_at: now,
        confirmed_at: None,
    };
    diesel::insert_into(mailboxes::table)
        .values(&mailbox)
        .run(conn)?;
    Ok(mailbox)
}

/// The mailbox of one of the site's own people, if they have an address that can be written to. The
/// operator gave it, so nobody has to confirm it.
pub fn of_staff(
    conn: &mut Conn,
    person: &Person,
    locale: &str,
    now: Time,
) -> Result<Option<Mailbox>> {
    let email = person.email.as_deref();
    let Some(email) = email.and_then(|email| Email::parse(email).ok()) else {
        return Ok(None);
    };
    let mailbox = find_or_make(conn, person.site_id, &email, locale, now)?;
    confirm(conn, mailbox.id, person.id, now)?;
    by_id(conn, mailbox.id)
}

/// Says that the mailbox's owner agreed to what this person chooses for it.
pub fn confirm(conn: &mut Conn, id: MailboxId, person: PersonId, now: Time) -> Result<()> {
    answered(conn, id, now)?;
    if is_confirmed(conn, id, person)? {
        return Ok(());
    }
    diesel::insert_into(mailbox_people::table)
        .values((
            mailbox_people::mailbox_id.eq(id),
            mailbox_people::person_id.eq(person),
            mailbox_people::confirmed_at.eq(now),
        ))
        .run(conn)?;
    Ok(())
}

/// Says that the mailbox's owner answered a letter; the first time is kept.
///
/// # Errors
/// [`Error::NotFound`] when the address was forgotten meanwhile.
pub fn answered(conn: &mut Conn, id: MailboxId, now: Time) -> Result<()> {
    if lock(conn, id)?.confirmed_at.is_none() {
        diesel::update(mailboxes::table.find(id))
            .set(mailboxes::confirmed_at.eq(now))
            .run(conn)?;
    }
    Ok(())
}

/// The mailbox, locked until the transaction ends: what hangs on it does not change meanwhile.
///
/// # Errors
/// [`Error::NotFound`] when the address was forgotten.
pub fn lock(conn: &mut Conn, id: MailboxId) -> Result<Mailbox> {
    let locked = diesel::update(mailboxes::table.find(id))
        .set(mailboxes::created_at.eq(mailboxes::created_at))
        .returning(mailboxes::all_columns)
        .get_result(conn)
        .optional()?;
    locked.ok_or(Error::NotFound)
}

/// Whether this person's choices for the mailbox need no confirmation any more.
pub fn is_confirmed(conn: &mut Conn, id: MailboxId, person: PersonId) -> Result<bool> {
    let row = mailbox_people::table.find((id, person));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn)?)
}

/// The mailboxes that this person's choices count for, at most `limit`.
pub fn of_person(conn: &mut Conn, person: PersonId, limit: i64) -> Result<Vec<Mailbox>> {
    let query = mailbox_people::table
        .inner_join(mailboxes::table)
        .filter(mailbox_people::person_id.eq(person))
        .order(mailbox_people::confirmed_at.desc())
        .limit(limit)
        .select(mailboxes::all_columns);
    Ok(query.rows(conn)?)
}

/// Says who signs in by mail to this address, unless that is known.
pub fn set_person(conn: &mut Conn, id: MailboxId, person: PersonId) -> Result<()> {
    let unknown = mailboxes::table
        .find(id)
        .filter(mailboxes::person_id.is_null());
    diesel::update(unknown)
        .set(mailboxes::person_id.eq(person))
        .run(conn)?;
    Ok(())
}

/// The mailbox that this person signs in by.
pub fn signed_in_by(conn: &mut Conn, person: PersonId) -> Result<Option<Mailbox>> {
    let query = mailboxes::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("person_id IS NOT NULL"))
        .filter(mailboxes::person_id.eq(person));
    Ok(query.row(conn)?)
}

/// From now on everybody's choices for the mailbox have to be confirmed.
pub fn distrust(conn: &mut Conn, id: MailboxId) -> Result<()> {
    let all = mailbox_people::table.filter(mailbox_people::mailbox_id.eq(id));
    diesel::delete(all).run(conn)?;
    Ok(())
}

/// From now on this person's choices have to be confirmed.
pub fn distrust_person(conn: &mut Conn, person: PersonId) -> Result<()> {
    let all = mailbox_people::table.filter(mailbox_people::person_id.eq(person));
    diesel::delete(all).run(conn)?;
    Ok(())
}

/// Forgets a mailbox, on which nothing hangs any more.
pub fn delete(conn: &mut Conn, id: MailboxId) -> Result<()> {
    diesel::delete(mailboxes::table.find(id)).run(conn)?;
    Ok(())
}

/// At most `limit` mailboxes given before `before` that nobody ever answered from, and on which nothing
/// hangs that may still be answered.
pub fn idle(conn: &mut Conn, before: Time, limit: i64) -> Result<Vec<MailboxId>> {
    let hangs = subscriptions::table.filter(subscriptions::mailbox_id.eq(mailboxes::id));
    let signs = sign_ins::table.filter(sign_ins::mailbox_id.eq(mailboxes::id));
    let waits = outbox::table
        .filter(outbox::recipient.eq(mailboxes::id))
        .filter(outbox::state.eq("waiting"));
    let query = mailboxes::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("confirmed_at IS NULL"))
        .filter(mailboxes::created_at.lt(before))
        .filter(diesel::dsl::not(diesel::dsl::exists(hangs)))
        .filter(diesel::dsl::not(diesel::dsl::exists(signs)))
        .filter(diesel::dsl::not(diesel::dsl::exists(waits)))
        .select(mailboxes::id)
        .limit(limit);
    Ok(query.rows(conn)?)
}
