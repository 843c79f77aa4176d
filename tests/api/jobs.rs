//! Long work: done in steps, seen, and stopped.

use postil::domain::id::SiteId;
use postil::domain::job::JobKind;
use postil::domain::page::{AddressRules, PageAddresses, TrailingSlash};
use postil::domain::time::Time;
use postil::service::caller::Caller;
use postil::service::jobs::{self, NewJob};
use postil::store::{Store, sites};
use serde_json::{Value, json};

use crate::support::{App, SITE, eventually, on_both, page_url};

/// The database as another instance has it.
pub fn store(app: &App) -> Store {
    Store::open(app.database(), None, 2).unwrap().0
}

pub fn block<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

/// Pages with a comment each.
fn populate(app: &App, count: usize) {
    for n in 0..count {
        app.comment(&format!("p{n}/"), "Here");
    }
}

/// Begins a job that takes the slashes from the ends of addresses; gives its id.
fn begin(store: &Store) -> String {
    let new = |site: SiteId| NewJob {
        site: Some(site),
        kind: JobKind::Addresses,
        arguments: json!(AddressRules::new(
            TrailingSlash::Strip,
            PageAddresses::Exact,
            &[]
        )),
    };
    let begun = store.write(move |tx| {
        let site = sites::by_slug(tx, SITE)?.unwrap().id;
        jobs::begin(tx, &Caller::operator(), new(site), Time::now())
    });
    block(begun).unwrap().id.to_string()
}

fn job(app: &App, id: &str) -> Value {
    let path = format!("/v1/jobs/{id}");
    app.get(&path).bearer(&app.admin).send().is(200).body
}

pub fn ended(app: &App, id: &str) -> Value {
    eventually("end of the job", || {
        Some(job(app, id)).filter(|job| !job["ended_at"].is_null())
    })
}

#[test]
fn a_job_is_done_seen_and_written_down() {
    on_both(|app| {
        populate(app, 3);
        let id = begin(&store(app));
        let job = ended(app, &id);
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!(
            (&job["kind"], &job["site"]),
            (&json!("addresses"), &json!(SITE))
        );
        assert_eq!(
            (&job["percent"], &job["estimate"]),
            (&json!(100), &Value::Null)
        );
        assert_eq!(
            job["result"],
            json!({"moved": 3, "joined": 0, "not_joined": 0, "pairs": []})
        );
        let path = format!("/v1/sites/{SITE}/jobs");
        let listed = app.get(&path).bearer(&app.admin).send().is(200).body;
        assert_eq!(listed["items"][0], job);
        let record = app
            .get(&format!("/v1/moderation/audit?site={SITE}&object={id}"))
            .bearer(&app.admin)
            .send()
            .is(200);
        let acts: Vec<_> = record.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["actor"].clone(), entry["action"].clone()))
            .collect();
        assert_eq!(
            acts,
            [
                (json!("service"), json!("end_job")),
                (json!("operator"), json!("begin_job"))
            ]
        );
    });
}

