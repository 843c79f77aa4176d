//! Sessions over the API: listed, ended, and a console's begun.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;

use super::answer;
use super::body::Body;
use super::query::{Query, id};
use super::queue::site;
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::SessionId;
use crate::error::{Error, Result};
use crate::service::{sessions, staff_links};
use crate::view;

/// `GET /v1/sessions`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.check_own_origin().await?;
    // Whoever is nobody learns of no site.
    call.caller.authority.ok_or(Error::Unauthorized)?;
    let query = Query::of(call.request());
    let slug = query.one("site")?.map(str::to_owned);
    let limit = query.limit()?;
    let before = query
        .one("after")?
        .map(|text| Cursor::decode(text, "sessions").map_err(Error::Query))
        .transpose()?
        .map(|cursor| SessionId::from_uuid(uuid::Uuid::from_bytes(cursor.id)));
    let (caller, now) = (call.caller.clone(), call.now);
    let list = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            let rows = sessions::page(conn, &caller, site, before, limit as i64 + 1, now)?;
            let (rows, next) = view::page_of(rows, limit, |(row, _)| {
                Cursor {
                    key: 0,
                    id: row.id.bytes(),
                }
                .encode("sessions")
            });
            Ok(view::List {
                items: sessions::render(conn, &caller, &rows)?,
                next,
                total: None,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &list)
}

/// What begins a console's session.
#[derive(Deserialize)]
pub struct Begin {
    code: String,
}

/// `POST /v1/sessions`.
pub async fn begin(call: Call, body: Body<Begin>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    let (app, whence) = (&call.app, call.whence());
    let code = body.value.code;
    let identity =
        staff_links::begin_console(&app.store, &app.keys, code, whence, call.now).await?;
    answer::private(StatusCode::CREATED, &identity)
}

/// `DELETE /v1/sessions/{id}`.
pub async fn end(call: Call) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let session: SessionId = id(call.request(), "id")?;
    sessions::end(&call.app.store, &call.caller, session, call.now).await?;
    Ok(answer::no_content())
}
