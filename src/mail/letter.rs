//! What a letter says and bears: its content as templates are given it, and the headers by which mail programs thread it, let
//! its reader leave, and answer nothing by themselves.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart};
use lettre::{Address, Message};
use serde::Serialize;

use super::Post;
use crate::domain::id::{DeliveryId, MailboxId};
use crate::domain::mark::{Mark, Purpose};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// A letter, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    /// A name for it that is a file's name too.
    pub name: String,
    /// Where it comes back to when it cannot be delivered.
    pub from: Address,
    /// Whom it is for.
    pub to: Address,
    /// All of it, as it is sent.
    pub bytes: Vec<u8>,
}

/// A comment, as a letter tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// The name it is signed with.
    pub author: Option<String>,
    /// Its text, a paragraph a line, without links and shortened.
    pub lines: Vec<String>,
    /// Where it stands.
    pub url: String,
    /// When it was published: `2026-03-01 14:05 UTC`.
    pub at: String,
    /// Whether it answers its reader.
    pub is_reply: bool,
    /// Whether its reader follows its author.
    pub is_followed: bool,
}

/// News of one thread.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    /// `new_comment`, `reply` or `followed_author`.
    #[serde(skip)]
    pub template: &'static str,
    /// The page's title as its publisher gave it, or else its address; never what a reader's browser told.
    pub page: String,
    /// The page.
    pub page_url: String,
    /// The oldest first; at least one.
    pub comments: Vec<Said>,
    /// How many more there are.
    pub more: usize,
    /// How many in all.
    pub count: usize,
    /// What was asked for, each once: `thread`, `replies`, …
    pub reasons: Vec<&'static str>,
    /// Where all of it is changed.
    pub manage_url: String,
    /// Where it is ended.
    pub unsubscribe_url: String,
}

/// What a digest tells of one thread.
#[derive(Debug, Clone, Serialize)]
pub struct Thread {
    /// See [`News::page`].
    pub page: String,
    /// The page.
    pub page_url: String,
    /// The oldest first.
    pub comments: Vec<Said>,
    /// How many more there are.
    pub more: usize,
    /// How many in all.
    pub count: usize,
}

/// News of an hour or a day.
#[derive(Debug, Clone, Serialize)]
pub struct Digest {
    /// `hourly` or `daily`.
    pub cadence: &'static str,
    /// Those with news.
    pub threads: Vec<Thread>,
    /// How many more there are.
    pub more_threads: usize,
    /// How many comments in all.
    pub count: usize,
    /// See [`News::reasons`].
    pub reasons: Vec<&'static str>,
    /// Where all of it is changed.
    pub manage_url: String,
    /// Where it is ended.
    pub unsubscribe_url: String,
}

/// What became of a comment that waited, or of a new text of one.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// The phrase that says it.
    pub line: &'static str,
    /// See [`News::page`].
    pub page: String,
    /// The page.
    pub page_url: String,
    /// Where it stands, or would.
    pub comment_url: String,
    /// See [`Said::lines`].
    pub lines: Vec<String>,
    /// Why it was not published, or is public no more: plain sentences.
    pub reasons: Vec<String>,
    /// Whether no person has decided that.
    pub automatic: bool,
    /// Where everything else that its reader is told of is changed.
    pub manage_url: String,
    /// Where all of it is ended, these letters too.
    pub unsubscribe_url: String,
}

/// A notice of illegal content, for whoever gave it. Nothing in it comes from them, since the address may be anybody's.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// See [`News::page`].
    pub page: String,
    /// Where the comment stands, or stood.
    pub comment_url: String,
    /// When the notice was given.
    pub at: String,
    /// `upheld` or `dismissed`; nothing before it is decided.
    pub state: Option<&'static str>,
    /// Why it was decided so.
    pub grounds: Option<String>,
}

