//! Letters, read by another's parser, in every language.

use mail_parser::{Message as Parsed, MessageParser};

use super::*;
use crate::domain::service_url::ServiceUrl;
use crate::domain::token::Keys;
use crate::mail::{Returns, Sender, Templates, Transport};

const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "ru", "ar"];

fn post(returns: Option<&str>) -> Post {
    Post {
        transport: Transport::Files("".into()),
        sender: "Comments <comments@example.org>".parse::<Sender>().unwrap(),
        service_url: ServiceUrl::parse("https://comments.example.org").unwrap(),
        keys: Keys::parse("a secret of thirty-two bytes or more").unwrap(),
        templates: Templates::embedded().unwrap(),
        signer: None,
        returns: returns.map(|address| address.parse::<Returns>().unwrap()),
        quiet: Duration::ZERO,
    }
}

fn cover(unsubscribe_url: Option<&str>) -> Cover {
    Cover {
        letter: DeliveryId::new(),
        mailbox: MailboxId::new(),
        to: Email::parse("ann@example.net").unwrap(),
        locale: "en".into(),
        site: "The Blog".into(),
        slug: "blog".into(),
        id: "comment.news.1.2".into(),
        references: vec!["thread.3".into(), "comment.news.0.2".into()],
        unsubscribe_url: unsubscribe_url.map(str::to_owned),
    }
}

fn now() -> Time {
    Time::from_micros(1_700_000_000_000_000)
}

fn news() -> Content {
    samples()
        .into_iter()
        .find(|content| content.template() == "reply")
        .unwrap()
}

fn header<'a>(parsed: &'a Parsed<'_>, name: &str) -> Vec<&'a str> {
    let values = parsed
        .headers_raw()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name));
    values.map(|(_, value)| value.trim()).collect()
}

