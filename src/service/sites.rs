//! Sites: adding and changing them.

use serde_json::{Map, Value, json};

use super::audit;
use super::caller::Caller;
use super::idempotency::{self, Retry};
use super::jobs::{self, NewJob, Plan};
use super::published_keys::SignOn;
use super::rerender;
use crate::domain::id::SiteId;
use crate::domain::invalid::Invalid;
use crate::domain::job::JobKind;
use crate::domain::page::{AddressRules, Origin};
use crate::domain::site::{Phrases, Policy};
use crate::domain::text::{Locale, Slug};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::jobs::Job;
use crate::store::sites::{self, Site};
use crate::store::types::Json;
use crate::store::{Conn, Store, site_keys};

/// What a new site is.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people; the slug when empty.
    pub name: String,
    /// Where its pages live.
    pub origins: Vec<Origin>,
    /// Its language.
    pub locale: Locale,
    /// Its rules.
    pub policy: Policy,
    /// Its own words.
    pub phrases: Phrases,
    /// Its own sign-on.
    pub sso: Option<SignOn>,
}

/// What shall be different about a site; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SiteChanges {
    /// Its name for people.
    pub name: Option<String>,
    /// Where its pages live.
    pub origins: Option<Vec<Origin>>,
    /// Its language.
    pub locale: Option<Locale>,
    /// A patch for its rules, see [`Policy::patched`].
    pub policy: Option<Value>,
    /// Its own words.
    pub phrases: Option<Phrases>,
    /// Its own sign-on; `Some(None)` takes it away.
    pub sso: Option<Option<SignOn>>,
}

/// Most origins that one site may have.
pub const ORIGINS: usize = 50;

/// Adds a site. Gives it, and whether the request had been sent before.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken, [`Error::Forbidden`], [`Error::Unauthorized`].
pub async fn add(
    store: &Store,
    caller: &Caller,
    new: NewSite,
    retry: Option<Retry>,
    now: Time,
) -> Result<(Site, bool)> {
    caller.must_change(Role::Admin, None)?;
    let caller = caller.clone();
    let addresses = AddressRules::new(
        new.policy.trailing_slash,
        new.policy.page_addresses,
        &new.origins,
    );
    let site = Site {
        addresses: Some(Json::new(addresses)),
        next_addresses: None,
        id: SiteId::new(),
        slug: new.slug.to_string(),
        name: if new.name.is_empty() {
            new.slug.to_string()
        } else {
            new.name
        },
        origins: Json::new(new.origins),
        locale: new.locale.to_string(),
        policy: Json::new(new.policy),
        phrases: Json::new(new.phrases),
        sso: new.sso.as_ref().map(|sso| Json::new(sso.keys.clone())),
        version: 1,
        created_at: now,
    };
    store
        .write(move |tx| {
            if let Some(before) = idempotency::recall::<SiteId>(tx, retry.as_ref())? {
                let site = sites::by_id(tx, before)?.ok_or(Error::UnknownSite)?;
                return Ok((site, true));
            }
            if sites::by_slug(tx, &site.slug)?.is_some() {
                return Err(Error::Conflict(format!(
                    "There is a site `{}` already.",
                    site.slug
                )));
            }
            sites::insert(tx, &site)?;
            if let Some(sso) = &new.sso {
                sso.keep(tx, site.id)?;
            }
            let values = (json!({}), json!({"site": site.slug}));
            audit::record_site(tx, &caller, site.id, "add_site", values, now)?;
            idempotency::remember(tx, retry.as_ref(), &site.id, now)?;
            Ok((site.clone(), false))
        })
        .await
}

