//! Challenges for proof of work.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::answer;
use super::query::Query;
use super::request::Call;
use crate::error::Result;
use crate::service::{sites, work};

/// `GET /v1/challenges`. Nothing is kept of what is handed out.
pub async fn hand_out(call: Call) -> Result<HttpResponse> {
    call.count(|app| &app.limits.challenges)?;
    let query = Query::of(call.request());
    let app = &call.app;
    let site = sites::get(&app.store, query.required("site")?).await?;
    call.check_origin(&site)?;
    let challenge = work::hand_out(
        &app.keys,
        &app.traffic,
        &site,
        &call.caller,
        call.network(),
        call.now,
    )?;
    answer::private(StatusCode::OK, &challenge)
}
