//! SQLite's one writer: a thread that commits many waiting writes as one durable transaction
//! (group commit). Each write has a savepoint of its own, and none is acknowledged before COMMIT.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::board::Change;
use super::{Conn, Herald, Tx};
use crate::error::{Error, Result};

/// How many writes may wait; the next one is told to come back.
const QUEUE: usize = 1024;

/// How many writes one commit takes at most, so that the first of them does not wait for long.
const BATCH: usize = 128;

/// The way to the writing thread.
pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(mut conn: Conn, herald: Herald) -> Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("postil-writer".into())
            .spawn(move || serve(&mut conn, &jobs, &herald))
            .map_err(|error| Error::Internal(format!("writer thread: {error}")))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn submit<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Waiting {
            work,
            outcome: None,
            changes: Vec::new(),
            reply,
        });
        let queue = self.queue.lock().map_err(|_| Error::Busy)?.clone();
        match queue.ok_or(Error::Busy)?.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(Error::Busy),
        }
        answer
            .await
            .unwrap_or_else(|_| Err(Error::Internal("the writer dropped a write".into())))
    }

    /// Takes no more writes, and waits for those already accepted.
    pub(super) fn stop(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// A write that waits for its turn, and somebody who waits for its answer.
struct Waiting<T, F> {
    work: F,
    outcome: Option<Result<T>>,
    changes: Vec<Change>,
    reply: oneshot::Sender<Result<T>>,
}

trait Job: Send {
    /// Runs the work; true when what it wrote shall stay.
    fn run(&mut self, conn: &mut Conn) -> bool;

    /// What it changed, if it did.
    fn changes(&self) -> &[Change];

    /// Tells whoever waits, now that the transaction has ended so.
    fn settle(self: Box<Self>, committed: Result<()>);
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: Fn(&mut Tx) -> Result<T> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let mut tx = Tx {
            conn,
            changes: Vec::new(),
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(&mut tx)))
            .unwrap_or_else(|_| Err(Error::Internal("a write panicked".into())));
        let keep = outcome.is_ok();
        self.changes = match keep {
            true => tx.changes,
            false => Vec::new(),
        };
        self.outcome = Some(outcome);
        keep
    }

    fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn settle(self: Box<Self>, committed: Result<()>) {
        let answer = match (self.outcome, committed) {
            (Some(Ok(answer)), Ok(())) => Ok(answer),
            (Some(Ok(_)) | None, Err(error)) => Err(error),
            (Some(Err(error)), _) => Err(error),
            (None, Ok(())) => Err(Error::Internal("a write was never run".into())),
        };
        // Whoever asked may have gone away meanwhile.
        let _ = self.reply.send(answer);
    }
}

fn serve(conn: &mut Conn, jobs: &Receiver<Box<dyn Job>>, herald: &Herald) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        match commit(conn, &mut batch) {
            Ok(()) => settle(batch, herald),
            // Nothing ran, and nobody's own work is at fault: another process has the lock.
            Err(Failed::Begin(_)) => {
                for job in batch {
                    job.settle(Err(Error::Busy));
                }
            }
            // SQLite itself ended the transaction (disk full, I/O error), and with it everybody's
            // work: each runs once more on its own, so that only those fail that must.
            Err(Failed::Within(_)) => {
                for mut job in batch {
                    match commit(conn, std::slice::from_mut(&mut job)) {
                        Ok(()) => settle(vec![job], herald),
                        Err(failed) => job.settle(Err(failed.into_error())),
                    }
                }
            }
        }
    }
}

/// Tells of what was committed: first whoever reads, then whoever wrote, since these may read at once.
fn settle(batch: Vec<Box<dyn Job>>, herald: &Herald) {
    for job in &batch {
        herald.announce(job.changes());
    }
    for job in batch {
        job.settle(Ok(()));
    }
}

/// Where a transaction failed.
enum Failed {
    Begin(Error),
    Within(Error),
}

impl Failed {
    fn into_error(self) -> Error {
        match self {
            Self::Begin(error) | Self::Within(error) => error,
        }
    }
}

fn commit(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> Result<(), Failed> {
    // IMMEDIATE: a transaction that reads first and writes later could not get the lock any more.
    begin(conn).map_err(|error| Failed::Begin(error.into()))?;
    write_all(conn, batch).map_err(|error| {
        // Fails when there is no transaction any more, which is what it is for.
        let _ = conn.batch_execute("ROLLBACK");
        Failed::Within(error)
    })
}

fn begin(conn: &mut Conn) -> QueryResult<()> {
    let first = conn.batch_execute("BEGIN IMMEDIATE");
    match first {
        Err(error) if !error.to_string().contains("locked") => {
            tracing::error!(%error, "a transaction could not begin");
            // Should an earlier one still be open, it must not keep every later one from beginning.
            let _ = conn.batch_execute("ROLLBACK");
            conn.batch_execute("BEGIN IMMEDIATE")
        }
        begun => begun,
    }
}

fn write_all(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> Result<()> {
    for job in batch {
        conn.batch_execute("SAVEPOINT job")?;
        if !job.run(conn) {
            conn.batch_execute("ROLLBACK TO job")?;
        }
        // Fails when SQLite rolled the whole transaction back beneath us.
        conn.batch_execute("RELEASE job")?;
    }
    conn.batch_execute("COMMIT")?;
    Ok(())
}
