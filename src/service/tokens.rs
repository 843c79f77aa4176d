//! Long-lived API tokens: shown once, kept as hashes, listed and revoked.

use serde_json::{Value, json};

use super::audit::{self, Act};
use super::caller::Caller;
use super::idempotency::{self, Retry};
use crate::domain::id::ApiTokenId;
use crate::domain::time::Time;
use crate::domain::token::ApiToken as Secret;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::people::Person;
use crate::store::tokens::{self, ApiToken};
use crate::store::types::Named;
use crate::store::{Store, Tx};

/// What a new token is.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for, in its owner's words.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// On which site; everywhere when `None`.
    pub site: Option<String>,
    /// Whether it may only look.
    pub read_only: bool,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
}

/// Makes a token. Gives it with its text, which is shown this once, and whether the request had been
/// sent before.
///
/// # Errors
/// [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn create(
    store: &Store,
    caller: &Caller,
    new: NewToken,
    retry: Option<Retry>,
    now: Time,
) -> Result<(ApiToken, String, bool)> {
    caller.must_change(Role::Admin, None)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            if let Some(before) = idempotency::recall::<ApiTokenId>(tx, retry.as_ref())? {
                // The first answer may never have arrived, and its secret is kept nowhere: the same
                // token gets a new one.
                let token = tokens::by_id(tx, before)?.ok_or(Error::NotFound)?;
                let has_ended = token.expires_at.is_some_and(|end| end <= now);
                if token.revoked_at.is_some() || has_ended {
                    return Err(Error::Conflict(
                        "The token that this made has ended.".into(),
                    ));
                }
                let (text, hash) = Secret::generate(before.uuid());
                tokens::set_hash(tx, before, &hash)?;
                return Ok((token, text, true));
            }
            let site = match &new.site {
                Some(slug) => Some(super::sites::named(tx, slug)?.id),
                None => None,
            };
            let (token, text) = make(&new.name, new.role, now);
            let token = ApiToken {
                site_id: site,
                read_only: new.read_only,
                expires_at: new.expires_at,
                ..token
            };
            tokens::insert(tx, &token)?;
            let became = json!({"role": token.role.0, "read_only": token.read_only,
                "expires_at": token.expires_at});
            record(tx, &caller, &token, "make_token", became, now)?;
            idempotency::remember(tx, retry.as_ref(), &token.id, now)?;
            Ok((token, text, false))
        })
        .await
}

/// A token for everything that its role may do, and its text.
fn make(name: &str, role: Role, now: Time) -> (ApiToken, String) {
    let id = ApiTokenId::new();
    let (text, hash) = Secret::generate(id.uuid());
    let token = ApiToken {
        id,
        name: name.to_owned(),
        role: Named(role),
        site_id: None,
        person_id: None,
        read_only: false,
        hash: hash.to_vec(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
    };
    (token, text)
}

/// Makes a token that writes as this person.
pub(super) fn for_person(tx: &mut Tx, person: &Person, now: Time) -> Result<String> {
    let (token, text) = make(
        person.name.as_deref().unwrap_or_default(),
        *person.role,
        now,
    );
    let token = ApiToken {
        site_id: Some(person.site_id),
        person_id: Some(person.id),
        ..token
    };
    tokens::insert(tx, &token)?;
    Ok(text)
}

/// A page of the tokens, newest first, for an administrator of everything.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn list(
    store: &Store,
    caller: &Caller,
    before: Option<ApiTokenId>,
    limit: usize,
) -> Result<Vec<ApiToken>> {
    caller.must_see(Role::Admin, None)?;
    store
        .read(move |conn| tokens::page(conn, before, limit as i64))
        .await
}

/// Revokes a token.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn revoke(store: &Store, caller: &Caller, id: ApiTokenId, now: Time) -> Result<()> {
    caller.must_change(Role::Admin, None)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let token = tokens::by_id(tx, id)?.ok_or(Error::NotFound)?;
            if token.revoked_at.is_none() {
                tokens::revoke(tx, id, now)?;
                let became = json!({"revoked_at": now});
                record(tx, &caller, &token, "revoke_token", became, now)?;
            }
            Ok(())
        })
        .await
}

fn record(
    tx: &mut Tx,
    caller: &Caller,
    token: &ApiToken,
    action: &str,
    became: Value,
    now: Time,
) -> Result<()> {
    let act = Act {
        site: token.site_id,
        action,
        object: "token",
        reason: None,
        note: None,
        was: json!({}),
        became,
    };
    audit::record(tx, Some(caller), token.id, &act, now)
}
