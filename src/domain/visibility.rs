//! What the public may see of a thread, a comment and a passage. Every public road (pages, history, changes, live events, feeds,
//! plain HTML, counts, annotations, anchors) and every letter to readers asks here, so that what is withheld on one is withheld
//! on all. `tests/api/visibility.rs` walks the roads.

use super::word::Status;

/// Whether the public may look into a thread. A hidden one reads as an empty, closed one.
pub fn thread(hidden: bool) -> bool {
    !hidden
}

/// What the public sees of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentSight {
    /// All of it.
    Whole,
    /// That something stood there, since something public answers it.
    Tombstone,
    /// Not even that it is there.
    Nothing,
}

/// What the public sees of a comment. `listed` says whether it has a place in what the public reads.
pub fn comment(thread_hidden: bool, status: Status, listed: bool) -> CommentSight {
    match (thread(thread_hidden) && listed, status) {
        (false, _) => CommentSight::Nothing,
        (true, Status::Published) => CommentSight::Whole,
        (true, _) => CommentSight::Tombstone,
    }
}

/// What the public sees of a passage that has a place in what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotation {
    /// The words: they are the publisher's.
    Found,
    /// That a remark is about the text, but not the words: nobody has seen yet that they are the publisher's.
    Waiting,
    /// That the publisher took the words back.
    Removed,
}

/// What is known of a passage.
#[derive(Debug, Clone, Copy)]
pub struct PassageFacts {
    /// Whether its author planted it.
    pub planted: bool,
    /// How many published remarks are about it.
    pub answers: i64,
    /// Whether the page's own text contained the words, or a moderator approved them.
    pub found: bool,
    /// Whether the publisher took the words back.
    pub struck: bool,
    /// Whether the site takes readers' word for what its pages say.
    pub trusted: bool,
}

/// What the public sees of a passage of a thread into which it may look; `None`: nothing.
pub fn passage(facts: PassageFacts) -> Option<Quotation> {
    if !facts.planted && facts.answers == 0 {
        return None;
    }
    Some(quotation(facts))
}

/// What may be shown of a passage's words to whoever sees the passage.
pub fn quotation(facts: PassageFacts) -> Quotation {
    if facts.struck {
        Quotation::Removed
    } else if facts.planted || facts.found || facts.trusted {
        Quotation::Found
    } else {
        Quotation::Waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::word::Word;

    #[test]
    fn only_a_published_comment_of_a_thread_that_is_not_hidden_shows_its_text() {
        for status in Status::ALL {
            let is_published = *status == Status::Published;
            let listed = comment(false, *status, true);
            assert_eq!(listed == CommentSight::Whole, is_published, "{status:?}");
            assert_eq!(comment(false, *status, false), CommentSight::Nothing);
            assert_eq!(comment(true, *status, true), CommentSight::Nothing);
        }
    }

    #[test]
    fn words_are_shown_once_they_are_known_to_be_the_publishers() {
        let facts = PassageFacts {
            planted: false,
            answers: 1,
            found: false,
            struck: false,
            trusted: false,
        };
        assert_eq!(passage(facts), Some(Quotation::Waiting));
        for known in [
            PassageFacts {
                planted: true,
                ..facts
            },
            PassageFacts {
                found: true,
                ..facts
            },
            PassageFacts {
                trusted: true,
                ..facts
            },
        ] {
            assert_eq!(passage(known), Some(Quotation::Found), "{known:?}");
            let struck = PassageFacts {
                struck: true,
                ..known
            };
            assert_eq!(passage(struck), Some(Quotation::Removed), "{struck:?}");
            let unanswered = PassageFacts {
                answers: 0,
                ..known
            };
            assert_eq!(passage(unanswered).is_some(), known.planted, "{known:?}");
        }
    }
}
