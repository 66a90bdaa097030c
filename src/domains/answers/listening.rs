//! Listening to an answer while it is written, in whichever process that is.
//!
//! Where this process writes it, what is new stands in memory. Where another does, the database announces that there is something, and it is read in a
//! transaction of the listener's own. Either way the end is read from the row: what it says is what holds.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_graphql::{Context, ID, Name, Value};
use data_encoding::BASE64URL_NOPAD;
use futures_util::future::BoxFuture;
use lectern_kernel::{
    auth::Claims,
    db::{Interest, Mode},
    error::{Error, Result},
    ids::Id,
    resolve::{Listener, Loaded, Taken, Telling, Told, one, registry::Stream},
    text_enum,
};
use lectern_macros::{object, resolvers};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use super::{
    running::{Acts, Answers, At, Here, NotActing, Run},
    sql,
};
use crate::domains::conversations::Message;

text_enum! {
    /// What is told of an answer.
    pub enum MessageStreamKind {
        /// There is more of its text.
        Delta = "DELTA",
        /// A tool was asked.
        Tool = "TOOL",
        /// It has ended: nothing more is told.
        End = "END",
    }
}

/// Something of an answer, as it comes.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct MessageStreamEvent {
    /// What it is.
    pub kind: MessageStreamKind,
    /// The place after it: pass it as `after` to go on from there.
    pub cursor: String,
    /// Of DELTA: what comes next of the text.
    pub delta: Option<String>,
    #[hidden]
    pub message_id: Option<Id<Message>>,
}

#[resolvers]
impl MessageStreamEvent {
    /// Of TOOL: what was asked and answered; of END: the answer.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Message>>> {
        match self.message_id {
            Some(id) => one(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// The subscription.
pub const STREAM: Stream = Stream {
    name: "messageStream",
    description: "An answer of yours as it is written: DELTA for each piece of its text, TOOL for each tool that is asked, END with the finished message; then it is \
                  over. One that has ended is told in the same way. All deltas, one after another, are its `content`; of a CANCELLED or interrupted one the last \
                  quarter second may be missing from that, and what END holds counts. Whoever reads slowly is told the same in fewer pieces.",
    of: MessageStreamEvent::object,
    arguments: &[
        (
            "messageId",
            "The answer: an ASSISTANT message of a conversation of yours. NOT_FOUND for any other's; BAD_USER_INPUT for one that is no answer.",
            true,
        ),
        ("after", "A cursor of the same answer: go on after it. From the beginning unless given.", false),
    ],
    topics: &["answer", "answer_end"],
    read: ("message", ("message", "message")),
    begin,
};

/// How long a listener waits for an announcement before it looks all the same.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a listener says that it is there, where that keeps the answer going.
const PRESENT: Duration = Duration::from_secs(4);

/// A place in an answer, as clients keep it: which answer, how many characters, how many tools.
fn cursor(answer: Uuid, characters: usize, tools: usize) -> String {
    let mut bytes = answer.as_bytes().to_vec();
    bytes.extend_from_slice(&u32::try_from(characters).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&u16::try_from(tools).unwrap_or(u16::MAX).to_be_bytes());
    BASE64URL_NOPAD.encode(&bytes)
}

fn read_cursor(answer: Uuid, cursor: &str) -> Result<(usize, usize)> {
    let wrong = || Error::bad_input("after", "must be a cursor of this answer");
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| wrong())?;
    let (of, rest) = bytes.split_at_checked(16).filter(|(_, rest)| rest.len() == 6).ok_or_else(wrong)?;
    if of != answer.as_bytes() {
        return Err(wrong());
    }
    let characters = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]);
    let tools = u16::from_be_bytes([rest[4], rest[5]]);
    Ok((characters as usize, usize::from(tools)))
}

