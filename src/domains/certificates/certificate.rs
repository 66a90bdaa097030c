//! What says that somebody has completed a course or a path.

use lectern_kernel::{ids::Id, resolve::DateTime, text_enum};
use lectern_macros::{object, resolvers};

use crate::domains::{courses::Course, identity::User, paths::LearningPath};

text_enum! {
    /// How a certificate stands.
    pub enum CertificateStatus {
        /// It holds.
        Valid = "VALID",
        /// Its time is over.
        Expired = "EXPIRED",
        /// Somebody took it back.
        Revoked = "REVOKED",
    }
}

/// What says that somebody has completed a course or a path. What is printed on it was so when it was issued, and does not change.
#[object(table = "certificate", alias = "ct", id = "certificate", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its id.
    pub id: Id<Certificate>,
    /// By which anybody verifies it (`verifyCertificate`): 16 digits and letters.
    pub code: String,
    /// Whose name is on it.
    pub learner_name: String,
    /// What they have completed.
    pub title: String,
    /// The final grade, in percent; null where there was none.
    pub grade: Option<f64>,
    /// How it stands.
    #[column("app.certificate_status({}.revoked_at, {}.expires_at)")]
    pub status: CertificateStatus,
    /// When it was issued.
    pub issued_at: DateTime,
    /// When it expires; null for never.
    pub expires_at: Option<DateTime>,
    /// When it was revoked; null unless it was.
    pub revoked_at: Option<DateTime>,
    /// Why it was revoked.
    #[wide]
    pub revoke_reason: Option<String>,
    /// The person; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
    /// The course; null where it is of a path, when you may not see it, and when it was deleted.
    #[one]
    pub course_id: Option<Id<Course>>,
    /// The path; null where it is of a course, when you may not see it, and when it was deleted.
    #[one]
    pub path_id: Option<Id<LearningPath>>,
    #[hidden]
    #[column("(SELECT t.slug FROM tenant t WHERE t.tenant_id = {}.tenant_id)")]
    pub school: String,
}

#[resolvers]
impl Certificate {
    /// Where it is drawn as PDF, for whoever knows this: a path on this service.
    fn pdf_url(code: String, school: String) -> String {
        format!("/certificates/{school}/{code}.pdf")
    }

    /// The same as SVG.
    fn svg_url(code: String, school: String) -> String {
        format!("/certificates/{school}/{code}.svg")
    }
}
