//! People, as moderators see them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;

use super::answer;
use super::body::{Body, Fields};
use super::moderation::word;
use super::query::id;
use super::request::Call;
use crate::domain::id::PersonId;
use crate::domain::word::Role;
use crate::error::Result;
use crate::service::people;

/// `GET /v1/moderation/people/{id}`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    let person: PersonId = id(call.request(), "id")?;
    let (caller, now) = (call.caller.clone(), call.now);
    let view = call
        .app
        .store
        .read(move |conn| people::show(conn, &caller, person, now))
        .await?;
    answer::private(StatusCode::OK, &view)
}

/// A new role, as it arrives.
#[derive(Deserialize)]
pub struct PersonPatch {
    role: String,
}

/// `PATCH /v1/moderation/people/{id}`.
pub async fn change(call: Call, body: Body<PersonPatch>) -> Result<HttpResponse> {
    let person: PersonId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let mut fields = Fields::default();
    let role = fields.take("/role", word::<Role>("role", &body.value.role));
    let role = fields.finish(role)?;
    let view = people::set_role(&call.app.store, &call.caller, person, role, call.now).await?;
    answer::private(StatusCode::OK, &view)
}
