//! What leaves the process of what it does: structured logs on standard error, traces for a collector, errors for Sentry. Never a secret, never a
//! variable of a document.

mod reports;
mod scrub;
mod sending;
mod traces;

use anyhow::Context as _;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::{reports::Reports, traces::Traces};
use crate::config::{LogFormat, Settings};

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// What is sent until this is dropped; then what waits goes out, for some seconds at most.
#[derive(Default)]
#[must_use = "what waits to be sent is sent when it is dropped"]
pub struct Telemetry {
    traces: Option<Traces>,
    reports: Option<Reports>,
}

/// Starts logging; and, where the process is one that serves (or runs jobs) and the settings name where to, traces and reports of errors. Inside the
/// runtime that sends them.
///
/// # Errors
/// When a setting can't be read.
pub fn start(settings: &Settings, serves: bool) -> anyhow::Result<Telemetry> {
    let mut layers = vec![logs(&settings.log, settings.log_format)?];
    let mut telemetry = Telemetry::default();
    if let Some(url) = settings.otlp_url.as_ref().filter(|_| serves) {
        let (traces, layer) = Traces::start(url.expose(), settings).context("LECTERN_OTLP_URL")?;
        let spans = Targets::new().with_target(lectern_kernel::seen::trace::TARGET, LevelFilter::TRACE);
        layers.push(layer.with_filter(spans).boxed());
        telemetry.traces = Some(traces);
    }
    if let Some(dsn) = settings.sentry_dsn.as_ref().filter(|_| serves) {
        let (reports, layer) = Reports::start(dsn.expose(), settings).context("LECTERN_SENTRY_DSN")?;
        layers.push(layer.with_filter(LevelFilter::ERROR).boxed());
        telemetry.reports = Some(reports);
    }
    tracing_subscriber::registry().with(layers).try_init()?;
    Ok(telemetry)
}

/// Starts logging, and nothing else.
///
/// # Errors
/// When the filter can't be read.
pub fn init(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    Ok(tracing_subscriber::registry().with(vec![logs(filter, format)?]).try_init()?)
}

fn logs(filter: &str, format: LogFormat) -> anyhow::Result<AnyLayer> {
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("LECTERN_LOG can't be read: {error}"))?;
    Ok(match format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).with_filter(filter).boxed(),
    })
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            traces.end();
        }
        if let Some(reports) = self.reports.take() {
            reports.end();
        }
    }
}
