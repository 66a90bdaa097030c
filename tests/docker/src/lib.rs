//! A server in a Docker container. Knows nothing of the product, so that whoever checks it compiles nothing of it.

use std::time::Duration;

use anyhow::Result;
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, ReuseDirective};

const READY: &str = "database system is ready to accept connections";

/// What keeps the container.
pub type Container = ContainerAsync<GenericImage>;

/// Starts a container with these settings of PostgreSQL, or finds the one of an earlier run. With it comes the URL of its superuser.
///
/// # Errors
/// Why there is no container: no Docker, no image, or it did not begin to serve in two minutes.
pub async fn start(settings: impl IntoIterator<Item = (&'static str, &'static str)>) -> Result<(Container, String)> {
    let fast = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
    let settings = fast.into_iter().chain(settings);
    let arguments = settings.flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    let container = GenericImage::new("postgres", "17-alpine")
        .with_exposed_port(5432.tcp())
        // Said twice: by the server that sets the image up, on its output, and by the one that stays, on its errors.
        .with_wait_for(WaitFor::message_on_stdout(READY))
        .with_wait_for(WaitFor::message_on_stderr(READY))
        .with_env_var("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_cmd(std::iter::once("postgres".to_owned()).chain(arguments))
        .with_label("lectern", "tests")
        .with_reuse(ReuseDirective::Always)
        .with_startup_timeout(Duration::from_secs(120))
        .start()
        .await?;
    let (host, port) = (container.get_host().await?, container.get_host_port_ipv4(5432.tcp()).await?);
    Ok((container, format!("postgres://postgres@{host}:{port}/postgres?sslmode=disable")))
}
