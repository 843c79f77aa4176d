//! People whom their site signs in: a token of the site's is exchanged for one of ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use postil::domain::time::Time;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Answer, App, ORIGIN, SITE, comment, on_both};

const SECRET: &str = "what the blog and the service know";

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn join(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", b64(signature))
}

/// A token as a site with a shared secret signs it.
fn hs256(secret: &[u8], claims: &Value) -> String {
    join(&json!({"alg": "HS256", "typ": "JWT"}), claims, |message| {
        let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.chain_update(message).finalize().into_bytes().to_vec()
    })
}

/// Someone with that subject, known for the next five minutes.
pub fn claims(subject: &str) -> Value {
    let now = Time::now().seconds();
    json!({"sub": subject, "aud": "postil", "iat": now, "exp": now + 300, "name": "Ada"})
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// Lets the blog sign its people in.
fn trust(app: &App, sso: Value) -> Answer {
    app.patch(&format!("/v1/sites/{SITE}"), json!({"sso": sso}))
        .bearer(&app.admin)
        .send()
        .is(200)
}

pub fn trust_secret(app: &App) {
    trust(app, json!({"audience": "postil", "hs256_secret": SECRET}));
}

/// What is told of a sign-on by keys that the site gave.
fn told(algorithm: &str) -> Value {
    json!({"issuer": null, "audience": "postil", "algorithms": [algorithm], "jwks_url": null, "fetched_at": null,
           "failure": null, "left_out": []})
}

fn sign_in(app: &App, token: &str) -> Answer {
    app.post("/v1/identity/sso", json!({"site": SITE, "token": token}))
        .send()
}

/// Signs that person in, and gives the answer's body.
pub fn signed_in(app: &App, claims: &Value) -> Value {
    sign_in(app, &hs256(SECRET.as_bytes(), claims)).is(200).body
}

#[test]
fn what_the_site_calls_its_people_is_the_sites_word() {
    on_both(|app| {
        trust_secret(app);
        let name = json!("Ada (Moderator)");
        let ada = signed_in(app, &with(claims("7"), "name", name.clone()));
        let posted = app
            .post("/v1/comments", comment("a", "Hello"))
            .bearer(ada["token"].as_str().unwrap())
            .send()
            .is(201)
            .body;
        assert_eq!(posted["author"]["name"], name);
        assert_eq!(posted["author"]["badge"], Value::Null);
    });
}

#[test]
fn a_person_whom_the_site_signs_in_writes_under_their_name() {
    on_both(|app| {
        trust_secret(app);
        assert_eq!(app.page("a")["policy"]["sso"], true);
        let picture = json!("https://blog.example/ada.png");
        let ada = signed_in(app, &with(claims("7"), "picture", picture.clone()));
        let person = &ada["person"];
        assert_eq!(
            (&person["kind"], &person["name"], &person["verified"]),
            (&json!("sso"), &json!("Ada"), &json!(true))
        );
        let mut signed = comment("a", "Hello");
        signed["author"] = json!({"name": "Somebody else"});
        let posted = app
            .post("/v1/comments", signed)
            .bearer(ada["token"].as_str().unwrap())
            .send()
            .is(201)
            .body;
        let author = &posted["author"];
        assert_eq!(author["id"], person["id"]);
        assert_eq!(
            (&author["name"], &author["verified"], &author["avatar_url"]),
            (&json!("Ada"), &json!(true), &picture)
        );
    });
}

#[test]
fn one_subject_is_one_person_and_two_are_two() {
    on_both(|app| {
        trust_secret(app);
        let with_address = |subject: &str| {
            let claims = with(claims(subject), "email", json!("ada@example.org"));
            with(claims, "email_verified", json!(true))
        };
        let ada = signed_in(app, &with_address("7"));
        let again = signed_in(app, &with(with_address("7"), "name", json!("Ada L.")));
        assert_eq!(again["person"]["id"], ada["person"]["id"]);
        assert_eq!(again["person"]["name"], "Ada L.");
        // The same name and the same address are no proof of being the same person.
        let mut others = vec![
            signed_in(app, &with_address("8")),
            signed_in(app, &with_address("7 ")),
            signed_in(
                app,
                &with(with_address("7"), "iss", json!("https://other.example")),
            ),
        ];
        let neighbour = json!({"slug": "other", "name": "Other", "origins": ["https://other.example"],
            "sso": {"audience": "postil", "hs256_secret": SECRET}});
        app.post("/v1/sites", neighbour)
            .bearer(&app.admin)
            .send()
            .is(201);
        let token = hs256(SECRET.as_bytes(), &with_address("7"));
        let there = app.post("/v1/identity/sso", json!({"site": "other", "token": token}));
        others.push(there.send().is(200).body);
        let mut ids: Vec<_> = others.iter().map(|other| &other["person"]["id"]).collect();
        ids.push(&ada["person"]["id"]);
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{ids:?}");
        }
    });
}