/// A comment that waits for a moderator.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// The name it is signed with.
    pub author: Option<String>,
    /// See [`Said::lines`].
    pub lines: Vec<String>,
    /// When it was written.
    pub at: String,
    /// See [`News::page`].
    pub page: String,
    /// The page.
    pub page_url: String,
    /// Why it is held: plain sentences.
    pub reasons: Vec<String>,
    /// The page where its reader decides about it, once.
    pub decide_url: String,
}

/// What a letter is about, as its templates see it, besides `site`, `lang` and `dir`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Please confirm. Nothing in it comes from whoever asked.
    Confirm {
        /// What was asked for: `thread`, `replies`, …
        scope: &'static str,
        /// The page with the button.
        confirm_url: String,
        /// How long it works.
        hours: i64,
    },
    /// News of one thread.
    News(News),
    /// News of an hour or a day.
    Digest(Digest),
    /// Your comment was approved.
    Approved(Judged),
    /// Your comment was not published.
    NotPublished(Judged),
    /// Your notice has arrived.
    NoticeReceived(Notice),
    /// Your notice was decided on.
    NoticeDecided(Notice),
    /// A way in.
    SignIn {
        /// The page with the button; none where the page to come back to may be anybody's.
        sign_in_url: Option<String>,
        /// The six digits.
        code: String,
        /// How long both work.
        minutes: i64,
    },
    /// The way to one's subscriptions.
    Subscriptions {
        /// The page.
        manage_url: String,
    },
    /// Comments wait for you, who moderate.
    Waiting {
        /// The longest waiting first.
        comments: Vec<Waiting>,
        /// How many more there are.
        more: usize,
        /// How many in all.
        count: usize,
        /// How long their links work.
        hours: u64,
    },
}

impl Content {
    /// The name of its templates, without an ending.
    pub fn template(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm",
            Self::News(news) => news.template,
            Self::Digest(_) => "digest",
            Self::Approved(_) => "approved",
            Self::NotPublished(_) => "not_published",
            Self::NoticeReceived(_) => "notice_received",
            Self::NoticeDecided(_) => "notice_decided",
            Self::SignIn { .. } => "sign_in",
            Self::Subscriptions { .. } => "subscriptions",
            Self::Waiting { .. } => "comment_waiting",
        }
    }
}

/// What stands on the envelope and in the headers.
#[derive(Debug, Clone)]
pub struct Cover {
    /// The letter's id.
    pub letter: DeliveryId,
    /// Whose it is.
    pub mailbox: MailboxId,
    /// Their address.
    pub to: Email,
    /// Their language (BCP 47).
    pub locale: String,
    /// The site's name.
    pub site: String,
    /// The site's short name.
    pub slug: String,
    /// The part before the `@` of its `Message-ID`: the same at every try.
    pub id: String,
    /// Likewise of the letters that it follows, the nearest last.
    pub references: Vec<String>,
    /// For mail that nobody asked for just now: where it is ended by one click.
    pub unsubscribe_url: Option<String>,
}

