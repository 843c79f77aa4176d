//! Who people are: guests, people whom their site signs in, and the sessions behind their tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::caller::{Authority, Caller};
use super::idempotency::{self, Retry};
use super::session_kinds::{Whence, admit, authority, renewed};
use super::signing::{self, Signature};
use crate::domain::id::{ApiTokenId, PersonId, SessionId, SiteId};
use crate::domain::skeleton::skeleton;
use crate::domain::sso::SsoClaims;
use crate::domain::time::Time;
use crate::domain::token::{AccessClaims, ApiToken, Keys, TokenError};
use crate::domain::word::{Kind, Role, SessionKind};
use crate::error::{Error, Result};
use crate::store::people::{self, Person, Profile};
use crate::store::sessions::{self, Session};
use crate::store::sites::{self, Site};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, tokens};
use crate::view::person::{Identity, Person as PersonView, SsoIdentity};

/// How long an access token counts before it has to be renewed.
const ACCESS: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How often at most it is written down that a session is used.
const NOTED: Duration = Duration::from_secs(60);

/// How long a session lives without being renewed. A guest's is all that makes them the owner of
/// what they wrote, so it is long. That of one of the site's own people in a page is renewed whenever it is used; a console's ends
/// when it ends.
pub(super) fn session_span(kind: SessionKind, of: Kind) -> Duration {
    match (kind, of) {
        (SessionKind::Page, _) => Duration::from_secs(15 * 60),
        (SessionKind::Console, _) => Duration::from_secs(12 * 3600),
        (SessionKind::Reader, Kind::Guest) => 180 * DAY,
        (SessionKind::Reader, Kind::Email | Kind::Sso | Kind::Staff) => 30 * DAY,
    }
}

/// A fresh access token.
pub struct Minted {
    /// The token.
    pub token: String,
    /// Until when it counts.
    pub expires_at: Time,
    /// How far it reaches.
    kind: SessionKind,
}

/// Begins a reader's session for this person.
pub(super) fn begin_session(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
    whence: &Whence,
    now: Time,
) -> Result<Minted> {
    let session = new_session(person, SessionKind::Reader, whence.origin.clone(), now);
    sessions::insert(tx, &session)?;
    Ok(mint(keys, &session, person, now))
}

/// A session of that kind for this person, which is yet to be stored.
pub(super) fn new_session(
    person: &Person,
    kind: SessionKind,
    origin: Option<String>,
    now: Time,
) -> Session {
    Session {
        id: SessionId::new(),
        person_id: person.id,
        created_at: now,
        expires_at: now.plus(session_span(kind, *person.kind)),
        ended_at: None,
        kind: Named(kind),
        origin,
        used_at: now,
    }
}

/// Begins a session for the guest whom a request made known that is sent again: its first answer may never have arrived. `None`
/// when all of their sessions were ended since; then nothing but a token makes anybody this guest.
pub(super) fn begin_again(
    tx: &mut Tx,
    keys: &Keys,
    guest: PersonId,
    whence: &Whence,
    now: Time,
) -> Result<Option<(Minted, Person)>> {
    let guest = people::lock(tx, guest)?.ok_or(Error::NotFound)?;
    if guest.signed_out_at.is_some() {
        return Ok(None);
    }
    let minted = begin_session(tx, keys, &guest, whence, now)?;
    Ok(Some((minted, guest)))
}

/// Ends all sessions of a person, and those that would be begun by sending a request again.
pub(super) fn end_everywhere(tx: &mut Tx, person: PersonId, now: Time) -> Result<()> {
    // First, since it waits for whoever is beginning one.
    people::set_signed_out(tx, person, now)?;
    sessions::end_all(tx, person, now)
}

/// An access token for a session, which it does not outlive.
pub(super) fn mint(keys: &Keys, session: &Session, person: &Person, now: Time) -> Minted {
    let issued_at = now.seconds();
    let expires_at = now.plus(ACCESS).min(session.expires_at).seconds();
    let token = keys.sign_access(&AccessClaims {
        person: person.id.uuid(),
        session: session.id.uuid(),
        site: person.site_id.uuid(),
        issued_at,
        expires_at,
    });
    Minted {
        token,
        expires_at: Time::from_micros(expires_at * 1_000_000),
        kind: *session.kind,
    }
}

pub(super) fn identity(minted: Minted, person: &Person, site: &Site) -> Identity {
    Identity {
        token: minted.token,
        expires_at: minted.expires_at,
        kind: minted.kind,
        person: PersonView::stored(person, site),
    }
}

/// What an idempotency key remembers of a guest.
#[derive(Serialize, Deserialize)]
struct Outcome {
    guest: PersonId,
}

