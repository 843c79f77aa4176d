//! What everybody reads: orders, limits, permalinks, tombstones, counts, and how caches may keep it.

use std::io::Read;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use postil::store::Database;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{App, SITE, comment, eventually, on_both, page_url};

/// The ids of a list's items.
fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

fn id(comment: &Value) -> &str {
    comment["id"].as_str().unwrap()
}

fn token(comment: &Value) -> &str {
    comment["token"].as_str().unwrap()
}

/// The path of a thread's roots in that order.
fn roots(comment: &Value, query: &str) -> String {
    let thread = comment["thread_id"].as_str().unwrap();
    format!("/v1/threads/{thread}/comments?{query}")
}

fn page_path(page: &str) -> String {
    format!("/v1/threads?site={SITE}&url={}", page_url(page))
}

fn remove(app: &App, comment: &Value) {
    app.delete(&format!("/v1/comments/{}", id(comment)))
        .bearer(token(comment))
        .send()
        .is(204);
}

/// Every public address that shows the thread of `root`.
fn public(root: &Value, page: &str) -> Vec<String> {
    let thread = root["thread_id"].as_str().unwrap();
    vec![
        page_path(page),
        format!("/v1/threads/{thread}/comments"),
        format!("/v1/threads/{thread}/feed"),
        format!("/v1/threads/{thread}/html"),
        format!("/v1/comments/{}", id(root)),
        format!("/v1/comments/{}/replies", id(root)),
        format!("/v1/counts?site={SITE}&url={}", page_url(page)),
        format!("/v1/sites/{SITE}/feed"),
    ]
}

#[test]
fn newest_and_oldest_are_each_other_turned_round() {
    on_both(|app| {
        let posted = ["1", "2", "3"].map(|text| app.comment("a", text));
        let [first, second, third] = posted.each_ref().map(id);
        let newest = app.get(&roots(&posted[0], "sort=newest")).send().is(200);
        assert_eq!(ids(&newest.body), [third, second, first]);
        let oldest = app.get(&roots(&posted[0], "sort=oldest")).send().is(200);
        assert_eq!(ids(&oldest.body), [first, second, third]);
        // Nobody said: as the site has it.
        let own = app.get(&roots(&posted[0], "")).send().is(200);
        assert_eq!(ids(&own.body), [third, second, first]);
        app.policy(json!({"sort": "oldest"}));
        let own = app.get(&roots(&posted[0], "")).send().is(200);
        assert_eq!(ids(&own.body), [first, second, third]);
        assert_eq!(ids(&app.page("a")["comments"]), [first, second, third]);
    });
}

#[test]
fn top_asks_how_sure_one_can_be_and_not_how_many_more_liked_it() {
    on_both(|app| {
        // Up and down; beside each the Wilson bound. By the score, 9:4 would come first.
        let votes = [
            (0, 1),   // -1
            (0, 0),   // 0
            (1, 0),   // 0.21
            (10, 10), // 0.30
            (9, 4),   // 0.42
            (3, 0),   // 0.44
        ];
        let guests: Vec<String> = (0..20).map(|_| app.guest()).collect();
        let mut posted = Vec::new();
        for (up, down) in votes {
            let comment = app.comment("a", "?");
            let values = std::iter::repeat_n(1, up).chain(std::iter::repeat_n(-1, down));
            for (guest, value) in guests.iter().zip(values) {
                app.put(
                    &format!("/v1/comments/{}/vote", id(&comment)),
                    json!({"value": value}),
                )
                .bearer(guest)
                .send()
                .is(200);
            }
            posted.push(comment);
        }
        let top = app.get(&roots(&posted[0], "sort=top")).send().is(200).body;
        let expected: Vec<_> = posted.iter().rev().map(id).collect();
        assert_eq!(ids(&top), expected);
        assert_eq!(
            top["items"][1]["votes"],
            json!({"up": 9, "down": 4, "score": 5})
        );
    });
}

