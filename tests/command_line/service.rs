//! The program as a process of its own: started, talked to, stopped and killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::{Value, json};
use uuid::Uuid;

/// The site that these tests write on, and where its pages are.
pub const SITE: &str = "blog";
pub const ORIGIN: &str = "https://blog.example";

/// A command of the program's, with nothing in its environment.
pub fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postil"));
    command.env_clear().current_dir(dir).args(args);
    command
}

/// Runs a command to its end.
pub fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

/// What a command that must succeed prints.
#[track_caller]
pub fn said(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "postil {args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// A service that is killed when the test is over.
pub struct Service {
    /// Its process.
    pub child: Child,
    /// Where it is, without a slash at the end.
    pub url: String,
    /// What it said on starting.
    pub welcome: Vec<String>,
}

impl Service {
    /// Starts it in that directory on a free port, limits off, and waits until it is there.
    pub fn start(dir: &Path, flags: &[&str]) -> Self {
        Self::spawn(command(dir, &[&["--listen=127.0.0.1:0"], flags].concat()))
    }

    /// The same, from a command that is ready.
    pub fn spawn(mut command: Command) -> Self {
        command
            .arg("--rate-comments=0")
            .arg("--fetch-pages=false")
            .arg("--rate-writes=0")
            .arg("--rate-identity=0")
            .arg("--workers=2")
            .arg("--log=error");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut welcome = Vec::new();
        for line in out.lines() {
            welcome.push(line.unwrap());
            if welcome.last().unwrap().starts_with("Become a moderator") {
                break;
            }
        }
        let first = welcome.first().expect("the service starts");
        let url = first.strip_prefix("Listening on ").unwrap().to_owned();
        Self {
            child,
            url,
            welcome,
        }
    }

    /// Asks it to stop, as service managers do.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ended.
    pub fn ended(&mut self) -> ExitStatus {
        eventually("end of the service", || self.child.try_wait().unwrap())
    }

    /// Sends a request; `None` when there was no answer.
    pub fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                agent.run(request.body(body.to_string()).unwrap())
            }
            None => agent.run(request.body(()).unwrap()),
        };
        let mut answer = sent.ok()?;
        let text = answer.body_mut().read_to_vec().ok()?;
        let status = answer.status().as_u16();
        Some((status, serde_json::from_slice(&text).unwrap_or(Value::Null)))
    }

    /// What a GET that must succeed answers.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_call("GET", path, &[], None).expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Posts a comment on the page with that path.
    pub fn try_comment(&self, page: &str, text: &str, key: &str) -> Option<(u16, Value)> {
        let body = json!({"site": SITE, "url": format!("{ORIGIN}/{page}"), "body": text});
        self.try_call(
            "POST",
            "/v1/comments",
            &[("Idempotency-Key", key)],
            Some(body),
        )
    }

    /// Posts a comment that must be taken, and gives it.
    #[track_caller]
    pub fn comment(&self, page: &str, text: &str) -> Value {
        let key = Uuid::now_v7().to_string();
        let (status, body) = self.try_comment(page, text, &key).expect("an answer");
        assert_eq!(status, 201, "{body}");
        body
    }

    /// The thread of the page with that path, with the newest comments.
    #[track_caller]
    pub fn page(&self, page: &str) -> Value {
        self.get(&format!("/v1/threads?site={SITE}&url={ORIGIN}/{page}"))
    }

    /// The ids of all comments of a thread that has only roots, once its log was found gapless and
    /// its counters right.
    #[track_caller]
    pub fn whole(&self, page: &str) -> Vec<String> {
        let thread = self.page(page)["thread"].clone();
        let id = thread["id"].as_str().unwrap();
        let mut posted = Vec::new();
        let mut since = 0;
        loop {
            let changes = self.get(&format!("/v1/threads/{id}/changes?since={since}&limit=100"));
            for change in changes["items"].as_array().unwrap() {
                since += 1;
                assert_eq!(change["version"], since, "the log has a gap");
                assert_eq!(change["type"], "comment.created");
                posted.push(change["comment_id"].as_str().unwrap().to_owned());
            }
            if changes["next"].is_null() {
                assert_eq!(changes["version"], since);
                break;
            }
        }
        let mut listed = Vec::new();
        let mut after = String::new();
        loop {
            let list = self.get(&format!(
                "/v1/threads/{id}/comments?sort=oldest&limit=100{after}"
            ));
            let items = list["items"].as_array().unwrap();
            listed.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            match list["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(listed, posted, "the list and the log tell the same");
        assert_eq!(thread["version"], posted.len());
        assert_eq!(thread["comment_count"], posted.len());
        let counts = self.get(&format!("/v1/counts?site={SITE}&url={ORIGIN}/{page}"));
        assert_eq!(counts["items"][0]["count"], posted.len());
        posted
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a test on SQLite, and on PostgreSQL where a server is named: with a directory, and the flags
/// that name the database.
pub fn on_both(test: impl Fn(&Path, &[&str])) {
    let dir = tempfile::tempdir().unwrap();
    test(dir.path(), &[]);
    if let Some(postgres) = Postgres::named() {
        let dir = tempfile::tempdir().unwrap();
        test(dir.path(), &[&postgres.flag()]);
    }
}

/// Makes the site that these tests write on.
pub fn add_site(dir: &Path, flags: &[&str]) {
    said(
        dir,
        &[flags, &["site", "add", SITE, "--origin", ORIGIN]].concat(),
    );
}

/// A PostgreSQL database that goes when the test goes.
pub struct Postgres {
    server: String,
    /// Its name on the server.
    pub name: String,
}

impl Postgres {
    /// One on the server that `POSTIL_TEST_POSTGRES` names, if it names one.
    pub fn named() -> Option<Self> {
        let server = std::env::var("POSTIL_TEST_POSTGRES").ok()?;
        let name = format!("postil_test_{}", Uuid::now_v7().simple());
        let database = Self { server, name };
        database.admin(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    /// The flag that names it.
    pub fn flag(&self) -> String {
        let (address, _) = self.server.rsplit_once('/').unwrap();
        format!("--database={address}/{}", self.name)
    }

    /// Runs a statement beside it.
    pub fn admin(&self, statement: &str) {
        let mut admin = PgConnection::establish(&self.server).unwrap();
        admin.batch_execute(statement).unwrap();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.admin(&format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        ));
    }
}

/// Waits until `condition` gives something; fails after half a minute.
#[track_caller]
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "in half a minute there was no {what}");
        std::thread::yield_now();
    }
}
