//! What is beside the database: the store of files, the server of mail, where models are asked, the addresses that people are given, and who
//! observes the service.

use std::{net::SocketAddr, time::Duration};

use lectern_kernel::store::Objects;
use reqwest::redirect::Policy;
use uuid::Uuid;

use super::super::{
    Cluster, deployment,
    health::{Unwell, measured, readiness},
    objects, postman,
    report::Check,
    store::base,
};
use crate::{
    config::{Secret, Settings},
    domains::{answers::listed, mail::Undelivered},
};

/// What is written into the store, and read again.
const PROBE: &[u8] = b"lectern doctor";
/// How long an address may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// All of it.
pub(super) async fn look(settings: &Settings, cluster: &Cluster) -> Vec<Check> {
    let here = readiness(settings.listen).await;
    let mut checks = vec![files(settings).await, mail(settings, cluster).await, models(settings).await];
    checks.push(listens("LECTERN_LISTEN", settings.listen, &here));
    checks.extend(addresses(settings, matches!(here, Ok(()) | Err(Unwell::NotReady(_)))).await);
    checks.push(match settings.metrics_listen {
        Some(address) => listens("LECTERN_METRICS_LISTEN", address, &measured(address).await),
        None => Check::pass("addresses", "LECTERN_METRICS_LISTEN", "not set: no metrics are served"),
    });
    checks.push(observer("LECTERN_OTLP_URL", settings.otlp_url.as_ref(), "no traces are made", "http://collector:4318").await);
    checks.push(
        observer("LECTERN_SENTRY_DSN", settings.sentry_dsn.as_ref(), "errors stand in the log alone", "https://KEY@HOST/PROJECT").await,
    );
    checks
}

async fn files(settings: &Settings) -> Check {
    let name = if settings.s3_bucket.is_some() { "LECTERN_S3_BUCKET" } else { "LECTERN_FILES" };
    let objects = match objects(settings) {
        Ok(objects) => objects,
        Err(error) => return Check::fail("files", name, format!("{error:#}")),
    };
    match tokio::time::timeout(PATIENCE * 2, probe(&objects)).await {
        Ok(Ok(true)) => Check::pass("files", name, "an object was written, read and deleted"),
        Ok(Ok(false)) => Check::fail("files", name, "what was written was not what was read: look at the store"),
        Ok(Err(error)) => {
            Check::fail("files", name, format!("{}: check the store, and that this user may write there", error.for_operator()))
        }
        Err(_late) => Check::fail("files", name, format!("no answer within {} s: check its address", (PATIENCE * 2).as_secs())),
    }
}

async fn probe(objects: &Objects) -> lectern_kernel::error::Result<bool> {
    let key = format!("doctor/{}", Uuid::now_v7());
    let mut writer = objects.write(&key, None);
    writer.push(PROBE.into()).await?;
    writer.finish().await?;
    let size = objects.size(&key).await;
    objects.delete(&key).await?;
    Ok(size? == Some(PROBE.len() as u64))
}

async fn mail(settings: &Settings, cluster: &Cluster) -> Check {
    let name = "LECTERN_SMTP_URL";
    let postman = match postman(settings, cluster.is_embedded()) {
        Ok(postman) => postman,
        Err(error) => return Check::fail("mail", name, format!("{error:#}")),
    };
    match postman.greet().await {
        Ok(None) => Check::pass("mail", name, "the server takes who we are; `lectern mail test ADDRESS` says whether mail arrives"),
        Ok(Some(folder)) => Check::pass("mail", name, format!("not set: mails are files of {}", folder.display())),
        Err(Undelivered::ForNow(reason) | Undelivered::ForGood(reason)) => Check::fail("mail", name, format!("{reason}: check {name}")),
    }
}

