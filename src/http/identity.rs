//! Who one is: guests, people whom their site signs in, renewing and ending.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer;
use super::body::{Body, Fields, OptionalBody};
use super::client;
use super::comments::asked;
use super::request::{Call, app, bearer, idempotency_key, whence};
use crate::domain::text::{Name, Website};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::service::identity;
use crate::service::signing::Signature;

/// A guest who introduces themselves.
#[derive(Deserialize)]
pub struct Guest {
    site: String,
    name: Option<String>,
    website: Option<String>,
}

/// `POST /v1/identity/guest`.
pub async fn guest(call: Call, body: Body<Guest>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    let retry = call.retry(body.fingerprint)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let form = site.policy.fields;
    let mut fields = Fields::default();
    let signature = Signature {
        name: fields.optional("/name", asked(form.name, &body.value.name), Name::parse),
        email: None,
        website: fields.optional(
            "/website",
            asked(form.website, &body.value.website),
            Website::parse,
        ),
    };
    let signature = fields.finish(Some(signature))?;
    let app = &call.app;
    let (store, keys, whence) = (&app.store, &app.keys, call.whence());
    let (identity, replayed) =
        identity::guest(store, keys, site.id, signature, whence, retry, call.now).await?;
    let mut response = answer::private(StatusCode::CREATED, &identity)?;
    if replayed {
        answer::mark_replayed(&mut response);
    }
    Ok(response)
}

/// A token that the site signed.
#[derive(Deserialize)]
pub struct Sso {
    site: String,
    token: String,
}

/// `POST /v1/identity/sso`.
pub async fn sso(call: Call, body: Body<Sso>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let app = &call.app;
    let (store, token) = (&app.store, &body.value.token);
    let verified = app.published_keys.verify(store, &site, token, call.now);
    let (claims, whence) = (verified.await?, call.whence());
    let identity = identity::sso(store, &app.keys, site, claims, whence, call.now).await?;
    answer::private(StatusCode::OK, &identity)
}

/// `POST /v1/identity/refresh`. Not a [`Call`]: an expired token is welcome here.
pub async fn refresh(request: HttpRequest) -> Result<HttpResponse> {
    let (app, now) = (app(&request)?, Time::now());
    let network = client::network(&request, &app.trusted_proxies);
    app.limits.identity.count(&request, network, None)?;
    idempotency_key(&request)?;
    let token = bearer(&request)?.ok_or(Error::Unauthorized)?;
    let claims = identity::renewable(&app.keys, token, now)?;
    let whence = whence(&app, &request);
    let identity = identity::refresh(&app.store, &app.keys, claims, whence, now).await?;
    answer::private(StatusCode::OK, &identity)
}

/// How much is to be ended.
#[derive(Deserialize, Default)]
pub struct SignOut {
    #[serde(default)]
    everywhere: bool,
}

/// `POST /v1/identity/signout`.
pub async fn sign_out(call: Call, body: OptionalBody<SignOut>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    call.check_own_origin().await?;
    identity::sign_out(&call.app.store, &call.caller, body.0.everywhere, call.now).await?;
    Ok(answer::no_content())
}
