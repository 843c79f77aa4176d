//! What goes wrong is told in one form, and never with what went on inside.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both, on_both_with, page_url};

/// What betrays the inside: paths, libraries, tables, types.
const INSIDE: &[&str] = &[
    ".rs",
    "src/",
    "/tmp",
    "/home",
    "diesel",
    "sqlite",
    "postgres",
    "postil_test",
    "panicked",
    "serde",
    "actix",
    "struct ",
    "no such table",
    "relation ",
    "SELECT",
    "comments_",
];

/// Holds a problem against the form that all of them have.
#[track_caller]
fn is_problem(app: &App, answer: &Answer, status: u16, code: &str) {
    let shown = answer.text();
    assert_eq!(answer.status, status, "{shown}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let problem = &answer.body;
    assert_eq!(problem["type"], format!("/problems/{code}"), "{shown}");
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], status);
    for member in ["title", "detail"] {
        let sentence = problem[member].as_str().expect(member);
        assert!(sentence.len() > 3, "{shown}");
    }
    let id = problem["request_id"].as_str().expect("a request's id");
    assert!(!id.is_empty());
    assert_eq!(id, answer.header("x-request-id"));
    let members = [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "errors",
        "request_id",
    ];
    for name in problem.as_object().expect("an object").keys() {
        assert!(members.contains(&name.as_str()), "{name}");
    }
    let dir = app.dir.path().to_string_lossy().into_owned();
    for inside in INSIDE.iter().copied().chain([dir.as_str()]) {
        assert!(!shown.contains(inside), "{inside}: {shown}");
    }
}

#[test]
fn every_error_is_a_problem_of_the_same_form() {
    on_both_with(&["--rate-identity=1/3600"], |app| {
        let posted = app.comment("a", "Hello");
        let id = posted["id"].as_str().unwrap();
        let own = posted["token"].as_str().unwrap();
        let thread = posted["thread_id"].as_str().unwrap();
        let page = format!("/v1/threads?site={SITE}&url={}", page_url("a"));
        let guest = app.guest();
        let vote = format!("/v1/comments/{id}/vote");
        let cases: Vec<(Answer, u16, &str)> = vec![
            (
                app.post("/v1/comments", Value::Null)
                    .bytes(b"{".to_vec())
                    .send(),
                400,
                "invalid_json",
            ),
            (app.get("/v1/threads").send(), 400, "invalid_query"),
            (
                app.get(&format!("{page}&limit=0")).send(),
                400,
                "invalid_query",
            ),
            (
                app.get(&format!("/v1/threads/{thread}/comments?after=nonsense"))
                    .send(),
                400,
                "invalid_cursor",
            ),
            (
                app.post("/v1/comments", comment("a", "Hello"))
                    .header("Idempotency-Key", "two words")
                    .send(),
                400,
                "invalid_header",
            ),
            (
                app.get(&format!("/v1/threads/{thread}/me")).send(),
                401,
                "unauthorized",
            ),
            (
                app.get(&format!("/v1/threads/{thread}/me"))
                    .bearer("nonsense")
                    .send(),
                401,
                "token_invalid",
            ),
            (app.get("/v1/sites").bearer(&guest).send(), 403, "forbidden"),
            (
                app.post("/v1/comments", comment("a", "Hello"))
                    .header("Origin", "https://evil.example")
                    .send(),
                403,
                "origin_not_allowed",
            ),
            (
                app.put(&vote, json!({"value": 1})).bearer(own).send(),
                403,
                "own_comment",
            ),
            (app.get("/v1/comments/7").send(), 404, "not_found"),
            (
                app.get("/v1/threads?site=nowhere&url=https://a.example")
                    .send(),
                404,
                "unknown_site",
            ),
            (app.delete("/v1/threads").send(), 405, "method_not_allowed"),
            (
                app.get(&format!("/v1/threads/{thread}/changes?since=99"))
                    .send(),
                410,
                "resync",
            ),
            (
                app.call("POST", "/v1/comments")
                    .header("Content-Type", "text/plain")
                    .bytes(b"hello".to_vec())
                    .send(),
                415,
                "unsupported_media_type",
            ),
            (
                app.post("/v1/comments", json!({"site": SITE})).send(),
                422,
                "field_required",
            ),
            (
                app.post("/v1/comments", json!({"author": "Ann"})).send(),
                422,
                "field_type",
            ),
            (
                app.put(&vote, json!({"value": 7})).bearer(&guest).send(),
                422,
                "vote_invalid",
            ),
            (
                app.post("/v1/identity/guest", json!({"site": SITE})).send(),
                429,
                "rate_limited",
            ),
        ];
        let mut seen = std::collections::HashSet::new();
        for (answer, status, code) in &cases {
            is_problem(app, answer, *status, code);
            assert!(seen.insert(answer.header("x-request-id").to_owned()));
            assert_eq!(
                *status == 401,
                !answer.header("www-authenticate").is_empty()
            );
            assert_eq!(*status == 429, !answer.header("retry-after").is_empty());
        }
    });
}

