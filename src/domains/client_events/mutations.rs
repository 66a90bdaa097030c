//! Recording what somebody did.

use async_graphql::{Context, InputObject};
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, DateTime, Json, text},
};
use lectern_macros::mutations;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BATCHES, sql};

/// Events at most in one batch.
const MANY: usize = 100;
/// Bytes of an event's properties.
const PROPERTIES: usize = 2048;
/// Characters of a name.
const NAME: usize = 64;
/// Characters of a key.
const KEY: usize = 100;
/// How long ago an event may have happened.
const PAST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far a client's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What somebody did.
#[derive(InputObject)]
pub struct RecordEventsInput {
    /// The events; 1 to 100.
    pub events: Vec<ClientEventInput>,
}

/// Something that you did in a client of the school's.
#[derive(InputObject)]
pub struct ClientEventInput {
    /// What it was: 1 to 64 lower-case letters, digits, underscores and dots, beginning with a letter: `lesson.opened`.
    pub name: String,
    /// When it happened: within the last 7 days, at most 5 minutes ahead. Now unless given.
    pub at: Option<DateTime>,
    /// A key of your own choice, 1 to 100 characters: the same key again is the same event, and counts once.
    pub key: Option<String>,
    /// What else is to be kept of it: an object of at most 2 KiB. Nobody reads it through the API.
    pub properties: Option<Json>,
}

/// An event that may be written.
struct Checked {
    name: String,
    at: Timestamp,
    key: Option<String>,
    properties: Value,
}

impl ClientEventInput {
    fn check(self, place: usize, now: Timestamp) -> Result<Checked> {
        let field = |name: &str| format!("events.{place}.{name}");
        let name = self.name;
        let (begins, fits) = (name.starts_with(|first: char| first.is_ascii_lowercase()), (1..=NAME).contains(&name.len()));
        if !begins || !fits || !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.')) {
            return Err(Error::bad_input(
                field("name"),
                format!("must be 1 to {NAME} lower-case letters, digits, underscores and dots, beginning with a letter"),
            ));
        }
        let at = self.at.map_or(now, |at| at.0);
        if at < now - PAST || at > now + AHEAD {
            return Err(Error::bad_input(field("at"), "must lie within the last 7 days, and at most 5 minutes ahead"));
        }
        let key = self.key.map(|key| text::short(&field("key"), &key, KEY)).transpose()?;
        let properties = self.properties.map_or_else(|| json!({}), |Json(properties)| properties);
        if !properties.is_object() {
            return Err(Error::bad_input(field("properties"), "must be an object"));
        }
        text::json(&field("properties"), &properties, PROPERTIES)?;
        Ok(Checked { name, at, key, properties })
    }
}

/// Mutations of client events.
pub struct ClientEventMutations;

#[mutations("User")]
impl ClientEventMutations {
    /// Writes down what you did in a client of the school's, to be counted by `Reports.activity`. Answers how many of the events were
    /// new: those whose key you have used before are not. One wrong event refuses the batch. BAD_USER_INPUT with TOO_MANY_EVENTS for
    /// none, or more than 100. Kept for 90 days.
    #[budget(BATCHES)]
    async fn record_events(
        ctx: &Context<'_>,
        /// The events.
        input: RecordEventsInput,
    ) -> Result<i32> {
        if !(1..=MANY).contains(&input.events.len()) {
            return Err(Error::bad_input("events", format!("must hold 1 to {MANY} events")).reason("TOO_MANY_EVENTS"));
        }
        let now = ctx.now();
        let checked = input.events.into_iter().enumerate().map(|(place, event)| event.check(place, now));
        let events: Vec<Checked> = checked.collect::<Result<_>>()?;
        let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        let moments: Vec<Timestamp> = events.iter().map(|event| event.at).collect();
        let keys: Vec<Option<&str>> = events.iter().map(|event| event.key.as_deref()).collect();
        let properties: Vec<&Value> = events.iter().map(|event| &event.properties).collect();
        let person = ctx.actor()?.user;
        let added = ctx.tx().value::<i32>(sql::RECORD, &[&ids, &person, &names, &moments, &keys, &properties]).await?;
        added.ok_or_else(|| Error::internal("a count answered nothing"))
    }
}
