//! A service that shares its origin with others lives below a path. Some proxies take that path off, some leave it: both are
//! understood.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;

/// Takes the path below which the service lives off a request's address.
///
/// # Errors
/// Those of the request itself.
pub async fn take_off<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(uri) = without_prefix(&request)? {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

fn without_prefix(request: &ServiceRequest) -> Result<Option<Uri>, Error> {
    let app = super::request::app(request.request())?;
    if app.service_url.prefix().is_empty() {
        return Ok(None);
    }
    let Some(rest) = app.service_url.below(request.path()) else {
        return Ok(None);
    };
    // Below `/postil/` both the widget's parts and a whole service may live.
    let known = request.resource_map();
    if !known.has_resource(rest) && known.has_resource(request.path()) {
        return Ok(None);
    }
    let rest = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    // What is left of an address that was taken is one, unless it would be no path any more.
    parts.path_and_query = rest.parse::<PathAndQuery>().ok();
    Ok(Uri::from_parts(parts).ok())
}
