//! New texts of published comments, which wait while everybody reads the one before.

use serde_json::{Value, json};

use crate::letters::{Letters, follower, sent};
use crate::support::{Answer, App, SITE, comment, eventually, on_both};

fn decide(app: &App, body: Value) -> Value {
    let answer = app
        .post("/v1/moderation/actions", body)
        .bearer(&app.moderator)
        .send()
        .is(200);
    answer.body["items"][0].clone()
}

fn act(app: &App, action: &str, comment: &Value) -> Value {
    let item = decide(app, json!({"action": action, "ids": [comment["id"]]}));
    assert_eq!(item["ok"], true, "{item}");
    item
}

fn edit(app: &App, comment: &Value, text: &str) -> Answer {
    app.patch(&path(comment), json!({"body": text}))
        .bearer(comment["token"].as_str().unwrap())
        .send()
}

fn path(comment: &Value) -> String {
    format!("/v1/comments/{}", comment["id"].as_str().unwrap())
}

/// What everybody reads.
fn public(app: &App, comment: &Value) -> Value {
    let html = app.get(&path(comment)).send().is(200).body["comment"]["body_html"].clone();
    let text = html.as_str().unwrap().replace("<p>", "");
    json!(text.replace("</p>", "").trim())
}

fn queue(app: &App, query: &str) -> Vec<Value> {
    let list = app
        .get(&format!("/v1/moderation/comments{query}"))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    list["items"].as_array().unwrap().clone()
}

fn pending(app: &App) -> i64 {
    let counts = app
        .get(&format!("/v1/moderation/counts?site={SITE}"))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    let list = app
        .get(&format!("/v1/moderation/comments?site={SITE}"))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    let count = counts["items"][0]["pending"].as_i64().unwrap();
    assert_eq!(list["total"], count);
    assert_eq!(list["items"].as_array().unwrap().len() as i64, count);
    count
}

/// The types of what happened in the comment's thread.
fn log(app: &App, comment: &Value) -> Vec<String> {
    let thread = comment["thread_id"].as_str().unwrap();
    let changes = app
        .get(&format!("/v1/threads/{thread}/changes?since=0&limit=100"))
        .send()
        .is(200)
        .body;
    let items = changes["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["type"].as_str().unwrap().to_owned())
        .collect()
}

/// A comment that a moderator approved, on a site that reads everything first.
fn approved(app: &App, text: &str) -> Value {
    app.policy(json!({"moderation": "pre"}));
    let posted = app
        .post("/v1/comments", comment("a", text))
        .send()
        .is(202)
        .body;
    act(app, "approve", &posted);
    posted
}

#[test]
fn the_approved_text_stays_until_the_new_one_is_approved() {
    on_both(|app| {
        let mine = approved(app, "First");
        let answer = edit(app, &mine, "Second").is(202).body;
        assert_eq!(
            (&answer["status"], &answer["body"], &answer["revision"]),
            (&json!("pending"), &json!("Second"), &json!(2))
        );
        assert_eq!(answer["reasons"][0]["code"], "premoderated");
        assert_eq!(public(app, &mine), "First");
        assert_eq!(log(app, &mine), ["comment.created"]);
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);

        // Its author and moderators see what waits.
        let thread = mine["thread_id"].as_str().unwrap();
        let me = app
            .get(&format!("/v1/threads/{thread}/me"))
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .is(200)
            .body;
        assert_eq!(me["pending"][0]["body"], "Second");
        assert!(
            me["pending"][0]["public_html"]
                .as_str()
                .unwrap()
                .contains("First")
        );
        assert_eq!(pending(app), 1);
        let item = &queue(app, "")[0];
        assert_eq!(
            (&item["id"], &item["body"]),
            (&mine["id"], &json!("Second"))
        );
        assert_eq!(item["opinions"][0]["phase"], "premoderation");
        for query in [
            "?sort=newest",
            "?sort=risk",
            "?reason=premoderated",
            &format!("?thread={thread}"),
        ] {
            assert_eq!(queue(app, query).len(), 1, "{query}");
        }
        assert_eq!(queue(app, "?reason=many_links").len(), 0);
        let listed = app.postil(&["moderate"]);
        assert!(
            listed.contains("@2") && listed.contains("Second"),
            "{listed}"
        );

        // A decision may name the text that was read.
        let read = |revision: i64| {
            let id = mine["id"].as_str().unwrap();
            decide(
                app,
                json!({"action": "approve", "ids": [id], "from": "pending", "revisions": {id: revision}}),
            )
        };
        assert_eq!(read(1)["code"], "changed");
        assert_eq!(read(2)["status"], "published");
        assert_eq!(public(app, &mine), "Second");
        assert_eq!(log(app, &mine), ["comment.created", "comment.updated"]);
        assert_eq!(pending(app), 0);
    });
}

