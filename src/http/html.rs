//! A thread as a page of plain HTML, for crawlers and for readers without scripts. It needs no
//! script, no style and nothing from elsewhere, so the strictest Content-Security-Policy fits it.

use std::collections::{HashMap, HashSet};

use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::template::render;
use crate::view::List;
use crate::view::comment::Comment;
use crate::view::thread::Thread;

/// What a page shows.
pub struct ThreadPage<'a> {
    /// The thread.
    pub thread: &'a Thread,
    /// Its roots, each with as many of its replies as the page is to show.
    pub comments: &'a List<Comment>,
    /// The language that the site's texts are written in (BCP 47).
    pub locale: &'a str,
}

/// The page. Its links to the next page (`?after=`) and to the feed (`feed`) are relative to
/// `/v1/threads/{thread}/html`.
///
/// # Errors
/// [`Error::Internal`] when the template is broken.
pub fn thread_page(page: &ThreadPage) -> Result<String> {
    let view = |value: serde_json::Result<Json>| {
        value.map_err(|error| Error::Internal(format!("rendering a page: {error}")))
    };
    let thread = view(serde_json::to_value(page.thread))?;
    let comments = view(serde_json::to_value(page.comments))?;
    render_page(&thread, comments, page.locale)
}

fn render_page(thread: &Json, mut comments: Json, locale: &str) -> Result<String> {
    let mut roots = taken_items(&mut comments);
    for root in &mut roots {
        let replies = taken_items(&mut root["replies"]);
        root["has_more"] = json!(!root["replies"]["next"].is_null());
        root["children"] = nested(root["id"].as_str().unwrap_or_default(), replies).into();
    }
    let context = json!({
        "thread": thread,
        "comments": roots,
        "next": comments["next"],
        "locale": locale,
    });
    render("thread.html", &context)
}

