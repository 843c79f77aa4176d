//! Threads that were joined into others, over the API.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde::{Deserialize, Serialize};

use super::answer;
use super::bans::slugs;
use super::body::{Body, Fields};
use super::query::{Query, id};
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::{JoinId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::time::Time;
use crate::domain::word::{JoinState, Role};
use crate::error::{Error, Result};
use crate::service::sites::named;
use crate::service::{jobs, joins};
use crate::store::jobs::Job;
use crate::store::joins::{self as rows, Join as Row};
use crate::store::{Conn, threads};
use crate::view;

/// A join, as moderators see it.
#[derive(Serialize)]
struct Join {
    id: JoinId,
    site: String,
    from: Side,
    into: Side,
    state: JoinState,
    comments: i64,
    passages: i64,
    subscriptions: i64,
    keys: i64,
    joined_at: Time,
    undo_until: Time,
    undone_at: Option<Time>,
}

/// One of its threads.
#[derive(Serialize)]
struct Side {
    id: ThreadId,
    url: String,
    title: Option<String>,
}

fn stored(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Join>> {
    let ids: Vec<ThreadId> = rows
        .iter()
        .flat_map(|row| [row.from_thread, row.into_thread])
        .collect();
    let threads: HashMap<_, _> = threads::by_ids(conn, &ids)?
        .into_iter()
        .map(|thread| (thread.id, thread))
        .collect();
    let slugs = slugs(conn, rows.iter().map(|row| row.site_id))?;
    let side = |id: ThreadId| {
        let thread = threads.get(&id)?;
        Some(Side {
            id,
            url: thread.url.clone(),
            title: thread.title().map(str::to_owned),
        })
    };
    let joins = rows.into_iter().filter_map(|row| {
        Some(Join {
            id: row.id,
            site: slugs.get(&row.site_id)?.clone(),
            from: side(row.from_thread)?,
            into: side(row.into_thread)?,
            state: *row.state,
            comments: row.comments,
            passages: row.passages,
            subscriptions: row.subscriptions,
            keys: row.keys,
            joined_at: row.at,
            undo_until: row.undo_until,
            undone_at: row.undone_at,
        })
    });
    Ok(joins.collect())
}

/// How long a call waits for the job that goes on with a large join.
const PATIENCE: Duration = Duration::from_secs(2);

async fn one(call: &Call, (row, job): (Row, Option<Job>)) -> Result<HttpResponse> {
    let store = &call.app.store;
    if let Some(job) = &job {
        jobs::settle(store, job.id, PATIENCE).await?;
    }
    let read = store.read(move |conn| {
        let row = rows::by_id(conn, row.id)?.ok_or(Error::NotFound)?;
        stored(conn, vec![row])
    });
    let join = read.await?.pop().ok_or(Error::NotFound)?;
    let status = match join.state {
        JoinState::Joined | JoinState::Undone => StatusCode::OK,
        JoinState::Joining | JoinState::Undoing => StatusCode::ACCEPTED,
    };
    let mut response = answer::private(status, &join)?;
    if let Some(job) = job.filter(|_| status == StatusCode::ACCEPTED) {
        let location = call.app.service_url.path(&format!("/v1/jobs/{}", job.id));
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
    Ok(response)
}

/// What a thread is joined into, as it arrives.
#[derive(Deserialize)]
pub struct JoinWrite {
    into: Option<String>,
}

/// `POST /v1/moderation/threads/{thread}/join`.
pub async fn join(call: Call, body: Body<JoinWrite>) -> Result<HttpResponse> {
    let from: ThreadId = id(call.request(), "thread")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    call.caller.must_be(Role::Moderator)?;
    let mut fields = Fields::default();
    let into = match body.value.into.as_deref() {
        None => Err(Invalid::new("field_required", "Say `into` which thread.")),
        Some(text) => text
            .parse::<ThreadId>()
            .map_err(|_| Invalid::new("field_invalid", "This is not a thread's id.")),
    };
    let into = fields.take("/into", into);
    let into = fields.finish(into)?;
    let joined = joins::join(&call.app.store, &call.caller, from, into, call.now).await?;
    one(&call, joined).await
}

/// `POST /v1/moderation/joins/{id}/undo`.
pub async fn undo(call: Call) -> Result<HttpResponse> {
    let join: JoinId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let undone = joins::undo(&call.app.store, &call.caller, join, call.now).await?;
    one(&call, undone).await
}

/// `GET /v1/moderation/joins`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let query = Query::of(call.request());
    let slug = query.required("site")?.to_owned();
    let limit = query.limit()?;
    let name = format!("joins {slug}");
    let after = query
        .one("after")?
        .map(|text| Cursor::decode(text, &name).map_err(Error::Query))
        .transpose()?;
    let caller = call.caller.clone();
    let list = call
        .app
        .store
        .read(move |conn| {
            let site = named(conn, &slug)?;
            caller.must_see(Role::Moderator, Some(site.id))?;
            let rows = rows::of_site(conn, site.id, after, limit as i64 + 1)?;
            let (rows, next) = view::page_of(rows, limit, |row| {
                Cursor {
                    key: row.at.micros(),
                    id: row.id.bytes(),
                }
                .encode(&name)
            });
            Ok(view::List {
                items: stored(conn, rows)?,
                next,
                total: None,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &list)
}