#[test]
fn a_new_text_is_turned_down_and_the_old_one_stays() {
    on_both(|app| {
        let mine = approved(app, "First");
        edit(app, &mine, "Second").is(202);
        assert_eq!(act(app, "reject", &mine)["status"], "published");
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 0));
        // Taken back, it waits again.
        act(app, "undo", &mine);
        assert_eq!(queue(app, "")[0]["body"], "Second");
        act(app, "reject", &mine);
        // Another text gets another number, so that nobody decides about one that was not read.
        assert_eq!(edit(app, &mine, "Third").is(202).body["revision"], 3);
        let undone = decide(app, json!({"action": "undo", "ids": [mine["id"]]}));
        assert_eq!(undone["code"], "conflict", "{undone}");
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 1));
    });
}

#[test]
fn whoever_wrote_a_text_that_is_turned_down_is_told_why() {
    on_both(|app| {
        let token = follower(app, &Letters::of(app), "a", "ann@example.org");
        let mine = app.post("/v1/comments", comment("a", "First"));
        let mut mine = mine.bearer(&token).send().is(201).body;
        mine["token"] = json!(token);
        app.policy(json!({"moderation": "pre"}));
        let told = |text: &str| {
            sent(app).iter().any(|letter| {
                let is_about = letter.contains("was not published; the one before");
                is_about && letter.contains(text) && letter.contains("insults people")
            })
        };
        for text in ["Second text", "Third text"] {
            edit(app, &mine, text).is(202);
            let reject = json!({"action": "reject", "ids": [mine["id"]], "reason": "abuse"});
            decide(app, reject);
            assert_eq!(public(app, &mine), "First");
            eventually("letter", || told(text).then_some(()));
        }
    });
}

#[test]
fn an_approval_is_taken_back_with_its_text() {
    on_both(|app| {
        let mine = approved(app, "First");
        edit(app, &mine, "Second").is(202);
        act(app, "approve", &mine);
        act(app, "undo", &mine);
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 1));
        assert_eq!(queue(app, "")[0]["body"], "Second");
        assert_eq!(
            app.get(&path(&mine)).send().is(200).body["comment"]["edited_at"],
            Value::Null
        );
        act(app, "approve", &mine);
        assert_eq!((public(app, &mine), pending(app)), (json!("Second"), 0));
        let history = app
            .get(&format!("{}/history", path(&mine)))
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .is(200)
            .body;
        let texts: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["body"])
            .collect();
        assert_eq!(texts, ["Second", "First"]);
    });
}

#[test]
fn spam_takes_the_comment_away_with_both_texts() {
    on_both(|app| {
        let mine = approved(app, "First");
        edit(app, &mine, "Second").is(202);
        assert_eq!(act(app, "spam", &mine)["status"], "spam");
        app.get(&path(&mine)).send().refuses(404, "not_found");
        assert_eq!(queue(app, "?status=spam")[0]["body"], "Second");
        assert_eq!(pending(app), 0);
        act(app, "undo", &mine);
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 1));
        // All that one person wrote goes as a whole.
        let person = queue(app, "")[0]["author"]["id"].clone();
        decide(app, json!({"action": "reject", "person": person}));
        app.get(&path(&mine)).send().refuses(404, "not_found");
        assert_eq!(pending(app), 0);
    });
}

