//! One id type per table, so that a comment's id can never be passed for a person's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use super::time::Time;

/// A UUID that belongs to rows of kind `K`; sixteen bytes in the database, hyphenated text outside.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

/// Marks ids of `sites`.
pub enum Site {}
/// Marks ids of `threads`.
pub enum Thread {}
/// Marks ids of `comments`.
pub enum Comment {}
/// Marks ids of `passages`.
pub enum Passage {}
/// Marks ids of `people`.
pub enum Person {}
/// Marks ids of `sessions`.
pub enum Session {}
/// Marks ids of `api_tokens`.
pub enum ApiToken {}
/// Marks ids of `outbox`.
pub enum Delivery {}
/// Marks ids of whatever a row of `outbox` is about; its kind says what that is.
pub enum Subject {}
/// Marks ids of `mailboxes`.
pub enum Mailbox {}
/// Marks ids of `subscriptions`.
pub enum Subscription {}
/// Marks ids of `sign_ins`.
pub enum SignIn {}
/// Marks ids of `staff_links`.
pub enum StaffLink {}
/// Marks ids of `consents`.
pub enum Consent {}
/// Marks ids of what a subscription follows; its scope says what that is.
pub enum Target {}
/// Marks ids of `audit`.
pub enum Entry {}
/// Marks ids of `bans`.
pub enum Ban {}
/// Marks ids of `reports`.
pub enum Report {}
/// Marks ids of `jobs`.
pub enum Job {}
/// Marks ids of whatever takes the steps of jobs: a worker of the service, or a command.
pub enum Worker {}
/// Marks ids of `joins`.
pub enum Join {}

/// The id of a site.
pub type SiteId = Id<Site>;
/// The id of a thread.
pub type ThreadId = Id<Thread>;
/// The id of a comment.
pub type CommentId = Id<Comment>;
/// The id of a passage.
pub type PassageId = Id<Passage>;
/// The id of a person, on one site.
pub type PersonId = Id<Person>;
/// The id of a session.
pub type SessionId = Id<Session>;
/// The id of a long-lived API token.
pub type ApiTokenId = Id<ApiToken>;
/// The id of a piece of later work.
pub type DeliveryId = Id<Delivery>;
/// The id of what a piece of later work is about.
pub type SubjectId = Id<Subject>;
/// The id of one address on one site.
pub type MailboxId = Id<Mailbox>;
/// The id of one choice of a mailbox's owner.
pub type SubscriptionId = Id<Subscription>;
/// The id of an attempt to sign in by mail.
pub type SignInId = Id<SignIn>;
/// The id of a one-time way in for one of a site's own people.
pub type StaffLinkId = Id<StaffLink>;
/// The id of a line of the record of consent.
pub type ConsentId = Id<Consent>;
/// The id of what a subscription follows.
pub type TargetId = Id<Target>;
/// The id of a line of the audit log.
pub type EntryId = Id<Entry>;
/// The id of a ban.
pub type BanId = Id<Ban>;
/// The id of a report.
pub type ReportId = Id<Report>;
/// The id of a job.
pub type JobId = Id<Job>;
/// The id of whatever takes the steps of jobs, as long as it runs.
pub type WorkerId = Id<Worker>;
/// The id of a thread's joining into another.
pub type JoinId = Id<Join>;

impl<K> Id<K> {
    /// A new id: UUID version 7 (RFC 9562), so that ids grow with time and indexes stay compact.
    pub fn new() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// The least id that is made at this time, or later.
    pub fn earliest(time: Time) -> Self {
        let millis = u64::try_from(time.micros() / 1000).unwrap_or_default();
        Self::from_uuid(Uuid::from_u128(u128::from(millis) << 80))
    }

    /// The id that this UUID is.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The id as a plain UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The same UUID as the id of something else, for the columns whose kind another column names.
    pub fn cast<L>(self) -> Id<L> {
        Id::from_uuid(self.0)
    }

    /// The id's sixteen bytes, in the order the database sorts them.
    pub fn bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl ThreadId {
    /// The id that a page's thread has, whether it has comments yet or not: UUID version 5 of the
    /// site's id and the page's key. `turn` is 0 unless a thread with that id was moved to another
    /// key, so that the old key needs a new thread.
    pub fn minted(site: SiteId, key: &str, turn: u32) -> Self {
        let name = if turn == 0 {
            key.to_owned()
        } else {
            format!("{key}\n{turn}")
        };
        Self::from_uuid(Uuid::new_v5(&site.0, name.as_bytes()))
    }

    /// Whether this id can be one that [`ThreadId::minted`] made.
    pub fn can_be_minted(self) -> bool {
        self.0.get_version_num() == 5
    }
}

impl<K> Default for Id<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<K> FromStr for Id<K> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self::from_uuid)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<K, DB: Backend> ToSql<Binary, DB> for Id<K>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}

impl<K, DB: Backend> FromSql<Binary, DB> for Id<K>
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?;
        Ok(Self::from_uuid(Uuid::from_slice(&bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_are_told_apart_by_when_they_were_made() {
        let made = CommentId::new();
        let now = Time::now();
        assert!(CommentId::earliest(now.minus(Duration::from_secs(1))) < made);
        assert!(made < CommentId::earliest(now.plus(Duration::from_secs(1))));
        assert_eq!(CommentId::earliest(Time::from_micros(-1)).bytes(), [0; 16]);
    }
}
