//! Long work, as whoever may see it does.

use serde::Serialize;
use serde_json::Value;

use crate::domain::id::JobId;
use crate::domain::job::{JobKind, JobState};
use crate::domain::time::Time;
use crate::store::jobs::Job as Row;

/// A job.
#[derive(Debug, Serialize)]
pub struct Job {
    id: JobId,
    kind: JobKind,
    state: JobState,
    site: Option<String>,
    done: i64,
    total: Option<i64>,
    /// How much of it is done, 0 to 100.
    percent: Option<i64>,
    /// How many seconds it takes yet, at the rate so far.
    estimate: Option<i64>,
    /// Whether it is being put back.
    cancelling: bool,
    created_at: Time,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    result: Option<Value>,
    error: Option<Failure>,
}

/// Why a job failed.
#[derive(Debug, Serialize)]
struct Failure {
    code: String,
    detail: String,
}

impl Job {
    /// A stored job, of the site of that name.
    pub fn stored(row: &Row, site: Option<String>, now: Time) -> Self {
        let failure = |code: &String| Failure {
            code: code.clone(),
            detail: row.detail.clone().unwrap_or_default(),
        };
        Self {
            id: row.id,
            kind: *row.kind,
            state: *row.state,
            site,
            done: row.done,
            total: row.total,
            percent: percent(row),
            estimate: seconds_left(row, now),
            cancelling: row.cancelling,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            result: row.result.as_ref().map(|result| (**result).clone()),
            error: row.error.as_ref().map(failure),
        }
    }
}

/// How much of a job is done, 0 to 100, where that is known.
pub fn percent(row: &Row) -> Option<i64> {
    if *row.state == JobState::Done {
        return Some(100);
    }
    let total = row.total.filter(|total| *total > 0)?;
    Some((row.done.saturating_mul(100) / total).clamp(0, 100))
}

/// How many seconds a job takes yet, at its rate so far.
pub fn seconds_left(row: &Row, now: Time) -> Option<i64> {
    if row.ended_at.is_some() || row.done == 0 {
        return None;
    }
    let left = (row.total? - row.done).max(0);
    let spent = (now.micros() - row.started_at?.micros()).max(0);
    let left = i128::from(spent) * i128::from(left) / i128::from(row.done) / 1_000_000;
    i64::try_from(left).ok()
}
