//! What is forgotten when its time has passed, in small steps so that no write waits for long.

use std::time::Duration;

use tokio::sync::watch;

use super::bans::NETWORK;
use super::judging::LATELY;
use super::leaving;
use crate::domain::link;
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::{
    Store, bans, events, idempotency, jobs, joins, letter_requests, mailboxes, outbox, prints,
    reports, sessions, sign_ins, spent_work, staff_links, subscriptions, used_links,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long between two rounds.
const ROUND: Duration = Duration::from_secs(600);

/// How long an address is kept that nobody ever answered from.
const UNANSWERED: Duration = link::CONFIRM;

/// How many rows one step takes.
const STEP: i64 = 500;

/// Forgets, now and then until `stop` turns true, events older than `keep_log`, idempotency keys older
/// than a day, sessions that ended a week ago, work that was done a month ago, jobs that ended 90 days ago, challenges, used links and ways in that have expired, and addresses
/// and choices that nobody confirmed in time.
pub async fn run(store: Store, keep_log: Duration, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tidy(&store, keep_log, Time::now(), &stop).await {
            // The next round does what this one could not.
            tracing::warn!(code = error.code(), "housekeeping put off");
        }
        tokio::select! {
            // An error means that whoever would stop this is gone.
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

/// One round of [`run`], as at that time.
///
/// # Errors
/// An outage.
pub async fn tidy(
    store: &Store,
    keep_log: Duration,
    now: Time,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    let go_on = |forgotten: usize| forgotten > 0 && !*stop.borrow();
    while go_on(
        store
            .write(move |tx| events::forget(tx, now.minus(keep_log), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| idempotency::forget(tx, now.minus(DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| sessions::forget(tx, now.minus(7 * DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| outbox::forget(tx, now.minus(30 * DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| subscriptions::forget_pending(tx, now, STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| sign_ins::forget(tx, now.minus(DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| staff_links::forget(tx, now.minus(DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| letter_requests::forget(tx, now, STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| spent_work::forget(tx, now, STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| used_links::forget(tx, now, STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| {
                let idle = mailboxes::idle(tx, now.minus(UNANSWERED), STEP)?;
                for id in &idle {
                    mailboxes::lock(tx, *id)?;
                    leaving::erase(tx, *id)?;
                }
                Ok(idle.len())
            })
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| bans::forget_networks(tx, now.minus(NETWORK), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| prints::forget(tx, now.minus(LATELY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| reports::forget_contacts(tx, now.minus(30 * DAY), STEP))
            .await?,
    ) {}
    while go_on(
        store
            .write(move |tx| jobs::forget(tx, now.minus(90 * DAY), STEP))
            .await?,
    ) {}
    while go_on(store.write(move |tx| joins::forget(tx, now, STEP)).await?) {}
    Ok(())
}
