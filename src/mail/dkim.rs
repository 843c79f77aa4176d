//! Signing letters (DKIM, RFC 6376): whoever receives one knows that this domain answers for it, and that nobody put in
//! another way to unsubscribe (RFC 8058 §4).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::HeaderName;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;

/// Fewest bits of a key that receivers still look at (RFC 8301 §3.2 wants 1024, and advises 2048).
const MIN_BITS: usize = 1024;

/// What is signed. A header that a letter has not is signed as absent, so that nobody can add it on the way.
const SIGNED: [&str; 15] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Precedence",
    "Feedback-ID",
];

/// A domain's key.
#[derive(Debug)]
pub struct Signer {
    config: DkimConfig,
    name: String,
    record: String,
}

impl Signer {
    /// From an RSA key in PEM, as `openssl genrsa` writes it (PKCS #8 or PKCS #1).
    ///
    /// # Errors
    /// A sentence that says what will do; it repeats nothing of the key.
    pub fn new(pem: &str, selector: &str, domain: &str) -> Result<Self, String> {
        let takes = || "an RSA private key in PEM, as `openssl genrsa 2048` writes it".to_owned();
        let key = RsaPrivateKey::from_pkcs8_pem(pem)
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem))
            .map_err(|_| takes())?;
        if key.n().bits() < MIN_BITS {
            return Err(format!("a key of at least {MIN_BITS} bits; 2048 are usual"));
        }
        let public = key
            .to_public_key()
            .to_public_key_der()
            .map_err(|_| takes())?;
        let plain = key.to_pkcs1_pem(LineEnding::LF).map_err(|_| takes())?;
        let signing =
            DkimSigningKey::new(&plain, DkimSigningAlgorithm::Rsa).map_err(|_| takes())?;
        let relaxed = DkimCanonicalization {
            header: DkimCanonicalizationType::Relaxed,
            body: DkimCanonicalizationType::Relaxed,
        };
        let headers = SIGNED.map(HeaderName::new_from_ascii_str).into();
        Ok(Self {
            config: DkimConfig::new(
                selector.to_owned(),
                domain.to_owned(),
                signing,
                headers,
                relaxed,
            ),
            name: format!("{selector}._domainkey.{domain}"),
            record: format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public.as_bytes())),
        })
    }

    /// Signs a message that is otherwise complete.
    pub fn sign(&self, message: &mut Message) {
        // A clock before 1970 would make the library panic.
        if SystemTime::now() > SystemTime::UNIX_EPOCH {
            message.sign(&self.config);
        }
    }

    /// The TXT record that receivers look the key up in: its name, and what it holds.
    pub fn record(&self) -> (&str, &str) {
        (&self.name, &self.record)
    }
}
