//! What pages say of themselves: their titles and addresses, and whether quoted words stand in them. Until then a reader's word
//! for it is shown to nobody but moderators.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::letters::Letters;
use crate::support::{Answer, App, eventually, on_both, on_both_with};

/// Pages on this machine are asked.
const ASKING: &[&str] = &["--fetch-pages=true", "--outbound-networks=127.0.0.0/8"];

const ARTICLE: &str = "<!doctype html><title>Tide tables</title><h1>Tide tables</h1>
    <p>The tables of the harbour were printed in <em>March</em>. High water was given at six. The pilots knew better.</p>
    <noscript><p>A reader's comment</p></noscript>";

/// A publisher on a port of its own.
struct Publisher {
    origin: String,
    pages: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Publisher {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let it = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            pages: Arc::default(),
            asked: Arc::default(),
        };
        let (pages, asked) = (it.pages.clone(), it.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &pages, &asked);
            }
        });
        it
    }

    /// Puts a page there.
    fn says(&self, path: &str, html: &str) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n";
        self.answers(path, &format!("{head}{html}"));
    }

    fn answers(&self, path: &str, bytes: &str) {
        let mut pages = self.pages.lock().unwrap();
        pages.insert(path.to_owned(), bytes.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

fn answer(
    mut stream: TcpStream,
    pages: &Mutex<HashMap<String, String>>,
    asked: &Mutex<Vec<String>>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    while lines
        .next()
        .and_then(Result::ok)
        .is_some_and(|line| !line.is_empty())
    {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(path.clone());
    let page = pages.lock().unwrap().get(&path).cloned();
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(page.as_deref().unwrap_or(missing).as_bytes());
}

/// A site of that publisher's, which asks its pages and trusts nobody's word for them.
struct Site<'a> {
    app: &'a App,
    publisher: Publisher,
}

impl<'a> Site<'a> {
    fn of(app: &'a App, policy: Value) -> Self {
        let publisher = Publisher::start();
        publisher.says("/a", ARTICLE);
        let mut rules = json!({"spam_hold": null, "hold_repeats": false});
        for (name, value) in policy.as_object().unwrap() {
            rules[name] = value.clone();
        }
        let site = json!({"slug": "press", "name": "Press", "origins": [publisher.origin], "policy": rules});
        app.post("/v1/sites", site)
            .bearer(&app.admin)
            .send()
            .is(201);
        Self { app, publisher }
    }

    fn comment(&self, path: &str, more: Value) -> Answer {
        let mut body =
            json!({"site": "press", "url": self.publisher.url(path), "body": "Is that so?"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.app.post("/v1/comments", body).send()
    }

    fn quote(&self, words: &str) -> Answer {
        self.comment("/a", json!({"target": {"exact": words}}))
    }

    fn page(&self, path: &str) -> Value {
        let url = self.publisher.url(path);
        let path = format!("/v1/threads?site=press&url={url}");
        self.app.get(&path).send().is(200).body
    }

    fn thread(&self) -> String {
        text(&self.page("/a")["thread"]["id"])
    }

    fn passage(&self) -> Value {
        self.page("/a")["passages"][0].clone()
    }

    /// Waits until the page's one passage is so.
    fn until(&self, quotation: &str) -> Value {
        eventually(quotation, || {
            Some(self.passage()).filter(|passage| passage["quotation"] == quotation)
        })
    }

    /// Waits until the page has said what it is called.
    fn is_asked(&self) -> Value {
        eventually("title of the page's own", || {
            Some(self.page("/a")["thread"].clone()).filter(|thread| !thread["title"].is_null())
        })
    }

    fn decide(&self, comment: &Value, action: &str) {
        let body = json!({"action": action, "ids": [comment["id"]]});
        let decided = self.app.post("/v1/moderation/actions", body);
        let decided = decided.bearer(&self.app.admin).send().is(200).body;
        assert_eq!(decided["items"][0]["ok"], true, "{decided}");
    }

    fn queued(&self, comment: &Value) -> Value {
        let author = text(&comment["author"]["id"]);
        let path = format!("/v1/moderation/comments?site=press&status=any&author={author}");
        let list = self.app.get(&path).bearer(&self.app.admin).send().is(200);
        let items = list.body["items"].as_array().unwrap().clone();
        let own = items.into_iter().find(|item| item["id"] == comment["id"]);
        own.unwrap()
    }

    /// All that the public can read of the page.
    fn public(&self) -> String {
        let thread = self.thread();
        let mut all = self.page("/a").to_string();
        for road in [
            "comments",
            "changes?since=0",
            "annotations",
            "annotations?page=comments",
            "feed",
            "html",
        ] {
            all += &self
                .app
                .get(&format!("/v1/threads/{thread}/{road}"))
                .send()
                .text();
        }
        all + &self.app.get("/v1/sites/press/feed").send().text()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_page_is_called_what_it_calls_itself_and_never_what_a_reader_says() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({"moderation": "pre"}));
        let lie = json!({"title": "Buy cheap pills"});
        let held = site.comment("/a", lie.clone()).is(202).body;
        assert!(!site.public().contains("pills"), "{}", site.public());
        let thread = site.is_asked();
        assert_eq!(thread["title"], "Tide tables");
        assert_eq!(site.queued(&held)["page_hint"]["title"], "Buy cheap pills");
        site.decide(&held, "approve");
        assert!(!site.public().contains("pills"));
        assert!(site.public().contains("Comments on Tide tables"));
        assert_eq!(site.queued(&held)["page_hint"], Value::Null);
        // What the publisher says counts before that, and the title of a page that is known is no hint.
        let named = json!({"site": "press", "url": site.publisher.url("/a"), "title": "On tides"});
        let named = app.put("/v1/moderation/threads", named).bearer(&app.admin);
        assert_eq!(named.send().is(200).body["title"], "On tides");
        let other = site.comment("/a", lie).is(202).body;
        assert_eq!(site.queued(&other)["page_hint"], Value::Null);
    });
}

#[test]
fn a_hint_goes_with_the_comment_that_it_came_with() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre", "fetch_pages": false}));
        let mut body = crate::support::comment("a", "x");
        body["title"] = json!("A guess");
        let held = app.post("/v1/comments", body).send().is(202).body;
        let letters = Letters::of(app);
        let hints = "SELECT COUNT(*) AS count FROM page_hints";
        assert_eq!(letters.count(hints), 1);
        app.delete(&format!("/v1/comments/{}", text(&held["id"])))
            .bearer(held["token"].as_str().unwrap())
            .send()
            .is(204);
        assert_eq!(letters.count(hints), 0);
        assert_eq!(app.page("a")["thread"]["title"], Value::Null);
    });
}

