//! What a mailed link would do is told before it does it, and where a site does not know whose pages it covers, letters bear no link.

use postil::domain::id::SignInId;
use postil::domain::link::Aim;
use postil::domain::time::Time;
use serde_json::{Value, json};

use crate::consent::press;
use crate::letters::{HOUR, Letters};
use crate::sign_in::{ANN, ask, by_code, follow, verify};
use crate::support::{Answer, App, ORIGIN, SITE, on_both, on_both_with};

fn look(app: &App, body: Value) -> Answer {
    app.post("/v1/identity/email/look", body).send()
}

fn of(site: &str, code: &str) -> Value {
    json!({"site": site, "code": code})
}

/// Asks for a letter, and follows its link: the attempt, and what the fragment holds.
fn brought(app: &App, letters: &Letters, email: &str) -> (SignInId, String) {
    let id = ask(app, email);
    let to = email.to_lowercase();
    let link = letters.to(&to, Aim::SignIn(id), Time::now().plus(HOUR));
    (id, follow(app, &link))
}

#[test]
fn a_look_tells_whose_link_it_is_and_uses_nothing_up() {
    on_both(|app| {
        let letters = Letters::of(app);
        let (id, code) = brought(app, &letters, "Ann@Example.org");
        let fresh = json!({"request": id, "name": null, "address": "A…@example.org"});
        assert_eq!(look(app, of(SITE, &code)).is(200).body, fresh);
        // Nobody is made known by it, and it may be asked as often as one likes.
        assert_eq!(
            letters.count("SELECT count(*) AS count FROM people WHERE kind = 'email'"),
            0
        );
        let answer = look(app, of(SITE, &code)).is(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        verify(app, of(SITE, &code)).is(200);
        look(app, of(SITE, &code)).refuses(422, "code_invalid");

        app.sql("UPDATE people SET name = 'Ada' WHERE kind = 'email'");
        let (_, again) = brought(app, &letters, ANN);
        let known = look(app, of(SITE, &again)).is(200);
        assert_eq!(known.body["name"], "Ada");
        assert!(
            !known.text().to_lowercase().contains("ann@"),
            "{}",
            known.text()
        );
    });
}

#[test]
fn a_look_tells_nothing_of_what_signs_nobody_in() {
    on_both(|app| {
        let letters = Letters::of(app);
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let (id, code) = brought(app, &letters, ANN);
        look(app, of("other", &code)).refuses(422, "code_invalid");
        look(app, of("nowhere", &code)).refuses(404, "unknown_site");
        app.post("/v1/identity/email/look", of(SITE, &code))
            .header("Origin", "https://other.example")
            .send()
            .refuses(403, "origin_not_allowed");
        let sealed = |aim, until| {
            let link = letters.to(ANN, aim, until);
            link.rsplit(['/', '=']).next().unwrap().to_owned()
        };
        let later = Time::now().plus(HOUR);
        let unopened = ask(app, ANN);
        for (what, code) in [
            ("six digits", letters.code(id)),
            ("a letter's link", sealed(Aim::SignIn(id), later)),
            ("a link of another kind", sealed(Aim::Manage, later)),
            (
                "a fragment past its time",
                sealed(Aim::Redeem(id), Time::from_micros(1)),
            ),
            (
                "an attempt that nobody opened",
                sealed(Aim::Redeem(unopened), later),
            ),
            (
                "an attempt that is none",
                sealed(Aim::Redeem(SignInId::new()), later),
            ),
            ("nothing", String::new()),
            ("nonsense", "x".repeat(400)),
            ("a forgery", format!("{code}A")),
        ] {
            let answer = look(app, of(SITE, &code));
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (422, &json!("code_invalid")),
                "{what}"
            );
        }
        let digits = json!({"site": SITE, "request": id, "code": letters.code(id)});
        look(app, digits).refuses(422, "code_invalid");
        // None of it was counted as a try of the code, which is good though the link was followed.
        by_code(app, id, &letters.code(id)).is(200);
        look(app, of(SITE, &code)).refuses(422, "code_invalid");
        verify(app, of(SITE, &code)).refuses(422, "code_invalid");
    });
}

#[test]
fn looks_are_counted_as_sign_ins_are() {
    on_both_with(&["--rate-identity=3/60"], |app| {
        for _ in 0..3 {
            look(app, of(SITE, "x")).refuses(422, "code_invalid");
        }
        look(app, of(SITE, "x")).refuses(429, "rate_limited");
        verify(app, of(SITE, "x")).refuses(429, "rate_limited");
    });
}

fn origins(app: &App, origins: Value) {
    app.patch(&format!("/v1/sites/{SITE}"), json!({"origins": origins}))
        .bearer(&app.admin)
        .send()
        .is(200);
}

fn ask_on(app: &App, email: &str, url: &str) -> SignInId {
    let wanted = json!({"site": SITE, "email": email, "url": url});
    let asked = app.post("/v1/identity/email", wanted).send().is(202).body;
    asked["request"].as_str().unwrap().parse().unwrap()
}

#[test]
fn under_a_wildcard_no_link_leads_anywhere_and_the_code_signs_in() {
    on_both(|app| {
        let letters = Letters::of(app);
        origins(
            app,
            json!([ORIGIN, "https://*.blog.example", "https://www.blog.example"]),
        );
        for (email, url, has_link) in [
            ("a@example.org", "https://ann.blog.example/a", false),
            ("b@example.org", "https://ANN.blog.example:443/a", false),
            ("c@example.org", "https://www.blog.example/a", true),
            ("d@example.org", "https://blog.example/a", true),
        ] {
            let id = ask_on(app, email, url);
            let link = letters.to(email, Aim::SignIn(id), Time::now().plus(HOUR));
            let (read, pressed) = if has_link { (200, 303) } else { (410, 410) };
            let page = app.get(&link).send().is(read);
            assert!(
                !page.header("content-security-policy").contains("ann.blog"),
                "{url}"
            );
            let pressed = press(app, &link).is(pressed);
            assert_eq!(pressed.header("location").is_empty(), !has_link, "{url}");
            by_code(app, id, &letters.code(id)).is(200);
        }
    });
}

#[test]
fn a_link_ends_when_its_page_is_listed_by_a_wildcard_alone() {
    on_both(|app| {
        let letters = Letters::of(app);
        origins(app, json!(["https://www.blog.example"]));
        let id = ask_on(app, ANN, "https://www.blog.example/a");
        let link = letters.to(ANN, Aim::SignIn(id), Time::now().plus(HOUR));
        let back = press(app, &link).is(303).header("location").to_owned();
        let (_, code) = back.split_once("#postil-sign-in=").unwrap();
        for now in [
            json!(["https://*.blog.example"]),
            json!(["https://other.example"]),
        ] {
            origins(app, now);
            look(app, of(SITE, code)).refuses(422, "code_invalid");
            verify(app, of(SITE, code)).refuses(422, "code_invalid");
        }
        origins(app, json!(["https://www.blog.example"]));
        look(app, of(SITE, code)).is(200);
        verify(app, of(SITE, code)).is(200);
    });
}
