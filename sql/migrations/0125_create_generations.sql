-- What models are asked to draft: courses, sections anew, and what a submission might be worth. And what of a school was drafted so.

CREATE TABLE generation_transition (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO generation_transition (from_state, to_state) VALUES
    ('PENDING', 'RUNNING'),
    ('PENDING', 'FAILED'),
    ('PENDING', 'CANCELLED'),
    ('RUNNING', 'COMPLETED'),
    ('RUNNING', 'FAILED'),
    ('RUNNING', 'CANCELLED');

CREATE TABLE generation (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    kind              text NOT NULL CONSTRAINT generation_kind_check CHECK (kind IN ('COURSE', 'SECTION', 'GRADE')),
    state             text NOT NULL DEFAULT 'PENDING' CONSTRAINT generation_state_check CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    failure_reason    text,
    requested_by_id   uuid NOT NULL,
    client_request_id text NOT NULL CONSTRAINT generation_client_request_check CHECK (client_request_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- Of all that was asked for: the same id again is the same request, or another.
    request_digest    bytea NOT NULL,
    topic             text CONSTRAINT generation_topic_check CHECK (length(topic) BETWEEN 1 AND 500),
    audience          text CONSTRAINT generation_audience_check CHECK (length(audience) BETWEEN 1 AND 200),
    language          text CONSTRAINT generation_language_check CHECK (length(language) BETWEEN 1 AND 100),
    -- Of a suggested grade: what it is judged by.
    instructions      text CONSTRAINT generation_instructions_check CHECK (length(instructions) BETWEEN 1 AND 10000),
    section_count         integer CONSTRAINT generation_section_count_check CHECK (section_count BETWEEN 1 AND 30),
    lessons_per_section   integer CONSTRAINT generation_lessons_check CHECK (lessons_per_section BETWEEN 1 AND 20),
    questions_per_section integer CONSTRAINT generation_questions_check CHECK (questions_per_section BETWEEN 0 AND 20),
    knowledge_base_ids uuid[] NOT NULL DEFAULT '{}' CONSTRAINT generation_bases_check CHECK (cardinality(knowledge_base_ids) <= 10),
    overwrites_edits  boolean NOT NULL DEFAULT false,
    -- The job that runs it.
    worker            uuid,
    model             text NOT NULL,
    prompt_tokens     bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    -- What it made, or is about.
    course_id         uuid,
    section_id        uuid,
    submission_id     uuid,
    points            double precision,
    maximum           double precision,
    feedback          text CONSTRAINT generation_feedback_check CHECK (length(feedback) <= 10000),
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT generation_client_key UNIQUE (tenant_id, requested_by_id, client_request_id),
    CONSTRAINT generation_failure_check CHECK ((failure_reason IS NOT NULL) = (state = 'FAILED')),
    CONSTRAINT generation_requested_by_fkey FOREIGN KEY (tenant_id, requested_by_id) REFERENCES app_user,
    CONSTRAINT generation_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE SET NULL (course_id),
    CONSTRAINT generation_section_fkey FOREIGN KEY (tenant_id, section_id) REFERENCES section ON DELETE SET NULL (section_id),
    CONSTRAINT generation_submission_fkey FOREIGN KEY (tenant_id, submission_id) REFERENCES submission ON DELETE CASCADE
);
COMMENT ON COLUMN generation.topic IS 'secret: words of the person who asked';
COMMENT ON COLUMN generation.audience IS 'secret: words of the person who asked';
COMMENT ON COLUMN generation.instructions IS 'secret: words of the person who asked';
COMMENT ON COLUMN generation.feedback IS 'secret: words for the person who asked';
COMMENT ON COLUMN generation.request_digest IS 'secret: made of the words of the person who asked';
CREATE INDEX generation_requested_idx ON generation (tenant_id, requested_by_id, created_at, id);
CREATE INDEX generation_course_idx ON generation (tenant_id, course_id, created_at, id);
CREATE INDEX generation_section_idx ON generation (tenant_id, section_id);
CREATE INDEX generation_submission_idx ON generation (tenant_id, submission_id);

-- The documents that it was given passages of.
CREATE TABLE generation_source (
    tenant_id     uuid NOT NULL,
    generation_id uuid NOT NULL,
    document_id   uuid NOT NULL,
    place         integer NOT NULL,
    CONSTRAINT generation_source_pkey PRIMARY KEY (tenant_id, generation_id, document_id),
    CONSTRAINT generation_source_generation_fkey FOREIGN KEY (tenant_id, generation_id) REFERENCES generation ON DELETE CASCADE,
    CONSTRAINT generation_source_document_fkey FOREIGN KEY (tenant_id, document_id) REFERENCES document ON DELETE CASCADE
);
CREATE INDEX generation_source_document_idx ON generation_source (tenant_id, document_id);

-- What a model has answered so far: a job that is taken up again asks for nothing a second time. Gone when the generation ends.
CREATE TABLE generation_call (
    tenant_id     uuid NOT NULL,
    generation_id uuid NOT NULL,
    place         integer NOT NULL CONSTRAINT generation_call_place_check CHECK (place >= 0),
    content       text NOT NULL,
    CONSTRAINT generation_call_pkey PRIMARY KEY (tenant_id, generation_id, place),
    CONSTRAINT generation_call_generation_fkey FOREIGN KEY (tenant_id, generation_id) REFERENCES generation ON DELETE CASCADE
);
COMMENT ON COLUMN generation_call.content IS 'secret: words for the person who asked';

-- That a course or a section was drafted by a model, and whether a person has changed it since.
CREATE TABLE provenance (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    course_id     uuid NOT NULL,
    -- None: of the course as a whole.
    section_id    uuid,
    generation_id uuid,
    model         text NOT NULL,
    generated_at  timestamptz NOT NULL DEFAULT now(),
    is_edited     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT provenance_key UNIQUE NULLS NOT DISTINCT (tenant_id, course_id, section_id),
    CONSTRAINT provenance_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE,
    CONSTRAINT provenance_section_fkey FOREIGN KEY (tenant_id, course_id, section_id) REFERENCES section (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT provenance_generation_fkey FOREIGN KEY (tenant_id, generation_id) REFERENCES generation ON DELETE SET NULL (generation_id)
);
CREATE INDEX provenance_section_idx ON provenance (tenant_id, section_id) WHERE section_id IS NOT NULL;
CREATE INDEX provenance_generation_idx ON provenance (tenant_id, generation_id);
