//! Threads that are joined, and parted again: nothing is lost, doubled or out of order.

use std::collections::{BTreeMap, BTreeSet};

use postil::domain::id::{CommentId, JoinId, ThreadId};
use postil::domain::time::Time;
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::joining;
use postil::store::{Store, comments, joins, threads};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::support::{Answer, App, ORIGIN, SITE, comment, eventually, on_both, page_url};

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Joins the threads of two comments.
fn join(app: &App, from: &Value, into: &Value) -> Answer {
    let path = format!("/v1/moderation/threads/{}/join", text(from));
    app.post(&path, json!({"into": into}))
        .bearer(&app.moderator)
        .send()
}

fn undo(app: &App, join: &Value) -> Answer {
    let path = format!("/v1/moderation/joins/{}/undo", text(&join["id"]));
    app.call("POST", &path).bearer(&app.moderator).send()
}

/// The texts on a page in the order of time, roots and answers alike.
fn texts(app: &App, page: &str) -> Vec<String> {
    let thread = app.page(page)["thread"]["id"].clone();
    everything(app, &text(&thread))
        .iter()
        .map(|comment| {
            text(&comment["body_html"])
                .replace("<p>", "")
                .replace("</p>\n", "")
        })
        .collect()
}

/// All that a thread lists, roots in the order of time, each followed by what is beneath it.
fn everything(app: &App, thread: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/threads/{thread}/comments?sort=oldest&limit=3{after}");
        let page = app.get(&path).send().is(200).body;
        for root in page["items"].as_array().unwrap() {
            all.push(root.clone());
            let mut next = String::new();
            loop {
                let path = format!("/v1/comments/{}/replies?limit=100{next}", text(&root["id"]));
                let replies = app.get(&path).send().is(200).body;
                all.extend(replies["items"].as_array().unwrap().iter().cloned());
                match replies["next"].as_str() {
                    Some(cursor) => next = format!("&after={cursor}"),
                    None => break,
                }
            }
        }
        match page["next"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return all,
        }
    }
}

#[test]
fn what_is_in_one_thread_goes_over_and_back() {
    on_both(|app| {
        let one = app.comment("old", "one");
        let two = app.comment("new", "two");
        let three = app.comment("old", "three");
        let answer = app.reply("old", &one, "answer");
        let voter = app.guest();
        let vote = format!("/v1/comments/{}/vote", text(&one["id"]));
        app.put(&vote, json!({"value": 1}))
            .bearer(&voter)
            .send()
            .is(200);

        let joined = join(app, &one["thread_id"], &two["thread_id"]).is(200).body;
        assert_eq!(joined["state"], "joined");
        assert_eq!(
            (&joined["comments"], &joined["keys"]),
            (&json!(3), &json!(1))
        );
        let all = ["one", "answer", "two", "three"];
        assert_eq!(texts(app, "new"), all);
        assert_eq!(texts(app, "old"), all, "the old address leads there");
        let old = app.page("old")["thread"].clone();
        assert_eq!(old["id"], two["thread_id"]);
        assert_eq!(old["comment_count"], 4);
        let counts = format!(
            "/v1/counts?site={SITE}&url={}&url={}",
            page_url("old"),
            page_url("new")
        );
        let counted = app.get(&counts).send().is(200).body;
        assert_eq!(counted["items"][0]["count"], 4);
        assert_eq!(counted["items"][1]["count"], 4);
        // By the old id as well.
        let path = format!("/v1/threads/{}", text(&one["thread_id"]));
        assert_eq!(everything(app, &text(&one["thread_id"])).len(), 4);
        for road in ["feed", "html", "annotations", "changes?since=0"] {
            app.get(&format!("{path}/{road}")).send().is(200);
        }
        let me = app
            .get(&format!("{path}/me"))
            .bearer(&voter)
            .send()
            .is(200)
            .body;
        assert_eq!(me["comments"][text(&one["id"])]["vote"], 1);
        let permalink = app
            .get(&format!("/v1/comments/{}", text(&answer["id"])))
            .send()
            .is(200);
        assert_eq!(permalink.body["thread"]["id"], two["thread_id"]);

        // Written since: an answer to what goes back, and a root that stays.
        app.reply("new", &three, "late answer");
        app.comment("old", "late");
        let undone = undo(app, &joined).is(200).body;
        assert_eq!(undone["state"], "undone");
        assert_eq!(texts(app, "old"), ["one", "answer", "three", "late answer"]);
        assert_eq!(texts(app, "new"), ["two", "late"]);
        assert_eq!(app.page("old")["thread"]["comment_count"], 4);
        assert_eq!(app.page("new")["thread"]["comment_count"], 2);
        assert_eq!(app.page("old")["thread"]["id"], one["thread_id"]);
        undo(app, &joined).is(200);
        let record = |action: &str| {
            let path = format!("/v1/moderation/audit?site={SITE}&action={action}");
            let list = app.get(&path).bearer(&app.moderator).send().is(200).body;
            list["items"].as_array().unwrap().len()
        };
        assert_eq!((record("join"), record("unjoin")), (1, 1));
    });
}

