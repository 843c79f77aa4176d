//! What a handler asks of a request besides its body: who calls, from which page, with which key.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest, Sha256};

use super::app::App;
use super::client;
use super::limits::Limit;
use crate::domain::invalid::Invalid;
use crate::domain::network::Network;
use crate::domain::time::Time;
use crate::domain::word::SessionKind;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::consent::Asker;
use crate::service::idempotency::Retry;
use crate::service::identity;
use crate::service::session_kinds::Whence;
use crate::store::sites::Site;

/// A call: who, when, and the application it is made of.
pub struct Call {
    /// Everything there is.
    pub app: Data<App>,
    /// Who calls.
    pub caller: Caller,
    /// When the call arrived.
    pub now: Time,
    request: HttpRequest,
}

impl FromRequest for Call {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = app(&request)?;
            // Also where it makes no difference: a key that cannot be is a mistake worth telling.
            idempotency_key(&request)?;
            let now = Time::now();
            let caller = match bearer(&request)? {
                None => Caller::default(),
                Some(token) => {
                    let whence = whence(&app, &request);
                    identity::authenticate(&app.store, &app.keys, token, whence, now).await?
                }
            };
            Ok(Self {
                app,
                caller,
                now,
                request,
            })
        })
    }
}

impl Call {
    /// The request itself.
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Counts this call against a limit.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn count(&self, limit: impl FnOnce(&App) -> &Limit) -> Result<()> {
        let person = self.caller.person.as_ref().map(|person| person.id);
        limit(&self.app).count(&self.request, self.network(), person)
    }

    /// The network that the call comes from.
    pub fn network(&self) -> Network {
        client::network(&self.request, &self.app.trusted_proxies)
    }

    /// The same, for whom letters to one address are counted.
    pub fn asker(&self) -> Asker {
        Asker::new(&self.app.keys, self.network(), self.now)
    }

    /// The request's `Idempotency-Key`, bound to the route, the caller and the body.
    ///
    /// # Errors
    /// `invalid_header` for a key that is empty, longer than 255 characters or not visible ASCII.
    pub fn retry(&self, fingerprint: [u8; 32]) -> Result<Option<Retry>> {
        let Some(key) = idempotency_key(&self.request)? else {
            return Ok(None);
        };
        let mut scope = Sha256::new();
        scope.update(self.request.method().as_str());
        scope.update(self.request.match_pattern().unwrap_or_default());
        match (
            &self.caller.person,
            self.caller.authority.and_then(|authority| authority.token),
        ) {
            (Some(person), _) => scope.update(person.id.bytes()),
            (None, Some(token)) => scope.update(token.bytes()),
            // A replay makes whoever sends it the author again. A key that was guessed, or made from
            // what two people both wrote, is therefore good only for the network that it came from.
            (None, None) => {
                scope.update(self.app.keys.mac("network", &self.network().bytes()));
            }
        }
        Ok(Some(Retry {
            scope: scope.finalize().into(),
            key: key.to_owned(),
            fingerprint,
        }))
    }

    /// Refuses a page of another origin than the site's. What is no browser sends no `Origin`.
    ///
    /// # Errors
    /// [`Error::OriginNotAllowed`].
    pub fn check_origin(&self, site: &Site) -> Result<()> {
        match self.is_of_console() {
            true => Ok(()),
            false => check_origin(&self.request, site),
        }
    }

    /// Whether it comes from a console, whose page is the service's own: that was looked at when the caller was.
    fn is_of_console(&self) -> bool {
        let session = self.caller.authority.and_then(|own| own.session);
        session == Some(SessionKind::Console)
    }

    /// Where the call comes from.
    pub fn whence(&self) -> Whence {
        whence(&self.app, &self.request)
    }

    /// The same, where only the caller's own site is at stake.
    ///
    /// # Errors
    /// [`Error::OriginNotAllowed`].
    pub async fn check_own_origin(&self) -> Result<()> {
        let Some(site) = self.caller.authority.and_then(|authority| authority.site) else {
            return Ok(());
        };
        if self.is_of_console() || !self.request.headers().contains_key(header::ORIGIN) {
            return Ok(());
        }
        let site = self
            .app
            .store
            .read(move |conn| crate::store::sites::by_id(conn, site)?.ok_or(Error::TokenInvalid))
            .await?;
        check_origin(&self.request, &site)
    }
}

/// Refuses a page of another origin than the site's. What is no browser sends no `Origin`.
///
/// # Errors
/// [`Error::OriginNotAllowed`].
fn check_origin(request: &HttpRequest, site: &Site) -> Result<()> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let is_own = origin
        .to_str()
        .is_ok_and(|origin| site.origins.iter().any(|own| own.matches_header(origin)));
    if is_own {
        Ok(())
    } else {
        Err(Error::OriginNotAllowed)
    }
}

/// Where a request comes from. What cannot be read, or is said twice, is an origin that is nobody's.
pub fn whence(app: &App, request: &HttpRequest) -> Whence {
    let mut said = request.headers().get_all(header::ORIGIN);
    let origin = said
        .next()
        .map(|first| match (first.to_str(), said.next()) {
            (Ok(only), None) => only.to_owned(),
            _ => String::new(),
        });
    Whence {
        origin,
        service: Some(app.service_url.origin().clone()),
    }
}

/// The application that a request was made to.
///
/// # Errors
/// [`Error::Internal`]; the server is never built without.
pub fn app(request: &HttpRequest) -> Result<Data<App>> {
    request
        .app_data::<Data<App>>()
        .cloned()
        .ok_or_else(|| Error::Internal("the server was built without its application".into()))
}

/// The bearer's token (RFC 6750 §2.1).
///
/// # Errors
/// [`Error::TokenInvalid`] for a header of another form, or more than one.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>> {
    let Ok(Some(value)) = single(request, "Authorization") else {
        return match request.headers().contains_key(header::AUTHORIZATION) {
            true => Err(Error::TokenInvalid),
            false => Ok(None),
        };
    };
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .map(|(_, token)| Some(token.trim()))
        .ok_or(Error::TokenInvalid)
}

/// The request's `Idempotency-Key`, if it has one.
///
/// # Errors
/// `invalid_header` for one that is empty, longer than 255 characters or not visible ASCII.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>> {
    let key = single(request, "Idempotency-Key")?;
    let is_plain = |key: &str| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if key.is_some_and(|key| !is_plain(key)) {
        let detail = "`Idempotency-Key` takes 1 to 255 visible ASCII characters, such as a UUID.";
        return Err(Error::Header(Invalid::new("invalid_header", detail)));
    }
    Ok(key)
}

fn single<'a>(request: &'a HttpRequest, name: &'static str) -> Result<Option<&'a str>> {
    let refuse = || {
        let detail = format!("`{name}` may be given once, in ASCII.");
        Error::Header(Invalid::new("invalid_header", detail))
    };
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refuse());
    }
    value.to_str().map(Some).map_err(|_| refuse())
}
