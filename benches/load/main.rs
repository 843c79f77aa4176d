//! How fast the service is, beside a floor that is measured in the same run: a bare actix-web server that answers the same
//! bytes from memory, and for writes the same rows written one at a time to the same disk.
//!
//! `cargo bench --bench load` measures everything; `cargo bench --bench load -- reading writing` only these. What is measured is
//! the release program as `cargo run --release` runs it, with limits raised by its ordinary settings. The
//! server and whoever loads it are processes of their own. Tables are printed as they stand in `RESULTS.md`.

// A bench that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod drive;
mod floor;
mod instances;
mod judging;
mod large;
mod live;
mod reading;
mod seed;
mod service;
mod table;
mod texts;
mod weight;
mod writing;

/// A bench by name.
const BENCHES: [(&str, fn()); 7] = [
    ("weight", weight::run),
    ("reading", reading::run),
    ("writing", writing::run),
    ("judging", judging::run),
    ("live", live::run),
    ("large", large::run),
    ("instances", instances::run),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some(drive::ROLE) => return drive::work(),
        Some(live::ROLE) => return live::listen(),
        Some(floor::ROLE) => return floor::serve(&words[1..]),
        _ => {}
    }
    // Cargo passes `--bench` on.
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    for word in &wanted {
        if !BENCHES.iter().any(|(name, _)| name == word) {
            let names = BENCHES.map(|(name, _)| name).join(", ");
            eprintln!("no bench `{word}`; there are: {names}");
            std::process::exit(2);
        }
    }
    for (name, run) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|word| *word == name) {
            println!("\n### {name}\n");
            run();
        }
    }
}
