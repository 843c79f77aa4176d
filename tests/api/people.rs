//! Guests and their tokens: what only they see, and how a session is renewed and ended.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postil::domain::time::Time;
use postil::domain::token::{AccessClaims, Keys};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{App, ORIGIN, SITE, comment, on_both, page_url};

const HOUR: i64 = 3600;

/// The overlay of that comment's thread, as the bearer of the token sees it.
fn me(app: &App, comment: &Value, token: &str) -> Value {
    app.get(&me_path(comment)).bearer(token).send().is(200).body
}

fn me_path(comment: &Value) -> String {
    format!("/v1/threads/{}/me", comment["thread_id"].as_str().unwrap())
}

fn token(answer: &Value) -> &str {
    answer["token"].as_str().unwrap()
}

/// A guest who signed in twice, on two devices say, gives two tokens of one person.
fn guest_twice(app: &App) -> [Value; 2] {
    let sign_in = || {
        app.post("/v1/identity/guest", json!({"site": SITE}))
            .header("Idempotency-Key", "one-guest-two-sessions")
            .send()
            .is(201)
    };
    let (first, second) = (sign_in(), sign_in());
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.body["person"], second.body["person"]);
    assert_ne!(
        claims(token(&first.body)).session,
        claims(token(&second.body)).session
    );
    [first.body, second.body]
}

/// What an access token says; read, not verified.
fn claims(token: &str) -> AccessClaims {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    let payload: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    let id = |name: &str| Uuid::parse_str(payload[name].as_str().unwrap()).unwrap();
    AccessClaims {
        person: id("sub"),
        session: id("sid"),
        site: id("site"),
        issued_at: payload["iat"].as_i64().unwrap(),
        expires_at: payload["exp"].as_i64().unwrap(),
    }
}

/// The keys that the service signs with.
fn keys(app: &App) -> Keys {
    let file = std::fs::read_to_string(app.dir.path().join("signing.key")).unwrap();
    Keys::parse(file.trim_end()).unwrap()
}

/// The same session's token as of two hours ago.
pub fn expired(app: &App, token: &str) -> String {
    let now = Time::now().seconds();
    keys(app).sign_access(&AccessClaims {
        issued_at: now - 2 * HOUR,
        expires_at: now - HOUR,
        ..claims(token)
    })
}

#[test]
fn a_guest_introduces_themselves() {
    on_both(|app| {
        let ada = json!({"site": SITE, "name": "Ada", "website": "ada.example"});
        let guest = app.post("/v1/identity/guest", ada).send().is(201).body;
        let person = &guest["person"];
        assert_eq!(person["name"], "Ada");
        assert_eq!(person["website"], "https://ada.example/");
        assert_eq!(
            (&person["kind"], &person["role"], &person["verified"]),
            (&json!("guest"), &json!("reader"), &json!(false))
        );
        let claims = claims(token(&guest));
        assert_eq!(claims.expires_at - claims.issued_at, HOUR);
        let ends = Time::parse(guest["expires_at"].as_str().unwrap()).unwrap();
        assert_eq!(ends.seconds(), claims.expires_at);
        // What they said of themselves signs what they write.
        let posted = app
            .post("/v1/comments", comment("a", "Hello"))
            .bearer(token(&guest))
            .send()
            .is(201)
            .body;
        assert_eq!(posted["author"]["id"], person["id"]);
        assert_eq!(posted["author"]["name"], "Ada");
        assert!(posted.get("token").is_none());
    });
}

