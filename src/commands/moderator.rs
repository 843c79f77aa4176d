//! `postil moderator`: the people of a site. The first of them is made here, never by being first to register.

use clap::{Args, Subcommand};
use postil::config;
use postil::domain::id::SessionId;
use postil::domain::service_url::ServiceUrl;
use postil::domain::text::{Email, Name};
use postil::domain::time::Time;
use postil::domain::word::{Role, Word};
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::staff_links::{self, Goal};
use postil::service::{sessions, staff};
use postil::store::people::Person;
use postil::store::sites::Site;
use postil::store::{self, Store};

use super::site::{self, unknown};
use super::{Failure, Outcome, said, table};

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
        /// Where they are told of comments that wait, and sign in by mail
        #[arg(long, value_name = "ADDRESS", value_parser = |text: &str| said(Email::parse(text)))]
        email: Option<Email>,
    },
    /// List a site's people
    List {
        /// The site
        site: String,
    },
    /// Print a link that signs one of a site's people in, once, within 15 minutes
    #[command(allow_missing_positional = true)]
    Link(Link),
    /// List the sessions of a site's people that go on, or end one
    Sessions {
        /// The site [default: every site]
        site: Option<String>,
        /// End this one at once
        #[arg(long, value_name = "ID", conflicts_with = "site")]
        #[arg(value_parser = |text: &str| text.parse::<SessionId>().map_err(|_| SESSION))]
        end: Option<SessionId>,
    },
}

const SESSION: &str = "It takes an id as `postil moderator sessions` shows it.";

/// Whom to let in, and where.
#[derive(Args)]
pub struct Link {
    /// The site, where more than one has somebody of that name
    site: Option<String>,
    /// Their name, or their id as `postil moderator list` shows it
    name: String,
    /// The page of the site to go to [default: that of its newest thread]
    #[arg(long, value_name = "URL", conflicts_with = "console")]
    page: Option<String>,
    /// Print a code that begins a session with all that their role gives, for 12 hours, instead
    #[arg(long)]
    console: bool,
    /// How browsers reach the service
    #[arg(long, env = "POSTIL_PUBLIC_URL", value_name = "URL", value_parser = config::public_url)]
    #[arg(default_value = "http://127.0.0.1:8080")]
    public_url: ServiceUrl,
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
                     To sign them in in its pages: postil moderator link {site} \"{shown}\"\n\
                     This is their API token. It is shown this once: keep it like a password.\n{token}\n",
                    role = role.word(),
                    id = person.id,
                ))
            }
            Self::Link(link) => link.run(store).await,
            Self::Sessions { end: Some(id), .. } => end_session(store, id).await,
            Self::Sessions { site, end: None } => list_sessions(store, site).await,
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

impl Link {
    async fn run(self, store: &Store) -> Outcome {
        let (site, person) = self.found(store).await?;
        let name = person.name.clone().unwrap_or_else(|| person.id.to_string());
        let (role, slug) = (person.role.word(), &site.slug);
        let goal = match self.console {
            true => Goal::Console,
            false => Goal::Page(self.page),
        };
        let (service, now) = (self.public_url, Time::now());
        let made = staff_links::make(
            store,
            &Caller::operator(),
            person.id,
            goal,
            service.clone(),
            now,
        )
        .await
        .map_err(|error| match error {
            Error::Conflict(why) => Failure::new(why),
            other => other.into(),
        })?;
        let secret = &made.secret;
        Ok(match made.url {
            Some(page) => format!(
                "Whoever opens this link and presses its button is signed in as {name} ({role} on the site {slug}), at\n\
                 {page}\n\
                 It works once, within 15 minutes. Give it to nobody else.\n\
                 {service}/s/moderator/{secret}\n"
            ),
            None => format!(
                "This code begins a session of {name} with all that the role {role} gives on the site {slug}, for 12 hours:\n  \
                 curl {service}/v1/sessions -H 'Content-Type: application/json' -d '{{\"code\": \"{secret}\"}}'\n\
                 It works once, within 15 minutes. Give it to nobody else.\n\
                 {secret}\n"
            ),
        })
    }

    /// The one person of that name.
    async fn found(&self, store: &Store) -> Result<(Site, Person), Failure> {
        let (slug, name) = (self.site.as_deref(), &self.name);
        let found = staff::find(store, slug, name).await;
        let mut found = found.map_err(|error| unknown(error, slug.unwrap_or_default()))?;
        let Some((site, person)) = found.pop() else {
            let (place, site) = match slug {
                Some(slug) => (format!(" on the site {slug}"), slug),
                None => (String::new(), "SITE"),
            };
            return Err(Failure::new(format!(
                "nobody called `{name}` has a role{place}; `postil moderator list {site}` names those who have"
            )));
        };
        if found.is_empty() {
            return Ok((site, person));
        }
        found.push((site, person));
        if found.iter().all(|(other, _)| other.id == found[0].0.id) {
            let ids: Vec<_> = found
                .iter()
                .map(|(_, person)| format!("{} ({})", person.id, person.role.word()))
                .collect();
            return Err(Failure::new(format!(
                "more than one person on the site {} is called `{name}`; give the id of one: {}",
                found[0].0.slug,
                ids.join(", ")
            )));
        }
        let mut slugs: Vec<_> = found.iter().map(|(site, _)| site.slug.as_str()).collect();
        slugs.dedup();
        Err(Failure::new(format!(
            "`{name}` has a role on more than one site; name the site: {}",
            slugs.join(", ")
        )))
    }
}

/// Most sessions of a site that are listed.
const SHOWN: i64 = 1000;

async fn list_sessions(store: &Store, slug: Option<String>) -> Outcome {
    let now = Time::now();
    let mut sites = site::all(store).await?;
    if let Some(slug) = &slug {
        sites.retain(|site| site.slug == *slug);
        if sites.is_empty() {
            return Err(unknown(Error::UnknownSite, slug));
        }
    }
    let mut rows = Vec::new();
    for site in sites {
        let id = site.id;
        let found = store
            .read(move |conn| sessions::page(conn, &Caller::operator(), Some(id), None, SHOWN, now))
            .await?;
        rows.extend(
            found
                .into_iter()
                .map(|(session, person)| row(&site, session, person)),
        );
    }
    if rows.is_empty() {
        return Ok("Nobody with a role is signed in.\n".into());
    }
    Ok(table(
        ["SESSION", "SITE", "KIND", "BEGAN", "USED", "ENDS", "NAME"],
        rows,
    ))
}

fn row(site: &Site, session: store::sessions::Session, person: Person) -> [String; 7] {
    [
        session.id.to_string(),
        site.slug.clone(),
        session.kind.word().to_owned(),
        session.created_at.to_string(),
        session.used_at.to_string(),
        session.expires_at.to_string(),
        person.name.unwrap_or_default(),
    ]
}

async fn end_session(store: &Store, id: SessionId) -> Outcome {
    match sessions::end(store, &Caller::operator(), id, Time::now()).await {
        Err(Error::NotFound) => Err(Failure::new(format!("there is no session {id} of theirs"))),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(format!("Ended the session {id}.\n")),
    }
}

/// Readers need no role from an operator.
pub(super) fn staff_role(text: &str) -> Result<Role, String> {
    match Role::from_word(text) {
        Some(role) if role != Role::Reader => Ok(role),
        _ => Err("It takes one of: author, moderator, admin.".into()),
    }
}
