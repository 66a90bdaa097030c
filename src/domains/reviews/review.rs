//! A vote on an application.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{Order, SortKey},
    ids::Id,
    resolve::DateTime,
    text_enum,
};
use lectern_macros::object;

use crate::domains::{applications::Application, identity::User};

text_enum! {
    /// A vote.
    pub enum ReviewDecision {
        /// Yes, by all means: 2 in a weighted sum.
        StrongYes = "STRONG_YES",
        /// Yes: 1.
        Yes = "YES",
        /// No: -1.
        No = "NO",
        /// No, on no account: -2; a veto, where the program takes it for one.
        StrongNo = "STRONG_NO",
    }
}

/// A reviewer's vote on an application. It shows to those who see the application, but never to its applicant.
#[object(table = "application_review", alias = "rv", id = "applicationreview", node)]
#[derive(Clone, Debug)]
pub struct ApplicationReview {
    /// Its id.
    pub id: Id<ApplicationReview>,
    /// The vote.
    pub decision: ReviewDecision,
    /// Why, for those who see votes; null: nothing was said.
    #[wide]
    pub note: Option<String>,
    /// When they first voted.
    pub created_at: DateTime,
    /// When they last voted.
    pub updated_at: DateTime,
    /// The application.
    #[one]
    pub application_id: Id<Application>,
    /// Who voted; null when you may not see them.
    #[one]
    pub reviewer_id: Id<User>,
}

/// Votes, the first first.
pub const EARLIEST: Order = Order { key: SortKey::moment("CREATED_AT", "rv.created_at"), id: "rv.id", descending: false };

/// A vote on an application.
#[derive(InputObject)]
pub struct ReviewApplicationInput {
    /// The application.
    pub application_id: ID,
    /// The vote.
    pub decision: ReviewDecision,
    /// Why, for those who see votes, never for the applicant; at most 10,000 characters. Left out: nothing, also where something was said before.
    pub note: Option<String>,
}

/// A mark at a person who is to get no place.
#[derive(InputObject)]
pub struct SetRedFlagInput {
    /// The person.
    pub user_id: ID,
    /// Whether they are marked.
    pub red_flag: bool,
    /// Why, for the school's own records: nothing answers it. At most 10,000 characters.
    pub note: Option<String>,
}
