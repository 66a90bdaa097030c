//! A PostgreSQL that a test may kill and stop: its own, from the programs of this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use lectern::embedded::{Durability, EmbeddedPostgres, Options};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio_postgres::{NoTls, config::Host};

use crate::app;

const PREFIX: &str = "lectern-faults-";

pub struct Cluster {
    folder: PathBuf,
    server: Option<EmbeddedPostgres>,
    /// Settings beside those of every cluster.
    extra: Vec<(String, String)>,
}

impl Cluster {
    /// With the two schools in it.
    pub async fn start() -> Cluster {
        Cluster::start_with(&[]).await
    }

    /// The same, with settings of its own.
    pub async fn start_with(extra: &[(&str, &str)]) -> Cluster {
        let extra = extra.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut cluster = Cluster { folder: place(), server: None, extra };
        cluster.restart().await;
        let postgres = cluster.superuser("postgres").await;
        postgres.batch_execute("CREATE DATABASE lectern").await.unwrap();
        app::prepare(cluster.url("postgres")).await.unwrap();
        cluster
    }

    /// A standby, which follows it from now on; where it is to be waited for, what is acknowledged is there as well. It is copied while this one
    /// rests: no service may run yet.
    pub async fn standby(&mut self, is_waited_for: bool, extra: &[(&str, &str)]) -> Cluster {
        let socket = self.socket();
        self.server.take().unwrap().stop().await.unwrap();
        let folder = place();
        let copied = Command::new("cp").arg("-a").arg(&self.folder).arg(&folder).status().unwrap();
        assert!(copied.success());
        fs::remove_dir_all(folder.join("run")).unwrap_or_default();
        fs::write(folder.join("data/standby.signal"), "").unwrap();
        if is_waited_for {
            self.extra.push(("synchronous_standby_names".into(), "*".into()));
        }
        self.restart().await;
        let follows = format!("host='{}' port=5432 user=postgres", socket.display());
        let mut extra: Vec<(String, String)> = extra.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        extra.push(("primary_conninfo".into(), follows));
        let mut standby = Cluster { folder, server: None, extra };
        standby.restart().await;
        let (superuser, began) = (self.superuser("postgres").await, Instant::now());
        while superuser.query("SELECT FROM pg_stat_replication WHERE state = 'streaming'", &[]).await.unwrap().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(30), "the standby follows nobody");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        standby
    }

    /// A server on what is put into its folder of data; nothing of this one is asked but whose that is.
    pub async fn restored(&self, fill: impl FnOnce(&Path)) -> Cluster {
        let folder = place();
        fs::create_dir_all(&folder).unwrap();
        fill(&folder.join("data"));
        for (from, to) in [(self.folder.clone(), folder.clone()), (self.folder.join("data"), folder.join("data"))] {
            let owned = Command::new("chown").arg("-R").arg("--reference").arg(&from).arg(&to).status().unwrap();
            assert!(owned.success());
            let passes = Command::new("chmod").arg("--reference").arg(&from).arg(&to).status().unwrap();
            assert!(passes.success());
        }
        let mut cluster = Cluster { folder, server: None, extra: Vec::new() };
        cluster.restart().await;
        cluster
    }

    /// How libpq's programs connect to it.
    pub fn libpq(&self) -> String {
        format!("host='{}' port=5432 user=postgres dbname=postgres", self.socket().display())
    }

    /// Makes a standby the primary.
    pub async fn promote(&self) {
        let promoted = self.superuser("postgres").await.query_one("SELECT pg_promote(true, 30)", &[]).await.unwrap();
        assert!(promoted.get::<_, bool>(0));
    }

    /// Starts the server that is gone, as if it had never had a standby.
    pub async fn restart_alone(&mut self) {
        self.extra.clear();
        self.restart().await;
    }

    /// Stops the server and starts it as a standby that hears from nobody.
    pub async fn restart_as_standby_of_nobody(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
        fs::write(self.folder.join("data/standby.signal"), "").unwrap();
        self.restart().await;
    }

    /// The folder of its socket.
    fn socket(&self) -> PathBuf {
        let config: tokio_postgres::Config = self.url("postgres").parse().unwrap();
        let [Host::Unix(folder)] = config.get_hosts() else { panic!("it has no socket") };
        folder.clone()
    }

    /// Starts the server that is gone.
    pub async fn restart(&mut self) {
        self.server = None;
        let mut options = Options::new(&self.folder);
        options.bin_dir = std::env::var_os("LECTERN_PG_BIN").map(PathBuf::from);
        options.durability = Durability::Scratch;
        // What is committed outlives a process, as it does in earnest; here it need not outlive the machine.
        options.extra_settings = vec![("synchronous_commit".into(), "on".into()), ("shared_buffers".into(), "32MB".into())];
        options.extra_settings.extend(self.extra.iter().cloned());
        self.server = Some(EmbeddedPostgres::start(&options).await.unwrap());
    }

    fn server(&self) -> &EmbeddedPostgres {
        self.server.as_ref().unwrap()
    }

    pub fn url(&self, role: &str) -> String {
        self.server().url(role, "lectern")
    }

    /// A connection past every policy.
    pub async fn superuser(&self, database: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.server().superuser_url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Every process of the server, its first one first.
    pub fn processes(&self) -> Vec<Pid> {
        let Ok(note) = fs::read_to_string(self.folder.join("data/postmaster.pid")) else { return Vec::new() };
        let first: i32 = note.lines().next().unwrap().parse().unwrap();
        let mut processes = vec![Pid::from_raw(first)];
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // The name may hold anything but is the last thing in parentheses; the parent is the second word after it.
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|word| word.parse().ok());
            if parent == Some(first) {
                processes.push(Pid::from_raw(pid));
            }
        }
        processes
    }

    /// A signal to all of it.
    pub fn signal(&self, signal: Signal) {
        for process in self.processes() {
            let _gone = kill(process, signal);
        }
    }

    /// Kills one process of the server, which serves one connection of the service.
    pub async fn kill_a_backend(&self) {
        let superuser = self.superuser("lectern").await;
        let busiest = "SELECT pid FROM pg_stat_activity WHERE usename = 'lectern_app' ORDER BY xact_start NULLS LAST LIMIT 1";
        let row = superuser.query_one(busiest, &[]).await.unwrap();
        kill(Pid::from_raw(row.get(0)), Signal::SIGKILL).unwrap();
    }
}

/// The URL of several servers together.
pub fn together(role: &str, clusters: &[&Cluster]) -> String {
    let urls: Vec<String> = clusters.iter().map(|cluster| cluster.url(role)).collect();
    let host = |url: &str| url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    let hosts: Vec<String> = urls.iter().map(|url| host(url)).collect();
    urls[0].replacen(&hosts[0], &hosts.join(","), 1)
}

/// Where a cluster may be.
fn place() -> PathBuf {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
    sweep(&base);
    base.join(format!("{PREFIX}{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed)))
}

/// Removes the folders of test processes that were killed.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        if pid.is_some_and(|pid| kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)) {
            let _left_alone = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL); // a process that was stopped ends, too
        self.server = None;
        let _litter = fs::remove_dir_all(&self.folder);
    }
}
