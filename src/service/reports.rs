//! Readers' reports, and notices of illegal content with their decision (Digital Services Act,
//! Regulation (EU) 2022/2065, articles 16 and 17).

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use super::consent::Asker;
use super::moderation::{self, Decision};
use super::publishing;
use crate::domain::id::{CommentId, ReportId};
use crate::domain::judgement::Reason;
use crate::domain::moderation::{Action, ReportReason, ReportState};
use crate::domain::subscription::Frequency;
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::word::{Role, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment};
use crate::store::events::Locked;
use crate::store::letter_requests::{self, Share, Verdict};
use crate::store::reports::{self, Report};
use crate::store::types::Named;
use crate::store::{Store, Tx, mailboxes, outbox, queue, sites, tallies, verdicts};

/// What somebody says about a comment.
#[derive(Clone)]
pub struct NewReport {
    /// Why.
    pub reason: ReportReason,
    /// Why, in their words.
    pub detail: String,
    /// Which law is broken; of a notice of illegal content only.
    pub law: Option<String>,
    /// Where the notifier is told what becomes of it; of a notice only.
    pub contact: Option<Email>,
}

/// Reports a comment, and tells whether that was new: a person reports a comment once.
///
/// # Errors
/// [`Error::NotFound`] for what the public does not see, [`Error::OwnComment`], [`Error::Unauthorized`].
pub async fn report(
    store: &Store,
    caller: &Caller,
    id: CommentId,
    new: NewReport,
    asker: Asker,
    now: Time,
) -> Result<(Report, bool)> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            if caller.authority.is_none() {
                return Err(Error::Unauthorized);
            }
            let (mut thread, mut comment) = super::comments::published(tx, id)?;
            let person = caller.person_on(comment.site_id)?;
            if caller.wrote(&comment) {
                return Err(Error::OwnComment);
            }
            if let Some(before) = reports::by_person(tx, id, person.id)? {
                return Ok((before, false));
            }
            let mut report = Report {
                id: ReportId::new(),
                site_id: comment.site_id,
                comment_id: id,
                person_id: person.id,
                verified: person.verified,
                reason: Named(new.reason),
                detail: new.detail.clone(),
                law: new.law.clone(),
                contact: new.contact.as_ref().map(|email| email.as_str().to_owned()),
                state: Named(ReportState::Open),
                grounds: None,
                created_at: now,
                decided_at: None,
            };
            confirm_receipt(tx, &mut report, &comment, &asker, now)?;
            reports::insert(tx, &report)?;
            count(tx, &comment, 1)?;
            queue::note(tx, id, now)?;
            hold_when_many(tx, &mut thread, &mut comment, now)?;
            publishing::count_today(tx, &comment, &["reported".into()], now)?;
            Ok((report, true))
        })
        .await
}

/// Calls for the letter that a notice has arrived. An address that had its share of such letters, or was given to flood it, is not
/// answered, so it is not kept either.
fn confirm_receipt(
    tx: &mut Tx,
    report: &mut Report,
    comment: &Comment,
    asker: &Asker,
    now: Time,
) -> Result<()> {
    let Some(contact) = contact(report) else {
        return Ok(());
    };
    let folded = contact.folded();
    let by = Some(asker.bytes());
    match letter_requests::count(tx, Share::Notice, &folded, by, now)? {
        Verdict::Granted => tell_notifier(tx, outbox::NOTICE_RECEIVED, report, comment, now),
        Verdict::AskerHadTheirs(_) | Verdict::Withheld => {
            report.contact = None;
            Ok(())
        }
    }
}

/// Where a notice is answered to.
fn contact(report: &Report) -> Option<Email> {
    Email::parse(report.contact.as_deref()?).ok()
}

/// Calls for a letter to whoever gave a notice, if they said where to.
fn tell_notifier(
    tx: &mut Tx,
    kind: &'static str,
    report: &Report,
    comment: &Comment,
    now: Time,
) -> Result<()> {
    let Some(contact) = contact(report) else {
        return Ok(());
    };
    let site = sites::by_id(tx, report.site_id)?.ok_or(Error::NotFound)?;
    let mailbox = mailboxes::find_or_make(tx, site.id, &contact, &site.locale, now)?;
    let call = outbox::Call {
        kind,
        subject: report.id.cast(),
        recipient: mailbox.id,
        site: site.id,
        thread: Some(comment.thread_id),
        cadence: Frequency::Instant,
        causes: Vec::new(),
    };
    outbox::post(tx, &call, now)
}

/// Counts open reports of a comment, and whether it is one of those that are reported.
fn count(tx: &mut Tx, comment: &Comment, difference: i64) -> Result<()> {
    if difference == 0 {
        return Ok(());
    }
    let before = comment.reports > 0;
    let after = comments::count_reports(tx, comment.id, difference)? > 0;
    if before != after {
        let change = if after { 1 } else { -1 };
        let (site, thread) = (comment.site_id, comment.thread_id);
        tallies::add(tx, site, tallies::NOW, "reported", thread, change)?;
    }
    Ok(())
}

