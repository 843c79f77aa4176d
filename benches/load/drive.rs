//! The load: a process of its own that keeps a number of connections busy, one request at a time on each.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

/// What this program is told to be.
pub const ROLE: &str = "drive";

/// Stands in a request for eight digits of a number that no other request of the run has.
pub const NUMBER: &str = "@@@@@@@@";

/// What to do.
#[derive(Clone, Serialize, Deserialize)]
pub struct Plan {
    pub address: SocketAddr,
    pub connections: usize,
    /// For how long.
    pub seconds: f64,
    /// Whole requests, head and body; each connection sends them in turn, from a place of its own.
    pub requests: Vec<String>,
    /// The first number.
    pub first: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    pub seconds: f64,
    /// How many answers of each status.
    pub statuses: BTreeMap<u16, u64>,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Milliseconds within which half the answers came, and 99 of 100.
    pub median: f64,
    pub p99: f64,
}

impl Outcome {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.statuses.values().sum::<u64>() as f64 / self.seconds
    }

    /// Ends the bench unless every answer had this status.
    pub fn must_be(&self, status: u16) -> &Self {
        let others: Vec<_> = self
            .statuses
            .keys()
            .filter(|other| **other != status)
            .collect();
        assert!(
            others.is_empty() && self.rate() > 0.0,
            "wanted {status} alone: {:?}",
            self.statuses
        );
        self
    }
}

/// A GET of that path, as a browser sends it.
pub fn get(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: postil\r\nAccept-Encoding: gzip, deflate, br\r\n{headers}\r\n"
    )
}

/// A POST of that JSON.
pub fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: postil\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A load that is under way.
pub struct Driving(std::process::Child);

impl Plan {
    /// Begins.
    pub fn begin(&self) -> Driving {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let plan = serde_json::to_vec(self).unwrap();
        child.stdin.take().unwrap().write_all(&plan).unwrap();
        Driving(child)
    }

    /// Begins, and waits for the end.
    pub fn run(&self) -> Outcome {
        self.begin().end()
    }
}

impl Driving {
    /// Waits for the end.
    pub fn end(mut self) -> Outcome {
        let mut text = String::new();
        self.0
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert!(
            self.0.wait().unwrap().success(),
            "the load generator failed"
        );
        serde_json::from_str(&text).unwrap()
    }
}

/// Does what standard input says, and says on standard output what came of it.
pub fn work() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let plan: Plan = serde_json::from_str(&text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = LocalSet::new().block_on(&runtime, load(plan));
    println!("{}", serde_json::to_string(&outcome).unwrap());
}

#[derive(Default)]
struct Seen {
    statuses: BTreeMap<u16, u64>,
    bytes: u64,
    micros: Vec<u32>,
}

async fn load(plan: Plan) -> Outcome {
    let plan = Rc::new(plan);
    let number = Rc::new(Cell::new(plan.first));
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(plan.seconds);
    let mut connections = JoinSet::new();
    for index in 0..plan.connections {
        connections.spawn_local(connection(plan.clone(), index, number.clone(), until));
    }
    let mut all = Seen::default();
    while let Some(seen) = connections.join_next().await {
        let seen = seen.unwrap();
        for (status, count) in seen.statuses {
            *all.statuses.entry(status).or_default() += count;
        }
        all.bytes += seen.bytes;
        all.micros.extend(seen.micros);
    }
    let seconds = began.elapsed().as_secs_f64();
    all.micros.sort_unstable();
    let within = |share: f64| {
        let place = (all.micros.len() as f64 * share) as usize;
        all.micros
            .get(place)
            .map_or(0.0, |micros| f64::from(*micros) / 1e3)
    };
    Outcome {
        seconds,
        median: within(0.5),
        p99: within(0.99),
        statuses: all.statuses,
        bytes: all.bytes,
    }
}

async fn connection(plan: Rc<Plan>, index: usize, number: Rc<Cell<u64>>, until: Instant) -> Seen {
    let mut stream = TcpStream::connect(plan.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut seen = Seen::default();
    let mut buffer = Vec::with_capacity(256 * 1024);
    for turn in index.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let request = &plan.requests[turn % plan.requests.len()];
        if request.contains(NUMBER) {
            let own = number.replace(number.get() + 1);
            let request = request.replace(NUMBER, &format!("{own:08}"));
            stream.write_all(request.as_bytes()).await.unwrap();
        } else {
            stream.write_all(request.as_bytes()).await.unwrap();
        }
        let (status, bytes) = answer(&mut stream, &mut buffer).await;
        *seen.statuses.entry(status).or_default() += 1;
        seen.bytes += bytes as u64;
        seen.micros.push(began.elapsed().as_micros() as u32);
    }
    seen
}

/// Reads one answer to its end: its status and the length of its body.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> (u16, usize) {
    buffer.clear();
    let head = loop {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the server hung up"
        );
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head]).unwrap();
    let status: u16 = text[9..12].parse().unwrap();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let length = length.filter(|_| status != 304).unwrap_or_default();
    while buffer.len() < head + length {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the server hung up"
        );
    }
    (status, length)
}
