//! Proof of work: who must bring it, how hard it is, and that each is good once. `domain/work.rs` makes and checks it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::caller::Caller;
use super::hearing::Heard;
use super::judging;
use crate::domain::invalid::Invalid;
use crate::domain::network::Network;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::{Kind, ProofOfWork};
use crate::domain::work::{self, Challenge, HARDEST, Solved};
use crate::error::{Error, Result};
use crate::store::people::Person;
use crate::store::sites::Site;
use crate::store::{Conn, Tx, spent_work};

/// What challenges are signed for.
const PURPOSE: &str = "work";

/// How long calls count, in each of two spans.
const SPAN: Duration = Duration::from_secs(600);

/// How many calls in that time are usual for a network; more are suspicious, and make its challenges harder.
const USUAL: u32 = 20;

/// How many are usual for everybody together; more make everybody's challenges harder.
const USUAL_OF_ALL: u32 = 2_000;

/// More from everybody together makes it no harder.
const MOST_OF_ALL: u32 = 4 * USUAL_OF_ALL;

/// How many networks are counted apart; when more come in a span, the rest count for all only.
const NETWORKS: usize = 100_000;

/// How many comments were sent, and challenges asked for, in the last ten to twenty minutes, on this instance.
#[derive(Default)]
pub struct Traffic(Mutex<Spans>);

#[derive(Default)]
struct Spans {
    /// When the present span ends.
    until: Option<Time>,
    present: Calls,
    before: Calls,
}

#[derive(Default)]
struct Calls {
    networks: HashMap<Network, u32>,
    all: u32,
}

/// How much there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Load {
    network: u32,
    all: u32,
}

impl Traffic {
    /// Counts a call of this network; gives what there has been lately, this one included.
    fn count(&self, network: Network, now: Time) -> Load {
        // A number that is one off after a panic elsewhere does no harm.
        let mut spans: MutexGuard<Spans> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.until.is_none_or(|until| until <= now) {
            let is_recent = spans.until.is_some_and(|until| now < until.plus(SPAN));
            let present = std::mem::take(&mut spans.present);
            spans.before = if is_recent { present } else { Calls::default() };
            spans.until = Some(now.plus(SPAN));
        }
        let Spans {
            present, before, ..
        } = &mut *spans;
        present.all = present.all.saturating_add(1);
        if present.networks.len() < NETWORKS || present.networks.contains_key(&network) {
            let own = present.networks.entry(network).or_default();
            *own = own.saturating_add(1);
        }
        let of = |calls: &Calls| calls.networks.get(&network).copied().unwrap_or_default();
        Load {
            network: of(present).saturating_add(of(before)),
            all: present.all.saturating_add(before.all),
        }
    }
}

/// The proof of work that a comment came with, as it was before the transaction.
#[derive(Clone, Default)]
pub struct Brought {
    /// What the check made of it.
    solved: Option<std::result::Result<Solved, Invalid>>,
    /// Whether more than usual comes from where it came from.
    is_crowded: bool,
}

impl Brought {
    /// Checks what came with a comment, and counts the comment.
    pub fn of(
        keys: &Keys,
        traffic: &Traffic,
        site: &Site,
        text: Option<&str>,
        network: Network,
        now: Time,
    ) -> Self {
        let verify = |data: &[u8], mac: &[u8]| keys.verify_mac(PURPOSE, data, mac);
        Self {
            // Empty is absent, as in a form.
            solved: text
                .filter(|text| !text.is_empty())
                .map(|text| work::check(text, site.id, now, verify)),
            is_crowded: traffic.count(network, now).network > USUAL,
        }
    }

    /// Whether [`Self::spend`] would take it.
    pub(super) fn is_good(&self, conn: &mut Conn) -> Result<bool> {
        match &self.solved {
            Some(Ok(solved)) => Ok(!spent_work::is_spent(conn, solved)?),
            _ => Ok(false),
        }
    }

