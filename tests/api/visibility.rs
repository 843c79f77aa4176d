//! What is withheld is withheld on every road: every address that answers GET, and every kind of letter, against every way in which
//! something can be kept from the public. A road that is in neither table fails, so that a new one has to be thought of.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::letters::{self, Letters, follower};
use crate::support::{Answer, App, SITE, comment, eventually, on_both, on_both_with, page_url};

/// Words that only the withheld comment, its author and its page hint bear.
const SECRETS: &[&str] = &[
    "zaubertext",
    "Zaubername",
    "zauberseite",
    "zauberwort",
    "zaubertitel",
];

/// Every address that answers GET, and who gets something from there. What is for everybody is walked by [`read_all`].
const ROADS: &[(&str, For)] = &[
    ("/v1/threads", For::Everybody),
    ("/v1/threads/{thread}/comments", For::Everybody),
    ("/v1/threads/{thread}/changes", For::Everybody),
    ("/v1/threads/{thread}/events", For::Everybody),
    ("/v1/threads/{thread}/feed", For::Everybody),
    ("/v1/threads/{thread}/html", For::Everybody),
    ("/v1/threads/{thread}/annotations", For::Everybody),
    ("/v1/threads/{thread}/anchors", For::Everybody),
    ("/v1/threads/{thread}/me", For::Everybody),
    ("/v1/sites/{site}/feed", For::Everybody),
    ("/v1/counts", For::Everybody),
    ("/v1/comments/{id}", For::Everybody),
    ("/v1/comments/{id}/replies", For::Everybody),
    ("/v1/comments/{id}/history", For::Everybody),
    ("/v1/identity/earlier", For::Everybody),
    ("/s/manage/{token}", For::Everybody),
    ("/s/decide/{token}", For::Everybody),
    // Say which choice a letter is about, in the same words as the page of all of them.
    ("/s/confirm/{token}", For::Everybody),
    ("/s/unsubscribe/{token}", For::Everybody),
    ("/v1/challenges", For::Nothing),
    ("/s/sign-in/{token}", For::Nothing),
    ("/s/moderator/{token}", For::Nothing),
    ("/v1/sessions", For::Nothing),
    ("/v1/moderation/comments", For::Staff),
    ("/v1/moderation/counts", For::Staff),
    ("/v1/moderation/events", For::Staff),
    ("/v1/moderation/bans", For::Staff),
    ("/v1/moderation/threads", For::Staff),
    ("/v1/moderation/threads/{thread}", For::Staff),
    ("/v1/moderation/joins", For::Staff),
    ("/v1/moderation/people/{id}", For::Staff),
    ("/v1/moderation/reports", For::Staff),
    ("/v1/moderation/audit", For::Staff),
    ("/v1/moderation/audit/export", For::Staff),
    ("/v1/moderation/stats", For::Staff),
    ("/v1/moderation/rules/{list}", For::Staff),
    ("/v1/sites", For::Staff),
    ("/v1/sites/{site}", For::Staff),
    ("/v1/sites/{site}/adviser", For::Staff),
    ("/v1/sites/{site}/jobs", For::Staff),
    ("/v1/jobs/{id}", For::Staff),
    ("/v1/tokens", For::Staff),
    ("/healthz", For::Nothing),
    ("/readyz", For::Nothing),
    ("/metrics", For::Nothing),
    ("/openapi.yaml", For::Nothing),
    ("/postil.js", For::Nothing),
    ("/postil/{name}", For::Nothing),
    ("/demo", For::Nothing),
    ("/demo/", For::Nothing),
    ("/demo/demo.css", For::Nothing),
];

/// Every kind of later work, and whether it tells readers of comments.
const LETTERS: &[(&str, bool)] = &[
    ("comment.news", true),
    // Becomes news.
    ("comment.published", true),
    // To its own author.
    ("comment.approved", false),
    ("comment.rejected", false),
    // To moderators.
    ("comment.waiting", false),
    // Name a page and a time.
    ("notice.received", false),
    ("notice.decided", false),
    // Name nobody's words.
    ("confirm", false),
    ("sign_in", false),
    ("subscriptions_link", false),
];