/// Takes a comment out of sight until a moderator has seen it, when enough people report it for whom
/// somebody vouches. One that a moderator has approved was seen.
fn hold_when_many(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &mut Comment,
    now: Time,
) -> Result<()> {
    let site = sites::by_id(tx, comment.site_id)?.ok_or(Error::NotFound)?;
    let Some(threshold) = site.policy.report_threshold else {
        return Ok(());
    };
    if reports::verified_of(tx, comment.id)? < i64::from(threshold) {
        return Ok(());
    }
    let last = verdicts::of(tx, comment.id)?;
    // Approved, it was seen as it is.
    if last.is_some_and(|last| *last.action == Action::Approve && last.is_about(comment)) {
        return Ok(());
    }
    let reasons = vec![Reason::reported()];
    publishing::count_today(tx, comment, &publishing::held_for(&reasons), now)?;
    publishing::withdraw(tx, thread, comment, Status::Pending, reasons, now)?;
    super::comments::tell_moderators(tx, &site, comment, now)?;
    let act = Act {
        site: Some(comment.site_id),
        action: "hold",
        object: "comment",
        reason: Some("reported"),
        note: None,
        was: json!({"status": Status::Published, "revision": comment.revision}),
        became: json!({"status": Status::Pending}),
    };
    audit::record(tx, None, comment.id, &act, now)
}

/// Settles the open reports of a comment by what was decided about it: they were right when it goes,
/// and wrong when it stays.
pub(super) fn settle(
    tx: &mut Tx,
    comment: &Comment,
    to: Status,
    grounds: Option<&str>,
    now: Time,
) -> Result<()> {
    let state = match to {
        Status::Published => ReportState::Dismissed,
        Status::Rejected | Status::Spam | Status::Trash => ReportState::Upheld,
        Status::Pending | Status::Deleted => return Ok(()),
    };
    if comment.reports == 0 {
        return Ok(());
    }
    for report in reports::open_of(tx, comment.id)? {
        if *report.reason == ReportReason::Illegal && grounds.is_none() {
            return Err(Error::Grounds);
        }
        reports::decide(tx, report.id, state, grounds, now)?;
        tell_notifier(tx, outbox::NOTICE_DECIDED, &report, comment, now)?;
    }
    count(tx, comment, -comment.reports)
}

/// Opens the reports again that a decision settled, which is taken back. Who was told of it is told again when they are decided.
pub(super) fn reopen(tx: &mut Tx, comment: &mut Comment, last: &verdicts::Verdict) -> Result<()> {
    let reopened = reports::reopen(tx, comment.id, last.at)?;
    count(tx, comment, reopened)?;
    comment.reports += reopened;
    Ok(())
}

/// A decision about one report.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// Whether it was right: what is to be done with the comment then. `None`: it was not.
    pub uphold: Option<Action>,
    /// Why, for the notifier and, if the comment goes, for its author.
    pub grounds: String,
}

/// Decides on a report, with grounds; one that is upheld takes the comment away, and all its other
/// reports are settled with it. Deciding so again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when it was decided otherwise.
pub async fn rule(
    store: &Store,
    caller: &Caller,
    id: ReportId,
    ruling: Ruling,
    now: Time,
) -> Result<Report> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let found = reports::by_id(tx, id)?
                .filter(|report| caller.has(Role::Moderator, report.site_id))
                .ok_or(Error::NotFound)?;
            let (mut thread, mut comment) = Locked::around(tx, found.comment_id)?;
            // Read again behind the lock.
            let report = reports::by_id(tx, id)?.ok_or(Error::NotFound)?;
            let state = match ruling.uphold {
                Some(_) => ReportState::Upheld,
                None => ReportState::Dismissed,
            };
            if *report.state == state {
                return Ok(report);
            }
            if *report.state != ReportState::Open {
                return Err(Error::Conflict("This report was decided otherwise.".into()));
            }
            let grounds = Some(ruling.grounds.as_str());
            reports::decide(tx, id, state, grounds, now)?;
            tell_notifier(tx, outbox::NOTICE_DECIDED, &report, &comment, now)?;
            count(tx, &comment, -1)?;
            comment.reports -= 1;
            if let Some(action) = ruling.uphold
                && *comment.status != Status::Deleted
            {
                let reason = Reason::new(report.reason.word(), ruling.grounds.as_str());
                let decision = Decision {
                    action,
                    reason: None,
                    note: None,
                    from: None,
                    whole: true,
                };
                moderation::carry_out(
                    tx,
                    &caller,
                    &decision,
                    &mut thread,
                    &mut comment,
                    Some(reason),
                    now,
                )?;
            }
            queue::note(tx, comment.id, now)?;
            let act = Act {
                site: Some(report.site_id),
                action: state.word(),
                object: "report",
                reason: Some(report.reason.word()),
                note: None,
                was: json!({"state": ReportState::Open, "comment": report.comment_id}),
                became: json!({"state": state}),
            };
            audit::record(tx, Some(&caller), id, &act, now)?;
            reports::by_id(tx, id)?.ok_or(Error::NotFound)
        })
        .await
}
