//! The operator's commands.

mod cluster;
mod seed;
mod serve;
mod tenant;

pub use self::{
    cluster::Cluster,
    seed::{seed_demo, seed_scale},
    serve::{ServeOptions, engine, serve},
    tenant::tenant,
};
