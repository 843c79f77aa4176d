//! The service's own tokens: short-lived access tokens, long-lived API tokens, and the secrets behind them.
//!
//! An access token is a JWT (RFC 7519) signed with HS256 (RFC 7518 §3.2), explicitly typed `at+jwt` (RFC 8725 §3.11,
//! RFC 9068 §2.1). Nothing in it is parsed before it is authenticated: a secret has exactly one header that this service
//! ever writes, and a token whose header differs from it by one byte is refused. So there is no `alg`, `typ` or `crit`
//! to be argued about. The clock is the caller's, in whole seconds since 1970 (UTC).

mod api;
mod once;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::invalid::Invalid;
pub use api::{ApiSecret, ApiToken};
pub use once::OneTime;

/// Fewest bytes of a secret: HS256 wants a key at least as long as its hash (RFC 7518 §3.2).
pub const SECRET_MIN_BYTES: usize = 32;
/// Most bytes of a secret.
pub const SECRET_MAX_BYTES: usize = 1024;
/// Most secrets at a time: one that signs, and older ones whose tokens still count.
pub const SECRETS_MAX: usize = 8;
/// Most bytes of an access token; ours have about 400.
pub const ACCESS_TOKEN_MAX_BYTES: usize = 4096;

const ISSUER: &str = "postil";
/// A secret of the operator's, from which every key of the service is derived.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes any text of 32 to 1,024 bytes; its bytes are the secret, as they stand (nothing is decoded, so hex and
    /// base64 work as well as a passphrase). White space at either end is refused rather than trimmed: it is nearly
    /// always a line end that came along from a file, and the next instance may read the file without it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = |why: &str| Err(Invalid::new("secret_invalid", why));
        if text.trim() != text || text.chars().any(char::is_control) {
            return refuse(
                "A secret must not begin or end with white space, nor contain control characters.",
            );
        }
        match text.len() {
            0..SECRET_MIN_BYTES => refuse("A secret must have at least 32 bytes."),
            SECRET_MIN_BYTES..=SECRET_MAX_BYTES => Ok(Self(text.as_bytes().to_vec())),
            _ => refuse("A secret must have at most 1024 bytes."),
        }
    }

    /// Makes the text of a new secret: 32 random bytes as base64url, 43 characters, fit for [`Secret::parse`].
    pub fn generate() -> String {
        URL_SAFE_NO_PAD.encode(random_bytes())
    }

    /// The public name of the secret: the first 8 bytes of its SHA-256, base64url. It says nothing about a secret of
    /// full entropy, and about a guessable one no more than any signature made with it.
    fn kid(&self) -> String {
        URL_SAFE_NO_PAD.encode(&Sha256::digest(&self.0)[..8])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The keys derived from the operator's secrets. The first secret signs, every one verifies, so that a secret is
/// replaced without signing anybody out: put the new one first, drop the old one when its tokens have expired.
///
/// Each purpose has a key of its own (HKDF, RFC 5869), so nothing made for one purpose is good for another.
#[derive(Clone)]
pub struct Keys {
    current: Derived,
    older: Vec<Derived>,
}

#[derive(Clone)]
struct Derived {
    /// The secret as a key of even entropy, to derive from (HKDF's first step); the text itself is not kept.
    root: [u8; 32],
    /// The first segment of every access token of this secret, encoded.
    access_header: String,
    access: [u8; 32],
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`: whose it is.
    pub person: Uuid,
    /// `sid`: the session that it lives and dies with.
    pub session: Uuid,
    /// `site`: where it counts.
    pub site: Uuid,
    /// `iat`, seconds since 1970.
    pub issued_at: i64,
    /// `exp`, seconds since 1970: the first second in which it no longer counts.
    pub expires_at: i64,
}

/// Why an access token was refused. What is wrong with a forgery is nobody's business, so there are no details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// Not one of ours.
    Invalid,
    /// Ours and unaltered, but past its time; the caller decides whether the session still lives and may renew it.
    Expired(AccessClaims),
}

/// The claims as they are written (RFC 7519 §4). `i64` takes JSON integers only: a number in a string, a fraction or
/// null is an error, not a claim that went missing.
#[derive(Serialize, Deserialize)]
struct Written {
    iss: String,
    sub: String,
    sid: String,
    site: String,
    iat: i64,
    exp: i64,
}

impl Keys {
    /// From the operator's secrets, the one that signs first. Refuses none, more than eight, and one given twice.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, Invalid> {
        let refuse = |why: &str| Err(Invalid::new("secrets_invalid", why));
        if secrets.len() > SECRETS_MAX {
            return refuse("At most 8 secrets may be given.");
        }
        if secrets
            .iter()
            .enumerate()
            .any(|(at, secret)| secrets[..at].contains(secret))
        {
            return refuse("The same secret is given twice.");
        }
        let mut derived = secrets.into_iter().map(Derived::new);
        match derived.next() {
            Some(current) => Ok(Self {
                current,
                older: derived.collect(),
            }),
            None => refuse("At least one secret is needed."),
        }
    }

    /// From the operator's setting: secrets separated by commas, the one that signs first.
    pub fn parse(list: &str) -> Result<Self, Invalid> {
        Self::new(
            list.split(',')
                .map(Secret::parse)
                .collect::<Result<_, _>>()?,
        )
    }

    /// HMAC-SHA-256 (RFC 2104) of the data under the current secret's key for this purpose. The purpose is a constant
    /// in the code, such as `"unsubscribe"`, never input.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.current.mac(purpose, data)
    }

    /// Whether `mac` is what [`Keys::mac`] gave for the data, now or under an older secret; in constant time.
    pub fn verify_mac(&self, purpose: &str, data: &[u8], mac: &[u8]) -> bool {
        self.all()
            .any(|key| key.mac(purpose, data).ct_eq(mac).into())
    }

    /// What [`Keys::mac`] gives for the data under each secret, the current one first.
    pub fn macs<'a>(
        &'a self,
        purpose: &'a str,
        data: &'a [u8],
    ) -> impl Iterator<Item = [u8; 32]> + 'a {
        self.all().map(move |key| key.mac(purpose, data))
    }

    /// Signs an access token with the current secret.
    pub fn sign_access(&self, claims: &AccessClaims) -> String {
        let written = Written {
            iss: ISSUER.to_owned(),
            sub: claims.person.to_string(),
            sid: claims.session.to_string(),
            site: claims.site.to_string(),
            iat: claims.issued_at,
            exp: claims.expires_at,
        };
        let payload =
            serde_json::to_vec(&written).expect("a struct of strings and integers is always JSON");
        let message = format!(
            "{}.{}",
            self.current.access_header,
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = hmac_sha256(&self.current.access, &[message.as_bytes()]);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Reads an access token at the time `now` (seconds since 1970). There is no leeway: the clock is our own.
    pub fn verify_access(&self, token: &str, now: i64) -> Result<AccessClaims, TokenError> {
        let claims = self.read_access(token).ok_or(TokenError::Invalid)?;
        if now < claims.expires_at {
            Ok(claims)
        } else {
            Err(TokenError::Expired(claims))
        }
    }

    fn read_access(&self, token: &str) -> Option<AccessClaims> {
        if token.len() > ACCESS_TOKEN_MAX_BYTES {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        // The header holds the `kid`, so this chooses the key as well. It is public: no constant time needed.
        let key = self.all().find(|key| key.access_header == header)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !bool::from(hmac_sha256(&key.access, &[message.as_bytes()]).ct_eq(&signature)) {
            return None;
        }
        let written: Written =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        if written.iss != ISSUER || written.exp < written.iat {
            return None;
        }
        Some(AccessClaims {
            person: Uuid::try_parse(&written.sub).ok()?,
            session: Uuid::try_parse(&written.sid).ok()?,
            site: Uuid::try_parse(&written.site).ok()?,
            issued_at: written.iat,
            expires_at: written.exp,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("secrets", &self.all().count())
            .finish_non_exhaustive()
    }
}

impl Derived {
    fn new(secret: Secret) -> Self {
        let header = format!(
            r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#,
            secret.kid()
        );
        let root = hkdf_extract(b"postil", &secret.0);
        Self {
            access_header: URL_SAFE_NO_PAD.encode(header),
            access: hkdf_expand(&root, &[b"jwt:at+jwt"]),
            root,
        }
    }

    fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        // The prefix keeps every purpose apart from the keys of JWTs, whatever it is called.
        let key = hkdf_expand(&self.root, &[b"mac:", purpose.as_bytes()]);
        hmac_sha256(&key, &[data])
    }
}

fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::getrandom(&mut bytes)
        .expect("a system that gives no randomness must get no secrets");
    bytes
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104 §3)");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// RFC 5869 §2.2 with SHA-256.
fn hkdf_extract(salt: &[u8], secret: &[u8]) -> [u8; 32] {
    hmac_sha256(salt, &[secret])
}

/// RFC 5869 §2.3 with SHA-256 for 32 bytes, which takes one round.
fn hkdf_expand(root: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    let mut parts = info.to_vec();
    parts.push(&[1]);
    hmac_sha256(root, &parts)
}

#[cfg(test)]
mod tests;
