//! `postil health`: whether the service answers, for container runtimes that have no other client at hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;
use postil::config;

use super::{Failure, Outcome};

/// Longer than a busy service needs, shorter than a container runtime waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask.
#[derive(Args)]
pub struct Health {
    /// Where the service listens
    #[arg(
        long,
        env = "POSTIL_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    #[arg(value_parser = config::listen)]
    listen: SocketAddr,
}

impl Health {
    pub(super) fn run(self) -> Outcome {
        let address = config::from_here(self.listen);
        let unwell = |why: String| Failure::new(format!("the service at {address} {why}"));
        if address.port() == 0 {
            return Err(Failure::new(
                "--listen (POSTIL_LISTEN) has port 0: name the port that the service picked",
            ));
        }
        let status = ask(address).map_err(|error| unwell(format!("does not answer: {error}")))?;
        if status == "200" {
            Ok("The service is well.\n".into())
        } else {
            Err(unwell(format!("answers {status}")))
        }
    }
}

/// The status of `GET /healthz`.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    // `HTTP/1.1 200` and no more.
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    let start = String::from_utf8_lossy(&start);
    let status = start
        .strip_prefix("HTTP/1.1 ")
        .ok_or(std::io::ErrorKind::InvalidData)?;
    Ok(status.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn told(answer: &'static str) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap();
        let service = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // To its end: what is left unread would reset the connection, and the answer with it.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut part = [0; 512];
                let length = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..length]);
            }
            assert!(request.starts_with(b"GET /healthz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let outcome = Health { listen }.run();
        service.join().unwrap();
        outcome
    }

    #[test]
    fn only_200_is_well() {
        assert!(told("HTTP/1.1 200 OK\r\n\r\n").is_ok());
        assert!(told("HTTP/1.1 503 Service Unavailable\r\n\r\n").is_err());
        assert!(told("SSH-2.0-something else").is_err());
        assert!(told("").is_err());
    }

    #[test]
    fn a_port_must_be_named() {
        let failure = Health {
            listen: "127.0.0.1:0".parse().unwrap(),
        }
        .run()
        .map_err(|failure| failure.to_string());
        assert!(failure.unwrap_err().contains("POSTIL_LISTEN"));
    }
}
