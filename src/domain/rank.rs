//! The order of "top": how well liked a comment is, sure enough to be sorted by.

/// Two-sided 95 %: the 97.5th percentile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of 1.0 on the integer scale.
const ONE: f64 = 1e9;

/// The lower bound of the Wilson score interval, at 95 %, of the share of up-votes: 0 to 10⁹, so that an
/// index sorts it without floats. Few votes say little: one of one (0.21) stands below ninety of a hundred (0.83).
///
/// Without an up-vote the bound is 0 however many voted down; then it is `-down`, so that a comment only
/// voted down sinks below one nobody voted on.
///
/// Never falls when an up-vote is added and never rises when a down-vote is.
///
/// Sources: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (JASA 22, 1927);
/// Evan Miller, "How Not To Sort By Average Rating" (2009).
pub fn wilson(up: u32, down: u32) -> i64 {
    if up == 0 {
        return -i64::from(down);
    }
    let (up, down) = (f64::from(up), f64::from(down));
    let n = up + down;
    // The textbook form subtracts two nearly equal numbers when `up` is small against `n`. This is the same
    // value times its conjugate: only sums of positive terms, so rounding cannot turn the order around.
    let spread = Z * (up * down / n + Z * Z / 4.0).sqrt();
    let bound = (up * up / n) / (up + Z * Z / 2.0 + spread);
    (bound * ONE).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As printed in textbooks.
    fn textbook(up: u32, down: u32) -> f64 {
        let (n, p) = (
            f64::from(up) + f64::from(down),
            f64::from(up) / (f64::from(up) + f64::from(down)),
        );
        let z2 = Z * Z;
        (p + z2 / (2.0 * n) - Z * ((p * (1.0 - p) + z2 / (4.0 * n)) / n).sqrt()) / (1.0 + z2 / n)
    }

    #[test]
    fn known_values() {
        assert_eq!(wilson(0, 0), 0);
        assert_eq!(wilson(0, 3), -3);
        assert_eq!(wilson(0, u32::MAX), -i64::from(u32::MAX));
        assert_eq!(wilson(1, 0), 206_549_314);
        assert!(wilson(90, 10) > wilson(1, 0));
        assert!(wilson(1, 0) > wilson(1, 1));
        assert!(wilson(1, 50) > wilson(0, 0) && wilson(0, 0) > wilson(0, 1));
        assert!(wilson(u32::MAX, 0) < 1_000_000_000);
    }

    fn votes() -> impl Strategy<Value = u32> {
        prop_oneof![0..50u32, 0..100_000u32, 0..u32::MAX]
    }

    proptest! {
        #[test]
        fn is_the_textbook_bound(up in 1..100_000u32, down in 0..100_000u32) {
            prop_assert!((wilson(up, down) as f64 - textbook(up, down) * ONE).abs() < 2.0);
        }

        #[test]
        fn an_up_vote_never_lowers(up in votes(), down in votes()) {
            prop_assert!(wilson(up + 1, down) >= wilson(up, down));
        }

        #[test]
        fn a_down_vote_never_raises(up in votes(), down in votes()) {
            prop_assert!(wilson(up, down + 1) <= wilson(up, down));
        }
    }
}
