//! The service: check the database, listen, answer, stop in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use futures_util::future::join_all;
use jiff::SignedDuration;
use lectern_kernel::{
    auth::{Passwords, SigningKey, Tokens},
    db::{ActorKind, DESK_ROLE, Desk, Pool, PoolOptions, Pooler, Standbys, preflight, preflight_as},
    execute::{AdmissionOptions, Engine, Schema},
    jobs::{Outside, Worker},
    outbound::Addresses,
    rates::{COST, RateLimits},
    request::{DocumentCache, Limits, Trusted},
    resolve::{Services, registry::Registry},
    sealing::Sealer,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Cluster, Demo, desk_engine, let_answer, make_folder, metrics::Metrics, objects, seed_demo_if_empty, shards, sources, worker::outside,
    workers,
};
use crate::{
    config::{Allowed, PoolerKind, Settings, ShardingKind},
    domains::{
        self,
        answers::Answers,
        bookings::CHANGES,
        client_events::BATCHES,
        conversations::{ATTEMPTS, SENDS},
        files::UPLOADS,
    },
    http::{self, HttpOptions, ServerOptions, SocketOptions},
    schema,
};

/// What a worker's stack has. async-graphql resolves the levels of a document within one another; in a debug build each takes
/// up to 100 kB of stack, and tokio's default of 2 MiB would be exhausted by twenty of them. Memory that is not touched costs
/// nothing.
const STACK: usize = 8 << 20;

/// The runtime of the service.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()
}

/// What an engine needs beside the settings.
pub struct ServeOptions<'a> {
    /// The database, as lectern_app.
    pub url: &'a str,
    /// Signs tokens.
    pub key: SigningKey,
    /// Seals secrets.
    pub sealer: Sealer,
    /// What else resolvers need.
    pub outside: Outside,
}

/// An engine over a database.
pub fn engine(settings: &Settings, options: ServeOptions<'_>) -> anyhow::Result<Engine> {
    engine_of(settings, options, schema::build, domains::registry())
}

/// An engine for another schema than the product's.
///
/// # Errors
/// As [`engine`].
pub fn engine_of(
    settings: &Settings,
    options: ServeOptions<'_>,
    schema: fn(&Limits) -> Schema,
    registry: &'static Registry,
) -> anyhow::Result<Engine> {
    if settings.statement_timeout >= settings.request_timeout {
        bail!(
            "LECTERN_STATEMENT_TIMEOUT ({} s) must be less than LECTERN_REQUEST_TIMEOUT ({} s): the database has to stop first",
            settings.statement_timeout,
            settings.request_timeout
        );
    }
    let defaults = PoolOptions::default();
    let size = settings.pool_size.map_or(defaults.size, usize::from);
    let pool = shards::spread(settings, options.url, Pool::new(options.url, &PoolOptions { size, ..pool_options(settings) })?)?;
    let tokens = Tokens::new(
        &options.key,
        &settings.issuer,
        SignedDuration::from_mins(settings.access_token_minutes),
        SignedDuration::from_hours(settings.refresh_token_days * 24),
    )?
    .with_device_tokens(SignedDuration::from_hours(settings.device_token_days * 24));
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let limits = limits(settings);
    let schema = schema(&limits);
    let standbys = standbys(settings, size)?;
    let trusted = settings.trusted_documents.as_deref().map(|path| Trusted::load(path, &schema.checker(), &limits)).transpose()?;
    if let Some(trusted) = &trusted {
        tracing::info!(documents = trusted.count(), "only trusted documents run");
    }
    let documents = DocumentCache::new(settings.document_cache_bytes, trusted);
    let suitable = AdmissionOptions::for_pool(pool.max_size());
    let admission = AdmissionOptions {
        documents: settings.max_requests.map_or(suitable.documents, |count| count as usize),
        passwords: settings.max_sign_ins.map_or(suitable.passwords, |count| count as usize),
        ..suitable
    };
    let (sealer, outside) = (options.sealer, options.outside);
    let services = Arc::new(Services { passwords, tokens, sealer, addresses: addresses(settings), outside });
    let engine = Engine::new(schema, registry, &ActorKind::TENANT, pool, services, limits, Duration::from_secs(settings.request_timeout))
        .with_document_cache(documents)
        .with_rate_limits(&rates(settings))
        .with_admission(&admission);
    Ok(match standbys {
        Some(standbys) => engine.with_standbys(Arc::new(standbys)),
        None => engine,
    })
}

