//! The subjects, one folder each. A domain has the same name here, in `policies/` and in `tests/it/`; it never imports
//! `http`, and reaches another domain only through that domain's `mod.rs`.

pub mod admissions;
pub mod agents;
pub mod answers;
pub mod applications;
pub mod assignments;
pub mod attendees;
pub mod audit;
pub mod bookings;
pub mod busy_sources;
pub mod certificates;
pub mod client_events;
pub mod conversations;
pub mod courses;
pub mod credentials;
pub mod departures;
pub mod discussions;
pub mod doors;
pub mod drafts;
pub mod enrollments;
pub mod entitlements;
pub mod exports;
pub mod feeds;
pub mod files;
pub mod grades;
pub mod group_sessions;
pub mod groups;
pub mod hours;
pub mod identity;
pub mod jobs;
pub mod keys;
pub mod knowledge;
pub mod ledger;
pub mod lessons;
pub mod mail;
pub mod notifications;
pub mod orders;
pub mod paths;
pub mod payments;
pub mod platform;
pub mod products;
pub mod programs;
pub mod projects;
pub mod providers;
pub mod quizzes;
pub mod reports;
pub mod resources;
pub mod reviews;
pub mod rewards;
pub mod rosters;
pub mod series;
pub mod slots;
pub mod tenants;
pub mod viewings;
pub mod waitlists;
pub mod webhooks;

use std::sync::LazyLock;

use lectern_kernel::resolve::registry::{Domain, Registry};

use crate::schema;

/// All of them, and the operations of the schema itself. The fields of the roots stand in this order.
pub const ALL: &[&Domain] = &[
    &schema::DOMAIN,
    &tenants::DOMAIN,
    &identity::DOMAIN,
    &admissions::DOMAIN,
    &credentials::DOMAIN,
    &keys::DOMAIN,
    &providers::DOMAIN,
    &courses::DOMAIN,
    &enrollments::DOMAIN,
    &groups::DOMAIN,
    &bookings::DOMAIN,
    &resources::DOMAIN,
    &hours::DOMAIN,
    &feeds::DOMAIN,
    &busy_sources::DOMAIN,
    &slots::DOMAIN,
    &group_sessions::DOMAIN,
    &series::DOMAIN,
    &waitlists::DOMAIN,
    &programs::DOMAIN,
    &applications::DOMAIN,
    &reviews::DOMAIN,
    &attendees::DOMAIN,
    &products::DOMAIN,
    &orders::DOMAIN,
    &payments::DOMAIN,
    &ledger::DOMAIN,
    &audit::DOMAIN,
    &reports::DOMAIN,
    &files::DOMAIN,
    &lessons::DOMAIN,
    &grades::DOMAIN,
    &assignments::DOMAIN,
    &quizzes::DOMAIN,
    &paths::DOMAIN,
    &certificates::DOMAIN,
    &rewards::DOMAIN,
    &discussions::DOMAIN,
    &jobs::DOMAIN,
    &mail::DOMAIN,
    &notifications::DOMAIN,
    &webhooks::DOMAIN,
    &client_events::DOMAIN,
    &exports::DOMAIN,
    &rosters::DOMAIN,
    &viewings::DOMAIN,
    &departures::DOMAIN,
    &doors::DOMAIN,
    &entitlements::DOMAIN,
    &projects::DOMAIN,
    &agents::DOMAIN,
    &conversations::DOMAIN,
    &answers::DOMAIN,
    &knowledge::DOMAIN,
    &drafts::DOMAIN,
];

/// What the platform's own schema is made of: nothing of it stands in the schools'.
pub const PLATFORM: &[&Domain] = &[&platform::DOMAIN];

/// The same, to look things up in.
pub fn platform_registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(PLATFORM));
    &REGISTRY
}

/// All of them, to look things up in.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(ALL));
    &REGISTRY
}
