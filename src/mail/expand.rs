//! From one comment to everybody who is to be told of it, in steps that may be taken twice.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::id::{CommentId, MailboxId};
use crate::domain::site::Policy;
use crate::domain::subscription::Frequency;
use crate::domain::time::Time;
use crate::domain::word::Status;
use crate::error::Result;
use crate::store::outbox::{self, Call, Delivery};
use crate::store::{Tx, comments, sites, subscriptions, threads};

/// How many mailboxes one step looks at.
const STEP: usize = 250;

/// How long news waits while its thread is being joined with another.
const JOINING: Duration = Duration::from_secs(2);

/// Takes the next step with a comment that was published; true when it was the last, or none can be taken just now. A step that another worker has taken
/// meanwhile tells nobody twice.
pub fn expand(
    tx: &mut Tx,
    work: &Delivery,
    quiet: Duration,
    until: Time,
    now: Time,
) -> Result<bool> {
    let Some(row) = outbox::by_id(tx, work.id)?.filter(|row| row.state == "waiting") else {
        return Ok(true);
    };
    let id: CommentId = row.subject.cast();
    let comment = comments::by_id(tx, id)?.filter(|comment| *comment.status == Status::Published);
    let site = sites::by_id(tx, row.site_id)?;
    let (Some(comment), Some(site)) = (comment, site) else {
        outbox::settle(tx, &[row.id], now)?;
        return Ok(true);
    };
    if threads::by_id(tx, comment.thread_id)?.is_some_and(|thread| thread.joining) {
        // Who is told is on its way from one thread to another.
        outbox::postpone(tx, &[row.id], now.plus(JOINING), None)?;
        return Ok(true);
    }
    let after = row
        .progress
        .as_deref()
        .and_then(|bytes| uuid::Uuid::from_slice(bytes).ok());
    let part = subscriptions::audience(tx, &comment, after.map(MailboxId::from_uuid), STEP)?;
    let calls: Vec<(Call, Time)> = part
        .told
        .into_iter()
        .map(|told| {
            let due = match told.cadence {
                Frequency::Instant => row.created_at.plus(quiet),
                cadence => next(&site.policy, cadence, row.created_at),
            };
            let call = Call {
                kind: outbox::NEWS,
                subject: row.subject,
                recipient: told.mailbox.id,
                site: row.site_id,
                thread: Some(comment.thread_id),
                cadence: told.cadence,
                causes: told.causes,
            };
            (call, due)
        })
        .collect();
    outbox::tell(tx, &calls, now)?;
    match part.next {
        Some(next) => outbox::progress(tx, row.id, &next.bytes(), until)?,
        None => outbox::settle(tx, &[row.id], now)?,
    }
    Ok(part.next.is_none())
}

/// When the digest that news of `at` goes into is due: at the next full hour, or at the site's hour of the day, by the
/// site's clock. A day on which that hour does not exist, since clocks go forward, has it a little later.
fn next(policy: &Policy, cadence: Frequency, at: Time) -> Time {
    let zone = TimeZone::get(&policy.time_zone).unwrap_or(TimeZone::UTC);
    let Ok(stamp) = Timestamp::from_microsecond(at.micros()) else {
        return at;
    };
    let there = stamp.to_zoned(zone);
    let found = match cadence {
        Frequency::Daily => {
            let hour = i8::try_from(policy.digest_hour).unwrap_or_default();
            let today = there
                .date()
                .at(hour, 0, 0, 0)
                .to_zoned(there.time_zone().clone());
            today.and_then(|today| match today > there {
                true => Ok(today),
                false => there
                    .date()
                    .tomorrow()?
                    .at(hour, 0, 0, 0)
                    .to_zoned(there.time_zone().clone()),
            })
        }
        _ => there
            .with()
            .minute(0)
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .and_then(|hour| hour.checked_add(1.hour())),
    };
    found.map_or(at, |zoned| {
        Time::from_micros(zoned.timestamp().as_microsecond())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(zone: &str, hour: u8, cadence: Frequency, at: &str) -> String {
        let policy = Policy {
            time_zone: zone.into(),
            digest_hour: hour,
            ..Policy::default()
        };
        next(&policy, cadence, Time::parse(at).unwrap()).to_string()
    }

    #[test]
    fn a_digest_is_due_by_the_sites_clock() {
        use Frequency::{Daily, Hourly};
        for (zone, hour, cadence, at, expected) in [
            (
                "UTC",
                8,
                Daily,
                "2026-03-01T07:59:59Z",
                "2026-03-01T08:00:00.000Z",
            ),
            (
                "UTC",
                8,
                Daily,
                "2026-03-01T08:00:00Z",
                "2026-03-02T08:00:00.000Z",
            ),
            (
                "Europe/Berlin",
                8,
                Daily,
                "2026-01-10T06:00:00Z",
                "2026-01-10T07:00:00.000Z",
            ),
            // Clocks go forward: 2:00 does not exist on that day.
            (
                "Europe/Berlin",
                2,
                Daily,
                "2026-03-28T12:00:00Z",
                "2026-03-29T01:00:00.000Z",
            ),
            (
                "Asia/Kolkata",
                8,
                Hourly,
                "2026-03-01T07:05:00Z",
                "2026-03-01T07:30:00.000Z",
            ),
            (
                "UTC",
                8,
                Hourly,
                "2026-12-31T23:59:59Z",
                "2027-01-01T00:00:00.000Z",
            ),
        ] {
            assert_eq!(due(zone, hour, cadence, at), expected, "{zone} {at}");
        }
    }
}
