//! The queue as moderators ask for it: filters, orders, search, counts, and what comes with each item.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::support::{App, SITE, comment, eventually, on_both, page_url};

fn queue(app: &App, query: &str) -> Value {
    app.get(&format!("/v1/moderation/comments{query}"))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn id(comment: &Value) -> String {
    comment["id"].as_str().unwrap().to_owned()
}

/// Decides as Mona, and asserts that it was done.
fn decide(app: &App, action: &str, ids: &[String]) -> Value {
    let answer = app
        .post(
            "/v1/moderation/actions",
            json!({"action": action, "ids": ids}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    let items = answer["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["ok"] == true), "{answer}");
    answer
}

fn counts(app: &App) -> Value {
    let counts = app
        .get("/v1/moderation/counts")
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    counts["items"][0].clone()
}

/// Posts as that person.
fn post_as(app: &App, token: &str, page: &str, text: &str) -> Value {
    let call = app
        .post("/v1/comments", comment(page, text))
        .bearer(token)
        .send();
    call.body
}

#[test]
fn it_is_narrowed_by_whatever_moderators_ask() {
    on_both(|app| {
        let spammer = app.guest();
        let first = post_as(app, &spammer, "a", "Buy cheap-pills at pills.example today");
        let second = post_as(app, &spammer, "b", "Дешёвые пилюли");
        let other = app.comment("a", "The pills of yesterday");
        let author = first["author"]["id"].as_str().unwrap();
        let published = "?status=published&sort=newest";
        assert_eq!(
            ids(&queue(app, published)),
            [id(&other), id(&second), id(&first)]
        );
        for (query, found) in [
            (format!("author={author}"), vec![id(&second), id(&first)]),
            ("q=pills".into(), vec![id(&other), id(&first)]),
            ("q=PILLS%20cheap".into(), vec![id(&first)]),
            ("q=pills.example".into(), vec![id(&first)]),
            (
                "q=%D0%BF%D0%B8%D0%BB%D1%8E%D0%BB%D0%B8".into(),
                vec![id(&second)],
            ),
            ("q=nothing".into(), vec![]),
            ("reason=premoderated".into(), vec![]),
            ("since=2100-01-01T00:00:00Z".into(), vec![]),
            (
                "until=2100-01-01T00:00:00Z".into(),
                vec![id(&other), id(&second), id(&first)],
            ),
            (format!("author={author}&q=cheap"), vec![id(&first)]),
        ] {
            assert_eq!(
                ids(&queue(app, &format!("{published}&{query}"))),
                found,
                "{query}"
            );
        }
        // What was edited is found by its new words, and no more by its old ones.
        app.patch(
            &format!("/v1/comments/{}", id(&first)),
            json!({"body": "Sorry"}),
        )
        .bearer(&spammer)
        .send()
        .is(200);
        assert_eq!(
            ids(&queue(app, &format!("{published}&q=sorry"))),
            [id(&first)]
        );
        assert_eq!(ids(&queue(app, &format!("{published}&q=cheap"))), [""; 0]);
        assert_eq!(
            ids(&queue(app, &format!("?status=any&author={author}"))),
            [id(&first), id(&second)]
        );
    });
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    on_both(|app| {
        for query in [
            "status=deleted",
            "status=any",
            "sort=best",
            "sort=risk&status=published",
            "reported=perhaps",
            "author=me",
            "thread=1",
            "reason=No%20code",
            "q=",
            "q=%22%2A%22",
            "since=yesterday",
            "until=1",
            "status=pending&status=spam",
        ] {
            app.get(&format!("/v1/moderation/comments?{query}"))
                .bearer(&app.moderator)
                .send()
                .refuses(400, "invalid_query");
        }
        let long = "w".repeat(201);
        app.get(&format!("/v1/moderation/comments?q={long}"))
            .bearer(&app.moderator)
            .send()
            .refuses(400, "invalid_query");
    });
}

#[test]
fn each_item_says_who_wrote_it_and_what_it_answers() {
    on_both(|app| {
        let reader = app.guest();
        let good = post_as(app, &reader, "a", "One");
        let bad = post_as(app, &reader, "a", "Two");
        decide(app, "approve", &[id(&good)]);
        decide(app, "spam", &[id(&bad)]);
        app.policy(json!({"moderation": "pre"}));
        let mut late = comment("a", "Three");
        late["parent_id"] = good["id"].clone();
        let late = app
            .post("/v1/comments", late)
            .bearer(&reader)
            .send()
            .is(202)
            .body;
        let item = queue(app, "?sort=risk")["items"][0].clone();
        assert_eq!(item["id"], late["id"]);
        assert_eq!(
            (&item["record"]["approved"], &item["record"]["rejected"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(item["record"]["person"], late["author"]["id"]);
        assert_ne!(item["record"]["rejected_at"], Value::Null);
        assert_eq!(item["answers"]["id"], good["id"]);
        assert_eq!(item["answers"]["body_html"], "<p>One</p>\n");
        assert_eq!(item["reports"], 0);
        // Another verdict takes the place of the first in the record.
        decide(app, "approve", &[id(&bad)]);
        let record = queue(app, "")["items"][0]["record"].clone();
        assert_eq!(
            (&record["approved"], &record["rejected"]),
            (&json!(2), &json!(0))
        );
    });
}

#[test]
fn counts_follow_every_move() {
    on_both(|app| {
        let expect = |pending: i64, published: i64, rejected: i64, spam: i64, trash: i64| {
            let expected = json!({"site": SITE, "pending": pending, "published": published,
                "rejected": rejected, "spam": spam, "trash": trash, "reported": 0});
            assert_eq!(counts(app), expected);
        };
        expect(0, 0, 0, 0, 0);
        let posted: Vec<Value> = (0..4)
            .map(|n| app.comment("a", &format!("No. {n}")))
            .collect();
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Held"))
            .send()
            .is(202)
            .body;
        expect(1, 4, 0, 0, 0);
        assert_eq!(queue(app, "")["total"], 1);
        assert_eq!(queue(app, "?q=held")["total"], Value::Null);
        decide(app, "reject", &[id(&posted[0])]);
        decide(app, "spam", &[id(&posted[1])]);
        decide(app, "trash", &[id(&posted[2]), id(&held)]);
        expect(0, 1, 1, 1, 2);
        decide(app, "restore", &[id(&posted[1])]);
        decide(app, "undo", &[id(&posted[0])]);
        decide(app, "approve", &[id(&held)]);
        expect(1, 3, 0, 0, 1);
        app.delete(&format!("/v1/comments/{}", id(&posted[0])))
            .bearer(posted[0]["token"].as_str().unwrap())
            .send()
            .is(204);
        expect(1, 2, 0, 0, 1);
    });
}

#[test]
fn cursors_stay_right_while_the_queue_moves() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held: Vec<String> = (0..30)
            .map(|n| {
                let call = app.post("/v1/comments", comment("a", &format!("No. {n}")));
                id(&call.send().is(202).body)
            })
            .collect();
        for (sort, mut expected) in [
            ("oldest", held.clone()),
            ("newest", { held.iter().rev().cloned().collect() }),
        ] {
            let mut seen = Vec::new();
            let mut after = String::new();
            loop {
                let page = queue(app, &format!("?sort={sort}&limit=4{after}"));
                let page_ids = ids(&page);
                // What was read is decided about before the next page is asked for.
                decide(app, "reject", &page_ids[..1]);
                seen.extend(page_ids);
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{sort}");
            let rejected = ids(&queue(app, "?status=rejected&limit=100"));
            decide(app, "restore", &rejected);
            expected.clear();
        }
    });
}

#[test]
fn pinned_comments_come_first_and_once() {
    on_both(|app| {
        let posted: Vec<Value> = (0..6)
            .map(|n| app.comment("a", &format!("No. {n}")))
            .collect();
        decide(app, "pin", &[id(&posted[1]), id(&posted[4])]);
        decide(app, "pin", &[id(&posted[1])]);
        let page = app
            .get(&format!(
                "/v1/threads?site={SITE}&url={}&limit=3&sort=newest",
                page_url("a")
            ))
            .send()
            .is(200)
            .body;
        let first = ids(&page["comments"]);
        assert_eq!(first, [id(&posted[1]), id(&posted[4]), id(&posted[5])]);
        assert_eq!(page["comments"]["items"][0]["pinned"], true);
        let thread = page["thread"]["id"].as_str().unwrap();
        assert_eq!(page["thread"]["version"], 8);
        let next = page["comments"]["next"].as_str().unwrap();
        let rest = app
            .get(&format!(
                "/v1/threads/{thread}/comments?sort=newest&after={next}"
            ))
            .send()
            .is(200)
            .body;
        assert_eq!(ids(&rest), [id(&posted[3]), id(&posted[2]), id(&posted[0])]);
        // What is withdrawn is not pinned any more, and a reply never is.
        let reply = app.reply("a", &posted[4], "Yes");
        decide(app, "reject", &[id(&posted[4])]);
        decide(app, "approve", &[id(&posted[4])]);
        let answer = app
            .post(
                "/v1/moderation/actions",
                json!({"action": "pin", "ids": [id(&reply)]}),
            )
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(answer["items"][0]["code"], "conflict");
        decide(app, "unpin", &[id(&posted[1])]);
        let page = app.page("a");
        assert!(
            page["comments"]["items"]
                .as_array()
                .unwrap()
                .iter()
                .all(|item| item["pinned"] == false)
        );
        assert_eq!(ids(&page["comments"]).len(), 6);
    });
}

#[test]
fn a_flood_leaves_the_queue_quick() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "One of many"))
            .send()
            .is(202)
            .body;
        let id_of = if app.is_postgres() {
            "convert_to(lpad((n.i)::text, 16, '0'), 'UTF8')"
        } else {
            "CAST(printf('%016d', n.i) AS BLOB)"
        };
        app.sql(&format!(
            "INSERT INTO comments (id, thread_id, site_id, root_id, depth, person_id, status, listed, body,
                 body_html, reasons, revision, pinned, created_at, active_at)
             SELECT {id_of}, c.thread_id, c.site_id, {id_of}, 0, c.person_id, c.status, c.listed, c.body,
                 c.body_html, c.reasons, 1, c.pinned, c.created_at + n.i, c.active_at
             FROM comments c, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                               SELECT i FROM n) n"
        ));
        for query in [
            "?sort=newest",
            "?sort=risk",
            "?q=many&sort=newest",
            "?reason=premoderated",
        ] {
            // Slow is what would show on a machine that does much else besides.
            eventually("quick answer", || {
                let begun = std::time::Instant::now();
                assert_eq!(ids(&queue(app, query)).len(), 20);
                (begun.elapsed() < std::time::Duration::from_millis(250)).then_some(())
            });
        }
        // All that one person sent, in as many calls as it takes.
        let person = held["author"]["id"].as_str().unwrap();
        let answer = app
            .post(
                "/v1/moderation/actions",
                json!({"action": "spam", "person": person, "since": "2020-01-01T00:00:00Z"}),
            )
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(answer["items"].as_array().unwrap().len(), 1000);
        assert_eq!(answer["more"], true);
    });
}