/// Who gets something from a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever asks, or whoever was sent a letter.
    Everybody,
    /// Whoever has a role.
    Staff,
    /// Nobody gets anything of a thread there.
    Nothing,
}

#[test]
fn every_road_is_in_the_table() {
    // The calls of the route table, each with its address and its methods.
    let table = include_str!("../../src/http/mod.rs");
    let mut readable = BTreeSet::new();
    let mut bound = Vec::new();
    for part in table.split(';') {
        if let Some((_, name)) = part.split_once("let ").filter(|_| part.contains("on(")) {
            let name = name.split(' ').next().unwrap();
            bound.push((name.to_owned(), part.contains("on(GET")));
        }
        let Some((_, call)) = part.split_once("at(") else {
            continue;
        };
        let Some(path) = call.split('"').nth(1).filter(|path| path.starts_with('/')) else {
            continue;
        };
        let last = call
            .rsplit(',')
            .map(str::trim)
            .find(|word| !matches!(*word, "" | ")"));
        let name = last.unwrap_or_default().trim_end_matches(')').trim();
        let reads = call.contains("on(GET")
            || bound
                .iter()
                .rev()
                .find(|(own, _)| own == name)
                .is_some_and(|(_, reads)| *reads);
        if reads {
            readable.insert(path.to_owned());
        }
    }
    let known: BTreeSet<String> = ROADS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(known, readable);
}

#[test]
fn every_kind_of_letter_is_in_the_table() {
    let kinds = include_str!("../../src/store/outbox.rs").lines();
    let kinds = kinds.filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \""));
    let kinds: BTreeSet<&str> = kinds
        .map(|(_, kind)| kind.trim_end_matches("\";"))
        .collect();
    let known: BTreeSet<&str> = LETTERS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(known, kinds);
}

/// A comment that is withheld in some way.
struct Withheld {
    page: String,
    thread: String,
    comment: Value,
}

/// A comment full of secrets on a page of its own.
fn write(app: &App, page: &str, status: u16) -> Value {
    let mut body = comment(page, "zaubertext");
    body["author"] = json!({"name": "Zaubername", "website": "https://zauberseite.example/"});
    body["title"] = json!("zaubertitel");
    body["target"] = json!({"exact": "zauberwort", "prefix": "vor zauberwort ", "suffix": " nach zauberwort", "key": "zauberwort"});
    app.post("/v1/comments", body).send().is(status).body
}

fn decide(app: &App, comment: &Value, action: &str) {
    let body = json!({"action": action, "ids": [comment["id"]]});
    let decided = app
        .post("/v1/moderation/actions", body)
        .bearer(&app.moderator);
    assert_eq!(decided.send().is(200).body["items"][0]["ok"], true);
}

fn path_of(comment: &Value) -> String {
    format!("/v1/comments/{}", comment["id"].as_str().unwrap())
}

fn hide(app: &App, comment: &Value, hidden: bool) {
    let path = format!(
        "/v1/moderation/threads/{}",
        comment["thread_id"].as_str().unwrap()
    );
    let body = json!({"hidden": hidden});
    app.patch(&path, body).bearer(&app.moderator).send().is(200);
}

/// Everything by which a comment can be withheld, each on a page of its own.
const STATES: &[&str] = &[
    "hidden", "held", "rejected", "spam", "trash", "deleted", "answered", "waiting",
];

fn withhold(app: &App, state: &str) -> Withheld {
    let comment = match state {
        "held" => {
            app.policy(json!({"moderation": "pre"}));
            let held = write(app, state, 202);
            app.policy(json!({"moderation": "post"}));
            held
        }
        "waiting" => {
            // The public reads the text before.
            app.comment(state, "Harmless");
            let plain = app
                .post("/v1/comments", comment(state, "Harmless too."))
                .send()
                .is(201)
                .body;
            app.policy(json!({"moderation": "pre"}));
            let edit = json!({"body": "zaubertext"});
            let token = plain["token"].as_str().unwrap();
            app.patch(&path_of(&plain), edit)
                .bearer(token)
                .send()
                .is(202);
            app.policy(json!({"moderation": "post"}));
            plain
        }
        _ => write(app, state, 201),
    };
    keep_back(app, state, &comment);
    Withheld {
        page: state.to_owned(),
        thread: comment["thread_id"].as_str().unwrap().to_owned(),
        comment,
    }
}

