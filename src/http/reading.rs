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
use crate::live::answers::Answer;
use crate::live::pages;
use crate::service::annotations;
use crate::service::reading::{self, Listed};
use crate::service::threads::{Page, may_be_unwritten};
use crate::store::board::Subject;
use crate::store::sites::Site;
use crate::store::threads::{PublicThread, Thread};
use crate::store::{Conn, comments, sites, threads};
use crate::view;
use crate::view::annotation::MEDIA_TYPE;
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
    answer::kept(&app, &request, async || first_page(&app, &request).await).await
}

async fn first_page(app: &App, request: &HttpRequest) -> Result<Answer> {
    let query = Query::of(request);
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
            let (id, row) = page.thread(conn)?;
            Ok((site, page, id, row))
        })
        .await?;
    let (site, page, id, row) = found;
    let sort = sort.unwrap_or(site.policy.sort);
    let shows = vec![
        Subject::Thread(id),
        Subject::Site(site.id),
        Subject::Keys(site.id),
    ];
    let known = row.filter(Thread::has_address);
    let stamp = known.map(|row| Stamp::of(Some(&row), &site, now));
    let build = move |conn: &mut Conn| {
        reading::first_page(conn, &site, &page, sort, limit, now, |page| {
            answer::json(page)
        })
    };
    let ready = match stamp {
        Some(stamp) => {
            let name = format!("page {id} {sort:?} {limit}");
            app.pages.get(name, stamp, app.store.read(build)).await?
        }
        // Anybody can name pages that nobody has written on, and the address of one on which nothing is published: what answers one
        // of them is no answer to another. They are cheap.
        None => pages::ready(app.store.read(build).await?).await?.into(),
    };
    Ok(Answer {
        ready,
        kind: JSON,
        shows,
    })
}

/// A thread's row with its site, and the stamp of what is shown of them.
struct Seen {
    /// The id that was asked for, which leads to the thread.
    asked: ThreadId,
    row: Thread,
    site: Site,
    stamp: Stamp,
}

impl Seen {
    /// None where nobody has written yet.
    fn of(conn: &mut Conn, thread: ThreadId, now: Time) -> Result<Option<Self>> {
        let Some(row) = threads::current(conn, thread)? else {
            may_be_unwritten(thread)?;
            return Ok(None);
        };
        let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
        let stamp = Stamp::of(Some(&row), &site, now);
        Ok(Some(Self {
            asked: thread,
            row,
            site,
            stamp,
        }))
    }

    /// The one that a comment of the public's belongs to.
    fn around(conn: &mut Conn, comment: CommentId, now: Time) -> Result<Self> {
        let (thread, _) = reading::listed(conn, comment)?;
        let mut seen = Self::of(conn, thread.id, now)?.ok_or(Error::NotFound)?;
        if seen.row.id != thread.id {
            // It is on its way to another thread, and still lies in its own.
            seen.row = (*thread).clone();
            seen.stamp = Stamp::of(Some(&seen.row), &seen.site, now);
        }
        Ok(seen)
    }

    /// The answer of that name, from the ready ones or made by `build`.
    async fn answer<F>(
        &self,
        app: &App,
        name: String,
        kind: &'static str,
        build: F,
    ) -> Result<Answer>
    where
        F: FnOnce(&mut Conn) -> Result<Vec<u8>> + Send + 'static,
    {
        Ok(Answer {
            ready: app
                .pages
                .get(name, self.stamp, app.store.read(build))
                .await?,
            kind,
            shows: vec![
                Subject::Thread(self.asked),
                Subject::Thread(self.row.id),
                Subject::Site(self.site.id),
            ],
        })
    }
}

/// `GET /v1/threads/{thread}/comments`.
pub async fn roots(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || roots_of(&app, &request).await).await
}

async fn roots_of(app: &App, request: &HttpRequest) -> Result<Answer> {
    let thread: ThreadId = id(request, "thread")?;
    let query = Query::of(request);
    let sort: Option<Sort> = query.word("sort")?;
    let after = query.one("after")?.map(str::to_owned);
    let cursor = format!("{after:?}");
    let limit = query.limit()?;
    let filter: Filter = query.word("filter")?.unwrap_or(Filter::All);
    let passage: Option<PassageId> = query.parsed("passage", "a passage's id")?;
    let now = Time::now();
    let seen = app
        .store
        .read(move |conn| Seen::of(conn, thread, now))
        .await?;
    let asked = thread;
    let thread = seen.as_ref().map_or(thread, |seen| seen.row.id);
    let listed = match (passage, filter) {
        (Some(passage), _) => Listed::Of(thread, passage),
        (None, Filter::Inline) => Listed::Inline(thread),
        (None, Filter::All) => Listed::All(thread),
    };
    let build = move |conn: &mut Conn, sort| {
        answer::json(&reading::roots(
            conn,
            listed,
            sort,
            after.as_deref(),
            limit,
        )?)
    };
    let Some(seen) = seen else {
        // Nobody has written there yet; a cursor can then be none of ours.
        let read = app
            .store
            .read(move |conn| build(conn, sort.unwrap_or(Sort::Newest)));
        return Ok(Answer {
            ready: pages::ready(read.await?).await?.into(),
            kind: JSON,
            shows: vec![Subject::Thread(asked)],
        });
    };
    let sort = sort.unwrap_or(seen.site.policy.sort);
    let name = format!("roots {listed:?} {sort:?} {limit} {cursor}");
    seen.answer(app, name, JSON, move |conn| build(conn, sort))
        .await
}

