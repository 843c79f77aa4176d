//! A service of a site's own that is asked about each comment, and that may fail in every way there is.
//! `tests/webhooks/adviser.py` has the signatures checked by others' code.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both, on_both_with};

const ADVISER: &str = "/v1/sites/blog/adviser";
const BESIDE: &[&str] = &["--outbound-networks=127.0.0.1"];

/// What an adviser does once it was asked.
#[derive(Clone)]
enum Script {
    /// Answers with these bytes.
    Say(String),
    /// Says nothing, and waits.
    Wait,
    /// Goes on for ever after these bytes.
    Flood(&'static str),
    /// Does something first, and has no opinion.
    Act(Arc<dyn Fn() + Send + Sync>),
}

/// A request as it arrived.
struct Asked {
    head: String,
    body: Value,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value).unwrap_or_default()
    }
}

/// An adviser on this machine.
struct Adviser {
    url: String,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Adviser {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let it = Self {
            url: format!("http://{}/judge?key=k", listener.local_addr().unwrap()),
            script: Arc::new(Mutex::new(Script::Say(no_opinion()))),
            asked: Arc::default(),
        };
        let (script, asked) = (it.script.clone(), it.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(request) = read(&mut stream) {
                    asked.lock().unwrap().push(request);
                    let script = script.lock().unwrap().clone();
                    std::thread::spawn(move || play(stream, script));
                }
            }
        });
        it
    }

    fn plays(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// Answers with a verdict.
    fn says(&self, verdict: Value) {
        self.plays(Script::Say(ok(&verdict.to_string())));
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn last(&self) -> Asked {
        self.asked.lock().unwrap().pop().expect("it was asked")
    }
}

fn no_opinion() -> String {
    "HTTP/1.1 204 No Content\r\n\r\n".into()
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .split_once("content-length: ")
                .and_then(|(_, rest)| rest.lines().next()?.parse().ok());
            if Some(body.len()) == length {
                let body = serde_json::from_str(body).unwrap();
                return Some(Asked {
                    head: head.to_owned(),
                    body,
                });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}

fn play(mut stream: TcpStream, script: Script) {
    match script {
        Script::Say(bytes) => {
            let _ = stream.write_all(bytes.as_bytes());
        }
        Script::Wait => {
            let _ = stream.read(&mut [0]);
        }
        Script::Flood(start) => {
            let _ = stream.write_all(start.as_bytes());
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        }
        Script::Act(act) => {
            act();
            let _ = stream.write_all(no_opinion().as_bytes());
        }
    }
}

fn put(app: &App, url: &str) -> Answer {
    let call = app.put(ADVISER, json!({"url": url}));
    call.bearer(&app.admin).send()
}

fn post(app: &App, text: &str) -> Answer {
    app.post("/v1/comments", comment("a", text)).send()
}

fn codes(answer: &Answer) -> Vec<&str> {
    let reasons = answer.body["reasons"].as_array().unwrap().iter();
    reasons
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

/// How many questions had this outcome.
fn counted(app: &App, outcome: &str) -> u32 {
    let start = format!("postil_advice_total{{outcome=\"{outcome}\"}} ");
    let metrics = app.get("/metrics").send().is(200).text();
    let found = metrics.lines().find_map(|line| line.strip_prefix(&start));
    found.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn an_adviser_is_named_and_its_secret_shown_once() {
    on_both(|app| {
        let read = || app.get(ADVISER).bearer(&app.admin).send();
        read().refuses(404, "not_found");
        let made = put(app, "https://adviser.example/judge").is(201).body;
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"), "{secret}");
        let kept = read().is(200).body;
        assert_eq!(kept["url"], "https://adviser.example/judge");
        assert_eq!(kept.get("secret"), None);
        let moved = put(app, "https://adviser.example/moved").is(200).body;
        assert_eq!(moved.get("secret"), None);
        assert_eq!(moved["secret_at"], made["secret_at"]);
        for url in [
            "",
            "adviser.example",
            "ftp://a.example",
            "https://u:p@a.example",
        ] {
            put(app, url).refuses(422, "endpoint_invalid");
        }
        let remove = || app.delete(ADVISER).bearer(&app.admin).send();
        remove().is(204);
        remove().is(204);
        read().refuses(404, "not_found");
        let nothing = app.call("POST", &format!("{ADVISER}/secret"));
        nothing.bearer(&app.admin).send().refuses(404, "not_found");
        let unknown = app.get("/v1/sites/nobody/adviser").bearer(&app.admin);
        unknown.send().refuses(404, "unknown_site");
        let again = put(app, "https://adviser.example/judge").is(201).body;
        assert_ne!(again["secret"], made["secret"]);
        // Of an address the record has no more than the origin.
        let record = app.get("/v1/moderation/audit").bearer(&app.admin).send();
        let lines = record.is(200).body["items"].as_array().unwrap().clone();
        let acts: Vec<_> = lines.iter().map(|line| &line["action"]).collect();
        assert_eq!(
            acts[..4],
            [
                "name_adviser",
                "remove_adviser",
                "name_adviser",
                "name_adviser"
            ]
        );
        let origin = json!({"adviser": "https://adviser.example"});
        assert_eq!(
            (&lines[1]["before"], &lines[0]["after"]),
            (&origin, &origin)
        );
    });
}

#[test]
fn a_new_secret_takes_over() {
    on_both(|app| {
        let first = put(app, "https://adviser.example/").is(201).body;
        let rotate = |key: &str| {
            let call = app.call("POST", &format!("{ADVISER}/secret"));
            call.bearer(&app.admin)
                .header("Idempotency-Key", key)
                .send()
        };
        let second = rotate("one").is(201).body;
        assert_ne!(second["secret"], first["secret"]);
        assert!(second["former_until"].is_string());
        let again = rotate("one").is(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body["secret"], second["secret"]);
        let third = rotate("two").is(201).body;
        assert_ne!(third["secret"], second["secret"]);
        rotate("one").refuses(409, "conflict");
    });
}

#[test]
fn commands_do_the_same() {
    on_both(|app| {
        let last = |text: &str| text.lines().last().unwrap().to_owned();
        let made = app.postil(&["adviser", "set", SITE, "https://adviser.example/"]);
        assert!(last(&made).starts_with("whsec_"), "{made}");
        let moved = app.postil(&["adviser", "set", SITE, "https://adviser.example/moved"]);
        assert!(!moved.contains("whsec_"), "{moved}");
        let rotated = app.postil(&["adviser", "rotate", SITE]);
        assert_ne!(last(&rotated), last(&made));
        let shown = app.postil(&["adviser", "show", SITE]);
        assert!(shown.starts_with("https://adviser.example/moved\n") && !shown.contains("whsec_"));
        app.postil(&["adviser", "remove", SITE]);
        let gone = app.get(ADVISER).bearer(&app.admin).send();
        gone.refuses(404, "not_found");
    });
}

#[test]
fn it_is_told_what_readers_would_see_and_nothing_else() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let page = json!({"site": SITE, "url": "https://blog.example/a", "title": "Tides"});
        app.put("/v1/moderation/threads", page)
            .bearer(&app.admin)
            .send()
            .is(201);
        let mut body = comment("a", "High *water*");
        // What a reader says of that is told nobody.
        body["title"] = json!("Pills");
        body["author"] =
            json!({"name": "Ada", "email": "ada@mail.example", "website": "https://ada.example"});
        let posted = app.post("/v1/comments", body).send().is(201).body;
        let asked = adviser.last();
        let id = asked.header("webhook-id");
        assert!(id.starts_with("msg_"), "{id}");
        assert!(asked.header("webhook-signature").starts_with("v1,"));
        assert!(asked.head.starts_with("POST /judge?key=k HTTP/1.1"));
        let told = json!({
            "type": "comment.submitted",
            "timestamp": asked.body["timestamp"],
            "data": {
                "site": SITE,
                "url": "https://blog.example/a",
                "title": "Tides",
                "comment_id": null,
                "parent_id": null,
                "body": "High *water*",
                "body_html": "<p>High <em>water</em></p>\n",
                "author": {"id": null, "kind": "guest", "name": "Ada", "website": "https://ada.example/",
                           "verified": false, "approved": 0, "rejected": 0},
            },
        });
        assert_eq!(asked.body, told);
        // The second time, who it is is known.
        let token = posted["token"].as_str().unwrap();
        let mut answer = comment("a", "Higher");
        answer["parent_id"] = posted["id"].clone();
        let call = app.post("/v1/comments", answer).bearer(token);
        call.send().is(201);
        let asked = adviser.last();
        let data = &asked.body["data"];
        assert_eq!(data["parent_id"], posted["id"]);
        assert_eq!(data["author"]["id"], posted["author"]["id"]);
        assert_eq!(data["author"]["name"], "Ada");
        let all = asked.head + &asked.body.to_string();
        assert!(
            !all.contains("mail.example") && !all.contains("127.0.0.1,"),
            "{all}"
        );
    });
}

#[test]
fn its_verdict_counts_after_the_sites_own_rules() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        post(app, "No opinion").is(201);
        adviser.says(json!({"verdict": "hold", "reason": "Look\nat this"}));
        let held = post(app, "Hold").is(202);
        assert_eq!(
            held.body["reasons"],
            json!([{"code": "advised", "detail": "Look at this"}])
        );
        adviser.says(json!({"verdict": "reject"}));
        let rejected = post(app, "Reject").is(202);
        assert_eq!(rejected.body["status"], "rejected");
        assert_eq!(codes(&rejected), ["advised"]);
        adviser.says(json!({"verdict": "allow"}));
        app.policy(json!({"hold_first": true}));
        post(app, "Allowed, though it is somebody new").is(201);
        app.policy(json!({"moderation": "pre"}));
        assert_eq!(codes(&post(app, "Held")), ["premoderated"]);
        for (outcome, count) in [("None", 1), ("Hold", 1), ("Reject", 1), ("Allow", 2)] {
            assert_eq!(counted(app, outcome), count, "{outcome}");
        }
    });
}

