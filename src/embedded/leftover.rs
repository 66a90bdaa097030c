//! The server that a killed Lectern may have left behind on the data folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::StartError;
use super::folder::Folder;
use super::process::ENDINGS;

/// The setting by which a server says whose it is. PostgreSQL takes any name with a dot and ignores it.
pub(super) fn mark(folder: &Folder) -> OsString {
    let mut mark = OsString::from("lectern.folder=");
    mark.push(&folder.path);
    mark
}

/// Stops a server of an earlier run, and removes a `postmaster.pid` whose process is gone.
///
/// The folder is locked, so no living Lectern owns the server. PostgreSQL itself trusts the number in the file as soon
/// as any process has it, which in a container that restarts is always so.
pub(super) fn stop(folder: &Folder) -> Result<(), StartError> {
    let note = folder.data().join("postmaster.pid");
    let text = match fs::read_to_string(&note) {
        Ok(text) => text,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(StartError::folder("read", &note, cause)),
    };
    // A server in single-user mode writes its number with a minus.
    let pid = text.lines().next().and_then(|line| line.trim().trim_start_matches('-').parse().ok());
    if let Some(pid) = pid.filter(|pid| *pid > 0) {
        match owner(pid, folder) {
            Owner::Earlier => end(pid, folder)?,
            Owner::Foreign => {
                return Err(StartError::ForeignServer { folder: folder.path.clone(), pid });
            }
            Owner::Nobody => {}
        }
    }
    match fs::remove_file(&note) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(StartError::folder("remove", &note, cause)),
        _ => Ok(()),
    }
}

/// The owner of the process that `postmaster.pid` names.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// A Lectern that is gone.
    Earlier,
    /// Somebody who started a server on this folder by hand.
    Foreign,
    /// It is dead, or its number went to something else.
    Nobody,
}

fn owner(pid: i32, folder: &Folder) -> Owner {
    let Some(running) = Running::look(pid) else {
        return Owner::Nobody;
    };
    if !matches!(running.program.to_str(), Some("postgres" | "postmaster")) {
        Owner::Nobody
    } else if running.last_argument.as_bytes().ends_with(mark(folder).as_bytes()) {
        Owner::Earlier
    } else if running.folder.is_none_or(|path| path == folder.data()) {
        Owner::Foreign
    } else {
        Owner::Nobody
    }
}

/// Ends a server of an earlier run, first gently.
fn end(pid: i32, folder: &Folder) -> Result<(), StartError> {
    tracing::info!(pid, "stopping the PostgreSQL that an earlier run left behind");
    for (signal, patience) in ENDINGS {
        let sent = Instant::now();
        // It may just have ended by itself: its parent's death told it to.
        let _gone = kill(Pid::from_raw(pid), signal);
        while sent.elapsed() < patience {
            if owner(pid, folder) != Owner::Earlier {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Err(StartError::Undead { pid })
}

/// What the system tells about a process.
struct Running {
    /// The program's name without its folder.
    program: OsString,
    /// The last argument, or the whole command line where the system does not keep arguments apart.
    last_argument: OsString,
    /// The folder that it works in, where the system tells.
    folder: Option<PathBuf>,
}

impl Running {
    /// None when there is no such process, or only a dead one that nobody has waited for.
    #[cfg(target_os = "linux")]
    fn look(pid: i32) -> Option<Running> {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut arguments = line.split(|byte| *byte == 0).filter(|argument| !argument.is_empty());
        let program = PathBuf::from(OsStr::from_bytes(arguments.next()?));
        let last_argument = OsStr::from_bytes(arguments.next_back().unwrap_or_default()).to_owned();
        Some(Running { program: program.file_name()?.to_owned(), last_argument, folder: fs::read_link(format!("/proc/{pid}/cwd")).ok() })
    }

    #[cfg(not(target_os = "linux"))]
    fn look(pid: i32) -> Option<Running> {
        let ask = |column: &str| {
            let output = std::process::Command::new("ps").args(["-ww", "-o", column, "-p", &pid.to_string()]).output().ok()?;
            let text = output.stdout.trim_ascii();
            (!text.is_empty()).then(|| OsStr::from_bytes(text).to_owned())
        };
        let program = PathBuf::from(ask("comm=")?);
        Some(Running { program: program.file_name()?.to_owned(), last_argument: ask("command=")?, folder: None })
    }
}
