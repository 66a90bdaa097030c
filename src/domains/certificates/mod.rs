//! Certificates: given to whoever completes a course or a path, verified by anybody, drawn as PDF and SVG. Tables: `course_certificate`, `path_certificate`,
//! `certificate`.
//!
//! Permissions: COURSE_UPDATE (what the courses that one is staff of certify), COURSE_UPDATE_ALL (any), PATH_MANAGE (paths), CERTIFICATE_MANAGE (all of them; by hand),
//! ENROLLMENT_READ_ALL (all of them). The own ones, and those of the courses that one is staff of, without any.
//! Invariants, kept by the database: whatever completes a course or a path that certifies issues the certificate, in the same transaction; one that was not revoked and
//! not followed by another for each person and course or path; what is printed is what was so when it was issued.

mod certificate;
mod drawing;
mod fields;
mod jobs;
mod lists;
mod mutations;
mod notices;
mod printed;
mod queries;
mod settings;
mod sql;

use lectern_kernel::{ids::Kind as _, rates::Budget, resolve::registry::Domain};

use crate::domains::{courses::Course, paths::LearningPath};

pub use self::{
    certificate::Certificate,
    drawing::{Bound, Cut, Item, Line, bound, line},
    notices::{CERTIFICATE_EXPIRES_SOON, CERTIFICATE_ISSUED},
    printed::{Form, Printed, draw},
};

/// Codes that are looked up from one address.
pub static VERIFICATIONS: Budget =
    Budget { name: "certificate-verifications", a_minute: 30, refusal: "You verify certificates too often.", is_of_address: true };

/// Certificates that are drawn for one address.
pub static DRAWINGS: Budget =
    Budget { name: "certificate-drawings", a_minute: 30, refusal: "You ask for certificates too often.", is_of_address: true };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Certificate::object, settings::CertificateSettings::object, printed::CertificateVerification::object],
    operations: &[queries::CertificateQueries::OPERATIONS, mutations::CertificateMutations::OPERATIONS],
    extensions: &[
        &fields::CourseCertificates::EXTENSION,
        &fields::PathCertificates::EXTENSION,
        &fields::EnrollmentCertificates::EXTENSION,
        &fields::PathEnrollmentCertificates::EXTENSION,
    ],
    jobs: &[jobs::REMIND],
    parts: &[(Course::TYPE, "valid_months", "certificate"), (LearningPath::TYPE, "valid_months", "certificate")],
    emits: &[
        ("certificate.issued", "Somebody was given a certificate. `id`, `userId`, `courseId`, `pathId`, `expiresAt`."),
        ("certificate.revoked", "A certificate was revoked. `id`, `userId`, `courseId`, `pathId`, `expiresAt`."),
    ],
    ..Domain::new("certificates")
};
