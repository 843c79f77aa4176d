//! API tokens: shown once, narrowed, ended at once.

use std::time::Duration;

use postil::domain::time::Time;
use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, eventually, on_both};

fn create(app: &App, body: Value) -> Answer {
    app.post("/v1/tokens", body).bearer(&app.admin).send()
}

fn made(app: &App, body: Value) -> Value {
    create(app, body).is(201).body
}

fn list(app: &App, query: &str) -> Answer {
    app.get(&format!("/v1/tokens{query}"))
        .bearer(&app.admin)
        .send()
}

fn secret(token: &Value) -> &str {
    token["token"].as_str().unwrap()
}

/// Asks for the queue, which any moderator's token may.
fn queue(app: &App, token: &str) -> Answer {
    app.get("/v1/moderation/comments").bearer(token).send()
}

#[test]
fn a_token_is_shown_once() {
    on_both(|app| {
        let wanted = json!({"name": "newsroom", "role": "moderator", "site": SITE});
        let token = made(app, wanted);
        assert_eq!(
            (&token["name"], &token["role"], &token["site"]),
            (&json!("newsroom"), &json!("moderator"), &json!(SITE))
        );
        assert_eq!(
            (&token["read_only"], &token["expires_at"]),
            (&json!(false), &Value::Null)
        );
        queue(app, secret(&token)).is(200);
        let listed = list(app, "").is(200);
        assert!(!listed.text().contains("postil_"), "{}", listed.text());
        let mut shown = token.clone();
        shown.as_object_mut().unwrap().remove("token");
        // The newest comes first.
        assert_eq!(listed.body["items"][0], shown);
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn tokens_are_listed_page_by_page() {
    on_both(|app| {
        let ids: Vec<Value> = (0..3)
            .map(|n| made(app, json!({"name": format!("n{n}"), "role": "author"}))["id"].clone())
            .collect();
        let first = list(app, "?limit=2").is(200).body;
        assert_eq!(first["items"][0]["id"], ids[2]);
        assert_eq!(first["items"][1]["id"], ids[1]);
        made(app, json!({"name": "meanwhile", "role": "author"}));
        let next = first["next"].as_str().unwrap();
        let second = list(app, &format!("?limit=2&after={next}")).is(200).body;
        assert_eq!(second["items"][0]["id"], ids[0]);
        list(app, "?after=x").refuses(400, "invalid_cursor");
    });
}

#[test]
fn revoking_acts_at_once() {
    on_both(|app| {
        let token = made(app, json!({"name": "t", "role": "moderator"}));
        let path = format!("/v1/tokens/{}", token["id"].as_str().unwrap());
        queue(app, secret(&token)).is(200);
        app.delete(&path).send().refuses(401, "unauthorized");
        app.delete(&path)
            .bearer(&app.moderator)
            .send()
            .refuses(403, "forbidden");
        queue(app, secret(&token)).is(200);
        app.delete(&path).bearer(&app.admin).send().is(204);
        queue(app, secret(&token)).refuses(401, "token_invalid");
        let at = list(app, "").body["items"][0]["revoked_at"].clone();
        assert!(at.is_string());
        app.delete(&path).bearer(&app.admin).send().is(204);
        assert_eq!(list(app, "").body["items"][0]["revoked_at"], at);
        app.delete("/v1/tokens/01890000-0000-7000-8000-000000000000")
            .bearer(&app.admin)
            .send()
            .refuses(404, "not_found");
        // The others go on.
        queue(app, &app.moderator).is(200);
    });
}

#[test]
fn a_token_ends_when_it_was_to_end() {
    on_both(|app| {
        let soon = Time::now().plus(Duration::from_secs(1)).to_string();
        let wanted = json!({"name": "t", "role": "moderator", "expires_at": soon});
        let token = made(app, wanted);
        assert_eq!(token["expires_at"], soon);
        let answer = eventually("end of the token", || {
            let answer = queue(app, secret(&token));
            (answer.status != 200).then_some(answer)
        });
        answer.refuses(401, "token_expired");
        assert!(Time::now() >= Time::parse(&soon).unwrap());
    });
}

#[test]
fn a_token_that_only_reads_changes_nothing() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let token = made(
            app,
            json!({"name": "t", "role": "admin", "read_only": true}),
        );
        let token = secret(&token);
        queue(app, token).is(200);
        app.get("/v1/tokens").bearer(token).send().is(200);
        let reject = json!({"action": "reject", "ids": [posted["id"]]});
        for call in [
            app.post("/v1/moderation/actions", reject),
            app.put(
                "/v1/moderation/threads",
                json!({"site": SITE, "url": "https://blog.example/b"}),
            ),
            app.post("/v1/tokens", json!({"name": "t", "role": "admin"})),
            app.patch(&format!("/v1/sites/{SITE}"), json!({"name": "x"})),
            app.post("/v1/comments", comment("a", "By a program")),
        ] {
            call.bearer(token).send().refuses(403, "forbidden");
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 1);
        assert_eq!(page["comments"]["items"][0]["status"], "published");
    });
}