    /// Uses it up.
    ///
    /// # Errors
    /// [`Error::WorkRequired`] where there is none, `work_invalid`, `work_expired`, `work_spent`.
    pub(super) fn spend(&self, tx: &mut Tx, site: &Site) -> Result<()> {
        let refuse = |invalid| Error::field("/work", invalid);
        let solved = match &self.solved {
            None => return Err(Error::WorkRequired(site.slug.clone())),
            Some(solved) => solved.clone().map_err(refuse)?,
        };
        if spent_work::is_spent(tx, &solved)? {
            let detail = "This solution was used already; solve another challenge.";
            return Err(refuse(Invalid::new("work_spent", detail)));
        }
        spent_work::spend(tx, &solved)
    }
}

/// Whether a comment that is judged must come with proof of work. Suspicious are many calls from one network, and a link from somebody of
/// whom nothing was approved yet.
pub(super) fn is_needed(
    site: &Site,
    author: &Person,
    heard: &Heard,
    brought: &Brought,
    now: Time,
) -> bool {
    let policy = site.policy.proof_of_work;
    if policy == ProofOfWork::Off || judging::is_trusted(site, author, now) {
        return false;
    }
    let is_suspicious = brought.is_crowded || (heard.has_links() && author.approved == 0);
    is_suspicious || (policy == ProofOfWork::Guests && *author.kind == Kind::Guest)
}

/// Hands out a challenge: twice as hard for each time that more comes than is usual, from the network or from everybody,
/// and twice as hard for somebody of whom nothing was approved yet.
///
/// # Errors
/// [`Error::Internal`] when the system gives no randomness.
pub fn hand_out(
    keys: &Keys,
    traffic: &Traffic,
    site: &Site,
    caller: &Caller,
    network: Network,
    now: Time,
) -> Result<Challenge> {
    let load = traffic.count(network, now);
    let of_network = work::difficulty(load.network, USUAL);
    // Whoever asks from many networks must not make it hard for everybody.
    let of_all = work::difficulty(load.all.min(MOST_OF_ALL), USUAL_OF_ALL);
    let hashes = of_network.max(of_all);
    let person = caller.person.as_ref();
    let is_known = person.is_some_and(|person| person.approved > 0);
    let hashes = if is_known {
        hashes
    } else {
        hashes.saturating_mul(2).min(HARDEST)
    };
    let mut random = [0; 36];
    getrandom::getrandom(&mut random)
        .map_err(|error| Error::Internal(format!("randomness: {error}")))?;
    let sign = |data: &[u8]| keys.mac(PURPOSE, data);
    Ok(Challenge::new(site.id, hashes, random, now, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(third: u8) -> Network {
        Network::of(std::net::Ipv4Addr::new(10, 0, third, 1).into())
    }

    #[test]
    fn calls_count_for_two_spans_at_most() {
        let traffic = Traffic::default();
        let start = Time::from_micros(0);
        for call in 1..=30 {
            let load = traffic.count(network(1), start);
            let expected = Load {
                network: call,
                all: call,
            };
            assert_eq!(load, expected);
        }
        let other = traffic.count(network(2), start.plus(SPAN / 2));
        assert_eq!((other.network, other.all), (1, 31));
        let next = start.plus(SPAN);
        assert_eq!(traffic.count(network(1), next).network, 31);
        assert_eq!(traffic.count(network(1), next.plus(SPAN)).network, 2);
        assert_eq!(traffic.count(network(1), next.plus(10 * SPAN)).network, 1);
    }

    #[test]
    fn memory_is_bounded() {
        let traffic = Traffic::default();
        let now = Time::from_micros(0);
        for number in 0..NETWORKS as u32 + 10 {
            let [_, a, b, c] = number.to_be_bytes();
            traffic.count(
                Network::of(std::net::Ipv4Addr::new(a + 1, b, c, 0).into()),
                now,
            );
        }
        assert_eq!(traffic.0.lock().unwrap().present.networks.len(), NETWORKS);
        let known = traffic.count(Network::of([1, 0, 0, 0].into()), now);
        assert_eq!((known.network, known.all as usize), (2, NETWORKS + 11));
    }
}
