//! "Notify of": what may be chosen, who has to confirm it, and how it is left again.

use postil::domain::time::Time;
use postil::service::housekeeping;
use postil::store::Store;
use serde_json::{Value, json};

use crate::letters::{HOUR, Letters};
use crate::support::{App, ORIGIN, SITE, comment, eventually, on_both, on_both_with, page_url};

/// What asks to be told of every comment on the page with that path.
fn thread(page: &str, email: &str) -> Value {
    json!({"site": SITE, "scope": "thread", "url": page_url(page), "email": email})
}

/// Asks, and gets the one answer that there is.
#[track_caller]
fn subscribe(app: &App, token: Option<&str>, body: Value) {
    let call = app.post("/v1/subscriptions", body);
    let call = match token {
        Some(token) => call.bearer(token),
        None => call,
    };
    let answer = call.send().is(202);
    assert_eq!(answer.body, json!({"accepted": true}));
}

/// What `/me` says about one's subscription to the page with that path.
fn own(app: &App, token: &str, page: &str) -> Value {
    let thread = app.page(page)["thread"]["id"].clone();
    let thread = thread.as_str().unwrap().to_owned();
    app.get(&format!("/v1/threads/{thread}/me"))
        .bearer(token)
        .send()
        .is(200)
        .body["subscription"]
        .clone()
}

#[test]
fn a_stranger_confirms_each_choice_and_a_person_once() {
    on_both(|app| {
        let letters = Letters::of(app);
        subscribe(app, None, thread("a", "ann@example.org"));
        assert_eq!(letters.asked("ann@example.org").len(), 1);
        // Asked again, the same need has no second letter.
        subscribe(app, None, thread("a", "Ann@Example.org"));
        assert_eq!(letters.asked("ann@example.org").len(), 1);

        let guest = app.guest();
        subscribe(app, Some(&guest), thread("a", "ann@example.org"));
        subscribe(app, Some(&guest), thread("b", "ann@example.org"));
        assert_eq!(letters.asked("ann@example.org").len(), 2);
        assert_eq!(own(app, &guest, "a")["state"], "pending");
        let link = letters.asked("ann@example.org").remove(1);
        app.get(&link).send().is(200);
        assert_eq!(own(app, &guest, "a")["state"], "pending");
        press(app, &link).is(200);
        assert_eq!(own(app, &guest, "a")["state"], "active");
        assert_eq!(own(app, &guest, "b")["state"], "active");
        // Later choices of the same person count at once, a stranger's do not.
        subscribe(app, Some(&guest), thread("c", "ann@example.org"));
        assert_eq!(own(app, &guest, "c")["state"], "active");
        assert_eq!(letters.asked("ann@example.org").len(), 2);
        let stranger = app.guest();
        subscribe(app, Some(&stranger), thread("c", "ann@example.org"));
        assert_eq!(own(app, &stranger, "c")["state"], "pending");
        assert_eq!(letters.asked("ann@example.org").len(), 3);
        // Confirming twice is confirming once.
        press(app, &link).is(200);
    });
}

/// Presses the one button of a page.
#[track_caller]
pub fn press(app: &App, link: &str) -> crate::support::Answer {
    app.call("POST", link)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .bytes(Vec::new())
        .send()
}

