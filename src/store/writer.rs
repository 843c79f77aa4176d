//! SQLite's one writer: a thread that commits many waiting writes as one durable transaction
//! (group commit). None is acknowledged before COMMIT.
//!
//! A savepoint for each would have SQLite copy every page that it changes, once more for each of them. So they are run without,
//! and only where one fails that has written something already does the batch begin anew, with savepoints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use tokio::sync::oneshot;

use super::board::Change;
use super::{Conn, Herald, Tx};
use crate::error::{Error, Result};

/// How many writes may wait; the next one is told to come back.
const QUEUE: usize = 1024;

/// How many writes one commit takes at most, so that the first of them does not wait for long.
const BATCH: usize = 128;

/// How many batches take savepoints at once after one that turned out to need them: who keeps on being refused must not have every
/// batch run twice.
const CAREFUL: u32 = 32;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Rows that were inserted, changed or deleted since the connection was opened.
    fn total_changes() -> Integer;
}

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

/// What came of running a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    /// What it wrote shall stay.
    Done,
    /// It was refused, and what it wrote shall go.
    Refused,
    /// The database failed beneath it, and may have ended the transaction.
    Broken,
}

trait Job: Send {
    /// Runs the work.
    fn run(&mut self, conn: &mut Conn) -> Ran;

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
    fn run(&mut self, conn: &mut Conn) -> Ran {
        let mut tx = Tx {
            conn,
            changes: Vec::new(),
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(&mut tx)))
            .unwrap_or_else(|_| Err(Error::Internal("a write panicked".into())));
        let (ran, changes) = match &outcome {
            Ok(_) => (Ran::Done, tx.changes),
            Err(Error::Database(_)) => (Ran::Broken, Vec::new()),
            Err(_) => (Ran::Refused, Vec::new()),
        };
        self.changes = changes;
        self.outcome = Some(outcome);
        ran
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
    let mut careful = 0;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        carry_out(conn, batch, &mut careful, herald);
    }
}

