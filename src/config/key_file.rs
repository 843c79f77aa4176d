//! The signing secret that the service makes for itself when it is given none.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Config, SettingError, make_data_dir};
use crate::domain::token::{Keys, Secret};

/// In the data directory; the same text as `--secrets` takes, so that a secret is replaced here as well.
const NAME: &str = "signing.key";

/// More than eight secrets of full length have.
const MAX_BYTES: u64 = 16 * 1024;

/// The keys to sign with: those that were given, or else those of the key file, which is made when there is none.
///
/// # Errors
/// When the file cannot be read or written, when it holds no secret, or when others may read it.
pub fn signing_keys(config: &Config) -> Result<Keys, SettingError> {
    keys(config.secrets.clone(), &config.data_dir)
}

/// The same, for a command that has no [`Config`].
///
/// # Errors
/// Those of [`signing_keys`].
pub fn keys(given: Option<Keys>, data_dir: &Path) -> Result<Keys, SettingError> {
    if let Some(keys) = given {
        return Ok(keys);
    }
    make_data_dir(data_dir)?;
    let path = data_dir.join(NAME);
    let secret = KeyFile(path);
    match secret.create() {
        Ok(keys) => Ok(keys),
        Err(Made::Already) => secret.read(),
        Err(Made::Not(error)) => Err(error),
    }
}

/// Why no file was made.
enum Made {
    Already,
    Not(SettingError),
}

struct KeyFile(PathBuf);

impl KeyFile {
    /// Makes the file, with its mode from the first byte, unless there is one.
    fn create(&self) -> Result<Keys, Made> {
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.0);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(Made::Already),
            Err(error) => return Err(Made::Not(self.refuse(&format!("cannot be made: {error}")))),
        };
        let secret = Secret::generate();
        let keys =
            Keys::parse(&secret).map_err(|invalid| Made::Not(self.refuse(&invalid.detail)))?;
        let written = file
            .write_all(format!("{secret}\n").as_bytes())
            .and_then(|()| file.sync_all());
        // The name has to survive a loss of power too, or everybody is signed out.
        written
            .and_then(|()| sync_directory(&self.0))
            .map_err(|error| {
                // Half a secret would be taken for a whole one at the next start.
                let _ = std::fs::remove_file(&self.0);
                Made::Not(self.refuse(&format!("cannot be written: {error}")))
            })?;
        Ok(keys)
    }

    fn read(&self) -> Result<Keys, SettingError> {
        let unreadable = |error| self.refuse(&format!("cannot be read: {error}"));
        let file = File::open(&self.0).map_err(unreadable)?;
        // Asked of the open file, so that nothing can be put in its place between.
        let mode = file.metadata().map_err(unreadable)?.mode();
        if mode & 0o077 != 0 {
            return Err(self.refuse(&format!(
                "may be used by others than its owner (mode {:04o}), who could sign in as anybody; if nobody did, run \
                 `chmod 600 {path}`, or else delete it, which signs everybody out",
                mode & 0o7777,
                path = self.0.display(),
            )));
        }
        let mut text = String::new();
        file.take(MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        Keys::parse(text.trim_end_matches(['\r', '\n'])).map_err(|invalid| {
            self.refuse(&format!(
                "holds no secret ({}); put its backup back, or delete it, which signs everybody out",
                invalid.detail.trim_end_matches('.')
            ))
        })
    }

    fn refuse(&self, why: &str) -> SettingError {
        SettingError::new(format!("the signing key `{}` {why}", self.0.display()))
    }
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
