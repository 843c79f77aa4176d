//! Administration of API tokens.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::{Body, Fields};
use super::query::{Query, id};
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::{ApiTokenId, SiteId};
use crate::domain::invalid::Invalid;
use crate::domain::time::Time;
use crate::domain::word::{Role, Word};
use crate::error::{Error, Result};
use crate::service::tokens::{self, NewToken};
use crate::store::tokens::ApiToken;
use crate::view;

/// A token, without its secret.
#[derive(Serialize)]
struct Token {
    id: ApiTokenId,
    name: String,
    role: Role,
    site: Option<String>,
    read_only: bool,
    created_at: Time,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
    /// Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Token {
    fn stored(row: &ApiToken, site: Option<String>, token: Option<String>) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            role: *row.role,
            site,
            read_only: row.read_only,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            token,
        }
    }
}

/// `GET /v1/tokens`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Admin)?;
    let query = Query::of(call.request());
    let limit = query.limit()?;
    let before = query
        .one("after")?
        .map(|text| Cursor::decode(text, "tokens").map_err(Error::Query))
        .transpose()?
        .map(|cursor| ApiTokenId::from_uuid(uuid::Uuid::from_bytes(cursor.id)));
    let rows = tokens::list(&call.app.store, &call.caller, before, limit + 1).await?;
    let (rows, next) = view::page_of(rows, limit, |row| {
        Cursor {
            key: 0,
            id: row.id.bytes(),
        }
        .encode("tokens")
    });
    let slugs = slugs(&call, rows.iter().filter_map(|row| row.site_id).collect()).await?;
    let items = rows
        .iter()
        .map(|row| {
            Token::stored(
                row,
                row.site_id.and_then(|id| slugs.get(&id).cloned()),
                None,
            )
        })
        .collect();
    answer::private(
        StatusCode::OK,
        &view::List {
            items,
            next,
            total: None,
        },
    )
}

async fn slugs(call: &Call, mut ids: Vec<SiteId>) -> Result<HashMap<SiteId, String>> {
    ids.sort_unstable();
    ids.dedup();
    call.app
        .store
        .read(move |conn| {
            let mut slugs = HashMap::new();
            for id in ids {
                if let Some(site) = crate::store::sites::by_id(conn, id)? {
                    slugs.insert(id, site.slug);
                }
            }
            Ok(slugs)
        })
        .await
}

/// A new token as it arrives.
#[derive(Deserialize)]
pub struct TokenAdd {
    name: String,
    role: String,
    site: Option<String>,
    #[serde(default)]
    read_only: bool,
    expires_at: Option<String>,
}

/// `POST /v1/tokens`.
pub async fn create(call: Call, body: Body<TokenAdd>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.caller.must_be(Role::Admin)?;
    let retry = call.retry(body.fingerprint)?;
    let raw = body.value;
    let mut fields = Fields::default();
    let name = fields.take("/name", name(&raw.name));
    let role = Role::from_word(&raw.role)
        .filter(|role| *role > Role::Reader)
        .ok_or_else(|| {
            Invalid::new(
                "field_invalid",
                "`role` takes one of: author, moderator, admin.",
            )
        });
    let role = fields.take("/role", role);
    let now = call.now;
    let expires_at = fields.optional("/expires_at", raw.expires_at.as_deref(), |text| {
        let time = Time::parse(text).filter(|time| *time > now);
        let detail = "`expires_at` takes a time to come, such as 2027-01-31T00:00:00Z.";
        time.ok_or_else(|| Invalid::new("field_invalid", detail))
    });
    let (name, role) = fields.finish(name.zip(role))?;
    let new = NewToken {
        name,
        role,
        site: raw.site.clone(),
        read_only: raw.read_only,
        expires_at,
    };
    let (token, text, replayed) =
        tokens::create(&call.app.store, &call.caller, new, retry, now).await?;
    let view = Token::stored(&token, raw.site, Some(text));
    let mut response = answer::private(StatusCode::CREATED, &view)?;
    if replayed {
        answer::mark_replayed(&mut response);
    }
    Ok(response)
}

/// What a token is for, in a line; one that nobody can tell from others would not be revoked.
fn name(text: &str) -> Result<String, Invalid> {
    let name = crate::service::sites::check_name(text)?;
    if name.is_empty() {
        return Err(Invalid::new("name_required", "A token needs a name."));
    }
    Ok(name)
}

/// `DELETE /v1/tokens/{id}`.
pub async fn revoke(call: Call) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    let token: ApiTokenId = id(call.request(), "id")?;
    tokens::revoke(&call.app.store, &call.caller, token, call.now).await?;
    Ok(answer::no_content())
}
