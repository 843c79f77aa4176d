//! The record of what moderators did: one line for each act, in the act's own transaction.

use serde_json::Value;

use super::caller::Caller;
use crate::domain::id::{EntryId, Id, SiteId};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::Tx;
use crate::store::audit::{self, Entry};

/// What was done.
pub struct Act<'a> {
    /// Where; on every site, when `None`.
    pub site: Option<SiteId>,
    /// What, such as `approve`.
    pub action: &'a str,
    /// To what, such as `comment`.
    pub object: &'a str,
    /// Why: a code of the site's list.
    pub reason: Option<&'a str>,
    /// Why, in the moderator's own words.
    pub note: Option<&'a str>,
    /// What it was before.
    pub was: Value,
    /// What it became.
    pub became: Value,
}

/// Writes an act into the record. `caller` is `None` when nobody acted but the service itself.
pub fn record<K>(
    tx: &mut Tx,
    caller: Option<&Caller>,
    id: Id<K>,
    act: &Act,
    now: Time,
) -> Result<()> {
    let token = caller
        .and_then(|caller| caller.authority)
        .and_then(|a| a.token);
    let person = caller
        .and_then(|caller| caller.person.as_ref())
        .map(|person| person.id);
    let actor = match (caller, person, token) {
        (None, _, _) => "service",
        (_, Some(_), _) => "person",
        (_, None, Some(_)) => "token",
        _ => "operator",
    };
    audit::append(
        tx,
        &Entry {
            id: EntryId::new(),
            site_id: act.site,
            at: now,
            actor: actor.into(),
            actor_person: person,
            actor_token: token,
            action: act.action.into(),
            object: act.object.into(),
            object_id: id.bytes().to_vec(),
            reason: act.reason.map(str::to_owned),
            note: act.note.map(str::to_owned),
            was: act.was.to_string(),
            became: act.became.to_string(),
        },
    )
}

/// Writes an act about a site itself into the record: what it was, and what it became.
pub(super) fn record_site(
    tx: &mut Tx,
    caller: &Caller,
    site: SiteId,
    action: &str,
    (was, became): (Value, Value),
    now: Time,
) -> Result<()> {
    let act = Act {
        site: Some(site),
        action,
        object: "site",
        reason: None,
        note: None,
        was,
        became,
    };
    record(tx, Some(caller), site, &act, now)
}
