//! Requests that are sent again: done once, answered alike.

use std::collections::HashSet;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both};

const KEY: &str = "7d0e9c41-5a8e-4f7d-9b03-019caa1c3b52";

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn post(app: &App, key: &str, body: &Value) -> Answer {
    app.post("/v1/comments", body.clone())
        .header("Idempotency-Key", key)
        .send()
}

fn count(app: &App) -> i64 {
    app.page("a")["thread"]["comment_count"]
        .as_i64()
        .expect("a number")
}

#[test]
fn a_comment_that_is_sent_again_is_posted_once() {
    on_both(|app| {
        let body = comment("a", "Once");
        let first = post(app, KEY, &body).is(201);
        assert_eq!(first.header("idempotency-replayed"), "");
        let again = post(app, KEY, &body).is(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        for member in ["id", "body", "created_at", "author", "status"] {
            assert_eq!(again.body[member], first.body[member], "{member}");
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 1);
        assert_eq!(page["thread"]["comment_count"], 1);
        // Both tokens own the comment: whichever answer arrived, the author has one.
        for (answer, text_now) in [(&first, "From the first"), (&again, "From the second")] {
            app.patch(again.header("location"), json!({"body": text_now}))
                .bearer(text(&answer.body["token"]))
                .send()
                .is(200);
        }
        assert_eq!(app.page("a")["thread"]["version"], 3);
    });
}

#[test]
fn a_held_comment_that_is_sent_again_is_held_once() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let body = comment("a", "Once");
        let first = post(app, KEY, &body).is(202);
        let again = post(app, KEY, &body).is(202);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body["id"], first.body["id"]);
        let queue = app
            .get("/v1/moderation/comments")
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(queue.body["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn sending_again_does_not_bring_back_what_was_deleted() {
    on_both(|app| {
        let body = comment("a", "Regretted");
        let first = post(app, KEY, &body).is(201);
        app.delete(first.header("location"))
            .bearer(text(&first.body["token"]))
            .send()
            .is(204);
        let again = post(app, KEY, &body);
        assert!(!again.text().contains("Regretted"), "{}", again.text());
        assert_eq!(count(app), 0);
        assert_eq!(app.page("a")["comments"]["items"], json!([]));
    });
}

#[test]
fn a_form_that_took_longer_the_second_time_is_the_same_comment() {
    on_both(|app| {
        let mut body = comment("a", "Only once");
        for (took, replayed) in [(5_000, ""), (90_000, "true")] {
            body["form"] = json!({"took": took, "trap": false});
            let answer = post(app, KEY, &body).is(201);
            assert_eq!(answer.header("idempotency-replayed"), replayed);
        }
        assert_eq!(count(app), 1);
    });
}

#[test]
fn a_key_belongs_to_one_request() {
    on_both(|app| {
        post(app, KEY, &comment("a", "One")).is(201);
        post(app, KEY, &comment("a", "Another")).refuses(422, "idempotency_key_reused");
        post(app, KEY, &comment("b", "One")).refuses(422, "idempotency_key_reused");
        assert_eq!(count(app), 1);
        assert_eq!(app.page("b")["thread"]["created_at"], Value::Null);
    });
}

#[test]
fn a_request_that_failed_is_not_remembered() {
    on_both(|app| {
        let mut body = comment("a", "An answer");
        body["parent_id"] = json!("019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03");
        post(app, KEY, &body).refuses(422, "parent_unknown");
        let mended = post(app, KEY, &comment("a", "A comment")).is(201);
        assert_eq!(mended.header("idempotency-replayed"), "");
        assert_eq!(count(app), 1);
    });
}

#[test]
fn the_same_request_sixteen_times_at_once_is_one_comment() {
    on_both(|app| {
        let body = comment("a", "At once");
        let barrier = Barrier::new(16);
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        post(app, KEY, &body).is(201)
                    })
                })
                .collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let ids: HashSet<&str> = answers.iter().map(|one| text(&one.body["id"])).collect();
        assert_eq!(ids.len(), 1);
        let authors: HashSet<&str> = answers
            .iter()
            .map(|one| text(&one.body["author"]["id"]))
            .collect();
        assert_eq!(authors.len(), 1);
        let first = answers
            .iter()
            .filter(|one| one.header("idempotency-replayed").is_empty());
        assert_eq!(first.count(), 1);
        assert_eq!(count(app), 1);
        assert_eq!(app.page("a")["thread"]["version"], 1);
    });
}

