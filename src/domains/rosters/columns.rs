//! What the columns of imports may hold.

use lectern_kernel::text_enum;

text_enum! {
    /// What a file is read as.
    pub enum ImportFormat {
        /// A ZIP of CSV files as OneRoster 1.1 or 1.2 says, whole or the changes alone, as its manifest says.
        OneRosterCsv = "ONEROSTER_CSV",
        /// People alone: a CSV file with the columns `email,name,roles,status,sourcedId`, of which the first two must be there.
        UsersCsv = "USERS_CSV",
    }
}

text_enum! {
    /// What a line of a roster is about.
    pub enum RosterEntity {
        /// A school or another organisation; checked, and not kept.
        Org = "ORG",
        /// A term or a year; checked, and not kept.
        AcademicSession = "ACADEMIC_SESSION",
        /// What is taught, over all its classes; checked, and not kept.
        Course = "COURSE",
        /// A person.
        User = "USER",
        /// A class: a course of the school.
        Class = "CLASS",
        /// Somebody in a class, as a learner or as its teacher.
        Enrollment = "ENROLLMENT",
    }
}

text_enum! {
    /// How much an issue matters.
    pub enum IssueSeverity {
        /// The line was rejected.
        Error = "ERROR",
        /// The line was taken, or skipped on purpose.
        Warning = "WARNING",
    }
}
