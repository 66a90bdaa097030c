//! `lectern version`: which commit this binary is built of, and how.

/// The version of the product.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, with `-dirty` where files differed from it; `unknown` where whoever built it did not say.
pub const COMMIT: &str = env!("LECTERN_BUILD_COMMIT");
/// Profile, target and compiler.
pub const BUILD: &str = env!("LECTERN_BUILD");

/// In lines.
pub fn version() -> String {
    format!("lectern {VERSION}\ncommit {COMMIT}\nbuild {BUILD}\n")
}
