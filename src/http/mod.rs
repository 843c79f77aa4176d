//! The only HTTP: the whole API in one route table.

pub mod answer;
mod body;
mod client;
mod comments;
mod counts;
mod demo;
mod feed;
mod html;
mod identity;
pub mod limits;
mod moderation;
pub mod observe;
mod operations;
mod problem;
mod query;
mod reading;
mod request;
mod sites;
mod stream;
mod tokens;
mod votes;

use actix_web::guard;
use actix_web::http::{Method, header};
use actix_web::web::{ServiceConfig, resource, route};
use actix_web::{HttpResponse, Route};

use crate::error::Error;

/// Every address there is.
pub fn routes(config: &mut ServiceConfig) {
    at(
        config,
        "/v1/threads",
        [(Method::GET, route().to(reading::page))],
    );
    at(
        config,
        "/v1/threads/{thread}/comments",
        [(Method::GET, route().to(reading::roots))],
    );
    at(
        config,
        "/v1/threads/{thread}/changes",
        [(Method::GET, route().to(stream::changes))],
    );
    at(
        config,
        "/v1/threads/{thread}/events",
        [(Method::GET, route().to(stream::events))],
    );
    at(
        config,
        "/v1/threads/{thread}/feed",
        [(Method::GET, route().to(reading::thread_feed))],
    );
    at(
        config,
        "/v1/threads/{thread}/html",
        [(Method::GET, route().to(reading::thread_html))],
    );
    at(
        config,
        "/v1/threads/{thread}/me",
        [(Method::GET, route().to(reading::me))],
    );
    at(
        config,
        "/v1/sites/{site}/feed",
        [(Method::GET, route().to(reading::site_feed))],
    );
    at(
        config,
        "/v1/counts",
        [(Method::GET, route().to(counts::counts))],
    );

    at(
        config,
        "/v1/comments",
        [(Method::POST, route().to(comments::create))],
    );
    at(
        config,
        "/v1/comments/{id}",
        [
            (Method::GET, route().to(reading::permalink)),
            (Method::PATCH, route().to(comments::edit)),
            (Method::DELETE, route().to(comments::remove)),
        ],
    );
    at(
        config,
        "/v1/comments/{id}/replies",
        [(Method::GET, route().to(reading::replies))],
    );
    at(
        config,
        "/v1/comments/{id}/history",
        [(Method::GET, route().to(comments::history))],
    );
    at(
        config,
        "/v1/comments/{id}/vote",
        [(Method::PUT, route().to(votes::vote))],
    );
    at(
        config,
        "/v1/comments/{id}/reactions/{emoji}",
        [
            (Method::PUT, route().to(votes::react)),
            (Method::DELETE, route().to(votes::unreact)),
        ],
    );
    at(
        config,
        "/v1/preview",
        [(Method::POST, route().to(comments::preview))],
    );

    at(
        config,
        "/v1/identity/guest",
        [(Method::POST, route().to(identity::guest))],
    );
    at(
        config,
        "/v1/identity/sso",
        [(Method::POST, route().to(identity::sso))],
    );
    at(
        config,
        "/v1/identity/refresh",
        [(Method::POST, route().to(identity::refresh))],
    );
    at(
        config,
        "/v1/identity/signout",
        [(Method::POST, route().to(identity::sign_out))],
    );

    at(
        config,
        "/v1/moderation/comments",
        [(Method::GET, route().to(moderation::queue))],
    );
    at(
        config,
        "/v1/moderation/actions",
        [(Method::POST, route().to(moderation::act))],
    );
    at(
        config,
        "/v1/moderation/threads",
        [(Method::PUT, route().to(moderation::direct))],
    );

    at(
        config,
        "/v1/sites",
        [
            (Method::GET, route().to(sites::list)),
            (Method::POST, route().to(sites::add)),
        ],
    );
    at(
        config,
        "/v1/sites/{site}",
        [
            (Method::GET, route().to(sites::show)),
            (Method::PATCH, route().to(sites::change)),
        ],
    );
    at(
        config,
        "/v1/tokens",
        [
            (Method::GET, route().to(tokens::list)),
            (Method::POST, route().to(tokens::create)),
        ],
    );
    at(
        config,
        "/v1/tokens/{id}",
        [(Method::DELETE, route().to(tokens::revoke))],
    );

    at(
        config,
        "/healthz",
        [(Method::GET, route().to(operations::health))],
    );
    at(
        config,
        "/readyz",
        [(Method::GET, route().to(operations::ready))],
    );
    at(
        config,
        "/metrics",
        [(Method::GET, route().to(operations::metrics))],
    );
    at(
        config,
        "/openapi.yaml",
        [(Method::GET, route().to(operations::openapi))],
    );
    at(
        config,
        "/postil.js",
        [(Method::GET, route().to(operations::widget))],
    );
    at(config, "/demo/", [(Method::GET, route().to(demo::page))]);
    at(config, "/demo", [(Method::GET, route().to(demo::redirect))]);
    at(
        config,
        "/demo/demo.css",
        [(Method::GET, route().to(demo::style))],
    );

    config.default_service(route().to(async || Err::<HttpResponse, Error>(Error::NotFound)));
}

/// One address with its methods. GET answers HEAD too (RFC 9110 §9.3.2), and any other method is told
/// which there are (§15.5.6).
fn at<const N: usize>(config: &mut ServiceConfig, path: &str, routes: [(Method, Route); N]) {
    let mut methods = Vec::new();
    let mut resource = resource(path);
    for (method, route) in routes {
        methods.push(method.to_string());
        let route = if method == Method::GET {
            methods.push(Method::HEAD.to_string());
            route.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            route.method(method)
        };
        resource = resource.route(route);
    }
    let allow = methods.join(", ");
    let refuse = move || {
        let allow = allow.clone();
        async move {
            HttpResponse::MethodNotAllowed()
                .insert_header((header::ALLOW, allow))
                .finish()
        }
    };
    config.service(resource.default_service(route().to(refuse)));
}
