//! Ten thousand requests that no client would send, from a seed: nonsense in every place where something is read. None of
//! them is a fault of the service's, ends a connection that speaks HTTP, or leaves anything behind in memory.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use lectern_kernel::auth::SigningKey;
use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{app::TestApp, ops, raw, serve::Served};

const REQUESTS: u64 = 10_000;
/// Another day, another seed: `LECTERN_SEED=7 cargo test … malformed`.
const SEED: &str = "LECTERN_SEED";
const PATIENCE: Duration = Duration::from_secs(20);

/// SplitMix64: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.next() as u8).collect()
    }
}

const TOKENS: [&str; 46] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "@",
    "...",
    "=",
    "|",
    "&",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    "viewer",
    "courses",
    "nodes",
    "id",
    "title",
    "__typename",
    "__schema",
    "login",
    "createCourse",
    "input",
    "first",
    "filter",
    "true",
    "null",
    "\"text\"",
    "\"\"\"block\"\"\"",
    "\"\\u00",
    "0",
    "-1",
    "2147483648",
    "1e400",
    "$v",
    "ID!",
    "[Int!]!",
    "@skip(if: true)",
    "#c\n",
    "\u{feff}",
];

fn soup(chance: &mut Chance) -> String {
    let mut text = String::new();
    for _ in 0..chance.below(60) {
        text.push_str(chance.pick(&TOKENS));
        text.push_str(chance.pick(&[" ", "", ",", "\n"]));
    }
    text
}

/// A document that is nearly right.
fn document(chance: &mut Chance) -> String {
    let depth = 1 + chance.below(2000);
    match chance.below(14) {
        0 => "{".repeat(depth),
        1 => format!("{}id{}", "{ viewer ".repeat(depth), "}".repeat(depth)),
        2 => format!("{{ courses(filter: {}) {{ totalCount }} }}", "[".repeat(depth)),
        3 => format!("{{ courses(filter: {}{}) {{ totalCount }} }}", "{search:".repeat(depth), "}".repeat(depth)),
        4 => format!("{{ {} }}", "__typename ".repeat(depth)),
        5 => format!("{{ {} }}", (0..depth).map(|n| format!("a{n}: viewer {{ __typename }} ")).collect::<String>()),
        6 => format!("{{ viewer {} {{ __typename }} }}", "@skip(if: false) ".repeat(depth)),
        7 => "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
        8 => (0..depth).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect::<String>() + "{ ...F0 }",
        9 => format!("{{ course(id: \"{}\") {{ id }} }}", "\\u0000".repeat(depth)),
        10 => format!("query({}) {{ __typename }}", (0..depth).map(|n| format!("$v{n}: Int = {n} ")).collect::<String>()),
        11 => format!("mutation {{ {} }}", "logout ".repeat(depth)),
        _ => soup(chance),
    }
}

