//! What bad input gets: a clear problem, and nothing lost or half-done.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, App, ORIGIN, SITE, comment, on_both, page_url};

/// The most that a body may have, in bytes.
const LIMIT: usize = 192 * 1024;

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn pointers(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.body["errors"].as_array();
    errors
        .into_iter()
        .flatten()
        .map(|error| (text(&error["pointer"]), text(&error["code"])))
        .collect()
}

/// Asserts that nothing was written on the page `a`, nor its thread made.
#[track_caller]
fn nothing_written(app: &App) {
    let page = app.page("a");
    assert_eq!(page["thread"]["created_at"], Value::Null);
    assert_eq!(page["thread"]["version"], 0);
}

/// A connection of its own.
fn connect(app: &App) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("plain HTTP");
    let stream = TcpStream::connect(address).expect("the service listens");
    let patience = Some(Duration::from_secs(40));
    stream.set_read_timeout(patience).expect("a read timeout");
    stream
}

/// Sends these bytes as they are, and gives what comes until the server closes.
fn raw(app: &App, bytes: &[u8]) -> String {
    let mut stream = connect(app);
    stream.write_all(bytes).expect("the service takes it");
    read(stream)
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // Whoever closes while bytes are on their way resets; what was read counts.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not close: {error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of a new comment's request with these headers besides.
fn head(headers: &str) -> String {
    format!(
        "POST /v1/comments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{headers}\r\n"
    )
}

fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).unwrap_or_default();
    status
        .parse()
        .unwrap_or_else(|_| panic!("no answer: {answer:?}"))
}

