//! The operator's commands.

mod addresses;
mod assistant;
pub mod audit;
mod cluster;
mod desk;
mod doctor;
pub mod drift;
mod files;
mod health;
mod jobs;
mod keys;
mod mail;
mod metrics;
mod migrated;
mod platform;
mod postman;
mod privileges;
pub mod report;
mod seed;
mod serve;
mod shards;
pub mod smoke;
pub mod sources;
mod store;
mod tenant;
mod tickets;
mod version;
mod worker;

pub use self::{
    assistant::{assistant_addresses, deployment, let_answer},
    cluster::Cluster,
    desk::{desk, desk_engine},
    doctor::{doctor, doctor_of_shards},
    files::files,
    health::health,
    jobs::jobs,
    keys::{SEALED, SealedColumn, keys},
    mail::mail,
    migrated::migrated,
    postman::postman,
    seed::{Demo, seed_demo, seed_demo_if_empty, seed_scale},
    serve::{ServeOptions, addresses, calendar_addresses, engine, engine_of, runtime, serve, told_to_stop},
    shards::{Spread, target, targets},
    store::{make_folder, objects, store},
    tenant::{found, import, relocate, switched_by, tenant},
    version::{BUILD, COMMIT, VERSION, version},
    worker::{work, worker, workers},
};