/// The standbys that queries are read from, each over as many connections as the primary is asked over.
fn standbys(settings: &Settings, size: usize) -> anyhow::Result<Option<Standbys>> {
    let Some(url) = &settings.replica_url else { return Ok(None) };
    let options = PoolOptions { size, ..pool_options(settings) };
    let standbys = Standbys::new(url.expose(), &options, Duration::from_millis(settings.replica_lag)).context("LECTERN_REPLICA_URL")?;
    Ok(Some(standbys))
}

/// Which addresses people may name.
pub fn addresses(settings: &Settings) -> Addresses {
    Addresses::allowing(settings.webhook_allow.clone())
}

/// Which addresses calendars may be fetched from.
pub fn calendar_addresses(settings: &Settings) -> Addresses {
    let (mut networks, mut hosts) = (Vec::new(), Vec::new());
    for allowed in &settings.calendar_allow {
        match allowed {
            Allowed::Network(network) => networks.push(*network),
            Allowed::Host(host) => hosts.push(host.clone()),
        }
    }
    Addresses::allowing(networks).and_hosts(hosts)
}

/// How connections behave that the settings speak of.
pub(super) fn pool_options(settings: &Settings) -> PoolOptions {
    PoolOptions {
        statement_timeout: Duration::from_secs(settings.statement_timeout),
        pooler: match (settings.pooler, settings.sharding) {
            (PoolerKind::None, None) => Pooler::None,
            (PoolerKind::Transaction, _) | (_, Some(ShardingKind::Pgdog)) => Pooler::Transaction,
        },
        ..PoolOptions::default()
    }
}

/// The rate limits that the settings name.
pub(super) fn rates(settings: &Settings) -> RateLimits {
    RateLimits {
        sign_ins_per_address: settings.rate_sign_ins_per_address,
        sign_ins_per_known_address: settings.rate_sign_ins_per_known_address,
        sign_ins_per_account: settings.rate_sign_ins_per_account,
        sign_in_minutes: settings.rate_sign_in_minutes,
        known_network_days: settings.known_network_days,
        keys_per_address: settings.rate_enrollment_keys_per_address,
        keys_per_person: settings.rate_enrollment_keys_per_person,
        key_minutes: settings.rate_enrollment_key_minutes,
        codes_per_account: settings.rate_codes_per_account,
        codes_per_address: settings.rate_codes_per_address,
        code_minutes: settings.rate_code_minutes,
        asks_per_account: settings.rate_mails_per_account,
        asks_per_address: settings.rate_mails_per_address,
        ask_minutes: settings.rate_mail_minutes,
        budgets: vec![
            (&CHANGES, settings.rate_bookings),
            (&UPLOADS, settings.rate_uploads),
            (&BATCHES, settings.rate_client_events),
            (&SENDS, settings.rate_messages),
            (&ATTEMPTS, settings.rate_messages.saturating_mul(10)),
            (&COST, settings.rate_cost),
        ],
        ..RateLimits::default()
    }
}

/// The limits of documents that the settings name.
pub(super) fn limits(settings: &Settings) -> Limits {
    Limits {
        bytes: settings.max_document_bytes,
        tokens: settings.max_tokens,
        nesting: settings.max_nesting,
        fields: settings.max_fields,
        levels: settings.max_levels,
        aliases: settings.max_aliases,
        directives: settings.max_directives,
        directives_in_place: settings.max_directives_in_place,
        fragments: settings.max_fragments,
        variables: settings.max_variable_bytes,
        depth: settings.max_depth,
        complexity: settings.max_complexity,
        mutations: settings.max_mutations,
        introspection: settings.introspection,
    }
}

