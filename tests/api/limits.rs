//! How often one may call.

use serde_json::json;

use crate::support::{Answer, App, SITE, comment, on_both, on_both_with};

const THREE: &str = "--rate-comments=3/3600";

fn post(app: &App, token: Option<&str>, headers: &[(&str, &str)]) -> Answer {
    let mut call = app.post("/v1/comments", comment("a", "Hello"));
    if let Some(token) = token {
        call = call.bearer(token);
    }
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.send()
}

fn count(app: &App) -> i64 {
    app.page("a")["thread"]["comment_count"]
        .as_i64()
        .expect("a number")
}

#[test]
fn who_writes_too_much_is_told_to_wait() {
    on_both_with(&[THREE], |app| {
        for left in [2, 1, 0] {
            let posted = post(app, None, &[]).is(201);
            assert_eq!(posted.header("ratelimit-policy"), "\"comments\";q=3;w=3600");
            let state = format!("\"comments\";r={left};t={}", 1200 * (3 - left));
            assert_eq!(posted.header("ratelimit"), state);
        }
        let refused = post(app, None, &[]).refuses(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=1200).contains(&wait), "{wait}");
        assert_eq!(
            refused.header("ratelimit-policy"),
            "\"comments\";q=3;w=3600"
        );
        assert_eq!(
            refused.header("ratelimit"),
            format!("\"comments\";r=0;t={wait}")
        );
        assert_eq!(count(app), 3);
        // Reading goes on, and so does what has a limit of its own.
        let page = app.get(&format!("/v1/sites/{SITE}/feed")).send().is(200);
        assert_eq!(page.header("ratelimit"), "");
        app.guest();
    });
}

#[test]
fn each_person_has_a_limit_and_so_has_their_network() {
    on_both_with(&[THREE], |app| {
        let people: Vec<String> = (0..6).map(|_| app.guest()).collect();
        for person in &people[..5] {
            for left in [2, 1, 0] {
                let posted = post(app, Some(person), &[]).is(201);
                let state = format!("\"comments\";r={left};t={}", 1200 * (3 - left));
                assert_eq!(posted.header("ratelimit"), state);
            }
        }
        // The sixth has written nothing, but five times the limit came from where they are.
        post(app, Some(&people[5]), &[]).refuses(429, "rate_limited");
        assert_eq!(count(app), 15);
    });
}

#[test]
fn one_persons_haste_is_not_anothers() {
    on_both_with(&[THREE], |app| {
        let (ann, bea) = (app.guest(), app.guest());
        for _ in 0..3 {
            post(app, Some(&ann), &[]).is(201);
        }
        post(app, Some(&ann), &[]).refuses(429, "rate_limited");
        post(app, Some(&bea), &[]).is(201);
        assert_eq!(count(app), 4);
    });
}

#[test]
fn an_address_that_one_gives_oneself_is_not_believed() {
    on_both_with(&[THREE], |app| {
        for _ in 0..3 {
            post(app, None, &[]).is(201);
        }
        for header in [
            "X-Forwarded-For",
            "X-Real-IP",
            "Forwarded",
            "CF-Connecting-IP",
            "True-Client-IP",
            "X-Client-IP",
        ] {
            for address in ["203.0.113.7", "for=203.0.113.7", "2001:db8::7"] {
                post(app, None, &[(header, address)]).refuses(429, "rate_limited");
            }
        }
        assert_eq!(count(app), 3);
    });
}

#[test]
fn a_trusted_proxy_is_believed_as_far_as_it_saw() {
    on_both_with(
        &[THREE, "--trusted-proxies=127.0.0.0/8,10.0.0.0/8"],
        |app| {
            let from = |address: &str| post(app, None, &[("X-Forwarded-For", address)]);
            for _ in 0..3 {
                from("203.0.113.7").is(201);
            }
            from("203.0.113.7").refuses(429, "rate_limited");
            from("203.0.113.250").refuses(429, "rate_limited");
            // What the client wrote itself stands before what the proxies saw.
            from("198.51.100.1, 203.0.113.7").refuses(429, "rate_limited");
            from("198.51.100.1, 203.0.113.7, 10.0.0.9").refuses(429, "rate_limited");
            post(
                app,
                None,
                &[
                    ("X-Forwarded-For", "198.51.100.1"),
                    ("X-Forwarded-For", "203.0.113.7"),
                ],
            )
            .refuses(429, "rate_limited");
            assert_eq!(count(app), 3);
            from("198.51.100.1").is(201);
            from("2001:db8::1").is(201);
        },
    );
}

#[test]
fn every_kind_of_call_has_its_limit() {
    let flags = ["--rate-writes=4/3600", "--rate-identity=2/3600"];
    on_both_with(&flags, |app| {
        let posted = app.comment("a", "Hello");
        let id = posted["id"].as_str().unwrap().to_owned();
        let guest = app
            .post("/v1/identity/guest", json!({"site": SITE}))
            .send()
            .is(201);
        assert_eq!(guest.header("ratelimit"), "\"identity\";r=1;t=1800");
        let token = guest.body["token"].as_str().unwrap().to_owned();
        app.guest();
        app.post("/v1/identity/guest", json!({"site": SITE}))
            .send()
            .refuses(429, "rate_limited");
        let vote = |value: i64| {
            app.put(&format!("/v1/comments/{id}/vote"), json!({"value": value}))
                .bearer(&token)
                .send()
        };
        assert_eq!(vote(1).is(200).header("ratelimit"), "\"writes\";r=3;t=900");
        app.call("PUT", &format!("/v1/comments/{id}/reactions/%F0%9F%91%8D"))
            .bearer(&token)
            .send()
            .is(200);
        // What is refused for another reason has been counted all the same.
        vote(7).refuses(422, "vote_invalid");
        assert_eq!(
            vote(-1).is(200).header("ratelimit"),
            "\"writes\";r=0;t=3600"
        );
        vote(0).refuses(429, "rate_limited");
        app.delete(&format!("/v1/comments/{id}"))
            .bearer(&token)
            .send()
            .refuses(429, "rate_limited");
        let shown = app.get(&format!("/v1/comments/{id}")).send().is(200).body;
        assert_eq!(shown["comment"]["votes"]["down"], 1);
    });
}

#[test]
fn a_limit_that_is_off_says_nothing() {
    on_both(|app| {
        for _ in 0..30 {
            let posted = post(app, None, &[]).is(201);
            assert_eq!(posted.header("ratelimit"), "");
            assert_eq!(posted.header("ratelimit-policy"), "");
        }
        assert_eq!(count(app), 30);
    });
}
