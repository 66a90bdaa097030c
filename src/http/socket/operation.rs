//! One operation of a socket: a query or mutation that is answered once, or a subscription that goes on.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use indexmap::IndexSet;
use lectern_kernel::{
    auth::Claims,
    error::Code,
    execute::{Engine, EventOutcome, Part, Question, SubscriptionWatch, Tale},
    request::OperationKind,
    seen::{present, trace},
};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    message::{self, Close},
    session::Outgoing,
};
use crate::http::graphql::Parameters;

/// Changes that wait to be read for one subscription; one that is further behind is too slow.
const BEHIND: usize = 1000;

/// What an operation works with.
pub(super) struct Operation {
    pub(super) engine: Arc<Engine>,
    pub(super) claims: Option<Claims>,
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) id: String,
    /// The ids of the socket's operations that are not over.
    pub(super) open: Arc<Mutex<HashSet<String>>>,
    pub(super) out: mpsc::Sender<Outgoing>,
    /// Ends the socket, also where its outgoing messages are stuck.
    pub(super) closing: mpsc::Sender<Close>,
    /// Those of the socket that were asked for before and have not begun yet: each until it has.
    pub(super) earlier: Vec<CancellationToken>,
}

impl Operation {
    /// Runs to its end. Its last message ends the operation for the client, too. `begun` is dropped when it has begun: a
    /// subscription, when no change is missed any more; any other, when it is known to be none.
    pub(super) async fn run(self, payload: Value, begun: DropGuard) {
        let correlation_id = Uuid::now_v7().to_string();
        let engine = &self.engine;
        let request = serde_json::from_value::<Parameters>(payload).ok().map(Parameters::check);
        let document = match request {
            None => return self.close(message::BAD_MESSAGE).await,
            Some(Err(error)) => Err(error),
            Some(Ok(mut request)) => {
                request.address.clone_from(&self.address);
                request.user_agent.clone_from(&self.user_agent);
                engine.read(&request)
            }
        };
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                drop(begun);
                self.wait_for_earlier().await;
                return self.end(message::error(&self.id, &engine.refuse(error, &correlation_id))).await;
            }
        };
        if document.is_told() {
            match engine.listen(document, self.claims, &correlation_id).await {
                Ok(tale) => {
                    drop(begun);
                    let _present = present("lectern_subscriptions");
                    self.hear_out(tale, &correlation_id).await;
                }
                Err(answer) => {
                    drop(begun);
                    self.wait_for_earlier().await;
                    self.end(message::error(&self.id, &answer)).await;
                }
            }
            return;
        }
        if document.kind == OperationKind::Subscription {
            match engine.watch(document, self.claims, &correlation_id).await {
                Ok(watch) => {
                    drop(begun);
                    let _present = present("lectern_subscriptions");
                    self.follow(watch).await;
                }
                Err(answer) => {
                    drop(begun);
                    self.wait_for_earlier().await;
                    self.end(message::error(&self.id, &answer)).await;
                }
            }
            return;
        }
        drop(begun);
        self.wait_for_earlier().await;
        let span = trace::request(&correlation_id, None);
        let answer = engine.execute(document, self.claims, &correlation_id).instrument(span).await;
        if answer.executed {
            self.say(message::next(&self.id, &answer)).await;
            self.end(message::complete(&self.id)).await;
        } else {
            self.end(message::error(&self.id, &answer)).await;
        }
    }

    /// Nothing is answered before the subscriptions that were asked for earlier have begun.
    async fn wait_for_earlier(&self) {
        for earlier in &self.earlier {
            earlier.cancelled().await;
        }
    }

    /// Reads and sends event after event. While one is under way, others are collected: each id once.
    async fn follow(&self, mut watch: SubscriptionWatch) {
        let mut changed: IndexSet<Uuid> = watch.missed.drain(..).collect();
        loop {
            let Some(id) = changed.shift_remove_index(0) else {
                match watch.next().await {
                    Ok(id) => changed.insert(id),
                    Err(_missed) => return self.close(message::MISSED).await,
                };
                continue;
            };
            let question = watch.question.clone();
            let telling = self.tell(&question, id);
            tokio::pin!(telling);
            let goes_on = loop {
                tokio::select! {
                    goes_on = &mut telling => break goes_on,
                    next = watch.next() => match next {
                        Ok(id) if changed.len() < BEHIND => drop(changed.insert(id)),
                        Ok(_) => return self.close(message::TOO_SLOW).await,
                        Err(_missed) => return self.close(message::MISSED).await,
                    },
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Sends what is told, part by part, to its end. A part is taken when the socket has room for it: whoever reads slowly is told the same in fewer parts.
    async fn hear_out(&self, mut tale: Tale, correlation_id: &str) {
        loop {
            tale.ready().await;
            let Ok(room) = self.out.reserve().await else { return };
            match self.engine.next_part(&mut tale, correlation_id).await {
                Part::Nothing => {}
                Part::Next(answer) => room.send(Outgoing::Text(message::next(&self.id, &answer))),
                Part::Over => {
                    drop(room);
                    return self.end(message::complete(&self.id)).await;
                }
                Part::Ended(answer) if answer.is(Code::Unauthenticated) => return self.close(message::FORBIDDEN).await,
                Part::Ended(answer) => {
                    drop(room);
                    return self.end(message::error(&self.id, &answer)).await;
                }
            }
        }
    }

    /// False where that was the last.
    async fn tell(&self, question: &Question, id: Uuid) -> bool {
        match self.engine.event(question, id, &Uuid::now_v7().to_string()).await {
            EventOutcome::Hidden => true,
            EventOutcome::Shown(answer) => {
                self.say(message::next(&self.id, &answer)).await;
                true
            }
            EventOutcome::Ended(answer) if answer.is(Code::Unauthenticated) => {
                self.close(message::FORBIDDEN).await;
                false
            }
            EventOutcome::Ended(answer) => {
                self.end(message::error(&self.id, &answer)).await;
                false
            }
        }
    }

    /// The last of an operation. When the client reads it, the id is free for another.
    async fn end(&self, text: String) {
        self.open.lock().unwrap_or_else(|broken| broken.into_inner()).remove(&self.id);
        self.say(text).await;
    }

    async fn say(&self, text: String) {
        let _ = self.out.send(Outgoing::Text(text)).await;
    }

    async fn close(&self, close: Close) {
        let _ = self.closing.send(close).await;
    }
}
