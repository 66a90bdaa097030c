//! The process in which foreign bytes are read: it takes them from its standard input and answers JSON. Before it looks at any of them it gives up what it does not
//! need: it can open no file and no socket, start no process, and take no more than so much memory and time. Whatever a document does to its reader ends there.

use std::{
    io::{self, Read as _, Write as _},
    panic,
    process::ExitCode,
};

use nix::sys::resource::{Resource, setrlimit};

use super::{Extracted, Refusal, extract};

/// The command that the service is started anew with.
pub const COMMAND: &str = "read-document";
/// Memory that it may take.
const MEMORY: u64 = 512 * 1024 * 1024;
/// Seconds of a processor that it may take.
const SECONDS: u64 = 60;

/// What it answers.
pub type Answer = Result<Extracted, Refusal>;

/// Reads the document of a media type, where this process was started for that; none where it was started for anything else.
pub fn run_as_child() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != COMMAND {
        return None;
    }
    Some(match arguments.next().map(|media_type| run(&media_type)) {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn run(media_type: &str) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    confine()?;
    panic::set_hook(Box::new(|_| {}));
    let answer: Answer = panic::catch_unwind(|| extract(media_type, &bytes)).unwrap_or(Err(Refusal::Unreadable));
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    out.flush()
}

/// No descriptor beside the three that it has, so no file and no network; no memory and no time without end.
fn confine() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    for (what, limit) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NOFILE, 3),
        (Resource::RLIMIT_NPROC, 0),
        (Resource::RLIMIT_CPU, SECONDS),
        (Resource::RLIMIT_DATA, MEMORY),
    ] {
        setrlimit(what, limit, limit)?;
    }
    Ok(())
}