#[test]
fn somebody_who_signs_in_twice_at_once_is_one_person() {
    on_both(|app| {
        trust_secret(app);
        let claims = claims("7");
        let ids: Vec<Value> = std::thread::scope(|scope| {
            let sign_ins: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| signed_in(app, &claims)["person"]["id"].clone()))
                .collect();
            sign_ins
                .into_iter()
                .map(|one| one.join().unwrap())
                .collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    });
}

#[test]
fn claims_grant_no_role() {
    on_both(|app| {
        trust_secret(app);
        let mut grand = claims("7");
        for (name, value) in [
            ("role", json!("admin")),
            ("roles", json!(["admin", "moderator"])),
            ("admin", json!(true)),
            ("scope", json!("moderator")),
        ] {
            grand[name] = value;
        }
        let signed_in = signed_in(app, &grand);
        assert_eq!(signed_in["person"]["role"], "reader");
        let token = signed_in["token"].as_str().unwrap();
        for path in ["/v1/sites", "/v1/tokens", "/v1/moderation/comments"] {
            app.get(path).bearer(token).send().refuses(403, "forbidden");
        }
    });
}

#[test]
fn a_token_that_does_not_verify_is_refused() {
    on_both(|app| {
        trust(
            app,
            json!({"audience": "postil", "issuer": ORIGIN, "hs256_secret": SECRET}),
        );
        let good = with(claims("7"), "iss", json!(ORIGIN));
        let now = Time::now().seconds();
        let without = |name: &str| {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(name);
            claims
        };
        for wrong in [
            with(good.clone(), "aud", json!("another")),
            without("aud"),
            with(good.clone(), "iss", json!("https://elsewhere.example")),
            without("iss"),
            with(good.clone(), "exp", json!(now - 61)),
            without("exp"),
            with(good.clone(), "nbf", json!(now + 600)),
            with(good.clone(), "sub", json!("")),
            without("sub"),
        ] {
            let refused = sign_in(app, &hs256(SECRET.as_bytes(), &wrong));
            assert_eq!(refused.body["code"], "sso_token_invalid", "{wrong}");
            refused.is(401);
        }
        let other_secret = hs256(b"what somebody else made up to guess", &good);
        let unsigned = join(&json!({"alg": "none"}), &good, |_| Vec::new());
        let cut = hs256(SECRET.as_bytes(), &good)[..40].to_owned();
        for token in [other_secret, unsigned, cut, String::new()] {
            sign_in(app, &token).refuses(401, "sso_token_invalid");
        }
        // Nothing but what was wrong was refused.
        signed_in(app, &good);
    });
}

#[test]
fn a_public_key_verifies_and_is_no_shared_secret() {
    on_both(|app| {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": b64(public.as_bytes())});
        let trusted = trust(app, json!({"audience": "postil", "jwks": {"keys": [jwk]}}));
        assert_eq!(trusted.body["sso"], told("EdDSA"));
        let header = json!({"alg": "EdDSA", "kid": "1"});
        let token = join(&header, &claims("7"), |message| key.sign(message).to_vec());
        assert_eq!(sign_in(app, &token).is(200).body["person"]["kind"], "sso");
        let stranger = SigningKey::from_bytes(&[8; 32]);
        let forged = join(&header, &claims("7"), |message| {
            stranger.sign(message).to_vec()
        });
        sign_in(app, &forged).refuses(401, "sso_token_invalid");
        let confused = hs256(public.as_bytes(), &claims("7"));
        sign_in(app, &confused).refuses(401, "sso_token_invalid");
    });
}

#[test]
fn a_secret_is_in_no_answer() {
    on_both(|app| {
        let path = format!("/v1/sites/{SITE}");
        let sso = json!({"audience": "postil", "hs256_secret": SECRET});
        let set = trust(app, sso.clone());
        assert_eq!(set.body["sso"], told("HS256"));
        let bears = |call: crate::support::Call<'_>| call.bearer(&app.admin).send();
        let both =
            json!({"sso": {"audience": "postil", "hs256_secret": SECRET, "jwks": {"keys": []}}});
        let extra = json!({"sso": {"audience": "postil", "hs256_secret": SECRET, "role": "admin"}});
        let again = json!({"slug": "third", "name": "Third", "origins": [ORIGIN], "sso": sso});
        for answer in [
            set,
            bears(app.get(&path)).is(200),
            bears(app.get("/v1/sites")).is(200),
            bears(app.post("/v1/sites", again)).is(201),
            bears(app.patch(&path, json!({"name": "Blog"}))).is(200),
            bears(app.patch(&path, both)).refuses(422, "sso_invalid"),
            bears(app.patch(&path, extra)).refuses(422, "sso_invalid"),
            sign_in(app, &hs256(SECRET.as_bytes(), &claims("7"))).is(200),
            sign_in(app, &hs256(SECRET.as_bytes(), &json!({}))).is(401),
        ] {
            assert!(!answer.text().contains(SECRET), "{}", answer.text());
        }
        let short = json!({"sso": {"audience": "postil", "hs256_secret": "short-but-secret"}});
        let refused = bears(app.patch(&path, short)).refuses(422, "sso_invalid");
        assert_eq!(refused.body["errors"][0]["pointer"], "/sso");
        assert!(!refused.text().contains("short-but-secret"));
        assert!(!app.page("a").to_string().contains(SECRET));
    });
}

