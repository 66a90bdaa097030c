//! `lectern doctor`: whether what a service needs is as it needs it. One line for each thing, with what to do where it is not; nothing is
//! changed, but for one object that is written and deleted again. It goes on where something can't be reached.

mod database;
mod outside;
mod settings;
mod standbys;

use super::{Cluster, report::Report, shards};
use crate::config::Settings;

/// Whether PgDog looks for schools where they lie; nothing where one database has all of them.
pub async fn doctor_of_shards(settings: &Settings) -> Report {
    Report { checks: shards::look(settings).await }
}

/// Looks at everything.
pub async fn doctor(settings: &Settings, cluster: &Cluster) -> Report {
    let mut checks = settings::look(settings, cluster);
    checks.extend(database::look(settings, cluster).await);
    checks.extend(standbys::look(settings, cluster).await);
    checks.extend(outside::look(settings, cluster).await);
    Report { checks }
}
