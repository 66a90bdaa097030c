//! Subscriptions. An event is the id of something that changed; what the subscriber gets of it is read in a transaction of
//! their own, as the answer to a query: with what they may see at that moment, under the same guards, policies and limits.

use std::sync::Arc;

use async_graphql::Value;
use uuid::Uuid;

use super::engine::{Answer, Engine};
use crate::{
    auth::Claims,
    db::{Interest, Missed},
    error::Error,
    request::Document,
};

/// What a subscriber asks of every event.
pub struct Question {
    document: Document,
    claims: Claims,
}

/// A subscription under way.
pub struct SubscriptionWatch {
    /// What is asked of every event, and by whom.
    pub question: Arc<Question>,
    interest: Interest,
}

/// The result of an event.
pub enum EventOutcome {
    /// The subscriber sees it.
    Shown(Answer),
    /// The subscriber does not see it.
    Hidden,
    /// The subscription is over: why.
    Ended(Answer),
}

impl SubscriptionWatch {
    /// The id of what the next event is about, whether or not the subscriber sees it.
    ///
    /// # Errors
    /// When events may have been missed.
    pub async fn next(&mut self) -> Result<Uuid, Missed> {
        self.interest.next().await
    }
}

impl Engine {
    /// Begins a subscription. From here on, every change that is committed is an event.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub async fn watch(
        &self,
        mut document: Document,
        claims: Option<Claims>,
        correlation_id: &str,
    ) -> Result<SubscriptionWatch, Box<Answer>> {
        let refuse = |error: Error| Box::new(self.refuse(error, correlation_id));
        self.approve(&mut document, claims.as_ref(), correlation_id).await?;
        let Some(claims) = claims else { return Err(refuse(Error::unauthenticated())) };
        let Some(heard) = document.event else { return Err(refuse(Error::internal("a subscription that nobody announces"))) };
        let interest = self.live().interest(claims.identity().tenant, heard.channel).await.map_err(|error| refuse(error.into()))?;
        // The guards are asked once, with an id that can't exist.
        let question = Arc::new(Question { document, claims });
        match self.event(&question, Uuid::nil(), correlation_id).await {
            EventOutcome::Ended(answer) => Err(Box::new(answer)),
            _ => Ok(SubscriptionWatch { question, interest }),
        }
    }

    /// Reads an event for a subscriber.
    pub async fn event(&self, question: &Question, about: Uuid, correlation_id: &str) -> EventOutcome {
        let Some(asked) = question.document.of_event(about) else { return EventOutcome::Hidden };
        let answer = self.read_event(asked, &question.claims, correlation_id).await;
        let Value::Object(data) = &answer.response.data else { return EventOutcome::Ended(answer) };
        if data.values().any(|value| *value != Value::Null) {
            EventOutcome::Shown(answer)
        } else if answer.response.errors.is_empty() {
            EventOutcome::Hidden
        } else {
            EventOutcome::Ended(answer)
        }
    }
}
