//! Where a thread's passages are in the text of its page.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer;
use super::app::App;
use super::body::Body;
use super::query::{Query, id};
use super::request::Call;
use crate::domain::id::ThreadId;
use crate::domain::invalid::Invalid;
use crate::domain::passage::text::TextHash;
use crate::error::{Error, Result};
use crate::live::answers::Answer;
use crate::live::pages;
use crate::service::anchoring::{Article, Sender};
use crate::store::board::Subject;
use crate::view::passage::Anchors;

/// `GET /v1/threads/{thread}/anchors`: in a text that was sent before, by its hash.
pub async fn known(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    answer::kept(&app, &request, async || known_of(&app, &request).await).await
}

async fn known_of(app: &App, request: &HttpRequest) -> Result<Answer> {
    let thread: ThreadId = id(request, "thread")?;
    let accepts = "the SHA-256 of a text in 64 hexadecimal digits";
    let text: Option<TextHash> = Query::of(request).parsed("text", accepts)?;
    let text = text.ok_or_else(|| {
        let detail = format!("`text` is missing: it takes {accepts}.");
        Error::Query(Invalid::new("invalid_query", detail))
    })?;
    let read = app.store.read(move |conn| Article::read(conn, thread));
    let mut shows = vec![Subject::Thread(thread)];
    let anchors = match read.await? {
        None => Anchors::default(),
        Some(article) => {
            shows.extend([
                Subject::Thread(article.thread()),
                Subject::Site(article.site.id),
            ]);
            app.anchoring.known(&article, text)?
        }
    };
    Ok(Answer {
        ready: pages::ready(answer::json(&anchors)?).await?.into(),
        kind: "application/json",
        shows,
    })
}

/// The text of a page, as it arrives.
#[derive(Deserialize)]
pub struct PageText {
    text: String,
}

/// `POST /v1/threads/{thread}/anchors`: in this text.
pub async fn find(call: Call, payload: Payload) -> Result<HttpResponse> {
    call.count(|app| &app.limits.texts)?;
    let thread: ThreadId = id(call.request(), "thread")?;
    let app = &call.app;
    let read = app.store.read(move |conn| Article::read(conn, thread));
    let article = read.await?;
    let sender = match &article {
        Some(article) => {
            call.check_origin(&article.site)?;
            article.sender(&call.caller)
        }
        None => Sender::Reader,
    };
    // Only now is it known how much of it is welcome.
    let body = Body::<PageText>::read(call.request(), payload.into_inner(), sender.most());
    let text = body.await?.value.text;
    let anchors = match article {
        Some(article) => {
            let found = app
                .anchoring
                .find(&app.store, article, text, sender, call.now);
            found.await?
        }
        None => Anchors::default(),
    };
    answer::private(StatusCode::OK, &anchors)
}
