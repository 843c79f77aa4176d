//! What is asked of every comment, every new text of one, and every name it is signed with, before the public sees it: phases in
//! a fixed order. The first that has an opinion decides; what the others say is kept with the comment for its moderator.

use std::time::Duration;

use super::caller::Caller;
use super::rules::Rules;
use crate::domain::id::SiteId;
use crate::domain::judgement::words::{Found, List};
use crate::domain::judgement::writing::Writing;
use crate::domain::judgement::{Opinion, Reason, Ruling};
use crate::domain::time::Time;
use crate::domain::word::{Moderation, Role};
use crate::error::Result;
use crate::store::Store;
use crate::store::people::Person;
use crate::store::sites::Site;
use crate::store::threads::Thread;

/// How long after a comment of theirs was turned down nobody is trusted.
const PROBATION: Duration = Duration::from_secs(90 * 24 * 3600);

/// What was found out about a comment before the transaction.
#[derive(Clone, Default)]
pub struct Heard {
    links: u32,
    found: Option<Found>,
}

impl Heard {
    /// Looks at a comment as its readers will see it.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`].
    pub async fn of(store: &Store, rules: &Rules, site: SiteId, writing: Writing) -> Result<Self> {
        let links = writing.links.len();
        Ok(Self {
            links: u32::try_from(links).unwrap_or(u32::MAX),
            found: rules.find(store, site, writing).await?,
        })
    }
}

/// A comment that is judged, as it stands within the transaction.
pub(super) struct Case<'a> {
    pub(super) site: &'a Site,
    pub(super) thread: &'a Thread,
    pub(super) caller: &'a Caller,
    pub(super) author: &'a Person,
    pub(super) heard: &'a Heard,
    pub(super) now: Time,
}

/// One question to a case.
type Phase = fn(&Case) -> Opinion;

/// In this order.
const PHASES: &[Phase] = &[premoderated, listed, first_comment, many_links];

/// Asks every phase. Whoever answers for the site's pages is not judged.
pub(super) fn judge(case: &Case) -> Ruling {
    if case.caller.has(Role::Author, case.site.id) {
        return Ruling::default();
    }
    PHASES.iter().map(|phase| phase(case)).collect()
}

fn premoderated(case: &Case) -> Opinion {
    let own = case.thread.moderation.as_ref().map(|named| **named);
    match own.unwrap_or(case.site.policy.moderation) {
        Moderation::Pre => Opinion::Hold(Reason::premoderated()),
        Moderation::Post => Opinion::None,
    }
}

fn listed(case: &Case) -> Opinion {
    let Some(found) = &case.heard.found else {
        return Opinion::None;
    };
    match found.list {
        List::Block => Opinion::Reject(Reason::blocked_word(&found.entry)),
        List::Suspect => Opinion::Hold(Reason::suspect_word(&found.entry)),
    }
}

fn first_comment(case: &Case) -> Opinion {
    if case.site.policy.hold_first && case.author.approved == 0 {
        return Opinion::Hold(Reason::first_comment());
    }
    Opinion::None
}

fn many_links(case: &Case) -> Opinion {
    match case.site.policy.max_links {
        Some(most) if case.heard.links > most && !is_trusted(case) => {
            Opinion::Hold(Reason::many_links(case.heard.links))
        }
        _ => Opinion::None,
    }
}

/// Whether enough of this person's comments were approved, and none was turned down lately.
fn is_trusted(case: &Case) -> bool {
    let Some(enough) = case.site.policy.trust_after else {
        return false;
    };
    let lately = |at: Time| at.plus(PROBATION) > case.now;
    case.author.approved >= i64::from(enough) && !case.author.rejected_at.is_some_and(lately)
}