#[test]
fn the_form_of_a_comment_takes_a_choice_along() {
    on_both(|app| {
        let letters = Letters::of(app);
        let mut body = comment("a", "Tell me");
        body["notify"] = json!("replies");
        app.post("/v1/comments", body.clone())
            .send()
            .refuses(422, "email_required");
        body["author"] = json!({"email": "ann@example.org"});
        let posted = app.post("/v1/comments", body.clone()).send().is(201).body;
        let token = posted["token"].as_str().unwrap();
        let chosen = own(app, token, "a");
        assert_eq!(
            (&chosen["scope"], &chosen["state"]),
            (&json!("replies"), &json!("pending"))
        );
        assert_eq!(letters.asked("ann@example.org").len(), 1);
        press(app, &letters.asked("ann@example.org")[0]).is(200);
        assert_eq!(own(app, token, "a")["state"], "active");
        // The wider choice takes the place of the narrower, and the address is known by now.
        let mut second = comment("a", "Tell me all");
        second["notify"] = json!("all");
        app.post("/v1/comments", second)
            .bearer(token)
            .send()
            .is(201);
        let chosen = own(app, token, "a");
        assert_eq!(
            (&chosen["scope"], &chosen["state"]),
            (&json!("thread"), &json!("active"))
        );
        // Changing one's mind with one's own token, and nobody else with theirs.
        let path = format!("/v1/subscriptions/{}", chosen["id"].as_str().unwrap());
        let daily = json!({"frequency": "daily"});
        app.patch(&path, daily.clone())
            .send()
            .refuses(401, "unauthorized");
        app.patch(&path, daily.clone())
            .bearer(&app.guest())
            .send()
            .refuses(404, "not_found");
        app.patch(&path, json!({"frequency": "often"}))
            .bearer(token)
            .send()
            .refuses(422, "field_invalid");
        let changed = app.patch(&path, daily).bearer(token).send().is(200).body;
        assert_eq!(changed["frequency"], "daily");
        app.delete(&path)
            .bearer(&app.guest())
            .send()
            .refuses(404, "not_found");
        app.delete(&path).bearer(token).send().is(204);
        assert_eq!(own(app, token, "a"), Value::Null);
        app.delete(&path)
            .bearer(token)
            .send()
            .refuses(404, "not_found");
    });
}

#[test]
fn a_site_that_asks_for_no_address_still_tells_of_answers() {
    on_both(|app| {
        app.policy(json!({"fields": {"email": "hidden"}}));
        let mut body = comment("a", "Tell me");
        body["notify"] = json!("all");
        body["author"] = json!({"email": "ann@example.org"});
        let posted = app.post("/v1/comments", body).send().is(201).body;
        let token = posted["token"].as_str().unwrap();
        assert_eq!(own(app, token, "a")["state"], "pending");
        // It is not remembered with the person, who has to give it again.
        let mut body = comment("b", "Tell me");
        body["notify"] = json!("all");
        app.post("/v1/comments", body)
            .bearer(token)
            .send()
            .refuses(422, "email_required");
    });
}

#[test]
fn a_held_comment_asks_nobody_until_it_is_published() {
    on_both(|app| {
        let letters = Letters::of(app);
        app.policy(json!({"moderation": "pre"}));
        let mut body = comment("a", "Held");
        body["notify"] = json!("all");
        body["author"] = json!({"email": "ann@example.org"});
        let held = app.post("/v1/comments", body).send().is(202).body;
        assert_eq!(
            own(app, held["token"].as_str().unwrap(), "a")["state"],
            "pending"
        );
        assert!(letters.asked("ann@example.org").is_empty());
        let approve = json!({"action": "approve", "ids": [held["id"]]});
        app.post("/v1/moderation/actions", approve)
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(letters.asked("ann@example.org").len(), 1);
    });
}

#[test]
fn an_address_gets_no_more_than_its_share_of_letters_and_one_network_half_of_it() {
    on_both_with(&["--trusted-proxies=127.0.0.1"], |app| {
        let letters = Letters::of(app);
        let asked = || -> usize {
            let of = |n| letters.asked(&format!("ann+{n}@example.org")).len();
            (0..30).map(of).sum()
        };
        // Each a stranger with another spelling of one mailbox.
        let ask = |n: usize, network: usize| {
            let wish = thread("a", &format!("ann+{n}@example.org"));
            let call = app.post("/v1/subscriptions", wish);
            call.header("X-Forwarded-For", &format!("198.51.{network}.1"))
                .send()
                .is(202);
        };
        (0..5).for_each(|n| ask(n, 1));
        assert_eq!(asked(), 3);
        let from_a_comment = |n: usize| {
            let mut body = comment("a", "Tell me");
            body["notify"] = json!("all");
            body["author"] = json!({"email": format!("ann+{n}@example.org")});
            app.post("/v1/comments", body)
                .header("X-Forwarded-For", "198.51.1.1")
                .send()
                .is(201);
        };
        from_a_comment(5);
        assert_eq!(asked(), 3);
        (6..18).for_each(|n| ask(n, n));
        assert_eq!(asked(), 6);
        // Another address is none the worse.
        subscribe(app, None, thread("a", "bob@example.org"));
        assert_eq!(letters.asked("bob@example.org").len(), 1);
    });
}

