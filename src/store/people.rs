//! `people`: everybody who wrote, voted or moderates, per site.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::{Literal, among};
use super::schema::people;
use super::types::Named;
use crate::domain::id::{PersonId, SiteId};
use crate::domain::time::Time;
use crate::domain::word::{Kind, Role};
use crate::error::Result;

/// A person as stored. `Debug` is absent: there is an address in it.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = people)]
pub struct Person {
    /// Their id, public.
    pub id: PersonId,
    /// The site they are known on.
    pub site_id: SiteId,
    /// How they came to be known.
    pub kind: Named<Kind>,
    /// With `subject`: who they are to the site's own sign-on, exactly as it says.
    pub issuer: Option<String>,
    /// See `issuer`.
    pub subject: Option<String>,
    /// The name they sign with unless they say otherwise.
    pub name: Option<String>,
    /// See [`crate::domain::skeleton`].
    pub skeleton: Option<String>,
    /// Their address; never shown.
    pub email: Option<String>,
    /// Whether somebody vouches for who they are.
    pub verified: bool,
    /// Their own page.
    pub website: Option<String>,
    /// A picture that the site's own sign-on gave.
    pub avatar_url: Option<String>,
    /// What they may do.
    pub role: Named<Role>,
    /// When they were first seen.
    pub created_at: Time,
    /// How many of their comments moderators approved.
    pub approved: i64,
    /// How many moderators rejected or called spam.
    pub rejected: i64,
    /// When that last happened.
    pub rejected_at: Option<Time>,
    /// When all of their sessions were last ended at once.
    pub signed_out_at: Option<Time>,
}

impl Person {
    /// Somebody nobody vouches for and nothing is known of.
    pub fn guest(site: SiteId, now: Time) -> Self {
        Self {
            id: PersonId::new(),
            site_id: site,
            kind: Named(Kind::Guest),
            issuer: None,
            subject: None,
            name: None,
            skeleton: None,
            email: None,
            verified: false,
            website: None,
            avatar_url: None,
            role: Named(Role::Reader),
            created_at: now,
            approved: 0,
            rejected: 0,
            rejected_at: None,
            signed_out_at: None,
        }
    }
}

/// What may change about a person; what is `None` stays.
#[derive(Clone, Default, AsChangeset)]
#[diesel(table_name = people)]
pub struct Changes {
    /// A new name.
    pub name: Option<String>,
    /// Goes with the name.
    pub skeleton: Option<String>,
    /// A new address.
    pub email: Option<String>,
    /// A new page.
    pub website: Option<String>,
}

impl Changes {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        let Self {
            name,
            skeleton,
            email,
            website,
        } = self;
        [name, skeleton, email, website]
            .iter()
            .all(|field| field.is_none())
    }
}

/// What a site's own sign-on says of a person now; what it does not say is not known any more.
#[derive(Clone, AsChangeset)]
#[diesel(table_name = people)]
#[diesel(treat_none_as_null = true)]
pub struct Profile {
    /// The name.
    pub name: Option<String>,
    /// Goes with the name.
    pub skeleton: Option<String>,
    /// The address, if the site has verified it.
    pub email: Option<String>,
    /// The page.
    pub website: Option<String>,
    /// The picture.
    pub avatar_url: Option<String>,
}

/// Replaces what is known of a person.
pub fn describe(conn: &mut Conn, id: PersonId, profile: &Profile) -> Result<()> {
    diesel::update(people::table.find(id))
        .set(profile)
        .run(conn)?;
    Ok(())
}

/// The person with that id.
pub fn by_id(conn: &mut Conn, id: PersonId) -> Result<Option<Person>> {
    Ok(people::table.find(id).row(conn)?)
}

/// The person, locked until the transaction ends: nobody signs them out everywhere meanwhile.
pub fn lock(conn: &mut Conn, id: PersonId) -> Result<Option<Person>> {
    let locked = diesel::update(people::table.find(id))
        .set(people::created_at.eq(people::created_at))
        .returning(people::all_columns);
    Ok(locked.returned(conn)?)
}

/// Says that all sessions of a person were ended.
pub fn set_signed_out(conn: &mut Conn, id: PersonId, now: Time) -> Result<()> {
    diesel::update(people::table.find(id))
        .set(people::signed_out_at.eq(now))
        .run(conn)?;
    Ok(())
}

/// These people, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<Person>> {
    Ok(people::table.filter(among(people::id, ids)).rows(conn)?)
}

/// The person that the site's own sign-on calls so.
pub fn by_subject(
    conn: &mut Conn,
    site: SiteId,
    issuer: &str,
    subject: &str,
) -> Result<Option<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(people::issuer.eq(issuer))
        .filter(people::subject.eq(subject));
    Ok(query.row(conn)?)
}

