//! One-time links for the site's own people: whose account they open, once, and where.

use postil::domain::time::Time;
use serde_json::json;

use crate::consent::press;
use crate::letters::Letters;
use crate::sessions::{staff, token};
use crate::support::{Answer, App, ORIGIN, SITE, on_both, on_both_with, page_url};

/// The path of the link that the command prints.
fn link(app: &App, args: &[&str]) -> String {
    let mut line = vec!["moderator", "link", "--public-url", &app.url];
    line.extend(args);
    let printed = app.postil(&line);
    let last = printed.lines().last().unwrap();
    last.strip_prefix(&app.url)
        .unwrap_or_else(|| panic!("{printed}"))
        .to_owned()
}

/// Presses the page's button; gives the page that it leads to, and the code.
fn follow(app: &App, link: &str) -> (String, String) {
    let answer = press(app, link).is(303);
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
    let (page, code) = answer
        .header("location")
        .split_once("#postil-sign-in=")
        .unwrap();
    (page.to_owned(), code.to_owned())
}

fn verify(app: &App, site: &str, code: &str, origin: Option<&str>) -> Answer {
    let call = app.post(
        "/v1/identity/email/verify",
        json!({"site": site, "code": code}),
    );
    match origin {
        Some(origin) => call.header("Origin", origin).send(),
        None => call.send(),
    }
}

#[test]
fn a_link_opens_the_account_that_it_shows_once() {
    on_both(|app| {
        app.comment("a", "Hello");
        let link = link(app, &[SITE, "Mona"]);
        let before = Letters::of(app)
            .count("SELECT count(*) AS count FROM staff_links WHERE opened_at IS NULL");
        let page = app.get(&link).send().is(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains(&format!("form-action 'self' {ORIGIN};")),
            "{policy}"
        );
        let html = page.text();
        let plain = html.replace(['\u{2068}', '\u{2069}'], "");
        assert!(
            plain.contains("Sign in as Mona, moderator of The blog"),
            "{html}"
        );
        assert!(
            html.contains(&page_url("a")) && !html.contains("<script"),
            "{html}"
        );
        assert_eq!(html.matches("<button").count(), 1);
        // Looking changes nothing.
        app.call("HEAD", &link).send().is(200);
        let after = Letters::of(app)
            .count("SELECT count(*) AS count FROM staff_links WHERE opened_at IS NULL");
        assert_eq!((before, after), (1, 1));
        // Nor does what is no form.
        app.post(&link, json!({}))
            .send()
            .refuses(415, "unsupported_media_type");

        let (page, code) = follow(app, &link);
        // A widget can ask whose account it is; that uses nothing up.
        let looked = app.post(
            "/v1/identity/email/look",
            json!({"site": SITE, "code": code}),
        );
        let mona = json!({"request": null, "name": "Mona", "address": null});
        assert_eq!(looked.send().is(200).body, mona);
        assert_eq!(page, page_url("a"));
        for _ in 0..2 {
            press(app, &link).is(410);
            app.get(&link).send().is(410);
        }
        let session = verify(app, SITE, &code, Some(ORIGIN)).is(200).body;
        assert_eq!(
            (&session["kind"], &session["person"]["name"]),
            (&json!("page"), &json!("Mona"))
        );
        verify(app, SITE, &code, Some(ORIGIN)).refuses(422, "code_invalid");
        app.get("/v1/moderation/comments")
            .bearer(token(&session))
            .header("Origin", ORIGIN)
            .send()
            .is(200);
        // Without an address there is nothing to offer, which is no failure.
        let earlier = app
            .get("/v1/identity/earlier")
            .bearer(token(&session))
            .send()
            .is(200);
        assert_eq!(earlier.body["items"], json!([]));
        let record = app
            .get("/v1/moderation/audit?action=make_link")
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        let line = &record["items"][0];
        assert_eq!(
            (&line["actor"], &line["object_id"]),
            (&json!("operator"), &session["person"]["id"])
        );
        assert_eq!(line["after"]["kind"], "page");
    });
}