#[test]
fn active_puts_first_what_was_answered_last() {
    on_both(|app| {
        let [a, b, c] = ["a", "b", "c"].map(|text| app.comment("a", text));
        let answer = app.reply("a", &a, "one");
        let active = |expected: [&Value; 3]| {
            let list = app.get(&roots(&a, "sort=active")).send().is(200).body;
            assert_eq!(ids(&list), expected.map(id));
        };
        active([&a, &c, &b]);
        app.reply("a", &b, "two");
        active([&b, &a, &c]);
        app.reply("a", &answer, "beneath the first");
        active([&a, &b, &c]);
    });
}

#[test]
fn a_list_gives_as_many_as_are_asked_for() {
    on_both(|app| {
        let mut last = Value::Null;
        for n in 0..21 {
            last = app.comment("a", &n.to_string());
        }
        for (query, count, more) in [
            ("", 20, true),
            ("limit=1", 1, true),
            ("limit=20", 20, true),
            ("limit=21", 21, false),
            ("limit=100", 21, false),
        ] {
            let list = app.get(&roots(&last, query)).send().is(200).body;
            assert_eq!(ids(&list).len(), count, "{query}");
            assert_eq!(list["next"].is_string(), more, "{query}");
            let path = format!("{}&{query}", page_path("a"));
            let page = app.get(&path).send().is(200).body;
            assert_eq!(page["comments"]["items"], list["items"], "{query}");
        }
    });
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    on_both(|app| {
        let root = app.comment("a", "x");
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=1.5",
            "limit=x",
            "limit=99999999999999999999",
            "limit=1&limit=1",
            "sort=best",
            "sort=NEWEST",
            "sort=top&sort=top",
        ] {
            app.get(&roots(&root, query))
                .send()
                .refuses(400, "invalid_query");
            app.get(&format!("{}&{query}", page_path("a")))
                .send()
                .refuses(400, "invalid_query");
        }
        app.get(&format!("/v1/comments/{}/replies?limit=0", id(&root)))
            .send()
            .refuses(400, "invalid_query");
        let url = page_url("a");
        for (query, status, code) in [
            (String::new(), 400, "invalid_query"),
            (format!("site={SITE}"), 400, "invalid_query"),
            (format!("url={url}"), 400, "invalid_query"),
            (format!("site=nobody&url={url}"), 404, "unknown_site"),
            (format!("site={SITE}&url=a"), 422, "url_invalid"),
            (
                format!("site={SITE}&url=javascript:alert(1)"),
                422,
                "url_invalid",
            ),
            (
                format!("site={SITE}&url=https://elsewhere.example/a"),
                422,
                "url_not_on_site",
            ),
            (
                format!("site={SITE}&url={url}&key={}", "k".repeat(201)),
                422,
                "key_invalid",
            ),
        ] {
            app.get(&format!("/v1/threads?{query}"))
                .send()
                .refuses(status, code);
        }
    });
}

#[test]
fn a_key_leads_to_its_thread_wherever_the_page_is() {
    on_both(|app| {
        let mut body = comment("old", "x");
        body["key"] = "article-7".into();
        let posted = app.post("/v1/comments", body).send().is(201).body;
        let found = app
            .get(&format!("{}&key=article-7", page_path("new")))
            .send()
            .is(200)
            .body;
        assert_eq!(found["thread"]["id"], posted["thread_id"]);
        assert_eq!(ids(&found["comments"]), [id(&posted)]);
        assert_eq!(app.page("old")["comments"]["items"], json!([]));
    });
}

