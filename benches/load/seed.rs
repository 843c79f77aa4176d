//! A database as years of use leave it, the same in every run: threads with a long tail of sizes, one with a tenth of all comments
//! and a tenth of those beneath one root, a tenth of all waiting for a moderator, and pages that nobody has written on.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::texts::Texts;

/// The site, and where its pages are.
pub const SITE: &str = "large";
pub const ORIGIN: &str = "https://large.example";

/// The page with a tenth of all comments.
pub const LARGEST: &str = "https://large.example/largest";
/// A page with a hundred at most.
pub const SMALL: &str = "https://large.example/small";

/// Rows that one statement inserts.
const TOGETHER: usize = 200;

#[derive(QueryableByName)]
struct Hex {
    #[diesel(sql_type = Text)]
    hex: String,
}

/// A comment to be.
struct Planned {
    id: String,
    root: Option<usize>,
    beneath: usize,
    is_pending: bool,
}

/// Fills a new data directory with that many comments, on ten times as few pages, and with that many other pages.
pub fn fill(dir: &Path, comments: usize, empty_pages: usize) {
    postil(
        dir,
        &["site", "add", SITE, "--origin", ORIGIN, "--name", "Large"],
    );
    let file = dir.join("postil-data/postil.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")
        .unwrap();
    let site: Hex = diesel::sql_query("SELECT hex(id) AS hex FROM sites WHERE slug = 'large'")
        .get_result(&mut conn)
        .unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as i64;
    let mut seed = Seed {
        rows: Rows::default(),
        conn,
        site: format!("X'{}'", site.hex),
        texts: Texts::new(7),
        // Within the time for which the log is kept.
        clock: now - 20 * 24 * 3600 * 1_000_000,
        tick: 15 * 24 * 3600 * 1_000_000 / comments.max(1) as i64,
        people: Vec::new(),
        published: 0,
        pending: 0,
    };
    seed.people(comments / 20 + 10);
    let largest = comments / 10;
    seed.thread(LARGEST, largest.max(20));
    seed.thread(SMALL, 100.min(comments / 2));
    let pages = (comments / 10).max(2);
    let mut left = comments.saturating_sub(largest + 100);
    for page in 1.. {
        if left == 0 {
            break;
        }
        // The first of them has some, the last has one: Zipf's law again.
        let size = (largest / (2 * page) + 1)
            .min(if page > pages { 1 } else { left })
            .min(left);
        seed.thread(&format!("{ORIGIN}/pages/{page}"), size);
        left -= size;
    }
    for page in 0..empty_pages {
        seed.page(&format!("{ORIGIN}/silent/{page}"), 0, 0);
    }
    seed.finish();
}

