//! The data folder: `data/` (the database), `run/` (its socket), `server.log`, and the lock that keeps it to one Lectern.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use super::StartError;
use super::account::Account;

/// How long a Lectern that is just ending may keep the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// The file whose lock keeps the folder to one Lectern; it holds that one's process id.
pub(super) const LOCK_FILE: &str = "lectern.lock";
/// A log beyond this size is put aside at the next start.
const LOG_LIMIT: u64 = 8 << 20;
/// How the part of a line begins that tells why a server ended.
const TELLING: [&str; 8] = [
    "PANIC:",
    "FATAL:",
    "ERROR:",
    "DETAIL:",
    "HINT:",
    "unrecognized configuration parameter",
    "invalid value for parameter",
    "error while loading",
];

/// The data folder, locked for as long as this value lives.
pub(super) struct Folder {
    /// The absolute path.
    pub(super) path: PathBuf,
    /// The folder opened, for children that may not walk down to it.
    pub(super) door: Option<Arc<File>>,
    /// The account that the folder's files belong to.
    owner: Option<Account>,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing, and locks it. One that is there keeps its owner and mode: it may hold more.
    pub(super) fn open(path: &Path, account: Option<&Account>) -> Result<Folder, StartError> {
        if !path.is_dir() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|cause| StartError::folder("make", parent, cause))?;
            }
            make_private(path, account)?;
        }
        let path = fs::canonicalize(path).map_err(|cause| StartError::folder("open", path, cause))?;
        let lock = lock(&path, account)?;
        let door = match account {
            Some(account) if !account.reaches(&path) => Some(Arc::new(open_door(&path, account)?)),
            _ => None,
        };
        Ok(Folder { path, door, owner: account.cloned(), _lock: lock })
    }

    /// The database itself.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// How a child names a file of this folder.
    ///
    /// Root may keep the folder below one that the server's account cannot enter, such as `/root`. The child then
    /// inherits the open folder and walks from there, which Linux allows through `/proc/self/fd`.
    pub(super) fn seen_by_child(&self, name: &str) -> PathBuf {
        match &self.door {
            Some(door) => PathBuf::from(format!("/proc/self/fd/{}/{name}", door.as_raw_fd())),
            None => self.path.join(name),
        }
    }

    /// The major version that made the database; none where there is no database yet.
    pub(super) fn major(&self) -> Result<Option<u32>, StartError> {
        let data = self.data();
        let version = data.join("PG_VERSION");
        match fs::read_to_string(&version) {
            Ok(text) => match text.trim().parse() {
                Ok(major) => Ok(Some(major)),
                Err(_) => Err(StartError::NotAData { path: data }),
            },
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                // An empty folder that somebody prepared counts as none; rename() replaces it.
                if fs::read_dir(&data).is_ok_and(|mut entries| entries.next().is_some()) {
                    return Err(StartError::NotAData { path: data });
                }
                Ok(None)
            }
            Err(cause) => Err(StartError::folder("read", &version, cause)),
        }
    }

    /// Opens the server's log at its end; puts it aside first when it has grown large.
    pub(super) fn open_log(&self) -> Result<Log, StartError> {
        let path = self.path.join("server.log");
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
            let aside = self.path.join("server.log.1");
            fs::rename(&path, &aside).map_err(|cause| StartError::folder("write to", &aside, cause))?;
        }
        let file = open_file(&path, OpenOptions::new().append(true), self.owner.as_ref())
            .map_err(|cause| StartError::folder("write to", &path, cause))?;
        let begin = file.metadata().map_or(0, |meta| meta.len());
        Ok(Log { path, file, begin })
    }
}

/// Makes a folder, or takes the one that is there, and closes it to everybody but its owner.
pub(super) fn make_private(path: &Path, account: Option<&Account>) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => {
            return Err(StartError::folder("make", path, cause));
        }
        _ => {}
    }
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits())
        .open(path)
        .and_then(|dir| {
            account.map_or(Ok(()), |account| account.give(&dir))?;
            dir.set_permissions(Permissions::from_mode(0o700))
        })
        .map_err(|cause| StartError::folder("take over", path, cause))
}

/// Opens a file of the folder for its account, making it where it is missing; refuses to follow a link.
fn open_file(path: &Path, how: &mut OpenOptions, account: Option<&Account>) -> io::Result<File> {
    let file = how.create(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?;
    account.map_or(Ok(()), |account| account.give(&file))?;
    Ok(file)
}

/// Takes the lock; the system frees it however this process ends.
fn lock(folder: &Path, account: Option<&Account>) -> Result<File, StartError> {
    let path = folder.join(LOCK_FILE);
    let mut file = open_file(&path, OpenOptions::new().read(true).write(true), account)
        .map_err(|cause| StartError::folder("write to", folder, cause))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = file.read_to_string(&mut holder).is_ok();
                let pid = known.then(|| holder.trim().parse().ok()).flatten();
                return Err(StartError::InUse { folder: folder.to_owned(), pid });
            }
            Err(TryLockError::Error(cause)) => {
                return Err(StartError::folder("lock", &path, cause));
            }
        }
    }
    let write = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    write.map_err(|cause| StartError::folder("write to", &path, cause))?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn open_door(path: &Path, _account: &Account) -> Result<File, StartError> {
    File::open(path).map_err(|cause| StartError::folder("open", path, cause))
}

#[cfg(not(target_os = "linux"))]
fn open_door(path: &Path, account: &Account) -> Result<File, StartError> {
    Err(StartError::Unreachable { path: path.to_owned(), user: account.name.clone() })
}

/// The server's log and where this start begins in it.
pub(super) struct Log {
    pub(super) path: PathBuf,
    pub(super) file: File,
    begin: u64,
}

impl Log {
    /// What the server has said since this start, shortened to the lines that explain its end.
    pub(super) fn reason(&self) -> String {
        let mut text = String::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.begin))?;
            file.take(64 << 10).read_to_string(&mut text)
        });
        if read.is_err() || text.trim().is_empty() {
            return "it wrote nothing to its log".to_owned();
        }
        let told: Vec<&str> =
            text.lines().filter_map(|line| TELLING.iter().find_map(|words| line.find(words).map(|at| line[at..].trim()))).collect();
        if told.is_empty() { last_line(&text) } else { told.join(" ") }
    }
}

/// The last line that says something.
pub(super) fn last_line(text: &str) -> String {
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("it said nothing").to_owned()
}
