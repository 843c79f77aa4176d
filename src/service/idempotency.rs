//! Requests that are sent again: the first outcome is found, and nothing is done twice.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::idempotency::{self, Outcome};
use crate::store::{Conn, Tx};

/// A request's `Idempotency-Key`, and what tells that request from any other.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Whose key it is: a hash of the route and the caller.
    pub scope: [u8; 32],
    /// The key.
    pub key: String,
    /// A hash of the body.
    pub fingerprint: [u8; 32],
}

/// What this request led to before, if it was sent before.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] when the key came with another body.
pub fn recall<T: DeserializeOwned>(conn: &mut Conn, retry: Option<&Retry>) -> Result<Option<T>> {
    let Some(retry) = retry else {
        return Ok(None);
    };
    let Some(before) = idempotency::find(conn, &retry.scope, &retry.key)? else {
        return Ok(None);
    };
    if before.fingerprint != retry.fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    serde_json::from_str(&before.outcome)
        .map(Some)
        .map_err(|error| Error::Internal(format!("idempotency outcome: {error}")))
}

/// Remembers what this request led to, in the transaction that did it. `outcome` holds no secret.
pub fn remember<T: Serialize>(
    tx: &mut Tx,
    retry: Option<&Retry>,
    outcome: &T,
    now: Time,
) -> Result<()> {
    let Some(retry) = retry else {
        return Ok(());
    };
    let outcome = serde_json::to_string(outcome)
        .map_err(|error| Error::Internal(format!("idempotency outcome: {error}")))?;
    idempotency::insert(
        tx,
        &Outcome {
            scope: retry.scope.to_vec(),
            key: retry.key.clone(),
            fingerprint: retry.fingerprint.to_vec(),
            outcome,
            created_at: now,
        },
    )
}
