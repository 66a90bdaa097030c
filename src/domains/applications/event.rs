//! What has become of an application.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime, Json, Loaded, Rows},
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{Application, application::ApplicationStatus, sql};
use crate::domains::identity::User;

/// A step of an application, and what was answered then.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct ApplicationEvent {
    /// When.
    pub at: DateTime,
    /// Where it stood before; null at its start. The same as `to` where answers were corrected.
    pub from: Option<ApplicationStatus>,
    /// Where it stands since.
    pub to: ApplicationStatus,
    /// What was said to the applicant, or by them; null: nothing.
    pub message: Option<String>,
    #[hidden]
    pub answers: Value,
    /// The version of the form that they answer.
    pub form_version: i32,
    #[hidden]
    pub actor_id: Option<Id<User>>,
}

#[resolvers]
impl ApplicationEvent {
    /// What was answered then, with the same keys missing as in the application's `answers`.
    async fn answers(&self) -> Result<Json> {
        Ok(Json(self.answers.clone()))
    }

    /// Who did it. Null for the service itself, for somebody whom you may not see, and to the applicant unless it was they.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        match self.actor_id {
            Some(actor) => ctx.whole(actor).await,
            None => Ok(None),
        }
    }
}

/// The events of an application.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventsOf(pub Id<Application>);

impl Loader<EventsOf> for Batch {
    type Value = Vec<ApplicationEvent>;
    type Error = Error;

    async fn load(&self, keys: &[EventsOf]) -> Result<HashMap<EventsOf, Vec<ApplicationEvent>>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<EventsOf, Vec<ApplicationEvent>> = HashMap::new();
        for row in &self.tx.query(sql::EVENTS, &[&applications]).await? {
            let mut reader = ColumnReader::new(row);
            let of = EventsOf(reader.next()?);
            let (at, from, to) = (reader.next()?, reader.next()?, reader.next()?);
            let (message, answers, form_version) = (reader.next()?, reader.next()?, reader.next()?);
            let event = ApplicationEvent { at, from, to, message, answers, form_version, actor_id: reader.next()? };
            found.entry(of).or_default().push(event);
        }
        Ok(found)
    }
}
