//! The moderators' queue.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::answer;
use super::query::Query;
use super::request::Call;
use crate::domain::id::SiteId;
use crate::domain::invalid::Invalid;
use crate::domain::moderation::{QueueSort, search_words};
use crate::domain::site::is_reason_code;
use crate::domain::time::Time;
use crate::domain::word::{Status, Word};
use crate::error::{Error, Result};
use crate::service::{queue, sites};
use crate::store::Conn;
use crate::store::queue::Queue;

/// Most characters of what is searched for.
const SEARCH: usize = 200;

/// The word for every state.
const ANY: &str = "any";

/// `GET /v1/moderation/comments`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let queue = parse(&query)?;
    let slug = query.one("site")?.map(str::to_owned);
    let after = query.one("after")?.map(str::to_owned);
    let limit = query.limit()?;
    let (caller, now) = (call.caller.clone(), call.now);
    let page = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            let queue = Queue { site, ..queue };
            queue::page(conn, &caller, &queue, after.as_deref(), limit, now)
        })
        .await?;
    answer::private(StatusCode::OK, &page)
}

/// `GET /v1/moderation/counts`.
pub async fn counts(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let slug = query.one("site")?.map(str::to_owned);
    let caller = call.caller.clone();
    let counts = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            queue::counts(conn, &caller, site)
        })
        .await?;
    answer::private(StatusCode::OK, &counts)
}

/// The site of that name, if one is named.
pub(super) fn site(conn: &mut Conn, slug: Option<&str>) -> Result<Option<SiteId>> {
    match slug {
        Some(slug) => Ok(Some(sites::named(conn, slug)?.id)),
        None => Ok(None),
    }
}

fn parse(query: &Query) -> Result<Queue> {
    let sort: QueueSort = query.word("sort")?.unwrap_or(QueueSort::Oldest);
    let reported = query
        .parsed::<bool>("reported", "true or false")?
        .unwrap_or_default();
    let author = query.parsed("author", "a person's id")?;
    let is_reported = reported || sort == QueueSort::Reports;
    let status = match query.one("status")? {
        Some(ANY) if author.is_none() && !is_reported => {
            return Err(refused(
                "`status=any` goes with `author`, or with what is reported.",
            ));
        }
        Some(ANY) => None,
        Some(word) => Some(
            Status::from_word(word)
                // Of what its author took back there is nothing left to read.
                .filter(|status| *status != Status::Deleted)
                .ok_or_else(|| {
                    refused(
                        "`status` takes one of: pending, published, rejected, spam, trash, any.",
                    )
                })?,
        ),
        None if is_reported => None,
        None => Some(Status::Pending),
    };
    if sort == QueueSort::Risk && status != Some(Status::Pending) {
        return Err(refused("`sort=risk` is for what is pending."));
    }
    let reason = query.one("reason")?.map(str::to_owned);
    if reason.as_deref().is_some_and(|code| !is_reason_code(code)) {
        return Err(refused("`reason` takes the code of a reason."));
    }
    let words = match query.one("q")? {
        None => Vec::new(),
        Some(text) if text.chars().count() > SEARCH => {
            return Err(refused("`q` takes at most 200 characters."));
        }
        Some(text) => search_words(text),
    };
    if words.is_empty() && query.one("q")?.is_some() {
        return Err(refused("`q` takes at least one word."));
    }
    Ok(Queue {
        status,
        site: None,
        thread: query.parsed("thread", "a thread's id")?,
        author,
        reported,
        reason,
        words,
        since: time(query, "since")?,
        until: time(query, "until")?,
        sort,
    })
}

/// A parameter that takes a time.
pub(super) fn time(query: &Query, name: &str) -> Result<Option<Time>> {
    let Some(text) = query.one(name)? else {
        return Ok(None);
    };
    let accepts = format!("`{name}` takes a time, such as 2026-01-31T00:00:00Z.");
    Time::parse(text).map(Some).ok_or_else(|| refused(&accepts))
}

pub(super) fn refused(detail: &str) -> Error {
    Error::Query(Invalid::new("invalid_query", detail))
}
