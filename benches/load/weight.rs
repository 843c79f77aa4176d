//! What the program weighs, and how soon it answers.

use std::time::Instant;

use crate::service::Service;
use crate::table::{self, median, number};

const STARTS: usize = 7;

pub fn run() {
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_postil"))
        .unwrap()
        .len() as f64;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..STARTS {
        let began = Instant::now();
        let service = Service::start(dir.path(), &[]);
        let (head, _) = service.get(&format!(
            "/v1/threads?site=demo&url={}/demo/",
            service.origin()
        ));
        times.push(began.elapsed().as_secs_f64() * 1e3);
        assert_eq!(head.status, 200);
        memory.push(service.memory() as f64 / 1024.0 / 1024.0);
    }
    let rows = [
        [
            "the program, MiB (with debug information, if the profile keeps it)".to_owned(),
            number(size / 1024.0 / 1024.0),
            String::new(),
        ],
        [
            "memory after a first answer, MiB".into(),
            format!("**{}**", number(median(memory))),
            "≤ 20".into(),
        ],
        [
            "first start: database made, demo written, page answered, ms".into(),
            number(times[0]),
            String::new(),
        ],
        [
            "later starts: from the command to a page, ms".into(),
            format!("**{}**", number(median(times[1..].to_vec()))),
            "≤ 50".into(),
        ],
    ];
    table::print(&["weight and start", "", "budget"], &rows.map(Vec::from));
}