/// Changes a site. Where its pages' addresses are read otherwise from now on, a job sees to it that each thread is found as before.
///
/// # Errors
/// [`Error::UnknownSite`], `policy_invalid`, and [`Error::Conflict`] while a job applies other rules for addresses.
pub async fn change(
    store: &Store,
    caller: &Caller,
    slug: &str,
    changes: SiteChanges,
    now: Time,
) -> Result<(Site, Option<Job>)> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .write(move |tx| {
            let id = named(tx, &slug)?.id;
            caller.must_change(Role::Admin, Some(id))?;
            // The new version locks the row: what is read behind it is what the changes are made to.
            sites::bump(tx, id)?;
            let before = sites::by_id(tx, id)?.ok_or(Error::UnknownSite)?;
            let mut site = changed(&before, changes.clone())?;
            match &changes.sso {
                Some(Some(sso)) => sso.keep(tx, id)?,
                Some(None) => site_keys::remove(tx, id)?,
                None => {}
            }
            let pending = pending_rules(tx, &before)?;
            let new = new_rules(&before, &site, pending.as_ref())?;
            site.next_addresses = pending.map(Json::new);
            if let Some(rules) = &new {
                site.addresses = Some(Json::new(before.address_rules()));
                site.next_addresses = Some(Json::new(rules.clone()));
            }
            sites::replace(tx, &site)?;
            if site.policy.line_breaks != before.policy.line_breaks {
                rerender::begin_in(tx, &caller, id, now)?;
            }
            if let Some(values) = difference(&before, &site)? {
                audit::record_site(tx, &caller, id, "change_site", values, now)?;
            }
            let Some(rules) = new else {
                return Ok((site, None));
            };
            let new = NewJob {
                site: Some(id),
                kind: JobKind::Addresses,
                arguments: json!(rules),
            };
            let job = jobs::begin(tx, &caller, new, now)?;
            Ok((site, Some(job)))
        })
        .await
}

/// What such changes would do to the site's threads; nothing, where addresses are read as before.
///
/// # Errors
/// Those of [`change`].
pub async fn plan(
    store: &Store,
    caller: &Caller,
    slug: &str,
    changes: SiteChanges,
) -> Result<Option<Plan>> {
    let before = get(store, slug).await?;
    caller.must_change(Role::Admin, Some(before.id))?;
    let site = changed(&before, changes)?;
    let row = before.clone();
    let pending = store.read(move |conn| pending_rules(conn, &row)).await?;
    match new_rules(&before, &site, pending.as_ref())? {
        Some(rules) => Ok(Some(jobs::plan(store, site.id, rules).await?)),
        None => Ok(None),
    }
}

/// The rules for addresses that a job is applying. Of a job that failed nothing is left but keys that lead nowhere else.
fn pending_rules(conn: &mut Conn, site: &Site) -> Result<Option<AddressRules>> {
    let Some(rules) = site.next_addresses.as_deref() else {
        return Ok(None);
    };
    let is_open = jobs::is_open(conn, site.id, JobKind::Addresses)?;
    Ok(is_open.then(|| rules.clone()))
}

/// The rules for addresses that a job is to apply, where others are wanted than those in force.
fn new_rules(
    before: &Site,
    after: &Site,
    pending: Option<&AddressRules>,
) -> Result<Option<AddressRules>> {
    let rules = |site: &Site| (site.policy.trailing_slash, site.policy.page_addresses);
    if rules(before) == rules(after) && *before.origins == *after.origins {
        // Nothing about addresses is changed, even where a job that was cancelled left them as they were before.
        return Ok(None);
    }
    let wanted = after.wanted_address_rules();
    match pending {
        Some(next) if *next == wanted => Ok(None),
        Some(_) => Err(Error::Conflict(
            "A job is applying other rules for addresses to this site: wait for its end, or cancel it (GET /v1/sites/{site}/jobs, \
             `postil job list`)."
                .into(),
        )),
        None => Ok(Some(wanted).filter(|wanted| *wanted != before.address_rules())),
    }
}

/// The site with these changes.
fn changed(before: &Site, changes: SiteChanges) -> Result<Site> {
    let mut site = before.clone();
    match changes.name {
        Some(name) if name.is_empty() => site.name.clone_from(&site.slug),
        Some(name) => site.name = name,
        None => {}
    }
    if let Some(origins) = changes.origins {
        site.origins = Json::new(origins);
    }
    if let Some(locale) = changes.locale {
        site.locale = locale.to_string();
    }
    if let Some(patch) = &changes.policy {
        let policy = site.policy.patched(patch);
        site.policy = Json::new(policy.map_err(|invalid| Error::field("/policy", invalid))?);
    }
    if let Some(phrases) = changes.phrases {
        site.phrases = Json::new(phrases);
    }
    if let Some(sso) = changes.sso {
        site.sso = sso.map(|sso| Json::new(sso.keys));
    }
    Ok(site)
}

