//! Other origins: anybody's page may read, only the site's own pages write.

use serde_json::{Value, json};

use crate::support::{App, ORIGIN, SITE, comment, on_both, page_url};

const FOREIGN: &[&str] = &[
    "https://evil.example",
    "null",
    "http://blog.example",
    "https://blog.example:444",
    "https://sub.blog.example",
    "https://blog.example.evil.example",
    "https://evil.example/https://blog.example",
    "nonsense",
    "",
];

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Every write that belongs to a site, and `/me`: method, path, body, token.
fn writes(app: &App, posted: &Value) -> Vec<(&'static str, String, Option<Value>, Option<String>)> {
    let id = text(&posted["id"]);
    let own = Some(text(&posted["token"]).to_owned());
    let other = Some(app.guest());
    let moderator = Some(app.moderator.clone());
    let admin = Some(app.admin.clone());
    let page = json!({"site": SITE, "url": page_url("a"), "state": "closed"});
    let at = format!("/v1/comments/{id}");
    let reaction = format!("{at}/reactions/%F0%9F%91%8D");
    vec![
        (
            "POST",
            "/v1/comments".into(),
            Some(comment("a", "Hello")),
            None,
        ),
        (
            "POST",
            "/v1/comments".into(),
            Some(comment("a", "Hello")),
            own.clone(),
        ),
        (
            "PATCH",
            at.clone(),
            Some(json!({"body": "Changed"})),
            own.clone(),
        ),
        ("DELETE", at.clone(), None, own.clone()),
        (
            "PUT",
            format!("{at}/vote"),
            Some(json!({"value": 1})),
            other.clone(),
        ),
        ("PUT", reaction.clone(), None, other.clone()),
        ("DELETE", reaction, None, other),
        (
            "POST",
            "/v1/preview".into(),
            Some(json!({"site": SITE, "body": "Hello"})),
            None,
        ),
        (
            "POST",
            "/v1/identity/guest".into(),
            Some(json!({"site": SITE})),
            None,
        ),
        (
            "POST",
            "/v1/identity/sso".into(),
            Some(json!({"site": SITE, "token": "x"})),
            None,
        ),
        ("POST", "/v1/identity/refresh".into(), None, own.clone()),
        (
            "POST",
            "/v1/identity/signout".into(),
            Some(json!({"everywhere": true})),
            own.clone(),
        ),
        (
            "POST",
            "/v1/moderation/actions".into(),
            Some(json!({"action": "reject", "ids": [id]})),
            moderator.clone(),
        ),
        (
            "PUT",
            "/v1/moderation/threads".into(),
            Some(page.clone()),
            moderator,
        ),
        (
            "PUT",
            "/v1/moderation/threads".into(),
            Some(page),
            admin.clone(),
        ),
        (
            "PATCH",
            format!("/v1/sites/{SITE}"),
            Some(json!({"name": "Theirs"})),
            admin,
        ),
        (
            "GET",
            format!("/v1/threads/{}/me", text(&posted["thread_id"])),
            None,
            own,
        ),
    ]
}

#[test]
fn a_foreign_page_may_neither_write_nor_see_who_one_is() {
    on_both(|app| {
        let posted = app.comment("a", "Mine");
        let me = format!("/v1/threads/{}/me", text(&posted["thread_id"]));
        for (method, path, body, token) in writes(app, &posted) {
            for origin in FOREIGN {
                let mut call = app.call(method, &path).header("Origin", origin);
                if let Some(body) = &body {
                    call = call.json(body.clone());
                }
                if let Some(token) = &token {
                    call = call.bearer(token);
                }
                let answer = call.send();
                assert_eq!(
                    answer.status,
                    403,
                    "{method} {path} {origin}: {}",
                    answer.text()
                );
                let refused = answer.refuses(403, "origin_not_allowed");
                // The page may know that it was refused.
                assert_eq!(refused.header("access-control-allow-origin"), "*");
            }
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 1);
        assert_eq!(page["thread"]["state"], "open");
        assert_eq!(page["comments"]["items"][0]["body_html"], "<p>Mine</p>\n");
        app.get(&me).bearer(text(&posted["token"])).send().is(200);
        let site = app
            .get(&format!("/v1/sites/{SITE}"))
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(site.body["name"], "The blog");
    });
}