#[test]
fn a_join_that_cannot_be_is_refused() {
    on_both(|app| {
        let (one, two) = (app.comment("one", "1"), app.comment("two", "2"));
        let three = app.comment("three", "3");
        let unwritten = app.page("empty")["thread"]["id"].clone();
        join(app, &unwritten, &one["thread_id"]).refuses(404, "not_found");
        join(app, &one["thread_id"], &unwritten).refuses(422, "thread_unknown");
        join(app, &one["thread_id"], &one["thread_id"]).refuses(409, "conflict");
        join(app, &one["thread_id"], &json!("x")).refuses(422, "field_invalid");
        let path = format!("/v1/moderation/threads/{}", text(&one["thread_id"]));
        let hide = |hidden: bool| {
            let body = json!({"hidden": hidden});
            app.patch(&path, body).bearer(&app.moderator).send().is(200);
        };
        hide(true);
        join(app, &one["thread_id"], &two["thread_id"]).refuses(409, "conflict");
        hide(false);
        let first = join(app, &one["thread_id"], &two["thread_id"]).is(200).body;
        let again = join(app, &one["thread_id"], &two["thread_id"]).is(200).body;
        assert_eq!(first["id"], again["id"], "asked again, it is the same");
        join(app, &one["thread_id"], &three["thread_id"]).refuses(409, "conflict");
        join(app, &two["thread_id"], &one["thread_id"]).refuses(409, "conflict");
        let reader = app.guest();
        let path = format!("/v1/moderation/threads/{}/join", text(&two["thread_id"]));
        app.post(&path, json!({"into": three["thread_id"]}))
            .bearer(&reader)
            .send()
            .is(403);
        app.get(&format!("/v1/moderation/joins?site={SITE}"))
            .bearer(&reader)
            .send()
            .is(403);
        app.sql("UPDATE joins SET undo_until = 1");
        undo(app, &first).refuses(409, "conflict");
    });
}

#[test]
fn moving_onto_an_occupied_page_names_the_thread_there() {
    on_both(|app| {
        let (one, two) = (app.comment("one", "1"), app.comment("two", "2"));
        let path = format!("/v1/moderation/threads/{}", text(&one["thread_id"]));
        let body = json!({"url": page_url("two")});
        let refused = app
            .patch(&path, body)
            .bearer(&app.moderator)
            .send()
            .refuses(409, "conflict")
            .body;
        assert_eq!(refused["thread_id"], two["thread_id"]);
        assert!(text(&refused["detail"]).contains("/join"), "{refused}");
        let unwritten = text(&app.page("empty")["thread"]["id"]);
        let path = format!("/v1/moderation/threads/{unwritten}");
        let unknown = app
            .patch(&path, json!({"state": "closed"}))
            .bearer(&app.moderator)
            .send();
        let unknown = unknown.refuses(404, "not_found").body;
        assert!(
            text(&unknown["detail"]).contains("PUT /v1/moderation/threads"),
            "{unknown}"
        );
        // A page that joined threads have is moved, and all their keys go on leading to it.
        join(app, &two["thread_id"], &one["thread_id"]).is(200);
        let path = format!("/v1/moderation/threads/{}", text(&two["thread_id"]));
        app.patch(&path, json!({"url": page_url("three")}))
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(texts(app, "three"), ["1", "2"]);
        assert_eq!(texts(app, "two"), ["1", "2"]);
        assert!(texts(app, "one").is_empty());
    });
}

