//! Kinds of session: what one of the site's own people may in a page, at the console, and where each counts.

use postil::domain::id::SignInId;
use postil::domain::time::Time;
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::support::{Answer, App, ORIGIN, SITE, comment, on_both, page_url};

/// A subdomain that the site covers by a wildcard alone.
pub const WILD: &str = "https://guest.blog.example";

pub const NORA: &str = "nora@example.org";

/// Adds one of the site's own people.
pub fn staff(app: &App, name: &str, role: &str, email: &str) {
    app.postil(&[
        "moderator",
        "add",
        SITE,
        name,
        "--role",
        role,
        "--email",
        email,
    ]);
}

/// Covers subdomains too.
pub fn widen(app: &App) {
    let origins = json!({"origins": ["https://*.blog.example", ORIGIN]});
    app.patch(&format!("/v1/sites/{SITE}"), origins)
        .bearer(&app.admin)
        .send()
        .is(200);
}

/// Signs in by mail: asked for on the page `url`, and verified from `origin`.
fn by_mail_at(app: &App, email: &str, url: &str, origin: Option<&str>) -> Answer {
    let wanted = json!({"site": SITE, "email": email, "url": url});
    let asked = app.post("/v1/identity/email", wanted).send().is(202).body;
    let id: SignInId = asked["request"].as_str().unwrap().parse().unwrap();
    let body = json!({"site": SITE, "request": id, "code": Letters::of(app).code(id)});
    let call = app.post("/v1/identity/email/verify", body);
    match origin {
        Some(origin) => call.header("Origin", origin).send(),
        None => call.send(),
    }
}

/// The session of whoever signs in by mail on a page of the site's own.
pub fn by_mail(app: &App, email: &str) -> Value {
    let session = by_mail_at(app, email, &page_url("a"), Some(ORIGIN)).is(200);
    session.body
}

/// The code that begins a console's session of that person.
fn console_code(app: &App, name: &str) -> String {
    let printed = app.postil(&["moderator", "link", SITE, name, "--console"]);
    printed.lines().last().unwrap().to_owned()
}

/// A console's session of that person.
pub fn console(app: &App, name: &str) -> Value {
    let code = console_code(app, name);
    let begun = app.post("/v1/sessions", json!({"code": code})).send();
    begun.is(201).body
}

pub fn token(session: &Value) -> &str {
    session["token"].as_str().unwrap()
}

/// A decision about one comment; gives its item.
fn decide(app: &App, token: &str, action: &str, comment: &Value) -> Value {
    let body = json!({"action": action, "ids": [comment["id"]]});
    let call = app.post("/v1/moderation/actions", body).bearer(token);
    let answer = call.header("Origin", ORIGIN).send().is(200);
    answer.body["items"][0].clone()
}

fn thread_path(comment: &Value) -> String {
    format!(
        "/v1/moderation/threads/{}",
        comment["thread_id"].as_str().unwrap()
    )
}

pub fn count(app: &App, sql: &str) -> i64 {
    Letters::of(app).count(sql)
}

