//! Reading a cached page of a hundred comments, revalidating it, and counting fifty pages: each in turns with the floor that
//! answers the same bytes.

use std::path::Path;

use serde_json::json;

use crate::drive::{self, Outcome, Plan};
use crate::floor::Floor;
use crate::service::Service;
use crate::table::{self, median, number};
use crate::texts::Texts;

/// Turns of each pair; the median counts.
const TURNS: usize = 5;
/// Seconds of one turn.
const SECONDS: f64 = 2.0;

const CONNECTIONS: usize = 32;

/// What is compared with what.
struct Pair {
    name: &'static str,
    budget: f64,
    own: String,
    floor: String,
    status: u16,
}

pub fn run() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), &[]);
    let page = format!("{}/articles/tides", service.origin());
    fill(&service, &page, 100, 1);
    let origin = service.origin();
    let others: String = (0..49)
        .map(|n| format!("&url={origin}/articles/{n}"))
        .collect();
    let first = format!("/v1/threads?site=demo&url={page}&limit=100");
    let counts = format!("/v1/counts?site=demo&url={page}{others}");
    let etag = {
        let (head, body) = service.get(&first);
        let json = plain(&service, &first);
        println!(
            "A page of 100 comments: {} bytes of JSON, {} as brotli, 1/{:.1}.\n",
            json.len(),
            body.len(),
            json.len() as f64 / body.len() as f64
        );
        head.headers["etag"].to_str().unwrap().to_owned()
    };
    let known = format!("If-None-Match: {etag}\r\n");
    let mut rows = Vec::new();
    for (name, path, headers, floor_path, status, budget) in [
        ("page of 100 comments", &first, "", "/", 200, 0.80),
        (
            "the same, unchanged (304)",
            &first,
            known.as_str(),
            "/empty",
            304,
            0.90,
        ),
        ("counts of 50 pages", &counts, "", "/", 200, 0.50),
    ] {
        let floor = floor_of(&service, path, dir.path());
        let pair = Pair {
            name,
            budget,
            own: drive::get(path, headers),
            floor: drive::get(floor_path, ""),
            status,
        };
        rows.push(measure(&service, &floor, &pair));
    }
    let head = [
        "reading, 32 connections",
        "postil/s",
        "floor/s",
        "ratio",
        "budget",
        "p99 ms",
        "CPU ms",
    ];
    table::print(&head, &rows);
}

fn plain(service: &Service, path: &str) -> Vec<u8> {
    let mut answer = ureq::get(format!("http://{}{path}", service.address))
        .call()
        .unwrap();
    answer.body_mut().read_to_vec().unwrap()
}

/// A floor that answers what the service answers.
fn floor_of(service: &Service, path: &str, dir: &Path) -> Floor {
    let (head, body) = service.get(path);
    let file = dir.join("body");
    std::fs::write(&file, body).unwrap();
    let of = |name: &str| {
        head.headers
            .get(name)
            .map_or("identity", |value| value.to_str().unwrap())
            .to_owned()
    };
    Floor::start(&file, &of("content-type"), &of("content-encoding"))
}

/// Posts a thread: three of ten comments are roots, the others answer.
pub fn fill(service: &Service, page: &str, comments: usize, seed: u64) {
    let mut texts = Texts::new(seed);
    let mut posted: Vec<String> = Vec::new();
    for index in 0..comments {
        let parent = match index % 10 {
            0..3 => None,
            turn => Some(&posted[posted.len() - turn % 3 - 1]),
        };
        let comment = json!({
            "site": "demo", "url": page, "body": texts.comment(), "parent_id": parent,
            "author": {"name": texts.name()},
        });
        let answer = service.post("/v1/comments", &comment);
        posted.push(answer["id"].as_str().unwrap().to_owned());
    }
}

fn measure(service: &Service, floor: &Floor, pair: &Pair) -> Vec<String> {
    let load = |address, request: &String, seconds| Plan {
        address,
        connections: CONNECTIONS,
        seconds,
        requests: vec![request.clone()],
        first: 0,
    };
    load(service.address, &pair.own, 0.5)
        .run()
        .must_be(pair.status);
    load(floor.address, &pair.floor, 0.5).run();
    let (mut own, mut floors, mut cpu): (Vec<Outcome>, Vec<Outcome>, f64) = Default::default();
    for _ in 0..TURNS {
        let before = service.cpu();
        own.push(load(service.address, &pair.own, SECONDS).run());
        cpu += service.cpu() - before;
        floors.push(load(floor.address, &pair.floor, SECONDS).run());
    }
    let ratios = own
        .iter()
        .zip(&floors)
        .map(|(own, floor)| own.rate() / floor.rate())
        .collect();
    let answers: f64 = own
        .iter()
        .map(|one| one.must_be(pair.status).rate() * one.seconds)
        .sum();
    vec![
        pair.name.to_owned(),
        number(median(own.iter().map(Outcome::rate).collect())),
        number(median(floors.iter().map(Outcome::rate).collect())),
        format!("**{:.2}**", median(ratios)),
        format!("≥ {:.2}", pair.budget),
        number(median(own.iter().map(|one| one.p99).collect())),
        format!("{:.4}", cpu * 1e3 / answers),
    ]
}
