//! What everyone sees, from the cache of ready pages; and the overlay, which only one person sees.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::app::App;
use super::feed::Feed;
use super::html::ThreadPage;
use super::query::{Query, id, segment};
use super::request::Call;
use super::{answer, feed, html};
use crate::domain::id::{CommentId, PassageId, ThreadId};
use crate::domain::time::Time;
use crate::domain::word::{Filter, Sort};
use crate::error::{Error, Result};
use crate::service::reading::{self, Listed};
use crate::service::threads::{Page, may_be_unwritten};
use crate::store::sites::Site;
use crate::store::threads::Thread;
use crate::store::{Conn, comments, sites, threads};
use crate::view;
use crate::view::thread::Stamp;

const JSON: &str = "application/json";
const ATOM: &str = "application/atom+xml; charset=utf-8";

/// The plain page needs nothing from anywhere.
const PLAIN: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How many comments a feed has.
const FEED: i64 = 50;
const HTML: &str = "text/html; charset=utf-8";

/// `GET /v1/threads`: all that a page needs for its first paint.
pub async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let query = Query::of(&request);
    let slug = query.required("site")?.to_owned();
    let url = query.required("url")?.to_owned();
    let key = query.one("key")?.map(str::to_owned);
    let sort: Option<Sort> = query.word("sort")?;
    let limit = query.limit()?;
    let now = Time::now();
    let found = app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?;
            let page = Page::parse(&site, &url, key.as_deref())
                .map_err(|(_, invalid)| Error::Query(invalid))?;
            let (id, row) = threads::by_key(conn, site.id, page.key.as_str())?;
            Ok((site, page, id, row))
        })
        .await?;
    let (site, page, id, row) = found;
    let sort = sort.unwrap_or(site.policy.sort);
    let stamp = Stamp::of(row.as_ref(), &site, now);
    let is_unwritten = row.is_none();
    let build = move |conn: &mut Conn| {
        reading::first_page(conn, &site, &page, sort, limit, now, |page| {
            answer::json(page)
        })
    };
    if is_unwritten {
        // Anybody can name pages that do not exist; they are cheap, and not worth remembering.
        let body = app.store.read(build).await?;
        return answer::public_now(&request, body, JSON).await;
    }
    let name = format!("page {id} {sort:?} {limit}");
    cached(&app, &request, name, stamp, JSON, build).await
}

/// The answer of that name in the state that `stamp` names, from the cache or made by `build`.
async fn cached<F>(
    app: &App,
    request: &HttpRequest,
    name: String,
    stamp: Stamp,
    kind: &'static str,
    build: F,
) -> Result<HttpResponse>
where
    F: FnOnce(&mut Conn) -> Result<Vec<u8>> + Send + 'static,
{
    let ready = app.pages.get(name, stamp, app.store.read(build)).await?;
    Ok(answer::public(request, &ready, kind))
}

/// A thread's row with its site, and the stamp of what is shown of them.
fn known(conn: &mut Conn, thread: ThreadId, now: Time) -> Result<Option<(Thread, Site, Stamp)>> {
    let Some(row) = threads::by_id(conn, thread)? else {
        may_be_unwritten(thread)?;
        return Ok(None);
    };
    let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
    let stamp = Stamp::of(Some(&row), &site, now);
    Ok(Some((row, site, stamp)))
}

/// `GET /v1/threads/{thread}/comments`.
pub async fn roots(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let thread: ThreadId = id(&request, "thread")?;
    let query = Query::of(&request);
    let sort: Option<Sort> = query.word("sort")?;
    let after = query.one("after")?.map(str::to_owned);
    let cursor = format!("{after:?}");
    let limit = query.limit()?;
    let filter: Filter = query.word("filter")?.unwrap_or(Filter::All);
    let passage: Option<PassageId> = query.parsed("passage", "a passage's id")?;
    let listed = match (passage, filter) {
        (Some(passage), _) => Listed::Of(thread, passage),
        (None, Filter::Inline) => Listed::Inline(thread),
        (None, Filter::All) => Listed::All(thread),
    };
    let now = Time::now();
    let found = app.store.read(move |conn| known(conn, thread, now)).await?;
    let build = move |conn: &mut Conn, sort| {
        answer::json(&reading::roots(
            conn,
            listed,
            sort,
            after.as_deref(),
            limit,
        )?)
    };
    let Some((_, site, stamp)) = found else {
        // Nobody has written there yet; a cursor can then be none of ours.
        let body = app
            .store
            .read(move |conn| build(conn, sort.unwrap_or(Sort::Newest)))
            .await?;
        return answer::public_now(&request, body, JSON).await;
    };
    let sort = sort.unwrap_or(site.policy.sort);
    let name = format!("roots {listed:?} {sort:?} {limit} {cursor}");
    cached(&app, &request, name, stamp, JSON, move |conn| {
        build(conn, sort)
    })
    .await
}

