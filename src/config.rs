//! Every setting, read once, from a flag or else from its environment variable, and typed.
//!
//! [`Common`] holds the settings of every command and [`Serve`] those of the service, as they are given; [`Config`]
//! is what follows from both. A variable that is set to nothing counts as not set, as Compose files like to do.

mod flags;
mod key_file;
mod line;
mod mailing;
mod values;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

pub use flags::{Common, Serve};
pub use key_file::{keys, signing_keys};
pub use line::{complaint, prepare, service_setting};
pub use mailing::{Dkim, Mail, Mailing};
pub use values::{LogFormat, LogLevels, Rate, listen, public_url, whole, word};

use crate::domain::service_url::ServiceUrl;
use crate::domain::token::Keys;
use crate::store::Database;

/// A setting that cannot be, in one sentence that names it and says what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(String);

impl SettingError {
    /// With that sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

/// What the service runs with. There is no `Debug`: the address of the database may hold a password.
#[derive(Clone)]
pub struct Config {
    /// Where to accept connections; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where what is ours lies: the database unless it is elsewhere, the signing key, mail in files.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The way to it that passes no pooler, where another does.
    pub direct_database: Option<Database>,
    /// How browsers reach the service, if that was said; see [`Config::public_url`].
    pub public_url: Option<ServiceUrl>,
    /// How mail goes out.
    pub mail: Mail,
    /// The proxies whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Private networks whose services may be called.
    pub outbound_networks: Vec<IpNet>,
    /// Whether pages are asked what they say.
    pub fetch_pages: bool,
    /// The keys that were given; see [`signing_keys`].
    pub secrets: Option<Keys>,
    /// Whether there is a demo site.
    pub demo: bool,
    /// How much is let in.
    pub limits: Limits,
    /// Threads that answer requests.
    pub workers: usize,
    /// Pooled connections to the database.
    pub read_connections: u32,
    /// How long the log of a thread's changes is kept.
    pub keep_log: Duration,
}

/// How much is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// New comments.
    pub comments: Rate,
    /// Votes, reactions, edits and previews.
    pub writes: Rate,
    /// Sign-ins of every kind.
    pub identity: Rate,
    /// Asking for letters.
    pub letters: Rate,
    /// Asking for challenges.
    pub challenges: Rate,
    /// Texts in which passages are looked for.
    pub texts: Rate,
    /// The part of a processor that this may take, in per cent.
    pub text_share: u32,
    /// Live streams open at a time.
    pub streams: usize,
}

impl Config {
    /// What follows from the settings that were given.
    ///
    /// # Errors
    /// When one setting needs another that is missing.
    pub fn new(common: &Common, serve: Serve) -> Result<Self, SettingError> {
        let is_public = serve.is_public();
        if is_public && serve.mailing.smtp.is_none() && !serve.mailing.allow_file_mail {
            return Err(SettingError::new(
                "a public service needs --smtp (POSTIL_SMTP) and --mail-from (POSTIL_MAIL_FROM): without a mail server \
                 its mail would be written to files and reach nobody. If that is meant, say --allow-file-mail \
                 (POSTIL_ALLOW_FILE_MAIL=true).",
            ));
        }
        let demo = serve.demo();
        Ok(Self {
            listen: serve.listen,
            data_dir: common.data_dir.clone(),
            database: common.database(),
            direct_database: common.direct_database()?,
            public_url: serve.public_url,
            mail: Mail::new(&serve.mailing, &common.data_dir)?,
            trusted_proxies: serve.trusted_proxies,
            outbound_networks: common.outbound_networks.clone(),
            fetch_pages: serve.fetch_pages,
            secrets: serve.secrets,
            demo,
            limits: Limits {
                comments: serve.rate_comments,
                writes: serve.rate_writes,
                identity: serve.rate_identity,
                letters: serve.rate_letters,
                challenges: serve.rate_challenges,
                texts: serve.rate_texts,
                text_share: serve.text_share,
                streams: serve.max_streams,
            },
            workers: serve.workers.unwrap_or_else(cores),
            read_connections: serve.read_connections,
            keep_log: Duration::from_secs(u64::from(serve.keep_log_days) * 24 * 3600),
        })
    }

    /// As `postil serve FLAGS` has it, but without a look at the environment: for tests and benches.
    ///
    /// # Errors
    /// When a flag is unknown or its value will not do.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingError> {
        let (common, serve) = line::read_flags(flags)?;
        Self::new(&common, serve)
    }

    /// How browsers reach the service: as the operator said, or else where it listens. `bound` is the address that
    /// was in fact bound, since port 0 says nothing.
    pub fn public_url(&self, bound: SocketAddr) -> Result<ServiceUrl, SettingError> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        let url = if bound.ip().is_unspecified() {
            // Nobody can be sent to "every address"; this machine is one of those that can reach it.
            format!("http://localhost:{}", bound.port())
        } else {
            format!("http://{bound}")
        };
        ServiceUrl::parse(&url).map_err(|_| {
            SettingError::new(format!(
                "--public-url (POSTIL_PUBLIC_URL) is needed: `{url}` is no URL."
            ))
        })
    }
}

/// Makes the data directory, for nobody but this user, unless it is there already.
///
/// # Errors
/// When it cannot be made.
pub fn make_data_dir(path: &Path) -> Result<(), SettingError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            SettingError::new(format!(
                "the data directory `{}` (--data-dir, POSTIL_DATA_DIR) cannot be made: {error}",
                path.display()
            ))
        })
}

/// The address at which a service listening on `listen` is reached from this machine.
pub fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        // A socket on `[::]` takes IPv4 too unless the system was told otherwise; `::1` works either way.
        IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    SocketAddr::new(ip, listen.port())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests;
