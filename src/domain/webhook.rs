//! Requests to others' services, signed as Standard Webhooks has it (standardwebhooks.com, version 1): whoever gets one can tell
//! that it is ours, new, and unaltered.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use url::Url;

use super::invalid::Invalid;
use super::time::Time;

/// Most bytes of an address.
pub const MAX_BYTES: usize = 2000;

const PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;

/// Where a service of others' listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Takes a whole `http` or `https` address without user name, password and fragment.
    ///
    /// # Errors
    /// `endpoint_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = || {
            let detail = format!(
                "It takes a whole address such as https://example.org/comments, without user name, password and \
                 fragment, of at most {MAX_BYTES} bytes."
            );
            Invalid::new("endpoint_invalid", detail)
        };
        if text.len() > MAX_BYTES {
            return Err(refuse());
        }
        let url = Url::parse(text).map_err(|_| refuse())?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        // What was short may be long once it is encoded.
        let is_short = url.as_str().len() <= MAX_BYTES;
        if is_web && is_plain && is_short && url.fragment().is_none() {
            Ok(Self(url))
        } else {
            Err(refuse())
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, host and port: what may be told of it where the rest could be a secret.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// What requests are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A new one.
    pub fn generate() -> Self {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::getrandom(&mut bytes)
            .expect("a system that gives no randomness must get no secrets");
        Self(bytes)
    }

    /// Reads one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// As it is stored, and shown once.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The headers of a message: its id, when it is sent, and a signature by each of these secrets.
pub fn headers<'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    id: &str,
    at: Time,
    body: &[u8],
) -> [(&'static str, String); 3] {
    let time = at.seconds().to_string();
    let sign = |secret: &Secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0)
            .expect("HMAC takes a key of any length (RFC 2104 §3)");
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    let signatures: Vec<_> = secrets.into_iter().map(sign).collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time),
        ("webhook-signature", signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_endpoint_is_a_whole_address_and_nothing_else() {
        for text in [
            "https://a.example",
            "http://10.0.0.1:81/x?y=z",
            "https://[::1]/",
        ] {
            assert!(Endpoint::parse(text).is_ok(), "{text}");
        }
        let long = format!("https://a.example/{}", "ä".repeat(700));
        for text in [
            "",
            "a.example",
            "/path",
            "ftp://a.example",
            "file:///etc/passwd",
            "https://me@a.example",
            "https://:secret@a.example",
            "https://a.example/#part",
            "data:text/plain,x",
            &long,
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        let endpoint = Endpoint::parse("https://A.example:444/secret?and=more").unwrap();
        assert_eq!(endpoint.origin(), "https://a.example:444");
    }

    #[test]
    fn a_secret_is_told_as_text_and_read_again() {
        let secret = Secret::generate();
        assert_eq!(Secret::parse(&secret.text()), Some(secret.clone()));
        assert_ne!(Secret::generate(), secret);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for text in ["", "whsec_", "whsec_c2hvcnQ=", &secret.text()[6..]] {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }

    /// The vector of the reference libraries' own tests has a shorter secret; this one was made with `standardwebhooks` 1.1.0.
    #[test]
    fn a_message_is_signed_as_the_reference_library_does() {
        let secret = Secret(std::array::from_fn(|at| at as u8));
        let at = Time::from_micros(1_700_000_000_999_999);
        let [id, time, signature] = headers([&secret], "msg_1", at, br#"{"a":1}"#);
        assert_eq!(id, ("webhook-id", "msg_1".into()));
        assert_eq!(time, ("webhook-timestamp", "1700000000".into()));
        assert_eq!(
            signature.1,
            "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4="
        );
        let both = headers([&secret, &secret], "msg_1", at, br#"{"a":1}"#);
        assert_eq!(both[2].1, format!("{0} {0}", signature.1));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_reads_as_itself(text in "https?://[a-z.:/?#@%é0-9\\[\\]]{0,40}") {
            if let Ok(endpoint) = Endpoint::parse(&text) {
                prop_assert_eq!(Endpoint::parse(endpoint.as_str()).unwrap(), endpoint);
            }
        }
    }
}
