//! The page behind the links of a letter about comments that wait: the comment as it is now, and buttons. See `mailbox.rs` for what
//! all such pages have in common.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::mailbox::{Page, Visit, form};
use crate::domain::link::{Aim, Link, Purpose};
use crate::domain::moderation::Action;
use crate::domain::word::Word;
use crate::error::{Error, Result};
use crate::service::mailed_decision::{self, Question, Ticket};
use crate::service::moderation::Decision;
use crate::store::sites::Site;

/// `GET /s/decide/{token}`.
pub async fn ask(request: HttpRequest) -> Result<HttpResponse> {
    let visit = Visit::new(&request, Purpose::Decide)?;
    let Some(ticket) = ticket(&request, &visit) else {
        return visit.refused().await;
    };
    show(&visit, &ticket, None).await
}

/// `POST /s/decide/{token}`.
pub async fn decided(request: HttpRequest, body: Payload) -> Result<HttpResponse> {
    let said = form(&request, body).await?;
    let visit = Visit::new(&request, Purpose::Decide)?;
    let Some(ticket) = ticket(&request, &visit) else {
        return visit.refused().await;
    };
    let field = |name: &str| {
        let found = said.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let action = match field("action") {
        "approve" => Action::Approve,
        "reject" => Action::Reject,
        "spam" => Action::Spam,
        _ => return show(&visit, &ticket, None).await,
    };
    let Ok(revision) = field("revision").parse::<i64>() else {
        return show(&visit, &ticket, None).await;
    };
    let reason = field("reason");
    let decision = Decision {
        action,
        // What the list says goes to the author of what is turned down, and would say nothing of what is approved.
        reason: (action == Action::Reject && !reason.is_empty()).then(|| reason.to_owned()),
        note: None,
        from: None,
        whole: false,
    };
    let store = &visit.app.store;
    match mailed_decision::decide(store, &ticket, decision, revision, visit.now).await {
        Ok(_) => {
            let (site, _) = mailed_decision::question(store, &ticket).await?;
            Page::of(&site, "decided")
                .with("outcome", json!(format!("decided_{}", action.word())))
                .show(StatusCode::OK, None)
        }
        // Somebody else was first, or its author: the page shows what there is now.
        Err(Error::Changed | Error::Conflict(_) | Error::NotFound | Error::Reason) => {
            show(&visit, &ticket, Some("decide_changed")).await
        }
        Err(Error::Grounds) => show(&visit, &ticket, Some("decide_grounds")).await,
        Err(error) => Err(error),
    }
}

/// What the link is good for, if it is one.
fn ticket(request: &HttpRequest, visit: &Visit) -> Option<Ticket> {
    let Ok(Link {
        site,
        aim: Aim::Decide(comment, moderator),
        expires_at,
        ..
    }) = visit.link
    else {
        return None;
    };
    let token = request.match_info().get("token").unwrap_or_default();
    Some(Ticket {
        site,
        comment,
        moderator,
        link: Sha256::digest(token).into(),
        expires_at,
    })
}

/// The page of what there is to decide. `notice` is the phrase that says why it is shown again.
async fn show(visit: &Visit, ticket: &Ticket, notice: Option<&str>) -> Result<HttpResponse> {
    let (site, question) = mailed_decision::question(&visit.app.store, ticket).await?;
    match question {
        Some(question) => sheet(&site, &question)
            .with("notice", json!(notice))
            .show(StatusCode::OK, None),
        None => Page::of(&site, "settled").show(StatusCode::GONE, None),
    }
}

fn sheet(site: &Site, question: &Question) -> Page {
    let Question {
        comment,
        thread,
        quote,
    } = question;
    let reasons = comment.reasons.iter().map(|reason| &reason.detail);
    let page = thread.title().unwrap_or(&thread.url);
    Page::of(site, "decide")
        .with("author", json!(comment.author_name))
        .with("at", json!(comment.created_at))
        .with("page", json!(page))
        .with("quote", json!(quote))
        .with("page_url", json!(thread.url))
        .with("body_html", json!(comment.body_html))
        .with("revision", json!(comment.revision))
        .with("reasons", json!(reasons.collect::<Vec<_>>()))
        .with("choices", json!(site.policy.decision_reasons))
}
