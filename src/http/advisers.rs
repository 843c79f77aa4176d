//! Administration of a site's adviser.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::answer;
use super::body::{Body, Fields};
use super::query::segment;
use super::request::Call;
use crate::domain::time::Time;
use crate::domain::webhook::Endpoint;
use crate::domain::word::Role;
use crate::error::Result;
use crate::service::{advisers, sites};
use crate::store::advisers::Adviser as Row;

/// An adviser, with its secret when that has just been made.
#[derive(Serialize)]
struct Adviser<'a> {
    url: &'a str,
    created_at: Time,
    secret_at: Time,
    former_until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> Adviser<'a> {
    fn stored(row: &'a Row, is_new: bool) -> Self {
        Self {
            url: &row.url,
            created_at: row.created_at,
            secret_at: row.secret_at,
            former_until: row.former_until,
            secret: is_new.then(|| row.secret()),
        }
    }
}

/// `GET /v1/sites/{site}/adviser`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    let slug = segment(call.request(), "site")?;
    let adviser = advisers::show(&call.app.store, &call.caller, &slug).await?;
    answer::private(StatusCode::OK, &Adviser::stored(&adviser, false))
}

/// Where an adviser listens, as it arrives.
#[derive(Deserialize)]
pub struct AdviserPut {
    url: String,
}

/// `PUT /v1/sites/{site}/adviser`.
pub async fn name(call: Call, body: Body<AdviserPut>) -> Result<HttpResponse> {
    let slug = changing(&call).await?;
    let mut fields = Fields::default();
    let endpoint = fields.take("/url", Endpoint::parse(&body.value.url));
    let endpoint = fields.finish(endpoint)?;
    let app = &call.app;
    let named = advisers::name(&app.store, &call.caller, &slug, endpoint, call.now);
    let (adviser, is_new) = named.await?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    answer::private(status, &Adviser::stored(&adviser, is_new))
}

/// `POST /v1/sites/{site}/adviser/secret`.
pub async fn rotate(call: Call) -> Result<HttpResponse> {
    let slug = changing(&call).await?;
    // There is no body: what tells the request is the site.
    let retry = call.retry(Sha256::digest(&slug).into())?;
    let app = &call.app;
    let (adviser, replayed) =
        advisers::rotate(&app.store, &call.caller, &slug, retry, call.now).await?;
    let mut response = answer::private(StatusCode::CREATED, &Adviser::stored(&adviser, true))?;
    if replayed {
        answer::mark_replayed(&mut response);
    }
    Ok(response)
}

/// `DELETE /v1/sites/{site}/adviser`.
pub async fn remove(call: Call) -> Result<HttpResponse> {
    let slug = changing(&call).await?;
    advisers::remove(&call.app.store, &call.caller, &slug, call.now).await?;
    Ok(answer::no_content())
}

/// Counts a change, and gives the site's slug, where the page that calls may change it.
async fn changing(call: &Call) -> Result<String> {
    call.count(|app| &app.limits.writes)?;
    // Before anything is looked up: whoever is nobody learns nothing of which sites there are.
    call.caller.must_be(Role::Admin)?;
    let slug = segment(call.request(), "site")?.into_owned();
    let site = sites::get(&call.app.store, &slug).await?;
    call.check_origin(&site)?;
    Ok(slug)
}
