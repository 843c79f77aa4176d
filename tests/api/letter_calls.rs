//! Every call that may cause a letter to an address that it names counts as one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::contract::{contract, resolve};
use crate::support::{Answer, App, SITE, comment, on_both_with, page_url};

/// Whether a route may cause a letter to an address that the body names.
#[derive(Clone, Copy)]
enum Letter {
    /// There is no address in its body, or none that is written to.
    None,
    /// Sends such a call, the n-th: one that names an address of its own, or else the same without an address.
    To(fn(&World, usize, Option<&str>) -> Answer),
}
use Letter::{None as NONE, To};

/// Every route that is not GET.
const ROUTES: &[(&str, Letter)] = &[
    ("POST /v1/comments", To(post_comment)),
    ("POST /v1/subscriptions", To(subscribe)),
    ("POST /v1/identity/email", To(sign_in)),
    ("POST /v1/comments/{id}/reports", To(report)),
    ("PUT /v1/moderation/threads", To(direct)),
    ("PATCH /v1/moderation/threads/{thread}", To(change)),
    // What is told to moderators and followers goes to addresses that were given before, and counted then.
    ("PATCH /v1/comments/{id}", NONE),
    ("DELETE /v1/comments/{id}", NONE),
    ("PUT /v1/comments/{id}/vote", NONE),
    ("PUT /v1/comments/{id}/reactions/{emoji}", NONE),
    ("DELETE /v1/comments/{id}/reactions/{emoji}", NONE),
    ("POST /v1/preview", NONE),
    ("PUT /v1/threads/{thread}/passages/{key}", NONE),
    ("PATCH /v1/passages/{id}", NONE),
    ("POST /v1/threads/{thread}/anchors", NONE),
    // A guest's address is given with a comment only; the site's own sign-on vouches for the one that it gives.
    ("POST /v1/identity/guest", NONE),
    ("POST /v1/identity/sso", NONE),
    ("POST /v1/identity/refresh", NONE),
    ("POST /v1/identity/signout", NONE),
    ("POST /v1/identity/email/look", NONE),
    ("POST /v1/identity/email/verify", NONE),
    ("POST /v1/sessions", NONE),
    ("DELETE /v1/sessions/{id}", NONE),
    ("POST /v1/identity/earlier", NONE),
    ("PATCH /v1/subscriptions/{id}", NONE),
    ("DELETE /v1/subscriptions/{id}", NONE),
    // Pages behind links: a letter goes to the link's own mailbox, if to any.
    ("POST /s/confirm/{token}", NONE),
    ("POST /s/unsubscribe/{token}", NONE),
    ("POST /s/manage/{token}", NONE),
    ("POST /s/sign-in/{token}", NONE),
    ("POST /s/moderator/{token}", NONE),
    ("POST /s/decide/{token}", NONE),
    // An address is banned by the comment of whoever has it; who is told of a decision gave the address themselves.
    ("POST /v1/moderation/bans", NONE),
    ("DELETE /v1/moderation/bans/{id}", NONE),
    ("PATCH /v1/moderation/people/{id}", NONE),
    ("POST /v1/moderation/reports/{id}/decision", NONE),
    ("POST /v1/moderation/actions", NONE),
    ("POST /v1/moderation/threads/{thread}/join", NONE),
    ("POST /v1/moderation/joins/{id}/undo", NONE),
    ("PUT /v1/moderation/rules/{list}", NONE),
    ("POST /v1/sites", NONE),
    ("PATCH /v1/sites/{site}", NONE),
    ("PUT /v1/sites/{site}/adviser", NONE),
    ("DELETE /v1/sites/{site}/adviser", NONE),
    ("POST /v1/sites/{site}/adviser/secret", NONE),
    ("POST /v1/jobs/{id}/cancel", NONE),
    ("POST /v1/tokens", NONE),
    ("DELETE /v1/tokens/{id}", NONE),
];

/// What the calls are about, and the network that they come from.
struct World<'a> {
    app: &'a App,
    network: String,
    reader: String,
    comments: Vec<Value>,
}

impl World<'_> {
    fn send(&self, method: &str, path: &str, body: Value, token: &str) -> Answer {
        let call = self.app.call(method, path).json(body).bearer(token);
        call.header("X-Forwarded-For", &self.network).send()
    }
}

fn post_comment(world: &World, n: usize, to: Option<&str>) -> Answer {
    let mut body = comment("a", &format!("Thought number {n}"));
    body["author"] = json!({"email": to.unwrap_or("me@example.org")});
    body["notify"] = json!(if to.is_some() { "replies" } else { "none" });
    world.send("POST", "/v1/comments", body, &world.reader)
}

fn subscribe(world: &World, _: usize, to: Option<&str>) -> Answer {
    let body = json!({"site": SITE, "scope": "thread", "url": page_url("a"), "email": to});
    world.send("POST", "/v1/subscriptions", body, &world.reader)
}

fn sign_in(world: &World, _: usize, to: Option<&str>) -> Answer {
    let body = json!({"site": SITE, "email": to.unwrap_or(""), "url": page_url("a")});
    world.send("POST", "/v1/identity/email", body, &world.reader)
}

fn report(world: &World, n: usize, to: Option<&str>) -> Answer {
    let id = world.comments[n]["id"].as_str().unwrap();
    let mut body = json!({"reason": "illegal", "detail": "It is a threat."});
    if let Some(to) = to {
        body["notice"] = json!({"contact": to});
    }
    let path = format!("/v1/comments/{id}/reports");
    world.send("POST", &path, body, &world.reader)
}