#[test]
fn an_edit_is_asked_about_too_but_nothing_of_staff_or_strangers() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let mine = post(app, "One").is(201).body;
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        let edit =
            |token: &str, text: &str| app.patch(&path, json!({"body": text})).bearer(token).send();
        let own = mine["token"].as_str().unwrap();
        adviser.says(json!({"verdict": "hold"}));
        assert_eq!(codes(&edit(own, "Two").is(202)), ["advised"]);
        let asked = adviser.last();
        assert_eq!(asked.body["type"], "comment.edited");
        assert_eq!(asked.body["data"]["comment_id"], mine["id"]);
        assert_eq!(asked.body["data"]["body"], "Two");
        let before = adviser.times();
        edit(own, "Two").is(202);
        edit(&app.guest(), "Three").refuses(403, "forbidden");
        let call = app.post("/v1/comments", comment("a", "From Mona"));
        call.bearer(&app.moderator).send().is(201);
        assert_eq!(adviser.times(), before);
    });
}

#[test]
fn what_is_no_answer_counts_as_no_opinion() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let redirect =
            |url: &str| format!("HTTP/1.1 307 X\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n");
        for (script, outcome) in [
            (Script::Wait, "Late"),
            (
                Script::Flood("HTTP/1.1 200 OK\r\n\r\n{\"verdict\":\"reject\""),
                "Large",
            ),
            (Script::Say(ok("")), "Garbage"),
            (Script::Say(ok("{\"verdict\":\"perhaps\"}")), "Garbage"),
            (Script::Say(redirect("http://127.0.0.1:1/")), "Redirect"),
            (Script::Say(redirect(&adviser.url)), "Redirect"),
            (
                Script::Say("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".into()),
                "Status",
            ),
            (
                Script::Say("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{".into()),
                "Broken",
            ),
            (Script::Say(String::new()), "Broken"),
            (Script::Say("\u{0}\u{1}".into()), "Broken"),
        ] {
            let (before, times) = (counted(app, outcome), adviser.times());
            adviser.plays(script);
            post(app, "All the same").is(201);
            assert_eq!(counted(app, outcome), before + 1, "{outcome}");
            assert_eq!(adviser.times(), times + 1, "{outcome}");
            // Whoever answers now and then is not left alone.
            adviser.plays(Script::Say(no_opinion()));
            post(app, "In between").is(201);
        }
        // Moderators are told of the silence, its author is not.
        app.policy(json!({"moderation": "pre"}));
        adviser.plays(Script::Say(ok("nonsense")));
        let held = post(app, "Held").is(202);
        assert_eq!(codes(&held), ["premoderated"]);
        let queue = app.get("/v1/moderation/comments").bearer(&app.moderator);
        let item = queue.send().is(200).body["items"][0].clone();
        assert_eq!(item["opinions"][1]["phase"], "adviser");
        assert_eq!(item["opinions"][1]["says"], "note");
        assert_eq!(item["opinions"][1]["reason"]["code"], "no_advice");
    });
}

