//! Where passages are in a text that somebody has before them: found once, and kept if it is the author's.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, App, SITE, comment, on_both, on_both_with, page_url};

const BEFORE: &str = "The tide tables of the harbour were printed in March.";
const QUOTE: &str = "High water was given at six.";
const AFTER: &str = "The pilots, who knew better, came an hour early and waited.";

fn text(quote: &str) -> String {
    format!("{BEFORE} {quote} {AFTER}")
}

/// A remark on the quote in its text; gives the thread's id.
fn remark(app: &App) -> String {
    let mut body = comment("a", "Is that so?");
    let start = BEFORE.len() + 1;
    body["target"] = json!({
        "exact": QUOTE, "prefix": format!("{BEFORE} "), "suffix": format!(" {}", &AFTER[..31]),
        "start": start, "end": start + QUOTE.len(),
    });
    let posted = app.post("/v1/comments", body).send().is(201);
    posted.body["thread_id"].as_str().unwrap().to_owned()
}

fn path(thread: &str) -> String {
    format!("/v1/threads/{thread}/anchors")
}

fn ask(app: &App, thread: &str, text: &str) -> Answer {
    let hash: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    app.get(&format!("{}?text={hash}", path(thread))).send()
}

fn send(app: &App, thread: &str, text: &str) -> Answer {
    app.post(&path(thread), json!({ "text": text })).send()
}

fn send_as_author(app: &App, thread: &str, text: &str) -> Answer {
    let call = app.post(&path(thread), json!({ "text": text }));
    call.bearer(&app.admin).send()
}

/// The state and the words of the only passage.
fn found(answer: Answer, text: &str) -> (String, String) {
    let item = &answer.is(200).body["items"][0];
    let words = match (item["start"].as_u64(), item["end"].as_u64()) {
        (Some(start), Some(end)) => &text[start as usize..end as usize],
        _ => "",
    };
    (item["state"].as_str().unwrap().to_owned(), words.to_owned())
}

fn version(app: &App) -> Value {
    app.page("a")["thread"]["version"].clone()
}

fn selector(app: &App) -> Value {
    app.page("a")["passages"][0]["selector"].clone()
}

#[test]
fn a_text_is_looked_through_once_and_then_known_by_its_hash() {
    on_both(|app| {
        let thread = remark(app);
        let (before, known) = (version(app), selector(app));
        let longer = format!("It was a bad year. {}", text(QUOTE));
        let edited = "High water was said to be at six.";
        for (text, state, words) in [
            (text(QUOTE), "exact", QUOTE),
            (longer, "moved", QUOTE),
            (text(edited), "changed", edited),
            (format!("{BEFORE} {AFTER}"), "orphaned", ""),
            ("Quite another article.".into(), "orphaned", ""),
            (String::new(), "orphaned", ""),
        ] {
            ask(app, &thread, &text).refuses(404, "text_unknown");
            let sent = send(app, &thread, &text);
            let again = ask(app, &thread, &text);
            assert_eq!(again.body, sent.body);
            let expected = (state.to_owned(), words.to_owned());
            assert_eq!(found(sent, &text), expected, "{text}");
            assert_eq!(found(again, &text), expected, "{text}");
        }
        assert_eq!(
            (version(app), selector(app)),
            (before, known),
            "readers change nothing"
        );
    });
}

#[test]
fn a_new_passage_is_looked_for_too() {
    on_both(|app| {
        let thread = remark(app);
        let text = text(QUOTE);
        send(app, &thread, &text).is(200);
        let mut other = comment("a", "Who were they?");
        other["target"] = json!({"exact": "The pilots"});
        app.post("/v1/comments", other).send().is(201);
        ask(app, &thread, &text).refuses(404, "text_unknown");
        let sent = send(app, &thread, &text).is(200);
        assert_eq!(sent.body["items"].as_array().unwrap().len(), 2);
        assert_eq!(ask(app, &thread, &text).body, sent.body);
        // Answers about a passage that is known change nothing.
        remark(app);
        assert_eq!(ask(app, &thread, &text).body, sent.body);
    });
}

