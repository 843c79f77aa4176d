//! How instances on one PostgreSQL tell one another what changed: by LISTEN and NOTIFY, over one connection of each.
//!
//! Changes are sent after their commit and gathered, never within the transaction that made them: a NOTIFY takes a lock on the
//! whole database at its commit. What is lost while a connection is away is not sent again. Whoever is back thinks
//! that anything may have changed, and nobody trusts what is at hand for longer than `live/answers.rs` says.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use uuid::Uuid;

use super::board::Change;
use super::connection::{self, Conn, Database};
use crate::domain::id::{SiteId, ThreadId};
use crate::error::{Error, Result};

const CHANNEL: &str = "postil_changes";

/// How often the connection is looked at, and how long changes are gathered at least.
const PULSE: Duration = Duration::from_millis(20);

/// How often a silent connection is asked whether it is still there.
const PROOF: Duration = Duration::from_secs(10);

/// How long a server that cannot be reached is left alone.
const PAUSE: Duration = Duration::from_secs(2);

/// Changes in one notification: PostgreSQL takes less than 8,000 bytes, and each has at most 45.
const GATHERED: usize = 150;

/// What was heard of other instances.
pub(super) enum Heard {
    /// Something changed.
    Change(Change),
    /// Anything may have: for some time nothing could be heard.
    Silence,
}

/// The line to the other instances; dropped, it sends what is left and ends.
pub(super) struct Notices {
    outgoing: Option<Sender<Change>>,
    thread: Option<JoinHandle<()>>,
}

impl Notices {
    /// Opens the line, and keeps it open: `hear` is told what comes in.
    pub(super) fn start(server: Database, hear: impl Fn(Heard) + Send + 'static) -> Result<Self> {
        let (outgoing, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("postil-notices".into())
            .spawn(move || keep(&server, &waiting, &hear))
            .map_err(|error| Error::Internal(format!("notices thread: {error}")))?;
        Ok(Self {
            outgoing: Some(outgoing),
            thread: Some(thread),
        })
    }

    /// Tells the others.
    pub(super) fn tell(&self, change: Change) {
        if let Some(outgoing) = &self.outgoing {
            // Fails only if the thread panicked; the others look for themselves then.
            let _ = outgoing.send(change);
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.outgoing = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(server: &Database, waiting: &Receiver<Change>, hear: &impl Fn(Heard)) {
    loop {
        let talked = Line::open(server).and_then(|mut line| {
            hear(Heard::Silence);
            line.talk(waiting, hear)
        });
        match talked {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the other instances cannot be heard"),
        }
        let back = Instant::now() + PAUSE;
        while let Some(left) = back.checked_duration_since(Instant::now()) {
            if let Err(RecvTimeoutError::Disconnected) = waiting.recv_timeout(left) {
                return;
            }
        }
    }
}

/// A connection that listens.
struct Line {
    conn: PgConnection,
    /// The server's process for it, which signs our own notifications.
    process: i32,
}

#[derive(QueryableByName)]
struct Process {
    #[diesel(sql_type = Integer)]
    pg_backend_pid: i32,
}

impl Line {
    fn open(server: &Database) -> Result<Self> {
        let Conn::Postgres(mut conn) = connection::connect(server)? else {
            return Err(Error::Internal("only PostgreSQL has notices".into()));
        };
        conn.batch_execute(&format!("LISTEN {CHANNEL}"))?;
        let own: Process = diesel::sql_query("SELECT pg_backend_pid()").get_result(&mut conn)?;
        Ok(Self {
            conn,
            process: own.pg_backend_pid,
        })
    }

    /// Sends and hears until nothing more can come to be sent.
    fn talk(&mut self, waiting: &Receiver<Change>, hear: &impl Fn(Heard)) -> Result<()> {
        let (mut sent, mut proved) = (Instant::now(), Instant::now());
        loop {
            match waiting.recv_timeout(PULSE) {
                Ok(first) => {
                    std::thread::sleep(PULSE.saturating_sub(sent.elapsed()));
                    let changes: HashSet<Change> =
                        std::iter::once(first).chain(waiting.try_iter()).collect();
                    self.send(changes)?;
                    sent = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if proved.elapsed() >= PROOF {
                self.conn.batch_execute("SELECT 1")?;
                proved = Instant::now();
            }
            self.listen(hear)?;
        }
    }

    fn send(&mut self, changes: HashSet<Change>) -> Result<()> {
        let words: Vec<String> = changes.into_iter().map(word).collect();
        for words in words.chunks(GATHERED) {
            diesel::sql_query("SELECT pg_notify($1, $2)")
                .bind::<Text, _>(CHANNEL)
                .bind::<Text, _>(words.join(" "))
                .execute(&mut self.conn)?;
        }
        Ok(())
    }

    fn listen(&mut self, hear: &impl Fn(Heard)) -> Result<()> {
        for notice in self.conn.notifications_iter() {
            let notice = notice?;
            if notice.process_id == self.process {
                continue;
            }
            for word in notice.payload.split(' ') {
                match change(word) {
                    Some(change) => hear(Heard::Change(change)),
                    // A newer instance may have more to say than we understand.
                    None => hear(Heard::Silence),
                }
            }
        }
        Ok(())
    }
}

/// A change as a word: a letter that says of what, and ids in base64.
fn word(change: Change) -> String {
    let (letter, ids) = match change {
        Change::Thread(thread, site) => ('t', [thread.bytes(), site.bytes()].concat()),
        Change::Site(site) => ('s', site.bytes().to_vec()),
        Change::Keys(site) => ('k', site.bytes().to_vec()),
        Change::Jobs => ('j', Vec::new()),
    };
    format!("{letter}{}", URL_SAFE_NO_PAD.encode(ids))
}

fn change(word: &str) -> Option<Change> {
    let (letter, ids) = word.split_at_checked(1)?;
    let ids = URL_SAFE_NO_PAD.decode(ids).ok()?;
    let id = |part: &[u8]| Uuid::from_slice(part).ok();
    match (letter, ids.len()) {
        ("t", 32) => Some(Change::Thread(
            ThreadId::from_uuid(id(&ids[..16])?),
            SiteId::from_uuid(id(&ids[16..])?),
        )),
        ("s", _) => Some(Change::Site(SiteId::from_uuid(id(&ids)?))),
        ("k", _) => Some(Change::Keys(SiteId::from_uuid(id(&ids)?))),
        ("j", 0) => Some(Change::Jobs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_survives_being_told() {
        let site = SiteId::new();
        let thread = ThreadId::minted(site, "a", 0);
        for told in [
            Change::Thread(thread, site),
            Change::Site(site),
            Change::Keys(site),
            Change::Jobs,
        ] {
            let word = word(told);
            assert!((word.len() + 1) * GATHERED < 8000);
            assert_eq!(change(&word), Some(told));
        }
        for strange in ["", "t", "x123", "t!", "sAAAA", "é"] {
            assert_eq!(change(strange), None, "{strange}");
        }
    }
}
