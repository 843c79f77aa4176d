//! The site's spam model: what it holds and why, and what it learns from moderators.

use postil::domain::id::{CommentId, SiteId};
use postil::domain::judgement::spam::Author;
use postil::domain::judgement::writing::Writing;
use postil::error::Result;
use postil::service::models::Models;
use postil::store::{Conn, Store, comments, judgements, lessons, models};
use serde_json::{Value, json};

use crate::support::{Answer, App, comment, eventually, on_both};

const SPAM: &str =
    "Make money fast from home, I earn 500 dollars a day, visit https://cash.example now";
const GENUINE: &str = "I read this twice and still think that the second argument does not follow.";

fn post(app: &App, text: &str) -> Answer {
    app.post("/v1/comments", comment("a", text)).send()
}

fn decide(app: &App, action: &str, ids: &[&Value]) {
    let decision = json!({"action": action, "ids": ids});
    let answer = app
        .post("/v1/moderation/actions", decision)
        .bearer(&app.moderator)
        .send()
        .is(200);
    for item in answer.body["items"].as_array().unwrap() {
        assert_eq!(item["ok"], true, "{item}");
    }
}

/// A comment as moderators see it.
fn queued(app: &App, comment: &Value) -> Value {
    let person = comment["author"]["id"].as_str().unwrap();
    let list = app
        .get(&format!(
            "/v1/moderation/comments?status=any&author={person}"
        ))
        .bearer(&app.moderator)
        .send()
        .is(200)
        .body;
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["id"] == comment["id"]);
    found.unwrap().clone()
}

/// How suspicious a text looks.
fn risk(app: &App, text: &str) -> i64 {
    let posted = post(app, text).body;
    let risk = queued(app, &posted)["risk"].as_i64().unwrap();
    // What was only asked about leaves no trace.
    app.delete(&format!("/v1/comments/{}", posted["id"].as_str().unwrap()))
        .bearer(posted["token"].as_str().unwrap())
        .send()
        .is(204);
    risk
}

/// Another look at the service's data, as another instance has it.
fn elsewhere<T: Send + 'static>(
    app: &App,
    read: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (store, _announced) = Store::open(app.database(), None, 1).unwrap();
    runtime.block_on(async {
        let found = store.read(read).await.unwrap();
        store.close().await;
        found
    })
}

fn id(comment: &Value) -> CommentId {
    comment["id"].as_str().unwrap().parse().unwrap()
}

fn site_of(conn: &mut Conn, comment: CommentId) -> Result<SiteId> {
    Ok(comments::by_id(conn, comment)?.unwrap().site_id)
}

#[test]
fn what_looks_like_spam_is_held_and_moderators_are_told_why() {
    on_both(|app| {
        app.policy(json!({"spam_hold": 2}));
        let spam = post(app, SPAM).is(202).body;
        // Its author is not told how to slip through.
        assert_eq!(
            spam["reasons"],
            json!([{"code": "spam_score", "detail": "It looks like spam."}])
        );
        let seen = queued(app, &spam);
        let reason = &seen["reasons"][0];
        assert!(reason["score"].as_i64().unwrap() > 880, "{reason}");
        assert_eq!(reason["score"], seen["risk"]);
        let grounds = reason["grounds"].as_array().unwrap();
        assert!((1..=6).contains(&grounds.len()) && grounds[0]["weight"].as_i64().unwrap() > 0);
        let said = seen["opinions"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&said["phase"], &said["says"]),
            (&json!("spam"), &json!("hold"))
        );

        // What is let pass has a score as well.
        let genuine = post(app, GENUINE).is(201).body;
        assert_eq!(genuine["reasons"], json!([]));
        let seen = queued(app, &genuine);
        assert_eq!(seen["opinions"][0]["says"], "note");
        assert_eq!(seen["opinions"][0]["reason"]["score"], seen["risk"]);
        assert!(seen["risk"].as_i64().unwrap() < 500, "{seen}");

        // Where the site wants none held, it is scored all the same.
        app.policy(json!({"spam_hold": null}));
        let spam = post(app, &SPAM.replace("500", "600")).is(201).body;
        assert!(queued(app, &spam)["risk"].as_i64().unwrap() > 880);
        // Whoever answers for the site is not judged.
        let own = app
            .post("/v1/comments", comment("a", SPAM))
            .bearer(&app.moderator)
            .send()
            .is(201)
            .body;
        assert_eq!(queued(app, &own)["opinions"], json!([]));
    });
}

#[test]
fn it_learns_from_decisions_and_takes_back_what_is_undone() {
    on_both(|app| {
        let question = "Zeppelin rides in spring for all";
        let before = risk(app, question);
        let lessons: Vec<Value> = (0..6)
            .map(|n| {
                post(app, &format!("Zeppelin rides number {n}"))
                    .is(201)
                    .body["id"]
                    .clone()
            })
            .collect();
        let genuine: Vec<Value> = (0..6)
            .map(|n| post(app, &format!("A thought, number {n}")).is(201).body["id"].clone())
            .collect();
        decide(app, "spam", &lessons.iter().collect::<Vec<_>>());
        decide(app, "approve", &genuine.iter().collect::<Vec<_>>());
        let after = eventually("lesson learnt", || {
            Some(risk(app, question)).filter(|risk| *risk > before + 300)
        });
        // What was spam stays spam in the bin; what was called so by mistake does not.
        decide(app, "trash", &[&lessons[0]]);
        assert!(risk(app, question) > before + 300, "{after}");
        for (action, ids) in [("undo", &lessons[1..]), ("undo", &genuine[..])] {
            decide(app, action, &ids.iter().collect::<Vec<_>>());
        }
        decide(app, "restore", &[&lessons[0]]);
        eventually("clean slate", || {
            (risk(app, question) == before).then_some(())
        });
    });
}

