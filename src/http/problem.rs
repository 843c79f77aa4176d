//! The one place where an error becomes HTTP: problem details (RFC 9457), a status for each code.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::id::ThreadId;
use crate::domain::service_url::ServiceUrl;
use crate::error::Error;

/// Seconds after which an outage or a full queue is worth another try.
const RETRY: u64 = 2;

/// The body of an error.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: String,
    code: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Field<'a>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<ThreadId>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Field<'a> {
    pointer: &'a str,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: &'a Map<String, Value>,
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Fields(_)
        | Error::IdempotencyKeyReused
        | Error::Reason
        | Error::Grounds
        | Error::WorkRequired(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Query(invalid) => match invalid.code {
            "invalid_query" | "invalid_cursor" => StatusCode::BAD_REQUEST,
            // A page's address is refused alike, wherever it stands.
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        Error::Header(_) | Error::InvalidJson(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized | Error::TokenInvalid | Error::TokenExpired | Error::SsoToken(_) => {
            StatusCode::UNAUTHORIZED
        }
        Error::Forbidden(_)
        | Error::OriginNotAllowed
        | Error::GuestsNotAllowed
        | Error::PassagesNotAllowed
        | Error::OwnComment
        | Error::Banned
        | Error::EditWindowOver => StatusCode::FORBIDDEN,
        Error::NotFound | Error::Unwritten | Error::UnknownSite | Error::TextUnknown => {
            StatusCode::NOT_FOUND
        }
        Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Error::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Error::Conflict(_)
        | Error::Occupied(_)
        | Error::Changed
        | Error::ThreadClosed
        | Error::PassageClosed
        | Error::PassagesFull => StatusCode::CONFLICT,
        Error::Resync => StatusCode::GONE,
        Error::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Busy | Error::Spent { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Database(_) if error.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
        Error::Database(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(self)
    }

    /// A bare answer; [`super::observe`] puts the problem in, since it knows the request's id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(status(self))
    }
}

/// The answer that tells a client what went wrong, and never what the cause inside was.
pub fn response(error: &Error, service: &ServiceUrl, request_id: &str) -> HttpResponse {
    let status = status(error);
    let errors = match error {
        Error::Fields(fields) => fields
            .iter()
            .map(|field| Field {
                pointer: &field.pointer,
                code: field.invalid.code,
                detail: &field.invalid.detail,
                params: &field.invalid.params,
            })
            .collect(),
        _ => Vec::new(),
    };
    let challenge_url = match error {
        Error::WorkRequired(slug) => Some(service.path(&format!("/v1/challenges?site={slug}"))),
        _ => None,
    };
    let thread_id = match error {
        Error::Occupied(thread) => Some(*thread),
        _ => None,
    };
    let code = error.code();
    let problem = Problem {
        kind: service.path(&format!("/problems/{code}")),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: error.to_string(),
        code,
        errors,
        params: error.params(),
        challenge_url,
        thread_id,
        request_id,
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    match status {
        StatusCode::UNAUTHORIZED => {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            response.insert_header((header::RETRY_AFTER, RETRY));
        }
        _ => {}
    }
    if let Error::RateLimited { retry_after } | Error::Spent { retry_after } = error {
        response.insert_header((header::RETRY_AFTER, *retry_after));
    }
    response.json(problem)
}
