//! `postil site`: whom the service serves, under which rules.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use postil::config::word;
use postil::domain::page::Origin;
use postil::domain::site::{Phrases, Policy};
use postil::domain::sso::{KeySet, SsoKeys};
use postil::domain::text::{Locale, Slug};
use postil::domain::time::Time;
use postil::domain::word::{Moderation, Word};
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::published_keys::PublishedKeys;
use postil::service::sites::{self, NewSite, SiteChanges};
use postil::store::Store;
use postil::store::site_keys::{self, SiteKeys};
use postil::store::sites::Site as Row;
use serde_json::{Value, json};

use super::progress::drive;
use super::{Failure, Outcome, first_line, said, table};

/// What to do with sites.
#[derive(Subcommand)]
pub enum Site {
    /// Add a site
    Add {
        /// Its name in addresses and in the widget: a–z, 0–9 and inner hyphens
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        slug: Slug,
        #[command(flatten)]
        origins: Origins,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change what the options name, and nothing else
    Set {
        /// The site
        #[arg(value_parser = |text: &str| said(Slug::parse(text)))]
        slug: Slug,
        /// Where its pages live, in the place of all origins it had
        #[arg(long, value_name = "URL", value_parser = |text: &str| said(Origin::parse(text)))]
        origin: Vec<Origin>,
        /// Take its own sign-on away
        #[arg(long, conflicts_with = "sso")]
        no_sso: bool,
        /// Say what it would do to the site's threads, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// List the sites
    List,
}

/// Where a new site's pages live.
#[derive(Args)]
pub struct Origins {
    /// Where its pages live, such as https://example.org or https://*.example.org; may be given again
    #[arg(long, required = true, value_name = "URL")]
    #[arg(value_parser = |text: &str| said(Origin::parse(text)))]
    origin: Vec<Origin>,
}

/// What else there is to say about a site.
#[derive(Args)]
pub struct Settings {
    /// Its name for people
    #[arg(long, value_parser = |text: &str| said(sites::check_name(text)))]
    name: Option<String>,
    /// Its language, such as en or pt-BR
    #[arg(long, value_parser = |text: &str| said(Locale::parse(text)))]
    locale: Option<Locale>,
    /// Whether comments wait for a moderator (pre) or not (post)
    #[arg(long, value_name = "pre|post", value_parser = word::<Moderation>)]
    moderation: Option<Moderation>,
    /// Take comments from anybody
    #[arg(long, overrides_with = "no_guests")]
    guests: bool,
    /// Take comments only from people whom the site signs in
    #[arg(long, overrides_with = "guests")]
    no_guests: bool,
    /// Other rules, as in the API, such as {"depth": 3}; what is not named stays
    #[arg(long, value_name = "JSON", value_parser = object)]
    policy: Option<Value>,
    #[command(flatten)]
    sso: Sso,
}

/// How a site signs its own people in.
#[derive(Args)]
pub struct Sso {
    /// A file with the secret that the site signs its tokens with (HS256)
    #[arg(long, value_name = "FILE", group = "sso", requires = "sso_audience")]
    sso_secret_file: Option<PathBuf>,
    /// A file with the public keys that the site signs its tokens with (JWKS). Keys that are not for signing, or of a kind that is not
    /// supported, are left out and named
    #[arg(long, value_name = "FILE", group = "sso", requires = "sso_audience")]
    sso_jwks: Option<PathBuf>,
    /// The address where the site publishes them, such as https://example.org/.well-known/jwks.json: they are fetched now, and again
    /// when they change
    #[arg(long, value_name = "URL", group = "sso", requires = "sso_audience")]
    sso_jwks_url: Option<String>,
    /// The `aud` that its tokens must have
    #[arg(long, value_name = "NAME", requires = "sso")]
    sso_audience: Option<String>,
    /// The `iss` that they must have
    #[arg(long, value_name = "NAME", requires = "sso")]
    sso_issuer: Option<String>,
}

impl Site {
    pub(super) async fn run(self, store: &Store, published: PublishedKeys) -> Outcome {
        match self {
            Self::Add {
                slug,
                origins,
                settings,
            } => add(store, &published, slug, origins.origin, settings).await,
            Self::Set {
                slug,
                origin,
                no_sso,
                dry_run,
                settings,
            } => {
                let sso = if no_sso {
                    Some(None)
                } else {
                    match settings.sso.read()? {
                        Some(keys) => {
                            let site = sites::get(store, slug.as_str()).await;
                            let site = site.map_err(|error| unknown(error, slug.as_str()))?;
                            let operator = Caller::operator();
                            let ready =
                                published.ready(store, &operator, Some(&site), keys, Time::now());
                            Some(Some(ready.await?))
                        }
                        None => None,
                    }
                };
                let changes = SiteChanges {
                    origins: (!origin.is_empty()).then_some(origin),
                    policy: settings.policy_patch(),
                    name: settings.name,
                    locale: settings.locale,
                    phrases: None,
                    sso,
                };
                set(store, &slug, changes, dry_run).await
            }
            Self::List => list(store).await,
        }
    }
}

async fn set(store: &Store, slug: &Slug, changes: SiteChanges, dry_run: bool) -> Outcome {
    let (operator, slug) = (Caller::operator(), slug.as_str());
    let not_there = |error| unknown(error, slug);
    let plan = sites::plan(store, &operator, slug, changes.clone()).await;
    let plan = plan.map_err(not_there)?;
    let told = plan.map_or_else(
        || "Addresses of pages are read as before.\n".to_owned(),
        |plan| plan.in_words(),
    );
    if dry_run {
        return Ok(told);
    }
    let changed = sites::change(store, &operator, slug, changes, Time::now()).await;
    let (site, job) = changed.map_err(not_there)?;
    if let Some(job) = job {
        // Before the work, which may take its time.
        eprint!("{told}");
        drive(store, job.id).await?;
    }
    let keys = keys_of(store, &site).await?;
    Ok(format!("Changed the site {slug}.\n") + &describe(&site, keys))
}

async fn add(
    store: &Store,
    published: &PublishedKeys,
    slug: Slug,
    origins: Vec<Origin>,
    settings: Settings,
) -> Outcome {
    let rules = Policy::of_new_site();
    let policy = match settings.policy_patch() {
        Some(patch) => rules.patched(&patch)?,
        None => rules,
    };
    let (operator, now) = (Caller::operator(), Time::now());
    let sso = match settings.sso.read()? {
        Some(keys) => Some(published.ready(store, &operator, None, keys, now).await?),
        None => None,
    };
    let new = NewSite {
        policy,
        sso,
        slug,
        name: settings.name.unwrap_or_default(),
        origins,
        // "en" is a language; were it refused, the message would say so.
        locale: settings.locale.map_or_else(|| Locale::parse("en"), Ok)?,
        phrases: Phrases::default(),
    };
    let (site, _) = sites::add(store, &operator, new, None, now).await?;
    let keys = keys_of(store, &site).await?;
    let slug = &site.slug;
    Ok(format!("Added the site {slug}.\n{}", describe(&site, keys))
        + &format!(
            "To moderate it: postil moderator add {slug} NAME\n\
             To show its comments, put this into its pages, with the service's own address:\n  \
             <script type=\"module\" src=\"https://…/postil.js\"></script><postil-thread site=\"{slug}\"></postil-thread>\n"
        ))
}

async fn list(store: &Store) -> Outcome {
    let mut rows = Vec::new();
    for site in all(store).await? {
        let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
        let guests = if site.policy.guests {
            "guests"
        } else {
            "no guests"
        };
        let keys = keys_of(store, &site).await?;
        let sso = site.sso.as_deref().map_or_else(
            || "-".to_owned(),
            |sso| algorithms(sso, keys.as_ref()).join("+"),
        );
        let moderation = site.policy.moderation.word().to_owned();
        rows.push([
            site.slug,
            moderation,
            guests.to_owned(),
            sso,
            origins.join(" "),
            site.name,
        ]);
    }
    if rows.is_empty() {
        return Ok("There is no site yet: postil site add SLUG --origin URL\n".into());
    }
    Ok(table(
        ["SITE", "MODERATION", "GUESTS", "SSO", "ORIGINS", "NAME"],
        rows,
    ))
}

/// Every site, in order of name.
pub(super) async fn all(store: &Store) -> Result<Vec<Row>, Failure> {
    const PAGE: usize = 100;
    let mut sites: Vec<Row> = Vec::new();
    loop {
        let after = sites
            .last()
            .map(|site| site.slug.clone())
            .unwrap_or_default();
        let page = sites::list(store, &Caller::operator(), after, PAGE).await?;
        let was_last = page.len() < PAGE;
        sites.extend(page);
        if was_last {
            return Ok(sites);
        }
    }
}

/// Which site it is that is unknown.
pub(super) fn unknown(error: Error, slug: &str) -> Failure {
    match error {
        Error::UnknownSite => Failure::new(format!(
            "there is no site `{slug}`; `postil site list` names them all"
        )),
        other => other.into(),
    }
}

/// The keys that a site publishes, if it does.
async fn keys_of(store: &Store, site: &Row) -> Result<Option<SiteKeys>, Failure> {
    let id = site.id;
    let is_published = site.sso.as_ref().is_some_and(|sso| sso.address().is_some());
    match is_published {
        true => Ok(store.read(move |conn| site_keys::of(conn, id)).await?),
        false => Ok(None),
    }
}

fn algorithms(sso: &SsoKeys, published: Option<&SiteKeys>) -> Vec<&'static str> {
    published.map_or_else(|| sso.algorithms(), |published| published.jwks.algorithms())
}

fn describe(site: &Row, published: Option<SiteKeys>) -> String {
    let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
    let guests = if site.policy.guests {
        "welcome"
    } else {
        "not let in"
    };
    let mut text = format!("  origins: {}\n", origins.join(" "));
    text += &format!(
        "  moderation: {}, guests: {guests}\n",
        site.policy.moderation.word()
    );
    if let Some(sso) = &site.sso {
        text += &format!(
            "  sign-on: {} for `{}`\n",
            algorithms(sso, published.as_ref()).join(", "),
            sso.audience()
        );
        if let Some(keys) = &published {
            text += &format!("  keys from {}, fetched at {}\n", keys.url, keys.fetched_at);
        }
        let set = published
            .as_ref()
            .map_or(sso.public_keys(), |keys| Some(&*keys.jwks));
        for key in set.map_or(&[][..], KeySet::left_out) {
            let name = key
                .kid
                .as_deref()
                .map(|kid| format!(" (kid `{}`)", first_line(kid, 80)));
            text += &format!("  left out{}: {}\n", name.unwrap_or_default(), key.detail);
        }
    }
    text
}

impl Settings {
    /// The rules that these options change: those of `--policy`, and on top those with a flag of their own.
    fn policy_patch(&self) -> Option<Value> {
        let mut patch = self.policy.clone().unwrap_or_else(|| json!({}));
        if let Some(moderation) = self.moderation {
            patch["moderation"] = json!(moderation.word());
        }
        if self.guests || self.no_guests {
            patch["guests"] = json!(self.guests);
        }
        patch
            .as_object()
            .is_some_and(|rules| !rules.is_empty())
            .then_some(patch)
    }
}

impl Sso {
    /// The keys, from the file that was named; files, since a secret in the arguments could be seen by everybody on
    /// the machine.
    fn read(&self) -> Result<Option<SsoKeys>, Failure> {
        let (name, key) = match (&self.sso_secret_file, &self.sso_jwks, &self.sso_jwks_url) {
            (Some(path), _, _) => {
                let secret = contents(path)?;
                // An editor's line end is no part of the secret.
                ("hs256_secret", json!(secret.trim_end_matches(['\r', '\n'])))
            }
            (None, Some(path), _) => {
                let keys: Value = serde_json::from_str(&contents(path)?).map_err(|error| {
                    Failure::new(format!("`{}` is not JSON: {error}", path.display()))
                })?;
                ("jwks", keys)
            }
            (None, None, Some(url)) => ("jwks_url", json!(url)),
            (None, None, None) => return Ok(None),
        };
        let mut sso = json!({"audience": self.sso_audience, "issuer": self.sso_issuer});
        sso[name] = key;
        Ok(Some(SsoKeys::parse(sso)?))
    }
}

fn contents(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))
}

fn object(text: &str) -> Result<Value, String> {
    let takes =
        || "It takes a JSON object, such as {\"depth\": 3, \"close_after_days\": 90}.".to_owned();
    let value: Value = serde_json::from_str(text).map_err(|_| takes())?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(takes())
    }
}
