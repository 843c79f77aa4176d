//! Talking to the mail server, one recipient a letter, and knowing at which step it said no: only then is it known whether
//! the mailbox, the letter or the server itself is at fault (RFC 5321).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;

use super::server::{Security, Server};
use super::transport::{Failure, without_addresses};
use crate::domain::bounce::Refusal;

/// How long a connection may lie idle; servers allow five minutes (RFC 5321 §4.5.3.2.7), and few want as many.
const IDLE: Duration = Duration::from_secs(60);

/// How many letters go over one connection. Many servers count them too.
const LETTERS: u32 = 100;

/// How long the server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection with everything that comes before a letter: TLS, greeting, sign-in.
    pub connecting: Duration,
    /// For each of its answers.
    pub answer: Duration,
    /// For its answer to the whole letter. Long, since a letter that was given up here may have been taken, and goes out
    /// twice (§4.5.3.2.6 has ten minutes).
    pub verdict: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connecting: Duration::from_secs(45),
            answer: Duration::from_secs(60),
            verdict: Duration::from_secs(300),
        }
    }
}

impl Patience {
    /// The longest that one letter can take.
    pub fn most(&self) -> Duration {
        // A connection that the server had closed meanwhile costs one answer more.
        self.connecting + 4 * self.answer + self.verdict
    }
}

/// The server, and the connections to it that lie idle.
pub struct Smtp {
    server: Server,
    patience: Patience,
    idle: Mutex<Vec<Line>>,
}

/// A connection that has said hello.
struct Line {
    conn: AsyncSmtpConnection,
    used: Instant,
    letters: u32,
}

/// Where a dialogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Sender,
    Recipient,
    Data,
    Verdict,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Sender => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Verdict => "the letter",
        }
    }
}

enum Trouble {
    Said(SmtpError),
    Silent,
}

impl Smtp {
    /// Connects to nothing yet.
    pub fn new(server: Server, patience: Patience) -> Self {
        Self {
            server,
            patience,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// The longest that one letter can take.
    pub fn most(&self) -> Duration {
        self.patience.most()
    }

    /// Hands a letter over. `Ok` holds what the server said, without addresses.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn send(
        &self,
        from: &Address,
        to: &Address,
        letter: &[u8],
    ) -> Result<String, Failure> {
        if let Some(mut line) = self.take() {
            match self.dialogue(&mut line.conn, from, to, letter).await {
                // The server hung up while the line was idle; nothing of the letter had been said.
                Err((Step::Sender, trouble)) if !is_answer(&trouble) => {}
                outcome => return self.ended(line, outcome).await,
            }
        }
        let connecting = tokio::time::timeout(self.patience.connecting, self.connect()).await;
        let conn = match connecting {
            Ok(Ok(conn)) => conn,
            Ok(Err(error)) => return Err(Failure::Unreachable(without_addresses(&error))),
            Err(_) => return Err(Failure::Unreachable("the mail server is silent".into())),
        };
        let mut line = Line {
            conn,
            used: Instant::now(),
            letters: 0,
        };
        let outcome = self.dialogue(&mut line.conn, from, to, letter).await;
        self.ended(line, outcome).await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let Server {
            host,
            port,
            security,
            user,
            helo,
        } = &self.server;
        let said = |error: SmtpError| error.to_string();
        let tls = || TlsParameters::new(host.clone()).map_err(said);
        let hello = helo
            .clone()
            .map_or_else(ClientId::default, ClientId::Domain);
        let wrapped = match security {
            Security::Wrapped => Some(tls()?),
            _ => None,
        };
        let within = Some(self.patience.connecting);
        let address = (host.as_str(), *port);
        let mut conn = AsyncSmtpConnection::connect_tokio1(address, within, &hello, wrapped, None)
            .await
            .map_err(said)?;
        let upgrade = match security {
            Security::Required => true,
            Security::Opportunistic => conn.can_starttls(),
            Security::Wrapped | Security::Open => false,
        };
        if upgrade {
            conn.starttls(tls()?, &hello).await.map_err(said)?;
        }
        if let Some((name, password)) = user {
            let credentials = Credentials::new(name.clone(), password.clone());
            conn.auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(said)?;
        }
        Ok(conn)
    }

    async fn dialogue(
        &self,
        conn: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        letter: &[u8],
    ) -> Result<String, (Step, Trouble)> {
        let Patience {
            answer, verdict, ..
        } = self.patience;
        let sender = Mail::new(Some(from.clone()), Vec::new());
        let recipient = Rcpt::new(to.clone(), Vec::new());
        within(answer, Step::Sender, conn.command(sender)).await?;
        within(answer, Step::Recipient, conn.command(recipient)).await?;
        within(answer, Step::Data, conn.command(Data)).await?;
        let taken = within(verdict, Step::Verdict, conn.command(with_end(letter))).await?;
        Ok(taken.message().collect::<Vec<_>>().join(" "))
    }

    /// What becomes of the line and of the letter.
    async fn ended(
        &self,
        mut line: Line,
        outcome: Result<String, (Step, Trouble)>,
    ) -> Result<String, Failure> {
        let (step, trouble) = match outcome {
            Ok(said) => {
                line.letters += 1;
                self.keep(line).await;
                return Ok(without_addresses(&said));
            }
            Err(failed) => failed,
        };
        if is_answer(&trouble) && step != Step::Data {
            let reset = within(self.patience.answer, Step::Sender, line.conn.command(Rset)).await;
            if reset.is_ok() {
                self.keep(line).await;
            }
        }
        Err(judge(step, &trouble))
    }

    fn take(&self) -> Option<Line> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|line| line.used.elapsed() < IDLE);
        idle.pop()
    }

    async fn keep(&self, mut line: Line) {
        if line.letters >= LETTERS {
            let _ = tokio::time::timeout(Duration::from_secs(1), line.conn.quit()).await;
            return;
        }
        line.used = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(line);
    }

    /// Takes leave of the server.
    pub async fn close(&self) {
        while let Some(mut line) = self.take() {
            let _ = tokio::time::timeout(Duration::from_secs(1), line.conn.quit()).await;
        }
    }
}

