//! Which page a thread belongs to: the page's canonical address, the thread's key.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::invalid::Invalid;
use super::origin::Place;

pub use super::origin::Origin;

/// What a site makes of slashes at the end of a path: other pages, or the same page written carelessly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailingSlash {
    #[default]
    Keep,
    Strip,
}

/// Which addresses of a site's pages are one page. Made of a site's policy and origins, and kept with the site, since what is stored
/// is found by it: other rules are applied to all threads before they are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRules {
    trailing_slash: TrailingSlash,
    /// Whether spellings that lead to one page nearly everywhere are one; see [`PageAddresses::Folded`].
    folded: bool,
    /// The origins by which their pages are known, where `folded`: exact ones, each for itself with and without `www.` and TLS.
    origins: Vec<Origin>,
}

/// Whether addresses that differ by more than tracking are one page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageAddresses {
    /// Only where RFC 3986 calls them equivalent.
    #[default]
    Exact,
    /// Also `http` and `https`, with and without `www.`, of a listed origin; `//` in a path, `index.html` at its end, and composed
    /// and decomposed letters.
    Folded,
}

impl AddressRules {
    /// The rules of a site with these settings.
    pub fn new(
        trailing_slash: TrailingSlash,
        addresses: PageAddresses,
        origins: &[Origin],
    ) -> Self {
        let folded = addresses == PageAddresses::Folded;
        let mut known: Vec<Origin> = Vec::new();
        let named = origins.iter().filter(|origin| origin.is_exact());
        let others = origins.iter().filter(|origin| !origin.is_exact());
        for origin in named.chain(others).filter(|_| folded) {
            if origin.has_variants() && !known.iter().any(|other| other.is_variant_of(origin)) {
                known.push(origin.clone());
            }
        }
        Self {
            trailing_slash,
            folded,
            origins: known,
        }
    }

    /// What the policy says that these rules are of.
    pub fn settings(&self) -> (TrailingSlash, PageAddresses) {
        let addresses = match self.folded {
            true => PageAddresses::Folded,
            false => PageAddresses::Exact,
        };
        (self.trailing_slash, addresses)
    }

    /// What becomes of a thread's key by these rules: the new form of one that is an address, where it is another. A key of the
    /// page's own choosing has none.
    pub fn new_form(&self, key: &str) -> Option<String> {
        let is_address = Self::default()
            .canonical(key)
            .is_ok_and(|url| url.as_str() == key);
        let new = self.canonical(key).ok().filter(|_| is_address)?;
        (new.as_str() != key).then(|| new.to_string())
    }

    /// The canonical address of the page at this one. Fails with `url_invalid`.
    pub fn canonical(&self, raw: &str) -> Result<PageUrl, Invalid> {
        let exact = PageUrl::parse(raw, self.trailing_slash)?;
        if !self.folded {
            return Ok(exact);
        }
        let none = || Invalid::new("url_invalid", "A page's address must name a valid host.");
        let mut url = Url::parse(exact.as_str()).map_err(|_| none())?;
        if let Some(known) = self
            .origins
            .iter()
            .find_map(|known| known.in_place_of(&exact))
        {
            let (scheme, host) = known;
            url.set_host(Some(&host)).map_err(|_| none())?;
            url.set_scheme(scheme).map_err(|()| none())?;
        }
        let path = folded_path(url.path(), self.trailing_slash);
        url.set_path(&path);
        let query: Vec<&str> = url.query().unwrap_or_default().split('&').collect();
        let kept: Vec<&str> = query
            .into_iter()
            .filter(|pair| !pair.is_empty() && !is_late_tracking(pair))
            .collect();
        let kept = (!kept.is_empty()).then(|| kept.join("&"));
        url.set_query(kept.as_deref());
        PageUrl::parse(url.as_str(), self.trailing_slash)
    }
}

