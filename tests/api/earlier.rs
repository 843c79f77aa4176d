//! What one wrote as a guest is taken along by the guest's own token, whatever address it was signed with.

use serde_json::{Value, json};

use crate::letters::Letters;
use crate::people::expired;
use crate::sign_in::{ANN, ask, by_code};
use crate::sign_on;
use crate::support::{Answer, App, SITE, comment, on_both};

fn token(body: &Value) -> &str {
    body["token"].as_str().unwrap()
}

fn ann(app: &App) -> Value {
    let letters = Letters::of(app);
    let id = ask(app, ANN);
    by_code(app, id, &letters.code(id)).is(200).body
}

fn join(app: &App, who: &str, body: Value) -> Answer {
    app.post("/v1/identity/earlier", body).bearer(who).send()
}

fn author(app: &App, comment: &Value) -> Value {
    let path = format!("/v1/comments/{}", comment["id"].as_str().unwrap());
    app.get(&path).send().is(200).body["comment"]["author"].clone()
}

fn sign_out(app: &App, who: &str) {
    app.post("/v1/identity/signout", json!({}))
        .bearer(who)
        .send()
        .is(204);
}

#[test]
fn a_guests_token_proves_whose_the_comments_are() {
    on_both(|app| {
        let mut signed = comment("a", "As Ann, with another address");
        signed["author"] = json!({"name": "Ann", "email": "ann@elsewhere.example"});
        let first = app.post("/v1/comments", signed).send().is(201).body;
        let second = app
            .post("/v1/comments", comment("b", "On another page"))
            .bearer(token(&first))
            .send()
            .is(201)
            .body;
        let past = app.comment("a", "Long ago");
        let stranger = app.comment("a", "Somebody else's");
        let me = ann(app);
        let given = json!({"tokens": [token(&first), expired(app, token(&past)), token(&first)]});
        join(app, token(&me), given.clone()).is(204);
        for mine in [&first, &second, &past] {
            assert_eq!(author(app, mine)["id"], me["person"]["id"]);
        }
        assert_eq!(author(app, &first)["name"], "Ann");
        assert_eq!(author(app, &stranger)["id"], stranger["author"]["id"]);
        // The guests are over; sent again, it does no harm.
        for over in [token(&first), token(&past)] {
            app.call("POST", "/v1/identity/refresh")
                .bearer(over)
                .send()
                .refuses(401, "token_invalid");
        }
        join(app, token(&me), given).is(204);
        let path = format!("/v1/comments/{}", first["id"].as_str().unwrap());
        app.delete(&path).bearer(token(&me)).send().is(204);
    });
}

#[test]
fn tokens_that_are_no_living_guests_of_the_site_are_passed_over() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let elsewhere = json!({"site": "other", "url": "https://other.example/a", "body": "There"});
        let foreign = app.post("/v1/comments", elsewhere).send().is(201).body;
        let ended = app.comment("a", "Signed out");
        sign_out(app, token(&ended));
        let late = app.comment("a", "Not here for half a year");
        app.sql("UPDATE sessions SET expires_at = 1");
        let letters = Letters::of(app);
        let id = ask(app, "bob@example.org");
        let bob = by_code(app, id, &letters.code(id)).is(200).body;
        let of_bob = app
            .post("/v1/comments", comment("a", "Bob's"))
            .bearer(token(&bob))
            .send()
            .is(201)
            .body;
        sign_on::trust_secret(app);
        let eve = sign_on::signed_in(app, &sign_on::claims("7"));
        let me = ann(app);
        let forged = format!("{}x", token(&app.comment("a", "Forged")));
        let given = json!({"tokens": [
            token(&foreign), token(&ended), token(&late), token(&bob), token(&eve), token(&me),
            app.moderator, app.admin, forged, "nonsense", "ü",
        ]});
        join(app, token(&me), given).is(204);
        for left in [&ended, &late, &of_bob] {
            assert_eq!(author(app, left)["id"], left["author"]["id"]);
        }
        // Nobody was signed out by it.
        for alive in [token(&bob), token(&eve), token(&me)] {
            app.call("POST", "/v1/identity/refresh")
                .bearer(alive)
                .send()
                .is(200);
        }
        let there =
            json!({"site": "other", "url": "https://other.example/a", "body": "Still there"});
        app.sql("UPDATE sessions SET expires_at = 9000000000000000 WHERE ended_at IS NULL");
        app.post("/v1/comments", there)
            .bearer(token(&foreign))
            .send()
            .is(201);
    });
}