#[test]
fn of_two_who_press_at_once_one_is_let_in() {
    on_both(|app| {
        let link = link(app, &["Mona"]);
        let pressed: Vec<u16> = std::thread::scope(|scope| {
            let each: Vec<_> = (0..6).map(|_| scope.spawn(|| press(app, &link))).collect();
            each.into_iter()
                .map(|one| one.join().unwrap().status)
                .collect()
        });
        assert_eq!(
            pressed.iter().filter(|status| **status == 303).count(),
            1,
            "{pressed:?}"
        );
        assert_eq!(
            pressed.iter().filter(|status| **status == 410).count(),
            5,
            "{pressed:?}"
        );
        let second = self::link(app, &["Mona"]);
        let (_, code) = follow(app, &second);
        let verified: Vec<u16> = std::thread::scope(|scope| {
            let each: Vec<_> = (0..6)
                .map(|_| scope.spawn(|| verify(app, SITE, &code, None)))
                .collect();
            each.into_iter()
                .map(|one| one.join().unwrap().status)
                .collect()
        });
        assert_eq!(
            verified.iter().filter(|status| **status == 200).count(),
            1,
            "{verified:?}"
        );
    });
}

#[test]
fn a_link_is_bound_to_its_person_site_and_time() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let wide = json!({"origins": ["https://*.blog.example", ORIGIN]});
        app.patch(&format!("/v1/sites/{SITE}"), wide)
            .bearer(&app.admin)
            .send()
            .is(200);

        // What is no link of ours, or one of another page.
        let good = link(app, &["Mona"]);
        for wrong in [
            format!("{good}A"),
            "/s/moderator/x".into(),
            good.replace("moderator", "sign-in"),
            good.replace("moderator", "manage"),
        ] {
            app.get(&wrong).send().is(404);
            press(app, &wrong).is(404);
        }
        let secret = good.rsplit('/').next().unwrap().to_owned();
        verify(app, SITE, &secret, None).refuses(422, "code_invalid");
        app.post("/v1/sessions", json!({"code": secret}))
            .send()
            .refuses(422, "code_invalid");

        let (_, code) = follow(app, &good);
        verify(app, "other", &code, None).refuses(422, "code_invalid");
        app.post("/v1/sessions", json!({"code": code}))
            .send()
            .refuses(422, "code_invalid");
        // Under a wildcard it lets nobody in, and is not used up by it.
        verify(app, SITE, &code, Some("https://guest.blog.example"))
            .refuses(403, "origin_not_allowed");
        verify(app, SITE, &code, Some(ORIGIN)).is(200);

        // Too late to press, and too late to come back.
        let late = link(app, &["Mona"]);
        app.sql("UPDATE staff_links SET expires_at = 1 WHERE opened_at IS NULL");
        app.get(&late).send().is(410);
        press(app, &late).is(410);
        let (_, code) = follow(app, &link(app, &["Mona"]));
        app.sql("UPDATE staff_links SET expires_at = 1 WHERE redeemed_at IS NULL");
        verify(app, SITE, &code, None).refuses(422, "code_invalid");

        // Whoever has no role any more is let in no more.
        staff(app, "Nora", "moderator", "nora@example.org");
        let (first, second) = (link(app, &["Nora"]), link(app, &["Nora"]));
        let (_, code) = follow(app, &first);
        app.sql("UPDATE people SET role = 'reader' WHERE name = 'Nora'");
        app.get(&second).send().is(410);
        press(app, &second).is(410);
        verify(app, SITE, &code, None).refuses(422, "code_invalid");
        assert_eq!(
            Letters::of(app).count("SELECT count(*) AS count FROM sessions WHERE kind <> 'reader'"),
            1
        );
    });
}