/// Makes a guest known, so that they can vote or react before they write. Gives the identity, and
/// whether the request had been sent before.
///
/// # Errors
/// [`Error::GuestsNotAllowed`], `name_reserved`, [`Error::Conflict`] when that guest signed out everywhere since.
pub async fn guest(
    store: &Store,
    keys: &Keys,
    site: SiteId,
    signature: Signature,
    whence: Whence,
    retry: Option<Retry>,
    now: Time,
) -> Result<(Identity, bool)> {
    let keys = keys.clone();
    store
        .write(move |tx| {
            let site = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
            if let Some(outcome) = idempotency::recall::<Outcome>(tx, retry.as_ref())? {
                let begun = begin_again(tx, &keys, outcome.guest, &whence, now)?;
                let (minted, person) = begun.ok_or_else(|| {
                    Error::Conflict("The guest whom this made has signed out everywhere.".into())
                })?;
                return Ok((identity(minted, &person, &site), true));
            }
            if !site.policy.guests {
                return Err(Error::GuestsNotAllowed);
            }
            let mut person = Person::guest(site.id, now);
            let signature = signature.clone().without_hidden(&site.policy);
            if let Some(name) = &signature.name {
                signing::check_name(tx, &site, name, "/name", None)?;
            }
            signing::note(&mut person, &signature);
            people::insert(tx, &person)?;
            let outcome = Outcome { guest: person.id };
            idempotency::remember(tx, retry.as_ref(), &outcome, now)?;
            let minted = begin_session(tx, &keys, &person, &whence, now)?;
            Ok((identity(minted, &person, &site), false))
        })
        .await
}

/// Signs in whom a token is about that the site signed, and tells what of it could not be kept as it was.
pub async fn sso(
    store: &Store,
    keys: &Keys,
    site: Site,
    claims: SsoClaims,
    whence: Whence,
    now: Time,
) -> Result<SsoIdentity> {
    let keys = keys.clone();
    store
        .write(move |tx| {
            let person = known_by(tx, &site, &claims, now)?;
            let minted = begin_session(tx, &keys, &person, &whence, now)?;
            Ok(SsoIdentity {
                identity: identity(minted, &person, &site),
                dropped: claims.profile.dropped.clone(),
                changed: claims.profile.changed.clone(),
            })
        })
        .await
}

/// The person that these claims are about, with what the site says of them now.
fn known_by(tx: &mut Tx, site: &Site, claims: &SsoClaims, now: Time) -> Result<Person> {
    let said = claims.profile.clone();
    let profile = Profile {
        skeleton: said.name.as_ref().map(|name| skeleton(name.as_str())),
        name: said.name.map(|name| name.to_string()),
        email: said.email.map(|email| email.as_str().to_owned()),
        website: said.website.map(|website| website.to_string()),
        avatar_url: said.picture,
    };
    if let Some(known) = people::by_subject(tx, site.id, &claims.issuer, &claims.subject)? {
        // A new picture is shown from the thread's next change on: to say so at once would make
        // every page of the site anew whenever somebody signs in.
        people::describe(tx, known.id, &profile)?;
        return people::by_id(tx, known.id)?.ok_or(Error::NotFound);
    }
    let person = Person {
        kind: Named(Kind::Sso),
        issuer: Some(claims.issuer.clone()),
        subject: Some(claims.subject.clone()),
        verified: true,
        name: profile.name,
        skeleton: profile.skeleton,
        email: profile.email,
        website: profile.website,
        avatar_url: profile.avatar_url,
        ..Person::guest(site.id, now)
    };
    people::insert(tx, &person)?;
    Ok(person)
}

/// What a token says that is to be renewed, be it expired or not.
///
/// # Errors
/// [`Error::TokenInvalid`] when it is none of ours.
pub fn renewable(keys: &Keys, bearer: &str, now: Time) -> Result<AccessClaims> {
    match keys.verify_access(bearer, now.seconds()) {
        Ok(claims) | Err(TokenError::Expired(claims)) => Ok(claims),
        Err(TokenError::Invalid) => Err(Error::TokenInvalid),
    }
}

/// Mints a new access token for the session of this one, while it lives, and lets it live on, but for a console's.
///
/// # Errors
/// [`Error::TokenInvalid`] when the session has ended, [`Error::OriginNotAllowed`].
pub async fn refresh(
    store: &Store,
    keys: &Keys,
    claims: AccessClaims,
    whence: Whence,
    now: Time,
) -> Result<Identity> {
    let keys = keys.clone();
    store
        .write(move |tx| {
            let (mut session, person) = live_session(tx, &claims, now)?;
            let site = sites::by_id(tx, person.site_id)?.ok_or(Error::TokenInvalid)?;
            admit(&session, &site, &whence)?;
            session.expires_at = renewed(&session, &person, now);
            sessions::extend(tx, session.id, session.expires_at, now)?;
            Ok(identity(
                mint(&keys, &session, &person, now),
                &person,
                &site,
            ))
        })
        .await
}

