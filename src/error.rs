//! Everything that can go wrong, with a stable code each. No statuses here: `http/problem.rs` is the one
//! place that gives them.
//!
//! Which to use: [`Error::Fields`] when a value in a body is at fault, [`Error::Query`] when one in
//! the address is, the named variants for rules, and [`Error::Internal`] only for what must not happen.

use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Map, Value};

use crate::domain::id::ThreadId;
use crate::domain::invalid::Invalid;

/// The narrowest true statement of what went wrong.
#[derive(Debug)]
pub enum Error {
    /// Values of a body were refused.
    Fields(Vec<FieldError>),
    /// A value in the address was refused: a query parameter or a cursor.
    Query(Invalid),
    /// A header was refused.
    Header(Invalid),
    /// The body is not JSON.
    InvalidJson(String),
    /// There is no token where one is needed.
    Unauthorized,
    /// The token is not one of ours, was forged, revoked or belongs elsewhere.
    TokenInvalid,
    /// The token's time has passed; it can be renewed.
    TokenExpired,
    /// The site's own token was refused.
    SsoToken(Invalid),
    /// The caller is known and may not do this.
    Forbidden(&'static str),
    /// A page of another origin asked for what only the site's own pages may.
    OriginNotAllowed,
    /// The site takes comments only from people it knows.
    GuestsNotAllowed,
    /// One cannot judge one's own comment.
    OwnComment,
    /// The time for editing has passed.
    EditWindowOver,
    /// There is no such thing, or not for this caller.
    NotFound,
    /// Nobody has written in that thread, so that there is nothing to change yet.
    Unwritten,
    /// Something was written at the page that a thread would move to, in this other thread.
    Occupied(ThreadId),
    /// There is no site of that name.
    UnknownSite,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The request came too slowly.
    RequestTimeout,
    /// Moderators have banned whoever writes.
    Banned,
    /// It does not fit what is there: a name that is taken, a comment that was withdrawn.
    Conflict(String),
    /// It was edited since it was read.
    Changed,
    /// A reason that is not on the site's list.
    Reason,
    /// A notice of illegal content is open, and whoever decides gives the grounds.
    Grounds,
    /// The thread takes no more comments.
    ThreadClosed,
    /// The passage takes no more answers.
    PassageClosed,
    /// The thread has as many passages as a thread may have.
    PassagesFull,
    /// The site lets nobody, or only people it knows, select passages.
    PassagesNotAllowed,
    /// Where the passages are in this text was not asked before, or is forgotten.
    TextUnknown,
    /// The log does not reach back that far: read the thread anew.
    Resync,
    /// The body is larger than the limit, in bytes.
    BodyTooLarge(usize),
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// That idempotency key came with another request before.
    IdempotencyKeyReused,
    /// The comment must come with proof of work, for which this site (its slug) hands out challenges.
    WorkRequired(String),
    /// Too many calls; try again after that many seconds.
    RateLimited {
        /// Seconds until the next call is allowed.
        retry_after: u64,
    },
    /// As much time was spent on processors as may be spent on this; try again after that many seconds.
    Spent {
        /// Seconds until there is some again.
        retry_after: u64,
    },
    /// The service has no room, or is starting or stopping; try again soon.
    Busy,
    /// The database said no.
    Database(DieselError),
    /// What must not happen. The text goes to the log, never to the client.
    Internal(String),
}

/// What is wrong with one value of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where it is: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The stable code and the sentence.
    pub invalid: Invalid,
}

/// What a fallible rule gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One refused value of a body.
    pub fn field(pointer: &str, invalid: Invalid) -> Self {
        Self::Fields(vec![FieldError {
            pointer: pointer.to_owned(),
            invalid,
        }])
    }

    /// The stable code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fields(fields) => match fields.as_slice() {
                [only] => only.invalid.code,
                _ => "invalid_fields",
            },
            Self::Query(invalid) | Self::Header(invalid) | Self::SsoToken(invalid) => invalid.code,
            Self::InvalidJson(_) => "invalid_json",
            Self::Unauthorized => "unauthorized",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::Forbidden(_) => "forbidden",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::GuestsNotAllowed => "guests_not_allowed",
            Self::OwnComment => "own_comment",
            Self::EditWindowOver => "edit_window_over",
            Self::NotFound | Self::Unwritten => "not_found",
            Self::UnknownSite => "unknown_site",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Conflict(_) | Self::Occupied(_) => "conflict",
            Self::Changed => "changed",
            Self::Banned => "banned",
            Self::Reason => "reason_unknown",
            Self::Grounds => "grounds_required",
            Self::ThreadClosed => "thread_closed",
            Self::PassageClosed => "passage_closed",
            Self::PassagesFull => "passages_full",
            Self::PassagesNotAllowed => "passages_not_allowed",
            Self::TextUnknown => "text_unknown",
            Self::Resync => "resync",
            Self::BodyTooLarge(_) => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::WorkRequired(_) => "work_required",
            Self::RateLimited { .. } => "rate_limited",
            Self::Spent { .. } => "budget_spent",
            Self::Busy => "unavailable",
            Self::Database(_) if self.is_outage() => "unavailable",
            Self::Database(_) | Self::Internal(_) => "internal",
        }
    }

    /// The limits and values that the sentence names, by name, where one value was refused.
    pub fn params(&self) -> Map<String, Value> {
        match self {
            Self::Fields(fields) => match fields.as_slice() {
                [only] => only.invalid.params.clone(),
                _ => Map::new(),
            },
            Self::Query(invalid) | Self::Header(invalid) | Self::SsoToken(invalid) => {
                invalid.params.clone()
            }
            Self::BodyTooLarge(limit) => Map::from_iter([("max".to_owned(), (*limit).into())]),
            _ => Map::new(),
        }
    }

    /// What went wrong, cause included: for the operator, who may see what a client may not.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Database(cause) => format!("the database: {cause}"),
            Self::Internal(cause) => cause.clone(),
            Self::Fields(fields) => {
                let each = fields.iter().map(|field| field.invalid.detail.as_str());
                each.collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        }
    }

    /// Whether the database is away, full or overloaded, so that trying again later may help.
    pub fn is_outage(&self) -> bool {
        let Self::Database(error) = self else {
            return matches!(self, Self::Busy);
        };
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
            // libpq finds out that the server is gone when it writes, or when it reads.
            DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => true,
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
                // Neither driver gives these conditions a kind of their own.
                let message = info.message();
                OUTAGES.iter().any(|outage| message.contains(outage))
            }
            _ => false,
        }
    }

    /// Whether another transaction was first, so that the same work may succeed when run again.
    pub fn is_race(&self) -> bool {
        let Self::Database(DieselError::DatabaseError(kind, info)) = self else {
            return false;
        };
        match kind {
            DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure => true,
            DatabaseErrorKind::Unknown => info.message().contains("deadlock detected"),
            _ => false,
        }
    }
}