#[test]
fn a_moderator_signs_in_by_mail_and_decides_in_the_page() {
    on_both(|app| {
        staff(app, "Nora", "moderator", NORA);
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Please"))
            .send()
            .is(202)
            .body;
        let session = by_mail(app, "Nora@Example.org");
        assert_eq!(session["kind"], "page");
        let person = &session["person"];
        assert_eq!(
            (&person["kind"], &person["name"], &person["role"]),
            (&json!("staff"), &json!("Nora"), &json!("moderator"))
        );
        assert!(!session.to_string().contains("nora@"), "{session}");
        let nora = token(&session);
        let get = |path: &str| app.get(path).bearer(nora).header("Origin", ORIGIN).send();
        let queue = get("/v1/moderation/comments?status=pending").is(200);
        assert_eq!(queue.body["items"][0]["id"], held["id"]);
        assert_eq!(
            get("/v1/moderation/counts").is(200).body["items"][0]["pending"],
            1
        );
        get(&format!(
            "/v1/comments/{}/history",
            held["id"].as_str().unwrap()
        ))
        .is(200);
        for (action, status) in [
            ("approve", "published"),
            ("pin", "published"),
            ("unpin", "published"),
            ("spam", "spam"),
            ("undo", "published"),
            ("reject", "rejected"),
            ("restore", "pending"),
            ("trash", "trash"),
            ("approve", "published"),
        ] {
            assert_eq!(
                decide(app, nora, action, &held)["status"],
                status,
                "{action}"
            );
        }
        // Whoever answers for the pages is not judged, and bears the badge.
        let own = app
            .post("/v1/comments", comment("a", "Welcome"))
            .bearer(nora)
            .send();
        let own = own.is(201).body;
        assert_eq!(
            (&own["author"]["badge"], &own["author"]["name"]),
            (&json!("moderator"), &json!("Nora"))
        );
        for state in ["closed", "open"] {
            let call = app
                .patch(&thread_path(&held), json!({"state": state}))
                .bearer(nora);
            assert_eq!(call.send().is(200).body["state"], state);
        }
        let ban = json!({"kind": "person", "comment": held["id"]});
        app.post("/v1/moderation/bans", ban)
            .bearer(nora)
            .send()
            .is(201);
        // It is Nora who did all this.
        let path = format!(
            "/v1/moderation/audit?person={}&limit=100",
            person["id"].as_str().unwrap()
        );
        let lines = app.get(&path).bearer(&app.admin).send().is(200).body;
        assert_eq!(lines["items"].as_array().unwrap().len(), 9 + 2 + 1 + 1);
    });
}

#[test]
fn in_the_page_nothing_else_is_moderated() {
    on_both(|app| {
        staff(app, "Root", "admin", NORA);
        let posted = app.comment("a", "Hello");
        let session = by_mail(app, NORA);
        assert_eq!(session["person"]["role"], "admin");
        let root = token(&session);
        let author = posted["author"]["id"].clone();
        let patch = |body: Value| app.patch(&thread_path(&posted), body);
        for (what, call) in [
            (
                "all of a person's",
                app.post(
                    "/v1/moderation/actions",
                    json!({"action": "spam", "person": author}),
                ),
            ),
            (
                "a person's ban",
                app.post(
                    "/v1/moderation/bans",
                    json!({"kind": "person", "person": author}),
                ),
            ),
            (
                "a title beside",
                patch(json!({"state": "closed", "title": "T"})),
            ),
            (
                "a policy beside",
                patch(json!({"state": "closed", "policy": {"moderation": "pre"}})),
            ),
            (
                "an author beside",
                patch(json!({"state": "closed", "author": {"email": "a@b.example"}})),
            ),
            (
                "hiding beside",
                patch(json!({"state": "closed", "hidden": true})),
            ),
            (
                "an owner beside",
                patch(json!({"state": "closed", "owner": author})),
            ),
            (
                "moving beside",
                patch(json!({"state": "closed", "url": page_url("b")})),
            ),
            ("nothing", patch(json!({}))),
            (
                "the site's letters",
                app.post(
                    "/v1/subscriptions",
                    json!({"site": SITE, "scope": "site", "email": NORA}),
                ),
            ),
            (
                "an article's letters",
                app.post(
                    "/v1/subscriptions",
                    json!({"site": SITE, "scope": "article", "url": page_url("a"), "email": NORA}),
                ),
            ),
            (
                "the staff's sessions",
                app.get(&format!("/v1/sessions?site={SITE}")),
            ),
        ] {
            let answer = call.bearer(root).header("Origin", ORIGIN).send();
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (403, &json!("forbidden")),
                "{what}"
            );
        }
        let page = app.page("a");
        assert_eq!(
            (&page["thread"]["state"], &page["thread"]["title"]),
            (&json!("open"), &Value::Null)
        );
        assert_eq!(page["comments"]["items"][0]["id"], posted["id"]);
        // Nor are words selected where the site lets nobody do it: that is for the authors' tools.
        app.policy(json!({"passages": "off"}));
        let mut about = comment("a", "This");
        about["target"] =
            json!({"exact": "High water", "prefix": "", "suffix": "", "start": 0, "end": 10});
        app.post("/v1/comments", about)
            .bearer(root)
            .send()
            .refuses(403, "passages_not_allowed");
    });
}

