//! `lessons`: what each site's spam model was taught, in order.

use diesel::prelude::*;

use super::connection::Run;
use super::schema::lessons;
use super::{Conn, models};
use crate::domain::id::{CommentId, SiteId};
use crate::error::Result;

/// A decision that a model learns from.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = lessons)]
pub struct Lesson {
    /// Whose model.
    pub site_id: SiteId,
    /// Its place among the site's.
    pub number: i64,
    /// About this comment.
    pub comment_id: CommentId,
    /// About this text of it.
    pub revision: i64,
    /// What was decided.
    pub is_spam: bool,
    /// What the model sees of the text, as [`crate::domain::judgement::spam::Traits`] are stored; `None` until it is taught.
    pub traits: Option<Vec<u8>>,
}

/// Adds a lesson, in the place of one about the same comment.
pub fn teach(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    revision: i64,
    is_spam: bool,
) -> Result<()> {
    take_back(conn, comment)?;
    let lesson = Lesson {
        site_id: site,
        number: models::next_lesson(conn, site)?,
        comment_id: comment,
        revision,
        is_spam,
        traits: None,
    };
    diesel::insert_into(lessons::table)
        .values(lesson)
        .run(conn)?;
    Ok(())
}

/// Takes the lesson about a comment back, if there is one; a model that knows it has to be taught anew.
pub fn take_back(conn: &mut Conn, comment: CommentId) -> Result<()> {
    let gone: Option<(SiteId, i64)> =
        diesel::delete(lessons::table.filter(lessons::comment_id.eq(comment)))
            .returning((lessons::site_id, lessons::number))
            .returned(conn)?;
    match gone {
        Some((site, number)) => models::unteach(conn, site, number),
        None => Ok(()),
    }
}

/// Forgets the lesson about a comment. What a model has learnt by it is a part of sums, and stays.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(lessons::table.filter(lessons::comment_id.eq(comment))).run(conn)?;
    Ok(())
}

/// The numbers of a site's latest lessons, at most `limit`, the oldest of them first.
pub fn latest(conn: &mut Conn, site: SiteId, limit: i64) -> Result<Vec<i64>> {
    let mut numbers: Vec<i64> = lessons::table
        .filter(lessons::site_id.eq(site))
        .order(lessons::number.desc())
        .limit(limit)
        .select(lessons::number)
        .rows(conn)?;
    numbers.reverse();
    Ok(numbers)
}

/// The lessons of a site with these numbers, in no order.
pub fn by_numbers(conn: &mut Conn, site: SiteId, numbers: &[i64]) -> Result<Vec<Lesson>> {
    let query = lessons::table
        .filter(lessons::site_id.eq(site))
        .filter(lessons::number.eq_any(numbers));
    Ok(query.rows(conn)?)
}

/// Keeps what the model sees of a lesson's text, unless the lesson was taken back meanwhile.
pub fn set_traits(conn: &mut Conn, site: SiteId, number: i64, traits: &[u8]) -> Result<()> {
    diesel::update(lessons::table.find((site, number)))
        .set(lessons::traits.eq(traits))
        .run(conn)?;
    Ok(())
}

/// Forgets the lessons of a site before that number, which are gone over no more.
pub fn forget_before(conn: &mut Conn, site: SiteId, number: i64) -> Result<()> {
    let old = lessons::table
        .filter(lessons::site_id.eq(site))
        .filter(lessons::number.lt(number));
    diesel::delete(old).run(conn)?;
    Ok(())
}
