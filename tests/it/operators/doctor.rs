//! `lectern doctor` says what is wrong, and what to do.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use lectern_kernel::{auth::SigningKey, sealing::Sealer};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{keys::serve, operator};
use crate::{
    app::{Folder, TestApp},
    ops,
};

/// What the machine of a test has room for is its own affair.
const DISK: &str = "disk ";

/// The checks, each as `group subject`, with whether it passed and its detail.
fn checks(output: &[u8]) -> Vec<(String, bool, String)> {
    let report: Value = serde_json::from_slice(output).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (format!("{} {}", text(check, "group"), text(check, "subject")), check["passed"] == true, text(check, "detail")))
        .collect()
}

/// An address where whoever comes is answered this, whatever they ask.
fn answering(what: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for guest in listener.incoming() {
            let mut guest = guest.unwrap();
            // What was asked is read first: closed before that, the connection would be reset.
            let _ = guest.read(&mut [0; 1024]);
            let _ = guest.write_all(what.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn a_deployment_that_is_well_passes_and_what_is_not_is_named_with_what_to_do() {
    let app = TestApp::start().await;
    std::fs::create_dir_all(app.files()).unwrap();
    let look = |arguments: &[&str]| {
        let arguments = [&["doctor", "--json"], arguments].concat();
        let mut command = operator(&app, &arguments);
        command.env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text()).env("LECTERN_LISTEN", "127.0.0.1:9");
        command.env("LECTERN_POOL_SIZE", "2").env("LECTERN_WORKER_POOL_SIZE", "2").env("LECTERN_DATA_DIR", app.files());
        command.output().unwrap()
    };
    let found = checks(&look(&[]).stdout);
    let ill: Vec<_> = found.iter().filter(|(name, passed, _)| !passed && !name.starts_with(DISK)).collect();
    assert!(ill.is_empty(), "{ill:#?}");
    for (subject, part) in [
        ("database DATABASE_URL", "connects as lectern_app"),
        ("database LECTERN_DESK_URL", "connects as lectern_desk"),
        ("database LECTERN_OWNER_URL", "connects as lectern_owner"),
        ("clocks PostgreSQL", "ms apart"),
        ("limits connections", "a service may open"),
        ("files LECTERN_FILES", "an object was written, read and deleted"),
        ("keys sealed values", "all open, by the first key"),
        ("mail LECTERN_SMTP_URL", "not set: mails are files of"),
        ("models LECTERN_ASSISTANT_URL", "to know: not set"),
        ("standbys LECTERN_REPLICA_URL", "not set"),
        ("addresses LECTERN_METRICS_LISTEN", "not set"),
        ("observing LECTERN_OTLP_URL", "not set"),
        ("observing LECTERN_SENTRY_DSN", "not set"),
    ] {
        let check = found.iter().find(|(name, ..)| name == subject).unwrap_or_else(|| panic!("{subject}: {found:#?}"));
        assert!(check.1 && check.2.contains(part), "{check:?}");
    }

    // Before the first start nobody answers where people will reach it.
    let found = checks(&look(&["--public-url", "http://127.0.0.1:9"]).stdout);
    let service = found.iter().find(|(name, ..)| name == "addresses LECTERN_LISTEN").unwrap();
    assert!(service.1 && service.2 == "to know: nobody listens at 127.0.0.1:9; start the service, and ask again", "{service:?}");
    let address = found.iter().find(|(name, ..)| name == "addresses LECTERN_PUBLIC_URL").unwrap();
    assert!(address.1 && address.2.starts_with("to know: ") && address.2.ends_with("ask again when the service runs"), "{address:?}");

    // Whoever observes is there; what they say to a stranger is all the same.
    let (metrics, collector) =
        (answering("HTTP/1.1 200 OK\r\n\r\nlectern_database_up 1\n"), answering("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
    let dsn = format!("http://of_a_project@{collector}/1");
    let found = checks(&look(&["--metrics-listen", &metrics, "--otlp-url", &format!("http://{collector}"), "--sentry-dsn", &dsn]).stdout);
    for (subject, part) in [
        ("addresses LECTERN_METRICS_LISTEN", "answers, and is ready"),
        ("observing LECTERN_OTLP_URL", "answers; nothing was sent"),
        ("observing LECTERN_SENTRY_DSN", "answers; nothing was sent"),
    ] {
        let check = found.iter().find(|(name, ..)| name == subject).unwrap();
        assert!(check.1 && check.2.contains(part) && !check.2.contains("of_a_project"), "{check:?}");
    }

    // One thing after the other is wrong.
    let wrong = |arguments: &[&str]| {
        let output = look(arguments);
        assert_eq!(output.status.code(), Some(1));
        checks(&output.stdout)
            .into_iter()
            .filter(|(name, passed, _)| !passed && !name.starts_with(DISK))
            .map(|(name, _, detail)| (name, detail))
            .collect::<Vec<_>>()
    };
    let (app_url, platform_url) = (app.database.url("lectern_app"), app.database.url("lectern_platform"));
    let service = serve(&app, &SigningKey::generate().unwrap().to_text());
    let listen = service.url.trim_start_matches("http://");
    let unready = answering("HTTP/1.1 503 Service Unavailable\r\n\r\nthe database can't be reached\n");
    let strange = answering("220 mail.oak.example ESMTP\r\n");
    for (arguments, subject, part) in [
        (&["--request-timeout", "20"][..], "times LECTERN_STATEMENT_TIMEOUT", "the database has to stop first"),
        (&["--drain-timeout", "1"], "times LECTERN_DRAIN_TIMEOUT", "set the former higher"),
        (&["--pool-size", "1000"], "limits connections", "raise max_connections"),
        (&["--smtp-url", "smtp://127.0.0.1:9", "--mail-from", "a@oak.example"], "mail LECTERN_SMTP_URL", "check LECTERN_SMTP_URL"),
        (&["--assistant-url", "http://127.0.0.1:9/v1"], "models LECTERN_ASSISTANT_URL", "PROVIDER_UNREACHABLE: check"),
        (&["--public-url", "http://127.0.0.1:9", "--listen", listen], "addresses LECTERN_PUBLIC_URL", "check the proxy in front"),
        (&["--listen", &unready], "addresses LECTERN_LISTEN", "is not ready: the database can't be reached (HTTP 503): the service runs"),
        (&["--listen", &strange], "addresses LECTERN_LISTEN", "does not speak HTTP: something else listens there; stop it, or set"),
        (&["--owner-url", &app_url], "database LECTERN_OWNER_URL", "migrations belong to lectern_owner"),
        (&["--database-url", "postgres://lectern_app@127.0.0.1:9/lectern"], "database DATABASE_URL", "check DATABASE_URL"),
        (&["--replica-url", &app_url], "standbys LECTERN_REPLICA_URL", "is no standby, so that nothing is read from it: name one"),
        (&["--replica-url", &platform_url], "standbys LECTERN_REPLICA_URL", "connects as lectern_platform"),
        (
            &["--replica-url", "postgres://lectern_app:k@127.0.0.1:9/lectern"],
            "standbys LECTERN_REPLICA_URL",
            "127.0.0.1:9: the database can't",
        ),
        (&["--metrics-listen", &strange], "addresses LECTERN_METRICS_LISTEN", "something else listens there; stop it, or set"),
        (&["--otlp-url", "http://127.0.0.1:9"], "observing LECTERN_OTLP_URL", "look whether it runs, or check LECTERN_OTLP_URL"),
        (&["--sentry-dsn", "https://key@127.0.0.1:9/1"], "observing LECTERN_SENTRY_DSN", "https://127.0.0.1:9: "),
        (&["--sentry-dsn", "key"], "observing LECTERN_SENTRY_DSN", "https://KEY@HOST/PROJECT is expected"),
        (&["--signing-key", "c2VjcmV0"], "keys LECTERN_SIGNING_KEY", "make one with `lectern key`"),
    ] {
        let found = wrong(arguments);
        assert!(found.iter().any(|(name, detail)| name == subject && detail.contains(part)), "{subject}: {found:#?}");
        assert_eq!(found.len(), 1, "{arguments:?}: {found:#?}");
    }
    service.stop(Signal::SIGTERM);
    // Keys that open nothing of what is there.
    let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
    let place = lectern_kernel::sealing::Place { tenant: app.oak.tenant, table: "second_factor", column: "secret" };
    let sealed = data_encoding::HEXLOWER.encode(&sealer.seal(place, b"of another key"));
    app.sql(&format!(
        "INSERT INTO second_factor (tenant_id, user_id, secret, expires_at) SELECT tenant_id, id, '\\x{sealed}', now() FROM app_user WHERE email = 'admin@oak.example'"
    ))
    .await;
    let found = wrong(&[]);
    assert!(matches!(&found[..], [(name, detail)] if name == "keys sealed values" && detail.contains("put the key back")), "{found:#?}");
}

#[test]
fn each_shard_is_looked_at_where_pgdog_does_not_answer() {
    let folder = Folder::new("doctor");
    let mut command = ops::lectern(&["doctor", "--sharding", "pgdog", "--listen", "127.0.0.1:9"]);
    command.env("DATABASE_URL", "postgres://lectern_app:k@127.0.0.1:9/lectern").env("LECTERN_DATA_DIR", &folder.0);
    command.env("LECTERN_SHARD_URLS", "postgres://127.0.0.1:9/one postgres://127.0.0.1:9/two");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("lectern: shard 1\n") && said.contains("lectern: shard 2\n"), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("PgDog can't say where a school lies"));
}
