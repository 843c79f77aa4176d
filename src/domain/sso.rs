//! Sign-on by a site's own word: a JWT (RFC 7519) that the site signed says who is reading.
//!
//! What is trusted is the site's configuration, never the token's header (RFC 8725 §3.1): each configured key works
//! with one algorithm, `kid` only chooses among the configured keys, and `jwk`, `jku`, `x5u` and `x5c` are not looked
//! at. Claims say who somebody is and never what they may do: there is no claim that grants a role.
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
use claims::{Claims, object};
pub use claims::{LEEWAY_SECONDS, LIFETIME_MAX_SECONDS, SsoClaims};
use jwk::{Key, Kind};
pub use profile::{PICTURE_MAX_BYTES, Remark, SsoProfile};

/// Most bytes of a token: as much as many servers take in one header line.
pub const TOKEN_MAX_BYTES: usize = 8192;
/// Most characters of a subject, an issuer and an audience; for the subject as in OpenID Connect Core §2.
pub const NAME_MAX_CHARS: usize = 255;
/// Bytes of a shared secret: at least the hash's length (RFC 7518 §3.2).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 32..=1024;

/// How one site signs its tokens: whom they are for, who issues them, and either one shared secret or public keys.
///
/// Its JSON is `{issuer?, audience, hs256_secret | jwks}`, the same for setting and for storing; reading it back goes
/// through [`SsoKeys::parse`] again. It holds the secret, so it is for the site's row and never for an answer.
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
    Public(Vec<Key>),
}

impl SsoKeys {
    /// Reads a site's configuration. Code `sso_invalid`; the detail names what is wrong and repeats no secret.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        let members = value
            .as_object()
            .ok_or_else(|| refuse_key("`sso` must be a JSON object."))?;
        let known = ["issuer", "audience", "hs256_secret", "jwks"];
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
        let trust = match (given("hs256_secret"), given("jwks")) {
            (Some(secret), None) => shared(secret)?,
            (None, Some(set)) => Trust::Public(jwk::parse_set(set)?),
            _ => {
                return Err(refuse_key(
                    "`sso` needs either `hs256_secret` or `jwks`, and not both.",
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

    /// The algorithms in use, each once, as JOSE calls them (`HS256`, `RS256`, `ES256`, `EdDSA`).
    pub fn algorithms(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.keys().iter().map(|key| key.kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Checks a token at the time `now` (seconds since 1970) and reads who it is about. Code `sso_token_invalid`.
    pub fn verify(&self, token: &str, now: i64) -> Result<SsoClaims, Invalid> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(refuse(format!(
                "The token has more than {TOKEN_MAX_BYTES} bytes."
            )));
        }
        let parts: Vec<&str> = token.split('.').take(6).collect();
        let [header, payload, signature] = match parts[..] {
            [header, payload, signature] => [header, payload, signature],
            [_, _, _, _, _] => {
                return Err(refuse(
                    "The token is encrypted (JWE); it must be only signed (JWS).",
                ));
            }
            _ => {
                return Err(refuse(
                    "The token is not a JWT: it must have three parts separated by dots.",
                ));
            }
        };
        let header = object("header", header)?;
        let key = self.key_for(&header)?;
        let message = &token[..token.len() - signature.len() - 1];
        let sound = jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            &key.verifier,
            key.kind.algorithm(),
        );
        if sound.ok() != Some(true) {
            let name = key.kind.name();
            return Err(refuse(format!(
                "The token's signature does not match the site's {name} key."
            )));
        }
        let claims = Claims(object("payload", payload)?);
        let issuer = claims.issuer(self.issuer())?;
        claims.check_audience(&self.audience)?;
        let expires_at = claims.check_times(now)?;
        claims.read(issuer, expires_at)
    }

    fn keys(&self) -> &[Key] {
        match &self.trust {
            Trust::Secret(_, key) => std::slice::from_ref(key),
            Trust::Public(keys) => keys,
        }
    }

    /// The configured key that the header chooses, once the header is one that a plain signed JWT has (RFC 7515 §4).
    fn key_for(&self, header: &Map<String, Value>) -> Result<&Key, Invalid> {
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
        let key = match (self.keys(), header.get("kid")) {
            (_, Some(kid)) if !kid.is_string() => {
                return Err(refuse("The token's `kid` is not a string."));
            }
            // A key without a name is the only one (a set of several names each): there is nothing to choose.
            ([key], kid) if kid.is_none() || key.kid.is_none() => key,
            (_, None) => {
                return Err(refuse(
                    "The token's header needs a `kid`, since the site has several keys.",
                ));
            }
            (keys, Some(kid)) => keys
                .iter()
                .find(|key| key.kid.as_deref() == kid.as_str())
                .ok_or_else(|| {
                    let kid = shown(kid.as_str().unwrap_or(""));
                    refuse(format!(
                        "The token's `kid` is “{kid}”, and the site has no key of that name."
                    ))
                })?,
        };
        match header.get("alg").and_then(Value::as_str) {
            Some(alg) if key.kind.is_named(alg) => Ok(key),
            alg => Err(refuse(format!(
                "The token's `alg` is “{}”, but the site's key is for {}.",
                shown(alg.unwrap_or("")),
                key.kind.name()
            ))),
        }
    }
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
        Self::parse(value)
    }
}

impl From<SsoKeys> for Value {
    fn from(keys: SsoKeys) -> Value {
        let (name, value) = match keys.trust {
            Trust::Secret(secret, _) => ("hs256_secret", Value::String(secret)),
            Trust::Public(list) => ("jwks", jwk::to_set(list.iter())),
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