#[track_caller]
fn is_problem(answer: &str, expected: u16, code: &str) {
    assert_eq!(status(answer), expected, "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
}

/// A body of exactly that many bytes, most of which say nothing.
fn padded(size: usize) -> Vec<u8> {
    let mut body = serde_json::to_vec(&comment("a", "Long but fine")).expect("JSON");
    body.resize(size, b' ');
    body
}

#[test]
fn a_body_up_to_the_limit_is_read_and_none_beyond() {
    on_both(|app| {
        let head_only = head(&format!("Content-Length: {}\r\n", LIMIT + 1));
        is_problem(&raw(app, head_only.as_bytes()), 413, "body_too_large");
        let absurd = head("Content-Length: 18446744073709551615\r\n");
        is_problem(&raw(app, absurd.as_bytes()), 413, "body_too_large");
        let mut chunked = head("Transfer-Encoding: chunked\r\n").into_bytes();
        for piece in padded(LIMIT + 1).chunks(8192) {
            chunked.extend(format!("{:x}\r\n", piece.len()).into_bytes());
            chunked.extend(piece);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        is_problem(&raw(app, &chunked), 413, "body_too_large");
        nothing_written(app);
        app.post("/v1/comments", Value::Null)
            .bytes(padded(LIMIT))
            .send()
            .is(201);
    });
}

#[test]
fn a_limit_names_itself() {
    on_both(|app| {
        let answer = raw(app, head("Content-Length: 200000\r\n").as_bytes());
        assert!(answer.contains("196608"), "{answer}");
        let long = "a".repeat(10_001);
        let refused = app
            .post("/v1/comments", comment("a", &long))
            .send()
            .refuses(422, "comment_too_long");
        assert!(text(&refused.body["detail"]).contains("10000"));
        app.post("/v1/comments", comment("a", &long[1..]))
            .send()
            .is(201);
    });
}

#[test]
fn what_is_no_json_is_refused() {
    on_both(|app| {
        let sound = comment("a", "Hello").to_string();
        let bodies: Vec<Vec<u8>> = vec![
            b"".to_vec(),
            b"hello".to_vec(),
            b"{".to_vec(),
            b"null".to_vec(),
            b"7".to_vec(),
            b"\"text\"".to_vec(),
            sound[..sound.len() - 1].into(),
            format!("{sound} {sound}").into_bytes(),
            format!("\u{feff}{sound}").into_bytes(),
            sound.replace("Hello", "\u{1}").into_bytes(),
            sound.replace("Hello", "\\ud800").into_bytes(),
            sound.replace('"', "'").into_bytes(),
            [b"{\"site\":\"\xff\xfe\"}".as_slice()].concat(),
            sound.replace("Hello", "He\u{0}llo").into_bytes(),
            // Overlong, a surrogate in UTF-8, and beyond Unicode.
            replaced(&sound, b"\xc0\xaf"),
            replaced(&sound, b"\xed\xa0\x80"),
            replaced(&sound, b"\xf4\x90\x80\x80"),
            // As deep as a stack.
            format!("{{\"other\":{}", "[".repeat(20_000)).into_bytes(),
            // What a struct looks like in order is not what the contract says.
            json!([SITE, page_url("a"), null, null, null, "Hello", null, null])
                .to_string()
                .into_bytes(),
        ];
        for body in bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            let answer = app.post("/v1/comments", Value::Null).bytes(body).send();
            assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
            assert_eq!(answer.body["code"], "invalid_json", "{shown}");
        }
        nothing_written(app);
    });
}

fn replaced(sound: &str, bytes: &[u8]) -> Vec<u8> {
    let (before, after) = sound.split_once("Hello").expect("the word");
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

#[test]
fn only_json_is_read() {
    on_both(|app| {
        let body = serde_json::to_vec(&comment("a", "Hello")).expect("JSON");
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/json",
            "application/jsonp",
            "nonsense",
        ] {
            app.call("POST", "/v1/comments")
                .header("Content-Type", kind)
                .bytes(body.clone())
                .send()
                .refuses(415, "unsupported_media_type");
        }
        app.call("POST", "/v1/comments")
            .bytes(body.clone())
            .send()
            .refuses(415, "unsupported_media_type");
        nothing_written(app);
        app.call("POST", "/v1/comments")
            .header("Content-Type", "Application/JSON; charset=utf-8")
            .bytes(body)
            .send()
            .is(201);
    });
}

#[test]
fn texts_that_hide_or_turn_something_are_refused() {
    on_both(|app| {
        for (body, code) in [
            ("", "comment_empty"),
            (" \n\t\r\n ", "comment_empty"),
            ("\u{a0}\u{3000}", "comment_empty"),
            ("\u{200b}\u{feff}\u{2060}", "comment_empty"),
            ("\u{301}\u{302}", "comment_empty"),
            ("\u{202e}\u{2068}\u{b}", "comment_empty"),
        ] {
            let posted = app.post("/v1/comments", comment("a", body)).send();
            assert_eq!(posted.body["code"], code, "{body:?}");
            let refused = posted.refuses(422, code);
            assert_eq!(pointers(&refused), [("/body", code)]);
            let previewed = app.post("/v1/preview", json!({"body": body})).send();
            previewed.refuses(422, code);
        }
        nothing_written(app);
    });
}

#[test]
fn what_is_pasted_along_with_a_text_is_dropped() {
    on_both(|app| {
        for dropped in
            "\0\u{7}\u{1b}\u{7f}\u{202a}\u{202b}\u{202c}\u{202e}\u{2066}\u{2068}\u{2069}".chars()
        {
            let body = format!("a{dropped}b");
            let preview = app.post("/v1/preview", json!({"body": body})).send();
            assert_eq!(
                preview.is(200).body["body_html"],
                "<p>ab</p>\n",
                "{dropped:?}"
            );
        }
        // What other programs break lines with is a line break.
        let html = |body: &str| {
            let preview = app.post("/v1/preview", json!({"body": body})).send();
            preview.is(200).body["body_html"].clone()
        };
        for line_break in ["\u{b}", "\u{c}", "\u{85}"] {
            assert_eq!(html(&format!("a{line_break}b")), html("a\nb"));
        }
        let pile = format!("a{}", "\u{336}".repeat(400));
        let mut new = comment("a", &format!("\u{2068}{pile}\u{b}\u{2069}"));
        new["author"] = json!({"name": "\u{2068}An\u{7}n\u{2069}\tLee\n"});
        let posted = app.post("/v1/comments", new).send().is(201);
        assert_eq!(posted.body["author"]["name"], "Ann Lee");
        let kept = format!("a{}", "\u{336}".repeat(6));
        assert_eq!(posted.body["body_html"], format!("<p>{kept}</p>\n"));
        let edited = app
            .patch(
                &format!("/v1/comments/{}", text(&posted.body["id"])),
                json!({"body": "a\u{202e}b"}),
            )
            .bearer(text(&posted.body["token"]))
            .send()
            .is(200);
        assert_eq!(edited.body["body_html"], "<p>ab</p>\n");
    });
}

#[test]
fn a_refusal_names_its_limits_to_programs() {
    on_both(|app| {
        app.policy(json!({"length": {"min": 2, "max": 5}}));
        let mut new = comment("a", "abcdef");
        let refused = app.post("/v1/comments", new.clone()).send();
        let refused = refused.refuses(422, "comment_too_long");
        let params = json!({"max": 5, "length": 6});
        assert_eq!(refused.body["params"], params);
        assert_eq!(refused.body["errors"][0]["params"], params);
        new["author"] = json!({"name": "a\u{202e}b"});
        let refused = app.post("/v1/comments", new.clone()).send();
        let refused = refused.refuses(422, "invalid_fields");
        assert_eq!(refused.body["params"], json!(null));
        assert_eq!(refused.body["errors"][0]["params"], params);
        let turned = json!({"character": "U+202E"});
        assert_eq!(refused.body["errors"][1]["params"], turned);
        new["body"] = json!("");
        new["author"] = json!({});
        let refused = app.post("/v1/comments", new).send();
        let refused = refused.refuses(422, "comment_empty");
        assert!(refused.body["errors"][0].get("params").is_none());
    });
}

#[test]
fn names_addresses_and_websites_that_are_none_are_refused() {
    on_both(|app| {
        let long = "n".repeat(61);
        let far = format!("https://e.example/{}", "p".repeat(200));
        for (field, value, code) in [
            ("name", "\u{200b}", "name_invalid"),
            ("name", "\u{3164}", "name_invalid"),
            ("name", "\u{2068}\u{2069}", "name_invalid"),
            ("name", "Ann\u{202e}nimda", "name_invalid"),
            ("name", "a\u{e000}b", "name_invalid"),
            ("name", long.as_str(), "name_too_long"),
            ("email", "nobody", "email_invalid"),
            ("email", "a@b@c.example", "email_invalid"),
            (
                "email",
                "a@c.example\r\nBcc: all@c.example",
                "email_invalid",
            ),
            ("email", "Ann <ann@c.example>", "email_invalid"),
            ("website", "javascript:alert(1)", "website_invalid"),
            (
                "website",
                "JavaScript://x.example/%0aalert(1)",
                "website_invalid",
            ),
            ("website", "data:text/html,<script>", "website_invalid"),
            ("website", "java\tscript:alert(1)", "website_invalid"),
            ("website", "http://127.0.0.1/", "website_invalid"),
            ("website", "http://localhost/", "website_invalid"),
            (
                "website",
                "https://ann:secret@e.example/",
                "website_invalid",
            ),
            ("website", far.as_str(), "website_invalid"),
        ] {
            let mut body = comment("a", "Hello");
            body["author"] = json!({field: value});
            let answer = app.post("/v1/comments", body).send();
            assert_eq!(answer.body["code"], code, "{field} {value:?}");
            let refused = answer.refuses(422, code);
            let pointer = format!("/author/{field}");
            assert_eq!(pointers(&refused), [(pointer.as_str(), code)]);
            if field != "email" {
                app.post("/v1/identity/guest", json!({"site": SITE, field: value}))
                    .send()
                    .refuses(422, code);
            } else {
                // What was refused may be somebody's address all the same.
                assert!(!refused.text().contains("c.example"), "{}", refused.text());
            }
        }
        nothing_written(app);
    });
}

#[test]
fn pages_that_are_not_the_sites_are_refused() {
    on_both(|app| {
        let long = format!("{ORIGIN}/{}", "p".repeat(2000));
        for (url, code) in [
            ("https://evil.example/a", "url_not_on_site"),
            ("https://blog.example.evil.example/a", "url_not_on_site"),
            ("http://blog.example/a", "url_not_on_site"),
            ("https://blog.example:8443/a", "url_not_on_site"),
            ("https://sub.blog.example/a", "url_not_on_site"),
            (
                "https://evil.example/https://blog.example/a",
                "url_not_on_site",
            ),
            ("https://evil.example\\@blog.example/a", "url_not_on_site"),
            ("https://blog.example@evil.example/a", "url_invalid"),
            ("javascript:alert(1)", "url_invalid"),
            ("file:///etc/passwd", "url_invalid"),
            ("/a", "url_invalid"),
            ("", "url_invalid"),
            (long.as_str(), "url_invalid"),
        ] {
            let mut body = comment("a", "Hello");
            body["url"] = json!(url);
            let answer = app.post("/v1/comments", body).send();
            assert_eq!(answer.body["code"], code, "{url}");
            assert_eq!(pointers(&answer.refuses(422, code)), [("/url", code)]);
        }
        let long = "k".repeat(201);
        for key in ["", " ", "a\0", "a\nb", long.as_str()] {
            let mut body = comment("a", "Hello");
            body["key"] = json!(key);
            let refused = app.post("/v1/comments", body).send();
            assert_eq!(
                pointers(&refused.refuses(422, "key_invalid")),
                [("/key", "key_invalid")]
            );
        }
        for site in ["nowhere", "", "BLOG", "' OR 1=1 --", "blog\0"] {
            let mut body = comment("a", "Hello");
            body["site"] = json!(site);
            app.post("/v1/comments", body)
                .send()
                .refuses(404, "unknown_site");
        }
        nothing_written(app);
    });
}

#[test]
fn wrong_types_are_named_by_pointer() {
    on_both(|app| {
        let whole = comment("a", "Hello");
        for (member, value, pointer, code) in [
            ("site", json!(7), "/site", "field_type"),
            ("url", json!(null), "/url", "field_type"),
            ("body", json!(["Hello"]), "/body", "field_type"),
            ("body", json!({"text": "Hello"}), "/body", "field_type"),
            ("parent_id", json!(7), "/parent_id", "field_type"),
            ("title", json!(false), "/title", "field_type"),
            ("author", json!("Ann"), "/author", "field_type"),
            ("author", json!(["Ann"]), "/author", "field_type"),
            ("author", json!({"name": 7}), "/author/name", "field_type"),
            (
                "author",
                json!({"email": {}}),
                "/author/email",
                "field_type",
            ),
            ("notify", json!([]), "/notify", "field_type"),
            ("notify", json!("some"), "/notify", "field_invalid"),
        ] {
            let mut body = whole.clone();
            body[member] = value;
            let answer = app.post("/v1/comments", body.clone()).send();
            assert_eq!(answer.body["code"], code, "{body}: {}", answer.text());
            let refused = answer.refuses(422, code);
            assert_eq!(pointers(&refused), [(pointer, code)]);
            // Neither the value nor what the program calls it is repeated.
            let detail = text(&refused.body["detail"]);
            for word in ["Ann", "struct", "i64", "NewComment"] {
                assert!(!detail.contains(word), "{detail}");
            }
        }
        for member in ["site", "url", "body"] {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(member);
            let refused = app
                .post("/v1/comments", body)
                .send()
                .refuses(422, "field_required");
            let named = format!("/{member}");
            assert_eq!(pointers(&refused), [(named.as_str(), "field_required")]);
        }
        nothing_written(app);
        // What is not described is ignored.
        let mut body = whole;
        body["status"] = json!("published");
        body["role"] = json!("admin");
        let posted = app.post("/v1/comments", body).send().is(201);
        assert_eq!(posted.body["author"]["badge"], Value::Null);
    });
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    on_both(|app| {
        let body = json!({
            "site": SITE,
            "url": "https://evil.example/",
            "parent_id": "no id",
            "body": "\u{202e}",
            "author": {"name": "\u{200b}", "email": "nobody", "website": "javascript:alert(1)"},
            "notify": "some",
        });
        let refused = app
            .post("/v1/comments", body)
            .send()
            .refuses(422, "invalid_fields");
        assert_eq!(
            pointers(&refused),
            [
                ("/url", "url_not_on_site"),
                ("/parent_id", "parent_unknown"),
                ("/body", "comment_empty"),
                ("/author/name", "name_invalid"),
                ("/author/email", "email_invalid"),
                ("/author/website", "website_invalid"),
                ("/notify", "field_invalid"),
            ]
        );
    });
}

#[test]
fn votes_that_are_none_are_refused() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let path = format!("/v1/comments/{}/vote", text(&posted["id"]));
        let voter = app.guest();
        for (value, code) in [
            (json!(7), "vote_invalid"),
            (json!(-2), "vote_invalid"),
            (json!(i64::MAX), "vote_invalid"),
            (json!(u64::MAX), "field_type"),
            (json!(0.5), "field_type"),
            (json!("1"), "field_type"),
            (json!(true), "field_type"),
            (json!(null), "field_type"),
        ] {
            let answer = app
                .put(&path, json!({"value": value}))
                .bearer(&voter)
                .send();
            assert_eq!(answer.body["code"], code, "{value}: {}", answer.text());
            assert_eq!(pointers(&answer.refuses(422, code)), [("/value", code)]);
        }
        app.put(&path, json!({}))
            .bearer(&voter)
            .send()
            .refuses(422, "field_required");
        assert_eq!(app.page("a")["thread"]["version"], 1);
    });
}

