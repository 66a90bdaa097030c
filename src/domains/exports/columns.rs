//! What the columns of exports may hold.

use lectern_kernel::text_enum;

text_enum! {
    /// Where a run stands: QUEUED, RUNNING, SUCCEEDED, one after the other.
    pub enum RunState {
        /// It waits for a free slot.
        Queued = "QUEUED",
        /// It is under way.
        Running = "RUNNING",
        /// It is done.
        Succeeded = "SUCCEEDED",
        /// It could not be done: `failureReason` says why.
        Failed = "FAILED",
        /// It was called off.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// What a report lists: one line for each.
    pub enum ReportDataset {
        /// Enrollments that were created in the range, in any state.
        Enrollments = "ENROLLMENTS",
        /// Courses that anybody enrolled in within the range, and how far people came.
        CourseProgress = "COURSE_PROGRESS",
        /// Bookings that begin in the range, in any state.
        Bookings = "BOOKINGS",
        /// Instructors, and how much of their time in the range was booked.
        InstructorUtilisation = "INSTRUCTOR_UTILISATION",
        /// Days of the range, and what people did in clients of the school's.
        Activity = "ACTIVITY",
    }
}

text_enum! {
    /// How often a schedule runs, and over what.
    pub enum ReportFrequency {
        /// Every day, over the day before.
        Daily = "DAILY",
        /// On Mondays, over the week before.
        Weekly = "WEEKLY",
        /// On the 1st, over the month before.
        Monthly = "MONTHLY",
    }
}

text_enum! {
    /// What the roster is written as.
    pub enum RosterExportFormat {
        /// A bundle of OneRoster 1.1 in CSV.
        OneRoster11 = "ONEROSTER_1_1",
        /// A bundle of OneRoster 1.2 in CSV.
        OneRoster12 = "ONEROSTER_1_2",
        /// People alone, as `startImport` takes them.
        UsersCsv = "USERS_CSV",
    }
}

impl RosterExportFormat {
    /// What its file is called on a day.
    pub fn file_name(self, today: jiff::civil::Date) -> String {
        match self {
            RosterExportFormat::OneRoster11 => format!("oneroster-1.1-{today}.zip"),
            RosterExportFormat::OneRoster12 => format!("oneroster-1.2-{today}.zip"),
            RosterExportFormat::UsersCsv => format!("users-{today}.csv"),
        }
    }
}

impl ReportDataset {
    /// The first line of its file.
    pub fn header(self) -> &'static [&'static str] {
        match self {
            ReportDataset::Enrollments => {
                &["enrollmentId", "courseId", "courseTitle", "userId", "userName", "status", "progress", "enrolledAt", "completedAt"]
            }
            ReportDataset::CourseProgress => &["courseId", "courseTitle", "enrollments", "averageProgress", "completionRate"],
            ReportDataset::Bookings => {
                &["bookingId", "startsAt", "endsAt", "status", "studentId", "studentName", "instructorId", "instructorName", "courseId"]
            }
            ReportDataset::InstructorUtilisation => &["instructorId", "instructorName", "availableHours", "bookedHours"],
            ReportDataset::Activity => &["startsAt", "events", "people"],
        }
    }

    /// What its file's name begins with: `course-progress`.
    pub fn word(self) -> String {
        self.as_str().to_ascii_lowercase().replace('_', "-")
    }
}
