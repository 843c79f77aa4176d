//! Sign-on by a site's own word: a JWT (RFC 7519) that the site signed says who is reading.
//!
//! What is trusted is the site's configuration, never the token's header (RFC 8725 §3.1): each key that the site gave, or publishes
//! at the address that it gave, works with one algorithm, `kid` only chooses among these keys, and `jwk`, `jku`, `x5u` and `x5c` are
//! not looked at. Claims say who somebody is and never what they may do: there is no claim that grants a role.
//!
//! The clock is the caller's, in whole seconds since 1970 (UTC). Refusals tell the site's developer what is wrong.

mod claims;
mod jwk;
mod profile;

use std::fmt;

use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::invalid::Invalid;
use super::webhook::Endpoint;
use claims::{Claims, object};
pub use claims::{LEEWAY_SECONDS, LIFETIME_MAX_SECONDS, SsoClaims};
pub use jwk::{KEYS_MAX, KeySet, LeftOut, Reason};
use jwk::{Key, Kind};
pub use profile::{PICTURE_MAX_BYTES, Remark, SsoProfile};

/// Most bytes of a token: as much as many servers take in one header line.
pub const TOKEN_MAX_BYTES: usize = 8192;
/// Most characters of a subject, an issuer and an audience; for the subject as in OpenID Connect Core §2.
pub const NAME_MAX_CHARS: usize = 255;
/// Bytes of a shared secret: at least the hash's length (RFC 7518 §3.2).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 32..=1024;

/// How one site signs its tokens: whom they are for, who issues them, and one shared secret, or public keys, or where these are
/// published.
///
/// Its JSON is `{issuer?, audience, hs256_secret | jwks | jwks_url}`, the same for setting and for storing, where `jwks` also knows
/// which keys were left out. It holds the secret, so it is for the site's row and never for an answer.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct SsoKeys {
    issuer: Option<String>,
    audience: String,
    trust: Trust,
}

#[derive(Clone)]
enum Trust {
    Secret(String, Key),
    Public(KeySet),
    At(Endpoint),
}

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No key is one that signed it; the site may have others by now.
    Key(Invalid),
    /// Whatever the keys are.
    Token(Invalid),
}

impl Refusal {
    /// The code and the sentence.
    pub fn into_invalid(self) -> Invalid {
        match self {
            Self::Key(invalid) | Self::Token(invalid) => invalid,
        }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Token(invalid)
    }
}

