//! Signing in by mail: a letter with a link and six digits, either good once, within a quarter of an hour.
//! Whoever opens the letter is signed in, never whoever asked for it.
//!
//! What guests wrote under the same address is theirs only if they say so, since anybody can have typed it.

use serde::Serialize;

use super::caller::Caller;
use super::consent::{self, Asker};
use super::identity::{begin_session, end_everywhere, identity};
use super::session_kinds::{Whence, begin_staff_session};
use super::subscriptions::locked;
use super::{staff_links, staff_sign_in};
use crate::domain::id::{MailboxId, PersonId, SignInId, SiteId};
use crate::domain::invalid::Invalid;
use crate::domain::link::{self, Aim, Link, Purpose};
use crate::domain::page::PageUrl;
use crate::domain::subscription::Frequency;
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::{EventKind, Kind, Status};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::letter_requests::{Share, Verdict};
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::{self, Person};
use crate::store::sign_ins::{self, SignIn};
use crate::store::sites::{self, Site};
use crate::store::types::Named;
use crate::store::{Store, Tx, comments, outbox, subscriptions, threads};
use crate::view;
use crate::view::person::Identity;

/// How many times a code may be tried.
const TRIES: i64 = 5;

/// How many guests are offered at a time.
const OFFERED: i64 = 50;

/// How many comments one transaction hands over.
const STEP: i64 = 100;

/// What whoever asks is told, whatever is known of the address.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// Goes with the six digits.
    request: SignInId,
    /// Until when they count.
    expires_at: Time,
}

/// Mails a link and a code to sign in by, if the address may have a letter.
///
/// # Errors
/// [`Error::UnknownSite`], [`Error::Forbidden`] where the site signs nobody in so, [`Error::RateLimited`] when whoever asks had
/// their part of the address's letters.
pub async fn ask(
    store: &Store,
    caller: &Caller,
    asker: Asker,
    site: SiteId,
    email: Email,
    url: PageUrl,
    now: Time,
) -> Result<Asked> {
    let id = SignInId::new();
    let refuse = "This site signs nobody in by mail.";
    let expires_at = now.plus(link::SIGN_IN);
    let person = caller.person.as_ref().map(|person| person.id);
    store
        .write(move |tx| {
            let site = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
            if !site.policy.signs_in_by_email() {
                return Err(Error::Forbidden(refuse));
            }
            let mailbox = locked(tx, &site, &email, now)?;
            let is_known = match person {
                Some(person) => {
                    mailbox.person_id == Some(person)
                        || mailboxes::is_confirmed(tx, mailbox.id, person)?
                }
                None => false,
            };
            // Nobody else's asking takes these letters from somebody whom the address knows.
            let (share, asker) = match is_known {
                true => (Share::Known, None),
                false => (Share::SignIn, Some(&asker)),
            };
            match consent::may_write(tx, &mailbox, share, asker, now)? {
                Verdict::Granted => {}
                Verdict::Withheld => return Ok(()),
                Verdict::AskerHadTheirs(retry_after) => {
                    return Err(Error::RateLimited { retry_after });
                }
            }
            let attempt = SignIn {
                id,
                site_id: site.id,
                mailbox_id: mailbox.id,
                url: url.to_string(),
                tries: 0,
                created_at: now,
                expires_at,
                opened_at: None,
                redeemed_at: None,
            };
            sign_ins::insert(tx, &attempt)?;
            let call = outbox::Call {
                kind: outbox::SIGN_IN,
                subject: id.cast(),
                recipient: mailbox.id,
                site: site.id,
                thread: None,
                cadence: Frequency::Instant,
                causes: Vec::new(),
            };
            outbox::post(tx, &call, now)
        })
        .await?;
    Ok(Asked {
        request: id,
        expires_at,
    })
}

/// What signs somebody in.
#[derive(Clone)]
pub enum Proof {
    /// The six digits, and what they were asked for with.
    Code(SignInId, String),
    /// What the fragment of the page's address holds.
    Fragment(String),
}

