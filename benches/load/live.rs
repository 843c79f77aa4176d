//! Ten thousand live streams on one instance: what each takes in memory, and how long a comment needs to the last of them.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::service::Service;
use crate::table::{self, median, number};

/// What this program is told to be.
pub const ROLE: &str = "listen";

const STREAMS: usize = 10_000;

/// Comments posted, one after another.
const ROUNDS: usize = 20;

/// How many streams are opened at a time.
const OPENING: usize = 64;

/// What to listen to.
#[derive(Serialize, Deserialize)]
struct Wanted {
    address: SocketAddr,
    path: String,
    streams: usize,
    rounds: usize,
}

/// When a comment reached half of the streams, and the last, in microseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Reached {
    half: u64,
    last: u64,
}

pub fn run() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), &[]);
    let page = format!("{}/live", service.origin());
    let post = |text: String| {
        let comment = json!({"site": "demo", "url": page, "body": text, "author": {"name": "Ada"}});
        service.post("/v1/comments", &comment)
    };
    let first = post("The first".into());
    let path = format!(
        "/v1/threads/{}/events",
        first["thread_id"].as_str().unwrap()
    );
    let before = service.memory();
    let mut listeners = Listeners::start(&Wanted {
        address: service.address,
        path,
        streams: STREAMS,
        rounds: ROUNDS,
    });
    let each = (service.memory() - before) as f64 / STREAMS as f64;
    let (mut half, mut last) = (Vec::new(), Vec::new());
    let cpu = service.cpu();
    for round in 0..ROUNDS {
        post(format!("Number {round}, which everybody hears of"));
        let acknowledged = micros();
        let reached = listeners.reached();
        half.push(reached.half.saturating_sub(acknowledged) as f64 / 1e3);
        last.push(reached.last.saturating_sub(acknowledged) as f64 / 1e3);
    }
    let cpu = (service.cpu() - cpu) * 1e6 / (ROUNDS * STREAMS) as f64;
    let worst = last.iter().copied().fold(0.0, f64::max);
    let rows = [
        [
            "open streams, all on one thread".into(),
            number(STREAMS as f64),
            String::new(),
        ],
        [
            "memory of each, KiB".into(),
            format!("**{:.1}**", each / 1024.0),
            "≤ 16".into(),
        ],
        [
            "from the 201 to half of them, ms (median)".into(),
            number(median(half)),
            String::new(),
        ],
        [
            "to the last of them, ms (median)".into(),
            number(median(last)),
            String::new(),
        ],
        [
            "to the last of them, ms (worst)".into(),
            number(worst),
            String::new(),
        ],
        [
            "processor time for each event on each stream, µs".into(),
            number(cpu),
            String::new(),
        ],
    ];
    table::print(&["live", "", "budget"], &rows.map(Vec::from));
}

fn micros() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as u64
}

/// The streams' readers, a process of their own.
struct Listeners {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Listeners {
    /// Returns when every stream is open.
    fn start(wanted: &Wanted) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&serde_json::to_vec(wanted).unwrap())
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut listeners = Self { child, said };
        assert_eq!(listeners.line(), "open");
        listeners
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn reached(&mut self) -> Reached {
        serde_json::from_str(&self.line()).expect("every stream hears of every comment")
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens streams, and says when each comment reached them.
pub fn listen() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let wanted: Wanted = serde_json::from_str(&text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let (heard, mut hearing) = mpsc::unbounded_channel();
        for opened in 0..wanted.streams {
            tokio::task::spawn_local(follow(wanted.address, wanted.path.clone(), heard.clone()));
            if opened >= OPENING {
                hearing.recv().await.unwrap();
            }
        }
        for _ in 0..OPENING.min(wanted.streams) {
            hearing.recv().await.unwrap();
        }
        println!("open");
        for _ in 0..wanted.rounds {
            let mut times = Vec::with_capacity(wanted.streams);
            while times.len() < wanted.streams {
                let patience = Duration::from_secs(60);
                let Ok(Some(at)) = tokio::time::timeout(patience, hearing.recv()).await else {
                    println!("{} of {} streams heard of it", times.len(), wanted.streams);
                    return;
                };
                times.push(at);
            }
            times.sort_unstable();
            let reached = Reached {
                half: times[times.len() / 2],
                last: times[times.len() - 1],
            };
            println!("{}", serde_json::to_string(&reached).unwrap());
        }
    });
}

/// Reads one stream; says when it is open, and when each comment came.
async fn follow(address: SocketAddr, path: String, heard: mpsc::UnboundedSender<u64>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: postil\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    let mut wanted: &[u8] = b"event: ready";
    loop {
        while let Some(place) = text
            .windows(wanted.len())
            .position(|window| window == wanted)
        {
            let _ = heard.send(micros());
            text.drain(..place + wanted.len());
            wanted = b"event: comment.created";
        }
        if stream.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return;
        }
    }
}
