//! A service of its own for each test, and verbs to talk to it.

use std::io::Read;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use postil::app::Service;
use postil::config::Config;
use postil::domain::page::Origin;
use postil::domain::site::{Phrases, Policy};
use postil::domain::text::{Locale, Slug};
use postil::domain::time::Time;
use postil::domain::word::{Quotations, Role};
use postil::service::caller::Caller;
use postil::service::sites::{self, NewSite};
use postil::service::staff;
use postil::service::tokens::{self, NewToken};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::contract;

/// The site that every test has.
pub const SITE: &str = "blog";

/// Where its pages are.
pub const ORIGIN: &str = "https://blog.example";

/// Names a PostgreSQL server whose user may create databases.
const POSTGRES: &str = "POSTIL_TEST_POSTGRES";

/// Runs a test on SQLite, and on PostgreSQL where a server is named.
pub fn on_both(test: impl Fn(&App)) {
    on_both_with(&[], test);
}

/// The same, with flags of the service.
pub fn on_both_with(flags: &[&str], test: impl Fn(&App)) {
    {
        let app = App::start(Database::sqlite(), flags);
        test(&app);
    }
    if let Ok(server) = std::env::var(POSTGRES) {
        let app = App::start(Database::postgres(&server), flags);
        test(&app);
    }
}

/// A database that goes when the test goes.
enum Database {
    Sqlite,
    Postgres { server: String, name: String },
}

impl Database {
    fn sqlite() -> Self {
        Self::Sqlite
    }

    fn postgres(server: &str) -> Self {
        let name = format!("postil_test_{}", Uuid::now_v7().simple());
        let mut admin = PgConnection::establish(server).expect("POSTIL_TEST_POSTGRES answers");
        admin
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("may create databases");
        Self::Postgres {
            server: server.to_owned(),
            name,
        }
    }

    fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { server, name } => {
                let (address, _) = server
                    .rsplit_once('/')
                    .expect("the server's URL names a database");
                Some(format!("{address}/{name}"))
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self
            && let Ok(mut admin) = PgConnection::establish(server)
        {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// A running service.
pub struct App {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// The token of somebody who administers everything.
    pub admin: String,
    /// The token of a moderator of [`SITE`], called Mona.
    pub moderator: String,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Option<JoinHandle<()>>,
    /// Its files.
    pub dir: TempDir,
    /// Keeps the database until the service has stopped.
    database: Database,
}

/// What a service tells once it is there.
struct Started {
    url: String,
    admin: String,
    moderator: String,
}

impl App {
    fn start(database: Database, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory for the test");
        let mut line: Vec<String> = [
            "--listen=127.0.0.1:0",
            "--no-demo",
            "--workers=2",
            "--read-connections=4",
            "--rate-comments=0",
            "--rate-writes=0",
            "--rate-identity=0",
            "--rate-letters=0",
            "--rate-challenges=0",
            "--rate-texts=0",
            "--text-share=100",
            "--mail-quiet-seconds=0",
            // Nobody is asked whose address a test makes up.
            "--fetch-pages=false",
        ]
        .map(String::from)
        .into();
        line.push(format!("--data-dir={}", dir.path().display()));
        line.extend(database.url().map(|url| format!("--database={url}")));
        // A flag that a test names takes the place of the one above.
        for flag in flags {
            let name = flag.split('=').next().unwrap_or(flag);
            line.retain(|own| own.split('=').next() != Some(name));
            line.push((*flag).to_owned());
        }
        if flags.contains(&"--demo") {
            line.retain(|flag| flag != "--no-demo");
        }
        let config =
            Config::from_flags(line.iter().map(String::as_str)).expect("the flags are right");
        let (stop, until) = oneshot::channel();
        let (tell, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let service = Service::open(config).await.expect("the service starts");
                tell.send(furnish(&service).await).expect("the test waits");
                let until = async {
                    let _ = until.await;
                };
                service
                    .run(until)
                    .await
                    .expect("the service stops in order");
            });
        });
        let started = started.recv().expect("the service starts");
        Self {
            url: started.url,
            admin: started.admin,
            moderator: started.moderator,
            stop: Mutex::new(Some(stop)),
            thread: Some(thread),
            dir,
            database,
        }
    }

