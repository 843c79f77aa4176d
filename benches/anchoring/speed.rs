//! How long it takes, how that grows, and what somebody who means harm can make of it. What counts is the time on the
//! processor, and of that the least of several runs, since others may use the machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use postil::domain::passage::anchor::find;
use postil::domain::passage::selector::{Quote, Selector};
use postil::domain::passage::text::Text;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const RUNS: usize = 5;
const PASSAGES: usize = 200;
const SIZE: usize = 100_000;

/// Prints all of it; gives how many goals were missed.
pub fn report(prose: &str) -> usize {
    println!("\n## Speed: least of {RUNS} runs\n");
    let text = of_size(prose, SIZE);
    let passages = passages(&text, PASSAGES);
    let read = |text: &Text| {
        let raw = text.slice(0, usize::MAX);
        (0..RUNS)
            .map(|_| timed(|| find(&Text::new(&raw), &passages)))
            .min()
            .unwrap_or_default()
    };
    let (unchanged, edited) = (read(&text), read(&edit(&text)));
    println!(
        "| {PASSAGES} passages in 100,000 characters, normalising included | ms | goal |\n| --- | --- | --- |"
    );
    println!("| unchanged | {:.2} | ≤ 5 |", millis(unchanged));
    println!("| edited | {:.2} | ≤ 50 |", millis(edited));
    growth(prose);
    hostile(prose);
    usize::from(millis(unchanged) > 5.0) + usize::from(millis(edited) > 50.0)
}

fn growth(prose: &str) {
    println!(
        "\n| edited | ms | ms for each 100,000 characters and 100 passages |\n| --- | --- | --- |"
    );
    for (size, count) in [25, 50, 100, 200, 400, 800].map(|thousand| (thousand * 1000, PASSAGES)) {
        grown(prose, size, count);
    }
    for count in [50, 100, 400, 800] {
        grown(prose, SIZE, count);
    }
}

fn grown(prose: &str, size: usize, count: usize) {
    let text = of_size(prose, size);
    let time = millis(least(&edit(&text), &passages(&text, count)));
    let unit = time / (size as f64 / 100_000.0) / (count as f64 / 100.0);
    println!("| {count} passages in {size} characters | {time:.1} | {unit:.1} |");
}

fn hostile(prose: &str) {
    let million = of_size(prose, 1_000_000);
    let quote = |words: &str| Quote::parse(words).expect("words");
    let bare = |words: &str, at: usize| {
        let position = Some((at as i64, at as i64 + 1));
        Selector::parse(&quote(words), "", "", position).expect("a passage")
    };
    let letters = Text::new(&"a".repeat(1_000_000));
    let changed_letters = Text::new(&format!("{}b{}", "a".repeat(1500), "a".repeat(998_000)));
    let edited_million = edit(&million);
    let ideographs = of_size(
        "潮位表は毎年三月に印刷され、港の人々はそれを読まずに水を見た。",
        330_000,
    );
    let edited_ideographs: String = ideographs
        .chars()
        .iter()
        .enumerate()
        .filter(|(n, _)| n % 9 != 4)
        .map(|(_, c)| *c)
        .collect();
    let edited_ideographs = Text::new(&edited_ideographs);
    let mut random = StdRng::seed_from_u64(1);
    let mut noise = || -> Text {
        let noise: String = (0..1_000_000)
            .map(|_| char::from(random.gen_range(b'a'..=b'c')))
            .collect();
        Text::new(&noise)
    };
    let (noise, other_noise) = (noise(), noise());
    let thousand = |of: &Text, length: usize| -> Vec<Selector> {
        let step = (of.len() - length - 1) / 1000;
        (0..1000)
            .map(|n| Selector::at(of, n * step, n * step + length))
            .collect()
    };
    let on = |word: &str| {
        (0..1000)
            .map(|n| bare(word, n * 900 + 1))
            .collect::<Vec<_>>()
    };
    let cases: [(&str, &Text, Vec<Selector>); 6] = [
        (
            "a thousand passages on one word, in a million characters",
            &million,
            on("the"),
        ),
        (
            "a thousand passages on one letter, in a million of it",
            &letters,
            on("a"),
        ),
        (
            "a thousand passages of 2,000 equal letters, one of them changed",
            &changed_letters,
            thousand(&letters, 2000),
        ),
        (
            "a thousand passages of 2,000 random letters, in a million others",
            &other_noise,
            thousand(&noise, 2000),
        ),
        (
            "a thousand passages of 2,000 characters, in a million that were edited",
            &edited_million,
            thousand(&million, 2000),
        ),
        (
            "the same in a megabyte of ideographs",
            &edited_ideographs,
            thousand(&ideographs, 2000),
        ),
    ];
    println!("\n| what somebody may try | ms |\n| --- | --- |");
    for (name, text, passages) in cases {
        println!("| {name} | {:.0} |", millis(once(text, &passages)));
    }
}

/// The prose again and again, until it is so long.
fn of_size(prose: &str, size: usize) -> Text {
    let length = prose.chars().count();
    let mut long = String::new();
    // The same words each time, but not quite the same sentences.
    for turn in 0..size / length + 1 {
        long.push_str(&prose.replace('.', &format!(" {turn}.")));
    }
    Text::new(&long.chars().take(size).collect::<String>())
}

fn passages(text: &Text, count: usize) -> Vec<Selector> {
    let mut random = StdRng::seed_from_u64(count as u64);
    let passage = |_| {
        let length = random.gen_range(10..160);
        let start = random.gen_range(1..text.len() - length - 1);
        Selector::at(text, start, start + length)
    };
    (0..count).map(passage).collect()
}

/// Every seventh word gone, every eleventh another, and a preface: hardly a passage is as it was.
fn edit(text: &Text) -> Text {
    let whole = text.slice(0, usize::MAX);
    let words = whole
        .split(' ')
        .enumerate()
        .filter_map(|(n, word)| match n {
            n if n % 7 == 3 => None,
            n if n % 11 == 5 => Some("another"),
            _ => Some(word),
        });
    let edited: Vec<&str> = ["A", "preface."].into_iter().chain(words).collect();
    Text::new(&edited.join(" "))
}

fn least(text: &Text, passages: &[Selector]) -> Duration {
    (0..RUNS)
        .map(|_| once(text, passages))
        .min()
        .unwrap_or_default()
}

fn once(text: &Text, passages: &[Selector]) -> Duration {
    timed(|| find(black_box(text), black_box(passages)))
}

/// How long one run takes: by many, where one is too short to be seen.
fn timed<T>(work: impl Fn() -> T) -> Duration {
    let (start, busy) = (Instant::now(), on_processor());
    let mut runs = 0;
    loop {
        black_box(work());
        runs += 1;
        let all = match (busy, on_processor()) {
            (Some(before), Some(after)) => after - before,
            _ => start.elapsed(),
        };
        if all >= SEEN {
            return all / runs;
        }
    }
}

/// Long enough for the system's account of processor time, which goes by ticks.
const SEEN: Duration = Duration::from_millis(60);

/// How long this thread has been on a processor, where the system says so (Linux).
fn on_processor() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(line.split(' ').next()?.parse().ok()?))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
