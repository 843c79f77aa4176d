//! Bringing a job to its end, and showing how far it is: for every command that begins one.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use postil::domain::id::JobId;
use postil::domain::job::JobState;
use postil::domain::time::Time;
use postil::error::Error;
use postil::service::jobs;
use postil::store::Store;
use postil::store::jobs::Job as Row;
use postil::view::job::{percent, seconds_left};

use super::Failure;

/// Which job it is that is not there.
pub(super) fn gone(error: Error, id: JobId) -> Failure {
    match error {
        Error::NotFound => Failure::new(format!(
            "there is no job {id}; `postil job list` names them all"
        )),
        other => other.into(),
    }
}

/// Brings a job to its end, or follows whoever does, and shows how far it is.
///
/// # Errors
/// When it failed, was cancelled by somebody else, or the operator stopped waiting.
pub(super) async fn drive(store: &Store, id: JobId) -> Result<Row, Failure> {
    let mut shown = Progress::new();
    let stopped = postil::app::signalled();
    let job = jobs::follow(store, id, |job| shown.show(job), stopped).await;
    shown.end();
    let job = job.map_err(|error| gone(error, id))?;
    match *job.state {
        JobState::Done => Ok(job),
        JobState::Cancelled if job.cancelling => Ok(job),
        JobState::Cancelled => Err(Failure::new(format!("the job {id} was cancelled"))),
        JobState::Failed => Err(Failure::new(format!(
            "the job {id} failed: {}",
            job.detail.as_deref().unwrap_or("nobody knows why")
        ))),
        JobState::Waiting | JobState::Running => Err(Failure::new(format!(
            "the job {id} has not ended: a running service goes on with it, and so does `postil job follow {id}`; \
             `postil job cancel {id}` stops it"
        ))),
    }
}

/// How far a job is: a bar on a terminal, and else a line for every tenth part.
struct Progress {
    bar: Option<ProgressBar>,
    told: i64,
}

impl Progress {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {pos}/{len} {msg}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, told: 0 }
    }

    fn show(&mut self, job: &Row) {
        let left = seconds_left(job, Time::now());
        let left = left.map(|seconds| format!("about {seconds} s left"));
        if let Some(bar) = &self.bar {
            if let Some(total) = job.total.and_then(|total| u64::try_from(total).ok()) {
                bar.set_length(total);
            }
            bar.set_position(u64::try_from(job.done).unwrap_or_default());
            bar.set_message(left.unwrap_or_default());
            return;
        }
        let tenth = percent(job).unwrap_or_default() / 10;
        if tenth > self.told {
            self.told = tenth;
            let left = left.map(|left| format!(", {left}")).unwrap_or_default();
            // Where standard error is closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{} %{left}", tenth * 10);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
