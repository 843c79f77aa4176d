//! The pages that letters lead to, under `/s/`: plain HTML that works without scripts, in the site's
//! language. GET shows a page and changes nothing, since mail scanners follow links; POST acts. The sealed
//! link in the address is all the right that is needed, so there is no login and no cookie.
//!
//! Unsubscribing answers a mail provider's one click too (RFC 8058): one POST of `List-Unsubscribe=One-Click`,
//! as a form of either kind, answered without a redirect. It is not limited by rate, since a few providers click
//! for everybody; a link that is not ours costs next to nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine as _;
use futures_util::StreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::app::App;
use super::phrases::{self, Phrases};
use super::request::app;
use crate::domain::id::SubscriptionId;
use crate::domain::link::{Aim, Leaving, Link, Purpose, Refused};
use crate::domain::subscription::{Form, Frequency};
use crate::domain::time::Time;
use crate::domain::word::Word;
use crate::error::{Error, Result};
use crate::service::consent;
use crate::service::leaving::{self, Change, Held};
use crate::store::sites::Site;
use crate::template::render;

/// The pages' style; the policy of their content names its hash and lets in nothing else.
const STYLE: &str = include_str!("templates/mailbox.css");

/// Most bytes of a form; ours and a provider's have less than a hundred.
const FORM: usize = 4096;

/// How long a form may take to arrive.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What a request to one of these pages is: the house, the time, and its link.
pub(super) struct Visit {
    pub(super) app: Data<App>,
    pub(super) now: Time,
    pub(super) link: Result<Link, Refused>,
}

impl Visit {
    pub(super) fn new(request: &HttpRequest, purpose: Purpose) -> Result<Self> {
        let (app, now) = (app(request)?, Time::now());
        let token = request.match_info().get("token").unwrap_or_default();
        let link = Link::open(&app.keys, purpose, token, now);
        Ok(Self { app, now, link })
    }

    /// The page for a link that does not work: in the site's language where that is known.
    pub(super) async fn refused(&self) -> Result<HttpResponse> {
        match &self.link {
            Ok(_) | Err(Refused::Invalid) => invalid(),
            Err(Refused::Expired(link)) => {
                let site = leaving::site(&self.app.store, link.site).await?;
                Page::of(&site, "too_old").show(StatusCode::GONE, None)
            }
        }
    }
}

/// One of the pages.
pub(super) struct Page {
    words: &'static Phrases,
    context: Value,
}

impl Page {
    /// A page of that kind, in the site's language.
    pub(super) fn of(site: &Site, kind: &str) -> Self {
        let words = phrases::of(&site.locale);
        let context = json!({"kind": kind, "site": site.name});
        Self { words, context }
    }

    /// With one more thing to show.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.context[name] = value;
        self
    }

    /// The page as an answer. `onward` is the origin that its form leads on to, where that is not here.
    pub(super) fn show(mut self, status: StatusCode, onward: Option<&str>) -> Result<HttpResponse> {
        let words = serde_json::to_value(self.words);
        self.context["p"] = words.map_err(|error| Error::Internal(error.to_string()))?;
        self.context["style"] = json!(STYLE);
        let html = render("mailbox.html", &self.context)?;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
        let onward = onward
            .map(|origin| format!(" {origin}"))
            .unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'{onward}; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let mut response = HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .body(html);
        secure(&mut response);
        Ok(response)
    }
}

/// What every answer to such a link bears: it is nobody else's, and leaves no trace elsewhere.
pub(super) fn secure(response: &mut HttpResponse) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
}

/// The page for a link that is none of ours, when no site is known.
pub(super) fn invalid() -> Result<HttpResponse> {
    let page = Page {
        words: phrases::of("en"),
        context: json!({"kind": "invalid", "site": "Postil"}),
    };
    page.show(StatusCode::NOT_FOUND, None)
}