#[test]
fn a_permalink_knows_its_ancestors_however_deep() {
    on_both(|app| {
        app.policy(json!({"depth": 20}));
        let mut path = vec![app.comment("a", "0")];
        for depth in 1..=20 {
            let answer = app.reply("a", &path[depth - 1], &depth.to_string());
            assert_eq!(answer["depth"], depth);
            assert_eq!(answer["reply_to"], Value::Null);
            path.push(answer);
        }
        let deepest = path.pop().unwrap();
        let shown = app
            .get(&format!("/v1/comments/{}", id(&deepest)))
            .send()
            .is(200)
            .body;
        assert_eq!(id(&shown["comment"]), id(&deepest));
        assert_eq!(shown["comment"]["replies"], Value::Null);
        assert_eq!(shown["thread"]["comment_count"], 21);
        let ancestors: Vec<_> = shown["ancestors"]
            .as_array()
            .unwrap()
            .iter()
            .map(id)
            .collect();
        assert_eq!(ancestors, path.iter().map(id).collect::<Vec<_>>());
        let root = app
            .get(&format!("/v1/comments/{}", id(&path[0])))
            .send()
            .is(200)
            .body;
        assert_eq!(root["ancestors"], json!([]));
        assert_eq!(root["comment"]["reply_count"], 20);
        assert_eq!(
            ids(&root["comment"]["replies"]),
            path[1..6].iter().map(id).collect::<Vec<_>>()
        );
    });
}

#[test]
fn a_deeper_answer_hangs_at_the_deepest_level_and_says_whom_it_answers() {
    on_both(|app| {
        app.policy(json!({"depth": 2}));
        let root = app.comment("a", "0");
        let first = app.reply("a", &root, "1");
        let mut body = comment("a", "2");
        body["parent_id"] = first["id"].clone();
        body["author"] = json!({"name": "Ann"});
        let second = app.post("/v1/comments", body).send().is(201).body;
        assert_eq!(second["reply_to"], Value::Null);
        let third = app.reply("a", &second, "3");
        assert_eq!(third["depth"], 2);
        assert_eq!(third["parent_id"], first["id"]);
        assert_eq!(third["root_id"], root["id"]);
        assert_eq!(
            third["reply_to"],
            json!({"id": second["id"], "name": "Ann"})
        );
        let fourth = app.reply("a", &third, "4");
        assert_eq!(fourth["parent_id"], first["id"]);
        assert_eq!(fourth["reply_to"], json!({"id": third["id"], "name": null}));
        // It is counted beneath what it is shown beneath, and not beneath what it answers.
        let page = app.page("a");
        let root = &page["comments"]["items"][0];
        assert_eq!(root["reply_count"], 4);
        let counts: Vec<_> = root["replies"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reply| reply["reply_count"].as_i64().unwrap())
            .collect();
        assert_eq!(counts, [3, 0, 0, 0]);
    });
}

#[test]
fn more_replies_go_on_where_the_first_ones_end() {
    on_both(|app| {
        let root = app.comment("a", "0");
        let mut beneath = vec![app.reply("a", &root, "1")];
        for n in 2..=7 {
            let to = if n % 2 == 0 { &root } else { &beneath[0] };
            let answer = app.reply("a", to, &n.to_string());
            beneath.push(answer);
        }
        let expected: Vec<_> = beneath.iter().map(id).collect();
        let first = app.page("a")["comments"]["items"][0]["replies"].clone();
        assert_eq!(ids(&first), expected[..5]);
        assert_eq!(first["total"], 7);
        let permalink = app
            .get(&format!("/v1/comments/{}", id(&root)))
            .send()
            .is(200)
            .body;
        assert_eq!(permalink["comment"]["replies"], first);
        let next = first["next"].as_str().unwrap();
        // Any comment of the conversation may be named.
        for name in [id(&root), expected[0], expected[6]] {
            let path = format!("/v1/comments/{name}/replies");
            let rest = app.get(&format!("{path}?after={next}")).send().is(200).body;
            assert_eq!(ids(&rest), expected[5..]);
            assert_eq!(rest["next"], Value::Null);
            let all = app.get(&path).send().is(200).body;
            assert_eq!(ids(&all), expected);
            let two = app.get(&format!("{path}?limit=2")).send().is(200).body;
            assert_eq!(ids(&two), expected[..2]);
            let after = two["next"].as_str().unwrap();
            let more = app
                .get(&format!("{path}?limit=2&after={after}"))
                .send()
                .is(200)
                .body;
            assert_eq!(ids(&more), expected[2..4]);
        }
    });
}

