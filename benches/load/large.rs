//! How cost grows with what is there: the same requests on a hundred comments, ten thousand, and a million.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::seed::{self, LARGEST, SITE, SMALL};
use crate::service::Service;
use crate::table::{self, median, number};

/// Comments, and pages that nobody has written on.
const SIZES: [(usize, usize); 4] = [(100, 0), (1_000, 0), (10_000, 1_000), (1_000_000, 900_000)];

/// How often each is asked for; the median counts.
const TIMES: usize = 25;

/// Most pages that are read on the way to a deep one.
const DEEP: usize = 90;

/// What is measured, in the order of the table.
const ROWS: [&str; 11] = [
    "start to a page, ms",
    "first page of the small thread, not at hand, ms",
    "first page of the largest thread, not at hand, ms",
    "deepest page of its roots, ms",
    "deepest page of answers to one root, ms",
    "permalink of the last of these, ms",
    "a comment on the small thread, ms",
    "a comment on the largest thread, ms",
    "the queue, newest first, ms",
    "the queue, by risk, ms",
    "memory after all this, MiB",
];

pub fn run() {
    let columns: Vec<Vec<f64>> = SIZES
        .iter()
        .map(|(comments, pages)| measure(*comments, *pages))
        .collect();
    let head: Vec<String> = std::iter::once("comments there are".to_owned())
        .chain(SIZES.iter().map(|(comments, _)| number(*comments as f64)))
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> = ROWS
        .iter()
        .enumerate()
        .map(|(row, name)| {
            let cells = columns.iter().map(|column| number(column[row]));
            std::iter::once((*name).to_owned()).chain(cells).collect()
        })
        .collect();
    table::print(&head, &rows);
    let last = &columns[columns.len() - 1];
    println!(
        "\nFirst page of 100,000 comments by that of 100: **{:.2}** (≤ 1.5). Queue with 100,000 waiting by that with 100: **{:.2}** newest, **{:.2}** by risk (≤ 1.5).",
        last[2] / last[1],
        last[8] / columns[1][8],
        last[9] / columns[1][9],
    );
}

fn measure(comments: usize, empty_pages: usize) -> Vec<f64> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    seed::fill(dir.path(), comments, empty_pages);
    let token = seed::postil(
        dir.path(),
        &["token", "add", "--role", "admin", "--name", "bench"],
    );
    let token = token.lines().last().unwrap().to_owned();
    // Once, so that the system has the file's pages as it would in use.
    drop(Service::start(dir.path(), &[]));
    let began = Instant::now();
    let service = Service::start(dir.path(), &[]);
    let client = Client::new(&service, token);
    client.get(&first_page(SMALL));
    let mut cells = vec![began.elapsed().as_secs_f64() * 1e3];
    cells.push(client.cold(SMALL));
    cells.push(client.cold(LARGEST));
    let largest = client.get(&first_page(LARGEST));
    let thread = largest["thread"]["id"].as_str().unwrap();
    let roots = format!("/v1/threads/{thread}/comments?sort=oldest&limit=100");
    let deep = client.deepest(&roots);
    cells.push(client.cold_at(LARGEST, &deep));
    let oldest = client.get(&format!(
        "/v1/threads/{thread}/comments?sort=oldest&limit=1"
    ));
    let root = oldest["items"][0]["id"].as_str().unwrap().to_owned();
    let deep = client.deepest(&format!("/v1/comments/{root}/replies?limit=100"));
    cells.push(client.cold_at(LARGEST, &deep));
    let items = client.get(&deep)["items"].as_array().unwrap().clone();
    let last = items
        .last()
        .map_or(root, |item| item["id"].as_str().unwrap().to_owned());
    cells.push(client.cold_at(LARGEST, &format!("/v1/comments/{last}")));
    cells.push(client.post(SMALL));
    cells.push(client.post(LARGEST));
    cells.push(client.time("/v1/moderation/comments?sort=newest&limit=50"));
    cells.push(client.time("/v1/moderation/comments?sort=risk&limit=50"));
    cells.push(service.memory() as f64 / 1024.0 / 1024.0);
    forget(dir.path());
    cells
}

/// A million comments are not left lying about until the end of the run.
fn forget(dir: &Path) {
    let _ = std::fs::remove_dir_all(dir.join("postil-data"));
}

fn first_page(url: &str) -> String {
    format!("/v1/threads?site={SITE}&url={url}")
}

/// Somebody who reads, writes and moderates, over one connection.
struct Client<'a> {
    service: &'a Service,
    agent: ureq::Agent,
    moderator: String,
    guest: String,
}

impl<'a> Client<'a> {
    fn new(service: &'a Service, moderator: String) -> Self {
        let guest = service.post("/v1/identity/guest", &json!({"site": SITE, "name": "Ada"}));
        let guest = guest["token"].as_str().unwrap().to_owned();
        Self {
            service,
            agent: ureq::Agent::new_with_defaults(),
            moderator,
            guest,
        }
    }

    fn get(&self, path: &str) -> Value {
        let mut answer = self
            .agent
            .get(format!("http://{}{path}", self.service.address))
            .header("Authorization", format!("Bearer {}", self.moderator))
            .call()
            .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Milliseconds until an answer is there.
    fn once(&self, path: &str) -> f64 {
        let began = Instant::now();
        self.get(path);
        began.elapsed().as_secs_f64() * 1e3
    }

    fn time(&self, path: &str) -> f64 {
        median((0..TIMES).map(|_| self.once(path)).collect())
    }

    /// The first page of a thread, just after something in it changed.
    fn cold(&self, url: &str) -> f64 {
        self.cold_at(url, &first_page(url))
    }

    fn cold_at(&self, url: &str, path: &str) -> f64 {
        let page = self.get(&first_page(url));
        let comment = page["comments"]["items"][0]["id"].as_str().unwrap();
        let times = (0..TIMES).map(|turn| {
            self.agent
                .put(format!(
                    "http://{}/v1/comments/{comment}/vote",
                    self.service.address
                ))
                .header("Authorization", format!("Bearer {}", self.guest))
                .header("Content-Type", "application/json")
                .send(json!({"value": (turn + 1) % 2}).to_string())
                .unwrap();
            self.once(path)
        });
        median(times.collect())
    }

    /// The last page of a list, or as far as is reasonable to go.
    fn deepest(&self, path: &str) -> String {
        let mut deep = path.to_owned();
        for _ in 0..DEEP {
            match self.get(&deep)["next"].as_str() {
                Some(next) => deep = format!("{path}&after={next}"),
                None => break,
            }
        }
        deep
    }

    /// Milliseconds for a comment.
    fn post(&self, url: &str) -> f64 {
        let times = (0..TIMES).map(|turn| {
            let comment = json!({
                "site": SITE, "url": url, "author": {"name": "Ada"},
                "body": format!("Comment {turn} on how large a thread can be before anybody notices."),
            });
            let began = Instant::now();
            self.service.post("/v1/comments", &comment);
            began.elapsed().as_secs_f64() * 1e3
        });
        median(times.collect())
    }
}
