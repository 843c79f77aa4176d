//! Threads for feed readers, and for those who come without scripts.

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use crate::support::{App, SITE, comment, on_both, page_url};

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// What would be markup, or break it, wherever it is put without care.
const HOSTILE: &str = "<script>alert(1)</script>]]>\"'&amp;{{ 7*7 }}";

fn id(comment: &Value) -> &str {
    comment["id"].as_str().unwrap()
}

fn thread(comment: &Value) -> &str {
    comment["thread_id"].as_str().unwrap()
}

/// The feed at that path. Parsing fails unless it is well-formed.
fn feed(app: &App, path: &str) -> String {
    let answer = app.get(path).send().is(200);
    assert_eq!(
        answer.header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    answer.text()
}

fn child<'a>(node: &Node<'a, 'a>, name: &str) -> Node<'a, 'a> {
    let mut found = node
        .children()
        .filter(|child| child.has_tag_name((ATOM, name)));
    let first = found.next().unwrap_or_else(|| panic!("there is no {name}"));
    assert!(name == "link" || name == "entry" || found.next().is_none());
    first
}

fn text<'a>(node: &Node<'a, 'a>, name: &str) -> &'a str {
    child(node, name).text().unwrap_or_default()
}

fn entries<'a>(document: &'a Document<'a>) -> Vec<Node<'a, 'a>> {
    let root = document.root_element();
    assert!(root.has_tag_name((ATOM, "feed")));
    root.children()
        .filter(|child| child.has_tag_name((ATOM, "entry")))
        .collect()
}

/// A thread in which every word that somebody chose is hostile.
fn hostile(app: &App) -> Value {
    let mut body = comment("a?b=1&c=%22%3C", "<b>bold</b> & `]]>` **really**");
    body["author"] = json!({"name": HOSTILE, "website": "https://example.net/?a=1&b='2'"});
    let posted = app.post("/v1/comments", body).send().is(201).body;
    let path = format!("/v1/moderation/threads/{}", thread(&posted));
    app.patch(&path, json!({"title": HOSTILE}))
        .bearer(&app.moderator)
        .send()
        .is(200);
    posted
}

#[test]
fn feeds_are_well_formed_and_say_exactly_what_was_written() {
    on_both(|app| {
        app.patch(&format!("/v1/sites/{SITE}"), json!({"name": HOSTILE}))
            .bearer(&app.admin)
            .send()
            .is(200);
        let posted = hostile(app);
        let page = page_url("a?b=1&c=%22%3C");
        let own = format!("/v1/threads/{}/feed", thread(&posted));
        let site = format!("/v1/sites/{SITE}/feed");
        for (path, title) in [(&own, HOSTILE), (&site, HOSTILE)] {
            let source = feed(app, path);
            let document = Document::parse(&source).unwrap();
            let root = document.root_element();
            assert_eq!(text(&root, "title"), format!("Comments on {title}"));
            assert!(text(&root, "id").starts_with("urn:uuid:"));
            assert_ne!(text(&root, "updated"), "");
            let links: Vec<_> = root
                .children()
                .filter(|child| child.has_tag_name((ATOM, "link")))
                .map(|link| {
                    (
                        link.attribute("rel").unwrap(),
                        link.attribute("href").unwrap(),
                    )
                })
                .collect();
            assert_eq!(links[0], ("self", format!("{}{path}", app.url).as_str()));
            let entries = entries(&document);
            let [entry] = entries.as_slice() else {
                panic!("{source}");
            };
            assert_eq!(text(entry, "id"), format!("urn:uuid:{}", id(&posted)));
            assert_eq!(
                text(entry, "title"),
                format!("Comment by {HOSTILE} on {HOSTILE}")
            );
            let author = child(entry, "author");
            assert_eq!(text(&author, "name"), HOSTILE);
            assert_eq!(json!(text(&author, "uri")), posted["author"]["website"]);
            let content = child(entry, "content");
            assert_eq!(content.attribute("type"), Some("html"));
            assert_eq!(json!(content.text().unwrap()), posted["body_html"]);
            assert_eq!(
                child(entry, "link").attribute("href").unwrap(),
                format!("{page}#postil-{}", id(&posted))
            );
            assert_eq!(json!(text(entry, "published")), posted["created_at"]);
        }
    });
}

#[test]
fn feeds_hold_the_newest_fifty_that_are_published() {
    on_both(|app| {
        let root = app.comment("a", "root");
        let mut last = root.clone();
        for n in 0..50 {
            last = app.reply("a", &root, &n.to_string());
        }
        let other = app.comment("b", "on another page");
        let shown = |path: &str| -> Vec<String> {
            let source = feed(app, path);
            let document = Document::parse(&source).unwrap();
            let id = |entry: &Node| -> String {
                let id = entry
                    .children()
                    .find(|child| child.has_tag_name((ATOM, "id")));
                id.unwrap()
                    .text()
                    .unwrap()
                    .trim_start_matches("urn:uuid:")
                    .to_owned()
            };
            entries(&document).iter().map(id).collect()
        };
        let own = format!("/v1/threads/{}/feed", thread(&root));
        let site = format!("/v1/sites/{SITE}/feed");
        let of_thread = shown(&own);
        assert_eq!(of_thread.len(), 50);
        assert_eq!(of_thread[0], id(&last));
        // Fifty-one came; the oldest has gone.
        assert!(!of_thread.contains(&id(&root).to_owned()));
        let of_site = shown(&site);
        assert_eq!(of_site.len(), 50);
        assert_eq!(of_site[..2], [id(&other), id(&last)]);

        app.delete(&format!("/v1/comments/{}", id(&last)))
            .bearer(last["token"].as_str().unwrap())
            .send()
            .is(204);
        app.policy(json!({"moderation": "pre"}));
        app.post("/v1/comments", comment("a", "held"))
            .send()
            .is(202);
        let left = shown(&own);
        assert_eq!(left.len(), 50);
        assert!(!left.contains(&id(&last).to_owned()));
        assert_eq!(left[49], id(&root));
        assert_eq!(shown(&site)[0], id(&other));
        assert!(!feed(app, &site).contains("held"));
    });
}