#[test]
fn a_token_of_one_site_stays_there() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let posted = app.comment("a", "Hello");
        let there = made(app, json!({"name": "t", "role": "admin", "site": "other"}));
        let there = secret(&there);
        let reject = json!({"action": "reject", "ids": [posted["id"]]});
        let decided = app
            .post("/v1/moderation/actions", reject)
            .bearer(there)
            .send()
            .is(200);
        assert_eq!(decided.body["items"][0]["code"], "not_found");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        let seen = app
            .get("/v1/moderation/comments?status=published")
            .bearer(there)
            .send()
            .is(200);
        assert_eq!(seen.body["items"], json!([]));
        for call in [
            app.get(&format!("/v1/moderation/comments?site={SITE}")),
            app.get("/v1/tokens"),
            app.post("/v1/tokens", json!({"name": "wider", "role": "admin"})),
            app.put(
                "/v1/moderation/threads",
                json!({"site": SITE, "url": "https://blog.example/b"}),
            ),
        ] {
            call.bearer(there).send().refuses(403, "forbidden");
        }
    });
}

#[test]
fn a_wrong_token_is_told_what_is_wrong() {
    on_both(|app| {
        let long = |length| json!({"name": "t".repeat(length), "role": "author"});
        made(app, long(100));
        for (body, code, pointer) in [
            (long(101), "name_invalid", "/name"),
            (
                json!({"name": "t", "role": "reader"}),
                "field_invalid",
                "/role",
            ),
            (
                json!({"name": "t", "role": "king"}),
                "field_invalid",
                "/role",
            ),
            (
                json!({"name": "", "role": "admin"}),
                "name_required",
                "/name",
            ),
            (
                json!({"name": "a\nb", "role": "admin"}),
                "name_invalid",
                "/name",
            ),
            (
                json!({"name": "t", "role": "admin", "expires_at": "2001-01-01T00:00:00Z"}),
                "field_invalid",
                "/expires_at",
            ),
            (
                json!({"name": "t", "role": "admin", "expires_at": "soon"}),
                "field_invalid",
                "/expires_at",
            ),
            (
                json!({"name": "t", "role": "admin", "read_only": "no"}),
                "field_type",
                "/read_only",
            ),
        ] {
            let problem = create(app, body.clone());
            assert_eq!(problem.body["code"], code, "{body}");
            assert_eq!(problem.is(422).body["errors"][0]["pointer"], pointer);
        }
        create(
            app,
            json!({"name": "t", "role": "admin", "site": "nowhere"}),
        )
        .refuses(404, "unknown_site");
        // The two that every test has, and the long one.
        assert_eq!(list(app, "").body["items"].as_array().unwrap().len(), 3);
    });
}
