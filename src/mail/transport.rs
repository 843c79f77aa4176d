//! How a letter leaves: to an SMTP server, or into a directory while there is none.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::{Host, Url};

use super::letter::Letter;
use crate::error::{Error, Result};

/// How long one letter may take from the connection to the server's last word. The library bounds
/// connecting only; a server may fall silent at any later stage.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the TCP connection to each of a server's addresses may take.
const CONNECTING: Duration = Duration::from_secs(15);

/// Most connections kept to the server.
const CONNECTIONS: u32 = 4;

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
    host: String,
    port: u16,
    security: Security,
    user: Option<(String, String)>,
    helo: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    Wrapped,
    Required,
    Opportunistic,
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

/// Where letters go.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To an SMTP server, over a few connections that are kept open for a while.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a directory, each letter as one complete `.eml` file: for trying the service out.
    Files(PathBuf),
}

impl Transport {
    /// A transport to that server. Connects to nothing yet, but must be called within a tokio runtime:
    /// the pool of connections has a task of its own.
    ///
    /// # Errors
    /// When this machine's root certificates cannot be used.
    pub fn smtp(server: &Server) -> Result<Self> {
        let tls = || {
            TlsParameters::new(server.host.clone())
                .map_err(|error| Error::Internal(format!("TLS to the mail server: {error}")))
        };
        let security = match server.security {
            Security::Wrapped => Tls::Wrapper(tls()?),
            Security::Required => Tls::Required(tls()?),
            Security::Opportunistic => Tls::Opportunistic(tls()?),
            Security::Open => Tls::None,
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
                .port(server.port)
                .tls(security)
                .timeout(Some(CONNECTING))
                .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some((name, password)) = &server.user {
            builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        }
        if let Some(helo) = &server.helo {
            builder = builder.hello_name(ClientId::Domain(helo.clone()));
        }
        Ok(Self::Smtp(builder.build()))
    }

    /// A transport into that directory, which is made if it is not there, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn files(directory: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Ok(Self::Files(directory.to_owned()))
    }

    /// Hands a letter over. `Ok` means that the server, or the disk, has it.
    ///
    /// # Errors
    /// What went wrong, in a sentence for the operator that names no address. After a timeout the
    /// server may have the letter all the same; a second try bears the same `Message-ID`.
    pub async fn send(&self, letter: Letter) -> std::result::Result<(), String> {
        match self {
            Self::Smtp(server) => {
                match tokio::time::timeout(PATIENCE, server.send(letter.message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(without_addresses(&error.to_string())),
                    Err(_) => Err(format!(
                        "the mail server took longer than {} s",
                        PATIENCE.as_secs()
                    )),
                }
            }
            Self::Files(directory) => {
                let directory = directory.clone();
                let write =
                    move || write_file(&directory, &letter.name, &letter.message.formatted());
                let written = tokio::task::spawn_blocking(write).await;
                written
                    .map_err(|error| error.to_string())?
                    .map_err(|error| error.to_string())
            }
        }
    }
}

/// Writes under a name that no reader of `*.eml` takes for a letter, then renames: what is there is
/// complete. The same letter written again replaces itself.
fn write_file(directory: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.part"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(format!("{name}.eml")))?;
    // The new name lies in the directory.
    fs::File::open(directory)?.sync_all()
}

/// A server's answer likes to repeat the recipient; what goes to the log and the outbox does not.
fn without_addresses(text: &str) -> String {
    const MAX: usize = 300;
    let is_edge = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\"',;:".contains(c);
    let mut clean = String::new();
    for part in text.split_inclusive(is_edge) {
        let word = part.trim_end_matches(is_edge);
        clean.push_str(if word.contains('@') { "…" } else { word });
        clean.extend(
            part[word.len()..]
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
    }
    clean.chars().take(MAX).collect()
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

    #[test]
    fn what_a_server_says_is_kept_without_addresses() {
        assert_eq!(
            without_addresses(
                "permanent error (550): 5.1.1 <ann@example.org>: unknown\r\nask post@example.org"
            ),
            "permanent error (550): 5.1.1 <…>: unknown  ask …"
        );
        assert_eq!(without_addresses(&"é".repeat(1000)).chars().count(), 300);
    }

    #[tokio::test]
    async fn no_letter_is_printed_with_credentials() {
        let transport = Transport::smtp(&server("smtp://user:secret@localhost")).unwrap();
        assert!(!format!("{transport:?}").contains("secret"));
    }
}