impl SsoKeys {
    /// Reads a site's configuration. Code `sso_invalid`; the detail names what is wrong and repeats no secret.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        Self::read(value, |set| KeySet::parse(set)?.check())
    }

    fn read(
        value: Value,
        key_set: impl Fn(&Value) -> Result<KeySet, Invalid>,
    ) -> Result<Self, Invalid> {
        let members = value
            .as_object()
            .ok_or_else(|| refuse_key("`sso` must be a JSON object."))?;
        let known = ["issuer", "audience", "hs256_secret", "jwks", "jwks_url"];
        if let Some(other) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(refuse_key(format!(
                "`sso` has the unknown member “{}”.",
                shown(other)
            )));
        }
        let given = |name: &str| members.get(name).filter(|value| !value.is_null());
        let name = |name: &str| match given(name) {
            None => Ok(None),
            Some(Value::String(text)) if is_name(text) => Ok(Some(text.clone())),
            Some(_) => Err(refuse_key(format!(
                "`{name}` must be a text of 1 to {NAME_MAX_CHARS} characters, without control characters."
            ))),
        };
        let issuer = name("issuer")?;
        let audience = name("audience")?.ok_or_else(|| refuse_key("`sso` needs an `audience`."))?;
        let trust = match (given("hs256_secret"), given("jwks"), given("jwks_url")) {
            (Some(secret), None, None) => shared(secret)?,
            (None, Some(set), None) => Trust::Public(key_set(set)?),
            (None, None, Some(url)) => Trust::At(address(url)?),
            _ => {
                return Err(refuse_key(
                    "`sso` needs either `hs256_secret` or `jwks` or `jwks_url`, and not two of them.",
                ));
            }
        };
        Ok(Self {
            issuer,
            audience,
            trust,
        })
    }

    /// The `iss` that tokens must have, if one is demanded.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The `aud` that tokens must name.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Where its public keys are published, if they are not a part of this.
    pub fn address(&self) -> Option<&Endpoint> {
        match &self.trust {
            Trust::At(url) => Some(url),
            Trust::Secret(..) | Trust::Public(_) => None,
        }
    }

    /// Its public keys, if they are a part of this.
    pub fn public_keys(&self) -> Option<&KeySet> {
        match &self.trust {
            Trust::Public(set) => Some(set),
            Trust::Secret(..) | Trust::At(_) => None,
        }
    }

    /// The algorithms of the keys that are a part of this, each once, as JOSE calls them (`HS256`, `RS256`, `ES256`, `EdDSA`).
    pub fn algorithms(&self) -> Vec<&'static str> {
        match &self.trust {
            Trust::Secret(_, key) => vec![key.kind.name()],
            Trust::Public(set) => set.algorithms(),
            Trust::At(_) => Vec::new(),
        }
    }

    /// Checks a token at the time `now` (seconds since 1970), by the keys that are a part of this, and reads who it is about. Code
    /// `sso_token_invalid`.
    pub fn verify(&self, token: &str, now: i64) -> Result<SsoClaims, Invalid> {
        let checked = match &self.trust {
            Trust::Secret(_, key) => self.check(std::slice::from_ref(key), &[], token, now),
            Trust::Public(set) => self.verify_by(set, token, now),
            Trust::At(_) => self.check(&[], &[], token, now),
        };
        checked.map_err(Refusal::into_invalid)
    }

    /// The same, by keys that the site publishes.
    pub fn verify_by(&self, set: &KeySet, token: &str, now: i64) -> Result<SsoClaims, Refusal> {
        self.check(&set.keys, set.left_out(), token, now)
    }

    fn check(
        &self,
        keys: &[Key],
        left_out: &[LeftOut],
        token: &str,
        now: i64,
    ) -> Result<SsoClaims, Refusal> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(refuse(format!("The token has more than {TOKEN_MAX_BYTES} bytes.")).into());
        }
        let parts: Vec<&str> = token.split('.').take(6).collect();
        let [header, payload, signature] = match parts[..] {
            [header, payload, signature] => [header, payload, signature],
            [_, _, _, _, _] => {
                return Err(
                    refuse("The token is encrypted (JWE); it must be only signed (JWS).").into(),
                );
            }
            _ => {
                return Err(refuse(
                    "The token is not a JWT: it must have three parts separated by dots.",
                )
                .into());
            }
        };
        let header = object("header", header)?;
        check_header(&header)?;
        let able = keys_for(keys, left_out, &header)?;
        let message = &token[..token.len() - signature.len() - 1];
        let is_by = |key: &&Key| {
            let sound = jsonwebtoken::crypto::verify(
                signature,
                message.as_bytes(),
                &key.verifier,
                key.kind.algorithm(),
            );
            sound.ok() == Some(true)
        };
        if !able.iter().any(is_by) {
            let name = able.first().map_or("", |key| key.kind.name());
            return Err(Refusal::Key(refuse(format!(
                "The token's signature does not match the site's {name} key."
            ))));
        }
        let claims = Claims(object("payload", payload)?);
        let issuer = claims.issuer(self.issuer())?;
        claims.check_audience(&self.audience)?;
        let expires_at = claims.check_times(now)?;
        Ok(claims.read(issuer, expires_at)?)
    }
}

/// Refuses a header that is not one of a plain signed JWT (RFC 7515 §4).
fn check_header(header: &Map<String, Value>) -> Result<(), Invalid> {
    if header.contains_key("crit") {
        return Err(refuse(
            "The token's header has `crit`: no extensions are supported.",
        ));
    }
    if header.contains_key("enc") || header.contains_key("zip") {
        return Err(refuse(
            "The token's header has `enc` or `zip`: it must be only signed (JWS).",
        ));
    }
    if header.contains_key("cty") {
        return Err(refuse(
            "The token's header has `cty`: a token within a token is not supported.",
        ));
    }
    // A JWT made for something else (`at+jwt`, `logout+jwt`) is not a statement of identity (RFC 8725 §3.11).
    let typ = header.get("typ").map(|typ| typ.as_str().unwrap_or(""));
    if let Some(typ) = typ.filter(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(refuse(format!(
            "The token's `typ` is “{}”; it must be “JWT” or absent.",
            shown(typ)
        )));
    }
    Ok(())
}

