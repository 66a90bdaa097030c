//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions say what happens to a generation (`sql/functions/drafts.sql`). `{gn}` stands for
//! the columns of a generation over the alias `gn`.

/// Where the courses `$2` come from.
pub const OF_COURSES: &str = "SELECT pv.course_id, pv.model, pv.generated_at, pv.is_edited, pv.generation_id FROM provenance pv \
     WHERE pv.tenant_id = $1 AND pv.course_id = ANY ($2) AND pv.section_id IS NULL";

/// Where the sections `$2` come from.
pub const OF_SECTIONS: &str = "SELECT pv.section_id, pv.model, pv.generated_at, pv.is_edited, pv.generation_id FROM provenance pv \
     WHERE pv.tenant_id = $1 AND pv.section_id = ANY ($2)";

/// What the person `$2` has asked for under the name `$3`, and whether it was the same as `$4`.
pub const KNOWN: &str = "SELECT gn.id, gn.request_digest = $4 FROM generation gn WHERE gn.tenant_id = $1 AND gn.requested_by_id = $2 AND gn.client_request_id = $3";

/// What is in the way of drafting.
pub const OBSTACLE: &str = "SELECT app.draft_obstacle() WHERE app.tenant_id() = $1";

/// The model that is asked where `$2` is wanted and the deployment's is `$3`.
pub const MODEL_OF: &str = "SELECT app.model_of($2, $3) WHERE app.tenant_id() = $1";

/// Of the bases `$2`, those that the actor sees.
pub const SEEN_BASES: &str = "SELECT kb.id FROM knowledge_base kb WHERE kb.tenant_id = $1 AND kb.id = ANY ($2)";

/// Asks for a generation: the id `$2`, of the kind `$3`, by the person `$4` under the name `$5`, digest `$6`. Nothing where that name is taken.
pub const ASK: &str = "INSERT INTO generation AS gn (tenant_id, id, kind, requested_by_id, client_request_id, request_digest, model, topic, audience, language, instructions, \
         section_count, lessons_per_section, questions_per_section, knowledge_base_ids, overwrites_edits, course_id, section_id, submission_id, maximum) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
     ON CONFLICT ON CONSTRAINT generation_client_key DO NOTHING RETURNING gn.id";

/// Whether the section `$2` holds work of a person.
pub const IS_EDITED: &str = "SELECT app.is_section_edited($2) WHERE app.tenant_id() = $1";

/// How the submission `$2` stands to the actor.
pub const TO_JUDGE: &str =
    "SELECT j.is_grader, j.is_own, j.course_id, j.maximum FROM app.submission_to_judge($2) AS j WHERE app.tenant_id() = $1";

/// The actor's own generation `$2` is called off.
pub const CANCEL: &str = "SELECT app.end_generation(gn.id, 'CANCELLED', NULL, NULL, NULL, NULL, NULL, NULL) FROM generation gn WHERE gn.tenant_id = $1 AND gn.id = $2";

/// The job `$3` takes the generation `$2`.
pub const TAKE: &str = "SELECT app.take_generation($2, $3) WHERE app.tenant_id() = $1";

/// What the actor's generation `$2` is to be.
pub const TERMS: &str = "SELECT gn.kind, gn.model, gn.topic, gn.audience, gn.language, gn.instructions, gn.section_count, gn.lessons_per_section, gn.questions_per_section, \
         gn.knowledge_base_ids, gn.overwrites_edits, gn.course_id, gn.section_id, gn.submission_id, gn.maximum, p.response_timeout_seconds, p.allowed_image_hosts \
     FROM generation gn CROSS JOIN app.assistant_policy() AS p WHERE gn.tenant_id = $1 AND gn.id = $2";

/// What models have answered so far.
pub const CALLS: &str = "SELECT c.place, c.content FROM app.generation_calls($2) AS c WHERE app.tenant_id() = $1";

/// The person `$3` is about to use `$4` tokens, for the generation `$2`.
pub const RESERVE: &str = "SELECT app.reserve_tokens($2, $3, $4) WHERE app.tenant_id() = $1";