#[test]
fn a_dead_adviser_is_left_alone() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        adviser.plays(Script::Say(String::new()));
        for n in 0..6 {
            post(app, &format!("Number {n}")).is(201);
        }
        assert_eq!(adviser.times(), 3);
        assert_eq!((counted(app, "Broken"), counted(app, "Resting")), (3, 3));
    });
}

#[test]
fn nothing_on_this_machine_is_called_unless_the_operator_names_it() {
    on_both_with(&["--outbound-networks=10.0.0.0/8,127.0.0.2"], |app| {
        let adviser = Adviser::start();
        let by_name = adviser.url.replace("127.0.0.1", "localhost");
        let encrypted = adviser.url.replace("http:", "https:");
        for url in [&adviser.url, &by_name, &encrypted] {
            put(app, url);
            post(app, "Hello").is(201);
        }
        assert_eq!((adviser.times(), counted(app, "Forbidden")), (0, 3));
    });
}

#[test]
fn what_changed_while_it_was_asked_counts() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let thread = post(app, "First").is(201).body["thread_id"].clone();
        let agent = ureq::Agent::new_with_defaults();
        let path = format!("/v1/moderation/threads/{}", thread.as_str().unwrap());
        let (url, token) = (format!("{}{path}", app.url), app.moderator.clone());
        let close = move || {
            let call = agent
                .patch(&url)
                .header("authorization", format!("Bearer {token}"));
            let call = call.header("content-type", "application/json");
            call.send(r#"{"state": "closed"}"#).unwrap();
        };
        adviser.plays(Script::Act(Arc::new(close)));
        post(app, "Too late").refuses(409, "thread_closed");
    });
}