#[test]
fn words_are_shown_once_the_page_itself_has_them() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        let said = json!({"target": {"exact": "High  water was given at six", "prefix": "buy pills ", "suffix": ". The pilots", "key": "buy-here"}});
        let made = site.comment("/a", said).is(201).body;
        assert_eq!(made["passage"]["quote"], "High water was given at six");
        let passage = site.until("found");
        assert_eq!(passage["quote"], "High water was given at six");
        assert_eq!(passage["id"], made["passage_id"]);
        // What a reader said stands before them does not come along.
        assert!(
            passage["selector"]["prefix"]
                .as_str()
                .unwrap()
                .ends_with("printed in March. "),
            "{passage}"
        );
        assert!(!site.public().contains("pills"));
        // Nor what the reader's browser called them.
        assert_eq!(passage["key"], Value::Null);
        assert!(!site.public().contains("buy-here"));
        let changes = format!("/v1/threads/{}/changes?since=0", site.thread());
        let changes = app.get(&changes).send().is(200).body;
        let told = changes["items"].as_array().unwrap().iter();
        assert!(
            told.rev()
                .any(|change| change["passage"]["quotation"] == "found"),
            "{changes}"
        );
    });
}

#[test]
fn an_invented_sentence_is_no_quotation() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        let made = site.quote("The harbour master drank").is(201).body;
        site.is_asked();
        let passage = site.passage();
        assert_eq!(
            (
                &passage["quotation"],
                &passage["quote"],
                &passage["selector"],
                &passage["key"]
            ),
            (&json!("waiting"), &Value::Null, &Value::Null, &Value::Null)
        );
        assert!(!site.public().contains("drank"), "{}", site.public());
        // The remark is there, and about the text.
        let first = site.page("/a")["comments"]["items"][0].clone();
        assert_eq!(first["passage_id"], passage["id"]);
        assert!(first["body_html"].as_str().unwrap().contains("Is that so?"));
        // Whoever wrote it reads the words, and moderators do.
        let me = format!("/v1/threads/{}/me", site.thread());
        let token = made["token"].as_str().unwrap();
        let own = app.get(&me).bearer(token).send().is(200).body;
        assert_eq!(own["passages"][0]["quote"], "The harbour master drank");
        assert_eq!(own["passages"][0]["quotation"], "waiting");
        let guest = app
            .post("/v1/identity/guest", json!({"site": "press"}))
            .send()
            .is(201)
            .body;
        let others = app
            .get(&me)
            .bearer(guest["token"].as_str().unwrap())
            .send()
            .is(200)
            .body;
        assert_eq!(others["passages"], json!([]));
        // Nor does saying something about it by its id give them away.
        let by_id = json!({"passage_id": passage["id"]});
        assert_eq!(
            site.comment("/a", by_id).is(201).body["passage"]["quote"],
            Value::Null
        );
        assert_eq!(
            site.queued(&made)["passage"]["quote"],
            "The harbour master drank"
        );
        // A reader's text proves nothing: anybody can send any.
        let anchors = format!("/v1/threads/{}/anchors", site.thread());
        let text = json!({"text": "The harbour master drank"});
        let found = app.post(&anchors, text).send().is(200).body;
        assert_eq!(found["items"], json!([]));
        assert_eq!(site.passage()["quotation"], "waiting");
        assert_eq!(site.publisher.asked(), ["/a"]);
    });
}

