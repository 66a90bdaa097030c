//! Asking for drafts, and calling them off. No model is asked here: a job does that after the commit.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    Generation, GenerationKind,
    inputs::{GenerateCourseInput, RegenerateSectionInput, SuggestGradeInput, client_request_id, digest_of, long, short, within},
    sql,
};
use crate::domains::{
    answers::{Deployment, is_configured},
    assignments::Submission,
    courses::{Course, CourseStatus, Section, require_author},
    knowledge::KnowledgeBase,
};

/// Mutations of drafts.
pub struct DraftMutations;

/// Knowledge bases that a course may go by.
const MOST_BASES: usize = 10;
/// Lessons of a section, unless something else is asked for; and questions.
const USUAL: i32 = 3;

/// Who asks, under which name, and for what.
struct Asked {
    person: Uuid,
    name: String,
    digest: Vec<u8>,
}

/// What is asked for.
#[derive(Default)]
struct Wanted {
    topic: Option<String>,
    audience: Option<String>,
    language: Option<String>,
    instructions: Option<String>,
    sections: Option<i32>,
    lessons: Option<i32>,
    questions: Option<i32>,
    bases: Vec<Uuid>,
    overwrites: bool,
    course: Option<Id<Course>>,
    section: Option<Id<Section>>,
    submission: Option<Id<Submission>>,
    maximum: Option<f64>,
}

impl Asked {
    fn of(ctx: &Context<'_>, name: &str, request: &Value) -> Result<Asked> {
        Ok(Asked { person: ctx.actor()?.user, name: client_request_id(name)?.to_owned(), digest: digest_of(request) })
    }

