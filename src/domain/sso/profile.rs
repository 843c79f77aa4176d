//! What a site's token says of its reader besides who it is. Nobody can be asked again, so that one claim which cannot be kept
//! keeps nobody out: a name is mended, anything else that will not do is left out, and the site is told of both.

use serde::Serialize;
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use super::Invalid;
use crate::domain::characters::{
    MarkCount, is_bidi_control, is_idle_at_an_edge, is_refused_in_a_line,
};
use crate::domain::text::{Email, Name, Website};

/// Most bytes of a picture's address, percent-encoding included.
pub const PICTURE_MAX_BYTES: usize = 2000;

/// What a token says of its reader, as far as it can be kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SsoProfile {
    pub name: Option<Name>,
    /// An address that the site says is this person's, with the JSON value `true` for `email_verified` and nothing else.
    pub email: Option<Email>,
    /// `website`, else `profile`.
    pub website: Option<Website>,
    /// An `https:` URL: any other could not be shown on a secure page.
    pub picture: Option<String>,
    /// The claims that were left out.
    pub dropped: Vec<Remark>,
    /// The claims that were kept in another form.
    pub changed: Vec<Remark>,
}

/// What became of a claim, and why: the code and the sentence with which anybody else's would have been refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    pub claim: &'static str,
    pub code: &'static str,
    pub detail: String,
}

impl Remark {
    fn new(claim: &'static str, why: Invalid) -> Self {
        Self {
            claim,
            code: why.code,
            detail: why.detail,
        }
    }
}

impl SsoProfile {
    /// Reads the claims of OpenID Connect Core §5.1 that are kept. Null and an empty text count as none.
    pub(super) fn read(claims: &Map<String, Value>) -> Self {
        let mut it = Self::default();
        it.name = it.take(claims, "name", mended_name);
        it.email = it.take(claims, "email", |raw| {
            if claims.get("email_verified") == Some(&Value::Bool(true)) {
                // What is taken out of the middle of an address makes another mailbox of it.
                let trimmed = raw.trim_matches(is_idle_at_an_edge);
                match Email::parse(raw) {
                    Ok(email) => Ok((email, Vec::new())),
                    Err(flaw) => Email::parse(trimmed).map(|email| (email, vec![flaw])),
                }
            } else {
                let detail = "The token's `email_verified` is not `true`.";
                Err(Invalid::new("email_unverified", detail))
            }
        });
        it.website = it.take(claims, "website", |raw| mended(raw, Website::parse));
        if it.website.is_none() {
            it.website = it.take(claims, "profile", |raw| mended(raw, Website::parse));
        }
        it.picture = it.take(claims, "picture", |raw| mended(raw, picture));
        it
    }

    fn take<T>(
        &mut self,
        claims: &Map<String, Value>,
        name: &'static str,
        parse: impl Fn(&str) -> Result<(T, Vec<Invalid>), Invalid>,
    ) -> Option<T> {
        let parsed = match claims.get(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => parse(text),
            _ => {
                let detail = format!("The token's `{name}` is not a string.");
                Err(Invalid::new("field_type", detail))
            }
        };
        match parsed {
            Ok((value, flaws)) => {
                let flaws = flaws.into_iter().map(|flaw| Remark::new(name, flaw));
                self.changed.extend(flaws);
                Some(value)
            }
            Err(flaw) => {
                self.dropped.push(Remark::new(name, flaw));
                None
            }
        }
    }
}

/// A name, without what is refused within one, and cut between two letters where it is too long; with the reasons.
fn mended_name(raw: &str) -> Result<(Name, Vec<Invalid>), Invalid> {
    let mut flaws = Vec::new();
    let mut text = raw.to_owned();
    // Of these a reader's own name loses most without a word.
    if raw
        .chars()
        .any(|c| !c.is_whitespace() && is_refused_in_a_line(c))
    {
        let detail = "A name is written without characters that hide or turn text.";
        flaws.push(Invalid::new("name_invalid", detail));
        text = cleaned(raw);
    }
    loop {
        let flaw = match Name::parse(&text) {
            Ok(name) => return Ok((name, flaws)),
            Err(flaw) => flaw,
        };
        // Each is mended once: whatever is still there then cannot be.
        if flaws
            .iter()
            .any(|before: &Invalid| before.code == flaw.code)
        {
            return Err(flaw);
        }
        text = match flaw.code {
            "name_invalid" => cleaned(&text),
            "name_too_long" => cut(&cleaned(&text)),
            _ => return Err(flaw),
        };
        flaws.push(flaw);
    }
}

