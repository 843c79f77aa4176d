//! Taking over what one wrote as a guest. What guests wrote under one's address is offered to whoever signed in by mail, and
//! theirs only if they say so, since anybody can have typed it. A guest's own token proves it by itself.

use serde::Serialize;

use super::caller::Caller;
use super::{identity, staff_sign_in};
use crate::domain::id::PersonId;
use crate::domain::time::Time;
use crate::domain::token::AccessClaims;
use crate::domain::word::{EventKind, Kind, Status};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::{self, Person};
use crate::store::{Conn, Store, comments, subscriptions, threads};
use crate::view;

/// How many guests are offered at a time.
const OFFERED: i64 = 50;

/// How many comments one transaction hands over.
const STEP: i64 = 100;

/// A guest who signed with the address of somebody who signed in by mail.
#[derive(Serialize)]
pub struct EarlierGuest {
    id: PersonId,
    name: Option<String>,
    /// How many comments of theirs there are.
    comments: i64,
    /// The last that everybody sees.
    latest: Option<view::comment::Comment>,
}

/// The guests of the site who signed with the caller's address and wrote something.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`] for whoever did not sign in by mail.
pub async fn offered(store: &Store, caller: &Caller) -> Result<Vec<EarlierGuest>> {
    let caller = caller.clone();
    store
        .read(move |conn| {
            let mailbox = match signed_in_by_mail(conn, &caller) {
                Ok((_, mailbox)) => mailbox,
                // One of the site's own people whom a link signed in has shown no address yet.
                Err(Error::Forbidden(_)) if staff_sign_in::is_in_page(&caller) => {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(error),
            };
            let (site, folded) = (mailbox.site_id, mailbox.folded.as_str());
            let mut offered = Vec::new();
            for guest in people::guests_with_email(conn, site, folded, OFFERED)? {
                let comments = comments::count_of_person(conn, guest.id)?;
                if comments == 0 {
                    continue;
                }
                let latest = latest_public(conn, guest.id)?;
                offered.push(EarlierGuest {
                    id: guest.id,
                    name: guest.name,
                    comments,
                    latest,
                });
            }
            Ok(offered)
        })
        .await
}

fn latest_public(conn: &mut Conn, guest: PersonId) -> Result<Option<view::comment::Comment>> {
    let Some(row) = comments::latest_of_person(conn, guest)? else {
        return Ok(None);
    };
    let thread = threads::by_id(conn, row.thread_id)?;
    match thread.and_then(threads::Thread::public) {
        Some(thread) => Ok(view::comment::public(conn, &thread, &[row])?.pop()),
        None => Ok(None),
    }
}

/// Why a guest is the caller: what they say, where the address fits, or a token of the guest's.
#[derive(Clone)]
pub enum Claim {
    /// A guest who signed with the caller's address.
    Address(PersonId),
    /// What a token says, be it expired or not.
    Token(AccessClaims),
}

/// Makes what these guests wrote the caller's. Their tokens count no more once all is handed over, so that whoever is
/// interrupted may claim the rest. A guest who is not offered, or a token that is no living guest's of the caller's site, is
/// passed over.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`] for whoever is not signed in, or, where an address is claimed, not by mail.
pub async fn join(store: &Store, caller: &Caller, claims: Vec<Claim>, now: Time) -> Result<()> {
    signed_in(caller)?;
    for claim in claims {
        let about = (caller.clone(), claim.clone());
        let found = store
            .read(move |conn| proven(conn, &about.0, &about.1, now))
            .await?;
        let Some((owner, guest)) = found else {
            continue;
        };
        while hand_over(store, guest, &owner, now).await? {}
        let about = (caller.clone(), claim);
        store
            .write(move |tx| {
                let Some((owner, guest)) = proven(tx, &about.0, &about.1, now)? else {
                    return Ok(());
                };
                identity::end_everywhere(tx, guest, now)?;
                mailboxes::distrust_person(tx, guest)?;
                subscriptions::hand_over(tx, guest, owner.id)
            })
            .await?;
        // What the guest wrote meanwhile, in another window.
        while hand_over(store, guest, &owner, now).await? {}
    }
    Ok(())
}

/// Whose the guest's comments become, and the guest, if the claim is good.
fn proven(
    conn: &mut Conn,
    caller: &Caller,
    claim: &Claim,
    now: Time,
) -> Result<Option<(Person, PersonId)>> {
    match claim {
        Claim::Address(guest) => {
            let (owner, mailbox) = signed_in_by_mail(conn, caller)?;
            let guest = people::by_id(conn, *guest)?.filter(|guest| {
                let email = guest.email.as_deref().unwrap_or_default();
                guest.site_id == mailbox.site_id
                    && *guest.kind == Kind::Guest
                    && email.eq_ignore_ascii_case(&mailbox.email)
            });
            Ok(guest.map(|guest| (owner, guest.id)))
        }
        Claim::Token(claims) => {
            let owner = signed_in(caller)?;
            let guest = identity::guest_of(conn, claims, now)?;
            let guest = guest.filter(|guest| guest.site_id == owner.site_id);
            Ok(guest.map(|guest| (owner, guest.id)))
        }
    }
}

/// Whoever is signed in, in whichever way; nobody who is but a guest.
fn signed_in(caller: &Caller) -> Result<Person> {
    caller.authority.ok_or(Error::Unauthorized)?;
    let refuse = Error::Forbidden("Only whoever is signed in can take anything over.");
    let person = caller.person.as_ref();
    let person = person
        .filter(|person| *person.kind != Kind::Guest)
        .ok_or(refuse)?;
    caller.person_on(person.site_id).cloned()
}

/// Whoever signed in by mail, and by which.
fn signed_in_by_mail(conn: &mut Conn, caller: &Caller) -> Result<(Person, Mailbox)> {
    caller.authority.ok_or(Error::Unauthorized)?;
    let refuse = || Error::Forbidden("Only whoever signed in by mail is offered this.");
    let person = caller.person.as_ref().ok_or_else(refuse)?;
    let mailbox = match mailboxes::signed_in_by(conn, person.id)? {
        Some(mailbox) => mailbox,
        None => staff_sign_in::mailbox(conn, person)?.ok_or_else(refuse)?,
    };
    let person = caller.person_on(mailbox.site_id)?;
    Ok((person.clone(), mailbox))
}

/// Hands some of a guest's comments over, all of one thread; false when there are none left.
async fn hand_over(store: &Store, from: PersonId, to: &Person, now: Time) -> Result<bool> {
    let to = to.clone();
    store
        .write(move |tx| {
            let Some(thread) = comments::thread_of_person(tx, from)? else {
                return Ok(false);
            };
            // Where it lies, be that a thread that is being joined into another.
            let mut thread = Locked::lock_itself(tx, thread)?;
            for comment in comments::of_person(tx, from, thread.id, STEP)? {
                comments::set_person(tx, comment.id, to.id)?;
                // A name that somebody vouches for is no cover for what a guest called themselves.
                if *to.kind != Kind::Email {
                    let (name, website) = (to.name.as_deref(), to.website.as_deref());
                    comments::set_signature(tx, comment.id, name, website)?;
                }
                if *comment.status == Status::Published {
                    events::append(
                        tx,
                        &mut thread,
                        EventKind::CommentUpdated,
                        Some(comment.id),
                        now,
                    )?;
                }
            }
            Ok(true)
        })
        .await
}