/// Serves until told to stop.
pub async fn serve(settings: &Settings) -> anyhow::Result<()> {
    // First: where the port is in use, no database is started.
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{} is in use: stop what runs there, or set LECTERN_LISTEN to another port", settings.listen)
        }
        _ => anyhow::anyhow!("{} can't be listened on: {error}", settings.listen),
    })?;
    let cluster = Cluster::open(settings).await?;
    let served = serve_on(settings, &cluster, listener).await;
    let closed = cluster.close().await;
    served.and(closed)
}

async fn serve_on(settings: &Settings, cluster: &Cluster, listener: TcpListener) -> anyhow::Result<()> {
    make_folder(settings)?;
    let metrics = Metrics::start(settings).await?;
    let demo = cluster.is_embedded() && prepare(settings, cluster).await?;
    let address = listener.local_addr().context("the address is unknown")?;
    if settings.s3_bucket.is_none() && !cluster.is_embedded() {
        tracing::warn!(
            "files are kept in a folder of this machine: where several replicas serve, set LECTERN_S3_BUCKET, or LECTERN_FILES to one that they share"
        );
    }
    let (url, outside) = (cluster.app_url()?, outside(settings, cluster, address)?);
    let (key, sealer) = (cluster.signing_key()?, cluster.sealer()?);
    let serve = ServeOptions { url: &url, key: key.clone(), sealer: sealer.clone(), outside: outside.clone() };
    let engine = Arc::new(engine(settings, serve)?);
    let_answer(&engine);
    // The platform looks over all schools of one database.
    let desk = match outside.find::<Desk>().filter(|_| settings.sharding.is_none()) {
        Some(desk) => {
            let desk = (*desk).clone().ringing(engine.pool());
            Some(Arc::new(desk_engine(settings, &desk, &key, sealer, outside.clone())?))
        }
        None => None,
    };
    check(engine.pool(), cluster).await?;
    check_standbys(&engine, cluster).await?;
    check_desk(&outside, cluster).await?;
    engine.show();
    if let Some(answers) = outside.find::<Answers>() {
        answers.show();
    }
    engine.pool().show("requests");
    if let Some(desk) = outside.find::<Desk>() {
        desk.pool().show("platform");
    }

    let (beside, apart) = match (desk, &settings.desk_listen) {
        (Some(desk), Some(wanted)) => {
            let listener =
                TcpListener::bind(wanted).await.with_context(|| format!("LECTERN_DESK_LISTEN: {wanted} can't be listened on"))?;
            (None, Some((listener, http::desk_router(desk, http_options(settings, false)))))
        }
        (desk, _) => (desk, None),
    };
    let platform = match &apart {
        Some((listener, _)) => {
            Some(format!("http://{}/platform/graphql", listener.local_addr().context("the platform's address is unknown")?))
        }
        None => beside.as_ref().map(|_| "/platform/graphql beside it".to_owned()),
    };
    let router = http::router_beside(engine.clone(), beside, http_options(settings, demo));
    let mut told_to_stop = StopSignals::catch().context("signals can't be caught")?;
    announce(address, platform.as_deref(), demo);

    let stop = CancellationToken::new();
    if let Some(metrics) = metrics {
        metrics.serve(engine.pool().clone(), stop.clone());
    }
    let mut server = tokio::spawn(http::serve(listener, router, server_options(settings), stop.clone()));
    let desk = apart.map(|(listener, router)| tokio::spawn(http::serve(listener, router, server_options(settings), stop.clone())));
    let workers = if settings.worker { workers(settings, &url, &outside, Some(engine.pool()))? } else { Vec::new() };
    let mut worker = tokio::spawn(run_all(workers, stop.clone()));
    let failure = tokio::select! {
        ended = &mut server => Some(anyhow::anyhow!("the server ended by itself: {ended:?}")),
        log = cluster.server_exited() => Some(anyhow::anyhow!("the embedded PostgreSQL ended by itself: {log}")),
        () = told_to_stop.next() => None,
    };
    tracing::info!("stopping: requests and jobs in flight may finish");
    stop.cancel();
    if failure.is_none() {
        let drained = async {
            if tokio::time::timeout(Duration::from_secs(settings.drain_timeout), &mut server).await.is_err() {
                tracing::warn!(seconds = settings.drain_timeout, "some requests did not finish in time");
            }
        };
        tokio::select! {
            // The worker keeps the time itself, and gives back what is not finished then.
            _ended = async { tokio::join!(drained, &mut worker) } => {}
            () = told_to_stop.next() => tracing::warn!("told to stop again: some requests or jobs were not finished"),
        }
    }
    server.abort();
    if let Some(desk) = desk {
        desk.abort();
    }
    worker.abort();
    engine.pool().close();
    failure.map_or(Ok(()), Err)
}