#[test]
fn the_text_is_normalised_before_anything_is_said_of_it() {
    on_both(|app| {
        let thread = remark(app);
        let raw = format!(
            "  {BEFORE}\n\n{}\t{AFTER}",
            QUOTE.replace("water", "wa\u{ad}ter")
        );
        assert_eq!(found(send(app, &thread, &raw), &text(QUOTE)).0, "exact");
        assert_eq!(
            found(ask(app, &thread, &text(QUOTE)), &text(QUOTE)).1,
            QUOTE
        );
    });
}

#[test]
fn the_authors_text_is_where_passages_are_looked_for_from_then_on() {
    on_both(|app| {
        let thread = remark(app);
        let before = version(app).as_i64().unwrap();
        let edited = "High water was said to be at six.";
        let second = format!("It was a bad year. {}", text(edited));
        let sent = send_as_author(app, &thread, &second);
        assert_eq!(found(sent, &second), ("changed".into(), edited.into()));
        let passage = app.page("a")["passages"][0].clone();
        assert_eq!(passage["selector"]["exact"], edited);
        let start = second.find(edited).unwrap();
        assert_eq!(passage["selector"]["start"], start);
        assert_eq!(passage["quote"], QUOTE, "what was selected stays");
        let changes = format!("/v1/threads/{thread}/changes?since={before}");
        let changes = app.get(&changes).send().is(200).body["items"].clone();
        assert_eq!(changes.as_array().unwrap().len(), 1);
        assert_eq!(changes[0]["type"], "passage.updated");
        assert_eq!(changes[0]["passage"]["selector"], passage["selector"]);
        // To whoever reads this text nothing has changed, and sending it again tells nobody anything.
        assert_eq!(found(ask(app, &thread, &second), &second).0, "exact");
        assert_eq!(
            found(send_as_author(app, &thread, &second), &second).0,
            "exact"
        );
        assert_eq!(version(app), before + 1);
        // A step further, where the words of long ago would lead nowhere.
        let third = text("At the sixth hour, it was said, the water was high.");
        let sent = send_as_author(app, &thread, &third);
        assert_ne!(found(sent, &third).0, "exact");
        // What is not found is looked for by what it was.
        let known = selector(app);
        send_as_author(app, &thread, "Another article.").is(200);
        assert_eq!(selector(app), known);
    });
}

#[test]
fn only_the_author_has_the_last_word() {
    on_both(|app| {
        let thread = remark(app);
        let (before, known) = (version(app), selector(app));
        let moved = format!("It was a bad year. {}", text(QUOTE));
        let token = |role: &str, more: Value| {
            let mut body = json!({"name": "t", "role": role, "site": SITE});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let made = app.post("/v1/tokens", body).bearer(&app.admin).send();
            made.is(201).body["token"].as_str().unwrap().to_owned()
        };
        let reading = token("author", json!({"read_only": true}));
        for bearer in [app.guest(), reading] {
            let call = app.post(&path(&thread), json!({ "text": moved }));
            assert_eq!(found(call.bearer(&bearer).send(), &moved).0, "moved");
        }
        assert_eq!((version(app), selector(app)), (before.clone(), known));
        let author = token("author", json!({}));
        let call = app.post(&path(&thread), json!({ "text": moved }));
        assert_eq!(found(call.bearer(&author).send(), &moved).0, "moved");
        assert_ne!(version(app), before);
    });
}

