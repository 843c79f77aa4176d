//! Public keys that a site publishes at an address: they are fetched when the address is named, again before they are old, and when a
//! token comes that none of them signed. They lie in the database, so that a restart while the address is away signs nobody out, and
//! what one instance learnt all know.
//!
//! What the address answers counts at once: a key that is not there any more is good for nothing. What does not answer, or not with a
//! set of keys, leaves the keys in force that were had last, for as long as that takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::caller::Caller;
use crate::domain::id::SiteId;
use crate::domain::invalid::Invalid;
use crate::domain::sso::{KeySet, Reason, Refusal, SsoClaims, SsoKeys};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::outbound::{Client, Failure};
use crate::store::site_keys::{self, SiteKeys};
use crate::store::sites::Site;
use crate::store::{Store, Tx};

/// How long fetching may take, with all redirects.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many redirects are followed.
const REDIRECTS: usize = 3;

/// How often a site's address is asked at most because of tokens, however many come that none of the keys signed.
const BRAKE: Duration = Duration::from_secs(10);

/// How long keys are kept before they are asked for again: as `Cache-Control` says, within these bounds, or else an hour.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
const USUAL: Duration = Duration::from_secs(3600);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How long before that they are asked for.
const AHEAD: Duration = Duration::from_secs(30);

/// How often it is looked for keys that are to be asked for again, and for how many at a time.
const LOOK: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 4;

/// How often it is looked whether another who asks has an answer.
const GLANCE: Duration = Duration::from_millis(100);

/// Gets the keys that sites publish. Cheap to clone.
#[derive(Clone)]
pub struct PublishedKeys {
    client: Client,
    /// One at a time waits for each site's new keys, and the others for that one; on this instance.
    turns: Arc<Mutex<HashMap<SiteId, Arc<tokio::sync::Mutex<()>>>>>,
}

/// How a site is to sign its people in, with the keys that it publishes.
#[derive(Debug, Clone)]
pub struct SignOn {
    /// The setting.
    pub keys: SsoKeys,
    /// What was just fetched.
    fetched: Option<(KeySet, Time, Time)>,
}

impl SignOn {
    /// A setting for a site that is there already, so that it comes to nothing.
    pub fn for_nobody(keys: SsoKeys) -> Self {
        let fetched = None;
        Self { keys, fetched }
    }

    /// Keeps the keys that were fetched for a site, in the place of those that it published before.
    pub(super) fn keep(&self, tx: &mut Tx, site: SiteId) -> Result<()> {
        match (self.keys.address(), &self.fetched) {
            (None, _) => site_keys::remove(tx, site),
            (Some(url), Some((set, at, due_at))) => {
                let known = site_keys::of(tx, site)?.filter(|known| known.url == url.as_str());
                if known.is_some_and(|known| known.fetched_at > *at) {
                    // It was asked again meanwhile, and may have taken keys away.
                    return Ok(());
                }
                let url = url.as_str().to_owned();
                site_keys::put(tx, &SiteKeys::new(site, url, set.clone(), *at, *due_at))
            }
            // The address is the one that there was, so that its keys are there; unless another was named meanwhile.
            (Some(url), None) => {
                let known = site_keys::of(tx, site)?;
                let is_there = known.is_some_and(|known| known.url == url.as_str());
                is_there.then_some(()).ok_or(Error::Busy)
            }
        }
    }
}