#[test]
fn a_deleted_comment_is_a_tombstone_as_long_as_something_answers_it() {
    on_both(|app| {
        let root = app.comment("a", "a secret");
        let answer = app.reply("a", &root, "an answer");
        remove(app, &root);
        let page = app.get(&page_path("a")).send().is(200);
        assert!(!page.text().contains("a secret"), "{}", page.text());
        assert_eq!(page.body["thread"]["comment_count"], 1);
        let stone = &page.body["comments"]["items"][0];
        assert_eq!(stone["id"], root["id"]);
        assert_eq!(stone["status"], "deleted");
        assert_eq!(stone["author"], Value::Null);
        assert_eq!(stone["body_html"], Value::Null);
        assert_eq!(stone["reply_count"], 1);
        assert_eq!(ids(&stone["replies"]), [id(&answer)]);
        let path = format!("/v1/comments/{}", id(&root));
        assert_eq!(
            app.get(&path).send().is(200).body["comment"]["status"],
            "deleted"
        );

        remove(app, &answer);
        let page = app.page("a");
        assert_eq!(page["comments"]["items"], json!([]));
        assert_eq!(page["thread"]["comment_count"], 0);
        for gone in [&root, &answer] {
            let path = format!("/v1/comments/{}", id(gone));
            app.get(&path).send().refuses(404, "not_found");
            app.get(&format!("{path}/replies"))
                .send()
                .refuses(404, "not_found");
        }
    });
}

#[test]
fn a_chain_of_tombstones_goes_with_the_last_answer() {
    on_both(|app| {
        app.policy(json!({"depth": 1}));
        let root = app.comment("a", "0");
        let first = app.reply("a", &root, "1");
        // Beside the first, since the site goes no deeper; each answers the one before.
        let second = app.reply("a", &first, "2");
        let third = app.reply("a", &second, "3");
        for gone in [&first, &second] {
            remove(app, gone);
            let shown = app
                .get(&format!("/v1/comments/{}", id(gone)))
                .send()
                .is(200);
            assert_eq!(shown.body["comment"]["status"], "deleted");
        }
        remove(app, &third);
        for gone in [&third, &second, &first] {
            app.get(&format!("/v1/comments/{}", id(gone)))
                .send()
                .refuses(404, "not_found");
        }
        let page = app.page("a");
        let left = &page["comments"]["items"][0];
        assert_eq!(left["reply_count"], 0);
        assert_eq!(left["replies"]["items"], json!([]));
    });
}

#[test]
fn tombstones_come_back_with_an_answer_that_waited() {
    on_both(|app| {
        app.policy(json!({"depth": 1}));
        let root = app.comment("a", "0");
        let first = app.reply("a", &root, "1");
        let second = app.reply("a", &first, "2");
        app.policy(json!({"depth": 1, "moderation": "pre"}));
        let mut body = comment("a", "3");
        body["parent_id"] = second["id"].clone();
        let waiting = app.post("/v1/comments", body).send().is(202).body;
        for gone in [&first, &second] {
            remove(app, gone);
        }
        let beneath = || app.page("a")["comments"]["items"][0]["replies"].clone();
        assert_eq!(beneath()["items"], json!([]));
        app.post(
            "/v1/moderation/actions",
            json!({"action": "approve", "ids": [waiting["id"]]}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
        // Whom it answers is there to be pointed at, and so is whom that one answered.
        let replies = beneath();
        assert_eq!(ids(&replies), [id(&first), id(&second), id(&waiting)]);
        let statuses: Vec<_> = replies["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reply| reply["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["deleted", "deleted", "published"]);
        assert_eq!(replies["total"], 1);
        assert_eq!(
            replies["items"][2]["reply_to"],
            json!({"id": second["id"], "name": null})
        );
    });
}

#[test]
fn what_is_held_or_unknown_is_not_there() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "wait for me"))
            .send()
            .is(202)
            .body;
        let unknown = [
            id(&held).to_owned(),
            Uuid::now_v7().to_string(),
            Uuid::nil().to_string(),
            "nonsense".to_owned(),
            "%ff".to_owned(),
        ];
        for id in &unknown {
            for path in [
                format!("/v1/comments/{id}"),
                format!("/v1/comments/{id}/replies"),
            ] {
                app.get(&path).send().refuses(404, "not_found");
                // Not even for its author: what is public is public.
                app.get(&path)
                    .bearer(token(&held))
                    .send()
                    .refuses(404, "not_found");
            }
        }
        for path in public(&held, "a") {
            if !path.starts_with("/v1/comments/") {
                let answer = app.get(&path).send().is(200);
                assert!(!answer.text().contains("wait for me"), "{path}");
            }
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["comment_count"], 0);
        assert_eq!(page["thread"]["version"], 0);
        for id in [Uuid::now_v7().to_string(), "nonsense".to_owned()] {
            for rest in ["comments", "changes?since=0", "events", "feed", "html"] {
                app.get(&format!("/v1/threads/{id}/{rest}"))
                    .send()
                    .refuses(404, "not_found");
            }
        }
        app.get("/v1/sites/nobody/feed")
            .send()
            .refuses(404, "unknown_site");
    });
}

