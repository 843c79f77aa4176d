//! `postil adviser`: the service of its own that a site asks about each comment.

use clap::Subcommand;
use postil::domain::text::Slug;
use postil::domain::time::Time;
use postil::domain::webhook::Endpoint;
use postil::error::Error;
use postil::service::advisers;
use postil::service::caller::Caller;
use postil::store::Store;
use postil::store::advisers::Adviser as Row;

use super::site::unknown;
use super::{Failure, Outcome, said};

/// What to do with a site's adviser.
#[derive(Subcommand)]
pub enum Adviser {
    /// Name a site's adviser, and print the secret that its requests are signed with; or say where it is now
    Set {
        /// The site
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        site: Slug,
        /// Where it listens, such as https://example.org/judge
        #[arg(value_parser = |text: &str| said(Endpoint::parse(text)))]
        url: Endpoint,
    },
    /// Say where a site's adviser is
    Show {
        /// The site
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        site: Slug,
    },
    /// Make a new secret, and print it; the one before signs too for a day
    Rotate {
        /// The site
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        site: Slug,
    },
    /// Ask nobody from now on
    Remove {
        /// The site
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        site: Slug,
    },
}

const SECRET: &str = "Its requests are signed with this secret, which is shown this once:";

impl Adviser {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        let (caller, now) = (Caller::operator(), Time::now());
        match self {
            Self::Set { site, url } => {
                let named = advisers::name(store, &caller, site.as_str(), url, now).await;
                let (adviser, is_new) = named.map_err(|error| unsettled(error, &site))?;
                let place = format!("The site {site} asks {}", adviser.url);
                Ok(match is_new {
                    true => format!("{place}.\n{SECRET}\n{}\n", adviser.secret()),
                    false => format!("{place}, with the secret that it had.\n"),
                })
            }
            Self::Show { site } => {
                let found = advisers::show(store, &caller, site.as_str()).await;
                Ok(describe(
                    &found.map_err(|error| unsettled(error, &site))?,
                    now,
                ))
            }
            Self::Rotate { site } => {
                let made = advisers::rotate(store, &caller, site.as_str(), None, now).await;
                let (adviser, _) = made.map_err(|error| unsettled(error, &site))?;
                Ok(describe(&adviser, now) + &format!("{SECRET}\n{}\n", adviser.secret()))
            }
            Self::Remove { site } => {
                let removed = advisers::remove(store, &caller, site.as_str(), now).await;
                removed.map_err(|error| unsettled(error, &site))?;
                Ok(format!("The site {site} asks nobody.\n"))
            }
        }
    }
}

fn describe(adviser: &Row, now: Time) -> String {
    let mut text = format!("{}\n  secret of {}", adviser.url, adviser.secret_at);
    if let Some(until) = adviser.former_until.filter(|until| *until > now) {
        text += &format!("; the one before signs too until {until}");
    }
    text + "\n"
}

fn unsettled(error: Error, site: &Slug) -> Failure {
    match error {
        Error::NotFound => Failure::new(format!(
            "the site {site} has no adviser: postil adviser set {site} URL"
        )),
        other => unknown(other, site.as_str()),
    }
}
