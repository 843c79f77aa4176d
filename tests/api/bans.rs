//! Bans: made from a comment, by exact values, and never by one's own.

use serde_json::{Value, json};

use crate::support::{Answer, App, SITE, comment, on_both};

fn ban(app: &App, token: &str, body: Value) -> Answer {
    app.post("/v1/moderation/bans", body).bearer(token).send()
}

fn post_as(app: &App, token: &str, text: &str) -> Answer {
    app.post("/v1/comments", comment("a", text))
        .bearer(token)
        .send()
}

#[test]
fn a_person_is_banned_and_let_in_again() {
    on_both(|app| {
        let guest = app.guest();
        let posted = post_as(app, &guest, "One").is(201).body;
        let made = json!({"kind": "person", "comment": posted["id"], "reason": "abuse"});
        let banned = ban(app, &app.moderator, made.clone()).is(201).body;
        assert_eq!(
            (&banned["person"], &banned["in_force"]),
            (&posted["author"]["id"], &json!(true))
        );
        post_as(app, &guest, "Two").refuses(403, "banned");
        app.patch(
            &format!("/v1/comments/{}", posted["id"].as_str().unwrap()),
            json!({"body": "Other words"}),
        )
        .bearer(&guest)
        .send()
        .refuses(403, "banned");
        app.comment("a", "Others may.");
        // Once is enough.
        let again = ban(app, &app.moderator, made).is(200).body;
        assert_eq!(again["id"], banned["id"]);
        let id = banned["id"].as_str().unwrap();
        let person = app
            .get(&format!(
                "/v1/moderation/people/{}",
                posted["author"]["id"].as_str().unwrap()
            ))
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(person["bans"], json!([id]));
        for _ in 0..2 {
            app.delete(&format!("/v1/moderation/bans/{id}"))
                .bearer(&app.moderator)
                .send()
                .is(204);
        }
        post_as(app, &guest, "Two").is(201);
        let list = app
            .get(&format!("/v1/moderation/bans?site={SITE}"))
            .bearer(&app.moderator)
            .send()
            .is(200)
            .body;
        assert_eq!(list["items"][0]["in_force"], false);
    });
}

#[test]
fn a_network_is_banned_for_a_while_and_never_ones_own() {
    on_both(|app| {
        let posted = app.comment("a", "From here");
        let network = json!({"kind": "network", "comment": posted["id"]});
        // Mona sits in the same network as everybody else in this test.
        ban(app, &app.moderator, network.clone()).refuses(409, "conflict");
        let mut long = network.clone();
        long["expires_at"] = json!("2100-01-01T00:00:00Z");
        ban(app, &app.admin, long).refuses(422, "field_invalid");
        let banned = ban(app, &app.admin, network).is(201).body;
        assert_ne!(banned["expires_at"], Value::Null);
        app.post("/v1/comments", comment("a", "Again"))
            .send()
            .refuses(403, "banned");
        // The site's own people write from anywhere.
        post_as(app, &app.moderator, "I may").is(201);
        app.sql("UPDATE bans SET expires_at = 1");
        app.comment("a", "The time is over");
        let list = app
            .get("/v1/moderation/bans")
            .bearer(&app.admin)
            .send()
            .is(200)
            .body;
        assert_eq!(list["items"][0]["in_force"], false);
    });
}

#[test]
fn an_address_counts_when_it_is_verified_and_is_compared_exactly() {
    on_both(|app| {
        let write = |email: &str, verified: bool| {
            let token = app.guest();
            let posted = post_as(app, &token, "Hello").is(201).body;
            let person = posted["author"]["id"].as_str().unwrap().to_owned();
            let id = person.replace('-', "");
            let bytes = if app.is_postgres() {
                format!("'\\x{id}'")
            } else {
                format!("x'{id}'")
            };
            app.sql(&format!(
                "UPDATE people SET email = '{email}', verified = {verified} WHERE id = {bytes}"
            ));
            (token, posted)
        };
        let (_, unverified) = write("ada@firm.example", false);
        let by = |kind: &str, posted: &Value| json!({"kind": kind, "comment": posted["id"]});
        ban(app, &app.moderator, by("email", &unverified)).refuses(409, "conflict");
        let (ada, first) = write("Ada@Firm.example", true);
        let (other, _) = write("adam@firm.example", true);
        let (far, _) = write("ada@sub.firm.example", true);
        let banned = ban(app, &app.moderator, by("email", &first)).is(201);
        assert!(!banned.text().to_lowercase().contains("firm"));
        post_as(app, &ada, "Two").refuses(403, "banned");
        post_as(app, &other, "Two").is(201);
        ban(app, &app.moderator, by("domain", &first)).is(201);
        post_as(app, &other, "Three").refuses(403, "banned");
        post_as(app, &far, "Three").is(201);
        let (_, everybody) = write("ada@gmail.com", true);
        ban(app, &app.moderator, by("domain", &everybody)).refuses(409, "conflict");
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    on_both(|app| {
        let own = post_as(app, &app.moderator, "Mine").is(201).body;
        let other = app.comment("a", "x");
        let unknown = "01890000-0000-7000-8000-000000000000";
        for (body, status, code) in [
            (
                json!({"kind": "person", "comment": own["id"]}),
                409,
                "conflict",
            ),
            (
                json!({"kind": "person", "comment": unknown}),
                404,
                "not_found",
            ),
            (
                json!({"kind": "person", "person": unknown}),
                404,
                "not_found",
            ),
            (
                json!({"kind": "network", "person": unknown}),
                422,
                "field_required",
            ),
            (json!({"kind": "person"}), 422, "field_required"),
            (
                json!({"kind": "ip", "comment": other["id"]}),
                422,
                "field_invalid",
            ),
            (
                json!({"kind": "person", "comment": other["id"], "reason": "no_such"}),
                422,
                "reason_unknown",
            ),
            (
                json!({"kind": "person", "comment": other["id"], "expires_at": "2020-01-01T00:00:00Z"}),
                422,
                "field_invalid",
            ),
        ] {
            ban(app, &app.moderator, body.clone()).refuses(status, code);
        }
        ban(
            app,
            &app.guest(),
            json!({"kind": "person", "comment": other["id"]}),
        )
        .refuses(403, "forbidden");
        app.delete(&format!("/v1/moderation/bans/{unknown}"))
            .bearer(&app.moderator)
            .send()
            .refuses(404, "not_found");
    });
}
