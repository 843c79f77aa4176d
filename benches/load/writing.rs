//! Durable comments over HTTP, beside the disk's own rate and the same rows committed one comment at a time.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::json;

use crate::drive::{self, NUMBER, Outcome, Plan};
use crate::reading::fill;
use crate::service::Service;
use crate::table::{self, median, number};

/// Seconds of one turn, of ours and of the floor.
const TURN: Duration = Duration::from_secs(3);

const TURNS: usize = 3;

/// Pages that writers write on where they do not all write on one.
const PAGES: usize = 100;

/// Writers, and the least that their comments in a second may be of the floor's.
const WRITERS: [(usize, f64); 3] = [(1, 0.5), (16, 2.0), (64, 2.0)];

const READERS: usize = 32;

pub fn run() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let service = Service::start(dir.path(), &[]);
    fill(&service, &page(&service, 0), 20, 1);
    let floor = Floor::new(dir.path());
    let mut rows = Vec::new();
    let mut first = 1;
    for (writers, budget) in WRITERS {
        for pages in [PAGES, 1] {
            let plan = Plan {
                address: service.address,
                connections: writers,
                seconds: TURN.as_secs_f64(),
                requests: (0..pages)
                    .map(|index| comment(&page(&service, index)))
                    .collect(),
                first,
            };
            first += 1_000_000;
            rows.push(measure(&service, &floor, &plan, pages, budget));
        }
    }
    let head = [
        "durable comments",
        "postil/s",
        "rows one by one/s",
        "ratio",
        "budget",
        "median ms",
        "p99 ms",
        "CPU ms",
    ];
    table::print(&head, &rows);
    println!(
        "\nThe disk: {} writes of 4 KiB made durable one at a time in a second. The floor's rows without waiting for the disk: {}/s.\n",
        number(syncs(dir.path())),
        number(floor.rate(false)),
    );
    while_written(&service, first);
}

fn page(service: &Service, index: usize) -> String {
    format!("{}/pages/{index}", service.origin())
}

/// A comment of somebody new. No three of its words stand together in another, which would be held as a repetition.
pub fn comment(page: &str) -> String {
    comment_by(page, "")
}

/// The same, by whom these headers say.
pub fn comment_by(page: &str, headers: &str) -> String {
    let body = json!({
        "site": "demo", "url": page, "author": {"name": format!("Reader {NUMBER}")},
        "body": format!(
            "It is {NUMBER} said that {NUMBER} the pilots {NUMBER} knew better {NUMBER} than the {NUMBER} printed tables {NUMBER} and \
             nobody {NUMBER} asked them {NUMBER} until winter. {NUMBER} *Is there* {NUMBER} a [source](https://example.org/{NUMBER})?"
        ),
    });
    drive::post("/v1/comments", headers, &body.to_string())
}