#[test]
fn a_guest_is_refused_what_the_site_refuses() {
    on_both(|app| {
        let guest = |body| app.post("/v1/identity/guest", body);
        let problem = guest(json!({"site": SITE, "name": "Mona"}))
            .send()
            .refuses(422, "name_reserved");
        assert_eq!(problem.body["errors"][0]["pointer"], "/name");
        // A Cyrillic о looks the same.
        guest(json!({"site": SITE, "name": "m\u{43e}na"}))
            .send()
            .refuses(422, "name_reserved");
        guest(json!({"site": "nowhere"}))
            .send()
            .refuses(404, "unknown_site");
        guest(json!({"site": SITE}))
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
        guest(json!({"site": SITE}))
            .header("Origin", ORIGIN)
            .send()
            .is(201);
        app.policy(json!({"fields": {"name": "hidden"}}));
        let nameless = guest(json!({"site": SITE, "name": "Ada"})).send().is(201);
        assert_eq!(nameless.body["person"]["name"], Value::Null);
        app.policy(json!({"guests": false}));
        guest(json!({"site": SITE}))
            .send()
            .refuses(403, "guests_not_allowed");
        app.post("/v1/comments", comment("a", "Hello"))
            .send()
            .refuses(403, "guests_not_allowed");
        assert_eq!(app.page("a")["thread"]["comment_count"], 0);
    });
}

#[test]
fn the_token_of_the_first_comment_owns_it() {
    on_both(|app| {
        let posted = app.comment("a", "First");
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        let edit = || app.patch(&path, json!({"body": "Second"}));
        edit().send().refuses(401, "unauthorized");
        edit().bearer(&app.guest()).send().refuses(403, "forbidden");
        assert_eq!(
            app.get(&path).send().body["comment"]["body_html"],
            "<p>First</p>\n"
        );
        let edited = edit().bearer(token(&posted)).send().is(200).body;
        assert_eq!(edited["body"], "Second");
    });
}

#[test]
fn the_overlay_shows_each_their_own() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let id = posted["id"].as_str().unwrap();
        let (reader, other) = (app.guest(), app.guest());
        app.put(&format!("/v1/comments/{id}/vote"), json!({"value": 1}))
            .bearer(&reader)
            .send()
            .is(200);
        app.call("PUT", &format!("/v1/comments/{id}/reactions/%F0%9F%91%8D"))
            .bearer(&reader)
            .send()
            .is(200);

        let seen = me(app, &posted, &reader);
        assert_eq!(seen["comments"][id]["vote"], 1);
        assert_eq!(seen["comments"][id]["reactions"], json!(["👍"]));
        let can = &seen["comments"][id]["can"];
        assert!(!can.as_array().unwrap().contains(&json!("edit")), "{can}");
        for right in ["comment", "reply", "vote", "react"] {
            assert!(
                seen["can"].as_array().unwrap().contains(&json!(right)),
                "{seen}"
            );
        }
        let own = me(app, &posted, token(&posted));
        assert_eq!(own["person"]["id"], posted["author"]["id"]);
        assert_eq!(own["comments"][id]["vote"], 0);
        for right in ["edit", "delete"] {
            let can = &own["comments"][id]["can"];
            assert!(can.as_array().unwrap().contains(&json!(right)), "{can}");
        }
        assert_eq!(me(app, &posted, &other)["comments"], json!({}));
        app.get(&me_path(&posted))
            .send()
            .refuses(401, "unauthorized");

        // What everyone sees does not depend on who asks.
        let page = format!("/v1/threads?site={SITE}&url={}", page_url("a"));
        let (anybody, owner) = (app.get(&page).send(), app.get(&page).bearer(&reader).send());
        assert_eq!(anybody.raw, owner.raw);
    });
}

#[test]
fn a_moderators_overlay_says_who_they_are() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let mona = me(app, &posted, &app.moderator)["person"].clone();
        assert_eq!(
            (&mona["kind"], &mona["role"], &mona["name"]),
            (&json!("staff"), &json!("moderator"), &json!("Mona"))
        );
        // A program is nobody on any page.
        app.get(&me_path(&posted))
            .bearer(&app.admin)
            .send()
            .refuses(403, "forbidden");
    });
}