/// Adds a person.
pub fn insert(conn: &mut Conn, person: &Person) -> Result<()> {
    diesel::insert_into(people::table)
        .values(person)
        .run(conn)?;
    Ok(())
}

/// Changes what `changes` names.
pub fn update(conn: &mut Conn, id: PersonId, changes: &Changes) -> Result<()> {
    if !changes.is_empty() {
        diesel::update(people::table.find(id))
            .set(changes)
            .run(conn)?;
    }
    Ok(())
}

/// Whether somebody with a role on this site, other than `but`, bears a name that looks like this.
pub fn staff_bears(
    conn: &mut Conn,
    site: SiteId,
    skeleton: &str,
    but: Option<PersonId>,
) -> Result<bool> {
    let bearers: Vec<PersonId> = people::table
        .filter(people::site_id.eq(site))
        .filter(people::skeleton.eq(skeleton))
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("role <> 'reader'"))
        .select(people::id)
        .limit(2)
        .rows(conn)?;
    Ok(bearers.iter().any(|bearer| Some(*bearer) != but))
}

/// The people of a site who decide about comments and can be written to.
pub fn moderators_with_email(conn: &mut Conn, site: SiteId) -> Result<Vec<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(Literal(
            "role <> 'reader' AND role IN ('moderator', 'admin')",
        ))
        .filter(people::email.is_not_null());
    Ok(query.rows(conn)?)
}

/// The people of a site who have a role, in the order they were added.
pub fn staff(conn: &mut Conn, site: SiteId) -> Result<Vec<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(Literal("role <> 'reader'"))
        .order(people::created_at);
    Ok(query.rows(conn)?)
}

/// Counts moderators' decisions about a person's comments, up or down.
pub fn count_decisions(conn: &mut Conn, id: PersonId, approved: i64, rejected: i64) -> Result<()> {
    diesel::update(people::table.find(id))
        .set((
            people::approved.eq(people::approved + approved),
            people::rejected.eq(people::rejected + rejected),
        ))
        .run(conn)?;
    Ok(())
}

/// Says when a comment of a person was last turned down.
pub fn set_rejected_at(conn: &mut Conn, id: PersonId, at: Option<Time>) -> Result<()> {
    diesel::update(people::table.find(id))
        .set(people::rejected_at.eq(at))
        .run(conn)?;
    Ok(())
}

/// Gives a person a role.
pub fn set_role(conn: &mut Conn, id: PersonId, role: Role) -> Result<()> {
    diesel::update(people::table.find(id))
        .set(people::role.eq(Named(role)))
        .run(conn)?;
    Ok(())
}

/// Those whom nobody vouches for and who signed with this address (in lower case) on a site, at most
/// `limit`.
pub fn guests_with_email(
    conn: &mut Conn,
    site: SiteId,
    folded: &str,
    limit: i64,
) -> Result<Vec<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(people::email.is_not_null())
        .filter(lower_email().eq(folded))
        .filter(people::kind.eq(Named(Kind::Guest)))
        .order(people::id)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Somebody of this address (in lower case) on a site, for whom the operator or the site's own sign-on gave it.
pub fn vouched_for(conn: &mut Conn, site: SiteId, folded: &str) -> Result<Option<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(people::email.is_not_null())
        .filter(lower_email().eq(folded))
        .filter(people::kind.eq_any([Named(Kind::Staff), Named(Kind::Sso)]))
        .order(people::id);
    Ok(query.first(conn).optional()?)
}

/// The site's own people of this address (in lower case), who have a role; in the order they were added.
pub fn staff_with_email(conn: &mut Conn, site: SiteId, folded: &str) -> Result<Vec<Person>> {
    let query = people::table
        .filter(people::site_id.eq(site))
        .filter(people::email.is_not_null())
        .filter(lower_email().eq(folded))
        .filter(people::kind.eq(Named(Kind::Staff)))
        .filter(people::role.ne(Named(Role::Reader)))
        .order(people::id);
    Ok(query.load(conn)?)
}

/// Forgets an address (in lower case) of everybody on a site but its own people's, whose the operator gave.
pub fn forget_email(conn: &mut Conn, site: SiteId, folded: &str) -> Result<()> {
    let theirs = people::table
        .filter(people::site_id.eq(site))
        .filter(people::email.is_not_null())
        .filter(lower_email().eq(folded))
        .filter(people::kind.ne(Named(Kind::Staff)));
    diesel::update(theirs)
        .set(people::email.eq(None::<String>))
        .run(conn)?;
    Ok(())
}

/// The address as its index has it.
fn lower_email() -> diesel::expression::SqlLiteral<diesel::sql_types::Text> {
    diesel::dsl::sql("lower(email)")
}