/// The models of the deployment. Which ones an endpoint lists is its own affair: some take any name.
async fn models(settings: &Settings) -> Check {
    let name = "LECTERN_ASSISTANT_URL";
    let deployment = match deployment(settings) {
        Ok(deployment) => deployment,
        Err(error) => return Check::fail("models", name, format!("{error:#}")),
    };
    if !deployment.is_configured() {
        return Check::pass("models", name, "to know: not set, so that only schools with an endpoint of their own are answered");
    }
    let Some(endpoint) = deployment.endpoint() else { return Check::fail("models", name, "there can be no TLS") };
    match tokio::time::timeout(PATIENCE, listed(&endpoint)).await {
        Err(_late) => Check::fail("models", name, format!("no answer within {} s: check {name}", PATIENCE.as_secs())),
        Ok(Err(failure)) => Check::fail("models", name, format!("{}: check {name} and LECTERN_ASSISTANT_KEY", failure.reason())),
        Ok(Ok(known)) if known.is_empty() => Check::pass("models", name, "answers, and lists no models"),
        Ok(Ok(known)) => {
            let wanted = [Some(&deployment.model), deployment.embedding_model.as_ref()];
            let unknown: Vec<&str> = wanted.into_iter().flatten().filter(|model| !known.contains(model)).map(String::as_str).collect();
            let said = match unknown.as_slice() {
                [] => "answers, and lists the models that are set".to_owned(),
                unknown => format!("to know: answers, and does not list {}, which LECTERN_ASSISTANT_… names", unknown.join(", ")),
            };
            Check::pass("models", name, said)
        }
    }
}

/// The service of this machine; that it does not run yet is no fault.
fn listens(name: &'static str, address: SocketAddr, here: &Result<(), Unwell>) -> Check {
    match here {
        Ok(()) => Check::pass("addresses", name, format!("{address} answers, and is ready")),
        Err(Unwell::Absent(_)) => {
            Check::pass("addresses", name, format!("to know: nobody listens at {address}; start the service, and ask again"))
        }
        Err(Unwell::NotReady(seen)) => Check::fail(
            "addresses",
            name,
            format!("{seen:#}: the service runs, but can't answer; look at the database, and into the service's log"),
        ),
        Err(Unwell::Strange(seen)) => {
            Check::fail("addresses", name, format!("{seen:#}: something else listens there; stop it, or set {name} to another port"))
        }
    }
}

/// The addresses that links begin with. Before the service runs, nobody need answer there.
async fn addresses(settings: &Settings, is_served: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    match base(settings, settings.listen) {
        Err(error) => checks.push(Check::fail("addresses", "LECTERN_PUBLIC_URL", format!("{error:#}"))),
        Ok(_) if settings.public_url.is_none() => {
            checks.push(Check::pass("addresses", "LECTERN_PUBLIC_URL", "to know: not set, so that links to files lead to LECTERN_LISTEN"));
        }
        Ok(url) => {
            let (found, secure) = (answers(&format!("{url}/healthz")).await, url.starts_with("https://"));
            checks.push(match found {
                Err(reason) if !is_served => Check::pass(
                    "addresses",
                    "LECTERN_PUBLIC_URL",
                    format!("to know: {url}/healthz: {reason}; ask again when the service runs"),
                ),
                Err(reason) => Check::fail("addresses", "LECTERN_PUBLIC_URL", format!("{url}/healthz: {reason}; check the proxy in front")),
                Ok(()) if !secure => Check::pass("addresses", "LECTERN_PUBLIC_URL", format!("to know: {url} answers, but not by https")),
                Ok(()) => Check::pass("addresses", "LECTERN_PUBLIC_URL", format!("{url} answers")),
            });
        }
    }
    if let Some(url) = &settings.app_url {
        let fits = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        checks.push(if fits {
            Check::pass("addresses", "LECTERN_APP_URL", format!("links in mails begin with {url}"))
        } else {
            Check::fail("addresses", "LECTERN_APP_URL", "must be an address such as https://school.example")
        });
    }
    checks
}

/// Whether somebody speaks HTTP where traces or reports of errors are sent; none is sent.
async fn observer(name: &'static str, url: Option<&Secret>, unset: &str, usual: &str) -> Check {
    let Some(url) = url else { return Check::pass("observing", name, format!("not set: {unset}")) };
    let known = reqwest::Url::parse(url.expose()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    let Some(known) = known else { return Check::fail("observing", name, format!("can't be read: {usual} is expected")) };
    // Without the key.
    let origin = known.origin().ascii_serialization();
    let asked = async {
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).build()?;
        client.get(&origin).send().await
    };
    match asked.await {
        Ok(_any) => Check::pass("observing", name, format!("{origin} answers; nothing was sent")),
        Err(error) => Check::fail("observing", name, format!("{origin}: {}; look whether it runs, or check {name}", error.without_url())),
    }
}

/// Whether an address answers with success.
async fn answers(url: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("HTTP {}", answer.status().as_u16())) }
}
