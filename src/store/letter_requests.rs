//! `letter_requests`: how many letters that anybody can ask for went to one address of late, on all
//! sites together, so that the service cannot be used to flood a mailbox.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use sha2::{Digest, Sha256};

use super::Conn;
use super::schema::letter_requests;
use crate::domain::time::Time;
use crate::error::Result;

/// Most such letters to one address within an hour of the clock.
pub const HOURLY: i64 = 3;

/// Most such letters to one address within a day.
pub const DAILY: i64 = 10;

const HOURS: i64 = 24;

/// Counts one more letter to an address (in lower case); false when it is one too many.
pub fn count(conn: &mut Conn, folded: &str, now: Time) -> Result<bool> {
    let (address, hour) = (digest(folded), hour(now));
    // The row is locked by this, so that of many at once no more are let through than may be.
    let counted = diesel::sql_query(
        "INSERT INTO letter_requests (address, hour, count) VALUES ($1, $2, 1)
         ON CONFLICT (address, hour) DO UPDATE SET count = letter_requests.count + 1
         WHERE letter_requests.count < $3",
    )
    .bind::<Binary, _>(&address)
    .bind::<BigInt, _>(hour)
    .bind::<BigInt, _>(HOURLY)
    .execute(conn)?;
    let counts: Vec<i64> = letter_requests::table
        .filter(letter_requests::address.eq(&address))
        .filter(letter_requests::hour.gt(hour - HOURS))
        .select(letter_requests::count)
        .load(conn)?;
    Ok(counted == 1 && counts.iter().sum::<i64>() <= DAILY)
}

/// Forgets how many letters went to an address (in lower case).
pub fn forget_address(conn: &mut Conn, folded: &str) -> Result<()> {
    let theirs = letter_requests::table.filter(letter_requests::address.eq(digest(folded)));
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
    now.seconds().div_euclid(3600)
}

/// Of the address without what follows a `+`, by which one mailbox has any number of addresses.
fn digest(folded: &str) -> Vec<u8> {
    let (local, domain) = folded.rsplit_once('@').unwrap_or((folded, ""));
    let local = local.split('+').next().unwrap_or(local);
    Sha256::digest(format!("{local}@{domain}")).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_are_counted_together() {
        assert_eq!(digest("ann+1@example.org"), digest("ann@example.org"));
        assert_ne!(digest("ann@example.org"), digest("ann@example.net"));
        assert_ne!(digest("+a@example.org"), digest("b@example.org"));
    }
}