impl PublishedKeys {
    /// By this way out.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            turns: Arc::default(),
        }
    }

    /// Readies a setting for a new site, or for this one: fetches the keys that are published at its address, so that a mistake is told
    /// to whoever makes it. An address that the site has already may be away; its keys stay then.
    ///
    /// # Errors
    /// `sso_invalid`, with what came instead of keys; [`Error::Busy`], [`Error::Forbidden`], [`Error::Unauthorized`].
    pub async fn ready(
        &self,
        store: &Store,
        caller: &Caller,
        site: Option<&Site>,
        keys: SsoKeys,
        now: Time,
    ) -> Result<SignOn> {
        let Some(url) = keys.address() else {
            let fetched = None;
            return Ok(SignOn { keys, fetched });
        };
        // Nobody else has the service call an address.
        caller.must_change(Role::Admin, site.map(|site| site.id))?;
        let refuse = |detail: String| Error::field("/sso", Invalid::new("sso_invalid", detail));
        match self.fetch(url.as_str()).await {
            Ok((set, age)) => {
                let set = set.check().map_err(|why| refuse(why.detail))?;
                let fetched = Some((set, now, due(now, age)));
                Ok(SignOn { keys, fetched })
            }
            Err(why) => {
                let known = match site.map(|site| site.id) {
                    Some(site) => store.read(move |conn| site_keys::of(conn, site)).await?,
                    None => None,
                };
                if known.is_some_and(|known| known.url == url.as_str()) {
                    let fetched = None;
                    return Ok(SignOn { keys, fetched });
                }
                Err(match why {
                    Unfetched::Busy => Error::Busy,
                    Unfetched::Said(why) => refuse(format!(
                        "There are no keys to be had from the `jwks_url`: {why}."
                    )),
                })
            }
        }
    }

    /// Checks a token of a site's people, by the keys that the site gave or publishes.
    ///
    /// # Errors
    /// [`Error::SsoToken`], or [`Error::Forbidden`] when the site signs nobody in.
    pub async fn verify(
        &self,
        store: &Store,
        site: &Site,
        token: &str,
        now: Time,
    ) -> Result<SsoClaims> {
        let trusted = site.sso.as_deref();
        let trusted = trusted.ok_or(Error::Forbidden("This site has no sign-on of its own."))?;
        let Some(url) = trusted.address() else {
            let claims = trusted.verify(token, now.seconds());
            return claims.map_err(Error::SsoToken);
        };
        let id = site.id;
        let known = store.read(move |conn| site_keys::of(conn, id)).await?;
        let Some(known) = known.filter(|known| known.url == url.as_str()) else {
            // The setting was changed this very moment.
            return Err(Error::Busy);
        };
        let refusal = match trusted.verify_by(&known.jwks, token, now.seconds()) {
            Ok(claims) => return Ok(claims),
            Err(Refusal::Token(why)) => return Err(Error::SsoToken(why)),
            Err(Refusal::Key(why)) => why,
        };
        match self.newer(store, &known, now).await? {
            Some(keys) => trusted
                .verify_by(&keys.jwks, token, now.seconds())
                .map_err(|refusal| Error::SsoToken(refusal.into_invalid())),
            None => Err(Error::SsoToken(refusal)),
        }
    }

    /// The keys that a site publishes now, if they are others than these may be: asks, unless somebody did just now. Whoever comes
    /// while it is asked waits for the same answer.
    async fn newer(&self, store: &Store, known: &SiteKeys, now: Time) -> Result<Option<SiteKeys>> {
        let site = known.site_id;
        let turn = self.turn(site);
        let _turn = turn.lock().await;
        let end = Instant::now() + PATIENCE + GLANCE;
        loop {
            let present = store.read(move |conn| site_keys::of(conn, site)).await?;
            let Some(present) = present.filter(|present| present.url == known.url) else {
                return Ok(None);
            };
            if present.fetched_at != known.fetched_at {
                return Ok(Some(present));
            }
            if !is_recent(present.tried_at, now) {
                self.ask(store, present, now).await?;
            } else if present.is_answered() || Instant::now() >= end {
                return Ok(None);
            } else {
                // Another instance asks, or a request that was given up here.
                tokio::time::sleep(GLANCE).await;
            }
        }
    }

    /// Asks for a site's keys, if nobody else is first. That goes on when nobody waits for it any more: whoever hangs up must not keep
    /// the keys from the others.
    async fn ask(&self, store: &Store, before: SiteKeys, now: Time) -> Result<()> {
        let (asked, own) = (before.clone(), store.clone());
        if !store
            .write(move |tx| site_keys::take_turn(tx, &asked, now))
            .await?
        {
            return Ok(());
        }
        let it = self.clone();
        let asking = tokio::spawn(async move { it.refresh(&own, before, now).await });
        asking
            .await
            .map_err(|_| Error::Internal("asking for keys panicked".into()))?
    }

    /// Fetches a site's keys in the turn that was taken at `now`, and keeps what came.
    async fn refresh(&self, store: &Store, before: SiteKeys, now: Time) -> Result<()> {
        let site = before.site_id;
        match self.fetch(&before.url).await {
            Ok((set, age)) => {
                tell(site, &set);
                let keys = SiteKeys::new(site, before.url, set, now, due(now, age));
                store.write(move |tx| site_keys::keep(tx, &keys)).await
            }
            Err(why) => {
                let why = why.to_string();
                tracing::warn!(site = %site, "its keys could not be fetched: {why}; those it had stay");
                let again = now.plus(SHORTEST);
                store
                    .write(move |tx| site_keys::note_failure(tx, site, now, &why, again))
                    .await
            }
        }
    }

    /// Fetches the keys at an address; gives them with how long they are good.
    async fn fetch(&self, url: &str) -> Result<(KeySet, Duration), Unfetched> {
        let said = |why: &str| Unfetched::Said(why.to_owned());
        let mut url = Url::parse(url).map_err(|_| said("it is no address"))?;
        let end = Instant::now() + PATIENCE;
        for _ in 0..=REDIRECTS {
            let left = end.saturating_duration_since(Instant::now());
            let answer = match self.client.get_keys(url.to_string(), left).await {
                Ok(answer) => answer,
                Err(Failure::Busy) => return Err(Unfetched::Busy),
                Err(Failure::Forbidden) => {
                    return Err(said(
                        "it leads to an address that may not be called (a public one is called by https alone; \
                         --outbound-networks names private networks that may be)",
                    ));
                }
                Err(failure) => return Err(said(&failure.to_string())),
            };
            match answer.status {
                200 => {
                    let body = answer.body.strip_prefix(b"\xef\xbb\xbf");
                    let body = body.unwrap_or(&answer.body);
                    let set: serde_json::Value = serde_json::from_slice(body)
                        .map_err(|_| said("what it answers is not JSON"))?;
                    let set = KeySet::parse(&set)
                        .map_err(|why| said(why.detail.trim_end_matches('.')))?;
                    return Ok((set, age(answer.cache_control.as_deref())));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let next = answer.location.and_then(|next| url.join(&next).ok());
                    let is_web = |next: &Url| matches!(next.scheme(), "http" | "https");
                    url = next
                        .filter(is_web)
                        .ok_or_else(|| said("it redirects to nowhere"))?;
                }
                status => return Err(said(&format!("it answers with the status {status}"))),
            }
        }
        Err(said("it redirects on and on"))
    }

    fn turn(&self, site: SiteId) -> Arc<tokio::sync::Mutex<()>> {
        // Nothing is left half done by an insertion.
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(site).or_default().clone()
    }

    /// Asks again for what is due, until `stop` turns true.
    pub async fn run(self, store: Store, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        loop {
            while under_way.try_join_next().is_some() {}
            let (now, room) = (Time::now(), AT_ONCE - under_way.len());
            let due = store
                .read(move |conn| site_keys::due(conn, now, AT_ONCE as i64))
                .await;
            match due {
                Ok(due) => {
                    let free = due
                        .into_iter()
                        .filter(|keys| !is_recent(keys.tried_at, now));
                    for keys in free.take(room) {
                        let (it, store) = (self.clone(), store.clone());
                        under_way.spawn(async move {
                            if let Err(error) = it.ask(&store, keys, now).await {
                                // It is still due.
                                tracing::warn!(code = error.code(), "asking for keys put off");
                            }
                        });
                    }
                }
                Err(error) => tracing::warn!(code = error.code(), "asking for keys put off"),
            }
            tokio::select! {
                // An error means that whoever would stop this is gone.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

/// Why there are no keys.
enum Unfetched {
    /// There is no room here to ask.
    Busy,
    /// As it is told to the site's administrators.
    Said(String),
}

impl std::fmt::Display for Unfetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => Failure::Busy.fmt(f),
            Self::Said(why) => f.write_str(why),
        }
    }
}

