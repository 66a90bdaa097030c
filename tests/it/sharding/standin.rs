//! Stands in for PgDog in front of several databases: it takes apart what the driver sends, puts each transaction where its key says, and writes down
//! what was said. It is as strict as PgDog is, and stricter: what is not pinned to one database is a fault.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_postgres::config::Host;
use uuid::Uuid;

/// What it has seen.
#[derive(Default)]
pub struct Seen {
    /// The transactions that have reached a database, in the order in which they did.
    pub transactions: Vec<Transaction>,
    /// What PgDog would have refused, or asked of several databases.
    pub faults: Vec<String>,
}

/// A transaction.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// The school whose database it is pinned to.
    pub key: Uuid,
    /// The database that it ran on.
    pub shard: usize,
    /// Its messages: what was asked at once, and the texts of statements.
    pub messages: Vec<String>,
}

/// On which database each school lies, counted from 0; the first, where nothing is said. Whoever asks for one that lies on none is not answered.
pub type Homes = Arc<Mutex<HashMap<Uuid, usize>>>;

/// Where it is reached, and what it has seen.
pub struct Standin {
    pub port: u16,
    pub seen: Arc<Mutex<Seen>>,
}

impl Standin {
    /// In front of the databases of these URLs.
    pub async fn start(urls: Vec<String>, homes: Homes) -> Standin {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (urls, all) = (Arc::new(urls), seen.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (urls, homes, seen) = (urls.clone(), homes.clone(), all.clone());
                tokio::spawn(async move {
                    // It ends with either side.
                    let _ended = Session::serve(client, &urls, homes, seen).await;
                });
            }
        });
        Standin { port, seen }
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection to the database of a URL, on which nothing was said yet, and the name of the database.
async fn connect(url: &str) -> io::Result<(Box<dyn Wire>, String)> {
    let config: tokio_postgres::Config = url.parse().unwrap();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let wire: Box<dyn Wire> = match &config.get_hosts()[0] {
        Host::Unix(folder) => Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?),
        Host::Tcp(host) => Box::new(TcpStream::connect((host.as_str(), port)).await?),
    };
    Ok((wire, config.get_dbname().unwrap().to_owned()))
}

