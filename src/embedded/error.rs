//! Why the embedded server did not start, each in one line that says what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::account::Account;

/// Why the embedded server did not start.
#[derive(Debug)]
pub enum StartError {
    /// Neither installed nor fetched programs were found.
    NoBinaries {
        /// Why fetching did not help, or nothing when it was not allowed.
        fetch: Option<String>,
        /// How PostgreSQL is installed here, such as "with `brew install postgresql@17`".
        install: String,
    },
    /// The folder named by `LECTERN_PG_BIN` cannot be used.
    BadBinDir {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The newest PostgreSQL found is older than Lectern needs.
    TooOld {
        /// Where it was found.
        dir: PathBuf,
        /// Its major version.
        major: u32,
        /// How PostgreSQL is installed here, such as "with `brew install postgresql@17`".
        install: String,
    },
    /// The data folder was made by a major version that is not installed.
    OtherVersion {
        /// The data folder.
        folder: PathBuf,
        /// The major version that made it.
        needed: u32,
        /// The newest major version found.
        found: u32,
    },
    /// Another Lectern holds the data folder.
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// Its process, when known.
        pid: Option<u32>,
    },
    /// A server that Lectern did not start runs on the data folder.
    ForeignServer {
        /// The data folder.
        folder: PathBuf,
        /// Its process.
        pid: i32,
    },
    /// A server of an earlier run does not end.
    Undead {
        /// Its process.
        pid: i32,
    },
    /// A file or folder could not be made, read or written.
    Folder {
        /// What was tried, such as "write to".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The user whom it belongs to, when that is somebody else.
        owner: Option<String>,
        /// The system's answer.
        cause: io::Error,
    },
    /// Something else stands where the database should be.
    NotAData {
        /// The folder.
        path: PathBuf,
    },
    /// The user that the server must run as cannot reach a folder.
    Unreachable {
        /// The folder.
        path: PathBuf,
        /// The user.
        user: String,
    },
    /// Started as root on a system without any user to run the server as.
    NoUser,
    /// A program did not start.
    Spawn {
        /// Its name.
        program: &'static str,
        /// The user it should run as, when that is another one.
        user: Option<String>,
        /// The system's answer.
        cause: io::Error,
    },
    /// `initdb` failed.
    Initdb {
        /// Its last line.
        line: String,
    },
    /// The server ended before it was ready.
    Exited {
        /// How it ended.
        status: String,
        /// The relevant lines of its log.
        lines: String,
        /// The whole log.
        log: PathBuf,
    },
    /// The server runs but accepts no connection.
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// The starting code itself failed.
    Crashed(String),
}

impl StartError {
    pub(super) fn folder(action: &'static str, path: &Path, cause: io::Error) -> StartError {
        StartError::Folder { action, path: path.to_owned(), owner: super::account::other_owner(path), cause }
    }

    pub(super) fn spawn(program: &'static str, account: Option<&Account>, cause: io::Error) -> StartError {
        StartError::Spawn { program, user: account.map(|account| account.name.clone()), cause }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinaries { fetch, install } => {
                write!(f, "no PostgreSQL on this machine")?;
                if let Some(problem) = fetch {
                    write!(f, ", and it could not be fetched ({problem})")?;
                }
                write!(
                    f,
                    "; install it {install}, or set LECTERN_PG_BIN to the folder of its programs, \
                     or DATABASE_URL to a running server"
                )
            }
            Self::BadBinDir { dir, problem } => write!(
                f,
                "LECTERN_PG_BIN is {}, but {problem}; set it to the folder that holds PostgreSQL's initdb and postgres",
                dir.display()
            ),
            Self::TooOld { dir, major, install } => write!(
                f,
                "the PostgreSQL in {} is version {major}, Lectern needs {} or newer; install one {install}, \
                 or set LECTERN_PG_BIN or DATABASE_URL",
                dir.display(),
                super::find::OLDEST
            ),
            Self::OtherVersion { folder, needed, found } => write!(
                f,
                "the data folder {} was made by PostgreSQL {needed}, but only version {found} is here; install \
                 PostgreSQL {needed} or set LECTERN_PG_BIN to its programs, or move the folder away to begin anew",
                folder.display()
            ),
            Self::InUse { folder, pid } => {
                write!(f, "another Lectern")?;
                if let Some(pid) = pid {
                    write!(f, " (process {pid})")?;
                }
                write!(f, " is using the data folder {}; stop it, or set LECTERN_DATA_DIR to another folder", folder.display())
            }
            Self::ForeignServer { folder, pid } => write!(
                f,
                "a PostgreSQL that Lectern did not start (process {pid}) runs on the data folder {}; stop it, \
                 or set LECTERN_DATA_DIR to another folder",
                folder.display()
            ),
            Self::Undead { pid } => {
                write!(f, "the PostgreSQL of an earlier run (process {pid}) does not end; end it with `kill -9 {pid}` and start again")
            }
            Self::Folder { action, path, owner, cause } => {
                write!(f, "cannot {action} {} ({cause}", path.display())?;
                if let Some(owner) = owner {
                    write!(f, "; it belongs to {owner}")?;
                }
                match cause.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        write!(f, "); free some space, or set LECTERN_DATA_DIR to a folder on another disk")
                    }
                    _ => write!(f, "); set LECTERN_DATA_DIR to a folder that this user may write"),
                }
            }
            Self::NotAData { path } => write!(
                f,
                "{} holds files but no PostgreSQL database; move it away, or set LECTERN_DATA_DIR to another folder",
                path.display()
            ),
            Self::Unreachable { path, user } => write!(
                f,
                "PostgreSQL refuses to run as root, and the user {user} cannot reach {}; set LECTERN_DATA_DIR to a \
                 folder that {user} can reach, or start Lectern as an ordinary user",
                path.display()
            ),
            Self::NoUser => write!(
                f,
                "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`; start Lectern as an \
                 ordinary user, or set DATABASE_URL"
            ),
            Self::Spawn { program, user, cause } => {
                write!(f, "cannot run {program}")?;
                if let Some(user) = user {
                    write!(f, " as the user {user}")?;
                }
                write!(f, " ({cause}); start Lectern as an ordinary user, or set DATABASE_URL")
            }
            Self::Initdb { line } => {
                write!(f, "PostgreSQL could not make its database folder: {line}")
            }
            Self::Exited { status, lines, log } => {
                write!(f, "PostgreSQL stopped while starting ({status}): {lines}; the whole log is {}", log.display())
            }
            Self::NotReady { seconds, log } => {
                write!(f, "PostgreSQL accepted no connection within {seconds} seconds; its log is {}", log.display())
            }
            Self::Crashed(what) => write!(f, "starting PostgreSQL failed: {what}"),
        }
    }
}

impl std::error::Error for StartError {}
