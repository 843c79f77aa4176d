//! Which addresses are one page, and sites on which that changes while people read and write.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::jobs::ended;
use crate::support::{App, ORIGIN, SITE, comment, eventually, on_both, page_url};

fn set(app: &App, body: Value) -> Value {
    let path = format!("/v1/sites/{SITE}");
    let answer = app.patch(&path, body).bearer(&app.admin).send();
    if answer.status != 202 {
        return answer.is(200).body;
    }
    let job = answer.body["job"]["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/v1/jobs/{job}"));
    assert_eq!(ended(app, &job)["state"], "done");
    app.get(&path).bearer(&app.admin).send().is(200).body
}

fn slashes(app: &App, rule: &str) -> Value {
    set(app, json!({"policy": {"trailing_slash": rule}}))
}

fn count(app: &App, page: &str) -> i64 {
    app.page(page)["thread"]["comment_count"].as_i64().unwrap()
}

#[test]
fn another_rule_for_slashes_loses_no_thread() {
    on_both(|app| {
        app.comment("only/", "Here");
        app.comment("other", "There");
        let site = slashes(app, "strip");
        assert_eq!(site["policy"]["trailing_slash"], "strip");
        for (page, url) in [
            ("only/", "only"),
            ("only", "only"),
            ("other/", "other"),
            ("other", "other"),
        ] {
            let thread = app.page(page)["thread"].clone();
            assert_eq!(thread["comment_count"], 1, "{page}");
            assert_eq!(thread["url"], page_url(url));
        }
        let counts = app.get(&format!(
            "/v1/counts?site={SITE}&url={}&url={}",
            page_url("only/"),
            page_url("only")
        ));
        let items = counts.send().is(200).body["items"].clone();
        assert_eq!(
            (&items[0]["count"], &items[1]["count"]),
            (&json!(1), &json!(1))
        );
        slashes(app, "keep");
        assert_eq!(
            (count(app, "only"), count(app, "only/"), count(app, "other")),
            (1, 1, 1)
        );
    });
}

