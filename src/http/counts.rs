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
use crate::domain::visibility;
use crate::error::{Error, Result};
use crate::live::answers::Answer;
use crate::live::pages;
use crate::service::threads::Page;
use crate::store::board::Subject;
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
    answer::kept(&app, &request, async || counted(&app, &request).await).await
}

async fn counted(app: &App, request: &HttpRequest) -> Result<Answer> {
    let query = Query::of(request);
    let slug = query.required("site")?.to_owned();
    let urls: Vec<String> = query.all("url").map(str::to_owned).collect();
    if !(1..=MOST).contains(&urls.len()) {
        let detail = format!("`url` is given once for each page, 1 to {MOST} times.");
        return Err(Error::Query(Invalid::new("invalid_query", detail)));
    }
    let (counts, shows) = app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?;
            let key = |url: &String| {
                let page = Page::parse(&site, url, None).ok()?;
                Some((
                    page.key.to_string(),
                    page.next_key.map(|key| key.to_string()),
                ))
            };
            let keys: Vec<Option<(String, Option<String>)>> = urls.iter().map(key).collect();
            let pages = keys.iter().flatten();
            let asked: Vec<String> = pages
                .flat_map(|(key, next)| [Some(key), next.as_ref()])
                .flatten()
                .cloned()
                .collect();
            let rows = threads::counts(conn, site.id, &asked)?;
            let mut shows: Vec<Subject> =
                rows.iter().map(|row| Subject::Thread(row.thread)).collect();
            shows.extend([Subject::Site(site.id), Subject::Keys(site.id)]);
            let known: HashMap<&str, i64> = rows
                .iter()
                .filter(|row| visibility::thread(row.hidden))
                .map(|row| (row.key.as_str(), row.count))
                .collect();
            let count = |(key, next): &(String, Option<String>)| {
                let found = known.get(key.as_str());
                let found = found.or_else(|| known.get(next.as_deref()?));
                found.copied().unwrap_or_default()
            };
            let items = urls.into_iter().zip(&keys).map(|(url, key)| Count {
                url,
                count: key.as_ref().map(count),
            });
            let counts = Counts {
                items: items.collect(),
                phrases: site.phrases.of("count"),
                locale: site.locale,
            };
            Ok((answer::json(&counts)?, shows))
        })
        .await?;
    Ok(Answer {
        ready: pages::ready(counts).await?.into(),
        kind: "application/json",
        shows,
    })
}
