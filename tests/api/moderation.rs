//! Comments that wait, and what becomes of them.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::letters::{Letters, follower, sent};
use crate::support::{Answer, App, ORIGIN, SITE, comment, eventually, on_both, page_url};

/// Posts a comment that is held.
fn held(app: &App, page: &str, text: &str) -> Value {
    app.post("/v1/comments", comment(page, text))
        .send()
        .is(202)
        .body
}

fn id(comment: &Value) -> &str {
    comment["id"].as_str().unwrap()
}

fn act(app: &App, token: &str, action: &str, ids: &[&str]) -> Answer {
    let decision = json!({"action": action, "ids": ids});
    app.post("/v1/moderation/actions", decision)
        .bearer(token)
        .send()
}

/// Decides as Mona, and asserts that it was done.
fn decide(app: &App, action: &str, comment: &Value) {
    let items = act(app, &app.moderator, action, &[id(comment)])
        .is(200)
        .body;
    assert_eq!(items["items"][0]["ok"], true, "{items}");
}

fn queue(app: &App, query: &str) -> Value {
    app.get(&format!("/v1/moderation/comments{query}"))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(id).collect()
}

/// Everything that happened in that thread.
fn changes(app: &App, thread: &str) -> Value {
    app.get(&format!("/v1/threads/{thread}/changes?since=0&limit=100"))
        .send()
        .is(200)
        .body
}

/// The types of what happened, in order; their versions have no gap.
fn log(app: &App, thread: &str) -> Vec<String> {
    let changes = changes(app, thread);
    let items = changes["items"].as_array().unwrap();
    for (at, change) in items.iter().enumerate() {
        assert_eq!(change["version"], at + 1);
    }
    assert_eq!(changes["version"], items.len());
    let kinds = items.iter().map(|item| item["type"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

fn thread_of(app: &App, page: &str) -> String {
    app.page(page)["thread"]["id"].as_str().unwrap().to_owned()
}

/// Directs a thread as Mona.
fn direct(app: &App, page: &str, directions: Value) -> Answer {
    let mut body = json!({"site": SITE, "url": page_url(page)});
    for (name, value) in directions.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.put("/v1/moderation/threads", body)
        .bearer(&app.moderator)
        .send()
}

#[test]
fn the_queue_shows_what_waits_and_why() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let first = held(app, "a", "One *two*");
        let second = held(app, "b", "Three");
        let all = queue(app, "");
        // The longest waiting first.
        assert_eq!(ids(&all), [id(&first), id(&second)]);
        let item = &all["items"][0];
        assert_eq!(
            (&item["status"], &item["body"]),
            (&json!("pending"), &json!("One *two*"))
        );
        assert_eq!(item["reasons"][0]["code"], "premoderated");
        assert_eq!(item["thread"]["url"], page_url("a"));
        let thread = thread_of(app, "b");
        assert_eq!(
            ids(&queue(app, &format!("?thread={thread}"))),
            [id(&second)]
        );
        assert_eq!(ids(&queue(app, "?status=published")), [""; 0]);
        let page = queue(app, "?limit=1");
        assert_eq!(ids(&page), [id(&first)]);
        let next = page["next"].as_str().unwrap();
        assert_eq!(
            ids(&queue(app, &format!("?limit=1&after={next}"))),
            [id(&second)]
        );
        let refused = |path: String| app.get(&path).bearer(&app.moderator).send();
        refused(format!(
            "/v1/moderation/comments?status=published&after={next}"
        ))
        .refuses(400, "invalid_cursor");
        refused("/v1/moderation/comments?status=odd".into()).refuses(400, "invalid_query");
        refused("/v1/moderation/comments?site=nowhere".into()).refuses(404, "unknown_site");
        app.get("/v1/moderation/comments")
            .send()
            .refuses(401, "unauthorized");
        app.get("/v1/moderation/comments")
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
    });
}