#[test]
fn what_is_held_shows_to_its_author_only() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Let me in"))
            .send()
            .is(202)
            .body;
        assert_eq!(held["status"], "pending");
        assert_eq!(held["reasons"][0]["code"], "premoderated");
        let overlay = me(app, &held, token(&held));
        assert_eq!(overlay["pending"][0]["id"], held["id"]);
        assert_eq!(overlay["pending"][0]["body"], "Let me in");
        assert_eq!(me(app, &held, &app.guest())["pending"], json!([]));
        app.get(&format!("/v1/comments/{}", held["id"].as_str().unwrap()))
            .send()
            .refuses(404, "not_found");
        let page = app.page("a");
        assert_eq!(page["comments"]["items"], json!([]));
        assert_eq!(page["thread"]["version"], 0);
    });
}

#[test]
fn signing_out_acts_at_once_and_on_one_session() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let [phone, laptop] = guest_twice(app).map(|answer| token(&answer).to_owned());
        let sign_out = |token: &str, body: Value| {
            app.post("/v1/identity/signout", body)
                .bearer(token)
                .send()
                .is(204);
        };
        sign_out(&phone, json!({}));
        app.get(&me_path(&posted))
            .bearer(&phone)
            .send()
            .refuses(401, "token_invalid");
        app.post("/v1/comments", comment("a", "Me again"))
            .bearer(&phone)
            .send()
            .refuses(401, "token_invalid");
        app.call("POST", "/v1/identity/refresh")
            .bearer(&phone)
            .send()
            .refuses(401, "token_invalid");
        me(app, &posted, &laptop);
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        // Nobody else was signed out.
        me(app, &posted, token(&posted));
    });
}

#[test]
fn signing_out_everywhere_ends_every_session() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let [phone, laptop] = guest_twice(app).map(|answer| token(&answer).to_owned());
        app.post("/v1/identity/signout", json!({"everywhere": true}))
            .bearer(&phone)
            .send()
            .is(204);
        for token in [&phone, &laptop] {
            app.get(&me_path(&posted))
                .bearer(token)
                .send()
                .refuses(401, "token_invalid");
        }
        me(app, &posted, token(&posted));
    });
}

#[test]
fn signing_out_takes_no_body_but_a_session() {
    on_both(|app| {
        let guest = app.guest();
        let sign_out = || app.call("POST", "/v1/identity/signout");
        sign_out().send().refuses(401, "unauthorized");
        // An API token is revoked, not signed out.
        sign_out()
            .bearer(&app.moderator)
            .send()
            .refuses(401, "unauthorized");
        sign_out()
            .bearer(&guest)
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
        sign_out().bearer(&guest).send().is(204);
        sign_out()
            .bearer(&guest)
            .send()
            .refuses(401, "token_invalid");
    });
}

#[test]
fn a_token_is_renewed_while_its_session_lives() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let first = token(&posted).to_owned();
        let refresh = |token: &str| app.call("POST", "/v1/identity/refresh").bearer(token);
        let renewed = refresh(&first).send().is(200).body;
        assert_eq!(renewed["person"]["id"], posted["author"]["id"]);
        assert_eq!(claims(token(&renewed)).session, claims(&first).session);
        me(app, &posted, token(&renewed));

        let old = expired(app, &first);
        app.get(&me_path(&posted))
            .bearer(&old)
            .send()
            .refuses(401, "token_expired");
        let renewed = refresh(&old).send().is(200).body;
        me(app, &posted, token(&renewed));
        refresh(&old)
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");

        app.post("/v1/identity/signout", json!({}))
            .bearer(&first)
            .send()
            .is(204);
        for ended in [&old, &first, &token(&renewed).to_owned()] {
            refresh(ended).send().refuses(401, "token_invalid");
        }
        app.call("POST", "/v1/identity/refresh")
            .send()
            .refuses(401, "unauthorized");
        refresh(&app.moderator).send().refuses(401, "token_invalid");
    });
}

