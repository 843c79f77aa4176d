//! The log: `changes`, and the same live.

use std::io::{BufRead, BufReader, Lines};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use postil::store::Database;
use serde_json::{Value, json};
use ureq::BodyReader;
use uuid::Uuid;

use crate::support::{App, Call, comment, eventually, on_both, on_both_with, page_url};

fn id(comment: &Value) -> &str {
    comment["id"].as_str().unwrap()
}

fn token(comment: &Value) -> &str {
    comment["token"].as_str().unwrap()
}

fn thread(comment: &Value) -> &str {
    comment["thread_id"].as_str().unwrap()
}

fn path(comment: &Value) -> String {
    format!("/v1/comments/{}", id(comment))
}

fn changes(thread: &str, query: &str) -> String {
    format!("/v1/threads/{thread}/changes?{query}")
}

fn events(thread: &str) -> String {
    format!("/v1/threads/{thread}/events")
}

/// The log after `since`, read to its end.
fn log(app: &App, thread: &str, since: i64, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut since = since.to_string();
    loop {
        let query = format!("since={since}&limit={limit}");
        let page = app.get(&changes(thread, &query)).send().is(200).body;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => since = next.to_owned(),
            None => return items,
        }
    }
}

fn approve(app: &App, comment: &Value) {
    let decided = app
        .post(
            "/v1/moderation/actions",
            json!({"action": "approve", "ids": [comment["id"]]}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
    assert_eq!(decided.body["items"][0]["ok"], true, "{}", decided.body);
}

fn held(app: &App, page: &str, text: &str) -> Value {
    app.post("/v1/comments", comment(page, text))
        .send()
        .is(202)
        .body
}

#[test]
fn the_log_tells_what_happened_in_pages() {
    on_both(|app| {
        let first = app.comment("a", "first");
        let second = app.reply("a", &first, "second");
        app.patch(&path(&first), json!({"body": "better"}))
            .bearer(token(&first))
            .send()
            .is(200);
        app.put(&format!("{}/vote", path(&first)), json!({"value": 1}))
            .bearer(token(&second))
            .send()
            .is(200);
        app.put(
            "/v1/moderation/threads",
            json!({"site": "blog", "url": page_url("a"), "title": "A title"}),
        )
        .bearer(&app.admin)
        .send()
        .is(200);
        app.delete(&path(&second))
            .bearer(token(&second))
            .send()
            .is(204);
        let thread = thread(&first);
        let expected = json!([
            [1, "comment.created", first["id"]],
            [2, "comment.created", second["id"]],
            [3, "comment.updated", first["id"]],
            [4, "comment.updated", first["id"]],
            [5, "thread.updated", null],
            [6, "comment.deleted", second["id"]],
        ]);
        let told = |items: &[Value]| -> Value {
            items
                .iter()
                .map(|item| json!([item["version"], item["type"], item["comment_id"]]))
                .collect()
        };
        let items = log(app, thread, 0, 100);
        assert_eq!(told(&items), expected);
        // Each shows what is there now, and not what was there then.
        assert_eq!(items[0]["comment"], items[3]["comment"]);
        assert_eq!(items[1]["comment"], Value::Null);
        assert_eq!(items[3]["comment"]["body_html"], "<p>better</p>\n");
        assert_eq!(items[3]["comment"]["votes"]["up"], 1);
        assert_eq!(items[4]["thread"]["title"], "A title");
        assert_eq!(items[5]["comment"], Value::Null);
        for limit in [1, 2, 4] {
            assert_eq!(told(&log(app, thread, 0, limit)), expected, "{limit}");
        }
        let page = app
            .get(&changes(thread, "since=0&limit=4"))
            .send()
            .is(200)
            .body;
        assert_eq!((&page["next"], &page["version"]), (&json!("4"), &json!(6)));
        assert_eq!(told(&log(app, thread, 5, 100)), json!([expected[5]]));
        let page = app.get(&changes(thread, "since=6")).send().is(200);
        assert_eq!(
            page.body,
            json!({"items": [], "next": null, "total": null, "version": 6})
        );
        assert_eq!(page.header("cache-control"), "no-store");
    });
}

#[test]
fn outside_the_log_one_reads_anew() {
    on_both(|app| {
        let posted = app.comment("a", "1");
        app.comment("a", "2");
        app.comment("a", "3");
        let thread = thread(&posted);
        for since in ["4", "4294967295"] {
            app.get(&changes(thread, &format!("since={since}")))
                .send()
                .refuses(410, "resync");
        }
        for query in [
            "",
            "since=",
            "since=-1",
            "since=x",
            "since=1.0",
            "since=1&since=1",
        ] {
            app.get(&changes(thread, query))
                .send()
                .refuses(400, "invalid_query");
        }
        // What is forgotten is outside too.
        app.sql("DELETE FROM events WHERE version = 1");
        app.get(&changes(thread, "since=0"))
            .send()
            .refuses(410, "resync");
        assert_eq!(log(app, thread, 1, 100).len(), 2);
        assert_eq!(
            stream(app.get(&events(thread)).header("Last-Event-ID", "0")).kinds(),
            ["resync"]
        );

        // A page that nobody wrote on has an empty log.
        let unwritten = Uuid::new_v5(&Uuid::nil(), b"a page").to_string();
        assert_eq!(log(app, &unwritten, 0, 1), Vec::<Value>::new());
        app.get(&changes(&unwritten, "since=1"))
            .send()
            .refuses(410, "resync");
    });
}

#[test]
fn sixteen_writers_leave_no_gap_in_the_log() {
    on_both(|app| {
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let mine = app.comment("a", "mine");
                    let answer = app.reply("a", &mine, "and another's");
                    app.put(&format!("{}/vote", path(&mine)), json!({"value": 1}))
                        .bearer(token(&answer))
                        .send()
                        .is(200);
                    app.patch(&path(&mine), json!({"body": "mine, edited"}))
                        .bearer(token(&mine))
                        .send()
                        .is(200);
                });
            }
        });
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 64);
        assert_eq!(page["thread"]["comment_count"], 32);
        let items = log(app, page["thread"]["id"].as_str().unwrap(), 0, 7);
        let versions: Vec<_> = items
            .iter()
            .map(|item| item["version"].as_i64().unwrap())
            .collect();
        assert_eq!(versions, (1..=64).collect::<Vec<_>>());
        let of = |kind: &str| items.iter().filter(|item| item["type"] == kind).count();
        assert_eq!((of("comment.created"), of("comment.updated")), (32, 32));
        let times: Vec<_> = items
            .iter()
            .map(|item| item["at"].as_str().unwrap())
            .collect();
        assert!(times.is_sorted());
        for root in page["comments"]["items"].as_array().unwrap() {
            assert_eq!(root["votes"]["up"], 1);
            assert_eq!(root["reply_count"], 1);
        }
    });
}

