//! `lectern serve` as a process: it starts, says where it is, refuses a database that it can't serve from, stops in order.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use lectern_kernel::auth::SigningKey;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    ops::{done, lectern, refused},
};

/// A folder that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("lectern-serve-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// The binary with its data in here.
    fn lectern(&self, arguments: &[&str]) -> Command {
        let mut command = lectern(arguments);
        command.env("LECTERN_DATA_DIR", self.0.join("data")).env("LECTERN_LOG", "error").env_remove("LECTERN_SECRET_KEYS");
        command
    }

    fn serve(&self) -> Served {
        Served::start(self.lectern(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The process of the embedded server, as it has noted itself.
    fn postgres(&self) -> Pid {
        let note = fs::read_to_string(self.0.join("data/postgres/data/postmaster.pid")).unwrap();
        Pid::from_raw(note.lines().next().unwrap().parse().unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _litter = fs::remove_dir_all(&self.0);
    }
}

/// A running service.
pub struct Served {
    child: Child,
    pub url: String,
    took: Duration,
}

impl Served {
    /// Starts the command, and returns when it says that it is ready.
    pub fn start(mut command: Command) -> Served {
        let began = Instant::now();
        let mut served = Served { child: command.spawn().unwrap(), url: String::new(), took: Duration::ZERO };
        for line in BufReader::new(served.child.stdout.as_mut().unwrap()).lines().map_while(Result::ok) {
            if let Some(address) = line.trim().strip_prefix("GraphQL ") {
                served.url = address.trim().trim_end_matches("/graphql").to_owned();
            } else if line.contains("Ctrl-C stops it") {
                served.took = began.elapsed();
                break;
            }
        }
        if served.took.is_zero() {
            panic!("it did not start: {}", served.said());
        }
        served
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said up to its end.
    fn said(&mut self) -> String {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Sends a signal and waits for the end: its exit code and what it said.
    pub fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let code = self.child.wait().unwrap().code();
        (code, self.said())
    }

    async fn ask(&self, query: &str) -> Value {
        let body = json!({ "query": query });
        reqwest::Client::new().post(format!("{}/graphql", self.url)).json(&body).send().await.unwrap().json().await.unwrap()
    }

    async fn sign_in(&self, slug: &str, email: &str) -> String {
        let query = format!(
            r#"mutation {{ login(input: {{ tenant: "{slug}", email: "{email}", password: "lectern-demo" }}) {{ viewer {{ user {{ id }} }} }} }}"#
        );
        let answer = self.ask(&query).await;
        answer["data"]["login"]["viewer"]["user"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn lives(pid: Pid) -> bool {
    // A dead child that nobody has waited for yet still has a number.
    kill(pid, None).is_ok() && !fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test]
async fn one_command_serves_two_schools_and_keeps_them() {
    let scratch = Scratch::new("one");
    let served = scratch.serve();
    let ada = served.sign_in("alpha-flight-school", "admin@alpha.example").await;
    served.sign_in("bravo-academy", "learner@bravo.example").await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(reqwest::get(format!("{}{path}", served.url)).await.unwrap().status(), 200);
    }
    done(scratch.lectern(&["health", &served.url]).output().unwrap());

    // Other commands work beside it, on its server.
    let list = done(scratch.lectern(&["tenant", "list"]).output().unwrap());
    assert_eq!(list.lines().count(), 3, "{list}");
    assert_eq!(done(scratch.lectern(&["seed"]).output().unwrap()), "The demo schools are there already.\n");
    assert!(done(scratch.lectern(&["migrate"]).output().unwrap()).starts_with("0 of "));
    assert_eq!(served.sign_in("alpha-flight-school", "admin@alpha.example").await, ada, "it goes on after that");

    // But not a second service on the same folder, nor one on the same port.
    let folder = scratch.0.join("data/postgres").canonicalize().unwrap();
    assert_eq!(
        refused(scratch.lectern(&["serve", "--listen", "127.0.0.1:0"]).output().unwrap()),
        format!(
            "another Lectern (process {}) is using the data folder {}; stop it, or set LECTERN_DATA_DIR to another folder",
            served.child.id(),
            folder.display()
        )
    );
    let address = served.url.trim_start_matches("http://").to_owned();
    assert_eq!(
        refused(Scratch::new("port").lectern(&["serve", "--listen", &address]).output().unwrap()),
        format!("{address} is in use: stop what runs there, or set LECTERN_LISTEN to another port")
    );

    let server = scratch.postgres();
    let (code, said) = served.stop(Signal::SIGINT);
    assert!(code == Some(0) && said.starts_with("lectern: Making a PostgreSQL ") && said.lines().count() == 1, "{code:?} {said}");
    assert!(!lives(server), "its PostgreSQL is gone with it");
    assert!(
        refused(scratch.lectern(&["health", &format!("http://{address}")]).output().unwrap())
            .starts_with(&format!("{address} does not answer"))
    );

    // The second start is a quick one, under two seconds for a build that is optimized; the quickest of three, for a machine that does other things as well.
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 15 } else { 2 });
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let served = scratch.serve();
        quickest = quickest.min(served.took);
        assert_eq!(served.sign_in("alpha-flight-school", "admin@alpha.example").await, ada);
        assert_eq!(served.stop(Signal::SIGTERM).0, Some(0));
        if quickest < limit {
            break;
        }
    }
    assert!(quickest < limit, "{quickest:?}");

    // Killed, it leaves nothing that the next start would stumble over.
    scratch.serve().stop(Signal::SIGKILL);
    let served = scratch.serve();
    assert_eq!(served.sign_in("alpha-flight-school", "admin@alpha.example").await, ada);
    assert_eq!(served.stop(Signal::SIGINT), (Some(0), String::new()));
}

#[tokio::test]
async fn the_demo_comes_only_into_an_empty_database_that_wants_it() {
    let scratch = Scratch::new("own");
    let without = || scratch.lectern(&["serve", "--listen", "127.0.0.1:0", "--demo", "false"]);
    assert_eq!(Served::start(without()).stop(Signal::SIGINT).0, Some(0));
    let list = || done(scratch.lectern(&["tenant", "list"]).output().unwrap());
    assert!(list().starts_with("There is no school yet"));

    let mut create = scratch.lectern(&["tenant", "create", "--slug", "ash", "--name", "Ash", "--admin-email", "head@ash.example"]);
    let typed = scratch.0.join("password");
    fs::write(&typed, "xylophone kettle mountain\n").unwrap();
    done(create.stdin(fs::File::open(&typed).unwrap()).output().unwrap());
    let served = scratch.serve();
    assert_eq!(list().lines().count(), 2, "the school alone");
    assert_eq!(served.stop(Signal::SIGINT).0, Some(0));
}

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_end() {
    let app = TestApp::start().await;
    let mut command = lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "error", "--worker", "false"]);
    command.env("DATABASE_URL", app.database.url("lectern_app")).env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text());
    let served = Served::start(command);

    // The request waits for the session table, which somebody holds; the signal finds it waiting, and nobody else is.
    let (mut holder, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let held = holder.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let query = r#"mutation { login(input: { tenant: "oak", email: "admin@oak.example", password: "correct horse battery" }) { viewer { tenant { slug } } } }"#;
    let process = Pid::from_raw(served.child.id().cast_signed());
    let ((answer, ended), ()) = tokio::join!(
        async {
            let answer = served.ask(query).await;
            let ended = tokio::task::spawn_blocking(move || {
                let mut served = served;
                served.child.wait().unwrap().code()
            });
            (answer, ended.await.unwrap())
        },
        async {
            while app
                .count("pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app' AND wait_event_type = 'Lock'")
                .await
                == 0
            {}
            kill(process, Signal::SIGINT).unwrap();
            held.commit().await.unwrap();
        }
    );
    assert_eq!(answer["data"]["login"]["viewer"]["tenant"]["slug"], "oak", "{answer:#}");
    assert_eq!(ended, Some(0));
}

#[tokio::test]
async fn it_refuses_to_serve_from_a_database_that_would_not_keep_schools_apart() {
    let app = TestApp::start().await;
    let key = SigningKey::generate().unwrap().to_text();
    let serve = |url: &str, key: &str| {
        lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "error"])
            .env("DATABASE_URL", url)
            .env("LECTERN_SIGNING_KEY", key)
            .output()
            .unwrap()
    };
    let refusal = |url: &str| refused(serve(url, &key));
    let url = app.database.url("lectern_app");

    assert_eq!(
        refused(serve(&url, "")),
        "LECTERN_SIGNING_KEY is needed with an external database: make one with `lectern key` and keep it secret"
    );
    assert_eq!(refused(serve(&url, "c2VjcmV0")), "LECTERN_SIGNING_KEY is not a key: make one with `lectern key`");
    assert!(
        refusal(&app.database.superuser_url())
            .ends_with("is a superuser and has BYPASSRLS, which defeats row security: connect as lectern_app.")
    );
    assert_eq!(
        refusal(&app.database.url("lectern_owner")),
        "The role lectern_owner is a member of another role and owns things in the database, which defeats row security: connect as lectern_app."
    );
    assert_eq!(
        refusal(&app.database.url("lectern_platform")),
        "The role lectern_platform is not lectern_app, to which the policies are written: connect as lectern_app."
    );
    assert_eq!(refusal("localhost"), "the database URL can't be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE is expected");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = refusal(&format!("postgres://lectern_app:hush-hush@{closed}/lectern"));
    assert!(
        unreachable.starts_with("the database can't be used: ") && unreachable.ends_with("check DATABASE_URL and that the server runs"),
        "{unreachable}"
    );
    assert!(!unreachable.contains("hush-hush"));

    app.sql("ALTER TABLE course NO FORCE ROW LEVEL SECURITY; DROP POLICY tenant_wall ON booking").await;
    assert_eq!(refusal(&url), "Without its wall (ENABLE, FORCE, tenant_wall) stands booking, course: run `lectern migrate`.");
    app.sql("CREATE OR REPLACE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '1:0'").await;
    assert!(refusal(&url).starts_with("The database's schema is behind this binary: run `lectern migrate`."));
    done(lectern(&["migrate"]).env("LECTERN_OWNER_URL", app.database.superuser_url()).output().unwrap());
    let mut command = lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
    let served = Served::start({
        command.env("DATABASE_URL", &url).env("LECTERN_SIGNING_KEY", &key);
        command
    });
    assert_eq!(served.stop(Signal::SIGINT), (Some(0), String::new()), "migrated, it serves");
    app.sql("DROP SCHEMA app CASCADE").await;
    assert!(refusal(&url).starts_with("The database has no Lectern schema yet: run `lectern migrate`."));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let scratch = Scratch::new("file");
    fs::write(scratch.0.join("data"), "").unwrap();
    let said = refused(scratch.lectern(&["serve", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert!(said.starts_with("cannot make ") && said.contains("LECTERN_DATA_DIR"), "{said}");
    let missing = Path::new("/nonexistent");
    let said = refused(
        scratch
            .lectern(&["serve", "--listen", "127.0.0.1:0", "--pg-bin"])
            .arg(missing)
            .env("LECTERN_DATA_DIR", scratch.0.join("other"))
            .output()
            .unwrap(),
    );
    assert!(said.starts_with("LECTERN_PG_BIN is /nonexistent"), "{said}");
}
