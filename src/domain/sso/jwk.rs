//! The public keys of a site: a JWK Set (RFC 7517) in the three forms that this service verifies. A set may hold keys for others
//! too, and of kinds that are yet to come: these are left out, with the reason (RFC 7517 §5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Invalid, refuse_key, shown};

/// Most keys of a set, those for others included: large publishers have a score.
pub const KEYS_MAX: usize = 64;
/// Of how many keys a refusal says what is wrong with them.
const TOLD: usize = 8;
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

/// The keys of a site's JWK Set that are used, and those that were left out. Its JSON is that set, with what was understood of the
/// keys, and `left_out` where there is any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct KeySet {
    pub(super) keys: Vec<Key>,
    left_out: Vec<LeftOut>,
}

/// A key of a set that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its `kid`, where it has one.
    pub kid: Option<String>,
    /// Why, for programs.
    pub code: Reason,
    /// Why, and which, in a sentence.
    pub detail: String,
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is for something else than verifying signatures.
    Purpose,
    /// Its type, curve or algorithm is none that is verified here.
    Unsupported,
    /// It is an RSA key that is too short, or longer than is verified here.
    Size,
    /// It is no sound key.
    Malformed,
    /// It has no `kid`, and there are others to choose among.
    Unnamed,
    /// It is a private key.
    Private,
    /// It is a shared secret.
    Secret,
}

/// What is wrong with a key.
struct Flaw(Reason, String);

fn malformed(detail: String) -> Flaw {
    Flaw(Reason::Malformed, detail)
}

impl KeySet {
    /// Reads a JWK Set, in which there may be no key that is used; see [`KeySet::check`].
    ///
    /// # Errors
    /// `sso_invalid` when it is none.
    pub fn parse(set: &Value) -> Result<Self, Invalid> {
        let Some(list) = set.get("keys").and_then(Value::as_array) else {
            return Err(refuse_key(
                "The `jwks` must be an object with an array `keys` (RFC 7517 §5).",
            ));
        };
        if list.len() > KEYS_MAX {
            return Err(refuse_key(format!(
                "The `jwks` may have at most {KEYS_MAX} keys; it has {}.",
                list.len()
            )));
        }
        let mut it = Self::default();
        let mut numbers = Vec::new();
        for (at, value) in list.iter().enumerate() {
            let which = format!("Key {} of the `jwks`", at + 1);
            match parse_key(&which, value) {
                Ok(key) => {
                    it.keys.push(key);
                    numbers.push(which);
                }
                Err(flaw) => it.leave_out(name_of(value), flaw),
            }
        }
        if it.keys.len() > 1 {
            let (named, unnamed): (Vec<_>, Vec<_>) = std::mem::take(&mut it.keys)
                .into_iter()
                .zip(numbers)
                .partition(|(key, _)| key.kid.is_some());
            it.keys = named.into_iter().map(|(key, _)| key).collect();
            for (_, which) in unnamed {
                let detail = format!("{which} has no `kid`; with several keys each needs one.");
                it.leave_out(None, Flaw(Reason::Unnamed, detail));
            }
        }
        Ok(it)
    }

    /// The same, from what was stored, which knows what was left out before.
    pub(super) fn stored(set: &Value) -> Result<Self, Invalid> {
        let mut it = Self::parse(set)?;
        if let Some(left_out) = set.get("left_out") {
            it.left_out = serde_json::from_value(left_out.clone())
                .map_err(|_| refuse_key("The stored `jwks` is damaged."))?;
        }
        Ok(it)
    }

    /// Refuses a set in which nothing is used, or which gives away what must be secret: whoever sets it has made a mistake.
    ///
    /// # Errors
    /// `sso_invalid`, with what is wrong with each key.
    pub fn check(self) -> Result<Self, Invalid> {
        let is_secret = |key: &&LeftOut| matches!(key.code, Reason::Private | Reason::Secret);
        if let Some(secret) = self.left_out.iter().find(is_secret) {
            return Err(refuse_key(&secret.detail));
        }
        if self.keys.is_empty() {
            let mut why = vec!["The `jwks` has no key that can be used."];
            why.extend(self.left_out.iter().take(TOLD).map(|key| &*key.detail));
            if self.left_out.len() > TOLD {
                why.push("The others cannot either.");
            }
            return Err(refuse_key(why.join(" ")));
        }
        Ok(self)
    }

    /// The keys that are not used.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The algorithms in use, each once.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.keys.iter().map(|key| key.kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn leave_out(&mut self, kid: Option<String>, Flaw(code, detail): Flaw) {
        self.left_out.push(LeftOut { kid, code, detail });
    }
}

impl TryFrom<Value> for KeySet {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::stored(&value)
    }
}

/// As it is stored: only members that were understood, nothing private.
impl From<KeySet> for Value {
    fn from(set: KeySet) -> Value {
        let keys: Vec<Value> = set.keys.into_iter().map(|key| key.jwk).collect();
        let mut value = json!({ "keys": keys });
        if !set.left_out.is_empty() {
            value["left_out"] = json!(set.left_out);
        }
        value
    }
}

/// What a key that is left out is called, if that is a name.
fn name_of(value: &Value) -> Option<String> {
    let kid = value.get("kid")?.as_str()?;
    is_kid(kid).then(|| kid.to_owned())
}