#[test]
fn invented_words_take_no_honest_quotation_in() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        let invented = "High water was given at six. The pilots snored";
        let invented = site.quote(invented).is(201).body;
        let honest = "High water was given at six. The pilots";
        let honest = site.quote(honest).is(201).body;
        assert_ne!(honest["passage_id"], invented["passage_id"]);
        eventually("quotation", || {
            let passages = site.page("/a")["passages"].as_array().unwrap().clone();
            let found = |passage: &&Value| passage["quotation"] == "found";
            let found: Vec<_> = passages.iter().filter(found).collect();
            (found.len() == 1 && found[0]["id"] == honest["passage_id"]).then_some(())
        });
        assert!(!site.public().contains("snored"), "{}", site.public());
    });
}

#[test]
fn found_words_are_read_as_the_page_has_them() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        site.quote("The pi lots kn ew").is(201);
        assert_eq!(site.until("found")["quote"], "The pilots knew");
        assert!(!site.public().contains("pi lots"), "{}", site.public());
    });
}

#[test]
fn another_page_says_nothing_of_a_page_with_a_key() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        site.publisher
            .says("/mine", "<title>Buy pills</title><p>The harbour drank.</p>");
        let said = json!({"key": "k1", "target": {"exact": "The harbour drank"}});
        site.comment("/mine", said).is(201);
        eventually("answer", || {
            let left = "SELECT count(*) AS count FROM page_requests";
            (site.publisher.asked() == ["/mine"] && Letters::of(app).count(left) == 0).then_some(())
        });
        let path = format!(
            "/v1/threads?site=press&url={}&key=k1",
            site.publisher.url("/a")
        );
        let page = app.get(&path).send().is(200).body;
        assert_eq!(page["thread"]["title"], Value::Null);
        assert_eq!(page["passages"][0]["quotation"], "waiting");
    });
}

#[test]
fn what_readers_wrote_and_the_page_repeats_is_no_word_of_the_page() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        site.quote("A reader's comment").is(201);
        site.is_asked();
        assert_eq!(site.passage()["quotation"], "waiting");
    });
}

