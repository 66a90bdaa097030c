//! Spans: a request with its admission, its document, its statements and its answer; a job, linked to the request that asked for it. They carry
//! names, codes and texts of statements; never a variable or a parameter.
//!
//! They have a target of their own, which no log asks for, so that they cost next to nothing until [`start`].

use std::sync::OnceLock;

use tracing::Span;

/// The target of all spans.
pub const TARGET: &str = "lectern_kernel::trace";

/// What makes traces of spans.
pub trait Tracer: Send + Sync {
    /// Begins a trace of a request with this span, or goes on with the one that the client began (W3C's `traceparent`).
    fn begin(&self, span: &Span, correlation_id: &str, traceparent: Option<&str>);
    /// Links a span to the request of this correlation id.
    fn link(&self, span: &Span, correlation_id: &str);
    /// `traceparent` of what is going on here, to be passed on.
    fn traceparent(&self) -> Option<String>;
    /// The correlation id of a request that brought a `traceparent` and none of its own.
    fn correlation_id(&self, traceparent: &str) -> Option<String>;
}

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// Makes traces from now on.
pub fn start(tracer: Box<dyn Tracer>) {
    let _first = TRACER.set(tracer);
}

/// A span of a request.
pub fn request(correlation_id: &str, traceparent: Option<&str>) -> Span {
    let Some(tracer) = TRACER.get() else { return Span::none() };
    let span = tracing::trace_span!(
        target: TARGET,
        parent: None,
        "graphql",
        otel.kind = "server",
        correlation_id,
        "graphql.operation.type" = tracing::field::Empty,
        "graphql.operation.name" = tracing::field::Empty,
        "error.type" = tracing::field::Empty
    );
    tracer.begin(&span, correlation_id, traceparent);
    span
}

/// A span of an attempt at a job.
pub fn job(kind: &'static str, attempt: i32) -> Span {
    if TRACER.get().is_none() {
        return Span::none();
    }
    tracing::trace_span!(
        target: TARGET,
        parent: None,
        "job",
        otel.kind = "consumer",
        otel.name = kind,
        attempt,
        correlation_id = tracing::field::Empty
    )
}

/// A span of what goes on after the request of this correlation id was answered: a trace of its own, with a link to the request's.
pub fn afterwards(name: &'static str, correlation_id: &str) -> Span {
    let Some(tracer) = TRACER.get() else { return Span::none() };
    let span = tracing::trace_span!(target: TARGET, parent: None, "afterwards", otel.name = name, correlation_id);
    tracer.link(&span, correlation_id);
    span
}

/// Says which request asked for the job whose span this is.
pub fn asked_for_by(span: &Span, correlation_id: &str) {
    if let Some(tracer) = TRACER.get() {
        span.record("correlation_id", correlation_id);
        tracer.link(span, correlation_id);
    }
}

/// `traceparent` for a request that is sent from here.
pub fn traceparent() -> Option<String> {
    TRACER.get()?.traceparent()
}

/// The correlation id of a request that brought a `traceparent` and none of its own.
pub fn correlation_id(traceparent: &str) -> Option<String> {
    TRACER.get()?.correlation_id(traceparent)
}
