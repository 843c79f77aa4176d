//! How the databases find what lists show: by an index in the list's own order, never by sorting.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use postil::domain::cursor::Cursor;
use postil::domain::id::{CommentId, PassageId, PersonId, SiteId, ThreadId};
use postil::domain::moderation::QueueSort;
use postil::domain::time::Time;
use postil::domain::word::{Sort, Word};
use postil::error::Result;
use postil::store::audit::{self, Filter};
use postil::store::comments::Roots;
use postil::store::outbox::{self, Call};
use postil::store::queue::{self, Queue};
use postil::store::{Conn, Store, comments, events, subscriptions};
use uuid::Uuid;

use crate::support::{App, on_both};

/// Twenty thousand comments in ten threads, every second a root, and their log. The one comment that is
/// there lends its thread, site and person.
const POPULATE: &str = "
    INSERT INTO threads (id, site_id, key, url, state, comment_count, version, last_at, created_at)
    SELECT {id(n.i)}, t.site_id, 'k' || n.i, t.url || n.i, t.state, 0, 0, t.last_at, t.created_at
    FROM threads t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
                     SELECT i FROM n) n;
    INSERT INTO comments (id, thread_id, site_id, parent_id, root_id, depth, person_id, status, listed,
                          body, body_html, reasons, revision, up, down, rank, reply_count, pinned,
                          created_at, published_at, active_at, risk, reports,
                          queued_at, draft)
    SELECT {id(100 + n.i)},
           CASE WHEN n.i % 20 < 2 THEN c.thread_id ELSE {id(n.i % 20 / 2)} END,
           c.site_id,
           CASE WHEN n.i % 2 = 0 THEN NULL ELSE {id(100 + n.i / 200 * 200)} END,
           CASE WHEN n.i % 2 = 0 THEN {id(100 + n.i)} ELSE {id(100 + n.i / 200 * 200)} END,
           n.i % 2, c.person_id, CASE WHEN n.i % 100 = 7 THEN 'pending' ELSE 'published' END, n.i % 100 <> 7,
           c.body, c.body_html, c.reasons, 1, 0, 0, n.i * 7919 % 1000, 0, c.pinned,
           c.created_at + n.i, c.created_at + n.i, c.created_at + n.i * 7919 % 10007,
           n.i % 1000, CASE WHEN n.i % 50 = 3 THEN n.i % 7 + 1 ELSE 0 END,
           CASE WHEN n.i % 100 = 7 THEN c.created_at END, n.i % 20 = 8
    FROM comments c, (WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
                      SELECT i FROM n) n;
    INSERT INTO drafts (comment_id, revision, body, body_html, reasons, waits, created_at)
    SELECT id, 2, body, body_html, reasons, TRUE, created_at FROM comments WHERE draft;
    INSERT INTO events (thread_id, version, kind, comment_id, at)
    SELECT e.thread_id, n.i, e.kind, e.comment_id, e.at
    FROM events e, (WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                    SELECT i FROM n) n;
    INSERT INTO audit (id, site_id, at, actor, action, object, object_id, was, became)
    SELECT {id(n.i)}, c.site_id, c.created_at, 'operator', 'approve', 'comment', c.id, '{}', '{}'
    FROM comments c, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                      SELECT i FROM n) n
    WHERE c.id = (SELECT id FROM comments ORDER BY id LIMIT 1);
    ANALYZE;
";