#[test]
fn a_moderator_who_approves_a_remark_approves_its_words_until_that_is_taken_back() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre", "quotations": "found"}));
        let quote = || {
            let mut body = crate::support::comment("a", "Is that so?");
            body["target"] = json!({"exact": "The harbour master drank"});
            app.post("/v1/comments", body).send().is(202).body
        };
        let (first, second) = (quote(), quote());
        assert_eq!(first["passage_id"], second["passage_id"]);
        let decide = |comment: &Value, action: &str| {
            let body = json!({"action": action, "ids": [comment["id"]]});
            app.post("/v1/moderation/actions", body)
                .bearer(&app.moderator)
                .send()
                .is(200);
        };
        let shown = || app.page("a")["passages"][0]["quotation"].clone();
        decide(&first, "approve");
        assert_eq!(shown(), "found");
        decide(&second, "approve");
        decide(&first, "undo");
        assert_eq!(shown(), "found", "the other is approved still");
        decide(&second, "reject");
        assert_eq!(shown(), Value::Null);
        decide(&second, "undo");
        assert_eq!(shown(), "found");
        for action in ["spam", "trash"] {
            decide(&second, "approve");
            decide(&second, action);
        }
        decide(&first, "approve");
        assert_eq!(
            app.page("a")["passages"][0]["quote"],
            "The harbour master drank"
        );
    });
}

#[test]
fn authors_say_what_their_text_is() {
    on_both(|app| {
        app.policy(json!({"quotations": "found"}));
        let mut body = crate::support::comment("a", "Is that so?");
        body["target"] = json!({"exact": "High water was given", "prefix": "lies lies "});
        app.post("/v1/comments", body).send().is(201);
        let passage = || app.page("a")["passages"][0].clone();
        assert_eq!(passage()["quotation"], "waiting");
        let thread = text(&app.page("a")["thread"]["id"]);
        let send = |text: &str| {
            let path = format!("/v1/threads/{thread}/anchors");
            app.post(&path, json!({"text": text}))
                .bearer(&app.admin)
                .send()
                .is(200)
        };
        send("Something else altogether, about high water that was given.");
        assert_eq!(passage()["quotation"], "waiting");
        send("In March. High water was given at six.");
        assert_eq!(passage()["quotation"], "found");
        assert_eq!(passage()["selector"]["prefix"], "In March. ");
    });
}

#[test]
fn struck_words_are_read_nowhere_any_more() {
    on_both(|app| {
        let mut body = crate::support::comment("a", "Is that so?");
        body["target"] = json!({"exact": "A retracted sentence"});
        let made = app.post("/v1/comments", body.clone()).send().is(201).body;
        let path = format!("/v1/passages/{}", text(&made["passage_id"]));
        let strike = |struck: bool, token: &str| {
            app.patch(&path, json!({"struck": struck}))
                .bearer(token)
                .send()
        };
        strike(true, &app.guest()).refuses(403, "forbidden");
        app.patch(&path, json!({}))
            .bearer(&app.moderator)
            .send()
            .refuses(422, "field_required");
        assert_eq!(
            strike(true, &app.moderator).is(200).body["quotation"],
            "removed"
        );
        let read = || {
            let thread = text(&app.page("a")["thread"]["id"]);
            let mut all = app.page("a").to_string();
            for road in [
                "comments",
                "changes?since=0",
                "annotations?page=comments",
                "html",
                "feed",
            ] {
                all += &app
                    .get(&format!("/v1/threads/{thread}/{road}"))
                    .send()
                    .text();
            }
            all
        };
        assert!(!read().contains("retracted"), "{}", read());
        assert!(read().contains("Is that so?"));
        // Whoever quotes them again only joins.
        let again = app.post("/v1/comments", body).send().is(201).body;
        assert_eq!(again["passage_id"], made["passage_id"]);
        assert_eq!(again["passage"]["quote"], Value::Null);
        // By another key as well.
        let mut keyed = crate::support::comment("a", "Is it so?");
        keyed["target"] = json!({"exact": "A retracted sentence", "key": "p1"});
        let keyed = app.post("/v1/comments", keyed).send().is(201).body;
        assert_eq!(keyed["passage_id"], made["passage_id"]);
        let me = app.get(&format!("/v1/threads/{}/me", text(&made["thread_id"])));
        let me = me
            .bearer(made["token"].as_str().unwrap())
            .send()
            .is(200)
            .body;
        assert_eq!(me["passages"], json!([]));
        assert_eq!(
            strike(false, &app.moderator).is(200).body["quotation"],
            "found"
        );
        assert!(read().contains("retracted"));
    });
}

