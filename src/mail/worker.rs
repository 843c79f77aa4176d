//! The worker: takes what is due from the outbox, writes the letter, sends it, says so.
//!
//! Any number may run, on any number of instances. A lease keeps one from another's work, and is renewed while the work lasts;
//! nothing holds a transaction while a mail server is being talked to. A worker that dies between a server's acceptance and our
//! record of it sends the letter once more, under the same `Message-ID`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::compose::{Draft, compose};
use super::expand::expand;
use super::{Failure, Pace, Post};
use crate::domain::id::DeliveryId;
use crate::domain::subscription::Suppressed;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::outbox::{self, Claimed, Claiming};
use crate::store::suppressions::{self, Suppression};
use crate::store::types::Named;
use crate::telemetry::{Metrics, Outcome};

/// How often the outbox is looked at when nothing is due.
const POLL: Duration = Duration::from_secs(1);

/// How long the database is left alone after it failed.
const AFTER_AN_ERROR: Duration = Duration::from_secs(15);

/// How many letters are claimed at a time.
const BATCH: i64 = 64;

/// How many letters are on their way at a time, each on a connection of its own.
const AT_ONCE: usize = 8;

/// How long what is claimed is the worker's own. A worker that was killed is missed for as long.
const LEASE: Duration = Duration::from_secs(60);

/// How often leases are renewed.
const RENEWAL: Duration = Duration::from_secs(20);

/// How long a letter that is on its way when the service stops may still take.
const LAST_LETTER: Duration = Duration::from_secs(3);

/// How often the record of a letter that went out is tried, a second apart.
const RECORDS: u32 = 10;

/// How long a server that cannot be reached is left alone at first, and at most.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How often the metrics of the outbox are counted.
const COUNTING: Duration = Duration::from_secs(30);

/// Works until `stop` turns true, or its sender is gone; then finishes the letters at hand.
pub async fn run(
    store: Store,
    post: Post,
    pace: Pace,
    metrics: Metrics,
    stop: watch::Receiver<bool>,
) {
    let worker = Worker {
        store,
        post: Arc::new(post),
        pace,
        metrics,
    };
    worker.run(stop).await;
    worker.post.transport.close().await;
}

struct Worker {
    store: Store,
    post: Arc<Post>,
    pace: Pace,
    metrics: Metrics,
}

/// What became of a letter.
enum Done {
    /// It is settled, or will be tried again.
    Recorded,
    /// The server cannot be reached, and the letter is none the worse.
    Unreachable,
    /// The database failed; the lease runs out.
    Unrecorded(Error),
}

/// How long to leave the server alone.
struct Breaker {
    failures: u32,
    until: Option<Instant>,
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    fn note(&mut self, done: &Done) {
        match done {
            Done::Unreachable if !self.is_open() => {
                let pause = PAUSE
                    .saturating_mul(1 << self.failures.min(10))
                    .min(LONGEST_PAUSE);
                self.failures += 1;
                self.until = Some(Instant::now() + jittered(pause));
            }
            Done::Recorded => self.failures = 0,
            _ => {}
        }
    }
}