#[test]
fn counts_come_in_the_order_asked() {
    on_both(|app| {
        app.comment("b", "1");
        let root = app.comment("c", "1");
        app.reply("c", &root, "2");
        let answer = app.reply("c", &root, "3");
        remove(app, &answer);
        let ask = |pages: &[&str]| {
            let urls: String = pages
                .iter()
                .map(|page| format!("&url={}", page_url(page)))
                .collect();
            app.get(&format!("/v1/counts?site={SITE}{urls}")).send()
        };
        // The same page under two addresses is counted under both; what is asked comes back as asked.
        let asked = ["c", "nowhere", "b", "c?utm_source=x", "c"];
        let counts = ask(&asked).is(200).body;
        let expected: Vec<_> = asked
            .iter()
            .zip([2, 0, 1, 2, 2])
            .map(|(page, count)| json!({"url": page_url(page), "count": count}))
            .collect();
        assert_eq!(counts["items"], json!(expected));
        assert_eq!(
            ask(&["b"; 100]).is(200).body["items"]
                .as_array()
                .unwrap()
                .len(),
            100
        );
        ask(&["b"; 101]).refuses(400, "invalid_query");
        ask(&[]).refuses(400, "invalid_query");
        app.get(&format!("/v1/counts?site=nobody&url={}", page_url("b")))
            .send()
            .refuses(404, "unknown_site");
    });
}

#[test]
fn an_address_that_is_no_page_of_the_site_costs_the_others_nothing() {
    on_both(|app| {
        app.comment("b", "1");
        let long = "x".repeat(4000);
        let page = page_url("b");
        let asked = [
            "https://elsewhere.example/",
            "",
            &page,
            "not an address",
            &long,
            &page,
        ];
        let urls: String = asked
            .iter()
            .map(|url| format!("&url={}", url.replace(' ', "%20")))
            .collect();
        let counts = app.get(&format!("/v1/counts?site={SITE}{urls}")).send();
        let items = counts.is(200).body["items"].take();
        for (index, (url, count)) in asked
            .iter()
            .zip([None, None, Some(1), None, None, Some(1)])
            .enumerate()
        {
            assert_eq!(items[index], json!({"url": url, "count": count}));
        }
    });
}

#[test]
fn counts_bring_the_words_that_the_site_has_for_them() {
    on_both(|app| {
        let words = json!({"count.one": "Eine Stimme", "count": "{n} Stimmen", "countless": "no", "send": "no"});
        app.patch(
            &format!("/v1/sites/{SITE}"),
            json!({"locale": "de", "phrases": words}),
        )
        .bearer(&app.admin)
        .send()
        .is(200);
        let counts = app
            .get(&format!("/v1/counts?site={SITE}&url={}", page_url("b")))
            .send()
            .is(200)
            .body;
        assert_eq!(counts["locale"], "de");
        assert_eq!(
            counts["phrases"],
            json!({"count.one": "Eine Stimme", "count": "{n} Stimmen"})
        );
    });
}

