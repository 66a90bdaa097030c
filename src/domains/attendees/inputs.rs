//! What the mutations of attendees take.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::attendee::AttendeeKind;

/// Who comes with an application.
#[derive(InputObject)]
pub struct AddAttendeeInput {
    /// The application.
    pub application_id: ID,
    /// How they come with it.
    pub kind: AttendeeKind,
    /// Their name; 1 to 200 characters.
    pub name: String,
    /// Their address, unique in the application: whoever proves it is the attendee.
    pub email: Option<String>,
}

/// A change of an attendee. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateAttendeeInput {
    /// The attendee.
    pub id: ID,
    /// Their name; 1 to 200 characters.
    pub name: MaybeUndefined<String>,
    /// Their address; null for none.
    pub email: MaybeUndefined<String>,
}