/// What is stored of the model of a comment's site: its version, and whether it knows all that it was told.
fn model(app: &App, comment: &Value) -> (i64, bool) {
    let comment = id(comment);
    elsewhere(app, move |conn| {
        let site = site_of(conn, comment)?;
        let model = models::of(conn, site)?.unwrap();
        Ok((model.version, model.told == model.taught))
    })
}

#[test]
fn a_mistake_leaves_nothing_behind_and_the_model_rests() {
    on_both(|app| {
        let other = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let elsewhere = |text: &str| {
            let body = json!({"site": "other", "url": "https://other.example/a", "body": text});
            app.post("/v1/comments", body).send().is(201).body
        };
        let act = |action: &str, comment: &Value| {
            let decision = json!({"action": action, "ids": [comment["id"]]});
            let call = app.post("/v1/moderation/actions", decision);
            let done = call.bearer(&app.admin).send().is(200).body["items"][0].clone();
            assert_eq!(done["ok"], true, "{done}");
        };
        let rested = |comment: &Value| {
            eventually("rest", || {
                let (version, is_rested) = model(app, comment);
                is_rested.then_some(version)
            })
        };
        let record = |comment: &Value| {
            let path = format!(
                "/v1/moderation/people/{}",
                comment["author"]["id"].as_str().unwrap()
            );
            let person = app.get(&path).bearer(&app.moderator).send().is(200).body;
            let numbers = ["approved", "rejected", "rejected_at"].map(|name| person[name].clone());
            Value::from(numbers.to_vec())
        };
        let approved = post(app, "Zeppelin rides in spring for all").is(201).body;
        act("approve", &approved);
        rested(&approved);
        let question = "Zeppelin rides in autumn for all";
        let before = (risk(app, question), record(&approved));
        for mistake in ["spam", "reject", "trash"] {
            act(mistake, &approved);
            rested(&approved);
            act("undo", &approved);
            rested(&approved);
            let after = (risk(app, question), record(&approved));
            assert_eq!(after, before, "{mistake}");
        }
        // What another site is told is learnt in a round of all: those go by, and nothing changes here.
        let version = rested(&approved);
        for n in 0..2 {
            let lesson = elsewhere(&format!("A thought, number {n}"));
            act("approve", &lesson);
            rested(&lesson);
        }
        assert_eq!(rested(&approved), version);
    });
}

#[test]
fn every_instance_judges_by_what_any_was_taught() {
    on_both(|app| {
        let spam = post(app, "Zeppelin rides for all").is(201).body;
        decide(app, "spam", &[&spam["id"]]);
        let (question, comment) = ("Zeppelin rides again", id(&spam));
        let score = move |conn: &mut Conn| {
            let site = site_of(conn, comment)?;
            let model = Models::default().of(conn, site)?;
            let writing = Writing {
                text: question.into(),
                ..Writing::default()
            };
            let score = model.judge(&writing, None, Author::default());
            Ok((model.taught(), i64::from(score.permille())))
        };
        let (_, there) = eventually("lesson learnt", || {
            Some(elsewhere(app, score)).filter(|(taught, _)| *taught == 1)
        });
        assert_eq!(there, risk(app, question));
    });
}

#[test]
fn nothing_is_kept_of_a_comment_that_was_taken_back() {
    on_both(|app| {
        let posted = post(app, "Ada Lovelace lives here, and writes a lot about it")
            .is(201)
            .body;
        decide(app, "approve", &[&posted["id"]]);
        let comment = id(&posted);
        let kept = move |conn: &mut Conn| {
            let site = site_of(conn, comment)?;
            let numbers = lessons::after(conn, site, 0, 10)?;
            let learnt = models::of(conn, site)?.is_some_and(|model| model.taught == model.told);
            Ok((lessons::by_numbers(conn, site, &numbers)?, learnt))
        };
        let lessons = eventually("lesson learnt", || {
            Some(elsewhere(app, kept)).and_then(|(lessons, learnt)| learnt.then_some(lessons))
        });
        assert_eq!(lessons.len(), 1);
        assert!(
            lessons[0]
                .traits
                .as_ref()
                .is_some_and(|traits| traits.len() > 100)
        );
        app.delete(&format!("/v1/comments/{}", posted["id"].as_str().unwrap()))
            .bearer(posted["token"].as_str().unwrap())
            .send()
            .is(204);
        assert!(elsewhere(app, kept).0.is_empty());
        let said = elsewhere(app, move |conn| judgements::of(conn, &[comment]));
        assert!(said.is_empty());
    });
}

#[test]
fn people_who_are_trusted_are_not_guessed_about() {
    on_both(|app| {
        app.policy(json!({"trust_after": 1, "spam_hold": 2}));
        let token = app.guest();
        let post = |text: &str| {
            app.post("/v1/comments", comment("a", text))
                .bearer(&token)
                .send()
        };
        let first = post(SPAM).is(202).body;
        decide(app, "approve", &[&first["id"]]);
        let second = post(&SPAM.replace("500", "700")).is(201).body;
        let seen = queued(app, &second);
        assert_eq!(
            seen["opinions"],
            json!([{"phase": "trust", "says": "allow", "reason": null}])
        );
    });
}
