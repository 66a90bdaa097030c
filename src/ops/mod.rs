//! The operator's commands.

mod cluster;
mod health;
mod platform;
mod seed;
mod serve;
mod tenant;

pub use self::{
    cluster::Cluster,
    health::health,
    seed::{Demo, seed_demo, seed_demo_if_empty, seed_scale},
    serve::{ServeOptions, engine, runtime, serve},
    tenant::tenant,
};
