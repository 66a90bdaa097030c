//! What a model was asked to draft.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::{
    assignments::Submission,
    courses::{Course, Section},
    identity::User,
    knowledge::Document,
};

text_enum! {
    /// What is drafted.
    pub enum GenerationKind {
        /// A whole course, as a draft.
        Course = "COURSE",
        /// A section of a draft, anew.
        Section = "SECTION",
        /// What a submission might be worth: a number and words beside the grader's, never a grade.
        Grade = "GRADE",
    }
}

text_enum! {
    /// Where a generation stands: PENDING, RUNNING, then COMPLETED or FAILED; CANCELLED from either of the first two.
    pub enum GenerationState {
        /// Nothing has been asked of a model yet.
        Pending = "PENDING",
        /// Models are being asked.
        Running = "RUNNING",
        /// It is there.
        Completed = "COMPLETED",
        /// It can't be had; nothing of it was kept.
        Failed = "FAILED",
        /// It was called off.
        Cancelled = "CANCELLED",
    }
}

/// What a model was asked to draft. Seen by who asked, and by nobody in their place.
#[object(table = "generation", alias = "gn", id = "generation", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Generation {
    /// Its id.
    pub id: Id<Generation>,
    /// What is drafted.
    pub kind: GenerationKind,
    /// Where it stands.
    pub state: GenerationState,
    /// Why it can't be had: a reason of `Message.failureReason`, OUTPUT_INVALID (the model did not answer in the agreed form, asked twice), NO_TEXT (nothing was handed in as text),
    /// COURSE_NOT_DRAFT, SECTION_EDITED, IN_USE, PERMISSION_LOST, REQUESTER_GONE, NOT_ALLOWED_BY_POLICY, ASSISTANT_NOT_CONFIGURED, GAVE_UP. Null unless FAILED.
    pub failure_reason: Option<String>,
    /// What the course is about; null unless one was asked for.
    pub topic: Option<String>,
    /// What else was asked for; of a suggested grade, what it is judged by.
    #[wide]
    pub instructions: Option<String>,
    /// Who asked.
    #[one]
    pub requested_by_id: Id<User>,
    /// The model that is asked.
    pub model: Option<String>,
    /// Tokens of all that was asked.
    #[column("least({}.prompt_tokens, 2147483647)::integer")]
    pub prompt_tokens: i32,
    /// Tokens of all that was answered.
    #[column("least({}.completion_tokens, 2147483647)::integer")]
    pub completion_tokens: i32,
    /// The course that was made, or is about; null where there is none yet or any more, or when you may not see it.
    #[one]
    pub course_id: Option<Id<Course>>,
    /// The section that is drafted anew; null of other kinds, where there is none any more, or when you may not see it.
    #[one]
    pub section_id: Option<Id<Section>>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it ended; null before.
    pub finished_at: Option<DateTime>,
    #[hidden]
    pub submission_id: Option<Id<Submission>>,
    #[hidden]
    #[wide]
    pub points: Option<f64>,
    #[hidden]
    #[wide]
    pub maximum: Option<f64>,
    #[hidden]
    #[wide]
    pub feedback: Option<String>,
}

/// What a model thinks that a submission is worth: beside the grader's own field, never a grade.
#[object]
#[derive(Clone, Debug)]
pub struct GradeSuggestion {
    /// The submission.
    pub submission_id: Id<Submission>,
    /// Points, from 0 to `maximum`.
    pub points: f64,
    /// The most that there is.
    pub maximum: f64,
    /// What could be said about it; at most 10,000 characters.
    pub feedback: String,
}

const BY_PLACE: Order = Order { key: SortKey::whole("PLACE", "gns.place"), id: "dc.id", descending: false };

static SOURCES: Nested = Nested::new("generation.sources", BY_PLACE, "gns.generation_id")
    .by("JOIN generation_source gns ON gns.tenant_id = dc.tenant_id AND gns.document_id = dc.id");

#[resolvers]
impl Generation {
    /// The documents that the model was given passages of, as far as you may see them.
    #[cost(10)]
    async fn sources(id: Id<Generation>, ctx: &Context<'_>) -> Result<Vec<Loaded<Document>>> {
        all(ctx, &SOURCES, id.0).await
    }

    /// What the submission might be worth; null unless a grade was asked for and is there.
    async fn grade_suggestion(
        submission_id: Option<Id<Submission>>,
        points: Option<f64>,
        maximum: Option<f64>,
        feedback: Option<String>,
        state: GenerationState,
        _ctx: &Context<'_>,
    ) -> Result<Option<GradeSuggestion>> {
        let said = submission_id.zip(points).zip(maximum.zip(feedback)).filter(|_| state == GenerationState::Completed);
        Ok(said.map(|((submission_id, points), (maximum, feedback))| GradeSuggestion { submission_id, points, maximum, feedback }))
    }
}
