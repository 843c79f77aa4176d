//! The public keys of a site: a JWK Set (RFC 7517) in the three forms that this service verifies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value, json};

use super::{Invalid, refuse_key as refuse, shown};

/// Most keys of a set; rotating takes two.
pub(super) const KEYS_MAX: usize = 16;
/// Most characters of a `kid`.
const KID_MAX: usize = 255;
/// RSA moduli, in bits: what RFC 7518 §3.3 asks for, and what the verifier takes.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// Members that only a private (or symmetric) key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key that a site signs with, tied to the one algorithm it is used for.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub kid: Option<String>,
    pub kind: Kind,
    pub verifier: DecodingKey,
    /// The public JWK with the members that were understood, for storing; null for a shared secret.
    pub jwk: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Hs256 => "HS256",
            Kind::Rs256 => "RS256",
            Kind::Es256 => "ES256",
            Kind::EdDsa => "EdDSA",
        }
    }

    pub fn algorithm(self) -> Algorithm {
        match self {
            Kind::Hs256 => Algorithm::HS256,
            Kind::Rs256 => Algorithm::RS256,
            Kind::Es256 => Algorithm::ES256,
            Kind::EdDsa => Algorithm::EdDSA,
        }
    }

    /// Whether an `alg` names this algorithm. `Ed25519` is what RFC 9864 calls EdDSA over this very curve.
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.name() || (self == Kind::EdDsa && alg == "Ed25519")
    }
}

/// Reads a JWK Set: 1 to 16 public signing keys, told apart by their `kid`.
pub(super) fn parse_set(set: &Value) -> Result<Vec<Key>, Invalid> {
    let Some(list) = set.get("keys").and_then(Value::as_array) else {
        return Err(refuse(
            "The `jwks` must be an object with an array `keys` (RFC 7517 §5).",
        ));
    };
    if list.is_empty() || list.len() > KEYS_MAX {
        return Err(refuse(format!(
            "The `jwks` must have 1 to {KEYS_MAX} keys; it has {}.",
            list.len()
        )));
    }
    let mut keys: Vec<Key> = Vec::with_capacity(list.len());
    for (at, value) in list.iter().enumerate() {
        let which = format!("Key {} of the `jwks`", at + 1);
        let key = parse_key(&which, value)?;
        if list.len() > 1 && key.kid.is_none() {
            return Err(refuse(format!(
                "{which} has no `kid`; with several keys each needs one."
            )));
        }
        if let Some(twin) = keys.iter().position(|other| other.kid == key.kid) {
            return Err(refuse(format!(
                "{which} has the same `kid` as key {}.",
                twin + 1
            )));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The set as it is stored: only members that were understood, nothing private.
pub(super) fn to_set<'a>(keys: impl Iterator<Item = &'a Key>) -> Value {
    json!({ "keys": keys.map(|key| key.jwk.clone()).collect::<Vec<_>>() })
}

fn parse_key(which: &str, value: &Value) -> Result<Key, Invalid> {
    let Some(jwk) = value.as_object() else {
        return Err(refuse(format!("{which} is not a JSON object.")));
    };
    let text = |name: &str| text(which, jwk, name);
    let kty = text("kty")?.ok_or_else(|| refuse(format!("{which} has no `kty`.")))?;
    if kty == "oct" {
        return Err(refuse(format!(
            "{which} is a shared secret (`kty` oct); give it as `hs256_secret` instead."
        )));
    }
    if let Some(name) = PRIVATE.into_iter().find(|name| jwk.contains_key(*name)) {
        return Err(refuse(format!(
            "{which} holds the private member `{name}`. Give the public key only, and replace this key: it is no longer private."
        )));
    }
    let kid = text("kid")?;
    if kid.is_some_and(|kid| {
        kid.is_empty() || kid.chars().count() > KID_MAX || kid.chars().any(char::is_control)
    }) {
        return Err(refuse(format!(
            "{which} has a `kid` that is empty, too long or has control characters."
        )));
    }
    check_use(which, jwk)?;
    let (kind, verifier) = match (kty, text("crv")?) {
        ("RSA", _) => (Kind::Rs256, rsa(which, jwk)?),
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(which, jwk, "x")?, bytes(which, jwk, "y")?);
            if x.len() != 32 || y.len() != 32 {
                return Err(refuse(format!(
                    "{which} must have `x` and `y` of 32 bytes each."
                )));
            }
            (
                Kind::Es256,
                DecodingKey::from_ec_der(&[&[4][..], &x, &y].concat()),
            )
        }
        ("OKP", Some("Ed25519")) => {
            let x = bytes(which, jwk, "x")?;
            // Checked here since the library would panic on a shorter one and cut a longer one.
            if x.len() != 32 {
                return Err(refuse(format!("{which} must have an `x` of 32 bytes.")));
            }
            (Kind::EdDsa, DecodingKey::from_ed_der(&x))
        }
        ("EC" | "OKP", crv) => {
            let crv = shown(crv.unwrap_or(""));
            return Err(refuse(format!(
                "{which} is on the curve “{crv}”; only P-256 and Ed25519 are supported."
            )));
        }
        (other, _) => {
            return Err(refuse(format!(
                "{which} is of the type “{}”; only RSA, EC (P-256) and OKP (Ed25519) are supported.",
                shown(other)
            )));
        }
    };
    if let Some(alg) = text("alg")?.filter(|alg| !kind.is_named(alg)) {
        let (alg, name) = (shown(alg), kind.name());
        return Err(refuse(format!(
            "{which} is for `alg` “{alg}”; a key of its type is supported with {name} only."
        )));
    }
    // No signature is empty, so the answer is no; but a point that is not on its curve fails before that.
    if jsonwebtoken::crypto::verify("", b"", &verifier, kind.algorithm()).is_err() {
        return Err(refuse(format!("{which} is not a point on its curve.")));
    }
    let members: &[&str] = match kind {
        Kind::Rs256 => &["kty", "kid", "alg", "n", "e"],
        Kind::Es256 => &["kty", "kid", "alg", "crv", "x", "y"],
        Kind::EdDsa | Kind::Hs256 => &["kty", "kid", "alg", "crv", "x"],
    };
    let jwk = members
        .iter()
        .filter_map(|name| Some((name.to_string(), jwk.get(*name)?.clone())))
        .collect();
    Ok(Key {
        kid: kid.map(str::to_owned),
        kind,
        verifier,
        jwk: Value::Object(jwk),
    })
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3), where given, must allow verifying.
fn check_use(which: &str, jwk: &Map<String, Value>) -> Result<(), Invalid> {
    if let Some(purpose) = text(which, jwk, "use")?.filter(|purpose| *purpose != "sig") {
        let purpose = shown(purpose);
        return Err(refuse(format!(
            "{which} is not for signatures: its `use` is “{purpose}”, not “sig”. Leave it out."
        )));
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(ops)) if ops.iter().any(|op| op == "verify") => Ok(()),
        Some(_) => Err(refuse(format!(
            "{which} is not for verifying: its `key_ops` must be an array with “verify”."
        ))),
    }
}

