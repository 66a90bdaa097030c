//! The directory of a program: who takes part, as far as they want to be found.

use async_graphql::Context;
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Json, page, text},
};
use lectern_macros::{object, queries, resolvers};
use serde_json::Value;

use crate::domains::{attendees::Attendee, programs::Program};

/// Somebody who takes part in a program, with what they chose to share.
// It is listed by a function, and never asked for by an id: no id begins with this prefix.
#[object(table = "app.program_participants", alias = "pp", id = "participant", key = "attendee_id", resolvers)]
#[derive(Clone, Debug)]
pub struct ProgramParticipant {
    /// Their name.
    pub name: String,
    /// Their address; null where they don't share it, or have none.
    pub email: Option<String>,
    /// Whether it is you. Never true of anybody else.
    pub is_viewer: bool,
    #[hidden]
    pub attendee_id: Id<Attendee>,
    #[hidden]
    pub answers: Option<Value>,
}

#[resolvers]
impl ProgramParticipant {
    /// What they answered to the questions that are meant for the directory, by the form's keys, without what they don't share; of the applicant alone.
    fn answers(answers: Option<Value>) -> Json {
        Json(answers.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
    }
}

const BY_NAME: Order = Order { key: SortKey::name("NAME", "pp.name"), id: "pp.attendee_id", descending: false };

/// Queries of directories.
pub struct ParticipantQueries;

#[queries]
impl ParticipantQueries {
    /// Who takes part in a program that has a directory, by name: applicants, spouses and members of groups whose application is accepted and who share their
    /// name; never children. For participants of the same program, and with APPLICATION_READ_ALL; empty for everybody else.
    async fn program_participants(
        ctx: &Context<'_>,
        /// The program.
        program_id: Id<Program>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Beginnings of words of their names.
        search: Option<String>,
    ) -> Result<Option<Connection<ProgramParticipant>>> {
        let search = text::search("search", search.as_deref())?;
        let mut list = List::public("programParticipants", BY_NAME);
        let (program, search) = (list.bind(program_id), list.bind(search));
        list.inner_join(&format!("app.program_participants({program}, {search}) pp"));
        page(ctx, list, paging).await.map(Some)
    }
}
