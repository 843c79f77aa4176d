//! Whether a form was filled in as no person does. It only adds to a score: people paste, and browsers and assistive
//! technology fill in what they find.

use std::time::Duration;

/// Nobody opens a form, writes and sends in less.
const LEAST: Duration = Duration::from_secs(2);
/// What each character takes beside, of somebody who types very fast.
const PER_CHAR: Duration = Duration::from_millis(15);
/// Who took so long took their time, however much they wrote.
const ENOUGH: Duration = Duration::from_secs(10);

/// How a form was filled in, as far as its page says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilledIn {
    /// The time between opening and sending it.
    pub took: Option<Duration>,
    /// Whether there is something in a field that nobody is shown.
    pub trapped: bool,
}

impl FilledIn {
    /// Whether no person fills a form in so who writes that many characters.
    pub fn is_hasty(self, chars: usize) -> bool {
        let chars = u32::try_from(chars).unwrap_or(u32::MAX);
        let least = LEAST.saturating_add(PER_CHAR.saturating_mul(chars));
        self.trapped || self.took.is_some_and(|took| took < least.min(ENOUGH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_that_fast() {
        let took = |millis, chars| {
            let filled_in = FilledIn {
                took: Some(Duration::from_millis(millis)),
                trapped: false,
            };
            filled_in.is_hasty(chars)
        };
        assert!(took(900, 2) && took(4_000, 200) && took(9_900, usize::MAX));
        assert!(!took(2_500, 10) && !took(10_000, usize::MAX));
    }

    #[test]
    fn who_says_nothing_is_not_hasty() {
        assert!(!FilledIn::default().is_hasty(5_000));
        let trapped = FilledIn {
            trapped: true,
            ..FilledIn::default()
        };
        assert!(trapped.is_hasty(1));
    }
}