impl Post {
    /// Writes a letter. Written again for the same work, it is the same letter to every mail program.
    ///
    /// # Errors
    /// [`Error::Internal`] when the address cannot be written to, or a template is broken.
    pub fn write(&self, cover: &Cover, content: &Content, now: Time) -> Result<Letter> {
        let filled = self.templates.fill(&cover.locale, &cover.site, content)?;
        let domain = self.sender.0.email.domain();
        // The sentence does not repeat the address.
        let address = |text: &str| {
            let unreachable =
                |_| Error::Internal("the recipient's address cannot be written to".into());
            text.parse::<Address>().map_err(unreachable)
        };
        let to = address(cover.to.as_str())?;
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let id = |local: &String| format!("<{local}@{domain}>");
        let mut builder = Message::builder()
            .from(self.sender.0.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(filled.subject)
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .raw_header(plain("Message-ID", id(&cover.id)));
        if let Some(nearest) = cover.references.last() {
            let all: Vec<String> = cover.references.iter().map(id).collect();
            builder = builder
                .raw_header(plain("In-Reply-To", id(nearest)))
                .raw_header(plain("References", all.join("\r\n ")));
        }
        // RFC 3834: nobody's out-of-office answers this; the second is for Exchange, which does not read the first.
        builder = builder
            .raw_header(plain("Auto-Submitted", "auto-generated".into()))
            .raw_header(plain("X-Auto-Response-Suppress", "All".into()));
        if let Some(url) = &cover.unsubscribe_url {
            let mailto = self.unsubscribe_mailto(cover);
            // Google's campaign, customer, kind and sender, for its complaint statistics.
            let feedback = format!("{}:{}:postil", content.template(), cover.slug);
            builder = builder
                .raw_header(plain(
                    "List-Id",
                    format!("<{}.comments.{domain}>", cover.slug),
                ))
                .raw_header(plain(
                    "List-Unsubscribe",
                    format!("<{url}>,\r\n <{mailto}>"),
                ))
                .raw_header(plain(
                    "List-Unsubscribe-Post",
                    "List-Unsubscribe=One-Click".into(),
                ))
                .raw_header(plain("Precedence", "bulk".into()))
                .raw_header(plain("Feedback-ID", feedback));
        }
        // Put together by hand, since the library keeps the type of a body in several parts from the signature.
        let parts = MultiPart::alternative_plain_html(filled.text, filled.html);
        let kind = parts.headers().get::<ContentType>();
        let whole = parts.formatted();
        let end = whole.windows(4).position(|end| end == b"\r\n\r\n");
        let (Some(kind), Some(end)) = (kind, end) else {
            return Err(Error::Internal("a letter without parts".into()));
        };
        let body = Body::dangerous_pre_encoded(
            whole[end + 4..].to_vec(),
            ContentTransferEncoding::SevenBit,
        );
        let mut message = builder
            .raw_header(plain("MIME-Version", "1.0".into()))
            .header(kind)
            .body(body)
            .map_err(|error| Error::Internal(format!("letter {}: {error}", content.template())))?;
        if let Some(signer) = &self.signer {
            signer.sign(&mut message);
        }
        Ok(Letter {
            name: cover.letter.to_string(),
            from: address(&self.return_address(cover))?,
            to,
            bytes: message.formatted(),
        })
    }

    fn mark(&self, cover: &Cover, purpose: Purpose) -> String {
        let [.., a, b, c, d] = cover.letter.bytes();
        let mark = Mark {
            purpose,
            mailbox: cover.mailbox,
            letter: [a, b, c, d],
        };
        mark.write(&self.keys)
    }

    /// Where the letter comes back to: an address that says whose it was, if such arrive anywhere.
    fn return_address(&self, cover: &Cover) -> String {
        match self
            .returns
            .as_ref()
            .and_then(|returns| returns.as_str().split_once('@'))
        {
            Some((local, domain)) => {
                format!("{local}+{}@{domain}", self.mark(cover, Purpose::Return))
            }
            None => self.sender.0.email.to_string(),
        }
    }

    /// Where to write to, to get no more. Without an address for returns the subject says whose letter it was.
    fn unsubscribe_mailto(&self, cover: &Cover) -> String {
        let mark = self.mark(cover, Purpose::Unsubscribe);
        match self
            .returns
            .as_ref()
            .and_then(|returns| returns.as_str().split_once('@'))
        {
            Some((local, domain)) => format!("mailto:{local}+{mark}@{domain}?subject=unsubscribe"),
            None => format!(
                "mailto:{}?subject=unsubscribe%20{mark}",
                self.sender.0.email
            ),
        }
    }
}

/// A header of printable ASCII, folded where it has line ends. The library would write a long address as an encoded word.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(name),
        value.clone(),
        value,
    )
}

