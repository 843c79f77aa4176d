//! Word lists, as moderators read and replace them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::Body;
use super::query::{Query, segment};
use super::request::Call;
use crate::domain::invalid::Invalid;
use crate::domain::judgement::words::{Entries, List};
use crate::domain::word::{Role, Word};
use crate::error::{Error, FieldError, Result};
use crate::service::rules;

/// Most bytes of a list: 100,000 entries of some 40 bytes each.
const LIMIT: usize = 4 * 1024 * 1024;

/// A list as it goes in and out.
#[derive(Serialize, Deserialize)]
pub struct WordList {
    entries: Vec<String>,
}

/// `GET /v1/moderation/rules/{list}`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let list = list(&call)?;
    let query = Query::of(call.request());
    let slug = query.required("site")?;
    let entries = rules::show(&call.app.store, &call.caller, slug, list).await?;
    answer::private(StatusCode::OK, &WordList { entries })
}

/// `PUT /v1/moderation/rules/{list}`.
pub async fn replace(call: Call, body: Body<WordList, LIMIT>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    // Before a list of 100,000 words is parsed: whoever is nobody costs nothing.
    call.caller.must_be(Role::Moderator)?;
    let list = list(&call)?;
    let query = Query::of(call.request());
    let slug = query.required("site")?;
    call.check_own_origin().await?;
    let entries = body.value.entries;
    let entries = actix_web::web::block(move || parse(&entries))
        .await
        .map_err(|error| Error::Internal(format!("word list: {error}")))??;
    rules::replace(&call.app.store, &call.caller, slug, list, entries, call.now).await?;
    Ok(answer::no_content())
}

fn parse(entries: &[String]) -> Result<Entries> {
    Entries::parse(entries.iter().map(String::as_str)).map_err(|faults| {
        let faults = faults.into_iter().map(|(place, invalid)| FieldError {
            pointer: format!("/entries/{place}"),
            invalid: Invalid::new(
                invalid.code,
                format!("Line {}: {}", place + 1, invalid.detail),
            ),
        });
        Error::Fields(faults.collect())
    })
}

fn list(call: &Call) -> Result<List> {
    List::from_word(&segment(call.request(), "list")?).ok_or(Error::NotFound)
}
