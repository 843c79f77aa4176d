//! Links that letters bear: what they lead to is sealed with the service's keys, and nothing else is in
//! them. No address, no secret of their own: whoever reads the letter may do what the link is for, on one
//! site, with one mailbox, until its time is over.
//!
//! Each purpose has a key of its own, so that a link made for one page is nothing to another.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::id::{CommentId, MailboxId, PersonId, SignInId, SiteId, SubscriptionId};
use super::subscription::Frequency;
use super::time::Time;
use super::token::Keys;
use super::word::Word;

/// How long one may confirm a subscription.
pub const CONFIRM: Duration = Duration::from_secs(72 * 3600);
/// How long the page of one's subscriptions can be opened from a letter; it sends a new link afterwards.
pub const MANAGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a letter's unsubscribing works: as good as always, since nobody shall have to keep up.
pub const UNSUBSCRIBE: Duration = Duration::from_secs(3650 * 24 * 3600);
/// How long a moderator can decide about a comment from a letter.
pub const DECIDE: Duration = Duration::from_secs(72 * 3600);
/// How long one may sign in by a mailed link or code.
pub const SIGN_IN: Duration = Duration::from_secs(15 * 60);
/// How long the code in an address's fragment can be redeemed.
pub const REDEEM: Duration = Duration::from_secs(5 * 60);

/// How long a moderator's link is good that the operator had printed, see `staff_links`.
pub const STAFF: Duration = Duration::from_secs(15 * 60);

/// What stands before a code in the fragment of a page's address.
pub const FRAGMENT: &str = "#postil-sign-in=";

/// Most characters of a link's token.
pub const MAX: usize = 320;

/// Most subscriptions that one link names; a letter with more reasons leaves them all.
const LEAVES: usize = 6;

/// Bytes of an HMAC-SHA-256.
const MAC: usize = 32;

/// A link: whose, until when, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The site it is about.
    pub site: SiteId,
    /// The mailbox it was sent to.
    pub mailbox: MailboxId,
    /// What it is for.
    pub aim: Aim,
    /// The first second in which it no longer counts.
    pub expires_at: Time,
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// To agree to a subscription.
    Confirm(SubscriptionId),
    /// To see and change all of a mailbox's subscriptions on the site.
    Manage,
    /// To leave what a letter was sent for.
    Unsubscribe(Leaving),
    /// To go to the page where one is signed in.
    SignIn(SignInId),
    /// To be signed in, by what the address's fragment holds.
    Redeem(SignInId),
    /// To decide about a comment, as this moderator, once.
    Decide(CommentId, PersonId),
}

/// What is left by unsubscribing from a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    /// These choices.
    These(Vec<SubscriptionId>),
    /// Every choice of that frequency: what a digest is made of.
    Digest(Frequency),
    /// Every choice.
    All,
}

impl Leaving {
    /// What a letter with these reasons leaves.
    pub fn these(mut subscriptions: Vec<SubscriptionId>) -> Self {
        subscriptions.sort();
        subscriptions.dedup();
        if subscriptions.is_empty() || subscriptions.len() > LEAVES {
            Self::All
        } else {
            Self::These(subscriptions)
        }
    }
}

/// Which page a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// See [`Aim::Confirm`].
    Confirm,
    /// See [`Aim::Manage`].
    Manage,
    /// See [`Aim::Unsubscribe`].
    Unsubscribe,
    /// See [`Aim::SignIn`].
    SignIn,
    /// See [`Aim::Redeem`].
    Redeem,
    /// See [`Aim::Decide`].
    Decide,
}

impl Purpose {
    /// What its key is derived by.
    fn key(self) -> &'static str {
        match self {
            Self::Confirm => "link.confirm",
            Self::Manage => "link.manage",
            Self::Unsubscribe => "link.unsubscribe",
            Self::SignIn => "link.sign_in",
            Self::Redeem => "link.redeem",
            Self::Decide => "link.decide",
        }
    }

    /// Where its page is, to be followed by the token. A redeeming link has none: its token travels in
    /// the fragment of the site's own page.
    fn path(self) -> &'static str {
        match self {
            Self::Confirm => "/s/confirm/",
            Self::Manage => "/s/manage/",
            Self::Unsubscribe => "/s/unsubscribe/",
            Self::SignIn => "/s/sign-in/",
            Self::Redeem => FRAGMENT,
            Self::Decide => "/s/decide/",
        }
    }
}

/// Why a link was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Not one of ours, or not for this page.
    Invalid,
    /// Ours and unaltered, but past its time.
    Expired(Link),
}