/// The generation `$2` has used `$5` and `$6` tokens of the model `$4`, for the person `$3`; whether that is guessed, and whether the call failed.
pub const SETTLE: &str = "SELECT app.settle_call($2, $3, 'GENERATION', NULL, NULL, $4, $5, $6, $7, $8, 0) WHERE app.tenant_id() = $1";

/// What is reserved for the generation `$2` and nobody settles any more goes back.
pub const FREE: &str = "SELECT app.free_tokens($2) WHERE app.tenant_id() = $1 \
     AND NOT EXISTS (SELECT FROM generation gn WHERE gn.tenant_id = $1 AND gn.id = $2 AND gn.state IN ('PENDING', 'RUNNING'))";

/// Keeps an answer, of the job `$3` and at the place `$4`: whether the generation still runs.
pub const KEEP: &str = "SELECT app.keep_generation_call($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// The generation `$2` is given passages of the documents `$3`.
pub const NOTE_SOURCES: &str = "SELECT app.note_sources($2, $3) WHERE app.tenant_id() = $1";

/// The generation `$2` ends as `$3`, because of `$4`; it made the course `$5` and the section `$6`; `$7` of `$8` points, and `$9` to say.
pub const END: &str = "SELECT app.end_generation($2, $3, $4, $5, $6, $7, $8, $9) WHERE app.tenant_id() = $1";

/// Writes the course `$2` as `$3` says.
pub const WRITE_COURSE: &str = "SELECT app.write_drafted_course($2, $3) WHERE app.tenant_id() = $1";

/// Writes the section `$3` of the course `$2` as `$4` says.
pub const WRITE_SECTION: &str = "SELECT app.write_drafted_section($2, $3, $4) WHERE app.tenant_id() = $1";

/// The course `$3` and its sections `$4` come from the generation `$2`; `$5`: the course as a whole as well.
pub const NOTE_PROVENANCE: &str = "SELECT app.note_provenance($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// Nobody else changes the sections of the course `$2`, nor what is in the section `$3`.
pub const LOCK_SECTION: &str = "SELECT app.lock_for('sections', $2), app.hold_section($3) WHERE app.tenant_id() = $1";

/// The section `$2`: its course's title and whether that is a draft, its own title, those of all sections, whether a person has written in it; how many lessons it has, and how many
/// questions.
pub const SECTION: &str = "SELECT c.title, c.status = 'DRAFT', s.title, ARRAY(SELECT o.title FROM section o WHERE o.tenant_id = $1 AND o.course_id = c.id ORDER BY o.position), \
         app.is_section_edited(s.id), (SELECT count(*) FROM lesson l WHERE l.tenant_id = $1 AND l.section_id = s.id AND l.kind <> 'QUIZ'), \
         (SELECT count(*) FROM question n JOIN quiz q ON q.tenant_id = $1 AND q.id = n.quiz_id JOIN lesson l ON l.tenant_id = $1 AND l.id = q.lesson_id \
          WHERE n.tenant_id = $1 AND l.section_id = s.id AND n.retired_at IS NULL) \
     FROM section s JOIN course c ON c.tenant_id = $1 AND c.id = s.course_id WHERE s.tenant_id = $1 AND s.id = $2";

/// The submission `$2`: its assignment's title and words, what was handed in, and the criteria.
pub const SUBMISSION: &str = "SELECT l.title, lc.body, s.text, ARRAY(SELECT r.title || coalesce(': ' || r.description, '') || ' (' || r.points || ')' FROM rubric_criterion r \
         WHERE r.tenant_id = $1 AND r.assignment_id = a.id ORDER BY r.position) \
     FROM submission s JOIN assignment a ON a.tenant_id = $1 AND a.id = s.assignment_id JOIN lesson l ON l.tenant_id = $1 AND l.id = s.lesson_id \
     LEFT JOIN lesson_content lc ON lc.tenant_id = $1 AND lc.lesson_id = l.id WHERE s.tenant_id = $1 AND s.id = $2";
