//! What Prometheus asks for, on a listener of its own.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use lectern_kernel::{
    clock,
    db::{
        DbError, Pool,
        migrate::{Standing, standing},
    },
    jobs::{JobFigures, figures},
    seen::{self, BUCKETS},
};
use metrics::gauge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, sync::Mutex, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    sources,
    version::{COMMIT, VERSION},
};
use crate::config::Settings;

/// How old what the database says may be: several who look ask it no oftener.
const AGE: Duration = Duration::from_secs(15);
/// How long the database may take to say it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often what was measured is sorted into its buckets, where nobody looks.
const UPKEEP: Duration = Duration::from_secs(5);

/// The numbers of this process, and where they are served.
pub(super) struct Metrics {
    listener: TcpListener,
    handle: PrometheusHandle,
}

/// What a look needs.
struct Looked {
    handle: PrometheusHandle,
    pool: Pool,
    /// When the database was asked.
    asked: Mutex<Option<Instant>>,
}

impl Metrics {
    /// Counts from here on, where the settings name a place to look at. Before pools and engines are made: they tell what they hold.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub(super) async fn start(settings: &Settings) -> anyhow::Result<Option<Metrics>> {
        let Some(address) = settings.metrics_listen else { return Ok(None) };
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("LECTERN_METRICS_LISTEN: {address} can't be listened on"))?;
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).context("the buckets of metrics")?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("this process has metrics already"))?;
        seen::start(settings.metrics_operations);
        gauge!("lectern_build_info", "version" => VERSION, "commit" => COMMIT).set(1.0);
        gauge!("process_start_time_seconds").set(clock::now().as_second() as f64);
        gauge!("lectern_migrations").set(sources::embedded()?.migrations.len() as f64);
        seen::at_each_look(show_process);
        let upkept = handle.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkept.run_upkeep();
            }
        });
        Ok(Some(Metrics { listener, handle }))
    }

    /// Serves them until told to stop.
    pub(super) fn serve(self, pool: Pool, stop: CancellationToken) {
        let looked = Arc::new(Looked { handle: self.handle, pool, asked: Mutex::default() });
        let routes = Router::new().route("/metrics", get(look)).with_state(looked);
        if let Ok(address) = self.listener.local_addr() {
            tracing::info!(%address, "metrics are served at /metrics");
        }
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await {
                tracing::error!(%error, "metrics are not served any more");
            }
        });
    }
}

async fn look(State(looked): State<Arc<Looked>>) -> impl IntoResponse {
    let mut asked = looked.asked.lock().await;
    if asked.is_none_or(|asked| asked.elapsed() >= AGE) {
        *asked = Some(Instant::now());
        let is_up = match timeout(PATIENCE, ask(&looked.pool)).await {
            Ok(Ok((jobs, version))) => {
                show_jobs(&jobs);
                let is_ready =
                    sources::embedded().is_ok_and(|source| matches!(standing(source, Some(&version)), Standing::Current | Standing::Newer));
                gauge!("lectern_schema_ready").set(f64::from(u8::from(is_ready)));
                true
            }
            Ok(Err(error)) => {
                tracing::warn!(reason = error.for_operator(), "the database could not be asked for metrics");
                false
            }
            Err(_elapsed) => false,
        };
        gauge!("lectern_database_up").set(f64::from(u8::from(is_up)));
    }
    drop(asked);
    seen::look();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], looked.handle.render())
}

async fn ask(pool: &Pool) -> Result<(Vec<JobFigures>, String), DbError> {
    let version = pool.schema_version().await?;
    Ok((figures(pool).await?, version))
}

fn show_jobs(jobs: &[JobFigures]) {
    for JobFigures { lane, due, later, running, dead, oldest } in jobs {
        for (state, count) in [("due", *due), ("later", *later), ("running", *running), ("dead", *dead)] {
            gauge!("lectern_jobs", "lane" => lane.as_str(), "state" => state).set(count as f64);
        }
        gauge!("lectern_job_oldest_seconds", "lane" => lane.as_str()).set(*oldest);
    }
}

/// Memory and open files, where the operating system says so in files (Linux).
fn show_process() {
    if let Ok(status) = fs::read_to_string("/proc/self/status")
        && let Some(kilobytes) = resident(&status)
    {
        gauge!("process_resident_memory_bytes").set(kilobytes * 1024.0);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
}

/// The kilobytes of memory that `/proc/self/status` tells of.
fn resident(status: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::resident;

    #[test]
    fn memory_is_read_as_linux_says_it() {
        assert_eq!(resident("Name:\tlectern\nVmRSS:\t   20480 kB\nThreads:\t9\n"), Some(20480.0));
        assert_eq!(resident("Name:\tlectern\n"), None);
    }
}
