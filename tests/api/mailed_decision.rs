//! Decisions by the links of letters to moderators.

use serde_json::{Value, json};

use crate::consent;
use crate::letters::{Letters, follower, sent};
use crate::support::{Answer, App, SITE, comment, eventually, on_both};

const NORA: &[&str] = &[
    "moderator",
    "add",
    SITE,
    "Nora",
    "--email",
    "nora@example.org",
];

/// A site that reads everything first, a moderator with an address, and a comment that waits.
fn waiting(app: &App, text: &str) -> Value {
    app.postil(NORA);
    app.policy(json!({"moderation": "pre"}));
    app.post("/v1/comments", comment("a", text))
        .send()
        .is(202)
        .body
}

/// The letters that went out, unfolded.
fn letters(app: &App) -> Vec<String> {
    let unfolded = |letter: String| letter.replace("=\r\n", "").replace("=3D", "=");
    sent(app).into_iter().map(unfolded).collect()
}

/// The letter that tells of this.
fn letter(app: &App, text: &str) -> String {
    eventually("letter", || {
        letters(app)
            .into_iter()
            .find(|letter| letter.contains(text))
    })
}

/// The path of the link in the letter that tells of this text.
fn link(app: &App, text: &str) -> String {
    let letter = letter(app, text);
    let told = letter.find(text).unwrap();
    let start = told + letter[told..].find("/s/decide/").unwrap();
    letter[start..]
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

fn press(app: &App, link: &str, form: &str) -> Answer {
    app.call("POST", link)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .bytes(form.into())
        .send()
}

fn status(app: &App, comment: &Value) -> Value {
    let author = comment["author"]["id"].as_str().unwrap();
    let path = format!("/v1/moderation/comments?status=any&author={author}");
    let list = app.get(&path).bearer(&app.moderator).send().is(200);
    let items = list.body["items"].clone();
    let found = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == comment["id"]);
    found.unwrap()["status"].clone()
}

fn audited(app: &App, comment: &Value) -> usize {
    let path = format!(
        "/v1/moderation/audit?object={}",
        comment["id"].as_str().unwrap()
    );
    let list = app.get(&path).bearer(&app.admin).send().is(200).body;
    list["items"].as_array().unwrap().len()
}