#[test]
fn under_a_wildcard_staff_are_readers() {
    on_both(|app| {
        staff(app, "Nora", "moderator", NORA);
        widen(app);
        let there = format!("{WILD}/a");
        let mut readers = Vec::new();
        for (url, origin) in [
            (there.as_str(), WILD),
            (&page_url("a"), WILD),
            (&there, ORIGIN),
        ] {
            let session = by_mail_at(app, NORA, url, Some(origin)).is(200).body;
            assert_eq!(session["kind"], "reader", "{url} {origin}");
            let person = &session["person"];
            assert_eq!(
                (&person["kind"], &person["name"], &person["role"]),
                (&json!("email"), &Value::Null, &json!("reader"))
            );
            readers.push(session);
        }
        app.sql("DELETE FROM letter_requests");
        assert_eq!(
            by_mail_at(app, NORA, &there, None).is(200).body["kind"],
            "reader"
        );
        let reader = &readers[0];
        assert_eq!(reader["person"]["id"], readers[2]["person"]["id"]);
        let queue = || app.get("/v1/moderation/comments").bearer(token(reader));
        queue().send().refuses(403, "forbidden");
        queue()
            .header("Origin", ORIGIN)
            .send()
            .refuses(403, "forbidden");
        let post = |session: &Value, text: &str| {
            let call = app
                .post("/v1/comments", comment("a", text))
                .bearer(token(session));
            call.send().is(201).body["author"].clone()
        };
        assert_eq!(post(reader, "As a reader")["badge"], Value::Null);
        // On a page of the site's own the same address is Nora; what the reader wrote stays the reader's.
        app.sql("DELETE FROM letter_requests");
        let nora = by_mail_at(app, NORA, &page_url("a"), Some("https://BLOG.example:443"))
            .is(200)
            .body;
        assert_eq!(
            (&nora["kind"], &nora["person"]["name"]),
            (&json!("page"), &json!("Nora"))
        );
        assert_ne!(nora["person"]["id"], reader["person"]["id"]);
        assert_eq!(post(&nora, "As Nora")["badge"], "moderator");
        let first = &app.page("a")["comments"]["items"][1];
        assert_eq!(first["author"]["id"], reader["person"]["id"]);
        // And under a wildcard they are that reader again.
        let again = by_mail_at(app, NORA, &there, Some(WILD)).is(200).body;
        assert_eq!(again["person"]["id"], reader["person"]["id"]);
    });
}

#[test]
fn whoever_signed_in_under_a_wildcard_moderates_nowhere_whatever_the_request_leaves_out() {
    on_both(|app| {
        widen(app);
        let there = format!("{WILD}/a");
        for origin in [None, Some(ORIGIN), Some(WILD)] {
            app.sql("DELETE FROM letter_requests");
            let session = by_mail_at(app, NORA, &there, origin).is(200).body;
            app.sql("UPDATE people SET role = 'moderator' WHERE kind = 'email'");
            app.get("/v1/moderation/comments")
                .bearer(token(&session))
                .send()
                .refuses(403, "forbidden");
        }
    });
}

#[test]
fn of_two_with_one_address_it_is_the_one_with_the_higher_role() {
    on_both(|app| {
        for (name, role) in [
            ("Author", "author"),
            ("First", "admin"),
            ("Second", "admin"),
        ] {
            staff(app, name, role, NORA);
        }
        assert_eq!(by_mail(app, NORA)["person"]["name"], "First");
        // Who has no role any more is nobody's staff.
        app.sql("UPDATE people SET role = 'reader' WHERE role = 'admin'");
        assert_eq!(by_mail(app, NORA)["person"]["name"], "Author");
        app.sql("UPDATE people SET role = 'reader' WHERE name = 'Author'");
        let reader = by_mail(app, NORA);
        assert_eq!(
            (&reader["kind"], &reader["person"]["kind"]),
            (&json!("reader"), &json!("email"))
        );
    });
}

#[test]
fn an_address_that_somebody_typed_is_no_way_in() {
    on_both(|app| {
        // A guest was given a role; whose the address is that they signed with nobody knows.
        let mut body = comment("a", "Hello");
        body["author"] = json!({"name": "Ada", "email": "ada@example.org"});
        let guest = app.post("/v1/comments", body).send().is(201).body;
        promote(app, &guest["author"]["id"], "admin");
        let reader = by_mail(app, "ada@example.org");
        assert_eq!(
            (&reader["kind"], &reader["person"]["role"]),
            (&json!("reader"), &json!("reader"))
        );
        assert_ne!(reader["person"]["id"], guest["author"]["id"]);
        // Nor is staff's of another site.
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        app.postil(&[
            "moderator",
            "add",
            "other",
            "Olga",
            "--email",
            "olga@example.org",
        ]);
        assert_eq!(by_mail(app, "olga@example.org")["person"]["kind"], "email");
    });
}

