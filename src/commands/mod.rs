//! The operator's commands, one file per noun. Each gives the lines that it answers with; a secret comes last, on a
//! line of its own, so that `tail -n 1` takes it.

mod adviser;
mod backup;
mod health;
mod job;
mod mail;
mod migrate;
mod moderate;
mod moderator;
mod progress;
mod rerender;
mod site;
mod thread;
mod token;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use postil::config::{self, Common, Config, Serve, SettingError};
use postil::domain::invalid::Invalid;
use postil::error::Error;
use postil::outbound::Client;
use postil::service::published_keys::PublishedKeys;
use postil::store::Store;

const ABOUT: &str = "Comments for any web page: one program, one file of data.";

const AFTER: &str = "Without a command it serves. A setting is taken from its flag, or else from its environment \
                     variable, or else as its default has it.";

/// A command line.
#[derive(Parser)]
#[command(name = "postil", version, about = ABOUT, long_about = None, after_help = AFTER)]
pub struct Line {
    /// What to do.
    #[command(subcommand)]
    command: Option<Command>,
    /// Settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// Settings of the service, where no command is named.
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service (the default)
    Serve(Box<Serve>),
    /// Add, list and change sites
    #[command(subcommand)]
    Site(site::Site),
    /// Have a service of a site's own asked about each comment
    #[command(subcommand)]
    Adviser(adviser::Adviser),
    /// Add and list the people who moderate or write a site
    #[command(subcommand)]
    Moderator(moderator::Moderator),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Make stored comments HTML anew, where another release or rule made it
    Rerender(rerender::Rerender),
    /// List, follow and cancel long work
    #[command(subcommand)]
    Job(job::Job),
    /// List, move and join threads
    #[command(subcommand)]
    Thread(thread::Thread),
    /// List the comments that wait, approve and reject them
    Moderate(moderate::Moderate),
    /// Look after outgoing mail, and read what comes back
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Bring the database's schema up to date (serving does so too)
    Migrate,
    /// Copy the SQLite database to a new file, while the service runs
    Backup(backup::Backup),
    /// Ask the service on this machine whether it is well; ends with status 0 if so
    Health(health::Health),
}

/// Why there is no [`Line`].
pub enum Unread {
    /// Help was given, or the mistake described: end with this.
    Said(ExitCode),
    /// A setting will not do.
    Setting(SettingError),
}

impl Line {
    /// Reads the command line and the environment.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, Unread> {
        let command = config::prepare(Self::command());
        let line = command.clone().try_get_matches_from(args).and_then(|matches| {
            // Both `postil --listen …` and `postil serve --listen …` are right, but not a mixture, in which the
            // flag before the command would be lost.
            if let (Some(flag), Some(name)) = (config::service_setting(&matches), matches.subcommand_name()) {
                let why = format!("{flag} is a setting of the service: it stands after `serve`, not before `{name}`");
                return Err(command.clone().error(ErrorKind::ArgumentConflict, why));
            }
            Self::from_arg_matches(&matches)
        });
        line.map_err(|error| match config::complaint(&error, &command) {
            Some(complaint) => Unread::Setting(complaint),
            None => {
                // Help goes to standard output and is no failure.
                let _ = error.print();
                Unread::Said(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1)))
            }
        })
    }

    /// Does what was asked for, and gives the answer's lines.
    pub async fn run(self) -> Outcome {
        let Self {
            command,
            common,
            serve,
        } = self;
        match command {
            None => run_service(&common, serve).await,
            Some(Command::Serve(serve)) => run_service(&common, *serve).await,
            Some(Command::Site(site)) => {
                let client = Client::new(common.outbound_networks.clone());
                site.run(&open(&common)?, PublishedKeys::new(client)).await
            }
            Some(Command::Adviser(adviser)) => adviser.run(&open(&common)?).await,
            Some(Command::Moderator(moderator)) => moderator.run(&open(&common)?).await,
            Some(Command::Token(token)) => token.run(&open(&common)?).await,
            Some(Command::Rerender(rerender)) => rerender.run(&open(&common)?).await,
            Some(Command::Job(job)) => job.run(&open(&common)?).await,
            Some(Command::Thread(thread)) => thread.run(&open(&common)?).await,
            Some(Command::Moderate(moderate)) => moderate.run(&open(&common)?).await,
            Some(Command::Mail(mail)) => mail.run(&common).await,
            Some(Command::Migrate) => migrate::run(&common),
            Some(Command::Backup(backup)) => backup.run(&common),
            Some(Command::Health(health)) => health.run(),
        }
    }
}

async fn run_service(common: &Common, serve: Serve) -> Outcome {
    postil::app::serve(Config::new(common, serve)?).await?;
    Ok(String::new())
}

/// What a command answers.
type Outcome = Result<String, Failure>;

/// Why a command could not do what it was asked, for the operator.
pub struct Failure {
    text: String,
    is_passing: bool,
}

/// What a mail server is told, so that it tries again later (`EX_TEMPFAIL` of sysexits.h).
const TEMPORARY: u8 = 75;

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_passing: false,
        }
    }

    /// The same, to be tried again later by whoever ran the command.
    fn for_now(self) -> Self {
        Self {
            is_passing: true,
            ..self
        }
    }

    /// The status to end with.
    pub fn code(&self) -> u8 {
        if self.is_passing { TEMPORARY } else { 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Everything that happened, causes included.
impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        if let Some(own) = (&error as &dyn std::error::Error).downcast_ref::<Error>() {
            return Self::new(own.for_operator());
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self::new(text)
    }
}

/// Opens the database for one command.
fn open(common: &Common) -> Result<Store, Failure> {
    if common.database.is_none() {
        config::make_data_dir(&common.data_dir)?;
    }
    // Nobody watches threads here; a running service sees from the log what changed.
    let (store, _) = Store::open(common.database(), common.direct_database()?, 1)?;
    Ok(store)
}

/// A domain type's refusal, as clap wants it.
fn said<T>(parsed: Result<T, Invalid>) -> Result<T, String> {
    parsed.map_err(|invalid| invalid.detail)
}

/// Rows under headings, in columns as wide as what is in them.
fn table<const N: usize>(headings: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in std::iter::once(headings.map(str::to_owned)).chain(rows) {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text += "\n";
    }
    text
}

/// The beginning of a reader's text on one line, without what could move a terminal's cursor.
fn first_line(text: &str, most: usize) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let mut plain = line
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let short: String = plain.by_ref().take(most).collect();
    if plain.next().is_some() {
        short + "…"
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_hang_together() {
        Line::command().debug_assert();
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let rows = vec![
            ["a".to_owned(), "b".to_owned()],
            ["größer".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["ID", "NAME"], rows),
            "ID      NAME\na       b\ngrößer\n"
        );
    }

    #[test]
    fn a_readers_text_cannot_move_the_cursor() {
        assert_eq!(first_line("\n  \n a\u{1b}[2Jb \nc", 20), "a\u{fffd}[2Jb");
        assert_eq!(first_line("abcdef", 3), "abc…");
        assert_eq!(first_line("", 3), "");
    }
}
