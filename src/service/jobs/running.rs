//! Who takes the steps of jobs: the service's worker, and a command that waits for its own.

use std::time::Duration;

use tokio::sync::watch;

use super::{end, record, step, undo};
use crate::domain::id::{JobId, WorkerId};
use crate::domain::job::JobState;
use crate::domain::time::Time;
use crate::domain::word::Word;
use crate::error::{Error, Result};
use crate::store::jobs::{self, Job};
use crate::store::types::{Json, Named};
use crate::store::{Store, Tx};

/// For how long a job is in the hands of whoever took its last step.
const LEASE: Duration = Duration::from_secs(30);

/// How long between two looks for jobs of which nobody told.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause between two steps, which is as long as the step was: so that others have their turn.
const BREATH: Duration = Duration::from_millis(50);

/// After so many steps that the database refused in a row a job has failed. With [`pause`], about an hour.
const TRIES: i32 = 20;

/// What an attempt at a step came to.
enum Turn {
    /// It was taken; the job as it is now, and whether it was its first.
    Taken(Job, bool),
    /// It is another worker's, or waits.
    Others(Job),
    /// There is none left.
    Ended(Job),
}

impl Turn {
    fn job(&self) -> &Job {
        match self {
            Self::Taken(job, _) | Self::Others(job) | Self::Ended(job) => job,
        }
    }
}

/// How long a job is left alone after so many steps of it failed.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 8)).unwrap_or_default();
    Duration::from_secs(1 << doublings)
}

/// Takes a step of a job, if it is this worker's turn.
async fn take(store: &Store, id: JobId, worker: WorkerId) -> Result<Turn> {
    let now = Time::now();
    let turn = match store.write(move |tx| turn(tx, id, worker, now)).await {
        // The database is away, or has no room: the job waits as it is.
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => {
            let (code, detail) = (error.code(), error.to_string());
            if matches!(error, Error::Database(_) | Error::Internal(_)) {
                tracing::error!(job = %id, "a step of a job failed: {}", error.for_operator());
            }
            let may_pass = matches!(error, Error::Database(_));
            let failed = move |tx: &mut Tx| {
                let job = jobs::lock(tx, id)?.ok_or(Error::NotFound)?;
                fail(tx, job, (code, &detail), may_pass, Time::now())
            };
            store.write(failed).await?
        }
        Ok(turn) => turn,
    };
    tell(&turn);
    Ok(turn)
}

fn turn(tx: &mut Tx, id: JobId, worker: WorkerId, now: Time) -> Result<Turn> {
    let mut job = jobs::lock(tx, id)?.ok_or(Error::NotFound)?;
    if job.ended_at.is_some() {
        return Ok(Turn::Ended(job));
    }
    if !job.is_free_for(worker, now) || !jobs::is_first(tx, &job)? {
        return Ok(Turn::Others(job));
    }
    let is_first = job.started_at.is_none();
    job.started_at.get_or_insert(now);
    job.state = Named(JobState::Running);
    let step = match job.cancelling {
        true => undo(tx, &job, now)?,
        false => step(tx, &job, now)?,
    };
    job.cursor = step.cursor;
    (job.done, job.total) = (step.done, step.total);
    if let Some(result) = step.result {
        job.result = Some(Json::new(result));
    }
    job.attempts = 0;
    (job.holder, job.lease_until) = (Some(worker), Some(now.plus(LEASE)));
    job.changed_at = now;
    if step.is_over {
        let state = match job.cancelling {
            true => JobState::Cancelled,
            false => JobState::Done,
        };
        end(&mut job, state, now);
        record(tx, None, &job, "end_job", now)?;
    }
    jobs::save(tx, &job)?;
    Ok(Turn::Taken(job, is_first))
}

/// Notes that a step failed: the job is tried again later where that may help, and else has failed.
fn fail(
    tx: &mut Tx,
    mut job: Job,
    (code, detail): (&str, &str),
    may_pass: bool,
    now: Time,
) -> Result<Turn> {
    if job.ended_at.is_some() {
        return Ok(Turn::Ended(job));
    }
    job.attempts += 1;
    job.changed_at = now;
    if may_pass && job.attempts < TRIES {
        (job.holder, job.lease_until) = (None, Some(now.plus(pause(job.attempts))));
        jobs::save(tx, &job)?;
        return Ok(Turn::Others(job));
    }
    (job.error, job.detail) = (Some(code.to_owned()), Some(detail.to_owned()));
    end(&mut job, JobState::Failed, now);
    record(tx, None, &job, "end_job", now)?;
    jobs::save(tx, &job)?;
    Ok(Turn::Taken(job, false))
}

