//! The behaviour of the whole service, against a real PostgreSQL, through HTTP as a client would. One binary, so that it
//! links once; one database a test, cloned from a template.

#![recursion_limit = "1024"]

mod app;
mod classroom;
mod sdl;

mod admissions;
mod audit;
mod bookings;
mod client_events;
mod courses;
mod credentials;
mod departures;
mod documents;
mod eager;
mod embedded;
mod enrollments;
mod exports;
mod faults;
mod files;
mod frame;
mod groups;
mod hours;
mod http;
mod identity;
mod introspection;
mod isolation;
mod jobs;
mod keys;
mod layout;
mod mail;
mod malformed;
mod migrate;
mod moments;
mod names;
mod notifications;
mod ops;
mod page;
mod permissions;
mod platform;
mod proof;
mod rates;
mod raw;
mod rehearsals;
mod reports;
mod resources;
mod rosters;
mod schema;
mod search;
mod serve;
mod session;
mod socket;
mod sql;
mod tenancy;
mod tenants;
mod text;
mod transactions;
mod unchanged;
mod viewings;
mod webhooks;
