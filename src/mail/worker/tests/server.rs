//! A mail server that does as it is told, at the step it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Where a dialogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Hello,
    Sender,
    Recipient,
    Data,
    Verdict,
}

/// What the server does instead of agreeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Say(&'static str),
    Hang,
    Drop,
    TakeAndDrop,
    TakeAndHang,
}

pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    trouble: Option<(Step, Act)>,
    refused: Vec<String>,
    taken: Vec<String>,
    connections: usize,
}

impl Server {
    pub fn start(trouble: Option<(Step, Act)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            trouble,
            ..State::default()
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), shared.clone());
                shared.lock().unwrap().connections += 1;
                std::thread::spawn(move || talk(&stream, &shared));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Behaves from now on.
    pub fn mend(&self) {
        self.state().trouble = None;
    }

    /// Knows nobody of that address.
    pub fn refuse(&self, address: &str) {
        self.state().refused.push(address.to_owned());
    }

    /// The letters it took.
    pub fn taken(&self) -> Vec<String> {
        self.state().taken.clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.state().connections
    }
}

fn talk(stream: &TcpStream, state: &Mutex<State>) {
    let say = |line: &str| {
        (&mut &*stream)
            .write_all(format!("{line}\r\n").as_bytes())
            .is_ok()
    };
    let mut lines = BufReader::new(stream);
    let act = |step| {
        let trouble = state.lock().unwrap().trouble;
        trouble.filter(|(at, _)| *at == step).map(|(_, act)| act)
    };
    // False: the line is cut.
    let answer = |step, usual: &str| -> bool {
        let said = match act(step) {
            None => usual.to_owned(),
            Some(Act::Say(said)) => said.to_owned(),
            Some(Act::Hang | Act::TakeAndHang) => {
                std::thread::sleep(Duration::from_secs(30));
                return false;
            }
            Some(Act::Drop | Act::TakeAndDrop) => return false,
        };
        say(&said)
    };
    if !answer(Step::Greeting, "220 test") {
        return;
    }
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let goes_on = match verb.as_str() {
            "EHLO" => answer(Step::Hello, "250 test"),
            "MAIL" => answer(Step::Sender, "250 ok"),
            "RCPT" => {
                let refused = state.lock().unwrap().refused.clone();
                let usual = if refused.iter().any(|one| line.contains(one.as_str())) {
                    "550 5.1.1 unknown user"
                } else {
                    "250 ok"
                };
                answer(Step::Recipient, usual)
            }
            "DATA" => {
                let will_take = act(Step::Data).is_none();
                let goes_on = answer(Step::Data, "354 go on");
                if will_take {
                    let mut letter = String::new();
                    loop {
                        let mut line = String::new();
                        if lines.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if line == ".\r\n" {
                            break;
                        }
                        letter.push_str(line.strip_prefix('.').unwrap_or(&line));
                    }
                    let act = act(Step::Verdict);
                    if matches!(act, None | Some(Act::TakeAndDrop | Act::TakeAndHang)) {
                        state.lock().unwrap().taken.push(letter);
                    }
                    answer(Step::Verdict, "250 taken")
                } else {
                    goes_on
                }
            }
            "QUIT" => {
                say("221 bye");
                return;
            }
            _ => say("250 ok"),
        };
        if !goes_on {
            return;
        }
    }
}
