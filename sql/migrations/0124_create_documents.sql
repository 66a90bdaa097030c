-- Documents, their passages, what bases hold of them, and what answers were given of them.

CREATE TABLE document_transition (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO document_transition (from_state, to_state) VALUES
    ('PENDING', 'PROCESSING'),
    ('PENDING', 'FAILED'),
    ('PROCESSING', 'COMPLETED'),
    ('PROCESSING', 'FAILED'),
    ('COMPLETED', 'PENDING'),
    ('FAILED', 'PENDING');

CREATE TABLE document (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    title           text NOT NULL CONSTRAINT document_title_check CHECK (length(title) BETWEEN 1 AND 200),
    -- None: of the whole school.
    project_id      uuid,
    file_id         uuid,
    text            text CONSTRAINT document_text_check CHECK (length(text) BETWEEN 1 AND 200000),
    media_type      text NOT NULL CONSTRAINT document_media_type_check CHECK (media_type IN ('text/plain', 'text/markdown', 'text/html', 'application/pdf',
                        'application/vnd.openxmlformats-officedocument.wordprocessingml.document')),
    byte_size       integer NOT NULL CONSTRAINT document_byte_size_check CHECK (byte_size BETWEEN 0 AND 20971520),
    state           text NOT NULL DEFAULT 'PENDING' CONSTRAINT document_state_check CHECK (state IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED')),
    failure_reason  text,
    -- Of its contents: raised with each that is to be read.
    revision        integer NOT NULL DEFAULT 1,
    -- How often this revision was begun to be read.
    attempts        integer NOT NULL DEFAULT 0,
    -- The job that reads it.
    worker          uuid,
    page_count      integer CONSTRAINT document_page_count_check CHECK (page_count >= 0),
    character_count integer CONSTRAINT document_character_count_check CHECK (character_count >= 0),
    passage_count   integer NOT NULL DEFAULT 0 CONSTRAINT document_passage_count_check CHECK (passage_count >= 0),
    created_by_id   uuid,
    search          tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(title))) STORED,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    processed_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT document_source_check CHECK (num_nonnulls(file_id, text) = 1),
    CONSTRAINT document_failure_check CHECK ((failure_reason IS NOT NULL) = (state = 'FAILED')),
    CONSTRAINT document_completed_check CHECK (state <> 'COMPLETED' OR passage_count > 0),
    CONSTRAINT document_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE CASCADE,
    CONSTRAINT document_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT,
    CONSTRAINT document_created_by_fkey FOREIGN KEY (tenant_id, created_by_id) REFERENCES app_user
);
CREATE INDEX document_created_idx ON document (tenant_id, created_at, id);
CREATE INDEX document_title_idx ON document (tenant_id, title COLLATE "und-x-icu", id);
CREATE INDEX document_project_idx ON document (tenant_id, project_id, created_at, id);
CREATE INDEX document_file_idx ON document (tenant_id, file_id);
CREATE INDEX document_created_by_idx ON document (tenant_id, created_by_id);
CREATE INDEX document_search_idx ON document USING gin (tenant_id, search);
-- What waits, and what is being read: few of many.
CREATE INDEX document_waiting_idx ON document (tenant_id, updated_at, id) WHERE state IN ('PENDING', 'PROCESSING');

-- What a document says, cut into pieces: those of the last revision that could be read.
CREATE TABLE passage (
    tenant_id   uuid NOT NULL,
    document_id uuid NOT NULL,
    position    integer NOT NULL CONSTRAINT passage_position_check CHECK (position > 0),
    revision    integer NOT NULL,
    page        integer CONSTRAINT passage_page_check CHECK (page > 0),
    heading     text CONSTRAINT passage_heading_check CHECK (length(heading) BETWEEN 1 AND 200),
    text        text NOT NULL CONSTRAINT passage_text_check CHECK (length(text) BETWEEN 1 AND 1200),
    search      tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(coalesce(heading, '') || ' ' || text))) STORED,
    -- Compared as vectors where the database knows them: an array, so that the schema is the same with and without.
    embedding   real[] CONSTRAINT passage_embedding_check CHECK (cardinality(embedding) BETWEEN 1 AND 16000),
    CONSTRAINT passage_pkey PRIMARY KEY (tenant_id, document_id, position),
    CONSTRAINT passage_document_fkey FOREIGN KEY (tenant_id, document_id) REFERENCES document ON DELETE CASCADE
);
CREATE INDEX passage_search_idx ON passage USING gin (tenant_id, search);

CREATE TABLE knowledge_base_document (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    document_id       uuid NOT NULL,
    added_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT knowledge_base_document_pkey PRIMARY KEY (tenant_id, knowledge_base_id, document_id),
    CONSTRAINT knowledge_base_document_base_fkey FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_base ON DELETE CASCADE,
    CONSTRAINT knowledge_base_document_document_fkey FOREIGN KEY (tenant_id, document_id) REFERENCES document ON DELETE CASCADE
);
CREATE INDEX knowledge_base_document_document_idx ON knowledge_base_document (tenant_id, document_id);

-- What an answer was given to go by, in the order of its markers. Title and page stay; the document may go.
CREATE TABLE message_citation (
    tenant_id   uuid NOT NULL,
    message_id  uuid NOT NULL,
    marker      integer NOT NULL CONSTRAINT message_citation_marker_check CHECK (marker > 0),
    is_cited    boolean NOT NULL DEFAULT false,
    title       text NOT NULL,
    page        integer,
    heading     text,
    document_id uuid NOT NULL,
    -- The passage, as long as the document is of that revision.
    position    integer NOT NULL,
    revision    integer NOT NULL,
    CONSTRAINT message_citation_pkey PRIMARY KEY (tenant_id, message_id, marker),
    CONSTRAINT message_citation_message_fkey FOREIGN KEY (tenant_id, message_id) REFERENCES message ON DELETE CASCADE
);
COMMENT ON COLUMN message_citation.title IS 'secret: of a conversation, which is its owner''s';
COMMENT ON COLUMN message_citation.heading IS 'secret: of a conversation, which is its owner''s';
