//! Keys that a site publishes at an address: fetched, followed when they change, and in force while nobody answers there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use crate::sign_on::{b64, claims, join};
use crate::support::{Answer, App, ORIGIN, SITE, eventually, on_both, on_both_with};

/// Addresses on this machine are called, but for those of one network.
const CALLING: &[&str] = &["--outbound-networks=127.0.0.1/32"];

/// What each path answers.
type Answers = Mutex<Vec<(String, Vec<u8>)>>;

/// A publisher on a port of its own. Each path answers with what was put there; an empty answer never comes.
struct Publisher {
    origin: String,
    answers: Arc<Answers>,
    asked: Arc<Mutex<usize>>,
}

impl Publisher {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let it = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            answers: Arc::default(),
            asked: Arc::default(),
        };
        let (answers, asked) = (it.answers.clone(), it.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, asked) = (answers.clone(), asked.clone());
                std::thread::spawn(move || answer(stream.unwrap(), &answers, &asked));
            }
        });
        it
    }

    fn answers(&self, path: &str, head: &str, body: &[u8]) {
        let mut bytes = match head {
            "" => Vec::new(),
            head => format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").into_bytes(),
        };
        bytes.extend_from_slice(body);
        let mut answers = self.answers.lock().unwrap();
        answers.retain(|(own, _)| own != path);
        answers.push((path.to_owned(), bytes));
    }

    fn publishes(&self, keys: Value) {
        let body = json!({ "keys": keys }).to_string();
        self.answers("/jwks", "200 OK", body.as_bytes());
    }

    fn url(&self) -> String {
        format!("{}/jwks", self.origin)
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

fn answer(mut stream: TcpStream, answers: &Answers, asked: &Mutex<usize>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    while lines
        .next()
        .and_then(Result::ok)
        .is_some_and(|line| !line.is_empty())
    {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    *asked.lock().unwrap() += 1;
    let found = answers.lock().unwrap();
    let found = found.iter().find(|(own, _)| own == path).cloned();
    match found {
        Some((_, bytes)) if bytes.is_empty() => {
            let _ = stream.read(&mut [0]);
        }
        Some((_, bytes)) => {
            let _ = stream.write_all(&bytes);
        }
        None => {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

/// A key of the publisher's, with its name.
struct Signer(&'static str, SigningKey);

impl Signer {
    fn new(kid: &'static str, seed: u8) -> Self {
        Self(kid, SigningKey::from_bytes(&[seed; 32]))
    }

    fn jwk(&self) -> Value {
        let public = self.1.verifying_key();
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.0, "x": b64(public.as_bytes())})
    }

    fn token(&self) -> String {
        let header = json!({"alg": "EdDSA", "kid": self.0});
        join(&header, &claims("7"), |text| self.1.sign(text).to_vec())
    }
}

fn set(app: &App, url: &str) -> Answer {
    let sso = json!({"sso": {"audience": "postil", "jwks_url": url}});
    app.patch(&format!("/v1/sites/{SITE}"), sso)
        .bearer(&app.admin)
        .send()
}

fn sso(app: &App) -> Value {
    let site = app.get(&format!("/v1/sites/{SITE}")).bearer(&app.admin);
    site.send().is(200).body["sso"].clone()
}

fn sign_in(app: &App, signer: &Signer) -> Answer {
    let body = json!({"site": SITE, "token": signer.token()});
    app.post("/v1/identity/sso", body).send()
}

/// Has the brake let go, as ten seconds would.
fn later(app: &App) {
    app.sql(
        "UPDATE site_keys SET tried_at = tried_at - 11000000, fetched_at = fetched_at - 11000000",
    );
}

fn due(app: &App) {
    later(app);
    app.sql("UPDATE site_keys SET due_at = 0");
}

#[test]
fn keys_change_when_their_publisher_changes_them() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let (old, new) = (Signer::new("old", 7), Signer::new("new", 8));
        let encrypting =
            json!({"kty": "OKP", "crv": "X25519", "kid": "enc", "use": "enc", "x": b64([1; 32])});
        publisher.publishes(json!([encrypting, old.jwk()]));
        let told = set(app, &publisher.url()).is(200).body["sso"].clone();
        assert_eq!(told["algorithms"], json!(["EdDSA"]));
        assert_eq!(told["jwks_url"], publisher.url());
        assert_eq!(
            (&told["left_out"][0]["kid"], &told["left_out"][0]["code"]),
            (&json!("enc"), &json!("purpose"))
        );
        assert_eq!(sso(app), told);
        assert_eq!(
            app.get("/v1/sites").bearer(&app.admin).send().is(200).body["items"][0]["sso"],
            told
        );
        sign_in(app, &old).is(200);
        sign_in(app, &old).is(200);
        assert_eq!(publisher.asked(), 1);
        // Just asked: a name that is unknown is not asked for again.
        publisher.publishes(json!([old.jwk(), new.jwk()]));
        sign_in(app, &new).refuses(401, "sso_token_invalid");
        assert_eq!(publisher.asked(), 1);
        later(app);
        sign_in(app, &new).is(200);
        sign_in(app, &old).is(200);
        assert_eq!(publisher.asked(), 2);
        // What is gone there is gone here, once it is looked.
        publisher.publishes(json!([new.jwk()]));
        later(app);
        sign_in(app, &Signer::new("unknown", 9)).refuses(401, "sso_token_invalid");
        assert_eq!(publisher.asked(), 3);
        sign_in(app, &old).refuses(401, "sso_token_invalid");
        sign_in(app, &new).is(200);
        // The same name with another key, as some have it.
        let same = Signer::new("new", 10);
        publisher.publishes(json!([same.jwk()]));
        later(app);
        sign_in(app, &same).is(200);
        assert_eq!(publisher.asked(), 4);
        // A published key is no secret.
        let public = same.1.verifying_key();
        let forged = join(
            &json!({"alg": "HS256", "kid": "new"}),
            &claims("7"),
            |text| {
                use hmac::Mac as _;
                let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(public.as_bytes()).unwrap();
                mac.chain_update(text).finalize().into_bytes().to_vec()
            },
        );
        let body = json!({"site": SITE, "token": forged});
        app.post("/v1/identity/sso", body)
            .send()
            .refuses(401, "sso_token_invalid");
        // Another kind of key takes the place of the address, and nothing of it is left.
        let jwks = json!({"sso": {"audience": "postil", "jwks": {"keys": [old.jwk()]}}});
        let site = app
            .patch(&format!("/v1/sites/{SITE}"), jwks)
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(site.body["sso"]["jwks_url"], Value::Null);
        sign_in(app, &same).refuses(401, "sso_token_invalid");
        sign_in(app, &old).is(200);
    });
}

#[test]
fn many_who_come_at_once_make_one_question() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let (old, new) = (Signer::new("old", 7), Signer::new("new", 8));
        publisher.publishes(json!([old.jwk()]));
        set(app, &publisher.url()).is(200);
        later(app);
        publisher.publishes(json!([new.jwk()]));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| sign_in(app, &new).is(200));
            }
        });
        assert_eq!(publisher.asked(), 2);
        // Nor do many tokens that nobody signed.
        later(app);
        std::thread::scope(|scope| {
            for seed in 20..28 {
                scope.spawn(move || {
                    for _ in 0..5 {
                        let stranger = Signer::new("stranger", seed);
                        sign_in(app, &stranger).refuses(401, "sso_token_invalid");
                    }
                });
            }
        });
        assert_eq!(publisher.asked(), 3);
        sign_in(app, &new).is(200);
    });
}

