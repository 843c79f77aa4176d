//! Writing, editing and deleting: who may, what it leads to, and what it must not leave behind.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both, page_url};

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn token(posted: &Value) -> &str {
    text(&posted["token"])
}

fn at(comment: &Value) -> String {
    format!("/v1/comments/{}", text(&comment["id"]))
}

fn signed(page: &str, author: Value) -> Value {
    let mut body = comment(page, "Hello");
    body["author"] = author;
    body
}

/// A comment on which everything that it says is found again: in its text and in its signature.
fn marked(app: &App, page: &str) -> Value {
    let mut body = comment(page, "A word that is unmistakable: quokka");
    body["author"] = json!({"name": "Wombat", "website": "https://numbat.example"});
    app.post("/v1/comments", body).send().is(201).body
}

/// All that a thread shows to anybody, as it goes over the wire.
fn all_public(app: &App, thread: &Value) -> String {
    let (id, site) = (text(&thread["thread_id"]), SITE);
    [
        format!("/v1/threads?site={site}&url={}", page_url("a")),
        format!("/v1/threads/{id}/comments"),
        format!("/v1/threads/{id}/changes?since=0"),
        format!("/v1/threads/{id}/feed"),
        format!("/v1/threads/{id}/html"),
        format!("/v1/sites/{site}/feed"),
    ]
    .map(|path| app.get(&path).send().is(200).text())
    .concat()
}

fn approve(app: &App, comment: &Value) {
    let decision = json!({"action": "approve", "ids": [comment["id"]]});
    let decided = app
        .post("/v1/moderation/actions", decision)
        .bearer(&app.moderator)
        .send()
        .is(200);
    assert_eq!(decided.body["items"][0]["ok"], true);
}

fn pointers(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.body["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|error| (text(&error["pointer"]), text(&error["code"])))
        .collect()
}

#[test]
fn only_a_new_guest_gets_a_token() {
    on_both(|app| {
        let first = app.post("/v1/comments", comment("a", "One")).send().is(201);
        assert_eq!(first.header("location"), at(&first.body));
        assert_eq!(first.header("cache-control"), "no-store");
        assert_eq!(first.body["body"], "One");
        assert_eq!(first.body["reasons"], json!([]));
        let second = app
            .post("/v1/comments", comment("a", "Two"))
            .bearer(token(&first.body))
            .send()
            .is(201);
        assert!(second.body.get("token").is_none());
        assert_eq!(second.body["author"]["id"], first.body["author"]["id"]);
        let staff = app
            .post("/v1/comments", comment("a", "Three"))
            .bearer(&app.moderator)
            .send()
            .is(201);
        assert!(staff.body.get("token").is_none());
        assert_eq!(staff.body["author"]["name"], "Mona");
        assert_eq!(staff.body["author"]["badge"], "moderator");
        assert_eq!(first.body["author"]["badge"], Value::Null);
    });
}

#[test]
fn a_held_comment_is_seen_by_nobody_but_its_author() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let mut body = comment("a", "A word that is unmistakable: quokka");
        body["author"] = json!({"name": "Wombat"});
        let held = app.post("/v1/comments", body).send().is(202);
        assert_eq!(held.header("location"), at(&held.body));
        let held = held.body;
        assert_eq!(held["status"], "pending");
        assert_eq!(held["reasons"][0]["code"], "premoderated");
        app.get(&at(&held)).send().refuses(404, "not_found");
        app.get(&format!("{}/replies", at(&held)))
            .send()
            .refuses(404, "not_found");
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 0);
        assert_eq!(page["thread"]["comment_count"], 0);
        let public = all_public(app, &held);
        assert!(!public.contains("quokka") && !public.contains("Wombat"));
        let me = format!("/v1/threads/{}/me", text(&held["thread_id"]));
        let own = app.get(&me).bearer(token(&held)).send().is(200).body;
        assert_eq!(own["pending"][0]["id"], held["id"]);
        let other = app.get(&me).bearer(&app.guest()).send().is(200).body;
        assert_eq!(other["pending"], json!([]));
        approve(app, &held);
        assert_eq!(app.page("a")["thread"]["version"], 1);
        app.get(&at(&held)).send().is(200);
    });
}