#[test]
fn a_link_shows_the_comment_and_decides_once() {
    on_both(|app| {
        let posted = waiting(app, "High water was at *six*");
        let link = link(app, "High water");
        let page = app.get(&link).send().is(200);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let html = page.text();
        assert!(
            html.contains("<em>six</em>") && html.contains("read by a moderator first"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
        // Mail scanners follow links; that changes nothing.
        app.get(&link).send().is(200);
        assert_eq!(status(app, &posted), "pending");
        assert_eq!(audited(app, &posted), 0);

        let html = press(app, &link, "action=approve&revision=1")
            .is(200)
            .text();
        assert!(html.contains("public now"), "{html}");
        assert_eq!(status(app, &posted), "published");
        assert_eq!(audited(app, &posted), 1);
        press(app, &link, "action=spam&revision=1").is(410);
        // Not even when the comment waits again.
        let act = json!({"action": "undo", "ids": [posted["id"]]});
        app.post("/v1/moderation/actions", act)
            .bearer(&app.moderator)
            .send()
            .is(200);
        app.get(&link).send().is(410);
        press(app, &link, "action=spam&revision=1").is(410);
        assert_eq!(status(app, &posted), "pending");
    });
}

#[test]
fn the_role_is_checked_again() {
    on_both(|app| {
        let posted = waiting(app, "High water was at six");
        let link = link(app, "High water");
        app.sql("UPDATE people SET role = 'author' WHERE name = 'Nora'");
        app.get(&link).send().is(410);
        press(app, &link, "action=approve&revision=1").is(410);
        assert_eq!(status(app, &posted), "pending");
        assert_eq!(audited(app, &posted), 0);
        app.sql("UPDATE people SET role = 'moderator' WHERE name = 'Nora'");
        press(app, &link, "action=reject&revision=1&reason=off_topic").is(200);
        assert_eq!(status(app, &posted), "rejected");
    });
}

#[test]
fn a_text_that_changed_is_shown_again_before_it_is_decided_about() {
    on_both(|app| {
        let posted = waiting(app, "High water was at six");
        let link = link(app, "High water");
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        let token = posted["token"].as_str().unwrap();
        app.patch(&path, json!({"body": "Buy watches"}))
            .bearer(token)
            .send()
            .is(202);
        let html = press(app, &link, "action=approve&revision=1")
            .is(200)
            .text();
        assert!(
            html.contains("Buy watches") && html.contains("read it again"),
            "{html}"
        );
        assert_eq!(status(app, &posted), "pending");
        // What is no decision decides nothing.
        for form in [
            "",
            "action=approve",
            "action=trash&revision=2",
            "action=approve&revision=x",
        ] {
            press(app, &link, form).is(200);
        }
        press(app, &link, "action=reject&revision=2&reason=no_such").is(200);
        assert_eq!(status(app, &posted), "pending");
        press(app, &link, "action=spam&revision=2").is(200);
        assert_eq!(status(app, &posted), "spam");
    });
}

#[test]
fn who_comes_second_is_told_and_a_forged_link_is_none() {
    on_both(|app| {
        let posted = waiting(app, "High water was at six");
        let link = link(app, "High water");
        let act = json!({"action": "reject", "ids": [posted["id"]]});
        app.post("/v1/moderation/actions", act)
            .bearer(&app.moderator)
            .send()
            .is(200);
        press(app, &link, "action=approve&revision=1").is(410);
        assert_eq!(status(app, &posted), "rejected");
        assert_eq!(audited(app, &posted), 1);
        app.get(&format!("{link}A")).send().is(404);
        let token = link.rsplit('/').next().unwrap();
        app.get(&format!("/s/manage/{token}")).send().is(404);
        app.get("/s/decide/nonsense").send().is(404);
        press(app, "/s/decide/nonsense", "action=approve&revision=1").is(404);
    });
}

#[test]
fn a_new_text_of_a_published_comment_is_told_of_too() {
    on_both(|app| {
        let posted = app.comment("a", "High water was at six");
        app.postil(NORA);
        app.policy(json!({"moderation": "pre"}));
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        let token = posted["token"].as_str().unwrap();
        app.patch(&path, json!({"body": "It was at seven"}))
            .bearer(token)
            .send()
            .is(202);
        let link = link(app, "It was at seven");
        press(app, &link, "action=approve&revision=2").is(200);
        assert_eq!(
            app.page("a")["comments"]["items"][0]["body_html"],
            "<p>It was at seven</p>\n"
        );
    });
}

#[test]
fn a_notifier_is_told_that_the_notice_came_and_what_was_decided() {
    on_both(|app| {
        let posted = app.comment("a", "They stole the election");
        let path = format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap());
        let notice = json!({"reason": "illegal", "detail": "Words of the notifier",
            "notice": {"law": "§ 187", "contact": "nina@example.org"}});
        let report = app
            .post(&path, notice)
            .bearer(&app.guest())
            .send()
            .is(201)
            .body;
        let came = letter(app, "Your notice has arrived");
        assert!(came.contains("To: nina@example.org"), "{came}");
        // The address may be anybody's, so nothing in the letter is the notifier's.
        assert!(
            !came.contains("Words of the notifier") && !came.contains("187"),
            "{came}"
        );

        let path = format!(
            "/v1/moderation/reports/{}/decision",
            report["id"].as_str().unwrap()
        );
        let ruling = json!({"decision": "upheld", "grounds": "It slanders a person."});
        for _ in 0..2 {
            app.post(&path, ruling.clone())
                .bearer(&app.moderator)
                .send()
                .is(200);
        }
        let decided = letter(app, "Your notice was upheld");
        assert!(
            decided.contains("To: nina@example.org") && decided.contains("It slanders a person."),
            "{decided}"
        );
        assert_eq!(letters(app).len(), 2);
    });
}

#[test]
fn an_address_is_not_flooded_with_letters_about_notices() {
    on_both(|app| {
        for n in 0..8 {
            let posted = app.comment("a", &format!("Number {n}"));
            let path = format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap());
            let notice = json!({"reason": "illegal", "detail": "So it is",
                "notice": {"contact": "victim@example.org"}});
            app.post(&path, notice).bearer(&app.guest()).send().is(201);
        }
        let list = app
            .get("/v1/moderation/reports")
            .bearer(&app.moderator)
            .send()
            .is(200);
        let reports = list.body["items"].as_array().unwrap().clone();
        // One network gets half of what there is for an address in an hour.
        let answerable = reports.iter().filter(|report| report["answerable"] == true);
        assert_eq!((reports.len(), answerable.count()), (8, 5));
    });
}