#[test]
fn the_last_keys_are_in_force_while_there_is_no_answer() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let (old, new) = (Signer::new("old", 7), Signer::new("new", 8));
        publisher.publishes(json!([old.jwk()]));
        let told = set(app, &publisher.url()).is(200).body["sso"].clone();
        for (head, body, why) in [
            (
                "503 Service Unavailable",
                "",
                "it answers with the status 503",
            ),
            ("200 OK", "<!doctype html>", "what it answers is not JSON"),
            ("200 OK", "{}", "an array `keys`"),
            ("", "", "it took too long"),
        ] {
            publisher.answers("/jwks", head, body.as_bytes());
            later(app);
            let before = publisher.asked();
            sign_in(app, &new).refuses(401, "sso_token_invalid");
            sign_in(app, &new).refuses(401, "sso_token_invalid");
            assert_eq!(publisher.asked(), before + 1, "{why}");
            sign_in(app, &old).is(200);
            let failed = sso(app);
            let said = failed["failure"].as_str().unwrap();
            assert!(said.contains(why), "{said}");
            assert_eq!(failed["algorithms"], told["algorithms"]);
        }
        // The setting can be made again meanwhile, and changed in other ways.
        set(app, &publisher.url()).is(200);
        sign_in(app, &old).is(200);
        set(app, &format!("{}/other", publisher.origin)).refuses(422, "sso_invalid");
        sign_in(app, &old).is(200);
        publisher.publishes(json!([new.jwk()]));
        later(app);
        sign_in(app, &new).is(200);
        assert_eq!(sso(app)["failure"], Value::Null);
    });
}

