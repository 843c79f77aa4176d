//! Remarks on passages of the text, and the questions that authors ask about them.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both, page_url};

const QUOTE: &str = "High water was given at six.";

/// The words, as the widget tells them.
fn words() -> Value {
    json!({
        "exact": QUOTE, "prefix": "of the harbour were printed in March. ", "suffix": " The pilots, who knew better, came",
        "start": 55, "end": 83,
    })
}

fn remark(app: &App, target: Value) -> Answer {
    let mut body = comment("a", "Is that so?");
    body["target"] = target;
    app.post("/v1/comments", body).send()
}

fn passages(app: &App) -> Vec<Value> {
    app.page("a")["passages"].as_array().unwrap().clone()
}

fn thread(app: &App) -> String {
    app.page("a")["thread"]["id"].as_str().unwrap().to_owned()
}

/// Makes the page's thread, as its author, and gives its id.
fn write_page(app: &App) -> String {
    let body = json!({"site": SITE, "url": page_url("a")});
    let thread = app
        .put("/v1/moderation/threads", body)
        .bearer(&app.admin)
        .send();
    thread.is(201).body["id"].as_str().unwrap().to_owned()
}

fn plant(app: &App, thread: &str, key: &str, question: &str) -> Answer {
    let mut body = words();
    body["question"] = json!(question);
    let path = format!("/v1/threads/{thread}/passages/{key}");
    app.put(&path, body).bearer(&app.admin).send()
}

