//! `join`: what is left of joining two large threads, or of undoing that.

use serde_json::{Value, json};

use super::Step;
use crate::domain::id::JoinId;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::service::joining;
use crate::store::jobs::Job;
use crate::store::{Tx, joins};

/// What a job of this kind is begun with.
pub(in crate::service) fn arguments(join: JoinId) -> Value {
    json!({"join": join})
}

pub(super) fn step(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    let named = job.arguments.get("join").cloned().unwrap_or_default();
    let id: JoinId = serde_json::from_value(named)
        .map_err(|error| Error::Internal(format!("the arguments of a job: {error}")))?;
    let is_over = joining::step(tx, id, joining::STEP, now)?;
    let join = joins::by_id(tx, id)?.ok_or(Error::NotFound)?;
    Ok(Step {
        cursor: None,
        // Going back, they are not counted: each step is then a piece.
        done: join.comments.max(job.done + 1),
        total: None,
        result: Some(json!({"join": id})),
        is_over,
    })
}
