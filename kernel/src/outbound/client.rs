//! Sending a request to an address that a person has named.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Client, Method,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, LOCATION, RETRY_AFTER},
    redirect::Policy,
};

use url::Url;

use super::addresses::{Addresses, NotAllowed, literal};
use crate::seen::trace;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the whole exchange may take.
const WHOLE: Duration = Duration::from_secs(10);

/// What finds the addresses of a name.
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a name.
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The names of URLs that persons name. Of what a name stands for, one address that is not allowed refuses it: the next request might go there.
struct Checked {
    addresses: Addresses,
    resolver: Arc<dyn Resolver>,
}

#[derive(Debug)]
struct AddressNotAllowed;

impl std::fmt::Display for AddressNotAllowed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the address is not allowed")
    }
}

impl std::error::Error for AddressNotAllowed {}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (addresses, found) = (self.addresses.clone(), self.resolver.resolve(name.as_str().to_owned()));
        let is_listed = addresses.lists_host(name.as_str());
        Box::pin(async move {
            let found = found.await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            if !is_listed && !found.iter().all(|address| addresses.allows(*address)) {
                return Err(AddressNotAllowed.into());
            }
            let found: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(found)
        })
    }
}

/// What was answered: all that is looked at of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What was answered, to its end.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The status of HTTP.
    pub status: u16,
    /// Its head.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer whose body is read as it comes. Dropped, it closes its connection.
pub struct Flowing {
    /// The status of HTTP.
    pub status: u16,
    /// Its head.
    pub headers: HeaderMap,
    answer: reqwest::Response,
    is_name: bool,
    left: usize,
}

impl Flowing {
    /// What comes next of the body; none at its end.
    ///
    /// # Errors
    /// Why no more comes.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, NoAnswer> {
        let Some(part) = self.answer.chunk().await.map_err(|error| reason(&error, self.is_name))? else { return Ok(None) };
        self.left = self.left.checked_sub(part.len()).ok_or(NoAnswer::TooBig)?;
        Ok(Some(part.to_vec()))
    }

    /// How long the receiver asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.headers.get(RETRY_AFTER).and_then(|value| wait(value.to_str().ok()?, crate::clock::now()))
    }
}

/// How much of a body is read where nothing else is said.
const MOST: usize = 256 * 1024;
/// Redirects that are followed where they are at all.
const REDIRECTS: usize = 3;

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The URL, or one of the addresses of its name, is not allowed.
    NotAllowed,
    /// The name has no address.
    NoSuchHost,
    /// It took too long.
    TimedOut,
    /// No connection could be made.
    NotConnected,
    /// The connection ended, or what came was no HTTP.
    Broken,
    /// There was more of it than is read.
    TooBig,
}

impl NoAnswer {
    /// In a word, for whoever named the address.
    pub fn as_str(self) -> &'static str {
        match self {
            NoAnswer::NotAllowed => "URL_NOT_ALLOWED",
            NoAnswer::NoSuchHost => "NO_SUCH_HOST",
            NoAnswer::TimedOut => "TIMED_OUT",
            NoAnswer::NotConnected => "NOT_CONNECTED",
            NoAnswer::Broken => "NO_HTTP_ANSWER",
            NoAnswer::TooBig => "TOO_BIG",
        }
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl std::error::Error for NoAnswer {}

/// Sends requests to addresses that persons have named.
#[derive(Clone)]
pub struct Outbound {
    addresses: Addresses,
    resolver: Arc<dyn Resolver>,
    client: Client,
}

impl Outbound {
    /// Under a rule of addresses.
    ///
    /// # Errors
    /// When there can be no TLS.
    pub fn new(addresses: Addresses) -> anyhow::Result<Self> {
        Outbound::resolving(addresses, Arc::new(SystemResolver))
    }

    /// The same, with names resolved by somebody else.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn resolving(addresses: Addresses, resolver: Arc<dyn Resolver>) -> anyhow::Result<Self> {
        Outbound::patient(addresses, resolver, CONNECT, WHOLE)
    }

