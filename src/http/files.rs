//! The files that the program carries, compressed once.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use super::app::App;
use super::parts::PARTS;
use crate::domain::service_url::ServiceUrl;
use crate::error::{Error, Result};
use crate::live::pages::Ready;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What is named by its content never changes under its name.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// A part of the widget that comes on demand, such as a language.
pub struct Part {
    /// With a hash of its content in it.
    pub name: &'static str,
    /// As it is.
    pub script: &'static [u8],
    /// With brotli.
    pub brotli: &'static [u8],
}

const OPENAPI: &str = include_str!("../../openapi.yaml");

/// A file that depends on a setting.
type Lazy = LazyLock<Ready, Box<dyn FnOnce() -> Ready + Send>>;

/// The files, made ready when somebody first asks.
pub struct Files {
    openapi: Lazy,
    widget: LazyLock<Ready>,
    parts: LazyLock<HashMap<&'static str, Ready>>,
    /// The demo's style sheet.
    pub(super) demo_style: LazyLock<Ready>,
}

impl Files {
    /// Does nothing yet.
    pub fn new(service: &ServiceUrl) -> Self {
        let below = service.path("/");
        Self {
            openapi: Lazy::new(Box::new(move || {
                let servers = format!("servers:\n  - {{url: {below},");
                let contract = OPENAPI.replacen("servers:\n  - {url: /,", &servers, 1);
                Ready::new(contract.into_bytes())
            })),
            widget: LazyLock::new(|| {
                let script = include_bytes!("../../widget/dist/postil.js").to_vec();
                // Made as small as can be when the widget was built.
                Ready::with_brotli(script, include_bytes!("../../widget/dist/postil.js.br"))
            }),
            parts: LazyLock::new(|| {
                let ready = |part: &Part| Ready::with_brotli(part.script.to_vec(), part.brotli);
                PARTS.iter().map(|part| (part.name, ready(part))).collect()
            }),
            demo_style: LazyLock::new(|| {
                Ready::new(include_bytes!("../../demo/demo.css").to_vec())
            }),
        }
    }
}

/// `GET /openapi.yaml`.
pub async fn openapi(app: Data<App>, request: HttpRequest) -> HttpResponse {
    answer::public(&request, &app.files.openapi, "application/yaml")
}

/// `GET /postil.js`: any page may load it. Its name stays, so caches keep it for a short time only.
pub async fn widget(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let mut response = answer::public(&request, &app.files.widget, SCRIPT);
    open_to_all(&mut response);
    response
}

/// `GET /postil/{name}`: what the widget asks for on demand, from any page.
///
/// # Errors
/// [`Error::NotFound`], also for the parts of other releases.
pub async fn part(
    app: Data<App>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse> {
    let part = app.files.parts.get(name.as_str()).ok_or(Error::NotFound)?;
    let mut response = answer::public(&request, part, SCRIPT);
    open_to_all(&mut response);
    let for_good = HeaderValue::from_static(FOR_GOOD);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, for_good);
    Ok(response)
}

fn open_to_all(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    let everybody = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
    let anywhere = HeaderValue::from_static("cross-origin");
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        anywhere,
    );
}
