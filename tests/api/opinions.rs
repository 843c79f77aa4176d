//! Votes and reactions: one for each person, counted right, and nobody's business.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::{App, SITE, comment, on_both, page_url};

const CROWD: usize = 16;

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn at(comment: &Value) -> String {
    format!("/v1/comments/{}", text(&comment["id"]))
}

fn vote(app: &App, comment: &Value, token: &str, value: i64) -> Value {
    app.put(&format!("{}/vote", at(comment)), json!({"value": value}))
        .bearer(token)
        .send()
        .is(200)
        .body
}

fn emoji_at(comment: &Value, emoji: &str) -> String {
    let encoded: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{}/reactions/{encoded}", at(comment))
}

fn react(app: &App, comment: &Value, token: &str, method: &str, emoji: &str) -> Value {
    app.call(method, &emoji_at(comment, emoji))
        .bearer(token)
        .send()
        .is(200)
        .body
}

fn version(app: &App) -> i64 {
    app.page("a")["thread"]["version"]
        .as_i64()
        .expect("a version")
}

/// Does it on as many threads as there are tokens, all at the same moment.
fn at_once(tokens: &[String], act: impl Fn(&str) + Sync) {
    let barrier = Barrier::new(tokens.len());
    std::thread::scope(|scope| {
        for token in tokens {
            let (barrier, act) = (&barrier, &act);
            scope.spawn(move || {
                barrier.wait();
                act(token);
            });
        }
    });
}

#[test]
fn a_vote_is_set_changed_and_taken_back() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let voter = app.guest();
        let mut expected = version(app);
        for (value, up, down, is_change) in [
            (1, 1, 0, true),
            (1, 1, 0, false),
            (-1, 0, 1, true),
            (-1, 0, 1, false),
            (0, 0, 0, true),
            (0, 0, 0, false),
            (-1, 0, 1, true),
            (1, 1, 0, true),
        ] {
            let outcome = vote(app, &posted, &voter, value);
            let votes = json!({"up": up, "down": down, "score": up - down});
            assert_eq!(outcome, json!({"votes": votes, "vote": value}));
            expected += i64::from(is_change);
            assert_eq!(version(app), expected, "after {value}");
            let shown = app.get(&at(&posted)).send().is(200).body;
            assert_eq!(shown["comment"]["votes"], votes);
        }
        let me = format!("/v1/threads/{}/me", text(&posted["thread_id"]));
        let me = app.get(&me).bearer(&voter).send().is(200).body;
        assert_eq!(me["comments"][text(&posted["id"])]["vote"], 1);
    });
}

#[test]
fn nobody_votes_on_their_own_comment() {
    on_both(|app| {
        let posted = app.comment("a", "I am right");
        for value in [1, -1, 0] {
            app.put(&format!("{}/vote", at(&posted)), json!({"value": value}))
                .bearer(text(&posted["token"]))
                .send()
                .refuses(403, "own_comment");
        }
        assert_eq!(version(app), 1);
        assert_eq!(app.page("a")["comments"]["items"][0]["votes"]["up"], 0);
    });
}

#[test]
fn an_opinion_needs_somebody_who_has_it_and_something_it_is_about() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let gone = app.comment("a", "Not me");
        app.reply("a", &gone, "An answer");
        app.delete(&at(&gone))
            .bearer(text(&gone["token"]))
            .send()
            .is(204);
        let before = version(app);
        let voter = app.guest();
        let put = |path: &str| match path.ends_with("/vote") {
            true => app.put(path, json!({"value": 1})),
            false => app.call("PUT", path),
        };
        for path in [format!("{}/vote", at(&posted)), emoji_at(&posted, "👍")] {
            put(&path).send().refuses(401, "unauthorized");
            // An administrator's key is nobody who could have an opinion.
            put(&path)
                .bearer(&app.admin)
                .send()
                .refuses(403, "forbidden");
        }
        for path in [format!("{}/vote", at(&gone)), emoji_at(&gone, "👍")] {
            put(&path).bearer(&voter).send().refuses(404, "not_found");
        }
        let nothing = json!({"id": "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03"});
        for path in [format!("{}/vote", at(&nothing)), emoji_at(&nothing, "👍")] {
            put(&path).bearer(&voter).send().refuses(404, "not_found");
        }
        app.policy(json!({"guests": false}));
        for path in [format!("{}/vote", at(&posted)), emoji_at(&posted, "👍")] {
            put(&path)
                .bearer(&voter)
                .send()
                .refuses(403, "guests_not_allowed");
        }
        assert_eq!(version(app), before);
    });
}

#[test]
fn a_guest_of_one_site_has_no_say_on_another() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let site = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"]});
        app.post("/v1/sites", site)
            .bearer(&app.admin)
            .send()
            .is(201);
        let guest = app
            .post("/v1/identity/guest", json!({"site": "other"}))
            .send()
            .is(201)
            .body;
        let guest = text(&guest["token"]);
        app.put(&format!("{}/vote", at(&posted)), json!({"value": 1}))
            .bearer(guest)
            .send()
            .refuses(403, "forbidden");
        app.call("PUT", &emoji_at(&posted, "👍"))
            .bearer(guest)
            .send()
            .refuses(403, "forbidden");
        app.post("/v1/comments", comment("a", "Hello"))
            .bearer(guest)
            .send()
            .refuses(403, "forbidden");
        assert_eq!(version(app), 1);
    });
}