#[test]
fn a_sites_threads_are_listed() {
    on_both(|app| {
        for page in ["a%25b", "tides", "winds"] {
            app.comment(page, "here");
        }
        let list = |query: &str| {
            let path = format!("/v1/moderation/threads?site={SITE}{query}");
            let list = app.get(&path).bearer(&app.moderator).send().is(200).body;
            let items = list["items"].as_array().unwrap().iter();
            (
                items.map(|item| text(&item["url"])).collect::<Vec<_>>(),
                list,
            )
        };
        let urls = |pages: &[&str]| pages.iter().map(|page| page_url(page)).collect::<Vec<_>>();
        assert_eq!(list("").0, urls(&["winds", "tides", "a%25b"]));
        assert_eq!(list("&q=TID").0, urls(&["tides"]));
        assert_eq!(
            list("&q=%25").0,
            urls(&["a%25b"]),
            "a pattern's signs mean themselves"
        );
        let (first, page) = list("&limit=2");
        let next = format!("&limit=2&after={}", text(&page["next"]));
        assert_eq!(
            [first, list(&next).0].concat(),
            urls(&["winds", "tides", "a%25b"])
        );
        let winds = page["items"][0].clone();
        assert_eq!(winds["comment_count"], 1);
        assert_eq!(winds["keys"], json!([page_url("winds")]));
        app.policy(json!({"moderation": "pre"}));
        app.post("/v1/comments", comment("winds", "waits"))
            .send()
            .is(202);
        let path = format!("/v1/moderation/threads/{}", text(&winds["id"]));
        app.patch(&path, json!({"state": "closed", "title": "Winds"}))
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(list("&state=closed").0, urls(&["winds"]));
        let shown = app.get(&path).bearer(&app.moderator).send().is(200).body;
        assert_eq!(
            (&shown["waiting_count"], &shown["title"]),
            (&json!(1), &json!("Winds"))
        );
        let tides = list("&q=tides").1["items"][0]["id"].clone();
        join(app, &tides, &winds["id"]).is(200);
        assert_eq!(list("").0, urls(&["winds", "a%25b"]));
        let shown = app.get(&path).bearer(&app.moderator).send().is(200).body;
        assert_eq!(shown["keys"], json!([page_url("tides"), page_url("winds")]));
        let joins = app
            .get(&format!("/v1/moderation/joins?site={SITE}"))
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(joins["items"][0]["from"]["url"], page_url("tides"));
    });
}

#[test]
fn passages_with_one_key_become_one_and_part_again() {
    on_both(|app| {
        let plant = |thread: &Value| {
            let path = format!("/v1/threads/{}/passages/q1", text(thread));
            let body = json!({"exact": "High water", "prefix": "", "suffix": "", "question": "When?", "state": "open"});
            app.put(&path, body).bearer(&app.admin).send().is(201).body
        };
        let about = |page: &str, passage: &Value, words: &str| {
            let mut body = comment(page, words);
            body["passage_id"] = passage["id"].clone();
            app.post("/v1/comments", body).send().is(201).body
        };
        let (old, new) = (app.comment("old", "o"), app.comment("new", "n"));
        let (first, second) = (plant(&old["thread_id"]), plant(&new["thread_id"]));
        about("old", &first, "on the first");
        about("new", &second, "on the second");
        let joined = join(app, &old["thread_id"], &new["thread_id"]).is(200).body;
        let passages = app.page("new")["passages"].clone();
        assert_eq!(passages.as_array().unwrap().len(), 1);
        assert_eq!(
            (&passages[0]["id"], &passages[0]["answer_count"]),
            (&second["id"], &json!(2))
        );
        // The first one's id leads to it.
        about("new", &first, "on both");
        undo(app, &joined).is(200);
        let of = |page: &str| app.page(page)["passages"][0].clone();
        assert_eq!(
            (&of("old")["id"], &of("old")["answer_count"]),
            (&first["id"], &json!(1))
        );
        assert_eq!(
            (&of("new")["id"], &of("new")["answer_count"]),
            (&second["id"], &json!(2))
        );
    });
}