#[test]
fn a_text_that_was_withdrawn_never_comes_back() {
    on_both(|app| {
        let first = app.comment("a", "secret one");
        app.patch(&path(&first), json!({"body": "secret two"}))
            .bearer(token(&first))
            .send()
            .is(200);
        let answered = app.comment("a", "secret three");
        app.reply("a", &answered, "an answer");
        let edited = app.comment("a", "What everybody may read");
        for gone in [&first, &answered] {
            app.delete(&path(gone)).bearer(token(gone)).send().is(204);
        }
        app.policy(json!({"moderation": "pre"}));
        app.patch(&path(&edited), json!({"body": "secret four"}))
            .bearer(token(&edited))
            .send()
            .is(202);
        let thread = thread(&first);
        for limit in [1, 2, 100] {
            let items = log(app, thread, 0, limit);
            assert_eq!(items.len(), 7);
            assert!(!json!(items).to_string().contains("secret"), "{items:#?}");
        }
        let mut past = stream(app.get(&format!("{}?since=0", events(thread))));
        for version in 1..=7 {
            let event = past.next().unwrap();
            assert_eq!(event.id, Some(version));
            assert!(!event.data.to_string().contains("secret"), "{event:?}");
        }
    });
}

#[test]
fn what_is_held_makes_no_sound() {
    on_both(|app| {
        let first = app.comment("a", "1");
        let thread = thread(&first);
        app.policy(json!({"moderation": "pre"}));
        let waiting = held(app, "a", "2");
        app.patch(&path(&waiting), json!({"body": "still waiting"}))
            .bearer(token(&waiting))
            .send()
            .is(202);
        let dropped = held(app, "a", "3");
        app.delete(&path(&dropped))
            .bearer(token(&dropped))
            .send()
            .is(204);
        app.post(
            "/v1/moderation/actions",
            json!({"action": "reject", "ids": [waiting["id"]]}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
        assert_eq!(app.page("a")["thread"]["version"], 1);
        assert_eq!(log(app, thread, 1, 100), Vec::<Value>::new());
        approve(app, &waiting);
        let items = log(app, thread, 1, 100);
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["version"], 2);
        assert_eq!(items[0]["type"], "comment.created");
    });
}

/// A live stream as a browser reads it.
struct Stream(Lines<BufReader<BodyReader<'static>>>);

#[derive(Debug, PartialEq)]
struct Event {
    id: Option<i64>,
    kind: String,
    data: Value,
}

/// Opens a stream that must open.
#[track_caller]
fn stream(call: Call) -> Stream {
    let response = call.open();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    Stream(BufReader::new(response.into_body().into_reader()).lines())
}

impl Stream {
    /// Waits for the next event; `None` once the stream has ended in order.
    #[track_caller]
    fn next(&mut self) -> Option<Event> {
        let (mut id, mut kind, mut data) = (None, None, None);
        loop {
            let line = self.0.next()?.expect("the stream goes on or ends in order");
            if line.is_empty() {
                // A blank line after nothing but comments is no event.
                if let Some(kind) = kind.take() {
                    let data: String = data.take().expect("every event has data");
                    let data = serde_json::from_str(&data).expect("JSON");
                    return Some(Event { id, kind, data });
                }
                continue;
            }
            match line.split_once(": ").expect("a field, or a comment") {
                ("id", value) => id = Some(value.parse().expect("a version")),
                ("event", value) => kind = Some(value.to_owned()),
                ("data", value) => assert!(data.replace(value.to_owned()).is_none()),
                ("", _) => {}
                (field, _) => panic!("what is {field}?"),
            }
        }
    }

    /// The kinds of all events until the stream ends.
    fn kinds(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next())
            .map(|event| event.kind)
            .collect()
    }

    #[track_caller]
    fn greets(&mut self, version: i64) {
        let greeting = Event {
            id: Some(version),
            kind: "ready".into(),
            data: json!({"version": version}),
        };
        assert_eq!(self.next(), Some(greeting));
    }

    #[track_caller]
    fn tells(&mut self, version: i64, kind: &str, comment: &Value) -> Value {
        let event = self.next().expect("the stream goes on");
        assert_eq!((event.id, event.kind.as_str()), (Some(version), kind));
        assert_eq!(event.data["version"], version);
        assert_eq!(event.data["type"], kind);
        assert_eq!(event.data["comment_id"], comment["id"]);
        event.data
    }
}

#[test]
fn a_stream_tells_what_happens_as_it_happens() {
    on_both(|app| {
        let first = app.comment("a", "1");
        let mut one = stream(app.get(&events(thread(&first))));
        let mut two = stream(app.get(&events(thread(&first))));
        one.greets(1);
        two.greets(1);
        let second = app.reply("a", &first, "2");
        for stream in [&mut one, &mut two] {
            let data = stream.tells(2, "comment.created", &second);
            assert_eq!(data["comment"]["body_html"], "<p>2</p>\n");
        }
        // What it tells is what the log tells.
        let told = log(app, thread(&first), 1, 100);
        app.comment("another page", "of which it tells nothing");
        app.delete(&path(&second))
            .bearer(token(&second))
            .send()
            .is(204);
        let gone = one.tells(3, "comment.deleted", &second);
        assert_eq!(gone["comment"], Value::Null);
        assert_eq!(told[0]["comment"]["id"], second["id"]);
        app.put(
            "/v1/moderation/threads",
            json!({"site": "blog", "url": page_url("a"), "state": "closed"}),
        )
        .bearer(&app.admin)
        .send()
        .is(200);
        let closed = one.tells(4, "thread.updated", &json!({"id": null}));
        assert_eq!(closed["thread"]["state"], "closed");
        two.tells(3, "comment.deleted", &second);
        two.tells(4, "thread.updated", &json!({"id": null}));
    });
}

#[test]
fn a_stream_resumes_where_it_broke_off() {
    on_both(|app| {
        let comments = ["1", "2", "3"].map(|text| app.comment("a", text));
        let events = events(thread(&comments[0]));
        let mut by_id = stream(app.get(&events).header("Last-Event-ID", "1"));
        let mut by_query = stream(app.get(&format!("{events}?since=1")));
        // The browser's header is fresher than the address it was given.
        let both = app.get(&format!("{events}?since=0"));
        let mut by_both = stream(both.header("Last-Event-ID", "1"));
        let mut current = stream(app.get(&format!("{events}?since=3")));
        for stream in [&mut by_id, &mut by_query, &mut by_both] {
            stream.tells(2, "comment.created", &comments[1]);
            stream.tells(3, "comment.created", &comments[2]);
        }
        let last = app.comment("a", "4");
        for stream in [&mut by_id, &mut by_query, &mut by_both, &mut current] {
            stream.tells(4, "comment.created", &last);
        }
    });
}

#[test]
fn a_stream_that_cannot_resume_says_so_and_ends() {
    on_both(|app| {
        let first = app.comment("a", "1");
        let path = events(thread(&first));
        let beyond = stream(app.get(&path).header("Last-Event-ID", "2"));
        assert_eq!(beyond.kinds(), ["resync"]);
        let beyond = stream(app.get(&format!("{path}?since=2")));
        assert_eq!(beyond.kinds(), ["resync"]);
        let unwritten = Uuid::new_v5(&Uuid::nil(), b"a page").to_string();
        let beyond = stream(app.get(&format!("{}?since=1", events(&unwritten))));
        assert_eq!(beyond.kinds(), ["resync"]);
        for last in ["x", "-1", "1.5", "99999999999"] {
            app.get(&path)
                .header("Last-Event-ID", last)
                .send()
                .refuses(400, "invalid_header");
        }
        app.get(&format!("{path}?since=x"))
            .send()
            .refuses(400, "invalid_query");
    });
}

#[test]
fn a_stream_makes_up_for_as_much_as_the_log_holds() {
    on_both(|app| {
        let first = app.comment("a", "1");
        app.sql(
            "INSERT INTO events (thread_id, version, kind, comment_id, at)
             SELECT e.thread_id, n.i, 'comment.updated', e.comment_id, e.at
             FROM events e, (WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                             SELECT i FROM n) n;
             UPDATE threads SET version = 500;",
        );
        let path = events(thread(&first));
        let mut stream = stream(app.get(&path).header("Last-Event-ID", "1"));
        for version in 2..=500 {
            stream.tells(version, "comment.updated", &first);
        }
        let second = app.comment("a", "2");
        stream.tells(501, "comment.created", &second);
    });
}

#[test]
fn a_stream_on_a_page_not_yet_written_hears_the_first_comment() {
    on_both(|app| {
        let page = app.page("new");
        let thread = page["thread"]["id"].as_str().unwrap();
        let mut now = stream(app.get(&events(thread)));
        let mut start = stream(app.get(&format!("{}?since=0", events(thread))));
        now.greets(0);
        let first = app.comment("new", "first");
        assert_eq!(first["thread_id"], page["thread"]["id"]);
        now.tells(1, "comment.created", &first);
        start.tells(1, "comment.created", &first);
    });
}

#[test]
fn a_stream_that_opens_amid_writing_misses_nothing() {
    on_both(|app| {
        let first = app.comment("a", "1");
        let path = events(thread(&first));
        // Somebody watches already, so that events are handed out at once.
        let mut always = stream(app.get(&path));
        always.greets(1);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !done.load(Ordering::SeqCst) {
                        app.reply("a", &first, "and on");
                    }
                });
            }
            let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for _ in 0..40 {
                    let mut stream = stream(app.get(&path));
                    let greeting = stream.next().unwrap();
                    assert_eq!(greeting.kind, "ready");
                    for step in 1..=2 {
                        let event = stream.next().unwrap();
                        assert_eq!(event.id, greeting.id.map(|id| id + step));
                    }
                }
            }));
            done.store(true, Ordering::SeqCst);
            if let Err(panic) = opened {
                std::panic::resume_unwind(panic);
            }
        });
        for version in 2..=100 {
            assert_eq!(always.next().unwrap().id, Some(version));
        }
    });
}