/// The keys that the header chooses: one, or several of one name and algorithm, as some publishers have them while they rotate. Of
/// one name may also be keys of different types (RFC 7517 §4.5).
fn keys_for<'a>(
    keys: &'a [Key],
    left_out: &[LeftOut],
    header: &Map<String, Value>,
) -> Result<Vec<&'a Key>, Refusal> {
    let named: Vec<&Key> = match (keys, header.get("kid")) {
        (_, Some(kid)) if !kid.is_string() => {
            return Err(refuse("The token's `kid` is not a string.").into());
        }
        ([], _) => {
            let detail = "The site publishes no key that can be used here.";
            return Err(Refusal::Key(refuse(detail)));
        }
        // A key without a name is the only one (of several each has a name): there is nothing to choose.
        ([key], kid) if kid.is_none() || key.kid.is_none() => vec![key],
        (_, None) => {
            let detail = "The token's header needs a `kid`, since the site has several keys.";
            return Err(Refusal::Key(refuse(detail)));
        }
        (keys, Some(kid)) => {
            let bears = |key: &&Key| key.kid.as_deref() == kid.as_str();
            keys.iter().filter(bears).collect()
        }
    };
    if named.is_empty() {
        let kid = header.get("kid").and_then(Value::as_str);
        let kid = shown(kid.unwrap_or(""));
        let is_left_out = left_out.iter().any(|key| key.kid.as_deref() == Some(&*kid));
        let but = match is_left_out {
            true => {
                "the site's key of that name is not used here; its settings say why (`left_out`)"
            }
            false => "the site has no key of that name",
        };
        let detail = format!("The token's `kid` is “{kid}”, and {but}.");
        return Err(Refusal::Key(refuse(detail)));
    }
    let alg = header.get("alg").and_then(Value::as_str).unwrap_or("");
    let able = named.iter().copied().filter(|key| key.kind.is_named(alg));
    let able: Vec<&Key> = able.collect();
    if able.is_empty() {
        let names: Vec<_> = named.iter().map(|key| key.kind.name()).collect();
        return Err(Refusal::Key(refuse(format!(
            "The token's `alg` is “{}”, but the site's key is for {}.",
            shown(alg),
            names.join(" or ")
        ))));
    }
    Ok(able)
}

fn address(url: &Value) -> Result<Endpoint, Invalid> {
    let parsed = Endpoint::parse(url.as_str().unwrap_or_default());
    parsed.map_err(|why| refuse_key(format!("`jwks_url`: {why}")))
}

/// A secret that the site shares with us. A PEM file in its place is a mistake, and a public one would be a hole.
fn shared(secret: &Value) -> Result<Trust, Invalid> {
    match secret.as_str() {
        Some(text) if text.trim_start().starts_with("-----BEGIN") => Err(refuse_key(
            "`hs256_secret` is a PEM file; give a public key as `jwks` (RFC 7517).",
        )),
        Some(text) if SECRET_BYTES.contains(&text.len()) => {
            let verifier = DecodingKey::from_secret(text.as_bytes());
            let key = Key {
                kid: None,
                kind: Kind::Hs256,
                verifier,
                jwk: Value::Null,
            };
            Ok(Trust::Secret(text.to_owned(), key))
        }
        _ => Err(refuse_key(
            "`hs256_secret` must be a text of 32 to 1024 bytes.",
        )),
    }
}

impl TryFrom<Value> for SsoKeys {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::read(value, KeySet::stored)
    }
}

impl From<SsoKeys> for Value {
    fn from(keys: SsoKeys) -> Value {
        let (name, value) = match keys.trust {
            Trust::Secret(secret, _) => ("hs256_secret", Value::String(secret)),
            Trust::Public(set) => ("jwks", set.into()),
            Trust::At(url) => ("jwks_url", Value::String(url.as_str().to_owned())),
        };
        let issuer = keys
            .issuer
            .map(|issuer| ("issuer".to_owned(), Value::String(issuer)));
        let rest = [
            ("audience".to_owned(), Value::String(keys.audience)),
            (name.to_owned(), value),
        ];
        Value::Object(issuer.into_iter().chain(rest).collect())
    }
}

impl fmt::Debug for SsoKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoKeys")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms())
            .finish_non_exhaustive()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= NAME_MAX_CHARS
        && !text.chars().any(char::is_control)
}

/// As much of a text from outside as fits into a sentence.
fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn refuse(detail: impl Into<String>) -> Invalid {
    Invalid::new("sso_token_invalid", detail)
}

fn refuse_key(detail: impl Into<String>) -> Invalid {
    Invalid::new("sso_invalid", detail)
}

#[cfg(test)]
mod tests;
