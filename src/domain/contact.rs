//! How a person can be reached: a website everybody sees, an e-mail address nobody does.

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

use super::invalid::Invalid;

/// A person's own page, linked from the name: `http` or `https`, at most 200 bytes as written out, under a
/// public-looking name. IP addresses and single names (`localhost`, `intranet`) are refused: to every reader
/// they mean another machine, often the reader's own router.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Website(String);

impl Website {
    /// Most bytes of a website's address, percent-encoding included.
    pub const MAX: usize = 200;

    /// A bare `example.org` gets `https://`. Fails with `website_required` (blank) or `website_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(Invalid::new(
                "website_required",
                "A website may not be empty.",
            ));
        }
        let refuse = |detail: &str| Invalid::new("website_invalid", detail);
        // The URL standard drops tabs and line breaks; an address that holds them was not meant as one.
        if raw.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(refuse("A website may not contain white space."));
        }
        let url = if has_scheme(raw) {
            Url::parse(raw)
        } else {
            Url::parse(&format!("https://{raw}"))
        };
        let url =
            url.map_err(|_| refuse("A website must be an address such as https://example.org."))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("A website must start with http:// or https://."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("A website may not contain a user name or password."));
        }
        if !matches!(url.host(), Some(Host::Domain(host)) if has_dns_shape(host.trim_end_matches('.')))
        {
            return Err(refuse(
                "A website must have a public host name such as example.org.",
            ));
        }
        if url.as_str().len() > Self::MAX {
            return Err(refuse("A website may have at most 200 bytes."));
        }
        Ok(Self(url.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Website {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the text starts with a scheme (RFC 3986 §3.1) and `://`; `example.org:8080` does not.
fn has_scheme(raw: &str) -> bool {
    raw.split_once("://").is_some_and(|(scheme, _)| {
        scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Two labels or more, each of 1 to 63 octets, 253 in all (RFC 1035 §2.3.4 without the root's dot).
fn has_dns_shape(host: &str) -> bool {
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// One e-mail address as SMTP carries it (RFC 5321 §4.5.3.1): local part up to 64 octets, 254 in all; the
/// domain in ASCII (IDNA) and lower case, the local part as given, since only its own server may fold it.
///
/// No display name, comment, quoted local part or address literal; no local part beyond ASCII (RFC 6531), as few
/// mail servers deliver it. Private: it has no `Display` and no `Serialize`, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Most octets of an address: a path has 256, two of them angle brackets.
    pub const MAX: usize = 254;
    const MAX_LOCAL: usize = 64;

    /// Fails with `email_required` (blank) or `email_invalid`; the sentence never repeats the address.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let raw = raw.trim_matches(' ');
        if raw.is_empty() {
            return Err(Invalid::new(
                "email_required",
                "An e-mail address may not be empty.",
            ));
        }
        let refuse = |detail: &str| Invalid::new("email_invalid", detail);
        let Some((local, domain)) = raw.rsplit_once('@') else {
            return Err(refuse(
                "An e-mail address must have the form name@example.org.",
            ));
        };
        if local.len() > Self::MAX_LOCAL {
            return Err(refuse(
                "The part of an e-mail address before the @ may have at most 64 octets.",
            ));
        }
        if !is_dot_atom(local) {
            return Err(refuse(
                "The part of an e-mail address before the @ may contain letters a–z, digits, single inner dots and !#$%&'*+-/=?^_`{|}~ only.",
            ));
        }
        let domain = mail_domain(domain).ok_or_else(|| {
            refuse(
                "The part of an e-mail address after the @ must be a domain such as example.org.",
            )
        })?;
        let address = format!("{local}@{domain}");
        if address.len() > Self::MAX {
            return Err(refuse("An e-mail address may have at most 254 octets."));
        }
        Ok(Self(address))
    }

    /// The address in lower case: what makes two spellings one mailbox. Only the domain is folded by the
    /// rules (RFC 5321 §2.4), but whoever could write the local part in 2^64 ways could pass every limit.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The address for somebody who may not know it: the first character, and all that follows the `@`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let first: String = local.chars().take(1).collect();
        format!("{first}…@{domain}")
    }

    /// The address itself: for the mailer and the store, never for a log line or an answer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// RFC 5322 §3.2.3.
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

fn mail_domain(raw: &str) -> Option<String> {
    // The host parser would decode percent signs and read brackets as an IP address.
    if raw.contains(['%', '[']) {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(raw) else {
        return None;
    };
    let is_ldh = |label: &str| {
        label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (has_dns_shape(&domain) && domain.split('.').all(is_ldh)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_masked_address_keeps_its_first_character_and_its_domain() {
        for (address, masked) in [
            ("ann@example.org", "a…@example.org"),
            ("A@Example.ORG", "A…@example.org"),
            ("!ann.b+c@xn--bcher-kva.example", "!…@xn--bcher-kva.example"),
        ] {
            assert_eq!(Email::parse(address).unwrap().masked(), masked);
        }
    }

    #[test]
    fn websites_are_written_out() {
        for (raw, url) in [
            ("https://example.org", "https://example.org/"),
            (" example.org ", "https://example.org/"),
            (
                "HTTP://Example.ORG:80/~ann#me",
                "http://example.org/~ann#me",
            ),
            ("example.org:8080/a", "https://example.org:8080/a"),
            ("example.org/?u=http://x", "https://example.org/?u=http://x"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
        ] {
            assert_eq!(Website::parse(raw).unwrap().as_str(), url);
        }
    }

    #[test]
    fn websites_that_could_harm_or_lead_nowhere_are_refused() {
        let long = format!("https://example.org/{}", "a".repeat(181));
        for raw in [
            "javascript:alert(1)",
            "javascript://example.org/%0aalert(1)",
            "data:text/html,x",
            "ftp://example.org",
            "mailto:a@example.org",
            "https://a:b@example.org",
            "https://a@example.org",
            "localhost",
            "http://intranet/",
            "https://localhost.",
            "http://127.0.0.1",
            "http://0x7f.1",
            "http://[::1]/",
            "a b.example",
            "exa\nmple.org",
            "https://",
            "https://a..b",
            "https://example.org\0",
            "-",
            &long,
        ] {
            assert_eq!(
                Website::parse(raw).unwrap_err().code,
                "website_invalid",
                "{raw:?}"
            );
        }
        assert_eq!(Website::parse(" ").unwrap_err().code, "website_required");
        assert!(Website::parse(&long[..200]).is_ok());
    }

    #[test]
    fn email_domains_are_normalised_and_local_parts_are_not() {
        for (raw, address) in [
            ("ann@example.org", "ann@example.org"),
            (" Ann.Lee+x@Example.ORG ", "Ann.Lee+x@example.org"),
            ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ] {
            assert_eq!(Email::parse(raw).unwrap().as_str(), address);
        }
    }

    #[test]
    fn other_forms_of_email_are_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "a".repeat(64));
        let long = format!("{}@{}.org", "a".repeat(64), "abc.".repeat(47) + "ab");
        for raw in [
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            "a@b@example.org",
            "Ann <ann@example.org>",
            "<ann@example.org>",
            "\"ann lee\"@example.org",
            "ann(x)@example.org",
            ".ann@example.org",
            "ann.@example.org",
            "a..b@example.org",
            "ann@example..org",
            "ann@.example.org",
            "ann@example.org.",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@-a.org",
            "ann@a_b.org",
            "ann@exam%70le.org",
            "ann@example.org\r\nBcc: b@example.org",
            "ann\n@example.org",
            "ann@example.org\n",
            "a,b@example.org",
            "ann@example.org,b@example.org",
            "änn@example.org",
            "a n@example.org",
            &long_local,
            &long_label,
            &long,
        ] {
            let error = Email::parse(raw).unwrap_err();
            assert_eq!(error.code, "email_invalid", "{raw:?}");
        }
        assert_eq!(Email::parse("").unwrap_err().code, "email_required");
    }

    #[test]
    fn an_email_does_not_show_in_debug() {
        let email = Email::parse("ann@example.org").unwrap();
        assert_eq!(format!("{:?}", Some(email)), "Some(Email(…))");
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(raw in prop_oneof![any::<String>(), "[a-z.%@/:]{0,6}[a-z]{1,9}[@.][a-zü]{1,5}[.][a-z]{2}[a-z./?#%é]{0,9}"]) {
            if let Ok(website) = Website::parse(&raw) {
                prop_assert_eq!(Website::parse(website.as_str()), Ok(website));
            }
            if let Ok(email) = Email::parse(&raw) {
                prop_assert!(email.as_str().is_ascii() && !email.as_str().contains(char::is_whitespace));
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
