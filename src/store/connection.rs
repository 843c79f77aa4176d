//! Which database, and how a connection to it is made and kept.

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::dsl::Limit;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl};
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::{Error, Result};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// To a server that many instances share.
    Postgres(PgConnection),
    /// To a file of our own.
    Sqlite(SqliteConnection),
}

impl Conn {
    /// What opens one consistent state for reading, and reading only.
    pub(super) fn begin_read(&self) -> &'static str {
        match self {
            // What is set is set for the transaction alone: behind a pooler the next may run on another connection.
            Self::Postgres(_) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '30s'"
            }
            Self::Sqlite(_) => "BEGIN",
        }
    }

    /// What opens a transaction that writes, whatever isolation the server gives when nothing is said. (SQLite's writer
    /// opens its own.)
    pub(super) fn begin_write(&self) -> &'static str {
        match self {
            Self::Postgres(_) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '30s'"
            }
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
        }
    }
}

/// Runs a statement in the connection's own dialect, so that it stays prepared by its type alone. (Diesel's way over both
/// dialects at once, which boxed queries need, writes its text twice each time: that takes longer than finding a row.)
pub(super) trait Run: Sized {
    /// All that it finds.
    fn rows<'q, T>(self, conn: &mut Conn) -> QueryResult<Vec<T>>
    where
        Self: LoadQuery<'q, PgConnection, T> + LoadQuery<'q, SqliteConnection, T>,
    {
        match conn {
            Conn::Postgres(conn) => self.load(conn),
            Conn::Sqlite(conn) => self.load(conn),
        }
    }

    /// The first row that it finds, in its order; the database is asked for no other.
    fn row<'q, T>(self, conn: &mut Conn) -> QueryResult<Option<T>>
    where
        Self: LimitDsl,
        Limit<Self>: LoadQuery<'q, PgConnection, T> + LoadQuery<'q, SqliteConnection, T>,
    {
        self.limit(1).returned(conn)
    }

    /// The first row of a statement that takes no `LIMIT` of ours: what a write gives back, and what is [`super::fixed`].
    /// Everything it finds is read, so it must be something that finds one row at most.
    fn returned<'q, T>(self, conn: &mut Conn) -> QueryResult<Option<T>>
    where
        Self: LoadQuery<'q, PgConnection, T> + LoadQuery<'q, SqliteConnection, T>,
    {
        Ok(self.rows(conn)?.into_iter().next())
    }

    /// Carries it out; gives how many rows it changed.
    fn run(self, conn: &mut Conn) -> QueryResult<usize>
    where
        Self: ExecuteDsl<PgConnection> + ExecuteDsl<SqliteConnection>,
    {
        match conn {
            Conn::Postgres(conn) => ExecuteDsl::execute(self, conn),
            Conn::Sqlite(conn) => ExecuteDsl::execute(self, conn),
        }
    }
}

impl<S> Run for S {}

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server: `postgres://…`. May hold a password, so it is never printed.
    Postgres(String),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "Sqlite({})", path.display()),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

impl Database {
    /// Reads `sqlite:PATH` (or `sqlite://PATH`) and `postgres://…`.
    ///
    /// # Errors
    /// A sentence that says what is accepted.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches('/').is_empty() => Ok(Self::Sqlite(
                PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            )),
            _ => Err("a database is `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`".into()),
        }
    }
}

/// Opens one connection with the settings that everything here relies on.
pub(super) fn connect(database: &Database) -> Result<Conn> {
    let away = |error: diesel::ConnectionError| {
        Error::Database(DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection,
            Box::new(error.to_string()),
        ))
    };
    match database {
        Database::Sqlite(path) => {
            make_private(path)?;
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(away)?;
            // FULL: a commit that was acknowledged survives a loss of power.
            // busy_timeout comes first: switching to WAL takes a lock.
            conn.batch_execute(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA trusted_schema = OFF;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -8000;",
            )?;
            Ok(Conn::Sqlite(conn))
        }
        Database::Postgres(url) => {
            let conn = PgConnection::establish(&with_patience(url)).map_err(away)?;
            Ok(Conn::Postgres(conn))
        }
    }
}

/// The address with limits to how long a server that has gone silent is waited for, where the operator
/// did not set them: otherwise a network that was cut would hold every connection for hours.
fn with_patience(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [
        ("connect_timeout", "5"),
        ("keepalives_idle", "30"),
        ("tcp_user_timeout", "20000"),
    ] {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url += &format!("{separator}{name}={value}");
        }
    }
    url
}

/// Makes the file for nobody but this user, if it is not there: there are addresses in it. SQLite
/// gives its other files the same permissions.
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::Internal(format!(
            "the database file cannot be made: {error}"
        ))),
    }
}

/// Makes and checks pooled connections.
#[derive(Debug)]
pub(super) struct Manager {
    database: Database,
    /// Whether a pooler stands between, which may give each transaction another connection.
    is_pooled: bool,
}

impl Manager {
    pub(super) fn new(database: Database, is_pooled: bool) -> Self {
        Self {
            database,
            is_pooled,
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn> {
        let mut conn = connect(&self.database)?;
        match &mut conn {
            // The one writer has a connection of its own.
            Conn::Sqlite(conn) => conn.batch_execute("PRAGMA query_only = ON")?,
            // What was prepared on one connection is not there on the next.
            Conn::Postgres(conn) if self.is_pooled => {
                conn.set_prepared_statement_cache_size(CacheSize::Disabled);
            }
            Conn::Postgres(_) => {}
        }
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<()> {
        conn.ping().map_err(Error::from)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        // A panic may have left a transaction open.
        std::thread::panicking() || conn.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_not_waited_for_longer_than_was_said() {
        assert_eq!(
            with_patience("postgres://u@h/d?connect_timeout=9"),
            "postgres://u@h/d?connect_timeout=9&keepalives_idle=30&tcp_user_timeout=20000"
        );
    }

    #[derive(QueryableByName)]
    struct CompileOption {
        #[diesel(sql_type = diesel::sql_types::Text)]
        compile_options: String,
    }

    #[test]
    fn sqlite_keeps_a_statement_prepared_whatever_is_bound_to_it() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let options: Vec<CompileOption> = diesel::sql_query("PRAGMA compile_options")
            .load(&mut conn)
            .unwrap();
        let has = |name: &str| options.iter().any(|option| option.compile_options == name);
        assert!(
            has("ENABLE_QPSG") && !has("ENABLE_STAT4"),
            "see .cargo/config.toml"
        );
    }

    #[test]
    fn databases_are_told_apart_by_their_scheme() {
        assert_eq!(
            Database::parse("sqlite:a.db"),
            Ok(Database::Sqlite("a.db".into()))
        );
        assert_eq!(
            Database::parse("sqlite:///var/a.db"),
            Ok(Database::Sqlite("/var/a.db".into()))
        );
        assert!(matches!(
            Database::parse("postgres://u@h/d"),
            Ok(Database::Postgres(_))
        ));
        for wrong in ["", "a.db", "sqlite:", "sqlite://", "mysql://h/d"] {
            assert!(Database::parse(wrong).is_err(), "{wrong}");
        }
    }
}
