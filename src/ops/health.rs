//! Asks a running service whether it is ready: what a container's health check calls, where no other client is at hand.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `url`, or else `/readyz` of the address that the service listens on.
pub async fn health(listen: SocketAddr, url: Option<&str>) -> anyhow::Result<()> {
    let (host, path) = match url {
        Some(url) => split(url)?,
        None => (reachable(listen).to_string(), "/readyz".to_owned()),
    };
    let answer = tokio::time::timeout(PATIENCE, ask(&host, &path))
        .await
        .map_err(|_late| anyhow::anyhow!("{host} did not answer within {} seconds", PATIENCE.as_secs()))?
        .with_context(|| format!("{host} does not answer"))?;
    let (head, body) = answer.split_once("\r\n\r\n").with_context(|| format!("{host} does not speak HTTP"))?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        status => bail!("{host} is not ready: {} (HTTP {})", body.trim(), status.unwrap_or("without status")),
    }
}

async fn ask(host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host).await?;
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
