//! Writing: comments are parsed here, and judged and stored by the services.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::answer;
use super::body::{Body, Fields};
use super::passages::Words;
use super::query::id;
use super::request::Call;
use crate::domain::id::{CommentId, PassageId};
use crate::domain::invalid::Invalid;
use crate::domain::judgement::haste::FilledIn;
use crate::domain::markdown;
use crate::domain::network::Network;
use crate::domain::site::{Field, Policy};
use crate::domain::text::{CommentSource, Email, Name, Title, Website};
use crate::domain::time::Time;
use crate::error::Result;
use crate::service::comments::{self, Draft, Edit};
use crate::service::history;
use crate::service::passages::About;
use crate::service::session_kinds::Whence;
use crate::service::signing::Signature;
use crate::service::subscriptions::Notify;
use crate::service::threads::Page;
use crate::service::work::Brought;
use crate::store::comments as rows;
use crate::store::sites::Site;
use crate::view::comment::OwnComment;

/// A new comment as it arrives.
#[derive(Deserialize, Serialize)]
pub struct NewComment {
    site: String,
    url: String,
    key: Option<String>,
    title: Option<String>,
    parent_id: Option<String>,
    passage_id: Option<String>,
    target: Option<Words>,
    body: String,
    #[serde(default)]
    author: Option<Author>,
    notify: Option<String>,
    /// Not what is said, but the price of saying it.
    #[serde(skip_serializing)]
    work: Option<String>,
    /// Nor is how long it took to write.
    #[serde(default, skip_serializing)]
    form: Form,
}

impl NewComment {
    /// What tells it from another comment: whatever is in it but the proof of work and how the form was filled in,
    /// since who has lost the answer may come with another.
    fn fingerprint(&self) -> Result<[u8; 32]> {
        Ok(Sha256::digest(answer::json(self)?).into())
    }
}

/// How the form was filled in; who sends nothing of it is taken for a program that may.
#[derive(Deserialize, Default)]
struct Form {
    /// Milliseconds between opening and sending it, by a clock that may have been set back meanwhile.
    took: Option<i64>,
    /// Whether there is something in a field that nobody is shown.
    #[serde(default)]
    trap: bool,
}

/// What a guest says of themselves.
#[derive(Deserialize, Serialize, Default)]
struct Author {
    name: Option<String>,
    email: Option<String>,
    website: Option<String>,
}

/// A comment that was taken.
#[derive(Serialize)]
struct Posted {
    #[serde(flatten)]
    comment: OwnComment,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires_at: Option<Time>,
}

/// `POST /v1/comments`.
pub async fn create(call: Call, body: Body<NewComment>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.comments)?;
    let retry = call.retry(body.value.fingerprint()?)?;
    let site = crate::service::sites::get(&call.app.store, &body.value.site).await?;
    call.check_origin(&site)?;
    if body
        .value
        .notify
        .as_deref()
        .is_some_and(|notify| notify != "none")
    {
        call.count(|app| &app.limits.letters)?;
    }
    let app = &call.app;
    let (work, network) = (body.value.work.as_deref(), call.network());
    let work = Brought::of(&app.keys, &app.traffic, &site, work, network, call.now);
    let draft = draft(&site, body.value, (network, call.whence()), work)?;
    let posted = comments::post(
        &app.store,
        &app.keys,
        &app.judges,
        &call.caller,
        draft,
        retry,
        call.now,
    )
    .await?;
    let status = if posted.held {
        StatusCode::ACCEPTED
    } else {
        StatusCode::CREATED
    };
    let location = call
        .app
        .service_url
        .path(&format!("/v1/comments/{}", posted.id));
    let (token, token_expires_at) = posted
        .minted
        .map(|minted| (minted.token, minted.expires_at))
        .unzip();
    let answer = Posted {
        comment: posted.comment,
        token,
        token_expires_at,
    };
    let mut response = answer::private(status, &answer)?;
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if posted.replayed {
        answer::mark_replayed(&mut response);
    }
    Ok(response)
}

/// What was said where it was asked for. What a site hides is ignored, whatever it holds.
pub(super) fn asked(field: Field, said: &Option<String>) -> Option<&str> {
    said.as_deref().filter(|_| field != Field::Hidden)
}

/// The passage that a comment says it is about.
fn about(raw: &NewComment, fields: &mut Fields) -> Option<About> {
    let named = [
        raw.parent_id.is_some(),
        raw.passage_id.is_some(),
        raw.target.is_some(),
    ];
    if named.into_iter().filter(|is_named| *is_named).count() > 1 {
        let detail = "One of `parent_id`, `passage_id` and `target` may be given.";
        return fields.take("/target", Err(Invalid::new("target_invalid", detail)));
    }
    if let Some(id) = &raw.passage_id {
        let detail = "There is no such passage in this thread.";
        let id = id.parse::<PassageId>();
        let id = id.map_err(|_| Invalid::new("passage_unknown", detail));
        return fields.take("/passage_id", id).map(About::Passage);
    }
    let target = raw.target.as_ref()?.parse(fields, "/target");
    target.map(About::Words)
}

