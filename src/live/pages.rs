//! Public answers as ready bytes, built once for each state of what they show, however many ask.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{Error, Result};
use crate::view::thread::Stamp;

/// Bodies shorter than this gain nothing from compression: they fit one packet as they are.
const WORTH_COMPRESSING: usize = 860;

/// An answer in each of the encodings that it is sent in.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Weak, of the uncompressed body (RFC 9110 §8.8.3).
    pub etag: HeaderValue,
    /// As it is.
    pub identity: Bytes,
    /// With gzip (RFC 1952).
    pub gzip: Option<Bytes>,
    /// With brotli (RFC 7932).
    pub brotli: Option<Bytes>,
}

impl Ready {
    /// Compresses a body. Takes about a millisecond for 50 KB, so not on a thread that serves.
    pub fn new(body: Vec<u8>) -> Self {
        let worth = body.len() >= WORTH_COMPRESSING;
        let brotli = worth.then(|| brotli(&body)).flatten();
        Self::of(body, brotli)
    }

    /// A body that was compressed with brotli before.
    pub fn with_brotli(body: Vec<u8>, brotli: &'static [u8]) -> Self {
        Self::of(body, Some(Bytes::from_static(brotli)))
    }

    fn of(body: Vec<u8>, brotli: Option<Bytes>) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let etag = format!("W/\"{:016x}{:x}\"", hasher.finish(), body.len());
        // Hexadecimal digits between quotation marks are a header's value.
        let etag =
            HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
        let worth = body.len() >= WORTH_COMPRESSING;
        Self {
            etag,
            gzip: worth.then(|| gzip(&body)).flatten(),
            brotli,
            identity: Bytes::from(body),
        }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let compressed = [&self.gzip, &self.brotli];
        let compressed: usize = compressed.into_iter().flatten().map(Bytes::len).sum();
        self.identity.len() + compressed
    }
}

/// `None` when writing to memory failed, which it does not; the answer then goes uncompressed.
fn gzip(body: &[u8]) -> Option<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn brotli(body: &[u8]) -> Option<Bytes> {
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        // Most of the gain at a tenth of the time of 11: a page is built after every write.
        quality: 5,
        lgwin: 20,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &body[..], &mut compressed, &params).ok()?;
    Some(Bytes::from(compressed))
}

/// Which answer, in which state of its thread and site.
type Key = (String, Stamp);

/// Weighs an answer by what it takes in memory.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Ready>> for ByBytes {
    fn weight(&self, key: &Key, ready: &Arc<Ready>) -> u64 {
        // What the entry itself takes, roughly, so that many small ones cannot fill the memory.
        (key.0.len() + ready.bytes() + 256) as u64
    }
}

/// The cache of answers. Entries of a state that has passed are never asked for again and fall out.
pub struct Pages {
    cache: Cache<Key, Arc<Ready>, ByBytes>,
}

impl Pages {
    /// A cache of at most that many bytes.
    pub fn new(bytes: u64) -> Self {
        let entries = usize::try_from(bytes / 16_384).unwrap_or(4096).max(64);
        Self {
            cache: Cache::with_weighter(entries, bytes, ByBytes),
        }
    }

    /// The answer that `view` names in the state that `stamp` names; `build` makes its body when it
    /// is not at hand. Whoever asks meanwhile waits for the same build.
    ///
    /// # Errors
    /// Those of `build`; nothing is kept then.
    pub async fn get<F>(&self, view: String, stamp: Stamp, build: F) -> Result<Arc<Ready>>
    where
        F: Future<Output = Result<Vec<u8>>>,
    {
        let key = (view, stamp);
        self.cache
            .get_or_insert_async(&key, async { ready(build.await?).await.map(Arc::new) })
            .await
    }
}

/// Compresses a body away from the threads that serve.
///
/// # Errors
/// [`Error::Internal`] when the task was cancelled by the program's end.
pub async fn ready(body: Vec<u8>) -> Result<Ready> {
    if body.len() < WORTH_COMPRESSING {
        return Ok(Ready::new(body));
    }
    tokio::task::spawn_blocking(move || Ready::new(body))
        .await
        .map_err(|error| Error::Internal(format!("compression task: {error}")))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_encoding_holds_the_same_body() {
        let body = "postil ".repeat(1000).into_bytes();
        let ready = Ready::new(body.clone());
        let mut unzipped = Vec::new();
        let gzip = ready.gzip.unwrap();
        flate2::read::GzDecoder::new(&gzip[..])
            .read_to_end(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped, body);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &ready.brotli.unwrap()[..], &mut plain).unwrap();
        assert_eq!(plain, body);
        assert_eq!(ready.identity, body);
    }

    #[test]
    fn a_small_body_stays_as_it_is() {
        let ready = Ready::new(b"{}".to_vec());
        assert!(ready.gzip.is_none() && ready.brotli.is_none());
    }
}
