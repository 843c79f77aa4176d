//! Where a site's pages live, and whether a page or a request comes from there.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::invalid::Invalid;
use super::page::PageUrl;

/// Where a request or page comes from (RFC 6454): scheme, host and port, always written out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Place {
    /// `None` unless the URL is `http` or `https` with a host and without user name or password.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let (scheme, default_port) = match url.scheme() {
            "http" => ("http", 80),
            "https" => ("https", 443),
            _ => return None,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?;
        let host = host.strip_suffix('.').unwrap_or(host);
        (!host.is_empty() && !host.ends_with('.')).then(|| Self {
            scheme,
            host: host.to_owned(),
            port: url.port().unwrap_or(default_port),
        })
    }

    /// Reads `scheme://host[:port]` and nothing more than a closing slash.
    fn parse(raw: &str) -> Option<Self> {
        if raw.contains(|c: char| c.is_whitespace() || c.is_control() || c == '*') {
            return None;
        }
        let url = Url::parse(raw).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if bare { Self::of(&url) } else { None }
    }

    /// As in a URL: ASCII, lower case, without the root's dot; IPv6 in brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The host without `www.` before a domain.
    fn bare_host(&self) -> &str {
        let rest = self.host.strip_prefix("www.");
        rest.filter(|rest| rest.contains('.')).unwrap_or(&self.host)
    }

    fn has_default_port(&self) -> bool {
        matches!((self.scheme, self.port), ("http", 80) | ("https", 443))
    }
}

/// An origin a site's pages live on: `https://example.org`, `http://localhost:8080`, or with every subdomain,
/// however deep, but not the domain itself, `https://*.example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    place: Place,
    any_subdomain: bool,
}

impl Origin {
    /// Most bytes of an origin: the longest host name, the scheme, the port and some room for IDNA.
    pub const MAX: usize = 300;

