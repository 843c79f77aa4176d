//! An article's author, named by the site: asked once, told of every comment, and left alone when they say so.

use serde_json::{Value, json};

use postil::domain::time::Time;

use crate::consent::{press, tidy};
use crate::letters::{HOUR, Letters};
use crate::support::{Answer, App, SITE, eventually, on_both, page_url};

const ANN: &str = "ann@example.org";

fn put(app: &App, page: &str, author: Value) -> Answer {
    let body = json!({"site": SITE, "url": page_url(page), "author": author});
    app.put("/v1/moderation/threads", body)
        .bearer(&app.admin)
        .send()
}

/// Names the author of the page with that path; the answer tells nothing of it.
#[track_caller]
fn name(app: &App, page: &str, email: &str) {
    let answer = put(app, page, json!({"email": email}));
    assert!(
        answer.status == 200 || answer.status == 201,
        "{}",
        answer.text()
    );
    assert!(
        !answer.text().contains("example.org\""),
        "{}",
        answer.text()
    );
}

/// The choices of this address for articles, by where they stand.
fn articles(letters: &Letters, email: &str, state: &str) -> i64 {
    letters.count(&format!(
        "SELECT COUNT(*) AS count FROM subscriptions JOIN mailboxes ON mailboxes.id = subscriptions.mailbox_id
         WHERE scope = 'article' AND state = '{state}' AND folded = '{email}'"
    ))
}

/// Waits until the comment was told to everybody, and gives how many letters this address was told in.
fn told(app: &App, letters: &Letters, page: &str, email: &str) -> i64 {
    app.comment(page, "News");
    eventually("empty outbox", || {
        let waiting = "SELECT COUNT(*) AS count FROM outbox WHERE state = 'waiting'";
        (letters.count(waiting) == 0).then_some(())
    });
    letters.count(&format!(
        "SELECT COUNT(*) AS count FROM outbox JOIN mailboxes ON mailboxes.id = outbox.recipient
         WHERE kind = 'comment.news' AND folded = '{email}'"
    ))
}

#[test]
fn an_author_is_asked_once_and_then_told_of_all_their_articles() {
    on_both(|app| {
        let letters = Letters::of(app);
        name(app, "a", ANN);
        name(app, "a", ANN);
        name(app, "b", "Ann@Example.org");
        assert_eq!(letters.asked(ANN).len(), 1);
        assert_eq!(told(app, &letters, "a", ANN), 0);
        press(app, &letters.asked(ANN)[0]).is(200);
        assert_eq!(articles(&letters, ANN, "active"), 2);
        name(app, "c", ANN);
        assert_eq!(articles(&letters, ANN, "active"), 3);
        assert_eq!(letters.asked(ANN).len(), 1);
        assert_eq!(told(app, &letters, "c", ANN), 1);
        // What a stranger chooses for the address is not agreed to by that.
        let wish = json!({"site": SITE, "scope": "thread", "url": page_url("d"), "email": ANN});
        app.post("/v1/subscriptions", wish).send().is(202);
        assert_eq!(letters.asked(ANN).len(), 2);
    });
}

#[test]
fn what_an_author_left_stays_left_however_often_the_site_names_them() {
    on_both(|app| {
        let letters = Letters::of(app);
        name(app, "a", ANN);
        name(app, "b", ANN);
        press(app, &letters.asked(ANN)[0]).is(200);
        let manage = letters.manage(ANN);
        let html = app.get(&manage).send().is(200).text();
        let id = html.split("name=\"subscription\" value=\"").nth(1).unwrap();
        let form = format!("action=stop&subscription={}", &id[..36]);
        letters.act(&manage, &form).is(200);
        for page in ["a", "b"] {
            name(app, page, ANN);
        }
        assert_eq!(letters.asked(ANN).len(), 1);
        // Asked for in so many words, they are asked again, as anybody is.
        for page in ["a", "b"] {
            let wish =
                json!({"site": SITE, "scope": "article", "url": page_url(page), "email": ANN});
            app.post("/v1/subscriptions", wish)
                .bearer(&app.admin)
                .send()
                .is(202);
        }
        assert_eq!(articles(&letters, ANN, "active"), 1);
        assert_eq!(letters.asked(ANN).len(), 2);
        letters.act(&manage, "action=stop_all").is(200);
        name(app, "a", ANN);
        name(app, "b", ANN);
        assert_eq!(articles(&letters, ANN, "ended"), 2);
        name(app, "c", ANN);
        assert_eq!(articles(&letters, ANN, "pending"), 0);
        assert_eq!(letters.asked(ANN).len(), 2);
    });
}

#[test]
fn an_author_who_does_not_answer_is_not_asked_again() {
    on_both(|app| {
        let letters = Letters::of(app);
        name(app, "a", ANN);
        tidy(app, Time::now().plus(73 * HOUR));
        for page in ["a", "b"] {
            name(app, page, ANN);
        }
        assert_eq!(letters.asked(ANN).len(), 1);
        assert_eq!(articles(&letters, ANN, "pending"), 0);
    });
}

#[test]
fn the_letter_about_two_articles_still_works_when_one_of_them_is_taken_back() {
    on_both(|app| {
        for (taken, left) in [("a", "b"), ("b", "a")] {
            let letters = Letters::of(app);
            let email = format!("{taken}@example.org");
            name(app, "a", &email);
            name(app, "b", &email);
            put(app, taken, json!({"email": null})).is(200);
            press(app, &letters.asked(&email)[0]).is(200);
            assert_eq!(told(app, &letters, left, &email), 1);
            assert_eq!(told(app, &letters, taken, &email), 1);
        }
    });
}

