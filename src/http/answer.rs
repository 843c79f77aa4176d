//! Answers: public ones that caches may keep, and private ones that nobody may.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::app::App;
use crate::error::{Error, Result};
use crate::live::answers::Answer;
use crate::live::pages::Ready;

/// How long caches may keep what everyone sees: a CDN five seconds, and a minute more while it asks.
const PUBLIC: &str = "public, max-age=0, s-maxage=5, stale-while-revalidate=60";

/// A value's JSON.
///
/// # Errors
/// [`Error::Internal`]; views always have a JSON form.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Internal(format!("rendering JSON: {error}")))
}

/// What everyone sees: 304 when the client has it, else in the encoding it likes best.
pub fn public(request: &HttpRequest, ready: &Ready, content_type: &'static str) -> HttpResponse {
    let is_known = has(request, &ready.etag);
    let status = if is_known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(PUBLIC)))
        .insert_header((header::ETAG, ready.etag.clone()))
        .insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")));
    if is_known {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(content_type)));
    let (bytes, encoding) = encoded(request, ready);
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(encoding)));
    }
    response.body(bytes)
}

/// What everyone sees, from what is at hand while it is true, or else from `make`.
///
/// # Errors
/// Those of `make`.
pub async fn kept(
    app: &App,
    request: &HttpRequest,
    make: impl AsyncFn() -> Result<Answer>,
) -> Result<HttpResponse> {
    let asked = request.uri().path_and_query();
    let asked = asked.map_or_else(|| request.path(), |asked| asked.as_str());
    let known = app.answers.get(asked, make).await?;
    Ok(public(request, &known.ready, known.kind))
}

/// What only the caller sees.
///
/// # Errors
/// [`Error::Internal`].
pub fn private<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Result<HttpResponse> {
    let body = json(value)?;
    Ok(HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body))
}

/// Done, with nothing to say.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Says that the request had been sent before.
pub fn mark_replayed(response: &mut HttpResponse) {
    let name = HeaderName::from_static("idempotency-replayed");
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static("true"));
}

/// Whether the client says that it has this (RFC 9110 §13.1.2: weak comparison).
fn has(request: &HttpRequest, etag: &HeaderValue) -> bool {
    fn opaque(tag: &[u8]) -> &[u8] {
        let tag = tag.trim_ascii();
        tag.strip_prefix(b"W/").unwrap_or(tag)
    }
    let own = opaque(etag.as_bytes());
    let mut named = request.headers().get_all(header::IF_NONE_MATCH);
    named.any(|value| {
        let value = value.as_bytes().trim_ascii();
        value == b"*"
            || value
                .split(|byte| *byte == b',')
                .any(|tag| opaque(tag) == own)
    })
}

/// The smallest form that the client takes (RFC 9110 §12.5.3).
fn encoded(request: &HttpRequest, ready: &Ready) -> (Bytes, Option<&'static str>) {
    let accepted = request.headers().get(header::ACCEPT_ENCODING);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    for (form, name) in [(&ready.brotli, "br"), (&ready.gzip, "gzip")] {
        if let Some(bytes) = form
            && accepts(accepted, name)
        {
            return (bytes.clone(), Some(name));
        }
    }
    (ready.identity.clone(), None)
}

fn accepts(accepted: &str, name: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';');
        let coding = parts.next().unwrap_or_default().trim();
        let refused = parts.any(|part| {
            let weight = part.trim().strip_prefix("q=").unwrap_or("1");
            weight.parse::<f32>().is_ok_and(|weight| weight == 0.0)
        });
        coding.eq_ignore_ascii_case(name) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_when_it_is_accepted() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