/// Tells the operator what nobody else is told, since nobody asked for these keys.
fn tell(site: SiteId, set: &KeySet) {
    let is_secret = |code: Reason| matches!(code, Reason::Private | Reason::Secret);
    if set.left_out().iter().any(|key| is_secret(key.code)) {
        tracing::error!(site = %site, "it publishes a private key or a secret, which counts no more");
    }
    if set.algorithms().is_empty() {
        tracing::warn!(site = %site, "it publishes no key that can be used, and signs nobody in");
    }
}

/// Whether an address was asked so lately that tokens have it asked no more. A time that lies far ahead is of a clock that was wrong.
fn is_recent(tried_at: Time, now: Time) -> bool {
    now < tried_at.plus(BRAKE) && tried_at < now.plus(BRAKE)
}

fn due(now: Time, age: Duration) -> Time {
    now.plus(age - AHEAD)
}

/// How long an answer is good (RFC 9111 §5.2.2), within bounds.
fn age(cache_control: Option<&str>) -> Duration {
    let directives = cache_control.unwrap_or_default().split(',');
    let mut seconds = None;
    for directive in directives {
        let directive = directive.trim().to_ascii_lowercase();
        if matches!(&*directive, "no-store" | "no-cache") {
            return SHORTEST;
        }
        if let Some(value) = directive.strip_prefix("max-age=") {
            seconds = value.trim_matches('"').parse().ok().or(seconds);
        }
    }
    let age = seconds.map_or(USUAL, Duration::from_secs);
    age.clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_good_for_as_long_as_their_publisher_says_within_bounds() {
        for (header, seconds) in [
            (None, 3600),
            (Some(""), 3600),
            (Some("public"), 3600),
            (Some("public, max-age=7200, must-revalidate"), 7200),
            (Some("Max-Age=\"600\""), 600),
            (Some("max-age=0"), 300),
            (Some("max-age=99999999999"), 86_400),
            (Some("max-age=99999999999999999999999"), 3600),
            (Some("max-age=-1"), 3600),
            (Some("max-age=7200, no-store"), 300),
            (Some("no-cache"), 300),
        ] {
            assert_eq!(age(header), Duration::from_secs(seconds), "{header:?}");
        }
    }

    #[test]
    fn a_clock_that_was_wrong_stops_nobody_for_long() {
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000);
        for (tried, is_it) in [
            (100, true),
            (91, true),
            (90, false),
            (109, true),
            (110, false),
        ] {
            assert_eq!(is_recent(at(tried), at(100)), is_it, "{tried}");
        }
    }
}
