//! Threads: how a page leads to one, and what its publisher decides about it.

use serde_json::Value;

use super::caller::Caller;
use crate::domain::id::{SiteId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::page::{PageKey, PageUrl};
use crate::domain::text::Title;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Moderation, Role, ThreadState, Word};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Settings, Thread};
use crate::store::types::Named;
use crate::store::{Store, Tx};
use crate::view;

/// A page of a site, checked to lie on one of its origins.
#[derive(Debug, Clone)]
pub struct Page {
    /// The site.
    pub site: SiteId,
    /// Its canonical address.
    pub url: PageUrl,
    /// What its thread is found by.
    pub key: PageKey,
}

impl Page {
    /// Parses a page's address and, where it has one, its key.
    ///
    /// # Errors
    /// `url_invalid`, `url_not_on_site`, `key_invalid`, with the name of the value in front.
    pub fn parse(
        site: &Site,
        url: &str,
        key: Option<&str>,
    ) -> std::result::Result<Self, (&'static str, Invalid)> {
        let url =
            PageUrl::parse(url, site.policy.trailing_slash).map_err(|invalid| ("url", invalid))?;
        if !site.origins.iter().any(|origin| origin.matches(&url)) {
            let detail = "This address is not on one of the site's origins.";
            return Err(("url", Invalid::new("url_not_on_site", detail)));
        }
        let key = match key {
            Some(key) => PageKey::given(key).map_err(|invalid| ("key", invalid))?,
            None => PageKey::from(&url),
        };
        Ok(Self {
            site: site.id,
            url,
            key,
        })
    }
}

/// The page's thread, locked; made now if this is the first that is heard of it, and whether it was.
pub(super) fn find_or_make(
    tx: &mut Tx,
    page: &Page,
    hint: Option<&Title>,
    now: Time,
) -> Result<(Locked, bool)> {
    let (id, found) = threads::by_key(tx, page.site, page.key.as_str())?;
    if found.is_none() {
        let mut thread = Thread::empty(id, page.site, page.key.as_str(), page.url.as_str(), now);
        thread.title_hint = hint.map(|title| title.as_str().to_owned());
        threads::insert(tx, &thread)?;
    }
    Ok((Locked::lock(tx, id)?, found.is_none()))
}

/// What a publisher says about a page.
#[derive(Debug, Clone, Default)]
pub struct Directions {
    /// What it is called.
    pub title: Option<Title>,
    /// Whether it takes comments.
    pub state: Option<ThreadState>,
    /// `Some(None)`: as the site does.
    pub moderation: Option<Option<Moderation>>,
}

impl Directions {
    /// Reads `state` and `policy`.
    ///
    /// # Errors
    /// `field_invalid`, `policy_invalid`, with the pointer in front.
    pub fn parse(
        title: Option<Title>,
        state: Option<&str>,
        policy: Option<&Value>,
    ) -> std::result::Result<Self, (&'static str, Invalid)> {
        let state = match state {
            None => None,
            Some(word) => Some(ThreadState::from_word(word).ok_or_else(|| {
                let detail = format!("`state` takes one of: {}.", ThreadState::words());
                ("/state", Invalid::new("field_invalid", detail))
            })?),
        };
        let moderation = match policy {
            None | Some(Value::Null) => None,
            Some(policy) => moderation_of(policy).map_err(|invalid| ("/policy", invalid))?,
        };
        Ok(Self {
            title,
            state,
            moderation,
        })
    }
}

fn moderation_of(policy: &Value) -> std::result::Result<Option<Option<Moderation>>, Invalid> {
    let refuse = || {
        let detail =
            "A thread's `policy` takes `moderation`: pre, post or null (as the site does).";
        Invalid::new("policy_invalid", detail)
    };
    let members = policy.as_object().ok_or_else(refuse)?;
    if members.keys().any(|name| name != "moderation") {
        return Err(refuse());
    }
    match members.get("moderation") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(word)) => Moderation::from_word(word)
            .map(|m| Some(Some(m)))
            .ok_or_else(refuse),
        Some(_) => Err(refuse()),
    }
}

/// Makes the page's thread, or changes what the directions name; gives it, and whether it is new.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn direct(
    store: &Store,
    caller: &Caller,
    page: Page,
    directions: Directions,
    now: Time,
) -> Result<(view::thread::Thread, bool)> {
    caller.must_change(Role::Author, Some(page.site))?;
    store
        .write(move |tx| {
            let site = sites::by_id(tx, page.site)?.ok_or(Error::UnknownSite)?;
            let (mut thread, is_new) = find_or_make(tx, &page, None, now)?;
            let settings = Settings {
                // A page that gives its key may have been named wrongly by its first reader.
                url: Some(page.url.to_string()),
                title: directions
                    .title
                    .as_ref()
                    .map(|title| title.as_str().to_owned()),
                state: directions.state.map(Named),
                moderation: directions
                    .moderation
                    .map(|moderation| moderation.map(Named)),
            };
            if changes(&thread, &settings) {
                threads::set(tx, thread.id, &settings)?;
                events::append(tx, &mut thread, EventKind::ThreadUpdated, None, now)?;
            }
            let row = threads::by_id(tx, thread.id)?.ok_or(Error::NotFound)?;
            Ok((view::thread::Thread::stored(&row, &site, now), is_new))
        })
        .await
}

fn changes(thread: &Thread, settings: &Settings) -> bool {
    settings.url.as_ref().is_some_and(|url| thread.url != *url)
        || settings
            .title
            .as_ref()
            .is_some_and(|title| thread.title.as_ref() != Some(title))
        || settings.state.is_some_and(|state| thread.state != state)
        || settings
            .moderation
            .is_some_and(|moderation| thread.moderation != moderation)
}

/// Whether an unknown thread's id can belong to a page that nobody commented on.
pub fn may_be_unwritten(id: ThreadId) -> Result<()> {
    if id.can_be_minted() {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
