//! Recompiles the crate when GraphiQL was built or removed: `rust-embed` looks at `web/dist` only while compiling.

fn main() {
    let built = std::path::Path::new("web/dist");
    // A watched path that is missing would count as changed each time. Where it can't be made (a read-only checkout without
    // a build), compiling again and again is the worst that happens.
    let _ = std::fs::create_dir_all(built);
    println!("cargo::rerun-if-changed={}", built.display());
}
