//! The schema's history: one ordered list, embedded, run at start and by `postil migrate`.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use crate::error::{Error, Result};

/// One step. Where the two dialects differ, each has its own text.
struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const fn same(name: &'static str, sql: &'static str) -> Migration {
    Migration {
        name,
        sqlite: sql,
        postgres: sql,
    }
}

/// Steps are only ever added at the end.
const MIGRATIONS: &[Migration] = &[
    same(
        "0001_threads",
        include_str!("../../migrations/0001_threads/up.sql"),
    ),
    same(
        "0002_subscriptions",
        include_str!("../../migrations/0002_subscriptions/up.sql"),
    ),
    same(
        "0003_passages",
        include_str!("../../migrations/0003_passages/up.sql"),
    ),
    Migration {
        name: "0004_moderation",
        sqlite: concat!(
            include_str!("../../migrations/0004_moderation/common.sql"),
            include_str!("../../migrations/0004_moderation/up.sqlite.sql"),
        ),
        postgres: concat!(
            include_str!("../../migrations/0004_moderation/common.sql"),
            include_str!("../../migrations/0004_moderation/up.postgres.sql"),
        ),
    },
    same(
        "0005_word_lists",
        include_str!("../../migrations/0005_word_lists/up.sql"),
    ),
    same(
        "0006_pipeline",
        include_str!("../../migrations/0006_pipeline/up.sql"),
    ),
    same(
        "0007_outside",
        include_str!("../../migrations/0007_outside/up.sql"),
    ),
    same(
        "0008_letters_of_moderation",
        include_str!("../../migrations/0008_letters_of_moderation/up.sql"),
    ),
    same(
        "0009_leaner",
        include_str!("../../migrations/0009_leaner/up.sql"),
    ),
    same(
        "0010_at_rest",
        include_str!("../../migrations/0010_at_rest/up.sql"),
    ),
    same(
        "0011_kinds_of_session",
        include_str!("../../migrations/0011_kinds_of_session/up.sql"),
    ),
    same(
        "0013_pages",
        include_str!("../../migrations/0013_pages/up.sql"),
    ),
    same(
        "0014_jobs",
        include_str!("../../migrations/0014_jobs/up.sql"),
    ),
    same(
        "0015_joins",
        include_str!("../../migrations/0015_joins/up.sql"),
    ),
    same(
        "0016_renderer",
        include_str!("../../migrations/0016_renderer/up.sql"),
    ),
    same("0017_sso", include_str!("../../migrations/0017_sso/up.sql")),
];

/// Any number; the same for every instance of Postil on one server.
const LOCK: i64 = 0x706f_7374_696c;

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Runs the steps that this database has not seen, all in one transaction, and gives their names.
/// Many instances may start at once: they take turns.
///
/// # Errors
/// [`Error::Internal`] when the database has steps that this program does not know, since an older
/// program must not write to a newer schema.
pub fn run(conn: &mut Conn) -> Result<Vec<&'static str>> {
    match conn {
        Conn::Sqlite(_) => conn.batch_execute("BEGIN IMMEDIATE")?,
        Conn::Postgres(_) => {
            // A new index on a large table, or waiting for another instance that makes it, takes long.
            conn.batch_execute(
                "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = warning",
            )?;
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<BigInt, _>(LOCK)
                .execute(conn)?;
        }
    }
    let outcome = apply(conn, MIGRATIONS);
    let end = if outcome.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    conn.batch_execute(end)?;
    outcome
}

fn apply(conn: &mut Conn, steps: &[Migration]) -> Result<Vec<&'static str>> {
    conn.batch_execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")?;
    let applied = applied(conn)?;
    if let Some(newer) = applied
        .iter()
        .find(|name| !MIGRATIONS.iter().any(|m| m.name == **name))
    {
        return Err(Error::Internal(format!(
            "the database has been migrated by a newer Postil (`{newer}`); run that one"
        )));
    }
    let mut ran = Vec::new();
    for migration in steps {
        if applied.iter().any(|name| name == migration.name) {
            continue;
        }
        let sql = match conn {
            Conn::Sqlite(_) => migration.sqlite,
            Conn::Postgres(_) => migration.postgres,
        };
        conn.batch_execute(sql)?;
        diesel::sql_query("INSERT INTO migrations (name) VALUES ($1)")
            .bind::<Text, _>(migration.name)
            .execute(conn)?;
        ran.push(migration.name);
    }
    Ok(ran)
}