#[test]
fn words_that_nobody_found_are_judged_like_the_text() {
    on_both(|app| {
        app.policy(json!({"quotations": "found", "max_links": 1, "passages": "everybody"}));
        let list = |list: &str, words: &str| {
            let path = format!("/v1/moderation/rules/{list}?site={}", crate::support::SITE);
            let list = app
                .put(&path, json!({"entries": [words]}))
                .bearer(&app.admin)
                .send();
            assert_eq!(list.status, 204, "{}", list.text());
        };
        list("block", "viagra");
        list("suspect", "casino");
        let post = |name: &str, value: Value| {
            let mut body = crate::support::comment("a", "Harmless.");
            body[name] = value;
            app.post("/v1/comments", body).send().body
        };
        for target in [
            json!({"exact": "cheap viagra here"}),
            json!({"exact": "harmless", "prefix": "cheap viagra "}),
            json!({"exact": "harmless", "suffix": " vi\u{ad}agra"}),
            json!({"exact": "harmless", "key": "viagra"}),
        ] {
            assert_eq!(
                post("target", target.clone())["status"],
                "rejected",
                "{target}"
            );
        }
        assert_eq!(
            post("target", json!({"exact": "a casino"}))["status"],
            "pending"
        );
        let links = json!({"exact": "https://a.example and https://b.example"});
        assert_eq!(post("target", links)["reasons"][0]["code"], "many_links");
        // What only moderators see is no reason to reject.
        assert_eq!(post("title", json!("viagra"))["status"], "pending");
        assert!(!app.page("a").to_string().contains("viagra"));
        // The publisher's own words are not judged.
        let thread = text(&app.page("a")["thread"]["id"]);
        let planted = json!({"exact": "The casino of the harbour"});
        let planted = app.put(&format!("/v1/threads/{thread}/passages/q1"), planted);
        let id = planted.bearer(&app.admin).send().is(201).body["id"].clone();
        assert_eq!(post("passage_id", id)["status"], "published");
    });
}

#[test]
fn a_page_is_asked_once_an_hour_and_only_where_the_site_is() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        site.publisher.answers(
            "/gone",
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n",
        );
        site.publisher.answers(
            "/moved",
            "HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
        site.publisher.says("/b", "<title>Moved here</title>");
        for _ in 0..3 {
            site.comment("/a", json!({})).is(201);
        }
        site.is_asked();
        site.comment("/a", json!({})).is(201);
        site.comment("/gone", json!({})).is(201);
        site.comment("/moved", json!({})).is(201);
        eventually("title", || {
            Some(()).filter(|()| site.page("/moved")["thread"]["title"] == "Moved here")
        });
        assert_eq!(site.page("/gone")["thread"]["title"], Value::Null);
        let mut asked = site.publisher.asked();
        asked.sort();
        assert_eq!(asked, ["/a", "/b", "/gone", "/moved"]);
        // Found later: who quotes what was not there asks again, when the hour is over.
        site.publisher
            .says("/a", "<title>Tide tables</title><p>New words.");
        site.quote("New words").is(201);
        app.sql("UPDATE page_requests SET due_at = 0");
        site.until("found");
    });
}

#[test]
fn no_page_is_asked_that_is_not_to_be() {
    let asks = |flags: &[&str], policy: Value, wildcard: bool| {
        on_both_with(flags, |app| {
            let site = Site::of(app, policy.clone());
            if wildcard {
                // The demo of a domain of which every subdomain is somebody's.
                let origins = json!({"origins": ["http://*.localhost.example"]});
                app.patch("/v1/sites/press", origins)
                    .bearer(&app.admin)
                    .send()
                    .is(200);
                let body =
                    json!({"site": "press", "url": "http://ann.localhost.example/", "body": "x"});
                app.post("/v1/comments", body).send().is(201);
            } else {
                site.comment("/a", json!({})).is(201);
            }
            let letters = Letters::of(app);
            let waits = || letters.count("SELECT COUNT(*) AS count FROM page_requests") > 0;
            eventually("end of asking", || (!waits()).then_some(()));
            assert_eq!(site.publisher.asked(), [""; 0]);
        });
    };
    asks(ASKING, json!({"fetch_pages": false}), false);
    asks(
        &["--fetch-pages=false", "--outbound-networks=127.0.0.0/8"],
        json!({}),
        false,
    );
    // Private networks are called only where the operator named them.
    asks(&["--fetch-pages=true"], json!({}), false);
    asks(ASKING, json!({}), true);
}

