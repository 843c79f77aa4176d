//! How often one may call: for each network and person, per instance, by GCRA (the `governor` crate).
//! Answers carry the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers).

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::client::Network;
use crate::config::Rate;
use crate::domain::id::PersonId;
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

/// Proof that a call was counted, and what is left.
pub struct Counted {
    policy: Option<(&'static str, Rate, u32)>,
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
    pub fn count(&self, network: Network, person: Option<PersonId>) -> Result<Counted> {
        let (Some(people), Some(networks)) = (&self.people, &self.networks) else {
            return Ok(Counted { policy: None });
        };
        let whom = match person {
            Some(person) => {
                check(networks, &Whom::Network(network))?;
                Whom::Person(person)
            }
            None => Whom::Network(network),
        };
        let left = check(people, &whom)?;
        Ok(Counted {
            policy: Some((self.name, self.rate, left)),
        })
    }

    /// Forgets whoever has not called for so long that it makes no difference.
    pub fn tidy(&self) {
        for counter in [&self.people, &self.networks].into_iter().flatten() {
            counter.retain_recent();
            counter.shrink_to_fit();
        }
    }
}

fn check(counter: &Counter, whom: &Whom) -> Result<u32> {
    match counter.check_key(whom) {
        Ok(state) => Ok(state.remaining_burst_capacity()),
        Err(until) => {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Err(Error::RateLimited {
                retry_after: wait.as_secs() + 1,
            })
        }
    }
}

impl Counted {
    /// Tells the client what is left.
    pub fn on(self, mut response: HttpResponse) -> HttpResponse {
        if let Some((name, rate, left)) = self.policy {
            let headers = response.headers_mut();
            let policy = format!("\"{name}\";q={};w={}", rate.calls, rate.seconds);
            // One call is given back after each such span.
            let next = rate.seconds.div_ceil(rate.calls.max(1));
            let state = format!("\"{name}\";r={left};t={next}");
            for (header, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    headers.insert(HeaderName::from_static(header), value);
                }
            }
        }
        response
    }
}

/// The limits there are.
pub struct Limits {
    /// New comments.
    pub comments: Limit,
    /// Votes, reactions, edits, previews, decisions.
    pub writes: Limit,
    /// Signing in.
    pub identity: Limit,
}

impl Limits {
    /// Forgets whom no limit needs to remember.
    pub fn tidy(&self) {
        for limit in [&self.comments, &self.writes, &self.identity] {
            limit.tidy();
        }
    }
}
