//! What the settings say by themselves: keys, time-outs, rooms on this machine.

use std::path::Path;

use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};

use super::super::{Cluster, report::Check, version};
use crate::config::Settings;

/// A folder with less room than this is as good as full.
const ROOM: u64 = 1 << 30;

/// All of it.
pub(super) fn look(settings: &Settings, cluster: &Cluster) -> Vec<Check> {
    let mut checks =
        vec![Check::pass("version", "lectern", format!("{} of commit {}, {}", version::VERSION, version::COMMIT, version::BUILD))];
    checks.extend(keys(cluster));
    checks.extend(times(settings));
    checks.push(open_files(settings));
    checks.extend(disks(settings));
    checks
}

fn keys(cluster: &Cluster) -> Vec<Check> {
    let said = |count: usize, does: &str| match count {
        1 => "one".to_owned(),
        count => format!("{count}: the first {does}; take the others out when nothing needs them any more (docs/operations/keys.md)"),
    };
    let signing = match cluster.signing_key() {
        Ok(key) => Check::pass("keys", "LECTERN_SIGNING_KEY", said(key.count(), "signs")),
        Err(error) => Check::fail("keys", "LECTERN_SIGNING_KEY", format!("{error:#}")),
    };
    let sealing = match cluster.sealer() {
        Ok(sealer) => Check::pass("keys", "LECTERN_SECRET_KEYS", said(sealer.count(), "seals")),
        Err(error) => Check::fail("keys", "LECTERN_SECRET_KEYS", format!("{error:#}")),
    };
    vec![signing, sealing]
}

/// Time-outs that contradict one another.
fn times(settings: &Settings) -> Vec<Check> {
    let of = |subject: &str, seconds: u64, less: bool, name: &str, other: u64, why: &str| {
        if less {
            Check::pass("times", subject, format!("{seconds} s, {name} {other} s"))
        } else {
            Check::fail("times", subject, format!("{seconds} s, but {name} is {other} s: {why}"))
        }
    };
    let (statement, request, drain) = (settings.statement_timeout, settings.request_timeout, settings.drain_timeout);
    let refresh = settings.refresh_token_days.cast_unsigned() * 86_400;
    let access = settings.access_token_minutes.cast_unsigned() * 60;
    vec![
        of(
            "LECTERN_STATEMENT_TIMEOUT",
            statement,
            statement < request,
            "LECTERN_REQUEST_TIMEOUT",
            request,
            "the database has to stop first, set the former lower",
        ),
        of(
            "LECTERN_DRAIN_TIMEOUT",
            drain,
            drain >= statement,
            "LECTERN_STATEMENT_TIMEOUT",
            statement,
            "what runs is cut off when the service stops, set the former higher",
        ),
        of(
            "LECTERN_ACCESS_TOKEN_MINUTES",
            access,
            access < refresh,
            "LECTERN_REFRESH_TOKEN_DAYS",
            refresh,
            "an access token outlives its sign-in, set the former lower",
        ),
    ]
}

fn open_files(settings: &Settings) -> Check {
    let wanted = u64::from(settings.max_connections) + 128;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) if hard >= wanted => Check::pass("limits", "open files", format!("{hard} may be open, {wanted} are needed at most")),
        Ok((_, hard)) => Check::fail(
            "limits",
            "open files",
            format!("{hard} may be open, LECTERN_MAX_CONNECTIONS needs {wanted}: raise LimitNOFILE (ulimit -Hn), or set that lower"),
        ),
        Err(error) => Check::fail("limits", "open files", format!("the limit can't be asked for: {error}")),
    }
}

/// The file systems of the folders that are written.
fn disks(settings: &Settings) -> Vec<Check> {
    let mut folders = vec![("LECTERN_DATA_DIR", settings.data_dir.clone())];
    if let Some(files) = settings.files.clone().filter(|_| settings.s3_bucket.is_none()) {
        folders.push(("LECTERN_FILES", files));
    }
    // Exports and imports are spooled there.
    folders.push(("temporary files", std::env::temp_dir()));
    folders.into_iter().map(|(name, folder)| disk(name, &folder)).collect()
}

fn disk(name: &'static str, folder: &Path) -> Check {
    // Of a folder that is not there yet, where it would be.
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = absolute.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    match statvfs(there) {
        Ok(found) => {
            let size = |blocks: u64| blocks.saturating_mul(wide(found.fragment_size()));
            let (free, all) = (size(wide(found.blocks_available())), size(wide(found.blocks())));
            let said = format!("{} of {} GiB are free at {}", free >> 30, all >> 30, there.display());
            if free < ROOM { Check::fail("disk", name, format!("{said}: make room")) } else { Check::pass("disk", name, said) }
        }
        Err(error) => Check::fail("disk", name, format!("{} can't be asked for its room: {error}", there.display())),
    }
}

/// Systems count in numbers of different widths.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}
