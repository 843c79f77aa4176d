//! Signing in by mail: by the link, by the code, once; and what guests wrote under the address.

use postil::domain::id::SignInId;
use postil::domain::link::Aim;
use postil::domain::time::Time;
use serde_json::{Value, json};

use crate::consent::press;
use crate::letters::{HOUR, Letters, follower};
use crate::support::{Answer, App, SITE, comment, on_both, on_both_with, page_url};

pub const ANN: &str = "ann@example.org";

/// Asks for a letter, and gives what goes with its code.
pub fn ask(app: &App, email: &str) -> SignInId {
    let wanted = json!({"site": SITE, "email": email, "url": page_url("a")});
    let asked = app.post("/v1/identity/email", wanted).send().is(202).body;
    asked["request"].as_str().unwrap().parse().unwrap()
}

pub fn verify(app: &App, body: Value) -> Answer {
    app.post("/v1/identity/email/verify", body).send()
}

/// Signs in whoever reads the letters to that address.
pub fn signed_in(app: &App, letters: &Letters, email: &str) -> Value {
    let id = ask(app, email);
    by_code(app, id, &letters.code(id)).is(200).body
}

pub fn by_code(app: &App, request: SignInId, code: &str) -> Answer {
    verify(app, json!({"site": SITE, "request": request, "code": code}))
}

/// Follows the mailed link and gives the code of the address that it leads back to.
pub fn follow(app: &App, link: &str) -> String {
    let html = app.get(link).send().is(200).text();
    assert_eq!(html.matches("<button").count(), 1, "{html}");
    let answer = press(app, link).is(303);
    let back = answer.header("location").to_owned();
    let (page, code) = back.split_once("#postil-sign-in=").unwrap();
    assert_eq!(page, page_url("a"));
    code.to_owned()
}

#[test]
fn the_link_signs_in_whoever_opens_the_letter_once() {
    on_both(|app| {
        let letters = Letters::of(app);
        let id = ask(app, ANN);
        let link = letters.to(ANN, Aim::SignIn(id), Time::now().plus(HOUR));
        let page = app.get(&link).send().is(200);
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains("form-action 'self' https://blog.example;"),
            "{policy}"
        );
        let code = follow(app, &link);
        let fragment = json!({"site": SITE, "code": code});
        let session = verify(app, fragment.clone()).is(200).body;
        assert_eq!(session["person"]["kind"], "email");
        assert_eq!(session["person"]["verified"], true);
        assert!(!session.to_string().contains("ann@"), "{session}");
        verify(app, fragment).refuses(422, "code_invalid");
        app.get(&link).send().is(410);
        press(app, &link).is(410);
        by_code(app, id, &letters.code(id)).refuses(422, "code_invalid");
        // The same reader is the same person next time.
        let again = ask(app, ANN);
        let second = by_code(app, again, &letters.code(again)).is(200).body;
        assert_eq!(second["person"]["id"], session["person"]["id"]);
    });
}

#[test]
fn the_link_ends_with_its_attempt_whatever_itself_says() {
    on_both(|app| {
        let letters = Letters::of(app);
        let id = ask(app, ANN);
        let link = letters.to(ANN, Aim::SignIn(id), Time::now().plus(HOUR));
        app.sql("UPDATE sign_ins SET expires_at = 1");
        app.get(&link).send().is(410);
        press(app, &link).is(410);
        by_code(app, id, &letters.code(id)).refuses(422, "code_invalid");
    });
}

#[test]
fn a_code_is_tried_five_times_and_used_once() {
    on_both(|app| {
        let letters = Letters::of(app);
        let id = ask(app, ANN);
        let code = letters.code(id);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for guess in [wrong, "", "12345", "1234567"] {
            let body = json!({"site": SITE, "request": id, "code": guess});
            let answer = verify(app, body);
            assert_eq!(answer.body["code"], "code_invalid", "{}", answer.text());
        }
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        by_code(app, id, &spaced).is(200);
        by_code(app, id, &code).refuses(422, "code_invalid");

        let id = ask(app, ANN);
        for _ in 0..5 {
            by_code(app, id, wrong).refuses(422, "code_invalid");
        }
        by_code(app, id, &letters.code(id)).refuses(422, "code_invalid");
        let unknown = SignInId::new();
        by_code(app, unknown, &letters.code(unknown)).refuses(422, "code_invalid");
    });
}

#[test]
fn what_was_mailed_for_one_thing_or_site_is_nothing_elsewhere() {
    on_both(|app| {
        let letters = Letters::of(app);
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let id = ask(app, ANN);
        let link = letters.to(ANN, Aim::SignIn(id), Time::now().plus(HOUR));
        let token = link.rsplit('/').next().unwrap().to_owned();
        verify(app, json!({"site": SITE, "code": token})).refuses(422, "code_invalid");
        let code = letters.code(id);
        verify(app, json!({"site": "other", "request": id, "code": code}))
            .refuses(422, "code_invalid");
        let code = follow(app, &link);
        verify(app, json!({"site": "other", "code": code})).refuses(422, "code_invalid");
        verify(app, json!({"site": SITE, "code": "x".repeat(400)})).refuses(422, "code_invalid");
        app.get(&letters.to(ANN, Aim::SignIn(id), Time::from_micros(1)))
            .send()
            .is(410);
        let off = json!({"site": SITE, "email": ANN, "url": "https://evil.example/"});
        app.post("/v1/identity/email", off)
            .send()
            .refuses(422, "url_not_on_site");
    });
}

/// Asks from that network.
fn ask_from(app: &App, network: u8, token: Option<&str>) -> Answer {
    let wanted = json!({"site": SITE, "email": ANN, "url": page_url("a")});
    let call = app.post("/v1/identity/email", wanted);
    let call = call.header("X-Forwarded-For", &format!("198.51.{network}.1"));
    match token {
        Some(token) => call.bearer(token).send(),
        None => call.send(),
    }
}