    /// The same, with other times for making a connection, and for a whole exchange.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn patient(addresses: Addresses, resolver: Arc<dyn Resolver>, connect: Duration, whole: Duration) -> anyhow::Result<Self> {
        let client = Client::builder()
            .dns_resolver(Arc::new(Checked { addresses: addresses.clone(), resolver: resolver.clone() }))
            .redirect(Policy::none())
            .no_proxy()
            // Each request resolves its name anew.
            .pool_max_idle_per_host(0)
            .referer(false)
            .http1_only()
            .connect_timeout(connect)
            .timeout(whole)
            .user_agent(concat!("Lectern/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Outbound { addresses, resolver, client })
    }

    /// Whether the name in a URL leads, as far as that can be found out now, to an address that is not allowed. One that leads nowhere does not: it is
    /// looked up again at each request. To be told to nobody but whom what stands in the service's own network may be told.
    pub async fn leads_astray(&self, url: &str) -> bool {
        let Ok(url) = self.addresses.check(url) else { return false };
        let (Some(name), None) = (url.domain(), literal(&url)) else { return false };
        let found = tokio::time::timeout(CONNECT, self.resolver.resolve(name.to_owned())).await;
        matches!(found, Ok(Ok(found)) if !self.addresses.lists_host(name) && !found.iter().all(|address| self.addresses.allows(*address)))
    }

    /// Posts a body. What is answered is not read beyond its head.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, NoAnswer> {
        let url = self.addresses.check(url).map_err(|_: NotAllowed| NoAnswer::NotAllowed)?;
        let is_name = literal(&url).is_none();
        let answer = self.client.post(url).headers(traced(headers)).body(body).send().await.map_err(|error| reason(&error, is_name))?;
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| wait(value.to_str().ok()?, crate::clock::now()));
        Ok(Answer { status: answer.status().as_u16(), retry_after })
    }

    /// Asks something, and reads the answer to its end; one that is longer than 256 KiB counts as none.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn ask(&self, method: Method, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Whole, NoAnswer> {
        let url = self.addresses.check(url).map_err(|_: NotAllowed| NoAnswer::NotAllowed)?;
        match self.whole(method, url, headers, body, MOST).await {
            Err(NoAnswer::TooBig) => Err(NoAnswer::Broken),
            answer => answer,
        }
    }

    /// Reads what stands at an address, to its end, if that is no further than so many bytes. Three redirects are followed, each under the same
    /// rules; all of it together may take as long as one request.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn fetch(&self, url: &str, headers: HeaderMap, most: usize) -> Result<Whole, NoAnswer> {
        let followed = async {
            let mut url = self.addresses.check(url).map_err(|_: NotAllowed| NoAnswer::NotAllowed)?;
            for _ in 0..=REDIRECTS {
                let answer = self.whole(Method::GET, url.clone(), headers.clone(), Vec::new(), most).await?;
                let place = answer.headers.get(LOCATION).and_then(|place| place.to_str().ok());
                let Some(place) = place.filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308)) else { return Ok(answer) };
                let mut next = url.join(place).map_err(|_| NoAnswer::Broken)?;
                next.set_fragment(None);
                url = self.addresses.check(next.as_str()).map_err(|_: NotAllowed| NoAnswer::NotAllowed)?;
            }
            Err(NoAnswer::Broken)
        };
        tokio::time::timeout(WHOLE, followed).await.unwrap_or(Err(NoAnswer::TimedOut))
    }

    /// Posts a body, and reads the answer as it comes, as far as so many bytes.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn open(&self, url: &str, headers: HeaderMap, body: Vec<u8>, most: usize) -> Result<Flowing, NoAnswer> {
        let url = self.addresses.check(url).map_err(|_: NotAllowed| NoAnswer::NotAllowed)?;
        let is_name = literal(&url).is_none();
        let mut answer = self.client.post(url).headers(traced(headers)).body(body).send().await.map_err(|error| reason(&error, is_name))?;
        let (status, headers) = (answer.status().as_u16(), std::mem::take(answer.headers_mut()));
        Ok(Flowing { status, headers, answer, is_name, left: most })
    }

    /// One request to an address that was checked, and the answer to its end.
    async fn whole(&self, method: Method, url: Url, headers: HeaderMap, body: Vec<u8>, most: usize) -> Result<Whole, NoAnswer> {
        let is_name = literal(&url).is_none();
        let failed = |error: reqwest::Error| reason(&error, is_name);
        let mut answer = self.client.request(method, url).headers(traced(headers)).body(body).send().await.map_err(failed)?;
        // What a server says of the length is believed where it says too much, and counted in any case.
        if answer.content_length().is_some_and(|length| length > most as u64) {
            return Err(NoAnswer::TooBig);
        }
        let (status, headers) = (answer.status().as_u16(), std::mem::take(answer.headers_mut()));
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if body.len() + part.len() > most {
                return Err(NoAnswer::TooBig);
            }
            body.extend_from_slice(&part);
        }
        Ok(Whole { status, headers, body })
    }
}

