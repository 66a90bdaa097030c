//! Subscriptions that tell of one thing as it comes (`resolve/telling.rs`). What is told of it stands in memory; the one field of it that is a row is
//! read as the answer to a query of the listener, in a transaction of their own.

use async_graphql::{
    Name, PathSegment, Response, Value,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, Selection},
};

use super::{
    engine::{Answer, Engine},
    viewing,
};
use crate::{
    auth::Claims,
    error::{Code, Error},
    request::Document,
    resolve::{Listener, Taken, Telling, Told, registry::Stream},
};

/// A listener to one thing.
pub struct Tale {
    document: Document,
    claims: Claims,
    stream: &'static Stream,
    telling: Box<dyn Telling>,
}

/// What comes next of it.
pub enum Part {
    /// There is nothing new after all.
    Nothing,
    /// Something to send.
    Next(Answer),
    /// It is over as it should be.
    Over,
    /// It is over: why.
    Ended(Answer),
}

impl Tale {
    /// Waits until there is something to tell. Dropping the wait loses nothing.
    pub async fn ready(&mut self) {
        self.telling.ready().await;
    }
}

impl Engine {
    /// Begins to tell of something.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub async fn listen(&self, mut document: Document, claims: Option<Claims>, correlation_id: &str) -> Result<Tale, Box<Answer>> {
        let refuse = |error: Error| Box::new(self.refuse(error, correlation_id));
        self.approve(&mut document, claims.as_ref(), correlation_id).await?;
        let Some(claims) = claims else { return Err(refuse(Error::unauthenticated())) };
        if claims.is_viewing() {
            return Err(refuse(viewing::read_only()));
        }
        let Some(stream) = document.stream else { return Err(refuse(Error::internal("a subscription that nobody tells"))) };
        let given = document.given_to_root();
        let listener = Listener { claims, services: self.services.clone(), correlation_id: correlation_id.to_owned(), given };
        let telling = (stream.begin)(listener).await.map_err(refuse)?;
        Ok(Tale { document, claims, stream, telling })
    }

    /// Takes what there is to tell.
    pub async fn next_part(&self, tale: &mut Tale, correlation_id: &str) -> Part {
        match tale.telling.take().await {
            Ok(Taken::Nothing) => Part::Nothing,
            Ok(Taken::Over) => Part::Over,
            Err(error) => Part::Ended(self.refuse(error, correlation_id)),
            Ok(Taken::Told(told)) => {
                let answer = self.tell(tale, &told, correlation_id).await;
                if answer.is(Code::Unauthenticated) { Part::Ended(answer) } else { Part::Next(answer) }
            }
        }
    }

    /// What is told, as it is asked for.
    async fn tell(&self, tale: &Tale, told: &Told, correlation_id: &str) -> Answer {
        let DocumentOperations::Single(operation) = &tale.document.parsed.operations else {
            return self.refuse(Error::internal("a subscription without an operation"), correlation_id);
        };
        let Some(root) = operation.node.selection_set.node.items.iter().find_map(|item| match &item.node {
            Selection::Field(field) if field.node.name.node == tale.stream.name => Some(&field.node),
            _ => None,
        }) else {
            return self.refuse(Error::internal("a subscription without its field"), correlation_id);
        };
        let (field, _) = tale.stream.read;
        let asks =
            root.selection_set.node.items.iter().any(|item| matches!(&item.node, Selection::Field(asked) if asked.node.name.node == field));
        let read = match told.row.filter(|_| asks).and_then(|row| tale.document.of_told(row)) {
            Some(query) => Some(self.read_event(query, &tale.claims, correlation_id).await),
            None => None,
        };
        let mut answer = read.unwrap_or_else(|| Answer { executed: true, ..Answer::of(Response::new(Value::Null)) });
        let mut rows = match std::mem::take(&mut answer.response.data) {
            Value::Object(rows) => rows,
            _ => IndexMap::new(),
        };
        let key = root.response_key().node.clone();
        for error in &mut answer.response.errors {
            error.path.insert(0, PathSegment::Field(key.to_string()));
        }
        let mut object: IndexMap<Name, Value> = IndexMap::new();
        for item in &root.selection_set.node.items {
            // Fields of one name are one field by now, and fragments are gone (`request/merge.rs`).
            let Selection::Field(asked) = &item.node else { continue };
            let (name, place) = (asked.node.name.node.as_str(), asked.node.response_key().node.clone());
            let value = if name == "__typename" {
                Value::String((tale.stream.of)().name.to_owned())
            } else if name == field {
                rows.swap_remove(&place).unwrap_or(Value::Null)
            } else {
                told.fields.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, value)| value.clone())
            };
            object.insert(place, value);
        }
        answer.response.data = Value::Object(IndexMap::from([(key, Value::Object(object))]));
        answer
    }
}
