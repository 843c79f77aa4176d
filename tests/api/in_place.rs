//! What a session in a page may: every operation of the contract against a table, and no other origin for any of them.

use serde_json::{Value, json};

use crate::sessions::{NORA, WILD, by_mail, count, staff, token, widen};
use crate::support::{App, Call, ORIGIN, SITE, comment, on_both, page_url};

/// What a session of an administrator in a page gets of each operation that looks at who calls, when it is called rightly: an operation that
/// is not named here fails the test, and so does one that gives more.
const OPERATIONS: &[(&str, u16)] = &[
    // What is moderated in place.
    ("listModerationQueue", 200),
    ("countModerationQueue", 200),
    ("listHistory", 200),
    ("moderate", 200),
    ("ban", 201),
    ("patchThread", 200),
    // What any reader does.
    ("postComment", 201),
    ("editComment", 403),
    ("deleteComment", 403),
    ("getChallenge", 200),
    ("findAnchors", 200),
    ("reportComment", 201),
    ("voteOnComment", 200),
    ("addReaction", 200),
    ("removeReaction", 200),
    ("previewComment", 200),
    ("getMe", 200),
    ("becomeGuest", 201),
    ("signInFromSite", 403),
    ("refreshToken", 200),
    ("askToSignInByMail", 202),
    ("lookAtMailedCode", 422),
    ("signInByMail", 422),
    ("listEarlierGuests", 200),
    ("joinEarlierGuests", 204),
    ("subscribe", 202),
    ("changeSubscription", 404),
    ("endSubscription", 404),
    ("listSessions", 200),
    ("endSession", 404),
    ("beginConsole", 422),
    ("signOut", 204),
    // What a role gives elsewhere, and not here.
    ("putPassage", 403),
    ("patchPassage", 403),
    ("followModerationQueue", 403),
    ("listBans", 403),
    ("liftBan", 403),
    ("getPerson", 403),
    ("setRole", 403),
    ("listReports", 403),
    ("decideReport", 403),
    ("listAudit", 403),
    ("exportAudit", 403),
    ("getStatistics", 403),
    ("getWordList", 403),
    ("putWordList", 403),
    ("putThread", 403),
    ("listThreads", 403),
    ("getThread", 403),
    ("joinThread", 403),
    ("listJoins", 403),
    ("undoJoin", 403),
    ("listSites", 403),
    ("createSite", 403),
    ("getSite", 403),
    ("editSite", 403),
    ("getAdviser", 403),
    ("putAdviser", 403),
    ("deleteAdviser", 403),
    ("rotateAdviserSecret", 403),
    ("listJobs", 403),
    ("getJob", 403),
    ("cancelJob", 403),
    ("listTokens", 403),
    ("createToken", 403),
    ("revokeToken", 403),
];

/// Of these everybody gets the same, whoever calls.
const PUBLIC: &[&str] = &["reading", "letters", "operations"];

/// Something of everything that a site has.
struct World {
    comment: String,
    thread: String,
    passage: String,
    ban: String,
    report: String,
    person: String,
    token: String,
    session: String,
}