    /// Whether this one runs on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.database, Database::Postgres { .. })
    }

    /// Runs a command of the operator's beside the service, and gives what it prints.
    pub fn postil(&self, args: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_postil"));
        command.env_clear().arg("--data-dir").arg(self.dir.path());
        command.args(self.database.url().map(|url| format!("--database={url}")));
        let output = command.args(args).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "postil {args:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A request with this method and path.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call {
            app: self,
            method: method.into(),
            prefix: "",
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    /// A POST request with a JSON body.
    pub fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call("POST", path).json(body)
    }

    /// A PUT request with a JSON body.
    pub fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call("PUT", path).json(body)
    }

    /// A PATCH request with a JSON body.
    pub fn patch(&self, path: &str, body: Value) -> Call<'_> {
        self.call("PATCH", path).json(body)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call("DELETE", path)
    }

    /// Posts a comment of a new guest on the page with that path, and gives the answer's body (201).
    pub fn comment(&self, page: &str, text: &str) -> Value {
        self.post("/v1/comments", comment(page, text))
            .send()
            .is(201)
            .body
    }

    /// Posts an answer to that comment by a new guest (201).
    pub fn reply(&self, page: &str, parent: &Value, text: &str) -> Value {
        let mut body = comment(page, text);
        body["parent_id"] = parent["id"].clone();
        self.post("/v1/comments", body).send().is(201).body
    }

    /// A new guest's token.
    pub fn guest(&self) -> String {
        let guest = self
            .post("/v1/identity/guest", json!({"site": SITE}))
            .send()
            .is(201)
            .body;
        guest["token"].as_str().expect("a token").to_owned()
    }

    /// Changes rules of [`SITE`].
    pub fn policy(&self, patch: Value) {
        self.patch(&format!("/v1/sites/{SITE}"), json!({"policy": patch}))
            .bearer(&self.admin)
            .send()
            .is(200);
    }

    /// The first page of a page's thread.
    pub fn page(&self, page: &str) -> Value {
        self.get(&format!("/v1/threads?site={SITE}&url={}", page_url(page)))
            .send()
            .is(200)
            .body
    }

    /// Its database, for a second look at it.
    pub fn database(&self) -> postil::store::Database {
        match self.database.url() {
            None => postil::store::Database::Sqlite(self.dir.path().join("postil.db")),
            Some(url) => postil::store::Database::Postgres(url),
        }
    }

    /// Runs statements in its database, for what cannot be done over HTTP.
    pub fn sql(&self, statements: &str) {
        match self.database() {
            postil::store::Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())
                    .expect("the database opens");
                conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON")
                    .expect("settings");
                conn.batch_execute(statements).expect("right SQL");
            }
            postil::store::Database::Postgres(url) => {
                let mut conn = PgConnection::establish(&url).expect("the database opens");
                conn.batch_execute(statements).expect("right SQL");
            }
        }
    }

    /// Tells the service to stop, and does not wait for it.
    pub fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops the service and waits until it has stopped.
    fn end(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the service did not stop in order");
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "(on {})",
                if self.is_postgres() {
                    "PostgreSQL"
                } else {
                    "SQLite"
                }
            );
        }
        self.end();
    }
}

/// The address of the page with that path on [`SITE`].
pub fn page_url(page: &str) -> String {
    format!("{ORIGIN}/{page}")
}

/// The body of a new comment on the page with that path.
pub fn comment(page: &str, text: &str) -> Value {
    json!({"site": SITE, "url": page_url(page), "body": text})
}

async fn furnish(service: &Service) -> Started {
    let app = service.app();
    let now = Time::now();
    let site = NewSite {
        slug: Slug::parse(SITE).expect("a slug"),
        name: "The blog".into(),
        origins: vec![Origin::parse(ORIGIN).expect("an origin")],
        locale: Locale::parse("en").expect("a locale"),
        // What the spam model guesses is for the tests that are about it.
        policy: Policy {
            spam_hold: None,
            // So is whether quoted words stand in a page that is not there.
            quotations: Quotations::Trusted,
            ..Policy::default()
        },
        phrases: Phrases::default(),
        sso: None,
    };
    sites::add(&app.store, &Caller::operator(), site, None, now)
        .await
        .expect("the site is added");
    let admin = NewToken {
        name: "tests".into(),
        role: Role::Admin,
        site: None,
        read_only: false,
        expires_at: None,
    };
    let (_, admin, _) = tokens::create(&app.store, &Caller::operator(), admin, None, now)
        .await
        .expect("a token");
    let mona = postil::domain::text::Name::parse("Mona").expect("a name");
    let (_, moderator) = staff::add(
        &app.store,
        &Caller::operator(),
        SITE,
        mona,
        Role::Moderator,
        None,
        now,
    )
    .await
    .expect("a moderator");
    Started {
        url: format!("http://{}", service.address()),
        admin,
        moderator,
    }
}

/// A request that is being put together.
pub struct Call<'a> {
    app: &'a App,
    method: String,
    prefix: &'a str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    /// With that header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With that token.
    pub fn bearer(self, token: &str) -> Self {
        let value = format!("Bearer {token}");
        self.header("Authorization", &value)
    }

    /// With that JSON body.
    pub fn json(self, body: Value) -> Self {
        let bytes = serde_json::to_vec(&body).expect("JSON");
        self.header("Content-Type", "application/json").bytes(bytes)
    }

    /// With exactly these bytes as its body.
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// The same below a path, as a proxy asks that leaves it on.
    pub fn below(self, prefix: &'a str) -> Self {
        Self { prefix, ..self }
    }

    /// Sends it, and holds the answer against the contract.
    pub fn send(self) -> Answer {
        let path = self.path.split('?').next().unwrap_or_default().to_owned();
        let method = self.method.clone();
        let mut response = self.open();
        let mut raw = Vec::new();
        response
            .body_mut()
            .as_reader()
            .read_to_end(&mut raw)
            .expect("the body is whole");
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into(),
                )
            })
            .collect();
        let answer = Answer {
            status: response.status().as_u16(),
            body: serde_json::from_slice(&raw).unwrap_or(Value::Null),
            headers,
            raw,
        };
        contract::check(&method, &path, &answer);
        answer
    }

    /// Sends it and gives the answer unread, for streams.
    pub fn open(self) -> ureq::http::Response<ureq::Body> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}{}", self.app.url, self.prefix, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match self.body {
            Some(body) => agent.run(request.body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        };
        sent.unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.path))
    }
}

/// An answer that was read whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its JSON; null when it is none.
    pub body: Value,
    /// Its bytes.
    pub raw: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Asserts the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.raw);
        assert_eq!(self.status, status, "{text}");
        self
    }

    /// Asserts a problem with that status and code.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.body["code"], code, "{}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        answer
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

/// Waits until `condition` gives something; fails after ten seconds.
#[track_caller]
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "in ten seconds there was no {what}");
        std::thread::yield_now();
    }
}