pub(super) async fn run_all(workers: Vec<Worker>, stop: CancellationToken) {
    join_all(workers.into_iter().map(|worker| worker.run(stop.clone()))).await;
}

/// Whether requests may be served, and jobs be run, over these connections.
pub(super) async fn check(pool: &Pool, cluster: &Cluster) -> anyhow::Result<()> {
    let Some(shards) = pool.shards() else { return check_one(pool, cluster).await };
    for (shard, own) in shards.pools().iter().enumerate() {
        check_one(own, cluster).await.with_context(|| format!("LECTERN_SHARD_URLS, shard {}", shard + 1))?;
    }
    match shards.place(pool, Uuid::nil()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => bail!("DATABASE_URL leads to a database that LECTERN_SHARD_URLS does not name"),
        Err(error) => bail!("PgDog can't be used: {}; check DATABASE_URL, and that it runs", error.for_operator()),
    }
}

async fn check_one(pool: &Pool, cluster: &Cluster) -> anyhow::Result<()> {
    let findings = preflight(pool, sources::embedded()?, cluster.is_embedded()).await.map_err(|error| {
        anyhow::anyhow!("the database can't be used: {}; check DATABASE_URL and that the server runs", error.for_operator())
    })?;
    for warning in &findings.warnings {
        tracing::warn!("{warning}");
    }
    if !findings.errors.is_empty() {
        bail!("{}", findings.errors.join(" "));
    }
    Ok(())
}

/// Whether queries may be read from the standbys. One that is not there is no reason not to serve: it is left out until it is.
async fn check_standbys(engine: &Engine, cluster: &Cluster) -> anyhow::Result<()> {
    for pool in engine.standbys().into_iter().flat_map(|standbys| standbys.pools()) {
        match preflight(pool, sources::embedded()?, cluster.is_embedded()).await {
            Ok(findings) if findings.errors.is_empty() => {}
            Ok(findings) => bail!("LECTERN_REPLICA_URL: {}", findings.errors.join(" ")),
            Err(error) => tracing::warn!(reason = error.for_operator(), "a standby of LECTERN_REPLICA_URL can't be reached"),
        }
    }
    Ok(())
}

/// Whether the platform may be served, where it is to be.
pub(super) async fn check_desk(outside: &Outside, cluster: &Cluster) -> anyhow::Result<()> {
    let Some(desk) = outside.find::<Desk>() else { return Ok(()) };
    let pools = desk.pool().shards().map_or_else(|| vec![desk.pool().clone()], |shards| shards.pools().to_vec());
    for pool in pools {
        let findings = preflight_as(&pool, DESK_ROLE, sources::embedded()?, cluster.is_embedded())
            .await
            .map_err(|error| anyhow::anyhow!("the platform can't be served: {}; check LECTERN_DESK_URL", error.for_operator()))?;
        if !findings.errors.is_empty() {
            bail!("LECTERN_DESK_URL: {}", findings.errors.join(" "));
        }
    }
    Ok(())
}

