//! What a site decides for its pages: who may write, how deep, how long, with which reactions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::invalid::Invalid;
use super::markdown::LineBreaks;
use super::page::{PageAddresses, TrailingSlash};
use super::text::{Length, Name};
use super::time::Time;
use super::word::{Moderation, ProofOfWork, Quotations, Selecting, Sort, ThreadState};

/// Whether a field of the comment form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// No comment without it.
    Required,
    /// Asked for, may stay empty.
    Optional,
    /// Not asked for; what is sent all the same is ignored.
    Hidden,
}

/// The fields that say who a guest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// The name that a comment is signed with.
    pub name: Field,
    /// The address, never shown.
    pub email: Field,
    /// The writer's own page.
    pub website: Field,
}

/// The rules of a site. Stored as JSON; what a stored policy does not name has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whether people may write whom nobody vouches for.
    pub guests: bool,
    /// What a guest is asked for.
    pub fields: Fields,
    /// The greatest `depth` of a comment, 1 to 20 (a root has 0). A deeper answer attaches to the
    /// deepest allowed level and says whom it answers.
    pub depth: i32,
    /// How long a comment may be edited by its author, in seconds; 0 to 30 days.
    pub edit_window: u32,
    /// Days after which a thread takes no more comments, 1 to 3650.
    pub close_after_days: Option<u32>,
    /// How long a comment may be, in characters.
    pub length: Length,
    /// The emoji that one may react with, at most 12.
    pub reactions: Vec<String>,
    /// The order a thread opens in.
    pub sort: Sort,
    /// Whether comments wait for a moderator.
    pub moderation: Moderation,
    /// Whether `/a/` and `/a` are one page.
    pub trailing_slash: TrailingSlash,
    /// Whether spellings that lead to one page nearly everywhere are one page. New sites have `folded`.
    pub page_addresses: PageAddresses,
    /// Whether a line break that is typed within a paragraph is shown. Changing it begins a job that makes stored comments anew.
    pub line_breaks: LineBreaks,
    /// Names that no guest may sign with, besides those of the site's own people; at most 100.
    pub reserved_names: Vec<String>,
    /// Whether people may sign in by mail; as `guests` where nothing is said, since anybody has an address.
    pub email_sign_in: Option<bool>,
    /// Whether everybody may read a comment's earlier texts.
    pub public_history: bool,
    /// How many links a comment may have before a moderator looks at it, 0 to 100; null: any number.
    pub max_links: Option<u32>,
    /// Whether people wait for a moderator until something of theirs was approved.
    pub hold_first: bool,
    /// How many approved comments make a person trusted, 1 to 1000, unless one was turned down in the last 90 days:
    /// what only looks suspicious is then let pass. Null: nobody is.
    pub trust_after: Option<u32>,
    /// The share of genuine comments, in per cent, 1 to 20, that the site's spam model may hold: the lower, the surer it has to be.
    /// Null: it holds none.
    pub spam_hold: Option<u32>,
    /// Whether what was posted here lately waits for a moderator when it is posted again.
    pub hold_repeats: bool,
    /// Whose comments must come with proof of work.
    pub proof_of_work: ProofOfWork,
    /// Who may select passages of a text to remark on.
    pub passages: Selecting,
    /// Whether a page is asked for its title, its address and its text once something is written on it.
    pub fetch_pages: bool,
    /// Whose word counts for what the pages say, when readers quote from them.
    pub quotations: Quotations,
    /// What moderators may give as the reason of a decision, at most 30.
    pub decision_reasons: Vec<DecisionReason>,
    /// Reports by how many verified people hold a comment until it is seen, 1 to 100; null: never.
    pub report_threshold: Option<u32>,
    /// The site's clock, for digests: a name of the IANA time zone database.
    pub time_zone: String,
    /// The hour of the day at which daily digests are sent, 0 to 23.
    pub digest_hour: u8,
}

/// Something that a moderator may give as the reason of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionReason {
    /// Stable, for programs: a-z, 0-9 and `_`, at most 40.
    pub code: String,
    /// What the author is told: one line, at most 200 characters.
    pub text: String,
}

/// Whether this can be the code of a reason: 1 to 40 of a-z, 0-9 and `_`, a letter first.
pub fn is_reason_code(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            guests: true,
            fields: Fields {
                name: Field::Optional,
                email: Field::Optional,
                website: Field::Optional,
            },
            depth: 6,
            edit_window: 15 * 60,
            close_after_days: None,
            length: Length {
                min: 1,
                max: 10_000,
            },
            reactions: ["👍", "❤️", "😂", "🎉", "🤔", "😢"]
                .map(String::from)
                .into(),
            sort: Sort::Newest,
            moderation: Moderation::Post,
            trailing_slash: TrailingSlash::Keep,
            // What a site that was added before there was this rule goes on with.
            page_addresses: PageAddresses::Exact,
            line_breaks: LineBreaks::Keep,
            reserved_names: Vec::new(),
            email_sign_in: None,
            public_history: false,
            max_links: None,
            hold_first: false,
            trust_after: Some(5),
            spam_hold: Some(2),
            hold_repeats: true,
            proof_of_work: ProofOfWork::Off,
            passages: Selecting::Everybody,
            fetch_pages: true,
            quotations: Quotations::Found,
            decision_reasons: [
                ("spam", "It advertises, or was sent to many places."),
                ("abuse", "It attacks or insults people."),
                ("off_topic", "It is not about the page."),
                ("illegal", "The law forbids it."),
                ("duplicate", "It was said already."),
                ("rules", "It breaks the rules of this site."),
            ]
            .map(|(code, text)| DecisionReason {
                code: code.into(),
                text: text.into(),
            })
            .into(),
            report_threshold: Some(3),
            time_zone: "UTC".into(),
            digest_hour: 8,
        }
    }
}

