//! The moderators' queue, live (server-sent events, WHATWG HTML §9.2). Few follow it, so each looks for
//! itself; that finds what other instances and the command line wrote as well.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::answer;
use super::app::App;
use super::query::Query;
use super::queue::site;
use super::request::{Call, bearer};
use crate::domain::id::{CommentId, SiteId};
use crate::domain::invalid::Invalid;
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::identity;
use crate::service::queue::reached_site;
use crate::service::session_kinds::Whence;
use crate::store::{comments, queue};
use crate::view::queue::queued;

/// How long between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// How far each look goes back: a change is dated when its call arrived, and may be committed after others
/// that arrived later.
const OVERLAP: Duration = Duration::from_secs(10);

/// How many changes one look finds.
const BATCH: i64 = 500;

/// How long a stream may be silent.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// `GET /v1/moderation/events`.
pub async fn follow(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let slug = query.one("site")?.map(str::to_owned);
    let since = last_event(&call)?.unwrap_or(call.now);
    let caller = call.caller.clone();
    let site = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            reached_site(&caller, Role::Moderator, site)
        })
        .await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would hold events back otherwise.
        .insert_header(("X-Accel-Buffering", "no"));
    if call.request().method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes>>()));
    }
    let place = call.app.followers.clone();
    let place = place.try_acquire_owned().map_err(|_| Error::Busy)?;
    let follower = Follower {
        token: bearer(call.request())?.unwrap_or_default().to_owned(),
        whence: call.whence(),
        app: call.app.clone(),
        site,
        since,
        told: HashMap::new(),
        greeted: false,
        spoken: Instant::now(),
        _place: place,
    };
    Ok(response.streaming(stream::unfold(follower, Follower::next)))
}

/// The place that `Last-Event-ID` names.
fn last_event(call: &Call) -> Result<Option<Time>> {
    let Some(id) = call.request().headers().get("Last-Event-ID") else {
        return Ok(None);
    };
    let micros = id
        .to_str()
        .ok()
        .and_then(|id| id.trim().parse::<i64>().ok());
    let detail = "`Last-Event-ID` takes the `id` of an event of this stream.";
    let refuse = || Error::Header(Invalid::new("invalid_header", detail));
    let micros = micros.filter(|micros| *micros >= 0).ok_or_else(refuse)?;
    Ok(Some(Time::from_micros(micros)))
}

/// A moderator who follows the queue.
struct Follower {
    app: Data<App>,
    token: String,
    whence: Whence,
    site: Option<SiteId>,
    since: Time,
    /// What was told within the overlap, and when it had changed.
    told: HashMap<CommentId, Time>,
    greeted: bool,
    spoken: Instant,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Bytes>, Self)> {
        if !self.greeted {
            self.greeted = true;
            let greeting = format!("id: {}\nevent: ready\ndata: {{}}\n\n", self.since.micros());
            return Some((Ok(Bytes::from(greeting)), self));
        }
        loop {
            if self.app.streams.are_stopped() || !self.may_listen().await {
                return None;
            }
            match self.look().await {
                // Whoever follows comes back with the last id they saw.
                Err(_) => return None,
                Ok(frames) if !frames.is_empty() => {
                    self.spoken = Instant::now();
                    return Some((Ok(Bytes::from(frames)), self));
                }
                Ok(_) if self.spoken.elapsed() >= HEARTBEAT => {
                    self.spoken = Instant::now();
                    return Some((Ok(Bytes::from_static(b": still here\n\n")), self));
                }
                Ok(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Whether the token still opens the queue.
    async fn may_listen(&self) -> bool {
        let app = &self.app;
        let (store, keys, whence) = (&app.store, &app.keys, self.whence.clone());
        let caller = identity::authenticate(store, keys, &self.token, whence, Time::now()).await;
        caller.is_ok_and(|caller| reached_site(&caller, Role::Moderator, self.site).is_ok())
    }

    /// What changed since the last look, as events.
    async fn look(&mut self) -> Result<Vec<u8>> {
        let (site, from) = (self.site, self.since.minus(OVERLAP));
        let told = self.told.clone();
        let since = self.since;
        let (found, items) = self
            .app
            .store
            .read(move |conn| {
                let found = queue::noted_since(conn, site, from, BATCH)?;
                let is_new = |(id, at): &&(CommentId, Time)| {
                    // What changed before one began to listen is not for telling.
                    told.get(id) != Some(at) && (*at >= since || !told.is_empty())
                };
                let new: Vec<CommentId> = found.iter().filter(is_new).map(|(id, _)| *id).collect();
                let rows = comments::by_ids(conn, &new)?;
                let items = queued(conn, &rows, Time::now())?;
                let ids: Vec<CommentId> = rows.iter().map(|row| row.id).collect();
                Ok((found, ids.into_iter().zip(items).collect::<HashMap<_, _>>()))
            })
            .await?;
        let mut frames = Vec::new();
        for (id, at) in &found {
            let Some(item) = items.get(id) else {
                continue;
            };
            let start = format!("id: {}\nevent: comment.queued\ndata: ", at.micros());
            frames.extend(start.into_bytes());
            frames.extend(answer::json(item)?);
            frames.extend(b"\n\n");
        }
        self.remember(&found);
        Ok(frames)
    }

    fn remember(&mut self, found: &[(CommentId, Time)]) {
        self.told.extend(found.iter().copied());
        let Some((_, last)) = found.last() else {
            return;
        };
        // More than one look finds: it goes on behind what it found, or it would never come further.
        let full = found.len() as i64 == BATCH;
        self.since = self
            .since
            .max(if full { last.plus(OVERLAP) } else { *last });
        let from = self.since.minus(OVERLAP);
        self.told.retain(|_, at| *at >= from);
    }
}
