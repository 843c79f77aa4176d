//! The outbox end to end: rows, a worker, and servers that behave or do not.

mod server;

use std::path::PathBuf;

use diesel::RunQueryDsl as _;
use diesel::sql_types::{Binary, Text};

use super::*;
use crate::config::Rate;
use crate::domain::id::{
    CommentId, MailboxId, SignInId, SiteId, SubjectId, SubscriptionId, ThreadId,
};
use crate::domain::judgement::Reason;
use crate::domain::link::{self, Link, Purpose};
use crate::domain::page::Origin;
use crate::domain::service_url::ServiceUrl;
use crate::domain::site::{Phrases, Policy};
use crate::domain::subscription::{Cause, Frequency, Scope};
use crate::domain::text::Email;
use crate::domain::token::Keys;
use crate::domain::word::{Kind, Role, Status, Word};
use crate::mail::{Patience, Smtp, Templates, Transport};
use crate::store::outbox::{Call, Claiming};
use crate::store::types::Json;
use crate::store::{Conn, Database, comments, mailboxes, people, sign_ins, sites, threads};
use server::{Act, Server, Step};

/// A database and a directory for mail that go away with the test.
struct World {
    directory: tempfile::TempDir,
    store: Store,
    site: SiteId,
    thread: threads::Thread,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(directory.path().join("postil.db"));
        let (store, _) = Store::open(database, None, 2).unwrap();
        let now = Time::now();
        let site = sites::Site {
            addresses: None,
            next_addresses: None,
            id: SiteId::new(),
            slug: "blog".into(),
            name: "The Blog".into(),
            origins: Json::new(
                ["https://example.org", "https://*.example.org"]
                    .map(|origin| Origin::parse(origin).unwrap())
                    .into(),
            ),
            locale: "en".into(),
            policy: Json::new(Policy::default()),
            phrases: Json::new(Phrases::default()),
            sso: None,
            version: 0,
            created_at: now,
        };
        let url = "https://example.org/a";
        let thread =
            threads::Thread::empty(ThreadId::minted(site.id, url, 0), site.id, url, url, now);
        let world = Self {
            directory,
            store,
            site: site.id,
            thread: thread.clone(),
        };
        let written = world.store.write(move |tx| {
            sites::insert(tx, &site)?;
            threads::insert(tx, &thread)
        });
        written.await.unwrap();
        world
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T> + Send + 'static,
    ) -> T {
        self.store.write(move |tx| work(tx)).await.unwrap()
    }

    async fn mailbox(&self, email: &str) -> MailboxId {
        let (site, email) = (self.site, Email::parse(email).unwrap());
        self.write(move |conn| {
            let made = mailboxes::find_or_make(conn, site, &email, "en", Time::now());
            made.map(|mailbox| mailbox.id)
        })
        .await
    }

    /// Somebody with a role, who can be written to.
    async fn moderator(&self, role: Role) -> MailboxId {
        let person = people::Person {
            kind: Named(Kind::Staff),
            name: Some("Mo".into()),
            email: Some("mo@example.net".into()),
            role: Named(role),
            ..people::Person::guest(self.site, Time::now())
        };
        self.write(move |conn| {
            people::insert(conn, &person)?;
            let mailbox = mailboxes::of_staff(conn, &person, "en", Time::now())?;
            Ok(mailbox.unwrap().id)
        })
        .await
    }

    /// Has the mailbox's owner agree to what the comment's author chooses.
    async fn agree(&self, mailbox: MailboxId, comment: CommentId) {
        self.write(move |conn| {
            let comment = comments::by_id(conn, comment)?.unwrap();
            mailboxes::confirm(conn, mailbox, comment.person_id, Time::now())
        })
        .await;
    }

    async fn comment(&self, status: Status, body: &str) -> CommentId {
        let (thread, body, now) = (self.thread.clone(), body.to_owned(), Time::now());
        self.write(move |conn| {
            let reader = people::Person::guest(thread.site_id, now);
            people::insert(conn, &reader)?;
            let comment = comments::Comment {
                author_name: Some("Ann".into()),
                body: body.clone(),
                body_html: format!("<p>{body}</p>"),
                status: Named(status),
                listed: status == Status::Published,
                published_at: (status == Status::Published).then_some(now),
                reasons: Json::new(vec![Reason::premoderated()]),
                ..comments::Comment::new(&thread, reader.id, now)
            };
            comments::insert(conn, &comment)?;
            Ok(comment.id)
        })
        .await
    }

    async fn subscribe(&self, mailbox: MailboxId, scope: Scope, frequency: Frequency) -> Cause {
        let subscription = SubscriptionId::new();
        let thread = self.thread.id;
        let site = self.site;
        self.write(move |conn| {
            let insert = diesel::sql_query(
                "INSERT INTO subscriptions (id, mailbox_id, site_id, scope, target, thread_id, frequency, state, form, asked_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', 'subscribe', 0, 0)",
            );
            insert
                .bind::<Binary, _>(subscription)
                .bind::<Binary, _>(mailbox)
                .bind::<Binary, _>(site)
                .bind::<Text, _>(scope.word())
                .bind::<Binary, _>(thread)
                .bind::<Binary, _>(thread)
                .bind::<Text, _>(frequency.word())
                .execute(conn)?;
            Ok(())
        })
        .await;
        Cause {
            scope,
            subscription,
        }
    }

    fn call(&self, kind: &'static str, about: CommentId, to: MailboxId, causes: &[Cause]) -> Call {
        Call {
            kind,
            subject: about.cast(),
            recipient: to,
            site: self.site,
            thread: Some(self.thread.id),
            cadence: Frequency::Instant,
            causes: causes.to_vec(),
        }
    }

    async fn post(&self, call: Call) {
        self.write(move |conn| outbox::post(conn, &call, Time::now()))
            .await;
    }

    /// A letter for somebody who asked for it: the simplest there is.
    async fn link_for(&self, email: &str) -> MailboxId {
        let mailbox = self.mailbox(email).await;
        let call = self.call(outbox::SUBSCRIPTIONS_LINK, mailbox.cast(), mailbox, &[]);
        self.post(call).await;
        mailbox
    }

    async fn tell(&self, comment: CommentId, to: MailboxId, cause: Cause, cadence: Frequency) {
        let mut call = self.call(outbox::NEWS, comment, to, &[cause]);
        call.cadence = cadence;
        self.write(move |conn| {
            let now = Time::now();
            outbox::tell(conn, &[(call.clone(), now)], now)
        })
        .await;
    }

    fn mail(&self) -> PathBuf {
        self.directory.path().join("mail")
    }

    fn desk(&self, transport: Transport) -> Post {
        Post {
            transport,
            sender: "postil@example.org".parse().unwrap(),
            service_url: ServiceUrl::parse("http://127.0.0.1:8080").unwrap(),
            keys: Keys::parse("a secret of thirty-two bytes or more").unwrap(),
            templates: Templates::embedded().unwrap(),
            signer: None,
            returns: None,
            quiet: Duration::ZERO,
        }
    }

    fn work(&self, transport: Transport) -> Working {
        self.work_at(transport, Pace::new(FREE, FREE))
    }

    fn work_at(&self, transport: Transport, pace: Pace) -> Working {
        let (stop, stopped) = watch::channel(false);
        let (store, post) = (self.store.clone(), self.desk(transport));
        let task = tokio::spawn(run(store, post, pace, Metrics::new(), stopped));
        Working { stop, task }
    }

    fn to_files(&self) -> Working {
        self.work(Transport::files(&self.mail()).unwrap())
    }

    fn letters(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.mail()) else {
            return Vec::new();
        };
        let files = files.map(|file| file.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|end| end == "eml"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    async fn rows(&self) -> Vec<outbox::Delivery> {
        self.store
            .read(|conn| {
                let mut rows = Vec::new();
                for state in ["waiting", "done", "dead"] {
                    rows.extend(outbox::page(conn, state, 1000)?);
                }
                Ok(rows)
            })
            .await
            .unwrap()
    }

    /// Waits until the rows of the outbox are such.
    async fn until(
        &self,
        what: &str,
        is_so: impl Fn(&[outbox::Delivery]) -> bool,
    ) -> Vec<outbox::Delivery> {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let rows = self.rows().await;
            if is_so(&rows) {
                return rows;
            }
            assert!(Instant::now() < patience, "{what}: {rows:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn until_done(&self) -> Vec<outbox::Delivery> {
        self.until("all is done", |rows| {
            rows.iter().all(|row| row.state == "done")
        })
        .await
    }

    /// Lets everything that waits be due now.
    async fn hurry(&self) {
        self.write(|conn| {
            let rows = outbox::page(conn, "waiting", 1000)?;
            let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id).collect();
            outbox::postpone(conn, &ids, Time::now(), None)
        })
        .await;
    }

    async fn is_suppressed(&self, email: &str) -> bool {
        let email = email.to_owned();
        let found = self
            .store
            .read(move |conn| suppressions::of(conn, &email))
            .await;
        found.unwrap().is_some()
    }
}