impl Policy {
    /// The rules that a site begins with.
    pub fn of_new_site() -> Self {
        Self {
            page_addresses: PageAddresses::Folded,
            ..Self::default()
        }
    }

    /// This policy with the members of `patch` put in the place of its own (RFC 7396, one level
    /// into `fields` and `length`).
    ///
    /// # Errors
    /// `policy_invalid`, naming the member and what it accepts.
    pub fn patched(&self, patch: &Value) -> Result<Self, Invalid> {
        let refuse = |detail: String| Invalid::new("policy_invalid", detail);
        let mut merged = serde_json::to_value(self).map_err(|error| refuse(error.to_string()))?;
        merge(&mut merged, patch);
        let policy: Self =
            serde_json::from_value(merged).map_err(|error| refuse(error.to_string()))?;
        policy.check().map_err(refuse)?;
        Ok(policy)
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=20).contains(&self.depth) {
            return Err("`depth` takes a whole number from 1 to 20.".into());
        }
        if self.max_links.is_some_and(|links| links > 100) {
            return Err("`max_links` takes a whole number from 0 to 100, or null.".into());
        }
        if self
            .trust_after
            .is_some_and(|count| !(1..=1000).contains(&count))
        {
            return Err("`trust_after` takes a whole number from 1 to 1000, or null.".into());
        }
        if self
            .spam_hold
            .is_some_and(|percent| !(1..=20).contains(&percent))
        {
            return Err("`spam_hold` takes per cent, a whole number from 1 to 20, or null.".into());
        }
        if self.edit_window > 30 * 24 * 3600 {
            return Err("`edit_window` takes seconds, at most 2592000 (30 days).".into());
        }
        if self
            .close_after_days
            .is_some_and(|days| !(1..=3650).contains(&days))
        {
            return Err("`close_after_days` takes null or a whole number from 1 to 3650.".into());
        }
        if self.length.min < 1 || self.length.max < self.length.min || self.length.max > 15_000 {
            return Err("`length` takes 1 ≤ min ≤ max ≤ 15000 characters.".into());
        }
        if self.reactions.len() > 12 {
            return Err("`reactions` takes at most 12 emoji.".into());
        }
        for (index, emoji) in self.reactions.iter().enumerate() {
            if !is_reaction(emoji) {
                return Err(format!(
                    "`reactions/{index}` is not one emoji or short word."
                ));
            }
            if self.reactions[..index].contains(emoji) {
                return Err(format!("`reactions/{index}` is there twice."));
            }
        }
        if self.decision_reasons.len() > 30 {
            return Err("`decision_reasons` takes at most 30 reasons.".into());
        }
        for (index, reason) in self.decision_reasons.iter().enumerate() {
            let length = reason.text.chars().count();
            if !is_reason_code(&reason.code)
                || !(1..=200).contains(&length)
                || reason.text.chars().any(char::is_control)
            {
                return Err(format!(
                    "`decision_reasons/{index}` takes a `code` of a-z, 0-9 and `_` (at most 40, a letter \
                     first) and a `text` of 1 to 200 characters in one line."
                ));
            }
            let before = &self.decision_reasons[..index];
            if before.iter().any(|other| other.code == reason.code) {
                return Err(format!("`decision_reasons/{index}` is there twice."));
            }
        }
        if self
            .report_threshold
            .is_some_and(|count| !(1..=100).contains(&count))
        {
            return Err("`report_threshold` takes null or a whole number from 1 to 100.".into());
        }
        if self.digest_hour > 23 {
            return Err("`digest_hour` takes a whole number from 0 to 23.".into());
        }
        if self.time_zone.len() > 64 || jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return Err("`time_zone` takes a name such as UTC or Europe/Berlin.".into());
        }
        if self.reserved_names.len() > 100 {
            return Err("`reserved_names` takes at most 100 names.".into());
        }
        for (index, name) in self.reserved_names.iter().enumerate() {
            if self.reserved_names[..index].contains(name) {
                return Err(format!("`reserved_names/{index}` is there twice."));
            }
            Name::parse(name)
                .map_err(|invalid| format!("`reserved_names/{index}`: {}", invalid.detail))?;
        }
        Ok(())
    }

    /// The reason of that code on the site's list.
    pub fn decision_reason(&self, code: &str) -> Option<&DecisionReason> {
        self.decision_reasons
            .iter()
            .find(|reason| reason.code == code)
    }

    /// Whether people may sign in by mail.
    pub fn signs_in_by_email(&self) -> bool {
        self.email_sign_in.unwrap_or(self.guests)
    }

    /// When a thread made at `created` stops taking comments by itself.
    pub fn closes_at(&self, created: Time) -> Option<Time> {
        let days = u64::from(self.close_after_days?);
        Some(created.plus(Duration::from_secs(days * 24 * 3600)))
    }

    /// How long an author may change a comment.
    pub fn edit_span(&self) -> Duration {
        Duration::from_secs(self.edit_window.into())
    }
}

