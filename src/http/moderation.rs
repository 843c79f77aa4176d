//! Moderators' calls.

use std::collections::HashMap;
use std::num::NonZeroU32;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer;
use super::body::{Body, Fields};
use super::query::id;
use super::request::Call;
use crate::domain::id::{CommentId, PersonId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::moderation::Action;
use crate::domain::site::is_reason_code;
use crate::domain::text::Title;
use crate::domain::time::Time;
use crate::domain::word::{Role, Status, Word};
use crate::error::{Error, Result};
use crate::service::moderation::{self, Decided, Decision, Target};
use crate::service::threads::{self, Directions, Page};

/// How many comments one call may name.
const MOST: usize = 500;

/// Most characters of a moderator's note.
const NOTE: usize = 500;

/// A decision as it arrives: about these comments, or about all of a person's.
#[derive(Deserialize)]
pub struct DecisionPost {
    action: String,
    ids: Option<Vec<String>>,
    person: Option<String>,
    since: Option<String>,
    /// By id: the revision that was read.
    #[serde(default)]
    revisions: HashMap<CommentId, NonZeroU32>,
    from: Option<String>,
    reason: Option<String>,
    note: Option<String>,
}

/// What a decision is about.
enum About {
    Comments(Vec<Target>),
    Person(PersonId, Option<Time>),
}

#[derive(Serialize)]
struct DecidedAll {
    items: Vec<Decided>,
    /// Whether a person has more comments than one call decides about: send it again.
    more: bool,
}

/// `POST /v1/moderation/actions`.
pub async fn act(call: Call, body: Body<DecisionPost>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let raw = body.value;
    let mut fields = Fields::default();
    let action = fields.take("/action", word::<Action>("action", &raw.action));
    let from = fields.optional("/from", raw.from.as_deref(), |text| {
        word::<Status>("from", text)
    });
    let reason = fields.optional("/reason", raw.reason.as_deref(), |text| {
        let detail = "`reason` takes a code of the site's `decision_reasons`.";
        let invalid = Invalid::new("field_invalid", detail);
        is_reason_code(text).then(|| text.to_owned()).ok_or(invalid)
    });
    let note = fields.optional("/note", raw.note.as_deref(), |text| line(text, NOTE));
    let about = about(&mut fields, &raw);
    let (action, about) = fields.finish(action.zip(about))?;
    let decision = Decision {
        action,
        reason,
        note,
        from,
        whole: matches!(about, About::Person(..)),
    };
    let (store, caller) = (&call.app.store, &call.caller);
    let (targets, more) = match about {
        About::Comments(targets) => (targets, false),
        About::Person(person, since) => {
            moderation::targets_of(store, caller, person, since, action).await?
        }
    };
    let items = moderation::decide(store, caller, &decision, &targets, call.now).await?;
    answer::private(StatusCode::OK, &DecidedAll { items, more })
}

fn about(fields: &mut Fields, raw: &DecisionPost) -> Option<About> {
    let invalid = |detail: String| Invalid::new("field_invalid", detail);
    match (&raw.ids, &raw.person) {
        (Some(ids), None) => {
            if !(1..=MOST).contains(&ids.len()) {
                let detail = format!("`ids` takes 1 to {MOST} ids.");
                return fields.take("/ids", Err(invalid(detail)));
            }
            let mut targets = Vec::new();
            for (index, id) in ids.iter().enumerate() {
                let parsed = id.parse::<CommentId>();
                let parsed = parsed.map_err(|_| invalid("This is not an id.".into()));
                let id = fields.take(&format!("/ids/{index}"), parsed);
                targets.extend(id.map(|id| {
                    let revision = raw.revisions.get(&id).map(|read| i64::from(read.get()));
                    Target { id, revision }
                }));
            }
            Some(About::Comments(targets))
        }
        (None, Some(person)) => {
            let parsed = person.parse::<PersonId>();
            let person = fields.take(
                "/person",
                parsed.map_err(|_| invalid("This is not an id.".into())),
            );
            let since = fields.optional("/since", raw.since.as_deref(), |text| {
                let detail = "`since` takes a time, such as 2026-01-31T00:00:00Z.";
                Time::parse(text).ok_or_else(|| invalid(detail.into()))
            });
            person.map(|person| About::Person(person, since))
        }
        _ => {
            let detail = "A decision is about `ids`, or about a `person`.";
            fields.take("/ids", Err(Invalid::new("field_required", detail)))
        }
    }
}

/// A word of a vocabulary.
pub(super) fn word<T: Word>(name: &str, text: &str) -> Result<T, Invalid> {
    T::from_word(text).ok_or_else(|| {
        Invalid::new(
            "field_invalid",
            format!("`{name}` takes one of: {}.", T::words()),
        )
    })
}

/// A text of a moderator's or a reader's own, in lines.
pub(super) fn line(text: &str, most: usize) -> Result<String, Invalid> {
    if text.chars().count() > most {
        let detail = format!("This takes at most {most} characters.");
        return Err(Invalid::new("field_invalid", detail));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        let detail = "Control characters are not taken here.";
        return Err(Invalid::new("text_invalid", detail));
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
    author: Option<Value>,
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
    let (policy, author) = (raw.policy.as_ref(), raw.author.as_ref());
    let directions = match Directions::parse(title, raw.state.as_deref(), policy, author) {
        Ok(directions) => Some(directions),
        Err((pointer, invalid)) => fields.take(pointer, Err(invalid)),
    };
    let (page, directions) = fields.finish(page.zip(directions))?;
    count_letter(&call, &directions)?;
    let (thread, is_new) =
        threads::direct(&call.app.store, &call.caller, page, directions, call.now).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    answer::private(status, &thread)
}

/// Counts a call that names an author by address, who may have to be asked.
fn count_letter(call: &Call, directions: &Directions) -> Result<()> {
    match directions.author {
        Some(Some(_)) => call.count(|app| &app.limits.letters),
        Some(None) | None => Ok(()),
    }
}

/// What a moderator says about a thread, as it arrives.
#[derive(Deserialize)]
pub struct ThreadPatch {
    title: Option<String>,
    state: Option<String>,
    policy: Option<Value>,
    author: Option<Value>,
    hidden: Option<bool>,
    owner: Option<String>,
    url: Option<String>,
    key: Option<String>,
}

/// `PATCH /v1/moderation/threads/{thread}`.
pub async fn change(call: Call, body: Body<ThreadPatch>) -> Result<HttpResponse> {
    let thread: ThreadId = id(call.request(), "thread")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    // What it changes decides, behind this, whether a page may.
    call.caller.in_place().must_be(Role::Author)?;
    let raw = body.value;
    let store = &call.app.store;
    let site = store
        .read(move |conn| {
            let row = crate::store::threads::current(conn, thread)?.ok_or(Error::Unwritten)?;
            crate::store::sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)
        })
        .await?;
    let mut fields = Fields::default();
    let title = fields.optional("/title", raw.title.as_deref(), Title::parse);
    let (policy, author) = (raw.policy.as_ref(), raw.author.as_ref());
    let directions = match Directions::parse(title, raw.state.as_deref(), policy, author) {
        Ok(directions) => Some(directions),
        Err((pointer, invalid)) => fields.take(pointer, Err(invalid)),
    };
    let owner = fields.optional("/owner", raw.owner.as_deref(), |text| {
        let parsed = text.parse::<PersonId>();
        parsed.map_err(|_| Invalid::new("field_invalid", "This is not an id."))
    });
    let to = match raw
        .url
        .as_deref()
        .map(|url| Page::parse(&site, url, raw.key.as_deref()))
    {
        None if raw.key.is_some() => {
            let detail = "A `key` goes with the `url` of its page.";
            fields.take("/url", Err(Invalid::new("field_required", detail)))
        }
        None => None,
        Some(Ok(page)) => Some(page),
        Some(Err((name, invalid))) => fields.take(&format!("/{name}"), Err(invalid)),
    };
    let directions = fields.finish(directions)?;
    count_letter(&call, &directions)?;
    let change = threads::Change {
        directions,
        hidden: raw.hidden,
        owner,
        to,
    };
    let thread = threads::change(store, &call.caller, thread, change, call.now).await?;
    answer::private(StatusCode::OK, &thread)
}
