//! The outbox end to end: a row, a worker, a file; and a server that refuses.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use super::*;
use crate::domain::id::{CommentId, SiteId, ThreadId};
use crate::domain::judgement::Reason;
use crate::domain::site::{Phrases, Policy};
use crate::domain::subscription::Frequency;
use crate::domain::word::{Kind, Role};
use crate::mail::Transport;
use crate::store::Database;
use crate::store::types::{Json, Named};

/// A database and a directory for mail that go away with the test.
struct World {
    directory: tempfile::TempDir,
    store: Store,
    site: SiteId,
    comment: CommentId,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(directory.path().join("postil.db"));
        let (store, _) = Store::open(database, 2).unwrap();
        let now = Time::now();
        let site = sites::Site {
            id: SiteId::new(),
            slug: "blog".into(),
            name: "The Blog".into(),
            origins: Json::new(Vec::new()),
            locale: "en".into(),
            policy: Json::new(Policy::default()),
            phrases: Json::new(Phrases::default()),
            sso: None,
            version: 0,
            created_at: now,
        };
        let url = "https://example.org/a";
        let thread = threads::Thread {
            title_hint: Some("A reader's lie".into()),
            ..threads::Thread::empty(ThreadId::minted(site.id, url, 0), site.id, url, url, now)
        };
        let moderator = people::Person {
            kind: Named(Kind::Staff),
            name: Some("Mo".into()),
            email: Some("mo@example.net".into()),
            role: Named(Role::Moderator),
            ..people::Person::guest(site.id, now)
        };
        let reader = people::Person::guest(site.id, now);
        let comment = comments::Comment {
            author_name: Some("Ann".into()),
            body: "**Well** said".into(),
            body_html: "<p><strong>Well</strong> said</p>".into(),
            reasons: Json::new(vec![Reason::premoderated()]),
            ..comments::Comment::new(&thread, reader.id, now)
        };
        let id = comment.id;
        let world = Self {
            directory,
            store: store.clone(),
            site: site.id,
            comment: id,
        };
        store
            .write(move |tx| {
                sites::insert(tx, &site)?;
                threads::insert(tx, &thread)?;
                people::insert(tx, &moderator)?;
                people::insert(tx, &reader)?;
                comments::insert(tx, &comment)?;
                call(tx, comment.id, &moderator)
            })
            .await
            .unwrap();
        world
    }

    fn mail(&self) -> PathBuf {
        self.directory.path().join("mail")
    }

    fn post(&self) -> Post {
        let transport = Transport::files(&self.mail()).unwrap();
        Post::new(
            transport,
            "postil@example.org".parse().unwrap(),
            "http://127.0.0.1:8080",
        )
    }

    fn letters(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.mail()).unwrap();
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }

    /// What is due in `later`, counted from now.
    async fn due(&self, later: Duration) -> Vec<Delivery> {
        let at = Time::now().plus(later);
        self.store
            .read(move |conn| outbox::due(conn, at, 10))
            .await
            .unwrap()
    }
}

/// Calls for the letter that tells this person of a comment that waits.
fn call(conn: &mut Conn, comment: CommentId, to: &people::Person) -> Result<()> {
    let now = Time::now();
    let mailbox = mailboxes::of_staff(conn, to, "en", now)?.unwrap();
    let call = outbox::Call {
        kind: outbox::COMMENT_WAITING,
        subject: comment.cast(),
        recipient: mailbox.id,
        site: to.site_id,
        thread: None,
        cadence: Frequency::Instant,
        causes: Vec::new(),
    };
    outbox::post(conn, &call, now)
}

fn going() -> (watch::Sender<bool>, watch::Receiver<bool>) {
    watch::channel(false)
}

const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[tokio::test]
async fn a_waiting_comment_becomes_one_letter() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    assert_eq!(
        round(&world.store, &world.post(), &mut stop).await.unwrap(),
        1
    );
    assert_eq!(
        round(&world.store, &world.post(), &mut stop).await.unwrap(),
        0
    );
    assert!(world.due(FAR).await.is_empty());

    let letters = world.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = &letters[0];
    assert!(letter.contains("To: mo@example.net\r\n"), "{letter}");
    assert!(
        letter.contains("Subject: [The Blog] A comment is waiting\r\n"),
        "{letter}"
    );
    assert!(letter.contains("Well said"), "{letter}");
    assert!(letter.contains(&world.comment.to_string()), "{letter}");
    assert!(!letter.contains("lie"), "{letter}");
}

#[tokio::test]
async fn files_hold_whole_letters_for_their_owner_only() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    round(&world.store, &world.post(), &mut stop).await.unwrap();
    let file = std::fs::read_dir(world.mail())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert!(file.file_name().to_string_lossy().ends_with(".eml"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            std::fs::metadata(world.mail())
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
    }
}

#[tokio::test]
async fn what_waits_no_more_is_settled_without_mail() {
    let world = World::new().await;
    let (id, (_sender, mut stop)) = (world.comment, going());
    let standing = || comments::Standing {
        status: Named(Status::Rejected),
        listed: false,
        published_at: None,
        reasons: Json::new(Vec::new()),
    };
    world
        .store
        .write(move |tx| comments::stand(tx, id, &standing()))
        .await
        .unwrap();
    assert_eq!(
        round(&world.store, &world.post(), &mut stop).await.unwrap(),
        1
    );
    assert!(world.letters().is_empty());
    assert!(world.due(FAR).await.is_empty());
}