#[test]
fn ids_that_are_none_name_nothing() {
    on_both(|app| {
        let guest = app.guest();
        for id in [
            "7",
            "no-id",
            "..%2F..%2Fetc%2Fpasswd",
            "%00",
            "%FF",
            "00000000-0000-0000-0000-000000000000",
            "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b0",
            "'%20OR%201=1%20--",
        ] {
            for path in [
                format!("/v1/comments/{id}"),
                format!("/v1/comments/{id}/replies"),
                format!("/v1/comments/{id}/history"),
                format!("/v1/threads/{id}/comments"),
                format!("/v1/threads/{id}/changes?since=0"),
                format!("/v1/threads/{id}/events"),
                format!("/v1/threads/{id}/feed"),
                format!("/v1/threads/{id}/html"),
                format!("/v1/threads/{id}/me"),
            ] {
                let answer = app.get(&path).bearer(&guest).send();
                assert_eq!(answer.status, 404, "{path}: {}", answer.text());
            }
            app.put(&format!("/v1/comments/{id}/vote"), json!({"value": 1}))
                .bearer(&guest)
                .send()
                .refuses(404, "not_found");
            app.delete(&format!("/v1/comments/{id}"))
                .bearer(&guest)
                .send()
                .refuses(404, "not_found");
        }
    });
}