/// One line without what hides or turns text, and without piles of marks.
fn cleaned(text: &str) -> String {
    let allowed: String = text
        .chars()
        .filter(|&c| c.is_whitespace() || !is_refused_in_a_line(c))
        .collect();
    let words: Vec<&str> = allowed
        .trim_matches(is_idle_at_an_edge)
        .split_whitespace()
        .collect();
    let mut marks = MarkCount::default();
    words.join(" ").nfc().filter(|&c| marks.admits(c)).collect()
}

/// As many whole letters as a name may have: what a reader sees as one, such as a family of emoji, stays whole or goes.
fn cut(line: &str) -> String {
    let mut length = 0;
    let whole: String = line
        .graphemes(true)
        .take_while(|letter| {
            length += letter.chars().count();
            length <= Name::MAX
        })
        .collect();
    if whole.is_empty() {
        return line.chars().take(Name::MAX).collect();
    }
    whole
}

/// An address, without marks that only turn text or are not seen at all. Nothing that divides is taken out: what stood on both
/// sides of it would become one.
fn mended<T>(
    raw: &str,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<(T, Vec<Invalid>), Invalid> {
    let flaw = match parse(raw) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(flaw) => flaw,
    };
    let is_unseen = |c: char| is_bidi_control(c) || (is_idle_at_an_edge(c) && !c.is_whitespace());
    let text: String = raw.chars().filter(|&c| !is_unseen(c)).collect();
    match parse(text.trim()) {
        Ok(value) => Ok((value, vec![flaw])),
        Err(_) => Err(flaw),
    }
}