impl World {
    fn of(app: &App) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let made = |method: &str, path: &str, body: Value, token: &str| {
            let answer = app.call(method, path).json(body).bearer(token).send();
            assert!(answer.status < 300, "{path}: {}", answer.text());
            text(&answer.body["id"])
        };
        let posted = app.comment("a", "Something to decide on");
        let (comment, thread) = (text(&posted["id"]), text(&posted["thread_id"]));
        let question = json!({"exact": "High water", "prefix": "", "suffix": "", "start": 0, "end": 10, "state": "open"});
        let banned = app.comment("b", "Somebody else");
        Self {
            passage: made(
                "PUT",
                &format!("/v1/threads/{thread}/passages/q1"),
                question,
                &app.admin,
            ),
            ban: made(
                "POST",
                "/v1/moderation/bans",
                json!({"kind": "person", "comment": banned["id"]}),
                &app.admin,
            ),
            report: made(
                "POST",
                &format!("/v1/comments/{comment}/reports"),
                json!({"reason": "spam"}),
                &app.guest(),
            ),
            person: text(&posted["author"]["id"]),
            token: made(
                "POST",
                "/v1/tokens",
                json!({"name": "t", "role": "author"}),
                &app.admin,
            ),
            session: text(
                &app.get("/v1/sessions")
                    .bearer(text(&posted["token"]).as_str())
                    .send()
                    .is(200)
                    .body["items"][0]["id"],
            ),
            comment,
            thread,
        }
    }

    fn path(&self, operation: &str, pattern: &str) -> String {
        let id = match operation {
            "liftBan" => &self.ban,
            "getPerson" | "setRole" => &self.person,
            "decideReport" => &self.report,
            "revokeToken" => &self.token,
            "endSession" => &self.session,
            "patchPassage" => &self.passage,
            _ => &self.comment,
        };
        let path = pattern
            .replace("{thread}", &self.thread)
            .replace("{id}", id)
            .replace("{key}", "q2")
            .replace("{emoji}", "%F0%9F%91%8D")
            .replace("{site}", SITE)
            .replace("{list}", "suspect");
        match operation {
            "getStatistics" | "getChallenge" | "getWordList" | "putWordList" => {
                format!("{path}?site={SITE}")
            }
            _ => path,
        }
    }

    fn body(&self, operation: &str) -> Option<Value> {
        let question = json!({"exact": "High water", "prefix": "", "suffix": "", "start": 0, "end": 10, "state": "open"});
        Some(match operation {
            "postComment" => comment("a", "Mine"),
            "editComment" => json!({"body": "Mine now"}),
            "findAnchors" => json!({"text": "High water was given at six."}),
            "reportComment" => json!({"reason": "spam"}),
            "voteOnComment" => json!({"value": 1}),
            "previewComment" => json!({"site": SITE, "body": "x"}),
            "becomeGuest" => json!({"site": SITE}),
            "signInFromSite" => json!({"site": SITE, "token": "x.y.z"}),
            "askToSignInByMail" => {
                json!({"site": SITE, "email": "z@example.org", "url": page_url("a")})
            }
            "lookAtMailedCode" | "signInByMail" => json!({"site": SITE, "code": "x"}),
            "joinEarlierGuests" => json!({"guests": [self.person]}),
            "subscribe" => json!({"site": SITE, "scope": "thread", "url": page_url("a")}),
            "changeSubscription" => json!({"frequency": "daily"}),
            "beginConsole" => json!({"code": "x"}),
            "signOut" => json!({}),
            "moderate" => json!({"action": "approve", "ids": [self.comment]}),
            "ban" => json!({"kind": "person", "comment": self.comment}),
            "patchThread" => json!({"state": "open"}),
            "joinThread" => json!({"into": self.thread}),
            "setRole" => json!({"role": "moderator"}),
            "decideReport" => json!({"decision": "dismissed", "grounds": "It stays."}),
            "putWordList" => json!({"entries": []}),
            "putThread" => json!({"site": SITE, "url": page_url("c"), "state": "closed"}),
            "putPassage" => question,
            "patchPassage" => json!({"state": "closed"}),
            "createSite" => json!({"slug": "mine", "origins": ["https://mine.example"]}),
            "editSite" => json!({"name": "Mine"}),
            "putAdviser" => json!({"url": "https://adviser.example/"}),
            "createToken" => json!({"name": "mine", "role": "admin"}),
            _ => return None,
        })
    }

    fn call<'a>(
        &self,
        app: &'a App,
        (operation, method, pattern): &(String, String, String),
    ) -> Call<'a> {
        let call = app.call(method, &self.path(operation, pattern));
        match self.body(operation) {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

/// Every operation that looks at who calls: its id, method and pattern. The one that ends the session comes last.
fn operations() -> Vec<(String, String, String)> {
    let contract: Value = serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).unwrap();
    let mut found = Vec::new();
    for (pattern, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let asks = operation["security"]
                .as_array()
                .is_some_and(|ways| ways.iter().any(|way| way.get("bearer").is_some()));
            let tag = operation["tags"][0].as_str().unwrap();
            if asks || !PUBLIC.contains(&tag) {
                found.push((id.to_owned(), method.to_uppercase(), pattern.clone()));
            }
        }
    }
    found.sort_by_key(|(id, ..)| id == "signOut");
    found
}