#[test]
fn many_passages_move_in_steps_that_the_log_tells_of() {
    on_both(|app| {
        let body = json!({"site": SITE, "url": page_url("a")});
        let made = app
            .put("/v1/moderation/threads", body)
            .bearer(&app.admin)
            .send();
        let thread = made.is(201).body["id"].as_str().unwrap().to_owned();
        let word = |n: usize| format!("w{n:03}rd");
        let words: Vec<String> = (0..251).map(word).collect();
        let text = words.join(" ");
        for (n, word) in words.iter().enumerate() {
            let body = json!({"exact": word, "start": n * 7, "end": n * 7 + 6});
            let path = format!("/v1/threads/{thread}/passages/k{n}");
            app.put(&path, body).bearer(&app.admin).send().is(201);
        }
        send_as_author(app, &thread, &text).is(200);
        let before = version(app).as_i64().unwrap();
        let later = format!("Before it all. {text}");
        let sent = send_as_author(app, &thread, &later).is(200);
        let items = sent.body["items"].as_array().unwrap();
        assert!(
            items.iter().all(|item| item["state"] == "moved"),
            "{items:?}"
        );
        let changes = format!("/v1/threads/{thread}/changes?since={before}");
        let changes = app.get(&changes).send().is(200).body["items"].clone();
        let told: Vec<_> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["passage_id"])
            .collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].is_null() && told[1].is_string(), "{told:?}");
    });
}

#[test]
fn what_a_text_may_be() {
    on_both(|app| {
        let thread = remark(app);
        let long = |bytes: usize| "tide ".repeat(bytes / 5);
        send(app, &thread, &long(260_000)).is(200);
        send(app, &thread, &long(265_000)).refuses(413, "body_too_large");
        send_as_author(app, &thread, &long(1_040_000)).is(200);
        send_as_author(app, &thread, &long(1_060_000)).refuses(413, "body_too_large");

        let path = path(&thread);
        app.post(&path, json!({}))
            .send()
            .refuses(422, "field_required");
        app.post(&path, json!({"text": 5}))
            .send()
            .refuses(422, "field_type");
        app.post(&path, json!(["text"]))
            .send()
            .refuses(400, "invalid_json");
        let plain = app.call("POST", &path).bytes(text(QUOTE).into_bytes());
        plain
            .header("Content-Type", "text/plain")
            .send()
            .refuses(415, "unsupported_media_type");
        let foreign = app
            .post(&path, json!({"text": "x"}))
            .header("Origin", "https://other.example");
        foreign.send().refuses(403, "origin_not_allowed");

        let hash = "0".repeat(64);
        for query in [
            "",
            "?text=",
            "?text=00",
            &format!("?text={}", "g".repeat(64)),
            &format!("?text={hash}&text={hash}"),
        ] {
            app.get(&format!("{path}{query}"))
                .send()
                .refuses(400, "invalid_query");
        }
        for id in ["x", "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03"] {
            let path = self::path(id);
            app.get(&format!("{path}?text={hash}"))
                .send()
                .refuses(404, "not_found");
            app.post(&path, json!({"text": "x"}))
                .send()
                .refuses(404, "not_found");
        }
        // Of a page that nobody has written on there is nothing to find, and no text to remember.
        let empty = app.page("b")["thread"]["id"].as_str().unwrap().to_owned();
        for answer in [ask(app, &empty, "x"), send(app, &empty, "x")] {
            assert_eq!(answer.is(200).body, json!({"items": []}));
        }
    });
}

#[test]
fn what_it_costs_is_bounded() {
    on_both_with(&["--text-share=0"], |app| {
        let thread = remark(app);
        let refused = send(app, &thread, &text(QUOTE)).refuses(503, "budget_spent");
        assert_eq!(refused.header("retry-after"), "3600");
        ask(app, &thread, &text(QUOTE)).refuses(404, "text_unknown");
    });
    on_both_with(&["--rate-texts=2/60"], |app| {
        let thread = remark(app);
        for n in 0..2 {
            send(app, &thread, &format!("text {n}")).is(200);
        }
        send(app, &thread, "text 3").refuses(429, "rate_limited");
        ask(app, &thread, "text 0").is(200);
    });
}

#[test]
fn a_hidden_thread_tells_of_no_passages() {
    on_both(|app| {
        let thread = remark(app);
        send(app, &thread, &text(QUOTE)).is(200);
        let path = format!("/v1/moderation/threads/{thread}");
        app.patch(&path, json!({"hidden": true}))
            .bearer(&app.admin)
            .send()
            .is(200);
        for answer in [
            ask(app, &thread, &text(QUOTE)),
            send(app, &thread, &text(QUOTE)),
        ] {
            assert_eq!(answer.is(200).body, json!({"items": []}));
        }
    });
}