#[test]
fn the_keys_of_different_callers_do_not_meet() {
    on_both(|app| {
        let body = comment("a", "The same");
        let mut ids = HashSet::new();
        let (ann, bea) = (app.guest(), app.guest());
        for token in [&ann, &bea, &app.moderator] {
            for replayed in ["", "true"] {
                let answer = app
                    .post("/v1/comments", body.clone())
                    .bearer(token)
                    .header("Idempotency-Key", "1")
                    .send()
                    .is(201);
                assert_eq!(answer.header("idempotency-replayed"), replayed);
                assert!(answer.body.get("token").is_none());
                ids.insert(text(&answer.body["id"]).to_owned());
            }
        }
        ids.insert(text(&post(app, "1", &body).is(201).body["id"]).to_owned());
        assert_eq!(ids.len(), 4);
        assert_eq!(count(app), 4);
    });
}

#[test]
fn a_guest_who_introduces_themselves_twice_is_one_guest() {
    on_both(|app| {
        let send = |body: Value| {
            app.post("/v1/identity/guest", body)
                .header("Idempotency-Key", KEY)
                .send()
        };
        // A key is good for one address: the same one at another is another.
        post(app, KEY, &comment("a", "First")).is(201);
        let first = send(json!({"site": SITE, "name": "Ann"})).is(201);
        assert_eq!(first.header("idempotency-replayed"), "");
        let again = send(json!({"site": SITE, "name": "Ann"})).is(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body["person"], first.body["person"]);
        app.post("/v1/comments", comment("a", "Hello"))
            .bearer(text(&again.body["token"]))
            .send()
            .is(201);
        send(json!({"site": SITE, "name": "Bea"})).refuses(422, "idempotency_key_reused");
    });
}

/// Signs out the bearer, here or everywhere.
fn sign_out(app: &App, token: &Value, everywhere: bool) {
    app.post("/v1/identity/signout", json!({"everywhere": everywhere}))
        .bearer(text(token))
        .send()
        .is(204);
}

fn become_guest(app: &App) -> Answer {
    app.post("/v1/identity/guest", json!({"site": SITE, "name": "Ann"}))
        .header("Idempotency-Key", KEY)
        .send()
}

#[test]
fn who_signed_out_everywhere_is_nobody_by_sending_again() {
    on_both(|app| {
        let body = comment("a", "Once");
        let first = post(app, KEY, &body).is(201);
        let guest = become_guest(app).is(201);
        // A session that was ended is begun again.
        sign_out(app, &first.body["token"], false);
        sign_out(app, &guest.body["token"], false);
        let second = post(app, KEY, &body).is(201);
        let again = become_guest(app).is(201);
        sign_out(app, &second.body["token"], true);
        sign_out(app, &again.body["token"], true);
        for _ in 0..2 {
            let replayed = post(app, KEY, &body).is(201);
            assert_eq!(replayed.header("idempotency-replayed"), "true");
            assert_eq!(replayed.header("location"), first.header("location"));
            for member in ["token", "token_expires_at"] {
                assert!(replayed.body.get(member).is_none(), "{member}");
            }
            for member in ["id", "body", "created_at", "author", "status"] {
                assert_eq!(replayed.body[member], first.body[member], "{member}");
            }
            let refused = become_guest(app).refuses(409, "conflict");
            assert!(refused.body.get("token").is_none());
        }
        for token in [&first.body["token"], &second.body["token"]] {
            app.patch(first.header("location"), json!({"body": "Mine"}))
                .bearer(text(token))
                .send()
                .refuses(401, "token_invalid");
        }
        assert_eq!(count(app), 1);
    });
}

