//! People and roles.