#[tokio::test]
async fn who_moderates_no_more_gets_no_mail() {
    let world = World::new().await;
    let (site, comment, (_sender, mut stop)) = (world.site, world.comment, going());
    let now = Time::now();
    let reader = people::Person {
        email: Some("reader@example.net".into()),
        ..people::Person::guest(site, now)
    };
    world
        .store
        .write(move |tx| {
            people::insert(tx, &reader)?;
            call(tx, comment, &reader)
        })
        .await
        .unwrap();
    round(&world.store, &world.post(), &mut stop).await.unwrap();
    let letters = world.letters();
    assert!(
        letters
            .iter()
            .all(|letter| letter.contains("mo@example.net")),
        "{letters:?}"
    );
    assert_eq!(letters.len(), 1);
    assert!(world.due(FAR).await.is_empty());
}

#[tokio::test]
async fn what_is_leased_by_another_is_left_alone() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    let id = world.due(Duration::ZERO).await[0].id;
    let now = Time::now();
    assert!(
        world
            .store
            .write(move |tx| outbox::lease(tx, id, now, LEASE))
            .await
            .unwrap()
    );
    assert_eq!(
        round(&world.store, &world.post(), &mut stop).await.unwrap(),
        0
    );
    assert_eq!(world.due(LEASE + POLL).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_is_tried_again_later_and_tells_no_address() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    let (port, server) = smtp_server("550 5.1.1 <mo@example.net>: unknown\r\n");
    let transport = Transport::smtp(&format!("smtp://127.0.0.1:{port}").parse().unwrap()).unwrap();
    let post = Post::new(
        transport,
        "postil@example.org".parse().unwrap(),
        "http://127.0.0.1",
    );
    round(&world.store, &post, &mut stop).await.unwrap();
    assert!(world.due(Duration::ZERO).await.is_empty());
    let later = world.due(Duration::from_secs(3600)).await;
    assert_eq!(later[0].attempts, 1);
    let error = later[0].last_error.clone().unwrap();
    assert!(error.contains("5.1.1 <…>: unknown"), "{error}");
    drop(post);
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_gets_the_letter_and_its_envelope() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    let (port, server) = smtp_server("250 ok\r\n");
    let transport = Transport::smtp(&format!("smtp://127.0.0.1:{port}").parse().unwrap()).unwrap();
    let post = Post::new(
        transport,
        "Postil <postil@example.org>".parse().unwrap(),
        "http://127.0.0.1",
    );
    round(&world.store, &post, &mut stop).await.unwrap();
    assert!(world.due(FAR).await.is_empty());
    drop(post);
    // The connection is closed by a task of this runtime, which must not be blocked.
    let heard = tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
    assert!(heard.contains("MAIL FROM:<postil@example.org>"), "{heard}");
    assert!(heard.contains("RCPT TO:<mo@example.net>"), "{heard}");
    assert!(heard.contains("Auto-Submitted: auto-generated"), "{heard}");
}

#[tokio::test]
async fn an_unreachable_server_loses_nothing() {
    let world = World::new().await;
    let (_sender, mut stop) = going();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let transport = Transport::smtp(&format!("smtp://127.0.0.1:{port}").parse().unwrap()).unwrap();
    let post = Post::new(
        transport,
        "postil@example.org".parse().unwrap(),
        "http://127.0.0.1",
    );
    round(&world.store, &post, &mut stop).await.unwrap();
    assert_eq!(world.due(Duration::from_secs(3600)).await.len(), 1);
}

#[tokio::test]
async fn stops_promptly() {
    let world = World::new().await;
    let (sender, stop) = going();
    let worker = tokio::spawn(run(world.store.clone(), world.post(), stop));
    while world.letters().is_empty() {
        tokio::task::yield_now().await;
    }
    sender.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(2), worker)
        .await
        .unwrap()
        .unwrap();
    assert!(world.due(FAR).await.is_empty());
}

/// A server for one connection that answers `RCPT` with `verdict`; gives what it heard.
fn smtp_server(verdict: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let (mut heard, mut in_data) = (String::new(), false);
        stream.write_all(b"220 test\r\n").unwrap();
        loop {
            let start = heard.len();
            if lines.read_line(&mut heard).unwrap_or(0) == 0 {
                return heard;
            }
            let line = heard[start..].trim_end();
            if in_data {
                in_data = line != ".";
                if !in_data {
                    stream.write_all(b"250 taken\r\n").unwrap();
                }
                continue;
            }
            let answer = match line.get(..4).unwrap_or(line) {
                "RCPT" => verdict,
                "DATA" => {
                    in_data = true;
                    "354 go on\r\n"
                }
                "QUIT" => "221 bye\r\n",
                _ => "250 ok\r\n",
            };
            stream.write_all(answer.as_bytes()).unwrap();
            if line == "QUIT" {
                return heard;
            }
        }
    });
    (port, server)
}