#[test]
fn one_person_has_one_vote_however_fast_they_click() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let clicks = vec![app.guest(); CROWD];
        at_once(&clicks, |token| {
            let outcome = vote(app, &posted, token, 1);
            assert_eq!(outcome["votes"]["up"], 1);
        });
        assert_eq!(version(app), 2);
        at_once(&clicks, |token| {
            react(app, &posted, token, "PUT", "👍");
        });
        assert_eq!(version(app), 3);
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["votes"]["up"], 1);
        assert_eq!(
            shown["comment"]["reactions"],
            json!([{"emoji": "👍", "count": 1}])
        );
        at_once(&clicks, |token| {
            react(app, &posted, token, "DELETE", "👍");
        });
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["reactions"], json!([]));
        assert_eq!(version(app), 4);
    });
}

#[test]
fn no_vote_of_a_crowd_is_lost() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        let crowd: Vec<String> = (0..CROWD).map(|_| app.guest()).collect();
        at_once(&crowd, |token| {
            vote(app, &posted, token, 1);
            react(app, &posted, token, "PUT", "🎉");
        });
        at_once(&crowd[..4], |token| {
            vote(app, &posted, token, -1);
        });
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(
            shown["comment"]["votes"],
            json!({"up": 12, "down": 4, "score": 8})
        );
        assert_eq!(shown["comment"]["reactions"][0]["count"], CROWD);
        assert_eq!(version(app), 1 + 2 * CROWD as i64 + 4);
    });
}

#[test]
fn what_one_viewer_thinks_is_in_no_public_answer() {
    on_both(|app| {
        let posted = app.comment("a", "Judge me");
        app.reply("a", &posted, "An answer");
        let voter = app.guest();
        vote(app, &posted, &voter, 1);
        react(app, &posted, &voter, "PUT", "👍");
        let thread = text(&posted["thread_id"]);
        for path in [
            format!("/v1/threads?site={SITE}&url={}", page_url("a")),
            format!("/v1/threads/{thread}/comments?sort=top"),
            format!("/v1/threads/{thread}/changes?since=0"),
            format!("/v1/threads/{thread}/html"),
            format!("/v1/counts?site={SITE}&url={}", page_url("a")),
            at(&posted),
            format!("{}/replies", at(&posted)),
        ] {
            let asked_first = app.get(&path).bearer(&voter).send().is(200);
            let stranger = app.get(&path).send().is(200);
            assert_eq!(asked_first.text(), stranger.text(), "{path}");
            assert_eq!(
                asked_first.header("etag"),
                stranger.header("etag"),
                "{path}"
            );
            for word in ["\"vote\"", "\"mine\"", "\"can\""] {
                assert!(!stranger.text().contains(word), "{path}: {word}");
            }
        }
        let me = app.get(&format!("/v1/threads/{thread}/me")).bearer(&voter);
        let me = me.send().is(200);
        assert_eq!(me.header("cache-control"), "no-store");
        assert_eq!(me.body["comments"][text(&posted["id"])]["vote"], 1);
        let other = app
            .get(&format!("/v1/threads/{thread}/me"))
            .bearer(&app.guest());
        assert_eq!(other.send().is(200).body["comments"], json!({}));
    });
}

#[test]
fn a_reaction_is_there_once_for_each_person() {
    on_both(|app| {
        let posted = app.comment("a", "React");
        let (ann, bea) = (app.guest(), app.guest());
        let one = json!({"reactions": [{"emoji": "👍", "count": 1}], "mine": ["👍"]});
        assert_eq!(react(app, &posted, &ann, "PUT", "👍"), one);
        assert_eq!(react(app, &posted, &ann, "PUT", "👍"), one);
        assert_eq!(version(app), 2);
        let two = react(app, &posted, &bea, "PUT", "👍");
        assert_eq!(two["reactions"][0]["count"], 2);
        let mixed = react(app, &posted, &bea, "PUT", "❤️");
        assert_eq!(
            mixed["reactions"],
            json!([{"emoji": "👍", "count": 2}, {"emoji": "❤️", "count": 1}])
        );
        assert_eq!(mixed["mine"].as_array().unwrap().len(), 2);
        let back = react(app, &posted, &ann, "DELETE", "👍");
        assert_eq!(back["mine"], json!([]));
        let before = version(app);
        let again = react(app, &posted, &ann, "DELETE", "👍");
        assert_eq!(again, back);
        assert_eq!(version(app), before);
        let shown = app.get(&at(&posted)).send().is(200).body;
        assert_eq!(shown["comment"]["reactions"], back["reactions"]);
        // Liking what one wrote oneself is silly, not forbidden.
        react(app, &posted, text(&posted["token"]), "PUT", "😂");
    });
}

#[test]
fn only_what_the_site_offers_is_a_reaction() {
    on_both(|app| {
        let posted = app.comment("a", "React");
        let (ann, bea) = (app.guest(), app.guest());
        for emoji in ["🦀", "👍👍", "👍🏽", "like", "<b>", "' OR 1=1", "👍\0"] {
            app.call("PUT", &emoji_at(&posted, emoji))
                .bearer(&ann)
                .send()
                .refuses(422, "reaction_unknown");
        }
        app.call("PUT", &format!("{}/reactions/%FF%FE", at(&posted)))
            .bearer(&ann)
            .send()
            .refuses(422, "reaction_unknown");
        assert_eq!(version(app), 1);
        react(app, &posted, &ann, "PUT", "👍");
        app.policy(json!({"reactions": ["🦀"]}));
        app.call("PUT", &emoji_at(&posted, "👍"))
            .bearer(&bea)
            .send()
            .refuses(422, "reaction_unknown");
        react(app, &posted, &bea, "PUT", "🦀");
        // What was given under the old rules may be taken back under the new ones.
        let left = react(app, &posted, &ann, "DELETE", "👍");
        assert_eq!(left["reactions"], json!([{"emoji": "🦀", "count": 1}]));
    });
}
