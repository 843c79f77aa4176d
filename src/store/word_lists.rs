//! `word_lists`: the words that each site holds comments against.

use diesel::prelude::*;

use super::Conn;
use super::schema::word_lists;
use super::types::{Json, Named};
use crate::domain::id::SiteId;
use crate::domain::judgement::words::List;
use crate::domain::time::Time;
use crate::error::Result;

/// A list as it is stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = word_lists)]
pub struct WordList {
    /// Whose it is.
    pub site_id: SiteId,
    /// Which.
    pub list: Named<List>,
    /// Its entries, as written.
    pub entries: Json<Vec<String>>,
    /// Grows with each change.
    pub version: i64,
    /// When it last changed.
    pub changed_at: Time,
}

/// A site's lists; those never written are not there.
pub fn of(conn: &mut Conn, site: SiteId) -> Result<Vec<WordList>> {
    Ok(word_lists::table
        .filter(word_lists::site_id.eq(site))
        .load(conn)?)
}

/// Which states a site's lists are in, in order of their names; the same lists have the same versions.
pub fn versions(conn: &mut Conn, site: SiteId) -> Result<Vec<i64>> {
    Ok(word_lists::table
        .filter(word_lists::site_id.eq(site))
        .order(word_lists::list)
        .select(word_lists::version)
        .load(conn)?)
}

/// Puts entries in the place of those before.
pub fn put(
    conn: &mut Conn,
    site: SiteId,
    list: List,
    entries: &Json<Vec<String>>,
    now: Time,
) -> Result<()> {
    let changed = diesel::update(word_lists::table.find((site, Named(list))))
        .set((
            word_lists::entries.eq(entries),
            word_lists::version.eq(word_lists::version + 1),
            word_lists::changed_at.eq(now),
        ))
        .execute(conn)?;
    if changed == 0 {
        // Whoever else writes the first list at the same time meets the key, and runs again.
        diesel::insert_into(word_lists::table)
            .values(WordList {
                site_id: site,
                list: Named(list),
                entries: entries.clone(),
                version: 1,
                changed_at: now,
            })
            .execute(conn)?;
    }
    Ok(())
}
