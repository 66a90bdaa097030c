//! Traces, for a collector that speaks OTLP over HTTP.
//!
//! The ids of a request's trace follow from its correlation id, so that a job is linked to the request that asked for it by what its row says
//! already: a UUID is the trace's id; `TRACE-SPAN` in hexadecimal digits are both, made where a client brings a `traceparent` alone; of anything else
//! it is the hash.

use std::cell::Cell;

use anyhow::bail;
use aws_lc_rs::digest::{SHA256, digest};
use lectern_kernel::seen::trace::{self, Tracer};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, Sampler, SdkTracerProvider},
};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::Registry;
use uuid::Uuid;

use super::sending::Sending;
use crate::{config::Settings, ops::VERSION};

/// Traces that are being made.
pub(super) struct Traces(SdkTracerProvider);

type TracesLayer = OpenTelemetryLayer<Registry, opentelemetry_sdk::trace::SdkTracer>;

impl Traces {
    pub(super) fn start(url: &str, settings: &Settings) -> anyhow::Result<(Traces, TracesLayer)> {
        let known = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(known) = known else { bail!("an address such as http://collector:4318 is expected") };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sending::new()?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint(&known))
            .build()?;
        let resource = Resource::builder_empty().with_service_name("lectern").with_attributes([
            KeyValue::new("service.version", VERSION),
            KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
            KeyValue::new("deployment.environment.name", settings.environment.clone()),
        ]);
        let share = Sampler::TraceIdRatioBased(f64::from(settings.trace_percent) / 100.0);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_id_generator(Ids::default())
            .with_resource(resource.build())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("lectern"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        trace::start(Box::new(Linked));
        Ok((Traces(provider), layer))
    }

    /// Sends what waits.
    pub(super) fn end(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "not all traces were sent");
        }
    }
}

/// Where traces go, of a collector that is named by its address alone, as is usual, or by the whole of it.
fn endpoint(url: &url::Url) -> String {
    let text = url.as_str().trim_end_matches('/');
    if url.path() == "/" { format!("{text}/v1/traces") } else { text.to_owned() }
}

thread_local! {
    /// The ids of the span that is built next on this thread.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Ids at random, unless they are set.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}

/// The ids that follow from a correlation id.
fn ids_of(correlation_id: &str) -> (TraceId, SpanId) {
    if let Some((trace, span)) = correlation_id.split_once('-').and_then(|(trace, span)| parts(trace, span)) {
        return (trace, span);
    }
    let hash = digest(&SHA256, correlation_id.as_bytes());
    let mut words = hash.as_ref().chunks_exact(8).map(|word| word.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)));
    let mut word = || words.next().unwrap_or_default().max(1);
    let span = SpanId::from(word());
    let trace = match correlation_id.parse::<Uuid>() {
        Ok(id) if !id.is_nil() => id.as_u128(),
        _ => (u128::from(word()) << 64) | u128::from(word()),
    };
    (TraceId::from(trace), span)
}

/// The ids of two words of hexadecimal digits.
fn parts(trace: &str, span: &str) -> Option<(TraceId, SpanId)> {
    let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex(trace, 32) || !is_hex(span, 16) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    (trace != TraceId::INVALID && span != SpanId::INVALID).then_some((trace, span))
}

/// What a `traceparent` says.
fn parent_of(traceparent: &str) -> Option<SpanContext> {
    let mut words = traceparent.trim().split('-');
    let (version, trace, span, flags) = (words.next()?, words.next()?, words.next()?, words.next()?);
    // Later versions may say more behind it; the first says exactly this.
    if version.len() != 2 || version == "ff" || (version == "00" && words.next().is_some()) || flags.len() != 2 {
        return None;
    }
    let (trace, span) = parts(trace, span)?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// Makes traces of the kernel's spans.
struct Linked;

impl Tracer for Linked {
    fn begin(&self, span: &Span, correlation_id: &str, traceparent: Option<&str>) {
        if let Some(parent) = traceparent.and_then(parent_of) {
            // A span that is not recorded has no parent to set.
            let _set = span.set_parent(Context::new().with_remote_span_context(parent));
        }
        NEXT.set(Some(ids_of(correlation_id)));
        // It is built here, with these ids.
        let _built = span.context();
        NEXT.set(None);
    }

    fn link(&self, span: &Span, correlation_id: &str) {
        let (trace, id) = ids_of(correlation_id);
        span.add_link(SpanContext::new(trace, id, TraceFlags::SAMPLED, true, TraceState::default()));
    }

    fn traceparent(&self) -> Option<String> {
        let context = Span::current().context();
        let span = context.span();
        let known = span.span_context();
        known.is_valid().then(|| format!("00-{}-{}-{:02x}", known.trace_id(), known.span_id(), known.trace_flags().to_u8()))
    }

    fn correlation_id(&self, traceparent: &str) -> Option<String> {
        let parent = parent_of(traceparent)?;
        let own = Uuid::now_v7().as_u64_pair().1;
        Some(format!("{}-{:016x}", parent.trace_id(), own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_traceparent_is_taken_where_it_is_one() {
        let parent = parent_of(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(parent.trace_id().to_string(), TRACE);
        assert!(parent.is_sampled() && parent.is_remote());
        assert!(!parent_of(&format!("00-{TRACE}-00f067aa0ba902b7-00")).unwrap().is_sampled());
        assert!(parent_of(&format!("01-{TRACE}-00f067aa0ba902b7-01-more")).is_some(), "a later version");
        for wrong in [
            String::new(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-zz"),
        ] {
            assert!(parent_of(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_ids_of_a_trace_follow_from_the_correlation_id() {
        let made = Linked.correlation_id(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        let (trace, span) = ids_of(&made);
        assert_eq!(made, format!("{trace}-{span}"));
        assert_eq!(trace.to_string(), TRACE);
        let id = Uuid::now_v7();
        assert_eq!(ids_of(&id.to_string()).0, TraceId::from(id.as_u128()));
        assert_eq!(ids_of("a-client-s-own"), ids_of("a-client-s-own"));
        assert_ne!(ids_of("a-client-s-own"), ids_of("another"));
    }

    #[test]
    fn a_collector_is_named_by_its_address_or_by_the_whole_of_it() {
        for (given, wanted) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("https://x.example/otlp/v1/traces", "https://x.example/otlp/v1/traces"),
        ] {
            assert_eq!(endpoint(&url::Url::parse(given).unwrap()), wanted);
        }
    }
}
