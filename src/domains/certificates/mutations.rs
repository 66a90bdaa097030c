//! What is certified; certificates by hand.

use async_graphql::{Context, ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::PathManage,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Certificate,
    settings::{CertificateSettings, UpdateCertificateSettingsInput},
    sql,
};
use crate::domains::{
    courses::{Course, require_author},
    identity::User,
    paths::LearningPath,
};

/// Mutations of certificates.
pub struct CertificateMutations;

/// A text of certificates has at most so many characters.
const LONG: usize = 1000;

/// Somebody who is to be given a certificate, of exactly one of course and path.
#[derive(InputObject)]
pub struct IssueCertificateInput {
    /// The person.
    pub user_id: ID,
    /// The course that they have completed.
    pub course_id: Option<ID>,
    /// Or the path.
    pub path_id: Option<ID>,
}

/// A certificate that is to hold no longer.
#[derive(InputObject)]
pub struct RevokeCertificateInput {
    /// The certificate.
    pub id: ID,
    /// Why; 1 to 1,000 characters. Its learner can read it.
    pub reason: String,
}

/// What is certified: a course or a path.
#[derive(Clone, Copy)]
enum Of {
    Course(Id<Course>),
    Path(Id<LearningPath>),
}

fn one_of(course: Option<&ID>, path: Option<&ID>) -> Result<Of> {
    match (Id::<Course>::parse_opt("courseId", course)?, Id::<LearningPath>::parse_opt("pathId", path)?) {
        (Some(course), None) => Ok(Of::Course(course)),
        (None, Some(path)) => Ok(Of::Path(path)),
        _ => Err(Error::bad_input("courseId", "or `pathId`: exactly one of them is required")),
    }
}

/// What an input gives for a column: whether it says anything, and what.
fn given<T, U>(value: MaybeUndefined<T>, check: impl FnOnce(T) -> Result<Option<U>>) -> Result<(bool, Option<U>)> {
    match value {
        MaybeUndefined::Undefined => Ok((false, None)),
        MaybeUndefined::Null => Ok((true, None)),
        MaybeUndefined::Value(value) => Ok((true, check(value)?)),
    }
}

fn months(months: i32) -> Result<Option<i32>> {
    if (1..=600).contains(&months) {
        Ok(Some(months))
    } else {
        Err(Error::bad_input("validMonths", "must be between 1 and 600, or null for ever"))
    }
}

fn no_path() -> Error {
    Error::not_found("learning path").field("pathId")
}

#[mutations("Certificate")]
impl CertificateMutations {
    /// Says what is certified to whoever completes a course from now on, or a path. What is left out stays as it is. For those who change the course; of a path,
    /// with PATH_MANAGE.
    #[about("Course")]
    #[needs(CourseUpdate, CourseUpdateAll, PathManage)]
    async fn update_certificate_settings(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateCertificateSettingsInput,
    ) -> Result<CertificateSettings> {
        let of = one_of(input.course_id.as_ref(), input.path_id.as_ref())?;
        let (sets_title, title) = given(input.title, |title| text::name("title", &title).map(Some))?;
        let (sets_text, words) = given(input.text, |words| text::longer("text", &words, LONG))?;
        let (sets_signatory, signatory) = given(input.signatory, |signatory| text::name("signatory", &signatory).map(Some))?;
        let (sets_months, months) = given(input.valid_months, months)?;
        let (statement, id) = match of {
            Of::Course(course) => {
                require_author(ctx, "courseId", course).await?;
                (sql::SET_FOR_COURSE, course.0)
            }
            Of::Path(path) => {
                if !ctx.actor()?.can(PathManage) {
                    return Err(Error::missing_permission(&[PathManage]).field("pathId"));
                }
                ctx.get(path).await?.ok_or_else(no_path)?;
                (sql::SET_FOR_PATH, path.0)
            }
        };
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
            [&id, &input.is_enabled, &sets_title, &title, &sets_text, &words, &sets_signatory, &signatory, &sets_months, &months];
        let rows = ctx.tx().query(statement, &params).await?;
        let row = rows.first().ok_or_else(|| Error::internal("an upsert returned nothing"))?;
        Ok(CertificateSettings::read(&mut ColumnReader::new(row))?)
    }

    /// Gives somebody a certificate of a course or a path that they have completed, also where none is given by itself; one that has expired gives way. FORBIDDEN with
    /// NOT_COMPLETED; CONFLICT with ALREADY_ISSUED as long as they have one that is valid.
    #[needs(CertificateManage)]
    async fn issue_certificate(
        ctx: &Context<'_>,
        /// Whom, and of what.
        input: IssueCertificateInput,
    ) -> Result<Loaded<Certificate>> {
        let person = Id::<User>::parse("userId", &input.user_id)?;
        let (course, path) = match one_of(input.course_id.as_ref(), input.path_id.as_ref())? {
            Of::Course(course) => {
                ctx.get(course).await?.ok_or_else(|| Error::not_found("course").field("courseId"))?;
                (Some(course), None)
            }
            Of::Path(path) => {
                ctx.get(path).await?.ok_or_else(no_path)?;
                (None, Some(path))
            }
        };
        let issued: Option<Option<Id<Certificate>>> = ctx
            .tx()
            .value(sql::ISSUE, &[&person, &course, &path])
            .await
            .on_constraint("certificate_not_completed", |_| {
                Error::forbidden("NOT_COMPLETED", "This person has not completed it.").field("userId")
            })
            .on_constraint("certificate_issued", |_| {
                Error::conflict("ALREADY_ISSUED", "This person has a valid certificate.").field("userId")
            })?;
        let id = issued.flatten().ok_or_else(|| Error::not_found("person").field("userId"))?;
        ctx.whole(id).await?.ok_or_else(|| Error::internal("a certificate can't be read by its issuer"))
    }

    /// Revokes a certificate, valid or expired: whoever verifies it is told so, and so are its drawings. CONFLICT with INVALID_TRANSITION for one that was revoked
    /// before.
    #[needs(CertificateManage)]
    async fn revoke_certificate(
        ctx: &Context<'_>,
        /// Which, and why.
        input: RevokeCertificateInput,
    ) -> Result<Loaded<Certificate>> {
        let id = Id::<Certificate>::parse("id", &input.id)?;
        let reason = text::longer("reason", &input.reason, LONG)?.ok_or_else(|| Error::bad_input("reason", "must say why"))?;
        let revoked: Option<bool> = ctx.tx().value(sql::REVOKE, &[&id, &reason]).await.on_constraint("certificate_revoked", |_| {
            Error::conflict("INVALID_TRANSITION", "The certificate was revoked before.").field("id")
        })?;
        let no_certificate = || Error::not_found("certificate").field("id");
        if revoked != Some(true) {
            return Err(no_certificate());
        }
        ctx.whole(id).await?.ok_or_else(no_certificate)
    }
}