#[test]
fn an_open_stream_of_a_joined_thread_is_told_to_read_anew() {
    on_both(|app| {
        let (old, new) = (app.comment("old", "o"), app.comment("new", "n"));
        let path = format!("/v1/threads/{}", text(&old["thread_id"]));
        let since = |version: &Value| {
            let changes = app.get(&format!("{path}/changes?since={version}")).send();
            (changes.status, changes.body)
        };
        let before = app.page("old")["thread"]["version"].clone();
        join(app, &old["thread_id"], &new["thread_id"]).is(200);
        // Whatever was read of either log before leads to reading anew.
        let (status, body) = since(&before);
        let is_reset = |item: &Value| item["kind"] == "thread.reset";
        let items = body["items"].as_array();
        assert!(
            status == 410 || items.unwrap().iter().any(is_reset),
            "{status} {body}"
        );
        let now = app.page("old")["thread"]["version"].clone();
        assert_eq!(since(&now).0, 200);
    });
}

#[test]
fn of_two_choices_of_one_mailbox_the_stronger_stays_until_it_is_undone() {
    on_both(|app| {
        let (old, new) = (app.comment("old", "o"), app.comment("new", "n"));
        let follow = |page: &str| {
            let body = json!({"site": SITE, "scope": "thread", "url": page_url(page), "email": "eve@example.org"});
            app.post("/v1/subscriptions", body).send();
        };
        follow("old");
        follow("new");
        app.sql("UPDATE subscriptions SET state = 'active'");
        // The weaker choice about the page that stays: the two change places.
        app.sql(&format!(
            "UPDATE subscriptions SET frequency = 'daily' WHERE target = (SELECT thread_id FROM thread_keys WHERE key = '{}')",
            page_url("new")
        ));
        let of = |page: &str, frequency: &str| {
            Letters::of(app).count(&format!(
                "SELECT COUNT(*) AS count FROM subscriptions \
                 JOIN thread_keys ON thread_keys.thread_id = subscriptions.target \
                 WHERE key = '{}' AND frequency = '{frequency}'",
                page_url(page)
            ))
        };
        assert_eq!((of("old", "instant"), of("new", "daily")), (1, 1));
        let joined = join(app, &old["thread_id"], &new["thread_id"]).is(200).body;
        assert_eq!((of("new", "instant"), of("new", "daily")), (1, 0));
        undo(app, &joined).is(200);
        assert_eq!((of("old", "instant"), of("old", "daily")), (1, 0));
        assert_eq!((of("new", "instant"), of("new", "daily")), (0, 1));
    });
}

#[test]
fn a_map_moves_pages_once() {
    on_both(|app| {
        for page in ["old/a", "old/b", "c", "occupied"] {
            app.comment(page, page);
        }
        let map = app.dir.path().join("map");
        let lines = format!(
            "# moved\n{ORIGIN}/old/* {ORIGIN}/new/*\n{ORIGIN}/c {ORIGIN}/occupied\n{ORIGIN}/d {ORIGIN}/e\n"
        );
        std::fs::write(&map, lines).unwrap();
        let file = map.to_str().unwrap();
        let run = |more: &[&str]| {
            app.postil(&[&["thread", "move", "--site", SITE, "--map", file], more].concat())
        };
        let dry = run(&["--dry-run"]);
        assert!(
            dry.contains(&format!("{ORIGIN}/old/a -> {ORIGIN}/new/a\n")),
            "{dry}"
        );
        assert!(
            dry.contains("line 3: ") && dry.contains("line 4: no thread"),
            "{dry}"
        );
        let first = run(&[]);
        assert!(first.contains("something was written there"), "{first}");
        let again = run(&[]);
        assert!(!again.contains("/new/a"), "moved twice: {again}");
        run(&["--join"]);
        let shows = |page: &str, there: &[&str]| {
            eventually("moved page", || (texts(app, page) == there).then_some(()));
        };
        shows("new/a", &["old/a"]);
        shows("new/b", &["old/b"]);
        shows("occupied", &["c", "occupied"]);
        shows("c", &["c", "occupied"]);
        shows("old/a", &[]);
    });
}

