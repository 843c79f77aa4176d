//! Why a comment is held, in words for programs and for people. Whatever judges comments adds
//! its own codes here; the rooms beneath find them.

pub mod folding;
pub mod likeness;
pub mod spam;
pub mod words;
pub mod writing;

use serde::{Deserialize, Serialize};

/// One reason for which a comment waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs.
    pub code: String,
    /// A plain sentence.
    pub detail: String,
}

impl Reason {
    /// Enough people whom somebody vouches for have reported it.
    pub fn reported() -> Self {
        Self {
            code: "reported".into(),
            detail: "Readers have reported it.".into(),
        }
    }

    /// A moderator wants it decided again.
    pub fn restored() -> Self {
        Self {
            code: "restored".into(),
            detail: "A moderator put it back into the queue.".into(),
        }
    }

    /// It has a word that the site does not take. The word is for moderators, who see it; its author may guess.
    pub fn blocked_word(entry: &str) -> Self {
        Self {
            code: "word_blocked".into(),
            detail: format!("It contains `{entry}`, which this site does not take."),
        }
    }

    /// It has a word that moderators want to look at.
    pub fn suspect_word(entry: &str) -> Self {
        Self {
            code: "word_suspect".into(),
            detail: format!("It contains `{entry}`, which a moderator looks at first."),
        }
    }

    /// Nothing of this person's has been approved yet.
    pub fn first_comment() -> Self {
        Self {
            code: "first_comment".into(),
            detail: "A moderator reads what somebody new writes.".into(),
        }
    }

    /// It has more links than the site lets pass.
    pub fn many_links(links: u32) -> Self {
        Self {
            code: "many_links".into(),
            detail: format!("It has {links} links."),
        }
    }

    /// The site, or the page, reads every comment before the public does.
    pub fn premoderated() -> Self {
        Self {
            code: "premoderated".into(),
            detail: "Every comment here is read by a moderator first.".into(),
        }
    }
}

/// What one phase of judging says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// Nothing: the next is asked.
    None,
    /// Whatever follows, it may be published.
    Allow,
    /// A moderator looks at it first.
    Hold(Reason),
    /// It is turned down.
    Reject(Reason),
}

/// What became of a comment that every phase was asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Where the comment goes.
    pub outcome: Outcome,
    /// All that was said against it, in order; nothing when it is published.
    pub reasons: Vec<Reason>,
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

impl FromIterator<Opinion> for Ruling {
    /// The first opinion decides.
    fn from_iter<I: IntoIterator<Item = Opinion>>(opinions: I) -> Self {
        let mut outcome = None;
        let mut reasons = Vec::new();
        for opinion in opinions {
            let (said, reason) = match opinion {
                Opinion::None => continue,
                Opinion::Allow => (Outcome::Publish, None),
                Opinion::Hold(reason) => (Outcome::Hold, Some(reason)),
                Opinion::Reject(reason) => (Outcome::Reject, Some(reason)),
            };
            outcome = outcome.or(Some(said));
            reasons.extend(reason);
        }
        let outcome = outcome.unwrap_or_default();
        if outcome == Outcome::Publish {
            reasons.clear();
        }
        Self { outcome, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_opinion_decides_and_the_others_are_kept() {
        let hold = || Opinion::Hold(Reason::premoderated());
        let reject = || Opinion::Reject(Reason::blocked_word("x"));
        let ruling = |opinions: Vec<Opinion>| {
            let ruling: Ruling = opinions.into_iter().collect();
            (ruling.outcome, ruling.reasons.len())
        };
        assert_eq!(ruling(vec![]), (Outcome::Publish, 0));
        assert_eq!(
            ruling(vec![Opinion::None, hold(), reject()]),
            (Outcome::Hold, 2)
        );
        assert_eq!(ruling(vec![reject(), hold()]), (Outcome::Reject, 2));
        assert_eq!(
            ruling(vec![Opinion::Allow, reject()]),
            (Outcome::Publish, 0)
        );
    }
}
