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

    /// Counts a letter, or says how long any has to wait.
    pub fn take(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.total else {
            return Ok(());
        };
        let now = DefaultClock::default().now();
        limiter
            .check()
            .map_err(|refused| refused.wait_time_from(now))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_counts_once() {
        let hourly = |calls| Rate {
            calls,
            seconds: 3600,
        };
        let pace = Pace::new(hourly(3), hourly(0));
        let left = (0..10).filter(|_| pace.take().is_ok()).count();
        assert_eq!(left, 3);
    }
}
