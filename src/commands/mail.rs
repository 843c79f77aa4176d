//! `postil mail`: what waits to be sent, what was given up, whom nothing is sent to, and what comes back.

use std::io::Read as _;

use clap::{Args, Subcommand};
use postil::app;
use postil::config::{self, Common, Mailing};
use postil::domain::id::{DeliveryId, MailboxId};
use postil::domain::service_url::ServiceUrl;
use postil::domain::subscription::Suppressed;
use postil::domain::text::Email;
use postil::domain::time::Time;
use postil::domain::token::Keys;
use postil::domain::word::Word;
use postil::mail::letter::{Content, Cover, samples};
use postil::mail::receive::{self, Notice};
use postil::mail::{Failure as Unsent, Post};
use postil::service::returns;
use postil::store::{Store, outbox, suppressions};

use super::{Failure, Outcome, open, said, table};

/// How many rows a list shows.
const SHOWN: i64 = 1000;

/// What to do with mail.
#[derive(Subcommand)]
pub enum Mail {
    /// Say what waits in the outbox, and what was given up
    Status,
    /// Let what was given up be tried anew: one delivery, with whatever goes out in the same letter, or all
    Retry {
        /// The delivery, as `postil mail status` names it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        delivery: Option<DeliveryId>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// List the addresses that nothing is sent to, and why
    Suppressed {
        /// Let this one be written to again
        #[arg(long, value_name = "ADDRESS", value_parser = |text: &str| said(Email::parse(text)))]
        lift: Option<Email>,
    },
    /// Send a sample letter, and say what the server answered
    Test(Box<Test>),
    /// Read a message that came back from standard input, as a mail server pipes it
    Receive(Receive),
}

/// To whom, and how.
#[derive(Args)]
pub struct Test {
    /// Whom to write to
    #[arg(value_parser = |text: &str| said(Email::parse(text)))]
    to: Email,
    /// How mail is sent.
    #[command(flatten)]
    mailing: Mailing,
    /// How browsers reach the service
    #[arg(long, env = "POSTIL_PUBLIC_URL", value_name = "URL", value_parser = config::public_url)]
    #[arg(default_value = "http://127.0.0.1:8080")]
    public_url: ServiceUrl,
    /// The service's secrets [default: those in DATA-DIR/signing.key]
    #[arg(long, env = "POSTIL_SECRETS", value_name = "NEW,OLD", value_parser = Keys::parse)]
    secrets: Option<Keys>,
}

/// Where it was delivered.
#[derive(Args)]
pub struct Receive {
    /// The address that the message was delivered to (the envelope's), where its headers may not say it
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// The service's secrets [default: those in DATA-DIR/signing.key]
    #[arg(long, env = "POSTIL_SECRETS", value_name = "NEW,OLD", value_parser = Keys::parse)]
    secrets: Option<Keys>,
}

impl Mail {
    pub(super) async fn run(self, common: &Common) -> Outcome {
        match self {
            Self::Status => status(&open(common)?).await,
            Self::Retry { delivery, .. } => retry(&open(common)?, delivery).await,
            Self::Suppressed { lift: None } => suppressed(&open(common)?).await,
            Self::Suppressed { lift: Some(email) } => lift(&open(common)?, email).await,
            Self::Test(test) => test.run(common).await,
            // A mail server tries again later when it is told so, and else sends our complaint to whoever wrote.
            Self::Receive(receive) => receive.run(common).await.map_err(Failure::for_now),
        }
    }
}

async fn status(store: &Store) -> Outcome {
    let (counts, dead) = store
        .read(|conn| Ok((outbox::counts(conn)?, outbox::page(conn, "dead", SHOWN)?)))
        .await?;
    if counts.is_empty() {
        return Ok("Nothing waits, and nothing was given up.\n".into());
    }
    let rows = counts.into_iter().map(|one| {
        let oldest = one.oldest.map(|at| at.to_string()).unwrap_or_default();
        [one.kind, one.state, one.count.to_string(), oldest]
    });
    let mut text = table(["KIND", "STATE", "COUNT", "OLDEST"], rows.collect());
    if !dead.is_empty() {
        let rows = dead.into_iter().map(|row| {
            let error = row.last_error.unwrap_or_default();
            [
                row.id.to_string(),
                row.kind,
                row.attempts.to_string(),
                error,
            ]
        });
        text += "\n";
        text += &table(["GIVEN UP", "KIND", "TRIES", "WHY"], rows.collect());
    }
    Ok(text)
}

async fn retry(store: &Store, delivery: Option<DeliveryId>) -> Outcome {
    let now = Time::now();
    let tried = store
        .write(move |tx| outbox::retry(tx, delivery, now))
        .await?;
    match (tried, delivery) {
        (0, Some(_)) => Err(Failure::new("no delivery of that id was given up")),
        (tried, _) => Ok(format!("Tried anew: {tried}\n")),
    }
}

async fn suppressed(store: &Store) -> Outcome {
    let rows = store
        .read(|conn| suppressions::page(conn, "", SHOWN))
        .await?;
    if rows.is_empty() {
        return Ok("Mail is sent to every address.\n".into());
    }
    let rows = rows.into_iter().map(|row| {
        let reason = row.reason.word().to_owned();
        [
            row.email,
            reason,
            row.at.to_string(),
            row.detail.unwrap_or_default(),
        ]
    });
    Ok(table(
        ["ADDRESS", "REASON", "SINCE", "DETAIL"],
        rows.collect(),
    ))
}

async fn lift(store: &Store, email: Email) -> Outcome {
    let folded = email.folded();
    match store
        .write(move |tx| suppressions::lift(tx, &folded))
        .await?
    {
        true => Ok("It is written to again.\n".into()),
        false => Err(Failure::new("mail is sent to that address already")),
    }
}

impl Test {
    async fn run(self, common: &Common) -> Outcome {
        let keys = config::keys(self.secrets.clone(), &common.data_dir)?;
        let mail = config::Mail::new(&self.mailing, &common.data_dir)?;
        let post = app::post(&mail, &self.public_url, &keys)?;
        let (cover, content) = self.sample();
        let letter = post.write(&cover, &content, Time::now())?;
        let mut text = String::from("The letter:\n");
        let whole = String::from_utf8_lossy(&letter.bytes);
        let head = whole.split("\r\n\r\n").next().unwrap_or_default();
        text += &format!("  (returns to {})\n", letter.from);
        for line in head.lines() {
            text += &format!("  {line}\n");
        }
        text += &dkim_record(&post);
        let sent = post.transport.send(&letter).await;
        post.transport.close().await;
        match sent {
            Ok(answer) if self.mailing.smtp.is_some() => {
                Ok(format!("{text}\nThe server took it: {answer}\n"))
            }
            Ok(file) => {
                let path = mail.folder.join(file);
                Ok(format!(
                    "{text}\nThere is no mail server (--smtp, POSTIL_SMTP); the letter lies in {}\n",
                    path.display()
                ))
            }
            Err(unsent) => {
                let (what, why) = match unsent {
                    Unsent::Unreachable(why) => ("the mail server cannot be used", why),
                    Unsent::Later(why) => ("the mail server did not take it now", why),
                    Unsent::Mailbox(why) => ("the mail server knows no such mailbox", why),
                    Unsent::Refused(why) => ("the mail server refused it", why),
                };
                Err(Failure::new(format!("{what}: {why}")))
            }
        }
    }