fn direct(world: &World, n: usize, to: Option<&str>) -> Answer {
    let page = page_url(&format!("article-{n}"));
    let body = json!({"site": SITE, "url": page, "author": {"email": to}});
    let token = &world.app.moderator;
    world.send("PUT", "/v1/moderation/threads", body, token)
}

fn change(world: &World, n: usize, to: Option<&str>) -> Answer {
    let thread = world.comments[n]["thread_id"].as_str().unwrap();
    let path = format!("/v1/moderation/threads/{thread}");
    let body = json!({"author": {"email": to}});
    world.send("PATCH", &path, body, &world.app.admin)
}

/// Every method and address in the table of routes but what only reads.
fn routes() -> BTreeSet<String> {
    let text = include_str!("../../src/http/mod.rs");
    let (_, table) = text.split_once("pub fn routes(").unwrap();
    let (table, _) = table.split_once("default_service").unwrap();
    let methods = |text: &str| -> Vec<String> {
        let named = text.split("on(").skip(1);
        named
            .map(|rest| rest.split(',').next().unwrap().trim().to_owned())
            .collect()
    };
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut routes = BTreeSet::new();
    for statement in table.split(';') {
        let lines = statement.lines().map(str::trim);
        let statement: String = lines.filter(|line| !line.starts_with("//")).collect();
        let start = statement.find("let ").map(|at| &statement[at + 4..]);
        match (start, statement.split_once("at(config,")) {
            (_, Some((_, rest))) => {
                let mut parts = rest.splitn(3, '"').skip(1);
                let (path, handlers) = (parts.next().unwrap(), parts.next().unwrap());
                let own = methods(handlers);
                let variable = handlers.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
                let own = match own.is_empty() {
                    true => named[variable].clone(),
                    false => own,
                };
                let own = own.into_iter().filter(|method| method != "GET");
                routes.extend(own.map(|method| format!("{method} {path}")));
            }
            (Some(rest), None) => {
                let (name, handlers) = rest.split_once('=').unwrap();
                let name = name.trim().to_owned().leak();
                named.insert(name, methods(handlers));
            }
            (None, None) => {}
        }
    }
    routes
}

#[test]
fn it_is_known_of_every_route_whether_it_may_cause_a_letter() {
    let known: BTreeSet<String> = ROUTES.iter().map(|(route, _)| (*route).into()).collect();
    assert_eq!(known.len(), ROUTES.len());
    assert_eq!(routes(), known);
}

/// Whether something in a schema is an address.
fn has_address(schema: &'static Value) -> bool {
    let schema = resolve(schema);
    // A word of a vocabulary, as a site's form has it, is no address.
    let is_named = |name: &String, of: &'static Value| {
        ["email", "contact", "address"].contains(&name.as_str()) && resolve(of)["enum"].is_null()
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let parts = ["anyOf", "oneOf", "allOf"].map(|list| schema[list].as_array());
    schema["format"] == "email"
        || properties
            .into_iter()
            .any(|(name, of)| is_named(name, of) || has_address(of))
        || parts.into_iter().flatten().flatten().any(has_address)
        || (schema["items"].is_object() && has_address(&schema["items"]))
}

#[test]
fn a_body_with_an_address_in_it_is_that_of_a_call_for_a_letter() {
    let mut found = BTreeSet::new();
    for (path, item) in contract()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let bodies = resolve(&operation["requestBody"])["content"].as_object();
            let mut schemas = bodies
                .into_iter()
                .flatten()
                .map(|(_, body)| &body["schema"]);
            if schemas.any(has_address) {
                found.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let to = ROUTES.iter().filter(|(_, letter)| matches!(letter, To(_)));
    let to: BTreeSet<String> = to.map(|(route, _)| (*route).into()).collect();
    assert_eq!(found, to);
}

#[test]
fn whatever_may_cause_a_letter_to_an_address_counts_as_one() {
    let flags = ["--rate-letters=2/3600", "--trusted-proxies=127.0.0.1"];
    on_both_with(&flags, |app| {
        let comments: Vec<Value> = (0..4)
            .map(|n| app.comment(&format!("c{n}"), "Hello"))
            .collect();
        let calls = ROUTES.iter().filter_map(|(route, letter)| match letter {
            To(call) => Some((*route, *call)),
            NONE => None,
        });
        for (n, (route, call)) in calls.enumerate() {
            let world = World {
                app,
                network: format!("198.51.{n}.1"),
                reader: app.guest(),
                comments: comments.clone(),
            };
            let to = |turn: usize| format!("stranger-{n}-{turn}@example.org");
            for turn in 0..2 {
                let answer = call(&world, turn, Some(&to(turn)));
                assert!(answer.status < 300, "{route}: {}", answer.text());
                let policy = answer.header("ratelimit-policy");
                assert_eq!(policy, "\"letters\";q=2;w=3600", "{route}");
            }
            let refused = call(&world, 2, Some(&to(2)));
            assert_eq!(refused.status, 429, "{route}: {}", refused.text());
            refused.refuses(429, "rate_limited");
            // Nothing was written to whom the refused call names.
            let mailboxes = crate::letters::Letters::of(app).count(&format!(
                "SELECT COUNT(*) AS count FROM mailboxes WHERE folded LIKE 'stranger-{n}-%'"
            ));
            assert_eq!(mailboxes, 2, "{route}");
            // Without an address it is no call for a letter, where it is a call at all.
            if ["/v1/subscriptions", "/v1/identity/email"]
                .iter()
                .all(|of_letters| !route.ends_with(of_letters))
            {
                let answer = call(&world, 3, None);
                assert!(answer.status < 300, "{route}: {}", answer.text());
            }
        }
    });
}
