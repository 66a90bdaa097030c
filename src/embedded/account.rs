//! Which user of the operating system the server runs as.
//!
//! PostgreSQL refuses to run as root, so root hands its processes to somebody else: to the owner of the folder where
//! that is an ordinary user, else to `postgres`, else to `nobody`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use nix::unistd::{Gid, Uid, User, geteuid};

use super::StartError;

/// The user that the server's processes run as when Lectern itself runs as root.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) name: String,
}

impl Account {
    /// The account for a data folder; none for an ordinary user, whose children simply stay that user.
    pub(super) fn for_folder(folder: &Path) -> Result<Option<Account>, StartError> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        // A database that exists stays with its owner, even one whose name this system has forgotten.
        if let Ok(data) = fs::metadata(folder.join("data"))
            && data.uid() != 0
        {
            let uid = Uid::from_raw(data.uid());
            return Ok(Some(Account { uid, gid: Gid::from_raw(data.gid()), name: name_of(uid) }));
        }
        let surroundings = folder.ancestors().find_map(|path| fs::metadata(path).ok());
        let owner =
            surroundings.filter(|place| place.uid() != 0).and_then(|place| User::from_uid(Uid::from_raw(place.uid())).ok().flatten());
        let known = |name| User::from_name(name).ok().flatten();
        let user = owner.or_else(|| known("postgres")).or_else(|| known("nobody"));
        match user {
            Some(user) => Ok(Some(Account { uid: user.uid, gid: user.gid, name: user.name })),
            None => Err(StartError::NoUser),
        }
    }

    /// Gives an opened file or folder to this account. Never by path: the account could have put a link there.
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        fchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Whether this account may walk down to `path`, or to the part of it that exists.
    pub(super) fn reaches(&self, path: &Path) -> bool {
        let Some(real) = path.ancestors().find_map(|part| fs::canonicalize(part).ok()) else {
            return false;
        };
        real.ancestors().all(|part| {
            fs::metadata(part).is_ok_and(|meta| {
                let walk = if meta.uid() == self.uid.as_raw() {
                    0o100
                } else if meta.gid() == self.gid.as_raw() {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & walk != 0
            })
        })
    }
}

/// The name of the owner of `path`, or of the nearest folder above that exists, when that is not this user.
pub(super) fn other_owner(path: &Path) -> Option<String> {
    let owner = path.ancestors().find_map(|part| fs::metadata(part).ok())?.uid();
    (owner != geteuid().as_raw()).then(|| name_of(Uid::from_raw(owner)))
}

fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}
