//! Readers' reports, notices of illegal content, and what becomes of both.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, on_both};

fn report(app: &App, token: &str, comment: &Value, body: Value) -> Answer {
    let path = format!("/v1/comments/{}/reports", comment["id"].as_str().unwrap());
    app.post(&path, body).bearer(token).send()
}

fn get(app: &App, path: &str) -> Value {
    app.get(path).bearer(&app.moderator).send().is(200).body
}

/// A guest whom somebody vouches for.
fn verified(app: &App) -> String {
    let guest = app.guest();
    app.sql("UPDATE people SET verified = TRUE WHERE kind = 'guest'");
    guest
}

#[test]
fn one_person_reports_a_comment_once() {
    on_both(|app| {
        let posted = app.comment("a", "Buy now");
        let reader = app.guest();
        let first = report(app, &reader, &posted, json!({"reason": "spam"}))
            .is(201)
            .body;
        let again = report(app, &reader, &posted, json!({"reason": "abuse"}))
            .is(200)
            .body;
        assert_eq!(
            (&again["id"], &again["reason"]),
            (&first["id"], &json!("spam"))
        );
        let list = get(app, "/v1/moderation/comments?reported=true");
        assert_eq!(list["items"][0]["id"], posted["id"]);
        assert_eq!(list["items"][0]["reports"], 1);
        let own = posted["token"].as_str().unwrap();
        report(app, own, &posted, json!({"reason": "spam"})).refuses(403, "own_comment");
        app.post(
            &format!("/v1/comments/{}/reports", posted["id"].as_str().unwrap()),
            json!({"reason": "spam"}),
        )
        .send()
        .refuses(401, "unauthorized");
        let unknown = json!({"id": "01890000-0000-7000-8000-000000000000"});
        report(app, &reader, &unknown, json!({"reason": "spam"})).refuses(404, "not_found");
        for (body, pointer) in [
            (json!({"reason": "ugly"}), "/reason"),
            (json!({"reason": "other"}), "/detail"),
            (
                json!({"reason": "spam", "detail": "d".repeat(2001)}),
                "/detail",
            ),
            (json!({"reason": "illegal", "notice": {}}), "/detail"),
            (
                json!({"reason": "spam", "detail": "x", "notice": {}}),
                "/notice",
            ),
            (
                json!({"reason": "illegal", "detail": "x", "notice": {"contact": "nobody"}}),
                "/notice/contact",
            ),
        ] {
            let problem = report(app, &app.guest(), &posted, body.clone())
                .is(422)
                .body;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
    });
}

#[test]
fn the_most_reported_comes_first_and_a_decision_settles_all() {
    on_both(|app| {
        let (little, much) = (app.comment("a", "Little"), app.comment("a", "Much"));
        for (posted, times) in [(&little, 1), (&much, 2)] {
            for _ in 0..times {
                report(app, &app.guest(), posted, json!({"reason": "off_topic"})).is(201);
            }
        }
        let list = get(app, "/v1/moderation/comments?sort=reports");
        let ids: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| &i["id"])
            .collect();
        assert_eq!(ids, [&much["id"], &little["id"]]);
        let counts = get(app, "/v1/moderation/counts");
        assert_eq!(counts["items"][0]["reported"], 2);
        let decide = |action: &str, posted: &Value| {
            let body = json!({"action": action, "ids": [posted["id"]], "reason": "off_topic"});
            let answer = app
                .post("/v1/moderation/actions", body)
                .bearer(&app.moderator)
                .send();
            assert_eq!(answer.is(200).body["items"][0]["ok"], true);
        };
        decide("reject", &much);
        decide("approve", &little);
        assert_eq!(get(app, "/v1/moderation/counts")["items"][0]["reported"], 0);
        let upheld = get(app, "/v1/moderation/reports?state=upheld");
        assert_eq!(upheld["items"].as_array().unwrap().len(), 2);
        assert_eq!(upheld["items"][0]["grounds"], "It is not about the page.");
        let dismissed = get(
            app,
            &format!("/v1/moderation/reports?state=dismissed&site={SITE}"),
        );
        assert_eq!(dismissed["items"].as_array().unwrap().len(), 1);
        assert_eq!(get(app, "/v1/moderation/reports")["items"], json!([]));
    });
}

