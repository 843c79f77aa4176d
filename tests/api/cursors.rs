//! Lists that stay right while others write.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{App, SITE, on_both, page_url};

const WRITERS: usize = 4;
const EACH: usize = 12;

fn id(comment: &Value) -> String {
    comment["id"].as_str().unwrap().to_owned()
}

/// Reads a list to its end by its cursors; `between` runs after each page.
fn whole(app: &App, path: &str, mut between: impl FnMut(&[String])) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let list = app.get(&format!("{path}{after}")).send().is(200).body;
        let items = list["items"].as_array().unwrap();
        assert!(list["next"].is_null() || !items.is_empty(), "{path}");
        seen.extend(items.iter().map(id));
        match list["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return seen,
        }
        assert!(seen.len() < 1000, "{path} does not end");
        between(&seen);
    }
}

#[test]
fn nothing_is_skipped_or_repeated_while_others_insert() {
    on_both(|app| {
        let root = app.comment("a", "0");
        app.reply("a", &root, "0.1");
        for n in 1..8 {
            app.comment("a", &n.to_string());
        }
        let roots = format!(
            "/v1/threads/{}/comments",
            root["thread_id"].as_str().unwrap()
        );
        let replies = format!("/v1/comments/{}/replies", id(&root));
        let lists = |limit: usize| {
            [
                format!("{roots}?sort=newest&limit={limit}"),
                format!("{roots}?sort=oldest&limit={limit}"),
                format!("{replies}?limit={limit}"),
            ]
        };
        let written = AtomicBool::new(false);
        let mut readings: Vec<[Vec<String>; 3]> = Vec::new();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|_| {
                    scope.spawn(|| {
                        for n in 0..EACH {
                            app.comment("a", &n.to_string());
                            app.reply("a", &root, &n.to_string());
                        }
                    })
                })
                .collect();
            let written = &written;
            scope.spawn(move || {
                for writer in writers {
                    // A writer that failed must not leave the reader waiting.
                    let _ = writer.join();
                }
                written.store(true, Ordering::SeqCst);
            });
            for limit in [2, 3, 7].into_iter().cycle() {
                let last = written.load(Ordering::SeqCst);
                readings.push(lists(limit).map(|list| whole(app, &list, |_| {})));
                if last {
                    break;
                }
            }
        });
        let [newest, oldest, beneath] = readings.last().unwrap().clone();
        assert_eq!(oldest.len(), 8 + WRITERS * EACH);
        assert_eq!(beneath.len(), 1 + WRITERS * EACH);
        assert!(newest.iter().eq(oldest.iter().rev()));
        // Otherwise nothing was written while this read.
        assert!(readings[0][0].len() < newest.len());
        for [down, up, below] in &readings {
            // What came after the first page is above it, and the rest is whole.
            assert!(down.len() >= 8 && newest.ends_with(down), "{down:?}");
            assert!(up.len() >= 8 && oldest.starts_with(up), "{up:?}");
            assert!(!below.is_empty() && beneath.starts_with(below), "{below:?}");
        }
    });
}

/// Reads an order to its end while something moves every second comment about: the others are seen
/// exactly once all the same.
fn the_untouched_are_seen_once(app: &App, sort: &str, touch: impl Fn(&str, usize)) {
    let posted: Vec<Value> = (0..12).map(|n| app.comment("a", &n.to_string())).collect();
    let thread = posted[0]["thread_id"].as_str().unwrap();
    let ids: Vec<String> = posted.iter().map(id).collect();
    // A start in which both kinds lie all over the order.
    for (n, id) in ids.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        touch(id, n);
    }
    let (moving, still): (Vec<_>, Vec<_>) = ids.iter().enumerate().partition(|(n, _)| n % 2 == 0);
    let mut turn = 0;
    let path = format!("/v1/threads/{thread}/comments?sort={sort}&limit=2");
    let before = whole(app, &path, |_| {});
    let seen = whole(app, &path, |_| {
        if let Some((_, id)) = moving.get(turn % moving.len()) {
            touch(id, turn);
        }
        turn += 1;
    });
    assert!(turn >= 3, "{turn}");
    let mut times: HashMap<&String, usize> = HashMap::new();
    for id in &seen {
        *times.entry(id).or_default() += 1;
    }
    for (_, id) in &still {
        assert_eq!(times.get(id), Some(&1), "{sort}: {seen:?}");
    }
    // And the votes did move something, or this test says nothing.
    assert_ne!(before, whole(app, &path, |_| {}), "{sort}");
}

#[test]
fn votes_between_the_pages_of_top_move_only_what_they_are_for() {
    on_both(|app| {
        let guests: Vec<String> = (0..6).map(|_| app.guest()).collect();
        the_untouched_are_seen_once(app, "top", |id, turn| {
            for (n, guest) in guests.iter().enumerate() {
                let value = if (turn + n) % 4 == 0 { -1 } else { 1 };
                app.put(&format!("/v1/comments/{id}/vote"), json!({"value": value}))
                    .bearer(guest)
                    .send()
                    .is(200);
            }
        });
    });
}