/// Names and families that tell how a reader came, too, and came to the list when there were sites already: Matomo, Piwik, HubSpot,
/// Facebook, Weibo, Webtrends, Branch, AT Internet, Cloudflare.
const LATE_TRACKING: &[&str] = &[
    "__hstc",
    "hsctatracking",
    "mibextid",
    "sfnsn",
    "wt_mc",
    "_branch_match_id",
];
const LATE_TRACKING_PREFIXES: &[&str] = &["matomo_", "piwik_", "at_", "__cf_chl_"];

fn is_late_tracking(pair: &str) -> bool {
    is_named(pair, LATE_TRACKING, LATE_TRACKING_PREFIXES)
}

/// A path, in its one encoding, without empty segments and `index.html`, and with its letters composed (NFC).
fn folded_path(path: &str, trailing: TrailingSlash) -> String {
    let mut path = composed(path);
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    loop {
        let mut shorter = path.as_str();
        if trailing == TrailingSlash::Strip {
            shorter = shorter.trim_end_matches('/');
        }
        for index in ["/index.html", "/index.htm"] {
            if let Some(folder) = shorter.strip_suffix(index) {
                shorter = &path[..=folder.len()];
            }
        }
        if shorter.len() == path.len() {
            return path;
        }
        path.truncate(shorter.len());
    }
}

/// The same path with composed letters. What is escaped and no letter stays as it is, and parts what stands on its sides.
fn composed(path: &str) -> String {
    let mut out = String::new();
    let mut letters: Vec<u8> = Vec::new();
    let flush = |letters: &mut Vec<u8>, out: &mut String| {
        let escape = |byte: u8| format!("%{byte:02X}");
        for chunk in letters.utf8_chunks() {
            for c in chunk.valid().nfc() {
                let mut bytes = [0; 4];
                match c.is_ascii() {
                    true => out.push(c),
                    false => out.extend(c.encode_utf8(&mut bytes).bytes().map(escape)),
                }
            }
            out.extend(chunk.invalid().iter().copied().map(escape));
        }
        letters.clear();
    };
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let escaped = rest
            .strip_prefix('%')
            .and_then(|after| after.get(..2))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) if !byte.is_ascii() => {
                letters.push(byte);
                rest = &rest[3..];
            }
            Some(_) => {
                flush(&mut letters, &mut out);
                out.push_str(&rest[..3]);
                rest = &rest[3..];
            }
            None => {
                let mut bytes = [0; 4];
                letters.extend(first.encode_utf8(&mut bytes).bytes());
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    flush(&mut letters, &mut out);
    out
}

/// Query parameters that say how a reader came, not what the page shows. Each mailing and advert would
/// otherwise open a thread of its own. Only names that belong to a known tool are listed: a plain `ref` or
/// `source` may well choose the content.
const TRACKING: &[&str] = &[
    // adverts: Facebook, Google, Microsoft, Yandex, X, TikTok, LinkedIn, Instagram, Pinterest
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "gad_source",
    "gad_campaignid",
    "srsltid",
    "msclkid",
    "yclid",
    "ysclid",
    "_openstat",
    "twclid",
    "ref_src",
    "ref_url",
    "ttclid",
    "li_fat_id",
    "igsh",
    "igshid",
    "epik",
    // mailings: Mailchimp, HubSpot, Marketo, Vero, Omeda
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "mkt_tok",
    "vero_id",
    "vero_conv",
    "oly_anon_id",
    "oly_enc_id",
    // measuring: Google Analytics, Matomo under its old name
    "_ga",
    "_gl",
    "pk_campaign",
    "pk_kwd",
    "pk_source",
    "pk_medium",
    "pk_content",
    "pk_cid",
];

/// The same for whole families: Urchin's, used by nearly everybody, and Matomo's.
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_"];

/// The canonical address of a page: `http` or `https`, without credentials, fragment, default port or
/// parameters for tracking, host in ASCII and lower case without the root's dot, dot segments resolved,
/// percent-encoding in one form (RFC 3986 §6.2.2). What is left of the query keeps its order.
///
/// Parsing a canonical address gives the same address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageUrl {
    address: String,
    place: Place,
}

