//! What judging a comment costs: the same text from somebody who is judged, against lists of 100,000 words, and from one of the
//! site's own people, who is not.

use std::time::Duration;

use serde_json::json;

use crate::drive::{Outcome, Plan};
use crate::seed;
use crate::service::Service;
use crate::table::{self, median, number};
use crate::writing::comment_by;

const TURN: Duration = Duration::from_secs(3);

const TURNS: usize = 5;

/// Words in the lists, half of them in each.
const WORDS: usize = 100_000;

/// Milliseconds that judging may add.
const BUDGET: f64 = 1.0;

pub fn run() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let service = Service::start(dir.path(), &[]);
    let staff = seed::postil(dir.path(), &["moderator", "add", "demo", "Mona"]);
    let staff = staff.lines().last().unwrap().to_owned();
    let guest = service.post(
        "/v1/identity/guest",
        &json!({"site": "demo", "name": "Ada"}),
    );
    let guest = guest["token"].as_str().unwrap().to_owned();
    let began = std::time::Instant::now();
    for (list, start) in [("block", 0), ("suspect", WORDS / 2)] {
        let words: Vec<String> = (start..start + WORDS / 2).map(word).collect();
        let url = format!(
            "http://{}/v1/moderation/rules/{list}?site=demo",
            service.address
        );
        let put = ureq::put(&url)
            .header("Authorization", format!("Bearer {staff}"))
            .header("Content-Type", "application/json");
        put.send(json!({"entries": words}).to_string()).unwrap();
    }
    let page = format!("{}/pages/0", service.origin());
    let send = |token: &str, first: u64, seconds: f64| -> Outcome {
        let plan = Plan {
            address: service.address,
            connections: 1,
            seconds,
            requests: vec![comment_by(
                &page,
                &format!("Authorization: Bearer {token}\r\n"),
            )],
            first,
        };
        let outcome = plan.run();
        outcome.must_be(201);
        outcome
    };
    // The first comment has the lists compiled.
    send(&guest, 0, 0.1);
    let ready = began.elapsed().as_secs_f64();
    let (mut judged, mut unjudged) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS as u64 {
        judged.push(send(&guest, turn * 1_000_000, TURN.as_secs_f64()).median);
        unjudged.push(send(&staff, turn * 1_000_000 + 500_000, TURN.as_secs_f64()).median);
    }
    let (judged, unjudged) = (median(judged), median(unjudged));
    table::print(
        &["one comment at a time", "median ms"],
        &[
            vec!["judged".into(), number(judged)],
            vec!["of the site's own people".into(), number(unjudged)],
            vec![
                "judging adds".into(),
                format!("**{}** (≤ {BUDGET:.1})", number(judged - unjudged)),
            ],
        ],
    );
    println!(
        "\n{WORDS} words were taken, stored and compiled in {} s.",
        number(ready)
    );
}

/// A word that no text of the bench has: five letters or more.
fn word(mut number: usize) -> String {
    let mut word = String::from("q");
    for _ in 0..5 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}
