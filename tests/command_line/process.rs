//! The service as its operator runs it, and the commands beside it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use crate::service::{ORIGIN, Postgres, SITE, Service, add_site, eventually, on_both, run, said};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The secret that a command prints last, on a line of its own.
fn secret(answer: &str) -> &str {
    let last = answer.lines().last().unwrap();
    assert!(last.starts_with("postil_"), "{answer}");
    last
}

/// Fails as an operator sees it: status 1, and one line that says why.
#[track_caller]
fn fails(dir: &Path, args: &[&str], saying: &str) {
    let output = run(dir, args);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(
        complaint.starts_with("postil: ") && complaint.contains(saying),
        "{complaint}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn the_first_start_needs_nothing_but_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Service::start(dir.path(), &[]);
    let url = service.url.clone();
    assert!(
        url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"),
        "{url}"
    );
    let expected = [
        format!("Listening on {url}"),
        format!("Read and answer:    {url}/demo/"),
        format!(
            "Embed:              <script type=\"module\" src=\"{url}/postil.js\"></script> \
             <postil-thread site=\"demo\"></postil-thread>"
        ),
        "Become a moderator: postil moderator add demo \"Your name\"".to_owned(),
    ];
    assert_eq!(service.welcome, expected);
    let data = dir.path().join("postil-data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("signing.key")), 0o600);
    assert!(data.join("postil.db").is_file());
    let address = url.strip_prefix("http://").unwrap();
    assert_eq!(
        said(dir.path(), &["health", "--listen", address]),
        "The service is well.\n"
    );
    let key = std::fs::read(data.join("signing.key")).unwrap();
    service.terminate();
    assert_eq!(service.ended().code(), Some(0));
    fails(
        dir.path(),
        &["health", "--listen", address],
        "does not answer",
    );

    // The second start finds everything as it was.
    let service = Service::start(dir.path(), &[]);
    assert_eq!(std::fs::read(data.join("signing.key")).unwrap(), key);
    service.get("/readyz");
}

#[test]
fn the_sample_thread_is_written_once() {
    on_both(|dir, flags| {
        let thread = |service: &Service| {
            let url = &service.url;
            service.get(&format!("/v1/threads?site=demo&key=demo&url={url}/demo/"))["thread"]
                .clone()
        };
        let mut first = Service::start(dir, flags);
        let before = thread(&first);
        assert!(before["comment_count"].as_u64().unwrap() > 5, "{before}");
        first.terminate();
        assert_eq!(first.ended().code(), Some(0));
        // Elsewhere now, and the demo with it.
        let second = Service::start(dir, flags);
        assert_ne!(first.url, second.url);
        let after = thread(&second);
        for name in ["id", "version", "comment_count"] {
            assert_eq!(after[name], before[name]);
        }
    });
}

#[test]
fn the_commands_act_on_a_running_service() {
    on_both(|dir, flags| {
        let args = |rest: &[&'static str]| [flags, rest].concat();
        let told = |rest: &[&'static str]| said(dir, &args(rest));
        let fails = |rest: &[&'static str], saying| fails(dir, &args(rest), saying);
        assert!(told(&["migrate"]).starts_with("Ran "));
        assert_eq!(told(&["migrate"]), "The database is up to date.\n");
        let service = Service::start(dir, &args(&["--no-demo"]));

        let added = told(&[
            "site",
            "add",
            SITE,
            "--origin",
            ORIGIN,
            "--moderation",
            "pre",
        ]);
        assert!(added.starts_with("Added the site blog.\n"), "{added}");
        fails(&["site", "add", SITE, "--origin", ORIGIN], "`blog`");
        assert!(told(&["site", "list"]).contains(ORIGIN));
        let anew = "blog: 0 comments were made anew, 0 look otherwise.\n";
        assert_eq!(told(&["rerender"]), anew);
        assert_eq!(told(&["rerender", "--site", SITE]), anew);
        fails(&["rerender", "--site", "nowhere"], "`nowhere`");
        assert_eq!(service.page("a")["policy"]["moderation"], "pre");

        let added = told(&[
            "moderator",
            "add",
            SITE,
            "Mona",
            "--email",
            "mona@example.org",
        ]);
        let token = secret(&added);
        let listed = told(&["moderator", "list", SITE]);
        assert!(
            listed.contains("Mona") && !listed.contains("mona@"),
            "{listed}"
        );
        fails(&["moderator", "add", "nowhere", "Mona"], "nowhere");

        let held = |text: &str| {
            let (status, body) = service.try_comment("a", text, text).unwrap();
            assert_eq!(status, 202, "{body}");
            body["id"].as_str().unwrap().to_owned()
        };
        let (good, bad) = (held("Something-good"), held("Something-bad"));
        let bearer = format!("Bearer {token}");
        let queue = |token: &str| {
            let headers = [("Authorization", token)];
            service
                .try_call("GET", "/v1/moderation/comments", &headers, None)
                .unwrap()
        };
        assert_eq!(queue(&bearer).1["items"].as_array().unwrap().len(), 2);
        let waiting = told(&["moderate"]);
        assert!(
            waiting.contains(&good) && waiting.contains("Something-bad"),
            "{waiting}"
        );
        let run = |rest: &[&str]| said(dir, &[flags, rest].concat());
        assert_eq!(
            run(&["moderate", "approve", &good]),
            format!("{good} approved\n")
        );
        assert_eq!(
            run(&["moderate", "reject", &bad]),
            format!("{bad} rejected\n")
        );
        assert_eq!(told(&["moderate"]), "Nothing waits.\n");
        // The service sees what another process decided.
        let page = eventually("approved comment", || {
            let page = service.page("a");
            (page["thread"]["comment_count"] == 1).then_some(page)
        });
        assert_eq!(page["comments"]["items"][0]["id"], good.as_str());
        fails(
            &[
                "moderate",
                "approve",
                "01890000-0000-7000-8000-000000000000",
            ],
            "0 of 1",
        );

        let added = told(&[
            "token",
            "add",
            "--name",
            "cms",
            "--role",
            "moderator",
            "--site",
            SITE,
        ]);
        let token = format!("Bearer {}", secret(&added));
        assert_eq!(queue(&token).0, 200);
        let listed = told(&["token", "list"]);
        assert!(
            listed.contains("cms") && !listed.contains("postil_"),
            "{listed}"
        );
        let id = listed.lines().find(|line| line.ends_with("cms")).unwrap();
        run(&["token", "revoke", id.split(' ').next().unwrap()]);
        assert_eq!(queue(&token).0, 401);
    });
}

#[test]
fn a_link_is_for_one_person_and_one_page_or_there_is_none() {
    on_both(|dir, flags| {
        let args = |rest: &[&'static str]| [flags, rest].concat();
        let told = |rest: &[&'static str]| said(dir, &args(rest));
        let refused = |rest: &[&'static str], saying| {
            let link = [&["moderator", "link"], rest].concat();
            fails(dir, &args(&link), saying);
        };
        told(&["site", "add", SITE, "--origin", ORIGIN]);
        told(&["site", "add", "wild", "--origin", "https://*.wild.example"]);
        told(&["moderator", "add", SITE, "Mona"]);
        let link = told(&["moderator", "link", "Mona"]);
        let last = link.lines().last().unwrap();
        assert!(
            last.starts_with("http://127.0.0.1:8080/s/moderator/"),
            "{link}"
        );
        assert!(link.contains(&format!("{ORIGIN}/")), "{link}");
        let other = told(&[
            "moderator",
            "link",
            "Mona",
            "--public-url",
            "https://comments.example.org",
        ]);
        assert!(
            other.contains("\nhttps://comments.example.org/s/moderator/"),
            "{other}"
        );
        let code = told(&["moderator", "link", SITE, "Mona", "--console"]);
        assert!(
            code.contains("/v1/sessions") && code.contains("for 12 hours"),
            "{code}"
        );

        refused(&["Nobody"], "nobody called `Nobody`");
        refused(&["wild", "Mona"], "on the site wild");
        refused(&["nowhere", "Mona"], "there is no site `nowhere`");
        refused(
            &["Mona", "--page", "https://else.example/"],
            "not on one of the site's origins",
        );
        refused(&["Mona", "--page", "nonsense"], "whole URL");
        told(&["moderator", "add", "wild", "Mona"]);
        refused(&["Mona"], "name the site: blog, wild");
        refused(&["wild", "Mona"], "by wildcards alone");
        refused(
            &["wild", "Mona", "--page", "https://a.wild.example/x"],
            "by a wildcard alone",
        );
        told(&["moderator", "link", "wild", "Mona", "--console"]);
        told(&["moderator", "add", SITE, "Mona", "--role", "admin"]);
        refused(&[SITE, "Mona"], "(admin)");
        let listed = told(&["moderator", "list", SITE]);
        let admin = listed.lines().find(|line| line.contains("admin")).unwrap();
        let id = admin.split(' ').next().unwrap();
        let link = said(dir, &[flags, &["moderator", "link", id]].concat());
        assert!(link.contains("admin on the site blog"), "{link}");
    });
}

#[test]
fn secrets_are_replaced_without_signing_anybody_out() {
    let dir = tempfile::tempdir().unwrap();
    add_site(dir.path(), &[]);
    let start = |secrets: &str| {
        let secrets = format!("--secrets={secrets}");
        Service::start(dir.path(), &["--no-demo", &secrets])
    };
    let [old, new] = ["o", "n"].map(|letter| letter.repeat(32));
    let posted = start(&old).comment("a", "Hello");
    let id = posted["id"].as_str().unwrap();
    let path = format!("/v1/threads/{}/me", posted["thread_id"].as_str().unwrap());
    let me = |service: &Service, token: &Value| {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        service
            .try_call("GET", &path, &[("Authorization", &bearer)], None)
            .unwrap()
    };
    let both = start(&format!("{new},{old}"));
    let (status, overlay) = me(&both, &posted["token"]);
    assert_eq!((status, overlay["comments"][id].is_object()), (200, true));
    let later = both.comment("a", "Hello again");
    drop(both);
    let one = start(&new);
    assert_eq!(me(&one, &later["token"]).0, 200);
    let (status, refused) = me(&one, &posted["token"]);
    assert_eq!((status, &refused["code"]), (401, &json!("token_invalid")));
    // Secrets that are given are not written down.
    assert!(!dir.path().join("postil-data/signing.key").exists());
}

#[test]
fn keys_that_were_published_outlive_a_restart_while_the_publisher_is_away() {
    use base64::Engine as _;
    use ed25519_dalek::Signer as _;
    let b64 = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let x = b64(key.verifying_key().as_bytes());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x}]}).to_string();
    on_both(|dir, flags| {
        add_site(dir, flags);
        let publisher = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", publisher.local_addr().unwrap());
        let set = set.clone();
        let answering = std::thread::spawn(move || {
            let mut stream = publisher.accept().unwrap().0;
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                read.extend(byte);
            }
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
            stream.write_all(format!("{head}{set}").as_bytes()).unwrap();
        });
        let site = ["site", "set", SITE, "--sso-audience", "postil"];
        let keys = ["--sso-jwks-url", &url, "--outbound-networks=127.0.0.1"];
        said(dir, &[flags, &site, &keys].concat());
        // From here on nobody listens there.
        answering.join().unwrap();
        let now = postil::domain::time::Time::now().seconds();
        let claims = json!({"sub": "7", "aud": "postil", "exp": now + 300});
        let text = format!(
            "{}.{}",
            b64(br#"{"alg":"EdDSA","kid":"a"}"#),
            b64(claims.to_string().as_bytes())
        );
        let token = format!("{text}.{}", b64(&key.sign(text.as_bytes()).to_bytes()));
        for _ in 0..2 {
            let service = Service::start(dir, &[flags, &["--no-demo"]].concat());
            let body = json!({"site": SITE, "token": token});
            let answer = service.try_call("POST", "/v1/identity/sso", &[], Some(body));
            let (status, body) = answer.unwrap();
            assert_eq!(status, 200, "{body}");
        }
    });
}

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[test]
fn a_backup_is_whole_while_writers_write() {
    let dir = tempfile::tempdir().unwrap();
    add_site(dir.path(), &[]);
    let service = Service::start(dir.path(), &["--no-demo"]);
    let copy = dir.path().join("copy.db");
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (before, after) = std::thread::scope(|scope| {
        for writer in 0..4 {
            let (service, stop, acknowledged) = (&service, &stop, &acknowledged);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    service.comment("a", &format!("By {writer}"));
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let written = |count: usize| {
            eventually("writes", || {
                (acknowledged.load(Ordering::SeqCst) >= count).then_some(())
            });
        };
        written(40);
        let before = acknowledged.load(Ordering::SeqCst);
        let answer = run(dir.path(), &["backup", "copy.db"]);
        let after = acknowledged.load(Ordering::SeqCst) + 4;
        written(after);
        stop.store(true, Ordering::SeqCst);
        let complaint = String::from_utf8(answer.stderr).unwrap();
        assert!(answer.status.success(), "{complaint}");
        (before, after)
    });
    assert_eq!(mode(&copy), 0o600);
    fails(dir.path(), &["backup", "copy.db"], "there already");
    let mut opened = SqliteConnection::establish(copy.to_str().unwrap()).unwrap();
    let verdicts: Vec<Verdict> = diesel::sql_query("PRAGMA integrity_check")
        .load(&mut opened)
        .unwrap();
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|row| row.integrity_check.as_str())
        .collect();
    assert_eq!(verdicts, ["ok"]);
    drop(opened);
    // A service on the copy has everything from before the copy began, and goes on from there.
    let restored = Service::start(dir.path(), &["--no-demo", "--database=sqlite:copy.db"]);
    let kept = restored.whole("a").len();
    assert!(
        (before..=after).contains(&kept),
        "{before} <= {kept} <= {after}"
    );
    restored.comment("a", "On the copy");
    assert_eq!(restored.whole("a").len(), kept + 1);
    assert!(service.whole("a").len() >= after);
}

/// A request that is half sent.
fn begin(service: &Service, body: &str) -> TcpStream {
    let address = service.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let (start, _) = body.split_at(body.len() / 2);
    write!(
        stream,
        "POST /v1/comments HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The service asks for the body, and so has the request in hand.
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(start.as_bytes()).unwrap();
    stream
}

#[test]
fn a_stop_finishes_what_is_under_way() {
    on_both(|dir, flags| {
        add_site(dir, flags);
        let flags = [flags, &["--no-demo"]].concat();
        let mut service = Service::start(dir, &flags);
        let thread = service.page("a")["thread"]["id"].clone();
        // A stream that stays open must not keep the service from stopping.
        let stream = ureq::get(format!(
            "{}/v1/threads/{}/events",
            service.url,
            thread.as_str().unwrap()
        ));
        let stream = stream.call().unwrap();
        let body =
            json!({"site": SITE, "url": format!("{ORIGIN}/a"), "body": "Half sent"}).to_string();
        let mut half = begin(&service, &body);
        let acknowledged: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let service = &service;
                    scope.spawn(move || write_until_it_ends(service, writer))
                })
                .collect();
            eventually("writes", || {
                let count = &service.page("a")["thread"]["comment_count"];
                count.as_u64().filter(|count| *count >= 40)
            });
            service.terminate();
            writers
                .into_iter()
                .flat_map(|writer| writer.join().unwrap())
                .collect()
        });
        // The writers were turned away: only what was begun goes on.
        half.write_all(&body.as_bytes()[body.len() / 2..]).unwrap();
        let mut answer = String::new();
        half.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
        assert_eq!(service.ended().code(), Some(0));
        drop(stream);

        let service = Service::start(dir, &flags);
        let kept = service.whole("a");
        for id in &acknowledged {
            assert!(kept.contains(id), "{id} was acknowledged");
        }
        let newest = service.page("a")["comments"]["items"][0]["body_html"].clone();
        assert_eq!(newest, "<p>Half sent</p>\n");
    });
}

