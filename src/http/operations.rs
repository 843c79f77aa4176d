//! For whoever runs the service.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use serde::Serialize;

use super::answer;
use super::app::App;
use crate::error::{Error, Result};
use crate::store::migrations;
use crate::telemetry;

#[derive(Serialize)]
struct State {
    status: &'static str,
}

/// `GET /healthz`: the process answers.
pub async fn health() -> Result<HttpResponse> {
    answer::private(StatusCode::OK, &State { status: "ok" })
}

/// `GET /readyz`: the database can be reached, and its schema is this program's.
pub async fn ready(app: Data<App>) -> Result<HttpResponse> {
    let current = app
        .store
        .read(migrations::are_current)
        .await
        .map_err(|error| {
            tracing::warn!(code = error.code(), "not ready");
            Error::Busy
        })?;
    if !current {
        return Err(Error::Busy);
    }
    answer::private(StatusCode::OK, &State { status: "ok" })
}

/// `GET /metrics`.
pub async fn metrics(app: Data<App>) -> Result<HttpResponse> {
    app.metrics.set_streams(app.streams.open());
    let text = app
        .metrics
        .encode()
        .map_err(|error| Error::Internal(format!("encoding metrics: {error}")))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(telemetry::CONTENT_TYPE)
        .body(text))
}
