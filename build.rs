//! Recompiles the crate when GraphiQL was built or removed: `rust-embed` looks at `web/dist` only while compiling. And tells the
//! binary what it is built of, for `lectern version`.

use std::process::Command;

fn main() {
    let built = std::path::Path::new("web/dist");
    // A watched path that is missing would count as changed each time. Where it can't be made (a read-only checkout without
    // a build), compiling again and again is the worst that happens.
    let _ = std::fs::create_dir_all(built);
    println!("cargo::rerun-if-changed={}", built.display());

    // Asked of the environment (`make build`, the image), not of git: else every commit would compile the crate anew.
    println!("cargo::rerun-if-env-changed=LECTERN_COMMIT");
    let given = std::env::var("LECTERN_COMMIT").ok().filter(|commit| !commit.is_empty());
    println!("cargo::rustc-env=LECTERN_BUILD_COMMIT={}", given.as_deref().unwrap_or("unknown"));
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let compiler = Command::new(of("RUSTC")).arg("--version").output().map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    let compiler = compiler.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| "rustc".to_owned());
    println!("cargo::rustc-env=LECTERN_BUILD={} {} {compiler}", of("PROFILE"), of("TARGET"));
}