#[test]
fn a_session_that_was_not_used_for_long_is_over() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let refresh = || {
            app.call("POST", "/v1/identity/refresh")
                .bearer(token(&posted))
                .send()
        };
        let ends = |at: i64| app.sql(&format!("UPDATE sessions SET expires_at = {at}"));
        let soon = (Time::now().seconds() + 60) * 1_000_000;
        ends(soon);
        refresh().is(200);
        // It was renewed for half a year, and so is not among those that end soon.
        let half_a_year = soon + 179 * 24 * HOUR * 1_000_000;
        app.sql(&format!(
            "UPDATE sessions SET ended_at = 1 WHERE expires_at < {half_a_year}"
        ));
        me(app, &posted, token(&posted));
        ends(Time::now().seconds() * 1_000_000);
        refresh().refuses(401, "token_invalid");
        app.get(&me_path(&posted))
            .bearer(token(&posted))
            .send()
            .refuses(401, "token_invalid");
    });
}

#[test]
fn forged_tokens_are_refused() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let (victim, thief) = (token(&posted).to_owned(), app.guest());
        let parts: Vec<&str> = victim.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("a JWT has three parts");
        };
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let own_header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        let none = own_header.replace("HS256", "none");
        let plain = own_header.replace("at+jwt", "JWT");
        assert!(none != own_header && plain != own_header);
        let stranger = Keys::parse(&"another secret of 32 bytes here! ".trim_end().repeat(2));
        let longer = AccessClaims {
            expires_at: Time::now().seconds() + 1_000_000,
            ..claims(&victim)
        };
        let of_a_stranger = stranger.unwrap().sign_access(&longer);
        let stretched = keys(app).sign_access(&longer);
        let altered = stretched.split('.').nth(1).unwrap();
        let someone_else = AccessClaims {
            person: claims(&victim).person,
            ..claims(&thief)
        };
        let elsewhere = AccessClaims {
            site: Uuid::now_v7(),
            ..claims(&thief)
        };
        for (forged, how) in [
            (format!("{}.{payload}.", encode(&none)), "alg none"),
            (
                format!("{}.{payload}.{signature}", encode(&none)),
                "alg none, signed",
            ),
            (
                format!("{}.{payload}.{signature}", encode(&plain)),
                "another typ",
            ),
            (format!("{header}.{altered}.{signature}"), "another payload"),
            (format!("{header}.{payload}"), "no signature"),
            (format!("{header}.{payload}."), "an empty signature"),
            (of_a_stranger, "another secret"),
            (keys(app).sign_access(&someone_else), "another's session"),
            (keys(app).sign_access(&elsewhere), "another site's session"),
            (
                "postil_".to_owned() + &"A".repeat(66),
                "an API token of nobody",
            ),
            (String::new(), "nothing"),
        ] {
            let answer = app.get(&me_path(&posted)).bearer(&forged).send();
            assert_eq!(answer.status, 401, "{how}: {}", answer.body);
            assert_eq!(answer.body["code"], "token_invalid", "{how}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            let refreshed = app.call("POST", "/v1/identity/refresh").bearer(&forged);
            assert_eq!(refreshed.send().body["code"], "token_invalid", "{how}");
        }
        // The keys are the right ones: only what was forged made the difference.
        me(app, &posted, &stretched);
        app.get(&me_path(&posted))
            .header("Authorization", "Basic dXNlcjpwYXNz")
            .send()
            .refuses(401, "token_invalid");
    });
}

#[test]
fn a_token_counts_on_its_own_site() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let stranger = app
            .post("/v1/identity/guest", json!({"site": "other"}))
            .send()
            .is(201)
            .body;
        let posted = app.comment("a", "Hello");
        let id = posted["id"].as_str().unwrap();
        let bears = |call: crate::support::Call<'_>| {
            call.bearer(token(&stranger))
                .send()
                .refuses(403, "forbidden");
        };
        bears(app.post("/v1/comments", comment("a", "From elsewhere")));
        bears(app.put(&format!("/v1/comments/{id}/vote"), json!({"value": 1})));
        bears(app.get(&format!("/v1/moderation/comments?site={SITE}")));
        // For the overlay, a thread of another site is not there.
        app.get(&me_path(&posted))
            .bearer(token(&stranger))
            .send()
            .refuses(404, "not_found");
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 1);
        assert_eq!(page["comments"]["items"][0]["votes"]["up"], 0);
    });
}
