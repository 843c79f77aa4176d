//! What we write into the addresses that answers to our mail come to, so that a bounce says whose it is (VERP): signed,
//! so that nobody can speak for a mailbox who was not written to, and in letters that survive mail servers that fold case.

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::id::MailboxId;
use super::token::Keys;

/// RFC 4648 §6, in lower case and without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Mailbox, end of the letter's id, signature.
const BYTES: usize = 16 + 4 + MAC;
const MAC: usize = 8;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Mail that could not be delivered comes back to it.
    Return,
    /// Whoever writes to it wants no more.
    Unsubscribe,
}

impl Purpose {
    fn letter(self) -> char {
        match self {
            Self::Return => 'b',
            Self::Unsubscribe => 'u',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Return => "mail:return",
            Self::Unsubscribe => "mail:unsubscribe",
        }
    }
}

/// Which mailbox a letter went to, and which letter it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What the address that bears it is for.
    pub purpose: Purpose,
    /// Whom the letter went to.
    pub mailbox: MailboxId,
    /// The last four bytes of the letter's id, which tell the letters of one mailbox apart.
    pub letter: [u8; 4],
}

impl Mark {
    /// Characters of a written mark. With a plus sign, 17 octets of a local part (RFC 5321 §4.5.3.1.1) are left.
    pub const LENGTH: usize = 1 + (BYTES * 8).div_ceil(5);

    /// The mark as text: small letters and digits.
    pub fn write(&self, keys: &Keys) -> String {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.mailbox.bytes());
        bytes[16..20].copy_from_slice(&self.letter);
        let mac = keys.mac(self.purpose.name(), &bytes[..20]);
        bytes[20..].copy_from_slice(&mac[..MAC]);
        format!("{}{}", self.purpose.letter(), encode(&bytes))
    }

    /// Reads a mark, in whatever case, that one of our secrets has signed.
    pub fn read(text: &str, keys: &Keys) -> Option<Self> {
        if text.len() != Self::LENGTH || !text.is_ascii() {
            return None;
        }
        let (first, rest) = text.split_at(1);
        let purpose = match first {
            "b" | "B" => Purpose::Return,
            "u" | "U" => Purpose::Unsubscribe,
            _ => return None,
        };
        let bytes = decode(rest)?;
        let (said, mac) = bytes.split_at(20);
        let is_ours = keys
            .macs(purpose.name(), said)
            .any(|whole| whole[..MAC].ct_eq(mac).into());
        if !is_ours {
            return None;
        }
        Some(Self {
            purpose,
            mailbox: MailboxId::from_uuid(Uuid::from_slice(&said[..16]).ok()?),
            letter: said[16..].try_into().ok()?,
        })
    }
}

fn encode(bytes: &[u8; BYTES]) -> String {
    let mut text = String::with_capacity(Mark::LENGTH);
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

fn decode(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let (mut held, mut bits, mut at) = (0u32, 0, 0);
    for letter in text.bytes() {
        let letter = letter.to_ascii_lowercase();
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 && at < BYTES {
            bits -= 8;
            bytes[at] = u8::try_from(held >> bits & 255).ok()?;
            at += 1;
        }
    }
    // What is left over of the last letter is padding, and one address must not be written in two ways.
    (at == BYTES && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::parse("a secret of thirty-two bytes or more").unwrap()
    }

    fn mark(purpose: Purpose) -> Mark {
        Mark {
            purpose,
            mailbox: MailboxId::new(),
            letter: [1, 2, 3, 255],
        }
    }

    #[test]
    fn is_read_as_it_was_written_in_any_case_and_fits_an_address() {
        for purpose in [Purpose::Return, Purpose::Unsubscribe] {
            let mark = mark(purpose);
            let text = mark.write(&keys());
            assert_eq!(text.len(), Mark::LENGTH);
            assert_eq!(Mark::LENGTH + 1 + 17, 64);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(Mark::read(&text, &keys()), Some(mark));
            assert_eq!(Mark::read(&text.to_uppercase(), &keys()), Some(mark));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        let text = mark(Purpose::Return).write(&keys());
        let other = Keys::parse("another secret of thirty-two bytes or more").unwrap();
        assert_eq!(Mark::read(&text, &other), None);
        // A return address is no leave to unsubscribe.
        assert_eq!(Mark::read(&format!("u{}", &text[1..]), &keys()), None);
        for at in 0..text.len() {
            for changed in ['a', 'q', '0', 'é'] {
                let changed: String = text
                    .chars()
                    .enumerate()
                    .map(|(place, c)| if place == at { changed } else { c })
                    .collect();
                assert!(changed == text || Mark::read(&changed, &keys()).is_none());
            }
        }
        for wrong in ["", "b", &text[..45], &format!("{text}a"), &"é".repeat(23)] {
            assert_eq!(Mark::read(wrong, &keys()), None);
        }
    }

    #[test]
    fn an_older_secret_still_counts() {
        let mark = mark(Purpose::Unsubscribe);
        let text = mark.write(&keys());
        let both =
            "another secret of thirty-two bytes or more,a secret of thirty-two bytes or more";
        assert_eq!(Mark::read(&text, &Keys::parse(both).unwrap()), Some(mark));
    }
}