#[test]
fn what_is_not_there_is_a_problem_too() {
    on_both(|app| {
        for path in [
            "/",
            "/nothing",
            "/v1",
            "/v1/",
            "/v1/nothing",
            "/v1/comments/",
            "/v1//threads",
            "/v2/threads",
            "/V1/threads",
            "/.env",
            "/../etc/passwd",
            "/%2e%2e/etc/passwd",
            "/demo/../Cargo.toml",
        ] {
            let answer = app.get(path).send();
            is_problem(app, &answer, 404, "not_found");
        }
    });
}

#[test]
fn another_method_is_told_which_there_are() {
    on_both(|app| {
        let id = "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03";
        for (path, allow) in [
            ("/v1/threads".to_owned(), "GET, HEAD"),
            (format!("/v1/threads/{id}/me"), "GET, HEAD"),
            ("/v1/comments".into(), "POST"),
            (format!("/v1/comments/{id}"), "GET, HEAD, PATCH, DELETE"),
            (format!("/v1/comments/{id}/vote"), "PUT"),
            (format!("/v1/comments/{id}/reactions/x"), "PUT, DELETE"),
            ("/v1/moderation/actions".into(), "POST"),
            ("/v1/sites".into(), "GET, HEAD, POST"),
            ("/healthz".into(), "GET, HEAD"),
        ] {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
                if allow.split(", ").any(|own| own == method) {
                    continue;
                }
                let answer = app.call(method, &path).send();
                is_problem(app, &answer, 405, "method_not_allowed");
                assert_eq!(answer.header("allow"), allow, "{method} {path}");
            }
        }
    });
}

#[test]
fn a_token_that_is_none_is_refused_even_where_none_is_needed() {
    on_both(|app| {
        for (path, body) in [
            ("/v1/comments", comment("a", "Hello")),
            ("/v1/preview", json!({"body": "Hello"})),
            ("/v1/identity/guest", json!({"site": SITE})),
            ("/v1/identity/sso", json!({"site": SITE, "token": "x"})),
        ] {
            let answer = app.post(path, body).bearer("nonsense").send();
            is_problem(app, &answer, 401, "token_invalid");
        }
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
    });
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    on_both(|app| {
        let path = format!("/v1/threads?site={SITE}&url={}", page_url("a"));
        let first = app.get(&path).header("X-Request-Id", "mine").send().is(200);
        let second = app.get(&path).header("X-Request-Id", "mine").send().is(200);
        assert_ne!(first.header("x-request-id"), "");
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    });
}

#[test]
fn what_breaks_inside_stays_inside() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        let own = posted["token"].as_str().unwrap();
        app.sql("ALTER TABLE revisions RENAME TO mislaid");
        let history = app.get(&format!("{path}/history")).bearer(own).send();
        is_problem(app, &history, 500, "internal");
        let edit = app
            .patch(&path, json!({"body": "Changed"}))
            .bearer(own)
            .send();
        is_problem(app, &edit, 500, "internal");
        for answer in [&history, &edit] {
            assert!(!answer.text().contains("revisions"), "{}", answer.text());
        }
        app.sql("ALTER TABLE mislaid RENAME TO revisions");
        // Nothing was half-done, and all is well again.
        let shown = app.get(&path).send().is(200).body;
        assert_eq!(shown["comment"]["body_html"], "<p>Hello</p>\n");
        assert_eq!(shown["thread"]["version"], 1);
        app.patch(&path, json!({"body": "Changed"}))
            .bearer(own)
            .send()
            .is(200);
    });
}