#[test]
fn keys_are_asked_for_again_before_they_are_old() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let (old, new) = (Signer::new("old", 7), Signer::new("new", 8));
        publisher.publishes(json!([old.jwk()]));
        set(app, &publisher.url()).is(200);
        sign_in(app, &old).is(200);
        let mut private = old.jwk();
        private["d"] = json!(b64([7; 32]));
        publisher.publishes(json!([private, new.jwk()]));
        due(app);
        // Nobody signs in meanwhile. A key that everybody has is nobody's.
        eventually("second question", || (publisher.asked() == 2).then_some(()));
        let told = eventually("the new keys", || {
            let told = sso(app);
            let is_new = told["left_out"] != json!([]);
            is_new.then_some(told)
        });
        assert_eq!(told["left_out"][0]["code"], "private");
        assert!(!told.to_string().contains(&b64([7; 32])));
        sign_in(app, &new).is(200);
        sign_in(app, &old).refuses(401, "sso_token_invalid");
        // Whoever takes all keys away has nobody signed in.
        publisher.publishes(json!([]));
        due(app);
        eventually("no keys", || {
            (sso(app)["algorithms"] == json!([])).then_some(())
        });
        sign_in(app, &new).refuses(401, "sso_token_invalid");
    });
}

#[test]
fn a_mistake_in_an_address_is_told_at_once_and_changes_nothing() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let good = Signer::new("a", 7);
        let keys = |keys: Value| json!({ "keys": keys }).to_string();
        let mut private = good.jwk();
        private["d"] = json!("AQAB");
        let large = format!("{}{}", " ".repeat(10 << 20), keys(json!([good.jwk()])));
        for (head, body, saying) in [
            ("404 Not Found", String::new(), "the status 404"),
            ("204 No Content", String::new(), "the status 204"),
            ("200 OK", String::new(), "not JSON"),
            ("200 OK", "<html>".into(), "not JSON"),
            ("200 OK", "[".repeat(60_000), "not JSON"),
            ("200 OK", "[]".into(), "an array `keys`"),
            ("200 OK", json!({"jwks": []}).to_string(), "an array `keys`"),
            ("200 OK", large, "too large"),
            ("200 OK", keys(json!([])), "no key that can be used"),
            (
                "200 OK",
                keys(json!([{"kty": "AKP", "kid": "b"}])),
                "the type “AKP”",
            ),
            (
                "200 OK",
                keys(json!([good.jwk(), private])),
                "private member `d`",
            ),
            (
                "200 OK",
                keys(json!([good.jwk(), {"kty": "oct", "k": b64([1; 32])}])),
                "shared secret",
            ),
            (
                "302 Found\r\nLocation: http://127.0.0.2:1/jwks",
                String::new(),
                "may not be called",
            ),
            (
                "302 Found\r\nLocation: http://169.254.169.254/latest/",
                String::new(),
                "may not be called",
            ),
            (
                "302 Found\r\nLocation: file:///etc/passwd",
                String::new(),
                "redirects to nowhere",
            ),
            ("302 Found", String::new(), "redirects to nowhere"),
            (
                "302 Found\r\nLocation: /jwks",
                String::new(),
                "redirects on and on",
            ),
        ] {
            publisher.answers("/jwks", head, body.as_bytes());
            let refused = set(app, &publisher.url()).refuses(422, "sso_invalid");
            assert_eq!(refused.body["errors"][0]["pointer"], "/sso");
            let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(saying), "{detail}");
            assert_eq!(sso(app), Value::Null, "{saying}");
        }
        for url in [
            "",
            "jwks.json",
            "ftp://blog.example/",
            "https://me:pw@blog.example/",
            "http://127.0.0.2/jwks",
        ] {
            set(app, url).refuses(422, "sso_invalid");
        }
        // One redirect is none.
        let body = keys(json!([good.jwk()]));
        publisher.answers("/there", "200 OK", format!("\u{feff}{body}").as_bytes());
        publisher.answers("/jwks", "301 Moved\r\nLocation: there", b"");
        set(app, &publisher.url()).is(200);
        sign_in(app, &good).is(200);
    });
}

