//! The schema's history: one ordered list, embedded, run at start and by `postil migrate`.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use crate::error::{Error, Result};

/// One step. Where the two dialects differ, each has its own text.
struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const fn same(name: &'static str, sql: &'static str) -> Migration {
    Migration {
        name,
        sqlite: sql,
        postgres: sql,
    }
}

/// Steps are only ever added at the end.
const MIGRATIONS: &[Migration] = &[same(
    "0001_threads",
    include_str!("../../migrations/0001_threads/up.sql"),
)];

/// Any number; the same for every instance of Postil on one server.
const LOCK: i64 = 0x706f_7374_696c;

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Runs the steps that this database has not seen, all in one transaction, and gives their names.
/// Many instances may start at once: they take turns.
///
/// # Errors
/// [`Error::Internal`] when the database has steps that this program does not know, since an older
/// program must not write to a newer schema.
pub fn run(conn: &mut Conn) -> Result<Vec<&'static str>> {
    match conn {
        Conn::Sqlite(_) => conn.batch_execute("BEGIN IMMEDIATE")?,
        Conn::Postgres(_) => {
            // A new index on a large table, or waiting for another instance that makes it, takes long.
            conn.batch_execute("BEGIN; SET LOCAL statement_timeout = 0")?;
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<BigInt, _>(LOCK)
                .execute(conn)?;
        }
    }
    let outcome = apply(conn);
    let end = if outcome.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    conn.batch_execute(end)?;
    outcome
}

fn apply(conn: &mut Conn) -> Result<Vec<&'static str>> {
    conn.batch_execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")?;
    let applied = applied(conn)?;
    if let Some(newer) = applied
        .iter()
        .find(|name| !MIGRATIONS.iter().any(|m| m.name == **name))
    {
        return Err(Error::Internal(format!(
            "the database has been migrated by a newer Postil (`{newer}`); run that one"
        )));
    }
    let mut ran = Vec::new();
    for migration in MIGRATIONS {
        if applied.iter().any(|name| name == migration.name) {
            continue;
        }
        let sql = match conn {
            Conn::Sqlite(_) => migration.sqlite,
            Conn::Postgres(_) => migration.postgres,
        };
        conn.batch_execute(sql)?;
        diesel::sql_query("INSERT INTO migrations (name) VALUES ($1)")
            .bind::<Text, _>(migration.name)
            .execute(conn)?;
        ran.push(migration.name);
    }
    Ok(ran)
}

/// Whether every step of this program has been applied.
///
/// # Errors
/// [`Error::Database`] when the database cannot be read.
pub fn are_current(conn: &mut Conn) -> Result<bool> {
    let applied = applied(conn)?;
    Ok(MIGRATIONS
        .iter()
        .all(|migration| applied.iter().any(|name| name == migration.name)))
}

fn applied(conn: &mut Conn) -> Result<Vec<String>> {
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM migrations").load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
