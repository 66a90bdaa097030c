//! The behaviour of the whole service, against a real PostgreSQL, through HTTP as a client would. One binary, so that it
//! links once; one database a test, cloned from a template.

#![recursion_limit = "1024"]

mod app;
mod classroom;
mod sdl;

mod admissions;
mod assignments;
mod audit;
mod bookings;
mod client_events;
mod courses;
mod credentials;
mod departures;
mod discussions;
mod documents;
mod eager;
mod embedded;
mod enrollments;
mod exports;
mod faults;
mod files;
mod frame;
mod grades;
mod groups;
mod http;
mod identity;
mod introspection;
mod isolation;
mod jobs;
mod keys;
mod layout;
mod lessons;
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
mod quizzes;
mod rates;
mod raw;
mod rehearsals;
mod reports;
mod rewards;
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