fn promote(app: &App, person: &Value, role: &str) {
    let path = format!("/v1/moderation/people/{}", person.as_str().unwrap());
    app.patch(&path, json!({"role": role}))
        .bearer(&app.admin)
        .send()
        .is(200);
}

#[test]
fn a_reader_who_was_given_a_role_moderates_in_place_and_no_more() {
    on_both(|app| {
        widen(app);
        let posted = app.comment("a", "Hello");
        let reader = by_mail(app, "ada@example.org");
        let ada = token(&reader);
        let wild = by_mail_at(app, "ada@example.org", &format!("{WILD}/a"), Some(WILD));
        let wild = wild.is(200).body;
        promote(app, &reader["person"]["id"], "admin");
        let queue = |origin: Option<&str>| {
            let call = app.get("/v1/moderation/comments").bearer(ada);
            match origin {
                Some(origin) => call.header("Origin", origin).send(),
                None => call.send(),
            }
        };
        queue(None).is(200);
        queue(Some(ORIGIN)).is(200);
        queue(Some(WILD)).refuses(403, "forbidden");
        // What began under a wildcard may be a stranger's by now, who says no origin, or another.
        let taken = || app.get("/v1/moderation/comments").bearer(token(&wild));
        taken().send().refuses(403, "forbidden");
        taken()
            .header("Origin", ORIGIN)
            .send()
            .refuses(403, "forbidden");
        assert_eq!(decide(app, ada, "spam", &posted)["ok"], true);
        for path in [
            "/v1/moderation/audit",
            "/v1/moderation/bans",
            "/v1/sites",
            "/v1/moderation/reports",
        ] {
            app.get(path).bearer(ada).send().refuses(403, "forbidden");
        }
        let site = app.patch(&format!("/v1/sites/{SITE}"), json!({"name": "Mine"}));
        site.bearer(ada)
            .header("Origin", ORIGIN)
            .send()
            .refuses(403, "forbidden");
        // Under a wildcard they write as the reader they are.
        let call = app.post("/v1/comments", comment("a", "Hi")).bearer(ada);
        call.header("Origin", WILD).send().is(201);
        // Whoever signs in now is one of the site's people, and signed in as such.
        let again = by_mail(app, "ada@example.org");
        assert_eq!(
            (&again["kind"], &again["person"]["id"]),
            (&json!("page"), &reader["person"]["id"])
        );
    });
}

#[test]
fn a_session_in_a_page_lives_a_quarter_of_an_hour_and_is_renewed_while_used() {
    on_both(|app| {
        staff(app, "Nora", "moderator", NORA);
        let session = by_mail(app, NORA);
        let quarter = 15 * 60;
        let ends = |session: &Value| {
            Time::parse(session["expires_at"].as_str().unwrap())
                .unwrap()
                .seconds()
        };
        let left = ends(&session) - Time::now().seconds();
        assert!((quarter - 30..=quarter).contains(&left), "{left}");
        let own = || {
            let list = app
                .get("/v1/sessions")
                .bearer(token(&session))
                .send()
                .is(200)
                .body;
            list["items"][0].clone()
        };
        // Within the minute nothing is written.
        let before = own();
        assert_eq!(
            (&before["used_at"], &before["expires_at"]),
            (&own()["used_at"], &own()["expires_at"])
        );
        assert_eq!(before["used_at"], before["created_at"]);
        let soon = (Time::now().seconds() + 30) * 1_000_000;
        let ago = (Time::now().seconds() - 61) * 1_000_000;
        app.sql(&format!(
            "UPDATE sessions SET expires_at = {soon}, used_at = {ago} WHERE kind = 'page'"
        ));
        app.get("/v1/moderation/counts")
            .bearer(token(&session))
            .send()
            .is(200);
        let renewed = own();
        let left = ends(&renewed) - Time::now().seconds();
        assert!((quarter - 30..=quarter).contains(&left), "{left}");
        assert_ne!(renewed["used_at"], before["used_at"]);
        // A new token for it is bound as the first was.
        let refresh = || {
            app.call("POST", "/v1/identity/refresh")
                .bearer(token(&session))
                .header("Origin", ORIGIN)
                .send()
        };
        let fresh = refresh().is(200).body;
        assert_eq!(fresh["kind"], "page");
        assert!(ends(&fresh) - Time::now().seconds() <= quarter);
        app.sql("UPDATE sessions SET expires_at = 1 WHERE kind = 'page'");
        app.get("/v1/moderation/counts")
            .bearer(token(&session))
            .send()
            .refuses(401, "token_invalid");
        refresh().refuses(401, "token_invalid");
        app.get("/v1/moderation/counts")
            .bearer(token(&fresh))
            .send()
            .refuses(401, "token_invalid");
    });
}

