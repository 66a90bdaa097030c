//! The execution of documents: who is admitted, the transaction, the retries, what an answer says and what it leaves behind.

mod acting;
mod admission;
mod after_rollback;
mod attempt;
mod closed;
mod engine;
mod errors;
mod introspection;
mod schema;
mod standby;
mod subscription;
mod telling;
mod uses;
mod viewing;
mod written;

pub use self::{
    acting::NotActing,
    admission::AdmissionOptions,
    engine::{Answer, Engine},
    errors::refusal_response as refusal,
    schema::Schema,
    subscription::{EventOutcome, Question, SubscriptionWatch},
    telling::{Part, Tale},
    written::to_json,
};