impl Link {
    /// The link as an address: its page below `base` (the service's public address without a slash at
    /// the end, or the page to return to for [`Aim::Redeem`]).
    pub fn address(&self, keys: &Keys, base: &str) -> String {
        format!("{base}{}{}", self.purpose().path(), self.seal(keys))
    }

    /// The link's token: base64url, at most [`MAX`] characters.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut bytes = self.bytes();
        let mac = keys.mac(self.purpose().key(), &bytes);
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token that was made for this purpose.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open(keys: &Keys, purpose: Purpose, token: &str, now: Time) -> Result<Self, Refused> {
        let link = Self::read(keys, purpose, token).ok_or(Refused::Invalid)?;
        if now < link.expires_at {
            Ok(link)
        } else {
            Err(Refused::Expired(link))
        }
    }

    fn purpose(&self) -> Purpose {
        match self.aim {
            Aim::Confirm(_) => Purpose::Confirm,
            Aim::Manage => Purpose::Manage,
            Aim::Unsubscribe(_) => Purpose::Unsubscribe,
            Aim::SignIn(_) => Purpose::SignIn,
            Aim::Redeem(_) => Purpose::Redeem,
            Aim::Decide(..) => Purpose::Decide,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.site.bytes());
        bytes.extend(self.mailbox.bytes());
        bytes.extend(self.expires_at.seconds().to_be_bytes());
        match &self.aim {
            Aim::Confirm(id) => bytes.extend(id.bytes()),
            Aim::Manage | Aim::Unsubscribe(Leaving::All) => {}
            Aim::SignIn(id) | Aim::Redeem(id) => bytes.extend(id.bytes()),
            Aim::Decide(comment, moderator) => {
                bytes.extend(comment.bytes());
                bytes.extend(moderator.bytes());
            }
            Aim::Unsubscribe(Leaving::Digest(frequency)) => bytes.extend(frequency.word().bytes()),
            Aim::Unsubscribe(Leaving::These(ids)) => {
                bytes.extend(ids.iter().flat_map(|id| id.bytes()));
            }
        }
        bytes
    }

    fn read(keys: &Keys, purpose: Purpose, token: &str) -> Option<Self> {
        if token.len() > MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
        if !keys.verify_mac(purpose.key(), said, mac) {
            return None;
        }
        let (site, rest) = said.split_first_chunk::<16>()?;
        let (mailbox, rest) = rest.split_first_chunk::<16>()?;
        let (seconds, rest) = rest.split_first_chunk::<8>()?;
        let only = || -> Option<Uuid> { Some(Uuid::from_bytes(rest.try_into().ok()?)) };
        let aim = match purpose {
            Purpose::Confirm => Aim::Confirm(SubscriptionId::from_uuid(only()?)),
            Purpose::Manage => rest.is_empty().then_some(Aim::Manage)?,
            Purpose::Unsubscribe => Aim::Unsubscribe(leaving(rest)?),
            Purpose::SignIn => Aim::SignIn(SignInId::from_uuid(only()?)),
            Purpose::Redeem => Aim::Redeem(SignInId::from_uuid(only()?)),
            Purpose::Decide => {
                let (comment, moderator) = rest.split_first_chunk::<16>()?;
                let moderator = Uuid::from_bytes(moderator.try_into().ok()?);
                let comment = CommentId::from_uuid(Uuid::from_bytes(*comment));
                Aim::Decide(comment, PersonId::from_uuid(moderator))
            }
        };
        let seconds = i64::from_be_bytes(*seconds);
        Some(Self {
            site: SiteId::from_uuid(Uuid::from_bytes(*site)),
            mailbox: MailboxId::from_uuid(Uuid::from_bytes(*mailbox)),
            aim,
            expires_at: Time::from_micros(seconds.checked_mul(1_000_000)?),
        })
    }
}

/// Ids have sixteen bytes each, the words of frequencies have five to seven.
fn leaving(bytes: &[u8]) -> Option<Leaving> {
    if bytes.is_empty() {
        return Some(Leaving::All);
    }
    let (ids, rest) = bytes.as_chunks::<16>();
    if rest.is_empty() {
        let ids = ids.iter().map(|id| Uuid::from_bytes(*id));
        return Some(Leaving::These(ids.map(SubscriptionId::from_uuid).collect()));
    }
    let word = std::str::from_utf8(bytes).ok()?;
    Frequency::from_word(word).map(Leaving::Digest)
}

/// The six digits that a letter tells for signing in: made from the attempt's id, so that nobody need
/// keep them.
pub fn code(keys: &Keys, attempt: SignInId) -> String {
    digits(keys.mac(CODE, &attempt.bytes()))
}

/// Whether these are the digits, under the present secret or an older one.
pub fn is_code(keys: &Keys, attempt: SignInId, typed: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    keys.macs(CODE, &attempt.bytes())
        .any(|mac| digits(mac).as_bytes().ct_eq(typed.as_bytes()).into())
}

