//! What an operator does beside the day's work: keys are rotated, a school is taken over, files are checked, everything is looked at.

mod doctor;
mod files;
mod imports;
mod keys;

use std::process::Command;

use crate::{app::TestApp, ops::lectern};

/// A command that knows the database as every role, and where its files are.
fn operator(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = lectern(arguments);
    command.env("DATABASE_URL", app.database.url("lectern_app")).env("LECTERN_FILES", app.files());
    command.env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform")).env("LECTERN_DESK_URL", app.database.url("lectern_desk"));
    command.env("LECTERN_OWNER_URL", app.database.url("lectern_owner"));
    command
}