/// Runs statements, with ids as this database writes sixteen bytes.
fn run(app: &App, mut rest: &str) {
    let mut statements = String::new();
    while let Some((before, after)) = rest.split_once("{id(") {
        let (number, after) = after.split_once(")}").unwrap();
        statements += before;
        statements += &if app.is_postgres() {
            format!("convert_to(lpad(({number})::text, 16, '0'), 'UTF8')")
        } else {
            format!("CAST(printf('%016d', {number}) AS BLOB)")
        };
        rest = after;
    }
    app.sql(&(statements + rest));
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How the database would run a statement, whatever its parameters are.
fn plan(conn: &mut Conn, sql: &str) -> Result<Vec<String>> {
    Ok(match conn {
        Conn::Sqlite(conn) => {
            let steps: Vec<SqliteStep> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
            steps.into_iter().map(|step| step.detail).collect()
        }
        Conn::Postgres(conn) => {
            let parameters = (1..)
                .take_while(|n| sql.contains(&format!("${n}")))
                .map(|_| "NULL")
                .collect::<Vec<_>>()
                .join(", ");
            diesel::sql_query("SET LOCAL plan_cache_mode = force_generic_plan").execute(conn)?;
            diesel::sql_query(format!("PREPARE examined AS {sql}")).execute(conn)?;
            let execute = match parameters.as_str() {
                "" => "EXPLAIN EXECUTE examined".to_owned(),
                some => format!("EXPLAIN EXECUTE examined({some})"),
            };
            let steps: Vec<PostgresStep> = diesel::sql_query(execute).load(conn)?;
            diesel::sql_query("DEALLOCATE examined").execute(conn)?;
            steps.into_iter().map(|step| step.line).collect()
        }
    })
}

/// Indexes that SQLite may walk from an end, since all that is in them belongs to the list.
const WHOLE: [&str; 4] = [
    "reported_by_time",
    "sqlite_autoindex_audit_1",
    "drafts_of_all",
    "drafts_by_risk",
];

/// Holds when rows are found by an index, and come out of it in order.
fn is_straight(plan: &[String]) -> bool {
    let any = |word: &str| plan.iter().any(|step| step.contains(word));
    let by_index = any("USING INDEX") || any("USING COVERING INDEX") || any("Index ");
    // Around an EXISTS there is a row of constants.
    let is_walked = |step: &String| {
        let is_whole = WHOLE.iter().any(|index| step.ends_with(index));
        step.contains("SCAN ") && !is_whole && step != "SCAN CONSTANT ROW"
    };
    by_index
        && !plan.iter().any(is_walked)
        && !any("TEMP B-TREE")
        && !any("Seq Scan")
        && !any("Sort")
}

/// The statements that `read` sends, without their parameters.
fn sent(conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<()>) -> Result<Vec<String>> {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = statements.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let statement = text.split(" -- binds").next().unwrap_or_default();
            notes.lock().unwrap().push(statement.to_owned());
        }
    });
    let done = read(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    done?;
    let statements = statements.lock().unwrap().clone();
    Ok(statements)
}

/// Reads a list.
type Read = Box<dyn FnOnce(&mut Conn) -> Result<()> + Send>;

/// One way of reading a list, by name.
type Reading = (String, Read);

/// What moderators ask for, in every order.
fn queues(site: SiteId, thread: ThreadId, person: PersonId) -> Vec<Queue> {
    let all = Queue::pending();
    let narrowed = [
        all.clone(),
        Queue {
            site: Some(site),
            ..all.clone()
        },
        Queue {
            thread: Some(thread),
            ..all.clone()
        },
        Queue {
            site: Some(site),
            reported: true,
            status: None,
            ..all.clone()
        },
        Queue {
            reported: true,
            ..all.clone()
        },
        Queue {
            author: Some(person),
            ..all.clone()
        },
        Queue {
            author: Some(person),
            status: None,
            ..all.clone()
        },
        Queue {
            reason: Some("premoderated".into()),
            ..all
        },
    ];
    let sorted = narrowed.into_iter().flat_map(|queue| {
        QueueSort::ALL.iter().map(move |&sort| Queue {
            sort,
            ..queue.clone()
        })
    });
    // Where little is left, PostgreSQL rather sorts it.
    sorted
        .filter(|queue| match queue.sort {
            QueueSort::Newest | QueueSort::Oldest => true,
            QueueSort::Risk => queue.author.is_none() && !queue.reported && queue.reason.is_none(),
            QueueSort::Reports => {
                queue.author.is_none() && queue.reason.is_none() && queue.thread.is_none()
            }
        })
        .collect()
}

