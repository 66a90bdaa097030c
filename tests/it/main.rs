//! The behaviour of the whole service, against a real PostgreSQL, through HTTP as a client would. One binary, so that it
//! links once; one database a test, cloned from a template.

#![recursion_limit = "1024"]

mod app;
mod classroom;

mod courses;
mod embedded;
mod introspection;
mod isolation;
mod permissions;
mod session;