#[test]
fn approving_publishes_and_shows_live() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let (first, second) = (held(app, "a", "One"), held(app, "a", "Two"));
        let thread = thread_of(app, "a");
        assert_eq!(log(app, &thread), [""; 0]);
        let stream = app.get(&format!("/v1/threads/{thread}/events")).open();
        let mut lines = BufReader::new(stream.into_body().into_reader()).lines();
        let mut event = || {
            let lines = lines.by_ref().map(|line| line.unwrap());
            let lines = lines.skip_while(|line| line.is_empty() || line.starts_with(':'));
            let event: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            event.join("\n")
        };
        assert_eq!(event(), "id: 0\nevent: ready\ndata: {\"version\":0}");

        // The second before the first: the order of the log is that of the decisions.
        decide(app, "approve", &second);
        decide(app, "approve", &first);
        for (version, published) in [(1, &second), (2, &first)] {
            let event = event();
            let start = format!("id: {version}\nevent: comment.created\ndata: ");
            let data = event
                .strip_prefix(&start)
                .unwrap_or_else(|| panic!("{event}"));
            let change: Value = serde_json::from_str(data).unwrap();
            assert_eq!(change["comment"]["id"], published["id"]);
        }
        let changes = changes(app, &thread);
        assert_eq!(changes["items"][1]["comment"]["body_html"], "<p>One</p>\n");
        let page = app.page("a");
        assert_eq!(
            (&page["thread"]["version"], &page["thread"]["comment_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(ids(&page["comments"]), [id(&first), id(&second)]);
        assert_eq!(ids(&queue(app, "")), [""; 0]);
    });
}

#[test]
fn each_of_many_gets_its_own_answer() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"],
            "policy": {"moderation": "pre"}});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let foreign =
            json!({"site": "other", "url": "https://other.example/a", "body": "Elsewhere"});
        let foreign = app.post("/v1/comments", foreign).send().is(202).body;
        app.policy(json!({"moderation": "pre"}));
        let (good, gone) = (held(app, "a", "Good"), held(app, "a", "Gone"));
        app.delete(&format!("/v1/comments/{}", id(&gone)))
            .bearer(gone["token"].as_str().unwrap())
            .send()
            .is(204);
        let unknown = "01890000-0000-7000-8000-000000000000";
        let asked = [unknown, id(&good), id(&foreign), id(&gone), id(&good)];
        let answer = act(app, &app.moderator, "approve", &asked).is(200).body;
        let items = answer["items"].as_array().unwrap();
        let expected = [
            (false, json!(null), json!("not_found")),
            (true, json!("published"), json!(null)),
            (false, json!(null), json!("not_found")),
            (false, json!(null), json!("conflict")),
            (true, json!("published"), json!(null)),
        ];
        for ((item, asked), (ok, status, code)) in items.iter().zip(asked).zip(expected) {
            assert_eq!(item["id"], asked);
            assert_eq!(
                (&item["ok"], &item["status"], &item["code"]),
                (&json!(ok), &status, &code)
            );
        }
        assert_eq!(items.len(), asked.len());
        // Another site's comment was not even looked at.
        let theirs = app
            .get("/v1/moderation/comments?site=other")
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(theirs.body["items"][0]["status"], "pending");
        // Approving again is approving once.
        decide(app, "approve", &good);
        assert_eq!(log(app, &thread_of(app, "a")), ["comment.created"]);
    });
}

#[test]
fn a_wrong_decision_decides_nothing() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let reject = |ids: Value| json!({"action": "reject", "ids": ids});
        let many: Vec<&str> = vec![id(&posted); 501];
        for (body, code, pointer) in [
            (reject(json!([])), "field_invalid", "/ids"),
            (reject(json!(many)), "field_invalid", "/ids"),
            (reject(json!([id(&posted), "x"])), "field_invalid", "/ids/1"),
            (reject(json!(id(&posted))), "field_type", "/ids"),
            (
                json!({"action": "erase", "ids": [id(&posted)]}),
                "field_invalid",
                "/action",
            ),
            (
                json!({"action": "reject", "ids": [id(&posted)], "reason": "Off the topic."}),
                "field_invalid",
                "/reason",
            ),
            (
                json!({"action": "reject", "ids": [id(&posted)], "note": "n".repeat(501)}),
                "field_invalid",
                "/note",
            ),
            (json!({"action": "reject"}), "field_required", "/ids"),
        ] {
            let problem = app
                .post("/v1/moderation/actions", body.clone())
                .bearer(&app.moderator);
            let problem = problem.send().refuses(422, code);
            assert_eq!(problem.body["errors"][0]["pointer"], pointer, "{body}");
        }
        let body = reject(json!([id(&posted)]));
        app.post("/v1/moderation/actions", body.clone())
            .send()
            .refuses(401, "unauthorized");
        let own = posted["token"].as_str().unwrap();
        act(app, own, "reject", &[id(&posted)]).refuses(403, "forbidden");
        app.post("/v1/moderation/actions", body)
            .bearer(&app.moderator)
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
        assert_eq!(log(app, &thread_of(app, "a")), ["comment.created"]);
    });
}

