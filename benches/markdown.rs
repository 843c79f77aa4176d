//! How long the worst bodies take to render, against prose of the same length in the same run.
//! `cargo bench --bench markdown` tries every body at the hard limit of 64 KiB; `-- NAME` only those with NAME in theirs.

use postil::domain::markdown::{LineBreaks, render};
use std::hint::black_box;
use std::time::{Duration, Instant};

#[path = "markdown/corpus.rs"]
mod corpus;

/// The hard limit of a body, in bytes of UTF-8.
const LIMIT: usize = 64 * 1024;
/// What every body within the limit must stay under.
const BUDGET: Duration = Duration::from_millis(50);
/// Runs of each body; the median counts, so that one interruption of the machine does not.
const RUNS: usize = 5;

fn main() {
    // Cargo passes `--bench` on.
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let prose = "A postil is a note in the margin, *as old as books*; see [the word](https://example.org/postil).\n\n";
    let (floor, _) = median(&prose.repeat(LIMIT / prose.len()));
    let mut rows: Vec<_> = corpus::hostile(LIMIT)
        .into_iter()
        .filter(|(name, _)| name.contains(&wanted))
        .map(|(name, body)| {
            let (time, bytes) = median(&body);
            (time, name, body.len(), bytes)
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));

    println!("64 KiB of prose: {:.2} ms", millis(floor));
    println!(
        "{:>9} {:>9} {:>8} {:>9}  body",
        "time", "× prose", "in", "out"
    );
    for (time, name, length, bytes) in rows.iter().take(20) {
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!(
            "{:>6.2} ms {ratio:>9.1} {length:>8} {bytes:>9}  {name}",
            millis(*time)
        );
    }
    let over = rows.iter().filter(|row| row.0 > BUDGET).count();
    println!(
        "{} bodies; {over} over {} ms",
        rows.len(),
        BUDGET.as_millis()
    );
    if over > 0 {
        std::process::exit(1);
    }
}

/// The median time to render a body, and the length of its HTML.
fn median(body: &str) -> (Duration, usize) {
    let mut bytes = 0;
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            bytes = black_box(render(black_box(body), LineBreaks::Keep))
                .as_str()
                .len();
            start.elapsed()
        })
        .collect();
    times.sort();
    (times[RUNS / 2], bytes)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