/// One of each, full and bare: what a template of the operator's is tried on.
pub fn samples() -> Vec<Content> {
    let said = |full: bool| Said {
        author: full.then(|| "Ann".into()),
        lines: vec!["I had not thought of that.".into(), "Thank you!".into()],
        url: "https://example.org/a#postil-1".into(),
        at: "2026-03-01 14:05 UTC".into(),
        is_reply: full,
        is_followed: !full,
    };
    let news = |template, full: bool| {
        Content::News(News {
            template,
            page: "On margins".into(),
            page_url: "https://example.org/a".into(),
            comments: vec![said(full), said(false)],
            more: usize::from(full),
            count: 2 + usize::from(full),
            reasons: vec!["thread", "replies", "comment", "author", "site", "article"],
            manage_url: "https://comments.example.org/s/manage/x".into(),
            unsubscribe_url: "https://comments.example.org/s/unsubscribe/x".into(),
        })
    };
    let digest = |cadence, full: bool| {
        let thread = Thread {
            page: "On margins".into(),
            page_url: "https://example.org/a".into(),
            comments: vec![said(full), said(false)],
            more: usize::from(full),
            count: 2 + usize::from(full),
        };
        Content::Digest(Digest {
            cadence,
            threads: vec![thread.clone(), thread],
            more_threads: usize::from(full),
            count: 4,
            reasons: vec!["thread", "author"],
            manage_url: "https://comments.example.org/s/manage/x".into(),
            unsubscribe_url: "https://comments.example.org/s/unsubscribe/x".into(),
        })
    };
    let notice = |state, grounds: Option<&str>| Notice {
        page: "On margins".into(),
        comment_url: "https://example.org/a#postil-1".into(),
        at: "2026-03-01 14:05 UTC".into(),
        state,
        grounds: grounds.map(str::to_owned),
    };
    let judged = |line, reasons: Vec<String>| Judged {
        line,
        automatic: reasons.is_empty(),
        page: "On margins".into(),
        page_url: "https://example.org/a".into(),
        comment_url: "https://example.org/a#postil-1".into(),
        lines: vec!["I had not thought of that.".into()],
        reasons,
        manage_url: "https://comments.example.org/s/manage/x".into(),
        unsubscribe_url: "https://comments.example.org/s/unsubscribe/x".into(),
    };
    let waiting = |full: bool| Waiting {
        id: "0198c0de-0000-7000-8000-000000000001".into(),
        author: full.then(|| "Ann".into()),
        lines: vec!["I had not thought of that.".into()],
        at: "2026-03-01 14:05 UTC".into(),
        page: "On margins".into(),
        page_url: "https://example.org/a".into(),
        reasons: full
            .then(|| "Every comment here is read by a moderator first.".into())
            .into_iter()
            .collect(),
        decide_url: "https://comments.example.org/s/decide/x".into(),
    };
    let confirm = |scope| Content::Confirm {
        scope,
        confirm_url: "https://comments.example.org/s/confirm/x".into(),
        hours: 72,
    };
    let comments = |more| Content::Waiting {
        comments: vec![waiting(true), waiting(false)],
        more,
        count: 2 + more,
        hours: 72,
    };
    let sign_in = |url: Option<&str>| Content::SignIn {
        sign_in_url: url.map(str::to_owned),
        code: "012345".into(),
        minutes: 15,
    };
    let mut all: Vec<Content> = ["thread", "replies", "comment", "author", "site", "article"]
        .map(confirm)
        .into();
    for template in ["new_comment", "reply", "followed_author"] {
        all.extend([news(template, true), news(template, false)]);
    }
    all.extend([
        digest("hourly", true),
        digest("daily", false),
        Content::Approved(judged("approved.line", Vec::new())),
        Content::NotPublished(judged(
            "removed.line",
            vec!["It is about something else.".into()],
        )),
        Content::NotPublished(judged("not_published.line", Vec::new())),
        Content::NotPublished(judged("not_changed.line", Vec::new())),
        Content::NoticeReceived(notice(None, None)),
        Content::NoticeDecided(notice(Some("upheld"), Some("It insults a person."))),
        Content::NoticeDecided(notice(Some("dismissed"), None)),
        sign_in(Some("https://comments.example.org/s/sign-in/x")),
        sign_in(None),
        Content::Subscriptions {
            manage_url: "https://comments.example.org/s/manage/x".into(),
        },
        comments(0),
        comments(3),
    ]);
    all
}

#[cfg(test)]
mod tests;
