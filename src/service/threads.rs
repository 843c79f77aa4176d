//! Threads: how a page leads to one, and what its publisher decides about it.

use serde_json::{Value, json};

use super::audit::{self, Act};
use super::authors;
use super::caller::{Caller, Rights};
use crate::domain::id::{PersonId, SiteId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::page::{AddressRules, PageKey, PageUrl};
use crate::domain::text::{Email, Title};
use crate::domain::time::Time;
use crate::domain::word::{EventKind, Moderation, Role, ThreadState, Word};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Settings, Thread};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, comments, moving, people, thread_keys};
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
    /// What it will be found by once rules are in force that a job applies just now, if that is another.
    pub next_key: Option<PageKey>,
    /// The state of the site by which it was read.
    version: i64,
    /// As it was written.
    said: (String, Option<String>),
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
        let said = (url.to_owned(), key.map(str::to_owned));
        let url = site.address_rules().canonical(url);
        let url = url.map_err(|invalid| ("url", invalid))?;
        if !site.origins.iter().any(|origin| origin.matches(&url)) {
            let detail = "This address is not on one of the site's origins.";
            return Err(("url", Invalid::new("url_not_on_site", detail)));
        }
        let (key, next_key) = match key {
            Some(key) => (
                PageKey::given(key).map_err(|invalid| ("key", invalid))?,
                None,
            ),
            None => {
                let next = site.next_addresses.as_deref();
                let next = next.and_then(|rules| rules.canonical(&said.0).ok());
                let next = next.filter(|next| *next != url);
                (PageKey::from(&url), next.as_ref().map(PageKey::from))
            }
        };
        Ok(Self {
            site: site.id,
            url,
            key,
            next_key,
            version: site.version,
            said,
        })
    }

    /// The id that the page leads to, and its thread where there is one.
    pub fn thread(&self, conn: &mut Conn) -> Result<(ThreadId, Option<Thread>)> {
        let found = threads::by_key(conn, self.site, self.key.as_str())?;
        match &self.next_key {
            Some(next) if found.1.is_none() => {
                let later = threads::by_key(conn, self.site, next.as_str())?;
                Ok(if later.1.is_some() { later } else { found })
            }
            _ => Ok(found),
        }
    }
}

/// The page's thread, locked; made now if this is the first that is heard of it, and whether it was.
pub(super) fn find_or_make(tx: &mut Tx, page: &Page, now: Time) -> Result<(Locked, bool)> {
    let (id, found) = page.thread(tx)?;
    if found.is_some() {
        return Ok((Locked::lock(tx, id)?, false));
    }
    // A thread is made by the rules that are in force, or it would not be found by them.
    let site = sites::hold(tx, page.site)?.ok_or(Error::UnknownSite)?;
    if site.version != page.version {
        let (url, key) = &page.said;
        let page = Page::parse(&site, url, key.as_deref())
            .map_err(|(name, invalid)| Error::field(&format!("/{name}"), invalid))?;
        return find_or_make(tx, &page, now);
    }
    let thread = Thread::empty(id, page.site, page.key.as_str(), page.url.as_str(), now);
    threads::insert(tx, &thread)?;
    add_keys(tx, page, id)?;
    Ok((Locked::lock(tx, id)?, true))
}

/// Makes what else a page is found by lead to its thread: the address by rules that a job applies just now, and the address as it was
/// written, by which it is found should the rules become finer.
fn add_keys(tx: &mut Tx, page: &Page, id: ThreadId) -> Result<()> {
    let exact = match &page.said {
        (url, None) => AddressRules::default().canonical(url).ok(),
        (_, Some(_)) => None,
    };
    let exact = exact.as_ref().map(PageKey::from);
    let others: Vec<String> = [page.next_key.as_ref(), exact.as_ref()]
        .into_iter()
        .flatten()
        .filter(|key| **key != page.key)
        .map(ToString::to_string)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let known = thread_keys::leading(tx, page.site, &others)?;
    for (at, key) in others.iter().enumerate() {
        if !others[..at].contains(key) && !known.iter().any(|(known, _)| known == key) {
            thread_keys::add(tx, page.site, key, id, None)?;
        }
    }
    Ok(())
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
    /// Who wrote it, by address; `Some(None)`: nobody is named.
    pub author: Option<Option<Email>>,
}

impl Directions {
    /// Reads `state`, `policy` and `author`.
    ///
    /// # Errors
    /// `field_invalid`, `policy_invalid`, `email_invalid`, with the pointer in front.
    pub fn parse(
        title: Option<Title>,
        state: Option<&str>,
        policy: Option<&Value>,
        author: Option<&Value>,
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
        let author = match author {
            None | Some(Value::Null) => None,
            Some(author) => author_of(author)?,
        };
        Ok(Self {
            title,
            state,
            moderation,
            author,
        })
    }
}