#[test]
fn enough_verified_people_hold_a_comment_until_it_is_seen() {
    on_both(|app| {
        let posted = app.comment("a", "Dubious");
        for _ in 0..4 {
            report(app, &app.guest(), &posted, json!({"reason": "abuse"})).is(201);
        }
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        for _ in 0..2 {
            let reader = verified(app);
            report(app, &reader, &posted, json!({"reason": "abuse"})).is(201);
        }
        // Who was vouched for after they had reported does not count afterwards.
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        let last = verified(app);
        report(app, &last, &posted, json!({"reason": "abuse"})).is(201);
        assert_eq!(app.page("a")["thread"]["comment_count"], 0);
        let item = get(app, "/v1/moderation/comments")["items"][0].clone();
        assert_eq!(item["reasons"][0]["code"], "reported");
        assert_eq!(item["reports"], 7);
        // Approved, it was seen: more reports do not take it away again.
        let body = json!({"action": "approve", "ids": [posted["id"]]});
        app.post("/v1/moderation/actions", body)
            .bearer(&app.moderator)
            .send()
            .is(200);
        for _ in 0..3 {
            let reader = verified(app);
            report(app, &reader, &posted, json!({"reason": "abuse"})).is(201);
        }
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        let audit = get(app, "/v1/moderation/audit?action=hold");
        assert_eq!(audit["items"][0]["actor"], "service");
        // Until its author writes something else.
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        app.patch(&path, json!({"body": "Worse"}))
            .bearer(posted["token"].as_str().unwrap())
            .send()
            .is(200);
        let reader = verified(app);
        report(app, &reader, &posted, json!({"reason": "abuse"})).is(201);
        assert_eq!(app.page("a")["thread"]["comment_count"], 0);
    });
}

#[test]
fn a_notice_is_decided_with_grounds() {
    on_both(|app| {
        let posted = app.comment("a", "Forbidden words");
        let notice = json!({"reason": "illegal", "detail": "It names my address.",
            "notice": {"law": "GDPR", "contact": "me@notifier.example"}});
        let received = report(app, &app.guest(), &posted, notice).is(201).body;
        let other = report(app, &app.guest(), &posted, json!({"reason": "spam"}))
            .is(201)
            .body;
        let list = get(app, "/v1/moderation/reports?reason=illegal");
        let item = &list["items"][0];
        assert_eq!(
            (&item["law"], &item["answerable"]),
            (&json!("GDPR"), &json!(true))
        );
        assert!(!list.to_string().contains("notifier.example"));
        let path = |report: &Value| {
            format!(
                "/v1/moderation/reports/{}/decision",
                report["id"].as_str().unwrap()
            )
        };
        let rule = |report: &Value, body: Value| {
            app.post(&path(report), body).bearer(&app.moderator).send()
        };
        for body in [
            json!({"decision": "open", "grounds": "x"}),
            json!({"decision": "upheld", "grounds": " "}),
            json!({"decision": "upheld", "grounds": "x", "action": "approve"}),
        ] {
            rule(&received, body).is(422);
        }
        let upheld = json!({"decision": "upheld", "grounds": "It shows private data."});
        let decided = rule(&received, upheld.clone()).is(200).body;
        assert_eq!(
            (&decided["state"], &decided["grounds"]),
            (&json!("upheld"), &upheld["grounds"])
        );
        rule(&received, upheld).is(200);
        rule(&received, json!({"decision": "dismissed", "grounds": "x"})).refuses(409, "conflict");
        // The comment goes with its statement of reasons, and the other report with it.
        let gone = get(app, "/v1/moderation/comments?status=rejected")["items"][0].clone();
        assert_eq!(
            gone["reasons"],
            json!([{"code": "illegal", "detail": "It shows private data."}])
        );
        assert_eq!(gone["reports"], 0);
        let settled = get(app, "/v1/moderation/reports?state=upheld");
        assert_eq!(settled["items"][1]["id"], other["id"]);
        assert_eq!(get(app, "/v1/moderation/counts")["items"][0]["reported"], 0);
        rule(
            &json!({"id": "01890000-0000-7000-8000-000000000000"}),
            json!({"decision": "upheld", "grounds": "x"}),
        )
        .refuses(404, "not_found");
    });
}

#[test]
fn nothing_that_somebody_holds_to_be_illegal_is_decided_without_grounds() {
    on_both(|app| {
        let posted = app.comment("a", "My neighbour lives at 7 Elm Street");
        let notice = json!({"reason": "illegal", "detail": "It names my address.",
                            "notice": {"law": "GDPR", "contact": "ann@example.org"}});
        report(app, &app.guest(), &posted, notice).is(201);
        let act = |body: Value| {
            let mut body = body;
            body["ids"] = json!([posted["id"]]);
            let call = app.post("/v1/moderation/actions", body);
            call.bearer(&app.moderator).send().is(200).body["items"][0].clone()
        };
        let notice = || get(app, "/v1/moderation/reports?reason=illegal&state=open");
        for action in ["approve", "reject", "spam", "trash"] {
            assert_eq!(
                act(json!({"action": action}))["code"],
                "grounds_required",
                "{action}"
            );
        }
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        let decided = act(json!({"action": "reject", "reason": "illegal"}));
        assert_eq!(decided["status"], "rejected");
        assert_eq!(notice()["items"], json!([]));
        // Taken back, it is to be decided again.
        assert_eq!(act(json!({"action": "undo"}))["status"], "published");
        let open = notice()["items"][0].clone();
        assert_eq!(
            (&open["state"], &open["grounds"]),
            (&json!("open"), &Value::Null)
        );
        let queue = get(app, "/v1/moderation/comments?reported=true&status=any");
        assert_eq!(queue["items"][0]["reports"], 1);
        let counts = get(app, "/v1/moderation/counts");
        assert_eq!(counts["items"][0]["reported"], 1);
    });
}