/// Keeps a comment that was published from the public, in one of these ways.
fn keep_back(app: &App, state: &str, comment: &Value) {
    let token = comment["token"].as_str().unwrap();
    match state {
        "hidden" => hide(app, comment, true),
        "deleted" => {
            app.delete(&path_of(comment)).bearer(token).send().is(204);
        }
        "answered" => {
            // A tombstone stays.
            app.reply(state, comment, "An answer");
            decide(app, comment, "reject");
        }
        "rejected" => decide(app, comment, "reject"),
        "spam" | "trash" => decide(app, comment, state),
        _ => {}
    }
}

/// The stream of all that happened in a thread so far.
fn stream(app: &App, thread: &str, version: i64) -> String {
    let path = format!("/v1/threads/{thread}/events?since=0");
    let mut response = app.get(&path).open();
    let mut lines = BufReader::new(response.body_mut().as_reader()).lines();
    let mut all = String::new();
    let last = format!("id: {version}");
    // An event is its id, its type and its data.
    let mut left = usize::MAX;
    while left > 0 && version > 0 {
        let Some(Ok(line)) = lines.next() else {
            break;
        };
        left = if line == last { 3 } else { left };
        left -= 1;
        all += &line;
    }
    all
}

/// All that everybody is told of a page on every road, each with its name.
fn read_all(app: &App, it: &Withheld, reader: &str) -> Vec<(String, String)> {
    let (thread, page) = (&it.thread, page_url(&it.page));
    let comment = it.comment["id"].as_str().unwrap();
    let first = app.page(&it.page);
    let version = first["thread"]["version"].as_i64().unwrap();
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let mut roads = vec![
        format!("/v1/threads?site={SITE}&url={page}"),
        format!("/v1/threads/{thread}/comments?filter=inline"),
        format!("/v1/threads/{thread}/changes?since=0&limit=100"),
        format!("/v1/threads/{thread}/feed"),
        format!("/v1/threads/{thread}/html"),
        format!("/v1/threads/{thread}/annotations"),
        format!("/v1/threads/{thread}/annotations?page=comments"),
        format!("/v1/threads/{thread}/annotations?page=questions"),
        format!("/v1/threads/{thread}/anchors?text={hash}"),
        format!("/v1/threads/{thread}/me"),
        format!("/v1/sites/{SITE}/feed"),
        format!("/v1/counts?site={SITE}&url={page}"),
        format!("/v1/comments/{comment}"),
        format!("/v1/comments/{comment}/replies"),
        format!("/v1/comments/{comment}/history"),
    ];
    if let Some(passage) = it.comment["passage_id"].as_str() {
        roads.push(format!("/v1/threads/{thread}/comments?passage={passage}"));
    }
    for sort in ["newest", "oldest", "top", "active"] {
        roads.push(format!("/v1/threads/{thread}/comments?sort={sort}"));
    }
    let mut all = Vec::new();
    for road in roads {
        // As nobody, and as somebody who is known.
        all.push((road.clone(), app.get(&road).send().text()));
        all.push((road.clone(), app.get(&road).bearer(reader).send().text()));
    }
    all.push(("events".into(), stream(app, thread, version)));
    let text = json!({"text": "vor zauberwort zauberwort nach zauberwort"});
    let anchors = app
        .post(&format!("/v1/threads/{thread}/anchors"), text)
        .send();
    all.push(("anchors".into(), anchors.text()));
    all
}