    /// Fails with `origin_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::read(raw.trim()).ok_or_else(|| {
            Invalid::new(
                "origin_invalid",
                "An origin is http:// or https://, a host and perhaps a port, at most 300 bytes, such as https://example.org or https://*.example.org.",
            )
        })
    }

    fn read(raw: &str) -> Option<Self> {
        if raw.len() > Self::MAX {
            return None;
        }
        let Some((scheme, domain)) = raw.split_once("://*.") else {
            let place = Place::parse(raw)?;
            return Some(Self {
                place,
                any_subdomain: false,
            });
        };
        let place = Place::parse(&format!("{scheme}://{domain}"))?;
        // All of `*.org` is nobody's site, and numbers have no subdomains.
        let is_domain =
            place.host.contains('.') && matches!(Host::parse(&place.host), Ok(Host::Domain(_)));
        is_domain.then_some(Self {
            place,
            any_subdomain: true,
        })
    }

    /// Whether it is one origin, and not every subdomain's, which a stranger may have one of.
    pub fn is_exact(&self) -> bool {
        !self.any_subdomain
    }

    /// Whether the page lies on this origin.
    pub fn matches(&self, page: &PageUrl) -> bool {
        self.covers(page.place())
    }

    /// Whether this origin names the page's host, and does not only cover it by a wildcard. Below a wildcard pages may
    /// be of people who do not know one another: what is for one page must not be sent to another.
    pub fn names(&self, page: &PageUrl) -> bool {
        !self.any_subdomain && self.matches(page)
    }

    /// Whether the value of a request's `Origin` header (RFC 6454 §7) is this origin. `null`, the origin of
    /// sandboxed frames and local files, never is.
    pub fn matches_header(&self, value: &str) -> bool {
        Place::parse(value).is_some_and(|place| self.covers(&place))
    }

    /// Whether the same host is reached with and without TLS, and under another name: at the ports that browsers do not show.
    pub(super) fn has_variants(&self) -> bool {
        self.place.has_default_port()
    }

    /// Whether the other is this one with or without `www.` and TLS.
    pub(super) fn is_variant_of(&self, other: &Self) -> bool {
        let is_same = self.place.bare_host() == other.place.bare_host();
        is_same && self.any_subdomain == other.any_subdomain
    }

    /// The scheme and host by which a page is known that lies on this origin or a variant of it. Below a wildcard `www.` is a name
    /// like any other.
    pub(super) fn in_place_of(&self, page: &PageUrl) -> Option<(&'static str, String)> {
        let (mine, other) = (&self.place, page.place());
        if !other.has_default_port() {
            return None;
        }
        if self.any_subdomain {
            let secured = Place {
                scheme: mine.scheme,
                port: mine.port,
                host: other.host.clone(),
            };
            return self.covers(&secured).then_some((mine.scheme, secured.host));
        }
        let is_same = mine.bare_host() == other.bare_host();
        is_same.then(|| (mine.scheme, mine.host.clone()))
    }

    fn covers(&self, other: &Place) -> bool {
        let mine = &self.place;
        let host = if self.any_subdomain {
            let rest = other.host.strip_suffix(mine.host.as_str());
            rest.is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            other.host == mine.host
        };
        host && other.scheme == mine.scheme && other.port == mine.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { scheme, host, port } = &self.place;
        let star = if self.any_subdomain { "*." } else { "" };
        write!(f, "{scheme}://{star}{host}")?;
        if self.place.has_default_port() {
            Ok(())
        } else {
            write!(f, ":{port}")
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = Invalid;

    fn try_from(raw: String) -> Result<Self, Invalid> {
        Self::parse(&raw)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::page::TrailingSlash;
    use proptest::prelude::*;

    #[test]
    fn origins_are_written_out() {
        for (raw, origin) in [
            ("https://example.org", "https://example.org"),
            (" HTTPS://Example.ORG:443/ ", "https://example.org"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]", "http://[::1]"),
            ("https://*.Example.org", "https://*.example.org"),
            (
                "https://*.bücher.example:444",
                "https://*.xn--bcher-kva.example:444",
            ),
        ] {
            assert_eq!(Origin::parse(raw).unwrap().to_string(), origin);
            assert_eq!(
                Origin::parse(raw).unwrap().is_exact(),
                !origin.contains('*')
            );
            assert_eq!(Origin::parse(origin), Origin::parse(raw));
        }
        for raw in [
            "",
            "null",
            "*",
            "example.org",
            "https://*",
            "https://*.org",
            "https://*.1.2.3.4",
            "https://*.*.example.org",
            "https://a.*.org",
            "https://*example.org",
            "https://example.org/a",
            "https://example.org/?a",
            "https://example.org/#a",
            "https://u@example.org",
            "ftp://example.org",
            "https://exa mple.org",
            "https://a.org https://b.org",
        ] {
            assert_eq!(
                Origin::parse(raw).unwrap_err().code,
                "origin_invalid",
                "{raw:?}"
            );
        }
    }

    #[test]
    fn a_page_lies_on_its_origin_only() {
        let on = |origin: &str, page: &str| {
            let page = PageUrl::parse(page, TrailingSlash::Keep).unwrap();
            Origin::parse(origin).unwrap().matches(&page)
        };
        assert!(on("https://example.org", "https://EXAMPLE.org:443/a"));
        assert!(on("http://localhost:8080", "http://localhost:8080/"));
        assert!(on("https://*.example.org", "https://a.b.example.org/"));
        for (origin, page) in [
            ("https://example.org", "http://example.org/"),
            ("https://example.org", "https://example.org:444/"),
            ("https://example.org", "https://www.example.org/"),
            ("https://example.org", "https://example.org.evil.test/"),
            ("https://*.example.org", "https://example.org/"),
            ("https://*.example.org", "https://evilexample.org/"),
            ("https://*.example.org", "https://a.example.org:8443/"),
            ("https://*.example.org", "http://a.example.org/"),
        ] {
            assert!(!on(origin, page), "{origin} and {page}");
        }
    }

    #[test]
    fn a_wildcard_covers_pages_and_names_none() {
        let page = |page: &str| PageUrl::parse(page, TrailingSlash::Keep).unwrap();
        let wide = Origin::parse("https://*.example.org").unwrap();
        let one = Origin::parse("https://a.example.org").unwrap();
        let below = page("https://A.example.org:443/x");
        assert!(wide.matches(&below) && !wide.names(&below));
        assert!(one.names(&below));
        for other in [
            "https://b.example.org/",
            "http://a.example.org/",
            "https://a.example.org:8443/",
        ] {
            assert!(!one.names(&page(other)), "{other}");
        }
    }

    #[test]
    fn an_origin_header_is_compared_as_an_origin() {
        let site = Origin::parse("https://example.org").unwrap();
        assert!(
            site.matches_header("https://example.org")
                && site.matches_header("https://example.org:443")
        );
        for value in [
            "null",
            "",
            "https://example.org.evil.test",
            "http://example.org",
            "https://evil.test https://example.org",
            "https://example.org/a",
        ] {
            assert!(!site.matches_header(value), "{value:?}");
        }
        let wide = Origin::parse("https://*.example.org").unwrap();
        assert!(wide.matches_header("https://a.example.org"));
        assert!(!wide.matches_header("https://*.example.org") && !wide.matches_header("null"));
    }

    #[test]
    fn origins_are_checked_when_read_from_json() {
        let origins: Vec<Origin> = serde_json::from_str(r#"["https://*.example.org"]"#).unwrap();
        assert_eq!(
            serde_json::to_string(&origins).unwrap(),
            r#"["https://*.example.org"]"#
        );
        assert!(serde_json::from_str::<Origin>(r#""null""#).is_err());
    }

    proptest! {
        #[test]
        fn null_is_never_an_origin(raw: String) {
            if let Ok(origin) = Origin::parse(&raw) {
                prop_assert!(!origin.matches_header("null"));
            }
        }

        #[test]
        fn an_origin_written_out_reads_the_same(raw in "https?://([*][.])?[a-zA-Z0-9ü.-]{1,12}(:[0-9]{1,5})?/?") {
            if let Ok(origin) = Origin::parse(&raw) {
                prop_assert_eq!(Origin::parse(&origin.to_string()), Ok(origin));
            }
        }
    }
}
