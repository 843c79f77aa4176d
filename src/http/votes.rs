//! Votes and reactions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;

use super::answer;
use super::body::{Body, Fields};
use super::query::{id, segment};
use super::request::Call;
use crate::domain::id::CommentId;
use crate::error::Result;
use crate::service::{reactions, votes};

/// A vote as it arrives.
#[derive(Deserialize)]
pub struct Vote {
    value: i64,
}

/// `PUT /v1/comments/{id}/vote`.
pub async fn vote(call: Call, body: Body<Vote>) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let mut fields = Fields::default();
    let value = fields.take("/value", votes::Value::parse(body.value.value));
    let value = fields.finish(value)?;
    let outcome = votes::vote(&call.app.store, &call.caller, comment, value, call.now).await?;
    answer::private(StatusCode::OK, &outcome)
}

/// `PUT /v1/comments/{id}/reactions/{emoji}`.
pub async fn react(call: Call) -> Result<HttpResponse> {
    set(call, true).await
}

/// `DELETE /v1/comments/{id}/reactions/{emoji}`.
pub async fn unreact(call: Call) -> Result<HttpResponse> {
    set(call, false).await
}

async fn set(call: Call, wanted: bool) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    let emoji = segment(call.request(), "emoji")?.into_owned();
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let outcome = reactions::react(
        &call.app.store,
        &call.caller,
        comment,
        emoji,
        wanted,
        call.now,
    )
    .await?;
    answer::private(StatusCode::OK, &outcome)
}