#[test]
fn each_operation_gives_a_session_in_a_page_what_the_table_says() {
    on_both(|app| {
        staff(app, "Root", "admin", NORA);
        let world = World::of(app);
        let session = by_mail(app, NORA);
        let operations = operations();
        assert_eq!(operations.len(), OPERATIONS.len());
        let mut wrong = Vec::new();
        for operation in &operations {
            let expected = OPERATIONS.iter().find(|(id, _)| *id == operation.0);
            let expected = expected
                .unwrap_or_else(|| panic!("{} is not in the table", operation.0))
                .1;
            let call = world.call(app, operation).bearer(token(&session));
            // A console is begun at the service itself.
            let answer = match operation.0.as_str() {
                "beginConsole" => call.send(),
                _ => call.header("Origin", ORIGIN).send(),
            };
            let is_code = expected != 403 || answer.body["code"] == "forbidden";
            if answer.status != expected || !is_code {
                wrong.push(format!(
                    "{}: {} {}",
                    operation.0, answer.status, answer.body["code"]
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // What was refused did not happen.
        assert_eq!(
            count(
                app,
                "SELECT count(*) AS count FROM api_tokens WHERE name = 'mine' OR revoked_at IS NOT NULL"
            ),
            0
        );
        assert_eq!(
            count(
                app,
                "SELECT count(*) AS count FROM sites WHERE name = 'Mine'"
            ),
            0
        );
        assert_eq!(
            count(
                app,
                "SELECT count(*) AS count FROM bans WHERE lifted_at IS NOT NULL"
            ),
            0
        );
    });
}

#[test]
fn a_session_in_a_page_counts_on_no_other_origin_whatever_is_asked() {
    on_both(|app| {
        staff(app, "Root", "admin", NORA);
        widen(app);
        let world = World::of(app);
        let session = by_mail(app, NORA);
        app.sql("UPDATE sessions SET used_at = 1 WHERE kind = 'page'");
        let before = app.page("a")["thread"]["version"].clone();
        for operation in operations() {
            for origin in [
                WILD,
                "https://evil.example",
                "null",
                "",
                "http://blog.example",
                "https://blog.example https://blog.example",
            ] {
                let call = world.call(app, &operation).bearer(token(&session));
                let answer = call.header("Origin", origin).send();
                assert_eq!(
                    answer.status,
                    403,
                    "{} at {origin}: {}",
                    operation.0,
                    answer.text()
                );
                assert_eq!(
                    answer.body["code"], "origin_not_allowed",
                    "{} at {origin}",
                    operation.0
                );
            }
        }
        let twice = app
            .get("/v1/sessions")
            .bearer(token(&session))
            .header("Origin", ORIGIN);
        twice
            .header("Origin", ORIGIN)
            .send()
            .refuses(403, "origin_not_allowed");
        assert_eq!(app.page("a")["thread"]["version"], before);
        // Nor was it renewed by any of this.
        assert_eq!(
            count(
                app,
                "SELECT count(*) AS count FROM sessions WHERE kind = 'page' AND used_at = 1"
            ),
            1
        );
        // What is no browser says no origin, and the site's own page may.
        app.get("/v1/moderation/counts")
            .bearer(token(&session))
            .send()
            .is(200);
        // An origin that the site lists no more is none of its own.
        let moved = json!({"origins": ["https://*.blog.example", "https://elsewhere.example"]});
        app.patch(&format!("/v1/sites/{SITE}"), moved)
            .bearer(&app.admin)
            .send()
            .is(200);
        let counts = app.get("/v1/moderation/counts").bearer(token(&session));
        counts
            .header("Origin", ORIGIN)
            .send()
            .refuses(403, "origin_not_allowed");
    });
}