#[test]
fn moderators_do_not_wait_for_themselves() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        app.post("/v1/comments", comment("a", "Mine"))
            .bearer(&app.moderator)
            .send()
            .is(201);
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
    });
}

#[test]
fn required_fields_are_asked_for_together() {
    on_both(|app| {
        app.policy(
            json!({"fields": {"name": "required", "email": "required", "website": "required"}}),
        );
        let refused = app
            .post("/v1/comments", comment("a", "Hello"))
            .send()
            .refuses(422, "invalid_fields");
        assert_eq!(
            pointers(&refused),
            [
                ("/author/name", "name_required"),
                ("/author/email", "email_required"),
                ("/author/website", "website_required"),
            ]
        );
        let author = json!({"name": " ", "email": "ann@mail.example", "website": "ann.example"});
        let refused = app
            .post("/v1/comments", signed("a", author))
            .send()
            .refuses(422, "name_required");
        assert_eq!(pointers(&refused), [("/author/name", "name_required")]);
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
        let author = json!({"name": "Ann", "email": "ann@mail.example", "website": "ann.example"});
        let taken = app.post("/v1/comments", signed("a", author)).send().is(201);
        assert_eq!(taken.body["author"]["name"], "Ann");
        assert_eq!(taken.body["author"]["website"], "https://ann.example/");
        assert!(!taken.text().contains("mail.example"), "{}", taken.text());
        // The site's own people are known; nobody asks them again.
        app.post("/v1/comments", comment("a", "Hello"))
            .bearer(&app.moderator)
            .send()
            .is(201);
    });
}

#[test]
fn hidden_fields_are_ignored_whatever_they_hold() {
    on_both(|app| {
        app.policy(json!({"fields": {"name": "hidden", "email": "hidden", "website": "hidden"}}));
        for author in [
            json!({"name": "Ann", "email": "ann@mail.example", "website": "https://ann.example"}),
            json!({"name": "Mona", "email": "no address", "website": "javascript:alert(1)"}),
        ] {
            let taken = app.post("/v1/comments", signed("a", author)).send().is(201);
            assert_eq!(taken.body["author"]["name"], Value::Null);
            assert_eq!(taken.body["author"]["website"], Value::Null);
        }
    });
}

#[test]
fn a_guest_is_known_again_by_the_name_they_gave_last() {
    on_both(|app| {
        let first = app
            .post("/v1/comments", signed("a", json!({"name": "Ann"})))
            .send()
            .is(201)
            .body;
        let say = |author: Value| {
            app.post("/v1/comments", signed("a", author))
                .bearer(token(&first))
                .send()
                .is(201)
                .body
        };
        assert_eq!(say(Value::Null)["author"]["name"], "Ann");
        assert_eq!(say(json!({"name": "Bea"}))["author"]["name"], "Bea");
        assert_eq!(say(json!({"name": ""}))["author"]["name"], "Bea");
        let me = format!("/v1/threads/{}/me", text(&first["thread_id"]));
        let me = app.get(&me).bearer(token(&first)).send().is(200).body;
        assert_eq!(me["person"]["name"], "Bea");
        let before = app.get(&at(&first)).send().is(200).body;
        assert_eq!(before["comment"]["author"]["name"], "Ann");
    });
}

#[test]
fn nobody_passes_for_the_sites_own_people() {
    on_both(|app| {
        app.policy(json!({"reserved_names": ["Admin"]}));
        for name in [
            "Admin",
            "ADMIN",
            "\u{410}dmin",
            "a d m i n",
            "Adm1n",
            "ad\u{ad}min",
            "Mona",
            "mona",
            "M\u{43e}na",
            "\u{39c}ona",
            "Mo\u{200b}na",
            "\u{ff2d}ona",
        ] {
            let author = json!({"name": name});
            let refused = app
                .post("/v1/comments", signed("a", author))
                .send()
                .refuses(422, "name_reserved");
            assert_eq!(pointers(&refused), [("/author/name", "name_reserved")]);
            let refused = app
                .post("/v1/identity/guest", json!({"site": SITE, "name": name}))
                .send()
                .refuses(422, "name_reserved");
            assert_eq!(pointers(&refused), [("/name", "name_reserved")]);
        }
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
        app.post("/v1/comments", signed("a", json!({"name": "Monica"})))
            .send()
            .is(201);
    });
}

