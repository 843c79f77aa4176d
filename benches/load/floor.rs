//! The floor: a bare actix-web server that answers given bytes from memory.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

/// What this program is told to be.
pub const ROLE: &str = "floor";

/// A floor that runs; dropped, it ends.
pub struct Floor {
    child: Child,
    pub address: SocketAddr,
}

impl Floor {
    /// Answers `/` with the bytes of that file, of that type and coding, and `/empty` with nothing at all.
    pub fn start(body: &Path, kind: &str, coding: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                ROLE.as_ref(),
                body.as_os_str(),
                kind.as_ref(),
                coding.as_ref(),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            address: line.trim().parse().unwrap(),
        }
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub fn serve(words: &[String]) {
    let [body, kind, coding] = words else {
        panic!("floor BODY TYPE CODING")
    };
    let body = Bytes::from(std::fs::read(body).unwrap());
    let (kind, coding) = (kind.clone(), coding.clone());
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (body, kind, coding) = (body.clone(), kind.clone(), coding.clone());
            let whole = move || {
                let answer = HttpResponse::Ok()
                    .insert_header(("Content-Type", kind.as_str()))
                    .insert_header(("Content-Encoding", coding.as_str()))
                    .body(body.clone());
                async move { answer }
            };
            App::new().route("/", web::get().to(whole)).route(
                "/empty",
                web::get().to(|| async { HttpResponse::NotModified().finish() }),
            )
        })
        .bind("127.0.0.1:0")
        .unwrap();
        println!("{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}