#[test]
fn rejecting_leaves_a_tombstone_where_something_answers() {
    on_both(|app| {
        let root = app.comment("a", "Unspeakable");
        let answer = app.reply("a", &root, "How dare you");
        let leaf = app.comment("a", "Forgettable");
        let thread = thread_of(app, "a");
        decide(app, "reject", &root);
        decide(app, "reject", &leaf);
        let page = app.page("a");
        assert_eq!(page["thread"]["comment_count"], 1);
        assert_eq!(ids(&page["comments"]), [id(&root)]);
        let tombstone = &page["comments"]["items"][0];
        assert_eq!(tombstone["status"], "deleted");
        assert_eq!(
            (&tombstone["author"], &tombstone["body_html"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(tombstone["reply_count"], 1);
        assert_eq!(tombstone["replies"]["items"][0]["id"], answer["id"]);
        app.get(&format!("/v1/comments/{}", id(&leaf)))
            .send()
            .refuses(404, "not_found");
        // What was rejected is nowhere to be read, and cannot be answered.
        let changed = changes(app, &thread).to_string();
        assert!(!changed.contains("Unspeakable") && !changed.contains("Forgettable"));
        let mut late = comment("a", "And another thing");
        late["parent_id"] = root["id"].clone();
        app.post("/v1/comments", late)
            .send()
            .refuses(422, "parent_unknown");
        assert_eq!(
            log(app, &thread)[3..],
            ["comment.deleted", "comment.deleted"]
        );

        decide(app, "reject", &root);
        assert_eq!(app.page("a")["thread"]["version"], 5);
        decide(app, "approve", &root);
        let page = app.page("a");
        assert_eq!(
            (&page["thread"]["version"], &page["thread"]["comment_count"]),
            (&json!(6), &json!(2))
        );
        let back = &page["comments"]["items"][0];
        assert_eq!(back["body_html"], "<p>Unspeakable</p>\n");
        assert_eq!(
            (&back["status"], &back["reply_count"]),
            (&json!("published"), &json!(1))
        );
    });
}

#[test]
fn a_rejection_tells_why() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let decision = json!({"action": "reject", "ids": [id(&posted)], "reason": "off_topic", "note": "Third time."});
        app.post("/v1/moderation/actions", decision)
            .bearer(&app.moderator)
            .send()
            .is(200);
        let rejected = queue(app, "?status=rejected");
        assert_eq!(
            rejected["items"][0]["reasons"],
            json!([{"code": "off_topic", "detail": "It is not about the page."}])
        );
        // A turned-down comment is no door to be knocked on again.
        app.patch(
            &format!("/v1/comments/{}", id(&posted)),
            json!({"body": "Hello again"}),
        )
        .bearer(posted["token"].as_str().unwrap())
        .send()
        .refuses(403, "forbidden");
        assert_eq!(app.page("a")["thread"]["comment_count"], 0);
    });
}

#[test]
fn two_moderators_may_decide_at_once() {
    on_both(|app| {
        // Somebody is to be told of each.
        follower(app, &Letters::of(app), "a", "ann@example.org");
        app.policy(json!({"moderation": "pre"}));
        let waiting: Vec<Value> = (0..100)
            .map(|n| held(app, "a", &format!("No. {n}")))
            .collect();
        let all: Vec<&str> = waiting.iter().map(id).collect();
        let reversed: Vec<&str> = all.iter().rev().copied().collect();
        let both = |first: &str, second: &str| {
            std::thread::scope(|scope| {
                let one = scope.spawn(|| act(app, &app.moderator, first, &all).is(200).body);
                let other = scope.spawn(|| act(app, &app.admin, second, &reversed).is(200).body);
                for answer in [one.join().unwrap(), other.join().unwrap()] {
                    let items = answer["items"].as_array().unwrap();
                    assert_eq!(items.len(), 100);
                    assert!(items.iter().all(|item| item["ok"] == true), "{answer}");
                }
            });
        };
        both("approve", "approve");
        let thread = thread_of(app, "a");
        assert_eq!(log(app, &thread), ["comment.created"; 100]);
        assert_eq!(app.page("a")["thread"]["comment_count"], 100);
        let lines = app
            .get("/v1/moderation/audit?action=approve&limit=100")
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert!(lines["next"].is_null());
        let items = lines["items"].as_array().unwrap();
        let mut audited: Vec<&str> = items
            .iter()
            .map(|line| line["object_id"].as_str().unwrap())
            .collect();
        audited.sort_unstable();
        let mut decided = all.clone();
        decided.sort_unstable();
        assert_eq!(audited, decided);
        let told = "SELECT count(*) AS count FROM outbox WHERE kind = 'comment.published'";
        assert_eq!(Letters::of(app).count(told), 100);

        // Where they disagree, each comment ends where its last decision put it.
        both("reject", "approve");
        let published = ids(&queue(app, "?status=published&limit=100")).len();
        let rejected = ids(&queue(app, "?status=rejected&limit=100")).len();
        assert_eq!(published + rejected, 100);
        let page = app.page("a");
        assert_eq!(page["thread"]["comment_count"], published);
        let events = page["thread"]["version"].as_u64().unwrap();
        assert_eq!(
            events as usize % 2,
            rejected % 2,
            "one event for each change"
        );
    });
}