#[test]
fn a_site_without_sign_on_signs_nobody_in() {
    on_both(|app| {
        let token = hs256(SECRET.as_bytes(), &claims("7"));
        sign_in(app, &token).refuses(403, "forbidden");
        trust_secret(app);
        let ada = sign_in(app, &token).is(200).body;
        app.post("/v1/identity/sso", json!({"site": SITE, "token": token}))
            .header("Origin", "https://elsewhere.example")
            .send()
            .refuses(403, "origin_not_allowed");
        app.policy(json!({"guests": false}));
        app.post("/v1/comments", comment("a", "As a guest"))
            .send()
            .refuses(403, "guests_not_allowed");
        app.post("/v1/comments", comment("a", "As Ada"))
            .bearer(ada["token"].as_str().unwrap())
            .send()
            .is(201);
        trust(app, Value::Null);
        assert_eq!(app.page("a")["policy"]["sso"], false);
        sign_in(app, &token).refuses(403, "forbidden");
    });
}

#[test]
fn a_claim_that_cannot_be_kept_keeps_nobody_out_and_is_told() {
    on_both(|app| {
        trust_secret(app);
        let mut odd = claims("7");
        for (name, value) in [
            ("name", json!(format!("\u{202e}{}", "ä".repeat(75)))),
            ("email", json!("not an address")),
            ("email_verified", json!(true)),
            ("website", json!("javascript:alert(1)")),
            ("profile", json!({"url": "https://ada.example"})),
            ("picture", json!("http://blog.example/ada.png")),
        ] {
            odd[name] = value;
        }
        let told = |body: &Value, list: &str| -> Vec<(String, String)> {
            let list = body[list].as_array().unwrap().iter();
            list.map(|told| {
                assert!(told["detail"].as_str().unwrap().ends_with('.'), "{told}");
                let text = |name: &str| told[name].as_str().unwrap().to_owned();
                (text("claim"), text("code"))
            })
            .collect()
        };
        let pair = |claim: &str, code: &str| (claim.to_owned(), code.to_owned());
        let ada = signed_in(app, &odd);
        assert_eq!(ada["person"]["name"], "ä".repeat(60));
        assert_eq!(ada["person"]["website"], Value::Null);
        assert_eq!(
            told(&ada, "changed"),
            [pair("name", "name_invalid"), pair("name", "name_too_long")]
        );
        assert_eq!(
            told(&ada, "dropped"),
            [
                pair("email", "email_invalid"),
                pair("website", "website_invalid"),
                pair("profile", "field_type"),
                pair("picture", "picture_invalid"),
            ]
        );
        // Of a token in which all is well nothing is told.
        let plain = signed_in(app, &claims("8"));
        assert_eq!(
            (&plain["dropped"], &plain["changed"]),
            (&json!([]), &json!([]))
        );
        // The clocks of two machines are never the same.
        let late = with(claims("8"), "exp", json!(Time::now().seconds() - 50));
        signed_in(app, &late);
    });
}

#[test]
fn the_name_that_a_site_gives_is_judged_like_any_other() {
    on_both(|app| {
        trust_secret(app);
        let path = format!("/v1/moderation/rules/block?site={SITE}");
        let list = app.put(&path, json!({"entries": ["viagra"]}));
        list.bearer(&app.moderator).send().is(204);
        let write = |name: &str| {
            let token = hs256(SECRET.as_bytes(), &with(claims("ada"), "name", json!(name)));
            let own = sign_in(app, &token).is(200).body;
            let call = app.post("/v1/comments", comment("a", "A kind word"));
            call.bearer(own["token"].as_str().unwrap()).send()
        };
        write("Ada").is(201);
        let refused = write("Vi\u{430}gra Ada").is(202);
        assert_eq!(refused.body["status"], "rejected");
        assert_eq!(refused.body["reasons"][0]["code"], "word_blocked");
    });
}