#[test]
fn what_is_withheld_comes_out_on_no_road() {
    on_both(|app| {
        app.policy(json!({"public_history": true, "quotations": "trusted", "hold_repeats": false}));
        let reader = app.guest();
        for state in STATES {
            let it = withhold(app, state);
            for (road, told) in read_all(app, &it, &reader) {
                for secret in SECRETS {
                    // Of a text that waits beside another the name is public.
                    assert!(
                        !told.contains(secret),
                        "{state}: {secret} on {road}: {told}"
                    );
                }
                let is_hidden = *state == "hidden" && !road.starts_with("/v1/comments");
                let id = it.comment["id"].as_str().unwrap();
                assert!(
                    !is_hidden || !told.contains(id),
                    "{state}: the id on {road}: {told}"
                );
            }
        }
    });
}

#[test]
fn the_roads_would_tell_what_is_not_withheld() {
    on_both(|app| {
        app.policy(json!({"public_history": true}));
        let reader = app.guest();
        let comment = write(app, "shown", 201);
        let it = Withheld {
            page: "shown".into(),
            thread: comment["thread_id"].as_str().unwrap().into(),
            comment,
        };
        let all = read_all(app, &it, &reader);
        let telling = |secret: &str| all.iter().filter(|(_, told)| told.contains(secret)).count();
        // The page, the lists, changes, events, feeds, plain HTML, annotations, permalink, history.
        assert!(telling("zaubertext") >= 20, "{}", telling("zaubertext"));
        assert!(telling("Zaubername") >= 18 && telling("zauberwort") >= 6);
        // A reader's title is told on none.
        assert_eq!(telling("zaubertitel"), 0);
        // Shown again, a hidden thread is read anew.
        hide(app, &it.comment, true);
        let version = app.page("shown")["thread"]["version"].as_i64().unwrap();
        hide(app, &it.comment, false);
        let path = format!("/v1/threads/{}/changes?since={version}", it.thread);
        let changes = app.get(&path).send().is(200).body;
        assert_eq!(changes["items"][0]["type"], "thread.reset");
    });
}

#[test]
fn whoever_read_a_thread_before_it_was_hidden_reads_it_anew() {
    on_both(|app| {
        let comment = write(app, "a", 201);
        let path = format!("/v1/threads/{}", comment["thread_id"].as_str().unwrap());
        hide(app, &comment, true);
        let page = app.page("a");
        let version = page["thread"]["version"].as_i64().unwrap();
        assert_eq!(
            (&page["thread"]["state"], &page["comments"]["items"]),
            (&json!("closed"), &json!([]))
        );
        app.get(&format!("{path}/changes?since=0"))
            .send()
            .refuses(410, "resync");
        let changes = app
            .get(&format!("{path}/changes?since={version}"))
            .send()
            .is(200);
        assert_eq!(changes.body["items"], json!([]));
        assert!(
            stream(app, comment["thread_id"].as_str().unwrap(), version).contains("event: resync")
        );
        // Nothing can be done to what is in it, by its id either.
        let guest = app.guest();
        let vote = app.put(&format!("{}/vote", path_of(&comment)), json!({"value": 1}));
        vote.bearer(&guest).send().refuses(404, "not_found");
        let follow = json!({"site": SITE, "scope": "comment", "comment_id": comment["id"], "email": "a@example.org"});
        let follow = app.post("/v1/subscriptions", follow).send();
        follow.refuses(422, "comment_unknown");
        let me = app
            .get(&format!("{path}/me"))
            .bearer(&guest)
            .send()
            .is(200)
            .body;
        assert_eq!(me["can"], json!([]));
        // Its author reads what they wrote.
        let history = app.get(&format!("{}/history", path_of(&comment)));
        history
            .bearer(comment["token"].as_str().unwrap())
            .send()
            .is(200);
    });
}

