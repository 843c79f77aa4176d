//! What letters lead to: the pages under `/s/`, as a reader and as a mail provider sees them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{PgConnection, SqliteConnection};
use postil::domain::id::{MailboxId, SignInId, SiteId, SubscriptionId};
use postil::domain::link::{Aim, Leaving, Link};
use postil::domain::subscription::Frequency;
use postil::domain::time::Time;
use postil::domain::token::Keys;
use serde_json::json;
use uuid::Uuid;

use crate::consent::press;
use crate::support::{Answer, App, SITE, comment, on_both, page_url};

/// The letters that were called for, and the links that they bear.
pub struct Letters<'a> {
    app: &'a App,
    keys: Keys,
}

#[derive(QueryableByName)]
struct Called {
    #[diesel(sql_type = Binary)]
    subject: Vec<u8>,
    #[diesel(sql_type = Binary)]
    mailbox: Vec<u8>,
    #[diesel(sql_type = Binary)]
    site: Vec<u8>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl<'a> Letters<'a> {
    pub fn of(app: &'a App) -> Self {
        let secret = std::fs::read_to_string(app.dir.path().join("signing.key")).unwrap();
        Self {
            app,
            keys: Keys::parse(secret.trim()).unwrap(),
        }
    }

    fn rows(&self, sql: &str, email: &str) -> Vec<Called> {
        let query = diesel::sql_query(sql).bind::<Text, _>(email);
        match self.app.database() {
            postil::store::Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                query.load(&mut conn).unwrap()
            }
            postil::store::Database::Postgres(url) => {
                let mut conn = PgConnection::establish(&url).unwrap();
                query.load(&mut conn).unwrap()
            }
        }
    }

    /// How many rows of all tables hold that text in that column.
    pub fn count(&self, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        let rows: Vec<Count> = match self.app.database() {
            postil::store::Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                query.load(&mut conn).unwrap()
            }
            postil::store::Database::Postgres(url) => {
                let mut conn = PgConnection::establish(&url).unwrap();
                query.load(&mut conn).unwrap()
            }
        };
        rows[0].count
    }

    /// The links of the letters that ask this address, in the order that they were called for.
    pub fn asked(&self, email: &str) -> Vec<String> {
        let called = self.rows(
            "SELECT outbox.subject, mailboxes.id AS mailbox, mailboxes.site_id AS site
             FROM outbox JOIN mailboxes ON mailboxes.id = outbox.recipient
             WHERE outbox.kind = 'confirm' AND mailboxes.folded = $1 ORDER BY outbox.created_at, outbox.id",
            email,
        );
        let link = |row: &Called| {
            let aim = Aim::Confirm(SubscriptionId::from_uuid(uuid(&row.subject)));
            self.link(row, aim, Time::now().plus(HOUR))
        };
        called.iter().map(link).collect()
    }

    fn link(&self, row: &Called, aim: Aim, expires_at: Time) -> String {
        let link = Link {
            site: SiteId::from_uuid(uuid(&row.site)),
            mailbox: MailboxId::from_uuid(uuid(&row.mailbox)),
            aim,
            expires_at,
        };
        link.address(&self.keys, "")
    }

    pub fn to(&self, email: &str, aim: Aim, expires_at: Time) -> String {
        let rows = self.rows(
            "SELECT id AS subject, id AS mailbox, site_id AS site FROM mailboxes WHERE folded = $1",
            email,
        );
        self.link(&rows[0], aim, expires_at)
    }

    /// The six digits of an attempt to sign in.
    pub fn code(&self, attempt: SignInId) -> String {
        postil::domain::link::code(&self.keys, attempt)
    }

    /// A link to the page of all that this address follows.
    pub fn manage(&self, email: &str) -> String {
        self.to(email, Aim::Manage, Time::now().plus(HOUR))
    }

    /// Sends a form of one of these pages.
    pub fn act(&self, link: &str, form: &str) -> Answer {
        self.app
            .call("POST", link)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .bytes(form.into())
            .send()
    }
}

pub const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

fn uuid(bytes: &[u8]) -> Uuid {
    Uuid::from_slice(bytes).unwrap()
}

