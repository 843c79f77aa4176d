//! Sessions over the API: a console's is begun.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;

use super::answer;
use super::body::Body;
use super::request::Call;
use crate::error::Result;
use crate::service::staff_links;

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
