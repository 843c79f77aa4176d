//! The record of what moderators did, and the numbers of each day.

use serde_json::{Value, json};

use crate::support::{App, SITE, comment, on_both};

fn get(app: &App, path: &str) -> Value {
    app.get(path).bearer(&app.moderator).send().is(200).body
}

fn act(app: &App, body: Value) -> Value {
    let call = app.post("/v1/moderation/actions", body);
    call.bearer(&app.moderator).send().is(200).body
}

#[test]
fn every_act_leaves_one_line() {
    on_both(|app| {
        let posted = app.comment("a", "A secret text by Ada");
        let id = posted["id"].as_str().unwrap();
        let decide = |action: &str| {
            act(
                app,
                json!({"action": action, "ids": [id, id], "reason": "abuse", "note": "Third time."}),
            )
        };
        for action in [
            "spam", "spam", "undo", "pin", "pin", "unpin", "reject", "restore", "trash",
        ] {
            assert_eq!(decide(action)["items"][1]["ok"], true, "{action}");
        }
        let lines = get(app, &format!("/v1/moderation/audit?object={id}"));
        let items = lines["items"].as_array().unwrap();
        let actions: Vec<&str> = items
            .iter()
            .map(|i| i["action"].as_str().unwrap())
            .collect();
        assert_eq!(
            actions,
            ["trash", "restore", "reject", "unpin", "pin", "undo", "spam"]
        );
        let first = items.last().unwrap();
        assert_eq!(
            first["before"],
            json!({"status": "published", "revision": 1})
        );
        assert_eq!(first["after"], json!({"status": "spam"}));
        assert_eq!(
            (&first["reason"], &first["note"]),
            (&json!("abuse"), &json!("Third time."))
        );
        assert_eq!(
            (&first["actor"], &first["site"]),
            (&json!("person"), &json!(SITE))
        );
        assert!(!lines.to_string().contains("secret"));
        let person = first["person"].as_str().unwrap();
        for (query, count) in [
            (format!("action=spam&person={person}"), 1),
            ("since=2100-01-01T00:00:00Z".into(), 0),
            (format!("until=2100-01-01T00:00:00Z&object={id}"), 7),
            (format!("since=2020-01-01T00:00:00Z&object={id}"), 7),
            ("until=2020-01-01T00:00:00Z".into(), 0),
            ("action=approve".into(), 0),
            (
                format!("person={}", posted["author"]["id"].as_str().unwrap()),
                0,
            ),
            (format!("site={SITE}&limit=2"), 2),
        ] {
            let list = get(app, &format!("/v1/moderation/audit?{query}"));
            assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
        }
        let page = get(app, &format!("/v1/moderation/audit?limit=5&object={id}"));
        let next = page["next"].as_str().unwrap();
        let rest = format!("/v1/moderation/audit?limit=5&object={id}&after={next}");
        let rest = get(app, &rest);
        assert_eq!(rest["items"].as_array().unwrap().len(), 2);
        let export = app
            .get(&format!("/v1/moderation/audit/export?object={id}"))
            .bearer(&app.moderator)
            .send()
            .is(200);
        let exported: Vec<Value> = export
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(exported, *items);
        for query in [
            "action=No",
            "object=1",
            "person=me",
            "since=soon",
            "after=x",
        ] {
            app.get(&format!("/v1/moderation/audit?{query}"))
                .bearer(&app.moderator)
                .send()
                .is(400);
        }
        app.get("/v1/moderation/audit")
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
    });
}

#[test]
fn nobody_changes_the_record() {
    on_both(|app| {
        let posted = app.comment("a", "x");
        act(app, json!({"action": "spam", "ids": [posted["id"]]}));
        for statement in ["UPDATE audit SET action = 'approve'", "DELETE FROM audit"] {
            let tried =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| app.sql(statement)));
            assert!(tried.is_err(), "{statement}");
        }
        let lines = get(app, "/v1/moderation/audit");
        assert_eq!(lines["items"][0]["action"], "spam");
    });
}