/// A guest who follows this page and confirmed it; their token.
pub fn follower(app: &App, letters: &Letters, page: &str, email: &str) -> String {
    let guest = app.guest();
    let wish = json!({"site": SITE, "scope": "thread", "url": page_url(page), "email": email});
    app.post("/v1/subscriptions", wish)
        .bearer(&guest)
        .send()
        .is(202);
    if let Some(link) = letters.asked(email).last() {
        press(app, link).is(200);
    }
    guest
}

/// The letters that went out, as they lie in the directory.
pub fn sent(app: &App) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(app.dir.path().join("mail")) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    let letters = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    letters
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

fn state(app: &App, token: &str, page: &str) -> serde_json::Value {
    let thread = app.page(page)["thread"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/threads/{thread}/me");
    let me = app.get(&path).bearer(token).send().is(200).body;
    me["subscription"].clone()
}

#[test]
fn every_page_is_kept_by_nobody_and_tells_nobody_where_it_was() {
    on_both(|app| {
        let letters = Letters::of(app);
        follower(app, &letters, "a", "ann@example.org");
        let manage = letters.manage("ann@example.org");
        let confirm = letters.asked("ann@example.org").remove(0);
        for link in [manage.as_str(), &confirm, "/s/manage/x", "/s/confirm/AAAA"] {
            let answer = app.get(link).send();
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
            assert!(answer.header("set-cookie").is_empty());
            let policy = answer.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; style-src 'sha256-"),
                "{policy}"
            );
            let html = answer.text();
            assert!(
                !html.contains("<script") && !html.contains("example.org<"),
                "{html}"
            );
            assert!(html.starts_with("<!doctype html>"), "{html}");
        }
        app.get("/s/manage/x").send().is(404);
    });
}

#[test]
fn a_link_is_for_one_page_one_time_and_nobody_forges_it() {
    on_both(|app| {
        let letters = Letters::of(app);
        follower(app, &letters, "a", "ann@example.org");
        let manage = letters.manage("ann@example.org");
        let token = manage.rsplit('/').next().unwrap();
        for page in ["confirm", "unsubscribe"] {
            let link = format!("/s/{page}/{token}");
            app.get(&link).send().is(404);
            press(app, &link).is(404);
        }
        press(app, &format!("{manage}A")).is(404);
        let past = Time::from_micros(1);
        let asked = letters.asked("ann@example.org");
        let id = letters.rows(
            "SELECT subscriptions.id AS subject, subscriptions.mailbox_id AS mailbox, subscriptions.site_id AS site
             FROM subscriptions JOIN mailboxes ON mailboxes.id = subscriptions.mailbox_id WHERE folded = $1",
            "ann@example.org",
        );
        let aim = Aim::Confirm(SubscriptionId::from_uuid(uuid(&id[0].subject)));
        let old = letters.to("ann@example.org", aim, past);
        app.get(&old).send().is(410);
        press(app, &old).is(410);
        app.get(&asked[0]).send().is(200);
    });
}

