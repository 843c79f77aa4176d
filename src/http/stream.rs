//! What happened in a thread since a version: all at once, or live (server-sent events, WHATWG HTML §9.2).

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use super::app::App;
use super::query::{Query, id};
use super::{answer, client};
use crate::domain::id::ThreadId;
use crate::domain::invalid::Invalid;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::service::threads::may_be_unwritten;
use crate::store::threads;
use crate::view::change;

const VERSION: &str = "a version: a whole number, 0 or more";

/// `GET /v1/threads/{thread}/changes`.
pub async fn changes(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let thread = thread(&request)?;
    let query = Query::of(&request);
    query.required("since")?;
    let since = since(&query)?.unwrap_or_default();
    let limit = query.limit()?;
    let now = Time::now();
    let changes = app
        .store
        .read(move |conn| {
            let thread = threads::current_id(conn, thread)?;
            change::since(conn, thread, since, limit as i64, now)
        })
        .await?;
    answer::private(StatusCode::OK, &changes)
}

/// `GET /v1/threads/{thread}/events`.
pub async fn events(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let thread = thread(&request)?;
    let since = match request.headers().get("Last-Event-ID") {
        Some(id) => {
            let id = id
                .to_str()
                .ok()
                .and_then(|id| id.trim().parse::<u32>().ok());
            let refuse = || {
                Invalid::new(
                    "invalid_header",
                    format!("`Last-Event-ID` takes {VERSION}."),
                )
            };
            Some(id.map(i64::from).ok_or_else(|| Error::Header(refuse()))?)
        }
        None => since(&Query::of(&request))?,
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would hold events back otherwise.
        .insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        // A stream that nobody reads would never end, and keep its place.
        return Ok(response.streaming(stream::empty::<Result<Bytes>>()));
    }
    let network = client::network(&request, &app.trusted_proxies);
    match app.streams.follow(thread, since, network).await {
        Ok(events) => Ok(response.streaming(events)),
        Err(Error::Resync) => Ok(response.body(Bytes::from_static(b"event: resync\ndata: {}\n\n"))),
        Err(error) => Err(error),
    }
}

fn since(query: &Query) -> Result<Option<i64>> {
    Ok(query.parsed::<u32>("since", VERSION)?.map(i64::from))
}

/// The thread that is named, whether anybody has written in it yet or not.
fn thread(request: &HttpRequest) -> Result<ThreadId> {
    let thread: ThreadId = id(request, "thread")?;
    may_be_unwritten(thread)?;
    Ok(thread)
}
