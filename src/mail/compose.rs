//! From rows of the outbox to what a letter says: as things stand now, so that what was withdrawn, ended or forgotten
//! meanwhile is told no more.

use std::collections::BTreeMap;

use super::Post;
use super::letter::{Content, Cover, Digest, Judged, News, Notice, Said, Thread, Waiting};
use crate::domain::id::{CommentId, SubscriptionId, ThreadId};
use crate::domain::link::{self, Aim, Leaving, Link};
use crate::domain::markdown::{LineBreaks, plain_lines};
use crate::domain::moderation::{Action, ReportState};
use crate::domain::subscription::{Frequency, Scope, Standing};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::{Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment};
use crate::store::drafts;
use crate::store::mailboxes::{self, Mailbox};
use crate::store::outbox::{self, Claimed, Delivery};
use crate::store::sites::{self, Site};
use crate::store::verdicts::{self, Verdict};
use crate::store::{
    Conn, page_hints, people, reports, sign_ins, subscriptions, suppressions, threads,
};
use crate::view::comment::read_as;

/// How much of a comment a letter tells, in characters.
const EXCERPT: usize = 1500;

/// How many comments a letter tells of one thread.
const COMMENTS: usize = 20;

/// How many threads a digest tells of.
const THREADS: usize = 30;

/// A letter that is called for: its cover and its content.
pub type Draft = (Cover, Content);

/// What is to be written for what was claimed; `None`: nothing any more.
pub fn compose(
    conn: &mut Conn,
    post: &Post,
    claimed: &Claimed,
    now: Time,
) -> Result<Option<Draft>> {
    let Some(row) = claimed.rows.first() else {
        return Ok(None);
    };
    let Some(mailbox) = mailboxes::by_id(conn, row.recipient)? else {
        return Ok(None);
    };
    let Some(site) = sites::by_id(conn, row.site_id)? else {
        return Ok(None);
    };
    if suppressions::of(conn, &mailbox.folded)?.is_some() {
        return Ok(None);
    }
    let Ok(to) = Email::parse(&mailbox.email) else {
        return Err(Error::Internal(
            "the recipient's address cannot be written to".into(),
        ));
    };
    let desk = Desk {
        post,
        site: &site,
        mailbox: &mailbox,
        now,
    };
    let content = match row.kind.as_str() {
        outbox::NEWS => desk.news(conn, &claimed.rows)?,
        outbox::COMMENT_WAITING => desk.waiting(conn, &claimed.rows)?,
        outbox::APPROVED => desk.judged(conn, row, true)?.map(Content::Approved),
        outbox::REJECTED => desk.judged(conn, row, false)?.map(Content::NotPublished),
        outbox::NOTICE_RECEIVED => desk.notice(conn, row)?.map(Content::NoticeReceived),
        outbox::NOTICE_DECIDED => desk
            .notice(conn, row)?
            .filter(|notice| notice.state.is_some())
            .map(Content::NoticeDecided),
        outbox::CONFIRM => desk.confirm(conn, row.subject.cast())?,
        outbox::SIGN_IN => desk.sign_in(conn, row)?,
        outbox::SUBSCRIPTIONS_LINK => Some(Content::Subscriptions {
            manage_url: desk.manage_url(),
        }),
        other => {
            return Err(Error::Internal(format!(
                "there is no letter of kind `{other}`"
            )));
        }
    };
    let Some(content) = content else {
        return Ok(None);
    };
    let (unsubscribe_url, references) = match &content {
        Content::News(news) => (
            Some(news.unsubscribe_url.clone()),
            desk.references(conn, row)?,
        ),
        Content::Digest(digest) => (Some(digest.unsubscribe_url.clone()), Vec::new()),
        Content::Approved(judged) | Content::NotPublished(judged) => {
            (Some(judged.unsubscribe_url.clone()), Vec::new())
        }
        _ => (None, Vec::new()),
    };
    let cover = Cover {
        letter: claimed.letter,
        mailbox: mailbox.id,
        to,
        locale: mailbox.locale.clone(),
        site: site.name.clone(),
        slug: site.slug.clone(),
        id: match row.kind.as_str() {
            outbox::NEWS => message_id(&row.kind, row.subject.cast(), &mailbox),
            // The others may be asked for again, and mail programs show but one letter of an id.
            kind => format!("{kind}.{}", claimed.letter),
        },
        references,
        unsubscribe_url,
    };
    Ok(Some((cover, content)))
}

/// The part before the `@` of the letter that first told this mailbox of that.
fn message_id(kind: &str, subject: CommentId, mailbox: &Mailbox) -> String {
    format!("{kind}.{subject}.{}", mailbox.id)
}

