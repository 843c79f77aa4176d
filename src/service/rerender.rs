//! Makes the stored HTML of a site's comments anew, where another release of the renderer or another rule made it.
//!
//! What is left to do is found by one index (`store/rendered.rs`), thread by thread, and behind the thread's lock: so a text that is
//! edited meanwhile is read as it is, and who writes never waits for more than a step. Readers are told of a thread
//! once, when all of it is done. A step renders within its transaction, which no other write does: it has to be this text
//! that gets this HTML, and [`BYTES`] of text take some ten milliseconds. It goes by the site's rules as they are then.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::caller::Caller;
use super::jobs::{self, NewJob};
use crate::domain::id::{CommentId, SiteId, ThreadId};
use crate::domain::job::JobKind;
use crate::domain::markdown::{self, LineBreaks};
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::{EventKind, Role};
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::events::{self, Locked};
use crate::store::jobs::Job;
use crate::store::{Store, Tx, drafts, rendered, sites};

/// How many comments a step makes anew.
const COMMENTS: usize = 100;
/// In how many threads, each of which it locks.
const THREADS: usize = 20;
/// How many bytes of Markdown it renders, but for the last text.
const BYTES: usize = 128 * 1024;
/// How many earlier texts of a comment are read at a time.
const EARLIER: i64 = 10;

/// A thread that is not done.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    thread: ThreadId,
    /// Whether readers see something else of it now.
    changed: bool,
    /// The comment whose earlier texts from this one down are left to do.
    earlier: Option<(CommentId, i64)>,
}

/// How far it came; the next step begins there.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    place: Option<Place>,
    /// Comments that were made anew.
    pub done: i64,
    /// How many there were to make at the beginning, and that came to be seen since.
    pub total: Option<i64>,
    /// Comments that look otherwise now.
    pub changed: i64,
    /// Threads that readers were told to read anew.
    pub threads: i64,
    /// Whether nothing is left to do.
    pub is_over: bool,
}

/// What a step has to go by, and what it may yet do.
struct Work {
    site: SiteId,
    breaks: LineBreaks,
    renderer: i32,
    comments: usize,
    bytes: usize,
    progress: Progress,
}

/// Takes a step: at most [`COMMENTS`] in [`THREADS`].
///
/// # Errors
/// [`Error::UnknownSite`].
pub fn step(tx: &mut Tx, site: SiteId, before: &Progress, now: Time) -> Result<Progress> {
    let row = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
    let breaks = row.policy.line_breaks;
    let mut work = Work {
        site,
        breaks,
        renderer: markdown::renderer(breaks),
        comments: COMMENTS,
        bytes: BYTES,
        progress: before.clone(),
    };
    let total = match before.total {
        Some(total) => total,
        None => rendered::count_others(tx, site, work.renderer)?,
    };
    let mut place = work.progress.place.take();
    for _ in 0..THREADS {
        let Some(here) = next(tx, &work, place.take())? else {
            work.progress.is_over = true;
            break;
        };
        place = work.thread(tx, here, now)?;
        if place.is_some() || work.is_spent() {
            break;
        }
    }
    let done = i64::try_from(COMMENTS - work.comments).unwrap_or_default();
    let done = before.done + done;
    Ok(Progress {
        place,
        done,
        // What was written by the old rule meanwhile is done as well.
        total: Some(total.max(done)),
        ..work.progress
    })
}

/// The thread to go on with.
fn next(tx: &mut Tx, work: &Work, place: Option<Place>) -> Result<Option<Place>> {
    if place.is_some() {
        return Ok(place);
    }
    for other in rendered::others(tx, work.site, work.renderer)? {
        if let Some(thread) = rendered::first_thread(tx, work.site, other)? {
            return Ok(Some(Place {
                thread,
                changed: false,
                earlier: None,
            }));
        }
    }
    Ok(None)
}

/// Leaves it as it is: readers of the thread that is not done are told of what is.
///
/// # Errors
/// [`Error::Database`].
pub fn stop(tx: &mut Tx, before: &Progress, now: Time) -> Result<Progress> {
    let mut progress = before.clone();
    if let Some(place) = progress.place.take().filter(|place| place.changed) {
        let mut thread = Locked::lock_itself(tx, place.thread)?;
        events::append(tx, &mut thread, EventKind::ThreadReset, None, now)?;
        progress.threads += 1;
    }
    Ok(progress)
}

