//! The values that settings take. Each parse says in one sentence what it takes, and repeats nothing of its input:
//! [`super::complaint`] adds the setting's names, and the value where that is no secret.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::domain::service_url::ServiceUrl;
use crate::domain::word::Word;
use crate::mail::{Returns, Sender, Server};
use crate::store::Database;

/// So many calls in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Up to 1,000,000; 0 means as many as come.
    pub calls: u32,
    /// 1 to 86,400 (a day).
    pub seconds: u32,
}

impl Rate {
    /// Reads `COUNT/SECONDS`; a count of 0, or a plain `0`, means no limit.
    ///
    /// # Errors
    /// A sentence that says what is taken.
    pub fn parse(text: &str) -> Result<Self, String> {
        const TAKES: &str = "It takes COUNT/SECONDS, such as 20/60 for 20 in a minute, with a count up to 1000000 \
                             and up to 86400 seconds, or 0 for no limit.";
        // A plain 0 says everything there is to say.
        let (calls, seconds) = if text == "0" {
            ("0", "1")
        } else {
            text.split_once('/').ok_or(TAKES)?
        };
        let calls = number::<u32>(calls).filter(|calls| *calls <= 1_000_000);
        let seconds = number::<u32>(seconds).filter(|seconds| (1..=86_400).contains(seconds));
        Ok(Self {
            calls: calls.ok_or(TAKES)?,
            seconds: seconds.ok_or(TAKES)?,
        })
    }
}

/// Reads the mail server's address.
pub(super) fn smtp(text: &str) -> Result<Server, String> {
    text.parse().map_err(|takes| format!("It takes {takes}."))
}

/// Reads whom mail comes from.
pub(super) fn sender(text: &str) -> Result<Sender, String> {
    text.parse().map_err(|takes| format!("It takes {takes}."))
}

/// Reads where mail comes back to.
pub(super) fn returns(text: &str) -> Result<Returns, String> {
    text.parse().map_err(|takes| format!("It takes {takes}."))
}

/// Reads a name of the DNS, or the part of one.
pub(super) fn dns_name(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&label.len()) && label.chars().all(is_plain)
    };
    if text.len() <= 253 && text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(
            "It takes letters, digits and hyphens, with dots between them, such as example.org."
                .into(),
        )
    }
}

/// How to write the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Plain,
    /// An object for programs.
    Json,
}

impl LogFormat {
    /// Reads `plain` or `json`.
    ///
    /// # Errors
    /// A sentence that says what is taken.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "plain" => Ok(Self::Plain),
            "json" => Ok(Self::Json),
            _ => Err("It takes plain or json.".into()),
        }
    }
}

/// What gets into the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLevels(Targets);

impl LogLevels {
    /// Reads `LEVEL` and `MODULE=LEVEL`, with commas between them. The bare level is Postil's own: libraries never
    /// go beyond `warn` unless they are named, since what they tell may hold paths and addresses.
    ///
    /// # Errors
    /// A sentence that says what is taken.
    pub fn parse(text: &str) -> Result<Self, String> {
        const TAKES: &str = "It takes off, error, warn, info, debug or trace, and MODULE=LEVEL after it, with commas, \
                             such as info,postil::mail=debug.";
        let level = |text: &str| match text {
            "off" | "error" | "warn" | "info" | "debug" | "trace" => {
                text.parse::<LevelFilter>().ok()
            }
            _ => None,
        };
        let mut own = LevelFilter::INFO;
        let mut named = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (module, word) = part.split_once('=').unwrap_or(("", part));
            let level = level(word).ok_or(TAKES)?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
            match part.contains('=') {
                false => own = level,
                true if !module.is_empty() && module.chars().all(is_name) => {
                    named.push((module.to_owned(), level));
                }
                true => return Err(TAKES.into()),
            }
        }
        let levels = Targets::new()
            .with_default(own.min(LevelFilter::WARN))
            .with_target("postil", own);
        Ok(Self(levels.with_targets(named)))
    }

    /// As a filter.
    pub fn filter(&self) -> Targets {
        self.0.clone()
    }
}

/// Reads a whole number from `least` to `most`.
pub fn whole<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: std::str::FromStr + PartialOrd + fmt::Display + Copy + Send + Sync + 'static,
{
    move |text| {
        number(text)
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("It takes a whole number from {least} to {most}."))
    }
}

/// Reads one of a vocabulary's words.
///
/// # Errors
/// A sentence that lists them.
pub fn word<W: Word>(text: &str) -> Result<W, String> {
    W::from_word(text).ok_or_else(|| format!("It takes one of: {}.", W::words()))
}

/// Digits and nothing else, not even the `+` that Rust would take.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

pub(super) fn database(text: &str) -> Result<Database, String> {
    let takes = |_| "It takes sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.".to_owned();
    Database::parse(text).map_err(takes)
}

/// A database on a server.
pub(super) fn server(text: &str) -> Result<Database, String> {
    match Database::parse(text) {
        Ok(server @ Database::Postgres(_)) => Ok(server),
        _ => Err("It takes postgres://USER:PASSWORD@HOST/NAME.".into()),
    }
}

/// Reads an address with a port.
///
/// # Errors
/// A sentence that says what is taken.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let takes = |_| {
        "It takes an address and a port, such as 127.0.0.1:8080, 0.0.0.0:80 or [::]:8080."
            .to_owned()
    };
    text.parse().map_err(takes)
}

/// Reads how browsers reach the service.
///
/// # Errors
/// A sentence that says what is taken.
pub fn public_url(text: &str) -> Result<ServiceUrl, String> {
    ServiceUrl::parse(text).map_err(|invalid| invalid.detail)
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    const TAKES: &str =
        "It takes addresses or networks, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8.";
    let text = text.trim();
    let network = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    // What lies behind the prefix plays no part, so 10.1.2.3/8 is written as what it means.
    network
        .map(|network: IpNet| network.trunc())
        .map_err(|_| TAKES.to_owned())
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("It takes true or false.".into()),
    }
}
