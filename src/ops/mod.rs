//! The operator's commands.

mod addresses;
pub mod audit;
mod cluster;
pub mod drift;
mod health;
mod jobs;
mod mail;
mod migrated;
mod platform;
mod postman;
mod privileges;
pub mod report;
mod seed;
mod serve;
pub mod smoke;
pub mod sources;
mod tenant;
mod worker;

pub use self::{
    cluster::Cluster,
    health::health,
    jobs::jobs,
    mail::mail,
    migrated::migrated,
    postman::postman,
    seed::{Demo, seed_demo, seed_demo_if_empty, seed_scale},
    serve::{ServeOptions, engine, engine_of, runtime, serve, told_to_stop},
    tenant::tenant,
    worker::{work, worker},
};
