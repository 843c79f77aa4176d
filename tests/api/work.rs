//! Proof of work: who must bring it, and what is wrong with it. `tests/browser/work.test.mjs` has the exchange with others'
//! clients.

use std::sync::Barrier;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postil::domain::time::Time;
use postil::domain::token::Keys;
use postil::domain::work::{Challenge, LIFETIME};
use postil::store::{Store, spent_work};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, App, SITE, comment, on_both, on_both_with};

const SECRET: &str = "a secret of no fewer than 32 bytes";

fn challenge(app: &App) -> Value {
    app.get(&format!("/v1/challenges?site={SITE}"))
        .send()
        .is(200)
        .body
}

/// The key for a counter.
fn key(parameters: &Value, counter: u32) -> String {
    let bytes = |name: &str| {
        let text = parameters[name].as_str().unwrap();
        let at = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        (0..16).map(at).collect::<Vec<u8>>()
    };
    let hash = Sha256::new()
        .chain_update(bytes("salt"))
        .chain_update(bytes("nonce"))
        .chain_update(counter.to_be_bytes());
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The counter that solves a challenge.
fn counter(challenge: &Value) -> u32 {
    let prefix = challenge["parameters"]["keyPrefix"].as_str().unwrap();
    (0..)
        .find(|counter| key(&challenge["parameters"], *counter).starts_with(prefix))
        .unwrap()
}

fn solved(challenge: &Value) -> String {
    let counter = counter(challenge);
    let solution =
        json!({"counter": counter, "derivedKey": key(&challenge["parameters"], counter)});
    STANDARD.encode(json!({"challenge": challenge, "solution": solution}).to_string())
}

fn post(app: &App, text: &str, work: &str) -> Answer {
    let mut body = comment("a", text);
    body["work"] = json!(work);
    app.post("/v1/comments", body).send()
}

fn plain(app: &App, text: &str) -> Answer {
    app.post("/v1/comments", comment("a", text)).send()
}

fn count(app: &App) -> i64 {
    app.page("a")["thread"]["comment_count"].as_i64().unwrap()
}

#[test]
fn a_guest_works_once_for_each_comment() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests"}));
        assert_eq!(app.page("a")["policy"]["proof_of_work"], "guests");
        let refused = plain(app, "Nothing").refuses(422, "work_required");
        let path = refused.body["challenge_url"].as_str().unwrap().to_owned();
        let work = solved(&app.get(&path).send().is(200).body);
        post(app, "One", &work).is(201);
        let again = post(app, "Two", &work).refuses(422, "work_spent");
        assert_eq!(again.body["errors"][0]["pointer"], "/work");
        assert_eq!(count(app), 1);
        post(app, "Two", &solved(&challenge(app))).is(201);
        assert_eq!(count(app), 2);
    });
}

#[test]
fn a_comment_that_is_sent_again_costs_no_more_work() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests"}));
        let (first, other) = (solved(&challenge(app)), solved(&challenge(app)));
        let send = |work: Option<&str>| {
            let mut body = comment("a", "Once");
            body["work"] = json!(work);
            let call = app.post("/v1/comments", body);
            call.header("Idempotency-Key", "the-same").send()
        };
        send(None).refuses(422, "work_required");
        assert_eq!(
            send(Some(&first)).is(201).header("idempotency-replayed"),
            ""
        );
        for work in [Some(first.as_str()), Some("nonsense"), None, Some(&other)] {
            assert_eq!(send(work).is(201).header("idempotency-replayed"), "true");
        }
        assert_eq!(count(app), 1);
        // The other one was not needed, and is still good.
        post(app, "Twice", &other).is(201);
    });
}

#[test]
fn what_solves_no_challenge_of_the_site_is_refused() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests"}));
        let other = json!({"slug": "other", "origins": ["https://other.example"]});
        let call = app.post("/v1/sites", other).bearer(&app.admin);
        call.send().is(201);
        let foreign = app.get("/v1/challenges?site=other").send().is(200).body;
        let mine = challenge(app);
        let mut easier = mine.clone();
        easier["parameters"]["keyPrefix"] = json!("0");
        let unsolved = json!({"counter": 0, "derivedKey": key(&mine["parameters"], 0)});
        let unsolved = json!({"challenge": mine, "solution": unsolved}).to_string();
        for work in [
            solved(&foreign),
            solved(&easier),
            STANDARD.encode(unsolved),
            STANDARD.encode("{}"),
            "no base64".into(),
            "A".repeat(3_000),
        ] {
            let refused = post(app, "Hello", &work).refuses(422, "work_invalid");
            assert_eq!(refused.body["errors"][0]["pointer"], "/work");
        }
        post(app, "Hello", "").refuses(422, "work_required");
        assert_eq!(count(app), 0);
        // A refusal for something else leaves it unused.
        let work = solved(&mine);
        let mut orphan = comment("a", "Hello");
        orphan["parent_id"] = json!("019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03");
        orphan["work"] = json!(work);
        let call = app.post("/v1/comments", orphan);
        call.send().refuses(422, "parent_unknown");
        post(app, "Hello", &work).is(201);
    });
}

#[test]
fn a_challenge_is_good_for_two_hours() {
    on_both_with(&[&format!("--secrets={SECRET}")], |app| {
        app.policy(json!({"proof_of_work": "guests"}));
        let keys = Keys::parse(SECRET).unwrap();
        let site = challenge(app)["parameters"]["data"]["site"].clone();
        let handed_out = |seconds: i64| {
            let then = Time::from_micros(Time::now().micros() - seconds * 1_000_000);
            let site = site.as_str().unwrap().parse().unwrap();
            let sign = |data: &[u8]| keys.mac("work", data);
            json!(Challenge::new(site, 100, [7; 36], then, sign))
        };
        let work = solved(&handed_out(LIFETIME + 1));
        post(app, "Late", &work).refuses(422, "work_expired");
        post(app, "Timely", &solved(&handed_out(LIFETIME - 600))).is(201);
    });
}

