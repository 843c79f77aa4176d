//! Messages of our own making, in the dialects that matter; and, where they are at hand, real ones.

use super::*;
use crate::domain::id::MailboxId;

const ADDRESS: &str = "ann@example.net";

fn keys() -> Keys {
    Keys::parse("a secret of thirty-two bytes or more").unwrap()
}

fn mark(purpose: Purpose) -> Mark {
    Mark {
        purpose,
        mailbox: MailboxId::from_uuid(uuid::Uuid::from_u128(7)),
        letter: [1, 2, 3, 4],
    }
}

fn address(purpose: Purpose) -> String {
    format!("bounces+{}@example.org", mark(purpose).write(&keys()))
}

fn report(to: &str, fields: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.net\r\nTo: {to}\r\nSubject: Undelivered\r\n\
         MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n{fields}\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    )
}

const GONE: &str = "Original-Recipient: rfc822;ann@example.net\r\nFinal-Recipient: rfc822; Ann@example.net\r\n\
                    Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User\r\n unknown\r\n";

fn is_gone(message: &str, recipient: Option<&str>) -> bool {
    match read(message.as_bytes(), recipient, &keys()) {
        Notice::Report(found, recipients) => {
            assert_eq!(found, mark(Purpose::Return));
            recipients.iter().any(|one| one.is_gone(ADDRESS))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_to_our_return_address_tells_of_a_mailbox_that_is_gone() {
    let to = address(Purpose::Return);
    assert!(is_gone(&report(&to, GONE), None));
    assert!(is_gone(&report(&to.to_uppercase(), GONE), None));
    // As the mail server tells it, where the header does not.
    assert!(is_gone(
        &report("undisclosed-recipients:;", GONE),
        Some(&to)
    ));
    let Notice::Report(_, recipients) = read(report(&to, GONE).as_bytes(), None, &keys()) else {
        panic!()
    };
    assert_eq!(recipients[0].words(), "5.1.1 550 5.1.1 User unknown");
}

#[test]
fn a_report_that_is_not_final_or_about_another_is_not() {
    let to = address(Purpose::Return);
    for fields in [
        GONE.replace("Action: failed", "Action: delayed"),
        GONE.replace("Action: failed", "Action: delivered"),
        GONE.replace("5.1.1", "4.1.1"),
        GONE.replace("5.1.1", "5.7.1"),
        GONE.replace("nn@example.net", "nton@example.net"),
        GONE.replace("Action: failed", ""),
        String::new(),
    ] {
        assert!(!is_gone(&report(&to, &fields), None), "{fields}");
    }
}

#[test]
fn each_recipient_is_told_apart_even_without_an_empty_line() {
    let to = address(Purpose::Return);
    let full = "Final-Recipient: rfc822; ann@example.net\r\nAction: failed\r\nStatus: 5.2.2\r\n";
    let other = "Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n";
    assert!(!is_gone(&report(&to, &format!("{full}{other}")), None));
    assert!(is_gone(&report(&to, &format!("{other}{GONE}")), None));
}

#[test]
fn without_our_signature_nothing_counts() {
    let forged = format!("bounces+b{}@example.org", "a".repeat(45));
    for message in [
        report("bounces@example.org", GONE),
        report(&forged, GONE),
        report(&address(Purpose::Unsubscribe), GONE),
        complaint_about("<bounces@example.org>", "abuse"),
        unsubscribe("bounces@example.org", "unsubscribe", ""),
        unsubscribe(&forged.replace("+b", "+u"), "unsubscribe", ""),
        unsubscribe(
            "a@example.org",
            &format!("unsubscribe u{}", "a".repeat(45)),
            "",
        ),
    ] {
        let notice = read(message.as_bytes(), None, &keys());
        assert!(
            matches!(notice, Notice::Nothing(_)),
            "{message}\n{notice:?}"
        );
    }
}

fn complaint_about(return_path: &str, kind: &str) -> String {
    format!(
        "From: feedback@isp.example\r\nTo: abuse@example.org\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: Isp/1\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: {return_path}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    )
}

#[test]
fn a_complaint_is_known_by_the_letter_it_returns() {
    let of_ours = format!("<{}>", address(Purpose::Return));
    let read = |kind| read(complaint_about(&of_ours, kind).as_bytes(), None, &keys());
    assert_eq!(read("abuse"), Notice::Complaint(mark(Purpose::Return)));
    assert!(matches!(read("not-spam"), Notice::Nothing(_)));
    assert!(matches!(read("auth-failure"), Notice::Nothing(_)));
}

fn unsubscribe(to: &str, subject: &str, more: &str) -> String {
    format!(
        "From: Ann <ann@example.net>\r\nTo: {to}\r\nSubject: {subject}\r\n{more}\r\nPlease.\r\n"
    )
}

#[test]
fn writing_to_the_unsubscribe_address_is_enough() {
    let mark = mark(Purpose::Unsubscribe);
    let to = address(Purpose::Unsubscribe);
    // Apple's mail program sends these as if they were automatic replies.
    for more in ["", "Auto-Submitted: auto-replied\r\n"] {
        for subject in ["unsubscribe", "", "Re: hello"] {
            let message = unsubscribe(&to, subject, more);
            assert_eq!(
                read(message.as_bytes(), None, &keys()),
                Notice::Unsubscribe(mark)
            );
        }
    }
    // Where the mailbox knows no `+`, the subject says it.
    let message = unsubscribe(
        "comments@example.org",
        &format!("Unsubscribe {}", mark.write(&keys())),
        "",
    );
    assert_eq!(
        read(message.as_bytes(), None, &keys()),
        Notice::Unsubscribe(mark)
    );
    let message = unsubscribe(
        "comments@example.org",
        &format!("Out of office: {}", mark.write(&keys())),
        "",
    );
    assert!(matches!(
        read(message.as_bytes(), None, &keys()),
        Notice::Nothing(_)
    ));
}

#[test]
fn automatic_replies_and_letters_to_the_return_address_are_left_alone() {
    let to = address(Purpose::Return);
    for (subject, more) in [
        (
            "Out of office",
            "Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\n",
        ),
        (
            "Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied\r\n",
        ),
        ("unsubscribe", ""),
        ("Hello", ""),
    ] {
        let message = unsubscribe(&to, subject, more);
        let notice = read(message.as_bytes(), None, &keys());
        assert!(
            matches!(notice, Notice::Nothing(_)),
            "{subject}: {notice:?}"
        );
    }
}

#[test]
fn any_bytes_are_survived() {
    let whole = report(&address(Purpose::Return), GONE);
    for end in 0..whole.len() {
        let _ = read(&whole.as_bytes()[..end], None, &keys());
    }
    for odd in [
        &b""[..],
        b"\0\xff\xfe",
        b"Subject: \xff\r\n\r\n\xff",
        b":\n:\n\n--\n",
    ] {
        let _ = read(odd, Some("\u{fffd}"), &keys());
    }
}

/// Real messages with a hand's verdict on each: POSTIL_BOUNCES names the folder, POSTIL_BOUNCES_JUDGED a table of file, verdict,
/// what is to be done (bounce, complaint, unsubscribe, leave) and address, with tabs between. Each is read as if it had
/// come to the return address of a letter to that address.
#[test]
#[ignore = "the messages are not ours to keep here"]
fn real_messages_are_judged_as_by_hand() {
    let folder = std::env::var("POSTIL_BOUNCES").unwrap();
    let table = std::fs::read_to_string(std::env::var("POSTIL_BOUNCES_JUDGED").unwrap()).unwrap();
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [file, _, expected, whose, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let raw = std::fs::read(format!("{folder}/{file}")).unwrap();
        let purpose = if expected == "unsubscribe" {
            Purpose::Unsubscribe
        } else {
            Purpose::Return
        };
        let done = match read(&raw, Some(&address(purpose)), &keys()) {
            Notice::Report(_, recipients) if recipients.iter().any(|one| one.is_gone(whose)) => {
                "bounce"
            }
            Notice::Report(..) | Notice::Nothing(_) => "leave",
            Notice::Complaint(_) => "complaint",
            Notice::Unsubscribe(_) => "unsubscribe",
        };
        if done != expected {
            wrong.push(format!("{file}: {done} instead of {expected}"));
        }
        // And as it is, without our address, it counts for nothing.
        assert!(
            matches!(read(&raw, None, &keys()), Notice::Nothing(_)),
            "{file}"
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