#[test]
fn a_console_has_all_that_the_role_gives_at_the_services_own_origin() {
    on_both(|app| {
        staff(app, "Root", "admin", NORA);
        let code = console_code(app, "Root");
        let begin = |origin: Option<&str>| {
            let call = app.post("/v1/sessions", json!({"code": code}));
            match origin {
                Some(origin) => call.header("Origin", origin).send(),
                None => call.send(),
            }
        };
        for origin in [ORIGIN, "null", "https://evil.example", "http://127.0.0.1:1"] {
            begin(Some(origin)).refuses(403, "origin_not_allowed");
        }
        // It is nothing in a page.
        let page = json!({"site": SITE, "code": code});
        app.post("/v1/identity/email/verify", page)
            .send()
            .refuses(422, "code_invalid");
        let session = begin(Some(&app.url)).is(201).body;
        assert_eq!(
            (&session["kind"], &session["person"]["name"]),
            (&json!("console"), &json!("Root"))
        );
        begin(None).refuses(422, "code_invalid");
        let root = token(&session);
        let get =
            |path: &str, origin: &str| app.get(path).bearer(root).header("Origin", origin).send();
        for path in ["/v1/moderation/audit", "/v1/moderation/bans", "/v1/sites"] {
            get(path, &app.url).is(200);
            for origin in [ORIGIN, "null", "https://evil.example"] {
                get(path, origin).refuses(403, "origin_not_allowed");
            }
        }
        // Writes come with the service's own origin, which is none of the site's.
        let posted = app.comment("a", "Hello");
        let own =
            |call: crate::support::Call<'_>| call.bearer(root).header("Origin", &app.url).send();
        own(app.patch(&format!("/v1/sites/{SITE}"), json!({"name": "Mine"}))).is(200);
        own(app.post(
            "/v1/moderation/actions",
            json!({"action": "spam", "person": posted["author"]["id"]}),
        ))
        .is(200);
        own(app.patch(&thread_path(&posted), json!({"title": "T"}))).is(200);
        own(app.post("/v1/comments", comment("a", "From the console"))).is(201);
        // On its own site.
        own(app.get("/v1/tokens")).refuses(403, "forbidden");
        let refresh = app
            .call("POST", "/v1/identity/refresh")
            .bearer(root)
            .header("Origin", ORIGIN);
        refresh.send().refuses(403, "origin_not_allowed");
    });
}

#[test]
fn a_console_ends_after_twelve_hours_however_it_is_used() {
    on_both(|app| {
        staff(app, "Root", "admin", NORA);
        let session = console(app, "Root");
        let refresh = || {
            app.call("POST", "/v1/identity/refresh")
                .bearer(token(&session))
                .send()
        };
        let list = app
            .get("/v1/sessions")
            .bearer(token(&session))
            .send()
            .is(200)
            .body;
        let at = |name: &str| Time::parse(list["items"][0][name].as_str().unwrap()).unwrap();
        assert_eq!(
            at("expires_at").seconds() - at("created_at").seconds(),
            12 * 3600
        );
        let soon = Time::now().seconds() + 60;
        app.sql(&format!(
            "UPDATE sessions SET expires_at = {soon}000000, used_at = 1 WHERE kind = 'console'"
        ));
        app.get("/v1/sites").bearer(token(&session)).send().is(200);
        let fresh = refresh().is(200).body;
        // Neither use nor renewal lets it go on, and no token outlives it.
        assert_eq!(
            Time::parse(fresh["expires_at"].as_str().unwrap())
                .unwrap()
                .seconds(),
            soon
        );
        assert_eq!(
            count(
                app,
                &format!(
                    "SELECT count(*) AS count FROM sessions WHERE kind = 'console' AND expires_at = {soon}000000 AND used_at > 1"
                )
            ),
            1
        );
        app.sql("UPDATE sessions SET expires_at = 1 WHERE kind = 'console'");
        refresh().refuses(401, "token_invalid");
        app.get("/v1/sites")
            .bearer(token(&session))
            .send()
            .refuses(401, "token_invalid");
    });
}