const CODE: &str = "sign_in.code";

fn digits(mac: [u8; 32]) -> String {
    let [a, b, c, d, e, f, g, h, ..] = mac;
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";
    const OTHER: &str = "another secret of more than thirty-two";

    fn keys(list: &str) -> Keys {
        Keys::parse(list).unwrap()
    }

    fn link(aim: Aim) -> Link {
        Link {
            site: SiteId::new(),
            mailbox: MailboxId::new(),
            aim,
            expires_at: Time::from_micros(2_000_000_000),
        }
    }

    fn aims() -> Vec<(Purpose, Aim)> {
        let many = (0..LEAVES).map(|_| SubscriptionId::new()).collect();
        vec![
            (Purpose::Confirm, Aim::Confirm(SubscriptionId::new())),
            (Purpose::Manage, Aim::Manage),
            (Purpose::Unsubscribe, Aim::Unsubscribe(Leaving::All)),
            (
                Purpose::Unsubscribe,
                Aim::Unsubscribe(Leaving::Digest(Frequency::Daily)),
            ),
            (Purpose::Unsubscribe, Aim::Unsubscribe(Leaving::these(many))),
            (Purpose::SignIn, Aim::SignIn(SignInId::new())),
            (Purpose::Redeem, Aim::Redeem(SignInId::new())),
            (
                Purpose::Decide,
                Aim::Decide(CommentId::new(), PersonId::new()),
            ),
        ]
    }

    #[test]
    fn a_link_says_what_it_was_made_for_and_nothing_to_other_pages() {
        let keys = keys(SECRET);
        for (purpose, aim) in aims() {
            let link = link(aim);
            let token = link.seal(&keys);
            assert!(token.len() <= MAX, "{}", token.len());
            for (other, _) in aims() {
                let opened = Link::open(&keys, other, &token, Time::from_micros(0));
                match other == purpose {
                    true => assert_eq!(opened, Ok(link.clone())),
                    false => assert_eq!(opened, Err(Refused::Invalid)),
                }
            }
        }
    }

    #[test]
    fn it_ends_in_time() {
        let keys = keys(SECRET);
        let link = link(Aim::Manage);
        let token = link.seal(&keys);
        let at = |micros| Link::open(&keys, Purpose::Manage, &token, Time::from_micros(micros));
        assert!(at(1_999_999_999).is_ok());
        assert_eq!(at(2_000_000_000), Err(Refused::Expired(link)));
    }

    #[test]
    fn one_character_more_less_or_other_is_a_forgery() {
        let keys = keys(SECRET);
        let token = link(Aim::Manage).seal(&keys);
        let now = Time::from_micros(0);
        let mut wrong = vec![
            String::new(),
            "x".repeat(MAX + 1),
            format!("{token}A"),
            token[1..].into(),
        ];
        for at in 0..token.len() - 1 {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            wrong.push(String::from_utf8(other).unwrap());
        }
        for wrong in wrong {
            let opened = Link::open(&keys, Purpose::Manage, &wrong, now);
            assert_eq!(opened, Err(Refused::Invalid), "{wrong}");
        }
    }

    #[test]
    fn an_older_secret_still_opens_and_a_foreign_one_does_not() {
        let token = link(Aim::Manage).seal(&keys(SECRET));
        let now = Time::from_micros(0);
        let both = keys(&format!("{OTHER},{SECRET}"));
        assert!(Link::open(&both, Purpose::Manage, &token, now).is_ok());
        let opened = Link::open(&keys(OTHER), Purpose::Manage, &token, now);
        assert_eq!(opened, Err(Refused::Invalid));
    }

    #[test]
    fn a_code_has_six_digits_and_belongs_to_one_attempt() {
        let (keys, id) = (keys(SECRET), SignInId::new());
        let code = code(&keys, id);
        assert!(
            code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()),
            "{code}"
        );
        assert!(is_code(&keys, id, &code));
        assert!(!is_code(&keys, id, ""));
        assert!(!is_code(&keys, id, &format!("{code}0")));
        let others = (0..20).filter(|_| is_code(&keys, SignInId::new(), &code));
        assert!(others.count() < 3);
    }

    #[test]
    fn a_letter_with_many_reasons_leaves_them_all() {
        let many: Vec<_> = (0..=LEAVES).map(|_| SubscriptionId::new()).collect();
        assert_eq!(Leaving::these(many), Leaving::All);
        assert_eq!(Leaving::these(Vec::new()), Leaving::All);
        let one = SubscriptionId::new();
        assert_eq!(Leaving::these(vec![one, one]), Leaving::These(vec![one]));
    }
}