#[test]
fn who_agrees_to_their_articles_does_not_agree_to_the_site() {
    on_both(|app| {
        let letters = Letters::of(app);
        name(app, "a", ANN);
        let wish = json!({"site": SITE, "scope": "site", "email": ANN});
        let ask = || {
            let wish = app.post("/v1/subscriptions", wish.clone());
            wish.bearer(&app.admin).send().is(202)
        };
        ask();
        let asked = letters.asked(ANN);
        assert_eq!(asked.len(), 2);
        press(app, &asked[0]).is(200);
        ask();
        let of_site =
            "SELECT COUNT(*) AS count FROM subscriptions WHERE scope = 'site' AND state = 'active'";
        assert_eq!(letters.count(of_site), 0);
        press(app, &asked[1]).is(200);
        assert_eq!(letters.count(of_site), 1);
    });
}

#[test]
fn another_author_takes_the_place_of_the_one_before() {
    on_both(|app| {
        let letters = Letters::of(app);
        name(app, "a", ANN);
        press(app, &letters.asked(ANN)[0]).is(200);
        name(app, "a", "bob@example.org");
        press(app, &letters.asked("bob@example.org")[0]).is(200);
        assert_eq!(articles(&letters, ANN, "active"), 0);
        assert_eq!(told(app, &letters, "a", ANN), 0);
        assert_eq!(told(app, &letters, "a", "bob@example.org"), 2);
        // What is not named stays; null names nobody.
        for author in [Value::Null, json!({})] {
            put(app, "a", author).is(200);
            assert_eq!(articles(&letters, "bob@example.org", "active"), 1);
        }
        put(app, "a", json!({"email": null})).is(200);
        assert_eq!(articles(&letters, "bob@example.org", "active"), 0);
        // Named again, Ann is not the author of anything that she agreed to be told of.
        let thread = app.page("a")["thread"]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/moderation/threads/{thread}");
        let patched = app
            .patch(&path, json!({"author": {"email": ANN}}))
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert!(!patched.text().contains(ANN), "{}", patched.text());
        assert_eq!(letters.asked(ANN).len(), 2);
        let audit = app.get("/v1/moderation/audit").bearer(&app.admin).send();
        assert!(!audit.is(200).text().contains('@'));
    });
}

#[test]
fn an_address_that_the_operator_gave_is_not_asked() {
    on_both(|app| {
        let letters = Letters::of(app);
        let add = |name: &str, email: &str| {
            let line = [
                "moderator",
                "add",
                SITE,
                name,
                "--role",
                "author",
                "--email",
            ];
            let said = app.postil(&[&line[..], &[email]].concat());
            let mut words = said.split_whitespace();
            words
                .find(|word| word.starts_with("postil_"))
                .unwrap()
                .to_owned()
        };
        let olga = add("Olga", "olga@example.org");
        name(app, "a", "olga@example.org");
        assert!(letters.asked("olga@example.org").is_empty());
        assert_eq!(told(app, &letters, "a", "olga@example.org"), 1);
        // Whoever is the first to direct a page is its author, and told as well.
        let own = json!({"site": SITE, "url": page_url("own")});
        app.put("/v1/moderation/threads", own)
            .bearer(&olga)
            .send()
            .is(201);
        assert_eq!(told(app, &letters, "own", "olga@example.org"), 2);
        // Until a moderator makes it somebody else's.
        add("Otto", "otto@example.org");
        let people = app.postil(&["moderator", "list", SITE]);
        let otto = people.lines().find(|line| line.contains("Otto")).unwrap();
        let otto = otto
            .split_whitespace()
            .find(|word| word.len() == 36)
            .unwrap();
        let thread = app.page("own")["thread"]["id"].as_str().unwrap().to_owned();
        app.patch(
            &format!("/v1/moderation/threads/{thread}"),
            json!({"owner": otto}),
        )
        .bearer(&app.moderator)
        .send()
        .is(200);
        assert_eq!(told(app, &letters, "own", "otto@example.org"), 1);
        assert_eq!(told(app, &letters, "own", "olga@example.org"), 2);
        // Nor is she told of others' doing again when she left it all.
        let manage = letters.manage("olga@example.org");
        letters.act(&manage, "action=stop_all").is(200);
        name(app, "b", "olga@example.org");
        assert_eq!(told(app, &letters, "b", "olga@example.org"), 2);
    });
}

#[test]
fn who_names_an_author_directs_the_page_and_names_one_address() {
    on_both(|app| {
        let long = format!("{}@example.org", "a".repeat(400));
        for email in [
            "ann@example.org\r\nBcc: bob@example.org",
            "ann@example.org,bob@example.org",
            "Ann <ann@example.org>",
            &long,
        ] {
            let refused = put(app, "a", json!({"email": email})).refuses(422, "email_invalid");
            assert_eq!(refused.body["errors"][0]["pointer"], "/author/email");
            assert!(!refused.text().contains("bob@"), "{}", refused.text());
        }
        put(app, "a", json!({"email": ""})).refuses(422, "email_required");
        for author in [
            json!("ann@example.org"),
            json!({"email": [ANN]}),
            json!({"name": "Ann"}),
        ] {
            put(app, "a", author).refuses(422, "field_invalid");
        }
        let body = json!({"site": SITE, "url": page_url("a"), "author": {"email": ANN}});
        let call = || app.put("/v1/moderation/threads", body.clone());
        call().send().refuses(401, "unauthorized");
        call().bearer(&app.guest()).send().refuses(403, "forbidden");
        assert!(Letters::of(app).asked(ANN).is_empty());
    });
}
