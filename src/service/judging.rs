//! What is asked of every comment, every new text of one, and every name it is signed with, before the public sees it: phases in
//! a fixed order. The first that has an opinion decides; what the others say is kept with the comment for its moderator.

use std::sync::Arc;
use std::time::Duration;

use super::advice::Advice;
use super::bans;
use super::caller::Caller;
use super::hearing::Heard;
use super::models::Models;
use super::publishing;
use super::rules::Rules;
use crate::domain::id::{CommentId, SiteId, ThreadId};
use crate::domain::judgement::likeness::{Likeness, Print};
use crate::domain::judgement::words::List;
use crate::domain::judgement::{Opinion, Reason, Ruling};
use crate::domain::network::Network;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::{Moderation, ProofOfWork, Role};
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::judgements::{self, Judgement};
use crate::store::people::Person;
use crate::store::sites::Site;
use crate::store::threads::Thread;
use crate::store::types::Json;
use crate::store::{Tx, prints};

/// How long after a comment of theirs was turned down nobody is trusted.
const PROBATION: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long a text is remembered, to be known when it is posted again.
pub const LATELY: Duration = Duration::from_secs(7 * 24 * 3600);

/// What judges comments beside the rules of this page. Cheap to clone.
#[derive(Clone)]
pub struct Judges {
    pub(super) rules: Rules,
    pub(super) models: Models,
    pub(super) advice: Arc<Advice>,
    /// Whether pages are asked what they say.
    pub(super) asks_pages: bool,
}

impl Judges {
    /// The sites' advisers are asked by this; pages are asked, or not, whatever their sites' rules are.
    pub fn new(advice: Advice, asks_pages: bool) -> Self {
        Self {
            rules: Rules::default(),
            models: Models::default(),
            advice: Arc::new(advice),
            asks_pages,
        }
    }
}

/// A comment that is judged, as it stands within the transaction.
pub(super) struct Case<'a> {
    pub(super) site: &'a Site,
    pub(super) thread: &'a Thread,
    pub(super) comment: CommentId,
    pub(super) author: &'a Person,
    pub(super) heard: &'a Heard,
    pub(super) now: Time,
}

/// One question to a case.
type Phase = fn(&Case, &mut Tx) -> Result<Opinion>;

/// In this order, with their names. Before them all, [`turn_away`] asks about bans.
const PHASES: &[(&str, Phase)] = &[
    ("premoderation", premoderated),
    ("words", listed),
    ("adviser", advised),
    ("first_comment", first_comment),
    ("trust", trusted),
    ("links", many_links),
    ("late_links", late_links),
    ("repetition", repeated),
    ("spam", suspicious),
];

/// Whether these people's comments are judged: not those of whoever answers for the site's pages.
pub(super) fn are_judged(caller: &Caller, site: SiteId) -> bool {
    !caller.in_place().has(Role::Author, site)
}

/// What is ruled of what nobody looked at: it is published where these people's comments are not judged.
///
/// # Errors
/// [`Error::Busy`] where they are: it became theirs, or something else that counts changed, since it was looked at.
pub(super) fn exempt(caller: &Caller, site: SiteId) -> Result<Ruling> {
    match are_judged(caller, site) {
        true => Err(Error::Busy),
        false => Ok(Ruling::default()),
    }
}

/// Turns away who is banned, before anything of theirs is stored; the day's numbers tell of it. `thread` need not be written yet.
pub(super) fn turn_away(
    tx: &mut Tx,
    keys: &Keys,
    author: &Person,
    network: Option<Network>,
    thread: ThreadId,
    now: Time,
) -> Result<bool> {
    if bans::find(tx, keys, author, network, now)?.is_none() {
        return Ok(false);
    }
    let names = ["refused".to_owned(), "refused:banned".to_owned()];
    publishing::count_on(tx, author.site_id, thread, &names, now)?;
    Ok(true)
}

/// Asks the phases about a case.
///
/// # Errors
/// [`Error::Busy`] when it would have been turned away a moment ago, so that the adviser was not asked.
pub(super) fn judge(tx: &mut Tx, case: &Case) -> Result<Ruling> {
    if case.heard.is_unasked {
        return Err(Error::Busy);
    }
    let opinions = PHASES
        .iter()
        .map(|(name, phase)| Ok((*name, phase(case, tx)?)));
    Ruling::by(opinions)
}

/// Forgets what was said of a comment's text, and by what it is known again.
pub(super) fn forget(tx: &mut Tx, comment: CommentId) -> Result<()> {
    judgements::erase(tx, comment)?;
    prints::erase(tx, comment)
}

