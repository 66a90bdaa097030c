//! Every number that there is: its name, its kind, its labels, and what it says.

/// How a number behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Seconds, sorted into [`BUCKETS`].
    Seconds,
}

/// A number.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, unit included, as Prometheus wants it.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The labels that its series have.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// Upper ends of the buckets, in seconds.
pub const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, help }
}

const fn seconds(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Seconds, labels, help }
}

/// All of them.
pub const METRICS: &[Metric] = &[
    counter(
        "lectern_requests_total",
        &["kind", "operation", "code"],
        "Documents answered, by the code of their first error; OK without one.",
    ),
    seconds(
        "lectern_request_duration_seconds",
        &["kind", "operation"],
        "Time from the document being read to its answer, the wait to be admitted included.",
    ),
    counter("lectern_requests_refused_total", &["code"], "Requests refused before a document could be read from them."),
    counter("lectern_statements_total", &["kind"], "Statements sent for documents."),
    counter("lectern_round_trips_total", &["kind"], "Waits for the database on behalf of documents; overlapping ones count once."),
    counter(
        "lectern_retries_total",
        &[],
        "Documents run again because they lost a deadlock or a serialization race, or were refused by a foreign key or a policy after they had looked.",
    ),
    gauge("lectern_admission_limit", &["lane"], "Documents that may run at once."),
    gauge("lectern_admission_running", &["lane"], "Documents that run."),
    gauge("lectern_admission_waiting", &["lane"], "Documents that wait to be admitted."),
    seconds("lectern_admission_wait_seconds", &["lane"], "Wait of those documents that were not admitted at once."),
    counter("lectern_admission_refused_total", &["lane"], "Documents refused because the line was full or the wait too long."),
    gauge("lectern_pool_connections_limit", &["pool"], "Database connections at most."),
    gauge("lectern_pool_connections", &["pool", "state"], "Database connections, used and idle."),
    gauge("lectern_pool_waiting", &["pool"], "Transactions that wait for a connection."),
    seconds("lectern_pool_wait_seconds", &[], "Time until a transaction has its connection."),
    counter("lectern_pool_failures_total", &[], "Transactions that got no connection."),
    gauge("lectern_standbys", &["state"], "Standbys that queries may be read from: all there are, and those that are fit just now."),
    counter("lectern_standby_queries_total", &[], "Queries sent to a standby."),
    counter("lectern_document_cache_total", &["result"], "Texts of documents looked up: hit, or miss."),
    gauge("lectern_document_cache_bytes", &[], "Bytes that kept documents take, estimated."),
    gauge("lectern_document_cache_documents", &[], "Documents kept."),
    counter("lectern_documents_refused_total", &["limit"], "Documents over a limit, by which."),
    counter("lectern_actor_cache_total", &["result"], "Actors looked up: hit, or miss."),
    gauge("lectern_actor_cache_actors", &[], "Actors kept."),
    counter("lectern_rate_limited_total", &["limit"], "Requests refused because too much was asked for."),
    gauge("lectern_sockets", &[], "WebSockets open."),
    gauge("lectern_subscriptions", &[], "Subscriptions under way."),
    counter("lectern_events_total", &["outcome"], "Changes read for subscribers: shown, hidden, or ended."),
    gauge(
        "lectern_jobs",
        &["lane", "state"],
        "Jobs of all schools: due, later, running, dead; counted as far as 100,000, at most every 15 s.",
    ),
    gauge("lectern_job_oldest_seconds", &["lane"], "How long the oldest job that is due has waited."),
    counter("lectern_job_attempts_total", &["kind", "lane", "outcome"], "Attempts at jobs: done, again, dead, lost, or given_back."),
    seconds("lectern_job_duration_seconds", &["lane"], "Time of attempts at jobs."),
    counter("lectern_mails_total", &["state"], "Mails handed over: SENT, QUEUED (to be tried again), BOUNCED, SUPPRESSED."),
    counter("lectern_webhook_deliveries_total", &["outcome"], "Attempts to deliver: the class of the status, or why there was no answer."),
    counter("lectern_file_transfers_total", &["direction"], "Files that passed through the service: up, or down."),
    counter("lectern_file_bytes_total", &["direction"], "Bytes of files that passed through the service."),
    gauge("lectern_answers", &["state"], "Answers of assistants on their way in this process: running, and waiting for their turn."),
    gauge("lectern_answers_limit", &[], "Answers that this process writes at once."),
    counter(
        "lectern_answers_total",
        &["outcome"],
        "Answers that have ended here: COMPLETED, CANCELLED (nobody listened), STOPPED (somebody else has ended it), or why they failed.",
    ),
    counter(
        "lectern_assistant_calls_total",
        &["purpose", "outcome"],
        "Calls of models, tries included: OK, STOPPED (the answer had ended), or why the provider gave none.",
    ),
    seconds("lectern_assistant_wait_seconds", &[], "Time until a provider has begun to answer, tries that came before included."),
    counter(
        "lectern_assistant_tokens_total",
        &["purpose", "direction"],
        "Tokens that models have read (prompt) and written (completion), as providers say, else as they are estimated.",
    ),
    gauge(
        "lectern_schema_ready",
        &[],
        "1 where the database stands at the schema of this binary or a newer one's, 0 where it has to be migrated.",
    ),
    gauge("lectern_migrations", &[], "Migrations that this binary knows."),
    gauge("lectern_build_info", &["version", "commit"], "1; its labels say what runs."),
    gauge(
        "lectern_database_up",
        &[],
        "1 where the database answered at the last look, 0 where not; jobs and schema are as they were then.",
    ),
    gauge("process_start_time_seconds", &[], "When the process began, since 1970."),
    gauge("process_resident_memory_bytes", &[], "Memory of the process."),
    gauge("process_open_fds", &[], "Open files of the process."),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_units_are_as_prometheus_wants_them() {
        let mut seen = HashSet::new();
        for Metric { name, kind, labels, help } in METRICS {
            assert!(seen.insert(name), "{name} is there twice");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(*kind != Kind::Seconds || name.ends_with("_seconds"), "{name}");
            assert!(help.ends_with('.'), "{name}: {help}");
            for label in *labels {
                assert!(!["tenant", "school", "user", "person", "id", "le", "header", "address"].contains(label), "{name} by {label}");
            }
        }
        assert!(BUCKETS.is_sorted());
    }
}