/// Where one letter is written.
struct Desk<'a> {
    post: &'a Post,
    site: &'a Site,
    mailbox: &'a Mailbox,
    now: Time,
}

impl Desk<'_> {
    fn url(&self, aim: Aim, expires_at: Time) -> String {
        let link = Link {
            site: self.site.id,
            mailbox: self.mailbox.id,
            aim,
            expires_at,
        };
        link.address(&self.post.keys, &self.post.service_url.to_string())
    }

    fn manage_url(&self) -> String {
        self.url(Aim::Manage, self.now.plus(link::MANAGE))
    }

    fn unsubscribe_url(&self, leaving: Leaving) -> String {
        self.url(Aim::Unsubscribe(leaving), self.now.plus(link::UNSUBSCRIBE))
    }

    /// How long until then, in whole units of so many seconds, to the nearest.
    fn left(&self, until: Time, unit: i64) -> i64 {
        (until.seconds() - self.now.seconds() + unit / 2).div_euclid(unit)
    }

    /// The letters that this one follows: whatever its thread begins with, and what its first comment answers.
    fn references(&self, conn: &mut Conn, row: &Delivery) -> Result<Vec<String>> {
        let mut references: Vec<String> = row
            .thread_id
            .map(|thread| format!("thread.{thread}"))
            .into_iter()
            .collect();
        let comment = comments::by_id(conn, row.subject.cast())?;
        if let Some(answered) = comment.and_then(|comment| comment.reply_to.or(comment.parent_id)) {
            references.push(message_id(outbox::NEWS, answered, self.mailbox));
        }
        Ok(references)
    }

    fn news(&self, conn: &mut Conn, rows: &[Delivery]) -> Result<Option<Content>> {
        let asked: Vec<SubscriptionId> = rows
            .iter()
            .flat_map(|row| row.reason.iter().map(|cause| cause.subscription))
            .collect();
        let mut active: Vec<SubscriptionId> = Vec::new();
        for part in asked.chunks(500) {
            let found = subscriptions::by_ids(conn, part)?;
            active.extend(
                found
                    .into_iter()
                    .filter(|row| *row.state == Standing::Active)
                    .map(|row| row.id),
            );
        }
        let mut causes: BTreeMap<CommentId, Vec<Scope>> = BTreeMap::new();
        let (mut reasons, mut leaving) = (Vec::new(), Vec::new());
        for row in rows {
            let active = row
                .reason
                .iter()
                .filter(|cause| active.contains(&cause.subscription));
            for cause in active {
                causes
                    .entry(row.subject.cast())
                    .or_default()
                    .push(cause.scope);
                leaving.push(cause.subscription);
                if !reasons.contains(&cause.scope) {
                    reasons.push(cause.scope);
                }
            }
        }
        let ids: Vec<CommentId> = causes.keys().copied().collect();
        let mut found = comments::by_ids(conn, &ids)?;
        let mut ids: Vec<ThreadId> = found.iter().map(|comment| comment.thread_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = threads::by_ids(conn, &ids)?;
        // What is kept from the public by now is told nobody, whenever it was news.
        found.retain(|comment| {
            let thread = known.iter().find(|thread| thread.id == comment.thread_id);
            thread.is_some_and(|thread| comment.sight(thread) == CommentSight::Whole)
        });
        found.sort_by_key(|comment| (comment.published_at, comment.id));
        let Some(row) = rows.first().filter(|_| !found.is_empty()) else {
            return Ok(None);
        };
        let reasons = reasons.into_iter().map(Word::word).collect();
        let cadence = *row.cadence;
        let leaving = match cadence {
            Frequency::Instant => Leaving::these(leaving),
            cadence => Leaving::Digest(cadence),
        };
        let unsubscribe_url = self.unsubscribe_url(leaving);
        let mut threads = by_thread(&known, &found, &causes, self.site.policy.line_breaks);
        if cadence == Frequency::Instant {
            let scopes = causes.values().flatten();
            let template = match scopes.fold((false, true), |(reply, followed), scope| {
                let is_reply = matches!(scope, Scope::Replies | Scope::Comment);
                (reply || is_reply, followed && *scope == Scope::Author)
            }) {
                (true, _) => "reply",
                (false, true) => "followed_author",
                (false, false) => "new_comment",
            };
            return Ok(threads.pop().map(|thread| {
                Content::News(News {
                    template,
                    page: thread.page,
                    page_url: thread.page_url,
                    comments: thread.comments,
                    more: thread.more,
                    count: thread.count,
                    reasons,
                    manage_url: self.manage_url(),
                    unsubscribe_url,
                })
            }));
        }
        let more_threads = threads.len().saturating_sub(THREADS);
        threads.truncate(THREADS);
        Ok(Some(Content::Digest(Digest {
            cadence: cadence.word(),
            threads,
            more_threads,
            count: found.len(),
            reasons,
            manage_url: self.manage_url(),
            unsubscribe_url,
        })))
    }

    fn waiting(&self, conn: &mut Conn, rows: &[Delivery]) -> Result<Option<Content>> {
        let moderators = people::moderators_with_email(conn, self.site.id)?;
        // Whoever moderates no more, or has another address now, is not written to.
        let moderator = moderators.iter().find(|moderator| {
            let email = moderator.email.as_deref().unwrap_or_default();
            email.eq_ignore_ascii_case(&self.mailbox.email)
        });
        let Some(moderator) = moderator else {
            return Ok(None);
        };
        let ids: Vec<CommentId> = rows.iter().map(|row| row.subject.cast()).collect();
        let rows = comments::by_ids(conn, &ids)?;
        let mut found = read_as(conn, &rows)?;
        found.retain(|comment| {
            *comment.status == Status::Pending && comment.site_id == self.site.id
        });
        found.sort_by_key(|comment| (comment.created_at, comment.id));
        let until = self.now.plus(link::DECIDE);
        let mut waiting = Vec::new();
        for comment in found.iter().take(COMMENTS) {
            let Some(thread) = threads::by_id(conn, comment.thread_id)? else {
                continue;
            };
            let thread = page_hints::placed(conn, thread, comment.id)?;
            waiting.push(Waiting {
                id: comment.id.to_string(),
                author: comment.author_name.clone(),
                lines: lines(&comment.body, self.site.policy.line_breaks),
                at: at(comment.created_at),
                page: page(&thread),
                page_url: thread.url,
                reasons: details(comment),
                decide_url: self.url(Aim::Decide(comment.id, moderator.id), until),
            });
        }
        if waiting.is_empty() {
            return Ok(None);
        }
        Ok(Some(Content::Waiting {
            more: found.len() - waiting.len(),
            count: found.len(),
            comments: waiting,
            hours: link::DECIDE.as_secs() / 3600,
        }))
    }

    /// What became of a comment, or of a new text of one; `None` when that has changed again.
    fn judged(
        &self,
        conn: &mut Conn,
        row: &Delivery,
        is_published: bool,
    ) -> Result<Option<Judged>> {
        let Some(mut comment) = comments::by_id(conn, row.subject.cast())? else {
            return Ok(None);
        };
        let Some(thread) = threads::by_id(conn, comment.thread_id)? else {
            return Ok(None);
        };
        let thread = page_hints::placed(conn, thread, comment.id)?;
        if !mailboxes::is_confirmed(conn, row.recipient, comment.person_id)? {
            return Ok(None);
        }
        let verdict = verdicts::of(conn, comment.id)?;
        let mut is_decided = verdict
            .as_ref()
            .is_some_and(|verdict| verdict.is_about(&comment));
        let line = match (*comment.status, is_published) {
            (Status::Published, true) => "approved.line",
            (Status::Published, false) => {
                let Some(draft) = turned_down(conn, verdict.as_ref())? else {
                    return Ok(None);
                };
                comment.body = draft.body;
                comment.reasons = draft.reasons;
                is_decided = true;
                "not_changed.line"
            }
            (Status::Rejected | Status::Trash, false) => match comment.published_at {
                Some(_) => "removed.line",
                None => "not_published.line",
            },
            _ => return Ok(None),
        };
        Ok(Some(Judged {
            line,
            page: page(&thread),
            comment_url: place(&thread.url, comment.id),
            page_url: thread.url,
            lines: lines(&comment.body, self.site.policy.line_breaks),
            reasons: for_author(&comment),
            automatic: !is_decided,
            manage_url: self.manage_url(),
            unsubscribe_url: self.unsubscribe_url(Leaving::All),
        }))
    }

    /// A notice, if it goes to the address that it gives.
    fn notice(&self, conn: &mut Conn, row: &Delivery) -> Result<Option<Notice>> {
        let Some(report) = reports::by_id(conn, row.subject.cast())? else {
            return Ok(None);
        };
        let contact = report.contact.as_deref().unwrap_or_default();
        let Some(comment) = comments::by_id(conn, report.comment_id)? else {
            return Ok(None);
        };
        let Some(thread) = threads::by_id(conn, comment.thread_id)? else {
            return Ok(None);
        };
        if !contact.eq_ignore_ascii_case(&self.mailbox.email) {
            return Ok(None);
        }
        let is_decided = *report.state != ReportState::Open;
        Ok(Some(Notice {
            page: page(&thread),
            comment_url: place(&thread.url, comment.id),
            at: at(report.created_at),
            state: is_decided.then(|| report.state.word()),
            grounds: report.grounds,
        }))
    }

    fn confirm(&self, conn: &mut Conn, id: SubscriptionId) -> Result<Option<Content>> {
        let Some(asked) = subscriptions::by_id(conn, id)? else {
            return Ok(None);
        };
        let hours = self.left(asked.expires_at, 3600);
        if *asked.state != Standing::Pending || hours < 2 {
            return Ok(None);
        }
        Ok(Some(Content::Confirm {
            scope: asked.scope.word(),
            confirm_url: self.url(Aim::Confirm(id), asked.expires_at),
            hours,
        }))
    }

    fn sign_in(&self, conn: &mut Conn, row: &Delivery) -> Result<Option<Content>> {
        let id = row.subject.cast();
        let Some(attempt) = sign_ins::by_id(conn, id)? else {
            return Ok(None);
        };
        // What ends before it can be read is not written.
        let minutes = self.left(attempt.expires_at, 60);
        if minutes < 2 || attempt.redeemed_at.is_some() {
            return Ok(None);
        }
        Ok(Some(Content::SignIn {
            sign_in_url: match self.site.names(&attempt.url) {
                true => Some(self.url(Aim::SignIn(id), attempt.expires_at)),
                false => None,
            },
            code: link::code(&self.post.keys, id),
            minutes,
        }))
    }
}

