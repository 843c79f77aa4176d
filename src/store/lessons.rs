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
    /// Whether it counts; if not, a later decision is in its place, which may be taken back.
    pub stands: bool,
}

/// The lessons about a comment, the oldest first: what stands, and what the last decision replaced.
pub fn of_comment(conn: &mut Conn, comment: CommentId) -> Result<Vec<Lesson>> {
    let query = lessons::table
        .filter(lessons::comment_id.eq(comment))
        .order(lessons::number);
    Ok(query.rows(conn)?)
}

/// The number of the lesson about a comment that stands.
pub fn standing(conn: &mut Conn, comment: CommentId) -> Result<Option<i64>> {
    let query = lessons::table
        .filter(lessons::comment_id.eq(comment))
        .filter(lessons::stands)
        .order(lessons::number.desc())
        .select(lessons::number);
    Ok(query.row(conn)?)
}

/// Adds a lesson as the site's newest. It stands.
pub fn tell(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    revision: i64,
    is_spam: bool,
) -> Result<()> {
    let lesson = Lesson {
        site_id: site,
        number: models::next_lesson(conn, site)?,
        comment_id: comment,
        revision,
        is_spam,
        traits: None,
        stands: true,
    };
    diesel::insert_into(lessons::table)
        .values(lesson)
        .run(conn)?;
    Ok(())
}

/// Says whether a lesson stands. The caller has [locked](models::lock) the model.
pub fn set_stands(conn: &mut Conn, lesson: &Lesson, stands: bool) -> Result<()> {
    diesel::update(lessons::table.find((lesson.site_id, lesson.number)))
        .set(lessons::stands.eq(stands))
        .run(conn)?;
    Ok(())
}

/// Forgets a lesson. The caller has [locked](models::lock) the model, if it stands.
pub fn forget(conn: &mut Conn, lesson: &Lesson) -> Result<()> {
    diesel::delete(lessons::table.find((lesson.site_id, lesson.number))).run(conn)?;
    Ok(())
}

/// The numbers of a site's lessons that stand, up to this one and in order.
pub fn up_to(conn: &mut Conn, site: SiteId, number: i64) -> Result<Vec<i64>> {
    let query = lessons::table
        .filter(lessons::site_id.eq(site))
        .filter(lessons::number.le(number))
        .filter(lessons::stands)
        .order(lessons::number)
        .select(lessons::number);
    Ok(query.rows(conn)?)
}

/// The numbers of a site's lessons that stand, after this one and in order, at most `limit`.
pub fn after(conn: &mut Conn, site: SiteId, number: i64, limit: i64) -> Result<Vec<i64>> {
    let query = lessons::table
        .filter(lessons::site_id.eq(site))
        .filter(lessons::number.gt(number))
        .filter(lessons::stands)
        .order(lessons::number)
        .limit(limit)
        .select(lessons::number);
    Ok(query.rows(conn)?)
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
