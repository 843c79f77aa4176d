//! Tokens for tools: opaque, long-lived, made once and shown once. An id to find the row by, and 256 random bits of
//! which the row keeps the SHA-256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::random_bytes;

const PREFIX: &str = "postil_";
/// 16 bytes and 32 bytes as base64url without padding (RFC 4648 §5).
const ID_CHARS: usize = 22;
const SECRET_CHARS: usize = 43;

/// The form of tokens for tools: `postil_<id>_<secret>`, both base64url. The prefix lets secret scanners find one
/// that was committed or pasted somewhere.
#[derive(Debug)]
pub struct ApiToken;

impl ApiToken {
    /// Makes the token for the row `id`: its text, to be shown once, and the hash to be kept.
    pub fn generate(id: Uuid) -> (String, [u8; 32]) {
        let secret = ApiSecret(random_bytes());
        let text = format!(
            "{PREFIX}{}_{}",
            URL_SAFE_NO_PAD.encode(id.as_bytes()),
            URL_SAFE_NO_PAD.encode(secret.0)
        );
        (text, secret.hash())
    }

    /// Reads a token's text: the row to look up, and the secret to compare with the row's hash.
    pub fn parse(text: &str) -> Option<(Uuid, ApiSecret)> {
        // By length, since base64url itself uses the underscore.
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != ID_CHARS + 1 + SECRET_CHARS {
            return None;
        }
        let (id, secret) = rest.split_at_checked(ID_CHARS)?;
        let id: [u8; 16] = URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?;
        let secret: [u8; 32] = URL_SAFE_NO_PAD
            .decode(secret.strip_prefix('_')?)
            .ok()?
            .try_into()
            .ok()?;
        Some((Uuid::from_bytes(id), ApiSecret(secret)))
    }
}

/// The secret half of an API token.
pub struct ApiSecret([u8; 32]);

impl ApiSecret {
    /// Whether this secret has the hash that was kept; in constant time.
    pub fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// One SHA-256 is enough: the secret has 256 bits of entropy, so there is nothing to guess and nothing for a slow
    /// hash or a salt to slow down.
    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret(…)")
    }
}
