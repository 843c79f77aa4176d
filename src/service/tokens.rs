//! Long-lived API tokens: shown once, kept as hashes, listed and revoked.

use super::caller::Caller;
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

/// Makes a token, and gives it with its text, which is shown this once.
///
/// # Errors
/// [`Error::UnknownSite`].
pub async fn create(store: &Store, new: NewToken, now: Time) -> Result<(ApiToken, String)> {
    store
        .write(move |tx| {
            let site = match &new.site {
                Some(slug) => Some(super::sites::named(tx, slug)?.id),
                None => None,
            };
            let id = ApiTokenId::new();
            let (text, hash) = Secret::generate(id.uuid());
            let token = ApiToken {
                id,
                name: new.name.clone(),
                role: Named(new.role),
                site_id: site,
                person_id: None,
                read_only: new.read_only,
                hash: hash.to_vec(),
                created_at: now,
                expires_at: new.expires_at,
                revoked_at: None,
            };
            tokens::insert(tx, &token)?;
            Ok((token, text))
        })
        .await
}

/// Makes a token that writes as this person.
pub(super) fn for_person(tx: &mut Tx, person: &Person, now: Time) -> Result<String> {
    let id = ApiTokenId::new();
    let (text, hash) = Secret::generate(id.uuid());
    let token = ApiToken {
        id,
        name: person.name.clone().unwrap_or_default(),
        role: person.role,
        site_id: Some(person.site_id),
        person_id: Some(person.id),
        read_only: false,
        hash: hash.to_vec(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
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
/// [`Error::NotFound`].
pub async fn revoke(store: &Store, id: ApiTokenId, now: Time) -> Result<()> {
    let found = store.write(move |tx| tokens::revoke(tx, id, now)).await?;
    if found { Ok(()) } else { Err(Error::NotFound) }
}