#[test]
fn the_queue_is_followed_live_while_the_token_lasts() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let made = json!({"name": "screen", "role": "moderator", "site": SITE, "read_only": true});
        let token = app
            .post("/v1/tokens", made)
            .bearer(&app.admin)
            .send()
            .is(201)
            .body;
        let secret = token["token"].as_str().unwrap();
        app.get("/v1/moderation/events")
            .send()
            .refuses(401, "unauthorized");
        app.get("/v1/moderation/events?site=nowhere")
            .bearer(secret)
            .send()
            .refuses(404, "unknown_site");
        app.get("/v1/moderation/events")
            .bearer(secret)
            .header("Last-Event-ID", "soon")
            .send()
            .refuses(400, "invalid_header");
        let stream = app.get("/v1/moderation/events").bearer(secret).open();
        assert_eq!(stream.status(), 200);
        let mut lines = BufReader::new(stream.into_body().into_reader()).lines();
        let mut event = || {
            let lines = lines.by_ref().map_while(Result::ok);
            let lines = lines.skip_while(|line| line.is_empty() || line.starts_with(':'));
            lines
                .take_while(|line| !line.is_empty())
                .collect::<Vec<String>>()
        };
        assert_eq!(event()[1], "event: ready");
        let mut status_of = |id: &Value| {
            let event = event();
            assert_eq!(event[1], "event: comment.queued");
            let item: Value = serde_json::from_str(&event[2]["data: ".len()..]).unwrap();
            assert_eq!(&item["id"], id);
            (
                event[0].clone(),
                item["status"].as_str().unwrap().to_owned(),
            )
        };
        let held = app
            .post("/v1/comments", comment("a", "One"))
            .send()
            .is(202)
            .body;
        let (place, status) = status_of(&held["id"]);
        assert_eq!(status, "pending");
        decide(app, "approve", &[id(&held)]);
        assert_eq!(status_of(&held["id"]).1, "published");
        // Whoever comes back hears what fell between.
        let place = place.strip_prefix("id: ").unwrap();
        let again = app
            .get("/v1/moderation/events")
            .bearer(&app.moderator)
            .header("Last-Event-ID", place)
            .open();
        let mut missed = BufReader::new(again.into_body().into_reader()).lines();
        assert!(
            missed
                .by_ref()
                .any(|line| line.unwrap().contains(&id(&held)))
        );
        let path = format!("/v1/tokens/{}", token["id"].as_str().unwrap());
        app.delete(&path).bearer(&app.admin).send().is(204);
        assert_eq!(event(), [""; 0]);
    });
}
