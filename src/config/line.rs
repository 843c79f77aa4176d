//! Settings on a command line: what all of them have in common, and what is said when one will not do.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{Common, Serve, SettingError};

/// These may hold a password or a key, so that a refused value is not repeated.
const SECRET: &[&str] = &["database", "direct_database", "smtp", "secrets"];

/// Most characters of a refused value that are repeated.
const SHOWN: usize = 80;

/// Readies a command and those under it: `--help` never shows what a variable holds, and a variable that is set to
/// nothing is not looked at.
pub fn prepare(command: Command) -> Command {
    command.mut_args(prepare_setting).mut_subcommands(prepare)
}

fn prepare_setting(arg: Arg) -> Arg {
    let is_set_to_nothing = arg
        .get_env()
        .and_then(std::env::var_os)
        .is_some_and(|value| value.to_string_lossy().trim().is_empty());
    let arg = arg.hide_env_values(true);
    if is_set_to_nothing {
        without_variable(arg)
    } else {
        arg
    }
}

fn without_variable(arg: Arg) -> Arg {
    arg.env(None::<&'static str>)
}

/// A setting of the service (its flag) that these matches took from the command line itself.
pub fn service_setting(matches: &ArgMatches) -> Option<String> {
    Serve::augment_args(Command::new("serve"))
        .get_arguments()
        .find(|arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine))
        .and_then(|arg| arg.get_long().map(|flag| format!("--{flag}")))
}

/// When a setting's value was refused: its flag, its variable, the value unless it is secret, and what is taken.
/// `None` for every other error, which clap describes well by itself.
pub fn complaint(error: &clap::Error, command: &Command) -> Option<SettingError> {
    if !matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    ) {
        return None;
    }
    let takes = error.source()?;
    let named = text(error, ContextKind::InvalidArg)?;
    let arg = find(command, named);
    let flag = arg.and_then(Arg::get_long).map(|flag| format!("--{flag}"));
    let name = flag.unwrap_or_else(|| named.to_owned());
    let variable = arg
        .and_then(|arg| arg.get_env())
        .map(|name| format!(" ({})", name.to_string_lossy()));
    let variable = variable.unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue);
    let is_secret = arg.is_some_and(|arg| SECRET.contains(&arg.get_id().as_str()));
    Some(SettingError::new(match value {
        Some("") => format!("{name}{variable} cannot be empty. {takes}"),
        Some(value) if !is_secret => {
            format!("{name}{variable} cannot be `{}`. {takes}", shown(value))
        }
        _ => format!("{name}{variable} has a value that will not do. {takes}"),
    }))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

fn shown(value: &str) -> String {
    let short: String = value
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if value.chars().nth(SHOWN).is_some() {
        short + "…"
    } else {
        short
    }
}

/// The setting that clap calls so (`--listen <ADDRESS>`), whichever command it belongs to.
fn find<'a>(command: &'a Command, named: &str) -> Option<&'a Arg> {
    let flag = named.split([' ', '=', '[']).next()?.strip_prefix("--")?;
    let here = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(flag));
    here.or_else(|| {
        command
            .get_subcommands()
            .find_map(|command| find(command, named))
    })
}

/// Flags alone, without the environment.
pub(super) fn read_flags<'a>(
    flags: impl IntoIterator<Item = &'a str>,
) -> Result<(Common, Serve), SettingError> {
    let command = Serve::augment_args(Common::augment_args(Command::new("postil")));
    let command = command.mut_args(without_variable);
    let given = std::iter::once("postil").chain(flags);
    let matches = command.clone().try_get_matches_from(given);
    let read = matches.and_then(|matches| {
        Ok((
            Common::from_arg_matches(&matches)?,
            Serve::from_arg_matches(&matches)?,
        ))
    });
    read.map_err(|error| {
        complaint(&error, &command).unwrap_or_else(|| SettingError::new(error.to_string()))
    })
}