#[test]
fn readers_who_select_nearly_the_same_words_meet() {
    on_both(|app| {
        let first = remark(app, words()).is(201).body;
        let mut nearly = words();
        nearly["exact"] = json!("High water  was given at\u{ad} six");
        nearly["suffix"] = json!(". The pilots, who knew better, ca");
        nearly["start"] = json!(1000);
        nearly["end"] = json!(1001);
        let second = remark(app, nearly).is(201).body;
        let mut other = words();
        other["exact"] = json!("in March");
        other["prefix"] = json!("The tide tables were printed ");
        other["suffix"] = json!(". High water");
        let third = remark(app, other).is(201).body;
        assert_eq!(first["passage_id"], second["passage_id"]);
        assert_ne!(first["passage_id"], third["passage_id"]);
        let known = passages(app);
        assert_eq!(known.len(), 2);
        let shared = known
            .iter()
            .find(|p| p["id"] == first["passage_id"])
            .unwrap();
        assert_eq!(shared["answer_count"], 2);
        assert_eq!(shared["quote"], QUOTE);
        assert_eq!(
            (&shared["planted"], &shared["question"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(shared["selector"]["start"], 55);
        assert_eq!(shared["selector"]["end"], 83);
        let prefix = shared["selector"]["prefix"].as_str().unwrap();
        assert_eq!((prefix.len(), &prefix[21..]), (32, " in March. "));
        // By its id one gets there too; its replies are about nothing but their parents.
        let mut body = comment("a", "I was there.");
        body["passage_id"] = first["passage_id"].clone();
        app.post("/v1/comments", body).send().is(201);
        let reply = app.reply("a", &first, "It was seven.");
        assert_eq!(reply["passage_id"], Value::Null);
    });
}

#[test]
fn inline_feedback_is_listed_by_itself_and_by_passage() {
    on_both(|app| {
        let about = remark(app, words()).is(201).body;
        app.comment("a", "about the whole");
        let mut other = words();
        other["exact"] = json!("The pilots");
        let other = remark(app, other).is(201).body;
        let list = |query: &str| -> Vec<Value> {
            let path = format!("/v1/threads/{}/comments?{query}", thread(app));
            let list = app.get(&path).send().is(200).body;
            list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone())
                .collect()
        };
        let of = |about: &Value| about["passage_id"].as_str().unwrap().to_owned();
        assert_eq!(list("").len(), 3);
        for sort in ["newest", "oldest", "top", "active"] {
            assert_eq!(
                list(&format!("filter=inline&sort={sort}")).len(),
                2,
                "{sort}"
            );
            let one = list(&format!("passage={}&sort={sort}", of(&other)));
            assert_eq!(one, [other["id"].clone()], "{sort}");
        }
        let first = format!(
            "/v1/threads/{}/comments?filter=inline&sort=oldest&limit=1",
            thread(app)
        );
        let page = app.get(&first).send().is(200).body;
        assert_eq!(page["items"][0]["id"], about["id"]);
        let next = format!("{first}&after={}", page["next"].as_str().unwrap());
        assert_eq!(
            app.get(&next).send().is(200).body["items"][0]["id"],
            other["id"]
        );
        // A cursor is of its list alone.
        let wrong = next.replace("filter=inline", "filter=all");
        app.get(&wrong).send().refuses(400, "invalid_cursor");
        let path = format!("/v1/threads/{}/comments", thread(app));
        app.get(&format!("{path}?filter=some"))
            .send()
            .refuses(400, "invalid_query");
        app.get(&format!("{path}?passage=x"))
            .send()
            .refuses(400, "invalid_query");
        let unknown = format!("{path}?passage=019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03");
        app.get(&unknown).send().refuses(404, "not_found");
    });
}

#[test]
fn authors_plant_questions_and_close_them() {
    on_both(|app| {
        let thread = write_page(app);
        let planted = plant(app, &thread, "q1", "Was it <b>six</b>?").is(201).body;
        assert_eq!(planted["question"], "Was it <b>six</b>?");
        let again = plant(app, &thread, "q1", "Six, or seven?").is(200).body;
        assert_eq!(again["id"], planted["id"]);
        // The page's HTML names it by its key, whatever words stand there now.
        let answer = json!({"exact": "High tide came at six", "key": "q1"});
        let answer = remark(app, answer).is(201).body;
        assert_eq!(answer["passage_id"], planted["id"]);
        let shown = &passages(app)[0];
        assert_eq!(
            (&shown["quote"], &shown["answer_count"]),
            (&json!(QUOTE), &json!(1))
        );
        assert_eq!(shown["question"], "Six, or seven?");
        let path = format!("/v1/passages/{}", planted["id"].as_str().unwrap());
        let guest = app.guest();
        for (token, code, status) in [
            (Some(&guest), "forbidden", 403),
            (None, "unauthorized", 401),
        ] {
            let mut call = app.patch(&path, json!({"state": "closed"}));
            if let Some(token) = token {
                call = call.bearer(token);
            }
            call.send().refuses(status, code);
        }
        let closed = app
            .patch(&path, json!({"state": "closed"}))
            .bearer(&app.moderator);
        assert_eq!(closed.send().is(200).body["state"], "closed");
        remark(app, json!({"exact": "six", "key": "q1"})).refuses(409, "passage_closed");
        app.patch(&path, json!({"state": "ajar"}))
            .bearer(&app.admin)
            .send()
            .refuses(422, "field_invalid");
        app.patch("/v1/passages/nonsense", json!({"state": "open"}))
            .bearer(&app.admin)
            .send()
            .refuses(404, "not_found");
        let body = words();
        let path = format!("/v1/threads/{thread}/passages/q2");
        app.put(&path, body.clone())
            .bearer(&guest)
            .send()
            .refuses(403, "forbidden");
        app.put(&path, body.clone())
            .send()
            .refuses(401, "unauthorized");
        let unwritten = app.page("b")["thread"]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/threads/{unwritten}/passages/q2");
        app.put(&path, body)
            .bearer(&app.admin)
            .send()
            .refuses(404, "not_found");
    });
}

#[test]
fn a_question_that_a_browser_told_is_nobodys_word() {
    on_both(|app| {
        let mut target = words();
        target["key"] = json!("q1");
        target["question"] = json!("Is the author a fool?");
        let first = remark(app, target.clone()).is(201).body;
        let shown = &passages(app)[0];
        assert_eq!(
            (&shown["key"], &shown["planted"]),
            (&json!("q1"), &json!(false))
        );
        assert_eq!(shown["question"], Value::Null);
        // Who tells other words under the same key does not put them under other people's answers.
        let lie = remark(app, json!({"exact": "Buy things", "key": "q1"}))
            .is(201)
            .body;
        assert_ne!(lie["passage_id"], first["passage_id"]);
        assert_eq!(
            remark(app, target).is(201).body["passage_id"],
            first["passage_id"]
        );
        // The author's word takes the place of what browsers told.
        let planted = plant(app, &thread(app), "q1", "Was it six?").is(200).body;
        assert_eq!(planted["id"], first["passage_id"]);
        assert_eq!(
            (&planted["planted"], &planted["answer_count"]),
            (&json!(true), &json!(2))
        );
        // A key is of its thread alone.
        let mut elsewhere = comment("b", "And here?");
        elsewhere["target"] = json!({"exact": "six", "key": "q1"});
        let elsewhere = app.post("/v1/comments", elsewhere).send().is(201).body;
        assert_ne!(elsewhere["passage_id"], planted["id"]);
        let mut named = comment("b", "And here?");
        named["passage_id"] = planted["id"].clone();
        app.post("/v1/comments", named)
            .send()
            .refuses(422, "passage_unknown");
    });
}

#[test]
fn a_passage_is_seen_as_long_as_something_is_said_about_it() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = remark(app, words()).is(202).body;
        assert_eq!(passages(app).len(), 0);
        let id = held["id"].clone();
        let decide = |action: &str| {
            let body = json!({"action": action, "ids": [id]});
            app.post("/v1/moderation/actions", body)
                .bearer(&app.moderator)
                .send()
                .is(200);
        };
        decide("approve");
        let shown = passages(app);
        assert_eq!(shown[0]["id"], held["passage_id"]);
        let path = format!("/v1/comments/{}", held["id"].as_str().unwrap());
        let token = held["token"].as_str().unwrap();
        app.delete(&path).bearer(token).send().is(204);
        assert_eq!(passages(app).len(), 0);
        let log = format!("/v1/threads/{}/changes?since=0", thread(app));
        let log = app.get(&log).send().is(200).body;
        let told: Value = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| json!([item["type"], item["passage_id"], item["passage"]]))
            .collect();
        let passage = &held["passage_id"];
        let expected = json!([
            ["passage.updated", passage, null],
            ["comment.created", null, null],
            ["comment.deleted", null, null],
            ["passage.updated", passage, null],
        ]);
        assert_eq!(told, expected);
    });
}