fn measure(
    service: &Service,
    floor: &Floor,
    plan: &Plan,
    pages: usize,
    budget: f64,
) -> Vec<String> {
    let (mut own, mut ratios, mut floors, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for turn in 0..TURNS {
        let plan = Plan {
            first: plan.first + turn as u64 * 100_000,
            ..plan.clone()
        };
        let before = service.cpu();
        let outcome = plan.run();
        cpu += service.cpu() - before;
        let floor = floor.rate(true);
        ratios.push(outcome.must_be(201).rate() / floor);
        floors.push(floor);
        own.push(outcome);
    }
    let written: f64 = own.iter().map(|one| one.rate() * one.seconds).sum();
    let of = |value: fn(&Outcome) -> f64| number(median(own.iter().map(value).collect()));
    let on = if pages == 1 {
        "on one page".to_owned()
    } else {
        format!("on {pages} pages")
    };
    vec![
        format!("{} at a time, {on}", plan.connections),
        of(Outcome::rate),
        number(median(floors)),
        format!("**{:.2}**", median(ratios)),
        format!("≥ {budget:.1}"),
        of(|one| one.median),
        of(|one| one.p99),
        format!("{:.3}", cpu * 1e3 / written),
    ]
}

/// How much of their rate readers keep while others write.
fn while_written(service: &Service, first: u64) {
    let read = |pages: std::ops::Range<usize>| Plan {
        address: service.address,
        connections: READERS,
        seconds: TURN.as_secs_f64(),
        requests: pages
            .map(|index| {
                drive::get(
                    &format!("/v1/threads?site=demo&url={}", page(service, index)),
                    "",
                )
            })
            .collect(),
        first: 0,
    };
    let mut rows = Vec::new();
    let cases = [
        (
            "other pages than are written on",
            read(PAGES / 2..PAGES),
            0..PAGES / 2,
        ),
        ("the pages that are written on", read(0..PAGES), 0..PAGES),
        ("the one page that all write on", read(0..1), 0..1),
    ];
    for (index, (name, read, written)) in cases.into_iter().enumerate() {
        let write = Plan {
            connections: 16,
            requests: written
                .map(|index| comment(&page(service, index)))
                .collect(),
            first: first + index as u64 * 1_000_000,
            ..read.clone()
        };
        read.run();
        let (mut alone, mut beside, mut kept, mut comments) = (vec![], vec![], vec![], vec![]);
        for turn in 0..TURNS {
            let before = read.run().must_be(200).rate();
            let write = Plan {
                first: write.first + turn as u64 * 100_000,
                ..write.clone()
            };
            let writing = write.begin();
            let during = read.run().must_be(200).rate();
            comments.push(writing.end().must_be(201).rate());
            alone.push(before);
            beside.push(during);
            kept.push(during / before);
        }
        rows.push(vec![
            name.to_owned(),
            number(median(alone)),
            number(median(beside)),
            format!("**{:.2}**", median(kept)),
            "≥ 0.50".to_owned(),
            number(median(comments)),
        ]);
    }
    let head = [
        "32 readers read",
        "alone/s",
        "while 16 write/s",
        "kept",
        "budget",
        "comments/s meanwhile",
    ];
    table::print(&head, &rows);
}

/// How many times in a second 4 KiB can be made durable.
fn syncs(dir: &Path) -> f64 {
    let file = dir.join("syncs");
    let mut made = File::create(&file).unwrap();
    made.write_all(&[0; 1 << 20]).unwrap();
    made.sync_all().unwrap();
    let began = Instant::now();
    let mut count = 0u64;
    while began.elapsed() < TURN {
        made.write_all_at(&[count as u8; 4096], count % 256 * 4096)
            .unwrap();
        made.sync_data().unwrap();
        count += 1;
    }
    count as f64 / began.elapsed().as_secs_f64()
}

/// The rows that the service wrote for one comment, written again and again into a copy of its database.
struct Floor {
    conn: std::cell::RefCell<SqliteConnection>,
    statements: Vec<String>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Stand for ids that no other row has.
const COMMENT: &str = "{comment}";
const PERSON: &str = "{person}";
const OTHER: &str = "{other}";

impl Floor {
    fn new(dir: &Path) -> Self {
        let copy = dir.join("floor.db");
        let backup = std::process::Command::new(env!("CARGO_BIN_EXE_postil"))
            .args([
                "backup".as_ref(),
                copy.as_os_str(),
                "--data-dir".as_ref(),
                dir.join("postil-data").as_os_str(),
            ])
            .output()
            .unwrap();
        assert!(backup.status.success(), "{backup:?}");
        let mut conn = SqliteConnection::establish(copy.to_str().unwrap()).unwrap();
        conn.batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;",
        )
        .unwrap();
        let last = word(
            &mut conn,
            "SELECT hex(MAX(id)) AS word FROM comments WHERE parent_id IS NULL",
        );
        let person = word(
            &mut conn,
            &format!("SELECT hex(person_id) AS word FROM comments WHERE id = X'{last}'"),
        );
        let mut statements = Vec::new();
        for (table, own, fresh) in [
            ("people", format!("id = X'{person}'"), vec![("id", PERSON)]),
            (
                "sessions",
                format!("person_id = X'{person}'"),
                vec![("id", OTHER), ("person_id", PERSON)],
            ),
            (
                "comments",
                format!("id = X'{last}'"),
                vec![("id", COMMENT), ("root_id", COMMENT), ("person_id", PERSON)],
            ),
            (
                "events",
                format!("comment_id = X'{last}'"),
                vec![("version", "{version}"), ("comment_id", COMMENT)],
            ),
            (
                "judgements",
                format!("comment_id = X'{last}'"),
                vec![("comment_id", COMMENT)],
            ),
            (
                "prints",
                format!("comment_id = X'{last}'"),
                vec![("number", "random()"), ("comment_id", COMMENT)],
            ),
            (
                "comment_networks",
                format!("comment_id = X'{last}'"),
                vec![("comment_id", COMMENT)],
            ),
        ] {
            let found: Count =
                diesel::sql_query(format!("SELECT COUNT(*) AS count FROM {table} WHERE {own}"))
                    .get_result(&mut conn)
                    .unwrap();
            assert!(found.count > 0, "the rows of a comment in {table}");
            let columns: Vec<Column> =
                diesel::sql_query(format!("SELECT name FROM pragma_table_info('{table}')"))
                    .load(&mut conn)
                    .unwrap();
            let values = columns.iter().map(|column| {
                let known = fresh.iter().find(|(name, _)| *name == column.name);
                known.map_or(column.name.clone(), |(_, value)| (*value).to_owned())
            });
            let values = values.collect::<Vec<_>>().join(", ");
            // A table of these alone, so that looking it up costs next to nothing.
            conn.batch_execute(&format!(
                "CREATE TEMP TABLE one_of_{table} AS SELECT * FROM {table} WHERE {own}"
            ))
            .unwrap();
            statements.push(format!(
                "INSERT INTO {table} SELECT {values} FROM one_of_{table}"
            ));
        }
        let thread = word(
            &mut conn,
            &format!("SELECT hex(thread_id) AS word FROM comments WHERE id = X'{last}'"),
        );
        statements.push(format!(
            "UPDATE threads SET version = version + 1, last_at = last_at + 1, comment_count = comment_count + 1 WHERE id = X'{thread}'"
        ));
        for (day, name) in [(-1, "published"), (20_000, "received")] {
            statements.push(format!(
                "INSERT INTO tallies (site_id, day, name, slot, count) SELECT site_id, {day}, '{name}', 0, 1 FROM one_of_comments \
                 WHERE true ON CONFLICT DO UPDATE SET count = tallies.count + excluded.count"
            ));
        }
        Self {
            conn: conn.into(),
            statements,
        }
    }

    /// Comments' rows written in a second: each durable before the next, or all in one transaction.
    fn rate(&self, durable: bool) -> f64 {
        let mut conn = self.conn.borrow_mut();
        let base: Count = diesel::sql_query("SELECT MAX(version) + 1 AS count FROM events")
            .get_result(&mut *conn)
            .unwrap();
        let began = Instant::now();
        let mut written = 0;
        if !durable {
            conn.batch_execute("BEGIN IMMEDIATE").unwrap();
        }
        while began.elapsed() < TURN {
            let fresh = || format!("X'{}'", uuid::Uuid::now_v7().simple());
            let mut text = self
                .statements
                .join(";")
                .replace(COMMENT, &fresh())
                .replace(PERSON, &fresh())
                .replace("{version}", &(base.count + written).to_string());
            while text.contains(OTHER) {
                text = text.replacen(OTHER, &fresh(), 1);
            }
            if durable {
                text = format!("BEGIN IMMEDIATE;{text};COMMIT");
            }
            conn.batch_execute(&text).unwrap();
            written += 1;
        }
        let rate = written as f64 / began.elapsed().as_secs_f64();
        if !durable {
            conn.batch_execute("ROLLBACK").unwrap();
        }
        rate
    }
}

fn word(conn: &mut SqliteConnection, sql: &str) -> String {
    let found: Word = diesel::sql_query(sql).get_result(conn).unwrap();
    found.word
}
