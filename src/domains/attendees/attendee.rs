//! Somebody who is to come.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{applications::Application, identity::User, programs::Program};

text_enum! {
    /// How somebody comes with an application.
    pub enum AttendeeKind {
        /// As the applicant: exactly one.
        Main = "MAIN",
        /// As their spouse or partner: at most one.
        Spouse = "SPOUSE",
        /// As a child: at most 10. No directory shows it.
        Child = "CHILD",
        /// As a member of the group that the application is for, brought by its leader.
        Member = "MEMBER",
    }
}

/// Somebody who is to come with an application. They show to those who see the application; to the person they are; and, once they hold a paid ticket, to ATTENDEE_CHECK_IN.
#[object(table = "attendee", alias = "ae", id = "attendee", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Attendee {
    /// Its id.
    pub id: Id<Attendee>,
    /// How they come with the application.
    pub kind: AttendeeKind,
    /// Their name; empty once the applicant was deleted.
    pub name: String,
    /// When they were added.
    pub created_at: DateTime,
    /// The application; null when you may not see it.
    #[one]
    pub application_id: Id<Application>,
    /// The program; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// The person they are; null as long as nobody has proven the address, and when you may not see them.
    #[one]
    pub user_id: Option<Id<User>>,
}

#[resolvers]
impl Attendee {
    /// Their address. Null where none is known, and for ATTENDEE_CHECK_IN.
    #[cost(2)]
    async fn email(id: Id<Attendee>, ctx: &Context<'_>) -> Result<Option<String>> {
        ctx.load(EmailOf(id)).await
    }
}

/// Attendees by name.
pub const BY_NAME: Order = Order { key: SortKey::name("NAME", "ae.name"), id: "ae.id", descending: false };
/// Attendees in the order in which they were added: the MAIN one first.
pub const BY_COMING: Order = Order { key: SortKey::moment("CREATED_AT", "ae.created_at"), id: "ae.id", descending: false };

/// The address of an attendee; absent where there is none, or none that the viewer may know.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailOf(pub Id<Attendee>);

impl Loader<EmailOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[EmailOf]) -> Result<HashMap<EmailOf, String>> {
        let attendees: Vec<Id<Attendee>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::EMAILS, &[&attendees]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(EmailOf(reader.next()?), reader.next()?);
        }
        Ok(found)
    }
}
