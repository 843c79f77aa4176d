//! Readers' reports, and what moderators decide about them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer;
use super::bans::slugs;
use super::body::{Body, Fields};
use super::moderation::{line, word};
use super::query::{Query, id};
use super::queue::site;
use super::request::Call;
use crate::domain::cursor::Cursor;
use crate::domain::id::{CommentId, PersonId, ReportId};
use crate::domain::invalid::Invalid;
use crate::domain::moderation::{Action, ReportReason, ReportState};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::consent::Asker;
use crate::service::queue::reached_site;
use crate::service::reports::{self, NewReport, Ruling};
use crate::store::reports::{Filter, Report as Row};
use crate::view;

/// Most characters of a report's detail.
const DETAIL: usize = 2000;

/// Most characters of the name of a law.
const LAW: usize = 200;

/// Most characters of the grounds of a decision.
const GROUNDS: usize = 2000;

/// A report as it arrives.
#[derive(Deserialize)]
pub struct ReportPost {
    reason: String,
    detail: Option<String>,
    notice: Option<NoticePost>,
}

/// What makes a report a notice of illegal content, as it arrives.
#[derive(Deserialize)]
struct NoticePost {
    law: Option<String>,
    contact: Option<String>,
}

/// What a reader is told of their own report.
#[derive(Serialize)]
struct Receipt {
    id: ReportId,
    comment_id: CommentId,
    reason: ReportReason,
    state: ReportState,
    created_at: Time,
}

impl Receipt {
    fn of(row: &Row) -> Self {
        Self {
            id: row.id,
            comment_id: row.comment_id,
            reason: *row.reason,
            state: *row.state,
            created_at: row.created_at,
        }
    }
}

/// `POST /v1/comments/{id}/reports`.
pub async fn report(call: Call, body: Body<ReportPost>) -> Result<HttpResponse> {
    let comment: CommentId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    if (body.value.notice.as_ref()).is_some_and(|notice| notice.contact.is_some()) {
        call.count(|app| &app.limits.letters)?;
    }
    let new = parse(body.value)?;
    let app = &call.app;
    let asker = Asker::new(&app.keys, call.network(), call.now);
    let (report, is_new) =
        reports::report(&app.store, &call.caller, comment, new, asker, call.now).await?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    answer::private(status, &Receipt::of(&report))
}

fn parse(raw: ReportPost) -> Result<NewReport> {
    let mut fields = Fields::default();
    let reason = fields.take("/reason", word::<ReportReason>("reason", &raw.reason));
    let detail = fields.optional("/detail", raw.detail.as_deref(), |text| line(text, DETAIL));
    let notice = raw.notice.as_ref();
    let law = fields.optional(
        "/notice/law",
        notice.and_then(|n| n.law.as_deref()),
        |text| line(text, LAW),
    );
    let contact = fields.optional(
        "/notice/contact",
        notice.and_then(|n| n.contact.as_deref()),
        Email::parse,
    );
    if notice.is_some() && reason.is_some_and(|reason| reason != ReportReason::Illegal) {
        let detail = "A notice is about what is illegal: its `reason` is `illegal`.";
        fields.take::<()>("/notice", Err(Invalid::new("field_invalid", detail)));
    }
    let is_explained = detail.is_some();
    if (notice.is_some() || reason == Some(ReportReason::Other)) && !is_explained {
        let detail = "Say what is wrong with it.";
        fields.take::<()>("/detail", Err(Invalid::new("field_required", detail)));
    }
    let reason = fields.finish(reason)?;
    Ok(NewReport {
        reason,
        detail: detail.unwrap_or_default(),
        law,
        contact,
    })
}

/// A report as moderators see it: the notifier's address stays here.
#[derive(Serialize)]
struct Report {
    id: ReportId,
    site: String,
    comment_id: CommentId,
    person: PersonId,
    verified: bool,
    reason: ReportReason,
    detail: String,
    law: Option<String>,
    /// Whether there is somebody to answer to.
    answerable: bool,
    state: ReportState,
    grounds: Option<String>,
    created_at: Time,
    decided_at: Option<Time>,
}

