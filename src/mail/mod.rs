//! Mail: [`worker`] takes what is due from the outbox, [`expand`] finds out who is to be told of a comment, [`compose`] and
//! [`letter`] write, [`transport`] carries, and [`receive`] reads what comes back.
//!
//! A new kind of letter is a constant in [`crate::store::outbox`], a content in `letter.rs` with its sample, a pair of templates
//! named in `templates.rs`, phrases in six languages, and an arm in `compose.rs`.

mod compose;
pub mod dkim;
mod expand;
pub mod letter;
mod pace;
pub mod receive;
mod server;
mod smtp;
pub mod templates;
pub mod transport;
pub mod worker;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lettre::message::Mailbox;

use crate::domain::mark::Mark;
use crate::domain::service_url::ServiceUrl;
use crate::domain::text::Email;
use crate::domain::token::Keys;

pub use dkim::Signer;
pub use pace::Pace;
pub use server::Server;
pub use smtp::{Patience, Smtp};
pub use templates::Templates;
pub use transport::{Failure, Transport, without_addresses};

/// Who writes: an address, with or without a name (`Postil <postil@example.org>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// The domain of the address.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl FromStr for Sender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || "an address such as `Postil <postil@example.org>`".to_owned();
        let mailbox: Mailbox = text.trim().parse().map_err(|_| refuse())?;
        // Headers and the SMTP dialogue carry the domain in ASCII.
        let email = Email::parse(mailbox.email.as_ref()).map_err(|_| refuse())?;
        let email = email.as_str().parse().map_err(|_| refuse())?;
        Ok(Self(Mailbox::new(mailbox.name, email)))
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where mail that cannot be delivered comes back to: an address whose mail `postil mail receive` is given, and whose server
/// takes what is added to it after a `+` (RFC 5233).
#[derive(Clone, PartialEq, Eq)]
pub struct Returns(Email);

impl Returns {
    /// Most octets of the part before the `@`, so that a mark still fits.
    pub const MAX_LOCAL: usize = 64 - 1 - Mark::LENGTH;

    /// The address without a mark.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Returns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let takes = || {
            format!(
                "an address such as `bounces@example.org`, without a `+` and with at most {} characters before the @",
                Self::MAX_LOCAL
            )
        };
        let email = Email::parse(text).map_err(|_| takes())?;
        let (local, _) = email.as_str().split_once('@').ok_or_else(takes)?;
        if local.len() > Self::MAX_LOCAL || local.contains('+') {
            return Err(takes());
        }
        Ok(Self(email))
    }
}

impl fmt::Debug for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that letters are written and sent with.
#[derive(Debug)]
pub struct Post {
    /// How they leave.
    pub transport: Transport,
    /// Whom they come from.
    pub sender: Sender,
    /// Where readers find this service.
    pub service_url: ServiceUrl,
    /// What links and return addresses are signed with.
    pub keys: Keys,
    /// Their texts.
    pub templates: Templates,
    /// What they are signed with, if they are.
    pub signer: Option<Signer>,
    /// Where they come back to, if that is read.
    pub returns: Option<Returns>,
    /// How long news waits for more of its kind.
    pub quiet: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, written) in [
            ("postil@example.org", "postil@example.org"),
            ("Postil <postil@example.org>", "Postil <postil@example.org>"),
            (
                " Randnotizen <p@bücher.example> ",
                "Randnotizen <p@xn--bcher-kva.example>",
            ),
        ] {
            let sender: Sender = text.parse().unwrap();
            assert_eq!(sender.to_string(), written);
        }
        for wrong in [
            "",
            "postil",
            "a@b@c",
            "a@b.example, c@d.example",
            "a@b.example\r\nBcc: c@d.example",
        ] {
            assert!(wrong.parse::<Sender>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_return_address_leaves_room_for_a_mark() {
        assert!("bounces@example.org".parse::<Returns>().is_ok());
        assert!("seventeen-letters@example.org".parse::<Returns>().is_ok());
        for wrong in [
            "",
            "bounces",
            "eighteen--letters-@example.org",
            "a+b@example.org",
            "A <a@example.org>",
        ] {
            assert!(wrong.parse::<Returns>().is_err(), "{wrong}");
        }
    }
}