#[test]
fn each_day_has_its_numbers() {
    on_both(|app| {
        let (good, bad) = (app.comment("a", "Good"), app.comment("b", "Bad"));
        app.policy(json!({"moderation": "pre"}));
        app.post("/v1/comments", comment("a", "Held"))
            .send()
            .is(202);
        act(app, json!({"action": "approve", "ids": [good["id"]]}));
        act(app, json!({"action": "spam", "ids": [bad["id"]]}));
        act(app, json!({"action": "reject", "ids": [bad["id"]]}));
        let stats = get(app, &format!("/v1/moderation/stats?site={SITE}"));
        let days = stats["items"].as_array().unwrap();
        assert_eq!(days.len(), 30);
        let today = days.last().unwrap();
        assert_eq!((&today["received"], &today["held"]), (&json!(3), &json!(1)));
        assert_eq!(today["held_for"], json!({"premoderated": 1}));
        assert_eq!(
            today["decisions"],
            json!({"approve": 1, "reject": 1, "spam": 1})
        );
        assert_eq!(today["decided"], 2);
        assert!(today["seconds_to_decision"].as_i64().unwrap() < 60);
        let one = get(
            app,
            &format!("/v1/moderation/stats?site={SITE}&from=2020-02-28&to=2020-03-01"),
        );
        let names: Vec<_> = one["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| &d["day"])
            .collect();
        assert_eq!(names, ["2020-02-28", "2020-02-29", "2020-03-01"]);
        for query in [
            "",
            "site=blog&from=2020-01-01&to=2019-01-01",
            "site=blog&from=2020-01-01&to=2021-06-01",
            "site=blog&from=20200101",
        ] {
            app.get(&format!("/v1/moderation/stats?{query}"))
                .bearer(&app.moderator)
                .send()
                .refuses(400, "invalid_query");
        }
    });
}

#[test]
fn whoever_changes_the_rules_is_written_down_as_well() {
    on_both(|app| {
        let path = format!("/v1/moderation/rules/block?site={SITE}");
        let list = app.put(&path, json!({"entries": ["casino", "viagra"]}));
        list.bearer(&app.moderator).send().is(204);
        app.policy(json!({"max_links": 3, "reserved_names": ["Ada Lovelace"]}));
        app.policy(json!({"max_links": 3}));
        app.postil(&["moderator", "add", SITE, "Nora"]);
        let lines = app.get("/v1/moderation/audit").bearer(&app.admin).send();
        let lines = lines.is(200).body;
        let line = |action: &str| {
            let items = lines["items"].as_array().unwrap();
            let mut found = items.iter().filter(|line| line["action"] == action);
            found
                .next()
                .unwrap_or_else(|| panic!("no {action}"))
                .clone()
        };
        let words = line("write_word_list");
        assert_eq!(words["before"], json!({"list": "block", "entries": 0}));
        assert_eq!(words["after"], json!({"list": "block", "entries": 2}));
        assert_eq!(line("add_person")["after"], json!({"role": "moderator"}));
        // What is as it was leaves no line.
        assert_eq!(line("change_site")["after"]["max_links"], 3);
        let all = lines.to_string();
        assert!(
            all.contains(r#""max_links":3"#) && all.contains(r#""reserved_names":{"entries":1}"#)
        );
        assert!(!all.contains("casino") && !all.contains("Lovelace") && !all.contains("Nora"));
    });
}

#[test]
fn a_day_counts_new_texts_that_are_held_and_comments_that_reports_hold() {
    on_both(|app| {
        app.policy(json!({"report_threshold": 1}));
        let path = format!("/v1/moderation/rules/suspect?site={SITE}");
        let list = app.put(&path, json!({"entries": ["second"]}));
        list.bearer(&app.moderator).send().is(204);
        let posted = app.comment("a", "First");
        let path = format!("/v1/comments/{}", posted["id"].as_str().unwrap());
        let call = app.patch(&path, json!({"body": "Second"}));
        call.bearer(posted["token"].as_str().unwrap())
            .send()
            .is(202);
        let report = app.post(&format!("{path}/reports"), json!({"reason": "abuse"}));
        report.bearer(&app.moderator).send().is(201);
        let stats = get(app, &format!("/v1/moderation/stats?site={SITE}"));
        let day = stats["items"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&day["held"], &day["received"]),
            (&json!(2), &json!(1)),
            "{day}"
        );
        assert_eq!(day["held_for"], json!({"reported": 1, "word_suspect": 1}));
        assert_eq!(day["reported"], 1);
    });
}