/// A letter as it goes over the line (RFC 5321 §4.5.2). The end is part of it: written apart, as lettre does, it would lie in
/// this machine until the other acknowledges what came before (RFC 896), and that takes its time, up to 40 ms, with it.
fn with_end(letter: &[u8]) -> String {
    let letter = String::from_utf8_lossy(letter);
    // Letters begin with a header, so no dot begins the first line.
    let stuffed = letter.trim_end().replace("\r\n.", "\r\n..");
    format!("{stuffed}\r\n.\r\n")
}

async fn within<T>(
    limit: Duration,
    step: Step,
    work: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, (Step, Trouble)> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err((step, Trouble::Said(error))),
        Err(_) => Err((step, Trouble::Silent)),
    }
}

/// Whether the server answered in its own words, so that the line is still good.
fn is_answer(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Said(error) if error.status().is_some_and(|code| u16::from(code) != 421))
}

fn judge(step: Step, trouble: &Trouble) -> Failure {
    let error = match trouble {
        Trouble::Said(error) => error,
        Trouble::Silent => return Failure::Later(format!("no answer to {}", step.name())),
    };
    let told = without_addresses(&format!("{}: {error}", step.name()));
    if !error.is_permanent() || step == Step::Sender {
        // Who refuses us as a sender refuses every letter, and changes its mind when the operator has looked.
        return Failure::Later(told);
    }
    let code = error.status().map(u16::from).unwrap_or_default();
    let text = std::error::Error::source(error).map(ToString::to_string);
    let refusal = Refusal {
        status: "",
        text: &format!("{code} {}", text.unwrap_or_default()),
        at_recipient: step == Step::Recipient,
    };
    if refusal.is_final() {
        Failure::Mailbox(told)
    } else {
        Failure::Refused(told)
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.server.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_beginning_of_a_line_ends_no_letter() {
        assert_eq!(
            with_end(b"A: b\r\n\r\n.\r\n..c\r\n.d.\r\n"),
            "A: b\r\n\r\n..\r\n...c\r\n..d.\r\n.\r\n"
        );
    }
}
