//! The only SQL. Two doors lead here, [`Store::read`] and [`Store::write`]; each takes a plain
//! synchronous function over a connection, and nobody outside knows which database answers.

pub mod advisers;
pub mod audit;
pub mod bans;
pub mod board;
pub mod comments;
mod connection;
pub mod consents;
pub mod drafts;
pub mod events;
mod fixed;
pub mod idempotency;
pub mod jobs;
pub mod joins;
pub mod judgements;
pub mod lessons;
pub mod letter_requests;
pub mod mailboxes;
pub mod migrations;
pub mod models;
pub mod moving;
mod notices;
pub mod offline;
pub mod outbox;
pub mod page_hints;
pub mod page_requests;
pub mod passages;
pub mod people;
pub mod prints;
pub mod queue;
pub mod reactions;
pub mod rendered;
pub mod reports;
pub mod revisions;
mod schema;
pub mod sessions;
pub mod sign_ins;
pub mod site_keys;
pub mod sites;
pub mod spent_work;
pub mod staff_links;
pub mod subscriptions;
pub mod suppressions;
pub mod tallies;
pub mod thread_keys;
pub mod threads;
pub mod tokens;
pub mod types;
pub mod used_links;
pub mod verdicts;
pub mod votes;
pub mod word_lists;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::Pool;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio::sync::{mpsc, watch};

pub use connection::{Conn, Database};
pub use events::Locked;

use crate::domain::id::ThreadId;
use crate::error::{Error, Result};
use board::{Board, Change};
use connection::Manager;
use notices::{Heard, Notices};

/// How often a write runs again when another transaction was first (PostgreSQL).
const ATTEMPTS: u32 = 8;

/// How long a caller waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pool: Pool<Manager>,
    /// SQLite's one writer; PostgreSQL writes through the pool.
    writer: Option<writer::Writer>,
    herald: Herald,
    /// The line to other instances, where there can be any.
    notices: Option<Notices>,
}

/// A transaction that writes: the connection, and what it changed that the public can see.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    changes: Vec<Change>,
}

impl Tx<'_> {
    /// Says that this changed, once it is committed.
    fn note(&mut self, change: Change) {
        self.changes.push(change);
    }
}

/// Makes changes known within this process.
#[derive(Clone)]
struct Herald {
    board: Arc<Board>,
    /// To whoever watches threads.
    touched: mpsc::UnboundedSender<ThreadId>,
    /// To whoever waits for jobs.
    jobs: watch::Sender<()>,
}