/// Commits a batch; `careful` counts down the batches that take savepoints at once.
fn carry_out(conn: &mut Conn, mut batch: Vec<Box<dyn Job>>, careful: &mut u32, herald: &Herald) {
    let is_alone = batch.len() == 1;
    let mut ended = match *careful == 0 || is_alone {
        true => commit(conn, &mut batch, write_all),
        false => Err(Failed::Dirty),
    };
    if !is_alone && matches!(ended, Err(Failed::Dirty)) {
        *careful = careful.checked_sub(1).unwrap_or(CAREFUL);
        ended = commit(conn, &mut batch, write_each);
    }
    match ended {
        // Whoever was alone and refused is undone with the transaction.
        Ok(()) | Err(Failed::Dirty) => settle(batch, herald),
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
                match commit(conn, std::slice::from_mut(&mut job), write_each) {
                    Ok(()) => settle(vec![job], herald),
                    Err(failed) => job.settle(Err(failed.into_error())),
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

impl From<DieselError> for Failed {
    fn from(error: DieselError) -> Self {
        Self::Within(error.into())
    }
}

/// Where a transaction failed.
enum Failed {
    Begin(Error),
    Within(Error),
    /// A write was refused after it had written something, and had no savepoint.
    Dirty,
}

impl Failed {
    fn into_error(self) -> Error {
        match self {
            Self::Begin(error) | Self::Within(error) => error,
            Self::Dirty => Error::Internal("a write had no savepoint".into()),
        }
    }
}

/// A way to run a batch within its transaction.
type Way = fn(&mut Conn, &mut [Box<dyn Job>]) -> Result<(), Failed>;

/// Runs a batch in one transaction, in one of the two ways below.
fn commit(conn: &mut Conn, batch: &mut [Box<dyn Job>], way: Way) -> Result<(), Failed> {
    // IMMEDIATE: a transaction that reads first and writes later could not get the lock any more.
    begin(conn).map_err(|error| Failed::Begin(error.into()))?;
    let written = way(conn, batch).and_then(|()| Ok(conn.batch_execute("COMMIT")?));
    if written.is_err() {
        // Fails when there is no transaction any more, which is what it is for.
        let _ = conn.batch_execute("ROLLBACK");
    }
    written
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

/// Without savepoints: whoever is refused must have written nothing.
fn write_all(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> Result<(), Failed> {
    let mut before = written(conn)?;
    for job in batch {
        let ran = job.run(conn);
        let after = written(conn)?;
        if ran == Ran::Broken || (ran == Ran::Refused && after != before) {
            return Err(Failed::Dirty);
        }
        before = after;
    }
    Ok(())
}

/// With a savepoint for each.
fn write_each(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> Result<(), Failed> {
    for job in batch {
        conn.batch_execute("SAVEPOINT job")?;
        if job.run(conn) != Ran::Done {
            conn.batch_execute("ROLLBACK TO job")?;
        }
        // Fails when SQLite rolled the whole transaction back beneath us.
        conn.batch_execute("RELEASE job")?;
    }
    Ok(())
}

/// How many rows this connection has changed so far.
fn written(conn: &mut Conn) -> QueryResult<i32> {
    match conn {
        Conn::Sqlite(conn) => diesel::select(total_changes()).get_result(conn),
        // It has no part in this.
        Conn::Postgres(_) => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::board::Board;
    use super::super::{Database, connection, migrations, tallies};
    use super::*;
    use crate::domain::id::{SiteId, ThreadId};

    /// A writer's connection, and what becomes of eight writes that come together.
    struct World {
        conn: Conn,
        careful: u32,
        herald: Herald,
        _dir: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let database = Database::Sqlite(dir.path().join("test.db"));
            let mut conn = connection::connect(&database).unwrap();
            migrations::run(&mut conn).unwrap();
            // The tally is of no real site.
            conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
            let herald = Herald {
                board: Arc::new(Board::new()),
                touched: tokio::sync::mpsc::unbounded_channel().0,
                jobs: tokio::sync::watch::Sender::new(()),
            };
            Self {
                conn,
                careful: 0,
                herald,
                _dir: dir,
            }
        }

        /// Each adds a number of its own to a tally before, or after, it is refused if it is one of those. Gives the sum that
        /// stayed, and how often a write was run.
        fn write(&mut self, refused: &[u32], is_late: bool) -> (i64, u32) {
            let (site, thread) = (SiteId::new(), ThreadId::new());
            let runs = Arc::new(AtomicU32::new(0));
            let (mut batch, mut answers) = (Vec::new(), Vec::new());
            for number in 0..8_u32 {
                let (is_refused, runs) = (refused.contains(&number), runs.clone());
                let work = move |tx: &mut Tx| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    if is_refused && !is_late {
                        return Err(Error::NotFound);
                    }
                    tallies::add(tx, site, tallies::NOW, "n", thread, 1 << number)?;
                    match is_refused {
                        true => Err(Error::NotFound),
                        false => Ok(()),
                    }
                };
                let (reply, answer) = oneshot::channel();
                let job: Box<dyn Job> = Box::new(Waiting {
                    work,
                    outcome: None,
                    changes: Vec::new(),
                    reply,
                });
                batch.push(job);
                answers.push(answer);
            }
            carry_out(&mut self.conn, batch, &mut self.careful, &self.herald);
            for (number, mut answer) in answers.into_iter().enumerate() {
                let is_refused = refused.contains(&(number as u32));
                assert_eq!(answer.try_recv().unwrap().is_err(), is_refused, "{number}");
            }
            let stayed = tallies::standing(&mut self.conn, Some(site)).unwrap();
            let sum = stayed.iter().map(|tally| tally.count).sum();
            (sum, runs.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn what_is_refused_leaves_nothing_and_costs_the_others_nothing() {
        let mut world = World::new();
        assert_eq!(world.write(&[], false), (255, 8));
        // Who is refused before writing anything is none to begin anew for.
        assert_eq!(world.write(&[0, 5], false), (255 - 1 - 32, 8));
        assert_eq!(world.careful, 0);
        // Up to the first that is, once more with savepoints, and from then on at once with them.
        assert_eq!(world.write(&[2, 7], true), (255 - 4 - 128, 3 + 8));
        assert_eq!(world.write(&[0, 1], true), (255 - 1 - 2, 8));
        assert_eq!(world.careful, CAREFUL - 1);
        world.careful = 0;
        assert_eq!(world.write(&[], true), (255, 8));
    }
}