    /// What was asked for under this name before.
    async fn known(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Generation>>> {
        let rows = ctx.tx().query(sql::KNOWN, &[&self.person, &self.name, &self.digest]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut reader = ColumnReader::new(row);
        let (id, is_same): (Id<Generation>, bool) = (reader.next()?, reader.next()?);
        if !is_same {
            return Err(
                Error::conflict("CLIENT_ID_REUSED", "Something else was asked for under this clientRequestId.").field("clientRequestId")
            );
        }
        ctx.whole(id).await
    }

    /// Asks, unless somebody else of the same name came first.
    async fn ask(&self, ctx: &Context<'_>, kind: GenerationKind, model: &str, wanted: Wanted) -> Result<Loaded<Generation>> {
        let id = Id::<Generation>::generate();
        let Wanted {
            topic,
            audience,
            language,
            instructions,
            sections,
            lessons,
            questions,
            bases,
            overwrites,
            course,
            section,
            submission,
            maximum,
        } = wanted;
        let params: [&(dyn ToSql + Sync); 19] = [
            &id,
            &kind,
            &self.person,
            &self.name,
            &self.digest,
            &model,
            &topic,
            &audience,
            &language,
            &instructions,
            &sections,
            &lessons,
            &questions,
            &bases,
            &overwrites,
            &course,
            &section,
            &submission,
            &maximum,
        ];
        let made = ctx.tx().query(sql::ASK, &params).await.on_row_security(Error::not_yours)?;
        let made = if made.is_empty() { self.known(ctx).await? } else { ctx.whole(id).await? };
        made.ok_or_else(|| Error::internal("a generation that was asked for is not there"))
    }
}

/// Refuses unless the actor may have a model draft something.
async fn require_drafting(ctx: &Context<'_>) -> Result<()> {
    if !is_configured(ctx).await? {
        return Err(Error::not_set_up("ASSISTANT_NOT_CONFIGURED", "There is no endpoint of a model yet that could draft anything."));
    }
    match ctx.tx().value::<Option<String>>(sql::OBSTACLE, &[]).await?.flatten() {
        Some(_) => Err(Error::forbidden("NOT_ALLOWED_BY_POLICY", "The school does not let you have this drafted.")),
        None => Ok(()),
    }
}

/// The model that is asked.
async fn model(ctx: &Context<'_>, wanted: Option<&str>) -> Result<String> {
    let own = &Deployment::of(ctx).model;
    let model = ctx.tx().value::<String>(sql::MODEL_OF, &[&wanted, own]).await.on_constraint("model_not_allowed", |_| {
        Error::bad_input("model", "must be one of the models that the school allows").reason("MODEL_NOT_ALLOWED")
    })?;
    model.ok_or_else(|| Error::internal("no model is the default"))
}

/// The knowledge bases that an input names, all of which the actor sees.
async fn bases(ctx: &Context<'_>, ids: Option<&[async_graphql::ID]>) -> Result<Vec<Uuid>> {
    let ids = ids.unwrap_or_default();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bases = Id::<KnowledgeBase>::parse_list("knowledgeBaseIds", ids, MOST_BASES)?;
    let rows = ctx.tx().query(sql::SEEN_BASES, &[&bases]).await?;
    let seen: Vec<Id<KnowledgeBase>> = rows.iter().map(|row| ColumnReader::new(row).next()).collect::<Result<_, DbError>>()?;
    match bases.iter().position(|base| !seen.contains(base)) {
        Some(place) => Err(Error::not_found("knowledge base").field(format!("knowledgeBaseIds.{place}"))),
        None => Ok(bases.into_iter().map(|base| base.0).collect()),
    }
}

#[mutations("Generation")]
impl DraftMutations {
    /// Has a model draft a course: sections, lessons and questions, as a DRAFT of yours. It is PENDING: a job asks the model, and makes the whole course at once, or nothing. UNAVAILABLE with
    /// ASSISTANT_NOT_CONFIGURED; FORBIDDEN with NOT_ALLOWED_BY_POLICY; BAD_USER_INPUT with MODEL_NOT_ALLOWED; CONFLICT with CLIENT_ID_REUSED for other content under a
    /// clientRequestId of before.
    #[needs(CourseCreate)]
    async fn generate_course(
        ctx: &Context<'_>,
        /// The course.
        input: GenerateCourseInput,
    ) -> Result<Loaded<Generation>> {
        let request = json!([
            "COURSE",
            input.topic,
            input.audience,
            input.language,
            input.section_count,
            input.lessons_per_section,
            input.questions_per_section,
            input.instructions,
            input.knowledge_base_ids,
            input.model
        ]);
        let asked = Asked::of(ctx, &input.client_request_id, &request)?;
        if let Some(known) = asked.known(ctx).await? {
            return Ok(known);
        }
        let mut wanted = Wanted {
            topic: short("topic", Some(&input.topic), 500)?,
            audience: short("audience", input.audience.as_deref(), 200)?,
            language: short("language", input.language.as_deref(), 100)?,
            instructions: long("instructions", input.instructions.as_deref())?,
            sections: input.section_count.map(|count| within("sectionCount", count, 1, 30)).transpose()?,
            lessons: Some(within("lessonsPerSection", input.lessons_per_section.unwrap_or(USUAL), 1, 20)?),
            questions: Some(within("questionsPerSection", input.questions_per_section.unwrap_or(USUAL), 0, 20)?),
            ..Wanted::default()
        };
        require_drafting(ctx).await?;
        let model = model(ctx, input.model.as_deref()).await?;
        wanted.bases = bases(ctx, input.knowledge_base_ids.as_deref()).await?;
        asked.ask(ctx, GenerationKind::Course, &model, wanted).await
    }

    /// Has a model draft a section anew, in place of its title, lessons and questions; of a DRAFT of which you are staff: FORBIDDEN with NOT_YOURS for others, CONFLICT with
    /// COURSE_NOT_DRAFT. CONFLICT with SECTION_EDITED for one that a person has written in, unless `overwritesEdits`. Otherwise as `generateCourse`.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn regenerate_section(
        ctx: &Context<'_>,
        /// The section.
        input: RegenerateSectionInput,
    ) -> Result<Loaded<Generation>> {
        let request = json!(["SECTION", input.section_id, input.instructions, input.overwrites_edits]);
        let asked = Asked::of(ctx, &input.client_request_id, &request)?;
        if let Some(known) = asked.known(ctx).await? {
            return Ok(known);
        }
        let id = Id::<Section>::parse("sectionId", &input.section_id)?;
        let instructions = long("instructions", input.instructions.as_deref())?;
        let overwrites = input.overwrites_edits.unwrap_or(false);
        let section = ctx.get(id).await?.ok_or_else(|| Error::not_found("section").field("sectionId"))?;
        require_author(ctx, "sectionId", section.course_id).await?;
        require_drafting(ctx).await?;
        if ctx.get(section.course_id).await?.is_none_or(|course| course.status != CourseStatus::Draft) {
            return Err(Error::conflict("COURSE_NOT_DRAFT", "Only sections of drafts are drafted anew.").field("sectionId"));
        }
        if !overwrites && ctx.tx().value::<bool>(sql::IS_EDITED, &[&id]).await? == Some(true) {
            return Err(Error::conflict("SECTION_EDITED", "A person has written in this section: it would be lost.").field("sectionId"));
        }
        let model = model(ctx, None).await?;
        let wanted = Wanted { instructions, overwrites, course: Some(section.course_id), section: Some(id), ..Wanted::default() };
        asked.ask(ctx, GenerationKind::Section, &model, wanted).await
    }

    /// Has a model suggest what a submission that you may grade is worth: a number and words beside your own, never a grade. Only what was handed in as text is judged. FORBIDDEN with
    /// NOT_YOURS for one that you only see. Otherwise as `generateCourse`.
    #[needs(GradeManage)]
    async fn suggest_grade(
        ctx: &Context<'_>,
        /// The submission.
        input: SuggestGradeInput,
    ) -> Result<Loaded<Generation>> {
        let request = json!(["GRADE", input.submission_id, input.rubric]);
        let asked = Asked::of(ctx, &input.client_request_id, &request)?;
        if let Some(known) = asked.known(ctx).await? {
            return Ok(known);
        }
        let id = Id::<Submission>::parse("submissionId", &input.submission_id)?;
        let instructions = long("rubric", input.rubric.as_deref())?;
        let rows = ctx.tx().query(sql::TO_JUDGE, &[&id]).await?;
        let mut reader = ColumnReader::new(rows.first().ok_or_else(|| Error::not_found("submission").field("submissionId"))?);
        let (is_grader, is_own): (bool, bool) = (reader.next()?, reader.next()?);
        let (course, maximum): (Id<Course>, f64) = (reader.next()?, reader.next()?);
        if !is_grader || is_own {
            return Err(Error::not_yours().field("submissionId"));
        }
        require_drafting(ctx).await?;
        let model = model(ctx, None).await?;
        let wanted = Wanted { instructions, course: Some(course), submission: Some(id), maximum: Some(maximum), ..Wanted::default() };
        asked.ask(ctx, GenerationKind::Grade, &model, wanted).await
    }

    /// Calls off a generation of yours. One that has ended is answered unchanged.
    async fn cancel_generation(
        ctx: &Context<'_>,
        /// The generation's id.
        id: Id<Generation>,
    ) -> Result<Loaded<Generation>> {
        ctx.tx().query(sql::CANCEL, &[&id]).await?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("generation").field("id"))
    }
}
