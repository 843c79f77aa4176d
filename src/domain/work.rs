//! Proof of work: a little of a computer's time for each comment, which nobody notices and a flood cannot pay.
//!
//! The challenges are those of ALTCHA, version 2 (`SHA-256`, deterministic mode, cost 1): the key is the SHA-256 of salt,
//! nonce and a counter of four bytes, and the first sixteen bytes of the wanted key are told. Whoever solves it tries counters
//! from 0; whoever checks it tries one. Nothing of a challenge is kept until it is solved: it is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::SiteId;
use super::invalid::Invalid;
use super::time::Time;

/// Fewest hashes that the usual challenge takes, on average; a phone does some 100,000 in a second.
pub const EASIEST: u32 = 20_000;
/// Most hashes that any challenge takes: some ten seconds on a phone.
pub const HARDEST: u32 = 1_000_000;
/// How long a challenge may be solved, in seconds: as long as one may take to write a comment.
pub const LIFETIME: i64 = 2 * 3600;
/// Most bytes of a solution; ours have about 700.
pub const MAX_BYTES: usize = 2_000;

const KEY_BYTES: usize = 32;
const PREFIX_BYTES: usize = 16;

/// What is signed. The members stand in the order of their names, as ALTCHA's canonical JSON has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    algorithm: String,
    cost: u32,
    data: Data,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
    #[serde(rename = "keyLength")]
    key_length: u32,
    #[serde(rename = "keyPrefix")]
    key_prefix: String,
    nonce: String,
    salt: String,
}

/// What a challenge is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    site: SiteId,
}

/// A challenge as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    parameters: Parameters,
    signature: String,
}

/// What a client makes of a challenge.
#[derive(Debug, Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Solution,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

/// A challenge that was solved. It is good once: whoever takes it keeps its nonce until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solved {
    /// What tells it from every other.
    pub nonce: [u8; 16],
    /// When it is good no more.
    pub expires_at: Time,
}

/// How many hashes a challenge should take: twice as many for each time that the load on the service, and that of one
/// network, exceeds what is usual.
pub fn difficulty(load: u32, usual: u32) -> u32 {
    // More than 64 times as many hashes are more than the most.
    let times = (load / usual.max(1)).clamp(1, 64);
    EASIEST
        .saturating_mul(times.next_power_of_two())
        .min(HARDEST)
}

impl Challenge {
    /// A challenge for a site, made of 36 random bytes, that takes between half of `hashes` and all of them.
    pub fn new(
        site: SiteId,
        hashes: u32,
        random: [u8; 36],
        now: Time,
        sign: impl Fn(&[u8]) -> [u8; 32],
    ) -> Self {
        let (nonce, rest) = random.split_at(16);
        let (salt, dice) = rest.split_at(16);
        let dice = u32::from_be_bytes([dice[0], dice[1], dice[2], dice[3]]);
        let hashes = hashes.clamp(2, HARDEST);
        let counter = hashes / 2 + dice % (hashes / 2);
        let key = key(salt, nonce, counter);
        let parameters = Parameters {
            algorithm: "SHA-256".into(),
            cost: 1,
            data: Data { site },
            expires_at: now.micros() / 1_000_000 + LIFETIME,
            key_length: KEY_BYTES as u32,
            key_prefix: hex(&key[..PREFIX_BYTES]),
            nonce: hex(nonce),
            salt: hex(salt),
        };
        let signature = hex(&sign(&canonical(&parameters)));
        Self {
            parameters,
            signature,
        }
    }
}

/// Checks a solution: base64 of JSON, as ALTCHA's clients send it.
///
/// # Errors
/// `work_invalid` for what solves no challenge of ours for that site, `work_expired`.
pub fn check(
    text: &str,
    site: SiteId,
    now: Time,
    verify: impl Fn(&[u8], &[u8]) -> bool,
) -> Result<Solved, Invalid> {
    let refuse = || Invalid::new("work_invalid", "This solves no challenge of this site.");
    if text.len() > MAX_BYTES {
        return Err(refuse());
    }
    let bytes = STANDARD.decode(text).map_err(|_| refuse())?;
    let payload: Payload = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
    let Challenge {
        parameters,
        signature,
    } = payload.challenge;
    let signature: [u8; 32] = unhex(&signature).ok_or_else(refuse)?;
    if !verify(&canonical(&parameters), &signature) || parameters.data.site != site {
        return Err(refuse());
    }
    // From here on the parameters are our own.
    if parameters.expires_at.saturating_mul(1_000_000) <= now.micros() {
        return Err(Invalid::new(
            "work_expired",
            "The challenge has expired; ask for another.",
        ));
    }
    let nonce: [u8; 16] = unhex(&parameters.nonce).ok_or_else(refuse)?;
    let salt: [u8; 16] = unhex(&parameters.salt).ok_or_else(refuse)?;
    let key = hex(&key(&salt, &nonce, payload.solution.counter));
    if !key.starts_with(&parameters.key_prefix) || key != payload.solution.derived_key {
        return Err(refuse());
    }
    let expires_at = Time::from_micros(parameters.expires_at.saturating_mul(1_000_000));
    Ok(Solved { nonce, expires_at })
}