/// Begins it as a job.
///
/// # Errors
/// [`Error::UnknownSite`], [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::Conflict`] when too many jobs of the site wait.
pub async fn begin(store: &Store, caller: &Caller, slug: &str, now: Time) -> Result<Job> {
    let (caller, slug) = (caller.clone(), slug.to_owned());
    store
        .write(move |tx| {
            let site = sites::by_slug(tx, &slug)?.ok_or(Error::UnknownSite)?.id;
            caller.must_change(Role::Admin, Some(site))?;
            begin_in(tx, &caller, site, now)
        })
        .await
}

/// The same in the transaction of whoever has seen that the caller may.
pub(super) fn begin_in(tx: &mut Tx, caller: &Caller, site: SiteId, now: Time) -> Result<Job> {
    let new = NewJob {
        site: Some(site),
        kind: JobKind::Rerender,
        arguments: json!({}),
    };
    jobs::begin(tx, caller, new, now)
}

impl Work {
    fn is_spent(&self) -> bool {
        self.comments == 0 || self.bytes == 0
    }

    fn html(&mut self, body: &str) -> String {
        self.bytes = self.bytes.saturating_sub(body.len());
        markdown::render(body, self.breaks).into_string()
    }

    /// Makes a thread's comments anew, and tells its readers once there are no others; gives where to go on, if there are.
    fn thread(&mut self, tx: &mut Tx, mut place: Place, now: Time) -> Result<Option<Place>> {
        let mut thread = match Locked::lock_itself(tx, place.thread) {
            Ok(thread) => thread,
            // It is gone, with its comments.
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        for other in rendered::others(tx, self.site, self.renderer)? {
            let limit = i64::try_from(self.comments).unwrap_or_default();
            let found = rendered::of_thread(tx, (self.site, thread.id), other, limit)?;
            for comment in found {
                if self.is_spent() {
                    return Ok(Some(place));
                }
                let below = match place.earlier.take() {
                    Some((id, below)) if id == comment.id => below,
                    _ => i64::MAX,
                };
                if let Some(below) = self.earlier(tx, &comment, below)? {
                    place.earlier = Some((comment.id, below));
                    return Ok(Some(place));
                }
                let is_shown = comment.sight(&thread) == CommentSight::Whole;
                place.changed |= self.comment(tx, &comment)? && is_shown;
                self.comments -= 1;
            }
            if self.comments == 0 {
                return Ok(Some(place));
            }
        }
        if place.changed {
            events::append(tx, &mut thread, EventKind::ThreadReset, None, now)?;
            self.progress.threads += 1;
        }
        Ok(None)
    }

    /// Makes a comment's present text anew, and one that waits; gives whether it looks otherwise.
    fn comment(&mut self, tx: &mut Tx, comment: &Comment) -> Result<bool> {
        if let Some(draft) = drafts::of(tx, comment.id)? {
            let html = self.html(&draft.body);
            if html != draft.body_html {
                rendered::set_draft(tx, comment.id, &html)?;
            }
        }
        let html = self.html(&comment.body);
        rendered::set(tx, comment.id, &html, self.renderer)?;
        let is_other = html != comment.body_html;
        self.progress.changed += i64::from(is_other);
        Ok(is_other)
    }

    /// Makes the earlier texts of a comment anew that are numbered below that; gives where to go on, if time is up.
    fn earlier(&mut self, tx: &mut Tx, comment: &Comment, below: i64) -> Result<Option<i64>> {
        let mut below = below;
        loop {
            let found = rendered::earlier(tx, comment.id, below, EARLIER)?;
            if found.is_empty() {
                return Ok(None);
            }
            for earlier in found {
                if self.is_spent() {
                    return Ok(Some(below));
                }
                below = earlier.revision;
                let html = self.html(&earlier.body);
                if html != earlier.body_html {
                    rendered::set_earlier(tx, comment.id, earlier.revision, &html)?;
                }
            }
        }
    }
}
