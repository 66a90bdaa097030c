//! The server as a child process that cannot outlive Lectern.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid};
use tokio::sync::watch;

use super::account::Account;

/// The locale of the server and of its messages; macOS has no `C.UTF-8`.
pub(super) const LOCALE: &str = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };

/// What to try, and for how long each, until a server ends: a fast shutdown (sessions are cut, data is written out), an immediate
/// one (the next start recovers from the log), SIGKILL.
pub(super) const ENDINGS: [(Signal, Duration); 3] =
    [(Signal::SIGINT, Duration::from_secs(20)), (Signal::SIGQUIT, Duration::from_secs(5)), (Signal::SIGKILL, Duration::from_secs(5))];

/// A program of PostgreSQL with a clean environment, run as `account`, that ends when Lectern ends.
pub(super) fn command(program: &Path, account: Option<&Account>, door: Option<&Arc<File>>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", LOCALE)
        .env("TZ", "UTC")
        .current_dir("/")
        .stdin(Stdio::null())
        // Ctrl-C reaches a terminal's whole process group; Lectern wants to finish its requests before the server goes.
        .process_group(0);
    if let Some(account) = account {
        command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
    }
    tie_to_parent(&mut command, door.cloned());
    command
}

/// Lets the kernel end the child when the thread that starts it ends, and hands the child the opened data folder.
///
/// Only Linux has such a signal. Elsewhere a killed Lectern leaves the server behind and the next start stops it.
#[allow(unsafe_code)]
fn tie_to_parent(command: &mut Command, door: Option<Arc<File>>) {
    let parent = getpid();
    let before_exec = move || {
        // After setuid, which would clear it.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
        // The parent may have died before the line above.
        if getppid() != parent {
            return Err(Errno::ESRCH.into());
        }
        if let Some(door) = &door {
            fcntl(door.as_ref(), FcntlArg::F_SETFD(FdFlag::empty()))?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed. The closure makes three system calls,
    // allocates nothing and takes no lock.
    unsafe { command.pre_exec(before_exec) };
}

/// A running server. Dropping it asks the server to stop and does not wait.
pub(super) struct Process {
    pid: Pid,
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// Starts `command` from a thread of its own, which then waits for it; `held` is dropped when the server has ended.
    ///
    /// The thread is the point: the death signal is tied to the *thread* that started the child, and a thread of an
    /// async runtime may end long before the process does.
    pub(super) fn spawn(mut command: Command, held: impl Send + 'static) -> io::Result<Process> {
        let (born, birth) = mpsc::channel();
        let (ended, watch) = watch::channel(None);
        std::thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(cause) => return born.send(Err(cause)).unwrap_or_default(),
            };
            born.send(Ok(child.id())).unwrap_or_default();
            let status = child.wait();
            drop(held);
            ended.send_replace(Some(match status {
                Ok(status) => status.to_string(),
                Err(cause) => cause.to_string(),
            }));
        })?;
        let id = birth.recv().map_err(io::Error::other)??;
        let id = i32::try_from(id).map_err(io::Error::other)?;
        Ok(Process { pid: Pid::from_raw(id), ended: watch })
    }

    /// Resolves when the server has ended, and says how.
    pub(super) async fn ended(&self) -> String {
        let mut watch = self.ended.clone();
        match watch.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_keeper_gone) => "it is no longer watched".to_owned(),
        }
    }

    /// Stops the server, first gently, and waits until it is gone.
    pub(super) async fn stop(self) -> io::Result<()> {
        for (signal, patience) in ENDINGS {
            self.signal(signal);
            if let Ok(status) = tokio::time::timeout(patience, self.ended()).await {
                tracing::debug!(%status, "PostgreSQL has stopped");
                return Ok(());
            }
            tracing::warn!(%signal, seconds = patience.as_secs(), "PostgreSQL did not stop in time");
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("PostgreSQL (process {}) does not end", self.pid)))
    }

    fn signal(&self, signal: Signal) {
        // Once the child has been waited for, its number may belong to another process.
        if self.ended.borrow().is_none()
            && let Err(cause) = kill(self.pid, signal)
        {
            tracing::debug!(%signal, %cause, "PostgreSQL was not signalled");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGINT);
    }
}
