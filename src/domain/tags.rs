//! Short names for machines: a site's slug and a language.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;

/// A site's short name in addresses and calls: 1 to 40 of `a`–`z`, `0`–`9` and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Most characters of a slug.
    pub const MAX: usize = 40;

    /// Fails with `slug_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let letters = raw
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let hyphens = raw.starts_with('-') || raw.ends_with('-');
        if raw.is_empty() || raw.len() > Self::MAX || !letters || hyphens {
            return Err(Invalid::new(
                "slug_invalid",
                "A slug has 1 to 40 characters out of a–z, 0–9 and the hyphen, and neither starts nor ends with a hyphen.",
            ));
        }
        Ok(Self(raw.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A language tag such as `en`, `pt-BR` or `zh-Hant`: the common part of BCP 47 (RFC 5646 §2.1), at most 35
/// characters (its §4.4.1), written in the customary case (§2.1.1). Whether the language exists is not checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

impl Locale {
    /// Most characters of a language tag.
    pub const MAX: usize = 35;

    /// Fails with `locale_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::read(raw).ok_or_else(|| {
            Invalid::new(
                "locale_invalid",
                "A locale is a language tag of at most 35 characters, such as en, pt-BR or zh-Hant.",
            )
        })
    }

    fn read(raw: &str) -> Option<Self> {
        if raw.len() > Self::MAX {
            return None;
        }
        let mut parts = raw.split('-');
        let language = parts.next()?;
        if !matches!(language.len(), 2..=3) || !is_alphabetic(language) {
            return None;
        }
        let mut tag = language.to_ascii_lowercase();
        let mut after_singleton = false;
        for part in parts {
            if !matches!(part.len(), 1..=8) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            tag.push('-');
            tag.push_str(&customary_case(part, after_singleton));
            after_singleton |= part.len() == 1;
        }
        // A singleton (`x`, `u`) announces a subtag; alone at the end it announces nothing.
        let ends_whole = tag.rsplit('-').next().is_some_and(|last| last.len() > 1);
        ends_whole.then_some(Self(tag))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Regions in capitals, scripts with one, the rest small; after a singleton everything is small.
fn customary_case(part: &str, after_singleton: bool) -> String {
    let small = part.to_ascii_lowercase();
    match part.len() {
        2 if !after_singleton => part.to_ascii_uppercase(),
        4 if !after_singleton && is_alphabetic(part) => {
            part[..1].to_ascii_uppercase() + &small[1..]
        }
        _ => small,
    }
}

fn is_alphabetic(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphabetic())
}

macro_rules! reads_as_its_text {
    ($($tag:ident),*) => {$(
        impl fmt::Display for $tag {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $tag {
            type Error = Invalid;

            fn try_from(raw: String) -> Result<Self, Invalid> {
                Self::parse(&raw)
            }
        }

        impl From<$tag> for String {
            fn from(tag: $tag) -> String {
                tag.0
            }
        }
    )*};
}

reads_as_its_text!(Slug, Locale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for good in ["a", "demo", "my-site-2", "0", &"a".repeat(40), "a--b"] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "a b",
            "ä",
            "a.b",
            "a/b",
            " a",
            &"a".repeat(41),
        ] {
            assert_eq!(
                Slug::parse(bad).unwrap_err().code,
                "slug_invalid",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn locales_take_their_customary_case() {
        for (raw, tag) in [
            ("en", "en"),
            ("EN-us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("gsw", "gsw"),
            ("es-419", "es-419"),
            ("de-1996", "de-1996"),
            ("sl-rozaj-BISKE", "sl-rozaj-biske"),
            ("en-u-CA-Gregory", "en-u-ca-gregory"),
        ] {
            assert_eq!(Locale::parse(raw).unwrap().as_str(), tag);
        }
        let long = format!("en{}", "-abcdefg".repeat(5));
        for bad in [
            "",
            "e",
            "engl",
            "e1",
            "en-",
            "-en",
            "en_US",
            "en--US",
            "en-x",
            "en-abcdefghi",
            "en-ü",
            " en",
            &long,
        ] {
            assert_eq!(
                Locale::parse(bad).unwrap_err().code,
                "locale_invalid",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn tags_are_checked_when_read_from_json() {
        let slug: Slug = serde_json::from_str(r#""demo""#).unwrap();
        assert_eq!(serde_json::to_string(&slug).unwrap(), r#""demo""#);
        assert!(serde_json::from_str::<Slug>(r#""De mo""#).is_err());
    }
}
