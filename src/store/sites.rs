//! `sites`: who is served, under which rules.

use diesel::prelude::*;

use super::board::Change;
use super::connection::Run;
use super::schema::sites;
use super::types::Json;
use super::{Conn, Tx};
use crate::domain::id::SiteId;
use crate::domain::page::{AddressRules, Origin, PageUrl, TrailingSlash};
use crate::domain::site::{Phrases, Policy};
use crate::domain::sso::SsoKeys;
use crate::domain::time::Time;
use crate::error::Result;

/// A site as it is stored.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sites)]
#[diesel(treat_none_as_null = true)]
pub struct Site {
    /// Its id; `slug` is its name outside.
    pub id: SiteId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Where its pages live.
    pub origins: Json<Vec<Origin>>,
    /// Its language (BCP 47).
    pub locale: String,
    /// Its rules.
    pub policy: Json<Policy>,
    /// Its own words.
    pub phrases: Json<Phrases>,
    /// The keys of its own sign-on.
    pub sso: Option<Json<SsoKeys>>,
    /// Grows with every change that a reader's page shows.
    pub version: i64,
    /// When it was added.
    pub created_at: Time,
    /// Which addresses are one page, as the threads are found by now; see [`Site::address_rules`].
    pub addresses: Option<Json<AddressRules>>,
    /// The same, as a job is about to have it.
    pub next_addresses: Option<Json<AddressRules>>,
}

impl Site {
    /// Which addresses are one page, in force now.
    pub fn address_rules(&self) -> AddressRules {
        match &self.addresses {
            Some(rules) => (**rules).clone(),
            None => self.wanted_address_rules(),
        }
    }

    /// The same, as its policy and origins want it.
    pub fn wanted_address_rules(&self) -> AddressRules {
        let policy = &self.policy;
        AddressRules::new(policy.trailing_slash, policy.page_addresses, &self.origins)
    }

    /// Whether the site lists the origin of this page by its name, and not only by a wildcard: then the page is the
    /// site's own, and may be sent what signs somebody in.
    pub fn names(&self, page: &str) -> bool {
        let page = PageUrl::parse(page, TrailingSlash::Keep);
        page.is_ok_and(|page| self.origins.iter().any(|origin| origin.names(&page)))
    }
}

/// The site of that name.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Site>> {
    Ok(sites::table.filter(sites::slug.eq(slug)).row(conn)?)
}

/// The site with that id.
pub fn by_id(conn: &mut Conn, id: SiteId) -> Result<Option<Site>> {
    Ok(sites::table.find(id).row(conn)?)
}

/// The site with that id, which nobody changes until the transaction ends (SQLite's one writer locks by itself).
pub fn hold(tx: &mut Tx, id: SiteId) -> Result<Option<Site>> {
    let query = sites::table.find(id);
    let conn: &mut Conn = tx;
    Ok(match conn {
        Conn::Postgres(conn) => query.for_share().first(conn).optional()?,
        Conn::Sqlite(conn) => query.first(conn).optional()?,
    })
}

/// These sites, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[SiteId]) -> Result<Vec<Site>> {
    Ok(sites::table.filter(sites::id.eq_any(ids)).rows(conn)?)
}

/// The sites whose names come after `after`, in order of name, at most `limit`.
pub fn page(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<Site>> {
    let query = sites::table
        .filter(sites::slug.gt(after))
        .order(sites::slug)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Adds a site.
pub fn insert(conn: &mut Conn, site: &Site) -> Result<()> {
    diesel::insert_into(sites::table).values(site).run(conn)?;
    Ok(())
}

/// Replaces a site's settings, which were read behind [`bump`].
pub fn replace(conn: &mut Conn, site: &Site) -> Result<()> {
    diesel::update(sites::table.find(site.id))
        .set(site)
        .run(conn)?;
    Ok(())
}

/// Says that something on every page of the site changed, such as whose name bears a badge; and locks
/// its row until the transaction ends.
pub fn bump(tx: &mut Tx, id: SiteId) -> Result<()> {
    tx.note(Change::Site(id));
    diesel::update(sites::table.find(id))
        .set(sites::version.eq(sites::version + 1))
        .run(tx)?;
    Ok(())
}