fn is_kid(kid: &str) -> bool {
    !kid.is_empty() && kid.chars().count() <= KID_MAX && !kid.chars().any(char::is_control)
}

fn parse_key(which: &str, value: &Value) -> Result<Key, Flaw> {
    let Some(jwk) = value.as_object() else {
        return Err(malformed(format!("{which} is not a JSON object.")));
    };
    // Some publishers write null for each member that a key does not have.
    let given = jwk.iter().filter(|(_, value)| !value.is_null());
    let jwk: &Map<String, Value> = &given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let text = |name: &str| text(which, jwk, name);
    let kty = text("kty")?.ok_or_else(|| malformed(format!("{which} has no `kty`.")))?;
    if kty == "oct" {
        let detail = format!(
            "{which} is a shared secret (`kty` oct), which is no public key. Give it as `hs256_secret` instead; one that others could read is to be replaced."
        );
        return Err(Flaw(Reason::Secret, detail));
    }
    if let Some(name) = PRIVATE.into_iter().find(|name| jwk.contains_key(*name)) {
        let detail = format!(
            "{which} holds the private member `{name}`. Give the public key only, and replace this key: it is no longer private."
        );
        return Err(Flaw(Reason::Private, detail));
    }
    let kid = text("kid")?;
    if kid.is_some_and(|kid| !is_kid(kid)) {
        return Err(malformed(format!(
            "{which} has a `kid` that is empty, too long or has control characters."
        )));
    }
    check_use(which, jwk)?;
    let (kind, verifier) = match (kty, text("crv")?) {
        ("RSA", _) => (Kind::Rs256, rsa(which, jwk)?),
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(which, jwk, "x")?, bytes(which, jwk, "y")?);
            if x.len() != 32 || y.len() != 32 {
                return Err(malformed(format!(
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
                return Err(malformed(format!("{which} must have an `x` of 32 bytes.")));
            }
            (Kind::EdDsa, DecodingKey::from_ed_der(&x))
        }
        ("EC" | "OKP", crv) => {
            let crv = shown(crv.unwrap_or(""));
            let detail =
                format!("{which} is on the curve “{crv}”; only P-256 and Ed25519 are supported.");
            return Err(Flaw(Reason::Unsupported, detail));
        }
        (other, _) => {
            let detail = format!(
                "{which} is of the type “{}”; only RSA, EC (P-256) and OKP (Ed25519) are supported.",
                shown(other)
            );
            return Err(Flaw(Reason::Unsupported, detail));
        }
    };
    if let Some(alg) = text("alg")?.filter(|alg| !kind.is_named(alg)) {
        let (alg, name) = (shown(alg), kind.name());
        let detail = format!(
            "{which} is for `alg` “{alg}”; a key of its type is supported with {name} only."
        );
        return Err(Flaw(Reason::Unsupported, detail));
    }
    // No signature is empty, so the answer is no; but a point that is not on its curve fails before that.
    if jsonwebtoken::crypto::verify("", b"", &verifier, kind.algorithm()).is_err() {
        return Err(malformed(format!("{which} is not a point on its curve.")));
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
fn check_use(which: &str, jwk: &Map<String, Value>) -> Result<(), Flaw> {
    if let Some(purpose) = text(which, jwk, "use")?.filter(|purpose| *purpose != "sig") {
        let purpose = shown(purpose);
        let detail = format!("{which} is not for signatures: its `use` is “{purpose}”, not “sig”.");
        return Err(Flaw(Reason::Purpose, detail));
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(ops)) if ops.iter().any(|op| op == "verify") => Ok(()),
        Some(_) => Err(Flaw(
            Reason::Purpose,
            format!("{which} is not for verifying: its `key_ops` must be an array with “verify”."),
        )),
    }
}

fn rsa(which: &str, jwk: &Map<String, Value>) -> Result<DecodingKey, Flaw> {
    let (n, e) = (bytes(which, jwk, "n")?, bytes(which, jwk, "e")?);
    let (n, e) = (significant(&n), significant(&e));
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
        let detail = format!("{which} has {bits} bits; an RSA key must have {least} to {most}.");
        return Err(Flaw(Reason::Size, detail));
    }
    // An even modulus or exponent, or the exponent 1, is no RSA key; one above 32 bits is past what the verifier takes.
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(n) || !odd(e) || e == [1] || e.len() > 4 {
        return Err(malformed(format!(
            "{which} is not a sound RSA key: check its `n` and `e` (usually “AQAB”)."
        )));
    }
    Ok(DecodingKey::from_rsa_raw_components(n, e))
}

fn significant(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

fn text<'a>(which: &str, jwk: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Flaw> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!(
            "{which} has a `{name}` that is not a string."
        ))),
    }
}

/// A number or coordinate: base64url without padding (RFC 7515 §2). 4,096 characters hold more than any that
/// is in use.
fn bytes(which: &str, jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Flaw> {
    let text =
        text(which, jwk, name)?.ok_or_else(|| malformed(format!("{which} has no `{name}`.")))?;
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) if text.len() <= 4096 => Ok(bytes),
        _ => Err(malformed(format!(
            "{which} has a `{name}` that is not base64url without padding, or is too long."
        ))),
    }
}