#[test]
fn the_log_shows_a_passage_as_it_is_now() {
    on_both(|app| {
        let thread = write_page(app);
        plant(app, &thread, "q1", "Was it six?").is(201);
        plant(app, &thread, "q1", "Or seven?").is(200);
        let log = app
            .get(&format!("/v1/threads/{thread}/changes?since=0"))
            .send()
            .is(200)
            .body;
        for item in log["items"].as_array().unwrap() {
            assert_eq!(
                (&item["type"], &item["comment"]),
                (&json!("passage.updated"), &Value::Null)
            );
            assert_eq!(item["passage"]["question"], "Or seven?");
        }
    });
}

#[test]
fn a_site_says_who_may_select() {
    on_both(|app| {
        let shown = |app: &App| app.page("a")["policy"]["passages"].clone();
        assert_eq!(shown(app), "everybody");
        app.policy(json!({"passages": "signed_in"}));
        assert_eq!(shown(app), "signed_in");
        remark(app, words()).refuses(403, "passages_not_allowed");
        app.policy(json!({"passages": "off"}));
        remark(app, words()).refuses(403, "passages_not_allowed");
        // What the page itself asks may be answered.
        remark(app, json!({"exact": QUOTE, "key": "q1"})).is(201);
        let patch = json!({"policy": {"passages": "some"}});
        let site = format!("/v1/sites/{SITE}");
        app.patch(&site, patch)
            .bearer(&app.admin)
            .send()
            .refuses(422, "policy_invalid");
    });
}

#[test]
fn what_is_no_passage_is_refused() {
    on_both(|app| {
        let long = "x".repeat(2001);
        let context = "x".repeat(1001);
        for (target, code) in [
            (json!({"exact": ""}), "quote_required"),
            (
                json!({"exact": " \n\u{a0}\u{200b}\u{ad}\0"}),
                "quote_required",
            ),
            (json!({"exact": long}), "quote_too_long"),
            (json!({"exact": "x", "prefix": context}), "context_too_long"),
            (
                json!({"exact": "x", "start": 5, "end": 5}),
                "position_invalid",
            ),
            (
                json!({"exact": "x", "start": -1, "end": 5}),
                "position_invalid",
            ),
            (
                json!({"exact": "x", "start": i64::MAX - 1, "end": i64::MAX}),
                "position_invalid",
            ),
            (json!({"exact": "x", "key": ""}), "passage_key_invalid"),
            (json!({"exact": "x", "key": "a/b"}), "passage_key_invalid"),
            (
                json!({"exact": "x", "key": "k".repeat(65)}),
                "passage_key_invalid",
            ),
            (json!({"exact": 5}), "field_type"),
            (json!({"prefix": "x"}), "field_required"),
            (json!("x"), "field_type"),
        ] {
            remark(app, target).refuses(422, code);
        }
        let first = app.comment("a", "first");
        let mut both = comment("a", "about two things");
        both["target"] = words();
        both["parent_id"] = first["id"].clone();
        app.post("/v1/comments", both)
            .send()
            .refuses(422, "target_invalid");
        let mut named = comment("a", "about nothing");
        named["passage_id"] = json!("x");
        app.post("/v1/comments", named)
            .send()
            .refuses(422, "passage_unknown");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        assert_eq!(passages(app).len(), 0);
        // The quote wins over a position that contradicts it.
        let liar = json!({"exact": "six words", "start": 7, "end": 500_000});
        remark(app, liar).is(201);
        let selector = &passages(app)[0]["selector"];
        assert_eq!(
            (&selector["start"], &selector["end"]),
            (&json!(7), &json!(16))
        );
    });
}
