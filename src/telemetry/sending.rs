//! How it is sent: by the product's own client, in the runtime that serves, whichever thread asks for it.

use std::time::Duration;

use anyhow::Context as _;
use axum::{body::Bytes, http};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client and the runtime that it needs.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    pub(super) client: reqwest::Client,
    pub(super) runtime: Handle,
}

impl Sending {
    /// Inside the runtime.
    ///
    /// # Errors
    /// When there is none, or there can be no client.
    pub(super) fn new() -> anyhow::Result<Sending> {
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Sending { client, runtime: Handle::try_current().context("there is no runtime")? })
    }
}

#[async_trait::async_trait]
impl HttpClient for Sending {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // The exporter has a thread of its own, which drives no sockets.
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let request = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = sent.await??;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}
