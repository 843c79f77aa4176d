//! How a letter leaves: to an SMTP server, or into a directory while there is none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::letter::Letter;
use super::server::Server;
use super::smtp::{Patience, Smtp};

/// Why a letter did not leave, in sentences for the operator that name no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server cannot be talked to, or does not let us in: no letter can leave just now.
    Unreachable(String),
    /// Not now, or nobody knows: it may have been taken when the line went dead after the last byte.
    Later(String),
    /// This mailbox takes no mail, ever.
    Mailbox(String),
    /// The server does not want this letter, whoever it is for.
    Refused(String),
}

/// Where letters go.
#[derive(Debug)]
pub enum Transport {
    /// To an SMTP server, over a few connections that are kept open for a while.
    Smtp(Smtp),
    /// Into a directory, each letter as one complete `.eml` file: for trying the service out.
    Files(PathBuf),
}

impl Transport {
    /// A transport to that server. Connects to nothing yet.
    pub fn smtp(server: &Server) -> Self {
        Self::Smtp(Smtp::new(server.clone(), Patience::default()))
    }

    /// A transport into that directory, which is made if it is not there, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn files(directory: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Ok(Self::Files(directory.to_owned()))
    }

    /// The longest that one letter can take.
    pub fn most(&self) -> Duration {
        match self {
            Self::Smtp(smtp) => smtp.most(),
            Self::Files(_) => Duration::from_secs(60),
        }
    }

    /// Hands a letter over. `Ok` means that the server, or the disk, has it, and holds what it said.
    ///
    /// # Errors
    /// See [`Failure`]. A second try bears the same `Message-ID`.
    pub async fn send(&self, letter: &Letter) -> Result<String, Failure> {
        match self {
            Self::Smtp(smtp) => smtp.send(&letter.from, &letter.to, &letter.bytes).await,
            Self::Files(directory) => {
                let (directory, letter) = (directory.clone(), letter.clone());
                let name = format!("{}.eml", letter.name);
                let write = move || write_file(&directory, &letter.name, &letter.bytes);
                let written = tokio::task::spawn_blocking(write).await;
                let failed =
                    |error: &dyn std::fmt::Display| Failure::Unreachable(error.to_string());
                written
                    .map_err(|error| failed(&error))?
                    .map_err(|error| failed(&error))?;
                Ok(name)
            }
        }
    }

    /// Takes leave of the server.
    pub async fn close(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}

/// Writes under a name that no reader of `*.eml` takes for a letter, then renames: what is there is
/// complete. The same letter written again replaces itself.
fn write_file(directory: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.part"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(format!("{name}.eml")))?;
    // The new name lies in the directory.
    fs::File::open(directory)?.sync_all()
}

/// A server's answer likes to repeat the recipient; what goes to the log and the outbox does not.
pub fn without_addresses(text: &str) -> String {
    const MAX: usize = 300;
    let is_edge = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\"',;:".contains(c);
    let mut clean = String::new();
    for part in text.split_inclusive(is_edge) {
        let word = part.trim_end_matches(is_edge);
        clean.push_str(if word.contains('@') { "…" } else { word });
        clean.extend(
            part[word.len()..]
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
    }
    clean.chars().take(MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_without_addresses() {
        assert_eq!(
            without_addresses(
                "permanent error (550): 5.1.1 <ann@example.org>: unknown\r\nask post@example.org"
            ),
            "permanent error (550): 5.1.1 <…>: unknown  ask …"
        );
        assert_eq!(without_addresses(&"é".repeat(1000)).chars().count(), 300);
    }

    #[test]
    fn no_letter_is_printed_with_credentials() {
        let server = "smtp://user:secret@localhost".parse().unwrap();
        assert!(!format!("{:?}", Transport::smtp(&server)).contains("secret"));
    }
}
