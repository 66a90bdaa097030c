//! The database cluster: making it once, and the command that serves it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::account::Account;
use super::find::{self, Binaries};
use super::folder::{Folder, Log, last_line, make_private};
use super::process::{LOCALE, command};
use super::socket::{PORT, Socket};
use super::{Durability, Options, StartError, leftover};

/// Everything that stands ready when the server may start.
pub(super) struct Ready {
    pub(super) folder: Arc<Folder>,
    pub(super) account: Option<Account>,
    pub(super) socket: Socket,
    binaries: Binaries,
}

/// Locks the data folder, clears leftovers away, finds the programs and makes the database where there is none.
pub(super) fn prepare(options: &Options) -> Result<Ready, StartError> {
    let path = std::path::absolute(&options.data_dir).map_err(|cause| StartError::folder("open", &options.data_dir, cause))?;
    let account = Account::for_folder(&path)?;
    let folder = Folder::open(&path, account.as_ref())?;
    leftover::stop(&folder)?;
    let made_by = folder.major()?;
    let binaries = find::binaries(options, account.as_ref(), made_by, &folder.path)?;
    if made_by.is_none() {
        make(&folder, account.as_ref(), &binaries, options)?;
    }
    let socket = Socket::place(&folder, account.as_ref())?;
    Ok(Ready { folder: Arc::new(folder), account, socket, binaries })
}

/// Runs `initdb` beside the final place, so that an interrupted run leaves nothing that looks like a database.
fn make(folder: &Folder, account: Option<&Account>, binaries: &Binaries, options: &Options) -> Result<(), StartError> {
    (options.progress)(&format!("Making a PostgreSQL {} database in {}", binaries.major, folder.path.display()));
    let unfinished = folder.path.join("data.tmp");
    match fs::remove_dir_all(&unfinished) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            return Err(StartError::folder("remove", &unfinished, cause));
        }
        _ => {}
    }
    make_private(&unfinished, account)?;
    let mut initdb = command(&binaries.dir.join("initdb"), account, folder.door.as_ref());
    initdb.arg("-D").arg(folder.seen_by_child("data.tmp"));
    initdb.args(["-U", "postgres", "-E", "UTF8", "--no-instructions"]);
    initdb.arg(format!("--locale={LOCALE}"));
    // Whoever passes the folder's mode may be anybody; there is no way in over the network.
    initdb.args(["--auth-local=trust", "--auth-host=reject"]);
    if options.durability == Durability::Scratch {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(|cause| StartError::spawn("initdb", account, cause))?;
    if !output.status.success() {
        return Err(StartError::Initdb { line: complaint(&String::from_utf8_lossy(&output.stderr)) });
    }
    fs::rename(&unfinished, folder.data())
        .and_then(|()| fs::File::open(&folder.path)?.sync_all())
        .map_err(|cause| StartError::folder("make", &folder.data(), cause))
}

/// What `initdb` complains about: its own error lines, or else its last line.
fn complaint(stderr: &str) -> String {
    let telling = ["error:", "FATAL:", "PANIC:", "DETAIL:", "HINT:", "error while loading"];
    let told: Vec<&str> = stderr.lines().filter(|line| telling.iter().any(|word| line.contains(word))).map(str::trim).collect();
    if told.is_empty() { last_line(stderr) } else { told.join(" ") }
}

/// The command that runs the server; it writes to `log`.
pub(super) fn server_command(ready: &Ready, options: &Options, log: &Log) -> Result<Command, StartError> {
    let clone = || log.file.try_clone().map_err(|cause| StartError::folder("write to", &log.path, cause));
    let mut postgres = command(&ready.binaries.dir.join("postgres"), ready.account.as_ref(), ready.folder.door.as_ref());
    postgres.stdout(Stdio::from(clone()?)).stderr(Stdio::from(clone()?));
    postgres.arg("-D").arg(ready.folder.seen_by_child("data")).arg("-p").arg(PORT.to_string());
    let mut set = |name: &str, value: &str| {
        postgres.arg("-c").arg(format!("{name}={value}"));
    };
    set("listen_addresses", "");
    set("unix_socket_directories", &quoted(&ready.socket.seen_by_server));
    set("unix_socket_permissions", "0700");
    set("max_connections", "60");
    set("shared_buffers", "128MB");
    set("timezone", "UTC");
    set("log_timezone", "UTC");
    // Lectern's statements are short; compiling them costs more than it saves.
    set("jit", "off");
    if options.durability == Durability::Scratch {
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            set(name, "off");
        }
    }
    for (name, value) in &options.extra_settings {
        set(name, value);
    }
    // Last, so that a later run recognises its own leftover by the end of the command line.
    postgres.arg("-c").arg(leftover::mark(&ready.folder));
    Ok(postgres)
}

/// The setting is a list; quotes keep a comma or a space of the path out of it.
fn quoted(dir: &Path) -> String {
    format!("\"{}\"", dir.display().to_string().replace('"', "\"\""))
}
