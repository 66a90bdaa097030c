//! Subscriptions. An event is the id of something that changed; what the subscriber gets of it is read in a transaction of
//! their own, as the answer to a query: with what they may see at that moment, under the same guards, policies and limits.

use std::sync::Arc;

use async_graphql::Value;
use uuid::Uuid;

use super::{
    engine::{Answer, Engine},
    viewing,
};
use crate::{
    auth::Claims,
    db::{DbError, Interest, Missed, Mode, Opening, Tx},
    error::Error,
    request::Document,
    resolve::{DateTime, registry::MOST_MISSED},
    seen::{counted, meters},
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
    /// What the subscriber has missed before, the oldest first.
    pub missed: Vec<Uuid>,
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
        if claims.is_viewing() {
            return Err(refuse(viewing::read_only()));
        }
        let Some(heard) = document.event else { return Err(refuse(Error::internal("a subscription that nobody announces"))) };
        // The guards are asked once, with an id that can't exist; before them nothing is said of what is wrong with an argument.
        let question = Arc::new(Question { document, claims });
        if let EventOutcome::Ended(answer) = self.event(&question, Uuid::nil(), correlation_id).await {
            return Err(Box::new(answer));
        }
        let Some(identity) = self.person(&question.claims, correlation_id).await else { return Err(refuse(Error::unauthenticated())) };
        let (key, since) = question.document.hears(heard, identity.user).map_err(refuse)?;
        let interest = self.live().interest(identity.tenant, heard.topic, key).await.map_err(|error| refuse(error.into()))?;
        // What is committed from now on is heard; what was before is read here. What is both comes twice.
        let missed = match (heard.since, since) {
            (Some(sql), Some(since)) => self.missed(sql, since, &question.claims, correlation_id).await.map_err(refuse)?,
            _ => Vec::new(),
        };
        Ok(SubscriptionWatch { question, missed, interest })
    }

    /// What a subscriber has missed since a moment.
    async fn missed(&self, sql: &str, since: DateTime, claims: &Claims, correlation_id: &str) -> Result<Vec<Uuid>, Error> {
        let opening = Opening { mode: Mode::Read, identity: claims.identity(), correlation_id, actors: self.actor_kind };
        let (tx, row) = Tx::open_for(&self.pool, &opening, claims.key()).await?;
        if row.is_none_or(|row| !claims.is_current(&row)) {
            let _ = tx.rollback().await;
            return Err(Error::unauthenticated());
        }
        let rows = tx.query(sql, &[&since, &(MOST_MISSED as i64 + 1)]).await?;
        tx.end_read();
        let missed: Vec<(Uuid, bool)> = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, tokio_postgres::Error>>()
            .map_err(DbError::from)?;
        let later = missed.iter().filter(|(_, is_later)| *is_later).count();
        if later > MOST_MISSED {
            let (most, missed) = (MOST_MISSED as i64, later as i64);
            let message = format!("More than {most} came since then: read the list.");
            return Err(Error::limit_reached(message, most, missed).reason("TOO_FAR_BEHIND"));
        }
        Ok(missed.into_iter().map(|(id, _)| id).collect())
    }

    /// Reads an event for a subscriber.
    pub async fn event(&self, question: &Question, about: Uuid, correlation_id: &str) -> EventOutcome {
        let Some(asked) = question.document.of_event(about) else { return EventOutcome::Hidden };
        let answer = self.read_event(asked, &question.claims, correlation_id).await;
        if let Some(meters) = meters() {
            meters.exchanged("subscription", answer.statements, answer.round_trips);
        }
        let (is_shown, is_over) = match &answer.response.data {
            Value::Object(data) => {
                let is_shown = data.values().any(|value| *value != Value::Null);
                (is_shown, !is_shown && !answer.response.errors.is_empty())
            }
            _ => (false, true),
        };
        // The first question is about nothing: it asks the guards.
        if !about.is_nil() {
            let outcome = if is_shown {
                "shown"
            } else if is_over {
                "ended"
            } else {
                "hidden"
            };
            counted("lectern_events_total", "outcome", outcome);
        }
        match (is_shown, is_over) {
            (true, _) => EventOutcome::Shown(answer),
            (false, true) => EventOutcome::Ended(answer),
            (false, false) => EventOutcome::Hidden,
        }
    }
}
