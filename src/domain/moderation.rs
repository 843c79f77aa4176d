//! What moderators do with comments, and which of it makes sense when.

use serde::Serialize;

use super::word::{Status, Word};

/// What a moderator does with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Everybody may see it.
    Approve,
    /// Nobody shall.
    Reject,
    /// Nobody shall, since it is spam.
    Spam,
    /// It is put away, without a judgement.
    Trash,
    /// What was put away waits for a decision again.
    Restore,
    /// The last decision is taken back.
    Undo,
    /// It stays on top of its thread.
    Pin,
    /// It does not any more.
    Unpin,
}

impl Word for Action {
    const ALL: &'static [Self] = &[
        Self::Approve,
        Self::Reject,
        Self::Spam,
        Self::Trash,
        Self::Restore,
        Self::Undo,
        Self::Pin,
        Self::Unpin,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Spam => "spam",
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Undo => "undo",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
        }
    }
}

impl Action {
    /// Where this puts a comment that stands at `status`. `was` is where it stood before the last
    /// decision, if that can be taken back. `None`: this is no decision about where it stands.
    ///
    /// # Errors
    /// A sentence that says why it makes no sense.
    pub fn leads_to(
        self,
        status: Status,
        was: Option<Status>,
    ) -> Result<Option<Status>, &'static str> {
        if status == Status::Deleted {
            return Err("Its author has taken it back.");
        }
        match self {
            Self::Approve => Ok(Some(Status::Published)),
            Self::Reject => Ok(Some(Status::Rejected)),
            Self::Spam => Ok(Some(Status::Spam)),
            Self::Trash => Ok(Some(Status::Trash)),
            Self::Restore if status == Status::Published => Err("It was not put away."),
            Self::Restore => Ok(Some(Status::Pending)),
            Self::Undo => was
                .map(Some)
                .ok_or("There is no decision that could be taken back."),
            Self::Pin | Self::Unpin => Ok(None),
        }
    }

    /// What this says about whoever wrote the comment: (approved, rejected).
    pub fn counts_as(self) -> (i64, i64) {
        match self {
            Self::Approve => (1, 0),
            Self::Reject | Self::Spam => (0, 1),
            _ => (0, 0),
        }
    }
}

/// The order of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueSort {
    /// Last sent first.
    Newest,
    /// The longest waiting first.
    Oldest,
    /// The most suspicious first, of what waits.
    Risk,
    /// The most reported first, of what is reported.
    Reports,
}

impl Word for QueueSort {
    const ALL: &'static [Self] = &[Self::Newest, Self::Oldest, Self::Risk, Self::Reports];

    fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Risk => "risk",
            Self::Reports => "reports",
        }
    }
}

/// Why a reader reports a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// It advertises.
    Spam,
    /// It attacks people.
    Abuse,
    /// It is not about the page.
    OffTopic,
    /// The law forbids it.
    Illegal,
    /// Something else, which the detail says.
    Other,
}

impl Word for ReportReason {
    const ALL: &'static [Self] = &[
        Self::Spam,
        Self::Abuse,
        Self::OffTopic,
        Self::Illegal,
        Self::Other,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Abuse => "abuse",
            Self::OffTopic => "off_topic",
            Self::Illegal => "illegal",
            Self::Other => "other",
        }
    }
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportState {
    /// Nobody has decided yet.
    Open,
    /// The comment was taken away.
    Upheld,
    /// The comment stays.
    Dismissed,
}

impl Word for ReportState {
    const ALL: &'static [Self] = &[Self::Open, Self::Upheld, Self::Dismissed];

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Dismissed => "dismissed",
        }
    }
}

/// What a ban goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BanKind {
    /// One person of the site.
    Person,
    /// A verified address.
    Email,
    /// All verified addresses of a domain.
    Domain,
    /// Where comments come from; for 90 days at most.
    Network,
}

impl Word for BanKind {
    const ALL: &'static [Self] = &Self::EACH;

    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Email => "email",
            Self::Domain => "domain",
            Self::Network => "network",
        }
    }
}

impl BanKind {
    /// Every kind.
    pub const EACH: [Self; 4] = [Self::Person, Self::Email, Self::Domain, Self::Network];
}

/// Whether anybody can have an address at this domain, so that banning it would hit far too many.
pub fn is_everybodys(domain: &str) -> bool {
    const PROVIDERS: &[&str] = &[
        "126.com",
        "163.com",
        "aol.com",
        "fastmail.com",
        "gmail.com",
        "gmx.at",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.ru",
        "msn.com",
        "naver.com",
        "orange.fr",
        "outlook.com",
        "posteo.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "t-online.de",
        "web.de",
        "yahoo.com",
        "yandex.ru",
    ];
    PROVIDERS.contains(&domain)
}

/// The words of a text that one can search for, as both databases take texts apart: runs of letters
/// and digits. Empty when there are none.
pub fn search_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for action in Action::ALL {
            assert!(action.leads_to(Status::Deleted, None).is_err());
        }
        assert!(Action::Restore.leads_to(Status::Published, None).is_err());
        assert!(Action::Undo.leads_to(Status::Published, None).is_err());
        assert_eq!(
            Action::Undo.leads_to(Status::Spam, Some(Status::Published)),
            Ok(Some(Status::Published))
        );
        assert_eq!(
            Action::Restore.leads_to(Status::Trash, None),
            Ok(Some(Status::Pending))
        );
    }

    #[test]
    fn words_are_runs_of_letters() {
        assert_eq!(
            search_words("Buy  cheap-pills: пилюли!"),
            ["buy", "cheap", "pills", "пилюли"]
        );
        assert!(search_words("\"*\" -- %").is_empty());
    }
}