#[test]
fn an_address_is_called_for_those_who_may_set_it_alone() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        publisher.publishes(json!([Signer::new("a", 7).jwk()]));
        let sso = json!({"sso": {"audience": "postil", "jwks_url": publisher.url()}});
        let path = format!("/v1/sites/{SITE}");
        for token in [&app.moderator, &app.guest()] {
            app.patch(&path, sso.clone())
                .bearer(token)
                .send()
                .refuses(403, "forbidden");
        }
        app.patch(&path, sso.clone())
            .send()
            .refuses(401, "unauthorized");
        let other = json!({"slug": "other", "name": "Other", "origins": [ORIGIN]});
        app.post("/v1/sites", other)
            .bearer(&app.admin)
            .send()
            .is(201);
        let own = json!({"name": "own", "role": "admin", "site": "other"});
        let own = app
            .post("/v1/tokens", own)
            .bearer(&app.admin)
            .send()
            .is(201)
            .body;
        let own = own["token"].as_str().unwrap();
        app.patch(&path, sso.clone())
            .bearer(own)
            .send()
            .refuses(403, "forbidden");
        let mut new = sso.clone();
        new["slug"] = json!("new");
        new["origins"] = json!([ORIGIN]);
        app.post("/v1/sites", new.clone())
            .bearer(own)
            .send()
            .refuses(403, "forbidden");
        assert_eq!(publisher.asked(), 0);
        // A new site has its keys at once; the request that is sent again has the same answer, whoever is away.
        let add = || {
            app.post("/v1/sites", new.clone())
                .bearer(&app.admin)
                .header("Idempotency-Key", "the-same-1")
                .send()
                .is(201)
                .body
        };
        let added = add();
        assert_eq!(added["sso"]["algorithms"], json!(["EdDSA"]));
        publisher.answers("/jwks", "500 Broken", b"");
        assert_eq!(add(), added);
        assert_eq!(publisher.asked(), 1);
    });
    // Without a word of the operator's nothing private is called.
    on_both(|app| {
        let publisher = Publisher::start();
        publisher.publishes(json!([Signer::new("a", 7).jwk()]));
        let refused = set(app, &publisher.url()).refuses(422, "sso_invalid");
        assert!(refused.text().contains("--outbound-networks"));
        assert_eq!(publisher.asked(), 0);
    });
}

#[test]
fn the_command_fetches_keys_and_names_what_it_left_out() {
    on_both_with(CALLING, |app| {
        let publisher = Publisher::start();
        let good = Signer::new("a", 7);
        let other = json!({"kty": "RSA", "kid": "b", "use": "enc", "n": "AQ", "e": "AQAB"});
        publisher.publishes(json!([other, good.jwk()]));
        let url = publisher.url();
        let set = [
            "site",
            "set",
            SITE,
            "--sso-jwks-url",
            &url,
            "--sso-audience",
            "postil",
        ];
        let said = app.postil(&[&set[..], CALLING].concat());
        for line in [
            "  sign-on: EdDSA for `postil`\n",
            &format!("  keys from {url}, fetched at 20"),
            "  left out (kid `b`): Key 1 of the `jwks` is not for signatures: its `use` is “enc”",
        ] {
            assert!(said.contains(line), "{said}");
        }
        sign_in(app, &good).is(200);
        assert!(app.postil(&["site", "list"]).contains("EdDSA"));
        let file = app.dir.path().join("keys.json");
        std::fs::write(
            &file,
            json!({"keys": [good.jwk(), {"kty": "AKP"}]}).to_string(),
        )
        .unwrap();
        let file = file.to_string_lossy();
        let said = app.postil(&[
            "site",
            "set",
            SITE,
            "--sso-jwks",
            &file,
            "--sso-audience",
            "postil",
        ]);
        assert!(
            said.contains("  left out: Key 2 of the `jwks` is of the type “AKP”"),
            "{said}"
        );
        sign_in(app, &good).is(200);
    });
}
