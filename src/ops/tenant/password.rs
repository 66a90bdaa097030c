//! Reading an administrator's password: unseen from a terminal, or one line of standard input.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use lectern_kernel::auth::Passwords;

/// Reads a password and checks it as any new one; `hints` are what a guesser would try first.
pub(in crate::ops) fn read(prompt: &str, hints: &[&str]) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let password = if stdin.is_terminal() {
        let first = rpassword::prompt_password(prompt).context("the password can't be read")?;
        check(&first, hints)?;
        if first != rpassword::prompt_password("The same again: ").context("the password can't be read")? {
            bail!("the two passwords differ");
        }
        first
    } else {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("the password can't be read from standard input")?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            bail!("the password is missing: one line of standard input is read");
        }
        check(&password, hints)?;
        password
    };
    Ok(password)
}

fn check(password: &str, hints: &[&str]) -> anyhow::Result<()> {
    Passwords::check(password, hints).map_err(|reason| anyhow::anyhow!("the password {}", reason.0))
}
