//! One instance and two on one PostgreSQL: what they read and write together, and how soon one shows what another took.

use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};
use serde_json::{Value, json};

use crate::drive::{self, Driving, Outcome, Plan};
use crate::reading::fill;
use crate::seed;
use crate::service::Service;
use crate::table::{self, median, number};
use crate::writing::comment;

/// Names a server whose user may create databases: `postgres://USER:PASSWORD@HOST:PORT/postgres`.
const SERVER: &str = "POSTIL_BENCH_POSTGRES";

const ORIGIN: &str = "https://bench.example";

/// Pages that are read and written on.
const PAGES: usize = 100;

const READERS: usize = 32;
const WRITERS: usize = 16;

const SECONDS: f64 = 3.0;
const TURNS: usize = 3;

/// Comments that are waited for at the other instance, one after another.
const SHOWN: usize = 100;

pub fn run() {
    let Ok(server) = std::env::var(SERVER) else {
        println!(
            "Left out: {SERVER} names no PostgreSQL server (postgres://USER:PASSWORD@HOST:PORT/postgres)."
        );
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let database = Database::make(server);
    let flag = format!("--database={}", database.url());
    seed::postil(
        dir.path(),
        &["site", "add", "demo", "--origin", ORIGIN, &flag],
    );
    let start = || Service::start(dir.path(), &[&flag, "--no-demo"]);
    let instances = [start(), start()];
    for index in 0..PAGES {
        fill(&instances[0], &page(index), 3, index as u64);
    }
    let mut first = 1;
    let mut rows = Vec::new();
    let reads = (0..PAGES)
        .map(|index| drive::get(&path(index), ""))
        .collect();
    rows.push(compare(
        &instances,
        "pages read",
        READERS,
        reads,
        200,
        &mut first,
    ));
    for (name, pages) in [
        ("comments on 100 pages", PAGES),
        ("comments on one page", 1),
    ] {
        let writes = (0..pages).map(|index| comment(&page(index))).collect();
        rows.push(compare(&instances, name, WRITERS, writes, 201, &mut first));
    }
    let head = [
        "",
        "one instance/s",
        "two/s",
        "two by one",
        "CPU of the service for each, ms",
        "the same with two",
    ];
    table::print(&head, &rows);
    let shown = shown(&instances);
    let worst = shown.iter().copied().fold(0.0, f64::max);
    println!(
        "\nFrom one instance's 201 until the other shows the comment: {} ms (median of {SHOWN}), {} ms at worst.",
        number(median(shown)),
        number(worst),
    );
}

fn page(index: usize) -> String {
    format!("{ORIGIN}/pages/{index}")
}

fn path(index: usize) -> String {
    format!("/v1/threads?site=demo&url={}", page(index))
}

/// The same load on one instance, and shared out to two; in turns.
fn compare(
    instances: &[Service; 2],
    name: &str,
    connections: usize,
    requests: Vec<String>,
    status: u16,
    first: &mut u64,
) -> Vec<String> {
    let (mut rates, mut cpu) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..TURNS {
        for used in [1, 2] {
            let before: f64 = instances.iter().map(Service::cpu).sum();
            let drivings: Vec<Driving> = instances[..used]
                .iter()
                .map(|instance| {
                    *first += 1_000_000;
                    let plan = Plan {
                        address: instance.address,
                        connections: connections / used,
                        seconds: SECONDS,
                        requests: requests.clone(),
                        first: *first,
                    };
                    plan.begin()
                })
                .collect();
            let outcomes: Vec<Outcome> = drivings.into_iter().map(Driving::end).collect();
            let rate: f64 = outcomes.iter().map(|one| one.must_be(status).rate()).sum();
            let after: f64 = instances.iter().map(Service::cpu).sum();
            rates[used - 1].push(rate);
            cpu[used - 1].push((after - before) * 1e3 / (rate * SECONDS));
        }
    }
    let ratios = rates[1].iter().zip(&rates[0]).map(|(two, one)| two / one);
    let ratio = median(ratios.collect());
    let [one, two] = rates.map(|rates| number(median(rates)));
    let [of_one, of_two] = cpu.map(|cpu| number(median(cpu)));
    vec![
        format!("{name}, {connections} at a time"),
        one,
        two,
        format!("**{ratio:.2}**"),
        of_one,
        of_two,
    ]
}

/// Milliseconds until one instance shows what the other acknowledged.
fn shown(instances: &[Service; 2]) -> Vec<f64> {
    let ask = |instance: &Service| -> Value {
        let url = format!("{}{}", instance.origin(), path(0));
        let mut answer = ureq::get(url).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    };
    let one = |turn: usize| {
        let [from, to] = match turn % 2 {
            0 => [&instances[0], &instances[1]],
            _ => [&instances[1], &instances[0]],
        };
        // So that it has an answer to give from memory.
        let before = ask(to)["thread"]["version"].as_i64().unwrap();
        let said = json!({"site": "demo", "url": page(0), "body": format!("Number {turn}")});
        from.post("/v1/comments", &said);
        let began = Instant::now();
        while ask(to)["thread"]["version"].as_i64().unwrap() == before {
            assert!(began.elapsed() < Duration::from_secs(10), "it never shows");
        }
        began.elapsed().as_secs_f64() * 1e3
    };
    (0..SHOWN).map(one).collect()
}

/// A database that goes away with the bench.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn make(server: String) -> Self {
        let name = format!("postil_bench_{}", uuid::Uuid::now_v7().simple());
        let made = Self { server, name };
        made.say(&format!("CREATE DATABASE {}", made.name));
        made
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    fn say(&self, sql: &str) {
        let mut conn = PgConnection::establish(&self.server).unwrap();
        conn.batch_execute(sql).unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.say(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
