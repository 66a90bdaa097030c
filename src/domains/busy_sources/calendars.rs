//! Fetching calendars from where persons say they are.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    outbound::{Addresses, NoAnswer, NotAllowed, Outbound, Resolver, SystemResolver},
};
use reqwest::header::{ACCEPT, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use url::Url;

use super::reading::{self, Read, Unread};

/// Bytes of a calendar at most.
const MOST: usize = 5 << 20;
/// Characters of what a server calls a version.
const LONGEST: usize = 500;

/// The way to calendars that are kept elsewhere: addresses that the public has, and those that the operator allows for them.
pub struct Calendars {
    addresses: Addresses,
    outbound: Outbound,
}

/// What a server said of the version that was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

/// What came of fetching one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is as it was.
    Same,
    /// It was read.
    Read(Read, Validators),
    /// Why it was not.
    Failed(&'static str),
}

impl Calendars {
    /// Under a rule of addresses.
    ///
    /// # Errors
    /// When there can be no TLS.
    pub fn new(addresses: Addresses) -> anyhow::Result<Self> {
        Calendars::resolving(addresses, Arc::new(SystemResolver))
    }

    /// The same, with names resolved by somebody else.
    ///
    /// # Errors
    /// As [`Calendars::new`].
    pub fn resolving(addresses: Addresses, resolver: Arc<dyn Resolver>) -> anyhow::Result<Self> {
        Ok(Calendars { outbound: Outbound::resolving(addresses.clone(), resolver)?, addresses })
    }

    /// An address that a person names: `webcal` is `https`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, with URL_NOT_ALLOWED where it is not the public's.
    pub fn check(&self, field: &'static str, named: &str) -> Result<Url> {
        let named = named.trim_matches(' ');
        let of_scheme = |scheme: &str| {
            let (before, rest) = named.split_at_checked(scheme.len())?;
            before.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        let by_web = of_scheme("webcal://").or_else(|| of_scheme("webcals://")).map(|rest| format!("https://{rest}"));
        self.addresses.check(by_web.as_deref().unwrap_or(named)).map_err(|reason| match reason {
            NotAllowed::Address => Error::bad_input(field, "must lead to a public address").reason("URL_NOT_ALLOWED"),
            NotAllowed::Characters => Error::bad_input(field, "must hold no control characters").reason("URL_NOT_ALLOWED"),
            NotAllowed::Malformed(expected) => Error::bad_input(field, expected),
        })
    }

    /// Fetches one and reads it, unless it is as it was.
    pub async fn fetch(&self, url: &str, known: &Validators, zone: TimeZone, now: Timestamp) -> Fetched {
        let answer = match self.outbound.fetch(url, asking(known), MOST).await {
            Ok(answer) => answer,
            Err(NoAnswer::NotAllowed) => return Fetched::Failed("NOT_ALLOWED"),
            Err(NoAnswer::TooBig) => return Fetched::Failed("TOO_BIG"),
            Err(_) => return Fetched::Failed("UNREACHABLE"),
        };
        match answer.status {
            200 => {}
            304 if *known != Validators::default() => return Fetched::Same,
            404 | 410 => return Fetched::Failed("GONE"),
            _ => return Fetched::Failed("UNREACHABLE"),
        }
        let said = |name: HeaderName| {
            answer.headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| text.len() <= LONGEST).map(str::to_owned)
        };
        let validators = Validators { etag: said(ETAG), last_modified: said(LAST_MODIFIED) };
        match read_apart(answer.body, zone, now).await {
            Ok(read) => Fetched::Read(read, validators),
            Err(unread) => Fetched::Failed(word(unread)),
        }
    }
}

/// Why a calendar is not read, in a word.
pub fn word(unread: Unread) -> &'static str {
    match unread {
        Unread::NotACalendar => "NOT_A_CALENDAR",
        Unread::TooBig => "TOO_BIG",
    }
}

/// Reads a calendar where it keeps nobody waiting. What the parser can't stand is no calendar.
///
/// # Errors
/// Why it is not read.
pub async fn read_apart(bytes: Vec<u8>, zone: TimeZone, now: Timestamp) -> Result<Read, Unread> {
    let read = tokio::task::spawn_blocking(move || reading::read(&bytes, &zone, reading::window(now)));
    read.await.unwrap_or(Err(Unread::NotACalendar))
}

/// What is kept of a file, made where it keeps nobody waiting.
///
/// # Errors
/// Why it is none.
pub async fn reduced_apart(content: String) -> Result<String, Unread> {
    let kept = tokio::task::spawn_blocking(move || reading::reduced(content.as_bytes()));
    kept.await.unwrap_or(Err(Unread::NotACalendar))
}

fn asking(known: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/calendar, text/plain;q=0.5, */*;q=0.1"))]);
    for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        headers.extend(value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()).map(|value| (name, value)));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_webcal_and_the_public_s() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let calendars = Calendars::new(Addresses::default()).unwrap();
        let check = |url: &str| calendars.check("url", url).map(String::from);
        assert_eq!(check(" webcal://Calendar.Example.org/a.ics?key=b ").unwrap(), "https://calendar.example.org/a.ics?key=b");
        assert_eq!(check("WEBCALS://calendar.example.org/").unwrap(), "https://calendar.example.org/");
        for url in [
            "https://127.0.0.1/a.ics",
            "webcal://0x7f.1/",
            "webcal://localhost/",
            "https://[::ffff:10.0.0.1]/",
            "webcal://169.254.169.254/a",
        ] {
            assert_eq!(check(url).unwrap_err().why(), Some("URL_NOT_ALLOWED"), "{url}");
        }
        for url in ["http://example.org/a.ics", "webcal:example.org", "https://a:b@example.org/", "ftp://example.org/", "", "webcal"] {
            assert_eq!(check(url).unwrap_err().why(), None, "{url}");
        }
    }
}
