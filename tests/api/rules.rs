//! What a site's rules do with a comment before anybody sees it.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both};

fn put(app: &App, token: &str, list: &str, entries: Value) -> Answer {
    app.put(
        &format!("/v1/moderation/rules/{list}?site={SITE}"),
        json!({"entries": entries}),
    )
    .bearer(token)
    .send()
}

fn post(app: &App, text: &str) -> Answer {
    app.post("/v1/comments", comment("/a", text)).send()
}

/// The codes for which a comment was not published.
fn codes(answer: &Answer) -> Vec<&str> {
    let reasons = answer.body["reasons"].as_array().unwrap();
    reasons
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

#[test]
fn words_turn_comments_down_or_hold_them() {
    on_both(|app| {
        put(app, &app.moderator, "block", json!(["viagra", "buy now"])).is(204);
        put(app, &app.moderator, "suspect", json!(["politics*"])).is(204);
        post(app, "A kind word about Niagara").is(201);
        for text in [
            "V1AGRA!",
            "v i a g r a",
            "vi**ag**ra",
            "v&#105;agra",
            "v\u{200b}іagra",
            "Buy\n\nnow",
        ] {
            let answer = post(app, text).is(202);
            assert_eq!(answer.body["status"], "rejected", "{text}");
            assert_eq!(codes(&answer), ["word_blocked"], "{text}");
        }
        let answer = post(app, "Politicsandsoon").is(202);
        assert_eq!(
            (&answer.body["status"], codes(&answer)),
            (&json!("pending"), vec!["word_suspect"])
        );
        let mut named = comment("/a", "Hello");
        named["author"] = json!({"name": "Viagra Shop"});
        assert_eq!(
            codes(&app.post("/v1/comments", named).send().is(202)),
            ["word_blocked"]
        );
        // What was said is not there for others, and a new list counts at once.
        put(app, &app.moderator, "block", json!([])).is(204);
        post(app, "viagra").is(201);
        assert_eq!(app.page("/a")["thread"]["comment_count"], 2);
    });
}

#[test]
fn an_edit_is_judged_like_a_comment() {
    on_both(|app| {
        put(app, &app.moderator, "block", json!(["casino"])).is(204);
        let mine = post(app, "Fair words").is(201).body;
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        let edit = |text: &str| {
            app.patch(&path, json!({"body": text}))
                .bearer(mine["token"].as_str().unwrap())
                .send()
        };
        assert_eq!(edit("Fairer words").is(200).body["status"], "published");
        assert_eq!(edit("My c.a.s.i.n.o").is(202).body["status"], "rejected");
        app.get(&path).send().refuses(404, "not_found");
        edit("Fair words again").refuses(403, "forbidden");
    });
}

#[test]
fn what_was_decided_about_one_text_is_not_taken_back_for_another() {
    on_both(|app| {
        put(app, &app.moderator, "block", json!(["casino"])).is(204);
        let mine = post(app, "Fair words").is(201).body;
        let decide = |action: &str| {
            let body = json!({"action": action, "ids": [mine["id"]]});
            let call = app.post("/v1/moderation/actions", body);
            call.bearer(&app.moderator).send().is(200).body["items"][0].clone()
        };
        assert_eq!(decide("approve")["ok"], true);
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        app.patch(&path, json!({"body": "My casino"}))
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .is(202);
        assert_eq!(decide("undo")["code"], "conflict");
        app.get(&path).send().refuses(404, "not_found");
    });
}

#[test]
fn the_first_opinion_decides_and_all_are_kept() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre", "max_links": 1, "hold_first": true}));
        put(app, &app.moderator, "block", json!(["casino"])).is(204);
        let answer = post(app, "casino https://a.example https://b.example").is(202);
        assert_eq!(answer.body["status"], "pending");
        assert_eq!(
            codes(&answer),
            [
                "premoderated",
                "word_blocked",
                "first_comment",
                "many_links"
            ]
        );
    });
}

#[test]
fn whoever_was_approved_is_known_and_then_trusted() {
    on_both(|app| {
        app.policy(json!({"max_links": 0, "hold_first": true, "trust_after": 2}));
        let token = app.guest();
        let post = |text: &str| {
            app.post("/v1/comments", comment("/a", text))
                .bearer(&token)
                .send()
        };
        let decide = |action: &str, comment: &Value| {
            let decision = json!({"action": action, "ids": [comment["id"]]});
            app.post("/v1/moderation/actions", decision)
                .bearer(&app.moderator)
                .send()
                .is(200);
        };
        let first = post("One").is(202);
        assert_eq!(codes(&first), ["first_comment"]);
        decide("approve", &first.body);
        let second = post("Two https://a.example").is(202);
        assert_eq!(codes(&second), ["many_links"]);
        decide("approve", &second.body);
        let third = post("Three https://a.example").is(201);
        decide("reject", &third.body);
        assert_eq!(
            codes(&post("Four https://a.example").is(202)),
            ["many_links"]
        );
        post("Five").is(201);
    });
}

#[test]
fn lists_have_limits_and_broken_entries_are_named() {
    on_both(|app| {
        let broken = put(app, &app.moderator, "block", json!(["fine", "a*b", "---"])).is(422);
        assert_eq!(broken.body["code"], "invalid_fields");
        assert_eq!(broken.body["errors"][0]["pointer"], "/entries/1");
        assert!(
            broken.body["errors"][1]["detail"]
                .as_str()
                .unwrap()
                .starts_with("Line 3:")
        );
        let words: Vec<String> = (0..100_000).map(|n| format!("word{n}x")).collect();
        put(app, &app.moderator, "block", json!(words)).is(204);
        assert_eq!(
            codes(&post(app, "say word99999x").is(202)),
            ["word_blocked"]
        );
        post(app, "say word100000x").is(201);
        let more: Vec<String> = (0..=100_000).map(|n| format!("word{n}x")).collect();
        put(app, &app.moderator, "block", json!(more)).refuses(422, "rules_too_many");
        put(app, &app.moderator, "block", json!(["x".repeat(5_000_000)]))
            .refuses(413, "body_too_large");
        let path = format!("/v1/moderation/rules/block?site={SITE}");
        let kept = app.get(&path).bearer(&app.moderator).send().is(200);
        assert_eq!(kept.body["entries"].as_array().unwrap().len(), 100_000);
    });
}

#[test]
fn rules_are_for_moderators_of_the_site() {
    on_both(|app| {
        let path = format!("/v1/moderation/rules/block?site={SITE}");
        app.get(&path).send().refuses(401, "unauthorized");
        app.get(&path)
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
        put(app, &app.guest(), "block", json!([])).refuses(403, "forbidden");
        put(app, &app.moderator, "grey", json!([])).refuses(404, "not_found");
        let other = "/v1/moderation/rules/block?site=other";
        app.get(other)
            .bearer(&app.moderator)
            .send()
            .refuses(404, "unknown_site");
        app.get("/v1/moderation/rules/block")
            .bearer(&app.moderator)
            .send()
            .refuses(400, "invalid_query");
        let empty = app.get(&path).bearer(&app.moderator).send().is(200);
        assert_eq!(empty.body, json!({"entries": []}));
    });
}
