//! A site's threads, as its moderators see them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::answer;
use super::query::{Query, id};
use super::queue::refused;
use super::request::Call;
use crate::domain::id::ThreadId;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::service::sites::named;
use crate::service::thread_list::{self, Wanted};
use crate::store::threads::Standing;
use crate::store::{sites, threads};

/// `GET /v1/moderation/threads`.
pub async fn list(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let query = Query::of(call.request());
    let slug = query.required("site")?.to_owned();
    let words = query.one("q")?.map(str::to_owned);
    if words
        .as_ref()
        .is_some_and(|q| !(1..=200).contains(&q.chars().count()) || q.contains('\0'))
    {
        return Err(refused("`q` takes 1 to 200 characters."));
    }
    let wanted = Wanted {
        words,
        standing: query.word::<Standing>("state")?,
        after: query.one("after")?.map(str::to_owned),
        limit: query.limit()?,
    };
    let (caller, now) = (call.caller.clone(), call.now);
    let read = call.app.store.read(move |conn| {
        let site = named(conn, &slug)?;
        thread_list::page(conn, &caller, &site, &wanted, now)
    });
    answer::private(StatusCode::OK, &read.await?)
}

/// `GET /v1/moderation/threads/{thread}`.
pub async fn show(call: Call) -> Result<HttpResponse> {
    call.caller.must_be(Role::Moderator)?;
    let thread: ThreadId = id(call.request(), "thread")?;
    let (caller, now) = (call.caller.clone(), call.now);
    let read = call.app.store.read(move |conn| {
        let row = threads::current(conn, thread)?
            .filter(|row| caller.has(Role::Moderator, row.site_id))
            .ok_or(Error::Unwritten)?;
        let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
        let shown = thread_list::shown(conn, &site, vec![row], now)?.pop();
        shown.ok_or(Error::NotFound)
    });
    answer::private(StatusCode::OK, &read.await?)
}
