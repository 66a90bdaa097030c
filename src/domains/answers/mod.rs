//! Answers: what agents say, written after the commit that asks for it, told while it is written, stopped from anywhere; where models are asked, and what that takes.
//! Tables: `answer_run`, `message_delta`, `assistant_provider`, `assistant_usage`, `token_counter`, `token_reservation`.
//!
//! Permissions: ASSISTANT_MANAGE (the endpoint, its key, everybody's usage). Invariants, kept by the database: an answer is written once, by one process; what it takes is
//! reserved before and settled after, in the transaction that ends it; what is used is never changed. Kept by the code: while a model talks no transaction is open and no
//! connection held; a run acts as its person, who is proven anew in each transaction; tools read what that person may, through the schema; no answer makes a client load
//! anything; a school's key is in no answer, and goes nowhere but to the endpoint that it is for.

mod allowance;
mod asking;
mod endpoint;
mod figures;
mod filter;
mod jobs;
mod listening;
mod mutations;
mod notices;
mod phrases;
mod prompt;
mod provider;
mod running;
mod sql;
mod tools;
mod wire;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    asking::{Completed, Completion, Failure, complete, embed, listed},
    endpoint::{Deployment, DeploymentOptions, Endpoint, USUAL_CONTEXT, USUAL_MODEL, is_configured, seal_key},
    filter::Filter,
    mutations::start,
    notices::ASSISTANT_LIMIT_NEAR,
    running::{Acts, Answers, NotActing, USUAL_ANSWERS},
    wire::estimate,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[provider::AssistantProvider::object, allowance::AssistantAllowance::object, listening::MessageStreamEvent::object],
    operations: &[mutations::AnswerMutations::OPERATIONS, provider::ProviderQueries::OPERATIONS, provider::ProviderMutations::OPERATIONS],
    streams: &[listening::STREAM],
    jobs: &[jobs::SWEEP],
    extensions: &[&allowance::ViewerAllowance::EXTENSION],
    recorded: &[("AssistantProvider", "assistantprovider")],
    references: &[("message_id", "message")],
    ..Domain::new("answers")
};