#[test]
fn a_guest_does_not_say_that_they_run_the_site() {
    on_both(|app| {
        let comment = |name: &str| {
            let call = app.post("/v1/comments", signed("a", json!({"name": name})));
            call.send()
        };
        let guest = |name: &str| {
            let call = app.post("/v1/identity/guest", json!({"site": SITE, "name": name}));
            call.send()
        };
        for name in [
            "Admin",
            "Moderator",
            "Mona (admin)",
            "MonaAdmin",
            "a d m i n",
            "\u{410}dmin",
            "Ann, Autorin",
            "Modérateur",
            "Administradora",
            "Мона (модератор)",
            "منى المشرفة",
        ] {
            for (refused, pointer) in [(comment(name), "/author/name"), (guest(name), "/name")] {
                let refused = refused.refuses(422, "name_reserved");
                assert_eq!(pointers(&refused), [(pointer, "name_reserved")]);
                let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
                assert!(detail.contains("runs this site"), "{name}: {detail}");
            }
        }
        assert_eq!(app.page("a")["thread"]["created_at"], Value::Null);
        for name in ["Padmini", "Badminton fan", "Autumn", "Authora"] {
            assert_eq!(comment(name).is(201).body["author"]["name"], name);
            guest(name).is(201);
        }
        // What the site's badges say instead.
        comment("Redaktion").is(201);
        let phrases = json!({"phrases": {"author": "Redaktion"}});
        app.patch(&format!("/v1/sites/{SITE}"), phrases)
            .bearer(&app.admin)
            .send()
            .is(200);
        comment("Ann (Redaktion)").refuses(422, "name_reserved");
        // One that was taken before this was so.
        let known = comment("Ann").is(201).body;
        app.sql("UPDATE people SET name = 'Admin', skeleton = 'x' WHERE name = 'Ann'");
        app.post("/v1/comments", signed("a", json!({})))
            .bearer(token(&known))
            .send()
            .refuses(422, "name_reserved");
        let again = app.post("/v1/comments", signed("a", json!({"name": "Bea"})));
        again.bearer(token(&known)).send().is(201);
    });
}

#[test]
fn who_signed_in_by_mail_has_no_name_to_claim_a_role_with() {
    on_both(|app| {
        let letters = crate::letters::Letters::of(app);
        let session = crate::sign_in::signed_in(app, &letters, "ann@example.org");
        let posted = app
            .post("/v1/comments", signed("a", json!({"name": "Admin"})))
            .bearer(session["token"].as_str().unwrap())
            .send()
            .is(201)
            .body;
        assert_eq!(posted["author"]["name"], Value::Null);
    });
}

#[test]
fn a_remembered_name_is_judged_like_a_new_one() {
    on_both(|app| {
        let guest = app
            .post("/v1/comments", signed("a", json!({"name": "Zoe"})))
            .send()
            .is(201)
            .body;
        app.policy(json!({"reserved_names": ["Zoe"]}));
        app.post("/v1/comments", comment("a", "Again"))
            .bearer(token(&guest))
            .send()
            .refuses(422, "name_reserved");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
    });
}

#[test]
fn a_name_is_text_wherever_it_is_written() {
    on_both(|app| {
        let author = json!({
            "name": "<script>alert(1)</script>",
            "website": "https://e.example/\"onmouseover=alert(1)'>",
        });
        let posted = app.post("/v1/comments", signed("a", author)).send().is(201);
        let public = all_public(app, &posted.body);
        assert!(public.contains("&lt;script&gt;alert(1)"), "{public}");
        // Only JSON may hold the name as it is.
        for path in ["html", "feed"] {
            let path = format!("/v1/threads/{}/{path}", text(&posted.body["thread_id"]));
            let shown = app.get(&path).send().is(200).text();
            assert!(!shown.contains("<script>alert"), "{shown}");
            assert!(!shown.contains("\"onmouseover"), "{shown}");
        }
    });
}

