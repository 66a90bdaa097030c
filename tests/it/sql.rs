//! The service's own statements: each names its school, and the lists cost what their page costs, not what the school does.

mod cost;
mod lists;
mod load;
mod operations;
mod scheduling;
mod texts;