#[test]
fn a_client_asks_for_no_more_than_its_share_of_letters() {
    on_both_with(&["--rate-letters=2/3600"], |app| {
        // Nobody's token: the network counts, with as many calls as one person.
        for n in 0..2 {
            subscribe(app, None, thread("a", &format!("a{n}@example.org")));
        }
        app.post("/v1/subscriptions", thread("a", "a9@example.org"))
            .send()
            .refuses(429, "rate_limited");
        let mut body = comment("a", "x");
        body["notify"] = json!("all");
        body["author"] = json!({"email": "b@example.org"});
        app.post("/v1/comments", body)
            .send()
            .refuses(429, "rate_limited");
        app.comment("a", "without");
    });
}

#[test]
fn whoever_is_vouched_for_confirms_nothing() {
    on_both(|app| {
        let letters = Letters::of(app);
        let added = app.postil(&[
            "moderator",
            "add",
            SITE,
            "Otto",
            "--email",
            "otto@example.org",
        ]);
        let token = added
            .split_whitespace()
            .find(|word| word.starts_with("postil_"))
            .expect("a token");
        let site = json!({"site": SITE, "scope": "site"});
        subscribe(app, Some(token), site.clone());
        subscribe(app, Some(token), thread("a", "otto@example.org"));
        assert_eq!(own(app, token, "a")["state"], "active");
        assert!(letters.asked("otto@example.org").is_empty());
        // Another address of theirs is anybody's.
        subscribe(app, Some(token), thread("b", "other@example.org"));
        assert_eq!(own(app, token, "b")["state"], "pending");

        let guest = app.guest();
        app.post("/v1/subscriptions", site.clone())
            .send()
            .refuses(401, "unauthorized");
        app.post("/v1/subscriptions", site)
            .bearer(&guest)
            .send()
            .refuses(403, "forbidden");
        let article =
            json!({"site": SITE, "scope": "article", "url": page_url("a"), "email": "a@b.org"});
        app.post("/v1/subscriptions", article)
            .bearer(&guest)
            .send()
            .refuses(403, "forbidden");
    });
}

#[test]
fn what_cannot_be_followed_is_named() {
    on_both(|app| {
        let posted = app.comment("a", "x");
        let author = posted["author"]["id"].clone();
        let email = "ann@example.org";
        let base = |scope: &str| json!({"site": SITE, "scope": scope, "email": email});
        let with = |scope: &str, name: &str, value: Value| {
            let mut body = base(scope);
            body[name] = value;
            body
        };
        subscribe(
            app,
            None,
            with("comment", "comment_id", posted["id"].clone()),
        );
        subscribe(app, None, with("author", "author_id", author.clone()));
        for (body, code) in [
            (base("thread"), "field_required"),
            (base("comment"), "field_required"),
            (base("author"), "field_required"),
            (base("all"), "field_invalid"),
            (
                with("thread", "url", json!("https://other.example/")),
                "url_not_on_site",
            ),
            (with("comment", "comment_id", author), "comment_unknown"),
            (with("comment", "comment_id", json!("x")), "comment_unknown"),
            (
                with("author", "author_id", posted["id"].clone()),
                "person_unknown",
            ),
        ] {
            app.post("/v1/subscriptions", body)
                .send()
                .refuses(422, code);
        }
        app.post(
            "/v1/subscriptions",
            with("replies", "url", json!(page_url("a"))),
        )
        .send()
        .refuses(401, "unauthorized");
        let mut body = thread("a", email);
        body["frequency"] = json!("yearly");
        app.post("/v1/subscriptions", body)
            .send()
            .refuses(422, "field_invalid");
        let no_email = json!({"site": SITE, "scope": "thread", "url": page_url("a")});
        app.post("/v1/subscriptions", no_email)
            .send()
            .refuses(422, "email_required");
        app.post("/v1/subscriptions", thread("a", email))
            .header("Origin", "https://evil.example")
            .send()
            .refuses(403, "origin_not_allowed");
        app.post("/v1/subscriptions", thread("a", email))
            .header("Origin", ORIGIN)
            .send()
            .is(202);
    });
}

/// What housekeeping does at that time.
pub fn tidy(app: &App, now: Time) {
    let (store, _announced) = Store::open(app.database(), None, 1).unwrap();
    let (_go_on, stop) = tokio::sync::watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let keep_log = std::time::Duration::from_secs(30 * 24 * 3600);
        housekeeping::tidy(&store, keep_log, now, &stop)
            .await
            .unwrap();
        store.close().await;
    });
}

