//! Why a comment is held, in words for programs and for people. Whatever judges comments adds
//! its own codes here; the rooms beneath find them.

pub mod folding;
pub mod haste;
pub mod likeness;
pub mod spam;
pub mod words;
pub mod writing;

use serde::{Deserialize, Serialize};

use likeness::Likeness;
use spam::{Ground, Score};

/// One reason for which a comment waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs.
    pub code: String,
    /// A plain sentence.
    pub detail: String,
    /// How suspicious it looks, 0 to 1000, to whatever can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u16>,
    /// What contributed most to the score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<Ground>,
}

impl Reason {
    /// A reason without a score.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
            score: None,
            grounds: Vec::new(),
        }
    }

    /// The reason as the comment's author is told it: not what would have to be changed to slip through.
    pub fn for_author(&self) -> Self {
        let detail = match self.code.as_str() {
            "word_blocked" => "It contains a word that this site does not take.",
            "word_suspect" => "It contains a word that a moderator looks at first.",
            _ => &self.detail,
        };
        Self::new(self.code.as_str(), detail)
    }

    /// Enough people whom somebody vouches for have reported it.
    pub fn reported() -> Self {
        Self::new("reported", "Readers have reported it.")
    }

    /// A moderator wants it decided again.
    pub fn restored() -> Self {
        Self::new("restored", "A moderator put it back into the queue.")
    }

    /// It has a word that the site does not take.
    pub fn blocked_word(entry: &str) -> Self {
        Self::new(
            "word_blocked",
            format!("It contains `{entry}`, which this site does not take."),
        )
    }

    /// It has a word that moderators want to look at.
    pub fn suspect_word(entry: &str) -> Self {
        Self::new(
            "word_suspect",
            format!("It contains `{entry}`, which a moderator looks at first."),
        )
    }

    /// Nothing of this person's has been approved yet.
    pub fn first_comment() -> Self {
        Self::new(
            "first_comment",
            "A moderator reads what somebody new writes.",
        )
    }

    /// It has more links than the site lets pass.
    pub fn many_links(links: u32) -> Self {
        Self::new("many_links", format!("It has {links} links."))
    }

    /// An edit by somebody new leads where the text before did not.
    pub fn late_links() -> Self {
        Self::new("late_links", "A link was added later, by somebody new.")
    }

    /// The site's spam model takes it for spam.
    pub fn spam(score: &Score) -> Self {
        Self::scored(score, "It looks like spam.")
    }

    /// What the site's spam model makes of a comment that it lets pass.
    pub fn no_spam(score: &Score) -> Self {
        Self::scored(score, "It looks genuine enough.")
    }

    fn scored(score: &Score, detail: &str) -> Self {
        Self {
            score: Some(score.permille()),
            grounds: score.grounds.clone(),
            ..Self::new("spam_score", detail)
        }
    }

    /// The same was said here lately, or nearly the same on another page.
    pub fn repeated(likeness: Likeness) -> Self {
        match likeness {
            Likeness::Same => Self::new("repeated", "The same was posted here lately."),
            Likeness::Near => Self::new(
                "repeated_nearly",
                "Nearly the same was posted on another page lately.",
            ),
        }
    }

    /// The site's adviser is against it. Its author is told why, in the adviser's words if there are any.
    pub fn advised(why: Option<String>) -> Self {
        let detail = why.unwrap_or_else(|| "The site's own service is against it.".into());
        Self::new("advised", detail)
    }

    /// The site's adviser was asked, and gave no answer.
    pub fn no_advice(why: &str) -> Self {
        Self::new(
            "no_advice",
            format!("The site's own service was not heard: {why}."),
        )
    }

    /// The site, or the page, reads every comment before the public does.
    pub fn premoderated() -> Self {
        Self::new(
            "premoderated",
            "Every comment here is read by a moderator first.",
        )
    }
}

/// What one phase of judging says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Opinion {
    /// Nothing: the next is asked.
    #[default]
    None,
    /// Nothing either, but moderators may want to know.
    Note(Reason),
    /// It may be published, unless an earlier phase was against it; those that follow are not asked.
    Allow,
    /// A moderator looks at it first.
    Hold(Reason),
    /// It is turned down.
    Reject(Reason),
}

/// An opinion as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whose.
    pub phase: String,
    /// What it comes to.
    pub says: Says,
    /// Why.
    pub reason: Option<Reason>,
}