fn rsa(which: &str, jwk: &Map<String, Value>) -> Result<DecodingKey, Invalid> {
    let (n, e) = (bytes(which, jwk, "n")?, bytes(which, jwk, "e")?);
    let (n, e) = (significant(&n), significant(&e));
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
        return Err(refuse(format!(
            "{which} has {bits} bits; an RSA key must have {least} to {most}."
        )));
    }
    // An even modulus or exponent, or the exponent 1, is no RSA key; one above 32 bits is past what the verifier takes.
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(n) || !odd(e) || e == [1] || e.len() > 4 {
        return Err(refuse(format!(
            "{which} is not a sound RSA key: check its `n` and `e` (usually “AQAB”)."
        )));
    }
    Ok(DecodingKey::from_rsa_raw_components(n, e))
}

fn significant(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

fn text<'a>(
    which: &str,
    jwk: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Invalid> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refuse(format!(
            "{which} has a `{name}` that is not a string."
        ))),
    }
}

/// A number or coordinate: base64url without padding (RFC 7515 §2). 1,024 characters hold more than any of them.
fn bytes(which: &str, jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Invalid> {
    let text =
        text(which, jwk, name)?.ok_or_else(|| refuse(format!("{which} has no `{name}`.")))?;
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) if text.len() <= 1024 => Ok(bytes),
        _ => Err(refuse(format!(
            "{which} has a `{name}` that is not base64url without padding, or is too long."
        ))),
    }
}