impl PageUrl {
    /// Most bytes of a canonical address.
    pub const MAX: usize = 2000;
    /// Most bytes of what is sent, since tracking alone may be longer than the page's address.
    pub const MAX_RAW: usize = 4000;

    /// Fails with `url_invalid`.
    pub fn parse(raw: &str, trailing: TrailingSlash) -> Result<Self, Invalid> {
        let refuse = |detail: &str| Invalid::new("url_invalid", detail);
        if raw.len() > Self::MAX_RAW {
            return Err(refuse(&format!(
                "A page's address may be sent with at most {} bytes.",
                Self::MAX_RAW
            )));
        }
        let url = Url::parse(raw).map_err(|_| {
            refuse("A page's address must be a whole URL such as https://example.org/page.")
        })?;
        let place = Place::of(&url)
            .ok_or_else(|| refuse("A page's address must start with http:// or https://, name a host, and hold no user name or password."))?;
        let address = canonical(url, place.host(), trailing)
            .ok_or_else(|| refuse("A page's address must name a valid host."))?;
        if address.len() > Self::MAX {
            return Err(refuse(
                "A page's address may have at most 2000 bytes once cleaned.",
            ));
        }
        Ok(Self { address, place })
    }

    pub fn as_str(&self) -> &str {
        &self.address
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PageUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Parsing has already resolved dot segments, dropped the default port and put the host into ASCII.
fn canonical(mut url: Url, host: &str, trailing: TrailingSlash) -> Option<String> {
    url.set_fragment(None);
    url.set_host(Some(host)).ok()?;
    let path = one_encoding(url.path());
    url.set_path(match trailing {
        TrailingSlash::Keep => &path,
        TrailingSlash::Strip => path.trim_end_matches('/'),
    });
    let query = url.query().map(one_encoding).unwrap_or_default();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
        .collect();
    url.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
    Some(url.into())
}

/// `pair` is `name=value` or `name`, in its one encoding.
fn is_tracking(pair: &str) -> bool {
    is_named(pair, TRACKING, TRACKING_PREFIXES)
}

fn is_named(pair: &str, names: &[&str], families: &[&str]) -> bool {
    let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
    names.contains(&name.as_str()) || families.iter().any(|family| name.starts_with(family))
}

/// Percent-encoding in one form: unreserved characters plain, hex digits in capitals (RFC 3986 §6.2.2.1–2),
/// and a percent sign that begins no triplet as `%25`, or it might begin one once its neighbours are decoded.
fn one_encoding(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece
            .get(..2)
            .filter(|hex| is_hex(hex))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    out.push_str(&format!("%{byte:02X}"));
                }
                out.push_str(&piece[2..]);
            }
            None => {
                out.push_str("%25");
                out.push_str(piece);
            }
        }
    }
    out
}

/// `u8::from_str_radix` alone would take `+F`.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What a thread is found by within its site: a key the page gives, or else its canonical address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PageKey(String);

impl PageKey {
    /// Most characters of a given key.
    pub const MAX: usize = 200;

