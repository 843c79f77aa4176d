//! Who people are: guests, people whom their site signs in, and the sessions behind their tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::caller::{Authority, Caller};
use super::idempotency::{self, Retry};
use super::signing::{self, Signature};
use crate::domain::id::{ApiTokenId, PersonId, SessionId, SiteId};
use crate::domain::skeleton::skeleton;
use crate::domain::sso::SsoClaims;
use crate::domain::text::{Email, Name, Website};
use crate::domain::time::Time;
use crate::domain::token::{AccessClaims, ApiToken, Keys, TokenError};
use crate::domain::word::{Kind, Role};
use crate::error::{Error, Result};
use crate::store::people::{self, Person, Profile};
use crate::store::sessions::{self, Session};
use crate::store::sites::{self, Site};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, tokens};
use crate::view::person::{Identity, Person as PersonView};

/// How long an access token counts before it has to be renewed.
const ACCESS: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long a session lives without being renewed. A guest's is all that makes them the owner of
/// what they wrote, so it is long.
fn session_span(kind: Kind) -> Duration {
    match kind {
        Kind::Guest => 180 * DAY,
        Kind::Email | Kind::Sso | Kind::Staff => 30 * DAY,
    }
}

/// A fresh access token.
pub struct Minted {
    /// The token.
    pub token: String,
    /// Until when it counts.
    pub expires_at: Time,
}

/// Begins a session for this person.
pub(super) fn begin_session(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
    now: Time,
) -> Result<Minted> {
    let session = Session {
        id: SessionId::new(),
        person_id: person.id,
        created_at: now,
        expires_at: now.plus(session_span(*person.kind)),
        ended_at: None,
    };
    sessions::insert(tx, &session)?;
    Ok(mint(keys, session.id, person, now))
}

fn mint(keys: &Keys, session: SessionId, person: &Person, now: Time) -> Minted {
    let issued_at = now.seconds();
    let expires_at = now.plus(ACCESS).seconds();
    let token = keys.sign_access(&AccessClaims {
        person: person.id.uuid(),
        session: session.uuid(),
        site: person.site_id.uuid(),
        issued_at,
        expires_at,
    });
    Minted {
        token,
        expires_at: Time::from_micros(expires_at * 1_000_000),
    }
}

pub(super) fn identity(minted: Minted, person: &Person, site: &Site) -> Identity {
    Identity {
        token: minted.token,
        expires_at: minted.expires_at,
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
/// [`Error::GuestsNotAllowed`], `name_reserved`.
pub async fn guest(
    store: &Store,
    keys: &Keys,
    site: SiteId,
    signature: Signature,
    retry: Option<Retry>,
    now: Time,
) -> Result<(Identity, bool)> {
    let keys = keys.clone();
    store
        .write(move |tx| {
            let site = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
            if let Some(outcome) = idempotency::recall::<Outcome>(tx, retry.as_ref())? {
                let person = people::by_id(tx, outcome.guest)?.ok_or(Error::NotFound)?;
                let minted = begin_session(tx, &keys, &person, now)?;
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
            let minted = begin_session(tx, &keys, &person, now)?;
            Ok((identity(minted, &person, &site), false))
        })
        .await
}

/// Exchanges a token that the site signed for one of ours.
///
/// # Errors
/// [`Error::SsoToken`], or [`Error::Forbidden`] when the site signs nobody in.
pub async fn sso(
    store: &Store,
    keys: &Keys,
    site: Site,
    token: &str,
    now: Time,
) -> Result<Identity> {
    let trusted = site
        .sso
        .as_ref()
        .ok_or(Error::Forbidden("This site has no sign-on of its own."))?;
    let claims = trusted
        .verify(token, now.seconds())
        .map_err(Error::SsoToken)?;
    let keys = keys.clone();
    store
        .write(move |tx| {
            let person = known_by(tx, &site, &claims, now)?;
            let minted = begin_session(tx, &keys, &person, now)?;
            Ok(identity(minted, &person, &site))
        })
        .await
}

/// The person that these claims are about, with what the site says of them now.
fn known_by(tx: &mut Tx, site: &Site, claims: &SsoClaims, now: Time) -> Result<Person> {
    let name = claims
        .name
        .as_deref()
        .and_then(|name| Name::parse(name).ok());
    let email = claims.email.as_deref().filter(|_| claims.email_verified);
    let email = email.and_then(|email| Email::parse(email).ok());
    let website = claims
        .website
        .as_deref()
        .and_then(|website| Website::parse(website).ok());
    let profile = Profile {
        skeleton: name.as_ref().map(|name| skeleton(name.as_str())),
        name: name.map(|name| name.to_string()),
        email: email.map(|email| email.as_str().to_owned()),
        website: website.map(|website| website.to_string()),
        avatar_url: claims.picture.clone(),
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

/// Mints a new access token for the session of this one, while it lives, and lets it live on.
///
/// # Errors
/// [`Error::TokenInvalid`] when the session has ended.
pub async fn refresh(
    store: &Store,
    keys: &Keys,
    claims: AccessClaims,
    now: Time,
) -> Result<Identity> {
    let keys = keys.clone();
    store
        .write(move |tx| {
            let (session, person) = live_session(tx, &claims, now)?;
            let site = sites::by_id(tx, person.site_id)?.ok_or(Error::TokenInvalid)?;
            sessions::extend(tx, session.id, now.plus(session_span(*person.kind)))?;
            Ok(identity(
                mint(&keys, session.id, &person, now),
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
            true => sessions::end_all(tx, person, now),
            false => sessions::end(tx, session, now),
        })
        .await
}

/// Finds out who bears this token. Sessions and API tokens are looked up each time, so that ending
/// one acts at once.
///
/// # Errors
/// [`Error::TokenInvalid`], [`Error::TokenExpired`].
pub async fn authenticate(store: &Store, keys: &Keys, bearer: &str, now: Time) -> Result<Caller> {
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
    store
        .read(move |conn| {
            let (session, person) = live_session(conn, &claims, now)?;
            let authority = Authority {
                role: *person.role,
                site: Some(person.site_id),
                read_only: false,
                token: None,
            };
            Ok(Caller {
                session: Some(session.id),
                authority: Some(authority),
                person: Some(person),
            })
        })
        .await
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
    let authority = Authority {
        role,
        site: token.site_id,
        read_only: token.read_only,
        token: Some(token.id),
    };
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
