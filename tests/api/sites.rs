//! Sites: who may add, see and change them, and what a wrong setting is told.

use serde_json::{Value, json};

use crate::support::{App, ORIGIN, SITE, on_both};

const PATH: &str = "/v1/sites/blog";

fn new_site(slug: &str) -> Value {
    json!({"slug": slug, "name": "Another", "origins": [format!("https://{slug}.example")]})
}

fn add(app: &App, slug: &str) {
    app.post("/v1/sites", new_site(slug))
        .bearer(&app.admin)
        .send()
        .is(201);
}

fn token(app: &App, body: Value) -> String {
    let made = app.post("/v1/tokens", body).bearer(&app.admin).send();
    made.is(201).body["token"].as_str().unwrap().to_owned()
}

fn site(app: &App, slug: &str) -> Value {
    app.get(&format!("/v1/sites/{slug}"))
        .bearer(&app.admin)
        .send()
        .is(200)
        .body
}

#[test]
fn a_site_is_added_with_defaults_for_the_rest() {
    on_both(|app| {
        let mut new = new_site("news");
        new["policy"] = json!({"depth": 2, "length": {"max": 500}});
        new["phrases"] = json!({"title": "Speak up"});
        new["locale"] = json!("de");
        let added = app.post("/v1/sites", new).bearer(&app.admin).send().is(201);
        assert_eq!(added.header("location"), "/v1/sites/news");
        assert_eq!(added.body, site(app, "news"));
        assert_eq!(added.body["origins"], json!(["https://news.example"]));
        assert_eq!(added.body["sso"], Value::Null);
        let policy = &added.body["policy"];
        assert_eq!(policy["depth"], 2);
        assert_eq!(policy["length"], json!({"min": 1, "max": 500}));
        assert_eq!(policy["moderation"], "post");
        // Its pages show it at once.
        let page = app
            .get("/v1/threads?site=news&url=https://news.example/a")
            .send()
            .is(200);
        assert_eq!(page.body["policy"]["locale"], "de");
        assert_eq!(page.body["policy"]["phrases"]["title"], "Speak up");
        app.post("/v1/sites", new_site("news"))
            .bearer(&app.admin)
            .send()
            .refuses(409, "conflict");
        app.get("/v1/sites/nowhere")
            .bearer(&app.admin)
            .send()
            .refuses(404, "unknown_site");
    });
}

#[test]
fn a_site_takes_long_names_many_origins_and_no_name() {
    on_both(|app| {
        let post = |body: Value| app.post("/v1/sites", body).bearer(&app.admin).send();
        let origins = |count| {
            (0..count)
                .map(|n| format!("https://n{n}.example"))
                .collect()
        };
        let origins: [Vec<String>; 2] = [50, 51].map(origins);
        let name = "ü".repeat(100);
        let wide = json!({"slug": "wide", "name": name, "origins": origins[0]});
        assert_eq!(post(wide).is(201).body["name"], name);
        post(json!({"slug": "wider", "origins": origins[1]})).refuses(422, "origin_invalid");
        let nameless = post(json!({"slug": "nameless", "origins": [ORIGIN]})).is(201);
        assert_eq!(nameless.body["name"], "nameless");
        let renamed = app
            .patch(PATH, json!({"name": " "}))
            .bearer(&app.admin)
            .send();
        assert_eq!(renamed.is(200).body["name"], SITE);
    });
}