#[test]
fn there_is_room_for_so_many_streams_and_a_place_is_given_back() {
    on_both_with(&["--max-streams=1"], |app| {
        let first = app.comment("a", "1");
        let path = events(thread(&first));
        // Asking what a stream would be like takes no place.
        app.call("HEAD", &path).send().is(200);
        let mut only = stream(app.get(&path));
        only.greets(1);
        let refused = app.get(&path).send().refuses(503, "unavailable");
        assert_ne!(refused.header("retry-after"), "");
        app.comment("a", "and everything else goes on");
        drop(only);
        // That a reader has gone is noticed when there is something to tell.
        let mut next = eventually("room for the next stream", || {
            app.comment("a", "anybody there?");
            let response = app.get(&path).open();
            (response.status() == 200)
                .then(|| Stream(BufReader::new(response.into_body().into_reader()).lines()))
        });
        assert_eq!(next.next().unwrap().kind, "ready");
    });
}

#[test]
fn streams_end_in_order_when_the_service_stops() {
    on_both(|app| {
        let first = app.comment("a", "1");
        let mut open: Vec<_> = (0..3)
            .map(|_| stream(app.get(&events(thread(&first)))))
            .collect();
        for stream in &mut open {
            stream.greets(1);
        }
        app.stop();
        for mut stream in open {
            assert_eq!(stream.next(), None);
        }
    });
}

#[test]
fn what_another_process_writes_arrives_too() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let waiting = held(app, "a", "let me in");
        let thread = thread(&waiting);
        let mut live = stream(app.get(&events(thread)));
        live.greets(0);
        // What is at hand is looked at again, too.
        assert_eq!(app.page("a")["comments"]["items"], json!([]));
        let mut other = Command::new(env!("CARGO_BIN_EXE_postil"));
        other.args(["moderate", "approve", id(&waiting)]);
        other.arg("--data-dir").arg(app.dir.path());
        if let Database::Postgres(url) = app.database() {
            other.arg("--database").arg(url);
        }
        let done = other.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        eventually("comment on the page", || {
            let page = app.page("a");
            (page["comments"]["items"][0]["id"] == waiting["id"]).then_some(())
        });
        live.tells(1, "comment.created", &waiting);
    });
}
