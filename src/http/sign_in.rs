//! Signing in by mail, and taking over what guests wrote under one's address.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::{Body, Fields};
use super::mailbox::{Page as Sheet, Visit, form, secure};
use super::request::Call;
use crate::domain::invalid::Invalid;
use crate::domain::link::{Aim, Link, Purpose};
use crate::domain::text::Email;
use crate::domain::token::ACCESS_TOKEN_MAX_BYTES;
use crate::error::{Error, Result};
use crate::service::earlier::{self, Claim, EarlierGuest};
use crate::service::identity::renewable;
use crate::service::leaving;
use crate::service::sign_in::{self, Proof};
use crate::service::threads::Page;

/// Most guests, and most tokens of guests, that are joined at a time.
const GUESTS: usize = 50;

/// Who wants to sign in, and where they are.
#[derive(Deserialize)]
pub struct Wanted {
    site: String,
    email: String,
    url: String,
}

/// `POST /v1/identity/email`.
pub async fn ask(call: Call, body: Body<Wanted>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.letters)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let mut fields = Fields::default();
    let email = fields.take("/email", Email::parse(&body.value.email));
    let page = Page::parse(&site, &body.value.url, None);
    let page = fields.take("/url", page.map_err(|(_, invalid)| invalid));
    let (email, page) = fields.finish(email.zip(page))?;
    let (store, asker) = (&call.app.store, call.asker());
    let asked = sign_in::ask(
        store,
        &call.caller,
        asker,
        site.id,
        email,
        page.url,
        call.now,
    );
    answer::private(StatusCode::ACCEPTED, &asked.await?)
}

/// What a mailed link brought to the page, in its address's fragment.
#[derive(Deserialize)]
pub struct Brought {
    site: String,
    code: String,
}

/// `POST /v1/identity/email/look`.
pub async fn look(call: Call, body: Body<Brought>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let app = &call.app;
    let look = sign_in::look(&app.store, &app.keys, &site, body.value.code, call.now).await?;
    answer::private(StatusCode::OK, &look)
}

/// What was mailed.
#[derive(Deserialize)]
pub struct Mailed {
    site: String,
    request: Option<String>,
    code: String,
}

/// `POST /v1/identity/email/verify`.
pub async fn verify(call: Call, body: Body<Mailed>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let Mailed { request, code, .. } = body.value;
    let proof = match request {
        None => Proof::Fragment(code),
        Some(request) => {
            // Written apart as letters do, for the eye.
            let code = code.split_whitespace().collect();
            Proof::Code(request.parse().map_err(|_| sign_in::wrong())?, code)
        }
    };
    let app = &call.app;
    let whence = call.whence();
    let identity = sign_in::verify(&app.store, &app.keys, &site, proof, whence, call.now).await?;
    answer::private(StatusCode::OK, &identity)
}

#[derive(Serialize)]
struct Offered {
    items: Vec<EarlierGuest>,
}

/// `GET /v1/identity/earlier`.
pub async fn earlier(call: Call) -> Result<HttpResponse> {
    call.check_own_origin().await?;
    let items = earlier::offered(&call.app.store, &call.caller).await?;
    answer::private(StatusCode::OK, &Offered { items })
}

/// Whose comments are one's own.
#[derive(Deserialize)]
pub struct Join {
    guests: Option<Vec<String>>,
    tokens: Option<Vec<String>>,
}

/// `POST /v1/identity/earlier`.
pub async fn join(call: Call, body: Body<Join>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.identity)?;
    call.check_own_origin().await?;
    call.caller.authority.ok_or(Error::Unauthorized)?;
    let claims = claims(&call, body.value)?;
    earlier::join(&call.app.store, &call.caller, claims, call.now).await?;
    Ok(answer::no_content())
}

fn claims(call: &Call, join: Join) -> Result<Vec<Claim>> {
    let refuse = |pointer: &str, code, detail: &str| {
        Error::field(pointer, Invalid::new(code, detail.to_owned()))
    };
    if join.guests.is_none() && join.tokens.is_none() {
        let detail = "`guests` or `tokens` is needed.";
        return Err(refuse("/guests", "field_required", detail));
    }
    let (mut claims, fits) = (Vec::new(), 1..=GUESTS);
    if let Some(guests) = join.guests {
        let refuse = |detail| refuse("/guests", "field_invalid", detail);
        if !fits.contains(&guests.len()) {
            return Err(refuse("`guests` takes 1 to 50 ids."));
        }
        for guest in guests {
            let id = guest.parse();
            let id = id.map_err(|_| refuse("`guests` takes ids of guests."))?;
            claims.push(Claim::Address(id));
        }
    }
    if let Some(tokens) = join.tokens {
        let refuse = |detail| refuse("/tokens", "field_invalid", detail);
        if !fits.contains(&tokens.len()) {
            return Err(refuse("`tokens` takes 1 to 50 tokens."));
        }
        let is_long = |token: &String| !(1..=ACCESS_TOKEN_MAX_BYTES).contains(&token.len());
        if tokens.iter().any(is_long) {
            return Err(refuse("A token has 1 to 4096 bytes."));
        }
        // What is no token of ours is nobody's.
        let ours = tokens
            .iter()
            .filter_map(|token| renewable(&call.app.keys, token, call.now).ok());
        claims.extend(ours.map(Claim::Token));
    }
    Ok(claims)
}

/// `GET /s/sign-in/{token}`.
pub async fn page(request: HttpRequest) -> Result<HttpResponse> {
    let visit = Visit::new(&request, Purpose::SignIn)?;
    let Ok(Link {
        site,
        aim: Aim::SignIn(id),
        ..
    }) = visit.link
    else {
        return visit.refused().await;
    };
    let site = leaving::site(&visit.app.store, site).await?;
    match sign_in::way_back(&visit.app.store, id, visit.now).await {
        Ok(url) => {
            // Browsers hold the redirect that follows the form against the page's policy as well.
            let origin = url::Url::parse(&url).map(|url| url.origin().ascii_serialization());
            let origin = origin.map_err(|error| Error::Internal(error.to_string()))?;
            Sheet::of(&site, "sign_in").show(StatusCode::OK, Some(&origin))
        }
        Err(Error::NotFound) => Sheet::of(&site, "too_old").show(StatusCode::GONE, None),
        Err(error) => Err(error),
    }
}

/// `POST /s/sign-in/{token}`: back to the page, with what signs in there in the address's fragment, which
/// no server sees.
pub async fn go(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    form(&request, body).await?;
    let visit = Visit::new(&request, Purpose::SignIn)?;
    let Ok(
        link @ Link {
            aim: Aim::SignIn(id),
            ..
        },
    ) = &visit.link
    else {
        return visit.refused().await;
    };
    let (store, keys) = (&visit.app.store, &visit.app.keys);
    match sign_in::open(store, keys, link, *id, visit.now).await {
        Ok(address) => {
            let mut response = HttpResponse::SeeOther()
                .insert_header((header::LOCATION, address))
                .finish();
            secure(&mut response);
            Ok(response)
        }
        Err(Error::NotFound) => {
            let site = leaving::site(store, link.site).await?;
            Sheet::of(&site, "too_old").show(StatusCode::GONE, None)
        }
        Err(error) => Err(error),
    }
}
