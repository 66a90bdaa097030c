//! A throw-away server from the programs of this machine, in a folder that goes with the process.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use lectern::embedded::{Durability, EmbeddedPostgres, Options, StartError};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;

const PREFIX: &str = "lectern-test-";
/// Memory that looks like a folder; a database is hundreds of small files, which a disk copies ten times slower.
const MEMORY: &str = "/dev/shm";
/// How much of it must be free: containers are often given next to none.
const ENOUGH: u128 = 2 << 30;

/// Waits until this process is gone, however it ended; then stops the server, if it still runs, and removes its folder.
const JANITOR: &str = r#"
cat > /dev/null
server=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null) && kill -INT "$server" 2> /dev/null
for moment in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.2
    [ -e "$1/data/postmaster.pid" ] || rm -rf "$1"
    [ -e "$1" ] || exit
done
rm -rf "$1"
"#;

/// The server and the helper that clears up after it.
pub(crate) struct Local {
    pub(crate) server: EmbeddedPostgres,
    /// Its open input tells the helper that this process lives.
    _janitor: Child,
}

/// Starts a server that forgets everything; none when this machine has no PostgreSQL and none may be fetched.
pub(crate) async fn start(fetch: bool) -> Result<Option<Local>> {
    let disk = std::env::temp_dir();
    for base in [disk.as_path(), Path::new(MEMORY)] {
        sweep(base);
    }
    let base = if has_room(Path::new(MEMORY)) { PathBuf::from(MEMORY) } else { disk };
    let folder = base.join(format!("{PREFIX}{}", std::process::id()));
    let janitor = hire(&folder).context("starting the helper that removes the test server's folder")?;
    let mut options = Options::new(&folder);
    options.bin_dir = std::env::var_os("LECTERN_PG_BIN").map(PathBuf::from);
    options.durability = Durability::Scratch;
    options.fetch = fetch;
    options.extra_settings = settings().map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    match EmbeddedPostgres::start(&options).await {
        Ok(server) => Ok(Some(Local { server, _janitor: janitor })),
        Err(StartError::NoBinaries { .. } | StartError::TooOld { .. }) if !fetch => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a server of short-lived databases needs, here and in a container.
pub(crate) fn settings() -> [(&'static str, &'static str); 6] {
    [
        ("max_connections", "300"),
        ("shared_buffers", "128MB"),
        // Databases live for seconds: nothing to clean, and a worker would only stand in the way of a clone.
        ("autovacuum", "off"),
        ("checkpoint_timeout", "1h"),
        ("max_wal_size", "256MB"),
        ("log_checkpoints", "off"),
    ]
}

fn hire(folder: &Path) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", JANITOR, "sh"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for the tests.
        .process_group(0)
        .spawn()
}

fn has_room(base: &Path) -> bool {
    statvfs(base).is_ok_and(|room| u128::from(room.blocks_available()) * u128::from(room.fragment_size()) >= ENOUGH)
}

/// Removes the folders of processes that died together with their helper.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        if let Some(pid) = pid
            && (pid == std::process::id().cast_signed() || kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH))
        {
            // Another user's, or just being removed: not a reason to stop.
            let _left_alone = fs::remove_dir_all(entry.path());
        }
    }
}
