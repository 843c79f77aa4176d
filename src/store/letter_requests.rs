//! `letter_requests`: how many letters that anybody can ask for went to one address of late, on all
//! sites together, so that the service cannot be used to flood a mailbox.
//!
//! Each kind of letter has a share of its own, and one network gets half of it at most. So nobody alone keeps the
//! address's owner from their letters, and all together get no more than the sum.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use sha2::{Digest, Sha256};

use super::Conn;
use super::schema::letter_requests;
use crate::domain::time::Time;
use crate::error::Result;

/// What is counted apart. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Letters to sign in by, asked for by whoever knows the address.
    SignIn = 1,
    /// The same, asked for by somebody to whom the address once agreed.
    Known = 2,
    /// Letters that ask for consent.
    Consent = 3,
    /// New links to one's subscriptions, asked for by whoever has an older one.
    Link = 4,
    /// Letters about notices of illegal content.
    Notice = 5,
}

impl Share {
    /// Most letters to one address within an hour of the clock, and within a day.
    const fn most(self) -> (i64, i64) {
        match self {
            Self::SignIn | Self::Consent => (6, 12),
            Self::Known => (3, 6),
            Self::Link => (2, 4),
            Self::Notice => (10, 40),
        }
    }
}

/// What becomes of a letter that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Granted,
    /// Whoever asks had their part, and may ask again after that many seconds.
    AskerHadTheirs(u64),
    /// Nothing is sent: the address had its share, or gets no mail at all. Whoever asks is not told.
    Withheld,
}

const HOURS: i64 = 24;

const HOUR: i64 = 3600;

/// Counts one more letter to an address (in lower case), asked for from a network (as a keyed hash, where it is known).
pub fn count(
    conn: &mut Conn,
    share: Share,
    folded: &str,
    asker: Option<&[u8]>,
    now: Time,
) -> Result<Verdict> {
    let (hourly, daily) = share.most();
    if let Some(asker) = asker {
        let of = key(share, folded, asker);
        if let Some(seconds) = take(conn, &of, hourly / 2, daily / 2, now)? {
            return Ok(Verdict::AskerHadTheirs(seconds));
        }
    }
    match take(conn, &key(share, folded, &[]), hourly, daily, now)? {
        None => Ok(Verdict::Granted),
        Some(_) => Ok(Verdict::Withheld),
    }
}

/// Counts one more, unless it would be one too many: then gives the seconds until there is room again.
fn take(conn: &mut Conn, of: &[u8], hourly: i64, daily: i64, now: Time) -> Result<Option<u64>> {
    let hour = hour(now);
    // The row is locked by this, so that of many at once no more are let through than may be.
    let counted = diesel::sql_query(
        "INSERT INTO letter_requests (address, hour, count) VALUES ($1, $2, 1)
         ON CONFLICT (address, hour) DO UPDATE SET count = letter_requests.count + 1
         WHERE letter_requests.count < $3",
    )
    .bind::<Binary, _>(of)
    .bind::<BigInt, _>(hour)
    .bind::<BigInt, _>(hourly)
    .execute(conn)?;
    let counts: Vec<(i64, i64)> = letter_requests::table
        .filter(letter_requests::address.eq(of))
        .filter(letter_requests::hour.gt(hour - HOURS))
        .filter(letter_requests::count.gt(0))
        .order(letter_requests::hour)
        .select((letter_requests::hour, letter_requests::count))
        .load(conn)?;
    let in_a_day: i64 = counts.iter().map(|(_, count)| count).sum();
    let had_its_day = in_a_day > daily || (counted == 0 && in_a_day == daily);
    let free = match counts.first() {
        Some((oldest, _)) if had_its_day => oldest + HOURS,
        _ if counted == 0 => hour + 1,
        _ => return Ok(None),
    };
    if counted == 1 {
        // What is refused is not counted: asking in vain would keep the owner out for as long as it goes on.
        diesel::update(letter_requests::table.find((of, hour)))
            .set(letter_requests::count.eq(letter_requests::count - 1))
            .execute(conn)?;
    }
    Ok(Some((free * HOUR - now.seconds()).unsigned_abs()))
}

/// Forgets how many letters went to an address (in lower case), and who asked.
pub fn forget_address(conn: &mut Conn, folded: &str) -> Result<()> {
    let (first, mut last) = (mailbox(folded), mailbox(folded));
    last.extend([u8::MAX; 2]);
    let theirs = letter_requests::table.filter(letter_requests::address.between(first, last));
    diesel::delete(theirs).execute(conn)?;
    Ok(())
}