/// One emoji as people see it: short, and with nothing in it that could be mark-up or break a path.
pub fn is_reaction(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 10
        && text.chars().all(|c| {
            c.is_alphanumeric() || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
        })
}

fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        *target = patch.clone();
        return;
    };
    for (name, value) in patch {
        match target.get_mut(name) {
            Some(inner) if inner.is_object() && value.is_object() => merge(inner, value),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A thread's state at a moment: closed by hand, or by its age.
pub fn state_at(set: ThreadState, closes_at: Option<Time>, now: Time) -> ThreadState {
    match closes_at {
        Some(end) if end <= now => ThreadState::Closed,
        _ => set,
    }
}

/// The site's own words for the widget's phrases: at most 200 of at most 300 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phrases(BTreeMap<String, String>);

impl Phrases {
    /// Checks the numbers and lengths.
    ///
    /// # Errors
    /// `phrases_invalid`, naming the phrase.
    pub fn parse(phrases: BTreeMap<String, String>) -> Result<Self, Invalid> {
        let refuse = |detail: String| Err(Invalid::new("phrases_invalid", detail));
        if phrases.len() > 200 {
            return refuse("A site may replace at most 200 phrases.".into());
        }
        for (key, text) in &phrases {
            let plain_key = key.len() <= 60
                && !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            if !plain_key {
                return refuse(format!(
                    "`{}` is not the name of a phrase.",
                    key.escape_debug()
                ));
            }
            if text.chars().count() > 300 || text.chars().any(char::is_control) {
                return refuse(format!(
                    "The phrase `{key}` must be one line of at most 300 characters."
                ));
            }
        }
        Ok(Self(phrases))
    }

    /// One phrase without plural forms.
    pub fn text(&self, phrase: &str) -> Option<&str> {
        self.0.get(phrase).map(String::as_str)
    }

    /// One phrase, in all of its plural forms (`count`, `count.one`, …).
    pub fn of(&self, phrase: &str) -> Self {
        let form_of = |key: &str| {
            key.strip_prefix(phrase)
                .is_some_and(|form| form.is_empty() || form.starts_with('.'))
        };
        let forms = self.0.iter().filter(|(key, _)| form_of(key));
        Self(
            forms
                .map(|(key, text)| (key.clone(), text.clone()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let policy = Policy::default()
            .patched(&json!({"depth": 3, "fields": {"name": "required"}}))
            .unwrap();
        assert_eq!(policy.depth, 3);
        assert_eq!(policy.fields.name, Field::Required);
        assert_eq!(policy.fields.email, Field::Optional);
        assert_eq!(policy.reactions, Policy::default().reactions);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (patch, named) in [
            (json!({"depth": 0}), "depth"),
            (json!({"depth": 21}), "depth"),
            (json!({"dept": 3}), "dept"),
            (json!({"edit_window": -1}), "-1"),
            (json!({"close_after_days": 0}), "close_after_days"),
            (json!({"max_links": 101}), "max_links"),
            (json!({"trust_after": 0}), "trust_after"),
            (json!({"spam_hold": 0}), "spam_hold"),
            (json!({"spam_hold": 2.5}), "2.5"),
            (json!({"length": {"min": 0}}), "length"),
            (json!({"length": {"max": 20_000}}), "length"),
            (json!({"reactions": ["a b"]}), "reactions/0"),
            (json!({"reactions": ["👍", "👍"]}), "reactions/1"),
            (json!({"reactions": ["/"]}), "reactions/0"),
            (json!({"sort": "best"}), "best"),
            (json!({"reserved_names": [""]}), "reserved_names/0"),
            (
                json!({"decision_reasons": [{"code": "A", "text": "x"}]}),
                "decision_reasons/0",
            ),
            (json!({"report_threshold": 0}), "report_threshold"),
            (json!(null), "null"),
        ] {
            let invalid = Policy::default().patched(&patch).unwrap_err();
            assert_eq!(invalid.code, "policy_invalid");
            assert!(
                invalid.detail.contains(named),
                "{patch}: {}",
                invalid.detail
            );
        }
    }

    #[test]
    fn an_old_thread_is_closed() {
        let policy = Policy {
            close_after_days: Some(1),
            ..Policy::default()
        };
        let made = Time::from_micros(0);
        let end = policy.closes_at(made);
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(state_at(ThreadState::Open, end, made), ThreadState::Open);
        assert_eq!(
            state_at(ThreadState::Open, end, made.plus(day)),
            ThreadState::Closed
        );
    }
}