/// What is different about a site, before and after, if anything is. Of a list of names or phrases there is only how long it is, and
/// of keys only that they are others.
fn difference(before: &Site, after: &Site) -> Result<Option<(Value, Value)>> {
    let (before, after) = (settings(before)?, settings(after)?);
    let mut values = (Map::new(), Map::new());
    for (name, became) in after {
        let was = before.get(&name).cloned().unwrap_or_default();
        if was != became {
            let (was, became) = match name.as_str() {
                "origins" => (was, became),
                "sso" => (json!(!was.is_null()), json!(!became.is_null())),
                _ => (in_short(was), in_short(became)),
            };
            values.0.insert(name.clone(), was);
            values.1.insert(name, became);
        }
    }
    let is_other = !values.0.is_empty();
    Ok(is_other.then_some((Value::Object(values.0), Value::Object(values.1))))
}

/// A site's settings, its rules among the others.
fn settings(site: &Site) -> Result<Map<String, Value>> {
    let failed = |error| Error::Internal(format!("rendering JSON: {error}"));
    let mut all = match serde_json::to_value(&*site.policy).map_err(failed)? {
        Value::Object(policy) => policy,
        _ => Map::new(),
    };
    let origins: Vec<String> = site.origins.iter().map(Origin::to_string).collect();
    for (name, value) in [
        ("name", json!(site.name)),
        ("origins", json!(origins)),
        ("locale", json!(site.locale)),
        (
            "phrases",
            serde_json::to_value(&*site.phrases).map_err(failed)?,
        ),
        (
            "sso",
            serde_json::to_value(site.sso.as_deref()).map_err(failed)?,
        ),
    ] {
        all.insert(name.to_owned(), value);
    }
    Ok(all)
}

fn in_short(value: Value) -> Value {
    match value {
        Value::Array(list) => json!({"entries": list.len()}),
        Value::Object(map) => json!({"entries": map.len()}),
        short => short,
    }
}

/// The site of that name.
///
/// # Errors
/// [`Error::UnknownSite`].
pub async fn get(store: &Store, slug: &str) -> Result<Site> {
    let slug = slug.to_owned();
    store.read(move |conn| named(conn, &slug)).await
}

/// The site of that name, where a connection is at hand.
pub fn named(conn: &mut Conn, slug: &str) -> Result<Site> {
    // What is no slug names no site, and may hold what a database would not take.
    Slug::parse(slug).map_err(|_| Error::UnknownSite)?;
    sites::by_slug(conn, slug)?.ok_or(Error::UnknownSite)
}

/// All sites after a name that this caller administers, at most `limit`.
pub async fn list(
    store: &Store,
    caller: &Caller,
    after: String,
    limit: usize,
) -> Result<Vec<Site>> {
    let authority = caller.must_be(Role::Admin)?;
    store
        .read(move |conn| match authority.site {
            Some(own) => {
                let own = sites::by_id(conn, own)?.filter(|site| site.slug > after);
                Ok(own.into_iter().collect())
            }
            None => sites::page(conn, &after, limit as i64),
        })
        .await
}

/// Checks a site's name for people: one line of at most 100 characters.
///
/// # Errors
/// `name_invalid`.
pub fn check_name(name: &str) -> std::result::Result<String, Invalid> {
    let name = name.trim();
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Invalid::new(
            "name_invalid",
            "A site's name is one line of at most 100 characters.",
        ));
    }
    Ok(name.to_owned())
}

/// Checks that there are some origins, and not too many.
///
/// # Errors
/// `origin_invalid`.
pub fn check_origins(origins: &[String]) -> std::result::Result<Vec<Origin>, Invalid> {
    if origins.is_empty() || origins.len() > ORIGINS {
        let detail = format!("A site has between 1 and {ORIGINS} origins.");
        return Err(Invalid::new("origin_invalid", detail));
    }
    let mut parsed: Vec<Origin> = Vec::new();
    for origin in origins {
        let origin = Origin::parse(origin)?;
        if parsed.contains(&origin) {
            return Err(Invalid::new(
                "origin_invalid",
                format!("`{origin}` is there twice."),
            ));
        }
        parsed.push(origin);
    }
    Ok(parsed)
}
