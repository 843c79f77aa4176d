//! The mail server, as the operator names it.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An SMTP server as the operator names it: `smtps://user:pass@host[:port]` (TLS from the first byte,
/// port 465) or `smtp://[user:pass@]host[:port]`, whose `?tls=` says what becomes of an open line:
///
/// * `required`: STARTTLS (RFC 3207) or no mail. What `smtp://` with a password means, port 587.
/// * `opportunistic`: STARTTLS where the server offers it. What `smtp://` without a password means, port 25.
/// * `none`: never. What `smtp://` to this machine itself (`localhost`, `127.0.0.1`, `[::1]`) means.
///
/// A user name and a password are percent-encoded, and neither is ever printed. `?helo=` is the name
/// this machine gives itself (RFC 5321 §4.1.1.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) user: Option<(String, String)>,
    pub(super) helo: Option<String>,
}

/// What becomes of an open line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS or nothing.
    Required,
    /// STARTTLS where it is offered.
    Opportunistic,
    /// No TLS.
    Open,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        // The sentence never repeats the text: there is a password in it.
        let refuse = || {
            "`smtps://USER:PASSWORD@HOST` or `smtp://HOST`, either with `:PORT`, percent-encoded"
                .to_owned()
        };
        let url = Url::parse(text.trim()).map_err(|_| refuse())?;
        // `smtp` is not special to the URL standard, which then leaves a host as it is written.
        let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| refuse())?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(refuse());
        }
        let (mut tls, mut helo) = (None, None);
        for (key, value) in url.query_pairs() {
            match &*key {
                "tls" => tls = Some(value.into_owned()),
                "helo" if is_host_name(&value) => helo = Some(value.into_owned()),
                "helo" => return Err("a host name after `?helo=`".into()),
                _ => return Err("no query but `?tls=` and `?helo=`".into()),
            }
        }
        let user = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => {
                return Err("a user name with a password, or neither".into());
            }
            (name, Some(password)) => Some((
                decoded(name).ok_or_else(refuse)?,
                decoded(password).ok_or_else(refuse)?,
            )),
        };
        let security = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => Security::Wrapped,
            ("smtp", Some("required")) => Security::Required,
            ("smtp", Some("opportunistic")) => Security::Opportunistic,
            ("smtp", Some("none")) => Security::Open,
            ("smtp", None) if is_this_machine(&host) => Security::Open,
            ("smtp", None) if user.is_some() => Security::Required,
            ("smtp", None) => Security::Opportunistic,
            ("smtp", Some(_)) => {
                return Err("`required`, `opportunistic` or `none` after `?tls=`".into());
            }
            ("smtps", Some(_)) => {
                return Err("`smtps://` without `?tls=`: it always uses TLS".into());
            }
            _ => return Err(refuse()),
        };
        let usual = match security {
            Security::Wrapped => 465,
            Security::Required => 587,
            Security::Opportunistic | Security::Open if user.is_some() => 587,
            Security::Opportunistic | Security::Open => 25,
        };
        let host = match host {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(usual),
            security,
            user,
            helo,
        })
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn is_host_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    !text.is_empty() && text.len() <= 253 && text.chars().all(is_plain)
}

fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(Into::into)
}

/// Names the server, never the credentials.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Server({}:{}, {:?})",
            self.host, self.port, self.security
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn passwords_travel_encrypted_unless_the_operator_says_otherwise() {
        for (text, port, security) in [
            ("smtps://u:p@mail.example.org", 465, Security::Wrapped),
            ("smtps://mail.example.org:4650", 4650, Security::Wrapped),
            ("smtp://u:p@mail.example.org", 587, Security::Required),
            ("smtp://u:p@mail.example.org?tls=none", 587, Security::Open),
            ("smtp://mail.example.org/", 25, Security::Opportunistic),
            (
                "smtp://mail.example.org?tls=required",
                587,
                Security::Required,
            ),
            ("smtp://localhost:1025", 1025, Security::Open),
            ("smtp://u:p@127.0.0.1", 587, Security::Open),
            ("smtp://[::1]:25", 25, Security::Open),
        ] {
            let server = server(text);
            assert_eq!((server.port, server.security), (port, security), "{text}");
        }
        assert_eq!(server("smtp://[::1]").host, "::1");
        assert_eq!(
            server("smtp://mail?helo=postil.example.org")
                .helo
                .as_deref(),
            Some("postil.example.org")
        );
    }

    #[test]
    fn credentials_are_decoded_and_never_printed() {
        let server = server("smtps://me%40example.org:s%3Acr%2Ft@mail.example.org");
        assert_eq!(
            server.user,
            Some(("me@example.org".into(), "s:cr/t".into()))
        );
        assert_eq!(
            format!("{server:?}"),
            "Server(mail.example.org:465, Wrapped)"
        );
        for wrong in [
            "",
            "mail.example.org",
            "smtp://",
            "smtp://secret@mail.example.org",
            "smtp://:secret@mail.example.org",
            "smtp://u:secret%ff@mail.example.org",
            "smtp://u:secret@mail.example.org/path",
            "smtp://u:secret@mail.example.org?tls=maybe",
            "smtps://u:secret@mail.example.org?tls=none",
            "smtp://mail.example.org?helo=a%0d%0aQUIT",
            "smtp://mail.example.org?secret=1",
            "http://u:secret@mail.example.org",
            "smtp://u:secret@mail.example.org:99999",
        ] {
            let refusal = wrong.parse::<Server>().unwrap_err();
            assert!(!refusal.contains("secret"), "{refusal}");
        }
    }
}