/// Somebody who listens to one answer.
struct Listening {
    answers: Arc<Answers>,
    acts: Arc<dyn Acts>,
    claims: Claims,
    correlation_id: String,
    tenant: Uuid,
    answer: Uuid,
    characters: usize,
    tools: usize,
    way: Way,
    told: VecDeque<Told>,
    is_over: bool,
}

/// How something new is heard of.
enum Way {
    /// This process writes it.
    Here { run: Arc<Run>, news: watch::Receiver<u64>, at: At, _presence: Here },
    /// Another does, or nobody any more.
    Elsewhere { interest: Option<Interest>, is_due: bool, is_wanted: bool },
}

fn begin(listener: Listener) -> BoxFuture<'static, Result<Box<dyn Telling>>> {
    Box::pin(async move {
        let answer = Id::<Message>::parse("messageId", &ID::from(listener.text("messageId").unwrap_or_default()))?.0;
        let (characters, tools) = listener.text("after").map(|after| read_cursor(answer, after)).transpose()?.unwrap_or_default();
        let answers = listener.services.outside.find::<Answers>().ok_or_else(|| Error::unavailable("answers are not told of here"))?;
        let acts = answers.acts().ok_or_else(|| Error::unavailable("answers are not told of here"))?;
        let (tx, actor) = acts.begin(&listener.claims, Mode::Read, &listener.correlation_id).await.map_err(not_acting)?;
        actor.require_subscription()?;
        let rows = tx.query(sql::HEARD, &[&answer, &0_i64, &0_i64]).await?;
        tx.end_read();
        let role: Option<String> = rows.first().map(|row| row.try_get("role")).transpose().map_err(lectern_kernel::db::DbError::from)?;
        match role.as_deref() {
            None => return Err(Error::not_found("message").field("messageId")),
            Some("ASSISTANT") => {}
            Some(_) => return Err(Error::bad_input("messageId", "must be an answer")),
        }
        let tenant = tx.identity().tenant;
        drop(tx);
        let here = answers.find(answer).and_then(|run| {
            let at = run.place(characters, tools)?;
            Some(Way::Here { news: run.watch(), at, _presence: run.enter(), run })
        });
        let way = here.unwrap_or(Way::Elsewhere { interest: None, is_due: true, is_wanted: true });
        let listening = Listening {
            answers,
            acts,
            claims: listener.claims,
            correlation_id: listener.correlation_id,
            tenant,
            answer,
            characters,
            tools,
            way,
            told: VecDeque::new(),
            is_over: false,
        };
        Ok(Box::new(listening) as Box<dyn Telling>)
    })
}

fn not_acting(error: NotActing) -> Error {
    match error {
        NotActing::SignedOut => Error::unauthenticated(),
        NotActing::Failed(error) => error.into(),
    }
}

impl Telling for Listening {
    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if !self.told.is_empty() || self.is_over {
                return;
            }
            match &mut self.way {
                Way::Here { run, news, at, .. } => loop {
                    let mut after = *at;
                    let new = run.news(&mut after);
                    if after != *at || new.is_over || news.changed().await.is_err() {
                        return;
                    }
                },
                Way::Elsewhere { is_due: true, .. } => {}
                Way::Elsewhere { interest, is_due, is_wanted } => {
                    let patience = if *is_wanted { PRESENT } else { PATIENCE };
                    if let Some(heard) = interest
                        && let Ok(Err(_missed)) = timeout(patience, heard.next()).await
                    {
                        *interest = None;
                    }
                    *is_due = true;
                }
            }
        })
    }

    fn take(&mut self) -> BoxFuture<'_, Result<Taken>> {
        Box::pin(async move {
            if let Some(told) = self.told.pop_front() {
                return Ok(Taken::Told(told));
            }
            if self.is_over {
                return Ok(Taken::Over);
            }
            if !self.look_here() {
                self.look_elsewhere().await?;
            }
            Ok(self.told.pop_front().map_or(Taken::Nothing, Taken::Told))
        })
    }
}

