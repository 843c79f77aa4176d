//! The claims of a site's token (RFC 7519 §4.1, OpenID Connect Core §5.1), checked one by one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::profile::SsoProfile;
use super::{Invalid, NAME_MAX_CHARS, is_name, refuse, shown};

/// How far the site's clock may be from ours, in seconds: ahead of it (`nbf`, `iat`) or behind (`exp`).
pub const LEEWAY_SECONDS: i64 = 60;
/// Longest life of a token, in seconds: 24 hours. A token can be exchanged again and again until it expires, so one
/// that leaks (in a log, a cache, a shared page) is a key to its person's account for that long. A day is enough for a
/// page that is rendered in the morning and left open; a site that signs on every view is best served by minutes.
pub const LIFETIME_MAX_SECONDS: i64 = 24 * 60 * 60;

/// Who a site says its reader is.
#[derive(Clone, PartialEq, Eq)]
pub struct SsoClaims {
    /// `iss`; empty when the token has none.
    pub issuer: String,
    /// `sub`, byte for byte: never trimmed, normalised or case-folded, so that two subjects stay two people.
    pub subject: String,
    /// What else it says of them.
    pub profile: SsoProfile,
    /// `exp`, seconds since 1970.
    pub expires_at: i64,
}

/// Names and addresses stay out of logs.
impl fmt::Debug for SsoClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoClaims")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The claims of a token whose signature is sound. A null counts as a claim that is not there.
pub(super) struct Claims(pub Map<String, Value>);

impl Claims {
    /// `iss`, empty when absent; the very text that is wanted, if one is.
    pub fn issuer(&self, wanted: Option<&str>) -> Result<String, Invalid> {
        // An empty `iss` is refused, so that "no issuer" and "an empty one" cannot be the same person.
        let issuer = self.text("iss")?;
        if issuer.is_some_and(|issuer| !is_name(issuer)) {
            return Err(refuse(
                "The token's `iss` is empty, too long or has control characters.",
            ));
        }
        match wanted {
            Some(wanted) if issuer != Some(wanted) => {
                let given =
                    issuer.map_or("absent".to_owned(), |issuer| format!("“{}”", shown(issuer)));
                Err(refuse(format!(
                    "The token's `iss` is {given}; it must be “{}”.",
                    shown(wanted)
                )))
            }
            _ => Ok(issuer.unwrap_or_default().to_owned()),
        }
    }

    /// `aud` is one text or an array of texts (RFC 7519 §4.1.3).
    pub fn check_audience(&self, wanted: &str) -> Result<(), Invalid> {
        let named = match self.get("aud") {
            None => return Err(refuse("The token has no `aud`.")),
            Some(Value::String(audience)) => audience == wanted,
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                list.iter().any(|audience| audience == wanted)
            }
            Some(_) => {
                return Err(refuse(
                    "The token's `aud` is neither a string nor an array of strings.",
                ));
            }
        };
        let wanted = shown(wanted);
        if named {
            Ok(())
        } else {
            Err(refuse(format!("The token's `aud` is not “{wanted}”.")))
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(refuse(format!("The token's `{name}` is not a string."))),
        }
    }

    /// A NumericDate (RFC 7519 §2), whole or with a fraction, cut to whole seconds. What is far out of range ends at
    /// the range's end, where the comparisons below refuse it.
    fn seconds(&self, name: &str) -> Result<Option<i64>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        // A float cast to an integer saturates.
        let whole = value
            .as_i64()
            .or_else(|| value.as_f64().map(|float| float.floor() as i64));
        let detail = || format!("The token's `{name}` is not a number of seconds since 1970.");
        whole.map(Some).ok_or_else(|| refuse(detail()))
    }

    /// Checks `exp`, `nbf` and `iat`, and returns `exp`.
    pub fn check_times(&self, now: i64) -> Result<i64, Invalid> {
        let here = format!("the time here is {now} (seconds since 1970)");
        let expires = self
            .seconds("exp")?
            .ok_or_else(|| refuse("The token has no `exp`."))?;
        if expires.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(refuse(format!("The token expired at {expires}; {here}.")));
        }
        let issued = self.seconds("iat")?;
        for (name, time) in [("nbf", self.seconds("nbf")?), ("iat", issued)] {
            if let Some(time) = time.filter(|time| *time > now.saturating_add(LEEWAY_SECONDS)) {
                return Err(refuse(format!(
                    "The token's `{name}` is {time}, in the future; {here}."
                )));
            }
        }
        // Without `iat` the token counts as issued now.
        let (start, slack) = issued.map_or((now, LEEWAY_SECONDS), |issued| (issued, 0));
        if expires.saturating_sub(start) > LIFETIME_MAX_SECONDS + slack {
            return Err(refuse(format!(
                "The token's `exp` is {expires}: it may live for at most 24 hours, and `exp` counts seconds; {here}."
            )));
        }
        Ok(expires)
    }

    pub fn read(&self, issuer: String, expires_at: i64) -> Result<SsoClaims, Invalid> {
        let subject = self
            .text("sub")?
            .ok_or_else(|| refuse("The token has no `sub`."))?;
        if !is_name(subject) {
            return Err(refuse(format!(
                "The token's `sub` must have 1 to {NAME_MAX_CHARS} characters and no control characters."
            )));
        }
        Ok(SsoClaims {
            issuer,
            subject: subject.to_owned(),
            profile: SsoProfile::read(&self.0),
            expires_at,
        })
    }
}

/// A JSON object whose names are all different. RFC 7515 §4 and RFC 7519 §4 let a reader refuse a repeated name; one
/// that took the first where another takes the last would read another token than the one that was checked.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Unique, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = from.next_entry()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name is repeated"));
                    }
                }
                Ok(Unique(members))
            }
        }
        from.deserialize_map(Members)
    }
}

pub(super) fn object(what: &str, part: &str) -> Result<Map<String, Value>, Invalid> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| {
        refuse(format!(
            "The token's {what} is not base64url without padding."
        ))
    })?;
    let Unique(members) = serde_json::from_slice(&bytes).map_err(|_| {
        refuse(format!(
            "The token's {what} is not a JSON object with each name once."
        ))
    })?;
    Ok(members)
}
