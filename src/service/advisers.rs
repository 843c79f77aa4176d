//! A site's adviser: naming it, its secret, and taking it away. `advice` asks it.

use serde_json::{Value, json};

use super::audit;
use super::caller::Caller;
use super::idempotency::{self, Retry};
use super::sites::named;
use crate::domain::time::Time;
use crate::domain::webhook::Endpoint;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::advisers::{self, Adviser};
use crate::store::sites::{self, Site};
use crate::store::{Store, Tx};

/// A site's adviser.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn show(store: &Store, caller: &Caller, slug: &str) -> Result<Adviser> {
    caller.must_be(Role::Admin)?;
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .read(move |conn| {
            let site = named(conn, &slug)?;
            caller.must_see(Role::Admin, Some(site.id))?;
            advisers::of(conn, site.id)?.ok_or(Error::NotFound)
        })
        .await
}

/// Names a site's adviser, or where it is now; its secret stays. Gives it, and whether there was none before.
///
/// # Errors
/// [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn name(
    store: &Store,
    caller: &Caller,
    slug: &str,
    endpoint: Endpoint,
    now: Time,
) -> Result<(Adviser, bool)> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .write(move |tx| {
            let site = locked(tx, &caller, &slug)?;
            let before = advisers::of(tx, site.id)?;
            let is_new = before.is_none();
            let mut adviser = match &before {
                Some(adviser) => adviser.clone(),
                None => Adviser::new(site.id, &endpoint, now),
            };
            adviser.url = endpoint.as_str().to_owned();
            match is_new {
                true => advisers::insert(tx, &adviser)?,
                false => advisers::replace(tx, &adviser)?,
            }
            record(
                tx,
                &caller,
                &site,
                "name_adviser",
                before.as_ref(),
                Some(&adviser),
                now,
            )?;
            Ok((adviser, is_new))
        })
        .await
}

/// Makes a new secret for a site's adviser; the one before signs too for a day. Gives the adviser, and whether the request had
/// been sent before.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] for a request that was sent before and whose secret is no more,
/// [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn rotate(
    store: &Store,
    caller: &Caller,
    slug: &str,
    retry: Option<Retry>,
    now: Time,
) -> Result<(Adviser, bool)> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .write(move |tx| {
            let site = locked(tx, &caller, &slug)?;
            let mut adviser = advisers::of(tx, site.id)?.ok_or(Error::NotFound)?;
            if let Some(made_at) = idempotency::recall::<i64>(tx, retry.as_ref())? {
                if made_at != adviser.secret_at.micros() {
                    let detail = "The secret that this made is not the present one any more.";
                    return Err(Error::Conflict(detail.into()));
                }
                return Ok((adviser, true));
            }
            let before = adviser.clone();
            adviser.rotate(now);
            advisers::replace(tx, &adviser)?;
            record(
                tx,
                &caller,
                &site,
                "rotate_adviser",
                Some(&before),
                Some(&adviser),
                now,
            )?;
            idempotency::remember(tx, retry.as_ref(), &now.micros(), now)?;
            Ok((adviser, false))
        })
        .await
}

/// Takes a site's adviser away. Taking it away again is no error.
///
/// # Errors
/// [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn remove(store: &Store, caller: &Caller, slug: &str, now: Time) -> Result<()> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .write(move |tx| {
            let site = locked(tx, &caller, &slug)?;
            let Some(before) = advisers::of(tx, site.id)? else {
                return Ok(());
            };
            advisers::remove(tx, site.id)?;
            record(
                tx,
                &caller,
                &site,
                "remove_adviser",
                Some(&before),
                None,
                now,
            )
        })
        .await
}

/// The site, locked, so that two who change its adviser do so one after the other.
fn locked(tx: &mut Tx, caller: &Caller, slug: &str) -> Result<Site> {
    // Before anything is looked up: whoever is nobody learns nothing of which sites there are.
    caller.must_be(Role::Admin)?;
    let site = named(tx, slug)?;
    caller.must_change(Role::Admin, Some(site.id))?;
    sites::bump(tx, site.id)?;
    Ok(site)
}

fn record(
    tx: &mut Tx,
    caller: &Caller,
    site: &Site,
    action: &str,
    was: Option<&Adviser>,
    became: Option<&Adviser>,
    now: Time,
) -> Result<()> {
    let values = (told(was), told(became));
    audit::record_site(tx, caller, site.id, action, values, now)
}

/// Of an address only what may be told: the rest could be a secret.
fn told(adviser: Option<&Adviser>) -> Value {
    let origin = |adviser: &Adviser| Endpoint::parse(&adviser.url).map(|url| url.origin()).ok();
    json!({"adviser": adviser.and_then(origin)})
}
