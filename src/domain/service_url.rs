//! Where browsers reach the service: every address of its own is made here.

use std::fmt;

use url::Url;

use super::invalid::Invalid;
use super::page::Origin;

/// The service's public address: an origin, and the path below which it lives where it shares that origin with
/// others, such as `https://example.org/comments`. Shown without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl {
    origin: Origin,
    /// Empty, or a path such as `/comments`, without a slash at its end.
    prefix: String,
}

impl ServiceUrl {
    /// Most bytes of the path below which the service lives.
    pub const MAX_PREFIX: usize = 200;

    /// Reads `http://` or `https://`, one host, perhaps a port, and perhaps a path of plain letters.
    ///
    /// # Errors
    /// `public_url_invalid`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::read(raw.trim()).ok_or_else(|| {
            Invalid::new(
                "public_url_invalid",
                "It takes http:// or https://, a host and perhaps a port and a path of A-Z, a-z, 0-9 and -._~, such as \
                 https://comments.example.org or https://example.org/comments/.",
            )
        })
    }

    fn read(raw: &str) -> Option<Self> {
        let is_plain = |path: &str| {
            let mut bytes = path.bytes();
            bytes.all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte))
        };
        let (scheme, rest) = raw.split_once("://")?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let prefix = path.trim_end_matches('/');
        let origin = Origin::parse(&format!("{scheme}://{host}")).ok()?;
        let is_good =
            prefix.len() <= Self::MAX_PREFIX && is_plain(prefix) && !prefix.contains("//");
        // An address that stands for every subdomain is none, and dot segments would lead elsewhere.
        let url = Url::parse(&format!("{origin}{prefix}/")).ok()?;
        let is_as_written = url.path().trim_end_matches('/') == prefix;
        (is_good && is_as_written && origin.is_exact()).then(|| Self {
            origin,
            prefix: prefix.to_owned(),
        })
    }

    /// The whole address of a path of the service's own, such as `/v1/comments/…`.
    pub fn at(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// The same without the origin: what `Location` says.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The path below which the service lives; empty where the origin is its alone.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The origin, shared with others where there is a prefix.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same service by another origin.
    pub fn by(&self, origin: Origin) -> Self {
        Self {
            origin,
            prefix: self.prefix.clone(),
        }
    }

    /// What follows the prefix in a path, if it lies below it.
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix)
            .filter(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_one_host_and_perhaps_a_path() {
        for (raw, shown) in [
            ("https://c.example.org", "https://c.example.org"),
            ("https://c.example.org/", "https://c.example.org"),
            (
                "HTTPS://Example.org:443/comments/",
                "https://example.org/comments",
            ),
            (
                "http://localhost:8080/a/B-1_~.x",
                "http://localhost:8080/a/B-1_~.x",
            ),
        ] {
            let url = ServiceUrl::parse(raw).unwrap();
            assert_eq!(url.to_string(), shown, "{raw}");
            assert_eq!(url.at("/v1/sites"), format!("{shown}/v1/sites"));
        }
        for raw in [
            "example.org/comments",
            "ftp://example.org",
            "https://*.example.org",
            "https://user@example.org/comments",
            "https://example.org/a//b",
            "https://example.org/a/../b",
            "https://example.org/./a",
            "https://example.org/a b",
            "https://example.org/a?b",
            "https://example.org/a#b",
            "https://example.org/%61",
            "https://example.org?a",
            &format!("https://example.org/{}", "a".repeat(200)),
        ] {
            let error = ServiceUrl::parse(raw).unwrap_err();
            assert_eq!(error.code, "public_url_invalid", "{raw}");
        }
    }

    #[test]
    fn only_what_lies_below_the_prefix_is_its_own() {
        let url = ServiceUrl::parse("https://example.org/comments").unwrap();
        assert_eq!(url.below("/comments/v1/sites"), Some("/v1/sites"));
        assert_eq!(url.below("/comments/"), Some("/"));
        for other in ["/comments", "/commentsv1/sites", "/v1/sites", "/"] {
            assert_eq!(url.below(other), None, "{other}");
        }
        let alone = ServiceUrl::parse("https://c.example.org").unwrap();
        assert_eq!(alone.below("/v1/sites"), Some("/v1/sites"));
    }
}