#[test]
fn caches_may_keep_and_revalidate_what_everybody_sees() {
    on_both(|app| {
        let root = app.comment("a", "before");
        for path in public(&root, "a") {
            let full = app.get(&path).send().is(200);
            let etag = full.header("etag").to_owned();
            assert!(
                etag.starts_with("W/\"") && etag.ends_with('"'),
                "{path}: {etag}"
            );
            let check = |answer: &crate::support::Answer| {
                assert_eq!(answer.header("etag"), etag, "{path}");
                assert_eq!(
                    answer.header("cache-control"),
                    "public, max-age=0, s-maxage=5, stale-while-revalidate=60",
                    "{path}"
                );
                assert_eq!(answer.header("vary"), "Accept-Encoding", "{path}");
                assert_eq!(answer.header("set-cookie"), "", "{path}");
            };
            check(&full);
            // Weak comparison, RFC 9110 §8.8.3.2.
            let strong = etag.trim_start_matches("W/");
            for known in [etag.as_str(), strong, &format!("\"x\", {etag}"), "*"] {
                let same = app.get(&path).header("If-None-Match", known).send().is(304);
                assert!(same.raw.is_empty(), "{path}");
                check(&same);
            }
            let other = app
                .get(&path)
                .header("If-None-Match", "W/\"x\"")
                .send()
                .is(200);
            assert_eq!(other.raw, full.raw, "{path}");
            let head = app.call("HEAD", &path).send().is(200);
            check(&head);
            assert_eq!(head.header("content-type"), full.header("content-type"));
            assert_eq!(
                head.header("content-length"),
                full.raw.len().to_string(),
                "{path}"
            );
        }
        let paths = public(&root, "a");
        let etags = |paths: &[String]| -> Vec<String> {
            let tag = |path: &String| app.get(path).send().is(200).header("etag").to_owned();
            paths.iter().map(tag).collect()
        };
        let before = etags(&paths);
        app.reply("a", &root, "after");
        for ((before, after), path) in before.iter().zip(etags(&paths)).zip(&paths) {
            assert_ne!(*before, after, "{path}");
            app.get(path).header("If-None-Match", before).send().is(200);
        }
    });
}

#[test]
fn an_answer_comes_in_the_encoding_that_is_accepted() {
    on_both(|app| {
        let root = app.comment("a", &"A long text. ".repeat(100));
        app.reply("a", &root, &"A long answer. ".repeat(100));
        let long = public(&root, "a").into_iter();
        for path in long.filter(|path| !path.starts_with("/v1/counts")) {
            let plain = app.get(&path).send().is(200);
            assert_eq!(plain.header("content-encoding"), "");
            for (accepted, encoding) in [
                ("br", "br"),
                ("gzip", "gzip"),
                ("gzip, deflate, br", "br"),
                ("br;q=0, gzip", "gzip"),
                ("identity", ""),
                ("br;q=0, gzip;q=0", ""),
                ("zstd", ""),
            ] {
                let mut response = app.get(&path).header("Accept-Encoding", accepted).open();
                let header = |name: &str| {
                    let value = response.headers().get(name);
                    value.map_or("", |value| value.to_str().unwrap()).to_owned()
                };
                assert_eq!(header("content-encoding"), encoding, "{path}, {accepted}");
                assert_eq!(header("etag"), plain.header("etag"), "{path}, {accepted}");
                assert_eq!(header("vary"), "Accept-Encoding", "{path}, {accepted}");
                let mut sent = Vec::new();
                response
                    .body_mut()
                    .as_reader()
                    .read_to_end(&mut sent)
                    .unwrap();
                let mut body = Vec::new();
                match encoding {
                    "br" => brotli::BrotliDecompress(&mut &sent[..], &mut body).unwrap(),
                    "gzip" => {
                        let mut decoder = flate2::read::GzDecoder::new(&sent[..]);
                        decoder.read_to_end(&mut body).unwrap();
                    }
                    _ => body.clone_from(&sent),
                }
                assert!(body == plain.raw, "{path}, {accepted}");
                assert!(
                    encoding.is_empty() || sent.len() < plain.raw.len() / 2,
                    "{path}, {accepted}"
                );
            }
        }
    });
}