fn taken_items(list: &mut Json) -> Vec<Json> {
    match list.get_mut("items").map(Json::take) {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// The flat list of what is beneath `root`, parents before children, as a tree of `children`. A
/// comment whose parent is not in the list hangs directly beneath the root.
fn nested(root: &str, flat: Vec<Json>) -> Vec<Json> {
    let place = |comment: &Json, name: &str| comment[name].as_str().unwrap_or_default().to_owned();
    let known: Vec<String> = flat.iter().map(|comment| place(comment, "id")).collect();
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    let mut beneath: HashMap<String, Vec<Json>> = HashMap::new();
    // From the end: when a comment's turn comes, all its children have had theirs.
    for mut comment in flat.into_iter().rev() {
        let mut children = beneath.remove(&place(&comment, "id")).unwrap_or_default();
        children.reverse();
        comment["has_more"] = json!(false);
        comment["children"] = children.into();
        let parent = place(&comment, "parent_id");
        let parent = if known.contains(parent.as_str()) {
            parent
        } else {
            root.to_owned()
        };
        beneath.entry(parent).or_default().push(comment);
    }
    let mut children = beneath.remove(root).unwrap_or_default();
    children.reverse();
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: &str, parent: Option<&str>, text: &str) -> Json {
        json!({
            "id": id, "thread_id": "t", "parent_id": parent, "root_id": "a", "depth": 0,
            "status": "published",
            "author": {"id": "p", "name": "Ann", "website": null, "avatar_url": null, "badge": null, "verified": false},
            "body_html": format!("<p>{text}</p>"), "passage_id": null,
            "votes": {"up": 0, "down": 0, "score": 0}, "reactions": [], "reply_count": 0,
            "reply_to": null, "pinned": false,
            "created_at": "2026-01-02T03:04:05.678Z", "edited_at": null, "replies": null,
        })
    }

    fn thread() -> Json {
        json!({
            "id": "t", "site": "blog", "key": "k", "url": "https://example.org/a?b=1&c=2", "title": "On margins",
            "state": "open", "closes_at": null, "comment_count": 2, "version": 2,
            "created_at": "2026-01-01T00:00:00.000Z",
        })
    }

    fn page(thread: &Json, comments: Vec<Json>, next: Option<&str>) -> String {
        let list = json!({"items": comments, "next": next, "total": null});
        render_page(thread, list, "de").unwrap()
    }

    #[test]
    fn replies_are_nested_beneath_what_they_answer() {
        let flat = vec![
            comment("b", Some("a"), "1"),
            comment("c", Some("b"), "1.1"),
            comment("d", Some("a"), "2"),
            comment("e", Some("b"), "1.2"),
            comment("f", Some("gone"), "3"),
        ];
        let tree = nested("a", flat);
        let ids = |list: &Json| -> Vec<String> {
            list.as_array()
                .unwrap()
                .iter()
                .map(|child| child["id"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(ids(&tree.clone().into()), ["b", "d", "f"]);
        assert_eq!(ids(&tree[0]["children"]), ["c", "e"]);
    }

    #[test]
    fn shows_the_thread_with_anchors_and_the_way_back() {
        let mut root = comment("a", None, "Hello <em>you</em>");
        root["replies"] =
            json!({"items": [comment("b", Some("a"), "Hi")], "next": "more", "total": 7});
        let html = page(&thread(), vec![root], Some("cursor_1"));
        assert!(
            html.starts_with("<!doctype html>\n<html lang=\"en\">"),
            "{html}"
        );
        for needed in [
            "<title>Comments on On margins</title>",
            r#"<a href="https://example.org/a?b=1&amp;c=2" lang="de">On margins</a>"#,
            r#"<li id="postil-a">"#,
            r#"<li id="postil-b">"#,
            "<p>Hello <em>you</em></p>",
            r#"<time datetime="2026-01-02T03:04:05.678Z">2026-01-02 03:04 UTC</time>"#,
            r#"href="?after=cursor_1""#,
            "More comments",
            "More answers",
        ] {
            assert!(html.contains(needed), "{needed} in {html}");
        }
        assert!(
            !html.contains("style") && !html.contains("<script"),
            "{html}"
        );
    }

    #[test]
    fn a_badge_is_no_part_of_a_name_and_no_name_looks_like_one() {
        for website in [Json::Null, "https://ann.example/".into()] {
            let mut staff = comment("a", None, "x");
            staff["author"]["badge"] = "admin".into();
            staff["author"]["website"] = website;
            let html = page(&thread(), vec![staff.clone()], None);
            assert!(html.contains("<bdi>Ann</bdi>"), "{html}");
            assert_eq!(html.matches("<mark>admin</mark>").count(), 1, "{html}");
            let (name, badge) = (html.find("</bdi>"), html.find(" <mark>"));
            assert!(name < badge, "{html}");
            for imitation in ["Ann (admin)", "Ann <mark>admin</mark>", "Ann admin"] {
                staff["author"]["name"] = imitation.into();
                staff["author"]["badge"] = Json::Null;
                staff["reply_to"] = json!({"id": "z", "name": imitation});
                let html = page(&thread(), vec![staff.clone()], None);
                assert!(!html.contains("<mark>"), "{html}");
            }
        }
    }

    #[test]
    fn nothing_a_reader_or_publisher_wrote_becomes_markup() {
        let hostile = "<script>alert(1)</script>]]>\"'&";
        let mut thread = thread();
        thread["title"] = hostile.into();
        thread["url"] = "https://example.org/\"><script>".into();
        let mut root = comment("a", None, "x");
        root["author"]["name"] = hostile.into();
        root["author"]["website"] = "https://example.net/\"onclick=\"alert(1)".into();
        root["reply_to"] = json!({"id": "z", "name": hostile});
        let html = page(&thread, vec![root], None);
        assert!(
            !html.contains("<script") && !html.contains("\"onclick"),
            "{html}"
        );
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;&quot;&#39;&amp;"),
            "{html}"
        );
    }

    #[test]
    fn tombstones_and_guests_and_empty_threads() {
        let mut gone = comment("a", None, "");
        gone["status"] = "deleted".into();
        gone["author"] = Json::Null;
        gone["body_html"] = Json::Null;
        let mut guest = comment("b", None, "x");
        guest["author"]["name"] = Json::Null;
        let html = page(&thread(), vec![gone, guest], None);
        assert!(html.contains("no longer here"), "{html}");
        assert!(html.contains("Guest"), "{html}");
        assert!(
            !html.contains("none") && !html.contains("More comments"),
            "{html}"
        );

        let mut empty = thread();
        empty["title"] = Json::Null;
        empty["comment_count"] = 0.into();
        let html = page(&empty, Vec::new(), None);
        assert!(html.contains("Nobody has commented yet"), "{html}");
        assert!(
            html.contains("<title>Comments on https://example.org/a?b=1&amp;c=2</title>"),
            "{html}"
        );
    }

    #[test]
    fn a_missing_name_is_an_error() {
        assert!(
            render(
                "thread.html",
                &json!({"thread": {}, "comments": [], "next": null})
            )
            .is_err()
        );
    }
}