fn tell(turn: &Turn) {
    let Turn::Taken(job, is_first) = turn else {
        return;
    };
    let (id, kind) = (job.id, job.kind.word());
    if *is_first {
        tracing::info!(job = %id, kind, "a job began");
    }
    if job.ended_at.is_some() {
        let (state, done) = (job.state.word(), job.done);
        tracing::info!(job = %id, kind, state, done, error = job.error, "a job ended");
    }
}

/// Takes the steps of all jobs, in turn, until `stop` turns true.
pub async fn run(store: Store, mut stop: watch::Receiver<bool>) {
    let worker = WorkerId::new();
    let mut begun = store.jobs();
    while !*stop.borrow() {
        begun.mark_unchanged();
        match round(&store, worker, &stop).await {
            Ok(true) => continue,
            Ok(false) => {}
            // Whatever could not be done now is found again.
            Err(error) => tracing::warn!(code = error.code(), "jobs put off"),
        }
        tokio::select! {
            // An error means that whoever would stop this is gone.
            _ = stop.wait_for(|stop| *stop) => break,
            _ = begun.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    let _ = store.write(move |tx| jobs::let_go(tx, worker)).await;
}

/// Takes one step of each job that may have one; gives whether any was taken.
async fn round(store: &Store, worker: WorkerId, stop: &watch::Receiver<bool>) -> Result<bool> {
    let now = Time::now();
    let jobs = store
        .read(move |conn| jobs::runnable(conn, worker, now))
        .await?;
    let mut has_gone_on = false;
    for job in jobs {
        if *stop.borrow() {
            break;
        }
        let since = tokio::time::Instant::now();
        has_gone_on |= matches!(take(store, job.id, worker).await?, Turn::Taken(..));
        tokio::time::sleep(since.elapsed().min(BREATH)).await;
    }
    Ok(has_gone_on)
}

/// Brings a job to its end where nobody else does, and follows it where somebody does; shows it after each step. `until` ends this before:
/// then the job waits for whoever goes on with it. Gives the job as it is in the end.
///
/// # Errors
/// [`Error::NotFound`] and an outage that lasts.
pub async fn follow(
    store: &Store,
    id: JobId,
    mut show: impl FnMut(&Job),
    until: impl Future<Output = ()>,
) -> Result<Job> {
    let worker = WorkerId::new();
    let mut until = std::pin::pin!(until);
    let mut changed = store.jobs();
    let mut outages = 0;
    loop {
        let since = tokio::time::Instant::now();
        let rest = match take(store, id, worker).await {
            Ok(turn) => {
                outages = 0;
                show(turn.job());
                match turn {
                    Turn::Ended(job) => return Ok(job),
                    Turn::Taken(job, _) if job.ended_at.is_some() => return Ok(job),
                    Turn::Taken(..) => since.elapsed().min(BREATH),
                    Turn::Others(_) => LOOK / 4,
                }
            }
            Err(error) if error.is_outage() && outages < 8 => {
                outages += 1;
                pause(outages)
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = &mut until => break,
            // What this worker does itself is told too, and is no reason to wait less.
            _ = changed.changed(), if rest == LOOK / 4 => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    store
        .write(move |tx| {
            jobs::let_go(tx, worker)?;
            jobs::lock(tx, id)?.ok_or(Error::NotFound)
        })
        .await
}

/// Waits for the service's worker to bring a job to its end, at most for so long; gives the job as it is then.
///
/// # Errors
/// [`Error::NotFound`], an outage.
pub async fn settle(store: &Store, id: JobId, patience: Duration) -> Result<Job> {
    let mut changed = store.jobs();
    let end = tokio::time::Instant::now() + patience;
    loop {
        let job = store
            .read(move |conn| jobs::by_id(conn, id)?.ok_or(Error::NotFound))
            .await?;
        if job.ended_at.is_some() || tokio::time::Instant::now() >= end {
            return Ok(job);
        }
        tokio::select! {
            _ = changed.changed() => {}
            // Another process may have ended it, which nobody hears of on SQLite.
            () = tokio::time::sleep(LOOK / 4) => {}
            () = tokio::time::sleep_until(end) => {}
        }
    }
}
