//! The demo: a real article with a lively thread, on a page as strict as any publisher's.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use super::app::App;
use crate::error::{Error, Result};
use crate::live::pages;
use crate::service::{demo, demo_page};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /demo/`.
pub async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    if !app.demo {
        return Err(Error::NotFound);
    }
    let thread = app.store.read(demo::thread).await?;
    let thread_html = format!("../v1/threads/{thread}/html");
    let page = demo_page::PAGE.replace("{{thread_html}}", &thread_html);
    let mut response = answer::public(
        &request,
        &pages::ready(page.into_bytes()).await?,
        "text/html; charset=utf-8",
    );
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// `GET /demo`: relative addresses need the slash.
pub async fn redirect(app: Data<App>) -> Result<HttpResponse> {
    if !app.demo {
        return Err(Error::NotFound);
    }
    Ok(HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, app.service_url.path(demo_page::PATH)))
        .finish())
}

/// `GET /demo/demo.css`.
pub async fn style(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    if !app.demo {
        return Err(Error::NotFound);
    }
    Ok(answer::public(
        &request,
        &app.files.demo_style,
        "text/css; charset=utf-8",
    ))
}