/// Signs in whoever has read the letter: as one of the site's own people whose address it is, on a page where that may be, or
/// else as the address's reader. Or one of the site's own people by a link that the operator gave them.
///
/// # Errors
/// `code_invalid` for a code that is wrong, was used, tried too often, or is too old; [`Error::OriginNotAllowed`] for such a link under
/// a wildcard.
pub async fn verify(
    store: &Store,
    keys: &Keys,
    site: &Site,
    proof: Proof,
    whence: Whence,
    now: Time,
) -> Result<Identity> {
    let (keys, site) = (keys.clone(), site.clone());
    let signed_in = store
        .write(move |tx| {
            if let Proof::Fragment(code) = &proof
                && let Some((person, origin)) = staff_links::redeem(tx, &site, code, &whence, now)?
            {
                let minted = begin_staff_session(tx, &keys, &person, Some(origin), now)?;
                return Ok(Some(identity(minted, &person, &site)));
            }
            let attempt = match &proof {
                Proof::Code(id, code) => by_code(tx, &keys, *id, code)?,
                Proof::Fragment(token) => by_fragment(tx, &keys, &site, token, now)?,
            };
            // A wrong code is no error here: that it was tried has to stay.
            let Some(attempt) = attempt.filter(|attempt| attempt.site_id == site.id) else {
                return Ok(None);
            };
            let is_late = matches!(proof, Proof::Code(..)) && attempt.expires_at <= now;
            if is_late || !sign_ins::redeem(tx, attempt.id, now)? {
                return Ok(None);
            }
            let (person, minted) = match staff_sign_in::of(tx, &site, &attempt, &whence)? {
                Some((person, origin)) => {
                    // The address stays its reader's, who signs in under a wildcard.
                    mailboxes::confirm(tx, attempt.mailbox_id, person.id, now)?;
                    let minted = begin_staff_session(tx, &keys, &person, Some(origin), now)?;
                    (person, minted)
                }
                None => {
                    let person = reader_of(tx, attempt.mailbox_id, now)?;
                    let minted = begin_session(tx, &keys, &person, &whence, now)?;
                    (person, minted)
                }
            };
            Ok(Some(identity(minted, &person, &site)))
        })
        .await?;
    signed_in.ok_or_else(wrong)
}

/// What whoever has no good code is told. Not 401: their own token, if they have one, is none the worse.
pub fn wrong() -> Error {
    let detail = "This code is wrong, was used, or is too old.";
    Error::field("/code", Invalid::new("code_invalid", detail))
}

fn by_code(tx: &mut Tx, keys: &Keys, id: SignInId, code: &str) -> Result<Option<SignIn>> {
    if !sign_ins::try_code(tx, id, TRIES)? || !link::is_code(keys, id, code) {
        return Ok(None);
    }
    sign_ins::by_id(tx, id)
}

fn by_fragment(
    tx: &mut Tx,
    keys: &Keys,
    site: &Site,
    token: &str,
    now: Time,
) -> Result<Option<SignIn>> {
    let Ok(link) = Link::open(keys, Purpose::Redeem, token, now) else {
        return Ok(None);
    };
    let Aim::Redeem(id) = link.aim else {
        return Ok(None);
    };
    let attempt = sign_ins::by_id(tx, id)?;
    Ok(attempt.filter(|attempt| link.site == site.id && attempt.opened_at.is_some()))
}

/// The person who reads a mailbox's letters; made now, when they sign in for the first time.
fn reader_of(tx: &mut Tx, mailbox: MailboxId, now: Time) -> Result<Person> {
    mailboxes::answered(tx, mailbox, now)?;
    let mailbox = mailboxes::lock(tx, mailbox)?;
    let known = match mailbox.person_id {
        Some(id) => people::by_id(tx, id)?,
        None => None,
    };
    let person = match known {
        Some(person) => person,
        None => {
            let person = Person {
                kind: Named(Kind::Email),
                email: Some(mailbox.email.clone()),
                verified: true,
                ..Person::guest(mailbox.site_id, now)
            };
            people::insert(tx, &person)?;
            mailboxes::set_person(tx, mailbox.id, person.id)?;
            person
        }
    };
    mailboxes::confirm(tx, mailbox.id, person.id, now)?;
    Ok(person)
}

/// The page that a mailed link leads back to, while the link can be followed.
///
/// # Errors
/// [`Error::NotFound`] when it was followed before, or its time is over.
pub async fn way_back(store: &Store, id: SignInId, now: Time) -> Result<String> {
    store
        .read(move |conn| {
            let attempt = sign_ins::by_id(conn, id)?.ok_or(Error::NotFound)?;
            let is_used = attempt.opened_at.is_some() || attempt.redeemed_at.is_some();
            if is_used || attempt.expires_at <= now {
                return Err(Error::NotFound);
            }
            Ok(attempt.url)
        })
        .await
}

