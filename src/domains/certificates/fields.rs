//! What certificates add to courses, paths, and people's parts in them.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{
    Certificate,
    lists::LATEST,
    settings::{CertificateSettings, OfCourse, OfPath},
};
use crate::domains::{
    courses::Course,
    enrollments::Enrollment,
    paths::{LearningPath, PathEnrollment},
};

static OF_ENROLLMENT: Nested = Nested::new("enrollment.certificate", LATEST, "ce.id")
    .by("JOIN enrollment ce ON ce.tenant_id = ct.tenant_id AND ce.user_id = ct.user_id AND ce.course_id = ct.course_id");
static OF_PATH_ENROLLMENT: Nested = Nested::new("pathEnrollment.certificate", LATEST, "cp.id")
    .by("JOIN path_enrollment cp ON cp.tenant_id = ct.tenant_id AND cp.user_id = ct.user_id AND cp.path_id = ct.path_id");

/// What is added to courses.
pub struct CourseCertificates;

#[extends(Course)]
impl CourseCertificates {
    /// What is certified to whoever completes it.
    async fn certificate_settings(id: Id<Course>, ctx: &Context<'_>) -> Result<CertificateSettings> {
        Ok(ctx.load(OfCourse(id)).await?.unwrap_or_default())
    }
}

/// What is added to paths.
pub struct PathCertificates;

#[extends(LearningPath)]
impl PathCertificates {
    /// What is certified to whoever completes it.
    async fn certificate_settings(id: Id<LearningPath>, ctx: &Context<'_>) -> Result<CertificateSettings> {
        Ok(ctx.load(OfPath(id)).await?.unwrap_or_default())
    }
}

/// What is added to enrollments.
pub struct EnrollmentCertificates;

#[extends(Enrollment)]
impl EnrollmentCertificates {
    /// The certificate that the person was given for the course, the latest one; null when there is none.
    async fn certificate(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Option<Loaded<Certificate>>> {
        Ok(all(ctx, &OF_ENROLLMENT, id.0).await?.into_iter().next())
    }
}

/// What is added to parts in paths.
pub struct PathEnrollmentCertificates;

#[extends(PathEnrollment)]
impl PathEnrollmentCertificates {
    /// The certificate that the person was given for the path, the latest one; null when there is none.
    async fn certificate(id: Id<PathEnrollment>, ctx: &Context<'_>) -> Result<Option<Loaded<Certificate>>> {
        Ok(all(ctx, &OF_PATH_ENROLLMENT, id.0).await?.into_iter().next())
    }
}