#[test]
fn letters_that_are_due_later_tell_nothing_that_was_withheld_meanwhile() {
    on_both_with(&["--mail-quiet-seconds=3600"], |app| {
        app.policy(json!({"public_history": true, "hold_repeats": false}));
        let letters = Letters::of(app);
        let states = ["hidden", "rejected", "spam", "trash", "deleted", "answered"];
        for state in states.iter().chain(&["shown"]) {
            follower(app, &letters, state, &format!("{state}@example.org"));
        }
        let written = states.map(|state| write(app, state, 201));
        app.comment("shown", "This may be told");
        let due = "SELECT COUNT(*) AS count FROM outbox WHERE kind = 'comment.published' AND state = 'waiting'";
        eventually("news", || (letters.count(due) == 0).then_some(()));
        for (state, comment) in states.iter().zip(&written) {
            keep_back(app, state, comment);
        }
        app.sql("UPDATE outbox SET due_at = 0 WHERE kind = 'comment.news'");
        let waiting = "SELECT COUNT(*) AS count FROM outbox WHERE kind = 'comment.news' AND state = 'waiting' AND due_at = 0";
        eventually("end of the news", || {
            (letters.count(waiting) == 0).then_some(())
        });
        let sent = letters::sent(app);
        assert!(
            sent.iter()
                .any(|letter| letter.contains("This may be told")),
            "nothing was told at all"
        );
        for letter in sent {
            for secret in SECRETS {
                assert!(!letter.contains(secret), "{secret}: {letter}");
            }
        }
    });
}

#[test]
fn pages_behind_letters_name_nobody_who_is_withheld() {
    on_both(|app| {
        app.policy(json!({"hold_repeats": false}));
        let letters = Letters::of(app);
        for (state, is_named) in [("shown", true), ("rejected", false), ("hidden", false)] {
            let email = format!("{state}@example.org");
            let comment = write(app, state, 201);
            for wish in [
                json!({"site": SITE, "scope": "comment", "comment_id": comment["id"], "email": email}),
                json!({"site": SITE, "scope": "author", "author_id": comment["author"]["id"], "email": email}),
            ] {
                app.post("/v1/subscriptions", wish).send().is(202);
            }
            match state {
                "rejected" => decide(app, &comment, "reject"),
                "hidden" => hide(app, &comment, true),
                _ => {}
            }
            let confirm = letters.asked(&email).remove(0);
            let mut told = app.get(&letters.manage(&email)).send().text();
            told += &app.get(&confirm).send().text();
            assert_eq!(told.contains("Zaubername"), is_named, "{state}: {told}");
        }
    });
}

#[test]
fn a_former_moderator_reads_nothing_by_the_links_that_they_were_sent() {
    on_both(|app| {
        let nora = [
            "moderator",
            "add",
            SITE,
            "Nora",
            "--email",
            "nora@example.org",
        ];
        let printed = app.postil(&nora);
        let id = printed
            .split("(person ")
            .nth(1)
            .unwrap()
            .split(')')
            .next()
            .unwrap()
            .to_owned();
        app.policy(json!({"moderation": "pre"}));
        write(app, "a", 202);
        let letter = eventually("letter", || letters::sent(app).pop());
        let letter = letter.replace("=\r\n", "");
        let start = letter.find("/s/decide/").unwrap();
        let link = letter[start..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned();
        assert!(app.get(&link).send().is(200).text().contains("zaubertext"));
        app.patch(
            &format!("/v1/moderation/people/{id}"),
            json!({"role": "author"}),
        )
        .bearer(&app.admin)
        .send()
        .is(200);
        let told: Answer = app.get(&link).send().is(410);
        for secret in SECRETS {
            assert!(!told.text().contains(secret), "{secret}");
        }
    });
}

#[test]
fn who_is_banned_says_nothing_more() {
    on_both(|app| {
        let before = app.comment("a", "Harmless");
        let ban = json!({"kind": "person", "comment": before["id"]});
        app.post("/v1/moderation/bans", ban)
            .bearer(&app.moderator)
            .send()
            .is(201);
        let mut body = comment("a", "zaubertext");
        body["target"] = json!({"exact": "zauberwort"});
        app.post("/v1/comments", body)
            .bearer(before["token"].as_str().unwrap())
            .send()
            .refuses(403, "banned");
        let it = Withheld {
            page: "a".into(),
            thread: before["thread_id"].as_str().unwrap().into(),
            comment: before,
        };
        for (road, told) in read_all(app, &it, &app.guest()) {
            assert!(!told.contains("zauber"), "{road}: {told}");
        }
    });
}
