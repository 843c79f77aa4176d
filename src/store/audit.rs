//! `audit`: who did what, to what, when and why. Lines are only ever added; the database refuses all else.

use diesel::prelude::*;

use super::Conn;
use super::schema::audit;
use crate::domain::id::{ApiTokenId, EntryId, PersonId, SiteId};
use crate::domain::time::Time;
use crate::error::Result;
use uuid::Uuid;

/// One line of the log. Ids only: no name, no address, no text of a reader.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = audit)]
pub struct Entry {
    /// Its id; ids grow with time.
    pub id: EntryId,
    /// The site it happened on; every site, when `None`.
    pub site_id: Option<SiteId>,
    /// When.
    pub at: Time,
    /// `person`, `token`, `operator` or `service`.
    pub actor: String,
    /// Who, if it was a person.
    pub actor_person: Option<PersonId>,
    /// With which API token, if it was one.
    pub actor_token: Option<ApiTokenId>,
    /// What was done, such as `approve`.
    pub action: String,
    /// To what: `comment`, `thread`, `ban`, `report`, `person`, `token`.
    pub object: String,
    /// Its id.
    pub object_id: Vec<u8>,
    /// Why: a code of the site's list.
    pub reason: Option<String>,
    /// Why, in the moderator's own words.
    pub note: Option<String>,
    /// What it was before, as JSON.
    pub was: String,
    /// What it became, as JSON.
    pub became: String,
}

/// Adds a line.
pub fn append(conn: &mut Conn, entry: &Entry) -> Result<()> {
    diesel::insert_into(audit::table)
        .values(entry)
        .execute(conn)?;
    Ok(())
}

/// Which lines are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this site only.
    pub site: Option<SiteId>,
    /// What was done.
    pub action: Option<String>,
    /// To this object only.
    pub object: Option<Uuid>,
    /// By this person only.
    pub person: Option<PersonId>,
    /// At this time or later.
    pub since: Option<Time>,
    /// Before this time.
    pub until: Option<Time>,
}

/// The lines before `before`, newest first, at most `limit`.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<EntryId>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let mut query = audit::table
        .order(audit::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(site) = filter.site {
        query = query.filter(audit::site_id.eq(site));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit::action.eq(action.clone()));
    }
    if let Some(object) = filter.object {
        query = query.filter(audit::object_id.eq(object.as_bytes().to_vec()));
    }
    if let Some(person) = filter.person {
        query = query.filter(audit::actor_person.eq(person));
    }
    if let Some(since) = filter.since {
        query = query.filter(audit::at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit::at.lt(until));
    }
    if let Some(before) = before {
        query = query.filter(audit::id.lt(before));
    }
    Ok(query.load(conn)?)
}