fn author_of(
    author: &Value,
) -> std::result::Result<Option<Option<Email>>, (&'static str, Invalid)> {
    let refuse = || {
        let detail = "A page's `author` takes `email`: an address, or null (nobody is named).";
        ("/author", Invalid::new("field_invalid", detail))
    };
    let members = author.as_object().ok_or_else(refuse)?;
    if members.keys().any(|name| name != "email") {
        return Err(refuse());
    }
    match members.get("email") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => match Email::parse(text) {
            Ok(email) => Ok(Some(Some(email))),
            Err(invalid) => Err(("/author/email", invalid)),
        },
        Some(_) => Err(refuse()),
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
    let caller = caller.clone();
    store
        .write(move |tx| {
            let site = sites::by_id(tx, page.site)?.ok_or(Error::UnknownSite)?;
            let (mut thread, is_new) = find_or_make(tx, &page, now)?;
            if !is_new && !caller.directs(&thread) {
                return Err(Error::Forbidden("This is not your page."));
            }
            let owner = caller.person.as_ref().filter(|_| is_new);
            let settings = Settings {
                owner_id: owner
                    .filter(|person| *person.role == Role::Author)
                    .map(|person| person.id),
                // A page that gives its key may have been named wrongly by its first reader.
                url: Some(page.url.to_string()),
                url_known: Some(true),
                title: directions
                    .title
                    .as_ref()
                    .map(|title| title.as_str().to_owned()),
                state: directions.state.map(Named),
                moderation: directions
                    .moderation
                    .map(|moderation| moderation.map(Named)),
                ..Settings::default()
            };
            let author = &directions.author;
            let is_named = authors::note(tx, &site, &thread, settings.owner_id, author, now)?;
            let is_other = changes(&thread, &settings);
            if is_other {
                threads::set(tx, thread.id, &settings)?;
                events::append(tx, &mut thread, EventKind::ThreadUpdated, None, now)?;
            }
            if is_other || is_named {
                record(tx, &caller, "direct", &thread, is_named, now)?;
            }
            let row = threads::by_id(tx, thread.id)?.ok_or(Error::NotFound)?;
            Ok((view::thread::Thread::stored(&row, &site, now), is_new))
        })
        .await
}

fn changes(thread: &Thread, settings: &Settings) -> bool {
    let is_other = settings
        .hidden
        .is_some_and(|hidden| thread.hidden != hidden)
        || settings
            .owner_id
            .is_some_and(|owner| thread.owner_id != Some(owner))
        || settings.key.as_ref().is_some_and(|key| thread.key != *key);
    is_other
        || settings
            .url_known
            .is_some_and(|known| thread.url_known != known)
        || settings.url.as_ref().is_some_and(|url| thread.url != *url)
        || settings
            .title
            .as_ref()
            .is_some_and(|title| thread.title.as_ref() != Some(title))
        || settings.state.is_some_and(|state| thread.state != state)
        || settings
            .moderation
            .is_some_and(|moderation| thread.moderation != moderation)
}

/// What a moderator says about a thread.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its title, state and moderation, which the page's author may change as well.
    pub directions: Directions,
    /// Whether it is kept from the public.
    pub hidden: Option<bool>,
    /// Whose page it is.
    pub owner: Option<PersonId>,
    /// The page that it moves to, with all that hangs on it.
    pub to: Option<Page>,
}

impl Change {
    /// Whether it opens or closes the thread, and does nothing else: what is done in the page itself.
    fn is_of_state_alone(&self) -> bool {
        let Directions {
            title,
            state,
            moderation,
            author,
        } = &self.directions;
        let is_more = title.is_some() || moderation.is_some() || author.is_some();
        let moves = self.hidden.is_some() || self.owner.is_some() || self.to.is_some();
        state.is_some() && !is_more && !moves
    }

    /// The rights that count for it.
    fn rights<'a>(&self, caller: &'a Caller) -> Rights<'a> {
        match self.is_of_state_alone() {
            true => caller.in_place(),
            false => caller.elsewhere(),
        }
    }
}

