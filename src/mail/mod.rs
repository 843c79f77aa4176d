//! Mail: [`worker`] takes what is due from the outbox, [`letter`] writes it, [`transport`] carries it.
//!
//! A new kind of letter is a constant in [`crate::store::outbox`], a pair of templates, an arm in
//! `letter.rs`, and one in the worker that loads what the letter tells.

pub mod letter;
pub mod transport;
pub mod worker;

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

use crate::domain::text::Email;

pub use transport::{Server, Transport};

/// Who writes: an address, with or without a name (`Postil <postil@example.org>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

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

/// What the worker needs to send letters.
#[derive(Debug)]
pub struct Post {
    transport: Transport,
    sender: Sender,
    public_url: String,
}

impl Post {
    /// `public_url` is where readers find this service, such as `https://comments.example.org`.
    pub fn new(transport: Transport, sender: Sender, public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self {
            transport,
            sender,
            public_url,
        }
    }
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
            "a@example.org, b@example.org",
            "a@example.org\r\nBcc: b@c.org",
        ] {
            assert!(wrong.parse::<Sender>().is_err(), "{wrong:?}");
        }
    }
}
