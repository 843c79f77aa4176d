//! Passages: what they are told by, and what authors decide about them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::body::{Body, Fields};
use super::query::{id, segment};
use super::request::Call;
use crate::domain::id::{PassageId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::passage::selector::{PassageKey, Question, Quote, Selector, Target};
use crate::domain::word::{ThreadState, Word};
use crate::error::{Error, Result};
use crate::service::passages::{self, Direction, Planting};

/// Words of an article, as they arrive.
#[derive(Deserialize, Serialize)]
pub struct Words {
    exact: String,
    prefix: Option<String>,
    suffix: Option<String>,
    start: Option<i64>,
    end: Option<i64>,
    key: Option<String>,
}

impl Words {
    /// The target that these words are; `at` is where they stand in the body.
    pub fn parse(&self, fields: &mut Fields, at: &str) -> Option<Target> {
        let quote = fields.take(&format!("{at}/exact"), Quote::parse(&self.exact))?;
        let key = self.key.as_deref().map(PassageKey::parse);
        let key = match key {
            None => None,
            Some(key) => Some(fields.take(&format!("{at}/key"), key)?),
        };
        let selector = Selector::parse(
            &quote,
            self.prefix.as_deref().unwrap_or_default(),
            self.suffix.as_deref().unwrap_or_default(),
            // An end alone says nothing; a start alone says enough.
            self.start
                .map(|start| (start, self.end.unwrap_or(i64::MAX))),
        );
        let selector = fields.take(at, selector)?;
        Some(Target {
            quote,
            selector,
            key,
        })
    }
}

/// What an author plants, as it arrives.
#[derive(Deserialize)]
pub struct PassagePut {
    #[serde(flatten)]
    words: Words,
    question: Option<String>,
    state: Option<String>,
}

/// `PUT /v1/threads/{thread}/passages/{key}`.
pub async fn plant(call: Call, body: Body<PassagePut>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let thread: ThreadId = id(call.request(), "thread")?;
    let key = segment(call.request(), "key")?;
    let key = PassageKey::parse(&key).map_err(|_| Error::NotFound)?;
    let mut raw = body.value;
    raw.words.key = None;
    let mut fields = Fields::default();
    let target = raw.words.parse(&mut fields, "");
    let question = fields.optional("/question", raw.question.as_deref(), Question::parse);
    let state = match raw.state.as_deref() {
        None => None,
        Some(word) => fields.take("/state", state(word)),
    };
    let mut target = fields.finish(target)?;
    target.key = Some(key);
    let planting = Planting {
        target,
        question,
        state,
    };
    let app = &call.app;
    let (passage, is_new) =
        passages::plant(&app.store, &call.caller, thread, planting, call.now).await?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    answer::private(status, &passage)
}

fn state(word: &str) -> Result<ThreadState, Invalid> {
    ThreadState::from_word(word).ok_or_else(|| {
        let detail = format!("`state` takes one of: {}.", ThreadState::words());
        Invalid::new("field_invalid", detail)
    })
}

/// What is decided about a passage, as it arrives.
#[derive(Deserialize)]
pub struct PassagePatch {
    state: Option<String>,
    struck: Option<bool>,
}

/// `PATCH /v1/passages/{id}`.
pub async fn direct(call: Call, body: Body<PassagePatch>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let passage: PassageId = id(call.request(), "id")?;
    let mut fields = Fields::default();
    let PassagePatch {
        state: word,
        struck,
    } = body.value;
    let state = fields.optional("/state", word.as_deref(), state);
    if word.is_none() && struck.is_none() {
        let detail = "Say what is to change: `state` or `struck`.";
        fields.take::<()>("", Err(Invalid::new("field_required", detail)));
    }
    let direction = fields.finish(Some(Direction { state, struck }))?;
    let app = &call.app;
    let passage = passages::direct(&app.store, &call.caller, passage, direction, call.now).await?;
    answer::private(StatusCode::OK, &passage)
}
