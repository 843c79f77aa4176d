//! The files that the program carries, compressed once.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use crate::app::App;
use crate::live::pages::Ready;

/// The files, ready to be sent.
pub struct Files {
    openapi: Ready,
    widget: Ready,
    /// The demo's style sheet.
    pub(super) demo_style: Ready,
}

impl Files {
    /// Compresses them.
    pub fn new() -> Self {
        let ready = |file: &[u8]| Ready::small(file.to_vec());
        Self {
            openapi: ready(include_bytes!("../../openapi.yaml")),
            widget: ready(include_bytes!("../../widget/dist/postil.js")),
            demo_style: ready(include_bytes!("../../demo/demo.css")),
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
