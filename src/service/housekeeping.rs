//! What is forgotten when its time has passed, in small steps so that no write waits for long.

use std::time::Duration;

use crate::domain::time::Time;
use crate::error::Result;
use crate::store::{Store, events, idempotency, sessions};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many rows one step takes.
const STEP: i64 = 500;

/// Forgets events older than `keep_log`, idempotency keys older than a day, and sessions that ended
/// a week ago.
///
/// # Errors
/// [`crate::error::Error::Database`]; what was forgotten before stays forgotten.
pub async fn tidy(store: &Store, keep_log: Duration, now: Time) -> Result<()> {
    while store
        .write(move |tx| events::forget(tx, now.minus(keep_log), STEP))
        .await?
        > 0
    {}
    while store
        .write(move |tx| idempotency::forget(tx, now.minus(DAY), STEP))
        .await?
        > 0
    {}
    while store
        .write(move |tx| sessions::forget(tx, now.minus(7 * DAY), STEP))
        .await?
        > 0
    {}
    Ok(())
}
