//! Threads from first comment to last reply.

use serde_json::json;

use crate::support::{SITE, on_both, page_url};

#[test]
fn an_unknown_page_reads_as_an_empty_thread() {
    on_both(|app| {
        let page = app.page("new");
        assert_eq!(page["thread"]["version"], 0);
        assert_eq!(page["comments"]["items"], json!([]));
        let thread = page["thread"]["id"].as_str().unwrap();
        let comments = app
            .get(&format!("/v1/threads/{thread}/comments"))
            .send()
            .is(200);
        assert_eq!(comments.body["items"], json!([]));
        app.get(&format!("/v1/threads/{thread}/feed"))
            .send()
            .refuses(404, "not_found");
    });
}

#[test]
fn a_comment_appears_in_its_thread() {
    on_both(|app| {
        let posted = app.comment("a", "Hello *world*");
        assert_eq!(posted["status"], "published");
        assert!(posted["token"].is_string());
        let answer = app.reply("a", &posted, "And hello to you");
        assert_eq!(answer["parent_id"], posted["id"]);
        let page = app.page("a");
        assert_eq!(page["thread"]["comment_count"], 2);
        assert_eq!(page["thread"]["version"], 2);
        let root = &page["comments"]["items"][0];
        assert_eq!(root["body_html"], "<p>Hello <em>world</em></p>\n");
        assert_eq!(root["reply_count"], 1);
        assert_eq!(root["replies"]["items"][0]["id"], answer["id"]);
        let counts = app
            .get(&format!("/v1/counts?site={SITE}&url={}", page_url("a")))
            .send()
            .is(200);
        assert_eq!(counts.body["items"][0]["count"], 2);
    });
}
