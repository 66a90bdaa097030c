//! What the mutations of applications take.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::resolve::Json;

use super::application::ApplicationStatus;

/// What to apply to, and as whom.
#[derive(InputObject)]
pub struct StartApplicationInput {
    /// The program.
    pub program_id: ID,
    /// Who applies; you, unless given. Another person needs APPLICATION_MANAGE.
    pub user_id: Option<ID>,
    /// The group that it is for: one that the applicant is a member of. Its leader may bring others of it (MEMBER). Left out: none.
    pub group_id: Option<ID>,
    /// The code of a referral that it owes itself to, in any case.
    pub referral_code: Option<String>,
    /// What is answered already, by the keys of the program's form; at most 64 kB.
    pub answers: Option<Json>,
    /// What the directory of participants is not to show: keys of fields that it may show, `name`, `email`. `["email"]` unless given.
    pub not_shared: Option<Vec<String>>,
}

/// Changed answers.
#[derive(InputObject)]
pub struct UpdateApplicationInput {
    /// The application.
    pub id: ID,
    /// By the keys of its form: keys that are given are set, null clears one, all others stay. At most 64 kB in all.
    pub answers: Option<Json>,
    /// What the directory of participants is not to show, in place of what was said before: keys of fields that it may show, `name`, `email`.
    pub not_shared: Option<Vec<String>>,
}

/// Which application is taken back, and why.
#[derive(InputObject)]
pub struct WithdrawApplicationInput {
    /// The application.
    pub id: ID,
    /// Why, for those who see it; at most 10,000 characters.
    pub reason: Option<String>,
}

/// A decision.
#[derive(InputObject)]
pub struct DecideApplicationInput {
    /// The application.
    pub id: ID,
    /// ACCEPTED, REJECTED or WAITLISTED.
    pub status: ApplicationStatus,
    /// What is said to the applicant; at most 10,000 characters.
    pub message: Option<String>,
}

/// A discount for one application.
#[derive(InputObject)]
pub struct AssignDiscountInput {
    /// The application.
    pub application_id: ID,
    /// Above 0 and at most 100, with two decimals at most. Null takes the discount away; left out, it stays.
    pub percent_off: MaybeUndefined<f64>,
}
