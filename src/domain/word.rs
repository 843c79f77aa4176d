//! Small closed vocabularies that are written as words in the database and on the wire.

use serde::{Deserialize, Serialize};

/// A type whose every value has one stable word.
pub trait Word: Sized + Copy + 'static {
    /// Every value there is.
    const ALL: &'static [Self];

    /// The value's word.
    fn word(self) -> &'static str;

    /// The value that this word names, if any.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }

    /// All words, for a message that says what is accepted.
    fn words() -> String {
        let words: Vec<_> = Self::ALL.iter().map(|value| value.word()).collect();
        words.join(", ")
    }
}

/// Where a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for a moderator; the public does not see it.
    Pending,
    /// Everybody sees it.
    Published,
    /// A moderator decided against it.
    Rejected,
    /// A moderator called it spam.
    Spam,
    /// A moderator put it away.
    Trash,
    /// Its author took it back; the text is gone for good.
    Deleted,
}

impl Word for Status {
    const ALL: &'static [Self] = &[
        Self::Pending,
        Self::Published,
        Self::Rejected,
        Self::Spam,
        Self::Trash,
        Self::Deleted,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Published => "published",
            Self::Rejected => "rejected",
            Self::Spam => "spam",
            Self::Trash => "trash",
            Self::Deleted => "deleted",
        }
    }
}

/// How far the joining of two threads has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JoinState {
    /// Its rows are going over.
    Joining,
    /// All is in the other thread.
    Joined,
    /// Its rows are going back.
    Undoing,
    /// All that went over is back.
    Undone,
}

impl Word for JoinState {
    const ALL: &'static [Self] = &[Self::Joining, Self::Joined, Self::Undoing, Self::Undone];

    fn word(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Joined => "joined",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

/// What a person may do on their site, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and writes.
    Reader,
    /// Wrote the articles: closes threads, and later pins and plants questions.
    Author,
    /// Decides about comments.
    Moderator,
    /// May do everything.
    Admin,
}

impl Word for Role {
    const ALL: &'static [Self] = &[Self::Reader, Self::Author, Self::Moderator, Self::Admin];

    fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

/// How a person came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By writing here, with nobody vouching for them.
    Guest,
    /// By mail to an address of theirs.
    Email,
    /// By a token that their site signed.
    Sso,
    /// By the operator's command line.
    Staff,
}

impl Word for Kind {
    const ALL: &'static [Self] = &[Self::Guest, Self::Email, Self::Sso, Self::Staff];

    fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Email => "email",
            Self::Sso => "sso",
            Self::Staff => "staff",
        }
    }
}

/// How far a session reaches: by where it began, since whoever can read a token has all that it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// A reader's, in a page of the site.
    Reader,
    /// One of the site's own people, in a page of the site: they decide in place, and do nothing else that their role would give.
    Page,
    /// One of the site's own people, at the service's own origin: all that their role gives.
    Console,
}

impl Word for SessionKind {
    const ALL: &'static [Self] = &[Self::Reader, Self::Page, Self::Console];

    fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Page => "page",
            Self::Console => "console",
        }
    }
}

/// Whether a thread takes comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThreadState {
    /// It does.
    Open,
    /// It does not; what is there stays readable.
    Closed,
}

impl Word for ThreadState {
    const ALL: &'static [Self] = &[Self::Open, Self::Closed];

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Who says that the words of a passage are the publisher's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The page's own text contained them.
    Page,
    /// A text that its author sent contained them, or the author quoted them.
    Author,
    /// A moderator approved a comment about them.
    Moderator,
    /// They were shown before anybody asked.
    Earlier,
}

impl Word for FoundBy {
    const ALL: &'static [Self] = &[Self::Page, Self::Author, Self::Moderator, Self::Earlier];

    fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Earlier => "earlier",
        }
    }
}

/// Whose word counts for what a site's pages say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quotations {
    /// Quoted words are shown once the page's own text contained them, its author sent them, or a moderator approved them.
    Found,
    /// Readers' word: for pages that the service cannot read, and whose readers are trusted.
    Trusted,
}

/// Whether a comment is seen before or after a moderator looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moderation {
    /// Every comment waits for a decision.
    Pre,
    /// A comment is published at once.
    Post,
}

impl Word for Moderation {
    const ALL: &'static [Self] = &[Self::Pre, Self::Post];

    fn word(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Post => "post",
        }
    }
}

/// The order in which a thread's roots are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Last published first.
    Newest,
    /// First published first.
    Oldest,
    /// Best rated first (see [`super::rank`]).
    Top,
    /// The one last answered first.
    Active,
}

impl Word for Sort {
    const ALL: &'static [Self] = &[Self::Newest, Self::Oldest, Self::Top, Self::Active];

    fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Top => "top",
            Self::Active => "active",
        }
    }
}

/// Which comments of a thread a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Every one.
    All,
    /// Those about a passage of the text.
    Inline,
}

impl Word for Filter {
    const ALL: &'static [Self] = &[Self::All, Self::Inline];

    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Inline => "inline",
        }
    }
}

/// Who may select passages of a text to remark on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selecting {
    /// Nobody; authors still plant questions, and readers answer them.
    Off,
    /// People whom somebody vouches for.
    SignedIn,
    /// Whoever may write.
    Everybody,
}

/// Whose comments must come with proof of work (see [`super::work`]). Staff's and trusted people's never need any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofOfWork {
    /// Nobody's.
    Off,
    /// Those that look suspicious, whoever writes them.
    Suspicious,
    /// Every guest's, and those that look suspicious.
    Guests,
}

/// What happened, in a thread's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A comment became visible.
    CommentCreated,
    /// A visible comment changed: its text, votes, reactions or place.
    CommentUpdated,
    /// A visible comment was withdrawn.
    CommentDeleted,
    /// The thread itself changed: its title, state or address.
    ThreadUpdated,
    /// So much changed that the thread is to be read anew.
    ThreadReset,
    /// A passage appeared, changed or went, or the places of many did.
    PassageUpdated,
}

impl Word for EventKind {
    const ALL: &'static [Self] = &[
        Self::CommentCreated,
        Self::CommentUpdated,
        Self::CommentDeleted,
        Self::ThreadUpdated,
        Self::ThreadReset,
        Self::PassageUpdated,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::CommentCreated => "comment.created",
            Self::CommentUpdated => "comment.updated",
            Self::CommentDeleted => "comment.deleted",
            Self::ThreadUpdated => "thread.updated",
            Self::ThreadReset => "thread.reset",
            Self::PassageUpdated => "passage.updated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subscription;

    fn words_are_found_again<T: Word + PartialEq + std::fmt::Debug>() {
        for value in T::ALL {
            assert_eq!(T::from_word(value.word()), Some(*value));
        }
        assert_eq!(T::from_word("no such word"), None);
    }

    #[test]
    fn every_word_names_its_value() {
        words_are_found_again::<Status>();
        words_are_found_again::<Role>();
        words_are_found_again::<Kind>();
        words_are_found_again::<SessionKind>();
        words_are_found_again::<ThreadState>();
        words_are_found_again::<Moderation>();
        words_are_found_again::<Sort>();
        words_are_found_again::<EventKind>();
        words_are_found_again::<Filter>();
        words_are_found_again::<subscription::Scope>();
        words_are_found_again::<subscription::Frequency>();
        words_are_found_again::<subscription::Standing>();
        words_are_found_again::<subscription::Act>();
        words_are_found_again::<subscription::Form>();
        words_are_found_again::<subscription::Suppressed>();
    }
}