fn readings(site: SiteId, thread: ThreadId, comment: CommentId, person: PersonId) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut add = |name: String, read: Read| {
        readings.push((name, read));
    };
    let cursor = Cursor {
        key: 500,
        id: comment.bytes(),
    };
    for after in [None, Some(cursor)] {
        let turn = if after.is_some() { "later" } else { "first" };
        for sort in [Sort::Newest, Sort::Oldest, Sort::Top, Sort::Active] {
            for which in [
                Roots::Unpinned(thread),
                Roots::Inline(thread),
                Roots::Of(PassageId::from_uuid(comment.uuid())),
            ] {
                add(
                    format!("{which:?}, {sort:?}, {turn}"),
                    Box::new(move |conn| comments::roots(conn, which, sort, after, 21).map(drop)),
                );
            }
        }
        add(
            format!("replies, {turn}"),
            Box::new(move |conn| comments::replies(conn, comment, after, 21).map(drop)),
        );
        for queue in queues(site, thread, person) {
            add(
                format!("{queue:?}, {turn}"),
                Box::new(move |conn| queue::page(conn, &queue, after, 21).map(drop)),
            );
        }
    }
    add(
        "pinned".into(),
        Box::new(move |conn| comments::pinned(conn, thread).map(drop)),
    );
    for of in [None, Some(site)] {
        add(
            format!("changes of the queue of {of:?}"),
            Box::new(move |conn| queue::noted_since(conn, of, Time::from_micros(0), 21).map(drop)),
        );
        add(
            format!("the record of {of:?}"),
            Box::new(move |conn| {
                let filter = Filter {
                    site: of,
                    ..Filter::default()
                };
                audit::page(conn, &filter, None, 21).map(drop)
            }),
        );
    }
    add(
        "feed of a thread".into(),
        Box::new(move |conn| comments::latest_of_thread(conn, thread, 50).map(drop)),
    );
    add(
        "feed of a site".into(),
        Box::new(move |conn| comments::latest_of_site(conn, site, 50).map(drop)),
    );
    add(
        "the last that a person wrote".into(),
        Box::new(move |conn| comments::latest_of_person(conn, person).map(drop)),
    );
    add(
        "a thread in which a person wrote".into(),
        Box::new(move |conn| comments::thread_of_person(conn, person).map(drop)),
    );
    add(
        "what answers a comment".into(),
        Box::new(move |conn| comments::is_answered(conn, comment).map(drop)),
    );
    add(
        "the log".into(),
        Box::new(move |conn| events::after(conn, thread, 100, 20).map(drop)),
    );
    readings
}

#[test]
fn every_list_comes_out_of_an_index_in_its_order() {
    on_both(|app| {
        let posted = app.comment("a", "x");
        run(app, POPULATE);
        let uuid = |value: &serde_json::Value| Uuid::parse_str(value.as_str().unwrap()).unwrap();
        let thread = ThreadId::from_uuid(uuid(&posted["thread_id"]));
        let comment = CommentId::from_uuid(uuid(&posted["id"]));
        let (store, _announced) = Store::open(app.database(), None, 1).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (site, person) = store
                .read(move |conn| {
                    let row = comments::by_id(conn, comment)?.unwrap();
                    Ok((row.site_id, row.person_id))
                })
                .await
                .unwrap();
            let mut failures = Vec::new();
            for (name, read) in readings(site, thread, comment, person) {
                let plans = store
                    .read(move |conn| {
                        let statements = sent(conn, read)?;
                        statements
                            .into_iter()
                            .map(|sql| plan(conn, &sql).map(|plan| (sql, plan)))
                            .collect::<Result<Vec<_>>>()
                    })
                    .await
                    .unwrap();
                // A queue of what waits asks twice: for comments, and for new texts of published ones.
                assert!((1..=2).contains(&plans.len()), "{name}: {plans:#?}");
                for (sql, plan) in plans {
                    // Nothing here is read without an end.
                    let has_end = ["LIMIT", "EXISTS", "pinned AND listed"];
                    assert!(has_end.iter().any(|end| sql.contains(end)), "{name}: {sql}");
                    if !is_straight(&plan) {
                        failures.push(format!("{name}: {sql}\n{plan:#?}"));
                    }
                }
            }
            assert!(failures.is_empty(), "{}", failures.join("\n"));
            // What is asked of the plans can be refused.
            let sorted = store
                .read(|conn| plan(conn, "SELECT body FROM comments ORDER BY body_html"))
                .await
                .unwrap();
            assert!(!is_straight(&sorted), "{sorted:?}");
            store.close().await;
        });
    });
}