#[test]
fn the_sites_own_pages_and_programs_may_write() {
    on_both(|app| {
        for origin in [ORIGIN, "https://BLOG.example", "https://blog.example:443"] {
            app.post("/v1/comments", comment("a", "Hello"))
                .header("Origin", origin)
                .send()
                .is(201);
        }
        app.comment("a", "Without an origin");
        let posted = app.comment("a", "Mine");
        app.delete(&format!("/v1/comments/{}", text(&posted["id"])))
            .header("Origin", ORIGIN)
            .bearer(text(&posted["token"]))
            .send()
            .is(204);
        app.post("/v1/identity/refresh", Value::Null)
            .header("Origin", ORIGIN)
            .bearer(text(&posted["token"]))
            .send()
            .is(200);
        assert_eq!(app.page("a")["thread"]["comment_count"], 4);
    });
}

#[test]
fn a_page_of_one_site_does_not_write_on_another() {
    on_both(|app| {
        let site = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", site)
            .bearer(&app.admin)
            .send()
            .is(201);
        app.post("/v1/comments", comment("a", "Hello"))
            .header("Origin", "https://other.example")
            .send()
            .refuses(403, "origin_not_allowed");
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
    });
}

#[test]
fn any_page_may_read() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let (id, thread) = (text(&posted["id"]), text(&posted["thread_id"]));
        for path in [
            format!("/v1/threads?site={SITE}&url={}", page_url("a")),
            format!("/v1/threads/{thread}/comments"),
            format!("/v1/threads/{thread}/changes?since=0"),
            format!("/v1/threads/{thread}/feed"),
            format!("/v1/threads/{thread}/html"),
            format!("/v1/sites/{SITE}/feed"),
            format!("/v1/counts?site={SITE}&url={}", page_url("a")),
            format!("/v1/comments/{id}"),
            format!("/v1/comments/{id}/replies"),
        ] {
            for origin in ["https://evil.example", "null"] {
                let answer = app.get(&path).header("Origin", origin).send().is(200);
                assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
                assert_eq!(answer.header("access-control-allow-credentials"), "");
                // One answer for everybody, whatever page it is on.
                assert!(!answer.header("vary").to_lowercase().contains("origin"));
                let exposed = answer.header("access-control-expose-headers");
                for name in [
                    "Date",
                    "ETag",
                    "RateLimit",
                    "RateLimit-Policy",
                    "Retry-After",
                    "Location",
                    "Idempotency-Replayed",
                    "X-Request-Id",
                ] {
                    assert!(exposed.split(", ").any(|own| own == name), "{path}: {name}");
                }
            }
        }
        let unknown = app.get("/v1/nothing").send().refuses(404, "not_found");
        assert_eq!(unknown.header("access-control-allow-origin"), "*");
    });
}

#[test]
fn browsers_are_told_what_they_may_send() {
    on_both(|app| {
        let id = "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03";
        for (method, path) in [
            ("POST", "/v1/comments".to_owned()),
            ("PATCH", format!("/v1/comments/{id}")),
            ("DELETE", format!("/v1/comments/{id}")),
            ("PUT", format!("/v1/comments/{id}/vote")),
            ("GET", format!("/v1/threads/{id}/me")),
        ] {
            let answer = app
                .call("OPTIONS", &path)
                .header("Origin", "https://evil.example")
                .header("Access-Control-Request-Method", method)
                .header(
                    "Access-Control-Request-Headers",
                    "authorization, content-type",
                )
                .send()
                .is(204);
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_ne!(answer.header("access-control-max-age"), "");
            let methods = answer.header("access-control-allow-methods");
            assert!(methods.split(", ").any(|own| own == method), "{methods}");
            let headers = answer.header("access-control-allow-headers");
            for name in [
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                "If-None-Match",
            ] {
                assert!(headers.split(", ").any(|own| own == name), "{name}");
            }
            assert!(answer.raw.is_empty());
        }
        // A question that is none of CORS is one for a method that is not there.
        app.call("OPTIONS", "/v1/comments")
            .send()
            .refuses(405, "method_not_allowed");
    });
}