#[test]
fn answers_between_the_pages_of_active_move_only_what_they_answer() {
    on_both(|app| {
        the_untouched_are_seen_once(app, "active", |id, turn| {
            app.reply("a", &json!({"id": id}), &turn.to_string());
        });
    });
}

#[test]
fn the_first_page_goes_on_in_the_threads_list() {
    on_both(|app| {
        let posted: Vec<Value> = (0..5).map(|n| app.comment("a", &n.to_string())).collect();
        let thread = posted[0]["thread_id"].as_str().unwrap();
        for sort in ["newest", "oldest", "top", "active"] {
            let page = app
                .get(&format!(
                    "/v1/threads?site={SITE}&url={}&sort={sort}&limit=2",
                    page_url("a")
                ))
                .send()
                .is(200)
                .body;
            let first = &page["comments"];
            let next = first["next"].as_str().unwrap();
            let rest = app
                .get(&format!(
                    "/v1/threads/{thread}/comments?sort={sort}&after={next}"
                ))
                .send()
                .is(200)
                .body;
            let items = |list: &Value| {
                list["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(id)
                    .collect::<Vec<_>>()
            };
            let whole = whole(
                app,
                &format!("/v1/threads/{thread}/comments?sort={sort}"),
                |_| {},
            );
            assert_eq!([items(first), items(&rest)].concat(), whole, "{sort}");
            assert_eq!(whole.len(), 5, "{sort}");
        }
    });
}

#[test]
fn a_cursor_belongs_to_its_list() {
    on_both(|app| {
        let roots: Vec<Value> = (0..3).map(|n| app.comment("a", &n.to_string())).collect();
        for root in &roots {
            for n in 0..7 {
                app.reply("a", root, &n.to_string());
            }
        }
        let other = app.comment("b", "elsewhere");
        let list = |root: &Value| {
            format!(
                "/v1/threads/{}/comments",
                root["thread_id"].as_str().unwrap()
            )
        };
        let first = app
            .get(&format!("{}?sort=oldest&limit=1", list(&roots[0])))
            .send()
            .is(200)
            .body;
        let next = first["next"].as_str().unwrap();
        let below = first["items"][0]["replies"]["next"].as_str().unwrap();
        let refused = |path: String| {
            app.get(&path).send().refuses(400, "invalid_cursor");
        };

        // The same list with another limit goes on; every other list refuses.
        let a = list(&roots[0]);
        let on = app
            .get(&format!("{a}?sort=oldest&limit=5&after={next}"))
            .send()
            .is(200);
        assert_eq!(on.body["items"].as_array().unwrap().len(), 2);
        for sort in ["newest", "top", "active"] {
            refused(format!("{a}?sort={sort}&after={next}"));
        }
        refused(format!("{a}?after={next}"));
        refused(format!("{}?sort=oldest&after={next}", list(&other)));
        refused(format!(
            "/v1/comments/{}/replies?after={next}",
            id(&roots[0])
        ));
        refused(format!(
            "/v1/threads/{}/html?after={next}",
            roots[0]["thread_id"].as_str().unwrap()
        ));
        refused(format!("{a}?sort=oldest&after={below}"));
        refused(format!(
            "/v1/comments/{}/replies?after={below}",
            id(&roots[1])
        ));
        app.get(&format!(
            "/v1/comments/{}/replies?after={below}",
            id(&roots[0])
        ))
        .send()
        .is(200);
        app.get(&format!("/v1/moderation/comments?after={next}"))
            .bearer(&app.admin)
            .send()
            .refuses(400, "invalid_cursor");

        // Cut, changed, lengthened, made up.
        let mut changed = next.to_owned();
        let at = changed.len() / 2;
        let other = if &changed[at..=at] == "A" { "B" } else { "A" };
        changed.replace_range(at..=at, other);
        for cursor in [
            &next[..next.len() - 1],
            &next[1..],
            &format!("{next}A"),
            &changed,
            "x",
            "2",
            "null",
            &"A".repeat(50),
            &"A".repeat(4000),
            "%00",
            "%F0%9F%91%8D",
            "-1",
        ] {
            refused(format!("{a}?sort=oldest&after={cursor}"));
            refused(format!(
                "/v1/comments/{}/replies?after={cursor}",
                id(&roots[0])
            ));
        }
        app.get(&format!("{a}?sort=oldest&after={next}&after={next}"))
            .send()
            .refuses(400, "invalid_query");
        // Nothing of that harmed the list, and a first page takes no cursor at all.
        let page = app
            .get(&format!("/v1/threads?site={SITE}&url={}", page_url("a")))
            .send()
            .is(200);
        assert_eq!(page.body["comments"]["items"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn an_empty_cursor_is_no_cursor_and_is_not_answered_from_the_cache() {
    on_both(|app| {
        app.comment("a", "One");
        let thread = app.page("a")["thread"]["id"].as_str().unwrap().to_owned();
        for list in ["comments", "html"] {
            let path = format!("/v1/threads/{thread}/{list}");
            app.get(&path).send().is(200);
            app.get(&format!("{path}?after="))
                .send()
                .refuses(400, "invalid_cursor");
        }
    });
}
