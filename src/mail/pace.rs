//! How fast letters leave: in all, and to each domain, whose servers count too. Each instance keeps a pace of its own.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Rate;

/// Both limits; each may be none.
pub struct Pace {
    total: Option<DefaultDirectRateLimiter>,
    domain: Option<DefaultKeyedRateLimiter<String>>,
}

impl Pace {
    /// From rates of which 0 is no limit.
    pub fn new(total: Rate, domain: Rate) -> Self {
        Self {
            total: quota(total).map(RateLimiter::direct),
            domain: quota(domain).map(RateLimiter::keyed),
        }
    }

    /// How long until any letter may leave; asking does not count.
    pub fn wait(&self) -> Option<Duration> {
        let total = self.total.as_ref()?;
        let refused = total.check().err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }

    /// Counts a letter to that domain, or says how long it has to wait.
    pub fn count(&self, domain: &str) -> Result<(), Duration> {
        let Some(limiter) = &self.domain else {
            return Ok(());
        };
        let now = DefaultClock::default().now();
        limiter
            .check_key(&domain.to_owned())
            .map_err(|refused| refused.wait_time_from(now))
    }

    /// Forgets the domains whose count is full again.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.domain {
            limiter.retain_recent();
        }
    }
}

fn quota(rate: Rate) -> Option<Quota> {
    let calls = NonZeroU32::new(rate.calls)?;
    let spacing = Duration::from_secs(rate.seconds.max(1).into()) / calls.get();
    Some(Quota::with_period(spacing.max(Duration::from_nanos(1)))?.allow_burst(calls))
}
