//! What one can be told of by mail, how soon, and where a choice stands.

use serde::{Deserialize, Serialize};

use super::id::SubscriptionId;
use super::word::Word;

/// What a subscription follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every new comment of a thread.
    Thread,
    /// Whatever answers, however deep, something of one's own on a thread.
    Replies,
    /// The direct answers to one comment.
    Comment,
    /// Everything that one person writes on the site.
    Author,
    /// Every comment on the site; for those who keep it.
    Site,
    /// Every comment on an article of one's own.
    Article,
}

impl Word for Scope {
    const ALL: &'static [Self] = &[
        Self::Thread,
        Self::Replies,
        Self::Comment,
        Self::Author,
        Self::Site,
        Self::Article,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Replies => "replies",
            Self::Comment => "comment",
            Self::Author => "author",
            Self::Site => "site",
            Self::Article => "article",
        }
    }
}

/// How soon one is told, the soonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequency {
    /// At once.
    Instant,
    /// With all else of the hour.
    Hourly,
    /// With all else of the day.
    Daily,
}

impl Word for Frequency {
    const ALL: &'static [Self] = &[Self::Instant, Self::Hourly, Self::Daily];

    fn word(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
        }
    }
}

/// Where a choice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The address has not answered yet, so nothing is sent to it but the question.
    Pending,
    /// It is told.
    Active,
    /// It was left.
    Ended,
}

impl Word for Standing {
    const ALL: &'static [Self] = &[Self::Pending, Self::Active, Self::Ended];

    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// What was done with a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// Somebody asked for it.
    Asked,
    /// The address agreed, or whoever had agreed before.
    Confirmed,
    /// The frequency was changed.
    Changed,
    /// It was left.
    Ended,
}

impl Word for Act {
    const ALL: &'static [Self] = &[Self::Asked, Self::Confirmed, Self::Changed, Self::Ended];

    fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Confirmed => "confirmed",
            Self::Changed => "changed",
            Self::Ended => "ended",
        }
    }
}

/// By which form something was consented to or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// "Notify me of", where a comment is written.
    Comment,
    /// `POST /v1/subscriptions`: the bar above a thread.
    Subscribe,
    /// The page that a confirmation links to.
    ConfirmPage,
    /// The page of all of one's subscriptions.
    ManagePage,
    /// The page, or the one click, that a letter's unsubscribing leads to.
    Unsubscribe,
    /// The person's own token.
    Token,
    /// Those who keep the site: its article's author, its own people.
    Staff,
    /// Mail to the address for unsubscribing.
    Mail,
}

impl Word for Form {
    const ALL: &'static [Self] = &[
        Self::Comment,
        Self::Subscribe,
        Self::ConfirmPage,
        Self::ManagePage,
        Self::Unsubscribe,
        Self::Token,
        Self::Staff,
        Self::Mail,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Subscribe => "subscribe",
            Self::ConfirmPage => "confirm_page",
            Self::ManagePage => "manage_page",
            Self::Unsubscribe => "unsubscribe",
            Self::Token => "token",
            Self::Staff => "staff",
            Self::Mail => "mail",
        }
    }
}

/// Why an address gets no mail from any site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Suppressed {
    /// Its server said that it does not exist.
    Bounced,
    /// Its owner called our mail spam.
    Complained,
    /// Its owner asked for no more mail from here.
    Left,
    /// Its server takes nothing from us.
    Refused,
}

impl Word for Suppressed {
    const ALL: &'static [Self] = &[Self::Bounced, Self::Complained, Self::Left, Self::Refused];

    fn word(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Left => "left",
            Self::Refused => "refused",
        }
    }
}

/// Why somebody is told of something: the choice that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What was chosen.
    pub scope: Scope,
    /// The choice itself.
    pub subscription: SubscriptionId,
}
