//! The roles that every school has and cannot change.

/// A role that the platform defines. What it grants stands beside each [`Permission`](super::Permission).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SystemRole {
    /// Grants everything.
    Admin,
    /// Teaches.
    Instructor,
    /// Learns.
    Learner,
    /// Looks on.
    Viewer,
    /// Takes part in something of the school, and may sign in by mailed codes.
    Participant,
}

impl SystemRole {
    /// Every one of them.
    pub const ALL: [SystemRole; 5] =
        [SystemRole::Admin, SystemRole::Instructor, SystemRole::Learner, SystemRole::Viewer, SystemRole::Participant];

    /// By which the database and clients know it.
    pub const fn key(self) -> &'static str {
        match self {
            SystemRole::Admin => "ADMIN",
            SystemRole::Instructor => "INSTRUCTOR",
            SystemRole::Learner => "LEARNER",
            SystemRole::Viewer => "VIEWER",
            SystemRole::Participant => "PARTICIPANT",
        }
    }

    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            SystemRole::Admin => "Administrator",
            SystemRole::Instructor => "Instructor",
            SystemRole::Learner => "Learner",
            SystemRole::Viewer => "Viewer",
            SystemRole::Participant => "Participant",
        }
    }
}
