//! How long it takes to find out about a body what moderators asked for, against a harmless one of the same length in the same
//! run: word lists, likeness and the spam model. `cargo bench --bench judging`; fails where one takes more than three times as long.

use std::hint::black_box;
use std::time::{Duration, Instant};

use postil::domain::judgement::likeness::Print;
use postil::domain::judgement::spam::{Author, Traits};
use postil::domain::judgement::writing::Writing;
use postil::domain::markdown::{LineBreaks, render};
use postil::domain::text::{CommentSource, Length};

/// The most characters that any site takes.
const LENGTH: usize = 15_000;
/// Times the harmless body's time.
const MOST: f64 = 3.0;
/// Runs of each body; the median counts.
const RUNS: usize = 7;

fn main() {
    let harmless = median(&body("Кто читает заметки на полях, тот читает дважды. "));
    println!("harmless: {:.1} ms", harmless.as_secs_f64() * 1e3);
    let mut worst: f64 = 0.0;
    for unit in [
        "\u{fdfa}",
        "\u{fdfa} ",
        "a\u{fdfa}",
        "\u{fdfb}",
        "㌖",
        "㍿",
        "⑴",
        "ﬁ",
        "½",
        "\u{1d160}",
        "각",
        "漢",
        "a\u{301}",
        "ᾂ ",
        "🅰",
        "👨\u{200d}👩\u{200d}👧",
        "1 ",
        "v 1 ",
        "\u{200b}a",
        "好。**",
        "🇦",
        "a\u{fdfa} 1 ",
    ] {
        let ratio = median(&body(unit)).as_secs_f64() / harmless.as_secs_f64();
        println!("{ratio:>6.2} × {unit:?}");
        worst = worst.max(ratio);
    }
    println!("worst: {worst:.2} ×, at most {MOST} ×");
    if worst > MOST {
        std::process::exit(1);
    }
}

fn body(unit: &str) -> String {
    unit.chars().cycle().take(LENGTH).collect()
}

fn median(body: &str) -> Duration {
    let length = Length {
        min: 1,
        max: 15_000,
    };
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let source = CommentSource::parse(black_box(body), length);
            // Of some bodies, nothing is left.
            let source = source.as_ref().map_or("", CommentSource::as_str);
            let html = render(source, LineBreaks::Keep);
            let writing = Writing::of_html(html.as_str());
            black_box(writing.readings());
            black_box(Print::of(&writing.text, false));
            black_box(Traits::of(&writing, None, Author::default()));
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