#[test]
fn what_is_wrong_is_named_by_a_pointer() {
    on_both(|app| {
        let post = |body: Value| app.post("/v1/sites", body).bearer(&app.admin).send();
        for (member, value, code) in [
            ("slug", json!("Not A Slug"), "slug_invalid"),
            ("slug", json!(7), "field_type"),
            ("name", json!("n".repeat(101)), "name_invalid"),
            ("origins", json!([]), "origin_invalid"),
            (
                "origins",
                json!(["https://a.example/path"]),
                "origin_invalid",
            ),
            ("origins", json!(["ftp://a.example"]), "origin_invalid"),
            ("locale", json!("not a language"), "locale_invalid"),
            ("policy", json!({"dept": 3}), "policy_invalid"),
            ("policy", json!({"depth": 21}), "policy_invalid"),
            (
                "policy",
                json!({"length": {"min": 9, "max": 3}}),
                "policy_invalid",
            ),
            ("phrases", json!({"a b": "c"}), "phrases_invalid"),
            ("sso", json!({"audience": "a"}), "sso_invalid"),
        ] {
            let mut body = new_site("wrong");
            body[member] = value;
            let problem = post(body.clone());
            assert_eq!(problem.body["code"], code, "{body}");
            let problem = problem.is(422);
            let errors = problem.body["errors"].as_array().unwrap();
            let pointer = errors[0]["pointer"].as_str().unwrap();
            assert_eq!(pointer, format!("/{member}"), "{body}");
            assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!(code)));
        }
        let all =
            json!({"slug": "-", "name": "x", "origins": [], "locale": "", "policy": {"depth": 0}});
        let problem = post(all).refuses(422, "invalid_fields");
        let errors = problem.body["errors"].as_array().unwrap();
        let pointers: Vec<_> = errors.iter().map(|error| &error["pointer"]).collect();
        assert_eq!(pointers, ["/slug", "/origins", "/locale", "/policy"]);
        let without = post(json!({"slug": "wrong"})).refuses(422, "field_required");
        assert!(without.body["detail"].as_str().unwrap().contains("origins"));
        app.get("/v1/sites/wrong")
            .bearer(&app.admin)
            .send()
            .refuses(404, "unknown_site");
    });
}

#[test]
fn a_patch_changes_what_it_names() {
    on_both(|app| {
        let patch = |body: Value| app.patch(PATH, body).bearer(&app.admin).send();
        patch(
            json!({"policy": {"fields": {"email": "required"}, "reactions": ["👍", "🎉"]},
            "phrases": {"title": "One", "send": "Two"}}),
        )
        .is(200);
        let before = site(app, SITE);
        let changed = patch(
            json!({"policy": {"fields": {"name": "required"}, "reactions": ["👍"]},
            "phrases": {"send": "Three"}, "name": "My blog"}),
        )
        .is(200)
        .body;
        let mut expected = before.clone();
        expected["name"] = json!("My blog");
        expected["phrases"] = json!({"send": "Three"});
        expected["policy"]["fields"]["name"] = json!("required");
        expected["policy"]["reactions"] = json!(["👍"]);
        assert_eq!(changed, expected);
        assert_eq!(site(app, SITE), expected);
        let policy = &app.page("a")["policy"];
        assert_eq!(
            policy["fields"],
            json!({"name": "required", "email": "required", "website": "optional"})
        );
        assert_eq!(patch(json!({})).is(200).body, expected);

        // One wrong member, and none is changed.
        let problem = patch(json!({"name": "Other", "policy": {"depth": "deep"}}));
        assert_eq!(
            problem.refuses(422, "policy_invalid").body["errors"][0]["pointer"],
            "/policy"
        );
        patch(json!({"policy": {"fields": {"phone": "required"}}})).refuses(422, "policy_invalid");
        patch(json!({"policy": {"fields": null}})).refuses(422, "policy_invalid");
        patch(json!({"origins": []})).refuses(422, "origin_invalid");
        assert_eq!(site(app, SITE), expected);
        app.patch("/v1/sites/nowhere", json!({}))
            .bearer(&app.admin)
            .send()
            .refuses(404, "unknown_site");
    });
}

#[test]
fn two_administrators_lose_nothing_to_each_other() {
    on_both(|app| {
        std::thread::scope(|scope| {
            for writer in 0..8 {
                scope.spawn(move || {
                    for round in 0..5 {
                        let phrase = format!("{writer}-{round}");
                        let patch = match writer % 4 {
                            0 => json!({"name": phrase}),
                            1 => json!({"phrases": {"title": phrase}}),
                            2 => json!({"policy": {"depth": round + 1}}),
                            _ => json!({"policy": {"edit_window": 100 * (round + 1)}}),
                        };
                        app.patch(PATH, patch).bearer(&app.admin).send().is(200);
                    }
                });
            }
        });
        let site = site(app, SITE);
        assert!(site["name"].as_str().unwrap().ends_with("-4"));
        assert!(site["phrases"]["title"].as_str().unwrap().ends_with("-4"));
        assert_eq!(site["policy"]["depth"], 5);
        assert_eq!(site["policy"]["edit_window"], 500);
    });
}