/// Comments by thread, in the order in which each thread's first was published.
fn by_thread(
    known: &[threads::Thread],
    found: &[Comment],
    causes: &BTreeMap<CommentId, Vec<Scope>>,
    breaks: LineBreaks,
) -> Vec<Thread> {
    let mut order: Vec<ThreadId> = Vec::new();
    for comment in found {
        if !order.contains(&comment.thread_id) {
            order.push(comment.thread_id);
        }
    }
    let told = order.iter().filter_map(|id| {
        let thread = known.iter().find(|thread| thread.id == *id)?;
        let of_it: Vec<&Comment> = found
            .iter()
            .filter(|comment| comment.thread_id == *id)
            .collect();
        let said = of_it.iter().take(COMMENTS).map(|comment| {
            let scopes = causes
                .get(&comment.id)
                .map(Vec::as_slice)
                .unwrap_or_default();
            said(comment, &thread.url, scopes, breaks)
        });
        Some(Thread {
            page: page(thread),
            page_url: thread.url.clone(),
            comments: said.collect(),
            more: of_it.len().saturating_sub(COMMENTS),
            count: of_it.len(),
        })
    });
    told.collect()
}

/// The new text of a published comment that this decision turned down.
fn turned_down(conn: &mut Conn, verdict: Option<&Verdict>) -> Result<Option<drafts::Draft>> {
    let Some(verdict) = verdict.filter(|verdict| *verdict.action == Action::Reject) else {
        return Ok(None);
    };
    let draft = drafts::of(conn, verdict.comment_id)?;
    Ok(draft.filter(|draft| !draft.waits && verdict.draft == Some(draft.revision)))
}