/// Forgets what no limit looks at any more, at most `limit` rows; gives how many.
pub fn forget(conn: &mut Conn, now: Time, limit: i64) -> Result<usize> {
    let old: Vec<(Vec<u8>, i64)> = letter_requests::table
        .filter(letter_requests::hour.le(hour(now) - HOURS))
        .limit(limit)
        .select((letter_requests::address, letter_requests::hour))
        .load(conn)?;
    for row in &old {
        diesel::delete(letter_requests::table.find((&row.0, row.1))).execute(conn)?;
    }
    Ok(old.len())
}

fn hour(now: Time) -> i64 {
    now.seconds().div_euclid(HOUR)
}

/// What is counted under: a mailbox, a share of its letters, and whoever asks for them, or nobody in particular.
fn key(share: Share, folded: &str, asker: &[u8]) -> Vec<u8> {
    let mut key = mailbox(folded);
    key.push(share as u8);
    key.extend(asker);
    key
}

/// A hash of the address without what follows a `+`, by which one mailbox has any number of addresses.
fn mailbox(folded: &str) -> Vec<u8> {
    let (local, domain) = folded.rsplit_once('@').unwrap_or((folded, ""));
    let local = local.split('+').next().unwrap_or(local);
    Sha256::digest(format!("{local}@{domain}")).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, Store};

    #[test]
    fn what_is_asked_in_vain_keeps_nobody_out_for_longer() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Database::Sqlite(directory.path().join("test.db")), None, 1);
        let (store, _touched) = store.unwrap();
        let ask = |hour: i64| {
            let at = Time::from_micros((hour * HOUR + 600) * 1_000_000);
            let asked = store.write(move |tx| {
                count(tx, Share::SignIn, "ann@example.org", Some(b"somewhere"), at)
            });
            let runtime = tokio::runtime::Builder::new_current_thread();
            { runtime }.build().unwrap().block_on(asked).unwrap()
        };
        let in_vain = |verdict, hours: u64| {
            assert_eq!(verdict, Verdict::AskerHadTheirs(hours * 3600 - 600));
        };
        for hour in [0, 1] {
            for _ in 0..3 {
                assert_eq!(ask(hour), Verdict::Granted);
            }
        }
        in_vain(ask(1), 23);
        for hour in 2..24 {
            in_vain(ask(hour), 24 - hour as u64);
        }
        for _ in 0..3 {
            assert_eq!(ask(24), Verdict::Granted);
        }
        in_vain(ask(24), 1);
    }

    /// Without the ends of lines, which fall anywhere.
    fn prose(text: &str) -> String {
        let words: Vec<_> = text.split_whitespace().collect();
        words.join(" ")
    }

    #[test]
    fn documents_say_how_many_letters_there_may_be() {
        let readme = prose(include_str!("../../README.md"));
        let contract = prose(include_str!("../../openapi.yaml"));
        let [sign_in, known, link] = [Share::SignIn, Share::Known, Share::Link].map(Share::most);
        assert_eq!(sign_in, Share::Consent.most());
        for (text, expected, sentence) in [
            (
                &readme,
                1,
                format!(
                    "letters to sign in by {} an hour and {} a day, confirmations as many",
                    sign_in.0, sign_in.1
                ),
            ),
            (
                &readme,
                1,
                format!(
                    "can have {} an hour and {} a day to sign in by",
                    known.0, known.1
                ),
            ),
            (
                &readme,
                1,
                format!("sends {} new links an hour and {} a day", link.0, link.1),
            ),
            (
                &contract,
                2,
                format!(
                    "at most {} such letters an hour and {} a day",
                    sign_in.0, sign_in.1
                ),
            ),
            (
                &contract,
                1,
                format!("at most {} times an hour and {} a day", link.0, link.1),
            ),
        ] {
            let times = text.matches(&sentence).count();
            assert_eq!(times, expected, "documents say: {sentence}");
        }
    }

    #[test]
    fn spellings_of_one_mailbox_are_counted_together() {
        assert_eq!(mailbox("ann+1@example.org"), mailbox("ann@example.org"));
        assert_ne!(mailbox("ann@example.org"), mailbox("ann@example.net"));
        assert_ne!(mailbox("+a@example.org"), mailbox("b@example.org"));
    }
}