    /// A key of the page's own choosing (an article's number, a path): white space around it is dropped, case
    /// counts. Fails with `key_invalid`.
    pub fn given(raw: &str) -> Result<Self, Invalid> {
        let key = raw.trim();
        let length = key.chars().count();
        if length == 0 || length > Self::MAX || key.chars().any(char::is_control) {
            return Err(Invalid::new(
                "key_invalid",
                "A key has 1 to 200 characters and no control characters.",
            ));
        }
        Ok(Self(key.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&PageUrl> for PageKey {
    fn from(page: &PageUrl) -> Self {
        Self(page.as_str().to_owned())
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keep(raw: &str) -> String {
        PageUrl::parse(raw, TrailingSlash::Keep)
            .unwrap()
            .to_string()
    }

    fn strip(raw: &str) -> String {
        PageUrl::parse(raw, TrailingSlash::Strip)
            .unwrap()
            .to_string()
    }

    #[test]
    fn one_page_has_one_address() {
        for (raw, canonical) in [
            ("HTTPS://Example.ORG:443", "https://example.org/"),
            ("http://example.org:8080/a#c-1", "http://example.org:8080/a"),
            ("https://example.org./a", "https://example.org/a"),
            (
                "https://example.org/a/./b/../c/%2e%2e/d",
                "https://example.org/a/d",
            ),
            (
                "https://bücher.example/ü",
                "https://xn--bcher-kva.example/%C3%BC",
            ),
            (
                "https://example.org/%7eann/%c3%bc%2f",
                "https://example.org/~ann/%C3%BC%2F",
            ),
            ("https://example.org/100%", "https://example.org/100%25"),
            ("https://example.org/%%37e", "https://example.org/%257e"),
            ("https://example.org/%+Fx", "https://example.org/%25+Fx"),
            ("https://example.org/a?", "https://example.org/a"),
            ("https://example.org/a?&&", "https://example.org/a"),
            (
                "https://example.org/a?b=2&a=1&b=1",
                "https://example.org/a?b=2&a=1&b=1",
            ),
            (
                "https://example.org/a?utm_source=x&id=7&fbclid=y&UTM_Medium=z",
                "https://example.org/a?id=7",
            ),
            (
                "https://example.org/a?utm%5Fsource=x&_gl=1*2",
                "https://example.org/a",
            ),
            (
                "https://example.org/a?q=utm_source&ref=b&gclids=1",
                "https://example.org/a?q=utm_source&ref=b&gclids=1",
            ),
            ("https://example.org/a//b/", "https://example.org/a//b/"),
        ] {
            assert_eq!(keep(raw), canonical, "{raw}");
        }
    }

    fn folded(trailing: TrailingSlash, origins: &[&str]) -> AddressRules {
        let origins: Vec<Origin> = origins
            .iter()
            .map(|one| Origin::parse(one).unwrap())
            .collect();
        AddressRules::new(trailing, PageAddresses::Folded, &origins)
    }

    #[test]
    fn spellings_fold_to_the_origin_that_is_listed_first() {
        let rules = folded(
            TrailingSlash::Keep,
            &[
                "https://*.example.org",
                "https://www.example.org",
                "https://example.org",
                "http://localhost:8080",
            ],
        );
        for (raw, canonical) in [
            ("http://example.org/a", "https://www.example.org/a"),
            ("https://www.example.org/a", "https://www.example.org/a"),
            ("http://blog.example.org/a", "https://blog.example.org/a"),
            (
                "http://www.blog.example.org/a",
                "https://www.blog.example.org/a",
            ),
            ("http://example.org:443/a", "http://example.org:443/a"),
            ("https://localhost:8080/a", "https://localhost:8080/a"),
            ("http://other.example/a", "http://other.example/a"),
            (
                "https://example.org/%2C%CC%A7a",
                "https://www.example.org/%2C%CC%A7a",
            ),
            (
                "https://example.org/%FFe%CC%81",
                "https://www.example.org/%FF%C3%A9",
            ),
            (
                "https://example.org/a/index.html/index.htm",
                "https://www.example.org/a/index.html/",
            ),
            (
                "https://example.org/index.html.txt",
                "https://www.example.org/index.html.txt",
            ),
            (
                "https://example.org/a?q=//&__cf_chl_tk=1&at=2",
                "https://www.example.org/a?q=//&at=2",
            ),
        ] {
            assert_eq!(rules.canonical(raw).unwrap().as_str(), canonical, "{raw}");
        }
        let strip = folded(TrailingSlash::Strip, &[]);
        for raw in [
            "https://example.org/a/index.html/",
            "https://example.org/a//",
            "https://example.org/a/index.html/index.html",
        ] {
            assert_eq!(
                strip.canonical(raw).unwrap().as_str(),
                "https://example.org/a",
                "{raw}"
            );
        }
    }

    #[test]
    fn slashes_at_the_end_go_when_the_site_says_so() {
        assert_eq!(
            strip("https://example.org/a/?b=1"),
            "https://example.org/a?b=1"
        );
        assert_eq!(strip("https://example.org/a//"), "https://example.org/a");
        assert_eq!(strip("https://example.org///"), "https://example.org/");
        assert_eq!(
            strip("https://example.org/a%2F"),
            "https://example.org/a%2F"
        );
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let long = format!("https://example.org/{}", "ü".repeat(331));
        for raw in [
            "",
            "example.org/a",
            "/a",
            "//example.org",
            "ftp://example.org",
            "file:///a",
            "javascript:alert(1)",
            "data:,x",
            "about:blank",
            "https://",
            "https://u@example.org",
            "https://u:p@example.org",
            "https://./",
            "https://example.org..",
            "https://0x7f.1../",
            "https://a b/",
            &long,
        ] {
            let error = PageUrl::parse(raw, TrailingSlash::Keep).unwrap_err();
            assert_eq!(error.code, "url_invalid", "{raw:?}");
        }
        assert!(PageUrl::parse(&long[..2 * 330 + 20], TrailingSlash::Keep).is_ok());
        let tracked = format!("https://example.org/a?fbclid={}", "x".repeat(3000));
        assert_eq!(keep(&tracked), "https://example.org/a");
    }

    #[test]
    fn keys() {
        assert_eq!(PageKey::given(" article/7 ").unwrap().as_str(), "article/7");
        assert!(PageKey::given(&"ü".repeat(200)).is_ok());
        for raw in ["", "  ", "a\nb", "a\0", &"a".repeat(201)] {
            assert_eq!(PageKey::given(raw).unwrap_err().code, "key_invalid");
        }
        let page = PageUrl::parse("https://example.org/a#b", TrailingSlash::Keep).unwrap();
        assert_eq!(PageKey::from(&page).as_str(), "https://example.org/a");
    }

    /// Addresses out of the pieces that trouble canonical forms.
    fn addresses() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z%0-9A-F.~/?&=#+ü' \\\\|\\^{}*;:@-]{0,8}",
            Just("%2e".to_owned()),
            Just("%".to_owned()),
            Just("%25".to_owned()),
            Just("//".to_owned()),
            Just("/../".to_owned()),
            Just("utm_a=1&".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        let rest = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        ("(https?://)[a-zA-Z0-9ü.*-]{0,9}", "(:[0-9]{0,4})?/?", rest)
            .prop_map(|(host, port, rest)| host + &port + &rest)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_canonical_address_stays_as_it_is(raw in addresses(), strip: bool) {
            let trailing = if strip { TrailingSlash::Strip } else { TrailingSlash::Keep };
            if let Ok(page) = PageUrl::parse(&raw, trailing) {
                prop_assert!(page.as_str().is_ascii());
                prop_assert_eq!(PageUrl::parse(page.as_str(), trailing), Ok(page));
            }
        }

        #[test]
        fn a_folded_address_stays_as_it_is(raw in addresses(), strip: bool) {
            let trailing = if strip { TrailingSlash::Strip } else { TrailingSlash::Keep };
            let rules = folded(trailing, &["https://www.example.org", "http://*.example.net"]);
            if let Ok(page) = rules.canonical(&raw) {
                prop_assert!(page.as_str().is_ascii());
                prop_assert_eq!(rules.canonical(page.as_str()), Ok(page.clone()));
                // What is one page exactly is one page folded.
                let exact = PageUrl::parse(&raw, TrailingSlash::Keep).unwrap();
                prop_assert_eq!(rules.canonical(exact.as_str()), Ok(page));
            }
        }

        #[test]
        fn letters_that_look_alike_are_one(text in "[a-zé\u{e5}\u{1e69}\u{ac00}\u{301}\u{323}/]{1,12}") {
            let rules = folded(TrailingSlash::Keep, &[]);
            let (nfc, nfd): (String, String) = (text.nfc().collect(), text.nfd().collect());
            let read = |text: &str| rules.canonical(&format!("https://example.org/{text}"));
            prop_assert_eq!(read(&nfc), read(&nfd));
        }

        #[test]
        fn never_panics(raw: String) {
            let _ = PageUrl::parse(&raw, TrailingSlash::Strip);
            let _ = PageKey::given(&raw);
        }

    }
}