#[test]
fn threads_that_are_of_one_page_by_the_new_rule_are_joined() {
    on_both(|app| {
        for (page, text) in [
            ("a/", "Written first"),
            ("a", "Written second"),
            ("a//", "Third"),
            ("b/", "Alone"),
        ] {
            app.comment(page, text);
        }
        let hidden = app.page("h/")["thread"]["id"].clone();
        app.comment("h/", "Hidden");
        app.comment("h", "Shown");
        let path = format!("/v1/moderation/threads/{}", hidden.as_str().unwrap());
        app.patch(&path, json!({"hidden": true}))
            .bearer(&app.moderator)
            .send()
            .is(200);
        slashes(app, "strip");
        for page in ["a", "a/", "a//"] {
            assert_eq!(count(app, page), 3, "{page}");
        }
        let jobs = app
            .get(&format!("/v1/sites/{SITE}/jobs"))
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        let result = &jobs["items"][0]["result"];
        assert_eq!(
            (&result["joined"], &result["not_joined"]),
            (&json!(2), &json!(1)),
            "{result}"
        );
        // What is hidden did not come out.
        assert_eq!(count(app, "h"), 1);
        let joins = app
            .get(&format!("/v1/moderation/joins?site={SITE}"))
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(joins["items"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    on_both(|app| {
        for page in ["a/", "a", "b/", "c"] {
            app.comment(page, "Here");
        }
        let path = format!("/v1/sites/{SITE}?dry_run=true");
        let strip = json!({"policy": {"trailing_slash": "strip"}, "name": "Another"});
        let plan = app
            .patch(&path, strip)
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert_eq!(
            (&plan["threads"], &plan["moves"], &plan["joins"]),
            (&json!(4), &json!(2), &json!(1)),
            "{plan}"
        );
        let pair = &plan["pairs"][0];
        assert_eq!(
            (&pair["url"], &pair["with_url"]),
            (&json!(page_url("a/")), &json!(page_url("a")))
        );
        let site = app
            .get(&format!("/v1/sites/{SITE}"))
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert_eq!(
            (&site["policy"]["trailing_slash"], site["name"] == "Another"),
            (&json!("keep"), false)
        );
        let jobs = app
            .get(&format!("/v1/sites/{SITE}/jobs"))
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert_eq!(jobs["items"], json!([]));
        let said = app.postil(&[
            "site",
            "set",
            SITE,
            "--policy",
            r#"{"trailing_slash": "strip"}"#,
            "--dry-run",
        ]);
        assert!(
            said.contains("Of 4 threads 2 get another address"),
            "{said}"
        );
        assert!(
            said.contains(&format!("{} into {}", page_url("a/"), page_url("a"))),
            "{said}"
        );
        for asked in ["perhaps", ""] {
            let path = format!("/v1/sites/{SITE}?dry_run={asked}");
            app.patch(&path, json!({}))
                .bearer(&app.admin)
                .send()
                .refuses(400, "invalid_query");
        }
    });
}

#[test]
fn no_reader_meets_a_moment_without_the_thread() {
    on_both(|app| {
        const PAGES: usize = 220;
        for n in 0..PAGES {
            app.comment(&format!("p{n}/"), "Here");
        }
        let (over, reads, made) = (
            AtomicBool::new(false),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut n = 0;
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(count(app, &format!("p{}/", n % PAGES)), 1);
                    n += 7;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                // New pages, by either spelling, found again by the same one.
                while !over.load(Ordering::Relaxed) {
                    let n = made.fetch_add(1, Ordering::Relaxed);
                    let page = format!("new{n}{}", if n % 2 == 0 { "/" } else { "" });
                    app.comment(&page, "New");
                    assert_eq!(count(app, &page), 1);
                }
            });
            slashes(app, "strip");
            over.store(true, Ordering::Relaxed);
        });
        assert!(reads.into_inner() > 3);
        for n in 0..made.into_inner() {
            let both = (
                count(app, &format!("new{n}")),
                count(app, &format!("new{n}/")),
            );
            assert_eq!(both, (1, 1), "{n}");
        }
    });
}

#[test]
fn rules_that_a_job_is_applying_are_not_changed_under_it() {
    on_both(|app| {
        app.comment("a/", "Here");
        app.stop();
        let store = crate::jobs::store(app);
        let change = |rule: &str| {
            let changes = postil::service::sites::SiteChanges {
                policy: Some(json!({"trailing_slash": rule})),
                ..Default::default()
            };
            let operator = postil::service::caller::Caller::operator();
            let now = postil::domain::time::Time::now();
            crate::jobs::block(postil::service::sites::change(
                &store, &operator, SITE, changes, now,
            ))
        };
        let (_, job) = change("strip").unwrap();
        assert!(change("strip").unwrap().1.is_none(), "the same is no other");
        assert!(matches!(
            change("keep"),
            Err(postil::error::Error::Conflict(_))
        ));
        // Cancelled before anything was done, the site goes on by the rule that it had.
        app.postil(&["job", "cancel", &job.unwrap().id.to_string()]);
        let (site, again) = change("keep").unwrap();
        assert!(again.is_none() && site.next_addresses.is_none());
    });
}

#[test]
fn on_a_new_site_spellings_of_one_page_are_one() {
    on_both(|app| {
        let new = json!({"slug": "new", "origins": ["https://example.org", "https://www.example.org", "https://*.wild.example"]});
        let site = app
            .post("/v1/sites", new)
            .bearer(&app.admin)
            .send()
            .is(201)
            .body;
        assert_eq!(site["policy"]["page_addresses"], "folded");
        let read = |url: &str| {
            let url = url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>();
            let page = app
                .get(&format!("/v1/threads?site=new&url={url}"))
                .send()
                .is(200)
                .body;
            page["thread"]["url"].as_str().unwrap().to_owned()
        };
        for (spelling, canonical) in [
            ("http://example.org/a", "https://example.org/a"),
            ("http://www.example.org/a", "https://example.org/a"),
            ("https://www.example.org//a//b", "https://example.org/a/b"),
            ("https://example.org/a/index.html", "https://example.org/a/"),
            (
                "https://example.org/index.htm?a=1",
                "https://example.org/?a=1",
            ),
            (
                "https://example.org/cafe\u{301}",
                "https://example.org/caf%C3%A9",
            ),
            (
                "https://example.org/cafe%CC%81",
                "https://example.org/caf%C3%A9",
            ),
            (
                "https://example.org/a?matomo_campaign=x&at_medium=y&hsCtaTracking=z&b=1",
                "https://example.org/a?b=1",
            ),
            (
                "http://www.a.wild.example/a",
                "https://www.a.wild.example/a",
            ),
        ] {
            assert_eq!(read(spelling), canonical, "{spelling}");
        }
        for other in [
            "http://example.org:8080/a",
            "https://w.example.org/a",
            "https://wild.example/a",
        ] {
            let url = url::form_urlencoded::byte_serialize(other.as_bytes()).collect::<String>();
            app.get(&format!("/v1/threads?site=new&url={url}"))
                .send()
                .refuses(422, "url_not_on_site");
        }
    });
}

#[test]
fn an_older_site_folds_when_it_is_told_to() {
    on_both(|app| {
        // As before there was this rule.
        app.sql("UPDATE sites SET addresses = NULL, policy = REPLACE(policy, '\"page_addresses\":\"folded\"', '\"page_addresses\":\"exact\"')");
        app.comment("a//b", "Here");
        app.comment("a/?matomo_kwd=x", "There");
        assert_eq!(count(app, "a/b"), 0);
        set(app, json!({"policy": {"page_addresses": "folded"}}));
        assert_eq!(
            (
                count(app, "a/b"),
                count(app, "a//b"),
                count(app, "a/"),
                count(app, "a/index.html")
            ),
            (1, 1, 1, 1)
        );
        assert_eq!(app.page("a//b")["thread"]["url"], page_url("a/b"));
    });
}

#[test]
fn another_order_of_origins_finds_each_thread_by_its_new_name() {
    on_both(|app| {
        let www = ORIGIN.replace("://", "://www.");
        set(app, json!({"policy": {"page_addresses": "folded"}}));
        app.comment("a", "Here");
        set(app, json!({"origins": [www, ORIGIN]}));
        let thread = app.page("a")["thread"].clone();
        assert_eq!(
            (&thread["comment_count"], &thread["url"]),
            (&json!(1), &json!(format!("{www}/a")))
        );
    });
}

#[test]
fn a_key_of_the_pages_own_stays() {
    on_both(|app| {
        let mut body = comment("k//a/", "Here");
        body["key"] = json!("article/7/");
        app.post("/v1/comments", body).send().is(201);
        slashes(app, "strip");
        let path = format!(
            "/v1/threads?site={SITE}&key=article/7/&url={}",
            page_url("elsewhere")
        );
        let thread = app.get(&path).send().is(200).body["thread"].clone();
        assert_eq!(
            (&thread["comment_count"], &thread["key"]),
            (&json!(1), &json!("article/7/"))
        );
    });
}

#[test]
fn a_page_that_was_first_named_under_coarse_rules_is_found_under_finer_ones() {
    on_both(|app| {
        slashes(app, "strip");
        app.comment("b/", "Here");
        slashes(app, "keep");
        assert_eq!((count(app, "b/"), count(app, "b")), (1, 1));
        set(app, json!({"policy": {"page_addresses": "folded"}}));
        app.comment("d//e", "There");
        set(app, json!({"policy": {"page_addresses": "exact"}}));
        assert_eq!((count(app, "d//e"), count(app, "d/e")), (1, 1));
    });
}

#[test]
fn a_change_that_is_cancelled_amid_a_join_leaves_no_thread_half_joined() {
    on_both(|app| {
        app.comment("a/", "One");
        app.comment("a", "Two");
        app.stop();
        let store = crate::jobs::store(app);
        let changes = postil::service::sites::SiteChanges {
            policy: Some(json!({"trailing_slash": "strip"})),
            ..Default::default()
        };
        let operator = postil::service::caller::Caller::operator();
        let now = postil::domain::time::Time::now();
        let begun = postil::service::sites::change(&store, &operator, SITE, changes, now);
        let job = crate::jobs::block(begun).unwrap().1.unwrap();
        // One step, which begins the join, and no more.
        let halted = postil::service::jobs::follow(&store, job.id, |_| {}, std::future::ready(()));
        let halted = crate::jobs::block(halted).unwrap();
        assert!(halted.cursor.unwrap().contains("joining"));
        app.postil(&["job", "cancel", &job.id.to_string()]);
        let states = store.read(|conn| {
            let site = postil::store::sites::by_slug(conn, SITE)?.unwrap().id;
            postil::store::joins::of_site(conn, site, None, 10)
        });
        let joins = crate::jobs::block(states).unwrap();
        assert_eq!(joins.len(), 1);
        assert_eq!(*joins[0].state, postil::domain::word::JoinState::Joined);
    });
}

#[test]
fn threads_that_are_parted_after_the_rules_changed_are_found_by_the_new_ones() {
    on_both(|app| {
        app.comment("x/", "One");
        app.comment("y", "Two");
        let (x, y) = (
            app.page("x/")["thread"]["id"].clone(),
            app.page("y")["thread"]["id"].clone(),
        );
        let path = format!("/v1/moderation/threads/{}/join", x.as_str().unwrap());
        let join = app
            .post(&path, json!({"into": y}))
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        slashes(app, "strip");
        assert_eq!((count(app, "x"), count(app, "y")), (2, 2));
        let path = format!("/v1/moderation/joins/{}/undo", join["id"].as_str().unwrap());
        app.call("POST", &path)
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(
            (count(app, "x"), count(app, "x/"), count(app, "y")),
            (1, 1, 1)
        );
        assert_eq!(app.page("x")["thread"]["url"], page_url("x"));
    });
}

#[test]
fn a_rerender_and_a_join_of_one_site_do_not_wait_for_each_other() {
    on_both(|app| {
        app.comment("a", "One\nline");
        app.comment("b", "Two");
        let id = |page: &str| {
            app.page(page)["thread"]["id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        };
        let (from, into) = (id("a"), id("b"));
        let store = crate::jobs::store(app);
        // As a large join is once its first transaction is over.
        let begun = store.write(move |tx| {
            postil::service::joining::begin(tx, None, from, into, postil::domain::time::Time::now())
        });
        crate::jobs::block(begun).unwrap();
        set(app, json!({"policy": {"line_breaks": "join"}}));
        let path = format!("/v1/sites/{SITE}/jobs");
        let job = app.get(&path).bearer(&app.admin).send().is(200).body["items"][0]["id"].clone();
        assert_eq!(ended(app, job.as_str().unwrap())["state"], "done");
        let path = format!("/v1/moderation/threads/{from}/join");
        let again = app
            .post(&path, json!({"into": into}))
            .bearer(&app.moderator)
            .send();
        assert!(again.status == 200 || again.status == 202, "{}", again.body);
        eventually("both in one", || (count(app, "a") == 2).then_some(()));
    });
}
