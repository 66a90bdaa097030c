//! Asks a running service whether it is ready: what a container's health check calls, where no other client is at hand.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, anyhow};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout_at},
};

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a service was found that is not ready, each with what was seen.
#[derive(Debug)]
pub enum Unwell {
    /// Nobody listens at its address.
    Absent(anyhow::Error),
    /// It is there, and says that it can't answer; or says nothing.
    NotReady(anyhow::Error),
    /// What listens there is something else.
    Strange(anyhow::Error),
}

/// Asks `url`, or else `/readyz` of the address that the service listens on.
///
/// # Errors
/// When it does not answer 200.
pub async fn health(listen: SocketAddr, url: Option<&str>) -> anyhow::Result<()> {
    let found = match url {
        Some(url) => {
            let (host, path) = split(url)?;
            look(&host, &path).await
        }
        None => readiness(listen).await,
    };
    found.map_err(|(Unwell::Absent(seen) | Unwell::NotReady(seen) | Unwell::Strange(seen))| seen)
}

/// Whether the service is ready that listens on this address.
///
/// # Errors
/// How it was found otherwise.
pub async fn readiness(listen: SocketAddr) -> Result<(), Unwell> {
    look(&reachable(listen).to_string(), "/readyz").await
}

/// The same of the metrics that are served on this address.
///
/// # Errors
/// How they were found otherwise.
pub async fn measured(listen: SocketAddr) -> Result<(), Unwell> {
    look(&reachable(listen).to_string(), "/metrics").await
}

async fn look(host: &str, path: &str) -> Result<(), Unwell> {
    let end = Instant::now() + PATIENCE;
    let late = || anyhow!("{host} did not answer within {} seconds", PATIENCE.as_secs());
    let silent = |error| anyhow::Error::new(error).context(format!("{host} does not answer"));
    let stream = timeout_at(end, TcpStream::connect(host))
        .await
        .map_err(|_late| Unwell::Absent(late()))?
        .map_err(|error| Unwell::Absent(silent(error)))?;
    let answer = timeout_at(end, ask(stream, host, path))
        .await
        .map_err(|_late| Unwell::NotReady(late()))?
        .map_err(|error| Unwell::NotReady(silent(error)))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| Unwell::Strange(anyhow!("{host} does not speak HTTP")))?;
    let status = head.split(' ').nth(1).unwrap_or("without status");
    let seen = || anyhow!("{host} is not ready: {} (HTTP {status})", body.trim());
    match status {
        "200" => Ok(()),
        "503" => Err(Unwell::NotReady(seen())),
        _ => Err(Unwell::Strange(seen())),
    }
}

async fn ask(mut stream: TcpStream, host: &str, path: &str) -> std::io::Result<String> {
    // 1.0, so that the answer is neither chunked nor followed by another.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 << 10).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A service that listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// `http://host:port/path` as host with port, and path.
fn split(url: &str) -> anyhow::Result<(String, String)> {
    let rest = url.strip_prefix("http://").context("an address such as http://127.0.0.1:8000/readyz is expected")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let host = if has_port { host.to_owned() } else { format!("{host}:80") };
    Ok((host, if path.is_empty() { "/readyz".to_owned() } else { path.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_is_usual() {
        let parts = |url| split(url).map(|(host, path)| format!("{host} {path}")).map_err(|error| error.to_string());
        assert_eq!(parts("http://lectern:8000/healthz"), Ok("lectern:8000 /healthz".to_owned()));
        assert_eq!(parts("http://lectern"), Ok("lectern:80 /readyz".to_owned()));
        assert_eq!(parts("http://[::1]:8000"), Ok("[::1]:8000 /readyz".to_owned()));
        assert!(parts("https://lectern").is_err());
        assert_eq!(reachable("0.0.0.0:8000".parse().unwrap()).to_string(), "127.0.0.1:8000");
        assert_eq!(reachable("[::]:8000".parse().unwrap()).to_string(), "[::1]:8000");
    }
}
