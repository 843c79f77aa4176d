//! The one way out: every HTTP request to somebody else's service. Whoever may name a service could name one of ours, so only
//! public addresses are called, and private ones that the operator named; the address that was checked is the one that is
//! connected to, so that a name which changes its mind helps nobody. No answer redirects, none is large, none takes long.

mod address;
mod resolver;

use std::fmt;
use std::io::Read as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use resolver::{Forbidden, Guarded};

/// How many requests are under way at a time; each has a thread of the blocking pool.
const ROOM: usize = 16;

/// How many pages are asked for at a time.
const PAGES: usize = 4;

/// Most bytes of a page that are read; the rest is left.
const PAGE: u64 = 2 * 1024 * 1024;

/// Most bytes of a page's head.
const PAGE_HEAD: usize = 64 * 1024;

/// How many sets of keys are asked for at a time.
const KEY_SETS: usize = 4;

/// Most bytes of a set of keys.
const KEY_SET: u64 = 64 * 1024;

/// Most bytes of an answer's body.
const BODY: u64 = 16 * 1024;

/// Most bytes of an answer's head.
const HEAD: usize = 8 * 1024;

/// Calls others' services. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    named: Vec<IpNet>,
    room: Arc<Semaphore>,
    /// Room for pages alone, so that advisers never wait for them.
    pages_room: Arc<Semaphore>,
    /// The same for keys, so that nobody who signs in waits for either.
    keys_room: Arc<Semaphore>,
    /// Made for the first request, since reading the system's roots takes longer than a start should.
    agent: OnceLock<Agent>,
    /// The same, for pages.
    pages_agent: OnceLock<Agent>,
}

/// A request with a JSON body.
pub struct Request {
    /// Where to; see [`crate::domain::webhook::Endpoint`].
    pub url: String,
    /// Besides its type and length.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Whatever answered, a redirect too.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// A page or a set of keys, or whatever answered in its place.
pub struct Page {
    /// Its status.
    pub status: u16,
    /// Where it leads, if it is a redirect.
    pub location: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// For how long it may be kept.
    pub cache_control: Option<String>,
    /// Of a page's body the first two mebibytes, of a set of keys all.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Too many requests are under way; nothing was sent.
    Busy,
    /// The address may not be called; nothing was sent.
    Forbidden,
    /// It took too long.
    Late,
    /// The answer was too large.
    Large,
    /// There is nobody, or the connection broke, or what came was no HTTP.
    Broken,
}

impl Client {
    /// One that also calls these networks, private or not.
    pub fn new(named: Vec<IpNet>) -> Self {
        Self(Arc::new(Inner {
            named,
            room: Arc::new(Semaphore::new(ROOM)),
            pages_room: Arc::new(Semaphore::new(PAGES)),
            keys_room: Arc::new(Semaphore::new(KEY_SETS)),
            agent: OnceLock::new(),
            pages_agent: OnceLock::new(),
        }))
    }

    /// Posts a request, and reads the answer whole, all within `patience`; `held` is let go when nothing is under way any more,
    /// even if nobody waits for the answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn post<T: Send + 'static>(
        &self,
        request: Request,
        patience: Duration,
        held: T,
    ) -> Result<Answer, Failure> {
        let end = Instant::now() + patience;
        let room = self.0.room.clone().acquire_owned();
        // Who waited longer would have too little time left for an answer.
        let permit = tokio::time::timeout_at(end - patience / 2, room)
            .await
            .map_err(|_| Failure::Busy)?
            .map_err(|_| Failure::Busy)?;
        let inner = self.0.clone();
        let sending = tokio::task::spawn_blocking(move || {
            let answer = inner.send(&request, end.saturating_duration_since(Instant::now()));
            drop((permit, held));
            answer
        });
        sending.await.map_err(|_| Failure::Broken)?
    }

