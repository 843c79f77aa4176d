//! Bans: who may not write on a site. They go by exact values, and moderators make them from a comment
//! without seeing an address.

use std::time::Duration;

use serde_json::json;

use super::audit::{self, Act};
use super::caller::{Caller, Rights};
use crate::domain::id::{BanId, CommentId, PersonId, SiteId};
use crate::domain::moderation::{BanKind, is_everybodys};
use crate::domain::network::Network;
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::bans::{self, Ban};
use crate::store::people::{self, Person};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, comments, mailboxes, sites};

/// How long a network may be banned, and where comments came from is known.
pub const NETWORK: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long networks are hashed under the same key, in days.
const EPOCH: i64 = 7;

/// At how many confirmed addresses of a person bans look.
const ADDRESSES: i64 = 10;

/// What a new ban goes by.
#[derive(Debug, Clone)]
pub enum Against {
    /// Whoever wrote this comment, by this of theirs.
    Comment(CommentId, BanKind),
    /// This person.
    Person(PersonId),
}

/// A new ban.
#[derive(Debug, Clone)]
pub struct NewBan {
    /// What it goes by.
    pub against: Against,
    /// Why: a code of the site's list.
    pub reason: Option<String>,
    /// When it ends by itself. A network's ends after 90 days at most.
    pub expires_at: Option<Time>,
}

impl NewBan {
    /// The rights that count for it: in the page itself one bans by what is read there, a comment.
    fn rights<'a>(&self, caller: &'a Caller) -> Rights<'a> {
        match self.against {
            Against::Comment(..) => caller.in_place(),
            Against::Person(_) => caller.elsewhere(),
        }
    }
}

/// The ban that keeps this person, writing from this network, off a site; nobody of the site's own. This is
/// what judges of comments ask, in the comment's own transaction.
pub fn find(
    conn: &mut Conn,
    keys: &Keys,
    person: &Person,
    network: Option<Network>,
    now: Time,
) -> Result<Option<Ban>> {
    if *person.role > Role::Reader {
        return Ok(None);
    }
    let site = person.site_id;
    // So on most sites.
    if !bans::any(conn, site)? {
        return Ok(None);
    }
    let mut values = vec![person.id.bytes().to_vec()];
    for address in addresses(conn, person)? {
        values.extend(email_values(keys, site, &address));
        values.extend(domain_values(keys, site, &address));
    }
    if let Some(network) = network {
        for epoch in bans::epochs(conn, site)? {
            values.extend(network_values(keys, site, epoch, network));
        }
    }
    let found = bans::matching(conn, site, &values)?;
    Ok(found.into_iter().find(|ban| ban.is_in_force(now)))
}

/// Remembers where a comment came from, so that it can be banned from there.
pub fn remember_network(
    tx: &mut Tx,
    keys: &Keys,
    site: SiteId,
    comment: CommentId,
    network: Network,
    now: Time,
) -> Result<()> {
    let epoch = now.day().div_euclid(EPOCH);
    let data = network_data(site, epoch, network);
    bans::remember_network(tx, comment, epoch, &keys.mac("ban.network", &data), now)
}

/// The addresses that are known to be this person's, in lower case.
fn addresses(conn: &mut Conn, person: &Person) -> Result<Vec<String>> {
    let mut known: Vec<String> = mailboxes::of_person(conn, person.id, ADDRESSES)?
        .into_iter()
        .map(|mailbox| mailbox.folded)
        .collect();
    let own = person.email.as_deref().filter(|_| person.verified);
    known.extend(
        own.and_then(|own| Email::parse(own).ok())
            .map(|own| own.folded()),
    );
    Ok(known)
}

fn email_values(keys: &Keys, site: SiteId, address: &str) -> Vec<Vec<u8>> {
    let data = [&site.bytes()[..], address.as_bytes()].concat();
    hashes(keys, "ban.email", &data)
}

fn domain_values(keys: &Keys, site: SiteId, address: &str) -> Vec<Vec<u8>> {
    let data = [&site.bytes()[..], domain(address).as_bytes()].concat();
    hashes(keys, "ban.domain", &data)
}