fn draft(
    site: &Site,
    raw: NewComment,
    (network, whence): (Network, Whence),
    work: Brought,
) -> Result<Draft> {
    let mut fields = Fields::default();
    let page = match Page::parse(site, &raw.url, raw.key.as_deref()) {
        Ok(page) => Some(page),
        Err((name, invalid)) => fields.take(&format!("/{name}"), Err(invalid)),
    };
    let parent = raw.parent_id.as_deref().map(|parent| {
        let unknown = "There is no such comment in this thread to answer.";
        fields.take(
            "/parent_id",
            parent
                .parse::<CommentId>()
                .map_err(|_| Invalid::new("parent_unknown", unknown)),
        )
    });
    let about = about(&raw, &mut fields);
    let source = fields.take("/body", CommentSource::parse(&raw.body, site.policy.length));
    let author = raw.author.unwrap_or_default();
    let form = site.policy.fields;
    let signature = Signature {
        name: fields.optional("/author/name", asked(form.name, &author.name), Name::parse),
        email: fields.optional(
            "/author/email",
            asked(form.email, &author.email),
            Email::parse,
        ),
        website: fields.optional(
            "/author/website",
            asked(form.website, &author.website),
            Website::parse,
        ),
    };
    let notify = match raw.notify.as_deref() {
        None | Some("none") => None,
        Some("replies") => Some(Notify::Replies),
        Some("all") => Some(Notify::All),
        Some(_) => {
            let detail = "`notify` takes one of: none, replies, all.";
            fields.take("/notify", Err(Invalid::new("field_invalid", detail)))
        }
    };
    // Where the site asks guests for no address, one may be given for this all the same.
    let email = match (form.email, notify) {
        (Field::Hidden, Some(_)) => {
            fields.optional("/author/email", author.email.as_deref(), Email::parse)
        }
        _ => signature.email.clone(),
    };
    let title = raw.title.as_deref().and_then(Title::hint);
    let filled_in = FilledIn {
        took: raw
            .form
            .took
            .map(|took| Duration::from_millis(took.max(0).unsigned_abs())),
        trapped: raw.form.trap,
    };
    let draft = page.zip(source).map(|(page, source)| Draft {
        page,
        title,
        parent: parent.flatten(),
        about,
        hasty: filled_in.is_hasty(source.as_str().chars().count()),
        html: markdown::render(source.as_str(), site.policy.line_breaks),
        source,
        signature,
        notify,
        email,
        network: Some(network),
        whence,
        work,
    });
    fields.finish(draft)
}

/// A new text as it arrives.
#[derive(Deserialize)]
pub struct NewText {
    body: String,
}

/// `PATCH /v1/comments/{id}`.
pub async fn edit(call: Call, body: Body<NewText>) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let policy = policy_for(&call, comment).await?;
    let mut fields = Fields::default();
    let source = CommentSource::parse(&body.value.body, policy.length);
    let source = fields.take("/body", source);
    let source = fields.finish(source)?;
    let edit = Edit {
        html: markdown::render(source.as_str(), policy.line_breaks),
        source,
        network: Some(call.network()),
    };
    let app = &call.app;
    let (comment, held) = comments::edit(
        &app.store,
        &app.keys,
        &app.judges,
        &call.caller,
        comment,
        edit,
        call.now,
    )
    .await?;
    let status = if held {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    answer::private(status, &comment)
}

/// The rules of the comment's own site.
async fn policy_for(call: &Call, comment: CommentId) -> Result<Policy> {
    let site = call
        .app
        .store
        .read(move |conn| {
            let row = rows::by_id(conn, comment)?;
            match row {
                Some(row) => crate::store::sites::by_id(conn, row.site_id),
                None => Ok(None),
            }
        })
        .await?;
    Ok(site
        .map(|site| site.policy.into_inner())
        .unwrap_or_default())
}

/// `DELETE /v1/comments/{id}`.
pub async fn remove(call: Call) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    comments::delete(&call.app.store, &call.caller, comment, call.now).await?;
    Ok(answer::no_content())
}

/// `GET /v1/comments/{id}/history`.
pub async fn history(call: Call) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    call.check_own_origin().await?;
    let history = history::history(&call.app.store, &call.caller, comment).await?;
    answer::private(StatusCode::OK, &history)
}

/// A text to be shown before it is sent.
#[derive(Deserialize)]
pub struct Preview {
    site: Option<String>,
    body: String,
}

#[derive(Serialize)]
struct Rendered {
    body_html: String,
}

/// `POST /v1/preview`.
pub async fn preview(call: Call, body: Body<Preview>) -> Result<HttpResponse> {
    call.count(|app| &app.limits.writes)?;
    let policy = match &body.value.site {
        Some(slug) => {
            let site = crate::service::sites::get(&call.app.store, slug).await?;
            call.check_origin(&site)?;
            site.policy.into_inner()
        }
        None => Policy::default(),
    };
    let mut fields = Fields::default();
    let source = CommentSource::parse(&body.value.body, policy.length);
    let source = fields.take("/body", source);
    let source = fields.finish(source)?;
    let body_html = markdown::render(source.as_str(), policy.line_breaks).into_string();
    answer::private(StatusCode::OK, &Rendered { body_html })
}