/// Follows a mailed link: gives the page to go back to, with what signs in there in its fragment.
///
/// # Errors
/// [`Error::NotFound`] when it was followed before, or its time is over.
pub async fn open(
    store: &Store,
    keys: &Keys,
    link: &Link,
    id: SignInId,
    now: Time,
) -> Result<String> {
    let attempt = store
        .write(move |tx| {
            if !sign_ins::open(tx, id, now)? {
                return Err(Error::NotFound);
            }
            sign_ins::by_id(tx, id)?.ok_or(Error::NotFound)
        })
        .await?;
    let redeem = Link {
        site: link.site,
        mailbox: link.mailbox,
        aim: Aim::Redeem(id),
        expires_at: now.plus(link::REDEEM),
    };
    Ok(redeem.address(keys, &attempt.url))
}

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

/// The guests of the site who signed with the caller's address and wrote something; none of one of the site's own people whose address
/// is not known.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`] for whoever did not sign in by mail.
pub async fn earlier(store: &Store, caller: &Caller) -> Result<Vec<EarlierGuest>> {
    let caller = caller.clone();
    store
        .read(move |conn| {
            let mut offered = Vec::new();
            let mailbox = match signed_in(conn, &caller) {
                Ok((_, mailbox)) => mailbox,
                Err(Error::Forbidden(_)) if staff_sign_in::is_in_page(&caller) => {
                    return Ok(offered);
                }
                Err(error) => return Err(error),
            };
            let (site, folded) = (mailbox.site_id, mailbox.folded.as_str());
            for guest in people::guests_with_email(conn, site, folded, OFFERED)? {
                let comments = comments::count_of_person(conn, guest.id)?;
                if comments == 0 {
                    continue;
                }
                let latest = match comments::latest_of_person(conn, guest.id)? {
                    None => None,
                    Some(row) => {
                        let thread = threads::by_id(conn, row.thread_id)?;
                        match thread.and_then(threads::Thread::public) {
                            None => None,
                            Some(thread) => view::comment::public(conn, &thread, &[row])?.pop(),
                        }
                    }
                };
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

/// Whoever signed in by mail, and by which.
fn signed_in(conn: &mut crate::store::Conn, caller: &Caller) -> Result<(PersonId, Mailbox)> {
    caller.authority.ok_or(Error::Unauthorized)?;
    let refuse = || Error::Forbidden("Only whoever signed in by mail is offered this.");
    let person = caller.person.as_ref().ok_or_else(refuse)?;
    let mailbox = match mailboxes::signed_in_by(conn, person.id)? {
        Some(mailbox) => Some(mailbox),
        None => staff_sign_in::mailbox(conn, person)?,
    };
    let mailbox = mailbox.ok_or_else(refuse)?;
    caller.person_on(mailbox.site_id)?;
    Ok((person.id, mailbox))
}

/// Makes what these guests wrote the caller's. Their tokens count no more from the first step on; whoever
/// is interrupted may join the rest later. A guest who is not offered is passed over.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn join(store: &Store, caller: &Caller, guests: Vec<PersonId>, now: Time) -> Result<()> {
    for guest in guests {
        let caller = caller.clone();
        let owner = store
            .write(move |tx| {
                let (owner, mailbox) = signed_in(tx, &caller)?;
                let offered = people::by_id(tx, guest)?.filter(|guest| {
                    let email = guest.email.as_deref().unwrap_or_default();
                    guest.site_id == mailbox.site_id
                        && *guest.kind == Kind::Guest
                        && email.eq_ignore_ascii_case(&mailbox.email)
                });
                if offered.is_none() {
                    return Ok(None);
                }
                end_everywhere(tx, guest, now)?;
                mailboxes::distrust_person(tx, guest)?;
                subscriptions::hand_over(tx, guest, owner)?;
                Ok(Some(owner))
            })
            .await?;
        if let Some(owner) = owner {
            while hand_over(store, guest, owner, now).await? {}
        }
    }
    Ok(())
}

/// Hands some of a guest's comments over, all of one thread; false when there are none left.
async fn hand_over(store: &Store, from: PersonId, to: PersonId, now: Time) -> Result<bool> {
    store
        .write(move |tx| {
            let Some(thread) = comments::thread_of_person(tx, from)? else {
                return Ok(false);
            };
            let mut thread = Locked::lock(tx, thread)?;
            for comment in comments::of_person(tx, from, thread.id, STEP)? {
                comments::set_person(tx, comment.id, to)?;
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
