//! A service that shares its origin with others and lives below a path, behind proxies that take the path off and such that do not.

use mail_parser::MessageParser;
use serde_json::json;

use crate::support::{App, SITE, comment, eventually, on_both_with, page_url};

const FLAGS: &[&str] = &[
    "--public-url=https://blog.example/comments/",
    "--allow-file-mail",
];

/// As proxies ask: without the path, and with it.
const WAYS: [&str; 2] = ["", "/comments"];

#[test]
fn every_address_of_its_own_lies_below_its_path() {
    on_both_with(FLAGS, |app| {
        for way in WAYS {
            let posted = app.post("/v1/comments", comment("a", "A thought"));
            let posted = posted.below(way).send().is(201);
            let id = posted.body["id"].as_str().unwrap();
            assert_eq!(
                posted.header("location"),
                format!("/comments/v1/comments/{id}")
            );
            let refused = app.get("/v1/comments/nothing").below(way).send();
            let refused = refused.refuses(404, "not_found");
            assert_eq!(refused.body["type"], "/comments/problems/not_found");
            let thread = posted.body["thread_id"].as_str().unwrap();
            let feed = app.get(&format!("/v1/threads/{thread}/feed")).below(way);
            let own = format!("https://blog.example/comments/v1/threads/{thread}/feed");
            assert!(feed.send().is(200).text().contains(&own));
            let contract = app.get("/openapi.yaml").below(way).send().is(200).text();
            assert!(contract.contains("servers:\n  - {url: /comments/,"));
            app.get("/postil.js").below(way).send().is(200);
            app.get("/healthz").below(way).send().is(200);
            let ask = app.call("OPTIONS", "/v1/comments").below(way);
            let ask = ask.header("access-control-request-method", "POST");
            assert_eq!(ask.send().is(204).header("access-control-max-age"), "86400");
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["comment_count"], 2);
    });
}

#[test]
fn what_is_not_below_the_path_is_nothing_of_its_own() {
    on_both_with(FLAGS, |app| {
        for path in [
            "/other/v1/sites",
            "/commentsv1/sites",
            "/comments/comments/v1/sites",
            "/comments",
        ] {
            let answer = app.get(path).open();
            assert_eq!(answer.status(), 404, "{path}");
        }
    });
}

#[test]
fn mailed_links_lead_below_the_path_and_open() {
    on_both_with(FLAGS, |app| {
        let body = json!({"site": SITE, "scope": "thread", "url": page_url("a"), "email": "ann@example.org"});
        app.post("/v1/subscriptions", body).send().is(202);
        let letter = eventually("a letter", || letter(app));
        let link = letter
            .split_whitespace()
            .find(|word| word.contains("/s/confirm/"));
        let path = link
            .unwrap()
            .strip_prefix("https://blog.example/comments")
            .unwrap();
        for way in WAYS {
            app.get(path).below(way).send().is(200);
        }
    });
}

/// The text of the one letter that lies in the service's folder.
fn letter(app: &App) -> Option<String> {
    let file = std::fs::read_dir(app.dir.path().join("mail"))
        .ok()?
        .next()?;
    let raw = std::fs::read(file.ok()?.path()).ok()?;
    let letter = MessageParser::default().parse(&raw)?;
    Some(letter.body_text(0)?.into_owned())
}

#[test]
fn a_service_may_live_below_the_name_of_one_of_its_own_paths() {
    on_both_with(
        &[
            "--public-url=https://blog.example/postil",
            "--allow-file-mail",
        ],
        |app| {
            let script = app.get("/postil.js").below("/postil").send().is(200).text();
            let part = part_of(&script);
            for way in WAYS_OF_POSTIL {
                app.get(&part).below(way).send().is(200);
            }
            app.get("/postil.js").send().is(200);
        },
    );
}

const WAYS_OF_POSTIL: [&str; 2] = ["", "/postil"];

/// A part of the widget that its script names.
fn part_of(script: &str) -> String {
    let (_, rest) = script.split_once("import(\"./postil/").unwrap();
    format!("/postil/{}", rest.split('"').next().unwrap())
}

fn the_demo(app: &App) -> String {
    app.get("/demo/").below("/comments").send().is(200).text()
}

#[test]
fn the_demo_names_nothing_from_the_root() {
    on_both_with(
        &[
            "--public-url=https://blog.example/comments",
            "--allow-file-mail",
            "--demo",
        ],
        |app| {
            let page = the_demo(app);
            for named in page.split("href=\"").chain(page.split("src=\"")).skip(1) {
                assert!(!named.starts_with('/'), "{}", &named[..40]);
            }
            let moved = app.get("/demo").below("/comments").send().is(308);
            assert_eq!(moved.header("location"), "/comments/demo/");
            let url = "https://blog.example/comments/demo/";
            let thread = app.get(&format!("/v1/threads?site=demo&key=demo&url={url}"));
            let count = thread.send().is(200).body["thread"]["comment_count"].clone();
            assert!(count.as_i64().unwrap() > 10, "{count}");
        },
    );
}