/// A worker at work.
struct Working {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Working {
    async fn end(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.task)
            .await
            .expect("the worker stops")
            .unwrap();
    }
}

const FREE: Rate = Rate {
    calls: 0,
    seconds: 1,
};

fn smtp(server: &Server) -> Transport {
    let patience = Patience {
        connecting: Duration::from_millis(500),
        answer: Duration::from_millis(500),
        verdict: Duration::from_millis(500),
    };
    Transport::Smtp(Smtp::new(server.url().parse().unwrap(), patience))
}

fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let mut lines = letter.lines();
    let found = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
    found.unwrap_or_else(|| panic!("no {name} in {letter}"))
}

#[tokio::test]
async fn comments_that_wait_become_one_letter_to_whoever_moderates() {
    let world = World::new().await;
    let mo = world.moderator(Role::Moderator).await;
    let first = world
        .comment(Status::Pending, "**Well** said, see https://spam.example")
        .await;
    let second = world.comment(Status::Pending, "And again").await;
    let gone = world.comment(Status::Published, "Approved meanwhile").await;
    for comment in [first, second, gone] {
        world
            .post(world.call(outbox::COMMENT_WAITING, comment, mo, &[]))
            .await;
    }
    let working = world.to_files();
    world.until_done().await;
    working.end().await;
    let letters = world.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = mail_parser::MessageParser::default()
        .parse(&letters[0])
        .unwrap();
    assert_eq!(
        letter.subject(),
        Some("[The Blog] Comments waiting for you: 2")
    );
    for text in [letter.body_text(0).unwrap(), letter.body_html(0).unwrap()] {
        for part in ["Well said", "And again"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(text.matches("/s/decide/").count(), 2, "{text}");
        for part in ["Approved meanwhile", "https://spam.example"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn who_moderates_no_more_gets_no_mail() {
    let world = World::new().await;
    let reader = world.moderator(Role::Reader).await;
    let comment = world.comment(Status::Pending, "x").await;
    world
        .post(world.call(outbox::COMMENT_WAITING, comment, reader, &[]))
        .await;
    let working = world.to_files();
    world.until_done().await;
    working.end().await;
    assert!(world.letters().is_empty());
}

/// What a server does, what becomes of the row, how many copies there are in the end, and whether the mailbox is written off.
const TROUBLE: &[(Step, Act, &str, i32, usize, bool)] = &[
    (
        Step::Greeting,
        Act::Say("554 no service"),
        "waiting",
        0,
        1,
        false,
    ),
    (Step::Greeting, Act::Hang, "waiting", 0, 1, false),
    (Step::Greeting, Act::Drop, "waiting", 0, 1, false),
    (Step::Greeting, Act::Say("nonsense"), "waiting", 0, 1, false),
    (Step::Hello, Act::Hang, "waiting", 0, 1, false),
    (Step::Hello, Act::Drop, "waiting", 0, 1, false),
    (
        Step::Hello,
        Act::Say("\u{fffd}\u{0}"),
        "waiting",
        0,
        1,
        false,
    ),
    (Step::Sender, Act::Hang, "waiting", 1, 1, false),
    (Step::Sender, Act::Drop, "waiting", 1, 1, false),
    (Step::Sender, Act::Say("nonsense"), "waiting", 1, 1, false),
    (Step::Sender, Act::Say("451 later"), "waiting", 1, 1, false),
    (
        Step::Sender,
        Act::Say("550 5.1.8 who are you?"),
        "waiting",
        1,
        1,
        false,
    ),
    (Step::Recipient, Act::Hang, "waiting", 1, 1, false),
    (Step::Recipient, Act::Drop, "waiting", 1, 1, false),
    (
        Step::Recipient,
        Act::Say("450 4.2.0 greylisted"),
        "waiting",
        1,
        1,
        false,
    ),
    (
        Step::Recipient,
        Act::Say("550 5.1.1 <ann@example.net>: unknown"),
        "dead",
        1,
        0,
        true,
    ),
    (
        Step::Recipient,
        Act::Say("554 5.7.1 you are on a list"),
        "dead",
        1,
        1,
        false,
    ),
    (Step::Data, Act::Hang, "waiting", 1, 1, false),
    (Step::Data, Act::Drop, "waiting", 1, 1, false),
    (
        Step::Data,
        Act::Say("452 4.3.1 full"),
        "waiting",
        1,
        1,
        false,
    ),
    (
        Step::Verdict,
        Act::Say("451 4.7.1 try again"),
        "waiting",
        1,
        1,
        false,
    ),
    (
        Step::Verdict,
        Act::Say("554 5.7.1 looks like spam"),
        "dead",
        1,
        1,
        false,
    ),
    (
        Step::Verdict,
        Act::Say("550 5.1.1 no such user"),
        "dead",
        1,
        0,
        true,
    ),
    // It took the letter, and did not live to say so: here alone a reader has two, of one `Message-ID`.
    (Step::Verdict, Act::TakeAndDrop, "waiting", 1, 2, false),
    (Step::Verdict, Act::TakeAndHang, "waiting", 1, 2, false),
];

#[tokio::test]
async fn no_server_loses_a_letter_whatever_it_does() {
    for (step, act, state, attempts, copies, is_gone) in TROUBLE {
        let at = format!("{act:?} at {step:?}");
        let world = World::new().await;
        world.link_for("Ann@example.net").await;
        let server = Server::start(Some((*step, *act)));
        let working = world.work(smtp(&server));
        let rows = world
            .until(&at, |rows| {
                rows[0].last_error.is_some() && rows[0].lease_until.is_none()
            })
            .await;
        assert_eq!(
            (rows[0].state.as_str(), rows[0].attempts),
            (*state, *attempts),
            "{at}"
        );
        let error = rows[0].last_error.clone().unwrap();
        assert!(!error.contains("example.net"), "{at}: {error}");
        assert_eq!(
            world.is_suppressed("ann@example.net").await,
            *is_gone,
            "{at}"
        );
        working.end().await;

        // The server is mended, and the operator tries again what was given up.
        server.mend();
        world
            .write(|conn| outbox::retry(conn, None, Time::now()))
            .await;
        world.hurry().await;
        let working = world.work(smtp(&server));
        world.until_done().await;
        working.end().await;
        let taken = server.taken();
        assert_eq!(taken.len(), *copies, "{at}");
        for letter in &taken {
            assert_eq!(
                header(letter, "Message-ID"),
                header(&taken[0], "Message-ID"),
                "{at}"
            );
            assert!(letter.contains("Auto-Submitted: auto-generated"), "{at}");
        }
    }
}

#[tokio::test]
async fn one_refused_recipient_costs_the_others_nothing_and_the_line_is_kept() {
    let world = World::new().await;
    let server = Server::start(None);
    server.refuse("bob@example.net");
    for name in ["ann", "bob", "cem", "dan"] {
        world.link_for(&format!("{name}@example.net")).await;
    }
    let working = world.work(smtp(&server));
    world
        .until("three sent", |rows| {
            rows.iter().filter(|row| row.state == "done").count() == 3
        })
        .await;
    for name in ["eva", "fay"] {
        world.link_for(&format!("{name}@example.net")).await;
    }
    world
        .until("five sent", |rows| {
            rows.iter().filter(|row| row.state == "done").count() == 5
        })
        .await;
    working.end().await;
    assert!(world.is_suppressed("bob@example.net").await);
    assert!(!world.is_suppressed("ann@example.net").await);
    assert_eq!(server.taken().len(), 5);
    assert!(server.connections() <= 4, "{}", server.connections());
}

#[tokio::test]
async fn news_of_a_burst_is_one_letter_and_the_fourth_of_an_hour_waits_unless_it_is_a_reply() {
    let world = World::new().await;
    let ann = world.mailbox("ann@example.net").await;
    let cause = world
        .subscribe(ann, Scope::Thread, Frequency::Instant)
        .await;
    for text in ["one", "two"] {
        let comment = world.comment(Status::Published, text).await;
        world.tell(comment, ann, cause, Frequency::Instant).await;
    }
    let working = world.to_files();
    world.until_done().await;
    assert_eq!(world.letters().len(), 1);
    for turn in 2..=3 {
        let comment = world.comment(Status::Published, "more").await;
        world.tell(comment, ann, cause, Frequency::Instant).await;
        world.until_done().await;
        assert_eq!(world.letters().len(), turn);
    }
    let comment = world.comment(Status::Published, "fourth").await;
    world.tell(comment, ann, cause, Frequency::Instant).await;
    let rows = world
        .until("it waits for an hour", |rows| {
            rows.iter().any(|row| {
                row.state == "waiting" && row.due_at > Time::now().plus(Duration::from_secs(3000))
            })
        })
        .await;
    assert!(
        rows.iter()
            .all(|row| row.state == "done" || row.letter.is_none())
    );
    // A reply does not wait, and takes along what does.
    let reply = world
        .subscribe(ann, Scope::Replies, Frequency::Instant)
        .await;
    let comment = world.comment(Status::Published, "reply").await;
    world.tell(comment, ann, reply, Frequency::Instant).await;
    world.until_done().await;
    working.end().await;
    let letters = world.letters();
    assert_eq!(letters.len(), 4);
    let last = letters
        .iter()
        .find(|letter| letter.contains("fourth"))
        .unwrap();
    assert!(last.contains("Feedback-ID: reply:blog:postil"), "{last}");
    assert!(last.contains("You have a reply"), "{last}");
    assert!(header(last, "References").starts_with(&format!("<thread.{}@", world.thread.id)));
}

#[tokio::test]
async fn a_flood_of_comments_that_wait_is_three_letters_an_hour() {
    let world = World::new().await;
    let mo = world.moderator(Role::Moderator).await;
    let working = world.to_files();
    for turn in 1..=3 {
        let comment = world.comment(Status::Pending, "Wait").await;
        world
            .post(world.call(outbox::COMMENT_WAITING, comment, mo, &[]))
            .await;
        world.until_done().await;
        assert_eq!(world.letters().len(), turn);
    }
    for _ in 0..2 {
        let comment = world.comment(Status::Pending, "Wait longer").await;
        world
            .post(world.call(outbox::COMMENT_WAITING, comment, mo, &[]))
            .await;
    }
    world
        .until("both wait for an hour", |rows| {
            let later = Time::now().plus(Duration::from_secs(3000));
            rows.iter().filter(|row| row.due_at > later).count() == 2
        })
        .await;
    working.end().await;
    assert_eq!(world.letters().len(), 3);
}

#[tokio::test]
async fn what_is_put_off_stands_before_nobody_else_however_much_it_is() {
    let world = World::new().await;
    let mo = world.moderator(Role::Moderator).await;
    let ann = world.mailbox("ann@example.net").await;
    let comment = world.comment(Status::Published, "one").await;
    let site = world.site;
    let now = Time::now();
    let told = move |id: u128| Call {
        kind: outbox::COMMENT_WAITING,
        subject: SubjectId::from_uuid(uuid::Uuid::from_u128(id)),
        recipient: mo,
        site,
        thread: None,
        cadence: Frequency::Instant,
        causes: Vec::new(),
    };
    let news = world.call(outbox::APPROVED, comment, ann, &[]);
    let how = Claiming {
        now: now.plus(Duration::from_secs(60)),
        span: Duration::from_secs(60),
        quiet: Duration::from_secs(10),
        limit: 8,
    };
    let taken = world
        .write(move |tx| {
            for id in 1..=3 {
                outbox::post(tx, &told(id), now)?;
                let letter = outbox::claim(tx, how)?;
                outbox::settle(tx, &[letter[0].rows[0].id], how.now)?;
            }
            for id in 4..=604 {
                outbox::post(tx, &told(id), now)?;
            }
            outbox::post(tx, &news, now.plus(Duration::from_secs(1)))?;
            outbox::claim(tx, how)
        })
        .await;
    let kinds: Vec<&str> = taken.iter().map(|letter| &*letter.rows[0].kind).collect();
    assert_eq!(kinds, [outbox::APPROVED]);
    let rows = world.rows().await;
    let due = |row: &&outbox::Delivery| row.state == "waiting" && row.due_at <= how.now;
    assert_eq!(rows.iter().filter(due).count(), 1);
}

#[tokio::test]
async fn a_digest_gathers_what_is_due_and_counts_it() {
    let world = World::new().await;
    let ann = world.mailbox("ann@example.net").await;
    let cause = world.subscribe(ann, Scope::Thread, Frequency::Daily).await;
    for index in 0..25 {
        let comment = world
            .comment(Status::Published, &format!("No {index}."))
            .await;
        world.tell(comment, ann, cause, Frequency::Daily).await;
    }
    let working = world.to_files();
    world.until_done().await;
    working.end().await;
    let letters = world.letters();
    assert_eq!(letters.len(), 1);
    let letter = mail_parser::MessageParser::default()
        .parse(&letters[0])
        .unwrap();
    assert_eq!(
        letter.subject(),
        Some("[The Blog] New comments of the day: 25")
    );
    let text = letter.body_text(0).unwrap();
    assert!(
        text.contains("No 0.") && text.contains("Further comments: 5"),
        "{text}"
    );
}

#[tokio::test]
async fn what_was_left_withdrawn_or_suppressed_meanwhile_is_told_no_more() {
    let world = World::new().await;
    let names = ["left@example.net", "silent@example.net", "late@example.net"];
    let comment = world.comment(Status::Published, "x").await;
    let withdrawn = world.comment(Status::Rejected, "y").await;
    for (index, name) in names.iter().enumerate() {
        let mailbox = world.mailbox(name).await;
        let cause = world
            .subscribe(mailbox, Scope::Thread, Frequency::Instant)
            .await;
        let about = if index == 2 { withdrawn } else { comment };
        world.tell(about, mailbox, cause, Frequency::Instant).await;
        if index == 0 {
            world
                .write(move |conn| {
                    diesel::sql_query("UPDATE subscriptions SET state = 'ended' WHERE id = $1")
                        .bind::<Binary, _>(cause.subscription)
                        .execute(conn)?;
                    Ok(())
                })
                .await;
        }
    }
    world
        .write(|conn| {
            let suppression = Suppression {
                email: "silent@example.net".into(),
                reason: Named(Suppressed::Complained),
                detail: None,
                at: Time::now(),
            };
            suppressions::add(conn, &suppression)
        })
        .await;
    let working = world.to_files();
    world.until_done().await;
    working.end().await;
    assert!(world.letters().is_empty(), "{:?}", world.letters());
}

#[tokio::test]
async fn what_was_published_is_told_to_everybody_once_however_often_a_step_is_taken() {
    let world = World::new().await;
    let mut boxes = Vec::new();
    for index in 0..300 {
        let mailbox = world.mailbox(&format!("a{index}@example.net")).await;
        world
            .subscribe(mailbox, Scope::Thread, Frequency::Instant)
            .await;
        boxes.push(mailbox);
    }
    let comment = world.comment(Status::Published, "x").await;
    let nobody = MailboxId::from_uuid(uuid::Uuid::nil());
    world
        .post(world.call(outbox::PUBLISHED, comment, nobody, &[]))
        .await;
    let work = world.rows().await.remove(0);
    let step = |work: outbox::Delivery| {
        world.store.write(move |tx| {
            let now = Time::now();
            expand(tx, &work, Duration::ZERO, now.plus(LEASE), now)
        })
    };
    assert!(!step(work.clone()).await.unwrap());
    // Another worker begins anew, as if the first had not got so far.
    let id = work.id;
    world
        .write(move |conn| outbox::progress(conn, id, &[], Time::now()))
        .await;
    assert!(!step(work.clone()).await.unwrap());
    assert!(step(work.clone()).await.unwrap());
    assert!(step(work).await.unwrap());
    let told = world.rows().await;
    let mut told: Vec<MailboxId> = told
        .iter()
        .filter(|row| row.kind == outbox::NEWS)
        .map(|row| row.recipient)
        .collect();
    told.sort();
    boxes.sort();
    assert_eq!(told, boxes);
}

#[tokio::test]
async fn a_domain_gets_no_more_letters_than_it_may() {
    let world = World::new().await;
    for name in [
        "a@one.example",
        "b@one.example",
        "c@one.example",
        "d@two.example",
    ] {
        world.link_for(name).await;
    }
    let two_an_hour = Rate {
        calls: 2,
        seconds: 3600,
    };
    let transport = Transport::files(&world.mail()).unwrap();
    let working = world.work_at(transport, Pace::new(FREE, two_an_hour));
    let rows = world
        .until("one waits", |rows| {
            rows.iter().filter(|row| row.state == "done").count() == 3
                && rows
                    .iter()
                    .any(|row| row.state == "waiting" && row.due_at > Time::now())
        })
        .await;
    working.end().await;
    assert!(rows.iter().all(|row| row.attempts == 0), "{rows:?}");
    assert_eq!(world.letters().len(), 3);
}

#[tokio::test]
async fn a_rate_of_one_letter_lets_that_one_leave() {
    let world = World::new().await;
    world.link_for("a@one.example").await;
    world.link_for("b@two.example").await;
    let one_an_hour = Rate {
        calls: 1,
        seconds: 3600,
    };
    let transport = Transport::files(&world.mail()).unwrap();
    let working = world.work_at(transport, Pace::new(one_an_hour, FREE));
    let done = |rows: &[outbox::Delivery]| rows.iter().any(|row| row.state == "done");
    world.until("one leaves", |rows| done(rows)).await;
    working.end().await;
    assert_eq!(world.letters().len(), 1);
}

#[tokio::test]
async fn what_is_asked_for_again_is_another_letter_to_mail_programs() {
    let world = World::new().await;
    let working = world.to_files();
    for letters in [1, 2] {
        world.link_for("ann@example.net").await;
        let left = |rows: &[outbox::Delivery]| {
            rows.iter().all(|row| row.state == "done") && world.letters().len() == letters
        };
        world.until("it leaves", |rows| left(rows)).await;
    }
    working.end().await;
    let letters = world.letters();
    let id = |letter: &str| header(letter, "Message-ID").to_owned();
    assert_ne!(id(&letters[0]), id(&letters[1]));
}

#[tokio::test]
async fn what_another_worker_has_is_left_to_it_until_its_lease_runs_out() {
    let world = World::new().await;
    world.link_for("ann@example.net").await;
    let claim = |now| {
        world.write(move |conn| {
            let how = Claiming {
                now,
                span: LEASE,
                quiet: Duration::ZERO,
                limit: 10,
            };
            outbox::claim(conn, how)
        })
    };
    let now = Time::now();
    let first = claim(now).await;
    assert_eq!(first.len(), 1);
    assert!(claim(now.plus(LEASE / 2)).await.is_empty());
    let later = claim(now.plus(LEASE + POLL)).await;
    // The same letter, so that its mark and `Message-ID` are the same.
    assert_eq!(later[0].letter, first[0].letter);
}

#[test]
fn tries_are_spread_over_days() {
    let all: Duration = (1..30).map(outbox::delay).sum();
    assert_eq!(outbox::delay(1), Duration::from_secs(60));
    assert!((3 * 86_400..6 * 86_400).contains(&all.as_secs()), "{all:?}");
    for span in [
        Duration::ZERO,
        Duration::from_secs(60),
        Duration::from_secs(14_400),
    ] {
        let jittered = jittered(span);
        assert!(jittered >= span * 3 / 4 && jittered <= span * 5 / 4 + Duration::from_nanos(1));
    }
}

#[tokio::test]
async fn work_that_cannot_be_done_is_counted_put_off_and_given_up() {
    let world = World::new().await;
    let ann = world.mailbox("ann@example.net").await;
    world
        .subscribe(ann, Scope::Thread, Frequency::Instant)
        .await;
    let comment = world.comment(Status::Published, "Told in the end").await;
    let nobody = MailboxId::from_uuid(uuid::Uuid::nil());
    world
        .post(world.call(outbox::PUBLISHED, comment, nobody, &[]))
        .await;
    let sql = |statement: &'static str| {
        world.write(move |conn| Ok(diesel::sql_query(statement).execute(conn)?))
    };
    sql("UPDATE subscriptions SET frequency = 'never'").await;
    let worker = world.to_files();
    let rows = world
        .until("it is counted", |rows| rows[0].attempts == 1)
        .await;
    assert!(rows[0].due_at > Time::now(), "{rows:#?}");
    assert!(rows[0].last_error.is_some(), "{rows:#?}");
    sql("UPDATE outbox SET attempts = 29, due_at = 0").await;
    world
        .until("it is given up", |rows| rows[0].state == "dead")
        .await;
    sql("UPDATE subscriptions SET frequency = 'instant'").await;
    world
        .write(|conn| outbox::retry(conn, None, Time::now()))
        .await;
    world
        .until("it is told", |rows| {
            rows.len() == 2 && rows.iter().all(|row| row.state == "done")
        })
        .await;
    assert_eq!(world.letters().len(), 1);
    worker.end().await;
}

#[tokio::test]
async fn whoever_tries_one_row_of_a_letter_anew_tries_the_letter() {
    let world = World::new().await;
    let ann = world.mailbox("ann@example.net").await;
    let cause = world
        .subscribe(ann, Scope::Thread, Frequency::Instant)
        .await;
    for text in ["First", "Second"] {
        let comment = world.comment(Status::Published, text).await;
        world.tell(comment, ann, cause, Frequency::Instant).await;
    }
    let server = Server::start(Some((Step::Verdict, Act::TakeAndDrop)));
    let worker = world.work(smtp(&server));
    world
        .until("it is tried", |rows| {
            rows.iter().all(|row| row.attempts == 1)
        })
        .await;
    world
        .write(|conn| {
            let last = "UPDATE outbox SET attempts = 29, due_at = 0";
            Ok(diesel::sql_query(last).execute(conn)?)
        })
        .await;
    let rows = world
        .until("it is given up", |rows| {
            rows.iter().all(|row| row.state == "dead")
        })
        .await;
    server.mend();
    let second = rows[1].id;
    let tried = world
        .write(move |conn| outbox::retry(conn, Some(second), Time::now()))
        .await;
    assert_eq!(tried, 2);
    world.until_done().await;
    worker.end().await;
    let copies = server.taken();
    assert_eq!(copies.len(), 3);
    for copy in copies {
        assert_eq!(
            header(&copy, "Message-ID"),
            header(&server.taken()[0], "Message-ID")
        );
        assert!(copy.contains("First") && copy.contains("Second"), "{copy}");
    }
}

#[tokio::test]
async fn a_late_letter_says_how_long_its_link_still_works() {
    let world = World::new().await;
    for (email, left, said) in [
        ("soon@example.net", 15 * 60 - 4, Some(15)),
        ("late@example.net", 7 * 60, Some(7)),
        ("too.late@example.net", 80, None),
    ] {
        let mailbox = world.mailbox(email).await;
        let (site_id, ends) = (world.site, Time::now().plus(Duration::from_secs(left)));
        let attempt = sign_ins::SignIn {
            id: SignInId::new(),
            site_id,
            mailbox_id: mailbox,
            url: "https://example.org/a".into(),
            tries: 0,
            created_at: Time::now(),
            expires_at: ends,
            opened_at: None,
            redeemed_at: None,
        };
        let id = attempt.id;
        world
            .write(move |conn| sign_ins::insert(conn, &attempt))
            .await;
        let call = world.call(outbox::SIGN_IN, id.cast(), mailbox, &[]);
        world.post(call).await;
        let worker = world.to_files();
        world.until_done().await;
        worker.end().await;
        // Long lines are broken (RFC 2045 §6.7).
        let whole = |letter: String| letter.replace("=\r\n", "");
        let letters: Vec<String> = world.letters().into_iter().map(whole).collect();
        let letter = letters.iter().find(|letter| letter.contains(email));
        let minutes = letter.map(|letter| {
            let (before, _) = letter.split_once(" minutes").unwrap();
            before.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        });
        assert_eq!(minutes, said, "{email}");
        let token = letter.map(|letter| {
            let (_, after) = letter.split_once("/s/sign-in/").unwrap();
            let ended = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
            after[..ended.unwrap()].to_owned()
        });
        if let Some(token) = token {
            let keys = world.desk(Transport::files(&world.mail()).unwrap()).keys;
            let link = Link::open(&keys, Purpose::SignIn, &token, Time::now()).unwrap();
            assert_eq!(link.expires_at.seconds(), ends.seconds());
        }
    }
}

#[tokio::test]
async fn below_a_wildcard_a_letter_to_sign_in_has_its_code_alone() {
    let world = World::new().await;
    for (email, url, has_link) in [
        ("named@example.net", "https://example.org/a", true),
        ("below@example.net", "https://ann.example.org/a", false),
        ("gone@example.net", "https://elsewhere.example/a", false),
    ] {
        let mailbox = world.mailbox(email).await;
        let id = SignInId::new();
        let attempt = sign_ins::SignIn {
            id,
            site_id: world.site,
            mailbox_id: mailbox,
            url: url.into(),
            tries: 0,
            created_at: Time::now(),
            expires_at: Time::now().plus(Duration::from_secs(900)),
            opened_at: None,
            redeemed_at: None,
        };
        world
            .write(move |conn| sign_ins::insert(conn, &attempt))
            .await;
        let call = world.call(outbox::SIGN_IN, id.cast(), mailbox, &[]);
        world.post(call).await;
        let worker = world.to_files();
        world.until_done().await;
        worker.end().await;
        let keys = world.desk(Transport::files(&world.mail()).unwrap()).keys;
        let code = link::code(&keys, id);
        let letters = world.letters().into_iter();
        let mut whole = letters.map(|letter| letter.replace("=\r\n", ""));
        let letter = whole.find(|letter| letter.contains(email)).unwrap();
        // The text's with a space that no line is broken at, the HTML's as one word.
        assert!(
            letter.contains(&format!("{}=C2=A0{}", &code[..3], &code[3..])),
            "{letter}"
        );
        assert!(letter.contains(&code), "{letter}");
        assert_eq!(letter.contains("/s/"), has_link, "{letter}");
        assert_eq!(letter.contains(" link "), has_link, "{letter}");
        assert!(!letter.contains("href") || has_link, "{letter}");
    }
}

#[tokio::test]
async fn whoever_is_told_what_became_of_a_comment_can_leave_as_well() {
    let world = World::new().await;
    let ann = world.mailbox("ann@example.net").await;
    let mut posted = Vec::new();
    for (kind, status) in [
        (outbox::APPROVED, Status::Published),
        (outbox::REJECTED, Status::Rejected),
    ] {
        let comment = world.comment(status, "May I?").await;
        world.agree(ann, comment).await;
        posted.push(world.call(kind, comment, ann, &[]));
        // Whoever left in the meantime, or never agreed, gets none.
        let comment = world.comment(status, "And I?").await;
        posted.push(world.call(kind, comment, ann, &[]));
    }
    for call in posted {
        world.post(call).await;
    }
    let worker = world.to_files();
    world.until_done().await;
    worker.end().await;
    let letters = world.letters();
    assert_eq!(letters.len(), 2);
    for letter in letters {
        let link = header(&letter, "List-Unsubscribe");
        assert!(link.contains("/s/unsubscribe/"), "{link}");
        assert_eq!(
            header(&letter, "List-Unsubscribe-Post"),
            "List-Unsubscribe=One-Click"
        );
        assert!(
            letter.contains("You get this because you wrote"),
            "{letter}"
        );
        assert!(letter.contains("/s/manage/"), "{letter}");
    }
}
