//! How mails leave, by the settings.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    config::{Secret, Settings},
    domains::mail::{Postman, SmtpServer, TEMPLATES, Way},
};

/// Whom mails come from where they leave for a folder alone.
const NOBODY: &str = "lectern@localhost";

/// Who writes and delivers mails. Without a server of mail they are files of a folder beside the embedded database.
///
/// # Errors
/// When a setting can't be read, or is missing.
pub fn postman(settings: &Settings, is_embedded: bool) -> anyhow::Result<Postman> {
    let from = settings.mail_from.as_deref();
    let way = match settings.smtp_url.as_ref().map(Secret::expose) {
        None => Way::Outbox(settings.data_dir.join("outbox")),
        Some(url) => {
            let from = from.context("LECTERN_MAIL_FROM is needed with LECTERN_SMTP_URL: the address that mails come from")?;
            let host = from.trim_end_matches('>').rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            Way::Smtp(SmtpServer::from_url(url, host, Duration::from_secs(settings.smtp_timeout))?)
        }
    };
    let app = settings.app_url.clone().unwrap_or_else(|| format!("http://{}", reachable(settings.listen)));
    Postman::new(TEMPLATES.to_vec(), from.unwrap_or(NOBODY), &app, way, is_embedded)
}

/// The address under which this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        ip if !ip.is_unspecified() => listen,
        IpAddr::V4(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port())),
        IpAddr::V6(_) => SocketAddr::from((Ipv6Addr::LOCALHOST, listen.port())),
    }
}
