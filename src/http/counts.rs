//! `GET /v1/counts`: how many comments many pages have, in one call.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer;
use super::app::App;
use super::query::Query;
use crate::domain::invalid::Invalid;
use crate::domain::site::Phrases;
use crate::error::{Error, Result};
use crate::service::threads::Page;
use crate::store::threads;

/// How many pages one call may ask about.
const MOST: usize = 100;

#[derive(Serialize)]
struct Counts {
    items: Vec<Count>,
    locale: String,
    phrases: Phrases,
}

#[derive(Serialize)]
struct Count {
    url: String,
    /// None where there can be no page of the site.
    count: Option<i64>,
}

/// The published comments of each page, in the order asked, and what the site says of a number of them. One wrong address
/// among a list must not cost the others their counts.
pub async fn counts(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let query = Query::of(&request);
    let slug = query.required("site")?.to_owned();
    let urls: Vec<String> = query.all("url").map(str::to_owned).collect();
    if !(1..=MOST).contains(&urls.len()) {
        let detail = format!("`url` is given once for each page, 1 to {MOST} times.");
        return Err(Error::Query(Invalid::new("invalid_query", detail)));
    }
    let counts = app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?;
            let key = |url: &String| {
                let page = Page::parse(&site, url, None).ok()?;
                Some(page.key.to_string())
            };
            let keys: Vec<Option<String>> = urls.iter().map(key).collect();
            let asked: Vec<String> = keys.iter().flatten().cloned().collect();
            let known: HashMap<String, i64> = threads::counts(conn, site.id, &asked)?
                .into_iter()
                .collect();
            let count = |key: &String| known.get(key).copied().unwrap_or_default();
            let items = urls.into_iter().zip(&keys).map(|(url, key)| Count {
                url,
                count: key.as_ref().map(count),
            });
            Ok(Counts {
                items: items.collect(),
                phrases: site.phrases.of("count"),
                locale: site.locale,
            })
        })
        .await?;
    answer::public_now(&request, answer::json(&counts)?, "application/json").await
}