/// `GET /s/confirm/{token}`.
pub async fn confirm(request: HttpRequest) -> Result<HttpResponse> {
    let visit = Visit::new(&request, Purpose::Confirm)?;
    let Ok(Link {
        site,
        mailbox,
        aim: Aim::Confirm(id),
        ..
    }) = visit.link
    else {
        return visit.refused().await;
    };
    let held = leaving::these(&visit.app.store, site, mailbox, vec![id]).await?;
    if held.mailbox.is_none() || held.followed.is_empty() {
        return Page::of(&held.site, "too_old").show(StatusCode::GONE, None);
    }
    listing(&held, "confirm").show(StatusCode::OK, None)
}

/// `POST /s/confirm/{token}`.
pub async fn confirmed(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    form(&request, body).await?;
    let visit = Visit::new(&request, Purpose::Confirm)?;
    let Ok(Link {
        site,
        mailbox,
        aim: Aim::Confirm(id),
        ..
    }) = visit.link
    else {
        return visit.refused().await;
    };
    let store = &visit.app.store;
    let agreed = match consent::confirm(store, mailbox, id, visit.now).await {
        Err(Error::NotFound) => {
            let site = leaving::site(store, site).await?;
            return Page::of(&site, "too_old").show(StatusCode::GONE, None);
        }
        agreed => agreed?,
    };
    let held = leaving::these(store, site, mailbox, agreed).await?;
    listing(&held, "confirmed")
        .with("manage", json!(manage_address(&visit, &held)))
        .show(StatusCode::OK, None)
}

/// `GET /s/unsubscribe/{token}`.
pub async fn leave(request: HttpRequest) -> Result<HttpResponse> {
    let visit = Visit::new(&request, Purpose::Unsubscribe)?;
    let Ok(Link {
        site,
        mailbox,
        aim: Aim::Unsubscribe(aim),
        ..
    }) = &visit.link
    else {
        return visit.refused().await;
    };
    let held = left_by(&visit, *site, *mailbox, aim).await?;
    listing(&held, "leave")
        .with("digest", digest(aim))
        .show(StatusCode::OK, None)
}

/// `POST /s/unsubscribe/{token}`: a reader's button, and a mail provider's one click.
pub async fn left(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    form(&request, body).await?;
    let visit = Visit::new(&request, Purpose::Unsubscribe)?;
    let Ok(Link {
        site,
        mailbox,
        aim: Aim::Unsubscribe(aim),
        ..
    }) = &visit.link
    else {
        return visit.refused().await;
    };
    let held = left_by(&visit, *site, *mailbox, aim).await?;
    let store = &visit.app.store;
    leaving::leave(store, *mailbox, aim.clone(), Form::Unsubscribe, visit.now).await?;
    listing(&held, "left")
        .with("digest", digest(aim))
        .with("manage", json!(manage_address(&visit, &held)))
        .show(StatusCode::OK, None)
}

/// What leaving is about, for the page; only choices that a letter names are listed.
async fn left_by(
    visit: &Visit,
    site: crate::domain::id::SiteId,
    mailbox: crate::domain::id::MailboxId,
    aim: &Leaving,
) -> Result<Held> {
    let ids = match aim {
        Leaving::These(ids) => ids.clone(),
        Leaving::Digest(_) | Leaving::All => Vec::new(),
    };
    leaving::these(&visit.app.store, site, mailbox, ids).await
}

fn digest(aim: &Leaving) -> Value {
    match aim {
        Leaving::Digest(frequency) => json!(frequency),
        Leaving::These(_) | Leaving::All => Value::Null,
    }
}

/// `GET /s/manage/{token}`.
pub async fn manage(request: HttpRequest) -> Result<HttpResponse> {
    let visit = Visit::new(&request, Purpose::Manage)?;
    match &visit.link {
        Ok(link) => all(&visit, link, None).await,
        Err(Refused::Expired(link)) => {
            let site = leaving::site(&visit.app.store, link.site).await?;
            Page::of(&site, "renew").show(StatusCode::GONE, None)
        }
        Err(Refused::Invalid) => invalid(),
    }
}

