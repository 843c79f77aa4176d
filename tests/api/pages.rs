//! The cache of ready pages: whatever was written, the next reader sees it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{App, SITE, comment, eventually, on_both, page_url};

fn path(comment: &Value) -> String {
    format!("/v1/comments/{}", comment["id"].as_str().unwrap())
}

fn token(comment: &Value) -> &str {
    comment["token"].as_str().unwrap()
}

/// Every cached address that shows `root`.
fn cached(root: &Value) -> [String; 6] {
    let thread = root["thread_id"].as_str().unwrap();
    [
        format!("/v1/threads?site={SITE}&url={}", page_url("a")),
        format!("/v1/threads/{thread}/comments"),
        path(root),
        format!("{}/replies", path(root)),
        format!("/v1/threads/{thread}/html"),
        format!("/v1/threads/{thread}/feed"),
    ]
}

/// Reads every cached address, so that each is in the cache.
fn read(app: &App, root: &Value) -> [String; 6] {
    cached(root).map(|path| app.get(&path).send().is(200).text())
}

fn decide(app: &App, action: &str, comment: &Value) {
    let decided = app
        .post(
            "/v1/moderation/actions",
            json!({"action": action, "ids": [comment["id"]]}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
    assert_eq!(decided.body["items"][0]["ok"], true, "{}", decided.body);
}

fn direct(app: &App, directions: Value) {
    let mut body = json!({"site": SITE, "url": page_url("a")});
    for (name, value) in directions.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.put("/v1/moderation/threads", body)
        .bearer(&app.admin)
        .send()
        .is(200);
}

#[test]
fn whatever_was_written_the_next_reader_sees_it() {
    on_both(|app| {
        let root = app.comment("a", "A root");
        let answer = app.reply("a", &root, "An answer");
        let reader = app.guest();
        let react = format!("{}/reactions/%F0%9F%91%8D", path(&root));
        // After each write, which cached pages have changed, and what the first page shows.
        let check =
            |what: &str, write: &dyn Fn(), where_: [bool; 6], shown: &dyn Fn(&Value) -> bool| {
                let before = read(app, &root);
                assert_eq!(read(app, &root), before, "{what}");
                write();
                let page = app.page("a");
                assert!(shown(&page), "{what}: {page:#}");
                for (n, after) in read(app, &root).iter().enumerate() {
                    assert_eq!(
                        *after != before[n],
                        where_[n],
                        "{what}: {}\n{after}",
                        cached(&root)[n]
                    );
                }
            };
        let item = |page: &Value| page["comments"]["items"][0].clone();
        let (yes, no) = (true, false);
        // page, roots, permalink, replies, html, feed
        let all_but_replies = [yes, yes, yes, no, yes, yes];
        check(
            "an edit",
            &|| {
                app.patch(&path(&root), json!({"body": "A better root"}))
                    .bearer(token(&root))
                    .send()
                    .is(200);
            },
            all_but_replies,
            &|page| item(page)["body_html"] == "<p>A better root</p>\n",
        );
        for (what, value, score) in [("a vote", 1, 1), ("a changed vote", -1, -1), ("none", 0, 0)] {
            check(
                what,
                &|| {
                    app.put(&format!("{}/vote", path(&root)), json!({"value": value}))
                        .bearer(&reader)
                        .send()
                        .is(200);
                },
                // The plain page shows no votes, the feed only that something changed.
                [yes, yes, yes, no, no, yes],
                &|page| item(page)["votes"]["score"] == score,
            );
        }
        check(
            "a reaction",
            &|| {
                app.call("PUT", &react).bearer(&reader).send().is(200);
            },
            [yes, yes, yes, no, no, yes],
            &|page| item(page)["reactions"] == json!([{"emoji": "👍", "count": 1}]),
        );
        check(
            "a reaction taken back",
            &|| {
                app.delete(&react).bearer(&reader).send().is(200);
            },
            [yes, yes, yes, no, no, yes],
            &|page| item(page)["reactions"] == json!([]),
        );
        check(
            "a title",
            &|| direct(app, json!({"title": "On margins"})),
            [yes, no, yes, no, yes, yes],
            &|page| page["thread"]["title"] == "On margins",
        );
        check(
            "a closed thread",
            &|| direct(app, json!({"state": "closed"})),
            [yes, no, yes, no, yes, yes],
            &|page| page["thread"]["state"] == "closed",
        );
        check(
            "a thread opened again",
            &|| direct(app, json!({"state": "open"})),
            [yes, no, yes, no, yes, yes],
            &|page| page["thread"]["state"] == "open",
        );
        check(
            "a moderated thread",
            &|| direct(app, json!({"policy": {"moderation": "pre"}})),
            [yes, no, yes, no, no, yes],
            &|page| page["policy"]["moderation"] == "pre",
        );
        let held = app
            .post("/v1/comments", comment("a", "Held"))
            .bearer(&reader)
            .send()
            .is(202)
            .body;
        check(
            "an approval",
            &|| decide(app, "approve", &held),
            [yes, yes, yes, no, yes, yes],
            &|page| page["thread"]["comment_count"] == 3,
        );
        check(
            "a rejection",
            &|| decide(app, "reject", &held),
            [yes, yes, yes, no, yes, yes],
            &|page| page["thread"]["comment_count"] == 2,
        );
        check(
            "an edit that is held",
            &|| {
                app.patch(&path(&answer), json!({"body": "Held now"}))
                    .bearer(token(&answer))
                    .send()
                    .is(202);
            },
            // The text before is what everybody goes on reading.
            [no; 6],
            &|page| item(page)["replies"]["items"][0]["body_html"] == "<p>An answer</p>\n",
        );
        check(
            "that edit let through",
            &|| decide(app, "approve", &answer),
            [yes; 6],
            &|page| item(page)["replies"]["items"][0]["body_html"] == "<p>Held now</p>\n",
        );
        direct(app, json!({"policy": {"moderation": null}}));
        check(
            "an answer",
            &|| {
                app.reply("a", &root, "Another answer");
            },
            [yes; 6],
            &|page| item(page)["reply_count"] == 2,
        );
        check(
            "a deleted answer",
            &|| {
                app.delete(&path(&answer))
                    .bearer(token(&answer))
                    .send()
                    .is(204);
            },
            [yes; 6],
            &|page| item(page)["reply_count"] == 1,
        );
        check(
            "a tombstone",
            &|| {
                app.delete(&path(&root)).bearer(token(&root)).send().is(204);
            },
            all_but_replies,
            &|page| item(page)["status"] == "deleted",
        );
    });
}

#[test]
fn what_a_site_decides_shows_at_once() {
    on_both(|app| {
        app.comment("a", "1");
        let first = app.page("a");
        assert_eq!(first["policy"]["depth"], 6);
        for (patch, pointer, value) in [
            (json!({"policy": {"depth": 3}}), "/policy/depth", json!(3)),
            (
                json!({"policy": {"reactions": ["🎉"]}}),
                "/policy/reactions",
                json!(["🎉"]),
            ),
            (json!({"locale": "de"}), "/policy/locale", json!("de")),
            (
                json!({"phrases": {"send": "Los"}}),
                "/policy/phrases",
                json!({"send": "Los"}),
            ),
        ] {
            app.page("a");
            app.patch(&format!("/v1/sites/{SITE}"), patch)
                .bearer(&app.admin)
                .send()
                .is(200);
            let page = app.page("a");
            assert_eq!(page.pointer(pointer), Some(&value), "{page:#}");
        }
        assert_eq!(app.page("a")["comments"], first["comments"]);
    });
}

#[test]
fn a_thread_that_closes_by_age_shows_it_by_itself() {
    on_both(|app| {
        let root = app.comment("a", "1");
        app.policy(json!({"close_after_days": 1}));
        assert_eq!(app.page("a")["thread"]["state"], "open");
        // Two seconds before it is a day old.
        let ago = postil::domain::time::Time::now().micros() - (86_400 - 2) * 1_000_000;
        app.sql(&format!("UPDATE threads SET created_at = {ago}"));
        // The row was changed behind the service's back, so the cache has to be told.
        app.policy(json!({"depth": 5}));
        let version = {
            let page = app.page("a");
            assert_eq!(page["thread"]["state"], "open");
            page["thread"]["version"].clone()
        };
        let page = eventually("closed thread", || {
            let page = app.page("a");
            (page["thread"]["state"] == "closed").then_some(page)
        });
        // By the clock alone: nothing was written.
        assert_eq!(page["thread"]["version"], version);
        let permalink = app.get(&path(&root)).send().is(200).body;
        assert_eq!(permalink["thread"]["state"], "closed");
        app.post("/v1/comments", comment("a", "too late"))
            .send()
            .refuses(409, "thread_closed");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
    });
}

#[test]
fn no_reader_in_between_makes_the_next_one_see_the_past() {
    on_both(|app| {
        app.comment("a", "first");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::SeqCst) {
                        app.page("a");
                    }
                });
            }
            let seen = (0..40).all(|n| {
                let posted = app.comment("a", &n.to_string());
                app.page("a")["comments"]["items"][0]["id"] == posted["id"]
            });
            done.store(true, Ordering::SeqCst);
            assert!(seen);
        });
    });
}

#[test]
fn the_first_comment_shows_on_a_page_that_was_read_before() {
    on_both(|app| {
        let empty = app.page("new");
        assert_eq!(empty["thread"]["created_at"], Value::Null);
        let thread = empty["thread"]["id"].as_str().unwrap();
        let roots = format!("/v1/threads/{thread}/comments");
        assert_eq!(app.get(&roots).send().is(200).body["items"], json!([]));
        let first = app.comment("new", "first");
        assert_eq!(app.page("new")["comments"]["items"][0]["id"], first["id"]);
        assert_eq!(
            app.get(&roots).send().is(200).body["items"][0]["id"],
            first["id"]
        );
    });
}
