//! Asks one server the same kind of question on many connections, as fast as it answers, and says how long it took.
//!
//! `load http|pg ADDRESS QUESTIONS CONNECTIONS WARM_UP SECONDS [PRELUDE]`
//!
//! QUESTIONS holds the raw bytes of every request, each behind its length (32 bits, little endian), so that nothing but
//! reading and writing is left to do while time is measured: the generator shares the machine with what it measures.
//! PRELUDE holds, in the same form, what a new connection sends first (PostgreSQL's statements to prepare). ADDRESS is
//! `host:port`, or the path of a Unix socket. The result is one line of JSON.

mod answer;
mod histogram;

use std::{
    cell::RefCell,
    io::{Error, Result},
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

use crate::{
    answer::{Protocol, Verdict},
    histogram::Histogram,
};

struct Plan {
    protocol: Protocol,
    address: String,
    questions: Vec<Vec<u8>>,
    prelude: Vec<Vec<u8>>,
    begin: Instant,
    end: Instant,
}

#[derive(Default)]
struct Tally {
    latency: Histogram,
    bytes: u64,
    refused: u64,
    /// With those of the warm-up.
    total: u64,
    sample: Option<String>,
}

fn records(path: &str) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)?;
    let mut rest = bytes.as_slice();
    let mut records = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let record = tail.get(..length).ok_or_else(|| Error::other(format!("{path} ends inside a record")))?;
        records.push(record.to_vec());
        rest = &tail[length..];
    }
    Ok(records)
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

async fn connect(address: &str) -> Result<Box<dyn Stream>> {
    if address.starts_with('/') {
        return Ok(Box::new(UnixStream::connect(address).await?));
    }
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Sends a request and reads its answer to the end; the buffer then holds the answer.
async fn exchange(stream: &mut dyn Stream, protocol: Protocol, question: &[u8], buffer: &mut Vec<u8>) -> Result<Verdict> {
    buffer.clear();
    stream.write_all(question).await?;
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(Error::other(format!("the server hung up: {}", String::from_utf8_lossy(buffer))));
        }
        if let Some(verdict) = protocol.verdict(buffer) {
            return Ok(verdict);
        }
    }
}

async fn ask(plan: Rc<Plan>, tally: Rc<RefCell<Tally>>, number: usize, connections: usize) -> Result<()> {
    let mut stream = connect(&plan.address).await?;
    let mut buffer = Vec::with_capacity(1 << 18);
    for message in &plan.prelude {
        if exchange(&mut *stream, plan.protocol, message, &mut buffer).await? == Verdict::Refused {
            return Err(Error::other(format!("the prelude was refused: {}", String::from_utf8_lossy(&buffer))));
        }
    }
    // Each connection begins elsewhere in the list.
    let mut next = number * plan.questions.len() / connections;
    loop {
        let sent = Instant::now();
        if sent >= plan.end {
            return Ok(());
        }
        let verdict = exchange(&mut *stream, plan.protocol, &plan.questions[next], &mut buffer).await?;
        next = (next + 1) % plan.questions.len();
        let answered = Instant::now();
        let mut tally = tally.borrow_mut();
        tally.total += 1;
        if sent < plan.begin || answered > plan.end {
            continue;
        }
        tally.latency.record(answered - sent);
        tally.bytes += buffer.len() as u64;
        if verdict == Verdict::Refused {
            tally.refused += 1;
            tally.sample.get_or_insert_with(|| String::from_utf8_lossy(&buffer[..buffer.len().min(600)]).into_owned());
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let [protocol, address, questions, connections, warm_up, seconds, prelude @ ..] = arguments else {
        return Err(Error::other("load http|pg ADDRESS QUESTIONS CONNECTIONS WARM_UP SECONDS [PRELUDE]"));
    };
    let number = |text: &str| text.parse::<f64>().map_err(|_| Error::other(format!("{text} is not a number")));
    let (warm_up, seconds) = (Duration::from_secs_f64(number(warm_up)?), Duration::from_secs_f64(number(seconds)?));
    let connections = number(connections)? as usize;
    let begin = Instant::now() + warm_up;
    let plan = Rc::new(Plan {
        protocol: Protocol::named(protocol).ok_or_else(|| Error::other("the protocol is http or pg"))?,
        address: address.clone(),
        questions: records(questions)?,
        prelude: prelude.first().map(|path| records(path)).transpose()?.unwrap_or_default(),
        begin,
        end: begin + seconds,
    });
    if plan.questions.is_empty() {
        return Err(Error::other("there is nothing to ask"));
    }
    let tally = Rc::new(RefCell::new(Tally::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let asking: Vec<_> =
            (0..connections).map(|number| tokio::task::spawn_local(ask(plan.clone(), tally.clone(), number, connections))).collect();
        for connection in asking {
            connection.await.map_err(Error::other)??;
        }
        Ok::<_, Error>(())
    })?;
    let tally = tally.borrow();
    let millis = |share: f64| tally.latency.quantile(share).as_secs_f64() * 1000.0;
    println!(
        r#"{{"answers":{},"refused":{},"total":{},"seconds":{},"bytes":{},"p50":{:.4},"p90":{:.4},"p99":{:.4},"max":{:.4},"sample":{:?}}}"#,
        tally.latency.count(),
        tally.refused,
        tally.total,
        seconds.as_secs_f64(),
        tally.bytes,
        millis(0.50),
        millis(0.90),
        millis(0.99),
        millis(1.0),
        tally.sample.as_deref().unwrap_or_default().replace(|letter: char| letter.is_control() || letter == '\\' || letter == '\'', " "),
    );
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