/// The value under the present secret, and then under each older one.
fn hashes(keys: &Keys, purpose: &str, data: &[u8]) -> Vec<Vec<u8>> {
    keys.macs(purpose, data).map(|mac| mac.to_vec()).collect()
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn network_values(keys: &Keys, site: SiteId, epoch: i64, network: Network) -> Vec<Vec<u8>> {
    hashes(keys, "ban.network", &network_data(site, epoch, network))
}

fn network_data(site: SiteId, epoch: i64, network: Network) -> Vec<u8> {
    [
        &site.bytes()[..],
        &epoch.to_be_bytes(),
        &network.bytes()[..],
    ]
    .concat()
}

/// Bans, and tells whether that was new: what is banned already stays so.
///
/// # Errors
/// [`Error::NotFound`] for a comment or a person of another site, [`Error::Conflict`] when there is nothing to
/// go by, or when it would hit the moderator or one of the site's own people.
pub async fn ban(
    store: &Store,
    keys: &Keys,
    caller: &Caller,
    network: Network,
    new: NewBan,
    now: Time,
) -> Result<(Ban, bool)> {
    let authority = new.rights(caller).must_be(Role::Moderator)?;
    new.rights(caller)
        .must_change(Role::Moderator, authority.site)?;
    let (caller, keys) = (caller.clone(), keys.clone());
    store
        .write(move |tx| {
            let (person, comment, kind) = match new.against {
                Against::Person(id) => (
                    people::by_id(tx, id)?.ok_or(Error::NotFound)?,
                    None,
                    BanKind::Person,
                ),
                Against::Comment(id, kind) => {
                    let row = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
                    let person = people::by_id(tx, row.person_id)?.ok_or(Error::NotFound)?;
                    (person, Some(id), kind)
                }
            };
            let site = person.site_id;
            if !new.rights(&caller).has(Role::Moderator, site) {
                return Err(Error::NotFound);
            }
            if let Some(code) = &new.reason {
                let site = sites::by_id(tx, site)?.ok_or(Error::NotFound)?;
                site.policy.decision_reason(code).ok_or(Error::Reason)?;
            }
            let own = caller.person.as_ref();
            if own.is_some_and(|own| own.id == person.id) {
                return Err(Error::Conflict("Nobody bans themselves.".into()));
            }
            if *person.role > Role::Reader {
                let detail = "The site's own people are not banned; take their role away first.";
                return Err(Error::Conflict(detail.into()));
            }
            let (values, epoch) = values(tx, &keys, &person, comment, kind)?;
            if hits_caller(tx, &keys, &caller, network, kind, epoch, &values)? {
                let detail = "This would ban yourself: it is yours as well.";
                return Err(Error::Conflict(detail.into()));
            }
            for before in bans::matching(tx, site, &values)? {
                if before.is_in_force(now) {
                    return Ok((before, false));
                }
                bans::lift(tx, before.id, now)?;
            }
            let value = values.into_iter().next().ok_or(Error::NotFound)?;
            let ban = Ban {
                id: BanId::new(),
                site_id: site,
                kind: Named(kind),
                value,
                epoch,
                comment_id: comment,
                reason: new.reason.clone(),
                created_at: now,
                expires_at: expiry(kind, new.expires_at, now),
                lifted_at: None,
            };
            bans::insert(tx, &ban)?;
            let act = Act {
                site: Some(site),
                action: "ban",
                object: "ban",
                reason: new.reason.as_deref(),
                note: None,
                was: json!({}),
                became: json!({"kind": kind, "comment": comment, "expires_at": ban.expires_at}),
            };
            audit::record(tx, Some(&caller), ban.id, &act, now)?;
            Ok((ban, true))
        })
        .await
}

fn expiry(kind: BanKind, given: Option<Time>, now: Time) -> Option<Time> {
    match kind {
        BanKind::Network => Some(given.unwrap_or_else(|| now.plus(NETWORK))),
        _ => given,
    }
}

/// What a ban of that kind goes by: the value under the present key first, then under older ones.
fn values(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
    comment: Option<CommentId>,
    kind: BanKind,
) -> Result<(Vec<Vec<u8>>, Option<i64>)> {
    let nothing = |what: &str| Error::Conflict(format!("There is no {what} to go by."));
    match kind {
        BanKind::Person => Ok((vec![person.id.bytes().to_vec()], None)),
        BanKind::Email | BanKind::Domain => {
            let known = addresses(tx, person)?;
            let address = known.first().ok_or_else(|| nothing("verified address"))?;
            if kind == BanKind::Email {
                return Ok((email_values(keys, person.site_id, address), None));
            }
            if is_everybodys(domain(address)) {
                let detail = "Too many people have an address there; ban the address alone.";
                return Err(Error::Conflict(detail.into()));
            }
            Ok((domain_values(keys, person.site_id, address), None))
        }
        BanKind::Network => {
            let comment = comment.ok_or_else(|| nothing("comment"))?;
            let found = bans::network_of(tx, comment)?;
            let (epoch, hash) = found.ok_or_else(|| nothing("network"))?;
            Ok((vec![hash], Some(epoch)))
        }
    }
}

/// Whether a ban would keep its maker off the site.
fn hits_caller(
    tx: &mut Tx,
    keys: &Keys,
    caller: &Caller,
    network: Network,
    kind: BanKind,
    epoch: Option<i64>,
    values: &[Vec<u8>],
) -> Result<bool> {
    let Some(own) = &caller.person else {
        return Ok(false);
    };
    let mine = match (kind, epoch) {
        (BanKind::Network, Some(epoch)) => network_values(keys, own.site_id, epoch, network),
        (BanKind::Network, None) | (BanKind::Person, _) => vec![own.id.bytes().to_vec()],
        (BanKind::Email | BanKind::Domain, _) => {
            let mut mine = Vec::new();
            for address in addresses(tx, own)? {
                mine.extend(match kind {
                    BanKind::Email => email_values(keys, own.site_id, &address),
                    _ => domain_values(keys, own.site_id, &address),
                });
            }
            mine
        }
    };
    Ok(mine.iter().any(|value| values.contains(value)))
}

/// Ends a ban. Ending it again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn lift(store: &Store, caller: &Caller, id: BanId, now: Time) -> Result<()> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let ban = bans::by_id(tx, id)?
                .filter(|ban| caller.has(Role::Moderator, ban.site_id))
                .ok_or(Error::NotFound)?;
            if ban.lifted_at.is_some() {
                return Ok(());
            }
            bans::lift(tx, id, now)?;
            let act = Act {
                site: Some(ban.site_id),
                action: "unban",
                object: "ban",
                reason: None,
                note: None,
                was: json!({"kind": ban.kind.0, "expires_at": ban.expires_at}),
                became: json!({"lifted_at": now}),
            };
            audit::record(tx, Some(&caller), id, &act, now)
        })
        .await
}
