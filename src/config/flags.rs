//! The settings as they are given. What stands beside each is what `--help` says of it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use super::SettingError;
use super::mailing::Mailing;
use super::values::{self, LogFormat, LogLevels, Rate, whole};
use crate::domain::service_url::ServiceUrl;
use crate::domain::token::Keys;
use crate::store::Database;

/// Settings of every command.
#[derive(Args, Clone)]
#[command(next_help_heading = "Settings of every command")]
pub struct Common {
    /// Where the data lies: database, signing key, mail in files
    #[arg(long, env = "POSTIL_DATA_DIR", value_name = "DIR", global = true)]
    #[arg(default_value = "./postil-data")]
    pub data_dir: PathBuf,

    /// The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:DATA-DIR/postil.db]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", global = true)]
    #[arg(value_parser = values::database)]
    pub database: Option<Database>,

    /// The same PostgreSQL without the pooler in between, when --database leads through one that gives each transaction
    /// another connection (pgbouncer): for migrations, and to hear what other instances change
    #[arg(
        long,
        env = "POSTIL_DIRECT_DATABASE",
        value_name = "URL",
        global = true
    )]
    #[arg(value_parser = values::server)]
    pub direct_database: Option<Database>,

    /// Private networks whose services may be called, such as a site's adviser beside this service or the address of
    /// its keys: addresses or networks, with commas between them. Without TLS nothing else is called [default: none]
    #[arg(
        long,
        env = "POSTIL_OUTBOUND_NETWORKS",
        value_name = "NETWORKS",
        global = true
    )]
    #[arg(value_delimiter = ',', value_parser = values::network)]
    pub outbound_networks: Vec<IpNet>,

    /// How much to log: error, warn, info, debug or trace; for single modules warn,postil::mail=debug
    #[arg(long, env = "POSTIL_LOG", value_name = "LEVELS", global = true)]
    #[arg(default_value = "info", value_parser = LogLevels::parse)]
    pub log: LogLevels,

    /// How to log: plain lines, or json, one object a line
    #[arg(long, env = "POSTIL_LOG_FORMAT", value_name = "FORMAT", global = true)]
    #[arg(default_value = "plain", value_parser = LogFormat::parse)]
    pub log_format: LogFormat,
}

impl Common {
    /// The database: the one that was named, or else the file in the data directory.
    pub fn database(&self) -> Database {
        let file = || Database::Sqlite(self.data_dir.join("postil.db"));
        self.database.clone().unwrap_or_else(file)
    }

    /// The way to it that passes no pooler, where another does.
    ///
    /// # Errors
    /// When the database is a file.
    pub fn direct_database(&self) -> Result<Option<Database>, SettingError> {
        match (self.database(), &self.direct_database) {
            (Database::Sqlite(_), Some(_)) => Err(SettingError::new(
                "--direct-database (POSTIL_DIRECT_DATABASE) goes with a --database (DATABASE_URL) on PostgreSQL.",
            )),
            (_, direct) => Ok(direct.clone()),
        }
    }
}

/// Settings of the service.
#[derive(Args, Clone)]
#[command(next_help_heading = "Settings of the service (`postil` or `postil serve`)")]
pub struct Serve {
    /// The address and port to listen on; port 0 picks a free one
    #[arg(long, env = "POSTIL_LISTEN", value_name = "ADDRESS")]
    #[arg(default_value = "127.0.0.1:8080", value_parser = values::listen)]
    pub listen: SocketAddr,

    /// How browsers reach the service, when a proxy stands before it: an address with or without a path [default: http://ADDRESS]
    #[arg(long, env = "POSTIL_PUBLIC_URL", value_name = "URL", value_parser = values::public_url)]
    pub public_url: Option<ServiceUrl>,

    /// How mail is sent.
    #[command(flatten)]
    pub mailing: Mailing,