/// A header's value without its folding.
fn one(parsed: &Parsed<'_>, name: &str) -> String {
    let values = header(parsed, name);
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values[0].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_letter_can_be_written_in_every_language() {
    let templates = Templates::embedded().unwrap();
    for lang in LANGUAGES {
        for content in samples() {
            let filled = templates.fill(lang, "The Blog", &content).unwrap();
            let at = format!("{lang} {}: {filled:?}", content.template());
            assert!(
                !filled.subject.is_empty() && !filled.subject.contains('\n'),
                "{at}"
            );
            assert!(
                filled.html.contains(&format!(r#"<html lang="{lang}""#)),
                "{at}"
            );
            assert!(
                filled.html.contains("The Blog") || filled.text.contains("The Blog"),
                "{at}"
            );
            for part in [&filled.subject, &filled.text, &filled.html] {
                assert!(
                    !part.contains("{{") && !part.contains("none") || part.contains("display:none"),
                    "{at}"
                );
                // A value that was not put in.
                assert!(!part.contains("{n}") && !part.contains("{site}"), "{at}");
            }
            assert!(
                filled
                    .text
                    .lines()
                    .all(|line| line == "-- " || line == line.trim_end()),
                "{at}"
            );
            assert!(!filled.text.contains("\n\n\n"), "{at}");
            // Nothing is fetched by opening it.
            assert!(
                !filled.html.contains("<img") && !filled.html.contains("url("),
                "{at}"
            );
        }
    }
}

#[test]
fn a_language_stands_for_its_regions_and_english_for_all_others() {
    let templates = Templates::embedded().unwrap();
    let subject = |locale| templates.fill(locale, "S", &samples()[0]).unwrap().subject;
    assert_eq!(subject("de-AT"), subject("de"));
    assert_ne!(subject("de"), subject("en"));
    assert_eq!(subject("tlh"), subject("en"));
    assert_eq!(subject(""), subject("en"));
}

#[test]
fn the_languages_have_the_same_phrases_with_the_same_values() {
    let names = |phrase: &str| {
        let mut names: Vec<String> = phrase
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
            .collect();
        names.sort();
        names
    };
    let read = |lang| -> std::collections::BTreeMap<String, String> {
        let path = format!(
            "{}/src/mail/phrases/{lang}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let english = read("en");
    for lang in LANGUAGES {
        let phrases = read(lang);
        assert!(phrases.keys().eq(english.keys()), "{lang}");
        for (key, phrase) in &phrases {
            assert_eq!(names(phrase), names(&english[key]), "{lang} {key}");
        }
    }
}

#[test]
fn a_letter_to_sign_in_begins_with_its_code_and_names_no_link_that_it_has_not() {
    let templates = Templates::embedded().unwrap();
    let letters = samples().into_iter();
    let letters: Vec<_> = letters.filter(|one| one.template() == "sign_in").collect();
    assert_eq!(letters.len(), 2);
    for lang in LANGUAGES {
        for content in &letters {
            let Content::SignIn { sign_in_url, .. } = content else {
                panic!("another letter by that name");
            };
            let filled = templates.fill(lang, "The Blog", content).unwrap();
            let lines: Vec<&str> = filled
                .text
                .lines()
                .filter(|line| !line.is_empty())
                .collect();
            // A number to every reader of bidirectional text, which plain spaces would turn around (UAX #9, W4).
            assert_eq!(lines[1], "  012\u{a0}345", "{lang}");
            assert!(filled.html.contains("<bdi>012345</bdi>"), "{lang}");
            let links = filled.text.matches("http").count() + filled.html.matches("href").count();
            assert_eq!(links, if sign_in_url.is_some() { 2 } else { 0 }, "{lang}");
            let named = ["link", "Link", "lien", "enlace", "ссылка", "الرابط"];
            let names_it = named.iter().any(|word| filled.text.contains(word));
            assert_eq!(names_it, sign_in_url.is_some(), "{lang}: {}", filled.text);
        }
    }
}

#[test]
fn news_says_how_to_thread_and_how_to_leave() {
    let url = format!(
        "https://comments.example.org/s/unsubscribe/{}",
        "x".repeat(200)
    );
    let cover = cover(Some(&url));
    let post = post(Some("bounces@example.org"));
    let letter = post.write(&cover, &news(), now()).unwrap();
    let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
    for (name, value) in [
        ("From", "Comments <comments@example.org>"),
        ("To", "ann@example.net"),
        ("Message-ID", "<comment.news.1.2@example.org>"),
        ("In-Reply-To", "<comment.news.0.2@example.org>"),
        (
            "References",
            "<thread.3@example.org> <comment.news.0.2@example.org>",
        ),
        ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
        ("List-Id", "<blog.comments.example.org>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("Feedback-ID", "reply:blog:postil"),
        ("MIME-Version", "1.0"),
        ("Subject", "[The Blog] On margins"),
    ] {
        assert_eq!(one(&parsed, name), value);
    }
    let keys = Keys::parse("a secret of thirty-two bytes or more").unwrap();
    let mark = |address: &str| {
        let (_, rest) = address.split_once('+').unwrap();
        Mark::read(rest.split('@').next().unwrap(), &keys).unwrap()
    };
    let leaving = one(&parsed, "List-Unsubscribe");
    let (https, mailto) = leaving.split_once(", ").unwrap();
    assert_eq!(https, format!("<{url}>"));
    let written = mark(mailto.strip_prefix("<mailto:bounces").unwrap());
    assert_eq!(
        (written.purpose, written.mailbox),
        (Purpose::Unsubscribe, cover.mailbox)
    );
    let returned = mark(letter.from.as_ref());
    assert_eq!(
        (returned.purpose, returned.mailbox),
        (Purpose::Return, cover.mailbox)
    );
    assert!(cover.letter.bytes().ends_with(&returned.letter));
    assert!(letter.bytes.iter().all(u8::is_ascii));
    assert_eq!((parsed.text_body_count(), parsed.html_body_count()), (1, 1));
    assert_eq!(parsed.attachment_count(), 0);
}

#[test]
fn what_one_asked_for_or_decides_about_is_no_mailing_list() {
    for content in samples() {
        let is_told = !matches!(
            content,
            Content::Confirm { .. }
                | Content::SignIn { .. }
                | Content::Subscriptions { .. }
                | Content::NoticeReceived(_)
                | Content::NoticeDecided(_)
                | Content::Waiting { .. }
        );
        if is_told {
            continue;
        }
        let letter = post(None).write(&cover(None), &content, now()).unwrap();
        let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
        for name in [
            "List-Id",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "Precedence",
            "Feedback-ID",
        ] {
            assert!(header(&parsed, name).is_empty(), "{name}");
        }
        assert_eq!(one(&parsed, "Auto-Submitted"), "auto-generated");
    }
}

#[test]
fn without_an_address_for_returns_the_subject_says_whose_it_was() {
    let letter = post(None)
        .write(&cover(Some("https://c.example/u")), &news(), now())
        .unwrap();
    assert_eq!(letter.from.to_string(), "comments@example.org");
    let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
    let leaving = one(&parsed, "List-Unsubscribe");
    assert!(
        leaving.contains("<mailto:comments@example.org?subject=unsubscribe%20u"),
        "{leaving}"
    );
}

#[test]
fn what_readers_wrote_is_text_wherever_it_stands() {
    let evil = "<script>alert(1)</script>\r\nBcc: victim@example.com\r\n\r\n<img src=x> {{ site }}";
    let mut content = news();
    if let Content::News(news) = &mut content {
        news.page = evil.into();
        news.comments[0].author = Some(evil.into());
        news.comments[0].lines = vec![evil.into()];
    }
    let cover = Cover {
        site: evil.into(),
        ..cover(Some("https://c.example/u"))
    };
    let letter = post(None).write(&cover, &content, now()).unwrap();
    let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
    assert!(header(&parsed, "Bcc").is_empty());
    assert_eq!(one(&parsed, "To"), "ann@example.net");
    let html = parsed.body_html(0).unwrap();
    assert!(
        html.contains("&lt;script&gt;") && html.contains("{{ site }}"),
        "{html}"
    );
    assert!(
        !html.contains("<script") && !html.contains("<img"),
        "{html}"
    );
}

#[test]
fn the_confirmation_holds_nothing_from_whoever_asked() {
    let Content::Confirm { .. } = samples()[0] else {
        panic!()
    };
    let filled = Templates::embedded()
        .unwrap()
        .fill("en", "The Blog", &samples()[0])
        .unwrap();
    assert!(
        filled
            .text
            .contains("https://comments.example.org/s/confirm/x"),
        "{}",
        filled.text
    );
    assert_eq!(filled.html.matches("href=").count(), 1, "{}", filled.html);
}

#[test]
fn a_folder_overrides_what_is_whole_and_names_what_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put(
        "confirm.txt",
        "Hello from {{ site }}\n\n{{ confirm_url }}\n",
    );
    put("confirm.html", "<p>{{ nobody_knows }}</p>");
    put("reply.txt", "{% if %}");
    put("digest.html", "{{ say('no.such.phrase') }}");
    put("newsletter.html", "<p>");
    // Below a wildcard there is no link to write.
    put("sign_in.txt", "Hello\n\n{{ sign_in_url }}\n");
    put(".hidden", "x");
    let (templates, complaints) = Templates::with_folder(folder.path()).unwrap();
    let named: Vec<&str> = complaints
        .iter()
        .filter_map(|text| text.split(':').next())
        .collect();
    assert_eq!(
        named,
        [
            "confirm.html",
            "digest.html",
            "newsletter.html",
            "reply.txt",
            "sign_in.txt"
        ],
        "{complaints:?}"
    );
    let filled = templates.fill("de", "Site", &samples()[0]).unwrap();
    assert_eq!(filled.subject, "Hello from Site");
    assert!(filled.html.contains("Bitte bestätigen"), "{}", filled.html);
    for content in samples() {
        templates.fill("ar", "Site", &content).unwrap();
    }
    assert!(Templates::with_folder(&folder.path().join("nowhere")).is_err());
}

#[test]
fn a_key_signs_what_matters() {
    use rsa::pkcs8::EncodePrivateKey;
    let key = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 1024).unwrap();
    let pem = key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
    let signer = crate::mail::Signer::new(&pem, "s1", "example.org").unwrap();
    let (name, record) = signer.record();
    assert_eq!(name, "s1._domainkey.example.org");
    assert!(record.starts_with("v=DKIM1; k=rsa; p=MI"), "{record}");
    let mut post = post(Some("bounces@example.org"));
    post.signer = Some(signer);
    let letter = post
        .write(&cover(Some("https://c.example/u")), &news(), now())
        .unwrap();
    let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
    let signature = one(&parsed, "DKIM-Signature").to_lowercase();
    for signed in [
        "from",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "subject",
    ] {
        let list = signature.split_once("h=").unwrap().1;
        let list = list.split(';').next().unwrap().replace(' ', "");
        assert!(
            list.split(':').any(|name| name == signed),
            "{signed} in {list}"
        );
    }
    for wrong in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        assert!(crate::mail::Signer::new(wrong, "s1", "example.org").is_err());
    }
}