impl Herald {
    /// Makes changes known that were committed.
    fn announce(&self, changes: &[Change]) {
        for change in changes {
            self.board.note(*change);
            match change {
                // Nobody listens when the service stops; the log has it all the same.
                Change::Thread(thread, _) => drop(self.touched.send(*thread)),
                Change::Jobs => self.jobs.send_replace(()),
                Change::Site(_) | Change::Keys(_) => {}
            }
        }
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl std::ops::DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

impl Store {
    /// Opens the database with `readers` pooled connections and brings its schema up to date. `direct` is another way to
    /// the same PostgreSQL, where `database` leads through a pooler of transactions. Every thread whose log grows is
    /// announced on the receiver, after the commit.
    ///
    /// # Errors
    /// When the database cannot be reached, or holds a newer schema than this program knows.
    pub fn open(
        database: Database,
        direct: Option<Database>,
        readers: u32,
    ) -> Result<(Self, mpsc::UnboundedReceiver<ThreadId>)> {
        let mut first = connection::connect(direct.as_ref().unwrap_or(&database))?;
        migrations::run(&mut first)?;
        let manager = Manager::new(database.clone(), direct.is_some());
        let pool = Pool::builder()
            .max_size(readers)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            // SQLite's connections are files and do not go away.
            .test_on_check_out(matches!(database, Database::Postgres(_)))
            .build(manager)
            .map_err(|error| Error::Internal(format!("connection pool: {error}")))?;
        let (touched, receiver) = mpsc::unbounded_channel();
        let herald = Herald {
            board: Arc::new(Board::new()),
            touched,
            jobs: watch::Sender::new(()),
        };
        let (writer, notices) = match &database {
            Database::Sqlite(_) => (Some(writer::Writer::start(first, herald.clone())?), None),
            Database::Postgres(_) => {
                let herald = herald.clone();
                let hear = move |heard| match heard {
                    Heard::Change(change) => herald.announce(&[change]),
                    Heard::Silence => herald.board.note_all(),
                };
                let server = direct.unwrap_or(database);
                (None, Some(Notices::start(server, hear)?))
            }
        };
        let inner = Inner {
            pool,
            writer,
            herald,
            notices,
        };
        Ok((Self(Arc::new(inner)), receiver))
    }

    /// What changed when.
    pub fn board(&self) -> &Board {
        &self.0.herald.board
    }

    /// Tells of jobs that are begun and end, here and on other instances.
    pub fn jobs(&self) -> watch::Receiver<()> {
        self.0.herald.jobs.subscribe()
    }

    /// Runs `work` on one consistent, read-only state of the data.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::Database`] when the database cannot be reached.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || {
            let mut conn = store.checkout()?;
            conn.batch_execute(conn.begin_read())?;
            let answer = work(&mut conn);
            let ended = conn.batch_execute("COMMIT");
            if ended.is_err() {
                // Whoever borrows this connection next must be able to begin.
                let _ = conn.batch_execute("ROLLBACK");
            }
            let answer = answer?;
            ended?;
            Ok(answer)
        })
        .await
    }

    /// Runs `work` in one transaction that is durable before this returns. `work` may run more
    /// than once and must do nothing but database work.
    ///
    /// # Errors
    /// Those of `work` (then nothing was written), [`Error::Busy`] when too many writes wait, and
    /// [`Error::Database`].
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T> + Send + 'static,
    {
        match &self.0.writer {
            Some(writer) => writer.submit(work).await,
            None => {
                let store = self.clone();
                blocking(move || store.write_pooled(&work)).await
            }
        }
    }

    fn write_pooled<T>(&self, work: &dyn Fn(&mut Tx) -> Result<T>) -> Result<T> {
        let mut conn = self.checkout()?;
        for attempt in 1.. {
            match transaction(&mut conn, work) {
                Ok((answer, changes)) => {
                    self.0.herald.announce(&changes);
                    if let Some(notices) = &self.0.notices {
                        changes.into_iter().for_each(|change| notices.tell(change));
                    }
                    return Ok(answer);
                }
                // Whoever was first is visible now, so the work sees it when it looks again.
                Err(error) if error.is_race() && attempt < ATTEMPTS => {
                    std::thread::sleep(Duration::from_millis(u64::from(attempt * attempt)));
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    fn checkout(&self) -> Result<diesel::r2d2::PooledConnection<Manager>> {
        self.0.pool.get().map_err(|_| {
            Error::Database(DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection,
                Box::new("timed out waiting for connection".to_owned()),
            ))
        })
    }

    /// Waits until every write that was accepted is on disk. Nothing can be written afterwards.
    pub async fn close(&self) {
        let store = self.clone();
        let _ = blocking(move || {
            if let Some(writer) = &store.0.writer {
                writer.stop();
            }
            Ok(())
        })
        .await;
    }
}

/// One PostgreSQL transaction.
fn transaction<T>(
    conn: &mut Conn,
    work: &dyn Fn(&mut Tx) -> Result<T>,
) -> Result<(T, Vec<Change>)> {
    conn.batch_execute(conn.begin_write())?;
    let mut tx = Tx {
        conn,
        changes: Vec::new(),
    };
    let answer = work(&mut tx);
    let changes = std::mem::take(&mut tx.changes);
    match answer {
        Ok(answer) => {
            if let Err(error) = conn.batch_execute("COMMIT") {
                let _ = conn.batch_execute("ROLLBACK");
                return Err(error.into());
            }
            Ok((answer, changes))
        }
        Err(error) => {
            // A connection that is gone rolls back by itself.
            let _ = conn.batch_execute("ROLLBACK");
            Err(error)
        }
    }
}

/// Runs what blocks away from the threads that serve.
async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::Internal(format!("database task: {error}"))))
}