#[test]
fn a_role_that_is_taken_away_counts_no_more_from_then_on() {
    on_both(|app| {
        staff(app, "Nora", "admin", NORA);
        let posted = app.comment("a", "Hello");
        let (page, console) = (by_mail(app, NORA), console(app, "Nora"));
        let queue = |session: &Value| {
            app.get("/v1/moderation/comments")
                .bearer(token(session))
                .send()
        };
        let rules = || {
            app.get(&format!("/v1/sites/{SITE}"))
                .bearer(token(&console))
                .send()
        };
        queue(&page).is(200);
        rules().is(200);
        app.sql("UPDATE people SET role = 'moderator' WHERE name = 'Nora'");
        queue(&page).is(200);
        queue(&console).is(200);
        rules().refuses(403, "forbidden");
        promote(app, &page["person"]["id"], "reader");
        queue(&page).refuses(403, "forbidden");
        queue(&console).refuses(403, "forbidden");
        let body = json!({"action": "spam", "ids": [posted["id"]]});
        for session in [&page, &console] {
            let call = app
                .post("/v1/moderation/actions", body.clone())
                .bearer(token(session));
            call.send().refuses(403, "forbidden");
        }
        assert_eq!(app.page("a")["comments"]["items"][0]["status"], "published");
    });
}

fn listed(app: &App, token: &str, query: &str) -> Vec<Value> {
    let list = app
        .get(&format!("/v1/sessions{query}"))
        .bearer(token)
        .send()
        .is(200)
        .body;
    list["items"].as_array().unwrap().clone()
}

fn end(app: &App, token: &str, session: &Value) -> Answer {
    let path = format!("/v1/sessions/{}", session["id"].as_str().unwrap());
    app.delete(&path).bearer(token).send()
}