fn json_value(chance: &mut Chance, depth: usize) -> String {
    match chance.below(if depth > 4 { 7 } else { 10 }) {
        0 => "null".into(),
        1 => "true".into(),
        2 => chance.pick(&["0", "-1", "1e999", "99999999999999999999", "2147483648", "0.1", "-0"]).into(),
        3 => "\"\\ud800\"".into(),
        4 => serde_json::Value::from(soup(chance)).to_string(),
        5 => "\"crs_01h455vb4pex5vsknk084sn02q\"".into(),
        6 => "\"\\u0000\"".into(),
        7 | 8 => format!("[{}]", (0..chance.below(4)).map(|_| json_value(chance, depth + 1)).collect::<Vec<_>>().join(",")),
        _ => {
            let names = ["query", "variables", "input", "i", "v", "__proto__", ""];
            let fields: Vec<_> =
                (0..chance.below(4)).map(|_| format!("\"{}\":{}", chance.pick(&names), json_value(chance, depth + 1))).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

fn body(chance: &mut Chance) -> Vec<u8> {
    let document = document(chance);
    let quoted = serde_json::Value::from(document.as_str()).to_string();
    match chance.below(12) {
        0 => chance.bytes(300),
        1 => json_value(chance, 0).into_bytes(),
        2 => format!("{{\"query\":{quoted}").into_bytes(),
        3 => "[".repeat(chance.below(100_000)).into_bytes(),
        4 => format!("{{\"query\":{}}}", "{\"a\":".repeat(chance.below(10_000))).into_bytes(),
        5 => format!("{{\"query\":{},\"variables\":{}}}", json_value(chance, 0), json_value(chance, 0)).into_bytes(),
        6 => {
            let mut bytes = format!("{{\"query\":{quoted}}}").into_bytes();
            for _ in 0..=chance.below(4) {
                let at = chance.below(bytes.len());
                bytes[at] = chance.next() as u8;
            }
            bytes
        }
        7 => document.into_bytes(),
        8 => format!("query={}&variables=%7B", document.len()).into_bytes(),
        _ => {
            let (variables, name, extensions) = (json_value(chance, 0), json_value(chance, 3), json_value(chance, 3));
            format!("{{\"query\":{quoted},\"variables\":{variables},\"operationName\":{name},\"extensions\":{extensions}}}").into_bytes()
        }
    }
}

fn header(chance: &mut Chance) -> String {
    let junk: String = (0..chance.below(200)).map(|_| char::from(b' ' + (chance.next() % 95) as u8)).collect();
    let name = chance.pick(&[
        "accept",
        "accept-encoding",
        "authorization",
        "origin",
        "x-correlation-id",
        "cookie",
        "range",
        "if-none-match",
        "te",
        "via",
        "content-encoding",
        "content-language",
        "x-forwarded-for",
        "access-control-request-method",
        "prefer",
        "x",
    ]);
    let value = match chance.below(4) {
        0 => junk,
        1 => format!("Bearer {junk}"),
        2 => "application/graphql-response+json;q=0.1, */*;q=junk".to_owned(),
        _ => chance.pick(&["*/*", "gzip;q=0, br, zstd", "null", "Bearer a.b.c", "text/html", ""]).to_owned(),
    };
    format!("{name}: {value}\r\n")
}

/// The bytes of a request, and whether it is HTTP, so that an answer is due.
fn request(chance: &mut Chance) -> (Vec<u8>, bool) {
    let headers: String = (0..chance.below(6)).map(|_| header(chance)).collect();
    let kind = chance.below(20);
    if kind == 0 {
        // No HTTP at all, or the end of it missing.
        let mut bytes = if chance.below(2) == 0 { chance.bytes(400) } else { b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-len".to_vec() };
        if chance.below(3) == 0 {
            bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".iter().copied().chain(chance.bytes(100)).collect();
        }
        return (bytes, false);
    }
    if kind == 1 {
        let body = body(chance);
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len() + 10
        );
        return ([head.into_bytes(), body].concat(), false);
    }
    if kind == 2 {
        let head =
            format!("POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n{headers}\r\n");
        return ([head.into_bytes(), chance.bytes(50)].concat(), false);
    }
    if kind < 7 {
        let escaped: String = body(chance).iter().take(6000).map(|byte| format!("%{byte:02x}")).collect();
        let query = match chance.below(4) {
            0 => format!("query={escaped}"),
            1 => format!("query=%7B__typename%7D&variables={escaped}"),
            2 => format!("{escaped}&&&=%zz&query"),
            _ => format!("query=mutation%7Blogout%7D&operationName={escaped}"),
        };
        return (format!("GET /graphql?{query} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").into_bytes(), true);
    }
    let body = body(chance);
    let method = if kind == 7 { chance.pick(&["PUT", "DELETE", "PATCH", "OPTIONS", "FOO"]) } else { "POST" };
    let path = if kind == 8 {
        chance.pick(&["/", "/graphiql", "/%00", "/graphql/", "//", "/.well-known/jwks.json", "/a?b#c"])
    } else {
        "/graphql"
    };
    let content_type = if kind < 17 {
        "application/json"
    } else {
        chance.pick(&[
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded",
            "a",
            "",
        ])
    };
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    ([head.into_bytes(), body].concat(), true)
}

/// One answer: its status, its body, and whether the connection ends with it. None where the connection was closed instead.
async fn answer(stream: &mut TcpStream) -> Option<(u16, Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16384];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
            let is_chunked = head.contains("transfer-encoding: chunked");
            let body = &bytes[end + 4..];
            if (is_chunked && body.ends_with(b"0\r\n\r\n")) || (!is_chunked && body.len() >= length) {
                return Some((head[9..12].parse().unwrap(), body.to_vec(), head.contains("\r\nconnection: close")));
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

/// What the kernel counts as the process's own memory, in MiB.
pub fn memory(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Sends the requests from `first` on, each on a connection that is used again where it was not ended.
async fn send(url: &str, seed: u64, numbers: std::ops::Range<u64>) -> BTreeMap<u16, usize> {
    let mut seen = BTreeMap::new();
    let mut kept: Option<TcpStream> = None;
    for number in numbers {
        let (bytes, is_http) = request(&mut Chance(seed ^ number.wrapping_mul(0x1000_0000_01b3)));
        let mut stream = match kept.take() {
            Some(stream) if is_http => stream,
            _ => raw::connect(url).await,
        };
        let said = tokio::time::timeout(PATIENCE, async {
            let (mut reader, mut writer) = stream.split();
            // An answer may come before the whole request is taken.
            let _refused_early = writer.write_all(&bytes).await;
            if is_http {
                return answer(&mut stream).await;
            }
            let _closed = writer.shutdown().await;
            let mut rest = Vec::new();
            let _reset = reader.read_to_end(&mut rest).await;
            let status = rest.strip_prefix(b"HTTP/1.1 ").map(|rest| String::from_utf8_lossy(&rest[..3]).parse().unwrap());
            status.map(|status| (status, rest, true))
        });
        let said = said.await.unwrap_or_else(|_| panic!("request {number} of seed {seed} was never answered"));
        assert!(
            said.is_some() || !is_http,
            "request {number} of seed {seed}: the connection was dropped\n{}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(700)])
        );
        let Some((status, body, is_last)) = said else { continue };
        assert!(status < 500 || status == 503, "request {number} of seed {seed}: {status} {}", String::from_utf8_lossy(&body));
        *seen.entry(status).or_default() += 1;
        // Where the body was not wanted, the service may close instead of reading it to its end.
        let was_read = bytes.starts_with(b"POST /graphql ") || bytes.starts_with(b"GET ");
        kept = (!is_last && was_read && [200, 400].contains(&status)).then_some(stream);
    }
    seen
}

async fn storm(url: &str, seed: u64, numbers: std::ops::Range<u64>) -> BTreeMap<u16, usize> {
    let (mut senders, part) = (JoinSet::new(), (numbers.end - numbers.start) / 4);
    for sender in 0..4 {
        let (url, from) = (url.to_owned(), numbers.start + sender * part);
        senders.spawn(async move { send(&url, seed, from..from + part).await });
    }
    let mut seen = BTreeMap::new();
    for (status, count) in senders.join_all().await.into_iter().flatten() {
        *seen.entry(status).or_default() += count;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_requests_do_no_harm() {
    let app = TestApp::start().await;
    let seed = std::env::var(SEED).map_or(4, |seed| seed.parse().unwrap());
    let mut command = ops::lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "error", "--pool-size", "8"]);
    command.env("DATABASE_URL", app.database.url("lectern_app")).env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text());
    let service = Served::start(command);

    // The first tenth warms up what is allocated once: the pool, the statements, the allocator's arenas.
    storm(&service.url, seed, 0..REQUESTS / 10).await;
    let before = memory(service.id());
    let seen = storm(&service.url, seed, REQUESTS / 10..REQUESTS).await;
    // What is still being given back counts for nothing.
    let (ended, mut after) = (Instant::now(), memory(service.id()));
    while after > before + 32 && ended.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        after = memory(service.id());
    }
    assert!(after <= before + 32, "{before} MiB before, {after} MiB after");
    for status in [200, 400, 405, 415] {
        assert!(seen.get(&status).is_some_and(|count| *count > 20), "the requests have lost their variety: {seen:?}");
    }
    assert_eq!(app.count("course").await + app.count("audit_entry WHERE outcome = 'CHANGED'").await, 0);
    // It would have said what panicked or failed.
    assert_eq!(service.stop(Signal::SIGTERM), (Some(0), String::new()));
}
