//! The record of what moderators did, and the numbers of each day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use super::bans::slugs;
use super::query::Query;
use super::queue::{refused, site, time};
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::{ApiTokenId, EntryId, PersonId};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::queue::reached_site;
use crate::store::audit::{self, Entry as Row, Filter};
use crate::store::{Conn, Store, tallies};
use crate::view;

/// How many lines of an export are read at a time.
const CHUNK: i64 = 500;

/// How many days the numbers are told for in one call.
const DAYS: i64 = 366;

/// A line of the record.
#[derive(Serialize)]
struct Entry {
    id: EntryId,
    site: Option<String>,
    at: Time,
    actor: String,
    person: Option<PersonId>,
    token: Option<ApiTokenId>,
    action: String,
    object: String,
    object_id: Option<String>,
    reason: Option<String>,
    note: Option<String>,
    before: Value,
    after: Value,
}

impl Entry {
    fn stored(row: Row, site: Option<String>) -> Self {
        Self {
            id: row.id,
            site,
            at: row.at,
            actor: row.actor,
            person: row.actor_person,
            token: row.actor_token,
            action: row.action,
            object: row.object,
            object_id: Uuid::from_slice(&row.object_id)
                .ok()
                .map(|id| id.to_string()),
            reason: row.reason,
            note: row.note,
            before: serde_json::from_str(&row.was).unwrap_or_default(),
            after: serde_json::from_str(&row.became).unwrap_or_default(),
        }
    }
}