#[test]
fn nobody_alone_keeps_an_address_from_its_letters_and_nobody_learns_of_it() {
    on_both_with(&["--trusted-proxies=127.0.0.1"], |app| {
        let letters = Letters::of(app);
        let known = follower(app, &letters, "a", ANN);
        let is_mailed = |answer: &Answer| {
            let id: SignInId = answer.body["request"].as_str().unwrap().parse().unwrap();
            by_code(app, id, &letters.code(id)).status == 200
        };
        for network in [1, 2] {
            for _ in 0..3 {
                assert!(is_mailed(&ask_from(app, network, None).is(202)));
            }
            let refused = ask_from(app, network, None).refuses(429, "rate_limited");
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=3600).contains(&wait), "{wait}");
        }
        // The address had its share of an hour, which is nobody's business.
        assert!(!is_mailed(&ask_from(app, 3, None).is(202)));
        // Whoever the address knows has letters of their own, and so has whoever is asked for consent.
        for _ in 0..3 {
            assert!(is_mailed(&ask_from(app, 3, Some(&known)).is(202)));
        }
        assert!(!is_mailed(&ask_from(app, 3, Some(&known)).is(202)));
        assert!(!is_mailed(&ask_from(app, 4, Some(&app.guest())).is(202)));
        let asked = letters.asked(ANN).len();
        let wish = json!({"site": SITE, "scope": "thread", "url": page_url("b"), "email": ANN});
        app.post("/v1/subscriptions", wish).send().is(202);
        assert_eq!(letters.asked(ANN).len(), asked + 1);
    });
}

#[test]
fn a_guest_is_known_by_the_last_comment_that_everybody_sees() {
    on_both(|app| {
        let letters = Letters::of(app);
        let mut body = comment("a", "The first");
        body["author"] = json!({"email": ANN});
        let first = app.post("/v1/comments", body).send().is(201).body;
        let guest = first["token"].as_str().unwrap();
        let write = |page: &str, text: &str| {
            let call = app.post("/v1/comments", comment(page, text));
            call.bearer(guest).send().is(201).body
        };
        write("a", "The second");
        let third = write("a", "The third");
        let hidden = write("b", "In a thread that is hidden");
        let id = ask(app, ANN);
        let session = by_code(app, id, &letters.code(id)).is(200).body;
        let token = session["token"].as_str().unwrap();
        let offered = || {
            let answer = app.get("/v1/identity/earlier").bearer(token).send();
            answer.is(200).body["items"][0].clone()
        };
        assert_eq!(offered()["latest"]["id"], hidden["id"]);
        let thread = |comment: &Value| {
            let id = comment["thread_id"].as_str().unwrap();
            format!("/v1/moderation/threads/{id}")
        };
        let hide = |comment: &Value| {
            let call = app.patch(&thread(comment), json!({"hidden": true}));
            call.bearer(&app.moderator).send().is(200);
        };
        hide(&hidden);
        assert_eq!(offered()["latest"]["id"], third["id"]);
        hide(&third);
        assert_eq!(offered()["latest"], Value::Null);
        assert_eq!(offered()["comments"], 4);
    });
}

#[test]
fn what_guests_wrote_is_offered_and_joined_by_choice() {
    on_both(|app| {
        let letters = Letters::of(app);
        let mut body = comment("a", "When I was nobody");
        body["author"] = json!({"name": "Ann", "email": "Ann@Example.org"});
        let mine = app.post("/v1/comments", body.clone()).send().is(201).body;
        body["body"] = json!("Not me");
        let foreign = app.post("/v1/comments", body).send().is(201).body;
        let mut other = comment("a", "Somebody else");
        other["author"] = json!({"email": "bob@example.org"});
        let bob = app.post("/v1/comments", other).send().is(201).body;

        let id = ask(app, ANN);
        let session = by_code(app, id, &letters.code(id)).is(200).body;
        let token = session["token"].as_str().unwrap();
        let offered = |token: &str| {
            let answer = app.get("/v1/identity/earlier").bearer(token).send();
            answer.is(200).body["items"].clone()
        };
        let items = offered(token);
        assert_eq!(items.as_array().unwrap().len(), 2, "{items}");
        assert_eq!(items[0]["name"], "Ann");
        assert_eq!(items[0]["latest"]["id"], mine["id"]);
        let guest = |comment: &Value| comment["author"]["id"].clone();
        let joined = json!({"guests": [guest(&mine), guest(&bob)]});
        app.post("/v1/identity/earlier", joined)
            .bearer(token)
            .send()
            .is(204);
        let author = |comment: &Value| {
            let path = format!("/v1/comments/{}", comment["id"].as_str().unwrap());
            app.get(&path).send().is(200).body["comment"]["author"].clone()
        };
        assert_eq!(author(&mine)["id"], session["person"]["id"]);
        assert_eq!(author(&mine)["name"], "Ann");
        assert_eq!(author(&foreign)["id"], guest(&foreign));
        assert_eq!(author(&bob)["id"], guest(&bob));
        assert_eq!(offered(token).as_array().unwrap().len(), 1);
        // The guest's own token counts no more, and the new one does.
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        app.delete(&path)
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .refuses(401, "token_invalid");
        app.delete(&path).bearer(token).send().is(204);
        // Nothing is offered to whoever did not prove an address.
        app.get("/v1/identity/earlier")
            .send()
            .refuses(401, "unauthorized");
        app.get("/v1/identity/earlier")
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
        app.post("/v1/identity/earlier", json!({"guests": []}))
            .bearer(token)
            .send()
            .refuses(422, "field_invalid");
    });
}