#[test]
fn an_edit_within_the_window_keeps_what_was_said_before() {
    on_both(|app| {
        let posted = app.comment("a", "The *first* text");
        let (path, history) = (at(&posted), format!("{}/history", at(&posted)));
        let edited = app
            .patch(&path, json!({"body": "The second text"}))
            .bearer(token(&posted))
            .send()
            .is(200)
            .body;
        assert_eq!(edited["body"], "The second text");
        assert!(edited["edited_at"].is_string());
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 2);
        assert_eq!(
            page["comments"]["items"][0]["body_html"],
            "<p>The second text</p>\n"
        );
        assert!(!all_public(app, &posted).contains("first"));
        for who in [token(&posted), &app.moderator] {
            let texts = app.get(&history).bearer(who).send().is(200).body;
            assert_eq!(texts["total"], 2);
            assert_eq!(texts["items"][0]["body"], "The second text");
            assert_eq!(texts["items"][1]["body"], "The *first* text");
            assert_eq!(texts["items"][0]["revision"], 2);
            assert_eq!(texts["items"][1]["revision"], 1);
        }
        app.get(&history).send().refuses(401, "unauthorized");
        app.get(&history)
            .bearer(&app.guest())
            .send()
            .refuses(403, "forbidden");
        app.policy(json!({"public_history": true}));
        assert_eq!(app.get(&history).send().is(200).body["total"], 2);
    });
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    on_both(|app| {
        let posted = app.comment("a", "The same");
        let same = app
            .patch(&at(&posted), json!({"body": "The same\r\n"}))
            .bearer(token(&posted))
            .send()
            .is(200)
            .body;
        assert_eq!(same["edited_at"], Value::Null);
        assert_eq!(app.page("a")["thread"]["version"], 1);
        let history = app
            .get(&format!("{}/history", at(&posted)))
            .bearer(token(&posted))
            .send()
            .is(200);
        assert_eq!(history.body["total"], 1);
    });
}

#[test]
fn after_the_window_the_text_stands() {
    on_both(|app| {
        let posted = app.comment("a", "Said is said");
        app.policy(json!({"edit_window": 0}));
        app.patch(&at(&posted), json!({"body": "Never said"}))
            .bearer(token(&posted))
            .send()
            .refuses(403, "edit_window_over");
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["body_html"], "<p>Said is said</p>\n");
        let me = format!("/v1/threads/{}/me", text(&posted["thread_id"]));
        let me = app.get(&me).bearer(token(&posted)).send().is(200).body;
        let rights = &me["comments"][text(&posted["id"])]["can"];
        assert!(!rights.as_array().unwrap().contains(&json!("edit")));
        assert!(rights.as_array().unwrap().contains(&json!("delete")));
        app.delete(&at(&posted))
            .bearer(token(&posted))
            .send()
            .is(204);
    });
}

#[test]
fn only_the_author_edits_and_deletes() {
    on_both(|app| {
        let posted = app.comment("a", "Mine");
        let stranger = app.guest();
        for (who, status, code) in [
            (Some(stranger.as_str()), 403, "forbidden"),
            (Some(app.moderator.as_str()), 403, "forbidden"),
            (Some(app.admin.as_str()), 403, "forbidden"),
            (None, 401, "unauthorized"),
        ] {
            for method in ["PATCH", "DELETE"] {
                let mut call = app.call(method, &at(&posted));
                if method == "PATCH" {
                    call = call.json(json!({"body": "Yours"}));
                }
                if let Some(token) = who {
                    call = call.bearer(token);
                }
                call.send().refuses(status, code);
            }
        }
        let page = app.page("a");
        assert_eq!(page["thread"]["version"], 1);
        assert_eq!(page["comments"]["items"][0]["body_html"], "<p>Mine</p>\n");
    });
}