#[test]
fn markdown_made_to_hurt_is_rendered_quickly() {
    on_both(|app| {
        // Some of them are alike.
        app.policy(json!({"hold_repeats": false}));
        app.policy(json!({"length": {"max": 15_000}}));
        let list: String = (0..120)
            .map(|depth| format!("{}- a\n", " ".repeat(2 * depth)))
            .collect();
        let bodies = [
            "> ".repeat(7_000) + "deep",
            "- ".repeat(7_000) + "deep",
            list.chars().take(14_000).collect(),
            "[".repeat(15_000),
            "*a_ ".repeat(3_700),
            "`".repeat(7_000) + " " + &"`".repeat(7_001),
            "<".repeat(15_000),
            "![](".repeat(3_700),
            "|a".repeat(7_000) + "\n" + &"|-".repeat(499),
            "a\n".repeat(7_000),
        ];
        for body in bodies {
            let shown: String = body.chars().take(12).collect();
            let started = Instant::now();
            let answer = app
                .post("/v1/preview", json!({"site": SITE, "body": body}))
                .send()
                .is(200);
            // Unoptimised, and beside other tests: what takes quadratic time takes far longer.
            assert!(started.elapsed() < Duration::from_secs(5), "{shown}");
            let html = text(&answer.body["body_html"]);
            assert!(html.matches("<blockquote").count() < 200, "{shown}");
            assert!(html.matches("<ul").count() < 200, "{shown}");
            app.post("/v1/comments", comment("a", &body)).send().is(201);
        }
        app.page("a");
    });
}

