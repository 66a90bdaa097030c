//! Errors, for Sentry: each line of the log that is one, scrubbed, with its correlation id. Nothing of the request, nothing of this machine.

use std::{
    fmt,
    sync::{Arc, mpsc as blocking},
    time::Duration,
};

use lectern_kernel::seen::trace;
use sentry_core::{
    Client, ClientOptions, Envelope, Transport, TransportFactory, TransportOptions,
    protocol::{Event, Level},
    types::Dsn,
};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{scrub::scrub, sending::Sending};
use crate::{
    config::Settings,
    ops::{COMMIT, VERSION},
};

/// Reports that wait to be sent; what comes beyond them is left out, and stands in the log alone.
const WAITING: usize = 100;
/// How long the last may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long nothing is sent where Sentry is told too much and does not say how long.
const PAUSE: Duration = Duration::from_secs(60);
/// Fields of a line by which reports are sorted; they are words of the code, or ids. All others are scrubbed.
const TAGS: [&str; 6] = ["correlation_id", "code", "kind", "job", "lane", "operation"];

/// Reports that are being sent.
pub(super) struct Reports(Arc<Client>);

impl Reports {
    pub(super) fn start(dsn: &str, settings: &Settings) -> anyhow::Result<(Reports, ReportsLayer)> {
        let dsn: Dsn = dsn.parse().map_err(|_| anyhow::anyhow!("https://KEY@HOST/PROJECT is expected"))?;
        let mut options = ClientOptions::default();
        options.dsn = Some(dsn);
        options.release = Some(format!("lectern@{VERSION}+{COMMIT}").into());
        options.environment = Some(settings.environment.clone().into());
        options.transport = Some(Arc::new(Posts(Sending::new()?)));
        let client = Arc::new(Client::with_options(options));
        Ok((Reports(client.clone()), ReportsLayer(client)))
    }

    /// Sends what waits.
    pub(super) fn end(self) {
        self.0.close(Some(FAREWELL));
    }
}

/// Makes a report of each line that is an error.
pub(super) struct ReportsLayer(Arc<Client>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ReportsLayer {
    fn on_event(&self, line: &tracing::Event<'_>, _context: Context<'_, S>) {
        let mut report = report();
        line.record(&mut Read(&mut report));
        report.logger = Some(line.metadata().target().to_owned());
        // Of one kind is what the code says in one place.
        let place = format!("{}:{}", line.metadata().file().unwrap_or_default(), line.metadata().line().unwrap_or_default());
        report.fingerprint = vec![place.into()].into();
        if let Some(parent) = trace::traceparent()
            && let Some(id) = parent.split('-').nth(1)
        {
            report.tags.insert("trace_id".to_owned(), id.to_owned());
        }
        self.0.capture_event(report, None);
    }
}

fn report() -> Event<'static> {
    Event { level: Level::Error, ..Event::default() }
}

/// Reads the fields of a line.
struct Read<'a>(&'a mut Event<'static>);

impl Read<'_> {
    fn keep(&mut self, name: &str, text: &str) {
        let text = scrub(text);
        if name == "message" {
            self.0.message = Some(text);
        } else if TAGS.contains(&name) {
            self.0.tags.insert(name.to_owned(), text.chars().take(200).collect());
        } else {
            self.0.extra.insert(name.to_owned(), text.into());
        }
    }
}

impl Visit for Read<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field.name(), &format!("{value:?}"));
    }
}

/// Makes what posts reports.
struct Posts(Sending);

impl TransportFactory for Posts {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let (queue, waiting) = mpsc::channel(WAITING);
        self.0.runtime.spawn(post(self.0.client.clone(), options.dsn, waiting));
        Arc::new(Queue(queue))
    }
}

enum Order {
    Send(Box<Envelope>),
    /// Says when everything before it is sent.
    Tell(blocking::Sender<()>),
}

struct Queue(mpsc::Sender<Order>);

impl Transport for Queue {
    fn send_envelope(&self, envelope: Envelope) {
        let _left_out = self.0.try_send(Order::Send(Box::new(envelope)));
    }

    fn flush(&self, timeout: Duration) -> bool {
        let (told, heard) = blocking::channel();
        self.0.try_send(Order::Tell(told)).is_ok() && heard.recv_timeout(timeout).is_ok()
    }
}

async fn post(client: reqwest::Client, dsn: Dsn, mut waiting: mpsc::Receiver<Order>) {
    let (url, auth) = (dsn.envelope_api_url().to_string(), dsn.to_auth(Some(concat!("lectern/", env!("CARGO_PKG_VERSION")))).to_string());
    let mut silent_until = tokio::time::Instant::now();
    while let Some(order) = waiting.recv().await {
        let envelope = match order {
            Order::Send(envelope) => envelope,
            Order::Tell(told) => {
                let _gone = told.send(());
                continue;
            }
        };
        if tokio::time::Instant::now() < silent_until {
            continue;
        }
        let mut body = Vec::new();
        if envelope.to_writer(&mut body).is_err() {
            continue;
        }
        let sent = client
            .post(&url)
            .header("x-sentry-auth", &auth)
            .header("content-type", "application/x-sentry-envelope")
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status() == reqwest::StatusCode::TOO_MANY_REQUESTS => {
                let asked = answer.headers().get("retry-after").and_then(|seconds| seconds.to_str().ok()?.parse().ok());
                silent_until = tokio::time::Instant::now() + asked.map_or(PAUSE, Duration::from_secs);
            }
            Ok(answer) if !answer.status().is_success() => {
                // No error of the log: it would be reported.
                tracing::warn!(status = answer.status().as_u16(), "an error could not be reported");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error.without_url(), "an error could not be reported"),
        }
    }
}