/// Ends the caller's session, or all of the same person's.
///
/// # Errors
/// [`Error::Unauthorized`] for whoever has no session.
pub async fn sign_out(store: &Store, caller: &Caller, everywhere: bool, now: Time) -> Result<()> {
    let (Some(session), Some(person)) = (caller.session, caller.person.as_ref()) else {
        return Err(Error::Unauthorized);
    };
    let person = person.id;
    store
        .write(move |tx| match everywhere {
            true => end_everywhere(tx, person, now),
            false => sessions::end(tx, session, now),
        })
        .await
}

/// Finds out who bears this token. Sessions and API tokens are looked up each time, so that ending
/// one acts at once. That a session of the site's own people is used is written down, at most once a minute, and renews one in a page.
///
/// # Errors
/// [`Error::TokenInvalid`], [`Error::TokenExpired`], [`Error::OriginNotAllowed`].
pub async fn authenticate(
    store: &Store,
    keys: &Keys,
    bearer: &str,
    whence: Whence,
    now: Time,
) -> Result<Caller> {
    if let Some((id, secret)) = ApiToken::parse(bearer) {
        let id = ApiTokenId::from_uuid(id);
        return store
            .read(move |conn| {
                let token = tokens::by_id(conn, id)?.ok_or(Error::TokenInvalid)?;
                if !secret.matches(&token.hash) || token.revoked_at.is_some() {
                    return Err(Error::TokenInvalid);
                }
                if token.expires_at.is_some_and(|end| end <= now) {
                    return Err(Error::TokenExpired);
                }
                bearer_of(conn, &token)
            })
            .await;
    }
    let claims = keys
        .verify_access(bearer, now.seconds())
        .map_err(|error| match error {
            TokenError::Expired(_) => Error::TokenExpired,
            TokenError::Invalid => Error::TokenInvalid,
        })?;
    let (session, person, authority) = store
        .read(move |conn| {
            let (session, person) = live_session(conn, &claims, now)?;
            let authority = authority(conn, &session, &person, &whence)?;
            Ok((session, person, authority))
        })
        .await?;
    if *session.kind != SessionKind::Reader && session.used_at.plus(NOTED) <= now {
        let (id, until) = (session.id, renewed(&session, &person, now));
        let noted = store.write(move |tx| sessions::extend(tx, id, until, now));
        if let Err(error) = noted.await {
            // What was asked for is done all the same; it is written down at the next use.
            tracing::warn!(code = error.code(), "that a session is used was not noted");
        }
    }
    Ok(Caller {
        session: Some(session.id),
        authority: Some(authority),
        person: Some(person),
    })
}

fn bearer_of(conn: &mut Conn, token: &tokens::ApiToken) -> Result<Caller> {
    let person = match token.person_id {
        Some(id) => people::by_id(conn, id)?,
        None => None,
    };
    // A person's token gives no more than the person has now.
    let role = person
        .as_ref()
        .map_or(*token.role, |person| Role::min(*token.role, *person.role));
    let mut authority = Authority::full(role, token.site_id);
    authority.read_only = token.read_only;
    authority.token = Some(token.id);
    Ok(Caller {
        person,
        session: None,
        authority: Some(authority),
    })
}

fn live_session(conn: &mut Conn, claims: &AccessClaims, now: Time) -> Result<(Session, Person)> {
    found_session(conn, claims, now)?.ok_or(Error::TokenInvalid)
}

fn found_session(
    conn: &mut Conn,
    claims: &AccessClaims,
    now: Time,
) -> Result<Option<(Session, Person)>> {
    let session = SessionId::from_uuid(claims.session);
    let found = sessions::live(conn, session, now)?;
    Ok(found.filter(|(_, person)| {
        person.id.uuid() == claims.person && person.site_id.uuid() == claims.site
    }))
}

/// The guest that a token of these claims is of, while its session lives; nobody for a token of somebody who is
/// more than a guest.
pub(super) fn guest_of(
    conn: &mut Conn,
    claims: &AccessClaims,
    now: Time,
) -> Result<Option<Person>> {
    let found = found_session(conn, claims, now)?;
    let person = found.map(|(_, person)| person);
    Ok(person.filter(|person| *person.kind == Kind::Guest))
}