/// `GET /v1/comments/{id}`.
pub async fn permalink(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || {
        let comment: CommentId = id(&request, "id")?;
        let now = Time::now();
        let seen = app
            .store
            .read(move |conn| Seen::around(conn, comment, now))
            .await?;
        let name = format!("comment {comment}");
        seen.answer(&app, name, JSON, move |conn| {
            answer::json(&reading::permalink(conn, comment, now)?)
        })
        .await
    })
    .await
}

/// `GET /v1/comments/{id}/replies`.
pub async fn replies(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || {
        let comment: CommentId = id(&request, "id")?;
        let query = Query::of(&request);
        let after = query.one("after")?.map(str::to_owned);
        let limit = query.limit()?;
        let now = Time::now();
        let seen = app
            .store
            .read(move |conn| Seen::around(conn, comment, now))
            .await?;
        let name = format!("replies {comment} {limit} {after:?}");
        seen.answer(&app, name, JSON, move |conn| {
            answer::json(&reading::replies(conn, comment, after.as_deref(), limit)?)
        })
        .await
    })
    .await
}

/// `GET /v1/threads/{thread}/feed`.
pub async fn thread_feed(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || {
        let thread: ThreadId = id(&request, "thread")?;
        let (seen, row) = public_thread(&app, thread).await?;
        let thread = row.id;
        let own = app.service_url.at(&format!("/v1/threads/{thread}/feed"));
        let locale = seen.site.locale.clone();
        seen.answer(&app, format!("feed {thread}"), ATOM, move |conn| {
            let latest = comments::latest_of_thread(conn, thread, FEED)?;
            let feed = Feed::of_thread(&row, &locale, &latest, &own);
            feed::feed(&feed).map(String::into_bytes)
        })
        .await
    })
    .await
}

/// A thread that somebody has written in, and that is not hidden.
async fn public_thread(app: &App, thread: ThreadId) -> Result<(Seen, PublicThread)> {
    let now = Time::now();
    let seen = app
        .store
        .read(move |conn| Seen::of(conn, thread, now))
        .await?;
    let seen = seen.ok_or(Error::NotFound)?;
    // What waits lends the public no address.
    let row = seen.row.clone().public().filter(|row| row.has_address());
    Ok((seen, row.ok_or(Error::NotFound)?))
}

/// `GET /v1/sites/{site}/feed`.
pub async fn site_feed(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || feed_of_site(&app, &request).await).await
}

async fn feed_of_site(app: &App, request: &HttpRequest) -> Result<Answer> {
    let slug = segment(request, "site")?.into_owned();
    let own = app.service_url.at(&format!("/v1/sites/{slug}/feed"));
    let (id, feed) = app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?;
            let latest = comments::latest_of_site(conn, site.id, FEED)?;
            let mut ids: Vec<_> = latest.iter().map(|comment| comment.thread_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let threads: HashMap<_, _> = threads::by_ids(conn, &ids)?
                .into_iter()
                .filter_map(Thread::public)
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
            Ok((site.id, Feed::of_site(&site, &pairs, &own, &page)))
        })
        .await?;
    Ok(Answer {
        ready: pages::ready(feed::feed(&feed)?.into_bytes()).await?.into(),
        kind: ATOM,
        shows: vec![Subject::Log(id), Subject::Site(id)],
    })
}

/// `GET /v1/threads/{thread}/html`.
pub async fn thread_html(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let made = answer::kept(&app, &request, async || {
        let thread: ThreadId = id(&request, "thread")?;
        let query = Query::of(&request);
        let after = query.one("after")?.map(str::to_owned);
        let now = Time::now();
        let (seen, row) = public_thread(&app, thread).await?;
        let name = format!("html {} {after:?}", row.id);
        let site = seen.site.clone();
        seen.answer(&app, name, HTML, move |conn| {
            let comments = reading::whole_roots(conn, &row, after.as_deref())?;
            let page = ThreadPage {
                thread: &view::thread::Thread::stored(&row, &site, now),
                comments: &comments,
                locale: &site.locale,
            };
            html::thread_page(&page).map(String::into_bytes)
        })
        .await
    });
    let mut response = made.await?;
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PLAIN),
    );
    Ok(response)
}

/// `GET /v1/threads/{thread}/annotations`.
pub async fn annotations(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || {
        annotations_of(&app, &request).await
    })
    .await
}

async fn annotations_of(app: &App, request: &HttpRequest) -> Result<Answer> {
    let thread: ThreadId = id(request, "thread")?;
    let page = Query::of(request).one("page")?.map(str::to_owned);
    let address = app
        .service_url
        .at(&format!("/v1/threads/{thread}/annotations"));
    let now = Time::now();
    let seen = app
        .store
        .read(move |conn| Seen::of(conn, thread, now))
        .await?;
    let public = seen.and_then(|seen| Some((seen.row.clone().public()?, seen)));
    let Some((row, seen)) = public else {
        let none = annotations::none(thread, &address, page.as_deref())?;
        return Ok(Answer {
            ready: pages::ready(answer::json(&none)?).await?.into(),
            kind: MEDIA_TYPE,
            shows: vec![Subject::Thread(thread)],
        });
    };
    let thread = row.id;
    let address = app
        .service_url
        .at(&format!("/v1/threads/{thread}/annotations"));
    let policy = seen.site.policy.clone();
    let name = format!("annotations {thread} {page:?}");
    seen.answer(app, name, MEDIA_TYPE, move |conn| {
        let read = annotations::read(conn, &row, &policy, &address, page.as_deref())?;
        answer::json(&read)
    })
    .await
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
