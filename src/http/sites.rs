//! Administration of sites.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::answer;
use super::body::{Body, Fields};
use super::query::{Query, segment};
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::SiteId;
use crate::domain::invalid::Invalid;
use crate::domain::job::JobState;
use crate::domain::site::{Phrases, Policy};
use crate::domain::sso::SsoKeys;
use crate::domain::text::{Locale, Slug};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::jobs;
use crate::service::published_keys::SignOn;
use crate::service::sites::{self, NewSite, SiteChanges};
use crate::store::site_keys;
use crate::store::sites::Site as Row;
use crate::view;
use crate::view::job::Job;
use crate::view::site::Site;

/// `GET /v1/sites`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Admin)?;
    let query = Query::of(call.request());
    let limit = query.limit()?;
    let after = match query.one("after")? {
        Some(text) => slug_after(&call, text).await?,
        None => String::new(),
    };
    let rows = sites::list(&call.app.store, &call.caller, after, limit + 1).await?;
    let (rows, next) = view::page_of(rows, limit, |row| {
        Cursor {
            key: 0,
            id: row.id.bytes(),
        }
        .encode("sites")
    });
    let items = shown(&call, &rows).await?;
    answer::private(
        StatusCode::OK,
        &view::List {
            items,
            next,
            total: None,
        },
    )
}

/// Sites as their administrators see them.
async fn shown(call: &Call, rows: &[Row]) -> Result<Vec<Site>> {
    let publishing = rows.iter().filter(|row| {
        let keys = row.sso.as_deref();
        keys.is_some_and(|keys| keys.address().is_some())
    });
    let ids: Vec<SiteId> = publishing.map(|row| row.id).collect();
    let published = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let read = call
                .app
                .store
                .read(move |conn| site_keys::of_sites(conn, &ids));
            read.await?
        }
    };
    let keys_of = |row: &Row| published.iter().find(|keys| keys.site_id == row.id);
    Ok(rows
        .iter()
        .map(|row| Site::stored(row, keys_of(row)))
        .collect())
}

async fn answer(call: &Call, status: StatusCode, row: Row) -> Result<HttpResponse> {
    let site = shown(call, &[row]).await?;
    answer::private(status, &site.first())
}

/// Sites are listed by name; a cursor remembers the last one's id.
async fn slug_after(call: &Call, text: &str) -> Result<String> {
    let cursor = Cursor::decode(text, "sites").map_err(Error::Query)?;
    let id = SiteId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
    let site = call
        .app
        .store
        .read(move |conn| crate::store::sites::by_id(conn, id))
        .await?;
    let gone = || Invalid::new("invalid_cursor", "The site that this cursor names is gone.");
    site.map(|site| site.slug)
        .ok_or_else(|| Error::Query(gone()))
}

/// `GET /v1/sites/{site}`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Admin)?;
    let slug = segment(call.request(), "site")?;
    let site = sites::get(&call.app.store, &slug).await?;
    call.caller.must_see(Role::Admin, Some(site.id))?;
    answer(&call, StatusCode::OK, site).await
}

/// A new site as it arrives.
#[derive(Deserialize)]
pub struct SiteAdd {
    slug: String,
    name: Option<String>,
    origins: Vec<String>,
    locale: Option<String>,
    policy: Option<Value>,
    phrases: Option<BTreeMap<String, String>>,
    sso: Option<Value>,
}

/// `POST /v1/sites`.
pub async fn add(call: Call, body: Body<SiteAdd>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.caller.must_be(Role::Admin)?;
    let retry = call.retry(body.fingerprint)?;
    let raw = body.value;
    let mut fields = Fields::default();
    let slug = fields.take("/slug", Slug::parse(&raw.slug));
    let name = fields.take(
        "/name",
        sites::check_name(raw.name.as_deref().unwrap_or_default()),
    );
    let origins = fields.take("/origins", sites::check_origins(&raw.origins));
    let locale = fields.take(
        "/locale",
        Locale::parse(raw.locale.as_deref().unwrap_or("en")),
    );
    let patch = raw
        .policy
        .unwrap_or_else(|| Value::Object(Default::default()));
    let policy = fields.take("/policy", Policy::of_new_site().patched(&patch));
    let phrases = fields.take("/phrases", Phrases::parse(raw.phrases.unwrap_or_default()));
    let sso = fields.take("/sso", raw.sso.map(SsoKeys::parse).transpose());
    let new = || {
        Some(NewSite {
            slug: slug?,
            name: name?,
            origins: origins?,
            locale: locale?,
            policy: policy?,
            phrases: phrases?,
            sso: None,
        })
    };
    let new = new().zip(sso);
    let (mut new, sso) = fields.finish(new)?;
    if let Some(keys) = sso {
        new.sso = Some(sign_on_of_new(&call, &new, keys).await?);
    }
    let (site, replayed) = sites::add(&call.app.store, &call.caller, new, retry, call.now).await?;
    let location = call
        .app
        .service_url
        .path(&format!("/v1/sites/{}", site.slug));
    let mut response = answer(&call, StatusCode::CREATED, site).await?;
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if replayed {
        answer::mark_replayed(&mut response);
    }
    Ok(response)
}

