use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;

fn config(flags: &[&str]) -> Config {
    // Where mail goes is the matter of one test alone.
    let flags = flags.iter().copied().chain(["--allow-file-mail"]);
    Config::from_flags(flags).unwrap()
}

fn refusal(flags: &[&str]) -> String {
    match Config::from_flags(flags.iter().copied()) {
        Ok(_) => panic!("{flags:?} was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn with_no_settings_there_is_a_demo_on_this_machine() {
    let config = config(&[]);
    let listen: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    assert_eq!(config.listen, listen);
    assert!(config.database == Database::Sqlite("./postil-data/postil.db".into()));
    assert_eq!(config.mail.folder, PathBuf::from("./postil-data/mail"));
    assert!(config.demo && config.secrets.is_none() && config.trusted_proxies.is_empty());
    assert_eq!(
        config.limits.comments,
        Rate {
            calls: 60,
            seconds: 60
        }
    );
    assert_eq!(
        config.limits.writes,
        Rate {
            calls: 240,
            seconds: 60
        }
    );
    assert_eq!(
        config.limits.identity,
        Rate {
            calls: 60,
            seconds: 60
        }
    );
    assert_eq!(config.limits.streams, 10_000);
    assert_eq!(
        (config.read_connections, config.keep_log.as_secs()),
        (8, 30 * 24 * 3600)
    );
    assert!(config.workers >= 1);
}

#[test]
fn every_setting_is_taken() {
    let secrets = format!("{},{}", "n".repeat(32), "o".repeat(40));
    let config = config(&[
        "--listen=[::1]:0",
        "--data-dir=/srv/p",
        "--database=postgres://u:p@h/d",
        "--public-url=https://c.example.org/",
        "--smtp=smtps://me:s%40fe@mail.example.org:465",
        "--mail-from=\"Comments\" <comments@Example.org>",
        "--trusted-proxies=10.1.2.3/8, 127.0.0.1,fd00::/8",
        "--secrets",
        &secrets,
        "--demo",
        "--rate-comments=0",
        "--rate-writes=7/3600",
        "--rate-identity=0/60",
        "--max-streams=0",
        "--workers=3",
        "--read-connections=2",
        "--keep-log-days=1",
    ]);
    assert!(config.database == Database::Postgres("postgres://u:p@h/d".into()));
    assert_eq!(
        config.public_url.as_ref().unwrap().to_string(),
        "https://c.example.org"
    );
    let smtp = config.mail.smtp.as_ref().unwrap();
    assert_eq!(format!("{smtp:?}"), "Server(mail.example.org:465, Wrapped)");
    let from = config.mail.from.as_ref().unwrap();
    assert_eq!(from.to_string(), "Comments <comments@example.org>");
    let proxies: Vec<_> = config
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"]);
    assert!(config.secrets.is_some() && config.demo);
    assert_eq!(config.limits.comments.calls, 0);
    assert_eq!(
        config.limits.writes,
        Rate {
            calls: 7,
            seconds: 3600
        }
    );
    assert_eq!(config.limits.identity.calls, 0);
    assert_eq!(
        (
            config.limits.streams,
            config.workers,
            config.read_connections
        ),
        (0, 3, 2)
    );
    assert_eq!(config.keep_log, Duration::from_secs(24 * 3600));
}

#[test]
fn a_refusal_names_the_setting_and_what_it_takes() {
    for (flag, value, takes) in [
        ("--listen", "localhost", "127.0.0.1:8080"),
        ("--public-url", "https://example.org/a b", "a path of"),
        ("--public-url", "https://*.example.org", "a path of"),
        ("--public-url", "ftp://example.org", "https://"),
        ("--mail-from", "nobody", "postil@example.org"),
        ("--trusted-proxies", "10.0.0.0/40", "10.0.0.0/8"),
        ("--demo", "perhaps", "true or false"),
        ("--rate-comments", "20", "COUNT/SECONDS"),
        ("--rate-comments", "20/0", "COUNT/SECONDS"),
        ("--rate-comments", "0/", "COUNT/SECONDS"),
        ("--rate-writes", "+1/60", "COUNT/SECONDS"),
        ("--rate-identity", "1/60/60", "COUNT/SECONDS"),
        ("--max-streams", "many", "from 0 to 1000000"),
        ("--workers", "0", "from 1 to 1024"),
        ("--read-connections", "-1", "from 1 to 1000"),
        ("--keep-log-days", "4000", "from 1 to 3650"),
        ("--log", "loud", "off, error, warn"),
        ("--log", "info,=debug", "MODULE=LEVEL"),
        ("--log-format", "xml", "plain or json"),
    ] {
        let said = refusal(&[&format!("{flag}={value}")]);
        let named = format!("{flag} cannot be `{value}`. It takes ");
        assert!(said.starts_with(&named) && said.contains(takes), "{said}");
    }
    assert!(refusal(&["--listen="]).starts_with("--listen cannot be empty. It takes "));
}

#[test]
fn a_refusal_repeats_no_secret() {
    let twice = ["hunter2".repeat(5), "hunter2".repeat(5)].join(",");
    for (flag, value) in [
        ("--database", "mysql://me:hunter2@host/db"),
        ("--smtp", "http://me:hunter2@host"),
        ("--smtp", "smtp://me:hunter2@host/path"),
        ("--smtp", "smtp:hunter2"),
        ("--smtp", "smtp://"),
        ("--secrets", "hunter2"),
        ("--secrets", &twice),
    ] {
        let said = refusal(&[flag, value]);
        assert!(
            said.starts_with(&format!("{flag} has a value that will not do. ")),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_mail_server_needs_a_sender() {
    let said = refusal(&["--smtp=smtp://localhost"]);
    assert!(said.contains("--mail-from (POSTIL_MAIL_FROM)"), "{said}");
    let config = config(&["--smtp=smtp://localhost", "--mail-from=a@example.org"]);
    assert_eq!(config.mail.from.unwrap().to_string(), "a@example.org");
}

#[test]
fn a_public_service_does_not_write_its_mail_to_files_by_oversight() {
    for public in [
        "--listen=0.0.0.0:8080",
        "--listen=192.0.2.1:80",
        "--listen=[::]:80",
        "--public-url=https://c.example.org",
    ] {
        let why = refusal(&[public]);
        for part in [
            "--smtp (POSTIL_SMTP)",
            "--allow-file-mail (POSTIL_ALLOW_FILE_MAIL=true)",
        ] {
            assert!(why.contains(part), "{part} in {why}");
        }
        for enough in [
            &[public, "--allow-file-mail"][..],
            &[
                public,
                "--smtp=smtp://localhost",
                "--mail-from=a@example.org",
            ],
        ] {
            assert!(
                Config::from_flags(enough.iter().copied()).is_ok(),
                "{enough:?}"
            );
        }
    }
    for own in [
        "--listen=[::1]:80",
        "--public-url=http://localhost:9",
        "--public-url=http://127.0.0.1:9",
    ] {
        assert!(Config::from_flags([own]).is_ok(), "{own}");
    }
}

#[test]
fn settings_of_mail_follow_from_each_other() {
    let mail = config(&[
        "--smtp=smtp://localhost",
        "--mail-from=Comments <comments@example.org>",
        "--mail-quiet-seconds=0",
        "--mail-rate=100/60",
        "--mail-rate-per-domain=5/1",
        "--dkim-key=/etc/key.pem",
        "--mail-templates=/etc/letters",
        "--mail-bounce-address=bounces@example.org",
    ])
    .mail;
    let dkim = mail.dkim.unwrap();
    assert_eq!(
        (dkim.selector.as_str(), dkim.domain.as_str()),
        ("postil", "example.org")
    );
    assert_eq!(
        (mail.quiet, mail.rate.calls, mail.rate_per_domain.seconds),
        (Duration::ZERO, 100, 1)
    );
    assert_eq!(mail.returns.unwrap().as_str(), "bounces@example.org");
    assert!(refusal(&["--dkim-key=/etc/key.pem"]).contains("--dkim-domain (POSTIL_DKIM_DOMAIN)"));
    for wrong in [
        "--mail-bounce-address=bounces",
        "--dkim-selector=a b",
        "--mail-quiet-seconds=4000",
    ] {
        assert!(refusal(&[wrong]).contains("It takes"), "{wrong}");
    }
}

#[test]
fn there_is_no_demo_in_public_unless_asked_for() {
    for (flags, demo) in [
        (&["--listen=127.0.0.9:1"][..], true),
        (&["--listen=[::1]:1"], true),
        (&["--listen=0.0.0.0:1"], false),
        (&["--listen=0.0.0.0:1", "--demo"], true),
        (&["--public-url=https://c.example.org"], false),
        (&["--public-url=https://c.example.org", "--demo=true"], true),
        (&["--no-demo"], false),
        (&["--demo=false"], false),
        (&["--demo", "--no-demo"], false),
        (&["--no-demo", "--demo"], false),
    ] {
        assert_eq!(config(flags).demo, demo, "{flags:?}");
    }
}

#[test]
fn the_public_address_follows_from_what_was_bound() {
    for (flag, bound, url) in [
        (
            "--listen=127.0.0.1:0",
            "127.0.0.1:49152",
            "http://127.0.0.1:49152",
        ),
        ("--listen=[::1]:0", "[::1]:9", "http://[::1]:9"),
        (
            "--listen=0.0.0.0:80",
            "0.0.0.0:8080",
            "http://localhost:8080",
        ),
        (
            "--public-url=https://c.example.org:443",
            "127.0.0.1:9",
            "https://c.example.org",
        ),
        (
            "--public-url=https://example.org/comments/",
            "127.0.0.1:9",
            "https://example.org/comments",
        ),
    ] {
        let origin = config(&[flag]).public_url(bound.parse().unwrap()).unwrap();
        assert_eq!(origin.to_string(), url);
    }
    for (listen, here) in [
        ("0.0.0.0:1", "127.0.0.1:1"),
        ("[::]:1", "[::1]:1"),
        ("10.0.0.1:1", "10.0.0.1:1"),
    ] {
        assert_eq!(from_here(listen.parse().unwrap()).to_string(), here);
    }
}

#[test]
fn libraries_stay_quiet_unless_they_are_named() {
    use tracing::Level;
    let levels = |text| LogLevels::parse(text).unwrap().filter();
    let debug = levels("debug");
    assert!(debug.would_enable("postil::http", &Level::DEBUG));
    assert!(!debug.would_enable("postil::http", &Level::TRACE));
    assert!(debug.would_enable("actix_server", &Level::WARN));
    assert!(!debug.would_enable("actix_server", &Level::INFO));
    let named = levels("error, postil::mail=debug,actix_server=trace");
    assert!(!named.would_enable("postil::http", &Level::WARN));
    assert!(named.would_enable("postil::mail::worker", &Level::DEBUG));
    assert!(named.would_enable("actix_server", &Level::TRACE));
    assert!(!levels("off").would_enable("postil", &Level::ERROR));
}

fn in_directory(path: &Path) -> Config {
    Config {
        data_dir: path.join("data"),
        ..config(&[])
    }
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let home = tempfile::tempdir().unwrap();
    let config = in_directory(home.path());
    let keys = signing_keys(&config).unwrap();
    let path = config.data_dir.join("signing.key");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        std::fs::metadata(&config.data_dir).unwrap().mode() & 0o777,
        0o700
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let again = signing_keys(&config).unwrap();
    assert_eq!(again.mac("test", b"data"), keys.mac("test", b"data"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    // A second secret in the file is an older one.
    std::fs::write(&path, format!("{},{text}", "n".repeat(32))).unwrap();
    let both = signing_keys(&config).unwrap();
    assert_ne!(both.mac("test", b"data"), keys.mac("test", b"data"));
    assert!(both.verify_mac("test", b"data", &keys.mac("test", b"data")));
}

#[test]
fn a_key_file_that_others_may_use_is_refused_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let config = in_directory(home.path());
    signing_keys(&config).unwrap();
    let path = config.data_dir.join("signing.key");
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let said = signing_keys(&config).unwrap_err().to_string();
        assert!(
            said.contains(&format!("chmod 600 {}", path.display())),
            "{said}"
        );
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    assert!(signing_keys(&config).is_ok());
}

#[test]
fn a_key_file_without_a_key_is_refused_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let config = in_directory(home.path());
    signing_keys(&config).unwrap();
    let path = config.data_dir.join("signing.key");
    for text in ["", "\n", "too short\n"] {
        std::fs::write(&path, text).unwrap();
        let said = signing_keys(&config).unwrap_err().to_string();
        assert!(
            said.contains("holds no secret") && said.contains("delete it"),
            "{said}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn given_secrets_need_no_file() {
    let home = tempfile::tempdir().unwrap();
    let secret = "s".repeat(32);
    let given = config(&["--secrets", &secret]);
    let given = Config {
        data_dir: home.path().join("data"),
        ..given
    };
    signing_keys(&given).unwrap();
    assert!(!given.data_dir.exists());
}