/// Three thousand who follow the one thread there is, and were told of its one comment. Nothing is analysed, as after a burst.
const AUDIENCE: &str = "
    INSERT INTO mailboxes (id, site_id, email, folded, locale, created_at)
    SELECT {id(n.i)}, c.site_id, 'a' || n.i, 'a' || n.i, 'en', 1
    FROM comments c, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n) n;
    INSERT INTO subscriptions (id, mailbox_id, site_id, scope, target, thread_id, frequency, state, form, asked_at, expires_at)
    SELECT m.id, m.id, m.site_id, 'thread', c.thread_id, c.thread_id, 'instant', 'active', 'subscribe', 1, 1
    FROM mailboxes m, comments c;
    INSERT INTO outbox (id, kind, subject, recipient, site_id, thread_id, cadence, reason, due_at, state, created_at)
    SELECT m.id, 'comment.news', c.id, m.id, m.site_id, c.thread_id, 'instant', '[]', 1, 'waiting', 1
    FROM mailboxes m, comments c;
";

#[test]
fn a_large_audience_is_gone_through_part_by_part() {
    on_both(|app| {
        let posted = app.comment("a", "x");
        let comment: CommentId = posted["id"].as_str().unwrap().parse().unwrap();
        run(app, AUDIENCE);
        let (store, _announced) = Store::open(app.database(), None, 1).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let plans = store
                .write(move |tx| {
                    let comment = comments::by_id(tx, comment)?.unwrap();
                    let first = subscriptions::audience(tx, &comment, None, 250)?;
                    let mut statements = sent(tx, |conn| {
                        subscriptions::audience(conn, &comment, first.next, 250).map(drop)
                    })?;
                    let calls = first.told.iter().map(|told| {
                        let call = Call {
                            kind: outbox::NEWS,
                            subject: comment.id.cast(),
                            recipient: told.mailbox.id,
                            site: comment.site_id,
                            thread: Some(comment.thread_id),
                            cadence: told.cadence,
                            causes: Vec::new(),
                        };
                        (call, Time::from_micros(1))
                    });
                    let calls: Vec<_> = calls.collect();
                    let now = Time::from_micros(1);
                    statements.extend(sent(tx, |conn| outbox::tell(conn, &calls, now))?);
                    let of_many = |sql: &String| {
                        // SQLite's names stand in backticks.
                        let sql = sql.replace('`', "\"");
                        ["subscriptions", "outbox"]
                            .iter()
                            .any(|table| sql.contains(&format!("FROM \"{table}\"")))
                    };
                    statements
                        .into_iter()
                        .filter(of_many)
                        .map(|sql| plan(tx, &sql).map(|plan| (sql, plan)))
                        .collect::<Result<Vec<_>>>()
                })
                .await
                .unwrap();
            assert!(plans.len() > 2, "{plans:#?}");
            for (sql, plan) in plans {
                let is_part = |step: &String| {
                    let by_range = ["mailbox_id>", "recipient>", "mailbox_id >", "recipient >"];
                    let is_looked_up = step.contains("SEARCH") || step.contains("Index Cond");
                    is_looked_up
                        && by_range
                            .iter()
                            .any(|range| step.replace('"', "").contains(range))
                };
                assert!(plan.iter().any(is_part), "{sql}\n{plan:#?}");
            }
            store.close().await;
        });
    });
}