#[test]
fn who_signed_out_everywhere_sees_what_everybody_does() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let body = comment("a", "Waits");
        let first = post(app, KEY, &body).is(202);
        let token = first.body["token"].clone();
        let decide = |action: &str| {
            let body = json!({"action": action, "ids": [first.body["id"]], "reason": "abuse"});
            let call = app.post("/v1/moderation/actions", body);
            call.bearer(&app.moderator).send().is(200);
        };
        decide("approve");
        // A new text of it waits.
        app.patch(
            first.header("location"),
            json!({"body": "Nobody's business"}),
        )
        .bearer(text(&token))
        .send()
        .is(202);
        sign_out(app, &token, true);
        let seen = || post(app, KEY, &body);
        let published = seen().is(201);
        assert!(
            !published.text().contains("business"),
            "{}",
            published.text()
        );
        assert_eq!(published.body["body"], "Waits");
        decide("approve");
        let edited = seen().is(201);
        assert!(
            edited.body["body_html"]
                .as_str()
                .unwrap()
                .contains("business")
        );
        assert_eq!(edited.body["body"], Value::Null);
        decide("reject");
        let rejected = seen().is(202);
        for (member, value) in [
            ("status", json!("deleted")),
            ("author", Value::Null),
            ("body", Value::Null),
            ("body_html", Value::Null),
            ("reasons", json!([])),
        ] {
            assert_eq!(rejected.body[member], value, "{member}");
        }
        let thread = text(&first.body["thread_id"]);
        decide("approve");
        app.patch(
            &format!("/v1/moderation/threads/{thread}"),
            json!({"hidden": true}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
        assert_eq!(seen().body["body_html"], Value::Null);
    });
}

#[test]
fn what_was_handed_to_somebody_else_is_nobodys_by_sending_again() {
    on_both(|app| {
        let letters = crate::letters::Letters::of(app);
        let mut body = comment("a", "When I was nobody");
        body["author"] = json!({"name": "Ann", "email": "ann@example.org"});
        let first = post(app, KEY, &body).is(201);
        let session = crate::sign_in::signed_in(app, &letters, "ann@example.org");
        let joined = json!({"guests": [first.body["author"]["id"]]});
        app.post("/v1/identity/earlier", joined)
            .bearer(text(&session["token"]))
            .send()
            .is(204);
        let again = post(app, KEY, &body).is(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert!(again.body.get("token").is_none(), "{}", again.text());
        assert_eq!(again.body["id"], first.body["id"]);
        // The new owner is signed in as before.
        app.patch(
            first.header("location"),
            json!({"body": "Now I am somebody"}),
        )
        .bearer(text(&session["token"]))
        .send()
        .is(200);
    });
}

#[test]
fn keys_that_are_none_are_refused() {
    on_both(|app| {
        for key in ["", "two words", "tab\tinside", &"k".repeat(256)] {
            post(app, key, &comment("a", "Hello")).refuses(400, "invalid_header");
        }
        app.post("/v1/comments", comment("a", "Hello"))
            .header("Idempotency-Key", "one")
            .header("Idempotency-Key", "two")
            .send()
            .refuses(400, "invalid_header");
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
        post(app, &"k".repeat(255), &comment("a", "Hello")).is(201);
    });
}

#[test]
fn a_site_is_added_once_however_often_it_is_asked_for() {
    on_both(|app| {
        let ask = || {
            let site = json!({"slug": "news", "origins": ["https://news.example"]});
            let call = app.post("/v1/sites", site).bearer(&app.admin);
            call.header("Idempotency-Key", "add-the-news-site-once")
                .send()
                .is(201)
        };
        assert_eq!(ask().header("idempotency-replayed"), "");
        assert_eq!(ask().header("idempotency-replayed"), "true");
        let sites = app.get("/v1/sites").bearer(&app.admin).send().is(200);
        assert_eq!(sites.body["items"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_token_that_is_asked_for_again_is_the_same_with_a_new_secret() {
    on_both(|app| {
        let ask = || {
            let token = json!({"name": "ci", "role": "moderator"});
            let call = app.post("/v1/tokens", token).bearer(&app.admin);
            call.header("Idempotency-Key", "make-the-ci-token-once")
                .send()
                .is(201)
        };
        let (first, second) = (ask(), ask());
        assert_eq!(second.header("idempotency-replayed"), "true");
        assert_eq!(first.body["id"], second.body["id"]);
        let queue = |token: &Value| {
            let token = token.as_str().unwrap().to_owned();
            app.get("/v1/moderation/comments").bearer(&token).send()
        };
        queue(&second.body["token"]).is(200);
        queue(&first.body["token"]).refuses(401, "token_invalid");
    });
}
