//! The execution of documents: whose turn it is, the transaction, the retries, what an answer says and what it leaves behind.

mod admission;
mod after_rollback;
mod engine;
mod errors;
mod schema;
mod subscription;

pub use self::{
    admission::TurnOptions,
    engine::{Answer, Engine},
    errors::refusal_response as refusal,
    schema::Schema,
    subscription::{Event, Question, Watch},
};