#[test]
fn whether_something_is_held_is_told_to_nobody() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Waiting"))
            .send()
            .is(202)
            .body;
        let stranger = app.guest();
        for who in [None, Some(stranger)] {
            for (method, path) in [
                ("PATCH", ""),
                ("DELETE", ""),
                ("GET", ""),
                ("GET", "/history"),
                ("GET", "/replies"),
                ("PUT", "/vote"),
                ("PUT", "/reactions/%F0%9F%91%8D"),
            ] {
                let mut call = app.call(method, &format!("{}{path}", at(&held)));
                match (method, path) {
                    ("PATCH", _) => call = call.json(json!({"body": "Else"})),
                    (_, "/vote") => call = call.json(json!({"value": 1})),
                    _ => {}
                }
                if let Some(token) = &who {
                    call = call.bearer(token);
                }
                let answer = call.send();
                // Whoever is nobody is asked for a token first, held or not.
                let is_nobody = who.is_none() && ["PATCH", "DELETE"].contains(&method);
                match is_nobody {
                    true => answer.refuses(401, "unauthorized"),
                    false => answer.refuses(404, "not_found"),
                };
            }
        }
    });
}

#[test]
fn an_edit_is_judged_like_a_new_comment() {
    on_both(|app| {
        let posted = app.comment("a", "Harmless");
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .patch(
                &at(&posted),
                json!({"body": "A word that is unmistakable: quokka"}),
            )
            .bearer(token(&posted))
            .send()
            .is(202)
            .body;
        assert_eq!(held["status"], "pending");
        assert_eq!(held["reasons"][0]["code"], "premoderated");
        // Everybody goes on reading what nobody objected to.
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["body_html"], "<p>Harmless</p>\n");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        let public = all_public(app, &posted);
        assert!(!public.contains("quokka"), "{public}");
        // A second edit is no way past the moderator, even once the site has changed its mind.
        app.policy(json!({"moderation": "post"}));
        app.patch(&at(&posted), json!({"body": "Harmless again"}))
            .bearer(token(&posted))
            .send()
            .is(202);
        let public = all_public(app, &posted);
        assert!(!public.contains("Harmless again"), "{public}");
        approve(app, &posted);
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["body_html"], "<p>Harmless again</p>\n");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
    });
}

#[test]
fn a_comment_that_nobody_answered_goes_without_a_trace() {
    on_both(|app| {
        let posted = marked(app, "a");
        app.patch(&at(&posted), json!({"body": "Another word: numbat"}))
            .bearer(token(&posted))
            .send()
            .is(200);
        app.delete(&at(&posted))
            .bearer(token(&posted))
            .send()
            .is(204);
        app.get(&at(&posted)).send().refuses(404, "not_found");
        let page = app.page("a");
        assert_eq!(page["comments"]["items"], json!([]));
        assert_eq!(page["thread"]["comment_count"], 0);
        assert_eq!(page["thread"]["version"], 3);
        nothing_left(app, &posted);
        app.delete(&at(&posted))
            .bearer(token(&posted))
            .send()
            .is(204);
        assert_eq!(app.page("a")["thread"]["version"], 3);
        app.patch(&at(&posted), json!({"body": "Back"}))
            .bearer(token(&posted))
            .send()
            .refuses(404, "not_found");
    });
}

