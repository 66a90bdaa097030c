//! The values of settings, and how they are read.

use std::{fmt, net::IpAddr, ops::RangeInclusive, str::FromStr};

use axum::http::HeaderName;
use clap::ValueEnum;
use ipnet::IpNet;
use zeroize::Zeroizing;

/// Text that never shows itself: neither in `--help`, nor in a log, nor in an error. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Secret(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What stands between the service and PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PoolerKind {
    /// Nothing that shares server connections.
    None,
    /// A pooler in transaction mode.
    Transaction,
}

/// What stands in front of the databases that schools are spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShardingKind {
    /// PgDog.
    Pgdog,
}

/// A network as `10.0.0.0/8`, or a single address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    parsed.ok_or_else(|| "a network such as 10.0.0.0/8, or an address, is needed".to_owned())
}

/// What an operator allows beside what is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// A network.
    Network(IpNet),
    /// A host, wherever its name leads.
    Host(String),
}

/// A network, an address, or the name of a host.
pub(super) fn allowed(text: &str) -> Result<Allowed, String> {
    if let Ok(network) = network(text) {
        return Ok(Allowed::Network(network));
    }
    let text = text.trim().trim_end_matches('.');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // Digits alone at the end would be an address, in whatever notation.
    let is_name =
        text.len() <= 253 && text.split('.').all(is_label) && text.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_err());
    let host = is_name.then(|| Allowed::Host(text.to_ascii_lowercase()));
    host.ok_or_else(|| "a host such as calendar.school.example, or a network such as 10.0.0.0/8, is needed".to_owned())
}

/// The name of a header; nothing where nothing is named.
pub(super) fn header(text: &str) -> Result<Option<HeaderName>, String> {
    let text = text.trim();
    let name = text.parse().map_err(|_| format!("{text:?} is no name of a header"));
    if text.is_empty() { Ok(None) } else { name.map(Some) }
}

/// A number from one to another.
pub(super) fn between(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| {
        let number = text.parse().map_err(|_| "a number is needed".to_owned())?;
        if range.contains(&number) { Ok(number) } else { Err(format!("must be from {} to {}", range.start(), range.end())) }
    }
}