/// `POST /s/manage/{token}`: what the page's buttons do, told by `action`.
pub async fn managed(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    let said = form(&request, body).await?;
    let visit = Visit::new(&request, Purpose::Manage)?;
    let store = &visit.app.store;
    let link = match &visit.link {
        Ok(link) => link,
        Err(Refused::Expired(link)) => {
            // Asked for by whoever has an older link, sent to nobody but the mailbox itself.
            leaving::send_link(store, link.mailbox, visit.now).await?;
            let site = leaving::site(store, link.site).await?;
            return Page::of(&site, "renewed").show(StatusCode::OK, None);
        }
        Err(Refused::Invalid) => return invalid(),
    };
    let field = |name: &str| {
        let found = said.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let id = field("subscription").parse::<SubscriptionId>();
    let (change, done) = match (field("action"), id) {
        ("forget", _) => {
            leaving::forget(store, link.mailbox).await?;
            let site = leaving::site(store, link.site).await?;
            return Page::of(&site, "forgotten").show(StatusCode::OK, None);
        }
        ("stop_all", _) => (Change::StopAll, "stopped_all"),
        ("stop", Ok(id)) => (Change::Stop(id), "stopped"),
        ("frequency", Ok(id)) => match Frequency::from_word(field("frequency")) {
            Some(frequency) => (Change::Frequency(id, frequency), "saved"),
            None => return all(&visit, link, None).await,
        },
        _ => return all(&visit, link, None).await,
    };
    match leaving::change(store, link.mailbox, change, visit.now).await {
        // Left or forgotten in another window: the page shows what there is now.
        Ok(()) | Err(Error::NotFound) => all(&visit, link, Some(done)).await,
        Err(error) => Err(error),
    }
}

/// The page of all that a mailbox follows.
async fn all(visit: &Visit, link: &Link, done: Option<&str>) -> Result<HttpResponse> {
    let held = leaving::held(&visit.app.store, link.site, link.mailbox).await?;
    if held.mailbox.is_none() {
        return Page::of(&held.site, "forgotten").show(StatusCode::OK, None);
    }
    listing(&held, "manage")
        .with("done", json!(done))
        .show(StatusCode::OK, None)
}

/// A page with choices on it.
fn listing(held: &Held, kind: &str) -> Page {
    Page::of(&held.site, kind)
        .with("items", json!(held.followed))
        .with("done", Value::Null)
        .with("manage", Value::Null)
        .with("digest", Value::Null)
}

/// A link to the page of all that the mailbox follows; none once the address is forgotten.
fn manage_address(visit: &Visit, held: &Held) -> Option<String> {
    let mailbox = held.mailbox.as_ref()?;
    let link = Link {
        site: mailbox.site_id,
        mailbox: mailbox.id,
        aim: Aim::Manage,
        expires_at: visit.now.plus(crate::domain::link::MANAGE),
    };
    Some(link.address(&visit.app.keys, ""))
}

/// Reads a form of either kind. What is no form at all is refused, so that nothing but a page's button or a
/// provider's click acts; what a form holds besides is nobody's business.
///
/// # Errors
/// [`Error::UnsupportedMediaType`], [`Error::BodyTooLarge`], [`Error::RequestTimeout`].
pub(super) async fn form(
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<Vec<(String, String)>> {
    let kind = request.content_type().trim().to_ascii_lowercase();
    let is_plain = kind == "application/x-www-form-urlencoded";
    if !is_plain && kind != "multipart/form-data" {
        return Err(Error::UnsupportedMediaType);
    }
    let read = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Error::UnsupportedMediaType)?;
            if bytes.len() + chunk.len() > FORM {
                return Err(Error::BodyTooLarge(FORM));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let bytes = tokio::time::timeout(PATIENCE, read)
        .await
        .map_err(|_| Error::RequestTimeout)??;
    // Our own forms are of the plain kind. Of the other only the click comes, and that it comes says it all.
    let pairs = match is_plain {
        true => url::form_urlencoded::parse(&bytes)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        false => Vec::new(),
    };
    Ok(pairs)
}