impl Worker {
    async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut queue: VecDeque<Claimed> = VecDeque::new();
        let mut under_way = FuturesUnordered::new();
        let mut in_hand: Vec<DeliveryId> = Vec::new();
        let mut breaker = Breaker {
            failures: 0,
            until: None,
        };
        let mut renewed = Instant::now();
        let mut counted: Option<Instant> = None;
        let mut pause = Duration::ZERO;
        while !*stop.borrow() {
            if breaker.is_open() {
                self.give_back(queue.drain(..), None).await;
            } else if queue.is_empty() {
                pause = match self.claim().await {
                    Ok(found) if found.is_empty() => POLL,
                    Ok(found) => {
                        queue.extend(found);
                        Duration::ZERO
                    }
                    Err(error) => {
                        warn!(error = ?error, "the outbox cannot be read or written");
                        AFTER_AN_ERROR
                    }
                };
            }
            let mut wait = None;
            while under_way.len() < AT_ONCE && !queue.is_empty() {
                // Counted where there is a letter to leave, and only there.
                if let Err(longer) = self.pace.take() {
                    wait = Some(longer);
                    break;
                }
                let Some(claimed) = queue.pop_front() else {
                    break;
                };
                in_hand.push(claimed.letter);
                under_way.push(async move { (claimed.letter, self.work(&claimed).await) });
            }
            if renewed.elapsed() >= RENEWAL {
                renewed = Instant::now();
                let held = queue.iter().map(|claimed| claimed.letter);
                self.renew(held.chain(in_hand.iter().copied()).collect())
                    .await;
                self.pace.tidy();
            }
            if counted.is_none_or(|at| at.elapsed() >= COUNTING) {
                counted = Some(Instant::now());
                self.count().await;
            }
            let idle = if queue.is_empty() { pause } else { RENEWAL };
            let idle = wait
                .map_or(idle, |wait| wait.min(idle))
                .max(Duration::from_millis(1));
            let idle = if breaker.is_open() { POLL } else { idle };
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some((letter, done)) = under_way.next() => {
                    in_hand.retain(|held| *held != letter);
                    if let Done::Unrecorded(error) = &done {
                        warn!(error = ?error, "what became of a letter cannot be written down");
                    }
                    breaker.note(&done);
                }
                () = tokio::time::sleep(idle) => {}
            }
        }
        self.give_back(queue.drain(..), None).await;
        let last = async { while under_way.next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_LETTER, last).await;
    }

    async fn claim(&self) -> Result<Vec<Claimed>> {
        let quiet = self.post.quiet;
        self.store
            .write(move |tx| {
                let how = Claiming {
                    now: Time::now(),
                    span: LEASE,
                    quiet,
                    limit: BATCH,
                };
                outbox::claim(tx, how)
            })
            .await
    }

    async fn renew(&self, letters: Vec<DeliveryId>) {
        if letters.is_empty() {
            return;
        }
        let until = Time::now().plus(LEASE);
        let renewed = self
            .store
            .write(move |tx| outbox::renew(tx, &letters, until))
            .await;
        if let Err(error) = renewed {
            warn!(error = ?error, "leases cannot be renewed");
        }
    }

    /// Lets others have what was claimed and is not begun.
    async fn give_back(&self, claimed: impl Iterator<Item = Claimed>, why: Option<String>) {
        let ids: Vec<DeliveryId> = claimed.flat_map(|one| rows_of(&one)).collect();
        if ids.is_empty() {
            return;
        }
        let now = Time::now();
        let given = self
            .store
            .write(move |tx| outbox::postpone(tx, &ids, now, why.as_deref()))
            .await;
        if let Err(error) = given {
            // Their leases run out.
            warn!(error = ?error, "letters cannot be given back");
        }
    }

    async fn work(&self, claimed: &Claimed) -> Done {
        let is_letter = claimed.rows.iter().all(|row| row.kind != outbox::PUBLISHED);
        let done = match is_letter {
            true => self.deliver(claimed).await,
            false => self.expand(claimed).await.map(|()| Done::Recorded),
        };
        let done = match done {
            // The leases run out, and it is looked at again, none the worse.
            Err(error) if error.is_outage() => Err(error),
            // Counted, whatever it is: what always fails is given up in the end, and shown to the operator.
            Err(error) => self.fail(claimed, error.for_operator()).await,
            done => done,
        };
        done.unwrap_or_else(Done::Unrecorded)
    }

    async fn expand(&self, claimed: &Claimed) -> Result<()> {
        for row in &claimed.rows {
            loop {
                let (row, quiet, now) = (row.clone(), self.post.quiet, Time::now());
                let step = self
                    .store
                    .write(move |tx| expand(tx, &row, quiet, now.plus(LEASE), now));
                if step.await? {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn deliver(&self, claimed: &Claimed) -> Result<Done> {
        let Some((cover, content)) = &self.draft(claimed).await? else {
            info!(letter = %claimed.letter, kind = kind_of(claimed), "no mail is needed any more");
            self.settle(claimed).await?;
            return Ok(Done::Recorded);
        };
        let domain = cover.to.as_str().rsplit('@').next().unwrap_or_default();
        if let Err(wait) = self.pace.count(domain) {
            let (ids, at) = (rows_of(claimed), Time::now().plus(jittered(wait)));
            self.store
                .write(move |tx| outbox::postpone(tx, &ids, at, None))
                .await?;
            return Ok(Done::Recorded);
        }
        let letter = self.post.write(cover, content, Time::now())?;
        let sent = self.post.transport.send(&letter).await;
        self.record(claimed, &cover.to.folded(), sent).await
    }

    async fn draft(&self, claimed: &Claimed) -> Result<Option<Draft>> {
        let (post, claimed, now) = (self.post.clone(), claimed.clone(), Time::now());
        self.store
            .read(move |conn| compose(conn, &post, &claimed, now))
            .await
    }

    async fn record(
        &self,
        claimed: &Claimed,
        address: &str,
        sent: std::result::Result<String, Failure>,
    ) -> Result<Done> {
        let kind = kind_of(claimed);
        match sent {
            Ok(_) => {
                info!(letter = %claimed.letter, kind, "mail sent");
                self.metrics.mailed(kind, Outcome::Sent);
                self.settle(claimed).await?;
            }
            Err(Failure::Unreachable(error)) => {
                warn!(error, "mail cannot leave");
                self.metrics.mailed(kind, Outcome::Unreachable);
                self.give_back(std::iter::once(claimed.clone()), Some(error))
                    .await;
                return Ok(Done::Unreachable);
            }
            Err(Failure::Later(error)) => return self.fail(claimed, error).await,
            Err(Failure::Refused(error)) => {
                warn!(letter = %claimed.letter, kind, error, "mail refused");
                self.metrics.mailed(kind, Outcome::Refused);
                let (claimed, now) = (claimed.clone(), Time::now());
                self.store
                    .write(move |tx| outbox::bury(tx, &claimed, &error, now))
                    .await?;
            }
            Err(Failure::Mailbox(error)) => {
                warn!(letter = %claimed.letter, kind, error, "the mailbox takes no mail");
                self.metrics.mailed(kind, Outcome::Bounced);
                let (claimed, email, at) = (claimed.clone(), address.to_owned(), Time::now());
                let write = self.store.write(move |tx| {
                    let suppression = Suppression {
                        email: email.clone(),
                        reason: Named(Suppressed::Bounced),
                        detail: Some(error.clone()),
                        at,
                    };
                    suppressions::add(tx, &suppression)?;
                    outbox::bury(tx, &claimed, &error, at)
                });
                write.await?;
            }
        }
        Ok(Done::Recorded)
    }

    /// Records that a letter is done with. Tried hard, since a letter that went out goes out again if not.
    async fn settle(&self, claimed: &Claimed) -> Result<()> {
        for turn in 1.. {
            let (ids, now) = (rows_of(claimed), Time::now());
            let settled = self
                .store
                .write(move |tx| outbox::settle(tx, &ids, now))
                .await;
            match settled {
                Err(error) if error.is_outage() && turn < RECORDS => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                settled => return settled,
            }
        }
        Ok(())
    }

    async fn fail(&self, claimed: &Claimed, error: String) -> Result<Done> {
        let kind = kind_of(claimed);
        let attempts = claimed
            .rows
            .iter()
            .map(|row| row.attempts)
            .max()
            .unwrap_or_default()
            + 1;
        warn!(letter = %claimed.letter, kind, attempts, error, "not done");
        let at = Time::now().plus(jittered(outbox::delay(attempts)));
        let claimed = claimed.clone();
        let write = self
            .store
            .write(move |tx| outbox::fail(tx, &claimed, &error, at));
        let is_dead = write.await?;
        self.metrics.mailed(
            kind,
            if is_dead {
                Outcome::Dead
            } else {
                Outcome::Later
            },
        );
        Ok(Done::Recorded)
    }

    async fn count(&self) {
        match self.store.read(outbox::counts).await {
            Ok(counts) => {
                let counts = counts
                    .into_iter()
                    .map(|one| (one.kind, one.state, one.count));
                self.metrics.set_outbox(counts);
            }
            Err(error) => warn!(error = ?error, "the outbox cannot be counted"),
        }
    }
}

fn rows_of(claimed: &Claimed) -> Vec<DeliveryId> {
    claimed.rows.iter().map(|row| row.id).collect()
}

fn kind_of(claimed: &Claimed) -> &str {
    claimed.rows.first().map_or("none", |row| row.kind.as_str())
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody is left to work for.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A span of between three and five quarters, so that what failed together is not tried together.
fn jittered(span: Duration) -> Duration {
    let mut byte = [0u8; 1];
    // Without randomness there is only no jitter.
    let _ = getrandom::getrandom(&mut byte);
    span * 3 / 4 + span * u32::from(byte[0]) / 510
}

#[cfg(test)]
mod tests;