/// The same, with `traceparent` of what sends it, where traces are made.
fn traced(mut headers: HeaderMap) -> HeaderMap {
    if let Some(parent) = trace::traceparent().and_then(|parent| parent.try_into().ok()) {
        headers.insert("traceparent", parent);
    }
    headers
}

fn reason(error: &reqwest::Error, is_name: bool) -> NoAnswer {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut is_unknown = false;
    while let Some(inner) = cause {
        if inner.is::<AddressNotAllowed>() {
            return NoAnswer::NotAllowed;
        }
        is_unknown |= inner.to_string().starts_with("dns error");
        cause = inner.source();
    }
    match error {
        error if error.is_timeout() => NoAnswer::TimedOut,
        _ if is_unknown && is_name => NoAnswer::NoSuchHost,
        error if error.is_connect() => NoAnswer::NotConnected,
        _ => NoAnswer::Broken,
    }
}

/// What `Retry-After` says: seconds, or a moment.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than can be counted is very long all the same.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(now.duration_until(at)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Says of every name that it has these addresses.
    struct Says(Vec<IpAddr>);

    impl Resolver for Says {
        fn resolve(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let addresses = self.0.clone();
            Box::pin(async move { Ok(addresses) })
        }
    }

    fn outbound(networks: &[&str], addresses: &[&str]) -> Outbound {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let rule = Addresses::allowing(networks.iter().map(|network| network.parse().unwrap()).collect());
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Outbound::resolving(rule, Arc::new(Says(addresses))).unwrap()
    }

    /// Accepts connections; answers each with these bytes, or holds it open.
    async fn listener(answer: Option<&'static str>) -> (u16, tokio::sync::mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (tell, heard) = tokio::sync::mpsc::unbounded_channel();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = tell.send(());
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    match answer {
                        Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                        None => std::future::pending().await,
                    }
                });
            }
        });
        (port, heard)
    }

    #[tokio::test]
    async fn a_name_with_one_address_that_is_not_public_gets_no_connection() {
        let (port, mut heard) = listener(Some("HTTP/1.1 200 OK\r\n\r\n")).await;
        for addresses in [&["127.0.0.1"][..], &["1.1.1.1", "127.0.0.1"], &["127.0.0.1", "2606:4700::1111"], &["::ffff:127.0.0.1"]] {
            let answer = outbound(&[], addresses).post(&format!("https://example.org:{port}/"), HeaderMap::new(), Vec::new()).await;
            assert_eq!(answer, Err(NoAnswer::NotAllowed), "{addresses:?}");
        }
        let literal = outbound(&[], &[]).post(&format!("https://127.0.0.1:{port}/"), HeaderMap::new(), Vec::new()).await;
        assert_eq!(literal, Err(NoAnswer::NotAllowed));
        assert!(heard.try_recv().is_err(), "somebody connected");
        let nobody = outbound(&[], &[]).post("https://example.org/", HeaderMap::new(), Vec::new()).await;
        assert_eq!(nobody, Err(NoAnswer::NoSuchHost));
    }

    #[tokio::test]
    async fn a_name_leads_astray_by_one_address_that_is_not_allowed() {
        for (networks, addresses, astray) in [
            (&[][..], &["10.0.0.1"][..], true),
            (&[], &["1.1.1.1", "10.0.0.1"], true),
            (&[], &["1.1.1.1", "2606:4700::1111"], false),
            (&["10.0.0.0/8"], &["10.0.0.1"], false),
            (&[], &[], false),
        ] {
            let outbound = outbound(networks, addresses);
            assert_eq!(outbound.leads_astray("https://example.org/realms").await, astray, "{addresses:?}");
            assert!(!outbound.leads_astray("https://1.1.1.1/").await && !outbound.leads_astray("nonsense").await);
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (port, mut heard) =
            listener(Some("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")).await;
        let answer = outbound(&["127.0.0.0/8"], &[]).post(&format!("http://127.0.0.1:{port}/"), HeaderMap::new(), Vec::new()).await;
        assert_eq!(answer, Ok(Answer { status: 302, retry_after: Some(Duration::from_secs(7)) }));
        assert!(heard.recv().await.is_some() && heard.try_recv().is_err(), "one connection");
    }

    #[tokio::test]
    async fn what_is_no_http_or_is_not_there_is_said() {
        let sender = outbound(&["127.0.0.0/8"], &[]);
        let (port, _heard) = listener(Some("220 smtp.example.org\r\n")).await;
        assert_eq!(sender.post(&format!("http://127.0.0.1:{port}/"), HeaderMap::new(), Vec::new()).await, Err(NoAnswer::Broken));
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
        assert_eq!(sender.post(&format!("http://127.0.0.1:{gone}/"), HeaderMap::new(), Vec::new()).await, Err(NoAnswer::NotConnected));
    }

    #[tokio::test]
    async fn what_is_asked_is_read_to_its_end_as_far_as_that_is_near() {
        let (port, _heard) = listener(Some("HTTP/1.1 200 OK\r\nX-Kind: short\r\nContent-Length: 5\r\n\r\nhello")).await;
        let ask = |outbound: Outbound, port: u16| async move {
            outbound.ask(Method::GET, &format!("http://127.0.0.1:{port}/"), HeaderMap::new(), Vec::new()).await
        };
        let whole = ask(outbound(&["127.0.0.0/8"], &[]), port).await.unwrap();
        assert_eq!((whole.status, whole.headers["x-kind"].to_str().unwrap(), &*whole.body), (200, "short", &b"hello"[..]));
        assert_eq!(ask(outbound(&[], &[]), port).await.unwrap_err(), NoAnswer::NotAllowed);
        let long: &'static str =
            Box::leak(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(MOST + 1)).into_boxed_str());
        let (port, _heard) = listener(Some(long)).await;
        assert_eq!(ask(outbound(&["127.0.0.0/8"], &[]), port).await.unwrap_err(), NoAnswer::Broken);
    }

    /// Answers the first request with a redirect to a path, and every other with a text.
    async fn redirecting(place: String) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let length = stream.read(&mut asked).await.unwrap_or(0);
                let answer = if asked[..length].starts_with(b"GET /there") {
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned()
                } else {
                    format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n")
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn what_is_fetched_is_followed_to_where_it_may_be_and_not_in_circles() {
        let here = outbound(&["127.0.0.1/32"], &[]);
        let fetch = |port: u16| here.fetch_text(format!("http://127.0.0.1:{port}/"));
        assert_eq!(fetch(redirecting("/there#part".to_owned()).await).await, Ok("hello".to_owned()));
        assert_eq!(fetch(redirecting("/circle".to_owned()).await).await, Err(NoAnswer::Broken));
        for place in
            ["http://127.0.0.2/there", "http://localhost/there", "http://169.254.169.254/latest", "file:///etc/passwd", "ftp://127.0.0.1/"]
        {
            assert_eq!(fetch(redirecting(place.to_owned()).await).await, Err(NoAnswer::NotAllowed), "{place}");
        }
    }

    #[tokio::test]
    async fn what_says_that_it_is_too_long_is_not_read() {
        let (port, _heard) = listener(Some("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nhello")).await;
        assert_eq!(outbound(&["127.0.0.0/8"], &[]).fetch_text(format!("http://127.0.0.1:{port}/")).await, Err(NoAnswer::TooBig));
    }

    impl Outbound {
        async fn fetch_text(&self, url: String) -> Result<String, NoAnswer> {
            let whole = self.fetch(&url, HeaderMap::new(), 1024).await?;
            Ok(String::from_utf8(whole.body).unwrap())
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_moment() {
        let now: Timestamp = "2026-11-20T09:30:00Z".parse().unwrap();
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Fri, 20 Nov 2026 09:31:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(wait("Fri, 20 Nov 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(wait("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(wait("soon", now), None);
        assert_eq!(wait("-5", now), None);
        assert_eq!(wait("", now), None);
    }
}