#[test]
fn an_author_is_told_why_a_comment_is_public_no_more() {
    on_both(|app| {
        let addresses = Letters::of(app);
        let mut body = comment("a", "Nothing of the sort");
        body["notify"] = json!("replies");
        body["author"]["email"] = json!("ann@example.org");
        let posted = app.post("/v1/comments", body).send().is(201).body;
        let asked = addresses.asked("ann@example.org").remove(0);
        consent::press(app, &asked).is(200);
        let act = json!({"action": "reject", "ids": [posted["id"]], "reason": "off_topic"});
        app.post("/v1/moderation/actions", act)
            .bearer(&app.moderator)
            .send()
            .is(200);
        let told = letter(app, "Your comment was taken down");
        assert!(
            told.contains("To: ann@example.org") && told.contains("Nothing of the sort"),
            "{told}"
        );
        assert!(
            told.contains("A moderator of the site decided this."),
            "{told}"
        );
        assert!(told.contains("dispute settlement"), "{told}");
        assert!(told.contains("It is not about the page."), "{told}");
    });
}

#[test]
fn who_confirmed_an_address_is_told_what_became_of_a_comment_that_waited_and_nobody_else() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let token = follower(app, &Letters::of(app), "a", "ann@example.org");
        let (mut held, mut unasked) = (Vec::new(), comment("a", "From Bob"));
        unasked["author"]["email"] = json!("bob@example.org");
        held.push(app.post("/v1/comments", unasked).send().is(202).body);
        for text in ["Turned down", "Let out"] {
            let call = app.post("/v1/comments", comment("a", text));
            held.push(call.bearer(&token).send().is(202).body);
        }
        for (comment, action) in held.iter().zip(["reject", "reject", "approve"]) {
            let body = json!({"action": action, "ids": [comment["id"]], "reason": "abuse"});
            let call = app.post("/v1/moderation/actions", body);
            call.bearer(&app.moderator).send().is(200);
        }
        let told = letter(app, "Your comment was not published");
        assert!(
            told.contains("Turned down") && told.contains("insults people"),
            "{told}"
        );
        let told = letter(app, "Your comment is published");
        assert!(
            told.contains("To: ann@example.org") && told.contains("Let out"),
            "{told}"
        );
        assert!(
            !sent(app)
                .iter()
                .any(|letter| letter.contains("bob@example.org"))
        );
    });
}

#[test]
fn a_letter_asks_for_the_grounds_of_what_somebody_holds_to_be_illegal() {
    on_both(|app| {
        app.postil(NORA);
        app.policy(json!({"report_threshold": 1}));
        let posted = app.comment("a", "He lives at 7 Elm Street");
        let path = format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap());
        let notice = json!({"reason": "illegal", "detail": "It names my address.",
                            "notice": {"contact": "ann@example.org"}});
        app.post(&path, notice)
            .bearer(&app.moderator)
            .send()
            .is(201);
        assert_eq!(status(app, &posted), "pending");
        let link = link(app, "Elm Street");
        let html = press(app, &link, "action=reject&revision=1").is(200).text();
        assert!(html.contains("Somebody holds it to be illegal"), "{html}");
        assert_eq!(status(app, &posted), "pending");
        press(app, &link, "action=reject&revision=1&reason=illegal").is(200);
        assert_eq!(status(app, &posted), "rejected");
    });
}