/// The sign-on of a new site. If there is one of that name already, as when this request is sent again, nothing is fetched.
async fn sign_on_of_new(call: &Call, new: &NewSite, keys: SsoKeys) -> Result<SignOn> {
    let (app, caller) = (&call.app, &call.caller);
    match sites::get(&app.store, new.slug.as_str()).await {
        Ok(_) => Ok(SignOn::for_nobody(keys)),
        Err(Error::UnknownSite) => {
            let fetched = &app.published_keys;
            fetched
                .ready(&app.store, caller, None, keys, call.now)
                .await
        }
        Err(error) => Err(error),
    }
}

/// Changes as they arrive; what is absent stays.
#[derive(Deserialize)]
pub struct SitePatch {
    name: Option<String>,
    origins: Option<Vec<String>>,
    locale: Option<String>,
    policy: Option<Value>,
    phrases: Option<BTreeMap<String, String>>,
    /// Absent: as it is. Null: taken away.
    #[serde(default, deserialize_with = "present")]
    sso: Option<Option<Value>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Value>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `PATCH /v1/sites/{site}`.
pub async fn change(call: Call, body: Body<SitePatch>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    // Before anything is looked up: whoever is nobody learns nothing of which sites there are.
    call.caller.must_be(Role::Admin)?;
    let slug = segment(call.request(), "site")?.into_owned();
    let site = sites::get(&call.app.store, &slug).await?;
    call.check_origin(&site)?;
    let is_dry = Query::of(call.request())
        .parsed("dry_run", "true or false")?
        .unwrap_or(false);
    let raw = body.value;
    let mut fields = Fields::default();
    let policy = raw.policy.inspect(|patch| {
        fields.take("/policy", site.policy.patched(patch));
    });
    let changes = SiteChanges {
        name: raw
            .name
            .and_then(|name| fields.take("/name", sites::check_name(&name))),
        origins: raw
            .origins
            .and_then(|origins| fields.take("/origins", sites::check_origins(&origins))),
        locale: raw
            .locale
            .and_then(|locale| fields.take("/locale", Locale::parse(&locale))),
        policy,
        phrases: raw
            .phrases
            .and_then(|phrases| fields.take("/phrases", Phrases::parse(phrases))),
        sso: None,
    };
    let sso = raw
        .sso
        .and_then(|sso| fields.take("/sso", sso.map(SsoKeys::parse).transpose()));
    let mut changes = fields.finish(Some(changes))?;
    let store = &call.app.store;
    if is_dry {
        let plan = sites::plan(store, &call.caller, &slug, changes).await?;
        let plan = plan.unwrap_or_default();
        return super::answer::private(StatusCode::OK, &plan);
    }
    let app = &call.app;
    changes.sso = match sso {
        None => None,
        Some(None) => Some(None),
        Some(Some(keys)) => {
            let published = &app.published_keys;
            let ready = published.ready(&app.store, &call.caller, Some(&site), keys, call.now);
            Some(Some(ready.await?))
        }
    };
    let (site, job) = sites::change(store, &call.caller, &slug, changes, call.now).await?;
    let Some(job) = job else {
        return answer(&call, StatusCode::OK, site).await;
    };
    // Most sites are small: whoever asks seldom has to come back.
    let job = jobs::settle(store, job.id, PATIENCE).await?;
    let site = sites::get(store, &slug).await?;
    if *job.state == JobState::Done {
        return answer(&call, StatusCode::OK, site).await;
    }
    let changing = Changing {
        site: shown(&call, &[site]).await?.remove(0),
        job: Job::stored(&job, Some(slug), Time::now()),
    };
    let mut response = answer::private(StatusCode::ACCEPTED, &changing)?;
    let location = app.service_url.path(&format!("/v1/jobs/{}", job.id));
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// How long a change waits for the job that it began.
const PATIENCE: Duration = Duration::from_secs(2);

/// A site whose threads are being made to be found by other rules.
#[derive(Serialize)]
struct Changing {
    site: Site,
    job: Job,
}