fn said(comment: &Comment, page_url: &str, scopes: &[Scope], breaks: LineBreaks) -> Said {
    Said {
        author: comment.author_name.clone(),
        lines: lines(&comment.body, breaks),
        url: place(page_url, comment.id),
        at: at(comment.published_at.unwrap_or(comment.created_at)),
        is_reply: scopes
            .iter()
            .any(|scope| matches!(scope, Scope::Replies | Scope::Comment)),
        is_followed: scopes.contains(&Scope::Author),
    }
}

/// A comment's text, line by line. Mail programs make links of addresses, so they lose what makes them some.
fn lines(body: &str, breaks: LineBreaks) -> Vec<String> {
    plain_lines(body, breaks, EXCERPT)
        .into_iter()
        .map(|line| {
            line.replace("://", "\u{2060}:\u{2060}//")
                .replace("www.", "www\u{2060}.")
        })
        .collect()
}

fn details(comment: &Comment) -> Vec<String> {
    let reasons = comment.reasons.iter();
    reasons.map(|reason| reason.detail.clone()).collect()
}

fn for_author(comment: &Comment) -> Vec<String> {
    let reasons = comment.reasons.iter();
    reasons.map(|reason| reason.for_author().detail).collect()
}

/// What a page is called: as its publisher says, or by its address.
fn page(thread: &threads::Thread) -> String {
    let address = thread
        .url
        .split_once("://")
        .map_or(thread.url.as_str(), |(_, rest)| rest);
    thread.title().unwrap_or(address).to_owned()
}

fn place(page_url: &str, comment: CommentId) -> String {
    let page = page_url.split('#').next().unwrap_or_default();
    format!("{page}#postil-{comment}")
}

fn at(time: Time) -> String {
    let text = time.to_string();
    let (day, clock) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", clock.get(..5).unwrap_or_default())
}