/// Changes a thread. Hiding, moving and giving it to an author is for moderators.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Unauthorized`], and [`Error::Conflict`] when something was
/// written at the page that it would move to, or its new owner is no author of the site.
pub async fn change(
    store: &Store,
    caller: &Caller,
    id: ThreadId,
    change: Change,
    now: Time,
) -> Result<view::thread::Thread> {
    let authority = change.rights(caller).must_be(Role::Author)?;
    change
        .rights(caller)
        .must_change(Role::Author, authority.site)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let rights = change.rights(&caller);
            let found = threads::current(tx, id)?
                .filter(|found| rights.has(Role::Author, found.site_id))
                .ok_or(Error::Unwritten)?;
            let id = found.id;
            let site = sites::by_id(tx, found.site_id)?.ok_or(Error::NotFound)?;
            let is_moderators =
                change.hidden.is_some() || change.owner.is_some() || change.to.is_some();
            if is_moderators && !rights.has(Role::Moderator, site.id) || !rights.directs(&found) {
                return Err(Error::Forbidden("Your role does not reach this."));
            }
            if let Some(owner) = change.owner {
                people::by_id(tx, owner)?
                    .filter(|person| person.site_id == site.id && *person.role > Role::Reader)
                    .ok_or_else(|| Error::Conflict("That is none of the site's people.".into()))?;
            }
            let mut thread = match &change.to {
                None => Locked::lock_itself(tx, id)?,
                Some(page) => {
                    // A page that was read by other rules than those in force would not be found there.
                    let site = sites::hold(tx, page.site)?.ok_or(Error::UnknownSite)?;
                    if site.version != page.version {
                        return Err(Error::Busy);
                    }
                    make_way(tx, id, page)?
                }
            };
            if thread.joined_into.is_some() {
                // It was joined into another meanwhile.
                return Err(Error::Busy);
            }
            let settings = Settings {
                url: change.to.as_ref().map(|page| page.url.to_string()),
                url_known: change.to.as_ref().map(|_| true),
                key: change.to.as_ref().map(|page| page.key.as_str().to_owned()),
                title: change
                    .directions
                    .title
                    .as_ref()
                    .map(|title| title.as_str().to_owned()),
                state: change.directions.state.map(Named),
                moderation: change.directions.moderation.map(|own| own.map(Named)),
                hidden: change.hidden,
                owner_id: change.owner,
                ..Settings::default()
            };
            let author = &change.directions.author;
            let is_named = authors::note(tx, &site, &thread, change.owner, author, now)?;
            let is_other = changes(&thread, &settings);
            if is_other {
                threads::set(tx, id, &settings)?;
                if let Some(hidden) = settings.hidden {
                    moving::hide_with(tx, id, hidden)?;
                }
                // Who read it while it was hidden knows nothing of what is in it.
                let is_back = thread.hidden && settings.hidden == Some(false);
                let kind = match is_back {
                    true => EventKind::ThreadReset,
                    false => EventKind::ThreadUpdated,
                };
                events::append(tx, &mut thread, kind, None, now)?;
            }
            if is_other || is_named {
                record(tx, &caller, "change", &thread, is_named, now)?;
            }
            let row = threads::by_id(tx, id)?.ok_or(Error::NotFound)?;
            Ok(view::thread::Thread::stored(&row, &site, now))
        })
        .await
}

/// Makes a page's key lead to this thread, which is locked; where nothing was written there.
fn make_way(tx: &mut Tx, id: ThreadId, page: &Page) -> Result<Locked> {
    let (_, there) = page.thread(tx)?;
    let mut ids = vec![id];
    ids.extend(there.as_ref().map(|there| there.id));
    ids.sort_unstable();
    ids.dedup();
    let mut locked = Vec::new();
    for id in ids {
        locked.push(Locked::lock_itself(tx, id)?);
    }
    for other in locked.iter().filter(|other| other.id != id) {
        if comments::are_in(tx, other.id)? {
            return Err(Error::Occupied(other.id));
        }
    }
    threads::rename(tx, page.site, page.key.as_str(), id)?;
    add_keys(tx, page, id)?;
    locked
        .into_iter()
        .find(|thread| thread.id == id)
        .ok_or(Error::NotFound)
}

/// Writes into the record what a thread was and is: no title or address, which may name people.
fn record(
    tx: &mut Tx,
    caller: &Caller,
    action: &str,
    was: &Thread,
    is_named: bool,
    now: Time,
) -> Result<()> {
    let is = threads::by_id(tx, was.id)?.ok_or(Error::NotFound)?;
    let state = |row: &Thread| {
        json!({"state": row.state.0, "hidden": row.hidden, "owner": row.owner_id,
            "moderation": row.moderation.map(|own| own.0)})
    };
    let mut became = state(&is);
    became["moved"] = (is.key != was.key || is.url != was.url).into();
    became["retitled"] = (is.title != was.title).into();
    became["author_named"] = is_named.into();
    let act = Act {
        site: Some(was.site_id),
        action,
        object: "thread",
        reason: None,
        note: None,
        was: state(was),
        became,
    };
    audit::record(tx, Some(caller), was.id, &act, now)
}

/// Whether an unknown thread's id can belong to a page that nobody commented on.
pub fn may_be_unwritten(id: ThreadId) -> Result<()> {
    if id.can_be_minted() {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
