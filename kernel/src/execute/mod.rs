//! The execution of documents: who is admitted, the transaction, the retries, what an answer says and what it leaves behind.

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
mod uses;
mod viewing;
mod written;

pub use self::{
    admission::AdmissionOptions,
    engine::{Answer, Engine},
    errors::refusal_response as refusal,
    schema::Schema,
    subscription::{EventOutcome, Question, SubscriptionWatch},
    written::to_json,
};
