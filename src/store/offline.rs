//! What the operator's commands do to the database as a whole, beside a service that may be running.

use std::path::Path;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use super::connection::{self, Database};
use super::migrations;
use crate::error::{Error, Result};

/// Brings the schema up to date, and gives the names of the steps that were run.
///
/// # Errors
/// When the database cannot be reached, or holds a newer schema than this program knows.
pub fn migrate(database: &Database) -> Result<Vec<&'static str>> {
    migrations::run(&mut connection::connect(database)?)
}

/// Writes a consistent copy of an SQLite database into `file`, which must be empty or not there. The schema is
/// copied as it is, so that the copy fits the program that is running.
///
/// # Errors
/// [`Error::Conflict`] for PostgreSQL, and when the copy cannot be written.
pub fn backup(database: &Database, file: &Path) -> Result<()> {
    if let Database::Postgres(_) = database {
        return Err(Error::Conflict(
            "Only an SQLite database is copied so; use pg_dump.".into(),
        ));
    }
    let file = file
        .to_str()
        .ok_or_else(|| Error::Conflict("The file's name is not UTF-8.".into()))?;
    let mut conn = connection::connect(database)?;
    diesel::sql_query("VACUUM INTO $1")
        .bind::<Text, _>(file)
        .execute(&mut conn)?;
    Ok(())
}
