//! Lines as they are typed, on every road on which a comment is read.

use serde_json::{Value, json};

use crate::support::*;

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn a_line_break_is_shown_wherever_the_comment_is() {
    on_both(|app| {
        let policy = app.get(&format!("/v1/sites/{SITE}")).bearer(&app.admin);
        assert_eq!(policy.send().is(200).body["policy"]["line_breaks"], "keep");
        let kept = "<p>Roses<br />\nViolets</p>\n";
        let posted = app.comment("a", "Roses\nViolets");
        assert_eq!(posted["body_html"], kept);
        let thread = text(&posted["thread_id"]);
        let page = app.page("a");
        assert_eq!(page["comments"]["items"][0]["body_html"], kept);
        let html = app.get(&format!("/v1/threads/{thread}/html")).send();
        assert!(html.is(200).text().contains(kept));
        let feed = app.get(&format!("/v1/threads/{thread}/feed")).send();
        assert!(feed.is(200).text().contains("Roses&lt;br"));
        let preview = json!({"site": SITE, "body": "Roses\nViolets"});
        let shown = app.post("/v1/preview", preview.clone()).send().is(200);
        assert_eq!(shown.body["body_html"], kept);
        let edited = app
            .patch(
                &format!("/v1/comments/{}", text(&posted["id"])),
                json!({"body": "Roses\nLilies"}),
            )
            .bearer(text(&posted["token"]))
            .send()
            .is(200);
        assert_eq!(edited.body["body_html"], "<p>Roses<br />\nLilies</p>\n");

        app.policy(json!({"line_breaks": "join"}));
        let joined = "<p>Roses\nViolets</p>\n";
        assert_eq!(app.comment("a", "Roses\nViolets")["body_html"], joined);
        let shown = app.post("/v1/preview", preview).send().is(200);
        assert_eq!(shown.body["body_html"], joined);
        app.patch(
            &format!("/v1/sites/{SITE}"),
            json!({"policy": {"line_breaks": "wrap"}}),
        )
        .bearer(&app.admin)
        .send()
        .refuses(422, "policy_invalid");
    });
}