#[test]
fn ten_thousand_links_are_links_that_nobody_follows() {
    on_both(|app| {
        // As many as fit: a body has at most 15,000 characters.
        app.policy(json!({"length": {"max": 15_000}}));
        let many = "[a](/) ".repeat(10_000);
        app.post("/v1/comments", comment("a", &many))
            .send()
            .refuses(422, "comment_too_long");
        let links = "[a](http://b.c) ".repeat(900);
        let posted = app.comment("a", &links);
        let html = text(&posted["body_html"]);
        assert_eq!(
            html.matches("<a ").count(),
            html.matches("nofollow ugc").count()
        );
        assert_eq!(html.matches("<a ").count(), 900);
    });
}

#[test]
fn markup_and_dangerous_links_are_text() {
    on_both(|app| {
        let posted = app.comment(
            "a",
            "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) \
             [y](data:text/html,x) ![z](https://e.example/p.png\" onerror=\"alert(1))",
        );
        let html = text(&posted["body_html"]);
        for bad in [
            "<script",
            "<img",
            "href=\"javascript",
            "href=\"data",
            "\" onerror",
        ] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        assert!(html.contains("&lt;script&gt;"), "{html}");
    });
}

#[test]
fn a_body_that_is_cut_off_changes_nothing() {
    on_both(|app| {
        let body = comment("a", "Half of it").to_string();
        // Announced whole, and chunked without its end.
        let announced = head(&format!("Content-Length: {}\r\n", body.len()));
        let half = [announced.as_bytes(), &body.as_bytes()[..body.len() / 2]].concat();
        let chunk = format!("{:x}\r\n{body}\r\n", body.len());
        let endless = head("Transfer-Encoding: chunked\r\n") + &chunk;
        for bytes in [half, endless.into_bytes()] {
            let mut stream = connect(app);
            stream.write_all(&bytes).expect("the service takes it");
            stream.shutdown(Shutdown::Write).expect("half closed");
            let answer = read(stream);
            assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
        }
        nothing_written(app);
    });
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    on_both(|app| {
        // How long a body may take does not depend on the database.
        if app.is_postgres() {
            return;
        }
        let body = comment("a", "Half of it").to_string();
        let announced = head(&format!("Content-Length: {}\r\n", body.len()));
        let half = [announced.as_bytes(), &body.as_bytes()[..body.len() / 2]].concat();
        // The stream is kept open: it is the server that has to lose its patience.
        let answer = raw(app, &half);
        is_problem(&answer, 408, "request_timeout");
        nothing_written(app);
    });
}