#[test]
fn only_whoever_is_signed_in_takes_anything_over() {
    on_both(|app| {
        let guest = app.comment("a", "A guest's");
        let given = json!({"tokens": [token(&guest)]});
        app.post("/v1/identity/earlier", given.clone())
            .send()
            .refuses(401, "unauthorized");
        // Also whoever gives nothing that is good.
        app.post("/v1/identity/earlier", json!({"tokens": ["x"]}))
            .send()
            .refuses(401, "unauthorized");
        join(app, &app.guest(), given.clone()).refuses(403, "forbidden");
        join(app, token(&guest), given.clone()).refuses(403, "forbidden");
        // An administrator's token is nobody's.
        join(app, &app.admin, given.clone()).refuses(403, "forbidden");
        app.post("/v1/identity/earlier", given)
            .bearer(token(&ann(app)))
            .header("Origin", "https://evil.example")
            .send()
            .refuses(403, "origin_not_allowed");
        assert_eq!(author(app, &guest)["id"], guest["author"]["id"]);
    });
}

#[test]
fn guests_or_tokens_are_needed_and_both_have_bounds() {
    on_both(|app| {
        let me = ann(app);
        let many = |n: usize| vec!["x"; n];
        for (body, code) in [
            (json!({}), "field_required"),
            (json!({"guests": null, "tokens": null}), "field_required"),
            (json!({"tokens": []}), "field_invalid"),
            (json!({"guests": []}), "field_invalid"),
            (json!({"guests": [], "tokens": ["x"]}), "field_invalid"),
            (json!({"tokens": many(51)}), "field_invalid"),
            (json!({"tokens": [""]}), "field_invalid"),
            (json!({"tokens": ["x".repeat(4097)]}), "field_invalid"),
            (json!({"tokens": [1]}), "field_type"),
            (json!({"tokens": "x"}), "field_type"),
        ] {
            let answer = join(app, token(&me), body.clone());
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (422, &json!(code)),
                "{body}"
            );
        }
        join(app, token(&me), json!({"tokens": many(50)})).is(204);
        join(app, token(&me), json!({"tokens": ["x".repeat(4096)]})).is(204);
    });
}

#[test]
fn whom_the_site_vouches_for_takes_over_by_token_alone_and_under_their_own_name() {
    on_both(|app| {
        sign_on::trust_secret(app);
        let mut signed = comment("a", "As somebody important");
        signed["author"] = json!({"name": "The Editor", "website": "https://editor.example/"});
        let guest = app.post("/v1/comments", signed).send().is(201).body;
        let ada = sign_on::signed_in(app, &sign_on::claims("7"));
        let by_id = json!({"guests": [guest["author"]["id"]], "tokens": [token(&guest)]});
        join(app, token(&ada), by_id).refuses(403, "forbidden");
        assert_eq!(author(app, &guest)["name"], "The Editor");
        let found = || {
            let path = format!("/v1/moderation/comments?site={SITE}&status=published&q=editor");
            let found = app.get(&path).bearer(&app.moderator).send().is(200);
            found.body["items"].as_array().unwrap().len()
        };
        assert_eq!(found(), 1);
        join(app, token(&ada), json!({"tokens": [token(&guest)]})).is(204);
        let now = author(app, &guest);
        assert_eq!(
            (&now["id"], &now["name"], &now["website"]),
            (&ada["person"]["id"], &json!("Ada"), &Value::Null)
        );
        assert_eq!(found(), 0);
    });
}

#[test]
fn what_was_interrupted_goes_on_with_the_same_token() {
    on_both(|app| {
        let guest = app.comment("a", "Half of it");
        let me = ann(app);
        let given = json!({"tokens": [token(&guest)]});
        app.sql("ALTER TABLE subscriptions RENAME TO mislaid");
        join(app, token(&me), given.clone()).is(500);
        app.sql("ALTER TABLE mislaid RENAME TO subscriptions");
        let more = app.post("/v1/comments", comment("a", "The rest"));
        let more = more.bearer(token(&guest)).send().is(201).body;
        join(app, token(&me), given).is(204);
        for mine in [&guest, &more] {
            assert_eq!(author(app, mine)["id"], me["person"]["id"]);
        }
    });
}

#[test]
fn subscriptions_go_along_by_token_too() {
    on_both(|app| {
        let letters = Letters::of(app);
        let guest = crate::letters::follower(app, &letters, "a", "else@example.org");
        let me = ann(app);
        join(app, token(&me), json!({"tokens": [guest]})).is(204);
        let of_ann =
            "SELECT count(*) AS count FROM subscriptions JOIN people ON people.id = subscriptions.person_id
                      WHERE people.kind = 'email'";
        assert_eq!(letters.count(of_ann), 1);
    });
}