#[test]
fn an_answered_comment_leaves_a_tombstone_until_its_answers_go() {
    on_both(|app| {
        let posted = marked(app, "a");
        let answer = app.reply("a", &posted, "An answer");
        let voter = app.guest();
        app.put(&format!("{}/vote", at(&posted)), json!({"value": 1}))
            .bearer(&voter)
            .send()
            .is(200);
        app.delete(&at(&posted))
            .bearer(token(&posted))
            .send()
            .is(204);
        let page = app.page("a");
        let stone = &page["comments"]["items"][0];
        assert_eq!(stone["id"], posted["id"]);
        assert_eq!(stone["status"], "deleted");
        assert_eq!(stone["author"], Value::Null);
        assert_eq!(stone["body_html"], Value::Null);
        assert_eq!(stone["votes"], json!({"up": 0, "down": 0, "score": 0}));
        assert_eq!(stone["replies"]["items"][0]["id"], answer["id"]);
        assert_eq!(page["thread"]["comment_count"], 1);
        nothing_left(app, &posted);
        let version = &page["thread"]["version"];
        app.delete(&at(&posted))
            .bearer(token(&posted))
            .send()
            .is(204);
        assert_eq!(&app.page("a")["thread"]["version"], version);
        app.delete(&at(&answer))
            .bearer(token(&answer))
            .send()
            .is(204);
        assert_eq!(app.page("a")["comments"]["items"], json!([]));
        app.get(&at(&posted)).send().refuses(404, "not_found");
    });
}