impl Report {
    fn stored(row: Row, site: String) -> Self {
        Self {
            id: row.id,
            site,
            comment_id: row.comment_id,
            person: row.person_id,
            verified: row.verified,
            reason: *row.reason,
            detail: row.detail,
            law: row.law,
            answerable: row.contact.is_some(),
            state: *row.state,
            grounds: row.grounds,
            created_at: row.created_at,
            decided_at: row.decided_at,
        }
    }
}

/// `GET /v1/moderation/reports`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    let query = Query::of(call.request());
    let slug = query.one("site")?.map(str::to_owned);
    let filter = Filter {
        state: query.word("state")?.unwrap_or(ReportState::Open),
        site: None,
        reason: query.word("reason")?,
        comment: query.parsed("comment", "a comment's id")?,
    };
    let limit = query.limit()?;
    let after = query.one("after")?.map(str::to_owned);
    let caller = call.caller.clone();
    let list = call
        .app
        .store
        .read(move |conn| {
            let site = site(conn, slug.as_deref())?;
            let filter = Filter {
                site: reached_site(&caller, Role::Moderator, site)?,
                ..filter
            };
            let name = format!("reports {filter:?}");
            let after = after
                .map(|text| Cursor::decode(&text, &name).map_err(Error::Query))
                .transpose()?
                .map(|cursor| ReportId::from_uuid(uuid::Uuid::from_bytes(cursor.id)));
            let rows = crate::store::reports::page(conn, &filter, after, limit as i64 + 1)?;
            let (rows, next) = view::page_of(rows, limit, |row| {
                Cursor {
                    key: 0,
                    id: row.id.bytes(),
                }
                .encode(&name)
            });
            let slugs = slugs(conn, rows.iter().map(|row| row.site_id))?;
            let items = rows.into_iter().filter_map(|row| {
                let site = slugs.get(&row.site_id)?.clone();
                Some(Report::stored(row, site))
            });
            Ok(view::List {
                items: items.collect(),
                next,
                total: None,
            })
        })
        .await?;
    answer::private(StatusCode::OK, &list)
}

/// A decision about a report, as it arrives.
#[derive(Deserialize)]
pub struct RulingPost {
    decision: String,
    action: Option<String>,
    grounds: String,
}

/// `POST /v1/moderation/reports/{id}/decision`.
pub async fn decide(call: Call, body: Body<RulingPost>) -> Result<HttpResponse> {
    let report: ReportId = id(call.request(), "id")?;
    call.count(|app| &app.limits.writes)?;
    call.check_own_origin().await?;
    let raw = body.value;
    let mut fields = Fields::default();
    let decision = word::<ReportState>("decision", &raw.decision)
        .ok()
        .filter(|state| *state != ReportState::Open)
        .ok_or_else(|| {
            let detail = "`decision` takes one of: upheld, dismissed.";
            Invalid::new("field_invalid", detail)
        });
    let decision = fields.take("/decision", decision);
    let action = fields.optional("/action", raw.action.as_deref(), |text| {
        word::<Action>("action", text)
            .ok()
            .filter(|action| matches!(action, Action::Reject | Action::Spam | Action::Trash))
            .ok_or_else(|| {
                Invalid::new(
                    "field_invalid",
                    "`action` takes one of: reject, spam, trash.",
                )
            })
    });
    let grounds = match raw.grounds.trim() {
        "" => Err(Invalid::new("field_required", "A decision has grounds.")),
        text => line(text, GROUNDS),
    };
    let grounds = fields.take("/grounds", grounds);
    let (decision, grounds) = fields.finish(decision.zip(grounds))?;
    let ruling = Ruling {
        uphold: (decision == ReportState::Upheld).then(|| action.unwrap_or(Action::Reject)),
        grounds,
    };
    let row = reports::rule(&call.app.store, &call.caller, report, ruling, call.now).await?;
    let of = row.site_id;
    let slugs = call
        .app
        .store
        .read(move |conn| slugs(conn, std::iter::once(of)))
        .await?;
    let site = slugs.get(&of).cloned().ok_or(Error::NotFound)?;
    answer::private(StatusCode::OK, &Report::stored(row, site))
}
