//! What a letter says: text and HTML from one pair of templates, and the headers of mail that a
//! machine wrote.
//!
//! A text template's first line is the subject. A name that a template does not find is an error, and
//! every value put into HTML is escaped.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use serde::Serialize;

use super::{Post, Sender};
use crate::domain::id::DeliveryId;
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::template::render;

/// A letter, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    /// A name for it that is a file's name too.
    pub name: String,
    /// The message.
    pub message: Message,
}

/// A comment waits for a moderator.
#[derive(Debug, Serialize)]
pub struct CommentWaiting {
    /// The site's name.
    pub site: String,
    /// The page's title as its publisher gave it; never what a reader's browser told.
    pub title: Option<String>,
    /// The page.
    pub page_url: String,
    /// The comment's id.
    pub comment_id: String,
    /// The name it is signed with.
    pub author: Option<String>,
    /// Its text on one line, shortened.
    pub excerpt: String,
    /// Why it is held: plain sentences.
    pub reasons: Vec<String>,
}

impl Post {
    /// The letter that tells a moderator of a waiting comment. Written again for the same delivery,
    /// it is the same letter to every mail client.
    ///
    /// # Errors
    /// [`Error::Internal`] when the address cannot be written to, or a template is broken.
    pub fn comment_waiting(
        &self,
        delivery: DeliveryId,
        to: &str,
        told: &CommentWaiting,
        now: Time,
    ) -> Result<Letter> {
        #[derive(Serialize)]
        struct Context<'a> {
            #[serde(flatten)]
            told: &'a CommentWaiting,
            public_url: &'a str,
        }
        let context = Context {
            told,
            public_url: &self.public_url,
        };
        write(&self.sender, delivery, to, "comment_waiting", &context, now)
    }
}