#[test]
fn the_sites_own_people_do_not_wait() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let posted = app
            .post("/v1/comments", comment("a", "Welcome"))
            .bearer(&app.moderator)
            .send()
            .is(201)
            .body;
        assert_eq!(posted["author"]["badge"], "moderator");
        assert_eq!(posted["author"]["name"], "Mona");
    });
}

#[test]
fn a_publisher_directs_a_thread_before_its_first_reader() {
    on_both(|app| {
        let made = direct(app, "a", json!({"title": "Tide tables"}))
            .is(201)
            .body;
        assert_eq!(made["title"], "Tide tables");
        assert_eq!(
            (&made["comment_count"], &made["version"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(app.page("a")["thread"], made);
        // A title from a browser does not win over it.
        let mut hinting = comment("a", "Hello");
        hinting["title"] = json!("Cheap watches");
        app.post("/v1/comments", hinting.clone()).send().is(201);
        assert_eq!(app.page("a")["thread"]["title"], "Tide tables");
        // Nor is it shown where the publisher has not spoken yet, once they do.
        hinting["url"] = json!(page_url("b"));
        app.post("/v1/comments", hinting).send().is(201);
        let titled = direct(app, "b", json!({"title": "Moon"})).is(200).body;
        assert_eq!(titled["title"], "Moon");
        assert_eq!(app.page("b")["thread"]["title"], "Moon");
        assert_eq!(
            log(app, titled["id"].as_str().unwrap()),
            ["comment.created", "thread.updated"]
        );
        // Saying the same again is no change.
        direct(app, "b", json!({"title": "Moon"})).is(200);
        assert_eq!(app.page("b")["thread"]["version"], 2);
    });
}

#[test]
fn a_thread_that_many_make_at_once_is_made_once() {
    on_both(|app| {
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| direct(app, "a", json!({"title": "Tide tables"})).status))
                .collect();
            makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
        assert_eq!(log(app, &thread_of(app, "a")), ["thread.updated"]);
    });
}

#[test]
fn a_closed_thread_takes_no_comments() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        assert_eq!(
            direct(app, "a", json!({"state": "closed"})).is(200).body["state"],
            "closed"
        );
        app.post("/v1/comments", comment("a", "Too late"))
            .send()
            .refuses(409, "thread_closed");
        let mut late = comment("a", "An answer");
        late["parent_id"] = posted["id"].clone();
        app.post("/v1/comments", late)
            .send()
            .refuses(409, "thread_closed");
        let page = app.page("a");
        assert_eq!(
            (&page["thread"]["state"], &page["thread"]["comment_count"]),
            (&json!("closed"), &json!(1))
        );
        assert_eq!(log(app, &thread_of(app, "a"))[1..], ["thread.updated"]);
        direct(app, "a", json!({"state": "open"})).is(200);
        app.comment("a", "In time");
    });
}

#[test]
fn one_page_may_be_stricter_than_its_site() {
    on_both(|app| {
        let pre = direct(app, "a", json!({"policy": {"moderation": "pre"}}));
        pre.is(201);
        assert_eq!(app.page("a")["policy"]["moderation"], "pre");
        held(app, "a", "Held");
        app.comment("b", "Not held");
        // What is not named stays.
        direct(app, "a", json!({"title": "Delicate"})).is(200);
        held(app, "a", "Held too");
        direct(app, "a", json!({"policy": {"moderation": null}})).is(200);
        assert_eq!(app.page("a")["policy"]["moderation"], "post");
        app.comment("a", "Not held any more");
    });
}

