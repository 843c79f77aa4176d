//! What whoever runs the service looks at.

use serde_json::{Value, json};

use crate::support::{App, SITE, on_both, on_both_with};

#[test]
fn the_service_says_that_it_is_well() {
    on_both(|app| {
        for path in ["/healthz", "/readyz"] {
            let answer = app.get(path).send().is(200);
            assert_eq!(answer.body, json!({"status": "ok"}));
            assert_eq!(answer.header("cache-control"), "no-store");
            app.call("HEAD", path).send().is(200);
        }
    });
}

#[test]
fn the_metrics_name_routes_and_nobody() {
    on_both(|app| {
        let posted = app.comment("a", "Hello");
        let id = posted["id"].as_str().unwrap();
        app.get(&format!("/v1/comments/{id}")).send().is(200);
        app.get("/v1/comments/not-an-id").send().is(404);
        app.get("/somewhere/else?secret=1").send().is(404);
        let metrics = app.get("/metrics").send().is(200);
        assert!(
            metrics
                .header("content-type")
                .starts_with("application/openmetrics-text")
        );
        let text = metrics.text();
        for line in [
            r#"postil_http_requests_total{method="GET",route="/v1/comments/{id}",status="2xx"} 1"#,
            r#"postil_http_requests_total{method="GET",route="/v1/comments/{id}",status="4xx"} 1"#,
            r#"postil_http_requests_total{method="POST",route="/v1/comments",status="2xx"} 1"#,
            r#"postil_http_requests_total{method="GET",route="unknown",status="4xx"} 1"#,
            "postil_live_streams 0",
        ] {
            assert!(text.lines().any(|own| own == line), "no {line} in\n{text}");
        }
        for private in [id, "not-an-id", "somewhere", "secret", SITE] {
            assert!(!text.contains(private), "{private} in\n{text}");
        }
    });
}

#[test]
fn the_contract_is_served_as_it_is() {
    on_both(|app| {
        let contract = app.get("/openapi.yaml").send().is(200);
        assert_eq!(contract.text(), include_str!("../../openapi.yaml"));
        let again = app.get("/openapi.yaml");
        again
            .header("If-None-Match", contract.header("etag"))
            .send()
            .is(304);
        let widget = app.get("/postil.js").send().is(200);
        assert!(widget.header("content-type").starts_with("text/javascript"));
        assert_eq!(widget.header("access-control-allow-origin"), "*");
    });
}

/// The addresses of the parts, as the widget's first file has them.
fn parts(script: &str) -> Vec<String> {
    let named = script.split("import(\"./postil/").skip(1);
    let names = named.filter_map(|rest| rest.split_once('"'));
    names.map(|(name, _)| format!("/postil/{name}")).collect()
}

#[test]
fn the_parts_of_the_widget_are_for_anyone_and_for_good() {
    on_both(|app| {
        let parts = parts(&app.get("/postil.js").send().is(200).text());
        assert!(parts.len() >= 5, "a language each, at least: {parts:?}");
        for path in parts {
            let part = app.get(&path).send().is(200);
            assert!(part.text().contains("export{"), "{path}");
            for (header, value) in [
                ("content-type", "text/javascript; charset=utf-8"),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("access-control-allow-origin", "*"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("vary", "Accept-Encoding"),
            ] {
                assert_eq!(part.header(header), value, "{path}: {header}");
            }
            let small = app.get(&path).header("Accept-Encoding", "br").send();
            let small = small.is(200);
            assert_eq!(small.header("content-encoding"), "br", "{path}");
            assert!(small.raw.len() < part.raw.len(), "{path}");
            let again = app.get(&path).header("If-None-Match", part.header("etag"));
            again.send().is(304);
        }
        let unknown = app.get("/postil/de-00000000.js").send();
        let unknown = unknown.refuses(404, "not_found");
        assert!(!unknown.header("cache-control").contains("immutable"));
        app.get("/postil/").send().refuses(404, "not_found");
    });
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    on_both(|app| {
        let mut known = Vec::new();
        for path in [
            "/healthz",
            "/v1/nowhere",
            "/v1/comments/x",
            "/demo/",
            "/v1/sites",
        ] {
            let answer = app.get(path).header("X-Request-Id", "mine").send();
            let id = answer.header("x-request-id").to_owned();
            assert!(
                !id.is_empty() && id != "mine" && !known.contains(&id),
                "{path}: {id}"
            );
            if answer.status >= 400 {
                assert_eq!(answer.body["request_id"], id, "{path}");
            }
            known.push(id);
        }
    });
}

#[test]
fn another_method_is_told_which_there_are() {
    on_both(|app| {
        let refused = app.delete("/v1/comments").send();
        let refused = refused.refuses(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), "POST");
        app.post("/healthz", json!({}))
            .send()
            .refuses(405, "method_not_allowed");
        app.get("/nowhere").send().refuses(404, "not_found");
    });
}

/// The demo's thread.
fn sample(app: &App) -> Value {
    app.get(&format!(
        "/v1/threads?site=demo&key=demo&url={}/demo/",
        app.url
    ))
    .send()
    .is(200)
    .body
}

#[test]
fn the_demo_is_an_article_with_a_lively_thread() {
    on_both_with(&["--demo"], |app| {
        let page = app.get("/demo/").send().is(200);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(
            page.header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert!(page.text().contains("<postil-thread site=\"demo\""));
        let moved = app.get("/demo").send().is(308);
        assert_eq!(moved.header("location"), "/demo/");
        app.get("/demo/demo.css").send().is(200);
        let samples: Vec<Value> =
            serde_json::from_str(include_str!("../../demo/thread.json")).unwrap();
        let thread = sample(app);
        assert_eq!(thread["thread"]["comment_count"], samples.len());
        // The page links to the plain form of this very thread.
        let plain = format!(
            "/v1/threads/{}/html",
            thread["thread"]["id"].as_str().unwrap()
        );
        assert!(page.text().contains(&format!("\"..{plain}\"")));
        let first = samples[0]["body"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap();
        assert!(app.get(&plain).send().is(200).text().contains(first));
        // Guests may join in, on a page that the service itself serves.
        let body = json!({"site": "demo", "key": "demo", "url": format!("{}/demo/", app.url), "body": "Me too"});
        app.post("/v1/comments", body)
            .header("Origin", &app.url)
            .send()
            .is(201);
        assert_eq!(sample(app)["thread"]["comment_count"], samples.len() + 1);
    });
}

#[test]
fn without_a_demo_there_is_none() {
    on_both(|app| {
        for path in ["/demo/", "/demo", "/demo/demo.css"] {
            app.get(path).send().refuses(404, "not_found");
        }
        app.get(&format!("/v1/threads?site=demo&url={}/demo/", app.url))
            .send()
            .refuses(404, "unknown_site");
    });
}
