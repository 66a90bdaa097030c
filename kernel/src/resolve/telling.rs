//! A subscription that tells of one thing as it comes, by whatever makes it, instead of reading rows that were announced.
//!
//! Nobody holds a transaction or a connection of the database while there is nothing to tell. Each listener keeps a place of its own: what is
//! new is taken when there is room for it, all at once.

use std::sync::Arc;

use async_graphql::{Name, Value};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::Services;
use crate::{auth::Claims, error::Result};

/// Who wants to be told, and of what.
pub struct Listener {
    /// Who.
    pub claims: Claims,
    /// What the service shares.
    pub services: Arc<Services>,
    /// Stands in the log.
    pub correlation_id: String,
    /// The arguments of the field.
    pub given: Vec<(Name, Value)>,
}

impl Listener {
    /// An argument that is text.
    pub fn text(&self, argument: &str) -> Option<&str> {
        self.given.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == argument => Some(text.as_str()),
            _ => None,
        })
    }
}

/// One thing that a listener is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The fields of the object, but for the one that is read.
    pub fields: Vec<(&'static str, Value)>,
    /// Of which row the field is that is read, as a query of the listener; null where there is none.
    pub row: Option<Uuid>,
}

/// What one listener is told, from beginning to end.
pub trait Telling: Send + Sync {
    /// Waits until there is something to tell, or it is over. Dropping the wait loses nothing.
    fn ready(&mut self) -> BoxFuture<'_, ()>;

    /// Takes what there is to tell: nothing yet, or all that is new.
    ///
    /// # Errors
    /// Why the listener can't be told any more.
    fn take(&mut self) -> BoxFuture<'_, Result<Taken>>;
}

/// What was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// There was nothing new after all.
    Nothing,
    /// This.
    Told(Told),
    /// It is over.
    Over,
}

/// Begins to tell.
pub type Begin = fn(Listener) -> BoxFuture<'static, Result<Box<dyn Telling>>>;
