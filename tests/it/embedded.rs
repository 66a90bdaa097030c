//! The server that Lectern brings up by itself keeps its data, keeps to itself, and never stays behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lectern::embedded::{Durability, EmbeddedPostgres, Options, StartError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use tokio_postgres::{Client, NoTls};

/// Names the folder to the test binary when it plays the Lectern that is killed.
const HELD: &str = "LECTERN_HELD_FOLDER";
/// The ordinary user that root plays; no system lacks `nobody`.
const NOBODY: u32 = 65534;

/// A folder that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("lectern-embedded-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Scratch(path)
    }

    fn options(&self, name: &str) -> Options {
        options(&self.0.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _litter = fs::remove_dir_all(&self.0);
    }
}

fn options(folder: &Path) -> Options {
    let mut options = Options::new(folder);
    options.bin_dir = std::env::var_os("LECTERN_PG_BIN").map(PathBuf::from);
    options.durability = Durability::Scratch;
    options
}

async fn start(options: &Options) -> EmbeddedPostgres {
    EmbeddedPostgres::start(options).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refusal(options: &Options) -> StartError {
    match EmbeddedPostgres::start(options).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

async fn connect(server: &EmbeddedPostgres) -> Client {
    let (client, connection) = tokio_postgres::connect(&server.superuser_url("postgres"), NoTls).await.expect("tokio-postgres connects");
    tokio::spawn(connection);
    client
}

async fn show(client: &Client, setting: &str) -> String {
    let row = client.query_one("SELECT current_setting($1)", &[&setting]).await.expect("a setting");
    row.get(0)
}

#[tokio::test]
async fn data_survives_a_restart_which_takes_less_than_two_seconds() {
    let scratch = Scratch::new("restart");
    let mut options = scratch.options("pg");
    options.durability = Durability::Safe;
    let server = start(&options).await;
    connect(&server).await.batch_execute("CREATE TABLE kept AS SELECT 42 AS answer").await.expect("a table");
    server.stop().await.expect("it stops");

    // The quickest of some, for a machine that does other things as well.
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        let server = start(&options).await;
        quickest = quickest.min(began.elapsed());
        server.stop().await.expect("it stops");
        if quickest < Duration::from_secs(2) {
            break;
        }
    }
    assert!(quickest < Duration::from_secs(2), "took {quickest:?}");
    let server = start(&options).await;
    let client = connect(&server).await;
    let row = client.query_one("SELECT answer FROM kept", &[]).await.expect("the row");
    assert_eq!(row.get::<_, i32>(0), 42);
    assert_eq!(show(&client, "fsync").await, "on");
    server.stop().await.expect("it stops");
}

#[tokio::test]
async fn only_the_owner_reaches_the_server_and_only_through_its_socket() {
    let scratch = Scratch::new("socket");
    let mut options = scratch.options("pg");
    options.extra_settings.push(("work_mem".to_owned(), "7MB".to_owned()));
    let server = start(&options).await;
    let client = connect(&server).await;
    assert_eq!(show(&client, "listen_addresses").await, "");
    assert_eq!(show(&client, "TimeZone").await, "UTC");
    assert_eq!(show(&client, "work_mem").await, "7MB");
    assert_eq!(show(&client, "server_version_num").await, server.version_num().to_string());
    for part in ["run", "run/.s.PGSQL.5432", "data"] {
        let mode = fs::metadata(options.data_dir.join(part)).expect("it is there").mode();
        assert_eq!(mode & 0o077, 0, "{part} is closed to others");
    }
    let pool = sqlx::PgPool::connect(&server.superuser_url("postgres")).await.expect("sqlx connects");
    pool.close().await;
    server.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_folder_with_a_long_or_odd_name_works() {
    let scratch = Scratch::new("names");
    for name in ["a school's, \"odd\" ü", &"long".repeat(30)] {
        let server = start(&scratch.options(name)).await;
        connect(&server).await;
        server.stop().await.expect("it stops");
    }
}

#[tokio::test]
async fn two_living_lecterns_do_not_share_a_folder() {
    let scratch = Scratch::new("two");
    let options = scratch.options("pg");
    let server = start(&options).await;
    let error = refusal(&options).await;
    assert!(matches!(error, StartError::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{error:?}");
    assert!(error.to_string().contains("LECTERN_DATA_DIR"), "{error}");
    server.stop().await.expect("it stops");
    start(&options).await.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_server_that_is_only_dropped_makes_way_for_the_next() {
    let scratch = Scratch::new("drop");
    let options = scratch.options("pg");
    drop(start(&options).await);
    start(&options).await.stop().await.expect("it stops");
}

#[tokio::test]
async fn the_death_of_the_server_is_noticed() {
    let scratch = Scratch::new("death");
    let options = scratch.options("pg");
    let server = start(&options).await;
    kill(noted_pid(&options.data_dir), Signal::SIGKILL).expect("it is killed");
    let status = tokio::time::timeout(Duration::from_secs(60), server.exited()).await.expect("it is noticed");
    assert!(status.contains('9'), "{status}");
}

#[tokio::test]
async fn what_an_interrupted_first_start_left_is_replaced() {
    let scratch = Scratch::new("interrupted");
    let options = scratch.options("pg");
    fs::create_dir_all(options.data_dir.join("data.tmp/base")).expect("a folder");
    start(&options).await.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle() {
    let scratch = Scratch::new("stale");
    let options = scratch.options("pg");
    start(&options).await.stop().await.expect("it stops");
    let me = std::process::id();
    fs::write(options.data_dir.join("data/postmaster.pid"), format!("{me}\n")).expect("a file");
    fs::write(options.data_dir.join("run/.s.PGSQL.5432.lock"), format!("{me}\n")).expect("a file");
    start(&options).await.stop().await.expect("it stops");
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let scratch = Scratch::new("refusals");
    let said = async |options: &Options| refusal(options).await.to_string();

    let mut nowhere = scratch.options("bin");
    nowhere.bin_dir = Some(scratch.0.join("missing"));
    assert!(said(&nowhere).await.contains("LECTERN_PG_BIN"));

    let mut bare = scratch.options("bare");
    (bare.bin_dir, bare.use_installed, bare.fetch) = (None, false, false);
    // A package that an earlier run fetched is a good answer too.
    match EmbeddedPostgres::start(&bare).await {
        Ok(server) => server.stop().await.expect("it stops"),
        Err(error) => assert!(error.to_string().contains("install it with"), "{error}"),
    }

    let occupied = scratch.options("occupied");
    fs::create_dir_all(occupied.data_dir.join("data")).expect("a folder");
    fs::write(occupied.data_dir.join("data/thesis.txt"), "mine").expect("a file");
    assert!(said(&occupied).await.contains("holds files but no PostgreSQL database"));
    assert!(occupied.data_dir.join("data/thesis.txt").exists());

    let old = scratch.options("old");
    fs::create_dir_all(old.data_dir.join("data")).expect("a folder");
    fs::write(old.data_dir.join("data/PG_VERSION"), "12\n").expect("a file");
    assert!(said(&old).await.contains("made by PostgreSQL 12"));

    let mut broken = scratch.options("broken");
    broken.extra_settings.push(("shared_buffers".to_owned(), "many".to_owned()));
    let line = said(&broken).await;
    assert!(line.contains("invalid value for parameter") && line.contains("server.log"), "{line}");

    let file = scratch.0.join("file");
    fs::write(&file, "").expect("a file");
    let line = said(&options(&file.join("pg"))).await;
    assert!(line.starts_with("cannot make") && line.contains("LECTERN_DATA_DIR"), "{line}");
}

#[tokio::test]
async fn a_killed_lectern_leaves_no_server_and_the_next_start_is_clean() {
    let scratch = Scratch::new("killed");
    let options = scratch.options("pg");
    let mut lectern = hold(&options.data_dir, None).expect("the helper runs");
    let server = noted_pid(&options.data_dir);
    lectern.kill().expect("it is killed");
    lectern.wait().expect("it has ended");

    // At once, while the old server may still be on its way out.
    let next = start(&options).await;
    assert_ne!(noted_pid(&options.data_dir), server);
    assert!(kill(server, None).is_err() || is_zombie(server), "the old server is gone");
    next.stop().await.expect("it stops");
}

#[tokio::test]
async fn an_ordinary_user_may_start_it_but_not_in_a_strangers_folder() {
    if !geteuid().is_root() {
        return; // Every other test here is this one then.
    }
    let scratch = Scratch::new("ordinary");
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o777)).expect("an open folder");
    let own = scratch.0.join("own");
    // Below root's own folders nobody can run the test binary.
    let Some(mut lectern) = hold(&own, Some(NOBODY)) else {
        return;
    };
    assert_eq!(fs::metadata(own.join("data")).expect("a database").uid(), NOBODY);
    lectern.kill().expect("it is killed");
    lectern.wait().expect("it has ended");

    // Root takes over, and the files stay with their owner.
    start(&options(&own)).await.stop().await.expect("it stops");
    assert_eq!(fs::metadata(own.join("data")).expect("a database").uid(), NOBODY);

    let strange = scratch.0.join("strange");
    fs::create_dir(&strange).expect("a folder");
    assert!(hold(&strange, Some(NOBODY)).is_none());
}

#[tokio::test]
async fn root_may_keep_the_folder_where_the_servers_user_cannot_go() {
    if !geteuid().is_root() || !cfg!(target_os = "linux") {
        return;
    }
    let scratch = Scratch::new("closed");
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).expect("a closed folder");
    let options = scratch.options("pg");
    for _ in 0..2 {
        let server = start(&options).await;
        connect(&server).await;
        server.stop().await.expect("it stops");
    }
    assert_ne!(fs::metadata(options.data_dir.join("data")).expect("a database").uid(), 0);
}

/// Not a test of its own: the Lectern that the tests above kill.
#[tokio::test]
#[ignore = "a helper of the tests beside it"]
async fn holds_a_server_until_it_is_killed() {
    let Some(folder) = std::env::var_os(HELD) else {
        return;
    };
    let _server = start(&options(Path::new(&folder))).await;
    println!("\nready");
    std::future::pending::<()>().await;
}

/// Runs the helper in a process of its own, as another user if need be; none when it does not get ready.
fn hold(folder: &Path, user: Option<u32>) -> Option<Child> {
    let mut command = Command::new(std::env::current_exe().expect("the test binary"));
    command.args(["--exact", "embedded::holds_a_server_until_it_is_killed", "--ignored", "--nocapture"]);
    command.env(HELD, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(user) = user {
        command.uid(user).gid(user).current_dir("/");
    }
    let mut child = command.spawn().ok()?;
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    if output.lines().map_while(Result::ok).any(|line| line == "ready") {
        return Some(child);
    }
    child.wait().expect("it has ended");
    None
}

fn noted_pid(folder: &Path) -> Pid {
    let text = fs::read_to_string(folder.join("data/postmaster.pid")).expect("a running server's note");
    Pid::from_raw(text.lines().next().expect("a line").parse().expect("a number"))
}

/// Dead, but not yet waited for by whoever inherited it.
fn is_zombie(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}
