use super::*;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

const NEW: &str = "a new secret of exactly 32 bytes";
const OLD: &str = "an old secret of over thirty-two bytes";
const NOW: i64 = 1_700_000_000;

fn keys(list: &str) -> Keys {
    Keys::parse(list).unwrap()
}

fn claims() -> AccessClaims {
    AccessClaims {
        person: Uuid::from_u128(1),
        session: Uuid::from_u128(2),
        site: Uuid::from_u128(3),
        issued_at: NOW,
        expires_at: NOW + 3600,
    }
}

fn written() -> Value {
    let [sub, sid, site] = [1, 2, 3].map(|n| Uuid::from_u128(n).to_string());
    json!({"iss": "postil", "sub": sub, "sid": sid, "site": site, "iat": NOW, "exp": NOW + 3600})
}

/// A token with any header and payload, under the right key.
fn forge(header: &str, payload: &str) -> String {
    let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
    let message = format!("{header}.{payload}");
    let signature = hmac_sha256(&keys(NEW).current.access, &[message.as_bytes()]);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn our_header() -> String {
    let bytes = URL_SAFE_NO_PAD
        .decode(keys(NEW).current.access_header)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn secrets_have_32_to_1024_bytes_and_stay_hidden() {
    assert!(Secret::parse(&"x".repeat(32)).is_ok());
    assert!(Secret::parse(&"é".repeat(16)).is_ok());
    assert!(Secret::parse(&"x".repeat(1024)).is_ok());
    let padded = format!("{NEW}\n");
    for bad in [
        "",
        &"x".repeat(31),
        &"x".repeat(1025),
        &padded,
        &NEW.replace(' ', "\0"),
    ] {
        assert_eq!(Secret::parse(bad).unwrap_err().code, "secret_invalid");
    }
    let (one, two) = (Secret::generate(), Secret::generate());
    assert_eq!((one.len(), one == two), (43, false));
    let shown = format!("{:?} {:?}", Secret::parse(NEW).unwrap(), keys(NEW));
    assert!(!shown.contains("secret of"), "{shown}");
}

#[test]
fn keys_need_one_to_eight_different_secrets() {
    let many = (0..9).map(|_| Secret::parse(&Secret::generate()).unwrap());
    assert!(Keys::new(many.clone().take(8).collect()).is_ok());
    assert!(Keys::new(many.collect()).is_err());
    assert!(Keys::new(vec![]).is_err());
    assert!(Keys::parse(&format!("{NEW},{OLD},{NEW}")).is_err());
    assert!(Keys::parse("").is_err());
    assert!(Keys::parse(&format!("{NEW},")).is_err());
}

#[test]
fn derivation_is_hkdf_rfc5869_test_case_1() {
    let salt: Vec<u8> = (0..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    let expected = [
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f,
        0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4,
        0xc5, 0xbf,
    ];
    assert_eq!(
        hkdf_expand(&hkdf_extract(&salt, &[0x0b; 22]), &[&info]),
        expected
    );
}

#[test]
fn purposes_have_different_keys_and_older_secrets_still_verify() {
    let (old, both, new) = (keys(OLD), keys(&format!("{NEW},{OLD}")), keys(NEW));
    let mac = old.mac("unsubscribe", b"data");
    assert_ne!(mac, old.mac("confirm", b"data"));
    assert_ne!(mac, new.mac("unsubscribe", b"data"));
    assert_eq!(
        both.mac("unsubscribe", b"data"),
        new.mac("unsubscribe", b"data")
    );
    assert!(both.verify_mac("unsubscribe", b"data", &mac));
    assert!(!both.verify_mac("confirm", b"data", &mac));
    assert!(!both.verify_mac("unsubscribe", b"dat", &mac));
    assert!(!both.verify_mac("unsubscribe", b"data", &mac[..31]));
    assert!(!both.verify_mac("unsubscribe", b"data", b""));
    assert!(!new.verify_mac("unsubscribe", b"data", &mac));
}

#[test]
fn access_tokens_round_trip_until_the_second_they_expire() {
    let keys = keys(NEW);
    let token = keys.sign_access(&claims());
    assert!(token.len() < 500, "{}", token.len());
    assert_eq!(keys.verify_access(&token, NOW), Ok(claims()));
    assert_eq!(keys.verify_access(&token, NOW + 3599), Ok(claims()));
    assert_eq!(
        keys.verify_access(&token, NOW + 3600),
        Err(TokenError::Expired(claims()))
    );
}

#[test]
fn access_tokens_are_jwts_that_another_reader_accepts() {
    let token = keys(NEW).sign_access(&claims());
    let mut checks = Validation::new(Algorithm::HS256);
    checks.validate_exp = false;
    checks.set_issuer(&["postil"]);
    let key = DecodingKey::from_secret(&keys(NEW).current.access);
    let read = jsonwebtoken::decode::<Value>(&token, &key, &checks).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(read.header.kid, Some(Secret::parse(NEW).unwrap().kid()));
    assert_eq!(read.claims, written());
}

#[test]
fn a_new_secret_keeps_old_tokens_and_dropping_one_ends_them() {
    let old = keys(OLD).sign_access(&claims());
    let both = keys(&format!("{NEW},{OLD}"));
    assert_eq!(both.verify_access(&old, NOW), Ok(claims()));
    let new = both.sign_access(&claims());
    assert_eq!(keys(NEW).verify_access(&new, NOW), Ok(claims()));
    assert_eq!(keys(OLD).verify_access(&new, NOW), Err(TokenError::Invalid));
    assert_eq!(keys(NEW).verify_access(&old, NOW), Err(TokenError::Invalid));
}

#[test]
fn access_tokens_with_other_headers_are_refused() {
    let (ours, payload) = (our_header(), written().to_string());
    let read = |token: &str| keys(NEW).verify_access(token, NOW);
    assert_eq!(read(&forge(&ours, &payload)), Ok(claims()));
    let kid = Secret::parse(NEW).unwrap().kid();
    for header in [
        ours.replace("HS256", "none"),
        ours.replace("HS256", "HS512"),
        ours.replace("HS256", "RS256"),
        ours.replace("at+jwt", "JWT"),
        ours.replace(&kid, "AAAAAAAAAAA"),
        ours.replace('}', r#","crit":["b64"],"b64":false}"#),
        ours.replace(',', ", "),
        r#"{"typ":"at+jwt","alg":"HS256"}"#.to_owned(),
        String::new(),
    ] {
        assert_eq!(
            read(&forge(&header, &payload)),
            Err(TokenError::Invalid),
            "{header}"
        );
    }
    // Signed with the secret itself, as another program might that was given it.
    let mut header = Header::new(Algorithm::HS256);
    (header.typ, header.kid) = (Some("at+jwt".to_owned()), Some(kid));
    let raw = EncodingKey::from_secret(NEW.as_bytes());
    let token = jsonwebtoken::encode(&header, &written(), &raw).unwrap();
    assert_eq!(
        token.split('.').next(),
        Some(&*keys(NEW).current.access_header)
    );
    assert_eq!(read(&token), Err(TokenError::Invalid));
}

#[test]
fn access_tokens_with_other_claims_are_refused() {
    let with = |name: &str, value: Value| {
        let mut claims = written();
        claims[name] = value;
        claims.to_string()
    };
    let without = |name: &str| {
        let mut claims = written();
        claims.as_object_mut().unwrap().remove(name);
        claims.to_string()
    };
    let mut bad: Vec<String> = ["iss", "sub", "sid", "site", "iat", "exp"]
        .map(without)
        .into();
    bad.extend(["iss", "sub", "sid", "site", "iat", "exp"].map(|name| with(name, Value::Null)));
    bad.extend(["iss", "sub", "sid", "site"].map(|name| with(name, json!(1))));
    bad.extend([
        with("exp", json!("1700003600")),
        with("exp", json!(1700003600.5)),
        with("exp", json!(u64::MAX)),
        with("exp", json!(NOW - 1)),
        with("iat", json!("1700000000")),
        with("iss", json!("else")),
        with("sub", json!("me")),
        r#"{"exp":1,"exp":2}"#.to_owned(),
        "[]".to_owned(),
        String::new(),
    ]);
    for payload in bad {
        let token = forge(&our_header(), &payload);
        assert_eq!(
            keys(NEW).verify_access(&token, NOW),
            Err(TokenError::Invalid),
            "{payload}"
        );
    }
}

#[test]
fn altered_access_tokens_are_refused() {
    let token = keys(NEW).sign_access(&claims());
    let message = token.rsplit_once('.').unwrap().0;
    let long = forge(&our_header(), &format!("{}{}", written(), " ".repeat(4096)));
    let (unsigned, longer, doubled) = (
        format!("{message}."),
        format!("{token}A"),
        format!("{token}.{token}"),
    );
    for bad in [
        &unsigned, message, &longer, &doubled, &long, "", ".", "..", "...", "é.é.é",
    ] {
        assert_eq!(
            keys(NEW).verify_access(bad, NOW),
            Err(TokenError::Invalid),
            "{bad}"
        );
    }
    // Every single character counts, the last one's spare bits as well.
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).unwrap();
        assert_eq!(
            keys(NEW).verify_access(&altered, NOW),
            Err(TokenError::Invalid),
            "{at}"
        );
    }
}

#[test]
fn api_tokens_round_trip() {
    for id in [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x0192_f3a4 << 96)] {
        let (text, hash) = ApiToken::generate(id);
        assert_eq!((text.len(), text.starts_with("postil_")), (73, true));
        let (found, secret) = ApiToken::parse(&text).unwrap();
        assert_eq!(found, id);
        assert!(secret.matches(&hash));
        assert!(!secret.matches(&hash[..31]) && !secret.matches(&[]) && !secret.matches(&[0; 32]));
        assert!(!secret.matches(&ApiToken::generate(id).1));
        assert_eq!(format!("{secret:?}"), "ApiSecret(…)");
    }
}

#[test]
fn other_texts_are_no_api_tokens() {
    let (text, _) = ApiToken::generate(Uuid::from_u128(7));
    let rest = &text["postil_".len()..];
    let bad = [
        String::new(),
        rest.to_owned(),
        format!("Postil_{rest}"),
        format!("{text}A"),
        text[..72].to_owned(),
        format!("postil_{}-{}", &rest[..22], &rest[23..]),
        format!("postil_{}", "é".repeat(33)),
        format!("postil_{}=_{}", &rest[..21], &rest[23..]),
        format!("postil_{}_{}+", &rest[..22], &rest[23..65]),
        // Spare bits of the last character: the same bytes in another writing.
        format!("postil_{}B_{}", &rest[..21], &rest[23..]),
    ];
    for text in bad {
        assert!(ApiToken::parse(&text).is_none(), "{text}");
    }
}
