//! "Notify of": subscribing, and changing one's mind with one's own token. What letters lead to is in
//! `mailbox.rs`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::{Body, Fields};
use super::query::id;
use super::request::Call;
use crate::domain::id::SubscriptionId;
use crate::domain::invalid::Invalid;
use crate::domain::subscription::{Frequency, Scope};
use crate::domain::text::Email;
use crate::domain::word::Word;
use crate::error::Result;
use crate::service::subscriptions::{self, Request, Wish};
use crate::service::threads::Page;
use crate::store::sites::Site;
use crate::view::subscription::Subscription;

/// What somebody asks to be told of, as it arrives.
#[derive(Deserialize)]
pub struct Wanted {
    site: String,
    scope: String,
    email: Option<String>,
    url: Option<String>,
    key: Option<String>,
    comment_id: Option<String>,
    author_id: Option<String>,
    frequency: Option<String>,
}

/// The same for everybody, whatever is known of the address.
#[derive(Serialize)]
struct Accepted {
    accepted: bool,
}

/// `POST /v1/subscriptions`.
pub async fn subscribe(call: Call, body: Body<Wanted>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.letters)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    let raw = body.value;
    let mut fields = Fields::default();
    let wish = wish(&site, &raw, &mut fields);
    let email = fields.optional("/email", raw.email.as_deref(), Email::parse);
    let frequency = match raw.frequency.as_deref() {
        None => Some(Frequency::Instant),
        Some(word) => fields.take("/frequency", word_of(word, "frequency")),
    };
    let (wish, frequency) = fields.finish(wish.zip(frequency))?;
    let request = Request {
        wish,
        email,
        frequency,
    };
    let (store, asker) = (&call.app.store, call.asker());
    subscriptions::subscribe(store, &call.caller, asker, site.id, request, call.now).await?;
    answer::private(StatusCode::ACCEPTED, &Accepted { accepted: true })
}

fn wish(site: &Site, raw: &Wanted, fields: &mut Fields) -> Option<Wish> {
    let scope = fields.take("/scope", word_of(&raw.scope, "scope"))?;
    match scope {
        Scope::Thread => page(site, raw, fields).map(Wish::Thread),
        Scope::Replies => page(site, raw, fields).map(Wish::Replies),
        Scope::Article => page(site, raw, fields).map(Wish::Article),
        Scope::Site => Some(Wish::Site),
        Scope::Comment => fields
            .take(
                "/comment_id",
                named(raw.comment_id.as_deref(), "comment_id", "comment_unknown"),
            )
            .map(Wish::Comment),
        Scope::Author => fields
            .take(
                "/author_id",
                named(raw.author_id.as_deref(), "author_id", "person_unknown"),
            )
            .map(Wish::Author),
    }
}

fn page(site: &Site, raw: &Wanted, fields: &mut Fields) -> Option<Page> {
    let Some(url) = raw.url.as_deref() else {
        return fields.take("/url", Err(missing("url")));
    };
    match Page::parse(site, url, raw.key.as_deref()) {
        Ok(page) => Some(page),
        Err((name, invalid)) => fields.take(&format!("/{name}"), Err(invalid)),
    }
}

fn missing(name: &str) -> Invalid {
    Invalid::new("field_required", format!("`{name}` is missing."))
}

/// An id that the scope needs; one that is none is nobody's.
fn named<T: std::str::FromStr>(
    raw: Option<&str>,
    name: &str,
    unknown: &'static str,
) -> Result<T, Invalid> {
    let raw = raw.ok_or_else(|| missing(name))?;
    let detail = format!("`{name}` names nothing on this site.");
    raw.parse().map_err(|_| Invalid::new(unknown, detail))
}

fn word_of<T: Word>(word: &str, name: &str) -> Result<T, Invalid> {
    let detail = || format!("`{name}` takes one of: {}.", T::words());
    T::from_word(word).ok_or_else(|| Invalid::new("field_invalid", detail()))
}

/// How soon, as it arrives.
#[derive(Deserialize)]
pub struct Hurry {
    frequency: String,
}

/// `PATCH /v1/subscriptions/{id}`.
pub async fn change(call: Call, body: Body<Hurry>) -> Result<HttpResponse> {
    let subscription: SubscriptionId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let mut fields = Fields::default();
    let word = word_of(&body.value.frequency, "frequency");
    let frequency = fields.take("/frequency", word);
    let frequency = fields.finish(frequency)?;
    let app = &call.app;
    let row = subscriptions::change(&app.store, &call.caller, subscription, frequency, call.now);
    answer::private(StatusCode::OK, &Subscription::stored(&row.await?))
}

/// `DELETE /v1/subscriptions/{id}`.
pub async fn cancel(call: Call) -> Result<HttpResponse> {
    let subscription: SubscriptionId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    subscriptions::cancel(&call.app.store, &call.caller, subscription, call.now).await?;
    Ok(answer::no_content())
}
