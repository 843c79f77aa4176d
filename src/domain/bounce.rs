//! Whether a mail server's word means that a mailbox takes no mail, ever (RFC 5321 §4.2, RFC 3463). When in doubt it does
//! not: a reader who is wrongly written off never learns why no mail comes, and a dead mailbox only costs a few tries.

/// The server's own word for who is not there, as many of them put it.
const NOBODY: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no mailbox here",
    "mailbox not found",
    "user not found",
    "recipient not found",
    "does not exist",
    "doesn't exist",
    "not our user",
    "invalid recipient",
    "account is disabled",
    "mailbox unavailable",
];

/// Words of a refusal that is about who sends, or what, and not about the mailbox.
const ABOUT_US: &[&str] = &[
    "relay",
    "authenti",
    "block",
    "spam",
    "policy",
    "blacklist",
    "reputation",
    "spf",
    "dkim",
    "dmarc",
    "reverse dns",
    "rate",
    "quota",
    "full",
    "storage",
    "sender",
];

/// Those of them that are said of who sends, whatever else is said.
const ABOUT_SENDERS: &[&str] = &["sender", "spf", "dkim", "dmarc", "reverse dns"];

/// A server's refusal.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The status that a report states apart from the text (`5.1.1`).
    pub status: &'a str,
    /// What the server said: `550 5.1.1 <…>: user unknown`.
    pub text: &'a str,
    /// Whether it said so when it was told for whom the mail is, so that the mailbox is the likely cause.
    pub at_recipient: bool,
}

impl Refusal<'_> {
    /// Whether the mailbox is gone.
    pub fn is_final(&self) -> bool {
        let said = enhanced(self.text);
        let status = enhanced(self.status);
        // A report's own status is often the vague 5.0.0 beside a text that says it exactly.
        let (class, subject, detail) = match (said, status) {
            (Some(said), Some((5, _, detail))) if detail != 0 && said.2 == 0 => (5, said.1, detail),
            (Some(said), _) => said,
            (None, Some(status)) => status,
            (None, None) => (5, 0, 0),
        };
        // A report that calls its failure a passing one is taken at its word, and so is a server.
        if class != 5 || matches!(status, Some((class, ..)) if class != 5) {
            return false;
        }
        let code = self.code();
        match (subject, detail) {
            (1, 1 | 2 | 3 | 6 | 10) | (2, 1) => true,
            (0..=2, 0) => self.is_vaguely_final(code),
            _ => false,
        }
    }

    /// No exact code: then by words.
    fn is_vaguely_final(&self, code: Option<u16>) -> bool {
        let text = self.text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match code {
            // `Sender address rejected: domain does not exist` is said of our own address.
            Some(550 | 551 | 553) if has(NOBODY) && !has(ABOUT_SENDERS) => true,
            Some(550 | 551 | 553 | 554) => self.at_recipient && !has(ABOUT_US),
            _ => false,
        }
    }

    /// The three digits that the text begins with.
    fn code(&self) -> Option<u16> {
        let digits = self.text.trim_start().get(..3)?;
        let is_code = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| digits.parse().ok()).flatten()
    }
}

/// The first `5.1.1` of a text, whichever its class.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .find_map(|word| {
            let mut parts = word.split('.').map(str::parse::<u16>);
            let code = (
                parts.next()?.ok()?,
                parts.next()?.ok()?,
                parts.next()?.ok()?,
            );
            let is_status = matches!(code.0, 2 | 4 | 5) && code.1 <= 7 && code.2 <= 99;
            (is_status && parts.next().is_none()).then_some(code)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_recipient(text: &str) -> bool {
        Refusal {
            status: "",
            text,
            at_recipient: true,
        }
        .is_final()
    }

    fn reported(status: &str, text: &str) -> bool {
        Refusal {
            status,
            text,
            at_recipient: false,
        }
        .is_final()
    }

    #[test]
    fn a_server_that_refuses_the_recipient_is_believed() {
        for text in [
            "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown",
            "550 no such user here",
            "553 sorry",
            "554 5.2.1 disabled",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        ] {
            assert!(at_recipient(text), "{text}");
        }
    }

    #[test]
    fn a_server_that_refuses_us_or_for_now_writes_nobody_off() {
        for text in [
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked",
            "550 relay not permitted",
            "550 Authentication required",
            "550 5.2.2 mailbox full",
            "552 over quota",
            "450 4.2.0 greylisted",
            "503 5.5.1 bad sequence",
            "550 5.1.8 bad sender",
            "550 Your mail was rejected as spam from 192.0.2.1",
            "550 Sender address rejected: domain does not exist",
            "550 Requested action not taken: mailbox unavailable, SPF check failed",
        ] {
            assert!(!at_recipient(text), "{text}");
        }
    }

    #[test]
    fn a_report_is_read_for_its_most_exact_word() {
        assert!(reported("5.1.1", "X-Postfix; unknown user: \"a\""));
        assert!(reported("5.0.0", "550 <a@example.org>: User unknown"));
        assert!(reported("5.2.0", "550 : User unknown"));
        assert!(reported("5.2.1", "550-5.2.1 The account is inactive"));
        assert!(reported("5.1.6", "551 not our user"));
        assert!(!reported(
            "5.0.0",
            "550 5.7.1 Fix reverse DNS for 203.0.113.2"
        ));
        assert!(!reported("5.0.0", "550 rejected"));
        assert!(!reported("5.0.0", ""));
        assert!(!reported("4.4.7", "550 5.1.1 User unknown"));
        assert!(!reported(
            "4.0.0",
            "DNS lookup of example.org: no such domain"
        ));
        assert!(!reported("5.2.2", "550 5.2.2 Mailbox full"));
        assert!(!reported("", "nonsense"));
    }
}
