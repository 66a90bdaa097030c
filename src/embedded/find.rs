//! Finding PostgreSQL's programs on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use super::{Options, StartError, fetch};

/// The oldest major version that Lectern runs on.
pub(super) const OLDEST: u32 = 15;

/// Folders that hold one folder per installed version: where, how its name begins, where in it the programs are.
const SHELVES: [(&str, &str, &str); 10] = [
    ("/usr/lib/postgresql", "", "bin"),                      // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                               // PostgreSQL's own packages for Red Hat's family
    ("/usr/lib", "postgresql", "bin"),                       // openSUSE
    ("/usr/libexec", "postgresql", ""),                      // Alpine
    ("/usr/local", "pgsql", "bin"),                          // built from source
    ("/opt/homebrew/opt", "postgresql", "bin"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/Library/PostgreSQL", "", "bin"), // the installer for macOS
];

/// A folder with PostgreSQL's programs.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

/// The programs to use: the ones named, else the newest installed ones that fit, else the fetched package.
///
/// `made_by` is the major version of an existing database, which no other version can open.
pub(super) fn binaries(options: &Options, account: Option<&Account>, made_by: Option<u32>, folder: &Path) -> Result<Binaries, StartError> {
    let check = |binaries: Binaries| fit(binaries, account, made_by, folder);
    if let Some(dir) = &options.bin_dir {
        // The programs run in another folder than Lectern.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let bad = |problem: &str| StartError::BadBinDir { dir: dir.clone(), problem: problem.to_owned() };
        if !holds_programs(&dir) {
            return Err(bad("it holds no initdb and postgres"));
        }
        return check(probe(&dir).ok_or_else(|| bad("its postgres does not run"))?);
    }

    let mut found = if options.use_installed { installed() } else { Vec::new() };
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    // Last, whatever its version: an installed server gets its security fixes from the system.
    found.extend(fetch::cached(account).as_deref().and_then(probe));
    let mut refusal = None;
    for candidate in found {
        match check(candidate) {
            Ok(binaries) => return Ok(binaries),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }

    let mut problem = None;
    if options.fetch && made_by.is_none_or(|major| major == fetch::MAJOR) {
        match fetch::fetch(account, options.progress) {
            Ok(dir) => match probe(&dir) {
                Some(binaries) => return check(binaries),
                None => problem = Some("the fetched programs do not run on this system".to_owned()),
            },
            Err(reason) => problem = Some(reason),
        }
    }
    Err(refusal.unwrap_or_else(|| StartError::NoBinaries { fetch: problem, install: installer() }))
}

/// Passes programs on when they can serve this folder.
fn fit(binaries: Binaries, account: Option<&Account>, made_by: Option<u32>, folder: &Path) -> Result<Binaries, StartError> {
    if let Some(account) = account
        && !account.reaches(&binaries.dir)
    {
        return Err(StartError::Unreachable { path: binaries.dir, user: account.name.clone() });
    }
    match made_by {
        Some(needed) if needed != binaries.major => {
            Err(StartError::OtherVersion { folder: folder.to_owned(), needed, found: binaries.major })
        }
        _ if binaries.major < OLDEST => Err(StartError::TooOld { dir: binaries.dir, major: binaries.major, install: installer() }),
        _ => Ok(binaries),
    }
}

/// Every installation in the usual places, each once.
fn installed() -> Vec<Binaries> {
    let shelved = SHELVES.iter().flat_map(|(shelf, prefix, inner)| {
        fs::read_dir(shelf)
            .into_iter()
            .flatten()
            .flatten()
            .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(move |entry| entry.path().join(inner))
    });
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = Vec::new();
    let places = pg_config().into_iter().chain(shelved).chain(std::env::split_paths(&on_path));
    for dir in places.chain(["/usr/local/bin", "/usr/bin"].map(PathBuf::from)) {
        if !holds_programs(&dir) {
            continue;
        }
        // A link in PATH and the folder that it leads to are one installation.
        let real = fs::canonicalize(dir.join("postgres")).ok().and_then(|file| Some(file.parent()?.to_owned()));
        let dir = real.filter(|dir| holds_programs(dir)).unwrap_or(dir);
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs.iter().filter_map(|dir| probe(dir)).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    dir.is_absolute().then_some(dir)
}

fn holds_programs(dir: &Path) -> bool {
    dir.is_absolute() && ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file())
}

/// Asks the server program for its version; none when it does not run.
fn probe(dir: &Path) -> Option<Binaries> {
    let output = Command::new(dir.join("postgres")).arg("--version").env_clear().stdin(Stdio::null()).output().ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { dir: dir.to_owned(), major })
}

/// The major version in a line such as `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn major(line: &str) -> Option<u32> {
    let (_, number) = line.split_once("(PostgreSQL) ")?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// With what PostgreSQL is installed on this system, to follow "install it".
fn installer() -> String {
    let managers = [
        ("apt-get", "apt-get install postgresql"),
        ("dnf", "dnf install postgresql-server postgresql-contrib"),
        ("apk", "apk add postgresql17 postgresql17-contrib"),
        ("zypper", "zypper install postgresql-server postgresql-contrib"),
        ("pacman", "pacman -S postgresql"),
    ];
    if cfg!(target_os = "macos") {
        return "with `brew install postgresql@17`".to_owned();
    }
    let sudo = if nix::unistd::geteuid().is_root() { "" } else { "sudo " };
    match managers.iter().find(|(manager, _)| on_path(manager)) {
        Some((_, command)) => format!("with `{sudo}{command}`"),
        None => "with the package manager of this system".to_owned(),
    }
}

/// Whether a program of this name can be called.
pub(super) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("something else 17"), None);
    }
}
