//! The demo site: open to guests, with a sample thread that is written through the same rules as any
//! comment.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::caller::Caller;
use super::comments::{self, Draft};
use super::demo_page;
use super::identity;
use super::judging::Judges;
use super::reactions::react;
use super::session_kinds::Whence;
use super::signing::Signature;
use super::sites::{self, NewSite, SiteChanges};
use super::threads::Page;
use super::votes::{self, Value};
use super::work::Brought;
use crate::domain::id::{CommentId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::markdown;
use crate::domain::page::Origin;
use crate::domain::service_url::ServiceUrl;
use crate::domain::site::{Phrases, Policy};
use crate::domain::text::{CommentSource, Locale, Name, Slug, Title, Website};
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::error::{Error, Result};
use crate::store::sites::Site;
use crate::store::{Conn, Store, threads};

/// The demo's name among the sites.
pub const SLUG: &str = "demo";

/// The sample thread, in order of time.
const SAMPLE: &str = include_str!("../../demo/thread.json");

/// One comment of the sample thread.
#[derive(Deserialize)]
struct Sample {
    author: String,
    website: Option<String>,
    minutes_ago: u64,
    /// The index of the comment that it answers.
    reply_to: Option<usize>,
    body: String,
    #[serde(default)]
    up: usize,
    #[serde(default)]
    down: usize,
    #[serde(default)]
    reactions: BTreeMap<String, usize>,
}

/// Makes the demo site, or moves it to where the service is now; on an empty one, writes the sample
/// thread. `own` are the addresses at which the service is; the demo is shown at the first.
///
/// # Errors
/// Those of the database.
pub async fn prepare(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    own: &[ServiceUrl],
    now: Time,
) -> Result<()> {
    let Some(home) = own.first() else {
        return Ok(());
    };
    let origins: Vec<Origin> = own.iter().map(|url| url.origin().clone()).collect();
    let site = match sites::get(store, SLUG).await {
        Ok(site) if *site.origins == origins => site,
        Ok(_) => {
            let changes = SiteChanges {
                origins: Some(origins),
                ..SiteChanges::default()
            };
            sites::change(store, &Caller::operator(), SLUG, changes, now)
                .await?
                .0
        }
        Err(Error::UnknownSite) => {
            sites::add(store, &Caller::operator(), new_site(origins)?, None, now)
                .await?
                .0
        }
        Err(error) => return Err(error),
    };
    let page = Page::parse(&site, &home.at(demo_page::PATH), Some(SLUG))
        .map_err(|(_, invalid)| ours(invalid))?;
    let key = page.key.clone();
    let id = site.id;
    let (_, thread) = store
        .read(move |conn| threads::by_key(conn, id, key.as_str()))
        .await?;
    if thread.is_none() {
        write_sample(store, keys, judges, &site, &page, now).await?;
    }
    Ok(())
}

fn new_site(origins: Vec<Origin>) -> Result<NewSite> {
    Ok(NewSite {
        slug: Slug::parse(SLUG).map_err(ours)?,
        name: "Postil demo".into(),
        origins,
        locale: Locale::parse("en").map_err(ours)?,
        policy: Policy::of_new_site(),
        phrases: Phrases::default(),
        sso: None,
    })
}

/// What this file says is always valid; if not, it is our own mistake.
fn ours(invalid: Invalid) -> Error {
    Error::Internal(invalid.detail)
}

/// The thread of the demo's page.
///
/// # Errors
/// [`Error::UnknownSite`] when there is no demo.
pub fn thread(conn: &mut Conn) -> Result<ThreadId> {
    let site = sites::named(conn, SLUG)?;
    Ok(threads::by_key(conn, site.id, SLUG)?.0)
}

async fn write_sample(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    site: &Site,
    page: &Page,
    now: Time,
) -> Result<()> {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLE)
        .map_err(|error| Error::Internal(format!("demo/thread.json: {error}")))?;
    let mut cast = Cast {
        store,
        keys,
        site,
        known: BTreeMap::new(),
    };
    let mut written: Vec<CommentId> = Vec::new();
    for sample in &samples {
        let at = now.minus(Duration::from_secs(60 * sample.minutes_ago));
        let parent = sample
            .reply_to
            .and_then(|index| written.get(index).copied());
        let author = cast.member(&sample.author, at).await?;
        let draft = draft(page, parent, sample)?;
        let posted = comments::post(store, keys, judges, &author, draft, None, at).await?;
        written.push(posted.id);
    }
    // The audience: enough guests that nobody votes twice or on what they wrote.
    for (sample, id) in samples.iter().zip(written) {
        let votes = std::iter::repeat_n(1, sample.up).chain(std::iter::repeat_n(-1, sample.down));
        for (index, value) in votes.enumerate() {
            let voter = cast.member(&format!("Reader {index}"), now).await?;
            let value = Value::parse(value).map_err(ours)?;
            votes::vote(store, &voter, id, value, now).await?;
        }
        for (emoji, &count) in &sample.reactions {
            for index in 0..count {
                let reader = cast.member(&format!("Reader {index}"), now).await?;
                react(store, &reader, id, emoji.clone(), true, now).await?;
            }
        }
    }
    Ok(())
}

fn draft(page: &Page, parent: Option<CommentId>, sample: &Sample) -> Result<Draft> {
    let source = CommentSource::parse(&sample.body, Policy::default().length).map_err(ours)?;
    let website = sample
        .website
        .as_deref()
        .map(Website::parse)
        .transpose()
        .map_err(ours)?;
    Ok(Draft {
        page: page.clone(),
        title: Title::hint("What the margin is for"),
        parent,
        about: None,
        html: markdown::render(source.as_str(), Policy::default().line_breaks),
        source,
        signature: Signature {
            name: Some(Name::parse(&sample.author).map_err(ours)?),
            email: None,
            website,
        },
        notify: None,
        email: None,
        network: None,
        whence: Whence::default(),
        hasty: false,
        work: Brought::default(),
    })
}

/// The guests who play in the sample thread.
struct Cast<'a> {
    store: &'a Store,
    keys: &'a Keys,
    site: &'a Site,
    known: BTreeMap<String, Caller>,
}

impl Cast<'_> {
    /// The guest of that name.
    async fn member(&mut self, name: &str, now: Time) -> Result<Caller> {
        if let Some(known) = self.known.get(name) {
            return Ok(known.clone());
        }
        let signature = Signature::default();
        let (store, keys, whence) = (self.store, self.keys, Whence::default());
        let (identity, _) = identity::guest(
            store,
            keys,
            self.site.id,
            signature,
            whence.clone(),
            None,
            now,
        )
        .await?;
        let caller = identity::authenticate(store, keys, &identity.token, whence, now).await?;
        self.known.insert(name.to_owned(), caller.clone());
        Ok(caller)
    }
}
