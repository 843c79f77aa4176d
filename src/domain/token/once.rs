//! What is good once: 256 random bits, told this once, of which the SHA-256 is kept. One hash is enough, since there is nothing
//! to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::random_bytes;

/// A secret that is good once: 43 characters of base64url.
#[derive(Debug)]
pub struct OneTime;

impl OneTime {
    /// Makes one: its text, and the hash to be kept.
    pub fn generate() -> (String, [u8; 32]) {
        let secret = random_bytes();
        (
            URL_SAFE_NO_PAD.encode(secret),
            Sha256::digest(secret).into(),
        )
    }

    /// The hash that a secret of this text has; none where it can be no such secret.
    pub fn hash(text: &str) -> Option<[u8; 32]> {
        let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Sha256::digest(secret).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_alone() {
        let (text, hash) = OneTime::generate();
        assert_eq!(text.len(), 43);
        assert_eq!(OneTime::hash(&text), Some(hash));
        assert_ne!(OneTime::generate().1, hash);
        for other in [
            "",
            "x",
            &text[1..],
            &format!("{text}A"),
            &format!("{text}="),
        ] {
            assert_eq!(OneTime::hash(other), None, "{other}");
        }
    }
}
