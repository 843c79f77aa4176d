//! Query parameters and path segments.

use std::borrow::Cow;
use std::str::FromStr;

use actix_web::HttpRequest;

use crate::domain::invalid::Invalid;
use crate::domain::word::Word;
use crate::error::{Error, Result};

/// How many items a list gives when nobody says.
const DEFAULT: usize = 20;

/// How many items a list gives at most.
const MOST: usize = 100;

/// The parameters of a request's query.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them.
    pub fn of(request: &HttpRequest) -> Self {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that may be absent.
    ///
    /// # Errors
    /// `invalid_query` when it is there twice.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(refused(format!("`{name}` may be given once."))),
            None => Ok(value),
        }
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// `invalid_query`.
    pub fn required<'a>(&'a self, name: &'a str) -> Result<&'a str> {
        self.one(name)?
            .ok_or_else(|| refused(format!("`{name}` is missing.")))
    }

    /// A parameter that takes a word of a vocabulary.
    ///
    /// # Errors
    /// `invalid_query`, naming the words.
    pub fn word<T: Word>(&self, name: &str) -> Result<Option<T>> {
        let Some(word) = self.one(name)? else {
            return Ok(None);
        };
        let value = T::from_word(word);
        value
            .map(Some)
            .ok_or_else(|| refused(format!("`{name}` takes one of: {}.", T::words())))
    }

    /// A parameter that takes a value which its text can be parsed into.
    ///
    /// # Errors
    /// `invalid_query`, saying what is accepted.
    pub fn parsed<T: FromStr>(&self, name: &str, accepts: &str) -> Result<Option<T>> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| refused(format!("`{name}` takes {accepts}.")))
    }

    /// How many items are asked for: 1 to 100, else 20.
    ///
    /// # Errors
    /// `invalid_query`.
    pub fn limit(&self) -> Result<usize> {
        let accepts = "a whole number from 1 to 100";
        let limit = self.parsed("limit", accepts)?.unwrap_or(DEFAULT);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(refused(format!("`limit` takes {accepts}.")))
        }
    }
}

fn refused(detail: String) -> Error {
    Error::Query(Invalid::new("invalid_query", detail))
}

/// The value of a path segment, percent-decoded.
pub fn segment<'a>(request: &'a HttpRequest, name: &str) -> Result<Cow<'a, str>> {
    let raw = request.match_info().get(name).ok_or(Error::NotFound)?;
    percent_encoding::percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| Error::NotFound)
}

/// A path segment that is an id. What is no id names nothing.
pub fn id<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T> {
    segment(request, name)?.parse().map_err(|_| Error::NotFound)
}
