//! The files that the program carries, compressed once.

use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use super::app::App;
use crate::live::pages::Ready;

/// The files, made ready when somebody first asks.
pub struct Files {
    openapi: LazyLock<Ready>,
    widget: LazyLock<Ready>,
    /// The demo's style sheet.
    pub(super) demo_style: LazyLock<Ready>,
}

impl Files {
    /// Does nothing yet.
    pub fn new() -> Self {
        Self {
            openapi: LazyLock::new(|| Ready::new(include_bytes!("../../openapi.yaml").to_vec())),
            widget: LazyLock::new(|| {
                let script = include_bytes!("../../widget/dist/postil.js").to_vec();
                // Made as small as can be when the widget was built.
                Ready::with_brotli(script, include_bytes!("../../widget/dist/postil.js.br"))
            }),
            demo_style: LazyLock::new(|| {
                Ready::new(include_bytes!("../../demo/demo.css").to_vec())
            }),
        }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

/// `GET /openapi.yaml`.
pub async fn openapi(app: Data<App>, request: HttpRequest) -> HttpResponse {
    answer::public(&request, &app.files.openapi, "application/yaml")
}

/// `GET /postil.js`: any page may load it.
pub async fn widget(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let kind = "text/javascript; charset=utf-8";
    let mut response = answer::public(&request, &app.files.widget, kind);
    let headers = response.headers_mut();
    let everybody = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
    let anywhere = HeaderValue::from_static("cross-origin");
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        anywhere,
    );
    response
}
