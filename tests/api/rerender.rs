//! Stored comments are made HTML anew: all their texts, in steps, beside who writes.

use postil::domain::id::ThreadId;
use postil::domain::time::Time;
use postil::domain::word::Word;
use postil::service::caller::Caller;
use postil::service::jobs as work;
use postil::service::rerender::{self, Progress, step};
use postil::store::{Store, events, sites};
use serde_json::{Value, json};

use crate::jobs::block;
use crate::support::*;

const OLD: &str = "
    UPDATE comments SET renderer = 0, body_html = '<p>old</p>';
    UPDATE revisions SET body_html = '<p>old</p>';
    UPDATE drafts SET body_html = '<p>old</p>';
";

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Makes all of the site's comments anew, as another process does; `between` is called before each step.
fn anew(app: &App, mut between: impl FnMut(usize)) -> Progress {
    let (store, _announced) = Store::open(app.database(), None, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut progress = Progress::default();
    for n in 0.. {
        between(n);
        let before = progress.clone();
        let taken = store.write(move |tx| {
            let site = sites::by_slug(tx, SITE)?.expect("the site is there").id;
            step(tx, site, &before, Time::now())
        });
        progress = runtime.block_on(taken).unwrap();
        if progress.is_over {
            break;
        }
    }
    runtime.block_on(store.close());
    progress
}

/// What happened in a thread after that version, once a reset is among it.
fn changes(app: &App, thread: &str, since: i64) -> Vec<String> {
    eventually("thread.reset", || {
        let path = format!("/v1/threads/{thread}/changes?since={since}");
        let answer = app.get(&path).send().is(200).body;
        let kinds = answer["items"].as_array()?.iter();
        let kinds: Vec<String> = kinds.map(|item| text(&item["type"]).to_owned()).collect();
        kinds.contains(&"thread.reset".to_owned()).then_some(kinds)
    })
}

fn edit(app: &App, posted: &Value, body: &str) -> Answer {
    app.patch(
        &format!("/v1/comments/{}", text(&posted["id"])),
        json!({"body": body}),
    )
    .bearer(text(&posted["token"]))
    .send()
}

#[test]
fn every_text_of_a_comment_is_made_anew_and_a_thread_is_told_once() {
    on_both(|app| {
        let one = app.comment("a", "Roses\nViolets");
        edit(app, &one, "Roses\nLilies").is(200);
        let two = app.comment("a", "Tulips\nAsters");
        let other = app.comment("b", "Alone");
        app.policy(json!({"moderation": "pre"}));
        edit(app, &two, "Tulips\nDahlias").is(202);
        let thread = text(&one["thread_id"]);
        let before = app.page("a")["thread"]["version"].as_i64().unwrap();
        let apart = app.page("b")["thread"]["version"].clone();
        app.sql(OLD);
        // One that is as it would be made today is none of its business.
        app.sql("UPDATE comments SET body_html = '<p>Alone</p>\n' WHERE body = 'Alone'");

        let progress = anew(app, |_| ());
        assert_eq!((progress.done, progress.total), (3, Some(3)));
        assert_eq!((progress.changed, progress.threads), (2, 1));
        assert_eq!(changes(app, thread, before), ["thread.reset"]);
        let page = eventually("the thread as it is now", || {
            let page = app.page("a");
            (page["thread"]["version"] == before + 1).then_some(page)
        });
        let shown: Vec<&Value> = page["comments"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["body_html"])
            .collect();
        assert_eq!(
            shown,
            [
                "<p>Tulips<br />\nAsters</p>\n",
                "<p>Roses<br />\nLilies</p>\n"
            ]
        );
        assert_eq!(app.page("b")["thread"]["version"], apart);
        for (posted, texts) in [
            (
                &one,
                [
                    "<p>Roses<br />\nLilies</p>\n",
                    "<p>Roses<br />\nViolets</p>\n",
                ],
            ),
            (
                &two,
                [
                    "<p>Tulips<br />\nDahlias</p>\n",
                    "<p>Tulips<br />\nAsters</p>\n",
                ],
            ),
        ] {
            let history = app
                .get(&format!("/v1/comments/{}/history", text(&posted["id"])))
                .bearer(text(&posted["token"]))
                .send()
                .is(200);
            let items = history.body["items"].as_array().unwrap();
            let items: Vec<&Value> = items.iter().map(|item| &item["body_html"]).collect();
            assert_eq!(items, texts);
        }
        assert!(
            other["edited_at"].is_null() && page["comments"]["items"][0]["edited_at"].is_null()
        );

        let again = anew(app, |_| ());
        assert_eq!((again.done, again.threads), (0, 0));
        assert_eq!(app.page("a")["thread"]["version"], before + 1);
    });
}

#[test]
fn who_writes_meanwhile_is_not_overwritten() {
    on_both(|app| {
        let posted: Vec<Value> = (0..130)
            .map(|n| app.comment("a", &format!("Text\n{n}")))
            .collect();
        let thread = text(&posted[0]["thread_id"]).to_owned();
        app.sql(OLD);
        let before = app.page("a")["thread"]["version"].as_i64().unwrap();
        let progress = anew(app, |n| {
            if n == 1 {
                // One that is done, one that is not, and a new one.
                edit(app, &posted[0], "Mine\nnow").is(200);
                edit(app, &posted[129], "Mine\ntoo").is(200);
                app.comment("a", "New\nhere");
            }
        });
        assert_eq!((progress.done, progress.threads), (130, 1));
        let kinds = changes(app, &thread, before);
        let resets = kinds.iter().filter(|kind| *kind == "thread.reset").count();
        assert_eq!((resets, kinds.len()), (1, 4), "{kinds:?}");
        for (posted, html) in [
            (&posted[0], "<p>Mine<br />\nnow</p>\n"),
            (&posted[129], "<p>Mine<br />\ntoo</p>\n"),
            (&posted[64], "<p>Text<br />\n64</p>\n"),
        ] {
            let path = format!("/v1/comments/{}", text(&posted["id"]));
            let read = app.get(&path).send().is(200).body.to_string();
            assert!(read.contains(&json!(html).to_string()), "{read}");
        }
        assert_eq!(anew(app, |_| ()).done, 0);
    });
}

#[test]
fn a_rule_that_changes_meanwhile_holds_for_all_in_the_end() {
    on_both(|app| {
        for n in 0..110 {
            app.comment("a", &format!("Text\n{n}"));
        }
        app.sql(OLD);
        anew(app, |n| {
            if n == 1 {
                app.policy(json!({"line_breaks": "join"}));
            }
        });
        let html = |n: usize| format!("<p>Text\n{n}</p>\n");
        eventually("joined lines", || {
            let page = app.page("a");
            let items = page["comments"]["items"].as_array()?;
            let is_joined = items
                .iter()
                .rev()
                .all(|item| (0..110).any(|n| item["body_html"] == html(n)));
            is_joined.then_some(())
        });
        assert_eq!(anew(app, |_| ()).done, 0);
    });
}

/// The jobs of the site that make comments anew, the newest first.
fn jobs(app: &App) -> Vec<Value> {
    let path = format!("/v1/sites/{SITE}/jobs");
    let listed = app.get(&path).bearer(&app.admin).send().is(200).body;
    let all = listed["items"].as_array().unwrap().iter();
    all.filter(|job| job["kind"] == "rerender")
        .cloned()
        .collect()
}

#[test]
fn another_rule_makes_stored_comments_anew() {
    on_both(|app| {
        let posted = app.comment("a", "Roses\nViolets");
        let thread = text(&posted["thread_id"]);
        app.policy(json!({"depth": 3}));
        assert_eq!(jobs(app), [] as [Value; 0]);
        app.policy(json!({"line_breaks": "join"}));
        let job = eventually("end of the job", || {
            jobs(app)
                .into_iter()
                .next()
                .filter(|job| job["state"] == "done")
        });
        assert_eq!(job["result"], json!({"changed": 1, "threads": 1}));
        assert_eq!(changes(app, thread, 1), ["thread.reset"]);
        let read = app
            .get(&format!("/v1/comments/{}", text(&posted["id"])))
            .send();
        assert!(read.is(200).text().contains("<p>Roses\\nViolets</p>"));
    });
}

#[test]
fn a_job_that_is_cancelled_half_way_tells_the_thread_what_it_did() {
    on_both(|app| {
        let posted: Vec<Value> = (0..130)
            .map(|n| app.comment("a", &format!("Text\n{n}")))
            .collect();
        app.sql(OLD);
        app.stop();
        let (store, _announced) = Store::open(app.database(), None, 2).unwrap();
        let operator = Caller::operator();
        block(async {
            let job = rerender::begin(&store, &operator, SITE, Time::now())
                .await
                .unwrap();
            // One step, and then whoever does it is stopped.
            let halted = work::follow(&store, job.id, |_| {}, std::future::ready(()))
                .await
                .unwrap();
            assert_eq!((halted.done, halted.ended_at.is_none()), (100, true));
            let cancelled = work::cancel(&store, &operator, job.id, Time::now())
                .await
                .unwrap();
            assert!(cancelled.cancelling);
            let ended = work::follow(&store, job.id, |_| {}, std::future::pending())
                .await
                .unwrap();
            assert_eq!(ended.state.word(), "cancelled");
            let thread: ThreadId = text(&posted[0]["thread_id"]).parse().unwrap();
            let told = store
                .read(move |conn| events::after(conn, thread, 130, 10))
                .await
                .unwrap();
            let told: Vec<&str> = told.iter().map(|event| event.kind.word()).collect();
            assert_eq!(told, ["thread.reset"]);
            // Whoever begins it again goes on where it was.
            let again = rerender::begin(&store, &operator, SITE, Time::now())
                .await
                .unwrap();
            let again = work::follow(&store, again.id, |_| {}, std::future::pending())
                .await
                .unwrap();
            assert_eq!((again.done, again.state.word()), (30, "done"));
        });
    });
}
