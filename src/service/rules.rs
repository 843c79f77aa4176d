//! A site's word lists: read and replaced by its moderators, and kept ready for whatever is written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::caller::Caller;
use crate::domain::id::SiteId;
use crate::domain::judgement::words::{Entries, Found, List, WordLists};
use crate::domain::judgement::writing::Writing;
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::types::Json;
use crate::store::word_lists::{self, WordList};
use crate::store::{Store, sites};

/// Of how many sites the lists are kept ready; 100,000 words take some 20 MiB.
const SITES: usize = 16;

/// The lists of the sites that were last written on.
#[derive(Default)]
pub struct Rules(Mutex<HashMap<SiteId, Ready>>);

#[derive(Clone)]
struct Ready {
    versions: Vec<i64>,
    lists: Arc<WordLists>,
}

impl Rules {
    /// The gravest word of a site's lists in a comment. What was changed a moment ago, by any instance, is heeded.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn find(
        &self,
        store: &Store,
        site: SiteId,
        writing: Writing,
    ) -> Result<Option<Found>> {
        let known = self.lock().get(&site).cloned();
        let (ready, found) = store
            .read(move |conn| {
                let versions = word_lists::versions(conn, site)?;
                let ready = match known.filter(|known| known.versions == versions) {
                    Some(known) => known,
                    None => Ready {
                        versions,
                        lists: Arc::new(compiled(&word_lists::of(conn, site)?)?),
                    },
                };
                let found = match ready.versions.is_empty() {
                    true => None,
                    false => ready.lists.find(&writing.readings()),
                };
                Ok((ready, found))
            })
            .await?;
        let mut all = self.lock();
        if all.len() >= SITES && !all.contains_key(&site) {
            // Any will do: whoever is written on is ready again after one comment.
            if let Some(other) = all.keys().next().copied() {
                all.remove(&other);
            }
        }
        all.insert(site, ready);
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SiteId, Ready>> {
        // Each change is one insertion or removal, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn compiled(rows: &[WordList]) -> Result<WordLists> {
    let entries = |list| {
        let row = rows.iter().find(|row| *row.list == list);
        // What was stored was parsed; should a later version refuse an entry, the list is one shorter.
        let words = row.iter().flat_map(|row| row.entries.iter());
        let words: Vec<&str> = words
            .map(String::as_str)
            .filter(|word| Entries::parse([*word].into_iter()).is_ok())
            .collect();
        Entries::parse(words.into_iter()).unwrap_or_default()
    };
    WordLists::new(&entries(List::Block), &entries(List::Suspect))
        .map_err(|invalid| Error::Internal(format!("word lists: {}", invalid.detail)))
}

/// A site's list; an empty one when it was never written.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::UnknownSite`].
pub async fn show(store: &Store, caller: &Caller, slug: &str, list: List) -> Result<Vec<String>> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .read(move |conn| {
            let site = sites::by_slug(conn, &slug)?.ok_or(Error::UnknownSite)?;
            caller.must_see(Role::Moderator, Some(site.id))?;
            let rows = word_lists::of(conn, site.id)?;
            let row = rows.into_iter().find(|row| *row.list == list);
            Ok(row.map(|row| row.entries.to_vec()).unwrap_or_default())
        })
        .await
}

/// Puts a list in the place of the one before.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::UnknownSite`].
pub async fn replace(
    store: &Store,
    caller: &Caller,
    slug: &str,
    list: List,
    entries: Entries,
    now: Time,
) -> Result<()> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    let entries = Json::new(entries.iter().map(str::to_owned).collect());
    store
        .write(move |tx| {
            let site = sites::by_slug(tx, &slug)?.ok_or(Error::UnknownSite)?;
            caller.must_change(Role::Moderator, Some(site.id))?;
            word_lists::put(tx, site.id, list, &entries, now)
        })
        .await
}
