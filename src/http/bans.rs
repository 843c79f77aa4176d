//! Bans over the API. What they go by never leaves.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::{Body, Fields};
use super::moderation::word;
use super::query::{Query, id};
use super::queue::site;
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::{BanId, CommentId, PersonId, SiteId};
use crate::domain::invalid::Invalid;
use crate::domain::moderation::BanKind;
use crate::domain::site::is_reason_code;
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::bans::{self, Against, NETWORK, NewBan};
use crate::service::queue::reached_site;
use crate::store::bans::Ban as Row;
use crate::store::{Conn, sites};
use crate::view;

/// A ban, without what it goes by.
#[derive(Serialize)]
struct Ban {
    id: BanId,
    site: String,
    kind: BanKind,
    person: Option<PersonId>,
    comment: Option<CommentId>,
    reason: Option<String>,
    in_force: bool,
    created_at: Time,
    expires_at: Option<Time>,
    lifted_at: Option<Time>,
}

impl Ban {
    fn stored(row: &Row, site: String, now: Time) -> Self {
        let person = (*row.kind == BanKind::Person)
            .then(|| uuid::Uuid::from_slice(&row.value).ok())
            .flatten();
        Self {
            id: row.id,
            site,
            kind: *row.kind,
            person: person.map(PersonId::from_uuid),
            comment: row.comment_id,
            reason: row.reason.clone(),
            in_force: row.is_in_force(now),
            created_at: row.created_at,
            expires_at: row.expires_at,
            lifted_at: row.lifted_at,
        }
    }
}

/// The slugs of the sites that rows belong to.
pub(super) fn slugs(
    conn: &mut Conn,
    sites: impl Iterator<Item = SiteId>,
) -> Result<HashMap<SiteId, String>> {
    let mut ids: Vec<SiteId> = sites.collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = sites::by_ids(conn, &ids)?;
    Ok(rows.into_iter().map(|row| (row.id, row.slug)).collect())
}

/// `GET /v1/moderation/bans`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let query = Query::of(call.request());
    let slug = query.one("site")?.map(str::to_owned);
    let limit = query.limit()?;
    let before = query
        .one("after")?
        .map(|text| Cursor::decode(text, "bans").map_err(Error::Query))
        .transpose()?
        .map(|cursor| BanId::from_uuid(uuid::Uuid::from_bytes(cursor.id)));
    let (caller, now) = (call.caller.clone(), call.now);
    let list = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            let site = reached_site(&caller, Role::Moderator, site)?;
            let rows = crate::store::bans::page(conn, site, before, limit as i64 + 1)?;
            let (rows, next) = view::page_of(rows, limit, |row| {
                Cursor {
                    key: 0,
                    id: row.id.bytes(),
                }
                .encode("bans")
            });
            let slugs = slugs(conn, rows.iter().map(|row| row.site_id))?;
            let items = rows.iter().filter_map(|row| {
                let site = slugs.get(&row.site_id)?.clone();
                Some(Ban::stored(row, site, now))
            });
            Ok(view::List {
                items: items.collect(),
                next,
                total: None,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &list)
}

/// A new ban as it arrives.
#[derive(Deserialize)]
pub struct BanPost {
    kind: String,
    comment: Option<String>,
    person: Option<String>,
    reason: Option<String>,
    expires_at: Option<String>,
}

/// `POST /v1/moderation/bans`.
pub async fn add(call: Call, body: Body<BanPost>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let raw = body.value;
    let now = call.now;
    let invalid = |detail: &str| Invalid::new("field_invalid", detail);
    let mut fields = Fields::default();
    let kind = fields.take("/kind", word::<BanKind>("kind", &raw.kind));
    let against = match (&raw.comment, &raw.person) {
        (Some(text), None) => {
            let parsed = text.parse::<CommentId>();
            let parsed = parsed.map_err(|_| invalid("This is not an id."));
            let comment = fields.take("/comment", parsed);
            comment
                .zip(kind)
                .map(|(id, kind)| Against::Comment(id, kind))
        }
        (None, Some(text)) if kind == Some(BanKind::Person) => {
            let parsed = text.parse::<PersonId>();
            let parsed = parsed.map_err(|_| invalid("This is not an id."));
            fields.take("/person", parsed).map(Against::Person)
        }
        _ => {
            let detail =
                "A ban goes by a `comment`; one of the kind `person` by a `person` as well.";
            fields.take("/comment", Err(Invalid::new("field_required", detail)))
        }
    };
    let reason = fields.optional("/reason", raw.reason.as_deref(), |text| {
        let detail = "`reason` takes a code of the site's `decision_reasons`.";
        is_reason_code(text)
            .then(|| text.to_owned())
            .ok_or_else(|| invalid(detail))
    });
    let expires_at = fields.optional("/expires_at", raw.expires_at.as_deref(), |text| {
        let time = Time::parse(text).filter(|time| *time > now);
        let time = time.ok_or_else(|| {
            invalid("`expires_at` takes a time to come, such as 2027-01-31T00:00:00Z.")
        })?;
        if kind == Some(BanKind::Network) && time > now.plus(NETWORK) {
            return Err(invalid("A network is banned for 90 days at most."));
        }
        Ok(time)
    });
    let against = fields.finish(against)?;
    let new = NewBan {
        against,
        reason,
        expires_at,
    };
    let app = &call.app;
    let (ban, is_new) = bans::ban(
        &app.store,
        &app.keys,
        &call.caller,
        call.network(),
        new,
        now,
    )
    .await?;
    let of = ban.site_id;
    let slugs = app
        .store
        .read(move |conn| slugs(conn, std::iter::once(of)))
        .await?;
    let site = slugs.get(&of).cloned().ok_or(Error::NotFound)?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    answer::private(status, &Ban::stored(&ban, site, now))
}

/// `DELETE /v1/moderation/bans/{id}`.
pub async fn lift(call: Call) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let ban: BanId = id(call.request(), "id")?;
    bans::lift(&call.app.store, &call.caller, ban, call.now).await?;
    Ok(answer::no_content())
}
