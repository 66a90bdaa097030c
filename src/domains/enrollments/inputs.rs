//! What the mutations of enrollments take, and its checks.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};

use super::EnrollmentStatus;

/// Somebody to be enrolled in a course.
#[derive(InputObject)]
pub struct EnrollInput {
    /// The course; it must be published.
    pub course_id: ID,
    /// The person. Left out: you. Anybody else needs ENROLLMENT_MANAGE, in a course that you teach or with
    /// COURSE_UPDATE_ALL.
    pub user_id: Option<ID>,
    /// The course's secret, where it has one; at most 200 characters. Those who manage the course need none.
    pub enrollment_key: Option<String>,
}

/// How far somebody has come.
#[derive(InputObject)]
pub struct RecordProgressInput {
    /// The enrollment.
    pub id: ID,
    /// How much of the course is done, in percent: 0 to 100.
    pub progress: f64,
}

/// A decision about how an enrollment stands.
#[derive(InputObject)]
pub struct UpdateEnrollmentStatusInput {
    /// The enrollment.
    pub id: ID,
    /// How it stands from now on.
    pub status: EnrollmentStatus,
}

/// Until when an enrollment is to give access.
#[derive(InputObject)]
pub struct ExtendEnrollmentInput {
    /// The enrollment.
    pub id: ID,
    /// When it ends to give access; left out or null: never.
    pub expires_at: Option<DateTime>,
    /// Why; at most 10,000 characters.
    pub reason: Option<String>,
}

/// Percent: 0 to 100.
pub fn progress(percent: f64) -> Result<f64> {
    if (0.0..=100.0).contains(&percent) {
        Ok(percent + 0.0) // makes one zero out of two
    } else {
        Err(Error::bad_input("progress", "must be between 0 and 100"))
    }
}

#[cfg(test)]
mod tests {
    use super::progress;

    #[test]
    fn progress_is_a_number_of_percent() {
        for good in [0.0, 33.3, 100.0] {
            assert_eq!(progress(good).unwrap(), good);
        }
        assert!(progress(-0.0).unwrap().is_sign_positive());
        for bad in [-0.1, 100.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(progress(bad).is_err(), "{bad}");
        }
    }
}
