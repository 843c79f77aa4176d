//! What happens around every request: its id, the log line, the metrics, CORS, and the problem that an
//! error becomes. The log names the route, never the path, the query or a token.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use uuid::{Builder, Uuid};

use super::{Pattern, problem};
use crate::domain::invalid::Invalid;
use crate::domain::service_url::ServiceUrl;
use crate::domain::time::Time;
use crate::error::Error;

const ALLOWED_HEADERS: &str =
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID";
const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const EXPOSED_HEADERS: &str = "Date, ETag, Idempotency-Replayed, Location, RateLimit, \
    RateLimit-Policy, Retry-After, X-Request-Id";

/// Answers a request, and everything that comes with that.
///
/// # Errors
/// None of ours: they are answers by now.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let app = super::request::app(request.request())?;
    let request_id = app.request_ids.next().to_string();
    let is_api = request.path().starts_with("/v1/");
    let mut response = if is_api && is_preflight(&request) {
        request.into_response(preflight()).map_into_boxed_body()
    } else {
        let response = next.call(request).await?.map_into_boxed_body();
        with_problem(response, &app.service_url, &request_id)
    };
    let limits = super::limits::headers(response.request());
    let headers = response.headers_mut();
    for (name, value) in limits {
        headers.insert(name, value);
    }
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if is_api {
        // No cookies ride along, so any page may ask; what only a site's own pages may do is
        // refused where the site is known.
        set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            EXPOSED_HEADERS,
        );
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    let pattern = response.request().app_data::<Pattern>();
    let route = pattern.map_or("unknown", |pattern| pattern.0);
    let method = response.request().method();
    let status = response.status();
    let took = started.elapsed();
    app.metrics
        .answered(method.as_str(), route, status.as_u16(), took);
    let (status, micros) = (status.as_u16(), took.as_micros() as u64);
    // Pages are read many times for each thing that happens: that all went well is in the metrics.
    if method.is_safe() && status < 400 {
        tracing::debug!(request_id, %method, route, status, micros, "answered");
    } else {
        tracing::info!(request_id, %method, route, status, micros, "answered");
    }
    Ok(response)
}

/// Ids for requests: UUIDs that rise with time (v7, RFC 9562 §5.7), with a counter from a random start in place of fresh
/// randomness, which would cost a system call each.
pub struct RequestIds {
    process: [u8; 5],
    counter: AtomicU64,
}

impl RequestIds {
    /// Ids that no other process gives.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system has no randomness.
    pub fn new() -> Result<Self, Error> {
        let mut random = [0; 13];
        getrandom::getrandom(&mut random)
            .map_err(|error| Error::Internal(format!("no randomness: {error}")))?;
        let mut counter = [0; 8];
        counter.copy_from_slice(&random[5..]);
        Ok(Self {
            process: [random[0], random[1], random[2], random[3], random[4]],
            counter: AtomicU64::new(u64::from_be_bytes(counter)),
        })
    }

    fn next(&self) -> Uuid {
        let number = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut bytes = [0; 10];
        bytes[..5].copy_from_slice(&self.process);
        bytes[5..].copy_from_slice(&number[3..]);
        let millis = Time::now().micros() / 1_000;
        Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or_default(), &bytes)
            .into_uuid()
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Puts the problem into an answer that failed.
fn with_problem(
    response: ServiceResponse<BoxBody>,
    service: &ServiceUrl,
    request_id: &str,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let own = response
        .response()
        .error()
        .and_then(|error| error.as_error::<Error>());
    let problem = match own {
        Some(error) => {
            log_cause(error, request_id);
            problem::response(error, service, request_id)
        }
        // The framework answered by itself: it says nothing, so we do.
        None if matches!(
            response.response().body().size(),
            BodySize::None | BodySize::Sized(0)
        ) =>
        {
            problem::response(&of_status(status), service, request_id)
        }
        None => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response = response.into_response(problem);
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// What goes wrong inside is for the log: never for the client, and never with a value in it.
fn log_cause(error: &Error, request_id: &str) {
    match error {
        Error::Internal(cause) => tracing::error!(request_id, cause, "internal error"),
        Error::Database(cause) => tracing::error!(request_id, %cause, "database error"),
        Error::Busy => tracing::warn!(request_id, "refused: too much is waiting"),
        _ => {}
    }
}

fn of_status(status: StatusCode) -> Error {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Error::RequestTimeout,
        StatusCode::NOT_FOUND => Error::NotFound,
        status if status.is_server_error() => Error::Internal("the framework failed".into()),
        _ => Error::Header(Invalid::new(
            "invalid_header",
            "The request cannot be read.",
        )),
    }
}