#[test]
fn heads_that_are_too_large_are_refused() {
    on_both(|app| {
        let path = format!("/v1/threads?site={SITE}&url={}", page_url("a"));
        let huge = "x".repeat(300_000);
        for request in [
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-Huge: {huge}\r\n\r\n"),
            format!("GET /{huge} HTTP/1.1\r\nHost: x\r\n\r\n"),
            format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\n{}\r\n",
                "X-Many: 1\r\n".repeat(1000)
            ),
        ] {
            let mut stream = connect(app);
            // It may hang up before everything was sent.
            let _ = stream.write_all(request.as_bytes());
            let answer = read(stream);
            assert!(
                answer.is_empty() || (400..500).contains(&status(&answer)),
                "{answer}"
            );
        }
        app.page("a");
    });
}

#[test]
fn requests_of_two_lengths_are_refused() {
    on_both(|app| {
        let body = comment("a", "Smuggled").to_string();
        let (length, chunk) = (
            body.len(),
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        );
        for (headers, sent) in [
            (
                format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
                &chunk,
            ),
            (
                format!("Content-Length: {length}\r\nContent-Length: 3\r\n"),
                &body,
            ),
            (format!("Content-Length: {length}, {length}\r\n"), &body),
            (format!("Content-Length: +{length}\r\n"), &body),
            ("Content-Length: -1\r\n".into(), &body),
            ("Transfer-Encoding: xchunked\r\n".into(), &chunk),
            ("Transfer-Encoding: chunked, identity\r\n".into(), &chunk),
            (
                "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n".into(),
                &chunk,
            ),
            (format!("Content-Length : {length}\r\n"), &body),
            (format!("X: 1\r\n Content-Length: {length}\r\n"), &body),
            (format!("Content-Length: {length}\r\nHost: y\r\n"), &body),
        ] {
            let request = head(&headers) + sent;
            let answer = raw(app, request.as_bytes());
            assert!(
                answer.is_empty() || status(&answer) == 400,
                "{headers}: {answer}"
            );
        }
        nothing_written(app);
    });
}

#[test]
fn a_refused_body_is_not_read_as_the_next_request() {
    on_both(|app| {
        // What was announced and refused must not be taken for a request when it comes.
        let inner = comment("a", "Smuggled").to_string();
        let smuggled = format!(
            "POST /v1/comments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{inner}",
            inner.len()
        );
        for kind in ["text/plain", "application/json"] {
            let length = if kind == "text/plain" {
                smuggled.len()
            } else {
                LIMIT + 1
            };
            let request = format!(
                "POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n\
                 Content-Length: {length}\r\n\r\n{smuggled}"
            );
            let mut stream = connect(app);
            stream.write_all(request.as_bytes()).expect("taken");
            stream.shutdown(Shutdown::Write).expect("half closed");
            let answer = read(stream);
            assert!([413, 415].contains(&status(&answer)), "{answer}");
            assert!(!answer.contains(" 201 "), "{answer}");
        }
        nothing_written(app);
    });
}
