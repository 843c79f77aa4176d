//! Signing in by mail: a letter with six digits and a link, either good once, within a quarter of an hour.
//! Whoever opens the letter is signed in, never whoever asked for it. A link signs nobody in without a question in a
//! browser that did not ask for it: `look` tells a browser whose it is.

use serde::Serialize;

use super::caller::Caller;
use super::consent::{self, Asker};
use super::identity::{begin_session, identity};
use super::session_kinds::{Whence, begin_staff_session};
use super::subscriptions::locked;
use super::{staff_links, staff_sign_in};
use crate::domain::id::{MailboxId, SignInId, SiteId};
use crate::domain::invalid::Invalid;
use crate::domain::link::{self, Aim, Link, Purpose};
use crate::domain::page::PageUrl;
use crate::domain::subscription::Frequency;
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::Kind;
use crate::error::{Error, Result};
use crate::store::letter_requests::{Share, Verdict};
use crate::store::mailboxes;
use crate::store::people::{self, Person};
use crate::store::sign_ins::{self, SignIn};
use crate::store::sites::{self, Site};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, outbox};
use crate::view::person::Identity;

/// How many times a code may be tried.
const TRIES: i64 = 5;

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

/// Whom the fragment of a page's address signs in.
#[derive(Debug, Serialize)]
pub struct Look {
    /// What whoever asked for the letter was told: a browser that knows it has asked itself. None for a link that the operator gave.
    request: Option<SignInId>,
    /// The person's name, if they are known and have one.
    name: Option<String>,
    /// Their address, masked, if one is known.
    address: Option<String>,
}

/// Tells what a fragment's code would do, and uses nothing up.
///
/// # Errors
/// `code_invalid` for whatever signs nobody in.
pub async fn look(
    store: &Store,
    keys: &Keys,
    site: &Site,
    code: String,
    now: Time,
) -> Result<Look> {
    let (keys, site) = (keys.clone(), site.clone());
    let found = store
        .read(move |conn| {
            if let Some((_, person)) = staff_links::whose(conn, &site, &code, now)? {
                return Ok(Some(Look {
                    request: None,
                    address: person.email.as_deref().and_then(masked),
                    name: person.name,
                }));
            }
            let attempt = by_fragment(conn, &keys, &site, &code, now)?;
            let Some(attempt) = attempt.filter(|attempt| attempt.redeemed_at.is_none()) else {
                return Ok(None);
            };
            let Some(mailbox) = mailboxes::by_id(conn, attempt.mailbox_id)? else {
                return Ok(None);
            };
            let known = match mailbox.person_id {
                Some(id) => people::by_id(conn, id)?,
                None => None,
            };
            Ok(Some(Look {
                request: Some(attempt.id),
                name: known.and_then(|person| person.name),
                address: masked(&mailbox.email),
            }))
        })
        .await?;
    found.ok_or_else(wrong)
}

fn masked(address: &str) -> Option<String> {
    Email::parse(address).ok().map(|address| address.masked())
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
                    let whence = staff_sign_in::began(&site, &attempt, &whence);
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

/// The attempt that a fragment's code is of, if its link was followed, and the page is still one that may have it.
fn by_fragment(
    conn: &mut Conn,
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
    let attempt = sign_ins::by_id(conn, id)?;
    Ok(attempt.filter(|attempt| {
        let is_ours = link.site == site.id && attempt.site_id == site.id;
        is_ours && attempt.opened_at.is_some() && site.names(&attempt.url)
    }))
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
/// [`Error::NotFound`] when it was followed before, its time is over, or the page is none to be sent what signs in.
pub async fn way_back(store: &Store, id: SignInId, now: Time) -> Result<String> {
    store
        .read(move |conn| {
            let attempt = sign_ins::by_id(conn, id)?.ok_or(Error::NotFound)?;
            let is_used = attempt.opened_at.is_some() || attempt.redeemed_at.is_some();
            if is_used || attempt.expires_at <= now || !leads_back(conn, &attempt)? {
                return Err(Error::NotFound);
            }
            Ok(attempt.url)
        })
        .await
}

/// Whether the attempt's page may be sent what signs in: see [`Site::names`].
fn leads_back(conn: &mut Conn, attempt: &SignIn) -> Result<bool> {
    let site = sites::by_id(conn, attempt.site_id)?;
    Ok(site.is_some_and(|site| site.names(&attempt.url)))
}

/// Follows a mailed link: gives the page to go back to, with what signs in there in its fragment.
///
/// # Errors
/// As [`way_back`].
pub async fn open(
    store: &Store,
    keys: &Keys,
    link: &Link,
    id: SignInId,
    now: Time,
) -> Result<String> {
    let attempt = store
        .write(move |tx| {
            let attempt = sign_ins::by_id(tx, id)?.ok_or(Error::NotFound)?;
            if !leads_back(tx, &attempt)? || !sign_ins::open(tx, id, now)? {
                return Err(Error::NotFound);
            }
            Ok(attempt)
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
