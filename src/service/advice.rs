//! What a site's adviser, a service of its own, makes of a comment. It is asked before the transaction, and must neither hold
//! a comment up for long nor fail it: whatever is no answer in time counts as none. One that fails again and again is left
//! alone for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use super::comments::{Draft, Edit};
use super::signing::Signature;
use crate::domain::id::SiteId;
use crate::domain::judgement::{Opinion, Reason};
use crate::domain::time::Time;
use crate::domain::webhook;
use crate::error::{Error, Result};
use crate::outbound::{Answer, Client, Failure, Request};
use crate::store::advisers::Adviser;
use crate::store::comments::Comment;
use crate::store::people::Person;
use crate::store::sites::Site;
use crate::store::threads::Thread;
use crate::telemetry::{Advised, Metrics};
use crate::view::submission::{Author, Submission, Submitted};

/// How long an adviser may take, from the look-up of its name to the last byte of its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// After how many failures in a row an adviser is left alone.
const FAILURES: u32 = 3;

/// For how long; then one comment tries again.
const REST: Duration = Duration::from_secs(30);

/// How long a question waits for a place; who has none by then would be left with too little time for an answer.
const QUEUE: Duration = Duration::from_secs(1);

/// Who waited no longer has left the adviser all of its time.
const PROMPT: Duration = Duration::from_millis(100);

/// How many comments one site's adviser is asked about at a time, so that one which is slow leaves room for others'.
const AT_ONCE: usize = 4;

/// Most characters of an adviser's reason; the rest is left out.
const REASON: usize = 200;

/// Asks advisers.
pub struct Advice {
    client: Client,
    metrics: Metrics,
    /// The advisers that failed last time, by their sites; on this instance.
    failing: Mutex<HashMap<SiteId, Failing>>,
    /// The room that each site has which was ever asked for.
    room: Mutex<HashMap<SiteId, Arc<Semaphore>>>,
}

/// What an adviser is to be asked.
pub struct Question {
    adviser: Adviser,
    kind: &'static str,
    data: Submitted,
}

#[derive(Default)]
struct Failing {
    failures: u32,
    rests_until: Option<Time>,
}

/// What an adviser says that says something.
#[derive(Deserialize)]
struct Answered {
    verdict: Verdict,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Allow,
    Hold,
    Reject,
}

impl Advice {
    /// By this way out, and counted here.
    pub fn new(client: Client, metrics: Metrics) -> Self {
        Self {
            client,
            metrics,
            failing: Mutex::default(),
            room: Mutex::default(),
        }
    }

    /// Asks a site's adviser.
    ///
    /// # Errors
    /// [`Error::Internal`]; what is wrong with the adviser is none.
    pub async fn ask(&self, question: Question, now: Time) -> Result<Opinion> {
        let Question {
            adviser,
            kind,
            data,
        } = question;
        let site = adviser.site_id;
        if self.rests(site, now) {
            self.metrics.advised(Advised::Resting);
            return Ok(silence("it is left alone after failing"));
        }
        let message = Submission {
            kind,
            timestamp: now,
            data,
        };
        let body = serde_json::to_vec(&message)
            .map_err(|error| Error::Internal(format!("rendering JSON: {error}")))?;
        let id = format!("msg_{}", Uuid::now_v7().simple());
        let request = Request {
            url: adviser.url.clone(),
            headers: webhook::headers(&adviser.secrets(now)?, &id, now, &body).into(),
            body,
        };
        let asked = Instant::now();
        let place = tokio::time::timeout(QUEUE, self.room(site).acquire_owned()).await;
        let waited = asked.elapsed();
        let answer = match place {
            Ok(Ok(place)) => {
                let left = PATIENCE.saturating_sub(waited);
                self.client.post(request, left, place).await
            }
            _ => Err(Failure::Busy),
        };
        // That there was no room here, or too little time left, says nothing of the adviser.
        let is_ours = match answer {
            Err(Failure::Busy) => true,
            Err(Failure::Late) => waited > PROMPT,
            _ => false,
        };
        let heard = answer.map_err(|failure| (of_failure(failure), failure.to_string()));
        match heard.and_then(|answer| read(&answer)) {
            Ok((outcome, opinion)) => {
                self.lock().remove(&site);
                self.metrics.advised(outcome);
                Ok(opinion)
            }
            Err((outcome, why)) => {
                self.metrics.advised(outcome);
                if !is_ours {
                    self.note_failure(site, now);
                }
                tracing::warn!(site = %site, message = %id, "no advice: {why}");
                Ok(silence(&why))
            }
        }
    }

