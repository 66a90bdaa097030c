//! `lectern files`: what lies in the store and no row names, of all schools, shown or deleted (`sweep`); rows and bytes compared (`check`).

use std::{fmt::Write as _, sync::Arc};

use lectern_kernel::{
    clock,
    db::{ActorKind, Identity, Mode, Opening, Pool, PoolOptions, Tx},
    error::Error,
    jobs::Failure,
};
use sqlx::Connection as _;
use uuid::Uuid;

mod check;

use super::{Cluster, platform, serve::pool_options, store};
use crate::{
    config::{FilesCommand, FilesSweep, Settings},
    domains::files::{Door, Found, look, remove},
};

/// Transactions of one school, as the service's own role.
struct OfSchool<'a> {
    pool: &'a Pool,
    tenant: Uuid,
}

impl Door for OfSchool<'_> {
    async fn open(&mut self) -> Result<Arc<Tx>, Failure> {
        let identity = Identity { tenant: self.tenant, ..Identity::default() };
        let opening = Opening { mode: Mode::Read, identity, correlation_id: "files-sweep", actors: &ActorKind::TENANT };
        Ok(Tx::open(self.pool, &opening).await?.0)
    }
}

/// Runs one of the commands.
///
/// # Errors
/// When database or store can't be reached; for `check`, where a file is not what its row says.
pub async fn files(settings: &Settings, cluster: &Cluster, command: &FilesCommand) -> anyhow::Result<()> {
    match command {
        FilesCommand::Sweep(wanted) => sweep(settings, cluster, *wanted).await,
        FilesCommand::Check(wanted) => check::check(settings, cluster, *wanted).await,
    }
}

#[allow(clippy::print_stdout, reason = "what was asked for")]
async fn sweep(settings: &Settings, cluster: &Cluster, wanted: FilesSweep) -> anyhow::Result<()> {
    let mut connection = platform::connect(&cluster.platform_url()?).await?;
    let schools: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT tenant_id, slug FROM tenant ORDER BY slug").fetch_all(&mut connection).await?;
    connection.close().await?;
    let pool = Pool::new(&cluster.app_url()?, &PoolOptions { size: 2, ..pool_options(settings) })?;
    let store = store(settings, &cluster.sealer()?, settings.listen)?;
    let (mut text, mut all) = (String::new(), 0);
    for (tenant, slug) in schools {
        let mut door = OfSchool { pool: &pool, tenant };
        let found = look(&mut door, &store, tenant, clock::now()).await.map_err(said)?;
        if wanted.confirm {
            remove(&store, tenant, &found).await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
        }
        all += found.unnamed.len() + found.staged.len();
        describe(&mut text, &slug, &found, wanted.confirm);
    }
    pool.close();
    print!("{text}");
    match (all, wanted.confirm) {
        (0, _) => println!("Nothing lies in the store that no row names."),
        (_, true) => println!("Deleted."),
        (_, false) => println!("Nothing was deleted: --confirm deletes it."),
    }
    Ok(())
}

/// What was found of a school: a line, and the keys.
fn describe(text: &mut String, slug: &str, found: &Found, is_deleted: bool) {
    if found.unnamed.is_empty() && found.staged.is_empty() {
        return;
    }
    let warning = if found.is_over_limit() && !is_deleted { ": more than the sweep deletes by itself" } else { "" };
    let (unnamed, staged, objects) = (found.unnamed.len(), found.staged.len(), found.objects);
    let _ = writeln!(text, "{slug}: {unnamed} of {objects} objects without a row, {staged} uploads that have ended{warning}");
    for key in found.unnamed.iter().chain(&found.staged) {
        let _ = writeln!(text, "  {key}");
    }
}

fn said(failure: Failure) -> anyhow::Error {
    let error = match failure {
        Failure::Again(error, _) | Failure::Dead(error) => error,
        Failure::Lost => Error::internal("it is somebody else's"),
    };
    anyhow::anyhow!("{}", error.for_operator())
}
