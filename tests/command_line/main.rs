//! The program's command line as an operator meets it. Nothing in this file starts the service; the others do.

#![allow(clippy::unwrap_used)]

mod crash;
mod process;
mod service;

use std::process::{Command, Output};

fn postil(args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postil"));
    command
        .args(args)
        .env_clear()
        .envs(variables.iter().copied());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_explains_every_setting_once_and_shows_no_value() {
    let secret = "hunter2".repeat(6);
    let output = postil(
        &["--help"],
        &[("POSTIL_SECRETS", &secret), ("DATABASE_URL", &secret)],
    );
    assert!(output.status.success());
    let help = text(&output.stdout);
    assert!(!help.contains("hunter2"));
    for (flag, variable) in [
        ("--data-dir", "POSTIL_DATA_DIR"),
        ("--database", "DATABASE_URL"),
        ("--log", "POSTIL_LOG"),
        ("--log-format", "POSTIL_LOG_FORMAT"),
        ("--listen", "POSTIL_LISTEN"),
        ("--public-url", "POSTIL_PUBLIC_URL"),
        ("--smtp", "POSTIL_SMTP"),
        ("--mail-from", "POSTIL_MAIL_FROM"),
        ("--allow-file-mail", "POSTIL_ALLOW_FILE_MAIL"),
        ("--mail-quiet-seconds", "POSTIL_MAIL_QUIET_SECONDS"),
        ("--mail-rate", "POSTIL_MAIL_RATE"),
        ("--mail-rate-per-domain", "POSTIL_MAIL_RATE_PER_DOMAIN"),
        ("--dkim-key", "POSTIL_DKIM_KEY"),
        ("--dkim-selector", "POSTIL_DKIM_SELECTOR"),
        ("--dkim-domain", "POSTIL_DKIM_DOMAIN"),
        ("--mail-templates", "POSTIL_MAIL_TEMPLATES"),
        ("--mail-bounce-address", "POSTIL_MAIL_BOUNCE_ADDRESS"),
        ("--trusted-proxies", "POSTIL_TRUSTED_PROXIES"),
        ("--secrets", "POSTIL_SECRETS"),
        ("--demo", "POSTIL_DEMO"),
        ("--fetch-pages", "POSTIL_FETCH_PAGES"),
        ("--rate-comments", "POSTIL_RATE_COMMENTS"),
        ("--rate-writes", "POSTIL_RATE_WRITES"),
        ("--rate-identity", "POSTIL_RATE_IDENTITY"),
        ("--rate-letters", "POSTIL_RATE_LETTERS"),
        ("--outbound-networks", "POSTIL_OUTBOUND_NETWORKS"),
        ("--rate-challenges", "POSTIL_RATE_CHALLENGES"),
        ("--rate-texts", "POSTIL_RATE_TEXTS"),
        ("--text-share", "POSTIL_TEXT_SHARE"),
        ("--max-streams", "POSTIL_MAX_STREAMS"),
        ("--workers", "POSTIL_WORKERS"),
        ("--read-connections", "POSTIL_READ_CONNECTIONS"),
        ("--keep-log-days", "POSTIL_KEEP_LOG_DAYS"),
    ] {
        let is_it = |line: &&str| line.trim().split([' ', '[']).next() == Some(flag);
        assert_eq!(help.lines().filter(is_it).count(), 1, "{flag} in\n{help}");
        assert_eq!(
            help.matches(&format!("[env: {variable}]")).count(),
            1,
            "{variable}"
        );
    }
}

/// What `--help` says a setting is when nobody says anything, and what documents say of it.
#[test]
fn documents_have_the_defaults_that_help_has() {
    let help = text(&postil(&["serve", "--help"], &[]).stdout);
    let default_of = |flag: &str| -> Option<String> {
        let is_it = |line: &&str| line.trim().split([' ', '[']).next() == Some(flag);
        let line = help.lines().find(is_it)?;
        let default = line.split_once("[default: ")?.1.split(']').next()?;
        Some(default.to_owned())
    };
    let readme = include_str!("../../README.md");
    let mut compared = 0;
    for row in readme.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let flag = cells[0].trim_start_matches("| ").trim_matches('`');
        // A default in code is one value; others are described, in both in words of their own.
        let said = cells[2]
            .strip_prefix('`')
            .and_then(|cell| cell.strip_suffix('`'));
        if let (Some(said), Some(default)) = (said, default_of(flag)) {
            assert_eq!(said, default, "{flag}");
            compared += 1;
        }
    }
    assert!(compared > 15, "{compared}");
    // The contract's example of a limit is that of comments, as it comes.
    let (quota, window) = default_of("--rate-comments")
        .and_then(|rate| {
            let (quota, window) = rate.split_once('/')?;
            Some((quota.parse::<u32>().ok()?, window.to_owned()))
        })
        .expect("a rate");
    let contract = include_str!("../../openapi.yaml");
    let left = quota - 1;
    for example in [
        format!(r#"(`"comments";q={quota};w={window}`: {quota} in {window} seconds)"#),
        format!(r#"(`"comments";r={left};t={window}`: {left} left,"#),
        format!(r#"example: '"comments";q={quota};w={window}'"#),
        format!(r#"example: '"comments";r={left};t={window}'"#),
    ] {
        assert!(contract.contains(&example), "{example}");
    }
}

#[test]
fn a_wrong_value_is_one_line_that_names_flag_and_variable() {
    let output = postil(&["serve"], &[("POSTIL_LISTEN", "here")]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("postil: --listen (POSTIL_LISTEN) cannot be `here`. It takes "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
    let output = postil(
        &["migrate"],
        &[("DATABASE_URL", "mysql://me:hunter2@host/db")],
    );
    let said = text(&output.stderr);
    assert!(
        said.starts_with("postil: --database (DATABASE_URL) has a value that "),
        "{said}"
    );
    assert!(!said.contains("hunter2"));
}

#[test]
fn a_flag_of_the_service_does_not_get_lost_before_a_command() {
    for command in ["serve", "migrate"] {
        let output = postil(&["--listen", "127.0.0.1:0", command], &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("--listen is a setting of the service"));
    }
}

#[test]
fn a_variable_set_to_nothing_counts_as_not_set() {
    // Port 1 answers nobody, and so proves that the flag was read and the empty variables were not.
    let empty = [
        ("POSTIL_LISTEN", ""),
        ("POSTIL_SMTP", " "),
        ("DATABASE_URL", ""),
    ];
    let output = postil(&["health", "--listen", "127.0.0.1:1"], &empty);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("postil: the service at 127.0.0.1:1 does not answer: "),
        "{said}"
    );
}
