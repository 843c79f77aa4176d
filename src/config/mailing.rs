//! The settings of mail, for the service and for the commands that send some.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::SettingError;
use super::values::{self, Rate, whole};
use crate::mail::{Returns, Sender, Server};

/// How mail is sent.
#[derive(Args, Clone)]
#[command(next_help_heading = "Settings of mail")]
pub struct Mailing {
    /// The mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start; without one,
    /// mail is written to DATA-DIR/mail/*.eml
    #[arg(long, env = "POSTIL_SMTP", value_name = "URL", value_parser = values::smtp)]
    pub smtp: Option<Server>,

    /// Whom mail comes from, such as "Comments <comments@example.org>"; needed with --smtp
    #[arg(long, env = "POSTIL_MAIL_FROM", value_name = "SENDER", value_parser = values::sender)]
    pub mail_from: Option<Sender>,

    /// Let a public service write its mail to files, where it reaches nobody
    #[arg(long, env = "POSTIL_ALLOW_FILE_MAIL", value_name = "true|false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false", value_parser = values::yes_or_no)]
    pub allow_file_mail: bool,

    /// Seconds for which news of a comment waits for more of the same thread, to be told in one letter
    #[arg(long, env = "POSTIL_MAIL_QUIET_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "10", value_parser = whole::<u32>(0, 3600))]
    pub mail_quiet_seconds: u32,

    /// Letters sent, per instance: COUNT/SECONDS, or 0 for no limit
    #[arg(long, env = "POSTIL_MAIL_RATE", value_name = "RATE")]
    #[arg(default_value = "0", value_parser = Rate::parse)]
    pub mail_rate: Rate,

    /// Letters sent to each domain, likewise
    #[arg(long, env = "POSTIL_MAIL_RATE_PER_DOMAIN", value_name = "RATE")]
    #[arg(default_value = "0", value_parser = Rate::parse)]
    pub mail_rate_per_domain: Rate,

    /// The RSA key that signs mail (DKIM), in PEM [default: mail is not signed]
    #[arg(long, env = "POSTIL_DKIM_KEY", value_name = "FILE")]
    pub dkim_key: Option<PathBuf>,

    /// The name of that key in the DNS: it is looked up at SELECTOR._domainkey.DOMAIN
    #[arg(long, env = "POSTIL_DKIM_SELECTOR", value_name = "NAME")]
    #[arg(default_value = "postil", value_parser = values::dns_name)]
    pub dkim_selector: String,

    /// The domain that answers for mail [default: that of --mail-from]
    #[arg(long, env = "POSTIL_DKIM_DOMAIN", value_name = "DOMAIN", value_parser = values::dns_name)]
    pub dkim_domain: Option<String>,

    /// A folder with templates of letters that take the place of the built-in ones of the same name
    #[arg(long, env = "POSTIL_MAIL_TEMPLATES", value_name = "DIR")]
    pub mail_templates: Option<PathBuf>,

    /// Where mail that cannot be delivered comes back to, such as bounces@example.org: its server must take
    /// bounces+ANYTHING@example.org too, and give it to `postil mail receive` [default: the address of --mail-from]
    #[arg(long, env = "POSTIL_MAIL_BOUNCE_ADDRESS", value_name = "ADDRESS")]
    #[arg(value_parser = values::returns)]
    pub mail_bounce_address: Option<Returns>,
}

/// How mail goes out.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server that takes it; without one it is written to `folder`.
    pub smtp: Option<Server>,
    /// Whom it comes from; always given where there is a server.
    pub from: Option<Sender>,
    /// Where messages lie as `.eml` files.
    pub folder: PathBuf,
    /// How long news waits for more of its kind.
    pub quiet: Duration,
    /// How many letters leave.
    pub rate: Rate,
    /// How many leave to each domain.
    pub rate_per_domain: Rate,
    /// What signs it.
    pub dkim: Option<Dkim>,
    /// Where the operator's templates lie.
    pub templates: Option<PathBuf>,
    /// Where it comes back to.
    pub returns: Option<Returns>,
}

/// What signs mail.
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The file with the private key.
    pub key: PathBuf,
    /// Its name in the DNS.
    pub selector: String,
    /// The domain.
    pub domain: String,
}

impl Mail {
    /// What follows from the settings that were given.
    ///
    /// # Errors
    /// When one setting needs another that is missing.
    pub fn new(mailing: &Mailing, data_dir: &Path) -> Result<Self, SettingError> {
        if mailing.smtp.is_some() && mailing.mail_from.is_none() {
            return Err(SettingError::new(
                "--smtp (POSTIL_SMTP) needs --mail-from (POSTIL_MAIL_FROM) beside it: \
                 the address that mail comes from, such as `Comments <comments@example.org>`.",
            ));
        }
        let from_domain = mailing
            .mail_from
            .as_ref()
            .map(|from| from.domain().to_owned());
        let domain = mailing.dkim_domain.clone().or(from_domain);
        let dkim = match (&mailing.dkim_key, domain) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(SettingError::new(
                    "--dkim-key (POSTIL_DKIM_KEY) needs --mail-from (POSTIL_MAIL_FROM) or --dkim-domain \
                     (POSTIL_DKIM_DOMAIN) beside it, to know whose key it is.",
                ));
            }
            (Some(key), Some(domain)) => Some(Dkim {
                key: key.clone(),
                selector: mailing.dkim_selector.clone(),
                domain,
            }),
        };
        Ok(Self {
            smtp: mailing.smtp.clone(),
            from: mailing.mail_from.clone(),
            folder: data_dir.join("mail"),
            quiet: Duration::from_secs(mailing.mail_quiet_seconds.into()),
            rate: mailing.mail_rate,
            rate_per_domain: mailing.mail_rate_per_domain,
            dkim,
            templates: mailing.mail_templates.clone(),
            returns: mailing.mail_bounce_address.clone(),
        })
    }
}
