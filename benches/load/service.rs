//! The release program as a process of its own, with a data directory that goes with it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Limits that would throttle a load generator, raised as any operator can; and no page is asked whose address is made up.
pub const RAISED: [&str; 7] = [
    "--fetch-pages=false",
    "--rate-comments=0",
    "--rate-writes=0",
    "--rate-identity=0",
    "--rate-letters=0",
    "--rate-texts=0",
    "--max-streams=1000000",
];

/// A service that runs; dropped, it is killed.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
}

impl Service {
    /// Starts it on a free port.
    pub fn start(dir: &Path, settings: &[&str]) -> Self {
        let log = std::fs::File::create(dir.join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_postil"))
            .env_clear()
            .current_dir(dir)
            .arg("--listen=127.0.0.1:0")
            .args(RAISED)
            .args(settings)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("Listening on http://")
            .expect("the service starts");
        Self {
            child,
            address: address.parse().unwrap(),
        }
    }

    /// Where the demo's page is, as its readers' addresses have it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Seconds of processor time so far (proc(5): in hundredths).
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Memory that it holds, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        let kib = line.split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }

    /// Posts JSON, and gives the answer.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = ureq::post(format!("http://{}{path}", self.address))
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Gets a path, as browsers ask for it: the status, the headers and the body as it came.
    pub fn get(&self, path: &str) -> (ureq::http::response::Parts, Vec<u8>) {
        let answer = ureq::get(format!("http://{}{path}", self.address))
            .header("Accept-Encoding", "br")
            .call()
            .unwrap();
        let (parts, mut body) = answer.into_parts();
        (parts, body.read_to_vec().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
