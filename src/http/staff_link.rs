//! The page behind a link that the operator gave one of a site's own people: whose account it opens, and one button. See `mailbox.rs`
//! for what all such pages have in common.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::mailbox::{Page, form, invalid, secure};
use super::phrases;
use super::request::app;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::service::staff_links;
use crate::store::people::Person;
use crate::store::sites::Site;

/// `GET /s/moderator/{token}`.
pub async fn page(request: HttpRequest) -> Result<HttpResponse> {
    let app = app(&request)?;
    let account = match staff_links::look(&app.store, token(&request), Time::now()).await {
        Err(Error::NotFound) => return invalid(),
        account => account?,
    };
    let Some((person, url)) = account.person else {
        return used(&account.site);
    };
    // Browsers hold the redirect that follows the form against the page's policy as well.
    let origin = url::Url::parse(&url).map(|url| url.origin().ascii_serialization());
    let origin = origin.map_err(|error| Error::Internal(error.to_string()))?;
    Page::of(&account.site, "enter")
        .with("lead", json!(sentence(&account.site, &person)))
        .with("page_url", json!(url))
        .show(StatusCode::OK, Some(&origin))
}

/// `POST /s/moderator/{token}`: to the page, with what signs in there in the address's fragment, which no server sees.
pub async fn go(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    form(&request, body).await?;
    let (app, now) = (app(&request)?, Time::now());
    match staff_links::open(&app.store, token(&request), now).await {
        Ok(Some(address)) => {
            let mut response = HttpResponse::SeeOther()
                .insert_header((header::LOCATION, address))
                .finish();
            secure(&mut response);
            Ok(response)
        }
        Ok(None) => match staff_links::look(&app.store, token(&request), now).await {
            Err(Error::NotFound) => invalid(),
            account => used(&account?.site),
        },
        Err(Error::NotFound) => invalid(),
        Err(error) => Err(error),
    }
}

fn token(request: &HttpRequest) -> &str {
    request.match_info().get("token").unwrap_or_default()
}

/// The page for a link that is not good any more.
fn used(site: &Site) -> Result<HttpResponse> {
    Page::of(site, "entered").show(StatusCode::GONE, None)
}

/// Whose account it is. Names may run the other way than the page does, so each is kept apart (Unicode's isolates).
fn sentence(site: &Site, person: &Person) -> String {
    let words = phrases::of(&site.locale);
    let apart = |text: &str| format!("\u{2068}{text}\u{2069}");
    let name = person.name.as_deref();
    words
        .enter_as(*person.role)
        .replace("{site}", &apart(&site.name))
        .replace(
            "{name}",
            &name.map_or_else(|| words.guest().to_owned(), apart),
        )
}