#[test]
fn one_click_leaves_what_the_letter_was_about_and_looking_leaves_nothing() {
    on_both(|app| {
        let letters = Letters::of(app);
        let guest = follower(app, &letters, "a", "ann@example.org");
        follower_more(app, &guest, "b");
        let id = state(app, &guest, "a")["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let aim = Aim::Unsubscribe(Leaving::these(vec![id]));
        let link = letters.to("ann@example.org", aim, Time::now().plus(HOUR));
        let html = app.get(&link).send().is(200).text();
        assert_eq!(html.matches("<button").count(), 1, "{html}");
        app.call("HEAD", &link).send();
        assert_eq!(state(app, &guest, "a")["state"], "active");

        // As a mail provider does it: no cookie, no origin, no redirect (RFC 8058 §3.2).
        let boundary = "----b";
        let multipart = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--{boundary}--\r\n"
        );
        app.call("POST", &link)
            .header(
                "Content-Type",
                &format!("multipart/form-data; boundary={boundary}"),
            )
            .bytes(multipart.into())
            .send()
            .is(200);
        assert_eq!(state(app, &guest, "a"), serde_json::Value::Null);
        assert_eq!(state(app, &guest, "b")["state"], "active");
        letters.act(&link, "List-Unsubscribe=One-Click").is(200);
        app.call("POST", &link)
            .header("Content-Type", "application/json")
            .bytes(b"{}".to_vec())
            .send()
            .refuses(415, "unsupported_media_type");
        letters
            .act(&link, &"x".repeat(5000))
            .refuses(413, "body_too_large");

        // A digest leaves all of its frequency, and nothing else.
        let path = |page: &str| {
            let id = state(app, &guest, page)["id"].clone();
            format!("/v1/subscriptions/{}", id.as_str().unwrap())
        };
        follower_more(app, &guest, "a");
        app.patch(&path("b"), json!({"frequency": "daily"}))
            .bearer(&guest)
            .send()
            .is(200);
        let aim = Aim::Unsubscribe(Leaving::Digest(Frequency::Daily));
        let link = letters.to("ann@example.org", aim, Time::now().plus(HOUR));
        letters.act(&link, "List-Unsubscribe=One-Click").is(200);
        assert_eq!(state(app, &guest, "b"), serde_json::Value::Null);
        assert_eq!(state(app, &guest, "a")["state"], "active");
        let aim = Aim::Unsubscribe(Leaving::All);
        let link = letters.to("ann@example.org", aim, Time::now().plus(HOUR));
        letters.act(&link, "").is(200);
        assert_eq!(state(app, &guest, "a"), serde_json::Value::Null);
    });
}

/// Lets a guest whose address is known follow another page.
fn follower_more(app: &App, guest: &str, page: &str) {
    let wish = json!({"site": SITE, "scope": "thread", "url": page_url(page)});
    app.post("/v1/subscriptions", wish)
        .bearer(guest)
        .send()
        .is(202);
}

#[test]
fn all_of_it_is_managed_on_one_page() {
    on_both(|app| {
        let letters = Letters::of(app);
        let guest = follower(app, &letters, "a", "ann@example.org");
        follower_more(app, &guest, "b");
        let manage = letters.manage("ann@example.org");
        let id = state(app, &guest, "a")["id"].as_str().unwrap().to_owned();
        let form = format!("action=frequency&subscription={id}&frequency=hourly");
        letters.act(&manage, &form).is(200);
        assert_eq!(state(app, &guest, "a")["frequency"], "hourly");
        letters
            .act(
                &manage,
                &format!("action=frequency&subscription={id}&frequency=x"),
            )
            .is(200);
        assert_eq!(state(app, &guest, "a")["frequency"], "hourly");
        // Nobody else's is within reach.
        let other = follower(app, &letters, "a", "bob@example.org");
        let theirs = state(app, &other, "a")["id"].as_str().unwrap().to_owned();
        letters
            .act(&manage, &format!("action=stop&subscription={theirs}"))
            .is(200);
        assert_eq!(state(app, &other, "a")["state"], "active");

        letters
            .act(&manage, &format!("action=stop&subscription={id}"))
            .is(200);
        assert_eq!(state(app, &guest, "a"), serde_json::Value::Null);
        assert_eq!(state(app, &guest, "b")["state"], "active");
        letters.act(&manage, "action=stop_all").is(200);
        assert_eq!(state(app, &guest, "b"), serde_json::Value::Null);
        // After that, the same person has to be confirmed anew.
        follower_more_with(app, &guest, "c", "ann@example.org");
        assert_eq!(state(app, &guest, "c")["state"], "pending");
    });
}

fn follower_more_with(app: &App, guest: &str, page: &str, email: &str) {
    let wish = json!({"site": SITE, "scope": "thread", "url": page_url(page), "email": email});
    app.post("/v1/subscriptions", wish)
        .bearer(guest)
        .send()
        .is(202);
}