/// Opens a port on which the server of a URL is reached, for who knows no sockets.
pub async fn bridge(url: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let url = url.clone();
            tokio::spawn(async move {
                let (mut server, _) = connect(&url).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

/// A message: its type, and what is in it.
#[derive(Clone)]
struct Message {
    kind: u8,
    body: Vec<u8>,
}

impl Message {
    fn new(kind: u8, body: &[u8]) -> Message {
        Message { kind, body: body.to_vec() }
    }

    async fn read(wire: &mut (impl AsyncRead + Unpin + ?Sized)) -> io::Result<Message> {
        let kind = wire.read_u8().await?;
        let length = wire.read_i32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        wire.read_exact(&mut body).await?;
        Ok(Message { kind, body })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind];
        bytes.extend(i32::try_from(self.body.len() + 4).unwrap().to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// The texts in it that end with a zero.
    fn texts(&self) -> Vec<String> {
        self.body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }
}

/// A database that a connection may be put through to.
struct Backend {
    wire: Box<dyn Wire>,
    /// The statements that it has prepared.
    prepared: HashSet<String>,
}

/// Where the client's transaction stands.
#[derive(Default)]
struct Open {
    begin: Option<Message>,
    key: Option<Uuid>,
    at: Option<usize>,
    transaction: Option<Transaction>,
}

struct Session {
    client: TcpStream,
    backends: Vec<Backend>,
    homes: Homes,
    seen: Arc<Mutex<Seen>>,
    /// How each statement is prepared.
    statements: HashMap<String, Message>,
    open: Open,
}

impl Session {
    async fn serve(mut client: TcpStream, urls: &[String], homes: Homes, seen: Arc<Mutex<Seen>>) -> io::Result<()> {
        let Some(settings) = greeted(&mut client).await? else { return Ok(()) };
        let (mut backends, mut greeting) = (Vec::new(), Vec::new());
        for (at, url) in urls.iter().enumerate() {
            let (mut wire, database) = connect(url).await?;
            wire.write_all(&startup(&settings, &database)).await?;
            let said = until_ready(&mut *wire).await?;
            if at == 0 {
                greeting = said;
            }
            backends.push(Backend { wire, prepared: HashSet::new() });
        }
        client.write_all(&greeting.iter().flat_map(Message::bytes).collect::<Vec<u8>>()).await?;
        let mut session = Session { client, backends, homes, seen, statements: HashMap::new(), open: Open::default() };
        let mut batch = Vec::new();
        loop {
            let message = Message::read(&mut session.client).await?;
            match message.kind {
                b'X' => return Ok(()),
                b'Q' => session.ask(message).await?,
                kind => {
                    batch.push(message);
                    if kind == b'S' {
                        let batch = std::mem::take(&mut batch);
                        session.exchange(batch).await?;
                    }
                }
            }
        }
    }

    fn fault(&self, what: String) {
        self.seen.lock().unwrap().faults.push(what);
    }

    async fn answer(&mut self, tag: &str, is_open: bool) -> io::Result<()> {
        let mut bytes = Message::new(b'C', format!("{tag}\0").as_bytes()).bytes();
        bytes.extend(Message::new(b'Z', if is_open { b"T" } else { b"I" }).bytes());
        self.client.write_all(&bytes).await
    }

    /// A command, or several, as a text.
    async fn ask(&mut self, message: Message) -> io::Result<()> {
        let text = message.texts()[0].clone();
        let is_set = |command: &str| command.trim_start().starts_with("SET LOCAL ");
        let commands: Vec<&str> = text.split(';').collect();
        if commands.len() > 1 && !commands.iter().all(|command| is_set(command)) {
            self.fault(format!("several commands in one message: {text}"));
        }
        if text.starts_with("BEGIN") {
            self.open = Open { begin: Some(message), ..Open::default() };
            return self.answer("BEGIN", true).await;
        }
        if let Some(key) = text.strip_prefix("SET LOCAL pgdog.sharding_key = ") {
            if self.open.begin.is_none() || self.open.at.is_some() {
                self.fault(format!("the key came too late: {text}"));
            }
            self.open.key = key.trim_matches('\'').parse().ok();
            return self.answer("SET", true).await;
        }
        if self.open.begin.is_some() && self.open.at.is_none() && is_set(&text) {
            self.fault(format!("PgDog would keep this, and repeat it with its value as a name: {text}"));
        }
        self.put_through(vec![message], &text).await
    }

    /// Prepared statements, as far as it is to be answered.
    async fn exchange(&mut self, batch: Vec<Message>) -> io::Result<()> {
        let mut text = String::new();
        for message in &batch {
            let texts = message.texts();
            match message.kind {
                b'P' => {
                    self.statements.insert(texts[0].clone(), message.clone());
                }
                // What is run is named by it.
                b'B' => text = self.statements.get(&texts[1]).map_or_else(String::new, |parse| parse.texts()[1].clone()),
                _ => {}
            }
        }
        self.put_through(batch, &text).await
    }

    /// Sends it where the transaction is pinned, and answers what is answered there. `text` is what it runs; empty where it runs nothing.
    async fn put_through(&mut self, batch: Vec<Message>, text: &str) -> io::Result<()> {
        if self.open.begin.is_none() && !text.is_empty() && !text.starts_with("ROLLBACK") {
            self.fault(format!("outside of every transaction: {text}"));
        }
        let at = match (self.open.at, &self.open.begin) {
            (Some(at), _) => at,
            (None, None) => 0,
            // Preparing needs any database; running needs the one.
            (None, Some(_)) if text.is_empty() => 0,
            (None, Some(begin)) => {
                let begin = begin.clone();
                if self.open.key.is_none() {
                    self.fault(format!("without a key: {text}"));
                }
                let key = self.open.key.unwrap_or_default();
                let at = self.homes.lock().unwrap().get(&key).copied().unwrap_or(0);
                if at >= self.backends.len() {
                    return Err(io::ErrorKind::NotFound.into());
                }
                self.backends[at].wire.write_all(&begin.bytes()).await?;
                until_ready(&mut *self.backends[at].wire).await?;
                self.open.at = Some(at);
                self.open.transaction = Some(Transaction { key, shard: at, messages: vec![begin.texts()[0].clone()] });
                at
            }
        };
        if let Some(transaction) = &mut self.open.transaction
            && !text.is_empty()
        {
            transaction.messages.push(text.to_owned());
        }
        self.prepare_elsewhere(at, &batch).await?;
        let backend = &mut self.backends[at];
        backend.wire.write_all(&batch.iter().flat_map(Message::bytes).collect::<Vec<u8>>()).await?;
        let said = until_ready(&mut *backend.wire).await?;
        if said.last().is_some_and(|last| last.body == b"I") {
            let ended = std::mem::take(&mut self.open);
            self.seen.lock().unwrap().transactions.extend(ended.transaction);
        }
        self.client.write_all(&said.iter().flat_map(Message::bytes).collect::<Vec<u8>>()).await
    }

    /// A statement is prepared by the client once, and may be run on every database.
    async fn prepare_elsewhere(&mut self, at: usize, batch: &[Message]) -> io::Result<()> {
        for message in batch {
            let texts = message.texts();
            let named = match message.kind {
                b'P' => {
                    self.backends[at].prepared.insert(texts[0].clone());
                    continue;
                }
                b'B' => texts[1].clone(),
                b'D' if message.body[0] == b'S' => texts[0][1..].to_owned(),
                _ => continue,
            };
            let backend = &mut self.backends[at];
            if let Some(parse) = self.statements.get(&named)
                && backend.prepared.insert(named)
            {
                backend.wire.write_all(&parse.bytes()).await?;
                backend.wire.write_all(&Message::new(b'S', b"").bytes()).await?;
                until_ready(&mut *backend.wire).await?;
            }
        }
        Ok(())
    }
}

/// The settings that a client begins with; nothing of one that wants something cancelled.
async fn greeted(client: &mut TcpStream) -> io::Result<Option<Vec<String>>> {
    const SSL: i32 = 80_877_103;
    const PROTOCOL: i32 = 196_608;
    loop {
        let length = client.read_i32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        client.read_exact(&mut body).await?;
        let (code, rest) = body.split_at(4);
        match i32::from_be_bytes(code.try_into().unwrap()) {
            SSL => client.write_all(b"N").await?,
            PROTOCOL => return Ok(Some(Message::new(0, rest).texts())),
            _ => return Ok(None),
        }
    }
}

/// The same settings for another database.
fn startup(settings: &[String], database: &str) -> Vec<u8> {
    let mut body = 196_608i32.to_be_bytes().to_vec();
    for pair in settings.chunks(2).filter(|pair| pair.len() == 2 && !pair[0].is_empty()) {
        let value = if pair[0] == "database" { database } else { &pair[1] };
        body.extend(format!("{}\0{value}\0", pair[0]).as_bytes());
    }
    body.push(0);
    let mut bytes = i32::try_from(body.len() + 4).unwrap().to_be_bytes().to_vec();
    bytes.extend(body);
    bytes
}

/// What a database says until it waits for more.
async fn until_ready(wire: &mut dyn Wire) -> io::Result<Vec<Message>> {
    let mut said = Vec::new();
    loop {
        let message = Message::read(wire).await?;
        // What is said to one client can't be said to two servers.
        assert!(message.kind != b'R' || message.body == [0, 0, 0, 0], "the stand-in needs a server that asks for no password");
        let is_last = message.kind == b'Z';
        said.push(message);
        if is_last {
            return Ok(said);
        }
    }
}