/// Numbers that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Threads that are joined and parted in steps, while others write.
struct World<'a> {
    app: &'a App,
    store: Store,
    runtime: actix_web::rt::SystemRunner,
    /// Each comment's id, the thread that it was written in and the root above it.
    written: Vec<(String, String, String)>,
    /// Those that have begun, and have not been undone.
    standing: Vec<JoinId>,
    /// Those of which steps are left.
    running: Vec<JoinId>,
}

const PAGES: [&str; 4] = ["p0", "p1", "p2", "p3"];

impl World<'_> {
    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut postil::store::Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.runtime.block_on(self.store.write(work))
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut postil::store::Conn) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.read(work)).unwrap()
    }

    fn post(&mut self, dice: &mut Dice) {
        let page = PAGES[dice.roll(PAGES.len())];
        let posted = self.app.comment(page, "root");
        let id = text(&posted["id"]);
        self.written
            .push((id.clone(), text(&posted["thread_id"]), id));
    }

    fn answer(&mut self, dice: &mut Dice) {
        let (parent, _, root) = self.written[dice.roll(self.written.len())].clone();
        let id: CommentId = parent.parse().unwrap();
        // Where it is now, and not a moment ago.
        let key = self.read(move |conn| {
            let row = comments::by_id(conn, id)?.ok_or(Error::NotFound)?;
            let thread = threads::current(conn, row.thread_id)?.ok_or(Error::NotFound)?;
            Ok(thread.key)
        });
        let body = json!({"site": SITE, "url": key, "body": "answer", "parent_id": parent});
        let posted = self.app.post("/v1/comments", body).send().is(201).body;
        self.written
            .push((text(&posted["id"]), String::new(), root));
    }

    fn begin(&mut self, dice: &mut Dice) {
        let thread = |page: &str| -> ThreadId {
            text(&self.app.page(page)["thread"]["id"]).parse().unwrap()
        };
        let (from, into) = (thread(PAGES[dice.roll(4)]), thread(PAGES[dice.roll(4)]));
        let begun = self.write(move |tx| {
            joining::begin(tx, Some(&Caller::operator()), from, into, Time::now())
        });
        match begun {
            Ok(join) => {
                self.standing.push(join.id);
                self.running.push(join.id);
            }
            Err(Error::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn step(&mut self, dice: &mut Dice) {
        if self.running.is_empty() {
            return;
        }
        let at = dice.roll(self.running.len());
        let (id, budget, dies) = (self.running[at], 1 + dice.roll(3), dice.roll(3) == 0);
        let stepped = self.write(move |tx| {
            let is_over = joining::step(tx, id, budget, Time::now())?;
            // A process that is killed here has written nothing.
            match dies {
                true => Err(Error::Busy),
                false => Ok(is_over),
            }
        });
        match stepped {
            Ok(true) => {
                self.running.remove(at);
            }
            Ok(false) | Err(Error::Busy) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn undo(&mut self, dice: &mut Dice) {
        if self.standing.is_empty() {
            return;
        }
        let at = dice.roll(self.standing.len());
        let id = self.standing[at];
        let begun = self.write(move |tx| {
            let join = joins::by_id(tx, id)?.ok_or(Error::NotFound)?;
            joining::begin_undoing(tx, Some(&Caller::operator()), &join, Time::now())
        });
        match begun {
            Ok(_) => {
                self.standing.remove(at);
                self.running.push(id);
            }
            Err(Error::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn settle(&mut self, dice: &mut Dice) {
        while !self.running.is_empty() {
            self.step(dice);
        }
    }

    /// Waits until the service has heard of what this process did beside it, and reads all.
    fn check(&self) {
        eventually("state in which all is well", || match self.problem() {
            None => Some(()),
            Some(problem) => {
                eprintln!("{problem}");
                None
            }
        });
    }

    /// Everything that was written is there once, in order, beside its root, and counted; or what is not so.
    fn problem(&self) -> Option<String> {
        let mut threads = BTreeMap::new();
        for page in PAGES {
            let thread = self.app.page(page)["thread"].clone();
            threads.insert(
                text(&thread["id"]),
                thread["comment_count"].as_i64().unwrap(),
            );
        }
        let mut home = BTreeMap::new();
        for (thread, count) in &threads {
            let all = everything(self.app, thread);
            if all.len() as i64 != *count {
                return Some(format!("{} are counted of {count}", all.len()));
            }
            let roots = all.iter().filter(|comment| comment["parent_id"].is_null());
            let times: Vec<String> = roots.map(|root| text(&root["created_at"])).collect();
            if !times.is_sorted() {
                return Some(format!("not in order: {times:?}"));
            }
            for comment in all {
                let is_elsewhere = comment["thread_id"] != **thread;
                if home.insert(text(&comment["id"]), thread.clone()).is_some() || is_elsewhere {
                    return Some(format!("doubled: {comment}"));
                }
            }
        }
        let written: BTreeSet<&String> = self.written.iter().map(|(id, ..)| id).collect();
        if home.keys().collect::<BTreeSet<_>>() != written {
            return Some(format!("{} of {}", home.len(), written.len()));
        }
        let parted = self
            .written
            .iter()
            .find(|(id, _, root)| home[id] != home[root]);
        parted.map(|(id, ..)| format!("{id} is not beside its root"))
    }
}

#[test]
fn whatever_is_joined_and_undone_in_whatever_order_while_others_write_nothing_is_lost() {
    on_both(|app| {
        app.policy(json!({"hold_repeats": false}));
        for seed in 1..=4 {
            let database = app.database();
            let (store, _) = Store::open(database, None, 1).unwrap();
            let mut dice = Dice(seed * 7919);
            let mut world = World {
                app,
                store,
                runtime: actix_web::rt::System::new(),
                written: Vec::new(),
                standing: Vec::new(),
                running: Vec::new(),
            };
            app.sql("DELETE FROM joined_items; DELETE FROM joins");
            for page in PAGES {
                app.comment(page, "first");
            }
            world.written = PAGES
                .iter()
                .flat_map(|page| {
                    let thread = text(&app.page(page)["thread"]["id"]);
                    let all = everything(app, &thread);
                    let known = |comment: &Value| {
                        (
                            text(&comment["id"]),
                            thread.clone(),
                            text(&comment["root_id"]),
                        )
                    };
                    all.iter().map(known).collect::<Vec<_>>()
                })
                .collect();
            for _ in 0..60 {
                match dice.roll(10) {
                    0..=1 => world.post(&mut dice),
                    2..=3 => world.answer(&mut dice),
                    4 => world.begin(&mut dice),
                    5 => world.undo(&mut dice),
                    _ => world.step(&mut dice),
                }
            }
            world.settle(&mut dice);
            world.check();
            while !world.standing.is_empty() {
                world.undo(&mut dice);
                world.settle(&mut dice);
            }
            world.check();
            // With every join undone, each root is where it was written.
            for (id, thread, _) in world.written.iter().filter(|(id, _, root)| id == root) {
                let id: CommentId = id.parse().unwrap();
                let row = world.read(move |conn| comments::by_id(conn, id));
                assert_eq!(row.unwrap().thread_id.to_string(), *thread, "seed {seed}");
            }
        }
    });
}