#[test]
fn of_two_comments_with_one_solution_one_is_posted() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests"}));
        let work = solved(&challenge(app));
        let start = Barrier::new(4);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let each = |n: i32| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    post(app, &format!("Number {n}"), work).status
                })
            };
            let all: Vec<_> = (0..4).map(each).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let taken = statuses.iter().filter(|status| **status == 201).count();
        let refused = statuses.iter().filter(|status| **status == 422).count();
        assert_eq!((taken, refused, count(app)), (1, 3, 1), "{statuses:?}");
    });
}

#[test]
fn by_default_nobody_works() {
    on_both(|app| {
        plain(app, "Hello https://a.example").is(201);
        post(app, "Hello", "what is not needed is not looked at").is(201);
    });
}

#[test]
fn staff_and_the_trusted_need_not_work() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests", "trust_after": 1}));
        let call = app.post("/v1/comments", comment("a", "From Mona"));
        call.bearer(&app.moderator).send().is(201);
        let token = app.guest();
        let post = |text: &str, work: Option<&str>| {
            let mut body = comment("a", text);
            body["work"] = json!(work);
            app.post("/v1/comments", body).bearer(&token).send()
        };
        let decide = |action: &str, comment: &Value| {
            let decision = json!({"action": action, "ids": [comment["id"]]});
            let call = app.post("/v1/moderation/actions", decision);
            call.bearer(&app.moderator).send().is(200);
        };
        post("One", None).refuses(422, "work_required");
        app.policy(json!({"moderation": "pre"}));
        let one = post("One", Some(&solved(&challenge(app)))).is(202).body;
        decide("approve", &one);
        app.policy(json!({"moderation": "post"}));
        let two = post("Two https://a.example", None).is(201).body;
        decide("reject", &two);
        post("Three", None).refuses(422, "work_required");
    });
}

#[test]
fn what_is_suspicious_takes_work() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "suspicious"}));
        let link = "Look: https://a.example";
        plain(app, link).refuses(422, "work_required");
        post(app, link, &solved(&challenge(app))).is(201);
        // With those above, twenty calls are what is usual.
        for n in 4..=20 {
            plain(app, &format!("Number {n}")).is(201);
        }
        plain(app, "Too much").refuses(422, "work_required");
    });
}

#[test]
fn challenges_are_harder_for_strangers_and_under_load() {
    on_both(|app| {
        // Between half of the hashes and all of them.
        let first = counter(&challenge(app));
        assert!((20_000..40_000).contains(&first), "{first}");
        for _ in 2..40 {
            challenge(app);
        }
        let crowded = counter(&challenge(app));
        assert!((40_000..80_000).contains(&crowded), "{crowded}");
    });
}

#[test]
fn challenges_are_for_the_sites_own_pages_and_not_without_limit() {
    on_both_with(&["--rate-challenges=2/3600"], |app| {
        let path = format!("/v1/challenges?site={SITE}");
        let handed = app.get(&path).send().is(200);
        assert_eq!(handed.header("ratelimit"), "\"challenges\";r=1;t=1800");
        let page = app.get(&path).header("Origin", "https://evil.example");
        page.send().refuses(403, "origin_not_allowed");
        app.get(&path).send().refuses(429, "rate_limited");
    });
    on_both(|app| {
        let refused = app.get("/v1/challenges").send();
        refused.refuses(400, "invalid_query");
        let refused = app.get("/v1/challenges?site=nobody").send();
        refused.refuses(404, "unknown_site");
    });
}

#[test]
fn a_spent_challenge_is_forgotten_when_it_is_good_no_more() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "guests"}));
        post(app, "Hello", &solved(&challenge(app))).is(201);
        let (store, _touched) = Store::open(app.database(), None, 1).unwrap();
        let forget = |now: Time| {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime
                .block_on(store.write(move |tx| spent_work::forget(tx, now, 10)))
                .unwrap()
        };
        assert_eq!(forget(Time::now()), 0);
        let later = Time::from_micros(Time::now().micros() + (LIFETIME + 1) * 1_000_000);
        assert_eq!(forget(later), 1);
        assert_eq!(forget(later), 0);
    });
}

#[test]
fn a_link_that_somebody_new_adds_later_waits() {
    on_both(|app| {
        app.policy(json!({"proof_of_work": "suspicious"}));
        let mine = plain(app, "See [here](https://a.example)").refuses(422, "work_required");
        assert!(mine.body["challenge_url"].is_string());
        let mine = post(
            app,
            "See [here](https://a.example)",
            &solved(&challenge(app)),
        );
        let mine = mine.is(201).body;
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        let edit = |text: &str| {
            let call = app.patch(&path, json!({"body": text}));
            call.bearer(mine["token"].as_str().unwrap()).send()
        };
        edit("Look [there](https://a.example)").is(200);
        let held = edit("Look <https://b.example>").is(202);
        assert_eq!(held.body["reasons"][0]["code"], "late_links");
        assert_eq!(
            app.page("a")["comments"]["items"][0]["body_html"],
            "<p>Look <a href=\"https://a.example\" rel=\"nofollow ugc noopener noreferrer\">there</a></p>\n"
        );
        app.policy(json!({"proof_of_work": "off"}));
        edit("Look <https://c.example> and on").is(202);
        let call = app.post(
            "/v1/moderation/actions",
            json!({"action": "approve", "ids": [mine["id"]]}),
        );
        call.bearer(&app.moderator).send().is(200);
        edit("Look <https://d.example>").is(200);
    });
}