    /// Asks for a page of a site's, all within `patience`. What everybody may read may also come without encryption.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn get_page(&self, url: String, patience: Duration) -> Result<Page, Failure> {
        let room = self.0.pages_room.clone();
        self.get(room, Inner::get_page, url, patience).await
    }

    /// Asks for a set of keys (RFC 7517), all within `patience`.
    ///
    /// # Errors
    /// Why there is none; [`Failure::Large`] for more than 64 KiB.
    pub async fn get_keys(&self, url: String, patience: Duration) -> Result<Page, Failure> {
        let room = self.0.keys_room.clone();
        self.get(room, Inner::get_keys, url, patience).await
    }

    async fn get(
        &self,
        room: Arc<Semaphore>,
        ask: fn(&Inner, &str, Duration) -> Result<Page, Failure>,
        url: String,
        patience: Duration,
    ) -> Result<Page, Failure> {
        let end = Instant::now() + patience;
        let room = room.acquire_owned();
        let permit = tokio::time::timeout_at(end - patience / 2, room)
            .await
            .map_err(|_| Failure::Busy)?
            .map_err(|_| Failure::Busy)?;
        let inner = self.0.clone();
        let asking = tokio::task::spawn_blocking(move || {
            let page = ask(&inner, &url, end.saturating_duration_since(Instant::now()));
            drop(permit);
            page
        });
        asking.await.map_err(|_| Failure::Broken)?
    }
}

impl Inner {
    fn send(&self, request: &Request, patience: Duration) -> Result<Answer, Failure> {
        let mut call = self
            .agent()
            .post(&request.url)
            .config()
            .timeout_global(Some(patience))
            .build()
            .header("content-type", "application/json");
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let mut answer = call.send(&request.body)?;
        let body = answer.body_mut().with_config().limit(BODY).read_to_vec()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            body,
        })
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            agent(
                Guarded::new(DefaultResolver::default(), self.named.clone()),
                HEAD,
            )
        })
    }

    fn get_keys(&self, url: &str, patience: Duration) -> Result<Page, Failure> {
        let call = self
            .agent()
            .get(url)
            .config()
            .timeout_global(Some(patience))
            .max_response_header_size(PAGE_HEAD)
            .accept("application/jwk-set+json, application/json;q=0.9, */*;q=0.1")
            .build();
        let mut answer = call.call()?;
        let body = answer
            .body_mut()
            .with_config()
            .limit(KEY_SET)
            .read_to_vec()?;
        Ok(page(&answer, body))
    }

    fn get_page(&self, url: &str, patience: Duration) -> Result<Page, Failure> {
        let agent = self.pages_agent.get_or_init(|| {
            let resolver = Guarded::new(DefaultResolver::default(), self.named.clone());
            agent(resolver.also_in_plain(), PAGE_HEAD)
        });
        let call = agent
            .get(url)
            .config()
            .timeout_global(Some(patience))
            .accept("text/html, application/xhtml+xml;q=0.9")
            .build();
        let mut answer = call.call()?;
        let mut body = Vec::new();
        let read = answer
            .body_mut()
            .as_reader()
            .take(PAGE)
            .read_to_end(&mut body);
        read.map_err(|error| Failure::from(ureq::Error::Io(error)))?;
        Ok(page(&answer, body))
    }
}

fn page(answer: &ureq::http::Response<ureq::Body>, body: Vec<u8>) -> Page {
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    Page {
        status: answer.status().as_u16(),
        location: header("location"),
        content_type: header("content-type"),
        cache_control: header("cache-control"),
        body,
    }
}

fn agent<R: ureq::unversioned::resolver::Resolver>(resolver: R, head: usize) -> Agent {
    let roots = rustls_native_certs::load_native_certs();
    let roots = roots.certs.iter();
    let roots = roots.map(|root| Certificate::from_der(root).to_owned());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::from(roots.collect::<Vec<_>>()))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy would connect to whatever it pleases.
        .proxy(None)
        .max_response_header_size(head)
        // Each request has a connection of its own, so that each address was checked.
        .max_idle_connections(0)
        .user_agent(concat!("Postil/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .build();
    Agent::with_parts(config, DefaultConnector::default(), resolver)
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Late,
            ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => Self::Large,
            ureq::Error::Other(other) if other.is::<Forbidden>() => Self::Forbidden,
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Self::Late,
            _ => Self::Broken,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "too many requests are under way",
            Self::Forbidden => "its address may not be called",
            Self::Late => "it took too long",
            Self::Large => "its answer is too large",
            Self::Broken => "it cannot be reached, or breaks off",
        })
    }
}

#[cfg(test)]
mod tests;
