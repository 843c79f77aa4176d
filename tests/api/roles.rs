//! Who may do what: every role against every act of moderation and administration, nothing left out.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::sessions::{by_mail, console, staff};
use crate::support::{Answer, App, SITE, comment, on_both, page_url};

/// In the order of the table's columns.
const WHO: [&str; 12] = [
    "nobody",
    "guest",
    "author",
    "cms",
    "looker",
    "moderator",
    "foreign",
    "admin",
    "revoked",
    "narrowed",
    "page",
    "console",
];

/// Where the adviser of [`SITE`] is administered.
const ADVISER: &str = "/v1/sites/blog/adviser";

struct Stage<'a> {
    app: &'a App,
    tokens: Vec<Option<String>>,
}

impl<'a> Stage<'a> {
    fn set(app: &'a App) -> Self {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let token = |body: Value| {
            let made = app
                .post("/v1/tokens", body)
                .bearer(&app.admin)
                .send()
                .is(201)
                .body;
            let text = made["token"].as_str().unwrap().to_owned();
            (made["id"].as_str().unwrap().to_owned(), text)
        };
        let (_, cms) = token(json!({"name": "cms", "role": "author", "site": SITE}));
        let (_, looker) =
            token(json!({"name": "looker", "role": "moderator", "site": SITE, "read_only": true}));
        let (_, foreign) = token(json!({"name": "foreign", "role": "moderator", "site": "other"}));
        let (_, narrowed) = token(json!({"name": "narrowed", "role": "admin", "site": SITE}));
        let (id, revoked) = token(json!({"name": "revoked", "role": "admin"}));
        app.delete(&format!("/v1/tokens/{id}"))
            .bearer(&app.admin)
            .send()
            .is(204);
        let printed = app.postil(&["moderator", "add", SITE, "Ann", "--role", "author"]);
        let author = printed
            .split_whitespace()
            .find(|word| word.starts_with("postil_"));
        staff(app, "Paula", "admin", "paula@example.org");
        let token_of = |session: &Value| session["token"].as_str().unwrap().to_owned();
        let tokens = vec![
            None,
            Some(app.guest()),
            author.map(str::to_owned),
            Some(cms),
            Some(looker),
            Some(app.moderator.clone()),
            Some(foreign),
            Some(app.admin.clone()),
            Some(revoked),
            Some(narrowed),
            Some(token_of(&by_mail(app, "paula@example.org"))),
            Some(token_of(&console(app, "Paula"))),
        ];
        let stage = Self { app, tokens };
        // Ann's own page, and one that is not hers.
        let own = json!({"site": SITE, "url": page_url("own")});
        stage
            .call(2, "PUT", "/v1/moderation/threads", Some(own))
            .is(201);
        app.comment("else", "Somebody was first");
        stage
    }

    fn call(&self, who: usize, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut call = self.app.call(method, path);
        if let Some(token) = &self.tokens[who] {
            call = call.bearer(token);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        call.send()
    }

    /// A new comment on that page.
    fn comment(&self, page: &str) -> Value {
        self.app.comment(page, "Something to decide on")
    }

    fn act(&self, who: usize, action: &str, page: &str) -> Answer {
        let posted = self.comment(page);
        for before in match action {
            "restore" | "undo" => ["reject"].as_slice(),
            "unpin" => ["pin"].as_slice(),
            _ => [].as_slice(),
        } {
            let body = json!({"action": before, "ids": [posted["id"]]});
            self.call(5, "POST", "/v1/moderation/actions", Some(body))
                .is(200);
        }
        let body = json!({"action": action, "ids": [posted["id"]]});
        let answer = self.call(who, "POST", "/v1/moderation/actions", Some(body));
        // A thread has room for few pins.
        let body = json!({"action": "trash", "ids": [posted["id"]]});
        self.call(5, "POST", "/v1/moderation/actions", Some(body))
            .is(200);
        answer
    }

    fn thread(&self, page: &str) -> String {
        self.app.page(page)["thread"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Undoes what was tried on a page's thread.
    fn back(&self, page: &str, body: Value) {
        let path = format!("/v1/moderation/threads/{}", self.thread(page));
        self.call(5, "PATCH", &path, Some(body)).is(200);
    }

    /// The page's question, open.
    fn planted(&self, page: &str) -> String {
        let path = format!("/v1/threads/{}/passages/q1", self.thread(page));
        let made = self.call(7, "PUT", &path, Some(question())).body;
        made["id"].as_str().unwrap().to_owned()
    }

    fn ban(&self) -> String {
        let posted = self.comment("own");
        let body = json!({"kind": "person", "comment": posted["id"]});
        let ban = self
            .call(5, "POST", "/v1/moderation/bans", Some(body))
            .is(201)
            .body;
        ban["id"].as_str().unwrap().to_owned()
    }

    fn report(&self) -> String {
        let posted = self.comment("own");
        let path = format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap());
        let guest = self.app.guest();
        let made = self
            .app
            .post(&path, json!({"reason": "spam"}))
            .bearer(&guest)
            .send();
        made.is(201).body["id"].as_str().unwrap().to_owned()
    }

    fn person(&self) -> String {
        self.comment("own")["author"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Does what that row of the table names.
    fn run(&self, row: &str, who: usize) -> Answer {
        let (name, rest) = row.split_once(' ').unwrap_or((row, ""));
        let patch = |page: &str, body: Value| {
            let path = format!("/v1/moderation/threads/{}", self.thread(page));
            self.call(who, "PATCH", &path, Some(body))
        };
        match name {
            "read" => self.call(
                who,
                "GET",
                &format!("/v1/moderation/{rest}?site={SITE}"),
                None,
            ),
            "jobs" => self.call(who, "GET", &format!("/v1/sites/{SITE}/jobs"), None),
            "person" => {
                let path = format!("/v1/moderation/people/{}", self.person());
                self.call(who, "GET", &path, None)
            }
            "role" => {
                let path = format!("/v1/moderation/people/{}", self.person());
                self.call(who, "PATCH", &path, Some(json!({"role": "moderator"})))
            }
            "act" => {
                let (action, page) = rest.split_once(' ').unwrap_or((rest, "own"));
                self.act(who, action, page)
            }
            "spammer" => {
                let body = json!({"action": "spam", "person": self.person()});
                self.call(who, "POST", "/v1/moderation/actions", Some(body))
            }
            "direct" => {
                let body = json!({"site": SITE, "url": page_url(rest), "state": "open"});
                self.call(who, "PUT", "/v1/moderation/threads", Some(body))
            }
            "close" => {
                let answer = patch(rest, json!({"state": "closed"}));
                let open = json!({"state": "open"});
                let path = format!("/v1/moderation/threads/{}", self.thread(rest));
                self.call(5, "PATCH", &path, Some(open)).is(200);
                answer
            }
            "hide" => {
                let answer = patch(rest, json!({"hidden": true}));
                self.back(rest, json!({"hidden": false}));
                answer
            }
            "move" => {
                let thread = self.thread(rest);
                let answer = patch(rest, json!({"url": page_url("moved")}));
                let path = format!("/v1/moderation/threads/{thread}");
                let back = json!({"url": page_url(rest)});
                self.call(5, "PATCH", &path, Some(back)).is(200);
                answer
            }
            "title" => patch(rest, json!({"title": "Tides"})),
            "policy" => {
                let answer = patch(rest, json!({"policy": {"moderation": "pre"}}));
                self.back(rest, json!({"policy": {"moderation": null}}));
                answer
            }
            "plant" => {
                let path = format!("/v1/threads/{}/passages/q1", self.thread(rest));
                self.call(who, "PUT", &path, Some(question()))
            }
            "question" => {
                let path = format!("/v1/passages/{}", self.planted(rest));
                self.call(who, "PATCH", &path, Some(json!({"state": "closed"})))
            }
            "list" => {
                let path = format!("/v1/moderation/rules/suspect?site={SITE}");
                self.call(who, "GET", &path, None)
            }
            "list_write" => {
                let path = format!("/v1/moderation/rules/suspect?site={SITE}");
                self.call(who, "PUT", &path, Some(json!({"entries": ["nonesuch"]})))
            }
            "ban" => {
                let body = json!({"kind": "person", "comment": self.comment("own")["id"]});
                self.call(who, "POST", "/v1/moderation/bans", Some(body))
            }
            "lift" => {
                let path = format!("/v1/moderation/bans/{}", self.ban());
                self.call(who, "DELETE", &path, None)
            }
            "report" => {
                let posted = self.comment("own");
                let path = format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap());
                self.call(who, "POST", &path, Some(json!({"reason": "spam"})))
            }
            "rule" => {
                let path = format!("/v1/moderation/reports/{}/decision", self.report());
                let body = json!({"decision": "dismissed", "grounds": "It may stay."});
                self.call(who, "POST", &path, Some(body))
            }
            "sites" => self.call(who, "GET", "/v1/sites", None),
            "site_show" => self.call(who, "GET", &format!("/v1/sites/{SITE}"), None),
            "site_new" => {
                let body = json!({"slug": format!("new{who}"), "origins": ["https://n.example"]});
                self.call(who, "POST", "/v1/sites", Some(body))
            }
            "token_revoke" => {
                let body = json!({"name": "gone", "role": "author", "site": SITE});
                let made = self.call(7, "POST", "/v1/tokens", Some(body)).is(201).body;
                let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
                self.call(who, "DELETE", &path, None)
            }
            "site" => self.call(
                who,
                "PATCH",
                &format!("/v1/sites/{SITE}"),
                Some(json!({"name": "B"})),
            ),
            "adviser" => {
                let body = json!({"url": "https://adviser.example/"});
                self.call(who, "PUT", ADVISER, Some(body))
            }
            "adviser_show" => self.call(who, "GET", ADVISER, None),
            "adviser_secret" => self.call(who, "POST", &format!("{ADVISER}/secret"), None),
            "adviser_remove" => self.call(who, "DELETE", "/v1/sites/other/adviser", None),
            "tokens" => self.call(who, "GET", "/v1/tokens", None),
            "token" => {
                let body = json!({"name": "new", "role": "author", "site": SITE});
                self.call(who, "POST", "/v1/tokens", Some(body))
            }
            other => panic!("no such row: {other}"),
        }
    }
}

/// A question to a page's readers.
fn question() -> Value {
    json!({"exact": "High water was given at six", "prefix": "", "suffix": "", "start": 0, "end": 27,
           "question": "Was it six?", "state": "open"})
}

/// The status of a stream, whose end nobody waits for.
fn follow(app: &App, token: Option<&String>) -> u16 {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let head = format!(
        "GET /v1/moderation/events?site={SITE} HTTP/1.1\r\nHost: x\r\n{}\r\n",
        bearer.unwrap_or_default()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    std::str::from_utf8(&start[9..]).unwrap().parse().unwrap()
}

/// A status, or the code of the one item that was decided about.
fn outcome(answer: &Answer) -> String {
    let item = &answer.body["items"][0];
    match (item["ok"].as_bool(), item["code"].as_str()) {
        (Some(false), Some(code)) => code.to_owned(),
        _ => answer.status.to_string(),
    }
}

/// nobody, guest, author (a person), cms (an author's token that is nobody's), looker (a moderator's token that
/// only reads), moderator, foreign (a moderator of another site), admin, revoked, narrowed (an administrator of this site alone), page (a
/// session of such an administrator in a page), console (one at the console).
const TABLE: &[(&str, &str)] = &[
    (
        "read comments",
        "401 403 403 403 200 200 403 200 401 200 200 200",
    ),
    (
        "read counts",
        "401 403 403 403 200 200 403 200 401 200 200 200",
    ),
    (
        "read bans",
        "401 403 403 403 200 200 403 200 401 200 403 200",
    ),
    (
        "read reports",
        "401 403 403 403 200 200 403 200 401 200 403 200",
    ),
    (
        "read audit",
        "401 403 403 403 200 200 403 200 401 200 403 200",
    ),
    (
        "read audit/export",
        "401 403 403 403 200 200 403 200 401 200 403 200",
    ),
    (
        "read stats",
        "401 403 403 403 200 200 403 200 401 200 403 200",
    ),
    ("jobs", "401 403 403 403 200 200 403 200 401 200 403 200"),
    ("list", "401 403 403 403 200 200 403 200 401 200 403 200"),
    (
        "list_write",
        "401 403 403 403 403 204 403 204 401 204 403 204",
    ),
    ("person", "401 403 403 403 200 200 404 200 401 200 403 200"),
    (
        "act approve",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act reject",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act spam",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act trash",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act restore",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act undo",
        "401 403 403 403 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act pin own",
        "401 403 200 200 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act unpin own",
        "401 403 200 200 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act pin else",
        "401 403 forbidden 200 403 200 not_found 200 401 200 200 200",
    ),
    (
        "act unpin else",
        "401 403 forbidden 200 403 200 not_found 200 401 200 200 200",
    ),
    ("spammer", "401 403 403 403 403 200 404 200 401 200 403 200"),
    (
        "direct own",
        "401 403 200 200 403 200 403 200 401 200 403 200",
    ),
    (
        "direct else",
        "401 403 403 200 403 200 403 200 401 200 403 200",
    ),
    (
        "close own",
        "401 403 200 200 403 200 404 200 401 200 200 200",
    ),
    (
        "close else",
        "401 403 403 200 403 200 404 200 401 200 200 200",
    ),
    (
        "title own",
        "401 403 200 200 403 200 404 200 401 200 403 200",
    ),
    (
        "title else",
        "401 403 403 200 403 200 404 200 401 200 403 200",
    ),
    (
        "policy own",
        "401 403 200 200 403 200 404 200 401 200 403 200",
    ),
    (
        "policy else",
        "401 403 403 200 403 200 404 200 401 200 403 200",
    ),
    (
        "plant own",
        "401 403 201 200 403 200 403 200 401 200 403 200",
    ),
    (
        "plant else",
        "401 403 403 201 403 200 403 200 401 200 403 200",
    ),
    (
        "question own",
        "401 403 200 200 403 200 403 200 401 200 403 200",
    ),
    (
        "question else",
        "401 403 403 200 403 200 403 200 401 200 403 200",
    ),
    (
        "hide own",
        "401 403 403 403 403 200 404 200 401 200 403 200",
    ),
    (
        "hide else",
        "401 403 403 403 403 200 404 200 401 200 403 200",
    ),
    (
        "move own",
        "401 403 403 403 403 200 404 200 401 200 403 200",
    ),
    (
        "move else",
        "401 403 403 403 403 200 404 200 401 200 403 200",
    ),
    ("ban", "401 403 403 403 403 201 404 201 401 201 201 201"),
    ("lift", "401 403 403 403 403 204 404 204 401 204 403 204"),
    ("report", "401 201 201 403 403 201 403 403 401 403 201 201"),
    ("rule", "401 403 403 403 403 200 404 200 401 200 403 200"),
    ("role", "401 403 403 403 403 403 403 200 401 200 403 200"),
    ("sites", "401 403 403 403 403 403 403 200 401 200 403 200"),
    (
        "site_show",
        "401 403 403 403 403 403 403 200 401 200 403 200",
    ),
    (
        "site_new",
        "401 403 403 403 403 403 403 201 401 403 403 403",
    ),
    ("site", "401 403 403 403 403 403 403 200 401 200 403 200"),
    ("adviser", "401 403 403 403 403 403 403 201 401 200 403 200"),
    (
        "adviser_show",
        "401 403 403 403 403 403 403 200 401 200 403 200",
    ),
    (
        "adviser_secret",
        "401 403 403 403 403 403 403 201 401 201 403 201",
    ),
    (
        "adviser_remove",
        "401 403 403 403 403 403 403 204 401 403 403 403",
    ),
    ("tokens", "401 403 403 403 403 403 403 200 401 403 403 403"),
    ("token", "401 403 403 403 403 403 403 201 401 403 403 403"),
    (
        "token_revoke",
        "401 403 403 403 403 403 403 204 401 403 403 403",
    ),
];

#[test]
fn each_role_may_do_what_the_table_says() {
    on_both(|app| {
        let stage = Stage::set(app);
        let mut wrong = Vec::new();
        for (row, expected) in TABLE {
            let expected: Vec<&str> = expected.split(' ').collect();
            assert_eq!(expected.len(), WHO.len(), "{row}");
            for (who, expected) in expected.iter().enumerate() {
                let found = outcome(&stage.run(row, who));
                if found != *expected {
                    wrong.push(format!("{row}, {}: {found}, not {expected}", WHO[who]));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn the_queue_is_followed_by_whom_the_table_lets_read_it() {
    on_both(|app| {
        let stage = Stage::set(app);
        let expected = [401, 403, 403, 403, 200, 200, 403, 200, 401, 200, 403, 200];
        let found: Vec<u16> = stage
            .tokens
            .iter()
            .map(|token| follow(app, token.as_ref()))
            .collect();
        assert_eq!(found, expected);
    });
}

#[test]
fn a_moved_thread_takes_everything_along() {
    on_both(|app| {
        let posted = app.comment("old", "Here");
        let thread = posted["thread_id"].as_str().unwrap();
        let change = |body: Value| {
            let path = format!("/v1/moderation/threads/{thread}");
            app.patch(&path, body).bearer(&app.moderator).send()
        };
        let moved = change(json!({"url": page_url("new"), "title": "New"}))
            .is(200)
            .body;
        assert_eq!(
            (&moved["id"], &moved["url"]),
            (&posted["thread_id"], &json!(page_url("new")))
        );
        assert_eq!(app.page("new")["comments"]["items"][0]["id"], posted["id"]);
        // The old address begins anew.
        let old = app.page("old");
        assert_ne!(old["thread"]["id"], posted["thread_id"]);
        assert_eq!(old["thread"]["comment_count"], 0);
        app.comment("old", "Another beginning");
        change(json!({"url": page_url("old")})).refuses(409, "conflict");
        change(json!({"url": "https://elsewhere.example/"})).refuses(422, "url_not_on_site");
        change(json!({"key": "k"})).refuses(422, "field_required");
        let unknown = "/v1/moderation/threads/01890000-0000-7000-8000-000000000000";
        app.patch(unknown, json!({}))
            .bearer(&app.moderator)
            .send()
            .refuses(404, "not_found");
    });
}

#[test]
fn a_hidden_thread_is_not_there() {
    on_both(|app| {
        let posted = app.comment("a", "Unseen");
        let thread = posted["thread_id"].as_str().unwrap().to_owned();
        let hide = |hidden: bool| {
            let path = format!("/v1/moderation/threads/{thread}");
            app.patch(&path, json!({"hidden": hidden}))
                .bearer(&app.moderator)
                .send()
                .is(200);
        };
        hide(true);
        let page = app.page("a");
        assert_eq!(page["comments"]["items"], json!([]));
        assert_eq!(
            (&page["thread"]["state"], &page["thread"]["comment_count"]),
            (&json!("closed"), &json!(0))
        );
        for path in [
            format!("/v1/threads/{thread}/comments"),
            format!("/v1/counts?site={SITE}&url={}", page_url("a")),
            format!("/v1/sites/{SITE}/feed"),
        ] {
            assert!(
                !app.get(&path).send().is(200).text().contains("Unseen"),
                "{path}"
            );
        }
        // Whoever knows it from before reads it anew.
        app.get(&format!("/v1/threads/{thread}/changes?since=0"))
            .send()
            .refuses(410, "resync");
        for path in [
            format!("/v1/comments/{}", posted["id"].as_str().unwrap()),
            format!("/v1/comments/{}/replies", posted["id"].as_str().unwrap()),
            format!("/v1/threads/{thread}/feed"),
            format!("/v1/threads/{thread}/html"),
        ] {
            app.get(&path).send().refuses(404, "not_found");
        }
        app.post("/v1/comments", comment("a", "More"))
            .send()
            .refuses(409, "thread_closed");
        hide(false);
        assert_eq!(app.page("a")["comments"]["items"][0]["id"], posted["id"]);
    });
}

#[test]
fn of_two_moderators_one_decides() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held: Vec<Value> = (0..100)
            .map(|n| {
                let call = app.post("/v1/comments", comment("a", &format!("No. {n}")));
                call.send().is(202).body["id"].clone()
            })
            .collect();
        let act = |token: &str, action: &str| {
            let body = json!({"action": action, "ids": held, "from": "pending"});
            app.post("/v1/moderation/actions", body)
                .bearer(token)
                .send()
                .is(200)
                .body
        };
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| act(&app.moderator, "approve"));
            let other = scope.spawn(|| act(&app.admin, "spam"));
            (one.join().unwrap(), other.join().unwrap())
        });
        for index in 0..held.len() {
            let (one, other) = (&one["items"][index], &other["items"][index]);
            assert_ne!(one["ok"], other["ok"], "{one} {other}");
            let late = if one["ok"] == true { other } else { one };
            assert_eq!(late["code"], "changed");
        }
        let lines: usize = ["approve", "spam"]
            .iter()
            .map(|action| {
                let path = format!("/v1/moderation/audit?limit=100&action={action}");
                let list = app.get(&path).bearer(&app.moderator).send().is(200).body;
                list["items"].as_array().unwrap().len()
            })
            .sum();
        assert_eq!(lines, held.len());
        let counts = app
            .get("/v1/moderation/counts")
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        let counts = &counts["items"][0];
        let published = counts["published"].as_i64().unwrap();
        assert_eq!(published + counts["spam"].as_i64().unwrap(), 100);
        assert_eq!(app.page("a")["thread"]["version"], published);
    });
}