fn picture(raw: &str) -> Result<String, Invalid> {
    let refuse = |detail: &str| Invalid::new("picture_invalid", detail);
    // The URL standard drops tabs and line breaks; an address that holds them was not meant as one.
    if raw.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(refuse("A picture's address may not contain white space."));
    }
    let url = Url::parse(raw)
        .ok()
        .filter(|url| url.scheme() == "https" && raw.as_bytes().get(6..8) == Some(b"//"))
        .ok_or_else(|| {
            refuse("A picture must be at an address such as https://example.org/ada.png.")
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            "A picture's address may not contain a user name or password.",
        ));
    }
    if url.as_str().len() > PICTURE_MAX_BYTES {
        return Err(refuse(&format!(
            "A picture's address may have at most {PICTURE_MAX_BYTES} bytes."
        )));
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> SsoProfile {
        SsoProfile::read(claims.as_object().unwrap())
    }

    fn codes(remarks: &[Remark]) -> Vec<(&str, &str)> {
        remarks
            .iter()
            .map(|remark| (remark.claim, remark.code))
            .collect()
    }

    #[test]
    fn a_name_that_will_not_do_is_mended() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        let sixty = "é".repeat(60);
        for (raw, kept, flaws) in [
            (" Zoë\n", "Zoë", &[][..]),
            ("Ann\u{200b}", "Ann", &[]),
            ("\u{2067}Ann\u{2069}", "Ann", &["name_invalid"]),
            ("Ann\u{202e}nimda", "Annnimda", &["name_invalid"]),
            ("Ann\tLee\u{0}", "Ann Lee", &["name_invalid"]),
            ("Ann\u{2028}Lee", "Ann Lee", &[]),
            (&"é".repeat(62), &sixty, &["name_too_long"]),
            (&"e\u{301}".repeat(62), &sixty, &["name_too_long"]),
            (
                &format!("\u{202b}{}", "é".repeat(900)),
                &sixty,
                &["name_invalid", "name_too_long"],
            ),
            (
                &format!("{}{family}", "a".repeat(57)),
                &"a".repeat(57),
                &["name_too_long"],
            ),
            (
                &format!("{} {family}", "a".repeat(53)),
                &"a".repeat(53),
                &["name_too_long"],
            ),
            (
                &format!("x{}", "\u{336}".repeat(40)),
                &format!("x{}", "\u{336}".repeat(6)),
                &["name_invalid"],
            ),
        ] {
            let profile = read(json!({"name": raw}));
            let name = profile.name.as_ref().map(Name::as_str);
            assert_eq!(name, Some(kept), "{raw:?}");
            let told: Vec<_> = profile.changed.iter().map(|told| told.code).collect();
            assert_eq!(told, flaws, "{raw:?}");
            assert_eq!(profile.dropped, []);
        }
        let cut = read(json!({"name": "é".repeat(62)}));
        assert_eq!(
            cut.changed[0].detail,
            "A name may have at most 60 characters; this one has 62."
        );
    }

    #[test]
    fn a_name_of_which_nothing_is_left_is_dropped_and_told() {
        for (raw, code) in [
            ("\u{202e}\u{2066}", "name_required"),
            ("  ", "name_required"),
            ("\u{3164}", "name_invalid"),
            ("\u{e000}\u{0}", "name_required"),
        ] {
            let profile = read(json!({"name": raw}));
            assert_eq!(profile.name, None, "{raw:?}");
            assert_eq!(codes(&profile.dropped), [("name", code)], "{raw:?}");
            assert_eq!(profile.changed, []);
        }
    }

    #[test]
    fn claims_of_other_types_are_dropped_and_told() {
        for value in [json!(42), json!(true), json!(["a"]), json!({"a": 1})] {
            let profile = read(
                json!({"name": value, "email": value, "email_verified": true, "website": value, "profile": value, "picture": value}),
            );
            let told = codes(&profile.dropped);
            let all = ["name", "email", "website", "profile", "picture"];
            // That an address is nobody's is what is told of one that is none.
            assert_eq!(told, all.map(|claim| (claim, "field_type")), "{value}");
            let kept = SsoProfile {
                dropped: Vec::new(),
                ..profile
            };
            assert!(kept == SsoProfile::default());
        }
        for none in [json!(null), json!("")] {
            let profile = read(
                json!({"name": none, "email": none, "website": none, "profile": none, "picture": none}),
            );
            assert!(profile == SsoProfile::default(), "{none}");
        }
    }

    #[test]
    fn an_address_is_kept_only_if_the_site_says_whose_it_is() {
        for (verified, kept) in [
            (json!(true), true),
            (json!("true"), false),
            (json!(1), false),
            (json!(false), false),
            (json!(null), false),
            (json!([true]), false),
        ] {
            let profile = read(json!({"email": "a@example.org", "email_verified": verified}));
            assert_eq!(profile.email.is_some(), kept, "{verified}");
            let told = codes(&profile.dropped);
            let why: &[_] = match kept {
                true => &[],
                false => &[("email", "email_unverified")],
            };
            assert_eq!(told, why, "{verified}");
        }
        let broken = read(json!({"email": "Ada <a@example.org>", "email_verified": true}));
        assert_eq!(codes(&broken.dropped), [("email", "email_invalid")]);
        assert!(!broken.dropped[0].detail.contains("a@example.org"));
    }

    #[test]
    fn addresses_are_kept_cleaned_or_dropped_and_never_cut() {
        let long = format!("https://example.org/{}", "a".repeat(2000));
        for (raw, kept, changed) in [
            (
                "https://example.org/ada",
                Some("https://example.org/ada"),
                false,
            ),
            ("example.org", Some("https://example.org/"), false),
            (
                "\u{2066}https://example.org/ada\u{2069}",
                Some("https://example.org/ada"),
                true,
            ),
            ("javascript:alert(1)", None, false),
            ("java\u{202e}script:alert(1)", None, false),
            ("http://127.0.0.1/", None, false),
            ("https://example.org\nhttps://b.example", None, false),
            (&long, None, false),
        ] {
            let profile = read(json!({"website": raw}));
            let website = profile.website.as_ref().map(Website::as_str);
            assert_eq!(website, kept, "{raw:?}");
            assert_eq!(!profile.changed.is_empty(), changed, "{raw:?}");
            let dropped = codes(&profile.dropped);
            assert_eq!(dropped == [("website", "website_invalid")], kept.is_none());
        }
        // The next best is taken where there is one.
        let both = read(json!({"website": "ftp://a.example", "profile": "https://p.example"}));
        assert_eq!(both.website.unwrap().as_str(), "https://p.example/");
        assert_eq!(codes(&both.dropped), [("website", "website_invalid")]);
        let joined = read(json!({"email": "a@example.org\nb", "email_verified": true}));
        assert!(joined.email.is_none());
    }

    #[test]
    fn a_picture_is_at_a_secure_address() {
        let long = format!("https://a.example/{}", "a".repeat(2000));
        for raw in [
            "http://a.example/p",
            "javascript:alert(1)",
            "data:image/png;base64,AA==",
            "//a.example",
            "https:/a.example/p",
            "https://",
            "https://a b.example",
            "https://ann:secret@a.example/",
            "p.png",
            &long,
        ] {
            let profile = read(json!({"picture": raw}));
            assert_eq!(profile.picture, None, "{raw}");
            assert_eq!(codes(&profile.dropped), [("picture", "picture_invalid")]);
        }
        let kept = read(json!({"picture": "HTTPS://a.example/p"}));
        assert_eq!(kept.picture.as_deref(), Some("https://a.example/p"));
    }

    proptest! {
        #[test]
        fn a_name_in_which_something_shows_is_never_lost(raw in "\\PC{0,15}[a-z]\\PC{0,90}") {
            let (name, _) = mended_name(&raw).unwrap();
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
        }

        #[test]
        fn whatever_the_claims_are_they_are_read(name in any::<String>(), picture in any::<String>()) {
            let profile = read(json!({"name": name, "picture": picture}));
            prop_assert!(profile.name.is_none_or(|name| name.as_str().chars().count() <= Name::MAX));
        }
    }
}