/// Writes until the service is gone, and gives the ids of what it took.
fn write_until_it_ends(service: &Service, writer: usize) -> Vec<String> {
    let mut taken = Vec::new();
    for count in 0.. {
        match service.try_comment(
            "a",
            "Until the end",
            &format!("until-the-end-{writer}-{count}"),
        ) {
            Some((201, body)) => taken.push(body["id"].as_str().unwrap().to_owned()),
            Some((503, _)) => {}
            Some((status, body)) => panic!("{status}: {body}"),
            None => break,
        }
    }
    taken
}

#[test]
fn two_services_share_a_postgres_database() {
    let Some(postgres) = Postgres::named() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let flag = postgres.flag();
    add_site(dir.path(), &[&flag]);
    // The same directory, and so the same signing key.
    let one = Service::start(dir.path(), &["--no-demo", &flag]);
    let other = Service::start(dir.path(), &["--no-demo", &flag]);
    let posted = one.comment("a", "Here");
    let id = posted["id"].as_str().unwrap();
    let token = format!("Bearer {}", posted["token"].as_str().unwrap());
    let edit = Some(json!({"body": "There"}));
    let (status, edited) = other
        .try_call(
            "PATCH",
            &format!("/v1/comments/{id}"),
            &[("Authorization", &token)],
            edit,
        )
        .unwrap();
    assert_eq!((status, &edited["body"]), (200, &json!("There")));
    eventually("edit on the first service", || {
        let shown: Value = one.get(&format!("/v1/comments/{id}"));
        (shown["comment"]["body_html"] == "<p>There</p>\n").then_some(())
    });
}