#[test]
fn a_forgotten_address_leaves_nothing_behind() {
    on_both(|app| {
        let letters = Letters::of(app);
        let mut body = comment("a", "I was here");
        body["notify"] = json!("all");
        body["author"] = json!({"name": "Ann", "email": "Ann@example.org"});
        let posted = app.post("/v1/comments", body).send().is(201).body;
        press(app, &letters.asked("ann@example.org")[0]).is(200);
        let token = posted["token"].as_str().unwrap();
        let manage = letters.manage("ann@example.org");
        letters.act(&manage, "action=forget").is(200);
        for (table, wanted) in [
            ("mailboxes", 0),
            ("subscriptions", 0),
            ("consents", 0),
            ("mailbox_people", 0),
            ("letter_requests", 0),
            // That a comment was published is nobody's letter.
            ("outbox WHERE kind <> 'comment.published'", 0),
            ("people WHERE email IS NOT NULL", 0),
            ("comments", 1),
        ] {
            let count = letters.count(&format!("SELECT count(*) AS count FROM {table}"));
            assert_eq!(count, wanted, "{table}");
        }
        assert_eq!(state(app, token, "a"), serde_json::Value::Null);
        // Its links say so, and no more.
        letters.act(&manage, "action=forget").is(200);
        letters.act(&manage, "action=stop_all").is(200);
        assert!(app.get(&manage).send().is(200).text().contains("forgotten"));
    });
}

#[test]
fn an_old_link_sends_a_new_one_to_the_same_address() {
    on_both(|app| {
        let letters = Letters::of(app);
        follower(app, &letters, "a", "ann@example.org");
        let old = letters.to("ann@example.org", Aim::Manage, Time::from_micros(1));
        app.get(&old).send().is(410);
        let sent = || {
            letters.count("SELECT count(*) AS count FROM outbox WHERE kind = 'subscriptions_link'")
        };
        assert_eq!(sent(), 0);
        for _ in 0..5 {
            press(app, &old).is(200);
        }
        assert_eq!(sent(), 1);
        // What it says is no way to change anything.
        letters.act(&old, "action=forget").is(200);
        assert_eq!(letters.count("SELECT count(*) AS count FROM mailboxes"), 1);
    });
}

#[test]
fn the_pages_speak_the_sites_language() {
    on_both(|app| {
        let letters = Letters::of(app);
        app.patch(&format!("/v1/sites/{SITE}"), json!({"locale": "ar"}))
            .bearer(&app.admin)
            .send()
            .is(200);
        follower(app, &letters, "a", "ann@example.org");
        let html = app.get(&letters.manage("ann@example.org")).send().text();
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
        assert!(html.contains("اشتراكاتك"), "{html}");
    });
}

#[test]
fn whoever_leaves_everything_is_not_told_what_became_of_their_comments_either() {
    on_both(|app| {
        let letters = Letters::of(app);
        let email = "ann@example.org";
        let guest = follower(app, &letters, "a", email);
        app.policy(json!({"moderation": "pre"}));
        let told = || {
            let held = app
                .post("/v1/comments", comment("a", "May I?"))
                .bearer(&guest)
                .send()
                .is(202)
                .body;
            let approve = json!({"action": "approve", "ids": [held["id"]]});
            app.post("/v1/moderation/actions", approve)
                .bearer(&app.moderator)
                .send()
                .is(200);
            letters.count("SELECT COUNT(*) AS count FROM outbox WHERE kind = 'comment.approved'")
        };
        assert_eq!(told(), 1);
        let link = letters.to(
            email,
            Aim::Unsubscribe(Leaving::All),
            Time::now().plus(HOUR),
        );
        app.get(&link).send().is(200);
        letters.act(&link, "List-Unsubscribe=One-Click").is(200);
        assert_eq!(told(), 1);
    });
}

#[test]
fn what_nobody_follows_calls_for_no_work() {
    on_both(|app| {
        let letters = Letters::of(app);
        let news = || {
            let kinds = "kind IN ('comment.published', 'comment.news')";
            letters.count(&format!(
                "SELECT COUNT(*) AS count FROM outbox WHERE {kinds}"
            ))
        };
        let first = app.comment("a", "Is anybody there?");
        follower(app, &letters, "b", "ann@example.org");
        app.reply("a", &first, "It seems not");
        assert_eq!(news(), 0);
        app.comment("b", "Here I am");
        assert!(news() > 0);
    });
}