#[test]
fn the_services_own_page_is_known_without_asking() {
    on_both_with(&["--demo", "--fetch-pages=true"], |app| {
        let page = format!("{}/demo/", app.url);
        let shown = || {
            let path = format!("/v1/threads?site=demo&url={page}&key=demo");
            app.get(&path).send().is(200).body
        };
        eventually("title", || {
            Some(()).filter(|()| !shown()["thread"]["title"].is_null())
        });
        let body = json!({"site": "demo", "url": page, "key": "demo", "body": "Where?", "target": {"exact": "no such sentence"}});
        app.post("/v1/comments", body).send().is(201);
        assert_eq!(shown()["passages"][0]["quotation"], "waiting");
    });
}

#[test]
fn whoever_comes_first_has_no_say_in_where_a_page_is() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let post = |page: &str| {
            let mut body = crate::support::comment(page, "x");
            body["key"] = json!("k1");
            app.post("/v1/comments", body).send().is(202).body
        };
        let shown = |page: &str| {
            let url = crate::support::page_url(page);
            let path = format!("/v1/threads?site={}&url={url}&key=k1", crate::support::SITE);
            app.get(&path).send().is(200).body["thread"].clone()
        };
        let url = |page: &str| json!(crate::support::page_url(page));
        let lie = post("lie");
        // Each answer is that of the address that was asked for, and none tells that something waits.
        for page in ["lie", "true", "lie"] {
            let thread = shown(page);
            assert_eq!(
                (&thread["url"], &thread["created_at"]),
                (&url(page), &Value::Null)
            );
        }
        let thread = text(&lie["thread_id"]);
        for road in ["html", "feed"] {
            app.get(&format!("/v1/threads/{thread}/{road}"))
                .send()
                .refuses(404, "not_found");
        }
        let honest = post("true");
        post("another-lie");
        let body = json!({"action": "approve", "ids": [honest["id"]]});
        app.post("/v1/moderation/actions", body)
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(shown("lie")["url"], url("true"));
        let html = app
            .get(&format!("/v1/threads/{thread}/html"))
            .send()
            .is(200)
            .text();
        assert!(html.contains("/true") && !html.contains("lie"), "{html}");
        // What the publisher says counts for good.
        let named = json!({"site": crate::support::SITE, "url": crate::support::page_url("final"), "key": "k1"});
        app.put("/v1/moderation/threads", named)
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(shown("lie")["url"], url("final"));
    });
}

#[test]
fn a_page_with_a_key_says_itself_that_it_is_the_one() {
    on_both_with(ASKING, |app| {
        let site = Site::of(app, json!({}));
        site.publisher.says("/k", "<title>T</title><link rel=canonical href='/canonical'><postil-thread key='k1'></postil-thread>");
        let post = |path: &str| site.comment(path, json!({"key": "k1"})).is(201);
        let shown = || {
            let path = format!(
                "/v1/threads?site=press&url={}&key=k1",
                site.publisher.url("/x")
            );
            app.get(&path).send().is(200).body["thread"]["url"].clone()
        };
        post("/a");
        assert_eq!(shown(), site.publisher.url("/a"));
        eventually("asking", || {
            Some(()).filter(|()| site.publisher.asked().contains(&"/a".into()))
        });
        app.sql("UPDATE threads SET page_asked_at = 0");
        post("/k");
        eventually("address", || {
            Some(()).filter(|()| shown() == site.publisher.url("/canonical"))
        });
        app.sql("UPDATE threads SET page_asked_at = 0");
        // From then on that one is asked, whatever a browser says.
        post("/a");
        eventually("asking", || {
            Some(()).filter(|()| site.publisher.asked() == ["/a", "/k", "/canonical"])
        });
        assert_eq!(shown(), site.publisher.url("/canonical"));
    });
}
