//! The only HTTP: the whole API in one route table.

mod advisers;
mod anchors;
mod answer;
pub mod app;
mod bans;
mod body;
mod challenges;
mod client;
mod comments;
mod counts;
mod decide;
mod demo;
mod feed;
mod feed_words;
pub mod files;
mod html;
mod identity;
mod jobs;
mod joins;
pub mod limits;
mod mailbox;
mod moderation;
pub mod observe;
mod operations;
mod parts;
mod passages;
mod people;
mod phrases;
pub mod prefix;
mod problem;
mod query;
mod queue;
mod queue_stream;
mod reading;
mod record;
mod reports;
mod request;
mod rules;
mod sessions;
mod sign_in;
mod sites;
mod staff_link;
mod stream;
mod subscriptions;
mod threads;
mod tokens;
mod votes;

use actix_web::guard;
use actix_web::http::{Method, header};
use actix_web::web::{ServiceConfig, resource, route};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};

use crate::error::Error;

/// Every address there is.
pub fn routes(config: &mut ServiceConfig) {
    at(config, "/v1/threads", [on(GET, reading::page)]);
    at(
        config,
        "/v1/threads/{thread}/comments",
        [on(GET, reading::roots)],
    );
    at(
        config,
        "/v1/threads/{thread}/changes",
        [on(GET, stream::changes)],
    );
    at(
        config,
        "/v1/threads/{thread}/events",
        [on(GET, stream::events)],
    );
    at(
        config,
        "/v1/threads/{thread}/feed",
        [on(GET, reading::thread_feed)],
    );
    at(
        config,
        "/v1/threads/{thread}/html",
        [on(GET, reading::thread_html)],
    );
    at(config, "/v1/threads/{thread}/me", [on(GET, reading::me)]);
    at(
        config,
        "/v1/threads/{thread}/passages/{key}",
        [on(PUT, passages::plant)],
    );
    at(config, "/v1/passages/{id}", [on(PATCH, passages::direct)]);
    at(
        config,
        "/v1/threads/{thread}/annotations",
        [on(GET, reading::annotations)],
    );
    at(
        config,
        "/v1/threads/{thread}/anchors",
        [on(GET, anchors::known), on(POST, anchors::find)],
    );
    at(
        config,
        "/v1/sites/{site}/feed",
        [on(GET, reading::site_feed)],
    );
    at(config, "/v1/counts", [on(GET, counts::counts)]);

    at(config, "/v1/challenges", [on(GET, challenges::hand_out)]);
    at(config, "/v1/comments", [on(POST, comments::create)]);
    let comment = [
        on(GET, reading::permalink),
        on(PATCH, comments::edit),
        on(DELETE, comments::remove),
    ];
    at(config, "/v1/comments/{id}", comment);
    at(
        config,
        "/v1/comments/{id}/replies",
        [on(GET, reading::replies)],
    );
    at(
        config,
        "/v1/comments/{id}/history",
        [on(GET, comments::history)],
    );
    at(config, "/v1/comments/{id}/vote", [on(PUT, votes::vote)]);
    let reaction = [on(PUT, votes::react), on(DELETE, votes::unreact)];
    at(config, "/v1/comments/{id}/reactions/{emoji}", reaction);
    at(config, "/v1/preview", [on(POST, comments::preview)]);

    at(config, "/v1/identity/guest", [on(POST, identity::guest)]);
    at(config, "/v1/identity/sso", [on(POST, identity::sso)]);
    at(
        config,
        "/v1/identity/refresh",
        [on(POST, identity::refresh)],
    );
    at(
        config,
        "/v1/identity/signout",
        [on(POST, identity::sign_out)],
    );

    at(config, "/v1/identity/email", [on(POST, sign_in::ask)]);
    at(config, "/v1/identity/email/look", [on(POST, sign_in::look)]);
    at(
        config,
        "/v1/identity/email/verify",
        [on(POST, sign_in::verify)],
    );
    let earlier = [on(GET, sign_in::earlier), on(POST, sign_in::join)];
    at(config, "/v1/identity/earlier", earlier);

    at(
        config,
        "/v1/subscriptions",
        [on(POST, subscriptions::subscribe)],
    );
    let subscription = [
        on(PATCH, subscriptions::change),
        on(DELETE, subscriptions::cancel),
    ];
    at(config, "/v1/subscriptions/{id}", subscription);
    let confirm = [on(GET, mailbox::confirm), on(POST, mailbox::confirmed)];
    at(config, "/s/confirm/{token}", confirm);
    let leave = [on(GET, mailbox::leave), on(POST, mailbox::left)];
    at(config, "/s/unsubscribe/{token}", leave);
    let manage = [on(GET, mailbox::manage), on(POST, mailbox::managed)];
    at(config, "/s/manage/{token}", manage);
    let sign_in = [on(GET, sign_in::page), on(POST, sign_in::go)];
    at(config, "/s/sign-in/{token}", sign_in);
    let staff_link = [on(GET, staff_link::page), on(POST, staff_link::go)];
    at(config, "/s/moderator/{token}", staff_link);
    let decide = [on(GET, decide::ask), on(POST, decide::decided)];
    at(config, "/s/decide/{token}", decide);

    at(config, "/v1/moderation/comments", [on(GET, queue::list)]);
    at(config, "/v1/moderation/counts", [on(GET, queue::counts)]);
    at(
        config,
        "/v1/moderation/events",
        [on(GET, queue_stream::follow)],
    );
    let bans = [on(GET, bans::list), on(POST, bans::add)];
    at(config, "/v1/moderation/bans", bans);
    at(config, "/v1/moderation/bans/{id}", [on(DELETE, bans::lift)]);
    let person = [on(GET, people::show), on(PATCH, people::change)];
    at(config, "/v1/moderation/people/{id}", person);
    at(
        config,
        "/v1/comments/{id}/reports",
        [on(POST, reports::report)],
    );
    at(config, "/v1/moderation/reports", [on(GET, reports::list)]);
    at(
        config,
        "/v1/moderation/reports/{id}/decision",
        [on(POST, reports::decide)],
    );
    at(config, "/v1/moderation/audit", [on(GET, record::list)]);
    at(
        config,
        "/v1/moderation/audit/export",
        [on(GET, record::export)],
    );
    at(
        config,
        "/v1/moderation/stats",
        [on(GET, record::statistics)],
    );
    at(
        config,
        "/v1/moderation/actions",
        [on(POST, moderation::act)],
    );
    at(
        config,
        "/v1/moderation/threads",
        [on(GET, threads::list), on(PUT, moderation::direct)],
    );
    at(
        config,
        "/v1/moderation/threads/{thread}",
        [on(GET, threads::show), on(PATCH, moderation::change)],
    );
    at(
        config,
        "/v1/moderation/threads/{thread}/join",
        [on(POST, joins::join)],
    );
    at(config, "/v1/moderation/joins", [on(GET, joins::list)]);
    at(
        config,
        "/v1/moderation/joins/{id}/undo",
        [on(POST, joins::undo)],
    );

    let list = [on(GET, rules::show), on(PUT, rules::replace)];
    at(config, "/v1/moderation/rules/{list}", list);

    at(
        config,
        "/v1/sites",
        [on(GET, sites::list), on(POST, sites::add)],
    );
    at(
        config,
        "/v1/sites/{site}",
        [on(GET, sites::show), on(PATCH, sites::change)],
    );
    let adviser = [
        on(GET, advisers::show),
        on(PUT, advisers::name),
        on(DELETE, advisers::remove),
    ];
    at(config, "/v1/sites/{site}/adviser", adviser);
    at(
        config,
        "/v1/sites/{site}/adviser/secret",
        [on(POST, advisers::rotate)],
    );
    at(config, "/v1/sites/{site}/jobs", [on(GET, jobs::list)]);
    at(config, "/v1/jobs/{id}", [on(GET, jobs::show)]);
    at(config, "/v1/jobs/{id}/cancel", [on(POST, jobs::cancel)]);
    at(
        config,
        "/v1/tokens",
        [on(GET, tokens::list), on(POST, tokens::create)],
    );
    at(config, "/v1/tokens/{id}", [on(DELETE, tokens::revoke)]);
    let sessions = [on(GET, sessions::list), on(POST, sessions::begin)];
    at(config, "/v1/sessions", sessions);
    at(config, "/v1/sessions/{id}", [on(DELETE, sessions::end)]);

    at(config, "/healthz", [on(GET, operations::health)]);
    at(config, "/readyz", [on(GET, operations::ready)]);
    at(config, "/metrics", [on(GET, operations::metrics)]);
    at(config, "/openapi.yaml", [on(GET, files::openapi)]);
    at(config, "/postil.js", [on(GET, files::widget)]);
    at(config, "/postil/{name}", [on(GET, files::part)]);
    at(config, "/demo", [on(GET, demo::redirect)]);
    at(config, "/demo/", [on(GET, demo::page)]);
    at(config, "/demo/demo.css", [on(GET, demo::style)]);

    config.default_service(route().to(async || Err::<HttpResponse, Error>(Error::NotFound)));
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// A method of an address, and what answers it.
fn on<F, A>(method: Method, handler: F) -> (Method, Route)
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    (method, route().to(handler))
}

/// The pattern of the address that a request was made to: what logs and metrics call it.
#[derive(Clone, Copy)]
struct Pattern(&'static str);

/// One address with its methods. GET answers HEAD too (RFC 9110 §9.3.2), and any other method is told
/// which there are (§15.5.6).
fn at<const N: usize>(
    config: &mut ServiceConfig,
    path: &'static str,
    routes: [(Method, Route); N],
) {
    let mut methods = Vec::new();
    let mut resource = resource(path).app_data(Pattern(path));
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
