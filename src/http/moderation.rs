//! Moderators' calls.

use std::collections::HashMap;
use std::num::NonZeroU32;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer;
use super::body::{Body, Fields};
use super::query::Query;
use super::request::Call;
use crate::domain::id::{CommentId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::judgement::Reason;
use crate::domain::text::Title;
use crate::domain::word::{Status, Word};
use crate::error::{Error, Result};
use crate::service::moderation::{self, Action, Decided, Target};
use crate::service::threads::{self, Directions, Page};
use crate::store::comments::Queue;

/// How many comments one call may decide about.
const MOST: usize = 100;

/// `GET /v1/moderation/comments`.
pub async fn queue(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let status = query.word("status")?.unwrap_or(Status::Pending);
    if status == Status::Deleted {
        let detail = "Of what its author took back there is nothing left to read.";
        return Err(Error::Query(Invalid::new("invalid_query", detail)));
    }
    let slug = query.one("site")?.map(str::to_owned);
    let thread: Option<ThreadId> = query.parsed("thread", "a thread's id")?;
    let after = query.one("after")?.map(str::to_owned);
    let limit = query.limit()?;
    let (caller, now) = (call.caller.clone(), call.now);
    let queue = call
        .app
        .store
        .read(move |conn| {
            let site = match &slug {
                Some(slug) => Some(crate::service::sites::named(conn, slug)?.id),
                None => None,
            };
            let queue = Queue {
                status,
                site,
                thread,
            };
            moderation::queue(conn, &caller, &queue, after.as_deref(), limit, now)
        })
        .await?;
    answer::private(StatusCode::OK, &queue)
}

/// A decision as it arrives.
#[derive(Deserialize)]
pub struct Decision {
    action: String,
    ids: Vec<String>,
    /// By id: the revision that was read.
    #[serde(default)]
    revisions: HashMap<CommentId, NonZeroU32>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct DecidedAll {
    items: Vec<Decided>,
}

/// `POST /v1/moderation/actions`.
pub async fn act(call: Call, body: Body<Decision>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let raw = body.value;
    let mut fields = Fields::default();
    let action = fields.take(
        "/action",
        Action::from_word(&raw.action).ok_or_else(|| {
            Invalid::new(
                "field_invalid",
                format!("`action` takes one of: {}.", Action::words()),
            )
        }),
    );
    if !(1..=MOST).contains(&raw.ids.len()) {
        let detail = format!("`ids` takes 1 to {MOST} ids.");
        fields.take::<()>("/ids", Err(Invalid::new("field_invalid", detail)));
    }
    let mut targets = Vec::new();
    for (index, id) in raw.ids.iter().enumerate() {
        let parsed = id.parse::<CommentId>();
        let parsed = parsed.map_err(|_| Invalid::new("field_invalid", "This is not an id."));
        let id = fields.take(&format!("/ids/{index}"), parsed);
        targets.extend(id.map(|id| {
            let revision = raw.revisions.get(&id).map(|read| i64::from(read.get()));
            Target { id, revision }
        }));
    }
    let reason = fields.optional("/reason", raw.reason.as_deref(), |text| line(text, 200));
    let action = fields.finish(action)?;
    let reason = reason.map(|detail| Reason {
        code: "moderator".into(),
        detail,
    });
    let decided = moderation::decide(
        &call.app.store,
        &call.caller,
        action,
        &targets,
        reason,
        call.now,
    )
    .await?;
    answer::private(StatusCode::OK, &DecidedAll { items: decided })
}

fn line(text: &str, most: usize) -> Result<String, Invalid> {
    if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid::new(
            "field_invalid",
            format!("This takes at most {most} characters."),
        ));
    }
    Ok(text.trim().to_owned())
}

/// What a publisher says about a page, as it arrives.
#[derive(Deserialize)]
pub struct ThreadPut {
    site: String,
    url: String,
    key: Option<String>,
    title: Option<String>,
    state: Option<String>,
    policy: Option<Value>,
}

/// `PUT /v1/moderation/threads`.
pub async fn direct(call: Call, body: Body<ThreadPut>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    let raw = body.value;
    let site = crate::service::sites::get(&call.app.store, &raw.site).await?;
    call.check_origin(&site)?;
    let mut fields = Fields::default();
    let page = match Page::parse(&site, &raw.url, raw.key.as_deref()) {
        Ok(page) => Some(page),
        Err((name, invalid)) => fields.take(&format!("/{name}"), Err(invalid)),
    };
    let title = fields.optional("/title", raw.title.as_deref(), Title::parse);
    let directions = match Directions::parse(title, raw.state.as_deref(), raw.policy.as_ref()) {
        Ok(directions) => Some(directions),
        Err((pointer, invalid)) => fields.take(pointer, Err(invalid)),
    };
    let (page, directions) = fields.finish(page.zip(directions))?;
    let (thread, is_new) =
        threads::direct(&call.app.store, &call.caller, page, directions, call.now).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    answer::private(status, &thread)
}