#[test]
fn authors_think_better_of_it() {
    on_both(|app| {
        let mine = approved(app, "First");
        edit(app, &mine, "Second").is(202);
        // The same again, a further text, and the old one.
        assert_eq!(edit(app, &mine, "Second").is(202).body["revision"], 2);
        assert_eq!(edit(app, &mine, "Third").is(202).body["revision"], 3);
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 1));
        let back = edit(app, &mine, "First").is(200).body;
        assert_eq!(
            (&back["status"], &back["public_html"]),
            (&json!("published"), &Value::Null)
        );
        assert_eq!(pending(app), 0);
        // An edit is no way past a moderator, nor does a text ever bear the number of one that they read.
        assert_eq!(edit(app, &mine, "Fourth").is(202).body["revision"], 4);
        let id = mine["id"].as_str().unwrap();
        let read = json!({"action": "approve", "ids": [id], "revisions": {id: 3}});
        assert_eq!(decide(app, read)["code"], "changed");
        app.policy(json!({"moderation": "post"}));
        let fifth = edit(app, &mine, "Fifth").is(202).body;
        assert_eq!(fifth["reasons"][0]["code"], "premoderated");
        assert_eq!((public(app, &mine), pending(app)), (json!("First"), 1));
        app.delete(&path(&mine))
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .is(204);
        assert_eq!(pending(app), 0);
        app.get(&path(&mine)).send().refuses(404, "not_found");
    });
}

#[test]
fn reports_take_both_texts_away() {
    on_both(|app| {
        let words = json!({"entries": ["second"]});
        app.put(&format!("/v1/moderation/rules/suspect?site={SITE}"), words)
            .bearer(&app.moderator)
            .send()
            .is(204);
        app.policy(json!({"report_threshold": 1}));
        let mine = app.comment("a", "First");
        edit(app, &mine, "Second").is(202);
        let reader = app.guest();
        app.sql("UPDATE people SET verified = TRUE WHERE kind = 'guest'");
        app.post(
            &format!("{}/reports", path(&mine)),
            json!({"reason": "abuse"}),
        )
        .bearer(&reader)
        .send()
        .is(201);
        let waiting = queue(app, "");
        assert_eq!((waiting.len(), pending(app)), (1, 1));
        assert_eq!(waiting[0]["body"], "Second");
        assert_eq!(waiting[0]["public_html"], Value::Null);
        app.get(&path(&mine)).send().refuses(404, "not_found");
        act(app, "approve", &mine);
        assert_eq!((public(app, &mine), pending(app)), (json!("Second"), 0));
    });
}

#[test]
fn many_new_texts_are_paged_among_what_waits() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre", "hold_repeats": false}));
        let posted: Vec<Value> = (0..9)
            .map(|n| {
                let body = comment("a", &format!("Text {n}"));
                app.post("/v1/comments", body).send().is(202).body
            })
            .collect();
        for one in posted.iter().step_by(2) {
            act(app, "approve", one);
            edit(app, one, "Another text").is(202);
        }
        for sort in ["oldest", "newest", "risk"] {
            let mut seen = Vec::new();
            let mut after = String::new();
            loop {
                let page = app
                    .get(&format!(
                        "/v1/moderation/comments?sort={sort}&limit=2{after}"
                    ))
                    .bearer(&app.moderator)
                    .send()
                    .is(200)
                    .body;
                seen.extend(
                    page["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|item| item["id"].clone()),
                );
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
            let mut all: Vec<Value> = posted.iter().map(|one| one["id"].clone()).collect();
            match sort {
                "newest" => all.reverse(),
                "risk" => {
                    seen.sort_by_key(Value::to_string);
                    all.sort_by_key(Value::to_string);
                }
                _ => {}
            }
            assert_eq!(seen, all, "{sort}");
        }
    });
}

#[test]
fn a_new_text_is_found_by_its_own_words() {
    on_both(|app| {
        let mine = approved(app, "Ebb");
        edit(app, &mine, "Flood at 100_percent. Пилюли").is(202);
        for (words, found) in [
            ("flood", 1),
            ("FLOOD at", 1),
            ("ebb", 0),
            ("percent", 1),
            ("100%25", 1),
            ("101", 0),
            ("%D0%BF%D0%B8%D0%BB%D1%8E%D0%BB%D0%B8", 1),
            ("flood ebb", 0),
        ] {
            let words = words.replace(' ', "+");
            assert_eq!(queue(app, &format!("?q={words}")).len(), found, "{words}");
        }
    });
}