/// Keeps what was said of a comment's text, of which nothing is kept, and by what it is known again.
pub(super) fn remember(
    tx: &mut Tx,
    comment: &Comment,
    heard: &Heard,
    ruling: &Ruling,
    now: Time,
) -> Result<()> {
    let judgement = Judgement {
        comment_id: comment.id,
        opinions: Json::new(ruling.opinions.clone()),
        author: Json::new(heard.author),
        at: now,
    };
    judgements::insert(tx, &judgement)?;
    let numbers = heard.print.as_ref().map(Print::numbers).unwrap_or_default();
    let (site, thread) = (comment.site_id, comment.thread_id);
    prints::put(tx, site, comment.id, thread, &numbers, now)
}

fn premoderated(case: &Case, _: &mut Tx) -> Result<Opinion> {
    let own = case.thread.moderation.as_ref().map(|named| **named);
    Ok(match own.unwrap_or(case.site.policy.moderation) {
        Moderation::Pre => Opinion::Hold(Reason::premoderated()),
        Moderation::Post => Opinion::None,
    })
}

fn listed(case: &Case, _: &mut Tx) -> Result<Opinion> {
    let Some(found) = &case.heard.found else {
        // What only moderators see is no reason to reject anything.
        return Ok(match &case.heard.found_in_title {
            Some(found) => Opinion::Hold(Reason::suspect_word(&found.entry)),
            None => Opinion::None,
        });
    };
    Ok(match found.list {
        List::Block => Opinion::Reject(Reason::blocked_word(&found.entry)),
        List::Suspect => Opinion::Hold(Reason::suspect_word(&found.entry)),
    })
}

fn advised(case: &Case, _: &mut Tx) -> Result<Opinion> {
    Ok(case.heard.advice.clone())
}

fn first_comment(case: &Case, _: &mut Tx) -> Result<Opinion> {
    if case.site.policy.hold_first && case.author.approved == 0 {
        return Ok(Opinion::Hold(Reason::first_comment()));
    }
    Ok(Opinion::None)
}

/// Whether this person is trusted. What follows only guesses.
fn trusted(case: &Case, _: &mut Tx) -> Result<Opinion> {
    Ok(match is_trusted(case.site, case.author, case.now) {
        true => Opinion::Allow,
        false => Opinion::None,
    })
}

/// Whether enough of this person's comments were approved, and none was turned down lately.
pub(super) fn is_trusted(site: &Site, author: &Person, now: Time) -> bool {
    let Some(enough) = site.policy.trust_after else {
        return false;
    };
    let lately = |at: Time| at.plus(PROBATION) > now;
    author.approved >= i64::from(enough) && !author.rejected_at.is_some_and(lately)
}

fn many_links(case: &Case, _: &mut Tx) -> Result<Opinion> {
    Ok(match case.site.policy.max_links {
        Some(most) if case.heard.links > most => {
            Opinion::Hold(Reason::many_links(case.heard.links))
        }
        _ => Opinion::None,
    })
}

/// Whether an edit leads somewhere that its author, of whom nothing was approved yet, had to work for when it was new.
fn late_links(case: &Case, _: &mut Tx) -> Result<Opinion> {
    let is_free = case.site.policy.proof_of_work == ProofOfWork::Off;
    Ok(match case.heard.adds_links && case.author.approved == 0 {
        true if !is_free => Opinion::Hold(Reason::late_links()),
        _ => Opinion::None,
    })
}

/// Whether the same was said on the site lately, or nearly the same on another page: an answer may quote what it answers.
fn repeated(case: &Case, tx: &mut Tx) -> Result<Opinion> {
    let Some(print) = case
        .heard
        .print
        .as_ref()
        .filter(|_| case.site.policy.hold_repeats)
    else {
        return Ok(Opinion::None);
    };
    let since = case.now.minus(LATELY);
    let seen = prints::seen(tx, case.site.id, &print.numbers(), case.comment, since)?;
    let elsewhere = |seen: &&prints::Seen| seen.thread_id != case.thread.id;
    let anywhere: Vec<i64> = seen.iter().map(|seen| seen.number).collect();
    let likeness = match print.likeness(&anywhere) {
        Some(Likeness::Near) => {
            let numbers: Vec<i64> = seen
                .iter()
                .filter(elsewhere)
                .map(|seen| seen.number)
                .collect();
            print.likeness(&numbers)
        }
        other => other,
    };
    Ok(match likeness {
        Some(likeness) => Opinion::Hold(Reason::repeated(likeness)),
        None => Opinion::None,
    })
}

fn suspicious(case: &Case, _: &mut Tx) -> Result<Opinion> {
    Ok(match &case.heard.spam {
        None => Opinion::None,
        Some(spam) if spam.is_held => Opinion::Hold(Reason::spam(&spam.score)),
        Some(spam) => Opinion::Note(Reason::no_spam(&spam.score)),
    })
}