/// The stamp of a comment's thread.
fn stamp_of(conn: &mut Conn, comment: CommentId, now: Time) -> Result<Stamp> {
    let row = comments::by_id(conn, comment)?
        .filter(|row| row.listed)
        .ok_or(Error::NotFound)?;
    let (thread, _, stamp) = known(conn, row.thread_id, now)?.ok_or(Error::NotFound)?;
    if thread.hidden {
        return Err(Error::NotFound);
    }
    Ok(stamp)
}

/// `GET /v1/comments/{id}`.
pub async fn permalink(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let comment: CommentId = id(&request, "id")?;
    let now = Time::now();
    let stamp = app
        .store
        .read(move |conn| stamp_of(conn, comment, now))
        .await?;
    cached(
        &app,
        &request,
        format!("comment {comment}"),
        stamp,
        JSON,
        move |conn| answer::json(&reading::permalink(conn, comment, now)?),
    )
    .await
}

/// `GET /v1/comments/{id}/replies`.
pub async fn replies(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let comment: CommentId = id(&request, "id")?;
    let query = Query::of(&request);
    let after = query.one("after")?.map(str::to_owned);
    let limit = query.limit()?;
    let now = Time::now();
    let stamp = app
        .store
        .read(move |conn| stamp_of(conn, comment, now))
        .await?;
    let name = format!("replies {comment} {limit} {after:?}");
    cached(&app, &request, name, stamp, JSON, move |conn| {
        answer::json(&reading::replies(conn, comment, after.as_deref(), limit)?)
    })
    .await
}

/// `GET /v1/threads/{thread}/feed`.
pub async fn thread_feed(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let thread: ThreadId = id(&request, "thread")?;
    let now = Time::now();
    let found = app.store.read(move |conn| known(conn, thread, now)).await?;
    let (row, _, stamp) = found
        .filter(|(row, _, _)| !row.hidden)
        .ok_or(Error::NotFound)?;
    let own = format!("{}/v1/threads/{thread}/feed", app.public_url);
    cached(
        &app,
        &request,
        format!("feed {thread}"),
        stamp,
        ATOM,
        move |conn| {
            let latest = comments::latest_of_thread(conn, thread, FEED)?;
            feed::feed(&Feed::of_thread(&row, &latest, &own)).map(String::into_bytes)
        },
    )
    .await
}

/// `GET /v1/sites/{site}/feed`.
pub async fn site_feed(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let slug = segment(&request, "site")?.into_owned();
    let own = format!("{}/v1/sites/{slug}/feed", app.public_url);
    let feed = app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?;
            let latest = comments::latest_of_site(conn, site.id, FEED)?;
            let mut ids: Vec<_> = latest.iter().map(|comment| comment.thread_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let threads: HashMap<_, _> = threads::by_ids(conn, &ids)?
                .into_iter()
                .filter(|thread| !thread.hidden)
                .map(|thread| (thread.id, thread))
                .collect();
            let pairs: Vec<_> = latest
                .into_iter()
                .filter_map(|comment| {
                    threads
                        .get(&comment.thread_id)
                        .map(|thread| (comment, thread))
                })
                .collect();
            let page = site
                .origins
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            Ok(Feed::of_site(&site, &pairs, &own, &page))
        })
        .await?;
    answer::public_now(&request, feed::feed(&feed)?.into_bytes(), ATOM).await
}

/// `GET /v1/threads/{thread}/html`.
pub async fn thread_html(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let thread: ThreadId = id(&request, "thread")?;
    let query = Query::of(&request);
    let after = query.one("after")?.map(str::to_owned);
    let now = Time::now();
    let found = app.store.read(move |conn| known(conn, thread, now)).await?;
    let (row, site, stamp) = found
        .filter(|(row, _, _)| !row.hidden)
        .ok_or(Error::NotFound)?;
    let name = format!("html {thread} {after:?}");
    let answer = cached(&app, &request, name, stamp, HTML, move |conn| {
        let comments = reading::whole_roots(conn, thread, after.as_deref())?;
        let page = ThreadPage {
            thread: &view::thread::Thread::stored(&row, &site, now),
            comments: &comments,
            locale: &site.locale,
        };
        html::thread_page(&page).map(String::into_bytes)
    });
    let mut response = answer.await?;
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PLAIN),
    );
    Ok(response)
}

/// `GET /v1/threads/{thread}/me`.
pub async fn me(call: Call) -> Result<HttpResponse> {
    let thread: ThreadId = id(call.request(), "thread")?;
    call.check_own_origin().await?;
    let (caller, now) = (call.caller.clone(), call.now);
    let overlay = call
        .app
        .store
        .read(move |conn| reading::overlay(conn, &caller, thread, now))
        .await?;
    answer::private(StatusCode::OK, &overlay)
}
