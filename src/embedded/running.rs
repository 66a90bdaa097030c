//! The server that another Lectern runs on a data folder: the operator's commands work on it while it serves.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::folder::LOCK_FILE;
use super::socket::Socket;
use super::{Options, START_PATIENCE, StartError, ask_version};

/// How often the other Lectern is looked at while its server starts.
const POLL: Duration = Duration::from_millis(100);

/// A running PostgreSQL that belongs to another process, and stays that one's.
pub struct RunningPostgres {
    socket: Socket,
    pid: Option<u32>,
}

impl RunningPostgres {
    /// The server that another Lectern runs in `options.data_dir`; none where no Lectern holds that folder. Waits for one
    /// that is just starting.
    pub async fn find(options: &Options) -> Result<Option<RunningPostgres>, StartError> {
        let began = Instant::now();
        let mut told = false;
        loop {
            let Some(holder) = Holder::of(&options.data_dir)? else {
                return Ok(None);
            };
            if let Some(socket) = holder.socket()
                && ask_version(&socket).await.is_ok()
            {
                return Ok(Some(RunningPostgres { socket, pid: holder.pid }));
            }
            if began.elapsed() > START_PATIENCE {
                return Err(StartError::InUse { folder: holder.folder, pid: holder.pid });
            }
            if !told && began.elapsed() > Duration::from_secs(1) {
                (options.progress)("Waiting for the PostgreSQL of the Lectern that uses this folder");
                told = true;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The URL of `database` for `role`.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.socket.url(role, database)
    }

    /// The process of the Lectern that it belongs to, where that is known.
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }
}

/// The living Lectern that holds a data folder.
struct Holder {
    folder: PathBuf,
    pid: Option<u32>,
}

impl Holder {
    fn of(data_dir: &Path) -> Result<Option<Holder>, StartError> {
        let Ok(folder) = fs::canonicalize(data_dir) else {
            return Ok(None);
        };
        let path = folder.join(LOCK_FILE);
        let mut lock = match File::open(&path) {
            Ok(lock) => lock,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(StartError::folder("read", &path, cause)),
        };
        // Shared, so that two who look do not take each other for the holder; one that starts just then tries again.
        match lock.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                Ok(Some(Holder { folder, pid }))
            }
            Err(TryLockError::Error(cause)) => Err(StartError::folder("lock", &path, cause)),
        }
    }

    /// Where its server listens, as the server itself has noted it.
    fn socket(&self) -> Option<Socket> {
        let note = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        let noted = Path::new(note.lines().nth(4).filter(|line| !line.is_empty())?);
        // A server that may not walk down to the folder names it by a descriptor of its own.
        Some(Socket::at(if noted.starts_with("/proc/self/fd") { self.folder.join("run") } else { noted.to_owned() }))
    }
}