#[test]
fn what_everybody_sees_does_not_depend_on_who_asks() {
    on_both(|app| {
        let root = app.comment("a", "mine");
        app.put(
            &format!("/v1/comments/{}/vote", id(&root)),
            json!({"value": 1}),
        )
        .bearer(&app.guest())
        .send()
        .is(200);
        for path in public(&root, "a") {
            let anybody = app.get(&path).send().is(200);
            for token in [token(&root), &app.moderator, &app.admin, "nonsense", ""] {
                let somebody = app.get(&path).bearer(token).send().is(200);
                assert!(somebody.raw == anybody.raw, "{path}");
                assert_eq!(somebody.header("etag"), anybody.header("etag"), "{path}");
            }
            let odd = app
                .get(&path)
                .header("Authorization", "Basic eDp4")
                .header("Origin", "https://elsewhere.example")
                .send()
                .is(200);
            assert!(odd.raw == anybody.raw, "{path}");
        }
    });
}

/// Tells whether a database has changed since the last time it was asked.
enum Watch {
    /// The version that SQLite counts for this connection.
    Sqlite(SqliteConnection),
    /// The rows of every table.
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Watch {
    fn of(app: &App) -> Self {
        match app.database() {
            Database::Sqlite(path) => {
                Self::Sqlite(SqliteConnection::establish(&path.to_string_lossy()).unwrap())
            }
            Database::Postgres(url) => Self::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    fn state(&mut self) -> String {
        match self {
            Self::Sqlite(conn) => {
                let version: Version = diesel::sql_query("PRAGMA data_version")
                    .get_result(conn)
                    .unwrap();
                version.data_version.to_string()
            }
            Self::Postgres(conn) => {
                let tables: Vec<Line> = diesel::sql_query(
                    "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
                )
                .load(conn)
                .unwrap();
                assert!(tables.len() > 10);
                let state = |table: Line| {
                    // A row's xmin tells of every update, even of one that changed nothing.
                    let query = format!(
                        "SELECT coalesce(string_agg(xmin::text || ctid::text || t::text, ',' ORDER BY ctid), '') \
                         AS line FROM {} t",
                        table.line
                    );
                    let rows: Line = diesel::sql_query(query).get_result(conn).unwrap();
                    rows.line
                };
                tables.into_iter().map(state).collect()
            }
        }
    }
}

#[test]
fn reading_writes_nothing() {
    on_both(|app| {
        let root = app.comment("a", "x");
        let thread = root["thread_id"].as_str().unwrap();
        let mut paths = public(&root, "a");
        paths.extend([
            page_path("unknown"),
            format!("/v1/threads/{}/comments", Uuid::new_v5(&Uuid::nil(), b"x")),
            format!("/v1/threads/{thread}/changes?since=0"),
            format!("/v1/threads/{thread}/me"),
            format!("/v1/comments/{}/history", id(&root)),
            "/v1/moderation/comments".into(),
            "/v1/sites".into(),
            "/v1/tokens".into(),
        ]);
        // The worker looks by itself for whom to tell of the comment.
        eventually("rest", || {
            let status = app.postil(&["mail", "status"]);
            status.starts_with("Nothing waits").then_some(())
        });
        let mut watch = Watch::of(app);
        let before = watch.state();
        for path in &paths {
            // The site's people, its author and its administrators alike.
            let callers = [token(&root), &app.moderator, &app.admin];
            let found = callers.iter().any(|token| {
                let status = app.get(path).bearer(token).send().status;
                assert_eq!(watch.state(), before, "GET {path}");
                status == 200
            });
            assert!(found, "{path}");
            app.call("HEAD", path).bearer(&app.admin).open();
            assert_eq!(watch.state(), before, "HEAD {path}");
        }
        app.comment("a", "y");
        assert_ne!(watch.state(), before, "the watch is blind");
    });
}
