//! Mail that comes back: delivery reports (RFC 3464), complaints (ARF, RFC 5965) and requests to unsubscribe by mail
//! (RFC 2369 §3.2). Whatever it is counts only with a [`Mark`] of ours in the address it came to, which none but whoever
//! received our letter can know; everything else is left alone, and nothing is ever answered.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

use crate::domain::bounce::Refusal;
use crate::domain::mark::{Mark, Purpose};
use crate::domain::token::Keys;

/// Most bytes that are read of a message; a report's own parts come before the letter that it returns.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Most recipients of one report that are looked at.
const RECIPIENTS: usize = 100;

/// What a message calls for.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    /// A server reports on the letter that the mark names.
    Report(Mark, Vec<Recipient>),
    /// Its reader called the letter spam.
    Complaint(Mark),
    /// Its reader wants no more of the kind.
    Unsubscribe(Mark),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// What a report says of one address (RFC 3464 §2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipient {
    finally: String,
    originally: String,
    action: String,
    status: String,
    diagnosis: String,
}

impl Recipient {
    /// Whether it says that this address takes no mail, ever.
    pub fn is_gone(&self, address: &str) -> bool {
        let names = |named: &str| named.eq_ignore_ascii_case(address);
        (names(&self.finally) || names(&self.originally))
            && self.action.eq_ignore_ascii_case("failed")
            && Refusal {
                status: &self.status,
                text: &self.diagnosis,
                at_recipient: false,
            }
            .is_final()
    }

    fn name(&mut self, field: &str, value: String) {
        let named = if field == "final-recipient" {
            &mut self.finally
        } else {
            &mut self.originally
        };
        *named = typed(value);
    }

    /// What the server said, for the operator; it may hold addresses.
    pub fn words(&self) -> String {
        format!("{} {}", self.status, self.diagnosis)
            .trim()
            .to_owned()
    }
}

/// Reads a message. `recipient` is the address it was delivered to, where the mail server told.
pub fn read(raw: &[u8], recipient: Option<&str>, keys: &Keys) -> Notice {
    let raw = &raw[..raw.len().min(MAX_BYTES)];
    let Some(message) = MessageParser::default().parse(raw) else {
        return Notice::Nothing("this is no message");
    };
    let to: Vec<Mark> = recipient
        .into_iter()
        .map(str::to_owned)
        .chain(addressed(&message))
        .flat_map(|text| marks(&text, keys))
        .collect();
    let marked = |purpose| to.iter().copied().find(|mark| mark.purpose == purpose);
    if let Some(kind) = part(&message, "feedback-report") {
        return complaint(&message, &text(kind), to.first().copied(), keys);
    }
    if let Some(report) =
        part(&message, "delivery-status").or(part(&message, "global-delivery-status"))
    {
        return match marked(Purpose::Return) {
            Some(mark) => Notice::Report(mark, recipients(&text(report))),
            None => Notice::Nothing("a report, but not to a return address of ours"),
        };
    }
    if is(&message, "multipart", "report") {
        return Notice::Nothing("a report without a part for programs");
    }
    let subject = message.subject().unwrap_or_default();
    let asks = subject
        .trim_start()
        .get(..11)
        .is_some_and(|word| word.eq_ignore_ascii_case("unsubscribe"));
    let named = if asks {
        marks(subject, keys)
    } else {
        Vec::new()
    };
    let named = named
        .into_iter()
        .find(|mark| mark.purpose == Purpose::Unsubscribe);
    match marked(Purpose::Unsubscribe).or(named) {
        Some(mark) => Notice::Unsubscribe(mark),
        None => {
            Notice::Nothing("no report, no complaint, and not to an unsubscribe address of ours")
        }
    }
}

/// A complaint is sent to whoever is responsible for a network, so the mark is found in the letter that it returns.
fn complaint(message: &Message, report: &str, to: Option<Mark>, keys: &Keys) -> Notice {
    let kind = fields(report)
        .find(|(name, _)| name.eq_ignore_ascii_case("feedback-type"))
        .map(|(_, value)| value.to_ascii_lowercase())
        .unwrap_or_default();
    if !matches!(
        kind.as_str(),
        "abuse" | "fraud" | "virus" | "opt-out" | "opt-out-list"
    ) {
        return Notice::Nothing("feedback that is no complaint");
    }
    // The signature says that it is ours, wherever in the returned letter it stands.
    let within = marks(&String::from_utf8_lossy(message.raw_message()), keys);
    match to.or(within.first().copied()) {
        Some(mark) => Notice::Complaint(mark),
        None => Notice::Nothing("a complaint about no letter of ours"),
    }
}

fn is<'m>(part: &impl MimeHeaders<'m>, kind: &str, subkind: &str) -> bool {
    part.content_type().is_some_and(|found| {
        found.ctype().eq_ignore_ascii_case(kind)
            && found
                .subtype()
                .is_some_and(|sub| sub.eq_ignore_ascii_case(subkind))
    })
}

/// The first part of type `message/SUBKIND`; not within the letter that is returned.
fn part<'a, 'm>(message: &'a Message<'m>, subkind: &str) -> Option<&'a MessagePart<'m>> {
    message
        .parts
        .iter()
        .find(|part| is(*part, "message", subkind))
}

fn text(part: &MessagePart) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

/// The headers that say where a message went.
fn addressed(message: &Message) -> Vec<String> {
    const WHERE: [&str; 6] = [
        "To",
        "Cc",
        "Delivered-To",
        "X-Original-To",
        "Envelope-To",
        "Original-Recipient",
    ];
    message
        .headers_raw()
        .filter(|(name, _)| WHERE.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value.to_owned())
        .collect()
}

/// The marks of ours that a text holds.
fn marks(text: &str, keys: &Keys) -> Vec<Mark> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter_map(|word| Mark::read(word, keys))
        .collect()
}

/// The groups of fields that each speak of one recipient. Some servers leave out the empty line between two groups.
fn recipients(report: &str) -> Vec<Recipient> {
    let mut groups: Vec<Recipient> = Vec::new();
    let mut group = Recipient::default();
    let mut close = |group: &mut Recipient| {
        let done = std::mem::take(group);
        if !done.finally.is_empty() && groups.len() < RECIPIENTS {
            groups.push(done);
        }
    };
    for (name, value) in fields(report) {
        let field = name.to_ascii_lowercase();
        match field.as_str() {
            "" => close(&mut group),
            "final-recipient" | "original-recipient" if !group.action.is_empty() => {
                close(&mut group);
                group.name(&field, value);
            }
            "final-recipient" | "original-recipient" => group.name(&field, value),
            "action" => {
                group.action = value
                    .split([' ', '('])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            }
            "status" => group.status = value.to_owned(),
            "diagnostic-code" => group.diagnosis = typed(value),
            _ => {}
        }
    }
    close(&mut group);
    groups
}

/// `rfc822; a@example.org` and `smtp; 550 …` without the type before the semicolon.
fn typed(value: String) -> String {
    let (_, rest) = value.split_once(';').unwrap_or(("", &value));
    rest.trim().trim_matches(['<', '>']).to_owned()
}

/// The fields of a block, unfolded; an empty line is a field without a name.
fn fields(block: &str) -> impl Iterator<Item = (String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        let folded = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match (folded, fields.last_mut()) {
            (true, Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or(("", ""));
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
    fields.into_iter()
}

#[cfg(test)]
mod tests;