impl Listening {
    /// Takes what is new in memory. False where the answer is not written here, or not any more.
    fn look_here(&mut self) -> bool {
        let Way::Here { run, at, .. } = &mut self.way else { return false };
        let new = run.news(at);
        (self.characters, self.tools) = (at.characters, at.tools - new.tools.len());
        if !new.text.is_empty() {
            self.delta(new.text);
        }
        for tool in new.tools {
            self.tools += 1;
            self.tell(MessageStreamKind::Tool, None, Some(tool));
        }
        if !new.is_over {
            return true;
        }
        // How it ended, the row says.
        self.way = Way::Elsewhere { interest: None, is_due: true, is_wanted: true };
        !self.told.is_empty()
    }

    /// Reads what is new. Whoever is not heard of it any more listens first, so that nothing is missed in between.
    async fn look_elsewhere(&mut self) -> Result<()> {
        let Way::Elsewhere { interest, is_due, is_wanted } = &mut self.way else { return Ok(()) };
        *is_due = false;
        // An answer that this process has begun meanwhile is told from memory.
        if let Some(run) = self.answers.find(self.answer)
            && let Some(at) = run.place(self.characters, self.tools)
        {
            self.way = Way::Here { news: run.watch(), at, _presence: run.enter(), run };
            return Ok(());
        }
        if interest.is_none() {
            *interest = Some(self.acts.hear(self.tenant, "answer", self.answer).await?);
        }
        let mode = if *is_wanted { Mode::Write } else { Mode::Read };
        let (tx, _) = self.acts.begin(&self.claims, mode, &self.correlation_id).await.map_err(not_acting)?;
        if *is_wanted {
            *is_wanted = tx.value::<bool>(sql::HEAR, &[&self.answer]).await? == Some(true);
        }
        let place = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let rows = tx.query(sql::HEARD, &[&self.answer, &place(self.characters), &place(self.tools)]).await?;
        if mode == Mode::Write {
            tx.commit().await?
        } else {
            tx.end_read()
        }
        // It is gone, or not the listener's any more.
        let Some(row) = rows.first() else {
            self.is_over = true;
            return Ok(());
        };
        let read = || {
            Ok::<_, tokio_postgres::Error>((
                row.try_get::<_, String>("state")?,
                row.try_get::<_, i64>("begins")?,
                row.try_get::<_, String>("text")?,
                row.try_get::<_, Vec<Uuid>>("tools")?,
            ))
        };
        let (state, begins, text, tools) = read().map_err(lectern_kernel::db::DbError::from)?;
        // The first piece may begin before the place.
        let known = self.characters.saturating_sub(usize::try_from(begins).unwrap_or(0));
        let text: String = text.chars().skip(known).collect();
        if !text.is_empty() {
            self.characters += text.chars().count();
            self.delta(text);
        }
        for tool in tools {
            self.tools += 1;
            self.tell(MessageStreamKind::Tool, None, Some(tool));
        }
        if !matches!(state.as_str(), "PENDING" | "RUNNING") {
            self.tell(MessageStreamKind::End, None, Some(self.answer));
            self.is_over = true;
        }
        Ok(())
    }

    fn delta(&mut self, text: String) {
        self.tell(MessageStreamKind::Delta, Some(text), None);
    }

    fn tell(&mut self, kind: MessageStreamKind, delta: Option<String>, row: Option<Uuid>) {
        self.told.push_back(Told {
            fields: vec![
                ("kind", Value::Enum(Name::new(kind.as_str()))),
                ("cursor", Value::String(cursor(self.answer, self.characters, self.tools))),
                ("delta", delta.map_or(Value::Null, Value::String)),
            ],
            row,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_its_answer_alone() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(read_cursor(one, &cursor(one, 70_000, 3)).unwrap(), (70_000, 3));
        for wrong in ["", "x", &cursor(other, 1, 0), &cursor(one, 1, 0)[..10]] {
            assert!(read_cursor(one, wrong).is_err(), "{wrong}");
        }
    }
}
