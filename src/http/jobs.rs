//! Long work: how far it is, and stopping it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::answer;
use super::query::{Query, id, segment};
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::JobId;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::{jobs, sites};
use crate::view;
use crate::view::job::Job;

/// `GET /v1/sites/{site}/jobs`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let slug = segment(call.request(), "site")?.into_owned();
    let store = &call.app.store;
    let site = sites::get(store, &slug).await?;
    call.caller.must_see(Role::Moderator, Some(site.id))?;
    let query = Query::of(call.request());
    let limit = query.limit()?;
    let name = format!("jobs {}", site.id);
    let before = query
        .one("after")?
        .map(|text| Cursor::decode(text, &name).map_err(Error::Query))
        .transpose()?
        .map(|cursor| JobId::from_uuid(uuid::Uuid::from_bytes(cursor.id)));
    let rows = jobs::list(store, &call.caller, Some(site.id), before, limit + 1).await?;
    let (rows, next) = view::page_of(rows, limit, |row| {
        Cursor {
            key: 0,
            id: row.id.bytes(),
        }
        .encode(&name)
    });
    let items = rows
        .iter()
        .map(|row| Job::stored(row, Some(slug.clone()), call.now))
        .collect();
    answer::private(
        StatusCode::OK,
        &view::List {
            items,
            next,
            total: None,
        },
    )
}

/// `GET /v1/jobs/{id}`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let job: JobId = id(call.request(), "id")?;
    let (job, site) = jobs::get(&call.app.store, &call.caller, job).await?;
    answer::private(StatusCode::OK, &Job::stored(&job, site, call.now))
}

/// `POST /v1/jobs/{id}/cancel`.
pub async fn cancel(call: Call) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.caller.must_be(Role::Moderator)?;
    let id: JobId = id(call.request(), "id")?;
    let store = &call.app.store;
    let (_, site) = jobs::get(store, &call.caller, id).await?;
    if let Some(slug) = &site {
        call.check_origin(&sites::get(store, slug).await?)?;
    }
    let job = jobs::cancel(store, &call.caller, id, call.now).await?;
    answer::private(StatusCode::OK, &Job::stored(&job, site, call.now))
}
