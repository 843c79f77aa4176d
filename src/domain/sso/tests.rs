use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use rand::SeedableRng as _;
use rsa::signature::SignatureEncoding as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::json;

use super::*;
use crate::domain::text::{Email, Name, Website};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "a site's secret of 32 bytes here";

/// Made from a seed (one that finds its primes soon) rather than kept as a file that secret scanners would find.
static RSA: LazyLock<rsa::RsaPrivateKey> = LazyLock::new(|| {
    let mut numbers = rand::rngs::StdRng::seed_from_u64(5);
    rsa::RsaPrivateKey::new(&mut numbers, 2048).unwrap()
});

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ec() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn ed() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

fn ec_jwk() -> Value {
    let point = ec().verifying_key().to_encoded_point(false);
    json!({"kty": "EC", "crv": "P-256", "x": b64(point.x().unwrap()), "y": b64(point.y().unwrap())})
}

fn ed_jwk() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": b64(ed().verifying_key().as_bytes())})
}

/// A well-formed RSA key of so many bits, the highest and lowest set.
fn rsa_jwk(bits: usize) -> Value {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] = 0xff >> (n.len() * 8 - bits);
    json!({"kty": "RSA", "n": b64(n), "e": "AQAB"})
}

fn with(mut object: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn public(keys: Value) -> Value {
    json!({"audience": "postil", "jwks": {"keys": keys}})
}

fn site(value: Value) -> SsoKeys {
    SsoKeys::parse(value).unwrap()
}

fn hs() -> SsoKeys {
    site(json!({"audience": "postil", "hs256_secret": SECRET}))
}

fn claims() -> Value {
    json!({"sub": "42", "aud": "postil", "exp": NOW + 300})
}

fn join(header: &str, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", b64(signature))
}

fn hs_sign(message: &[u8]) -> Vec<u8> {
    use hmac::Mac as _;
    let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn hs_token(claims: &Value) -> String {
    join(
        r#"{"alg":"HS256","typ":"JWT"}"#,
        &claims.to_string(),
        hs_sign,
    )
}

fn ec_token(header: &Value, claims: &Value) -> String {
    join(&header.to_string(), &claims.to_string(), |message| {
        let signature: p256::ecdsa::Signature = ec().sign(message);
        signature.to_vec()
    })
}

fn ed_token(header: &Value, claims: &Value) -> String {
    join(&header.to_string(), &claims.to_string(), |message| {
        ed().sign(message).to_vec()
    })
}

fn rsa_token(header: &Value, claims: &Value) -> String {
    join(&header.to_string(), &claims.to_string(), |message| {
        rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(RSA.clone())
            .sign(message)
            .to_vec()
    })
}

#[track_caller]
fn refused(keys: &SsoKeys, token: &str, saying: &str) {
    let why = keys.verify(token, NOW).expect_err(saying);
    assert_eq!(why.code, "sso_token_invalid");
    assert!(
        why.detail.contains(saying),
        "“{}” does not say “{saying}”",
        why.detail
    );
    assert!(!why.detail.contains(SECRET), "{}", why.detail);
}

#[test]
fn each_algorithm_signs_in() {
    let rsa =
        json!({"kty": "RSA", "n": b64(RSA.n().to_bytes_be()), "e": b64(RSA.e().to_bytes_be())});
    let (rs256, es256, eddsa) = (
        json!({"alg": "RS256"}),
        json!({"alg": "ES256"}),
        json!({"alg": "EdDSA"}),
    );
    let cases = [
        (hs(), hs_token(&claims()), "HS256"),
        (
            site(public(json!([rsa]))),
            rsa_token(&rs256, &claims()),
            "RS256",
        ),
        (
            site(public(json!([ec_jwk()]))),
            ec_token(&es256, &claims()),
            "ES256",
        ),
        (
            site(public(json!([ed_jwk()]))),
            ed_token(&eddsa, &claims()),
            "EdDSA",
        ),
        (
            site(public(json!([ed_jwk()]))),
            ed_token(&json!({"alg": "Ed25519"}), &claims()),
            "EdDSA",
        ),
    ];
    for (keys, token, name) in &cases {
        assert_eq!(keys.algorithms(), [*name]);
        let read = keys.verify(token, NOW).unwrap();
        assert_eq!((&*read.subject, &*read.issuer), ("42", ""));
        // Stored and read back, it still does.
        let stored = serde_json::to_string(keys).unwrap();
        let again: SsoKeys = serde_json::from_str(&stored).unwrap();
        assert_eq!(again.verify(token, NOW).as_ref(), Ok(&read));
        // One bit of the claims, and one of the signature.
        let (message, signature) = token.rsplit_once('.').unwrap();
        let other = message.replace(
            &b64(claims().to_string()),
            &b64(claims().to_string().replace("42", "43")),
        );
        refused(
            keys,
            &format!("{other}.{signature}"),
            "signature does not match",
        );
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[20] ^= 1;
        refused(
            keys,
            &format!("{message}.{}", b64(bytes)),
            "signature does not match",
        );
        refused(keys, &format!("{message}."), "signature does not match");
        refused(keys, &format!("{message}.+"), "signature does not match");
        // And no site's key is good for another's token.
        for (_, other, _) in cases.iter().filter(|case| case.2 != *name) {
            refused(keys, other, "The token's `alg` is");
        }
    }
}

/// Made once with PyJWT 2.15.1 and cryptography, the private keys thrown away.
#[test]
fn tokens_of_pyjwt_sign_in() {
    let made: Value = serde_json::from_str(include_str!("pyjwt.json")).unwrap();
    let config = json!({"issuer": "https://example.org", "audience": "postil"});
    let shared = site(with(
        config.clone(),
        json!({"hs256_secret": made["secret"]}),
    ));
    let public = site(with(config, json!({"jwks": made["jwks"]})));
    assert_eq!(public.algorithms(), ["ES256", "EdDSA", "RS256"]);
    let expected = SsoClaims {
        issuer: "https://example.org".to_owned(),
        subject: "Ünï-42".to_owned(),
        profile: SsoProfile {
            name: Name::parse("Zoë 🌱").ok(),
            email: Email::parse("zoe@example.org").ok(),
            picture: Some("https://example.org/z.png".to_owned()),
            website: Website::parse("https://example.org/zoe").ok(),
            ..SsoProfile::default()
        },
        expires_at: NOW + 300,
    };
    for (alg, keys) in [
        ("HS256", &shared),
        ("RS256", &public),
        ("ES256", &public),
        ("EdDSA", &public),
    ] {
        let token = made["tokens"][alg].as_str().unwrap();
        assert_eq!(keys.verify(token, NOW + 359), Ok(expected.clone()), "{alg}");
        let late = keys.verify(token, NOW + 360).unwrap_err();
        assert!(
            late.detail.starts_with("The token expired at 1700000300"),
            "{late}"
        );
    }
}

#[test]
fn other_shapes_and_headers_are_refused() {
    let keys = hs();
    let good = claims().to_string();
    let with_header = |header: &str| join(header, &good, hs_sign);
    let none = format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(&good));
    for (token, saying) in [
        (String::new(), "three parts"),
        ("a.b".to_owned(), "three parts"),
        ("a.b.c.d".to_owned(), "three parts"),
        ("a.b.c.d.e.f".to_owned(), "three parts"),
        ("a.b.c.d.e".to_owned(), "encrypted"),
        ("x".repeat(8193), "more than 8192 bytes"),
        ("é.é.é".to_owned(), "header is not base64url"),
        (
            hs_token(&claims()).replacen('.', "=.", 1),
            "header is not base64url",
        ),
        (with_header("[]"), "header is not a JSON object"),
        (
            with_header(r#"{"alg":"HS256","alg":"HS256"}"#),
            "each name once",
        ),
        (none, "`alg` is “none”"),
        (with_header("{}"), "`alg` is “”"),
        (with_header(r#"{"alg":"hs256"}"#), "`alg` is “hs256”"),
        (with_header(r#"{"alg":"HS512"}"#), "`alg` is “HS512”"),
        (with_header(r#"{"alg":["HS256"]}"#), "`alg` is “”"),
        (
            with_header(r#"{"alg":"HS256","typ":"at+jwt"}"#),
            "`typ` is “at+jwt”",
        ),
        (with_header(r#"{"alg":"HS256","typ":null}"#), "`typ` is"),
        (
            with_header(r#"{"alg":"HS256","kid":1}"#),
            "`kid` is not a string",
        ),
        (with_header(r#"{"alg":"HS256","crit":["exp"]}"#), "`crit`"),
        (with_header(r#"{"alg":"HS256","crit":null}"#), "`crit`"),
        (
            with_header(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#),
            "`crit`",
        ),
        (with_header(r#"{"alg":"HS256","enc":"A128GCM"}"#), "`enc`"),
        (with_header(r#"{"alg":"HS256","zip":"DEF"}"#), "`zip`"),
        (with_header(r#"{"alg":"HS256","cty":"JWT"}"#), "`cty`"),
        (
            join(r#"{"alg":"HS256"}"#, "[]", hs_sign),
            "payload is not a JSON object",
        ),
        (
            join(r#"{"alg":"HS256"}"#, r#"{"sub":"1","sub":"2"}"#, hs_sign),
            "each name once",
        ),
        (
            join(r#"{"alg":"HS256"}"#, &"[".repeat(4000), hs_sign),
            "payload is not a JSON object",
        ),
    ] {
        refused(&keys, &token, saying);
    }
    // What is only a hint about a key is not looked at.
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","kid":"any","jku":"http://127.0.0.1/","jwk":{"kty":"oct","k":""}}"#,
    ] {
        assert!(keys.verify(&with_header(header), NOW).is_ok(), "{header}");
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_shared_secret() {
    let keys = site(public(json!([ec_jwk()])));
    let point = ec().verifying_key().to_encoded_point(false);
    let public = ec_jwk().to_string();
    for secret in [point.as_bytes(), public.as_bytes()] {
        let token = join(r#"{"alg":"HS256"}"#, &claims().to_string(), |message| {
            use hmac::Mac as _;
            let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
            mac.chain_update(message).finalize().into_bytes().to_vec()
        });
        refused(
            &keys,
            &token,
            "`alg` is “HS256”, but the site's key is for ES256",
        );
    }
}

#[test]
fn kid_selects_the_key() {
    let (ec, ed) = (
        with(ec_jwk(), json!({"kid": "a"})),
        with(ed_jwk(), json!({"kid": "b"})),
    );
    let keys = site(public(json!([ec, ed])));
    assert_eq!(keys.algorithms(), ["ES256", "EdDSA"]);
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    assert!(
        keys.verify(&ec_token(&header("ES256", "a"), &claims()), NOW)
            .is_ok()
    );
    assert!(
        keys.verify(&ed_token(&header("EdDSA", "b"), &claims()), NOW)
            .is_ok()
    );
    refused(
        &keys,
        &ec_token(&header("ES256", "b"), &claims()),
        "is for EdDSA",
    );
    refused(
        &keys,
        &ed_token(&header("ES256", "a"), &claims()),
        "signature does not match",
    );
    refused(
        &keys,
        &ec_token(&header("ES256", "c"), &claims()),
        "no key of that name",
    );
    refused(
        &keys,
        &ec_token(&json!({"alg": "ES256"}), &claims()),
        "needs a `kid`",
    );
    // One key that has a name: a token may leave it out, but not say another.
    let one = site(public(json!([ec])));
    assert!(
        one.verify(&ec_token(&json!({"alg": "ES256"}), &claims()), NOW)
            .is_ok()
    );
    refused(
        &one,
        &ec_token(&header("ES256", "c"), &claims()),
        "no key of that name",
    );
    // One key without a name: a library that always writes a `kid` is fine.
    let nameless = site(public(json!([ec_jwk()])));
    assert!(
        nameless
            .verify(&ec_token(&header("ES256", "c"), &claims()), NOW)
            .is_ok()
    );
}

#[test]
fn claims_that_are_missing_or_wrong_are_refused() {
    let keys = hs();
    for (changes, saying) in [
        (json!({"aud": "Postil"}), "`aud` is not “postil”"),
        (json!({"aud": ["other"]}), "`aud` is not “postil”"),
        (json!({"aud": []}), "`aud` is not “postil”"),
        (
            json!({"aud": ["postil", 1]}),
            "neither a string nor an array",
        ),
        (
            json!({"aud": {"postil": 1}}),
            "neither a string nor an array",
        ),
        (json!({"aud": null}), "no `aud`"),
        (json!({"exp": null}), "no `exp`"),
        (
            json!({"exp": (NOW + 300).to_string()}),
            "`exp` is not a number",
        ),
        (json!({"exp": true}), "`exp` is not a number"),
        (json!({"exp": [NOW + 300]}), "`exp` is not a number"),
        (
            json!({"exp": NOW - 60}),
            "expired at 1699999940; the time here is 1700000000",
        ),
        (json!({"exp": NOW as f64 - 59.1}), "expired"),
        (json!({"exp": i64::MIN}), "expired"),
        (json!({"exp": -1e300}), "expired"),
        (json!({"exp": NOW + 86_461}), "at most 24 hours"),
        (json!({"exp": (NOW + 300) * 1000}), "`exp` counts seconds"),
        (json!({"exp": u64::MAX}), "at most 24 hours"),
        (json!({"exp": 1e300}), "at most 24 hours"),
        (json!({"iat": NOW - 86_400}), "at most 24 hours"),
        (json!({"iat": i64::MIN}), "at most 24 hours"),
        (
            json!({"iat": NOW + 61}),
            "`iat` is 1700000061, in the future",
        ),
        (json!({"iat": "1700000000"}), "`iat` is not a number"),
        (
            json!({"nbf": NOW + 61}),
            "`nbf` is 1700000061, in the future",
        ),
        (json!({"nbf": u64::MAX}), "`nbf` is"),
        (json!({"nbf": "1700000000"}), "`nbf` is not a number"),
        (json!({"sub": null}), "no `sub`"),
        (json!({"sub": 42}), "`sub` is not a string"),
        (json!({"sub": ""}), "`sub` must have 1 to 255"),
        (json!({"sub": "é".repeat(256)}), "`sub` must have 1 to 255"),
        (json!({"sub": "a\u{0}b"}), "`sub` must have 1 to 255"),
        (json!({"sub": "a\u{85}b"}), "no control characters"),
        (json!({"iss": ""}), "`iss` is empty"),
        (json!({"iss": ["x"]}), "`iss` is not a string"),
        (json!({"iss": "x\n"}), "control characters"),
    ] {
        refused(&keys, &hs_token(&with(claims(), changes)), saying);
    }
    for name in ["aud", "exp", "sub"] {
        refused(
            &keys,
            &hs_token(&without(claims(), name)),
            &format!("no `{name}`"),
        );
    }
    let strict = with(
        json!({"audience": "postil", "hs256_secret": SECRET}),
        json!({"issuer": "https://a"}),
    );
    let strict = site(strict);
    for iss in [
        json!("https://b"),
        json!("https://a/"),
        json!("HTTPS://a"),
        json!(null),
    ] {
        refused(
            &strict,
            &hs_token(&with(claims(), json!({"iss": iss}))),
            "it must be “https://a”",
        );
    }
    assert!(
        strict
            .verify(&hs_token(&with(claims(), json!({"iss": "https://a"}))), NOW)
            .is_ok()
    );
}

#[test]
fn claims_at_the_edge_are_accepted() {
    for changes in [
        json!({"aud": ["other", "postil"]}),
        json!({"exp": NOW as f64 + 1.5}),
        json!({"exp": NOW - 59}),
        json!({"exp": NOW + 86_460}),
        json!({"exp": NOW + 86_400, "iat": NOW}),
        json!({"exp": NOW + 1, "iat": NOW - 86_399}),
        json!({"iat": NOW + 60, "nbf": NOW as f64 + 60.9}),
        json!({"iat": null, "nbf": null, "iss": null, "name": null}),
        json!({"sub": "é".repeat(255)}),
        json!({"role": "admin", "roles": ["admin"], "scope": 1}),
    ] {
        let read = hs().verify(&hs_token(&with(claims(), changes.clone())), NOW);
        assert!(read.is_ok(), "{changes}: {read:?}");
    }
}

#[test]
fn subjects_are_taken_as_they_are() {
    let read = |sub: &str| {
        hs().verify(&hs_token(&with(claims(), json!({"sub": sub}))), NOW)
            .unwrap()
            .subject
    };
    for sub in [
        "Ann",
        "ann",
        " ann",
        "ann ",
        "e\u{301}",
        "é",
        "ﬁ",
        "a\u{200d}b",
    ] {
        assert_eq!(read(sub), sub);
    }
}

#[test]
fn configurations_that_are_wrong_are_refused() {
    let base = json!({"audience": "postil"});
    let shared = |secret: Value| with(base.clone(), json!({"hs256_secret": secret}));
    let key = |jwk: Value| public(json!([jwk]));
    let ec = |changes: Value| key(with(ec_jwk(), changes));
    let rsa = |changes: Value| key(with(rsa_jwk(2048), changes));
    let numbered = |n: usize| {
        (0..n)
            .map(|i| with(ed_jwk(), json!({"kid": i.to_string()})))
            .collect::<Vec<_>>()
    };
    for (config, saying) in [
        (json!([]), "must be a JSON object"),
        (
            with(shared(json!(SECRET)), json!({"algorithm": "HS256"})),
            "unknown member “algorithm”",
        ),
        (json!({"hs256_secret": SECRET}), "needs an `audience`"),
        (
            with(shared(json!(SECRET)), json!({"audience": ""})),
            "`audience` must be",
        ),
        (
            with(shared(json!(SECRET)), json!({"audience": ["postil"]})),
            "`audience` must be",
        ),
        (
            with(shared(json!(SECRET)), json!({"issuer": ""})),
            "`issuer` must be",
        ),
        (
            with(shared(json!(SECRET)), json!({"issuer": "x".repeat(256)})),
            "`issuer` must be",
        ),
        (
            base.clone(),
            "either `hs256_secret` or `jwks` or `jwks_url`",
        ),
        (
            with(key(ec_jwk()), json!({"hs256_secret": SECRET})),
            "not two of them",
        ),
        (shared(json!("x".repeat(31))), "32 to 1024 bytes"),
        (shared(json!("x".repeat(1025))), "32 to 1024 bytes"),
        (shared(json!(12345)), "32 to 1024 bytes"),
        (
            shared(json!("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI")),
            "PEM file",
        ),
        (
            with(base.clone(), json!({"jwks": [ec_jwk()]})),
            "array `keys`",
        ),
        (
            with(base.clone(), json!({"jwks": {"keys": ec_jwk()}})),
            "array `keys`",
        ),
        (public(json!([])), "no key that can be used"),
        (public(json!(numbered(65))), "at most 64 keys; it has 65"),
        (
            public(json!([ec_jwk(), ed_jwk()])),
            "Key 1 of the `jwks` has no `kid`; with several keys each needs one. Key 2",
        ),
        (
            public(
                json!([with(ec_jwk(), json!({"use": "enc"})), {"kty": "AKP", "alg": "ML-DSA-44"}]),
            ),
            "Key 1 of the `jwks` is not for signatures: its `use` is “enc”, not “sig”. Key 2 of the `jwks` is of the type “AKP”",
        ),
        (
            public(
                json!([with(ec_jwk(), json!({"kid": "a"})), {"kty": "oct", "kid": "b", "k": b64(SECRET)}]),
            ),
            "Key 2 of the `jwks` is a shared secret",
        ),
        (
            public(json!([
                with(ec_jwk(), json!({"kid": "a"})),
                with(ed_jwk(), json!({"kid": "b", "d": "AQAB"}))
            ])),
            "Key 2 of the `jwks` holds the private member `d`",
        ),
        (
            with(
                base.clone(),
                json!({"jwks_url": "ftp://example.org/jwks.json"}),
            ),
            "`jwks_url`: It takes a whole address",
        ),
        (with(base.clone(), json!({"jwks_url": 7})), "`jwks_url`"),
        (
            with(
                shared(json!(SECRET)),
                json!({"jwks_url": "https://example.org/"}),
            ),
            "not two of them",
        ),
        (key(json!("x")), "not a JSON object"),
        (key(without(ec_jwk(), "kty")), "no `kty`"),
        (
            key(json!({"kty": "oct", "k": b64(SECRET)})),
            "shared secret",
        ),
        (key(json!({"kty": "DSA"})), "of the type “DSA”"),
        (ec(json!({"kid": 1})), "`kid` that is not a string"),
        (ec(json!({"kid": ""})), "`kid` that is empty"),
        (ec(json!({"use": "enc"})), "its `use` is “enc”"),
        (ec(json!({"key_ops": ["sign"]})), "`key_ops`"),
        (ec(json!({"key_ops": "verify"})), "`key_ops`"),
        (ec(json!({"alg": "ES384"})), "for `alg` “ES384”"),
        (ec(json!({"crv": "P-384"})), "on the curve “P-384”"),
        (ec(json!({"crv": "secp256k1"})), "on the curve “secp256k1”"),
        (
            key(with(ed_jwk(), json!({"crv": "Ed448"}))),
            "on the curve “Ed448”",
        ),
        (
            key(with(ed_jwk(), json!({"crv": "X25519"}))),
            "on the curve “X25519”",
        ),
        (
            key(with(ed_jwk(), json!({"crv": "P-256"}))),
            "on the curve “P-256”",
        ),
        (ec(json!({"y": b64([1; 32])})), "not a point on its curve"),
        (ec(json!({"x": b64([1; 31])})), "32 bytes each"),
        (key(without(ec_jwk(), "y")), "no `y`"),
        (ec(json!({"x": "a+b="})), "not base64url"),
        (
            key(with(ed_jwk(), json!({"x": b64([1; 31])}))),
            "`x` of 32 bytes",
        ),
        (
            key(with(ed_jwk(), json!({"x": b64([1; 33])}))),
            "`x` of 32 bytes",
        ),
        (
            key(with(ed_jwk(), json!({"x": b64([2; 32])}))),
            "not a point on its curve",
        ),
        (key(rsa_jwk(2047)), "has 2047 bits"),
        (key(rsa_jwk(1024)), "has 1024 bits"),
        (key(rsa_jwk(4097)), "has 4097 bits"),
        (rsa(json!({"n": b64([0; 300])})), "has 0 bits"),
        (rsa(json!({"n": b64([0xfe; 256])})), "not a sound RSA key"),
        (rsa(json!({"e": b64([1])})), "not a sound RSA key"),
        (rsa(json!({"e": b64([4])})), "not a sound RSA key"),
        (rsa(json!({"e": ""})), "not a sound RSA key"),
        (rsa(json!({"e": b64([3; 5])})), "not a sound RSA key"),
        (rsa(json!({"alg": "PS256"})), "with RS256 only"),
        (key(without(rsa_jwk(2048), "n")), "no `n`"),
    ] {
        let why = SsoKeys::parse(config).expect_err(saying);
        assert_eq!(why.code, "sso_invalid");
        assert!(
            why.detail.contains(saying),
            "“{}” does not say “{saying}”",
            why.detail
        );
    }
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for jwk in [ec_jwk(), ed_jwk(), rsa_jwk(2048)] {
            let why = SsoKeys::parse(key(with(jwk, json!({name: "AQAB"})))).unwrap_err();
            assert!(
                why.detail.contains(&format!("private member `{name}`")),
                "{why}"
            );
        }
    }
}

#[test]
fn configurations_at_the_edge_are_accepted() {
    let numbered: Vec<_> = (0..64)
        .map(|i| with(ed_jwk(), json!({"kid": i.to_string()})))
        .collect();
    for config in [
        json!({"audience": "x", "hs256_secret": "x".repeat(32), "jwks": null, "issuer": null}),
        public(json!(numbered)),
        public(json!([rsa_jwk(2048)])),
        public(json!([rsa_jwk(4096)])),
        public(json!([with(
            rsa_jwk(2048),
            json!({"alg": "RS256", "use": "sig", "e": b64([0, 3])})
        )])),
        public(json!([with(
            ec_jwk(),
            json!({"alg": "ES256", "key_ops": ["verify"], "x5t": "y"})
        )])),
        public(json!([with(ed_jwk(), json!({"alg": "Ed25519"}))])),
    ] {
        assert!(SsoKeys::parse(config.clone()).is_ok(), "{config}");
    }
}

#[test]
fn the_secret_shows_only_in_what_is_stored() {
    let config = json!({"issuer": "i", "audience": "postil", "hs256_secret": SECRET});
    let keys = site(config.clone());
    assert_eq!(serde_json::to_value(&keys).unwrap(), config);
    assert_eq!((keys.issuer(), keys.audience()), (Some("i"), "postil"));
    assert!(!format!("{keys:?}").contains(SECRET));
    let read = hs()
        .verify(
            &hs_token(&with(claims(), json!({"email": "a@example.org"}))),
            NOW,
        )
        .unwrap();
    assert!(!format!("{read:?}").contains("example"));
    // Of a public key only what was understood is kept.
    let jwk = with(ec_jwk(), json!({"kid": "a"}));
    let stored = public(json!([jwk]));
    let given = public(json!([with(
        jwk,
        json!({"use": "sig", "x5c": ["long"], "other": {}})
    )]));
    assert_eq!(serde_json::to_value(site(given)).unwrap(), stored);
}

#[test]
fn keys_that_are_not_for_us_are_left_out_and_named() {
    let ours = with(
        ec_jwk(),
        json!({"kid": "ours", "use": "sig", "d": null, "x5c": null, "key_ops": null}),
    );
    for (other, code, saying) in [
        (
            with(rsa_jwk(2048), json!({"use": "enc"})),
            Reason::Purpose,
            "its `use` is “enc”",
        ),
        (
            with(ec_jwk(), json!({"key_ops": ["sign"]})),
            Reason::Purpose,
            "`key_ops`",
        ),
        (
            with(ed_jwk(), json!({"crv": "X25519"})),
            Reason::Unsupported,
            "the curve “X25519”",
        ),
        (
            with(ec_jwk(), json!({"crv": "P-521"})),
            Reason::Unsupported,
            "the curve “P-521”",
        ),
        (
            json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
            Reason::Unsupported,
            "the type “AKP”",
        ),
        (
            with(rsa_jwk(2048), json!({"alg": "PS256"})),
            Reason::Unsupported,
            "“PS256”",
        ),
        (
            with(rsa_jwk(2048), json!({"alg": "RSA-OAEP-256"})),
            Reason::Unsupported,
            "“RSA-OAEP-256”",
        ),
        (rsa_jwk(1024), Reason::Size, "1024 bits"),
        (rsa_jwk(8192), Reason::Size, "8192 bits"),
        (rsa_jwk(32_768), Reason::Malformed, "too long"),
        (rsa_jwk(4104), Reason::Size, "4104 bits"),
        (without(ec_jwk(), "y"), Reason::Malformed, "no `y`"),
        (
            with(ec_jwk(), json!({"alg": 5})),
            Reason::Malformed,
            "`alg` that is not a string",
        ),
    ] {
        let other = with(other, json!({"kid": "theirs"}));
        let config = public(json!([other, ours]));
        let keys = site(config);
        assert_eq!(keys.algorithms(), ["ES256"]);
        let left_out = keys.public_keys().unwrap().left_out();
        assert_eq!(left_out.len(), 1);
        assert_eq!(
            (left_out[0].kid.as_deref(), left_out[0].code),
            (Some("theirs"), code)
        );
        let detail = &left_out[0].detail;
        assert!(
            detail.starts_with("Key 1 of the `jwks` ") && detail.contains(saying),
            "{detail}"
        );
        let token = ec_token(&json!({"alg": "ES256", "kid": "ours"}), &claims());
        // What is stored knows both.
        let stored: SsoKeys = serde_json::from_str(&serde_json::to_string(&keys).unwrap()).unwrap();
        assert_eq!(stored.public_keys().unwrap().left_out(), left_out);
        assert!(stored.verify(&token, NOW).is_ok());
        refused(
            &stored,
            &ec_token(&json!({"alg": "ES256", "kid": "theirs"}), &claims()),
            "the site's key of that name is not used here",
        );
    }
    // What is no key at all, or has no name among several.
    let keys = site(public(json!([
        7,
        ours,
        ed_jwk(),
        with(ed_jwk(), json!({"kid": "b"}))
    ])));
    let why: Vec<_> = keys
        .public_keys()
        .unwrap()
        .left_out()
        .iter()
        .map(|key| (key.kid.clone(), key.code))
        .collect();
    assert_eq!(why, [(None, Reason::Malformed), (None, Reason::Unnamed)]);
    assert_eq!(keys.algorithms(), ["ES256", "EdDSA"]);
    // Nobody says for us what was left out.
    let said = json!({"audience": "postil", "jwks": {"keys": [ec_jwk()], "left_out": [{"kid": "x", "code": "size", "detail": "x"}]}});
    assert_eq!(site(said).public_keys().unwrap().left_out(), []);
}

#[test]
fn keys_of_one_name_are_told_apart_by_what_they_verify() {
    let other = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    let other = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(other.verifying_key().as_bytes())});
    let named = |jwk: Value| with(jwk, json!({"kid": "a"}));
    let keys = site(public(json!([
        named(other),
        named(ec_jwk()),
        named(ed_jwk())
    ])));
    let header = |alg: &str| json!({"alg": alg, "kid": "a"});
    assert!(
        keys.verify(&ec_token(&header("ES256"), &claims()), NOW)
            .is_ok()
    );
    assert!(
        keys.verify(&ed_token(&header("EdDSA"), &claims()), NOW)
            .is_ok()
    );
    refused(
        &keys,
        &ed_token(&header("HS256"), &claims()),
        "`alg` is “HS256”",
    );
    let stranger = join(
        &header("EdDSA").to_string(),
        &claims().to_string(),
        |message| {
            ed25519_dalek::SigningKey::from_bytes(&[9; 32])
                .sign(message)
                .to_vec()
        },
    );
    refused(&keys, &stranger, "signature does not match");
}

#[test]
fn a_site_that_publishes_its_keys_has_none_of_its_own() {
    let config = json!({"audience": "postil", "jwks_url": "https://example.org/jwks.json"});
    let keys = site(config.clone());
    assert_eq!(serde_json::to_value(&keys).unwrap(), config);
    assert_eq!(
        keys.address().unwrap().as_str(),
        "https://example.org/jwks.json"
    );
    let header = json!({"alg": "ES256", "kid": "a"});
    let token = ec_token(&header, &claims());
    refused(&keys, &token, "publishes no key");
    let set = KeySet::parse(&json!({"keys": [with(ec_jwk(), json!({"kid": "a"}))]})).unwrap();
    assert!(keys.verify_by(&set, &token, NOW).is_ok());
    let other = KeySet::parse(&json!({"keys": [with(ed_jwk(), json!({"kid": "b"}))]})).unwrap();
    for (set, token, is_of_keys) in [
        (&other, ec_token(&header, &claims()), true),
        (
            &set,
            ed_token(&json!({"alg": "EdDSA", "kid": "a"}), &claims()),
            true,
        ),
        (
            &set,
            ec_token(&header, &with(claims(), json!({"exp": 1}))),
            false,
        ),
        (
            &set,
            ec_token(&with(header.clone(), json!({"crit": []})), &claims()),
            false,
        ),
        (&set, String::from("a.b.c"), false),
    ] {
        let refusal = keys.verify_by(set, &token, NOW).unwrap_err();
        assert_eq!(
            matches!(refusal, Refusal::Key(_)),
            is_of_keys,
            "{refusal:?}"
        );
    }
    // A key that anybody may read is no secret that somebody shares.
    let point = ec().verifying_key().to_encoded_point(false);
    let forged = join(
        r#"{"alg":"HS256","kid":"a"}"#,
        &claims().to_string(),
        |message| {
            use hmac::Mac as _;
            let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(point.as_bytes()).unwrap();
            mac.chain_update(message).finalize().into_bytes().to_vec()
        },
    );
    assert!(keys.verify_by(&set, &forged, NOW).is_err());
}