const OUTAGES: &[&str] = &[
    "database or disk is full",
    "disk I/O error",
    "database is locked",
    "unable to open database file",
    "attempt to write a readonly database",
    "server closed the connection",
    "connection to server",
    "could not connect",
    "no connection to the server",
    "terminating connection",
    "the database system is",
    "too many clients",
    "timed out waiting for connection",
    "could not extend file",
    "No space left on device",
    "SSL connection has been closed",
];

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields(fields) => match fields.as_slice() {
                [only] => f.write_str(&only.invalid.detail),
                _ => write!(
                    f,
                    "{} values were refused; `errors` names them.",
                    fields.len()
                ),
            },
            Self::Query(invalid) | Self::Header(invalid) | Self::SsoToken(invalid) => {
                f.write_str(&invalid.detail)
            }
            Self::InvalidJson(detail) | Self::Conflict(detail) => f.write_str(detail),
            Self::Unauthorized => f.write_str("This needs a token: `Authorization: Bearer …`."),
            Self::TokenInvalid => f.write_str("The token is not valid here, or no longer."),
            Self::TokenExpired => {
                f.write_str("The token has expired. A person's is renewed at /v1/identity/refresh.")
            }
            Self::Forbidden(detail) => f.write_str(detail),
            Self::OriginNotAllowed => {
                f.write_str("This page's origin is not one of the site's origins.")
            }
            Self::GuestsNotAllowed => f.write_str("This site asks people to sign in first."),
            Self::OwnComment => f.write_str("One cannot judge one's own comment."),
            Self::EditWindowOver => f.write_str("The time for editing this comment has passed."),
            Self::NotFound => f.write_str("There is nothing here."),
            Self::Unwritten => f.write_str(
                "There is no such thread. PUT /v1/moderation/threads makes that of a page on which nobody has written.",
            ),
            Self::Occupied(other) => write!(
                f,
                "Something was written at that page already. POST /v1/moderation/threads/{{thread}}/join with {{\"into\": \"{other}\"}} joins the two."
            ),
            Self::UnknownSite => f.write_str("There is no site of that name."),
            Self::MethodNotAllowed => f.write_str("This address does not take that method."),
            Self::RequestTimeout => f.write_str("The request's body came too slowly."),
            Self::Changed => f.write_str("It was edited since that revision; read it again."),
            Self::Banned => f.write_str("The moderators of this site take no comments from you."),
            Self::Reason => {
                f.write_str("This reason is not on the site's list (`decision_reasons`).")
            }
            Self::Grounds => f.write_str(
                "Somebody holds it to be illegal, and is told why it stays or goes: decide with a `reason`, or decide the report.",
            ),
            Self::ThreadClosed => f.write_str("This thread takes no more comments."),
            Self::PassageClosed => f.write_str("This passage takes no more answers."),
            Self::PassagesFull => f.write_str("This thread has as many passages as it may have."),
            Self::PassagesNotAllowed => {
                f.write_str("This site does not let you select passages of the text.")
            }
            Self::TextUnknown => {
                f.write_str("This text is not known; POST it to find its passages.")
            }
            Self::Resync => {
                f.write_str("The log does not hold that version; read the thread anew.")
            }
            Self::BodyTooLarge(limit) => write!(f, "A body may have at most {limit} bytes."),
            Self::UnsupportedMediaType => {
                f.write_str("The body must be JSON: `Content-Type: application/json`.")
            }
            Self::IdempotencyKeyReused => {
                f.write_str("This Idempotency-Key came with another request before.")
            }
            Self::WorkRequired(_) => f.write_str(
                "This comment needs proof of work: solve a challenge first (`challenge_url`).",
            ),
            Self::RateLimited { retry_after } => {
                write!(f, "Too many calls; try again in {retry_after} s.")
            }
            Self::Spent { retry_after } => write!(
                f,
                "This takes more time on processors than there is just now; try again in {retry_after} s."
            ),
            Self::Busy => {
                f.write_str("The service is busy, starting or stopping; try again shortly.")
            }
            Self::Database(_) if self.is_outage() => f.write_str(
                "The database cannot be reached or written just now; try again shortly.",
            ),
            Self::Database(_) | Self::Internal(_) => {
                f.write_str("Something went wrong on our side; the request id helps to find it.")
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            other => Self::Database(other),
        }
    }
}