#[test]
fn only_the_sites_own_people_direct_threads() {
    on_both(|app| {
        let body = json!({"site": SITE, "url": page_url("a"), "state": "closed"});
        let put = |body: &Value| app.put("/v1/moderation/threads", body.clone());
        put(&body).send().refuses(401, "unauthorized");
        put(&body)
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
        put(&body)
            .bearer(&app.moderator)
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
        for (directions, code, pointer) in [
            (json!({"state": "ajar"}), "field_invalid", "/state"),
            (
                json!({"policy": {"moderation": "maybe"}}),
                "policy_invalid",
                "/policy",
            ),
            (json!({"policy": {"depth": 3}}), "policy_invalid", "/policy"),
            (
                json!({"title": "t".repeat(201)}),
                "title_too_long",
                "/title",
            ),
            (
                json!({"url": "https://elsewhere.example/a"}),
                "url_not_on_site",
                "/url",
            ),
        ] {
            let problem = direct(app, "a", directions).refuses(422, code);
            assert_eq!(problem.body["errors"][0]["pointer"], pointer);
        }
        direct(app, "a", json!({"site": "nowhere"})).refuses(404, "unknown_site");
        let page = app.page("a");
        assert_eq!(
            (&page["thread"]["created_at"], &page["thread"]["state"]),
            (&Value::Null, &json!("open"))
        );
        let author = app
            .post(
                "/v1/tokens",
                json!({"name": "cms", "role": "author", "site": SITE}),
            )
            .bearer(&app.admin)
            .send()
            .is(201)
            .body;
        put(&body)
            .bearer(author["token"].as_str().unwrap())
            .header("Origin", ORIGIN)
            .send()
            .is(201);
    });
}

#[test]
fn a_moderator_is_told_once_of_each_comment_that_waits() {
    on_both(|app| {
        app.postil(&[
            "moderator",
            "add",
            SITE,
            "Nora",
            "--email",
            "nora@example.org",
        ]);
        app.policy(json!({"moderation": "pre"}));
        let mut hinting = comment("a", "Please read me");
        hinting["title"] = json!("Cheap watches");
        let first = app.post("/v1/comments", hinting).send().is(202).body;
        let letter = eventually("letter", || sent(app).pop());
        assert!(letter.contains("To: nora@example.org"), "{letter}");
        assert!(letter.contains("Please read me") && letter.contains("/s/decide/"));
        assert!(!letter.contains("Cheap watches"), "{letter}");
        assert!(
            !letter.contains("Subject: [The blog] A comment is waiting:"),
            "{letter}"
        );

        // Edited while it waits, let out, edited again and so held again, let out again.
        let owner = first["token"].as_str().unwrap();
        let path = format!("/v1/comments/{}", id(&first));
        for text in ["Please read this", "Please read that"] {
            app.patch(&path, json!({"body": text}))
                .bearer(owner)
                .send()
                .is(202);
            decide(app, "approve", &first);
            decide(app, "approve", &first);
        }
        direct(app, "a", json!({"title": "Tide tables"})).is(200);
        // Letters go out in the order they were called for: this one's is the last.
        held(app, "a", "Me too");
        let last = eventually("letter of the second comment", || {
            sent(app)
                .into_iter()
                .find(|letter| letter.contains("Me too"))
        });
        assert!(last.contains("Tide tables"), "{last}");
        assert_eq!(sent(app).len(), 2);
    });
}

#[test]
fn a_decision_is_about_the_text_that_was_read() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Harmless"))
            .send()
            .is(202)
            .body;
        let read = held["revision"].as_i64().unwrap();
        let path = format!("/v1/comments/{}", held["id"].as_str().unwrap());
        let author = held["token"].as_str().unwrap();
        app.patch(&path, json!({"body": "Buy now"}))
            .bearer(author)
            .send()
            .is(202);
        let id = held["id"].as_str().unwrap();
        let decide = |revision: i64| {
            let decision = json!({"action": "approve", "ids": [id], "revisions": {id: revision}});
            let call = app
                .post("/v1/moderation/actions", decision)
                .bearer(&app.moderator);
            call.send().is(200).body["items"][0].clone()
        };
        assert_eq!(decide(read)["code"], "changed");
        app.get(&path).send().refuses(404, "not_found");
        assert_eq!(decide(read + 1)["ok"], true);
        app.get(&path).send().is(200);
    });
}
