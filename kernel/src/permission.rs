//! The closed list of what a role may grant, and which of it the system roles grant from the start. The database learns
//! both from here: [`sql`] is applied with the functions and policies.

mod set;
mod system_role;

use std::fmt::Write as _;

pub use self::{set::PermissionSet, system_role::SystemRole};
use crate::text_enum;

/// Declares the permissions: `Value = "TEXT" [the system roles that grant it]`. ADMIN grants every one.
macro_rules! permissions {
    ($($(#[$meta:meta])* $value:ident = $text:literal [$($role:ident),*],)+) => {
        text_enum! {
            /// What a role may grant. A guard asks for one of these; which rows it then reaches is decided by row security.
            pub enum Permission { $($(#[$meta])* $value = $text),+ }
        }

        impl Permission {
            /// The system roles that grant it, besides ADMIN.
            const fn granted_by(self) -> &'static [SystemRole] {
                match self { $(Permission::$value => &[$(SystemRole::$role),*]),+ }
            }
        }
    };
}

permissions! {
    /// See every person of the school with email, roles and state.
    UserRead = "USER_READ" [Instructor, Viewer],
    /// Create people, in roles that grant no more than the own one.
    UserCreate = "USER_CREATE" [],
    /// Change, suspend and reactivate people whom one outranks.
    UserUpdate = "USER_UPDATE" [],
    /// Delete people whom one outranks.
    UserDelete = "USER_DELETE" [],
    /// Invite people, and decide who signs up, to the roles below the own one.
    UserAdmit = "USER_ADMIT" [Instructor],
    /// Decide about requests for another password, of people all of whose roles are below the own one.
    PasswordApprove = "PASSWORD_APPROVE" [Instructor],
    /// Make API keys, by which programs act in the own place.
    ApiKeyCreate = "API_KEY_CREATE" [Instructor],
    /// See and revoke every API key of the school.
    ApiKeyManage = "API_KEY_MANAGE" [],
    /// See what somebody sees who holds less, and change nothing.
    UserViewAs = "USER_VIEW_AS" [],
    /// See every role of the school.
    RoleRead = "ROLE_READ" [Viewer],
    /// Create, change, delete and assign roles that grant no more than the own one.
    RoleManage = "ROLE_MANAGE" [],
    /// See courses: published and archived ones that are not private, those that one is enrolled in, and those that one is staff of.
    CourseRead = "COURSE_READ" [Instructor, Learner, Viewer, Participant],
    /// Create courses of one's own.
    CourseCreate = "COURSE_CREATE" [Instructor],
    /// Change, publish and archive the courses that one is staff of, with their lessons.
    CourseUpdate = "COURSE_UPDATE" [Instructor],
    /// See every draft, change every course, and set who instructs it; widens ENROLLMENT_MANAGE to every course.
    CourseUpdateAll = "COURSE_UPDATE_ALL" [],
    /// Delete the own courses; with COURSE_UPDATE_ALL, any.
    CourseDelete = "COURSE_DELETE" [],
    /// See deleted courses, restore them, and remove them for good.
    CoursePurge = "COURSE_PURGE" [],
    /// Enroll oneself, record the own progress, drop out.
    EnrollmentSelf = "ENROLLMENT_SELF" [Learner],
    /// See every enrollment of the school.
    EnrollmentReadAll = "ENROLLMENT_READ_ALL" [Viewer],
    /// Manage the enrollments of the courses that one is staff of; with COURSE_UPDATE_ALL, of every course.
    EnrollmentManage = "ENROLLMENT_MANAGE" [Instructor],
    /// Pin, close and delete threads, and delete posts, in the courses that one is staff of.
    DiscussionModerate = "DISCUSSION_MODERATE" [Instructor],
    /// Read and grade the work of people in the courses that one is staff of, release grades, grant extensions.
    GradeManage = "GRADE_MANAGE" [Instructor],
    /// See everybody's work and grades.
    GradeReadAll = "GRADE_READ_ALL" [Viewer],
    /// Say how much more time a person takes in what is timed.
    AccommodationManage = "ACCOMMODATION_MANAGE" [],
    /// See every group of the school.
    GroupRead = "GROUP_READ" [Instructor, Viewer],
    /// Create groups.
    GroupCreate = "GROUP_CREATE" [],
    /// Change groups, their members and their courses.
    GroupUpdate = "GROUP_UPDATE" [],
    /// Delete groups.
    GroupDelete = "GROUP_DELETE" [],
    /// Say what earns points, levels and badges, and give points and badges by hand; see the points of everybody.
    GamificationManage = "GAMIFICATION_MANAGE" [],
    /// Make learning paths and change them, see the drafts, and enroll people in paths.
    PathManage = "PATH_MANAGE" [],
    /// See every certificate of the school, issue and revoke some by hand.
    CertificateManage = "CERTIFICATE_MANAGE" [],
    /// Request bookings, hold and book slots, reschedule and cancel the own ones.
    BookingRequest = "BOOKING_REQUEST" [Learner],
    /// See every booking of the school.
    BookingReadAll = "BOOKING_READ_ALL" [Viewer],
    /// Approve, assign, reschedule, complete and cancel bookings, and manage others' availability.
    BookingManage = "BOOKING_MANAGE" [],
    /// Complete bookings that are assigned to oneself.
    BookingComplete = "BOOKING_COMPLETE" [Instructor],
    /// Say when one is available. Whoever holds this through any role is an instructor.
    AvailabilityManage = "AVAILABILITY_MANAGE" [Instructor],
    /// Manage booking types, resources, and when these are open.
    ScheduleManage = "SCHEDULE_MANAGE" [],
    /// Make programs and change them: forms, reviewers, products, coupons, referrals, and what participants get.
    ProgramManage = "PROGRAM_MANAGE" [],
    /// Apply to programs, and order what they sell.
    ApplicationSubmit = "APPLICATION_SUBMIT" [Learner, Participant],
    /// See every application of the school that has been submitted, and programs in every state.
    ApplicationReadAll = "APPLICATION_READ_ALL" [Viewer],
    /// See and review the applications of the programs that name one as a reviewer.
    ApplicationReview = "APPLICATION_REVIEW" [Instructor],
    /// See, start, change and decide every application, read sensitive answers, raise red flags, assign discounts.
    ApplicationManage = "APPLICATION_MANAGE" [],
    /// See every order, payment and invoice of the school, and its ledger.
    OrderReadAll = "ORDER_READ_ALL" [Viewer],
    /// Record payments, refund orders, grant credit, order for others, and set how the school is paid.
    PaymentManage = "PAYMENT_MANAGE" [],
    /// Admit people at the door.
    AttendeeCheckIn = "ATTENDEE_CHECK_IN" [Instructor],
    /// See reports over the rows that one may see.
    ReportRead = "REPORT_READ" [Instructor, Viewer],
    /// Read the audit log.
    AuditRead = "AUDIT_READ" [],
    /// Upload files, and change and delete the own ones.
    FileUpload = "FILE_UPLOAD" [Instructor, Learner, Participant],
    /// See, change and delete every file of the school, show files to anybody, and see what they take.
    FileManage = "FILE_MANAGE" [],
    /// See the mails that the school has sent, and what became of them.
    OutboxRead = "OUTBOX_READ" [],
    /// See what happens outside requests, run it anew, call it off.
    JobManage = "JOB_MANAGE" [],
    /// Say which other systems are told of what happens in the school.
    WebhookManage = "WEBHOOK_MANAGE" [],
    /// Import people, courses and enrollments from other systems, and export them.
    RosterManage = "ROSTER_MANAGE" [],
    /// See every project and who is in it; not what is in it.
    ProjectRead = "PROJECT_READ" [Viewer],
    /// Create projects, as their owner.
    ProjectCreate = "PROJECT_CREATE" [Instructor],
    /// Act in every project as its manager; delete, restore and transfer any.
    ProjectManage = "PROJECT_MANAGE" [],
    /// Converse with the agents that one may see.
    AgentExecute = "AGENT_EXECUTE" [Instructor, Learner],
    /// Create and change agents of projects that one manages.
    AgentCreate = "AGENT_CREATE" [Instructor],
    /// The same for school-wide agents, knowledge bases and documents.
    AgentManage = "AGENT_MANAGE" [],
    /// Add documents to one's projects; change and delete the own ones.
    DocumentUpload = "DOCUMENT_UPLOAD" [Instructor],
    /// Delete any document that one may see.
    DocumentDelete = "DOCUMENT_DELETE" [],
    /// Set the policy of assistants, their provider and its key; see the usage of everybody.
    AssistantManage = "ASSISTANT_MANAGE" [],
    /// Change the school's settings.
    TenantManage = "TENANT_MANAGE" [],
    /// Export all that the school has.
    TenantExport = "TENANT_EXPORT" [],
}

impl Permission {
    /// Whether what it is asked for goes on after the school's subscription has lapsed: a school can always leave.
    pub const fn outlives_subscription(self) -> bool {
        matches!(self, Permission::TenantExport)
    }
}

const _: () = assert!(Permission::ALL.len() <= PermissionSet::CAPACITY, "PermissionSet needs more words for so many permissions");

/// What no API key may hold, by name; those of other parts among them.
const NOT_FOR_KEYS: [&str; 8] = [
    "ROLE_MANAGE",
    "PASSWORD_APPROVE",
    "USER_VIEW_AS",
    "API_KEY_CREATE",
    "API_KEY_MANAGE",
    "TENANT_MANAGE",
    "TENANT_EXPORT",
    "OUTBOX_READ",
];

impl Permission {
    /// Whether an API key may hold it.
    pub fn is_for_keys(self) -> bool {
        !NOT_FOR_KEYS.contains(&self.as_str())
    }

    /// Whether a key that holds it alone changes nothing.
    pub fn only_reads(self) -> bool {
        self.as_str().ends_with("_READ") || self.as_str().ends_with("_READ_ALL")
    }
}

impl SystemRole {
    /// What it grants.
    pub fn permissions(self) -> PermissionSet {
        let grants = |permission: &Permission| self == SystemRole::Admin || permission.granted_by().contains(&self);
        Permission::ALL.iter().copied().filter(grants).collect()
    }
}

/// Tells the database of the permissions and the system roles.
pub fn sql() -> String {
    let array = |permissions: PermissionSet| {
        let names: Vec<String> = permissions.iter().map(|permission| format!("'{}'", permission.as_str())).collect();
        format!("ARRAY[{}]::text[]", names.join(", "))
    };
    let mut sql = format!(
        "-- Every permission there is.\n\
         CREATE OR REPLACE FUNCTION app.all_permissions() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE\n    RETURN {};\n\n\
         -- The roles that every school has, and what each grants.\n\
         CREATE OR REPLACE FUNCTION app.system_roles() RETURNS TABLE (key text, name text, permissions text[]) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$\n    VALUES",
        array(Permission::ALL.iter().copied().collect())
    );
    for (place, role) in SystemRole::ALL.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(sql, "{comma}\n        ('{}', '{}', {})", role.key(), role.name(), array(role.permissions()));
    }
    sql.push_str("\n$$;\n");
    let _ = write!(
        sql,
        "\n-- What no API key may hold.\n\
         CREATE OR REPLACE FUNCTION app.not_for_keys() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE\n    RETURN '{{{}}}'::text[];\n",
        NOT_FOR_KEYS.join(",")
    );
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_holds_every_permission_and_the_others_what_stands_beside_it() {
        let names = |role: SystemRole| role.permissions().iter().map(Permission::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(SystemRole::Admin.permissions().iter().count(), Permission::ALL.len());
        assert_eq!(names(SystemRole::Learner), "COURSE_READ ENROLLMENT_SELF BOOKING_REQUEST APPLICATION_SUBMIT FILE_UPLOAD AGENT_EXECUTE");
        assert_eq!(names(SystemRole::Participant), "COURSE_READ APPLICATION_SUBMIT FILE_UPLOAD");
        assert!(SystemRole::Admin.permissions().covers(SystemRole::Instructor.permissions()));
    }

    #[test]
    fn the_database_is_told_of_every_permission_and_every_role() {
        let sql = sql();
        for permission in Permission::ALL {
            assert!(sql.contains(&format!("'{}'", permission.as_str())), "{permission:?}");
        }
        for role in SystemRole::ALL {
            assert!(sql.contains(&format!("('{}', '{}', ARRAY[", role.key(), role.name())), "{role:?}");
        }
    }
}
