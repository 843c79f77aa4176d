//! The program `postil`: the service, and its operator's commands. See `commands/`.

mod commands;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use postil::telemetry;

/// The command line cannot be understood; as clap and most programs have it.
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    let line = match commands::Line::read(std::env::args_os()) {
        Ok(line) => line,
        Err(commands::Unread::Said(code)) => return code,
        Err(commands::Unread::Setting(error)) => return fail(&error.to_string(), MISUSE),
    };
    if let Err(error) = telemetry::start(&line.common.log, line.common.log_format) {
        return fail(&error.to_string(), 1);
    }
    let outcome = actix_web::rt::System::new().block_on(line.run());
    match outcome.and_then(|answer| Ok(print(&answer)?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure.to_string(), failure.code()),
    }
}

/// One plain line, whatever the cause had to say.
fn fail(why: &str, code: u8) -> ExitCode {
    let line = why
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "postil: {line}");
    ExitCode::from(code)
}

/// Prints what a command answers. Whoever reads only the first lines (`head`) is welcome to.
fn print(answer: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(answer.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
