//! A client against services that behave badly.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::*;

const PATIENCE: Duration = Duration::from_millis(1_000);

/// A service on a port of its own, which does with each connection what the script says once the request is here.
fn service(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, script) = (stream.unwrap(), script.clone());
            std::thread::spawn(move || {
                let mut read = Vec::new();
                let mut buffer = [0; 4096];
                while !read.ends_with(b"{}") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(n) => read.extend_from_slice(&buffer[..n]),
                    }
                }
                script(stream);
            });
        }
    });
    address
}

/// One that answers with these bytes.
fn answering(bytes: &'static str) -> SocketAddr {
    service(move |mut stream| {
        let _ = stream.write_all(bytes.as_bytes());
    })
}

fn client(named: &[&str]) -> Client {
    Client::new(named.iter().map(|net| net.parse().unwrap()).collect())
}

async fn post(client: &Client, url: String) -> Result<(u16, String), Failure> {
    let request = Request {
        url,
        headers: vec![("webhook-id", "msg_1".into())],
        body: b"{}".to_vec(),
    };
    let answer = client.post(request, PATIENCE, ()).await?;
    Ok((answer.status, String::from_utf8(answer.body).unwrap()))
}

#[tokio::test]
async fn an_answer_is_read_whole() {
    let client = client(&["127.0.0.0/8"]);
    let plain = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let closed = answering("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nuntil the end");
    let chunked =
        answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    let nothing = answering("HTTP/1.1 204 No Content\r\n\r\n");
    for (address, status, body) in [
        (plain, 200, "ok"),
        (closed, 404, "until the end"),
        (chunked, 200, "ok"),
        (nothing, 204, ""),
    ] {
        let answer = post(&client, format!("http://{address}/x")).await;
        assert_eq!(answer, Ok((status, body.into())));
    }
}

#[tokio::test]
async fn nothing_private_is_called_by_whatever_name() {
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = reached.clone();
    let address = service(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let port = address.port();
    for named in [&[][..], &["127.0.0.2/32"], &["10.0.0.0/8"]] {
        for host in [
            "127.0.0.1",
            "localhost",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                let url = crate::domain::webhook::Endpoint::parse(&url).unwrap();
                let answer = post(&client(named), url.as_str().to_owned()).await;
                assert_eq!(answer, Err(Failure::Forbidden), "{}", url.as_str());
            }
        }
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = reached.clone();
    let inside = service(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    for status in ["301", "302", "303", "307", "308"] {
        let address = service(move |mut stream| {
            let head = format!("HTTP/1.1 {status} X\r\nLocation: http://{inside}/\r\n");
            let _ = stream.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes());
        });
        let answer = post(&client(&["127.0.0.1/32"]), format!("http://{address}/")).await;
        assert_eq!(answer, Ok((status.parse().unwrap(), String::new())));
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_slow_large_or_broken_is_given_up() {
    let drip = |head: &'static str| {
        service(move |mut stream| {
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let flood = |head: &'static str| {
        service(move |mut stream| {
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        })
    };
    let silent = service(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = gone.local_addr().unwrap();
    drop(gone);
    for (address, failure) in [
        (silent, Failure::Late),
        (drip("HTTP/1.1 200 OK\r\nX-Long: "), Failure::Late),
        (drip("HTTP/1.1 200 OK\r\n\r\n"), Failure::Late),
        (flood("HTTP/1.1 200 OK\r\n\r\n"), Failure::Large),
        (flood("HTTP/1.1 200 OK\r\nX-Long: "), Failure::Large),
        (answering(""), Failure::Broken),
        (answering("nonsense\r\n\r\n"), Failure::Broken),
        (
            answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nless"),
            Failure::Broken,
        ),
        (nobody, Failure::Broken),
    ] {
        let began = Instant::now();
        let answer = post(&client(&["127.0.0.1/32"]), format!("http://{address}/")).await;
        assert_eq!(answer, Err(failure));
        assert!(began.elapsed() < 5 * PATIENCE);
    }
}

#[tokio::test]
async fn only_so_many_are_under_way() {
    let silent = service(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    let client = client(&["127.0.0.1/32"]);
    let _all = client.0.room.acquire_many(ROOM as u32).await.unwrap();
    let answer = post(&client, format!("http://{silent}/")).await;
    assert_eq!(answer, Err(Failure::Busy));
}

/// A name that leads elsewhere each time it is looked up.
#[derive(Debug)]
struct Fickle(Mutex<Vec<SocketAddr>>);

impl Resolver for Fickle {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        found.push(self.0.lock().unwrap().remove(0));
        Ok(found)
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    let honest = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = reached.clone();
    let inside = service(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let inside = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 2).into(), inside.port());
    let named = vec!["127.0.0.1/32".parse().unwrap()];
    let fickle = Fickle(Mutex::new(vec![honest, inside, honest]));
    let inner = Inner {
        named: Vec::new(),
        room: Arc::new(Semaphore::new(ROOM)),
        agent: OnceLock::from(agent(Guarded::new(fickle, named), HEAD)),
        pages_room: Arc::new(Semaphore::new(PAGES)),
        keys_room: Arc::new(Semaphore::new(KEY_SETS)),
        pages_agent: OnceLock::new(),
    };
    let client = Client(Arc::new(inner));
    let call = || post(&client, "http://rebinding.example/".into());
    assert_eq!(call().await, Ok((204, String::new())));
    assert_eq!(call().await, Err(Failure::Forbidden));
    assert_eq!(call().await, Ok((204, String::new())));
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}