/// How many lists each comment of a page is in, in the page's order.
fn nesting(html: &str) -> Vec<(String, usize)> {
    let (mut lists, mut items) = (0, 0);
    let mut found = Vec::new();
    for tag in html.split('<').skip(1) {
        if tag.starts_with("ol>") {
            lists += 1;
        } else if tag.starts_with("/ol>") {
            lists -= 1;
        } else if tag.starts_with("/li>") {
            items -= 1;
        } else if let Some(rest) = tag.strip_prefix("li id=\"postil-") {
            // A list within a list stands in one of its items.
            assert_eq!(items + 1, lists, "{html}");
            items += 1;
            found.push((rest.split('"').next().unwrap().to_owned(), lists));
        }
    }
    assert_eq!((lists, items), (0, 0), "{html}");
    found
}

fn html(app: &App, path: &str) -> String {
    let answer = app.get(path).send().is(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    answer.text()
}

#[test]
fn the_plain_page_nests_answers_beneath_what_they_answer() {
    on_both(|app| {
        let first = app.comment("a", "0");
        let second = app.comment("a", "1");
        let answer = app.reply("a", &first, "0.0");
        let beside = app.reply("a", &first, "0.1");
        let deeper = app.reply("a", &answer, "0.0.0");
        let page = html(app, &format!("/v1/threads/{}/html", thread(&first)));
        let expected = [
            (&first, 1),
            (&answer, 2),
            (&deeper, 3),
            (&beside, 2),
            (&second, 1),
        ];
        let expected = expected.map(|(comment, depth)| (id(comment).to_owned(), depth));
        assert_eq!(nesting(&page), expected);
        assert!(page.contains("<p>5 comments</p>"), "{page}");
        assert!(!page.contains("rel=\"next\""), "{page}");
    });
}

#[test]
fn the_plain_page_shows_markup_as_text() {
    on_both(|app| {
        let posted = hostile(app);
        app.reply("a?b=1&c=%22%3C", &posted, "<img src=x onerror=alert(1)>");
        let page = html(app, &format!("/v1/threads/{}/html", thread(&posted)));
        for bad in ["<script", "<img", "<b>bold", "]]>\"", "c=\"<"] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
        let shown = "&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;&quot;&#39;&amp;amp;{{ 7*7 }}";
        assert!(
            page.contains(&format!("<title>Comments on {shown}</title>")),
            "{page}"
        );
        assert!(page.contains(&format!(">{shown}</a>")), "{page}");
        assert!(page.contains("<strong>really</strong>"), "{page}");
        assert!(
            page.contains(&format!("<a href=\"{}\"", page_url("a?b=1&amp;c=%22%3C"))),
            "{page}"
        );
    });
}

#[test]
fn the_plain_page_leads_to_the_next() {
    on_both(|app| {
        let posted: Vec<_> = (0..51).map(|n| app.comment("a", &n.to_string())).collect();
        let path = format!("/v1/threads/{}/html", thread(&posted[0]));
        let first = html(app, &path);
        let ids =
            |page: &str| -> Vec<String> { nesting(page).into_iter().map(|(id, _)| id).collect() };
        let expected: Vec<_> = posted
            .iter()
            .map(|comment| id(comment).to_owned())
            .collect();
        assert_eq!(ids(&first), expected[..50]);
        let (before, _) = first.split_once("\" rel=\"next\"").expect("a link");
        let (_, query) = before.rsplit_once("href=\"").unwrap();
        let second = html(app, &format!("{path}{query}"));
        assert_eq!(ids(&second), expected[50..]);
        assert!(!second.contains("rel=\"next\""), "{second}");
        app.get(&format!("{path}?after=x"))
            .send()
            .refuses(400, "invalid_cursor");
    });
}

#[test]
fn the_plain_page_shows_a_tombstone_without_its_words() {
    on_both(|app| {
        let mut body = comment("a", "a secret");
        body["author"] = json!({"name": "Ann Onymous"});
        let root = app.post("/v1/comments", body).send().is(201).body;
        app.reply("a", &root, "an answer");
        app.delete(&format!("/v1/comments/{}", id(&root)))
            .bearer(root["token"].as_str().unwrap())
            .send()
            .is(204);
        let page = html(app, &format!("/v1/threads/{}/html", thread(&root)));
        assert!(page.contains("no longer here"), "{page}");
        assert!(page.contains("an answer"), "{page}");
        assert!(!page.contains("secret") && !page.contains("Ann"), "{page}");
        let source = feed(app, &format!("/v1/threads/{}/feed", thread(&root)));
        assert!(
            !source.contains("secret") && !source.contains("Ann"),
            "{source}"
        );
    });
}
