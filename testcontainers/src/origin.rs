//! Where the server of the tests comes from.

use anyhow::{Context, Result, anyhow};

use crate::{
    address::Address,
    local::{self, Local},
};

/// Names the server to use, as a URL of its superuser; the roles that tests make must need the same password or none.
const GIVEN: &str = "LECTERN_TEST_DATABASE_URL";

/// What keeps the server alive for as long as the process.
pub(crate) enum Origin {
    /// Somebody else's server.
    Given,
    /// PostgreSQL's programs of this machine.
    Local { _server: Box<Local> },
    /// A container; kept for the next run, which finds it by its labels.
    #[cfg(feature = "docker")]
    Docker { _container: Box<lectern_testcontainers_docker::Container> },
}

/// Finds or starts the server.
pub(crate) async fn find() -> Result<(Origin, Address)> {
    if let Ok(url) = std::env::var(GIVEN) {
        return Ok((Origin::Given, Address::parse(&url).with_context(|| format!("reading {GIVEN}"))?));
    }
    if let Some(server) = local::start(false).await? {
        return at_home(server);
    }
    #[cfg(feature = "docker")]
    let no_docker = match lectern_testcontainers_docker::start(local::settings()).await {
        Ok((container, url)) => return Ok((Origin::Docker { _container: Box::new(container) }, Address::parse(&url)?)),
        Err(reason) => reason,
    };
    #[cfg(not(feature = "docker"))]
    let no_docker = anyhow!("only with `--features lectern-testcontainers/docker`");
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
