//! What was acknowledged stays, whatever happens to the process, the disk or the database.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::service::{
    ORIGIN, Postgres, SITE, Service, add_site, command, eventually, on_both, said,
};

const WRITERS: usize = 16;
const PAGES: usize = 4;

/// What one writer knows when its service is gone.
struct Wrote {
    page: String,
    acknowledged: Vec<String>,
    /// The key of the request that nobody answered.
    open: String,
}

fn write(service: &Service, writer: usize, acknowledged: &AtomicUsize) -> Wrote {
    let page = format!("p{}", writer % PAGES);
    let mut wrote = Vec::new();
    for count in 0.. {
        let open = format!("writer-{writer}-comment-{count}");
        match service.try_comment(&page, &open, &open) {
            Some((201, body)) => wrote.push(body["id"].as_str().unwrap().to_owned()),
            Some((status, body)) => panic!("{status}: {body}"),
            None => {
                return Wrote {
                    page,
                    acknowledged: wrote,
                    open,
                };
            }
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    unreachable!()
}

fn survives(dir: &Path, flags: &[&str]) {
    add_site(dir, flags);
    let flags = [flags, &["--no-demo"]].concat();
    let mut service = Service::start(dir, &flags);
    let id = service.child.id().to_string();
    let acknowledged = AtomicUsize::new(0);
    let wrote: Vec<Wrote> = std::thread::scope(|scope| {
        let (service, acknowledged) = (&service, &acknowledged);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(service, writer, acknowledged)))
            .collect();
        eventually("writes", || {
            (acknowledged.load(Ordering::SeqCst) >= 300).then_some(())
        });
        assert!(
            Command::new("kill")
                .args(["-KILL", &id])
                .status()
                .unwrap()
                .success()
        );
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert_eq!(service.ended().code(), None, "it was killed");

    let service = Service::start(dir, &flags);
    let mut kept: Vec<Vec<String>> = (0..PAGES)
        .map(|page| service.whole(&format!("p{page}")))
        .collect();
    for wrote in &wrote {
        let page = wrote.page[1..].parse::<usize>().unwrap();
        for id in &wrote.acknowledged {
            assert!(kept[page].contains(id), "{id} was acknowledged");
        }
        // What nobody answered was written or was not; sent again, it is there once.
        let (status, body) = service
            .try_comment(&wrote.page, &wrote.open, &wrote.open)
            .unwrap();
        assert_eq!(status, 201, "{body}");
        let id = body["id"].as_str().unwrap().to_owned();
        if !kept[page].contains(&id) {
            kept[page].push(id);
        }
    }
    for (page, kept) in kept.iter().enumerate() {
        assert_eq!(service.whole(&format!("p{page}")).len(), kept.len());
    }
    let total: usize = kept.iter().map(Vec::len).sum();
    let taken: usize = wrote.iter().map(|wrote| wrote.acknowledged.len()).sum();
    assert_eq!(total, taken + WRITERS);
}

#[test]
fn a_crash_loses_nothing_that_was_acknowledged() {
    on_both(survives);
}

/// Runs the command that changes addresses, and kills it after a while, until one has come to its end.
fn killed_at_work(dir: &Path, flags: &[&str]) {
    const PAGES: usize = 250;
    add_site(dir, flags);
    let service = Service::start(dir, &[flags, &["--no-demo"]].concat());
    for n in 0..PAGES {
        service.comment(&format!("p{n}/"), "Here");
    }
    drop(service);
    let policy = r#"--policy={"trailing_slash": "strip"}"#;
    let mut change = command(dir, &[flags, &["site", "set", SITE, policy]].concat());
    let mut child = change.stderr(Stdio::null()).spawn().unwrap();
    let mut killed = 0;
    let status = loop {
        std::thread::sleep(Duration::from_millis(60 + 15 * killed));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // Nobody waits here until the lease of whoever was killed is over.
        forget_leases(dir, flags);
        let listed = said(dir, &[flags, &["job", "list"]].concat());
        let job = listed
            .lines()
            .nth(1)
            .and_then(|line| line.split(' ').next());
        child = match job {
            Some(job) => command(dir, &[flags, &["job", "follow", job]].concat())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
            None => change.spawn().unwrap(),
        };
    };
    assert!(status.success() && killed > 0, "{status} after {killed}");
    let service = Service::start(dir, &[flags, &["--no-demo"]].concat());
    for n in 0..PAGES {
        for spelling in [format!("p{n}/"), format!("p{n}")] {
            let thread = service.page(&spelling)["thread"].clone();
            assert_eq!(thread["comment_count"], 1, "{spelling}");
            assert_eq!(thread["url"], format!("{ORIGIN}/p{n}"));
        }
    }
}

fn forget_leases(dir: &Path, flags: &[&str]) {
    const FORGET: &str = "UPDATE jobs SET lease_until = NULL";
    match flags
        .first()
        .and_then(|flag| flag.strip_prefix("--database="))
    {
        Some(url) => PgConnection::establish(url).unwrap().batch_execute(FORGET),
        None => {
            let file = dir.join("postil-data/postil.db");
            let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            conn.batch_execute(&format!("PRAGMA busy_timeout = 5000; {FORGET}"))
        }
    }
    .unwrap();
}

#[test]
fn a_job_goes_on_where_a_killed_command_left_it() {
    on_both(killed_at_work);
}

#[test]
fn a_postgres_that_goes_away_costs_nobody_more_than_a_503() {
    let Some(postgres) = Postgres::named() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let flag = postgres.flag();
    add_site(dir.path(), &[&flag]);
    let service = Service::start(dir.path(), &["--no-demo", &flag]);
    let seen = service.comment("p0", "Seen")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (service, stop, acknowledged, refused) = (&service, &stop, &acknowledged, &refused);
        for writer in 0..8 {
            scope.spawn(move || {
                let mut count = 0;
                while !stop.load(Ordering::SeqCst) {
                    let key = format!("writer-{writer}-comment-{count}");
                    // A refused comment is sent again, under the same key.
                    match service.try_comment("p0", &key, &key).expect("an answer") {
                        (201, _) => {
                            count += 1;
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        (503, body) => {
                            assert_eq!(body["code"], "unavailable");
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                        (status, body) => {
                            stop.store(true, Ordering::SeqCst);
                            panic!("{status}: {body}");
                        }
                    }
                }
            });
        }
        for reader in 0..4 {
            let path = match reader {
                0 => "/v1/sites/blog/feed".to_owned(),
                _ => format!("/v1/comments/{seen}/replies?limit={reader}"),
            };
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let (status, body) = service
                        .try_call("GET", &path, &[], None)
                        .expect("an answer");
                    if ![200, 503].contains(&status) {
                        stop.store(true, Ordering::SeqCst);
                        panic!("{status}: {body}");
                    }
                }
            });
        }
        for _ in 0..10 {
            let target = acknowledged.load(Ordering::SeqCst) + 20;
            eventually("writes after an outage", || {
                let is_over = stop.load(Ordering::SeqCst);
                (is_over || acknowledged.load(Ordering::SeqCst) >= target).then_some(())
            });
            postgres.admin(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                postgres.name
            ));
        }
        let target = acknowledged.load(Ordering::SeqCst) + 20;
        eventually("writes after the last outage", || {
            let is_over = stop.load(Ordering::SeqCst);
            (is_over || acknowledged.load(Ordering::SeqCst) >= target).then_some(())
        });
        stop.store(true, Ordering::SeqCst);
    });
    assert!(refused.load(Ordering::SeqCst) > 0, "no outage was noticed");
    let kept = service.whole("p0").len();
    let taken = acknowledged.load(Ordering::SeqCst) + 1;
    // Each writer may have one whose answer was a 503 although the commit had happened.
    assert!((taken..=taken + 8).contains(&kept), "{taken} <= {kept}");
    service.get("/readyz");
}

