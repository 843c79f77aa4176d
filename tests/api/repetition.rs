//! The same text, again and again.

use serde_json::{Value, json};

use crate::support::{Answer, App, comment, on_both};

const PROSE: &str = "I have been a customer of this shop for many years and I can only say that the shoes which they sell are \
    the best that I have ever had, so do have a look at their pages when you find the time for it";

fn post(app: &App, page: &str, text: &str) -> Answer {
    app.post("/v1/comments", comment(page, text)).send()
}

fn codes(answer: &Answer) -> Vec<&str> {
    let reasons = answer.body["reasons"].as_array().unwrap();
    let codes = reasons
        .iter()
        .map(|reason| reason["code"].as_str().unwrap());
    codes.collect()
}

#[test]
fn what_was_posted_lately_waits_when_it_is_posted_again() {
    on_both(|app| {
        post(app, "a", PROSE).is(201);
        // Dressed up it is the same, here and elsewhere.
        for page in ["a", "b"] {
            let again = post(app, page, &format!("**{}**", PROSE.to_uppercase())).is(202);
            assert_eq!(codes(&again), ["repeated"]);
        }
        // Nearly the same waits on another page; here it may be an answer that quotes.
        let near = PROSE.replace("many", "twelve");
        assert_eq!(codes(&post(app, "c", &near).is(202)), ["repeated_nearly"]);
        post(app, "a", &PROSE.replace("shoes", "boots")).is(201);
        post(
            app,
            "d",
            "Something else that is said in as many words as one needs to be compared at all",
        )
        .is(201);
    });
}

#[test]
fn what_everybody_says_is_no_repetition() {
    on_both(|app| {
        for page in ["a", "a", "b", "c"] {
            post(app, page, "Thank you so much for this one!").is(201);
            post(app, page, "Thanks!").is(201);
        }
        // A link is not what everybody says.
        post(app, "a", "Look: https://x.example").is(201);
        assert_eq!(
            codes(&post(app, "b", "Look: https://x.example").is(202)),
            ["repeated"]
        );
        app.policy(json!({"hold_repeats": false}));
        post(app, "c", "Look: https://x.example").is(201);
    });
}

#[test]
fn whoever_corrects_themselves_repeats_nobody() {
    on_both(|app| {
        let mine = post(app, "a", PROSE).is(201).body;
        let path = format!("/v1/comments/{}", mine["id"].as_str().unwrap());
        let token = mine["token"].as_str().unwrap();
        let edit = |text: &str| app.patch(&path, json!({"body": text})).bearer(token).send();
        edit(&format!("{PROSE}!")).is(200);
        edit(&PROSE.replace("many", "twelve")).is(200);
        // What was taken back can be said again; what another said first is known all the same.
        app.delete(&path).bearer(token).send().is(204);
        let again = post(app, "b", PROSE).is(201).body;
        let copy = post(app, "c", PROSE).is(202).body;
        app.delete(&format!("/v1/comments/{}", copy["id"].as_str().unwrap()))
            .bearer(copy["token"].as_str().unwrap())
            .send()
            .is(204);
        assert_eq!(codes(&post(app, "d", PROSE).is(202)), ["repeated"]);
        assert_ne!(again["id"], Value::Null);
    });
}

#[test]
fn after_a_week_it_is_forgotten() {
    on_both(|app| {
        post(app, "a", PROSE).is(201);
        app.sql("UPDATE prints SET at = at - 7 * 86400000000");
        post(app, "b", PROSE).is(201);
    });
}

#[test]
fn an_edit_is_compared_as_well() {
    on_both(|app| {
        post(app, "a", PROSE).is(201);
        let mine = post(app, "b", "Something harmless").is(201).body;
        let edited = app
            .patch(
                &format!("/v1/comments/{}", mine["id"].as_str().unwrap()),
                json!({"body": PROSE}),
            )
            .bearer(mine["token"].as_str().unwrap())
            .send()
            .is(202);
        assert_eq!(codes(&edited), ["repeated"]);
    });
}