    /// A site's room.
    fn room(&self, site: SiteId) -> Arc<Semaphore> {
        // Nothing is left half done here either.
        let mut all = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(site);
        own.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)))
            .clone()
    }

    /// Whether a site's adviser is to be left alone. When its rest is over, whoever asks this first tries it, and it rests on
    /// for the others until that has gone well.
    fn rests(&self, site: SiteId, now: Time) -> bool {
        let mut failing = self.lock();
        let Some(Failing {
            rests_until: Some(until),
            ..
        }) = failing.get_mut(&site)
        else {
            return false;
        };
        if now < *until {
            return true;
        }
        *until = now.plus(REST);
        false
    }

    fn note_failure(&self, site: SiteId, now: Time) {
        let mut failing = self.lock();
        let known = failing.entry(site).or_default();
        known.failures += 1;
        if known.failures >= FAILURES {
            known.rests_until = Some(now.plus(REST));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SiteId, Failing>> {
        // Each change is one insertion, removal or number, so a panic elsewhere leaves nothing half done.
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked about a new comment. `person` is nobody for a guest who is new.
pub(super) fn about_new(
    adviser: Adviser,
    site: &Site,
    person: Option<&Person>,
    draft: &Draft,
    signature: Signature,
    title: Option<String>,
) -> Question {
    let name = signature.name.map(|name| name.to_string());
    let website = signature.website.map(|website| website.to_string());
    let data = Submitted {
        site: site.slug.clone(),
        url: draft.page.url.to_string(),
        title,
        comment_id: None,
        parent_id: draft.parent,
        body: draft.source.as_str().to_owned(),
        body_html: draft.html.as_str().to_owned(),
        author: Author::of(person, name, website),
    };
    Question {
        adviser,
        kind: "comment.submitted",
        data,
    }
}

/// What is asked about a comment's new text.
pub(super) fn about_edit(
    adviser: Adviser,
    site: &Site,
    person: &Person,
    thread: Thread,
    comment: Comment,
    edit: &Edit,
) -> Question {
    let data = Submitted {
        site: site.slug.clone(),
        title: thread.title().map(str::to_owned),
        url: thread.url,
        comment_id: Some(comment.id),
        parent_id: comment.parent_id,
        body: edit.source.as_str().to_owned(),
        body_html: edit.html.as_str().to_owned(),
        author: Author::of(Some(person), comment.author_name, comment.author_website),
    };
    Question {
        adviser,
        kind: "comment.edited",
        data,
    }
}

/// What an answer says; or what is wrong with it.
fn read(answer: &Answer) -> std::result::Result<(Advised, Opinion), (Advised, String)> {
    let refuse = |outcome, why: &str| Err((outcome, why.to_owned()));
    match answer.status {
        204 => return Ok((Advised::None, Opinion::None)),
        200 => {}
        300..400 => return refuse(Advised::Redirect, "its answer leads elsewhere"),
        _ => {
            return refuse(
                Advised::Status,
                "its answer has another status than 200 and 204",
            );
        }
    }
    let Ok(answered) = serde_json::from_slice::<Answered>(&answer.body) else {
        return refuse(Advised::Garbage, "its answer is no verdict");
    };
    let reason = || Reason::advised(said(answered.reason.as_deref().unwrap_or_default()));
    Ok(match answered.verdict {
        Verdict::Allow => (Advised::Allow, Opinion::Allow),
        Verdict::Hold => (Advised::Hold, Opinion::Hold(reason())),
        Verdict::Reject => (Advised::Reject, Opinion::Reject(reason())),
    })
}

/// An adviser's reason in one line.
fn said(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(REASON)
        .collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

fn silence(why: &str) -> Opinion {
    Opinion::Note(Reason::no_advice(why))
}

fn of_failure(failure: Failure) -> Advised {
    match failure {
        Failure::Busy => Advised::Busy,
        Failure::Forbidden => Advised::Forbidden,
        Failure::Late => Advised::Late,
        Failure::Large => Advised::Large,
        Failure::Broken => Advised::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(status: u16, body: &str) -> std::result::Result<Opinion, Advised> {
        let body = body.as_bytes().to_vec();
        let read = read(&Answer { status, body });
        read.map(|(_, opinion)| opinion)
            .map_err(|(outcome, _)| outcome)
    }

    #[test]
    fn an_answer_is_a_verdict_with_a_reason_or_nothing() {
        let reason = |text: &str| Reason::advised(Some(text.into()));
        let default = Reason::advised(None);
        for (status, body, opinion) in [
            (204, "", Opinion::None),
            (204, "whatever", Opinion::None),
            (200, r#"{"verdict":"allow","reason":null}"#, Opinion::Allow),
            (
                200,
                r#"{"verdict":"hold","more":1}"#,
                Opinion::Hold(default),
            ),
            (
                200,
                r#"{"verdict":"reject","reason":" a\nline\u0000 "}"#,
                Opinion::Reject(reason("a line")),
            ),
        ] {
            assert_eq!(read_of(status, body), Ok(opinion), "{body}");
        }
        let long = format!(r#"{{"verdict":"hold","reason":"{}"}}"#, "é".repeat(300));
        let cut = Opinion::Hold(reason(&"é".repeat(200)));
        assert_eq!(read_of(200, &long), Ok(cut));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (status, body, outcome) in [
            (200, "", Advised::Garbage),
            (200, "null", Advised::Garbage),
            (200, "[]", Advised::Garbage),
            (200, r#"{"verdict":"maybe"}"#, Advised::Garbage),
            (200, r#"{"verdict":"hold","reason":5}"#, Advised::Garbage),
            (200, "\u{0}", Advised::Garbage),
            (201, r#"{"verdict":"allow"}"#, Advised::Status),
            (302, "", Advised::Redirect),
            (404, "", Advised::Status),
            (500, r#"{"verdict":"allow"}"#, Advised::Status),
        ] {
            assert_eq!(read_of(status, body), Err(outcome), "{status} {body}");
        }
    }

    #[test]
    fn who_fails_three_times_rests_and_then_one_tries_again() {
        let advice = Advice::new(Client::new(Vec::new()), Metrics::new());
        let (site, other) = (SiteId::new(), SiteId::new());
        let start = Time::from_micros(0);
        for _ in 0..2 {
            advice.note_failure(site, start);
            assert!(!advice.rests(site, start));
        }
        advice.note_failure(site, start);
        assert!(advice.rests(site, start) && !advice.rests(other, start));
        let over = start.plus(REST);
        assert!(!advice.rests(site, over));
        assert!(advice.rests(site, over), "one is enough");
        advice.note_failure(site, over);
        assert!(advice.rests(site, over.plus(REST / 2)));
        advice.lock().remove(&site);
        assert!(!advice.rests(site, over));
    }
}
