//! `lectern audit`: evidence instead of a claim, from the database that is in use. The catalog is read; two disposable
//! schools are set on one another table by table and function by function; every root field is asked for as every role.
//! Nothing of any other school is touched, and nothing of the audit stays.

mod catalog;
mod desk;
mod documents;
mod functions;
mod grants;
mod isolation;
mod pair;
mod permissions;

use std::collections::BTreeMap;

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};

pub use self::grants::page as privileges_page;
use self::{grants::Grants, isolation::Attack, pair::Pair};
use super::{
    postman,
    report::{Check, Report},
    serve::{ServeOptions, engine},
    store,
    store::base,
};
use crate::{
    config::Settings,
    domains::{feeds::FeedAddress, payments::Taking},
    schema::access::{Access, fields},
};
use lectern_kernel::{auth::SigningKey, db::operator, execute::Engine, jobs::Outside, sealing::Sealer};

/// An audit under way: two disposable schools, and those who attack.
pub struct Audit {
    app: PgConnection,
    bare: PgConnection,
    platform: PgConnection,
    /// The platform's role, where its URL is known.
    desk: Option<PgConnection>,
    platform_url: String,
    pair: Pair,
    engine: Engine,
    tables: Vec<String>,
}

impl Audit {
    /// Makes the disposable schools. [`Audit::close`] removes them.
    pub async fn open(settings: &Settings, app_url: &str, platform_url: &str, desk_url: Option<&str>) -> anyhow::Result<Audit> {
        let mut platform = pair::connect(platform_url).await?;
        let swept = pair::sweep(&mut platform).await?;
        if swept > 0 {
            tracing::info!(swept, "removed disposable schools of audits that were killed");
        }
        let app = operator::connect(app_url, "DATABASE_URL").await?;
        let bare = operator::connect(app_url, "DATABASE_URL").await?;
        let desk = match desk_url {
            Some(url) => Some(operator::connect(url, "LECTERN_DESK_URL").await?),
            None => None,
        };
        let sealer = Sealer::from_text(&Sealer::generate()?)?;
        let base = base(settings, settings.listen)?;
        let outside = Outside::default().with(postman(settings, false)?).with(store(settings, &sealer, settings.listen)?);
        let outside = outside.with(FeedAddress::new(&base)).with(Taking::new(&settings.stripe_api_base, &base, true)?);
        let engine = engine(settings, ServeOptions { url: app_url, key: SigningKey::generate()?, sealer, outside })?;
        let tables = catalog::tenant_tables(&mut platform).await.context("the catalog can't be read")?;
        let pair = Pair::create(&mut platform).await.context("the disposable schools can't be made")?;
        Ok(Audit { app, bare, platform, desk, platform_url: platform_url.to_owned(), pair, engine, tables })
    }

    /// The tables of tenants.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// Everything about one table: its wall, its keys, its grants, its audit trigger, and the attack on it.
    pub async fn table(&mut self, table: &str) -> anyhow::Result<Vec<Check>> {
        let grants = Grants::read(&mut self.platform).await?;
        self.table_as(table, &grants).await
    }

    async fn table_as(&mut self, table: &str, grants: &Grants) -> anyhow::Result<Vec<Check>> {
        let wall = catalog::wall(&mut self.platform, table).await?;
        let keys = catalog::keys(&mut self.platform, table).await?;
        let audited = catalog::audited(&mut self.platform, table).await?;
        let grants = grants.of_table(table);
        let mut attack = Attack { app: &mut self.app, bare: &mut self.bare, platform: &mut self.platform, pair: &self.pair };
        let isolation = attack.table(table).await.with_context(|| format!("the attack on {table} did not come to its end"))?;
        Ok(vec![wall, keys, grants, audited, isolation])
    }

    /// What is the same for the whole database: roles, functions, views, grants on anything but tenant tables, lints.
    pub async fn whole(&mut self) -> anyhow::Result<Vec<Check>> {
        let mut checks = catalog::whole(&mut self.platform).await?;
        checks.push(Grants::read(&mut self.platform).await?.of_the_rest(&self.tables));
        Ok(checks)
    }

    /// The attack on each function that the service may call.
    pub async fn functions(&mut self) -> anyhow::Result<Vec<Check>> {
        Ok(functions::attack(&mut self.app, &mut self.platform, &self.pair, &self.tables).await?)
    }

    /// The attack of the platform's role on every table.
    pub async fn desk(&mut self) -> anyhow::Result<Vec<Check>> {
        let Some(desk) = &mut self.desk else {
            return Ok(vec![Check::pass("desk", "lectern_desk", "not attacked with: LECTERN_DESK_URL is not set")]);
        };
        Ok(desk::attack(desk, &mut self.platform, &self.pair, &self.tables).await?)
    }

    /// Every root field, asked for as everybody.
    pub async fn permissions(&mut self) -> anyhow::Result<Vec<Check>> {
        permissions::probe(&self.engine, &self.pair.a, fields()).await
    }

    /// The same, compared with other claims than the schema's own, so that tests can make it fail.
    ///
    /// # Errors
    /// As [`Audit::permissions`].
    pub async fn permissions_as(&mut self, claims: &BTreeMap<(String, String), Access>) -> anyhow::Result<Vec<Check>> {
        permissions::probe(&self.engine, &self.pair.a, claims).await
    }

    /// All of it, in the order of the report: by kind of check, then by table.
    pub async fn run(&mut self) -> anyhow::Result<Report> {
        let mut checks = self.whole().await?;
        let grants = Grants::read(&mut self.platform).await?;
        let mut by_table = Vec::new();
        for table in self.tables.clone() {
            by_table.extend(self.table_as(&table, &grants).await?);
        }
        by_table.sort_by_key(|check| ["wall", "keys", "grants", "audited", "isolation"].iter().position(|group| *group == check.group));
        checks.append(&mut by_table);
        checks.extend(self.functions().await?);
        checks.extend(self.desk().await?);
        checks.extend(self.permissions().await?);
        Ok(Report { checks })
    }

    /// Removes the disposable schools, over a connection of its own: this audit's may be in the middle of anything.
    ///
    /// # Errors
    /// What stands in the way; the next audit tries again.
    pub async fn close(self) -> anyhow::Result<()> {
        self.engine.pool().close();
        // What they still run is rolled back when they end.
        drop((self.app, self.bare, self.platform, self.desk));
        let mut platform = pair::connect(&self.platform_url).await?;
        self.pair.remove(&mut platform).await?;
        platform.close().await?;
        Ok(())
    }
}

/// Audits a database; stopped half way by `stop`, it still removes what it made.
pub async fn audit(
    settings: &Settings,
    app_url: &str,
    platform_url: &str,
    desk_url: Option<&str>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Report> {
    let mut audit = Audit::open(settings, app_url, platform_url, desk_url).await?;
    let report = tokio::select! {
        report = audit.run() => report,
        () = stop => Err(anyhow::anyhow!("stopped; the disposable schools are removed")),
    };
    let closed = audit.close().await;
    let report = report?;
    closed?;
    Ok(report)
}