fn write(
    sender: &Sender,
    delivery: DeliveryId,
    to: &str,
    template: &str,
    context: &impl Serialize,
    now: Time,
) -> Result<Letter> {
    let text = render(&format!("{template}.txt"), context)?;
    let html = render(&format!("{template}.html"), context)?;
    let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
    let Mailbox { email: from, .. } = &sender.0;
    // Checked when it was stored; checked again, since what is wrong here breaks the dialogue with
    // the server. The sentence does not repeat it.
    let unreachable = || Error::Internal("the recipient's address cannot be written to".into());
    let email = Email::parse(to).map_err(|_| unreachable())?;
    let to = Mailbox::new(None, email.as_str().parse().map_err(|_| unreachable())?);
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    let message = Message::builder()
        .from(sender.0.clone())
        .to(to)
        .subject(subject.trim())
        .date(UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{delivery}@{}>", from.domain())))
        // RFC 3834: nobody's out-of-office answers this.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ))
        .multipart(MultiPart::alternative_plain_html(
            text.trim_start().to_owned(),
            html,
        ))
        .map_err(|error| Error::Internal(format!("letter {template}: {error}")))?;
    Ok(Letter {
        name: delivery.to_string(),
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Transport;

    fn post() -> Post {
        let sender = "Postil <postil@example.org>".parse().unwrap();
        Post::new(
            Transport::Files("".into()),
            sender,
            "https://comments.example.org/",
        )
    }

    fn told() -> CommentWaiting {
        CommentWaiting {
            site: "Blog".into(),
            title: Some("On <margins>".into()),
            page_url: "https://example.org/a?b=1&c=2".into(),
            comment_id: "0198".into(),
            author: Some("<script>alert(1)</script>".into()),
            excerpt: "Tom & \"Jerry\" ${{ site }}".into(),
            reasons: vec!["Every comment here is read by a moderator first.".into()],
        }
    }

    fn now() -> Time {
        Time::from_micros(1_700_000_000_000_000)
    }

    fn parts(told: &CommentWaiting) -> (String, String) {
        #[derive(Serialize)]
        struct Context<'a> {
            #[serde(flatten)]
            told: &'a CommentWaiting,
            public_url: &'a str,
        }
        let context = Context {
            told,
            public_url: "https://comments.example.org",
        };
        (
            render("comment_waiting.txt", &context).unwrap(),
            render("comment_waiting.html", &context).unwrap(),
        )
    }

    #[test]
    fn says_what_waits_where_and_how_to_decide() {
        let (text, html) = parts(&told());
        assert!(
            text.starts_with("[Blog] A comment is waiting: On <margins>\n\n"),
            "{text}"
        );
        for part in [&text, &html] {
            for needed in [
                "0198",
                "postil moderate",
                "https://comments.example.org/v1/moderation/actions",
            ] {
                assert!(part.contains(needed), "{needed} in {part}");
            }
        }
        assert!(
            text.contains("https://example.org/a?b=1&c=2#postil")
                || text.contains("https://example.org/a?b=1&c=2\n")
        );
        assert!(
            html.contains(r#"href="https://example.org/a?b=1&amp;c=2""#),
            "{html}"
        );
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{html}"
        );
        assert!(
            html.contains("Tom &amp; &quot;Jerry&quot; ${{ site }}"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("&#x2f;"), "{html}");
    }

    #[test]
    fn does_without_title_and_name() {
        let (text, html) = parts(&CommentWaiting {
            title: None,
            author: None,
            reasons: vec![],
            ..told()
        });
        assert!(text.starts_with("[Blog] A comment is waiting\n"), "{text}");
        for part in [text, html] {
            assert!(part.contains("A guest"), "{part}");
            assert!(!part.contains("None") && !part.contains("none"), "{part}");
            assert!(!part.contains("because:"), "{part}");
        }
    }

    #[test]
    fn a_missing_name_is_an_error() {
        #[derive(Serialize)]
        struct Nothing {}
        assert!(matches!(
            render("comment_waiting.txt", &Nothing {}),
            Err(Error::Internal(_))
        ));
        assert!(matches!(
            render("comment_waiting.html", &Nothing {}),
            Err(Error::Internal(_))
        ));
    }

    #[test]
    fn headers_say_who_wrote_and_name_the_letter() {
        let delivery = DeliveryId::new();
        let letter = post()
            .comment_waiting(delivery, "mod@example.net", &told(), now())
            .unwrap();
        let mail = String::from_utf8(letter.message.formatted()).unwrap();
        for header in [
            "From: Postil <postil@example.org>\r\n".to_owned(),
            "To: mod@example.net\r\n".to_owned(),
            "Auto-Submitted: auto-generated\r\n".to_owned(),
            "MIME-Version: 1.0\r\n".to_owned(),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n".to_owned(),
            format!("Message-ID: <{delivery}@example.org>\r\n"),
        ] {
            assert!(mail.contains(&header), "{header} in {mail}");
        }
        assert_eq!(letter.name, delivery.to_string());
    }

    #[test]
    fn nothing_told_becomes_a_header() {
        let mut told = told();
        told.title = Some("x\r\nBcc: victim@example.com\r\n\r\nbody".into());
        told.site = "a\nBcc: victim@example.com".into();
        let letter = post()
            .comment_waiting(DeliveryId::new(), "mod@example.net", &told, now())
            .unwrap();
        let mail = String::from_utf8(letter.message.formatted()).unwrap();
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("\nBcc:"), "{head}");
        assert_eq!(letter.message.envelope().to().len(), 1);
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_told() {
        for wrong in [
            "",
            "mod",
            "a@b.org, c@d.org",
            "a@b.org\r\nRCPT TO:<c@d.org>",
        ] {
            let error = post()
                .comment_waiting(DeliveryId::new(), wrong, &told(), now())
                .unwrap_err();
            let Error::Internal(detail) = error else {
                panic!("{error}")
            };
            assert_eq!(detail, "the recipient's address cannot be written to");
        }
    }
}
