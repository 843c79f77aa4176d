//! A site's word lists: read and replaced by its moderators, and kept ready for whatever is written.

use std::sync::Arc;

use serde_json::json;

use super::audit;
use super::caller::Caller;
use super::ready::Ready;
use crate::domain::id::SiteId;
use crate::domain::judgement::words::{Entries, Found, List, WordLists};
use crate::domain::judgement::writing::Writing;
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::types::Json;
use crate::store::word_lists::{self, WordList};
use crate::store::{Conn, Store, sites};

/// The lists of the sites that were last written on; 100,000 words take some 20 MiB. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rules(Ready<Vec<i64>, WordLists>);

impl Rules {
    /// The gravest word of a site's lists in a comment. What was changed a moment ago, by any instance, is heeded.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn find(&self, conn: &mut Conn, site: SiteId, writing: &Writing) -> Result<Option<Found>> {
        let versions = word_lists::versions(conn, site)?;
        if versions.is_empty() {
            return Ok(None);
        }
        let lists = self.0.get(site, versions, || {
            Ok(Arc::new(compiled(&word_lists::of(conn, site)?)?))
        })?;
        Ok(lists.find(&writing.readings()))
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
    let entries: Json<Vec<String>> = Json::new(entries.iter().map(str::to_owned).collect());
    store
        .write(move |tx| {
            let site = sites::by_slug(tx, &slug)?.ok_or(Error::UnknownSite)?;
            caller.must_change(Role::Moderator, Some(site.id))?;
            let before = word_lists::of(tx, site.id)?;
            let before = before.iter().find(|row| *row.list == list);
            let told = |entries: usize| json!({"list": list, "entries": entries});
            let before = before.map_or(0, |row| row.entries.len());
            let values = (told(before), told(entries.len()));
            word_lists::put(tx, site.id, list, &entries, now)?;
            audit::record_site(tx, &caller, site.id, "write_word_list", values, now)
        })
        .await
}
