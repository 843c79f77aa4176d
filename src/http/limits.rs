//! How often one may call: for each network and person, per instance, by GCRA (the `governor` crate).
//! Answers carry the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers).

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Rate;
use crate::domain::id::PersonId;
use crate::domain::network::Network;
use crate::error::{Error, Result};

/// A network holds many people, so it may do this many times what one person may.
const PEOPLE_PER_NETWORK: u32 = 5;

/// Whom a limit counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whom {
    Network(Network),
    Person(PersonId),
}

type Counter = RateLimiter<Whom, HashMapStateStore<Whom>, DefaultClock, StateInformationMiddleware>;

/// One limit: so many calls in so many seconds.
pub struct Limit {
    name: &'static str,
    rate: Rate,
    people: Option<Counter>,
    networks: Option<Counter>,
}

/// What a limit said to a call; kept with the request, so that whatever answer leaves bears it.
#[derive(Clone, Copy)]
struct Verdict {
    name: &'static str,
    rate: Rate,
    left: u32,
    /// Seconds until all of the quota is there again, or until the next call of a refused one.
    wait: u64,
}

impl Limit {
    /// A limit of that rate; none when the rate is off.
    pub fn new(name: &'static str, rate: Rate) -> Self {
        let counter = |times: u32| {
            let calls = NonZeroU32::new(rate.calls.saturating_mul(times))?;
            let spacing = Duration::from_secs(rate.seconds.max(1).into()) / calls.get();
            let quota =
                Quota::with_period(spacing.max(Duration::from_nanos(1)))?.allow_burst(calls);
            Some(Counter::new(
                quota,
                HashMapStateStore::default(),
                DefaultClock::default(),
            ))
        };
        Self {
            name,
            rate,
            people: counter(1),
            networks: counter(PEOPLE_PER_NETWORK),
        }
    }

    /// Counts a call of this person, or of this network where nobody is known.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn count(
        &self,
        request: &HttpRequest,
        network: Network,
        person: Option<PersonId>,
    ) -> Result<()> {
        let (Some(people), Some(networks)) = (&self.people, &self.networks) else {
            return Ok(());
        };
        // One's own limit first: a call that it refuses takes nothing from the neighbours.
        let own = person.map_or(Whom::Network(network), Whom::Person);
        let outcome = check(people, &own)
            .and_then(|left| check(networks, &Whom::Network(network)).map(|_| left));
        let (left, wait) = match outcome {
            Ok(left) => {
                let used = u64::from(self.rate.calls.saturating_sub(left));
                let span = u64::from(self.rate.seconds);
                (left, (used * span).div_ceil(self.rate.calls.max(1).into()))
            }
            Err(wait) => (0, wait),
        };
        request.extensions_mut().insert(Verdict {
            name: self.name,
            rate: self.rate,
            left,
            wait,
        });
        match outcome {
            Ok(_) => Ok(()),
            Err(retry_after) => Err(Error::RateLimited { retry_after }),
        }
    }

    /// Forgets whoever has not called for so long that it makes no difference.
    pub fn tidy(&self) {
        for counter in [&self.people, &self.networks].into_iter().flatten() {
            counter.retain_recent();
            counter.shrink_to_fit();
        }
    }
}

/// What is left, or the seconds until the next call is allowed.
fn check(counter: &Counter, whom: &Whom) -> Result<u32, u64> {
    match counter.check_key(whom) {
        Ok(state) => Ok(state.remaining_burst_capacity()),
        Err(until) => {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Err(wait.as_secs() + 1)
        }
    }
}

/// The headers that tell a client what is left, where its call was counted.
pub fn headers(request: &HttpRequest) -> Vec<(HeaderName, HeaderValue)> {
    let Some(verdict) = request.extensions().get::<Verdict>().copied() else {
        return Vec::new();
    };
    let Verdict {
        name,
        rate,
        left,
        wait,
    } = verdict;
    let policy = format!("\"{name}\";q={};w={}", rate.calls, rate.seconds);
    let state = format!("\"{name}\";r={left};t={wait}");
    [("ratelimit-policy", policy), ("ratelimit", state)]
        .into_iter()
        .filter_map(|(header, value)| {
            Some((
                HeaderName::from_static(header),
                HeaderValue::from_str(&value).ok()?,
            ))
        })
        .collect()
}

/// The limits there are.
pub struct Limits {
    /// New comments.
    pub comments: Limit,
    /// Every other write but signing in.
    pub writes: Limit,
    /// Signing in.
    pub identity: Limit,
    /// Whatever may cause a letter to an address that the call names.
    pub letters: Limit,
    /// Asking for challenges.
    pub challenges: Limit,
    /// Texts in which passages are looked for.
    pub texts: Limit,
}

impl Limits {
    /// Forgets whom no limit needs to remember.
    pub fn tidy(&self) {
        let Self {
            comments,
            writes,
            identity,
            letters,
            challenges,
            texts,
        } = self;
        for limit in [comments, writes, identity, letters, challenges, texts] {
            limit.tidy();
        }
    }
}
