//! A server of mail that keeps what it is given, or refuses it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes everything.
    Takes,
    /// `450` at the recipient.
    NotNow,
    /// `550` at the recipient.
    Never,
    /// `554` once it has read the mail.
    NotThis,
    /// Says hello, and nothing more.
    Hangs,
}

/// A mail that it was given.
#[derive(Debug, Clone)]
pub struct Given {
    pub to: String,
    /// Headers and body, as they came.
    pub data: String,
}

impl Given {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    }
}

/// The server.
pub struct Sink {
    pub url: String,
    mood: Arc<Mutex<Mood>>,
    given: Arc<Mutex<Vec<Given>>>,
}

impl Sink {
    pub async fn start(mood: Mood) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (mood, given) = (Arc::new(Mutex::new(mood)), Arc::new(Mutex::new(Vec::new())));
        let shared = (mood.clone(), given.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mood, given) = (*shared.0.lock().unwrap(), shared.1.clone());
                tokio::spawn(async move {
                    let _hung_up = converse(stream, mood, given).await;
                });
            }
        });
        Sink { url, mood, given }
    }

    /// Changes its mind.
    pub fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What it was given so far, taken or not.
    pub fn given(&self) -> Vec<Given> {
        self.given.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, mood: Mood, given: Arc<Mutex<Vec<Given>>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        if mood == Mood::Hangs {
            continue;
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match (verb.as_str(), mood) {
            ("EHLO", _) => b"250-sink\r\n250 8BITMIME\r\n",
            ("RCPT", Mood::NotNow) => b"450 4.2.1 <somebody@x.example>: mailbox busy\r\n",
            ("RCPT", Mood::Never) => b"550 5.1.1 no such mailbox\r\n",
            ("RCPT", _) => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 ok\r\n"
            }
            ("DATA", _) => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut data = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push_str("\r\n");
                }
                given.lock().unwrap().push(Given { to: to.clone(), data });
                if mood == Mood::NotThis { b"554 5.7.1 not this\r\n" } else { b"250 taken\r\n" }
            }
            ("QUIT", _) => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        writer.write_all(answer).await?;
    }
    Ok(())
}
