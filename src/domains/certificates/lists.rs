//! Lists of certificates: their filter and their order.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::DateTime,
};

use super::certificate::CertificateStatus;
use crate::domains::{courses::Course, identity::User, paths::LearningPath};

/// Which certificates.
#[derive(InputObject, Default, Clone)]
pub struct CertificateFilter {
    /// Of this person.
    pub user_id: Option<ID>,
    /// Of this course.
    pub course_id: Option<ID>,
    /// Of this path.
    pub path_id: Option<ID>,
    /// In one of these states.
    pub statuses: Option<Vec<CertificateStatus>>,
    /// That expire, or have expired, before this moment.
    pub expires_before: Option<DateTime>,
}

/// Certificates, the latest first.
pub const LATEST: Order = Order { key: SortKey::moment("ISSUED_AT", "ct.issued_at"), id: "ct.id", descending: true };

impl CertificateFilter {
    /// Narrows a list of certificates.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(person) = Id::<User>::parse_opt("filter.userId", self.user_id.as_ref())? {
            let person = list.bind(person);
            list.filter(format!("ct.user_id = {person}"));
        }
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(format!("ct.course_id = {course}"));
        }
        if let Some(path) = Id::<LearningPath>::parse_opt("filter.pathId", self.path_id.as_ref())? {
            let path = list.bind(path);
            list.filter(format!("ct.path_id = {path}"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("app.certificate_status(ct.revoked_at, ct.expires_at) = ANY ({statuses})"));
        }
        if let Some(before) = self.expires_before {
            let before = list.bind(before);
            list.filter(format!("ct.expires_at < {before}"));
        }
        Ok(())
    }
}
