//! Sites as their administrators see them, and the part of their rules that a page needs.

use serde::Serialize;

use crate::domain::page::Origin;
use crate::domain::site::{Fields, Phrases, Policy as Rules};
use crate::domain::sso::{KeySet, LeftOut, SsoKeys};
use crate::domain::text::Length;
use crate::domain::time::Time;
use crate::domain::word::{Moderation, ProofOfWork, Selecting, Sort};
use crate::store::site_keys::SiteKeys;
use crate::store::sites::Site as Row;
use crate::store::threads::Thread;

/// The rules that a page needs to show its form.
#[derive(Debug, Serialize)]
pub struct Policy<'a> {
    guests: bool,
    sso: bool,
    email_sign_in: bool,
    fields: Fields,
    depth: i32,
    edit_window: u32,
    length: Length,
    reactions: &'a [String],
    sort: Sort,
    moderation: Moderation,
    passages: Selecting,
    proof_of_work: ProofOfWork,
    locale: &'a str,
    phrases: &'a Phrases,
}

impl<'a> Policy<'a> {
    /// The site's rules, with the thread's own in their place.
    pub fn of(site: &'a Row, thread: Option<&Thread>) -> Self {
        let own = thread.and_then(|thread| thread.moderation);
        Self {
            guests: site.policy.guests,
            sso: site.sso.is_some(),
            email_sign_in: site.policy.signs_in_by_email(),
            fields: site.policy.fields,
            depth: site.policy.depth,
            edit_window: site.policy.edit_window,
            length: site.policy.length,
            reactions: &site.policy.reactions,
            sort: site.policy.sort,
            moderation: own.map_or(site.policy.moderation, |named| *named),
            passages: site.policy.passages,
            proof_of_work: site.policy.proof_of_work,
            locale: &site.locale,
            phrases: &site.phrases,
        }
    }
}

/// A site, without its secrets.
#[derive(Debug, Serialize)]
pub struct Site {
    slug: String,
    name: String,
    origins: Vec<Origin>,
    locale: String,
    policy: Rules,
    phrases: Phrases,
    sso: Option<Sso>,
}

#[derive(Debug, Serialize)]
struct Sso {
    issuer: Option<String>,
    audience: String,
    algorithms: Vec<&'static str>,
    jwks_url: Option<String>,
    fetched_at: Option<Time>,
    /// What came when the address was last asked, if that was not keys.
    failure: Option<String>,
    left_out: Vec<LeftOut>,
}

impl Sso {
    fn stored(keys: &SsoKeys, published: Option<&SiteKeys>) -> Self {
        let published = published.filter(|_| keys.address().is_some());
        let set = published.map_or(keys.public_keys(), |published| Some(&*published.jwks));
        Self {
            issuer: keys.issuer().map(str::to_owned),
            audience: keys.audience().to_owned(),
            algorithms: set.map_or_else(|| keys.algorithms(), KeySet::algorithms),
            jwks_url: keys.address().map(|url| url.as_str().to_owned()),
            fetched_at: published.map(|published| published.fetched_at),
            failure: published.and_then(|published| published.failure.clone()),
            left_out: set.map_or_else(Vec::new, |set| set.left_out().to_vec()),
        }
    }
}

impl Site {
    /// A stored site, and the keys that it publishes if it does.
    pub fn stored(row: &Row, published: Option<&SiteKeys>) -> Self {
        Self {
            slug: row.slug.clone(),
            name: row.name.clone(),
            origins: row.origins.to_vec(),
            locale: row.locale.clone(),
            policy: (*row.policy).clone(),
            phrases: (*row.phrases).clone(),
            sso: row.sso.as_ref().map(|keys| Sso::stored(keys, published)),
        }
    }
}
