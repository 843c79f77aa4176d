//! `postil backup`: a consistent copy of the database, which a plain copy of a live one would not be.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::Args;
use postil::config::Common;
use postil::store::{Database, offline};

use super::{Failure, Outcome};

/// Where to.
#[derive(Args)]
pub struct Backup {
    /// A file that is not there yet
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(self, common: &Common) -> Outcome {
        let source = match common.database() {
            Database::Sqlite(path) => path,
            Database::Postgres(_) => {
                return Err(Failure::new(
                    "this copies SQLite only; for PostgreSQL use its own `pg_dump --format=custom`",
                ));
            }
        };
        if !source.is_file() {
            return Err(Failure::new(format!(
                "there is no database at `{}`",
                source.display()
            )));
        }
        let shown = self.file.display();
        // Made here and empty, which SQLite fills: nothing is overwritten, and others cannot read the addresses in it.
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file);
        made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure::new(format!("`{shown}` is there already; name a new file"))
            }
            _ => Failure::new(format!("`{shown}` cannot be made: {error}")),
        })?;
        if let Err(failure) = offline::backup(&common.database(), &self.file).map_err(Failure::from)
        {
            // Half a copy is worse than none.
            let _ = std::fs::remove_file(&self.file);
            return Err(failure);
        }
        // SQLite leaves the copy to the system's leisure.
        let copy = File::open(&self.file)?;
        copy.sync_all()?;
        let bytes = copy.metadata()?.len();
        Ok(format!("Copied the database to {shown} ({bytes} bytes).\n"))
    }
}