#[test]
fn a_link_leads_to_a_page_of_the_sites_own() {
    on_both(|app| {
        // To where its pages begin, then to the newest thread, and to the page that is named.
        assert_eq!(follow(app, &link(app, &["Mona"])).0, format!("{ORIGIN}/"));
        app.comment("a", "Hello");
        app.comment("b", "Hello");
        assert_eq!(follow(app, &link(app, &["mona"])).0, page_url("b"));
        let named = page_url("c");
        assert_eq!(
            follow(app, &link(app, &[SITE, "Mona", "--page", &named])).0,
            named
        );
        // Never to one under a wildcard.
        let wide = json!({"origins": ["https://*.blog.example", ORIGIN]});
        app.patch(&format!("/v1/sites/{SITE}"), wide)
            .bearer(&app.admin)
            .send()
            .is(200);
        let mut there = crate::support::comment("a", "Hi");
        there["url"] = json!("https://guest.blog.example/a");
        app.post("/v1/comments", there).send().is(201);
        assert_eq!(follow(app, &link(app, &["Mona"])).0, page_url("b"));
        // Nor to one that moderators hide.
        let hidden = app.page("b")["thread"]["id"].clone();
        let path = format!("/v1/moderation/threads/{}", hidden.as_str().unwrap());
        app.patch(&path, json!({"hidden": true}))
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(follow(app, &link(app, &["Mona"])).0, page_url("a"));
    });
}

#[test]
fn a_link_of_the_demo_leads_to_the_demo() {
    on_both_with(&["--demo"], |app| {
        app.postil(&["moderator", "add", "demo", "Dora", "--role", "admin"]);
        let link = link(app, &["Dora"]);
        let html = app.get(&link).send().is(200).text();
        assert!(html.contains("administrator of"), "{html}");
        let (page, code) = follow(app, &link);
        assert_eq!(page, format!("{}/demo/", app.url));
        let session = verify(app, "demo", &code, Some(&app.url)).is(200).body;
        assert_eq!(session["person"]["name"], "Dora");
    });
}

#[test]
fn a_link_is_told_in_the_sites_language_and_shows_a_name_as_text() {
    on_both(|app| {
        let site = json!({"slug": "ar", "name": "<b>صحيفة</b>", "locale": "ar", "origins": ["https://ar.example"]});
        app.post("/v1/sites", site)
            .bearer(&app.admin)
            .send()
            .is(201);
        app.postil(&["moderator", "add", "ar", "Mona"]);
        let html = app.get(&link(app, &["ar", "Mona"])).send().is(200).text();
        assert!(
            html.contains("dir=\"rtl\"") && html.contains("Mona"),
            "{html}"
        );
        assert!(
            html.contains("&lt;b&gt;") && !html.contains("<b>"),
            "{html}"
        );
    });
}

#[test]
fn a_link_is_forgotten_a_day_after_its_time() {
    on_both(|app| {
        link(app, &["Mona"]);
        let tidy = |later: u64| {
            let now = Time::now().plus(std::time::Duration::from_secs(later));
            crate::consent::tidy(app, now);
            Letters::of(app).count("SELECT count(*) AS count FROM staff_links")
        };
        assert_eq!(tidy(24 * 3600), 1);
        assert_eq!(tidy(24 * 3600 + 16 * 60), 0);
    });
}

#[test]
fn the_secrets_of_links_are_kept_nowhere() {
    on_both(|app| {
        let link = link(app, &["Mona"]);
        let secret = link.rsplit('/').next().unwrap().to_owned();
        let (_, code) = follow(app, &link);
        let record = app
            .get("/v1/moderation/audit")
            .bearer(&app.admin)
            .send()
            .is(200);
        let list = app
            .get(&format!("/v1/sessions?site={SITE}"))
            .bearer(&app.admin)
            .send()
            .is(200);
        for text in [record.text(), list.text()] {
            assert!(!text.contains(&secret) && !text.contains(&code), "{text}");
        }
        let hex = |text: &str| {
            text.bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let rows = match app.is_postgres() {
            true => {
                "SELECT count(*) AS count FROM staff_links WHERE encode(link, 'hex') = '{}' OR encode(code, 'hex') = '{}'"
            }
            false => {
                "SELECT count(*) AS count FROM staff_links WHERE lower(hex(link)) = '{}' OR lower(hex(code)) = '{}'"
            }
        };
        let rows = rows
            .replacen("{}", &hex(&secret), 1)
            .replacen("{}", &hex(&code), 1);
        assert_eq!(Letters::of(app).count(&rows), 0);
    });
}
