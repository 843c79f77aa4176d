//! A lane: work that takes time on processors, one piece after the other, within a share of one processor.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::domain::time::Time;
use crate::error::{Error, Result};

/// So many seconds of the share may be spent at once.
const SAVED: f64 = 10.0;

/// Seconds after which to try again where nothing is ever allowed.
const NEVER: u64 = 3600;

/// How many wait for their turn; more are told to come again.
const WAITING: usize = 16;

/// How long each of them waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// One lane. Only one piece of work is under way in it.
pub struct Lane {
    budget: Arc<Budget>,
    road: Arc<Semaphore>,
    queue: Semaphore,
}

impl Lane {
    /// With that part of one processor, in per cent.
    pub fn new(percent: u32) -> Self {
        Self {
            budget: Arc::new(Budget::new(percent)),
            road: Arc::new(Semaphore::new(1)),
            queue: Semaphore::new(WAITING),
        }
    }

    /// Does this when its turn comes, on a thread that may block, and counts how long it takes. Whoever asked may go away
    /// meanwhile; what was begun is done, and counted, all the same.
    ///
    /// # Errors
    /// [`Error::Spent`] when the share is used up, [`Error::Busy`] when too many wait.
    pub async fn run<T: Send + 'static>(
        &self,
        now: Time,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.budget.check(now)?;
        let _waiting = self.queue.try_acquire().map_err(|_| Error::Busy)?;
        let turn = tokio::time::timeout(PATIENCE, self.road.clone().acquire_owned()).await;
        // The semaphore is never closed.
        let turn = turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        // Those before may have spent it all.
        self.budget.check(now)?;
        let budget = self.budget.clone();
        let done = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let done = work();
            budget.spend(began.elapsed());
            drop(turn);
            done
        });
        done.await
            .map_err(|error| Error::Internal(format!("looking for passages: {error}")))
    }
}

/// Time that comes in at a steady rate, is saved up to a bound, and may be overdrawn by what was begun.
struct Budget {
    /// Seconds for each second.
    rate: f64,
    state: Mutex<State>,
}

struct State {
    /// Seconds that are left; below 0 when more was spent than there was.
    left: f64,
    /// When that was so.
    at: Option<Time>,
}

impl Budget {
    fn new(percent: u32) -> Self {
        let rate = f64::from(percent) / 100.0;
        Self {
            rate,
            state: Mutex::new(State {
                left: rate * SAVED,
                at: None,
            }),
        }
    }

    fn check(&self, now: Time) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = state.at.map_or(0, |at| (now.micros() - at.micros()).max(0));
        state.left = (state.left + self.rate * passed as f64 / 1e6).min(self.rate * SAVED);
        state.at = state.at.max(Some(now));
        if state.left > 0.0 {
            return Ok(());
        }
        let retry_after = match self.rate > 0.0 {
            // It fits: a piece of work takes seconds at most.
            true => (-state.left / self.rate) as u64 + 1,
            false => NEVER,
        };
        Err(Error::Spent { retry_after })
    }

    fn spend(&self, took: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left -= took.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(1_000_000_000 + seconds * 1_000_000)
    }

    /// The seconds to wait; 0 when there is time.
    fn wait(budget: &Budget, seconds: i64) -> u64 {
        match budget.check(at(seconds)) {
            Ok(()) => 0,
            Err(Error::Spent { retry_after }) => retry_after,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_was_spent_comes_back_in_time() {
        let budget = Budget::new(50);
        assert_eq!(wait(&budget, 0), 0);
        budget.spend(Duration::from_secs(7));
        // Two seconds too many: four seconds of half a processor.
        assert_eq!(wait(&budget, 0), 5);
        assert_eq!(wait(&budget, 2), 3);
        assert_eq!(wait(&budget, 5), 0);
        // Ten seconds' worth is saved, no more; and a clock that goes back gives none.
        assert_eq!(wait(&budget, 1000), 0);
        budget.spend(Duration::from_secs(5));
        assert_eq!(wait(&budget, 1000), 1);
        assert_eq!(wait(&budget, 0), 1);
        assert_eq!(wait(&budget, 1000), 1);
        assert_eq!(wait(&Budget::new(0), 0), NEVER);
    }

    #[tokio::test]
    async fn one_works_a_few_wait_and_the_others_come_again() {
        let lane = Arc::new(Lane::new(100));
        let (go, hold) = std::sync::mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let start = || {
            let (lane, hold) = (lane.clone(), hold.clone());
            tokio::spawn(async move {
                let work = move || hold.lock().is_ok_and(|hold| hold.recv().is_ok());
                lane.run(at(0), work).await
            })
        };
        let begun: Vec<_> = (0..WAITING).map(|_| start()).collect();
        while lane.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(lane.run(at(0), || ()).await, Err(Error::Busy)));
        for _ in 0..WAITING {
            go.send(()).unwrap();
        }
        for one in begun {
            assert!(matches!(one.await, Ok(Ok(true))));
        }
        assert!(lane.run(at(0), || ()).await.is_ok());
    }
}
