//! Workers: inside `serve`, and as processes of their own (`lectern worker`).

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use lectern_kernel::{
    db::{Desk, Pool, PoolOptions, at_address},
    jobs::{JobLane, JobOptions, Outside, Worker},
    outbound::Outbound,
};
use tokio_util::sync::CancellationToken;

use super::{
    Cluster, deployment, make_folder,
    metrics::Metrics,
    postman,
    serve::{StopSignals, addresses, calendar_addresses, check, check_desk, pool_options, run_all},
    shards, store,
    store::base,
};
use crate::{
    config::Settings,
    domains::{
        self, answers::Answers, busy_sources::Calendars, feeds::FeedAddress, knowledge::Extractor, mail::Unsubscribing, payments::Taking,
        providers::Providers,
    },
};

/// How long what a job needs of the database may wait for a connection: no person waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A worker over connections of its own; woken by what is committed over `beside`, where it runs beside requests.
///
/// # Errors
/// When there can be no pool.
pub fn worker(settings: &Settings, url: &str, outside: Outside, beside: Option<&Pool>) -> anyhow::Result<Worker> {
    let pool = pool_of_jobs(settings, url)?;
    pool.show("jobs");
    let pool = match beside {
        Some(beside) => pool.ringing(beside),
        None => pool,
    };
    Ok(Worker::new(pool, domains::registry().jobs().collect(), outside, job_options(settings)))
}

/// Connections of their own for jobs.
fn pool_of_jobs(settings: &Settings, url: &str) -> anyhow::Result<Pool> {
    Pool::new(url, &PoolOptions { size: usize::from(settings.worker_pool_size), wait: PATIENCE, ..pool_options(settings) })
}

/// A worker; where schools are spread over several databases, one for each of them, over connections to its own address.
///
/// # Errors
/// When there can be no pool.
pub fn workers(settings: &Settings, url: &str, outside: &Outside, beside: Option<&Pool>) -> anyhow::Result<Vec<Worker>> {
    if settings.sharding.is_none() {
        return Ok(vec![worker(settings, url, outside.clone(), beside)?]);
    }
    let (mut workers, mut pools) = (Vec::new(), Vec::new());
    for shard in 0..settings.shard_urls.len() {
        let own = settings.of_shard(shard)?;
        let pool = pool_of_jobs(&own, &at_address(url, &settings.shard_urls[shard])?)?;
        // As many names as there are shards.
        pool.show(format!("jobs of shard {}", shard + 1).leak());
        let outside = match &own.desk_url {
            Some(url) => outside.clone().with(Desk::new(url.expose(), &desk_options(&own))?),
            None => outside.clone(),
        };
        workers.push(Worker::new(pool.clone(), domains::registry().jobs().collect(), outside, job_options(&own)));
        pools.push(pool);
    }
    if let Some(beside) = beside {
        beside.echo(pools);
    }
    Ok(workers)
}

/// What jobs and resolvers reach beside the database, in a service that listens on `address`.
///
/// # Errors
/// When a setting of it is wrong, or missing.
pub(super) fn outside(settings: &Settings, cluster: &Cluster, address: SocketAddr) -> anyhow::Result<Outside> {
    let sealer = cluster.sealer()?;
    let store = store(settings, &sealer, address)?;
    let (outbound, postman) = (Outbound::new(addresses(settings))?, postman(settings, cluster.is_embedded())?);
    let base = base(settings, address)?;
    let unsubscribing = Unsubscribing::new(&sealer, &base);
    let outside = Outside::default().with(sealer).with(store).with(postman).with(unsubscribing);
    let outside = outside.with(Providers::new(outbound.clone())).with(outbound);
    let outside = outside.with(FeedAddress::new(&base)).with(Calendars::new(calendar_addresses(settings))?);
    let outside = outside.with(Extractor::new().context("the program that reads documents")?);
    let outside = outside.with(deployment(settings)?.prepared()?).with(Answers::new(settings.max_answers));
    let allows_test = settings.test_payments.unwrap_or(cluster.is_embedded());
    let outside = outside.with(Taking::new(&settings.stripe_api_base, &base, allows_test)?);
    Ok(match desk(settings, cluster)? {
        Some(desk) => outside.with(desk),
        None => outside,
    })
}

/// Connections that an export or an erasure, and the platform's endpoint, may hold at once.
pub(super) const DESK_POOL: usize = 6;

/// The platform's connections, where there are any: few, for few people work there.
///
/// # Errors
/// When there can be no pool.
pub(super) fn desk(settings: &Settings, cluster: &Cluster) -> anyhow::Result<Option<Desk>> {
    let Some(url) = cluster.desk_url() else { return Ok(None) };
    let desk = Desk::new(&url, &desk_options(settings))?;
    Ok(Some(match shards::shards(settings, &url)? {
        Some(shards) => desk.sharded(shards),
        None => desk,
    }))
}

fn desk_options(settings: &Settings) -> PoolOptions {
    PoolOptions { size: DESK_POOL, wait: PATIENCE, ..pool_options(settings) }
}

fn job_options(settings: &Settings) -> JobOptions {
    JobOptions {
        slots: [
            (JobLane::Default, settings.jobs_default),
            (JobLane::Mail, settings.jobs_mail),
            (JobLane::Delivery, settings.jobs_delivery),
            (JobLane::Bulk, settings.jobs_bulk),
        ],
        lease: Duration::from_secs(settings.job_lease),
        backoff: Duration::from_secs(settings.job_backoff),
        drain: Duration::from_secs(settings.drain_timeout),
        ..JobOptions::default()
    }
}

/// Runs jobs until told to stop.
///
/// # Errors
/// When the database can't be used.
pub async fn work(settings: &Settings) -> anyhow::Result<()> {
    let cluster = Cluster::join(settings).await?;
    let worked = work_on(settings, &cluster).await;
    let closed = cluster.close().await;
    worked.and(closed)
}

#[allow(clippy::print_stdout, reason = "for the person who started it")]
async fn work_on(settings: &Settings, cluster: &Cluster) -> anyhow::Result<()> {
    let url = cluster.app_url()?;
    let metrics = Metrics::start(settings).await?;
    let pool = shards::spread(settings, &url, Pool::new(&url, &PoolOptions { size: 1, ..pool_options(settings) })?)?;
    check(&pool, cluster).await?;
    if metrics.is_none() {
        pool.close();
    }
    make_folder(settings)?;
    let outside = outside(settings, cluster, settings.listen)?;
    check_desk(&outside, cluster).await?;
    let workers = workers(settings, &url, &outside, None)?;
    let mut told_to_stop = StopSignals::catch().context("signals can't be caught")?;
    println!("Jobs are run. Ctrl-C stops it.");
    let stop = CancellationToken::new();
    if let Some(metrics) = metrics {
        metrics.serve(pool, stop.clone());
    }
    let mut working = tokio::spawn(run_all(workers, stop.clone()));
    let failure = tokio::select! {
        ended = &mut working => Some(anyhow::anyhow!("the worker ended by itself: {ended:?}")),
        log = cluster.server_exited() => Some(anyhow::anyhow!("the embedded PostgreSQL ended by itself: {log}")),
        () = told_to_stop.next() => None,
    };
    stop.cancel();
    if failure.is_none() {
        tracing::info!("stopping: jobs in flight may finish");
        tokio::select! {
            _ended = &mut working => {}
            () = told_to_stop.next() => tracing::warn!("told to stop again: some jobs were not finished"),
        }
    }
    working.abort();
    failure.map_or(Ok(()), Err)
}