/// What is asked of the record: a site's slug, and the rest.
fn parse(query: &Query) -> Result<(Option<String>, Filter)> {
    let action = query.one("action")?.map(str::to_owned);
    let is_word = |text: &String| {
        (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    if action.as_ref().is_some_and(|action| !is_word(action)) {
        return Err(refused("`action` takes a word, such as approve."));
    }
    let filter = Filter {
        site: None,
        action,
        object: query.parsed("object", "an id")?,
        person: query.parsed("person", "a person's id")?,
        since: time(query, "since")?,
        until: time(query, "until")?,
    };
    Ok((query.one("site")?.map(str::to_owned), filter))
}

fn reach(conn: &mut Conn, caller: &Caller, slug: Option<&str>, filter: Filter) -> Result<Filter> {
    let site = site(conn, slug)?;
    Ok(Filter {
        site: reached_site(caller, Role::Moderator, site)?,
        ..filter
    })
}

fn entries(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Entry>> {
    let slugs = slugs(conn, rows.iter().filter_map(|row| row.site_id))?;
    let entries = rows.into_iter().map(|row| {
        let site = row.site_id.and_then(|id| slugs.get(&id).cloned());
        Entry::stored(row, site)
    });
    Ok(entries.collect())
}

/// `GET /v1/moderation/audit`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let (slug, filter) = parse(&query)?;
    let limit = query.limit()?;
    let after = query.one("after")?.map(str::to_owned);
    let caller = call.caller.clone();
    let list = call
        .app
        .store
        .read(move |conn| {
            let filter = reach(conn, &caller, slug.as_deref(), filter)?;
            let name = format!("audit {filter:?}");
            let before = after
                .map(|text| Cursor::decode(&text, &name).map_err(Error::Query))
                .transpose()?
                .map(|cursor| EntryId::from_uuid(Uuid::from_bytes(cursor.id)));
            let rows = audit::page(conn, &filter, before, limit as i64 + 1)?;
            let (rows, next) = view::page_of(rows, limit, |row| {
                Cursor {
                    key: 0,
                    id: row.id.bytes(),
                }
                .encode(&name)
            });
            Ok(view::List {
                items: entries(conn, rows)?,
                next,
                total: None,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &list)
}

/// `GET /v1/moderation/audit/export`: every line, newest first, one JSON object in each.
pub async fn export(call: Call) -> Result<HttpResponse> {
    let (slug, filter) = parse(&Query::of(call.request()))?;
    let caller = call.caller.clone();
    let store = call.app.store.clone();
    let filter = store
        .read(move |conn| reach(conn, &caller, slug.as_deref(), filter))
        .await?;
    let first = chunk(&store, filter.clone(), None).await?;
    let lines = stream::try_unfold(Some(first), move |next| {
        let (store, filter) = (store.clone(), filter.clone());
        async move {
            let Some((bytes, last)) = next else {
                return Ok::<_, Error>(None);
            };
            let following = match last {
                Some(last) => Some(chunk(&store, filter, Some(last)).await?),
                None => None,
            };
            Ok(Some((bytes, following)))
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        .streaming(lines))
}

/// Some lines, and the last of them if there are more.
async fn chunk(
    store: &Store,
    filter: Filter,
    before: Option<EntryId>,
) -> Result<(Bytes, Option<EntryId>)> {
    store
        .read(move |conn| {
            let rows = audit::page(conn, &filter, before, CHUNK)?;
            let last = rows.last().map(|row| row.id);
            let is_full = rows.len() as i64 == CHUNK;
            let mut text = Vec::new();
            for entry in entries(conn, rows)? {
                text.extend(answer::json(&entry)?);
                text.push(b'\n');
            }
            Ok((Bytes::from(text), last.filter(|_| is_full)))
        })
        .await
}

/// The numbers of one day.
#[derive(Serialize, Default)]
struct Day {
    day: String,
    received: i64,
    held: i64,
    held_for: BTreeMap<String, i64>,
    refused: i64,
    refused_for: BTreeMap<String, i64>,
    reported: i64,
    decisions: BTreeMap<String, i64>,
    decided: i64,
    /// How long comments waited for their first decision on average.
    seconds_to_decision: Option<i64>,
}

#[derive(Serialize)]
struct Statistics {
    site: String,
    items: Vec<Day>,
}

/// `GET /v1/moderation/stats`.
pub async fn statistics(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let slug = query.required("site")?.to_owned();
    let today = call.now.day();
    let to = day(&query, "to")?.unwrap_or(today);
    let from = day(&query, "from")?.unwrap_or(to - 29);
    if from > to || to - from >= DAYS {
        return Err(refused(
            "`from` and `to` are 366 days apart at most, in that order.",
        ));
    }
    let caller = call.caller.clone();
    let statistics = call
        .app
        .store
        .read(move |conn| {
            let site = crate::service::sites::named(conn, &slug)?.id;
            caller.must_see(Role::Moderator, Some(site))?;
            let tallies = tallies::days(conn, site, from, to)?;
            Ok(Statistics {
                items: days(from, to, tallies),
                site: slug,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &statistics)
}

fn day(query: &Query, name: &str) -> Result<Option<i64>> {
    let Some(text) = query.one(name)? else {
        return Ok(None);
    };
    let time = Time::parse(&format!("{text}T00:00:00Z")).filter(|_| text.len() == 10);
    let accepts = format!("`{name}` takes a day, such as 2026-01-31.");
    time.map(|time| Some(time.day()))
        .ok_or_else(|| refused(&accepts))
}

fn days(from: i64, to: i64, tallies: Vec<tallies::Tally>) -> Vec<Day> {
    let mut days: BTreeMap<i64, (Day, i64)> = BTreeMap::new();
    for day in from..=to {
        let name = Time::from_micros(day * 24 * 3_600_000_000).to_string();
        let name = name.chars().take(10).collect();
        let empty = Day {
            day: name,
            ..Day::default()
        };
        days.insert(day, (empty, 0));
    }
    for tally in tallies {
        let Some((day, seconds)) = days.get_mut(&tally.day) else {
            continue;
        };
        match tally.name.as_str() {
            "received" => day.received += tally.count,
            "held" => day.held += tally.count,
            "reported" => day.reported += tally.count,
            "decided" => day.decided += tally.count,
            "decision_seconds" => *seconds += tally.count,
            "refused" => day.refused += tally.count,
            name => {
                let (counts, name) = match name.split_once(':') {
                    Some(("held", code)) => (&mut day.held_for, code),
                    Some(("refused", code)) => (&mut day.refused_for, code),
                    _ => (&mut day.decisions, name),
                };
                *counts.entry(name.into()).or_default() += tally.count;
            }
        }
    }
    let finished = days.into_values().map(|(mut day, seconds)| {
        day.seconds_to_decision = (day.decided > 0).then(|| seconds / day.decided);
        day
    });
    finished.collect()
}