    /// A letter with every header that one may have.
    fn sample(&self) -> (Cover, Content) {
        let (letter, mailbox) = (DeliveryId::new(), MailboxId::new());
        let content = samples()
            .into_iter()
            .find(|content| content.template() == "new_comment")
            .unwrap_or(Content::Subscriptions {
                manage_url: self.public_url.to_string(),
            });
        let cover = Cover {
            letter,
            mailbox,
            to: self.to.clone(),
            locale: "en".into(),
            site: "Postil test".into(),
            slug: "test".into(),
            id: format!("test.{letter}"),
            references: vec!["thread.test".into()],
            unsubscribe_url: Some(self.public_url.at("/s/unsubscribe/test")),
        };
        (cover, content)
    }
}

fn dkim_record(post: &Post) -> String {
    match &post.signer {
        Some(signer) => {
            let (name, record) = signer.record();
            format!("\nIt is signed. The DNS must say:\n  {name} TXT \"{record}\"\n")
        }
        None => "\nIt is not signed (--dkim-key, POSTIL_DKIM_KEY).\n".into(),
    }
}

impl Receive {
    async fn run(self, common: &Common) -> Outcome {
        let keys = config::keys(self.secrets.clone(), &common.data_dir)?;
        let mut raw = Vec::new();
        let mut input = std::io::stdin().lock();
        input
            .by_ref()
            .take(receive::MAX_BYTES as u64)
            .read_to_end(&mut raw)?;
        // The rest is read too, since a mail server takes a closed pipe for a failure.
        std::io::copy(&mut input, &mut std::io::sink())?;
        let notice = receive::read(&raw, self.recipient.as_deref(), &keys);
        let store = open(common)?;
        let outcome = self.follow(&store, notice).await;
        store.close().await;
        outcome
    }

    async fn follow(&self, store: &Store, notice: Notice) -> Outcome {
        let now = Time::now();
        let forgotten = || Ok("Left alone: the address was forgotten.\n".to_owned());
        match notice {
            Notice::Nothing(why) => Ok(format!("Left alone: {why}.\n")),
            Notice::Report(mark, recipients) => {
                let Some(mailbox) = returns::mailbox(store, &mark).await? else {
                    return forgotten();
                };
                let Some(gone) = recipients.iter().find(|one| one.is_gone(&mailbox.folded)) else {
                    return Ok(
                        "Left alone: the report does not say that the mailbox is gone.\n".into(),
                    );
                };
                let detail = Some(postil::mail::without_addresses(&gone.words()));
                returns::suppress(store, &mailbox, Suppressed::Bounced, detail, now).await?;
                Ok("Bounced: nothing is sent to that address any more.\n".into())
            }
            Notice::Complaint(mark) => {
                let Some(mailbox) = returns::mailbox(store, &mark).await? else {
                    return forgotten();
                };
                returns::suppress(store, &mailbox, Suppressed::Complained, None, now).await?;
                Ok("A complaint: nothing is sent to that address any more.\n".into())
            }
            Notice::Unsubscribe(mark) => {
                returns::unsubscribe(store, mark, now).await?;
                Ok("Unsubscribed.\n".into())
            }
        }
    }
}
