//! `tallies`: numbers that are kept by increments, so that nobody has to count a million rows.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::fixed;
use super::schema::tallies;
use crate::domain::id::{SiteId, ThreadId};
use crate::error::Result;

/// The day of what is true now rather than of one day.
pub const NOW: i64 = -1;

/// Adds to a number. `thread`, which the caller has locked, chooses one of sixteen slots, so that writers
/// in different threads seldom wait for one another. Within one transaction, names are counted in their
/// order, `NOW` first: two transactions then never wait for each other in a circle.
pub fn add(
    conn: &mut Conn,
    site: SiteId,
    day: i64,
    name: &str,
    thread: ThreadId,
    difference: i64,
) -> Result<()> {
    let slot = i64::from(thread.bytes()[0] & 15);
    // Diesel's own upsert is not there for two databases at once.
    fixed::<()>(
        "INSERT INTO tallies (site_id, day, name, slot, count) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (site_id, day, name, slot) DO UPDATE SET count = tallies.count + excluded.count",
    )
    .id(site)
    .number(day)
    .text(name)
    .number(slot)
    .number(difference)
    .run(conn)?;
    Ok(())
}

/// A number of a site on a day.
#[derive(Debug, Clone, Queryable)]
pub struct Tally {
    /// The site.
    pub site_id: SiteId,
    /// Days since 1970 (UTC), or [`NOW`].
    pub day: i64,
    /// What was counted.
    pub name: String,
    /// How many, in one slot.
    pub count: i64,
}

/// What stands now on a site, or on every site; a name comes once for each slot.
pub fn standing(conn: &mut Conn, site: Option<SiteId>) -> Result<Vec<Tally>> {
    let mut query = tallies::table
        .filter(tallies::day.eq(NOW))
        .select((
            tallies::site_id,
            tallies::day,
            tallies::name,
            tallies::count,
        ))
        .into_boxed();
    if let Some(site) = site {
        query = query.filter(tallies::site_id.eq(site));
    }
    Ok(query.load(conn)?)
}

/// What was counted on a site from one day to another, both included.
pub fn days(conn: &mut Conn, site: SiteId, from: i64, to: i64) -> Result<Vec<Tally>> {
    let query = tallies::table
        .filter(tallies::site_id.eq(site))
        .filter(tallies::day.between(from, to))
        .order((tallies::day, tallies::name))
        .select((
            tallies::site_id,
            tallies::day,
            tallies::name,
            tallies::count,
        ));
    Ok(query.rows(conn)?)
}
