//! `rerender`: makes the stored HTML of a site's comments anew ([`crate::service::rerender`]).

use serde_json::json;

use super::{Step, Undoing};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::service::rerender::{self, Progress};
use crate::store::Tx;
use crate::store::jobs::Job;

pub(super) fn step(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    let site = job.site_id.ok_or(Error::UnknownSite)?;
    let progress = rerender::step(tx, site, &before(job)?, now)?;
    Ok(taken(&progress, progress.is_over))
}

/// What was made anew stays so. Readers of the thread that was not done are told of what is.
pub(super) fn undo(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    let progress = rerender::stop(tx, &before(job)?, now)?;
    Ok(taken(&progress, true))
}

pub(super) fn undoing() -> Undoing {
    Undoing::Steps
}

fn before(job: &Job) -> Result<Progress> {
    match &job.cursor {
        None => Ok(Progress::default()),
        Some(cursor) => serde_json::from_str(cursor)
            .map_err(|error| Error::Internal(format!("the cursor of a job: {error}"))),
    }
}

fn taken(progress: &Progress, is_over: bool) -> Step {
    Step {
        cursor: Some(json!(progress).to_string()),
        done: progress.done,
        total: progress.total,
        result: Some(json!({"changed": progress.changed, "threads": progress.threads})),
        is_over,
    }
}
