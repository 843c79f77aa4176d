//! `advisers`: the service of its own that a site asks about each comment.

use std::time::Duration;

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::advisers;
use crate::domain::id::SiteId;
use crate::domain::time::Time;
use crate::domain::webhook::{Endpoint, Secret};
use crate::error::{Error, Result};

/// How long a secret signs beside the one that took its place.
pub const HANDOVER: Duration = Duration::from_secs(24 * 3600);

/// An adviser as it is stored. There is no `Debug`, since there are secrets in it.
#[derive(Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = advisers)]
#[diesel(treat_none_as_null = true)]
pub struct Adviser {
    /// Whose it is.
    pub site_id: SiteId,
    /// Where it listens.
    pub url: String,
    secret: String,
    /// When the secret was made.
    pub secret_at: Time,
    former: Option<String>,
    /// Until when the secret before that one signs too.
    pub former_until: Option<Time>,
    /// When it was named.
    pub created_at: Time,
}

impl Adviser {
    /// A new one, with a secret of its own.
    pub fn new(site: SiteId, endpoint: &Endpoint, now: Time) -> Self {
        Self {
            site_id: site,
            url: endpoint.as_str().to_owned(),
            secret: Secret::generate().text(),
            secret_at: now,
            former: None,
            former_until: None,
            created_at: now,
        }
    }

    /// The secret's text.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Puts a new secret in the place of the present one, which signs too for a while.
    pub fn rotate(&mut self, now: Time) {
        let former = std::mem::replace(&mut self.secret, Secret::generate().text());
        self.former = Some(former);
        self.former_until = Some(now.plus(HANDOVER));
        self.secret_at = now;
    }

    /// The secrets that sign now, the present one first.
    ///
    /// # Errors
    /// [`Error::Internal`] when a stored secret is none, which only damage can make.
    pub fn secrets(&self, now: Time) -> Result<Vec<Secret>> {
        let former = self.former.as_deref();
        let is_over = self.former_until.is_none_or(|until| until <= now);
        let texts = std::iter::once(self.secret.as_str()).chain(former.filter(|_| !is_over));
        texts
            .map(Secret::parse)
            .collect::<Option<_>>()
            .ok_or_else(|| Error::Internal("an adviser's stored secret is none".into()))
    }
}

/// A site's adviser.
pub fn of(conn: &mut Conn, site: SiteId) -> Result<Option<Adviser>> {
    Ok(advisers::table.find(site).row(conn)?)
}

/// Adds an adviser.
pub fn insert(conn: &mut Conn, adviser: &Adviser) -> Result<()> {
    diesel::insert_into(advisers::table)
        .values(adviser)
        .run(conn)?;
    Ok(())
}

/// Replaces an adviser's settings.
pub fn replace(conn: &mut Conn, adviser: &Adviser) -> Result<()> {
    diesel::update(advisers::table.find(adviser.site_id))
        .set(adviser)
        .run(conn)?;
    Ok(())
}

/// Takes a site's adviser away; gives whether there was one.
pub fn remove(conn: &mut Conn, site: SiteId) -> Result<bool> {
    Ok(diesel::delete(advisers::table.find(site)).run(conn)? > 0)
}