/// What an opinion comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// Nothing for or against it.
    Note,
    /// See [`Opinion::Allow`].
    Allow,
    /// See [`Opinion::Hold`].
    Hold,
    /// See [`Opinion::Reject`].
    Reject,
}

/// What became of a comment that the phases were asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Where the comment goes.
    pub outcome: Outcome,
    /// All that was said against it, in order; nothing when it is published.
    pub reasons: Vec<Reason>,
    /// All that was said, in order.
    pub opinions: Vec<Said>,
}

/// Where a comment goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Before the public.
    #[default]
    Publish,
    /// Before a moderator.
    Hold,
    /// Nowhere.
    Reject,
}

impl Ruling {
    /// Asks the phases in order, each by its name. The first that is for or against it decides.
    ///
    /// # Errors
    /// That of the first phase that could not be asked.
    pub fn by<'a, E>(
        phases: impl IntoIterator<Item = Result<(&'a str, Opinion), E>>,
    ) -> Result<Self, E> {
        let mut ruling = Self::default();
        let mut outcome = None;
        for asked in phases {
            let (phase, opinion) = asked?;
            let (says, decides, reason) = match opinion {
                Opinion::None => continue,
                Opinion::Note(reason) => (Says::Note, None, Some(reason)),
                Opinion::Allow => (Says::Allow, Some(Outcome::Publish), None),
                Opinion::Hold(reason) => (Says::Hold, Some(Outcome::Hold), Some(reason)),
                Opinion::Reject(reason) => (Says::Reject, Some(Outcome::Reject), Some(reason)),
            };
            outcome = outcome.or(decides);
            if matches!(says, Says::Hold | Says::Reject) {
                ruling.reasons.extend(reason.clone());
            }
            ruling.opinions.push(Said {
                phase: phase.to_owned(),
                says,
                reason,
            });
            if says == Says::Allow {
                break;
            }
        }
        ruling.outcome = outcome.unwrap_or_default();
        Ok(ruling)
    }

    /// How suspicious it looked, 0 to 1000.
    pub fn risk(&self) -> i64 {
        let reasons = self.opinions.iter().flat_map(|said| &said.reason);
        let scores = reasons.filter_map(|reason| reason.score);
        scores.max().unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_opinion_decides_and_the_others_are_kept() {
        let hold = || Opinion::Hold(Reason::premoderated());
        let reject = || Opinion::Reject(Reason::blocked_word("x"));
        let note = || Opinion::Note(Reason::new("spam_score", "…"));
        let ruling = |opinions: Vec<Opinion>| {
            let asked = opinions.into_iter().map(|opinion| Ok(("phase", opinion)));
            let ruling: Ruling = Ruling::by::<()>(asked).unwrap_or_default();
            (ruling.outcome, ruling.reasons.len(), ruling.opinions.len())
        };
        assert_eq!(ruling(vec![]), (Outcome::Publish, 0, 0));
        assert_eq!(ruling(vec![note()]), (Outcome::Publish, 0, 1));
        assert_eq!(
            ruling(vec![Opinion::None, hold(), note(), reject()]),
            (Outcome::Hold, 2, 3)
        );
        assert_eq!(ruling(vec![reject(), hold()]), (Outcome::Reject, 2, 2));
        // Who is trusted is asked no more, and what was said before stays said.
        assert_eq!(
            ruling(vec![Opinion::Allow, reject()]),
            (Outcome::Publish, 0, 1)
        );
        assert_eq!(
            ruling(vec![hold(), Opinion::Allow, reject()]),
            (Outcome::Hold, 1, 2)
        );
    }

    #[test]
    fn authors_are_not_told_how_to_slip_through() {
        let reason = Reason::suspect_word("casino").for_author();
        assert_eq!(reason.code, "word_suspect");
        assert!(!reason.detail.contains("casino"));
        let ground = Ground {
            what: "word: casino".into(),
            weight: 90,
        };
        let reason = Reason {
            score: Some(900),
            grounds: vec![ground],
            ..Reason::new("spam_score", "It looks like spam.")
        };
        let told = serde_json::to_string(&reason.for_author()).unwrap_or_default();
        assert_eq!(
            told,
            r#"{"code":"spam_score","detail":"It looks like spam."}"#
        );
        assert_eq!(reason.for_author().detail, reason.detail);
    }
}
