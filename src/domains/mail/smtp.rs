//! One mail to one server. Unlike lettre's own transport, it says at which step a mail was refused: only a refused recipient is refused for
//! good.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, bail, ensure};
use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::{Host, Url};

use super::delivery::Undelivered;

/// A server that takes mails.
pub struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    patience: Duration,
}

/// What keeps others from reading along.
enum Security {
    /// Nothing: it is this very machine.
    Loopback,
    /// TLS from the first byte.
    Tls(TlsParameters),
    /// TLS by STARTTLS, before anything else.
    StartTls(TlsParameters),
}

impl SmtpServer {
    /// Of a URL: `smtp://` or `smtps://`, with user and password where they are needed. `hello` is what it is greeted with, `patience` how
    /// long one mail may take.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_url(text: &str, hello: &str, patience: Duration) -> anyhow::Result<Self> {
        // The URL holds a password: it stands in no error.
        let expected = "LECTERN_SMTP_URL can't be read: smtp://USER:PASSWORD@HOST:PORT or smtps://… is expected";
        let url = Url::parse(text).ok().context(expected)?;
        // Hosts of schemes that the standard does not know are not read as addresses.
        let host = url.host_str().filter(|host| !host.is_empty()).context(expected)?;
        let host = Host::parse(host).ok().context(expected)?;
        let is_loopback = match &host {
            Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
            Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
            Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
        };
        let host = match host {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        ensure!(matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none(), "{expected}");
        let tls = || TlsParameters::new(host.clone()).context("TLS to LECTERN_SMTP_URL can't be set up");
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Tls(tls()?), 465),
            "smtp" if is_loopback => (Security::Loopback, 25),
            "smtp" => (Security::StartTls(tls()?), 587),
            _ => bail!("{expected}"),
        };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(|part| part.into_owned()).ok().context(expected);
        let credentials = match url.username() {
            "" => None,
            user => Some(Credentials::new(decoded(user)?, decoded(url.password().unwrap_or_default())?)),
        };
        let hello = ClientId::Domain(hello.to_owned());
        Ok(SmtpServer { port: url.port().unwrap_or(port), host, security, credentials, hello, patience })
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// Why the server did not take it, and whether it ever will.
    pub async fn send(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<(), Undelivered> {
        match timeout(self.patience, self.exchange(from, to, mail)).await {
            Ok(ended) => ended,
            Err(_elapsed) => Err(Undelivered::ForNow(format!("the server did not answer within {} s", self.patience.as_secs()))),
        }
    }

    /// Whether it can be reached, and takes the user and the password; no mail is sent.
    ///
    /// # Errors
    /// Why not.
    pub async fn greet(&self) -> Result<(), Undelivered> {
        let greeted = async {
            let mut connection = self.connect().await?;
            let _ = connection.quit().await;
            Ok(())
        };
        match timeout(self.patience, greeted).await {
            Ok(ended) => ended,
            Err(_elapsed) => Err(Undelivered::ForNow(format!("the server did not answer within {} s", self.patience.as_secs()))),
        }
    }

    /// A connection over which mails may be handed over.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Undelivered> {
        let implicit = match &self.security {
            Security::Tls(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience), &self.hello, implicit, None).await.map_err(for_now)?;
        if let Security::StartTls(parameters) = &self.security {
            connection.starttls(parameters.clone(), &self.hello).await.map_err(for_now)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(for_now)?;
        }
        Ok(connection)
    }

    async fn exchange(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<(), Undelivered> {
        let mut connection = self.connect().await?;
        let mut options = Vec::new();
        if [from, to].iter().any(|address| !address.to_string().is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Undelivered::ForGood("the server takes no addresses beyond ASCII".to_owned()));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        connection.command(Mail::new(Some(from.clone()), options)).await.map_err(for_now)?;
        let taken = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        taken.map_err(|error| if error.is_permanent() { Undelivered::ForGood(error.to_string()) } else { for_now(error) })?;
        connection.command(Data).await.map_err(for_now)?;
        connection.message(mail).await.map_err(for_now)?;
        // It has the mail; what it says to a farewell does not matter.
        let _ = connection.quit().await;
        Ok(())
    }
}

fn for_now(error: lettre::transport::smtp::Error) -> Undelivered {
    use std::error::Error as _;
    Undelivered::ForNow(match error.source() {
        Some(cause) if !error.to_string().contains(&cause.to_string()) => format!("{error}: {cause}"),
        _ => error.to_string(),
    })
}

/// The time that stands in a mail: seconds are enough for it.
pub(super) fn date(at: jiff::Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, u16, &'static str, bool)> {
        let server = SmtpServer::from_url(url, "localhost", Duration::from_secs(1)).ok()?;
        let security = match server.security {
            Security::Loopback => "none",
            Security::Tls(_) => "tls",
            Security::StartTls(_) => "starttls",
        };
        Some((server.host, server.port, security, server.credentials.is_some()))
    }

    #[test]
    fn tls_is_left_out_on_this_machine_alone() {
        for (url, host, port, security, signs_in) in [
            ("smtp://localhost:1025", "localhost", 1025, "none", false),
            ("smtp://127.0.0.1", "127.0.0.1", 25, "none", false),
            ("smtp://[::1]:2525/", "::1", 2525, "none", false),
            ("smtp://mail.example.org", "mail.example.org", 587, "starttls", false),
            ("smtp://user%40x:p%3Aw@192.0.2.1:25", "192.0.2.1", 25, "starttls", true),
            ("smtps://user:word@mail.example.org", "mail.example.org", 465, "tls", true),
            ("smtps://localhost", "localhost", 465, "tls", false),
        ] {
            assert_eq!(read(url), Some((host.to_owned(), port, security, signs_in)), "{url}");
        }
        for wrong in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp:///x",
            "smtp://h/path",
            "smtp://h?tls=none",
            "smtp://h:99999",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
