//! A thread's passages and the comments on them, in the order of pages: the author's questions first, then the comments, the
//! oldest first.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::cursor::Cursor;
use crate::domain::id::{PassageId, ThreadId};
use crate::domain::site::Policy;
use crate::domain::visibility::CommentSight;
use crate::domain::word::Sort;
use crate::error::{Error, Result};
use crate::store::comments::Roots;
use crate::store::passages::Passage;
use crate::store::threads::PublicThread;
use crate::store::{Conn, comments, passages};
use crate::view::annotation::{Annotation, Collection, Page};
use crate::view::page_of;

/// Annotations on a page.
const PAGE: usize = 100;

/// The names of the pages that begin with the first question, and with the first comment.
const QUESTIONS: &str = "questions";
const COMMENTS: &str = "comments";

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
enum Place {
    Questions { after: Option<PassageId> },
    Comments { after: Option<Cursor> },
}

impl Place {
    /// Reads a page's name: one of the two words, or a cursor.
    fn parse(name: &str, thread: ThreadId) -> Result<Self> {
        let read = |list| Cursor::decode(name, &query(list, thread));
        match name {
            QUESTIONS => return Ok(Self::Questions { after: None }),
            COMMENTS => return Ok(Self::Comments { after: None }),
            _ => {}
        }
        if let Ok(cursor) = read(QUESTIONS) {
            let after = PassageId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
            return Ok(Self::Questions { after: Some(after) });
        }
        let after = read(COMMENTS).map_err(Error::Query)?;
        Ok(Self::Comments { after: Some(after) })
    }
}

/// The name of a list, for its cursors.
fn query(list: &str, thread: ThreadId) -> String {
    format!("annotations {list} {thread}")
}

/// What is asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// All of them, with the first page.
    Collection(Collection),
    /// A page.
    Page(Page),
}

/// The annotations of a page on the web: the collection, which is at `address`, or a page of it.
///
/// # Errors
/// `invalid_cursor`.
pub fn read(
    conn: &mut Conn,
    thread: &PublicThread,
    policy: &Policy,
    address: &str,
    page: Option<&str>,
) -> Result<Answer> {
    let known = passages::of_thread(conn, thread.id)?;
    let of_thread = OfThread {
        thread,
        policy,
        address,
        questions: known
            .iter()
            .filter_map(|passage| {
                let quotation = passage.quotation(policy);
                let question = Annotation::of_question(passage, quotation, &thread.url)?;
                Some((passage.id, question))
            })
            .collect(),
        passages: known.iter().map(|own| (own.id, own)).collect(),
    };
    of_thread.answer(conn, page)
}

/// The same of a page on which nobody has written: there are none.
///
/// # Errors
/// `invalid_cursor`.
pub fn none(thread: ThreadId, address: &str, page: Option<&str>) -> Result<Answer> {
    Ok(match page {
        None => Answer::Collection(Collection::new(address, None, 0, None)),
        Some(name) => {
            Place::parse(name, thread)?;
            Answer::Page(Page::new(address, 0, name, Vec::new(), None))
        }
    })
}

struct OfThread<'a> {
    thread: &'a PublicThread,
    policy: &'a Policy,
    address: &'a str,
    /// By their passages, in the order of their ids.
    questions: Vec<(PassageId, Annotation)>,
    passages: HashMap<PassageId, &'a Passage>,
}

impl OfThread<'_> {
    fn answer(mut self, conn: &mut Conn, page: Option<&str>) -> Result<Answer> {
        // Of questions there are at most a few thousand.
        let total = self.questions.len() as i64 + self.comments();
        if let Some(name) = page {
            return Ok(Answer::Page(self.page(conn, name, total)?));
        }
        let first = match (total, self.questions.is_empty()) {
            (0, _) => None,
            (_, true) => Some(COMMENTS),
            (_, false) => Some(QUESTIONS),
        };
        let first = first.map(|name| self.page(conn, name, total)).transpose()?;
        let label = self.thread.title().map(str::to_owned);
        Ok(Answer::Collection(Collection::new(
            self.address,
            label,
            total,
            first,
        )))
    }

    /// How many comments there are.
    fn comments(&self) -> i64 {
        self.passages.values().map(|own| own.answer_count).sum()
    }

    fn page(&mut self, conn: &mut Conn, name: &str, total: i64) -> Result<Page> {
        let (items, next) = match Place::parse(name, self.thread.id)? {
            Place::Questions { after } => self.asked(after),
            Place::Comments { after } => self.said(conn, after)?,
        };
        Ok(Page::new(self.address, total, name, items, next))
    }

    fn asked(&mut self, after: Option<PassageId>) -> (Vec<Annotation>, Option<String>) {
        let mut rest = std::mem::take(&mut self.questions);
        rest.retain(|(id, _)| after.is_none_or(|after| *id > after));
        let (page, next) = page_of(rest, PAGE, |(id, _)| {
            let id = id.bytes();
            Cursor { key: 0, id }.encode(&query(QUESTIONS, self.thread.id))
        });
        let items = page.into_iter().map(|(_, question)| question).collect();
        let comments = (self.comments() > 0).then(|| COMMENTS.to_owned());
        (items, next.or(comments))
    }

    fn said(
        &self,
        conn: &mut Conn,
        after: Option<Cursor>,
    ) -> Result<(Vec<Annotation>, Option<String>)> {
        if self.passages.is_empty() {
            return Ok((Vec::new(), None));
        }
        let which = Roots::Inline(self.thread.id);
        let rows = comments::roots(conn, which, Sort::Oldest, after, PAGE as i64 + 1)?;
        let (rows, next) = page_of(rows, PAGE, |row| {
            row.cursor(Sort::Oldest)
                .encode(&query(COMMENTS, self.thread.id))
        });
        let said = rows
            .iter()
            .filter(|row| row.sight(self.thread) == CommentSight::Whole);
        let items = said.filter_map(|row| {
            let passage = self.passages.get(&row.passage_id?)?;
            let quotation = passage.quotation(self.policy);
            let page = &self.thread.url;
            Some(Annotation::of_comment(row, passage, quotation, page))
        });
        Ok((items.collect(), next))
    }
}