fn http_options(settings: &Settings, demo: bool) -> HttpOptions {
    HttpOptions {
        body_limit: settings.body_limit,
        body_timeout: Duration::from_secs(settings.body_timeout),
        body_ratio: settings.body_ratio,
        cors_origins: settings.cors_origins.clone(),
        cors_request_headers: settings.cors_request_headers.iter().flatten().cloned().collect(),
        cors_response_headers: settings.cors_response_headers.iter().flatten().cloned().collect(),
        trusted_proxies: settings.trusted_proxies.clone(),
        sockets: SocketOptions {
            init_timeout: Duration::from_secs(settings.socket_init_timeout),
            operations: settings.max_socket_operations as usize,
            per_person: settings.max_sockets as usize,
            ..SocketOptions::default()
        },
        mail_feedback: settings.mail_feedback_token.as_ref().map(|token| token.expose().to_owned()),
        demo,
        ..HttpOptions::default()
    }
}

fn server_options(settings: &Settings) -> ServerOptions {
    ServerOptions {
        connections: open_files(settings.max_connections as usize),
        header_timeout: Duration::from_secs(settings.header_timeout),
        idle_timeout: Duration::from_secs(settings.idle_timeout),
        // A request waits to be admitted, sends its body, runs, and its answer is read.
        stall_timeout: Duration::from_secs(settings.body_timeout + settings.request_timeout + 30),
        ..ServerOptions::default()
    }
}

/// Files beside those of the connections: the database's, the log, the programs of the embedded server.
const OTHER_FILES: u64 = 128;

/// Raises the limit of open files to what the connections need; answers for how many connections there is room.
fn open_files(connections: usize) -> usize {
    let wanted = connections as u64 + OTHER_FILES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return connections };
    if soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard).is_ok_and(|()| hard >= wanted) {
        return connections;
    }
    let room = usize::try_from(soft.max(hard).saturating_sub(OTHER_FILES)).unwrap_or(connections).clamp(1, connections);
    tracing::warn!(wanted = connections, room, "the limit of open files (ulimit -n) leaves room for fewer connections than configured");
    room
}

/// Brings the embedded database to this binary's schema, and the demo into it when it is empty. Answers whether the demo
/// is there.
async fn prepare(settings: &Settings, cluster: &Cluster) -> anyhow::Result<bool> {
    let report = cluster.migrate(false).await?;
    if report.applied > 0 {
        tracing::info!(applied = report.applied, "migrated the embedded database");
    }
    if !settings.demo {
        return Ok(false);
    }
    let demo = seed_demo_if_empty(&cluster.platform_url()?, &cluster.sealer()?, &objects(settings)?).await?;
    if demo == Demo::Loaded {
        tracing::info!("loaded the demo schools");
    }
    Ok(demo != Demo::Absent)
}

/// Ends at the first Ctrl-C or SIGTERM after it was first polled; never where they can't be caught.
pub async fn told_to_stop() {
    match StopSignals::catch() {
        Ok(mut signals) => signals.next().await,
        Err(_uncatchable) => std::future::pending().await,
    }
}

/// Ctrl-C, and SIGTERM as a supervisor sends it.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// From here on these signals no longer end the process by themselves.
    pub(super) fn catch() -> std::io::Result<StopSignals> {
        Ok(StopSignals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[allow(clippy::print_stdout, reason = "for the person who started it")]
fn announce(address: SocketAddr, platform: Option<&str>, demo: bool) {
    println!("\n  Lectern is ready.\n\n    GraphQL    http://{address}/graphql\n    GraphiQL   http://{address}/graphiql");
    if let Some(platform) = platform {
        println!("    Platform   {platform}");
    }
    if demo {
        println!(
            "\n  Two demo schools, each with admin@, instructor@, learner@, viewer@ and participant@; the password is lectern-demo\n\n    \
             alpha-flight-school   admin@alpha.example\n    bravo-academy         admin@bravo.example"
        );
    }
    println!("\n  Ctrl-C stops it.\n");
}