#[test]
fn a_page_follows_its_sites_origins() {
    on_both(|app| {
        let moved = json!({"origins": ["https://new.example", "https://*.wide.example"]});
        app.patch(PATH, moved).bearer(&app.admin).send().is(200);
        let page = |url: &str| {
            app.get(&format!("/v1/threads?site={SITE}&url={url}"))
                .send()
        };
        page("https://new.example/a").is(200);
        page("https://deep.wide.example/a").is(200);
        page(ORIGIN).refuses(422, "url_not_on_site");
        page("https://new.example.evil.example/a").refuses(422, "url_not_on_site");
    });
}

#[test]
fn administrators_and_nobody_else() {
    on_both(|app| {
        add(app, "other");
        let admin = |site: Option<&str>, read_only: bool| {
            let body = json!({"name": "t", "role": "admin", "site": site, "read_only": read_only});
            token(app, body)
        };
        let author = json!({"name": "t", "role": "author"});
        let moderator = json!({"name": "t", "role": "moderator"});
        // Who; then what listing, seeing, changing this site and adding another one answer.
        for (who, token, expected) in [
            ("an administrator", app.admin.clone(), [200, 200, 200, 201]),
            (
                "one who only reads",
                admin(None, true),
                [200, 200, 403, 403],
            ),
            (
                "one of this site",
                admin(Some(SITE), false),
                [200, 200, 200, 403],
            ),
            (
                "one of this site who only reads",
                admin(Some(SITE), true),
                [200, 200, 403, 403],
            ),
            (
                "one of another site",
                admin(Some("other"), false),
                [200, 403, 403, 403],
            ),
            ("a moderator of all sites", token(app, moderator), [403; 4]),
            ("a moderator", app.moderator.clone(), [403; 4]),
            ("an author", token(app, author), [403; 4]),
            ("a guest", app.guest(), [403; 4]),
            ("anybody", String::new(), [401; 4]),
        ] {
            let before = site(app, SITE);
            let answers = [
                app.get("/v1/sites"),
                app.get(PATH),
                app.patch(PATH, json!({"name": who})),
                app.post("/v1/sites", new_site("added")),
            ]
            .map(|call| match token.as_str() {
                "" => call.send(),
                token => call.bearer(token).send(),
            });
            assert_eq!(
                answers.each_ref().map(|answer| answer.status),
                expected,
                "{who}"
            );
            for refused in answers.iter().filter(|answer| answer.status > 400) {
                let code = if refused.status == 401 {
                    "unauthorized"
                } else {
                    "forbidden"
                };
                assert_eq!(refused.body["code"], code, "{who}");
            }
            let name = if expected[2] == 200 {
                &json!(who)
            } else {
                &before["name"]
            };
            assert_eq!(&site(app, SITE)["name"], name, "{who}");
            if who == "one of this site" {
                let items = answers[0].body["items"].as_array().unwrap();
                assert_eq!(items.len(), 1, "only its own site");
                assert_eq!(items[0]["slug"], SITE);
            }
        }
        app.patch(PATH, json!({"name": "From a foreign page"}))
            .bearer(&app.admin)
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
    });
}

#[test]
fn sites_are_listed_by_name_page_by_page() {
    on_both(|app| {
        for slug in ["zebra", "ape", "cat"] {
            add(app, slug);
        }
        let list = |query: &str| {
            app.get(&format!("/v1/sites{query}"))
                .bearer(&app.admin)
                .send()
        };
        let slugs = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap().iter();
            items
                .map(|item| item["slug"].as_str().unwrap().to_owned())
                .collect()
        };
        let whole = list("").is(200).body;
        assert_eq!(slugs(&whole), ["ape", SITE, "cat", "zebra"]);
        assert_eq!(whole["next"], Value::Null);
        let first = list("?limit=2").is(200).body;
        assert_eq!(slugs(&first), ["ape", SITE]);
        // A site that is added meanwhile moves none of the others.
        add(app, "bee");
        let next = first["next"].as_str().unwrap();
        let second = list(&format!("?limit=2&after={next}")).is(200).body;
        assert_eq!(slugs(&second), ["cat", "zebra"]);
        assert_eq!(second["next"], Value::Null);
        list("?after=made-up").refuses(400, "invalid_cursor");
        list("?limit=0").refuses(400, "invalid_query");
        list("?limit=101").refuses(400, "invalid_query");
        // Nor is a cursor good for another list.
        app.get(&format!("/v1/tokens?after={next}"))
            .bearer(&app.admin)
            .send()
            .refuses(400, "invalid_cursor");
    });
}
