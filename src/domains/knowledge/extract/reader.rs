//! Having a document read by a process of its own.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::timeout,
};

use super::{
    Extracted, Refusal,
    child::{Answer, COMMAND},
};

/// Bytes that an answer may have: five million characters, and what passages repeat.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Starts the processes that read documents.
#[derive(Debug, Clone)]
pub struct Extractor {
    program: PathBuf,
    limit: Duration,
}

impl Extractor {
    /// By this very program, for a minute at most.
    ///
    /// # Errors
    /// When it can't be told where the program lies.
    pub fn new() -> std::io::Result<Self> {
        // There by this name even where its file was replaced while it runs.
        let program = if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { std::env::current_exe()? };
        Ok(Extractor::of(program, Duration::from_secs(60)))
    }

    /// By a program that takes the same command, for so long at most.
    pub fn of(program: PathBuf, limit: Duration) -> Self {
        Extractor { program, limit }
    }

    /// What a document says. A reader that crashes, hangs or takes too much finds it `UNREADABLE`.
    ///
    /// # Errors
    /// The outer one when no process can be started: that says nothing of the document.
    pub async fn read(&self, media_type: &str, bytes: Vec<u8>) -> std::io::Result<Result<Extracted, Refusal>> {
        let mut child = Command::new(&self.program)
            .args([COMMAND, media_type])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let answer = timeout(self.limit, answer(&mut child, bytes)).await;
        if !matches!(answer, Ok(Some(_))) {
            // It may be gone already.
            let _gone = child.kill().await;
        }
        Ok(answer.ok().flatten().unwrap_or(Err(Refusal::Unreadable)))
    }
}

async fn answer(child: &mut Child, bytes: Vec<u8>) -> Option<Answer> {
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let send = async move {
        // One that crashes early does not take all.
        let _sent = stdin.write_all(&bytes).await;
        drop(stdin);
    };
    let receive = async move {
        let mut answer = Vec::new();
        stdout.take(MOST_BYTES + 1).read_to_end(&mut answer).await.ok()?;
        (answer.len() as u64 <= MOST_BYTES).then_some(answer)
    };
    let ((), answer) = tokio::join!(send, receive);
    let status = child.wait().await.ok()?;
    if status.success() { serde_json::from_slice(&answer?).ok() } else { None }
}