#[test]
fn sessions_are_listed_and_ended_at_once() {
    on_both(|app| {
        staff(app, "Nora", "moderator", NORA);
        staff(app, "Root", "admin", "root@example.org");
        let (page, other, console) = (
            by_mail(app, NORA),
            console(app, "Nora"),
            console(app, "Root"),
        );
        let (nora, root) = (token(&page), token(&console));
        let reader = by_mail(app, "ada@example.org");

        let own = listed(app, nora, "");
        let kinds: Vec<_> = own
            .iter()
            .map(|one| one["kind"].as_str().unwrap())
            .collect();
        // The latest first.
        assert_eq!(kinds, ["console", "page"]);
        assert_eq!(
            (&own[1]["current"], &own[0]["current"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&own[1]["origin"], &own[0]["origin"]),
            (&json!(ORIGIN), &Value::Null)
        );
        let ada = listed(app, token(&reader), "");
        assert_eq!((ada.len(), &ada[0]["kind"]), (1, &json!("reader")));

        // An administrator sees the site's people's, and page by page; nobody else does.
        let all = listed(app, root, &format!("?site={SITE}"));
        let names: Vec<_> = all
            .iter()
            .map(|one| one["person"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Root", "Nora", "Nora"]);
        let first = app
            .get(&format!("/v1/sessions?site={SITE}&limit=2"))
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        let next = first["next"].as_str().unwrap();
        assert_eq!(
            listed(
                app,
                &app.admin,
                &format!("?site={SITE}&limit=2&after={next}")
            )[0]["id"],
            all[2]["id"]
        );
        for token in [nora, token(&other), token(&reader), &app.moderator] {
            let list = app
                .get(&format!("/v1/sessions?site={SITE}"))
                .bearer(token)
                .send();
            list.refuses(403, "forbidden");
        }
        app.get("/v1/sessions").send().refuses(401, "unauthorized");
        app.get("/v1/sessions?site=nowhere")
            .send()
            .refuses(401, "unauthorized");
        app.get("/v1/sessions")
            .bearer(&app.admin)
            .send()
            .refuses(403, "forbidden");

        // Nobody ends another's.
        end(app, token(&reader), &own[0]).refuses(404, "not_found");
        end(app, &app.moderator, &own[0]).refuses(404, "not_found");
        end(app, nora, &all[0]).refuses(404, "not_found");
        // Nor does an administrator end a reader's, which is listed to nobody else.
        end(app, root, &ada[0]).refuses(404, "not_found");
        let unknown = json!({"id": "01890000-0000-7000-8000-000000000000"});
        end(app, root, &unknown).refuses(404, "not_found");
        let counts = |token: &str| app.get("/v1/moderation/counts").bearer(token).send();
        counts(nora).is(200);
        counts(token(&other)).is(200);

        end(app, nora, &own[0]).is(204);
        counts(token(&other)).refuses(401, "token_invalid");
        end(app, root, &own[1]).is(204);
        counts(nora).refuses(401, "token_invalid");
        let refresh = app.call("POST", "/v1/identity/refresh").bearer(nora);
        refresh.send().refuses(401, "token_invalid");
        end(app, root, &own[1]).is(204);
        assert_eq!(listed(app, root, &format!("?site={SITE}")).len(), 1);

        let lines = app
            .get("/v1/moderation/audit?action=end_session")
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        let lines = lines["items"].as_array().unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["object_id"], &lines[0]["person"]),
            (&own[1]["id"], &console["person"]["id"])
        );
        let begun = app
            .get("/v1/moderation/audit?action=begin_session")
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert_eq!(begun["items"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn the_operator_lists_and_ends_sessions_too() {
    on_both(|app| {
        app.get("/v1/sessions?after=x")
            .send()
            .refuses(401, "unauthorized");
        assert!(app.postil(&["moderator", "sessions"]).starts_with("Nobody"));
        let session = console(app, "Mona");
        let shown = app.postil(&["moderator", "sessions", SITE]);
        assert!(
            shown.contains("console") && shown.contains("Mona"),
            "{shown}"
        );
        let id = shown.lines().nth(1).unwrap().split(' ').next().unwrap();
        app.postil(&["moderator", "sessions", "--end", id]);
        app.get("/v1/sessions")
            .bearer(token(&session))
            .send()
            .refuses(401, "token_invalid");
        assert!(app.postil(&["moderator", "sessions"]).starts_with("Nobody"));
    });
}

#[test]
fn signing_out_everywhere_ends_every_kind() {
    on_both(|app| {
        staff(app, "Nora", "moderator", NORA);
        let (page, console) = (by_mail(app, NORA), console(app, "Nora"));
        let out = app
            .post("/v1/identity/signout", json!({"everywhere": true}))
            .bearer(token(&page));
        out.header("Origin", ORIGIN).send().is(204);
        for session in [&page, &console] {
            app.get("/v1/sessions")
                .bearer(token(session))
                .send()
                .refuses(401, "token_invalid");
        }
    });
}

#[test]
fn staff_are_offered_what_guests_wrote_under_their_address() {
    on_both(|app| {
        let mut body = comment("a", "Before I was asked");
        body["author"] = json!({"name": "N.", "email": NORA});
        let mine = app.post("/v1/comments", body).send().is(201).body;
        staff(app, "Nora", "moderator", NORA);
        let session = by_mail(app, NORA);
        let earlier = || {
            app.get("/v1/identity/earlier")
                .bearer(token(&session))
                .send()
                .is(200)
                .body["items"]
                .clone()
        };
        assert_eq!(earlier()[0]["id"], mine["author"]["id"]);
        let join = app.post(
            "/v1/identity/earlier",
            json!({"guests": [mine["author"]["id"]]}),
        );
        join.bearer(token(&session))
            .header("Origin", ORIGIN)
            .send()
            .is(204);
        assert_eq!(earlier(), json!([]));
        assert_eq!(
            app.page("a")["comments"]["items"][0]["author"]["id"],
            session["person"]["id"]
        );
    });
}