#[test]
fn what_nobody_confirms_is_forgotten_after_three_days_and_the_address_with_it() {
    on_both(|app| {
        let letters = Letters::of(app);
        subscribe(app, None, thread("a", "ann@example.org"));
        let wanted = json!({"site": SITE, "email": "sue@example.org", "url": page_url("a")});
        app.post("/v1/identity/email", wanted).send().is(202);
        let guest = app.guest();
        subscribe(app, Some(&guest), thread("a", "bob@example.org"));
        press(app, &letters.asked("bob@example.org")[0]).is(200);
        // The address is known now; what a stranger chose for it is not agreed to.
        subscribe(app, None, thread("b", "bob@example.org"));
        app.policy(json!({"moderation": "pre"}));
        let mut held = comment("a", "Held");
        held["notify"] = json!("all");
        held["author"] = json!({"email": "eve@example.org"});
        app.post("/v1/comments", held).send().is(202);
        eventually("empty outbox", || {
            let waiting = "SELECT COUNT(*) AS count FROM outbox WHERE state = 'waiting'";
            (letters.count(waiting) == 0).then_some(())
        });
        let left = || {
            let count = |sql: &str| letters.count(&format!("SELECT COUNT(*) AS count FROM {sql}"));
            let of = |name: &str| count(&format!("mailboxes WHERE folded = '{name}@example.org'"));
            (
                ["ann", "sue", "bob", "eve"].map(of),
                count("subscriptions WHERE state = 'pending'"),
                count("subscriptions WHERE state = 'active'"),
            )
        };
        let asked = Time::now();
        let after = |hours: u32| asked.plus(hours * HOUR);
        tidy(app, after(71));
        assert_eq!(left(), ([1, 1, 1, 1], 3, 1));
        tidy(app, after(73));
        // A choice that waits with its comment is not asked about yet, so nobody is late with an answer.
        assert_eq!(left(), ([0, 0, 1, 1], 1, 1));
        tidy(app, after(30 * 24 + 1));
        assert_eq!(left(), ([0, 0, 1, 0], 0, 1));
    });
}

#[test]
fn addresses_that_are_none_or_many_are_refused_and_never_repeated() {
    on_both(|app| {
        let long = format!("{}@example.org", "a".repeat(400));
        for email in [
            "ann@example.org\r\nBcc: bob@example.org",
            "ann@example.org\n",
            "ann@example.org,bob@example.org",
            "ann@example.org bob@example.org",
            "Ann <ann@example.org>",
            "\"ann\"@example.org",
            "ann@[127.0.0.1]",
            "ünn@example.org",
            "ann@localhost",
            "ann\0@example.org",
            &long,
        ] {
            let answer = app
                .post("/v1/subscriptions", thread("a", email))
                .send()
                .refuses(422, "email_invalid");
            assert!(!answer.text().contains("bob@"), "{}", answer.text());
        }
        // A domain in other letters has a form in these.
        let letters = Letters::of(app);
        subscribe(app, None, thread("a", "ann@bücher.example"));
        assert_eq!(letters.asked("ann@xn--bcher-kva.example").len(), 1);
    });
}

#[test]
fn two_who_ask_or_confirm_at_once_do_not_disturb_each_other() {
    on_both(|app| {
        let letters = Letters::of(app);
        let guest = app.guest();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| subscribe(app, Some(&guest), thread("a", "ann@example.org")));
            }
        });
        let asked = letters.asked("ann@example.org");
        assert_eq!(asked.len(), 1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| press(app, &asked[0]).is(200));
            }
        });
        assert_eq!(own(app, &guest, "a")["state"], "active");
        let manage = letters.manage("ann@example.org");
        std::thread::scope(|scope| {
            let forget = scope.spawn(|| letters.act(&manage, "action=forget"));
            for _ in 0..3 {
                scope.spawn(|| {
                    let status = press(app, &asked[0]).status;
                    assert!([200, 410].contains(&status), "{status}");
                });
            }
            scope.spawn(|| subscribe(app, Some(&guest), thread("b", "ann@example.org")));
            forget.join().unwrap().is(200);
        });
        letters.act(&manage, "action=forget").is(200);
    });
}
