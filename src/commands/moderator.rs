//! `postil moderator`: the people of a site. The first of them is made here, never by being first to register.

use clap::Subcommand;
use postil::domain::text::{Email, Name};
use postil::domain::time::Time;
use postil::domain::word::{Role, Word};
use postil::service::caller::Caller;
use postil::service::staff;
use postil::store::Store;

use super::site::unknown;
use super::{Outcome, said, table};

/// What to do with a site's people.
#[derive(Subcommand)]
pub enum Moderator {
    /// Add a person, and print an API token that is theirs
    Add {
        /// The site
        site: String,
        /// The name they sign with, which no guest can take from then on
        #[arg(value_parser = |text: &str| said(Name::parse(text)))]
        name: Name,
        /// What they may do: author, moderator or admin
        #[arg(long, default_value = "moderator", value_parser = staff_role)]
        role: Role,
        /// Where they are told of comments that wait
        #[arg(long, value_name = "ADDRESS", value_parser = |text: &str| said(Email::parse(text)))]
        email: Option<Email>,
    },
    /// List a site's people
    List {
        /// The site
        site: String,
    },
}

impl Moderator {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        match self {
            Self::Add {
                site,
                name,
                role,
                email,
            } => {
                let shown = name.to_string();
                let added = staff::add(
                    store,
                    &Caller::operator(),
                    &site,
                    name,
                    role,
                    email,
                    Time::now(),
                )
                .await;
                let (person, token) = added.map_err(|error| unknown(error, &site))?;
                Ok(format!(
                    "Added {shown} to the site {site} as {role} (person {id}).\n\
                     This is their API token. It is shown this once: keep it like a password.\n{token}\n",
                    role = role.word(),
                    id = person.id,
                ))
            }
            Self::List { site } => {
                let people = staff::list(store, &site)
                    .await
                    .map_err(|error| unknown(error, &site))?;
                if people.is_empty() {
                    return Ok(format!("Nobody yet: postil moderator add {site} NAME\n"));
                }
                // Addresses stay out: they are shown to their owners, not on a terminal.
                let rows = people.into_iter().map(|person| {
                    [
                        person.id.to_string(),
                        person.role.word().to_owned(),
                        person.created_at.to_string(),
                        person.name.unwrap_or_default(),
                    ]
                });
                Ok(table(["PERSON", "ROLE", "ADDED", "NAME"], rows.collect()))
            }
        }
    }
}

/// Readers need no role from an operator.
pub(super) fn staff_role(text: &str) -> Result<Role, String> {
    match Role::from_word(text) {
        Some(role) if role != Role::Reader => Ok(role),
        _ => Err("It takes one of: author, moderator, admin.".into()),
    }
}