#[test]
fn nobody_is_asked_about_what_is_turned_away() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let send = || {
            let call = app.post("/v1/comments", comment("a", "Once"));
            call.header("Idempotency-Key", "the-same").send()
        };
        let mine = send().is(201).body;
        assert_eq!(send().is(201).header("idempotency-replayed"), "true");
        app.policy(json!({"proof_of_work": "guests"}));
        post(app, "No work").refuses(422, "work_required");
        let mut body = comment("a", "Wrong work");
        body["work"] = json!("nonsense");
        let wrong = app.post("/v1/comments", body).send();
        wrong.refuses(422, "work_invalid");
        app.policy(json!({"proof_of_work": "off", "edit_window": 0}));
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        let own = mine["token"].as_str().unwrap();
        let edit = |text: &str| app.patch(&path, json!({"body": text})).bearer(own).send();
        edit("Too late").refuses(403, "edit_window_over");
        app.policy(json!({"edit_window": 900}));
        let ban = app.post(
            "/v1/moderation/bans",
            json!({"kind": "person", "person": mine["author"]["id"]}),
        );
        ban.bearer(&app.moderator).send().is(201);
        edit("Banned").refuses(403, "banned");
        let banned = app.post("/v1/comments", comment("a", "Banned"));
        banned.bearer(own).send().refuses(403, "banned");
        let thread = mine["thread_id"].as_str().unwrap();
        let path = format!("/v1/moderation/threads/{thread}");
        let close = app.patch(&path, json!({"state": "closed"}));
        close.bearer(&app.moderator).send().is(200);
        post(app, "Too late").refuses(409, "thread_closed");
        assert_eq!(adviser.times(), 1);
    });
}

#[test]
fn a_slow_adviser_leaves_room_for_others() {
    on_both_with(BESIDE, |app| {
        let (slow, quick) = (Adviser::start(), Adviser::start());
        slow.plays(Script::Wait);
        put(app, &slow.url).is(201);
        let other = json!({"slug": "other", "origins": ["https://other.example"]});
        let made = app.post("/v1/sites", other).bearer(&app.admin);
        made.send().is(201);
        let named = app.put("/v1/sites/other/adviser", json!({"url": quick.url}));
        named.bearer(&app.admin).send().is(201);
        quick.says(json!({"verdict": "reject"}));
        std::thread::scope(|threads| {
            for n in 0..20 {
                threads.spawn(move || post(app, &format!("Number {n}")).is(201));
            }
            while slow.times() < 4 {
                std::thread::yield_now();
            }
            let mut body = comment("a", "Elsewhere");
            body["site"] = json!("other");
            body["url"] = json!("https://other.example/a");
            let rejected = app.post("/v1/comments", body).send().is(202);
            assert_eq!(codes(&rejected), ["advised"]);
        });
        assert!(slow.times() <= 8, "each place is free again once at most");
    });
}

#[test]
fn an_adviser_is_not_blamed_for_a_crowd() {
    on_both_with(BESIDE, |app| {
        let adviser = Adviser::start();
        put(app, &adviser.url).is(201);
        let slowly = || std::thread::sleep(Duration::from_millis(300));
        adviser.plays(Script::Act(Arc::new(slowly)));
        std::thread::scope(|threads| {
            for n in 0..28 {
                threads.spawn(move || post(app, &format!("Number {n}")).is(201));
            }
        });
        let before = adviser.times();
        post(app, "After the crowd").is(201);
        assert_eq!((adviser.times(), counted(app, "Resting")), (before + 1, 0));
    });
}