fn key(salt: &[u8], nonce: &[u8], counter: u32) -> [u8; KEY_BYTES] {
    let hash = Sha256::new().chain_update(salt).chain_update(nonce);
    hash.chain_update(counter.to_be_bytes()).finalize().into()
}

fn canonical(parameters: &Parameters) -> Vec<u8> {
    // Texts and numbers alone: there is nothing in it that JSON could not say.
    serde_json::to_vec(parameters).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, Mac};
    use proptest::prelude::*;

    /// Made and solved by the reference library, `altcha-lib` 2.8.0, with the secret below.
    const REFERENCE: &str = r#"{"challenge":{"parameters":{"algorithm":"SHA-256","cost":1,"data":{"site":"0198c0de-0000-7000-8000-000000000001"},"expiresAt":2000000000,"keyLength":32,"keyPrefix":"c86e5f2496122b138e6f00644e9838dc","nonce":"436676387530d3552e7824059ea9ad23","salt":"befe2b019fa949e5bf756ee508fbef4c"},"signature":"128a255d4a53774752c71d5af40758b1cf5637b51712bec8b6a76eee99d72f8d"},"solution":{"counter":700,"derivedKey":"c86e5f2496122b138e6f00644e9838dcef88f3326668725c5938c5bbf24c452a","time":12.4}}"#;

    fn sign(data: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret for tests").unwrap();
        mac.update(data);
        mac.finalize().into_bytes().into()
    }

    fn site() -> SiteId {
        "0198c0de-0000-7000-8000-000000000001".parse().unwrap()
    }

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn checked(json: &str, site: SiteId, now: Time) -> Result<Solved, &'static str> {
        let text = STANDARD.encode(json);
        check(&text, site, now, |data, mac| sign(data) == mac).map_err(|invalid| invalid.code)
    }

    #[test]
    fn what_the_reference_library_makes_and_solves_is_taken() {
        let solved = checked(REFERENCE, site(), at(1_999_999_999)).unwrap();
        assert_eq!(solved.nonce[..2], [0x43, 0x66]);
        assert_eq!(
            checked(REFERENCE, site(), at(2_000_000_000)),
            Err("work_expired")
        );
        assert_eq!(
            checked(REFERENCE, SiteId::new(), at(0)),
            Err("work_invalid")
        );
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        for (from, to) in [
            ("\"cost\":1", "\"cost\":2"),
            ("2000000000", "2000000001"),
            (
                "\"keyPrefix\":\"c86e5f2496122b138e6f00644e9838dc\"",
                "\"keyPrefix\":\"\"",
            ),
            ("\"counter\":700", "\"counter\":701"),
            ("\"derivedKey\":\"c8", "\"derivedKey\":\"c9"),
            ("\"signature\":\"12", "\"signature\":\"13"),
            ("\"salt\":\"be", "\"salt\":\"é"),
        ] {
            let changed = REFERENCE.replace(from, to);
            assert_ne!(changed, REFERENCE);
            assert_eq!(
                checked(&changed, site(), at(0)),
                Err("work_invalid"),
                "{to}"
            );
        }
    }

    #[test]
    fn ours_is_solved_by_trying() {
        let challenge = Challenge::new(site(), 400, [9; 36], at(0), sign);
        let [nonce, salt] = [&challenge.parameters.nonce, &challenge.parameters.salt]
            .map(|text| unhex::<16>(text).unwrap());
        let prefix = &challenge.parameters.key_prefix;
        let counter = (0..400)
            .find(|&counter| hex(&key(&salt, &nonce, counter)).starts_with(prefix))
            .unwrap();
        assert!(counter >= 200);
        let derived = hex(&key(&salt, &nonce, counter));
        let solution = serde_json::json!({"challenge": challenge, "solution": {"counter": counter, "derivedKey": derived}});
        assert!(checked(&solution.to_string(), site(), at(1)).is_ok());
        assert_eq!(
            checked(&solution.to_string(), site(), at(LIFETIME)),
            Err("work_expired")
        );
    }

    #[test]
    fn it_is_harder_under_load() {
        assert_eq!(difficulty(0, 60), EASIEST);
        assert_eq!(difficulty(119, 60), EASIEST);
        assert_eq!(difficulty(120, 60), 2 * EASIEST);
        assert_eq!(difficulty(600, 60), 16 * EASIEST);
        assert_eq!(difficulty(u32::MAX, 0), HARDEST);
    }

    proptest! {
        #[test]
        fn anything_else_is_refused(text: String) {
            prop_assert!(check(&text, site(), at(0), |_, _| true).is_err());
        }
    }
}