/// Fails if a word of a [`marked`] comment is still told to anybody.
fn nothing_left(app: &App, posted: &Value) {
    let history = format!("{}/history", at(posted));
    for who in [token(posted), &app.moderator, &app.admin] {
        app.get(&history)
            .bearer(who)
            .send()
            .refuses(404, "not_found");
    }
    let me = format!("/v1/threads/{}/me", text(&posted["thread_id"]));
    let me = app.get(&me).bearer(token(posted)).send().is(200);
    assert!(me.body["comments"].get(text(&posted["id"])).is_none());
    let told = all_public(app, posted) + &me.body["pending"].to_string();
    for word in ["quokka", "numbat", "Wombat"] {
        assert!(!told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_held_comment_can_be_taken_back() {
    on_both(|app| {
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Waiting"))
            .send()
            .is(202)
            .body;
        app.delete(&at(&held)).bearer(token(&held)).send().is(204);
        let queue = app
            .get("/v1/moderation/comments")
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(queue.body["items"], json!([]));
        let decision = json!({"action": "approve", "ids": [held["id"]]});
        let decided = app
            .post("/v1/moderation/actions", decision)
            .bearer(&app.moderator)
            .send()
            .is(200);
        assert_eq!(decided.body["items"][0]["ok"], false);
        assert_eq!(app.page("a")["thread"]["version"], 0);
    });
}

#[test]
fn only_what_is_public_in_the_same_thread_can_be_answered() {
    on_both(|app| {
        let elsewhere = app.comment("b", "On another page");
        let gone = app.comment("a", "Gone");
        app.delete(&at(&gone)).bearer(token(&gone)).send().is(204);
        let stone = app.comment("a", "Answered, then gone");
        app.reply("a", &stone, "An answer");
        app.delete(&at(&stone)).bearer(token(&stone)).send().is(204);
        app.policy(json!({"moderation": "pre"}));
        let held = app
            .post("/v1/comments", comment("a", "Waiting"))
            .send()
            .is(202)
            .body;
        app.policy(json!({"moderation": "post"}));
        let before = app.page("a")["thread"]["version"].clone();
        for parent in [
            elsewhere["id"].clone(),
            gone["id"].clone(),
            stone["id"].clone(),
            held["id"].clone(),
            json!("019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03"),
            json!("' OR 1=1 --"),
            json!(""),
        ] {
            let mut body = comment("a", "An answer to nothing");
            body["parent_id"] = parent;
            let refused = app
                .post("/v1/comments", body.clone())
                .send()
                .refuses(422, "parent_unknown");
            assert_eq!(pointers(&refused), [("/parent_id", "parent_unknown")]);
            // Not even to the author of what is held.
            app.post("/v1/comments", body)
                .bearer(token(&held))
                .send()
                .refuses(422, "parent_unknown");
        }
        assert_eq!(app.page("a")["thread"]["version"], before);
        let mut body = comment("new", "An answer");
        body["parent_id"] = elsewhere["id"].clone();
        app.post("/v1/comments", body)
            .send()
            .refuses(422, "parent_unknown");
        assert_eq!(app.page("new")["thread"]["created_at"], Value::Null);
    });
}

#[test]
fn a_closed_thread_takes_nothing_new() {
    on_both(|app| {
        let posted = app.comment("a", "In time");
        let set = |state: &str| {
            let directions = json!({"site": SITE, "url": page_url("a"), "state": state});
            app.put("/v1/moderation/threads", directions)
                .bearer(&app.moderator)
                .send()
                .is(200);
        };
        set("closed");
        app.post("/v1/comments", comment("a", "Too late"))
            .send()
            .refuses(409, "thread_closed");
        app.post("/v1/comments", comment("a", "Too late"))
            .bearer(&app.moderator)
            .send()
            .refuses(409, "thread_closed");
        let page = app.page("a");
        assert_eq!(page["thread"]["state"], "closed");
        assert_eq!(page["thread"]["comment_count"], 1);
        let me = format!("/v1/threads/{}/me", text(&posted["thread_id"]));
        let rights = app.get(&me).bearer(&app.guest()).send().is(200).body["can"].clone();
        assert_eq!(rights, json!(["vote", "react"]));
        app.put(&format!("{}/vote", at(&posted)), json!({"value": 1}))
            .bearer(&app.guest())
            .send()
            .is(200);
        set("open");
        app.comment("a", "Again");
    });
}

#[test]
fn a_thread_closes_by_its_age() {
    on_both(|app| {
        app.comment("a", "On the first day");
        app.policy(json!({"close_after_days": 2}));
        assert!(app.page("a")["thread"]["closes_at"].is_string());
        app.comment("a", "Still open");
        app.sql("UPDATE threads SET created_at = created_at - 172800000000");
        app.post("/v1/comments", comment("a", "On the third day"))
            .send()
            .refuses(409, "thread_closed");
        assert_eq!(app.page("a")["thread"]["state"], "closed");
        app.comment("b", "Another page is young");
        app.policy(json!({"close_after_days": null}));
        app.comment("a", "Open again");
    });
}

#[test]
fn answers_deeper_than_allowed_say_whom_they_answer() {
    on_both(|app| {
        app.policy(json!({"depth": 2}));
        let root = app.comment("a", "0");
        let one = app.reply("a", &root, "1");
        let mut body = signed("a", json!({"name": "Ann"}));
        body["parent_id"] = one["id"].clone();
        let two = app.post("/v1/comments", body).send().is(201).body;
        assert_eq!((&two["depth"], &two["reply_to"]), (&json!(2), &Value::Null));
        let three = app.reply("a", &two, "3");
        assert_eq!(three["depth"], 2);
        assert_eq!(three["parent_id"], one["id"]);
        assert_eq!(three["root_id"], root["id"]);
        assert_eq!(three["reply_to"], json!({"id": two["id"], "name": "Ann"}));
        let four = app.reply("a", &three, "4");
        assert_eq!(four["parent_id"], one["id"]);
        assert_eq!(four["reply_to"]["id"], three["id"]);
        let page = app.page("a");
        assert_eq!(page["comments"]["items"][0]["reply_count"], 4);
        // Whoever is answered across levels is named only as long as they want to be.
        app.delete(&at(&two)).bearer(token(&two)).send().is(204);
        let three = app.get(&at(&three)).send().is(200).body;
        assert_eq!(
            three["comment"]["reply_to"],
            json!({"id": two["id"], "name": null})
        );
    });
}

#[test]
fn a_site_without_guests_asks_people_to_sign_in() {
    on_both(|app| {
        let known = app.comment("a", "While it lasted");
        app.policy(json!({"guests": false}));
        app.post("/v1/comments", comment("a", "Hello"))
            .send()
            .refuses(403, "guests_not_allowed");
        app.post("/v1/comments", comment("a", "Hello"))
            .bearer(token(&known))
            .send()
            .refuses(403, "guests_not_allowed");
        app.post("/v1/identity/guest", json!({"site": SITE}))
            .send()
            .refuses(403, "guests_not_allowed");
        assert_eq!(app.page("a")["thread"]["comment_count"], 1);
        app.delete(&at(&known)).bearer(token(&known)).send().is(204);
    });
}
