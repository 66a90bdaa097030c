//! The Unix socket: where it stands, and the URLs that lead to it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use nix::unistd::{Uid, geteuid};

use super::StartError;
use super::account::Account;
use super::folder::{Folder, make_private};

/// Only a part of the file's name: nothing listens on the network.
pub(super) const PORT: u16 = 5432;
/// The longest path that a socket may have, without the closing zero byte.
const LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The folder of the server's socket; only its owner and root may enter.
pub(super) struct Socket {
    dir: PathBuf,
    /// How the server itself names the folder.
    pub(super) seen_by_server: PathBuf,
    /// Beside the data folder it may stay; anywhere else it is removed at the end.
    borrowed: bool,
}

impl Socket {
    /// Makes the socket's folder, without anything that an earlier server left in it.
    pub(super) fn place(folder: &Folder, account: Option<&Account>) -> Result<Socket, StartError> {
        let inside = folder.path.join("run");
        let socket = if fits(&inside) {
            make_private(&inside, account)?;
            Socket { dir: inside, seen_by_server: folder.seen_by_child("run"), borrowed: false }
        } else {
            let dir = short_place(&folder.path, account)?;
            Socket { seen_by_server: dir.clone(), dir, borrowed: true }
        };
        for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
            let path = socket.dir.join(name);
            match fs::remove_file(&path) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => {
                    return Err(StartError::folder("remove", &path, cause));
                }
                _ => {}
            }
        }
        Ok(socket)
    }

    /// The socket of a server that another process runs: nothing is made, and nothing removed at the end.
    pub(super) fn at(dir: PathBuf) -> Socket {
        Socket { seen_by_server: dir.clone(), dir, borrowed: false }
    }

    /// How this process connects as the superuser.
    pub(super) fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.dir).port(PORT).user("postgres").dbname("postgres");
        config
    }

    /// The socket's folder stands in the place of the host: the one form that tokio-postgres, sqlx and libpq read alike.
    /// Port and `sslmode` are spelled out because sqlx would take them from PGPORT and PGSSLMODE otherwise.
    pub(super) fn url(&self, role: &str, database: &str) -> String {
        let host = encode(self.dir.as_os_str().as_bytes());
        let (role, database) = (encode(role.as_bytes()), encode(database.as_bytes()));
        format!("postgres://{role}@{host}:{PORT}/{database}?sslmode=disable")
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.borrowed {
            // Fails while the server still has its socket there; the next start clears that away.
            let _still_used = fs::remove_dir(&self.dir);
        }
    }
}

/// Whether a socket in `dir` has a path that the system and every driver accept.
fn fits(dir: &Path) -> bool {
    dir.to_str().is_some() && dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= LIMIT
}

/// A folder with a short path, always the same for the same data folder.
fn short_place(data_folder: &Path, account: Option<&Account>) -> Result<PathBuf, StartError> {
    let hash = digest::digest(&digest::SHA256, data_folder.as_os_str().as_bytes());
    let name = format!("lectern-{}", &HEXLOWER.encode(hash.as_ref())[..12]);
    // Root's own runtime folder is closed to the account that the server runs as.
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|_| account.is_none()).map(PathBuf::from);
    let bases = [runtime, Some(std::env::temp_dir()), Some(PathBuf::from("/tmp"))];
    let mut problem = StartError::folder("put a socket below", data_folder, ErrorKind::InvalidFilename.into());
    for base in bases.into_iter().flatten().filter(|base| base.is_absolute()) {
        let dir = base.join(&name);
        if fits(&dir) {
            match take_over(&dir, account) {
                Ok(()) => return Ok(dir),
                Err(reason) => problem = reason,
            }
        }
    }
    Err(problem)
}

/// Makes a folder in a place that everybody may write to: one that is there already must be ours, and no link.
fn take_over(dir: &Path, account: Option<&Account>) -> Result<(), StartError> {
    if let Ok(there) = fs::symlink_metadata(dir) {
        let ours = [geteuid(), account.map_or(geteuid(), |account| account.uid)];
        if !there.is_dir() || !ours.contains(&Uid::from_raw(there.uid())) {
            return Err(StartError::folder("use", dir, ErrorKind::AlreadyExists.into()));
        }
    }
    make_private(dir, account)
}

/// Percent-encodes everything but letters, digits and `-._~`.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_drivers_read_the_url() {
        let dir = PathBuf::from("/srv/my school's, data\"/run");
        let socket = Socket { seen_by_server: dir.clone(), dir: dir.clone(), borrowed: false };
        let url = socket.url("lectern app", "oak/elm");

        let config: tokio_postgres::Config = url.parse().expect("tokio-postgres reads it");
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix(dir.clone())]);
        assert_eq!((config.get_user(), config.get_dbname()), (Some("lectern app"), Some("oak/elm")));

        let options: sqlx::postgres::PgConnectOptions = url.parse().expect("sqlx reads it");
        assert_eq!(options.get_socket(), Some(&dir));
        assert_eq!((options.get_username(), options.get_database()), ("lectern app", Some("oak/elm")));
    }
}