/// Runs a command of the program's, and gives what it says.
pub fn postil(dir: &Path, args: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_postil"))
        .env_clear()
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

struct Seed {
    rows: Rows,
    conn: SqliteConnection,
    site: String,
    texts: Texts,
    clock: i64,
    tick: i64,
    people: Vec<String>,
    published: usize,
    pending: usize,
}

impl Seed {
    fn id(&mut self) -> String {
        // Version 7 as to its time; the rest is the seed's.
        let time = self.clock / 1000;
        let (high, low) = (self.texts.below(1 << 12), self.texts.below(1 << 31));
        format!(
            "X'{time:012X}7{high:03X}8{:03X}{:04X}{low:08X}'",
            self.texts.below(1 << 12),
            self.texts.below(1 << 16)
        )
    }

    fn people(&mut self, count: usize) {
        for _ in 0..count {
            let id = self.id();
            let row = format!(
                "({id}, {}, 'guest', '{}', FALSE, 'reader', {}, 0, 0)",
                self.site,
                self.texts.name(),
                self.clock
            );
            self.put(
                "people (id, site_id, kind, name, verified, role, created_at, approved, rejected)",
                row,
            );
            self.people.push(id);
        }
    }

    fn page(&mut self, url: &str, published: usize, version: usize) -> String {
        let id = self.id();
        let (site, at) = (self.site.clone(), self.clock);
        self.put(
            "threads (id, site_id, key, url, state, comment_count, version, last_at, created_at)",
            format!("({id}, {site}, '{url}', '{url}', 'open', {published}, {version}, {at}, {at})"),
        );
        self.put(
            "thread_keys (site_id, key, thread_id)",
            format!("({site}, '{url}', {id})"),
        );
        id
    }

    fn thread(&mut self, url: &str, size: usize) {
        let mut planned: Vec<Planned> = Vec::with_capacity(size);
        let mut roots: Vec<usize> = Vec::new();
        for index in 0..size {
            self.clock += self.tick;
            let is_pending = index > 0 && self.texts.below(10) == 0;
            // The first root of a large thread has a tenth of it; the others have what is usual.
            let root = match self.texts.below(10) {
                _ if index == 0 => None,
                0 => Some(0),
                1..6 => roots.last().copied(),
                _ => None,
            };
            let id = self.id();
            if let (Some(root), false) = (root, is_pending) {
                planned[root].beneath += 1;
            }
            if root.is_none() && !is_pending {
                roots.push(index);
            }
            planned.push(Planned {
                id,
                root,
                beneath: 0,
                is_pending,
            });
        }
        let published = planned.iter().filter(|one| !one.is_pending).count();
        let thread = self.page(url, published, published);
        let mut version = 0;
        for one in &planned {
            self.comment(&thread, one, &planned, &mut version);
        }
    }

    fn comment(&mut self, thread: &str, one: &Planned, planned: &[Planned], version: &mut usize) {
        self.clock += 1;
        let (site, at, id) = (self.site.clone(), self.clock, &one.id);
        let root = one.root.map(|root| &planned[root].id);
        let person = self.people[self.texts.below(self.people.len() as u64) as usize].clone();
        let body = self.texts.comment().replace('\'', "’");
        let (status, listed, published_at, reasons) = match one.is_pending {
            true => (
                "pending",
                "FALSE",
                "NULL".to_owned(),
                r#"[{"code":"premoderated","detail":"Every comment here is read by a moderator first."}]"#,
            ),
            false => ("published", "TRUE", at.to_string(), "[]"),
        };
        let (rank, up, risk) = (
            self.texts.below(1000),
            self.texts.below(20),
            self.texts.below(1000),
        );
        let queued = if one.is_pending {
            at.to_string()
        } else {
            "NULL".to_owned()
        };
        let name = self.texts.name();
        self.put(
            "comments (id, thread_id, site_id, parent_id, root_id, depth, person_id, author_name, status, listed, body, body_html, \
             reasons, revision, up, down, rank, reply_count, pinned, created_at, published_at, active_at, risk, reports, queued_at)",
            format!(
                "({id}, {thread}, {site}, {}, {}, {}, {person}, '{name}', '{status}', {listed}, '{body}', '<p>{body}</p>', '{reasons}', 1, \
                 {up}, 0, {rank}, {}, FALSE, {at}, {published_at}, {at}, {risk}, 0, {queued})",
                root.map_or("NULL", String::as_str),
                root.unwrap_or(id),
                u8::from(root.is_some()),
                one.beneath,
            ),
        );
        if one.is_pending {
            self.pending += 1;
            return;
        }
        self.published += 1;
        *version += 1;
        self.put(
            "events (thread_id, version, kind, comment_id, at)",
            format!("({thread}, {version}, 'comment.created', {id}, {at})"),
        );
    }

    fn put(&mut self, table: &'static str, row: String) {
        self.rows.put(&mut self.conn, table, row);
    }

    fn finish(mut self) {
        for (name, count) in [("published", self.published), ("pending", self.pending)] {
            let row = format!("({}, -1, '{name}', 0, {count})", self.site);
            self.put("tallies (site_id, day, name, slot, count)", row);
        }
        self.rows.flush(&mut self.conn);
        self.conn.batch_execute("COMMIT; ANALYZE").unwrap();
    }
}

/// Rows that wait to be inserted, those of a table that others refer to before the others.
#[derive(Default)]
struct Rows(Vec<(&'static str, Vec<String>)>);

impl Rows {
    fn put(&mut self, conn: &mut SqliteConnection, table: &'static str, row: String) {
        let waiting = match self.0.iter_mut().position(|(known, _)| *known == table) {
            Some(place) => &mut self.0[place].1,
            None => {
                self.0.push((table, Vec::new()));
                &mut self.0.last_mut().unwrap().1
            }
        };
        waiting.push(row);
        if waiting.len() >= TOGETHER {
            self.flush(conn);
        }
    }

    fn flush(&mut self, conn: &mut SqliteConnection) {
        for (table, rows) in &mut self.0 {
            if !rows.is_empty() {
                conn.batch_execute(&format!("INSERT INTO {table} VALUES {}", rows.join(", ")))
                    .unwrap();
                rows.clear();
            }
        }
    }
}