#[test]
fn jobs_are_listed_a_page_at_a_time() {
    on_both(|app| {
        let store = store(app);
        let begun: Vec<String> = (0..3).map(|_| begin(&store)).collect();
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/sites/{SITE}/jobs?limit=2{after}");
            let page = app.get(&path).bearer(&app.admin).send().is(200).body;
            let ids = page["items"].as_array().unwrap().iter();
            seen.extend(ids.map(|job| job["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        seen.reverse();
        assert_eq!(seen, begun);
    });
}

#[test]
fn a_job_is_nobody_elses() {
    on_both(|app| {
        let id = begin(&store(app));
        ended(app, &id);
        let (path, cancel) = (format!("/v1/jobs/{id}"), format!("/v1/jobs/{id}/cancel"));
        app.get(&path).send().refuses(401, "unauthorized");
        app.call("POST", &cancel)
            .send()
            .refuses(401, "unauthorized");
        let guest = app.guest();
        app.get(&path)
            .bearer(&guest)
            .send()
            .refuses(403, "forbidden");
        // A moderator does not begin this kind, and so sees none.
        app.get(&path)
            .bearer(&app.moderator)
            .send()
            .refuses(404, "not_found");
        let as_moderator = app.call("POST", &cancel).bearer(&app.moderator).send();
        as_moderator.refuses(404, "not_found");
        let path = format!("/v1/sites/{SITE}/jobs");
        let listed = app.get(&path).bearer(&app.moderator).send().is(200).body;
        assert_eq!(listed["items"], json!([]));
        let unknown = "/v1/jobs/01890000-0000-7000-8000-000000000000";
        app.get(unknown)
            .bearer(&app.admin)
            .send()
            .refuses(404, "not_found");
        // What has ended is not cancelled.
        app.call("POST", &cancel)
            .bearer(&app.admin)
            .send()
            .refuses(409, "conflict");
    });
}

#[test]
fn a_job_that_nobody_has_begun_with_is_cancelled_at_once() {
    on_both(|app| {
        app.comment("a/", "Here");
        app.stop();
        let store = store(app);
        let id = begin(&store).parse().unwrap();
        let cancelled = block(jobs::cancel(&store, &Caller::operator(), id, Time::now())).unwrap();
        assert!(cancelled.ended_at.is_some() && !cancelled.cancelling);
        // Nobody goes on with it.
        let followed = jobs::follow(&store, id, |_| {}, std::future::pending());
        assert_eq!(block(followed).unwrap().done, 0);
    });
}

#[test]
fn a_job_that_is_cancelled_half_way_puts_back_what_it_did() {
    on_both(|app| {
        populate(app, 150);
        app.stop();
        let store = store(app);
        let keys = || {
            let all = store.read(|conn| {
                let site = sites::by_slug(conn, SITE)?.unwrap().id;
                postil::store::thread_keys::page(conn, site, "", 1000)
            });
            let all = block(all).unwrap().into_iter();
            all.map(|(key, _)| key).collect::<Vec<_>>()
        };
        let before = keys();
        let id = begin(&store).parse().unwrap();
        // One step, and then whoever does it is stopped.
        let halted = jobs::follow(&store, id, |_| {}, std::future::ready(()));
        assert!(block(halted).unwrap().ended_at.is_none());
        assert!(keys().len() > before.len());
        let cancelled = block(jobs::cancel(&store, &Caller::operator(), id, Time::now())).unwrap();
        assert!(cancelled.cancelling && cancelled.ended_at.is_none());
        let followed = jobs::follow(&store, id, |_| {}, std::future::pending());
        let job = block(followed).unwrap();
        assert_eq!(job.state.0, postil::domain::job::JobState::Cancelled);
        assert_eq!(keys(), before);
    });
}

#[test]
fn however_many_take_its_steps_each_is_taken_once() {
    on_both(|app| {
        const PAGES: usize = 250;
        populate(app, PAGES);
        let id = begin(&store(app));
        // Beside the service's own worker.
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let store = store(app);
                    let id = id.parse().unwrap();
                    let followed = jobs::follow(&store, id, |_| {}, std::future::pending());
                    block(followed).unwrap();
                });
            }
        });
        let job = ended(app, &id);
        assert_eq!(job["result"]["moved"], PAGES);
        // Each key is looked at once before the rules change; it and its new form once after.
        assert_eq!(job["done"], 3 * PAGES);
        for n in [0, PAGES / 2, PAGES - 1] {
            for spelling in [format!("p{n}/"), format!("p{n}")] {
                let thread = app.page(&spelling)["thread"].clone();
                assert_eq!(thread["comment_count"], 1, "{spelling}");
                assert_eq!(thread["url"], page_url(&format!("p{n}")));
            }
        }
    });
}

#[test]
fn jobs_of_one_site_wait_for_one_another() {
    on_both(|app| {
        populate(app, 2);
        app.stop();
        let store = store(app);
        let (first, second) = (begin(&store), begin(&store));
        let (first, second) = (first.parse().unwrap(), second.parse().unwrap());
        let waits = jobs::follow(&store, second, |_| {}, std::future::ready(()));
        assert!(block(waits).unwrap().started_at.is_none());
        for id in [first, second] {
            let followed = jobs::follow(&store, id, |_| {}, std::future::pending());
            assert!(block(followed).unwrap().ended_at.is_some());
        }
    });
}
