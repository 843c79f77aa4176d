//! JSON bodies: read with a limit of size and time, and taken apart field by field.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::domain::invalid::Invalid;
use crate::error::{Error, FieldError, Result};

/// Most bytes of a body: the longest comment that a site may allow (15,000 characters) fits even when
/// each is written as two `\u…` escapes, as many JSON encoders write an emoji.
pub const LIMIT: usize = 192 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// A body that was read whole, and what it says; of at most `MOST` bytes.
pub struct Body<T, const MOST: usize = LIMIT> {
    /// What it says.
    pub value: T,
    /// SHA-256 of its bytes, which tells a request that is sent again from another one.
    pub fingerprint: [u8; 32],
}

impl<T: DeserializeOwned + 'static, const MOST: usize> FromRequest for Body<T, MOST> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Self::read(&request, payload, MOST).await })
    }
}

impl<T: DeserializeOwned, const MOST: usize> Body<T, MOST> {
    /// Reads a body of at most `most` bytes, where how many that are depends on who calls.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`], [`Error::BodyTooLarge`], [`Error::RequestTimeout`], [`Error::InvalidJson`],
    /// [`Error::Fields`].
    pub async fn read(request: &HttpRequest, payload: Payload, most: usize) -> Result<Self> {
        if !is_json(request) {
            return Err(Error::UnsupportedMediaType);
        }
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced: Option<usize> =
            announced.and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length| length > most) {
            return Err(Error::BodyTooLarge(most));
        }
        let bytes = tokio::time::timeout(PATIENCE, collect(payload, most))
            .await
            .map_err(|_| Error::RequestTimeout)??;
        let fingerprint = Sha256::digest(&bytes).into();
        Ok(Self {
            value: parse(&bytes)?,
            fingerprint,
        })
    }
}

/// A body that may be left out, together with its type.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            let body = Body::<T>::from_request(request, payload);
            return Box::pin(async move { Ok(Self(body.await?.value)) });
        }
        let payload = payload.take();
        Box::pin(async move {
            let bytes = tokio::time::timeout(PATIENCE, collect(payload, LIMIT))
                .await
                .map_err(|_| Error::RequestTimeout)??;
            if bytes.is_empty() {
                Ok(Self(T::default()))
            } else {
                Err(Error::UnsupportedMediaType)
            }
        })
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.content_type().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn collect(mut payload: Payload, most: usize) -> Result<BytesMut> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| Error::InvalidJson("The body was cut off or cannot be decoded.".into()))?;
        if bytes.len() + chunk.len() > most {
            return Err(Error::BodyTooLarge(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // A struct is read from an array as well, member by member; the contract knows objects alone.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(Error::InvalidJson("The body is not a JSON object.".into()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => value,
        Err(error) if error.inner().is_data() => {
            let detail = error.inner().to_string();
            return Err(wrong_type(&pointer(error.path()), &detail));
        }
        Err(error) => {
            return Err(Error::InvalidJson(format!(
                "The body is not JSON: {}.",
                error.inner()
            )));
        }
    };
    deserializer
        .end()
        .map_err(|_| Error::InvalidJson("Something follows the JSON value.".into()))?;
    Ok(value)
}

/// What serde says of a value, in words that neither repeat the value nor name a type of the program.
fn wrong_type(pointer: &str, detail: &str) -> Error {
    let missing = detail.strip_prefix("missing field `");
    if let Some(name) = missing.and_then(|rest| rest.split('`').next()) {
        let detail = format!("`{name}` is missing.");
        return Error::field(
            &format!("{pointer}/{name}"),
            Invalid::new("field_required", detail),
        );
    }
    let wanted = detail.split_once("expected ").map(|(_, wanted)| wanted);
    let wanted = match wanted.unwrap_or_default() {
        text if text.starts_with("a string") => "a string",
        text if text.starts_with("a boolean") => "true or false",
        text if text.starts_with("a sequence") => "a list",
        text if text.starts_with("a map") || text.starts_with("struct") => "an object",
        text if text.starts_with(['i', 'u']) => "a whole number",
        _ => "a value of another type",
    };
    Error::field(
        pointer,
        Invalid::new("field_type", format!("This takes {wanted}.")),
    )
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

/// Collects what is wrong with a body's values, so that a client hears of all of it at once.
#[derive(Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// The parsed value; `None` when it was refused.
    pub fn take<T>(&mut self, pointer: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.0.push(FieldError {
                    pointer: pointer.to_owned(),
                    invalid,
                });
                None
            }
        }
    }

    /// The parsed value of a field that may be absent, null or empty.
    pub fn optional<T>(
        &mut self,
        pointer: &str,
        raw: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let raw = raw.filter(|text| !text.trim().is_empty())?;
        self.take(pointer, parse(raw))
    }

    /// The result, or everything that was refused. A value that is `None` here was refused.
    pub fn finish<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::Fields(self.0)),
        }
    }
}
