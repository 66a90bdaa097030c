//! Gives tests their database: one PostgreSQL a run, one template-cloned database a test.
//!
//! The server is, in this order: the one that `LECTERN_TEST_DATABASE_URL` names, PostgreSQL's programs of this machine
//! ([`lectern::embedded`], without forcing anything to disk), with the feature `docker` a container, and at last programs that
//! are fetched.
//!
//! ```no_run
//! # async fn migrate(_url: &str) -> anyhow::Result<()> { Ok(()) }
//! # async fn test() {
//! let server = lectern_testcontainers::server().await;
//! let database = server.database(async |template| migrate(&template).await).await;
//! println!("{}", database.url("lectern_app"));
//! # }
//! ```

mod address;
mod database;
mod local;
mod origin;
mod server;

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

pub use database::Database;
pub use server::{Server, server};

/// The runtime that owns the connections of this crate.
///
/// Every `#[tokio::test]` brings a runtime that ends with it; what all tests share must live elsewhere.
fn house() -> &'static Runtime {
    static HOUSE: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("test-server")
            .enable_all()
            .build()
            .expect("a runtime for the test server")
    });
    &HOUSE
}
