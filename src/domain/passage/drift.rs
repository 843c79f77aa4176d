//! How far a text has moved around a passage, as those passages tell that were found beyond doubt.

/// Places of the old text and where they are now; both ascend.
pub struct Drift(Vec<(usize, usize)>);

impl Drift {
    /// From pairs of a place that was, and where it is. Those that crossed others are left out, the fewest that can be.
    pub fn new(pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut pairs: Vec<(usize, usize)> = pairs.collect();
        pairs.sort_unstable();
        pairs.dedup_by_key(|pair| pair.0);
        // The longest part that rises (patience): the last pair of each length so far, and what comes before each pair.
        let (mut ends, mut before) = (Vec::<usize>::new(), vec![None; pairs.len()]);
        for (index, pair) in pairs.iter().enumerate() {
            let length = ends.partition_point(|end| pairs[*end].1 < pair.1);
            before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
            match ends.get_mut(length) {
                Some(end) => *end = index,
                None => ends.push(index),
            }
        }
        let mut rising = Vec::with_capacity(ends.len());
        let mut at = ends.last().copied();
        while let Some(index) = at {
            rising.push(pairs[index]);
            at = before[index];
        }
        rising.reverse();
        Self(rising)
    }

    /// Where what was at `start` is to be expected: as far from its nearest neighbour as it was.
    pub fn expected(&self, start: usize) -> usize {
        let next = self.0.partition_point(|(was, _)| *was < start);
        let around = self.0[next.saturating_sub(1)..].iter().take(2);
        match around.min_by_key(|(was, _)| was.abs_diff(start)) {
            Some((was, is)) => (is + start).saturating_sub(*was),
            None => start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_neighbour_says_how_far() {
        let drift = Drift::new([(100, 150), (10, 10), (500, 520), (200, 5)].into_iter());
        for (start, expected) in [
            (0, 0),
            (12, 12),
            (90, 140),
            (140, 190),
            (490, 510),
            (900, 920),
        ] {
            assert_eq!(drift.expected(start), expected, "{start}");
        }
        assert_eq!(Drift::new([(9, 3)].into_iter()).expected(2), 0);
        assert_eq!(Drift::new(std::iter::empty()).expected(7), 7);
    }
}