/// Limits how large any file of that process may grow, in bytes.
fn limit_files(service: &Service, bytes: &str) {
    let id = service.child.id().to_string();
    let limited = Command::new("prlimit")
        .args(["--pid", &id, &format!("--fsize={bytes}:unlimited")])
        .status();
    assert!(limited.expect("prlimit (util-linux)").success());
}

#[test]
fn a_full_disk_refuses_writes_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    add_site(dir.path(), &[]);
    // A disk that is full cannot be had without privileges; a file that may not grow fails SQLite in the same
    // place. The signal that comes with it is ignored, so that the write itself fails.
    let program = command(dir.path(), &[]).get_program().to_owned();
    let mut shell = Command::new("sh");
    shell
        .env_clear()
        .current_dir(dir.path())
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--listen=127.0.0.1:0", "--no-demo"]);
    let service = Service::spawn(shell);
    service.comment("a", "Before");
    limit_files(&service, "4096");
    for attempt in 0..3 {
        let (status, body) = service
            .try_comment("a", "Meanwhile", &format!("no-room-for-this-{attempt}"))
            .unwrap();
        assert_eq!(
            (status, body["code"].as_str()),
            (503, Some("unavailable")),
            "{body}"
        );
    }
    assert_eq!(service.whole("a").len(), 1, "reading goes on");
    service.get("/healthz");
    limit_files(&service, "unlimited");
    let (status, body) = service
        .try_comment("a", "Meanwhile", "no-room-for-this-0")
        .unwrap();
    assert_eq!(status, 201, "{body}");
    assert_eq!(service.whole("a").len(), 2);
}