/// Whether every step of this program has been applied.
///
/// # Errors
/// [`Error::Database`] when the database cannot be read.
pub fn are_current(conn: &mut Conn) -> Result<bool> {
    let applied = applied(conn)?;
    Ok(MIGRATIONS
        .iter()
        .all(|migration| applied.iter().any(|name| name == migration.name)))
}

fn applied(conn: &mut Conn) -> Result<Vec<String>> {
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM migrations").load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connection::{Database, connect};

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        email: String,
        #[diesel(sql_type = BigInt)]
        letters: i64,
    }

    /// Runs a test on an empty SQLite database, and in a schema of its own on PostgreSQL.
    fn on_both(test: impl Fn(&mut Conn)) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("postil.db");
        test(&mut connect(&Database::Sqlite(file)).unwrap());
        if let Ok(server) = std::env::var("POSTIL_TEST_POSTGRES") {
            let schema = format!("postil_test_{}", uuid::Uuid::now_v7().simple());
            let mut conn = connect(&Database::Postgres(server)).unwrap();
            conn.batch_execute(&format!(
                "CREATE SCHEMA {schema}; SET search_path = {schema}"
            ))
            .unwrap();
            test(&mut conn);
            conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
                .unwrap();
        }
    }

    /// Sixteen bytes, as this database writes them.
    fn id(conn: &Conn, number: u8) -> String {
        match conn {
            Conn::Sqlite(_) => format!("X'{number:032x}'"),
            Conn::Postgres(_) => format!("'\\x{number:032x}'::bytea"),
        }
    }

    #[derive(QueryableByName)]
    struct Told {
        #[diesel(sql_type = BigInt)]
        base: i64,
        #[diesel(sql_type = BigInt)]
        states: i64,
        #[diesel(sql_type = BigInt)]
        lessons: i64,
        #[diesel(sql_type = BigInt)]
        lesson: i64,
    }

    #[test]
    fn models_that_forgot_their_first_lessons_keep_what_they_are() {
        on_both(|conn| {
            let before = MIGRATIONS
                .iter()
                .position(|step| step.name == "0010_at_rest");
            apply(conn, &MIGRATIONS[..before.unwrap()]).unwrap();
            let bytes = id(conn, 99);
            for (n, told) in [(1, 2_500), (2, 3)] {
                let [site, thread, person, comment] = [n, n + 2, n + 4, n + 6].map(|n| id(conn, n));
                conn.batch_execute(&format!(
                    "INSERT INTO sites VALUES ({site}, 's{n}', 'A', '[]', 'de', '{{}}', '{{}}', NULL, 0, 1);
                     INSERT INTO threads (id, site_id, key, url, state, last_at, created_at)
                     VALUES ({thread}, {site}, 'k', 'u', 'open', 1, 1);
                     INSERT INTO people (id, site_id, kind, verified, role, created_at)
                     VALUES ({person}, {site}, 'guest', false, 'reader', 1);
                     INSERT INTO comments (id, thread_id, site_id, root_id, depth, person_id, status, listed, body,
                                           body_html, reasons, revision, pinned, created_at, active_at)
                     VALUES ({comment}, {thread}, {site}, {comment}, 0, {person}, 'trash', false, '', '', '[]', 1, false, 1, 1);
                     INSERT INTO lessons VALUES ({site}, {told}, {comment}, 1, true, NULL);
                     INSERT INTO models VALUES ({site}, {told}, {told}, 7, {bytes}, {bytes});
                     INSERT INTO verdicts (comment_id, action, was, was_reasons, at)
                     VALUES ({comment}, 'trash', 'spam', '[]', 5);"
                ))
                .unwrap();
            }
            apply(conn, MIGRATIONS).unwrap();
            let rows: Vec<Told> = diesel::sql_query(
                "SELECT base, (SELECT count(*) FROM model_states
                               WHERE model_states.site_id = models.site_id AND number = base) AS states,
                        (SELECT count(*) FROM lessons WHERE lessons.site_id = models.site_id AND stands) AS lessons,
                        (SELECT max(verdicts.lesson) FROM verdicts JOIN comments ON comments.id = verdicts.comment_id
                         WHERE comments.site_id = models.site_id) AS lesson
                 FROM models ORDER BY told",
            )
            .load(conn)
            .unwrap();
            let rows: Vec<_> = rows
                .into_iter()
                .map(|row| (row.base, row.states, row.lessons, row.lesson))
                .collect();
            assert_eq!(rows, [(0, 0, 1, 3), (2_500, 1, 1, 2_500)]);
        });
    }

    #[test]
    fn letters_that_wait_are_carried_over_to_mailboxes() {
        on_both(|conn| {
            apply(conn, &MIGRATIONS[..1]).unwrap();
            let [site, thread, comment] = [1, 2, 3].map(|n| id(conn, n));
            conn.batch_execute(&format!(
                "INSERT INTO sites VALUES ({site}, 'a', 'A', '[]', 'de', '{{}}', '{{}}', NULL, 0, 1);
                 INSERT INTO threads (id, site_id, key, url, state, last_at, created_at)
                 VALUES ({thread}, {site}, 'k', 'u', 'open', 1, 1);"
            ))
            .unwrap();
            // Two people share an address, one has none any more.
            for (n, email) in [
                (10, "'Mo@b.org'"),
                (11, "'mo@b.org'"),
                (12, "'x@b.org'"),
                (13, "NULL"),
            ] {
                let person = id(conn, n);
                conn.batch_execute(&format!(
                    "INSERT INTO people (id, site_id, kind, email, verified, role, created_at)
                     VALUES ({person}, {site}, 'staff', {email}, true, 'moderator', 1)"
                ))
                .unwrap();
            }
            let author = id(conn, 13);
            conn.batch_execute(&format!(
                "INSERT INTO comments (id, thread_id, site_id, root_id, depth, person_id, status, listed, body,
                                       body_html, reasons, revision, pinned, created_at, active_at)
                 VALUES ({comment}, {thread}, {site}, {comment}, 0, {author}, 'pending', false, '', '', '[]', 1, false, 1, 1)"
            ))
            .unwrap();
            for n in 10..14 {
                let (row, person) = (id(conn, 20 + n), id(conn, n));
                conn.batch_execute(&format!(
                    "INSERT INTO outbox (id, kind, comment_id, recipient, due_at, attempts, state, created_at)
                     VALUES ({row}, 'comment.waiting', {comment}, {person}, 5, 2, 'waiting', 4)"
                ))
                .unwrap();
            }
            apply(conn, MIGRATIONS).unwrap();
            let rows: Vec<Row> = diesel::sql_query(
                "SELECT mailboxes.email, count(*) AS letters
                 FROM outbox JOIN mailboxes ON mailboxes.id = outbox.recipient
                 WHERE outbox.due_at = 5 AND outbox.attempts = 2 AND outbox.state = 'waiting'
                   AND mailboxes.locale = 'de' AND outbox.thread_id IS NOT NULL
                 GROUP BY mailboxes.email ORDER BY mailboxes.email",
            )
            .load(conn)
            .unwrap();
            let rows: Vec<_> = rows
                .into_iter()
                .map(|row| (row.email, row.letters))
                .collect();
            assert_eq!(
                rows,
                [("Mo@b.org".to_owned(), 1), ("x@b.org".to_owned(), 1)]
            );
        });
    }
}
