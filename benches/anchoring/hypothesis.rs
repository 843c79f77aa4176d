//! The rule that Hypothesis finds quotes by (`match-quote.ts` of its client, as of 2025), in words of our own, to be measured
//! beside: the places with the fewest errors, at most half of the quote's length; of these the best by quote (50), prefix
//! (20), suffix (20) and distance (2). It refuses nothing that it found.

use postil::domain::passage::anchor::Range;
use postil::domain::passage::selector::Selector;
use postil::domain::passage::text::Text;

/// Where it finds a passage.
pub fn find(text: &Text, passage: &Selector) -> Option<Range> {
    let text = text.chars();
    let quote = passage.exact();
    let most = (quote.len() / 2).min(256);
    let places = search(text, quote, most);
    let score = |(errors, range): &(usize, Range)| {
        let before = &text[range.start.saturating_sub(passage.prefix().len())..range.start];
        let behind = &text[range.end..(range.end + passage.suffix().len()).min(text.len())];
        let distance = passage.start().unwrap_or(0).abs_diff(range.start);
        50.0 * (1.0 - *errors as f64 / quote.len() as f64)
            + 20.0 * alike(before, passage.prefix())
            + 20.0 * alike(behind, passage.suffix())
            + 2.0 * (1.0 - distance as f64 / text.len() as f64)
    };
    let best = places
        .into_iter()
        .map(|place| (score(&place), place.1))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(best.1)
}

fn alike(text: &[char], context: &[char]) -> f64 {
    if context.is_empty() {
        return 1.0;
    }
    match search(text, context, context.len()).first() {
        Some((errors, _)) => 1.0 - *errors as f64 / context.len() as f64,
        None => 0.0,
    }
}

/// Every end at which the fewest errors are reached, with the shortest range that reaches them.
fn search(text: &[char], quote: &[char], most: usize) -> Vec<(usize, Range)> {
    let exact: Vec<_> = (0..(text.len() + 1).saturating_sub(quote.len()))
        .filter(|at| text[*at..].starts_with(quote))
        .map(|at| {
            (
                0,
                Range {
                    start: at,
                    end: at + quote.len(),
                },
            )
        })
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    let ends = last_row(quote, text.iter());
    let Some(fewest) = ends.iter().copied().min().filter(|errors| *errors <= most) else {
        return Vec::new();
    };
    let backwards: Vec<char> = quote.iter().rev().copied().collect();
    let place = |end: usize| {
        let begin = end.saturating_sub(quote.len() + fewest);
        let row = last_row(&backwards, text[begin..end].iter().rev());
        let length = row
            .iter()
            .rposition(|errors| *errors == fewest)
            .unwrap_or(0);
        (
            fewest,
            Range {
                start: end - length,
                end,
            },
        )
    };
    (0..ends.len())
        .filter(|end| ends[*end] == fewest)
        .map(place)
        .collect()
}

/// The errors between the quote and what ends at each place of the text, by Sellers' table.
fn last_row<'t>(quote: &[char], text: impl Iterator<Item = &'t char>) -> Vec<usize> {
    let mut column: Vec<usize> = (0..=quote.len()).collect();
    let mut last = vec![quote.len()];
    for c in text {
        let mut diagonal = 0;
        for row in 1..=quote.len() {
            let above = column[row];
            let cost = usize::from(quote[row - 1] != *c);
            column[row] = (diagonal + cost).min(above + 1).min(column[row - 1] + 1);
            diagonal = above;
        }
        last.push(column[quote.len()]);
    }
    last
}
