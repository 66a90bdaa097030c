//! Granting extensions, and taking them back.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{Extension, extension::GrantExtensionInput, sql};
use crate::domains::{
    identity::User,
    lessons::Lesson,
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Mutations of extensions.
pub struct ExtensionMutations;

/// A whole number from 0 on; none: 0.
fn up_to(most: i32, field: &str, given: Option<i32>) -> Result<i32> {
    let given = given.unwrap_or(0);
    if (0..=most).contains(&given) { Ok(given) } else { Err(Error::bad_input(field, format!("must be between 0 and {most}"))) }
}

#[mutations("Extension")]
impl ExtensionMutations {
    /// Gives a person more time or more tries in a quiz or an assignment, in place of what they had. It reaches an attempt under way, and work that is
    /// there: what was late is not any more. For those who grade the course. BAD_USER_INPUT for another lesson, and for dates that are not later than
    /// everybody's; NOT_FOUND for somebody who is not enrolled.
    #[needs(GradeManage)]
    async fn grant_extension(
        ctx: &Context<'_>,
        /// What, and for whom.
        input: GrantExtensionInput,
    ) -> Result<Loaded<Extension>> {
        let lesson = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let person = Id::<User>::parse("userId", &input.user_id)?;
        let attempts = up_to(100, "extraAttempts", input.extra_attempts)?;
        let minutes = up_to(1440, "extraMinutes", input.extra_minutes)?;
        let reason = input.reason.as_deref().map(|reason| text::long("reason", reason)).transpose()?.flatten();
        let nobody = || Error::not_found("person in the course").field("userId");
        let granted: Option<Option<Id<Extension>>> = ctx
            .tx()
            .value(sql::GRANT, &[&lesson, &person, &input.due_at, &input.closes_at, &attempts, &minutes, &reason])
            .await
            .on_constraint("extension_kind", |_| Error::bad_input("lessonId", "must be a quiz or an assignment"))
            .on_constraint("extension_person", |_| nobody())
            .on_constraint("extension_due", |_| {
                Error::bad_input("dueAt", "must be later than the due date of everybody, where there is one")
            })
            .on_constraint("extension_closes", |_| {
                Error::bad_input(
                    "closesAt",
                    "must be later than the closing time of everybody, where there is one, and not before the due date",
                )
            })
            .on_row_security(|| Error::not_yours().field("lessonId"))?;
        let id = granted.flatten().ok_or_else(|| Error::not_found("lesson").field("lessonId"))?;
        ctx.whole(id).await?.ok_or_else(nobody)
    }

    /// Takes back what a person was granted: everybody's dates hold for them again, also for what they have handed in. For those who grade the course.
    /// Answers its id.
    #[needs(GradeManage)]
    async fn revoke_extension(
        ctx: &Context<'_>,
        /// The extension's id.
        id: Id<Extension>,
    ) -> Result<Id<Extension>> {
        let revoked: Option<bool> = ctx.tx().value(sql::REVOKE, &[&id]).await.on_row_security(|| Error::not_yours().field("id"))?;
        if revoked == Some(true) { Ok(id) } else { Err(Error::not_found("extension").field("id")) }
    }
}

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const LESSON: Parameter = Parameter { name: "lesson", content: Content::Plain, sample: "A flight plan" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };

/// Somebody has more time.
pub const EXTENSION_GRANTED: Kind = Kind {
    name: "EXTENSION_GRANTED",
    description: "You have more time, or more tries, in a quiz or an assignment. Subject: the Lesson.",
    events: &["notify.extension_granted"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "extension_granted",
        is_essential: false,
        parameters: &[COURSE, LESSON, UNTIL],
        english: Texts {
            subject: "More time: {{ lesson }}",
            body: "You have more time or more tries for {{ lesson }}{% if course %} in {{ course }}{% endif %}{% if until %}: until {{ until }}{% endif %}.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Mehr Zeit: {{ lesson }}",
            body: "Sie haben mehr Zeit oder mehr Versuche für {{ lesson }}{% if course %} in {{ course }}{% endif %}{% if until %}: bis {{ until }}{% endif %}.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
