//! `postil token`: long-lived tokens for programs.

use std::time::Duration;

use clap::Subcommand;
use postil::config::whole;
use postil::domain::id::ApiTokenId;
use postil::domain::time::Time;
use postil::domain::word::{Role, Word};
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::tokens::{self, NewToken};
use postil::store::Store;
use postil::store::tokens::ApiToken;

use super::moderator::staff_role;
use super::site::{self, unknown};
use super::{Failure, Outcome, table};

/// What to do with tokens.
#[derive(Subcommand)]
pub enum Token {
    /// Make a token, and print it
    Add {
        /// What it is for
        #[arg(long, value_parser = purpose)]
        name: String,
        /// What it may do: author, moderator or admin
        #[arg(long, value_parser = staff_role)]
        role: Role,
        /// On which site [default: on every site]
        #[arg(long, value_name = "SLUG")]
        site: Option<String>,
        /// Whether it may only look
        #[arg(long)]
        read_only: bool,
        /// After how many days it ends [default: never]
        #[arg(long, value_name = "DAYS", value_parser = whole::<u64>(1, 3650))]
        expires_days: Option<u64>,
    },
    /// List the tokens, the newest first
    List,
    /// End a token at once
    Revoke {
        /// Its id, as `postil token list` shows it
        #[arg(value_parser = |text: &str| text.parse::<ApiTokenId>().map_err(|_| ID))]
        id: ApiTokenId,
    },
}

const ID: &str = "It takes an id as `postil token list` shows it.";

impl Token {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        let now = Time::now();
        match self {
            Self::Add {
                name,
                role,
                site,
                read_only,
                expires_days,
            } => {
                let span = |days| Duration::from_secs(days * 24 * 3600);
                let expires_at = expires_days.map(|days| now.plus(span(days)));
                let new = NewToken {
                    name,
                    role,
                    site: site.clone(),
                    read_only,
                    expires_at,
                };
                let made = tokens::create(store, &Caller::operator(), new, None, now).await;
                let (token, text, _) =
                    made.map_err(|error| unknown(error, &site.clone().unwrap_or_default()))?;
                let place = site.map_or_else(
                    || "on every site".to_owned(),
                    |site| format!("on the site {site}"),
                );
                let end = expires_at
                    .map(|end| format!(" until {end}"))
                    .unwrap_or_default();
                Ok(format!(
                    "Made the token {id}, {role} {place}{only}{end}.\n\
                     It is shown this once: keep it like a password.\n{text}\n",
                    id = token.id,
                    role = role.word(),
                    only = if read_only { ", for reading only" } else { "" },
                ))
            }
            Self::List => list(store, now).await,
            Self::Revoke { id } => {
                match tokens::revoke(store, &Caller::operator(), id, now).await {
                    Err(Error::NotFound) => Err(Failure::new(format!("there is no token {id}"))),
                    Err(error) => Err(error.into()),
                    Ok(()) => Ok(format!("Revoked the token {id}.\n")),
                }
            }
        }
    }
}

async fn list(store: &Store, now: Time) -> Outcome {
    const PAGE: usize = 100;
    let sites = site::all(store).await?;
    let mut rows = Vec::new();
    let mut before = None;
    loop {
        let page = tokens::list(store, &Caller::operator(), before, PAGE).await?;
        before = page.last().map(|token| token.id);
        let was_last = page.len() < PAGE;
        for token in page {
            let place = match token.site_id {
                None => "(every)",
                Some(id) => sites
                    .iter()
                    .find(|site| site.id == id)
                    .map_or("?", |site| site.slug.as_str()),
            };
            let role = token.role.word();
            let role = if token.read_only {
                format!("{role}, reads")
            } else {
                role.to_owned()
            };
            let state = state(&token, now);
            rows.push([
                token.id.to_string(),
                role,
                place.to_owned(),
                token.created_at.to_string(),
                state,
                token.name,
            ]);
        }
        if was_last {
            break;
        }
    }
    if rows.is_empty() {
        return Ok("There is no token yet: postil token add --name NAME --role ROLE\n".into());
    }
    Ok(table(
        ["TOKEN", "ROLE", "SITE", "MADE", "STATE", "NAME"],
        rows,
    ))
}

fn state(token: &ApiToken, now: Time) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("ended {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "valid".to_owned(),
    }
}

fn purpose(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err("It takes one line of 1 to 100 characters.".into());
    }
    Ok(text.to_owned())
}