    /// The proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8, with commas
    /// between them [default: none]
    #[arg(long, env = "POSTIL_TRUSTED_PROXIES", value_name = "NETWORKS")]
    #[arg(value_delimiter = ',', value_parser = values::network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Ask pages on which something was written for their title, their address and their text, by which quoted words are
    /// known to be the page's. Where this is off, whatever the sites' rules say, quotations wait for a moderator
    #[arg(
        long,
        env = "POSTIL_FETCH_PAGES",
        value_name = "true|false",
        default_value = "true"
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = values::yes_or_no, action = clap::ArgAction::Set)]
    pub fetch_pages: bool,

    /// The secrets that sign tokens, 32 bytes or more each, with commas between them: the first signs, the others
    /// still count. Instances that share a database need the same [default: made and kept in
    /// DATA-DIR/signing.key]
    #[arg(long, env = "POSTIL_SECRETS", value_name = "NEW,OLD", value_parser = Keys::parse)]
    pub secrets: Option<Keys>,

    /// Have a demo site at /demo/ [default: true on a loopback address without a public URL]
    #[arg(long, env = "POSTIL_DEMO", value_name = "true|false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = values::yes_or_no)]
    pub demo: Option<bool>,

    /// Have none, whatever else is said
    #[arg(long)]
    pub no_demo: bool,

    /// New comments let in, per network and person: COUNT/SECONDS, or 0 for no limit
    #[arg(long, env = "POSTIL_RATE_COMMENTS", value_name = "RATE")]
    #[arg(default_value = "60/60", value_parser = Rate::parse)]
    pub rate_comments: Rate,

    /// Every other write let in, likewise: votes, reactions, edits, deletions, previews, decisions
    #[arg(long, env = "POSTIL_RATE_WRITES", value_name = "RATE")]
    #[arg(default_value = "240/60", value_parser = Rate::parse)]
    pub rate_writes: Rate,

    /// Calls under /v1/identity let in, likewise: new guests, sign-ins, renewals
    #[arg(long, env = "POSTIL_RATE_IDENTITY", value_name = "RATE")]
    #[arg(default_value = "60/60", value_parser = Rate::parse)]
    pub rate_identity: Rate,

    /// Calls let in that may cause a letter to an address that they name, likewise: subscriptions, comments with `notify`,
    /// sign-ins by mail, notices with a contact, pages with an author's address. How many letters one address gets is counted
    /// apart
    #[arg(long, env = "POSTIL_RATE_LETTERS", value_name = "RATE")]
    #[arg(default_value = "10/600", value_parser = Rate::parse)]
    pub rate_letters: Rate,

    /// Challenges for proof of work handed out, likewise
    #[arg(long, env = "POSTIL_RATE_CHALLENGES", value_name = "RATE")]
    #[arg(default_value = "60/60", value_parser = Rate::parse)]
    pub rate_challenges: Rate,

    /// Texts of pages let in, in which passages are looked for, likewise
    #[arg(long, env = "POSTIL_RATE_TEXTS", value_name = "RATE")]
    #[arg(default_value = "30/60", value_parser = Rate::parse)]
    pub rate_texts: Rate,

    /// How much of one processor looking for passages may take, in per cent, for readers' texts, and as much again for
    /// authors'. What is not used is saved up to ten seconds
    #[arg(long, env = "POSTIL_TEXT_SHARE", value_name = "PERCENT")]
    #[arg(default_value = "20", value_parser = whole::<u32>(0, 100))]
    pub text_share: u32,

    /// Live streams open at a time
    #[arg(long, env = "POSTIL_MAX_STREAMS", value_name = "COUNT")]
    #[arg(default_value = "10000", value_parser = whole::<usize>(0, 1_000_000))]
    pub max_streams: usize,

    /// Threads that answer requests [default: one per core]
    #[arg(long, env = "POSTIL_WORKERS", value_name = "COUNT")]
    #[arg(value_parser = whole::<usize>(1, 1024))]
    pub workers: Option<usize>,

    /// Connections to the database
    #[arg(long, env = "POSTIL_READ_CONNECTIONS", value_name = "COUNT")]
    #[arg(default_value = "8", value_parser = whole::<u32>(1, 1000))]
    pub read_connections: u32,

    /// Days for which a reader who was away can catch up on a thread's changes
    #[arg(long, env = "POSTIL_KEEP_LOG_DAYS", value_name = "DAYS")]
    #[arg(default_value = "30", value_parser = whole::<u32>(1, 3650))]
    pub keep_log_days: u32,
}

impl Serve {
    /// Whether others than this machine's own users are served: by the address it listens on, or, behind a proxy, by
    /// the address that browsers use.
    pub(super) fn is_public(&self) -> bool {
        let is_own = |service: &ServiceUrl| {
            let url = url::Url::parse(&service.to_string());
            url.is_ok_and(|url| match url.host() {
                Some(url::Host::Domain(name)) => {
                    name == "localhost" || name.ends_with(".localhost")
                }
                Some(url::Host::Ipv4(address)) => address.is_loopback(),
                Some(url::Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            })
        };
        !self.listen.ip().is_loopback() || self.public_url.as_ref().is_some_and(|url| !is_own(url))
    }

    /// Whether there is to be a demo site. Behind a proxy the service listens on loopback too, so that a public URL
    /// counts as a public address.
    pub(super) fn demo(&self) -> bool {
        let out_of_the_box = self.listen.ip().is_loopback() && self.public_url.is_none();
        !self.no_demo && self.demo.unwrap_or(out_of_the_box)
    }
}
