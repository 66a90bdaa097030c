//! Where the server of the tests comes from.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, ReuseDirective};

use crate::{
    address::Address,
    local::{self, Local},
};

/// Names the server to use, as a URL of its superuser; the roles that tests make must need the same password or none.
const GIVEN: &str = "LECTERN_TEST_DATABASE_URL";
const READY: &str = "database system is ready to accept connections";

/// What keeps the server alive for as long as the process.
pub(crate) enum Origin {
    /// Somebody else's server.
    Given,
    /// PostgreSQL's programs of this machine.
    Local { _server: Box<Local> },
    /// A container; kept for the next run, which finds it by its labels.
    Docker { _container: Box<ContainerAsync<GenericImage>> },
}

/// Finds or starts the server.
pub(crate) async fn find() -> Result<(Origin, Address)> {
    if let Ok(url) = std::env::var(GIVEN) {
        return Ok((Origin::Given, Address::parse(&url).with_context(|| format!("reading {GIVEN}"))?));
    }
    if let Some(server) = local::start(false).await? {
        return at_home(server);
    }
    let no_docker = match docker().await {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    match local::start(true).await {
        Ok(Some(server)) => at_home(server),
        Ok(None) => Err(anyhow!("no PostgreSQL for the tests; Docker: {no_docker:#}")),
        Err(reason) => Err(anyhow!("no PostgreSQL for the tests: {reason:#}; Docker: {no_docker:#}; or set {GIVEN}")),
    }
}

fn at_home(local: Local) -> Result<(Origin, Address)> {
    let address = Address::parse(&local.server.superuser_url("postgres"))?;
    Ok((Origin::Local { _server: Box::new(local) }, address))
}

async fn docker() -> Result<(Origin, Address)> {
    let settings = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
    let settings = settings.into_iter().chain(local::settings());
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
    let address = Address::parse(&format!("postgres://postgres@{host}:{port}/postgres?sslmode=disable"))?;
    Ok((Origin::Docker { _container: Box::new(container) }, address))
}
