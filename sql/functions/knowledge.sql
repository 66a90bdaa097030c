-- Knowledge: documents on their way from bytes to passages, what bases hold of them, and the search among what the actor may read.
--
-- Two documents of a school are read at a time. Whoever takes or leaves one of these places has the school's turn (app.lock_for('documents', school)): a
-- document that finds none stays PENDING, and whoever leaves one asks for the next.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   document_state         no such step leads on from the document's state
--   document_processing    its contents wait to be read, or are being read
--   knowledge_scope        a base takes documents of its own project, and of the school
--   knowledge_documents    a base would hold more than 500 documents
--   knowledge_passages     a base would hold more than 20,000 passages

-- Whether the database compares vectors: the extension is there.
CREATE OR REPLACE FUNCTION app.has_vectors() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM pg_catalog.pg_extension x WHERE x.extname = 'vector');

-- Documents found by the beginnings of words in their titles. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_document(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT d.id FROM document d WHERE d.tenant_id = app.tenant_id() AND d.search @@ wanted;
END
$$;

-- Bases found by the beginnings of words in name and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_knowledge_base(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT k.id FROM knowledge_base k WHERE k.tenant_id = app.tenant_id() AND k.search @@ wanted;
END
$$;

-- Documents per base. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.base_document_counts(bases uuid[]) RETURNS TABLE (knowledge_base_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT h.knowledge_base_id, count(*) FROM knowledge_base_document h
        WHERE h.tenant_id = app.tenant_id() AND h.knowledge_base_id = ANY (bases) GROUP BY h.knowledge_base_id;
END
$$;

-- Passages per base. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.base_passage_counts(bases uuid[]) RETURNS TABLE (knowledge_base_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT h.knowledge_base_id, coalesce(sum(d.passage_count), 0)::bigint FROM knowledge_base_document h
        JOIN document d ON d.tenant_id = h.tenant_id AND d.id = h.document_id
        WHERE h.tenant_id = app.tenant_id() AND h.knowledge_base_id = ANY (bases) GROUP BY h.knowledge_base_id;
END
$$;

-- Of these files, those that are the contents of a document that the actor sees: whoever sees the document reads the file through it. Reveals: to the actor,
-- these files.
CREATE OR REPLACE FUNCTION app.document_files(files uuid[]) RETURNS SETOF file
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM file f WHERE f.tenant_id = app.tenant_id() AND f.id = ANY (files) AND EXISTS (
        SELECT FROM document d WHERE d.tenant_id = f.tenant_id AND d.file_id = f.id
            AND ((d.project_id IS NULL AND app.sees_school_wide()) OR d.project_id IN (SELECT app.entered_projects())));
END
$$;

-- ---- the way of a document ----------------------------------------------------------------------------------------------------------------------

-- It moves by the rows of document_transition alone. New contents, and the wish to have them read anew, raise its revision: it is PENDING then.
CREATE OR REPLACE FUNCTION app.move_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> OLD.revision THEN
        IF OLD.state IN ('PENDING', 'PROCESSING') THEN
            PERFORM app.refuse('document_processing');
        END IF;
        NEW.state := 'PENDING';
        NEW.failure_reason := NULL;
        NEW.attempts := 0;
        NEW.worker := NULL;
    END IF;
    IF NEW.state <> OLD.state
        AND NOT EXISTS (SELECT FROM public.document_transition t WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        PERFORM app.refuse('document_state');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER document_move BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION app.move_document();

-- A document that waits is read by a job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.await_document() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.enqueue('document.process', NEW.id::text || ':' || NEW.revision, jsonb_build_object('document', NEW.id, 'revision', NEW.revision),
                        subject => app.type_id('document', NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER document_await_new AFTER INSERT ON document FOR EACH ROW WHEN (NEW.state = 'PENDING') EXECUTE FUNCTION app.await_document();
CREATE OR REPLACE TRIGGER document_await AFTER UPDATE ON document FOR EACH ROW
    WHEN (NEW.state = 'PENDING' AND NEW.revision <> OLD.revision) EXECUTE FUNCTION app.await_document();

-- Asks for the documents that have waited longest, as many as there are places for. Whoever calls it has the turn. Answers how many. Reveals nothing.
CREATE OR REPLACE FUNCTION app.wake_documents() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    free  integer := 2 - (SELECT count(*) FROM document d WHERE d.tenant_id = app.tenant_id() AND d.state = 'PROCESSING')::integer;
    next  record;
    woken integer := 0;
BEGIN
    FOR next IN SELECT d.id, d.revision FROM document d WHERE d.tenant_id = app.tenant_id() AND d.state = 'PENDING'
                ORDER BY d.updated_at, d.id LIMIT greatest(free, 0) LOOP
        PERFORM app.enqueue('document.process', NULL, jsonb_build_object('document', next.id, 'revision', next.revision), subject => app.type_id('document', next.id));
        woken := woken + 1;
    END LOOP;
    RETURN woken;
END
$$;

-- What was left waiting by accident (a job that was called off, a worker that could not say that it is done): asked for again. For the job that looks after
-- it. Answers 0: once is enough. Reveals nothing.
CREATE OR REPLACE FUNCTION app.sweep_documents(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF most > 0 AND EXISTS (SELECT FROM document d WHERE d.tenant_id = app.tenant_id() AND d.state = 'PENDING' AND d.updated_at < now() - interval '1 minute') THEN
        PERFORM app.lock_for('documents', app.tenant_id());
        PERFORM app.wake_documents();
    END IF;
    RETURN 0;
END
$$;

-- A job takes a document: its type and its source, where it is the job's to read. No row where another job has it, where it was changed since, where it is gone, or
-- where two others are being read. For that job alone. Reveals: to it, these.
CREATE OR REPLACE FUNCTION app.take_document(wanted uuid, of_revision integer, by_job uuid)
    RETURNS TABLE (media_type text, text text, object text, byte_size integer, created_by_id uuid, project_id uuid, embeds boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    known  document;
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:document.process' THEN
        RETURN;
    END IF;
    PERFORM app.lock_for('documents', school);
    SELECT * INTO known FROM document d WHERE d.tenant_id = school AND d.id = wanted AND d.revision = of_revision FOR UPDATE;
    IF NOT FOUND OR NOT (known.state = 'PENDING' OR (known.state = 'PROCESSING' AND known.worker = by_job)) THEN
        RETURN;
    ELSIF known.state = 'PENDING' AND (SELECT count(*) FROM document d WHERE d.tenant_id = school AND d.state = 'PROCESSING') >= 2 THEN
        RETURN;
    END IF;
    UPDATE document d SET state = 'PROCESSING', worker = by_job, attempts = d.attempts + 1 WHERE d.tenant_id = school AND d.id = wanted;
    RETURN QUERY SELECT known.media_type, known.text, f.object, known.byte_size, known.created_by_id, known.project_id, app.has_vectors()
        FROM (SELECT 1) AS one LEFT JOIN file f ON f.tenant_id = school AND f.id = known.file_id;
END
$$;

-- A document can't be read. For the job that has it. Answers whether it still had it. Reveals: to it, that.
CREATE OR REPLACE FUNCTION app.fail_document(wanted uuid, of_revision integer, by_job uuid, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.lock_for('documents', app.tenant_id());
    UPDATE document d SET state = 'FAILED', failure_reason = reason, processed_at = now(), worker = NULL
        WHERE d.tenant_id = app.tenant_id() AND d.id = wanted AND d.revision = of_revision AND d.worker = by_job AND d.state = 'PROCESSING';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.wake_documents();
    RETURN true;
END
$$;

-- What a document says, in place of what it said before: all at once. FAILED where a base that holds it would hold too much. For the job that has it. Answers whether it
-- still had it. Reveals: to it, that.
CREATE OR REPLACE FUNCTION app.finish_document(wanted uuid, of_revision integer, by_job uuid, pages integer, characters integer, on_pages integer[], under text[], texts text[])
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    base   uuid;
    held   bigint;
BEGIN
    PERFORM app.lock_for('documents', school);
    PERFORM FROM document d WHERE d.tenant_id = school AND d.id = wanted AND d.revision = of_revision AND d.worker = by_job AND d.state = 'PROCESSING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOR base IN SELECT h.knowledge_base_id FROM knowledge_base_document h WHERE h.tenant_id = school AND h.document_id = wanted ORDER BY h.knowledge_base_id LOOP
        PERFORM app.lock_for('knowledge', base);
        SELECT coalesce(sum(d.passage_count), 0) INTO held FROM knowledge_base_document h JOIN document d ON d.tenant_id = h.tenant_id AND d.id = h.document_id
            WHERE h.tenant_id = school AND h.knowledge_base_id = base AND h.document_id <> wanted;
        IF held + cardinality(texts) > 20000 THEN
            RETURN app.fail_document(wanted, of_revision, by_job, 'LIMIT_REACHED');
        END IF;
    END LOOP;
    DELETE FROM passage p WHERE p.tenant_id = school AND p.document_id = wanted;
    INSERT INTO passage (tenant_id, document_id, position, revision, page, heading, text)
        SELECT school, wanted, w.place, of_revision, w.page, w.heading, w.text
        FROM unnest(on_pages, under, texts) WITH ORDINALITY AS w(page, heading, text, place);
    UPDATE document d SET state = 'COMPLETED', page_count = pages, character_count = characters, passage_count = cardinality(texts), processed_at = now(), worker = NULL
        WHERE d.tenant_id = school AND d.id = wanted;
    PERFORM app.wake_documents();
    RETURN true;
END
$$;

-- What passages mean, as vectors: of the places in the document that the job has just written, each as an array's text. For that job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_embeddings(wanted uuid, of_revision integer, places integer[], vectors text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:document.process' THEN
        RETURN;
    END IF;
    UPDATE passage p SET embedding = w.vector::real[] FROM unnest(places, vectors) AS w(place, vector)
        WHERE p.tenant_id = app.tenant_id() AND p.document_id = wanted AND p.revision = of_revision AND p.position = w.place;
END
$$;

-- A document follows its job where that is called off, given up, or run anew. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_document_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('documents', NEW.tenant_id);
    IF NEW.state = 'QUEUED' THEN
        UPDATE document d SET state = 'PENDING', failure_reason = NULL
            WHERE d.tenant_id = NEW.tenant_id AND d.id = (NEW.payload ->> 'document')::uuid AND d.revision = (NEW.payload ->> 'revision')::integer
              AND d.state = 'FAILED' AND d.failure_reason = 'GAVE_UP';
        RETURN NULL;
    END IF;
    UPDATE document d SET state = 'FAILED', failure_reason = CASE NEW.state WHEN 'DEAD' THEN 'GAVE_UP' ELSE 'CANCELLED' END, processed_at = now(), worker = NULL
        WHERE d.tenant_id = NEW.tenant_id AND d.id = (NEW.payload ->> 'document')::uuid AND d.revision = (NEW.payload ->> 'revision')::integer
          AND (d.state = 'PENDING' OR (d.state = 'PROCESSING' AND d.worker = NEW.id));
    IF FOUND THEN
        PERFORM app.wake_documents();
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_document_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'document.process' AND OLD.state <> NEW.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD')) EXECUTE FUNCTION app.follow_document_job();

CREATE OR REPLACE TRIGGER document_free AFTER UPDATE OF state ON document FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('COMPLETED', 'FAILED')) EXECUTE FUNCTION app.drop_reservation();
CREATE OR REPLACE TRIGGER document_free_gone AFTER DELETE ON document FOR EACH ROW EXECUTE FUNCTION app.drop_reservation();

-- Tells whoever added a document that it can't be read. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_document() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.notifies('notify.document_failed') THEN
        PERFORM app.emit('notify.document_failed', app.type_id('document', NEW.id), NULL,
            jsonb_build_object('person', NEW.created_by_id, 'facts', jsonb_build_object('title', NEW.title, 'reason', NEW.failure_reason)));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER document_tell AFTER UPDATE ON document FOR EACH ROW
    WHEN (NEW.state = 'FAILED' AND OLD.state <> 'FAILED' AND NEW.created_by_id IS NOT NULL) EXECUTE FUNCTION app.tell_of_document();

-- ---- what bases hold ----------------------------------------------------------------------------------------------------------------------------

-- Documents of the base's own project, or of the school; so many, and no more. Whoever adds some waits for the base's turn. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_base_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
    held   record;
BEGIN
    FOR wanted IN SELECT n.tenant_id, n.knowledge_base_id, count(*) AS added FROM new_rows n GROUP BY n.tenant_id, n.knowledge_base_id ORDER BY n.knowledge_base_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        IF EXISTS (SELECT FROM new_rows n JOIN knowledge_base k ON k.tenant_id = n.tenant_id AND k.id = n.knowledge_base_id
                   JOIN document d ON d.tenant_id = n.tenant_id AND d.id = n.document_id
                   WHERE n.knowledge_base_id = wanted.knowledge_base_id AND d.project_id IS NOT NULL AND d.project_id IS DISTINCT FROM k.project_id) THEN
            PERFORM app.refuse('knowledge_scope');
        END IF;
        PERFORM app.lock_for('knowledge', wanted.knowledge_base_id);
        SELECT count(*) AS documents, coalesce(sum(d.passage_count), 0) AS passages INTO held
            FROM knowledge_base_document h JOIN document d ON d.tenant_id = h.tenant_id AND d.id = h.document_id
            WHERE h.tenant_id = wanted.tenant_id AND h.knowledge_base_id = wanted.knowledge_base_id;
        IF held.documents > 500 THEN
            PERFORM app.refuse('knowledge_documents', jsonb_build_object('limit', 500, 'used', held.documents - wanted.added)::text);
        ELSIF held.passages > 20000 THEN
            PERFORM app.refuse('knowledge_passages', jsonb_build_object('limit', 20000, 'used', held.passages)::text);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER knowledge_base_document_new AFTER INSERT ON knowledge_base_document REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_base_documents();

-- ---- finding ------------------------------------------------------------------------------------------------------------------------------------

-- The words of a search among passages: each once, none under three letters but of scripts in which two are a word.
CREATE OR REPLACE FUNCTION app.passage_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT w.word FROM unnest(public.search_words(words)) WITH ORDINALITY AS w(word, place)
                 WHERE length(w.word) >= 3 OR w.word ~ '[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u9FFF\uF900-\uFAFF]'
                 GROUP BY w.word ORDER BY min(w.place) LIMIT 24);

-- The best passages of these documents for some words, the best first: whose document and place they are, and how good. Any of the words may match, by its beginning; each
-- counts the more the rarer it is among these very documents. Where a vector of the words is given and the database compares vectors, the passages nearest to it are
-- found, too, and both ranks count. What else the school has makes no difference: of documents that hold little nothing but their own passages is read.
-- Whoever calls it has settled under row security which documents these are. Reveals: places of passages in them.
CREATE OR REPLACE FUNCTION app.best_passages(documents uuid[], words text, most integer, near real[] DEFAULT NULL)
    RETURNS TABLE (document_id uuid, place integer, score double precision)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    -- Passages that a word is counted in at most: beyond that it says little.
    common  CONSTANT integer := 1500;
    little  CONSTANT integer := 2000;
    total   bigint;
    word    text;
    asked   tsquery;
    counted bigint;
    queries tsquery[] := '{}';
    counts  bigint[] := '{}';
    weights double precision[] := '{}';
    wide    tsquery;
    reached bigint := 0;
    one     record;
BEGIN
    SELECT coalesce(sum(d.passage_count), 0) INTO total FROM document d WHERE d.tenant_id = school AND d.id = ANY (documents);
    IF total = 0 OR most < 1 THEN
        RETURN;
    END IF;
    FOREACH word IN ARRAY app.passage_words(words) LOOP
        asked := (quote_literal(word) || ':*')::tsquery;
        IF total <= little THEN
            WITH own AS MATERIALIZED (SELECT p.search FROM passage p WHERE p.tenant_id = school AND p.document_id = ANY (documents))
            SELECT count(*) INTO counted FROM own o WHERE o.search @@ asked;
        ELSE
            SELECT count(*) INTO counted FROM (SELECT FROM passage p WHERE p.tenant_id = school AND p.document_id = ANY (documents) AND p.search @@ asked LIMIT common + 1) AS n;
        END IF;
        IF counted > 0 THEN
            queries := queries || asked;
            counts := counts || counted;
            weights := weights || ln(1 + total::double precision / counted);
        END IF;
    END LOOP;
    -- The rarest words say which passages are looked at; the common ones are asked for where these find too few, and count in any case.
    FOR one IN SELECT q.asked, q.counted FROM unnest(queries, counts) AS q(asked, counted) ORDER BY q.counted, q.asked::text LOOP
        EXIT WHEN wide IS NOT NULL AND reached >= most AND (one.counted > common OR reached + one.counted > 2 * common);
        wide := CASE WHEN wide IS NULL THEN one.asked ELSE wide || one.asked END;
        reached := reached + one.counted;
    END LOOP;
    IF near IS NOT NULL AND app.has_vectors() THEN
        RETURN QUERY EXECUTE
            'WITH by_words AS (SELECT b.document_id, b.place, row_number() OVER (ORDER BY b.score DESC, b.document_id, b.place) AS rank
                               FROM app.passages_by_words($1, $2, $3, $4, 50, $7) AS b),
                  near AS (SELECT p.document_id, p.position AS place, row_number() OVER (ORDER BY p.embedding::vector <=> $5::vector, p.document_id, p.position) AS rank
                           FROM passage p WHERE p.tenant_id = $8 AND p.document_id = ANY ($1) AND cardinality(p.embedding) = cardinality($5)
                           ORDER BY p.embedding::vector <=> $5::vector, p.document_id, p.position LIMIT 50)
             SELECT m.document_id, m.place, sum(1.0::double precision / (60 + m.rank))
             FROM (SELECT * FROM by_words UNION ALL SELECT * FROM near) AS m GROUP BY m.document_id, m.place ORDER BY 3 DESC, 1, 2 LIMIT $6'
            USING documents, wide, queries, weights, near, most, total <= little, school;
    ELSE
        RETURN QUERY SELECT b.document_id, b.place, b.score FROM app.passages_by_words(documents, wide, queries, weights, most, total <= little) AS b;
    END IF;
END
$$;

-- Of these documents the passages that one query finds, ranked by the weights of those that match. For the function above.
CREATE OR REPLACE FUNCTION app.passages_by_words(documents uuid[], wide tsquery, queries tsquery[], weights double precision[], most integer, is_little boolean)
    RETURNS TABLE (document_id uuid, place integer, score double precision)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
BEGIN
    IF wide IS NULL THEN
        RETURN;
    ELSIF is_little THEN
        RETURN QUERY
            WITH own AS MATERIALIZED (SELECT p.document_id, p.position, p.search FROM passage p WHERE p.tenant_id = school AND p.document_id = ANY (documents))
            SELECT o.document_id, o.position, sum(w.weight) FROM own o JOIN unnest(queries, weights) AS w(asked, weight) ON o.search @@ w.asked
            GROUP BY o.document_id, o.position ORDER BY 3 DESC, 1, 2 LIMIT most;
    ELSE
        RETURN QUERY
            WITH found AS MATERIALIZED (
                SELECT p.document_id, p.position, p.search FROM passage p WHERE p.tenant_id = school AND p.document_id = ANY (documents) AND p.search @@ wide LIMIT 4000)
            SELECT f.document_id, f.position, sum(w.weight) FROM found f JOIN unnest(queries, weights) AS w(asked, weight) ON f.search @@ w.asked
            GROUP BY f.document_id, f.position ORDER BY 3 DESC, 1, 2 LIMIT most;
    END IF;
END
$$;

-- What an answer is given to go by, in the order of its markers: [{"document", "position", "title", "page", "heading"}]. Of an answer that is being written to the actor.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_citations(answer uuid, cited jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO message_citation (tenant_id, message_id, marker, title, page, heading, document_id, position, revision)
        SELECT m.tenant_id, m.id, c.place, c.said ->> 'title', (c.said ->> 'page')::integer, c.said ->> 'heading', (c.said ->> 'document')::uuid,
               (c.said ->> 'position')::integer, coalesce(p.revision, 0)
        FROM message m CROSS JOIN jsonb_array_elements(cited) WITH ORDINALITY AS c(said, place)
        LEFT JOIN passage p ON p.tenant_id = m.tenant_id AND p.document_id = (c.said ->> 'document')::uuid AND p.position = (c.said ->> 'position')::integer
        WHERE m.tenant_id = app.tenant_id() AND m.id = answer AND m.owner_id = app.user_id() AND m.role = 'ASSISTANT' AND m.state IN ('PENDING', 'RUNNING')
        ON CONFLICT ON CONSTRAINT message_citation_pkey DO NOTHING;
END
$$;

CREATE OR REPLACE TRIGGER document_archived AFTER INSERT OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION app.keep_archived('project_id');
CREATE OR REPLACE TRIGGER document_archived_change AFTER UPDATE OF title, file_id, text, revision ON document FOR EACH ROW EXECUTE FUNCTION app.keep_archived('project_id');
CREATE OR REPLACE TRIGGER document_touch BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER document_audit AFTER INSERT OR UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION app.audit('Document', 'id', 'text');
CREATE OR REPLACE TRIGGER knowledge_base_archived AFTER INSERT OR UPDATE OR DELETE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION app.keep_archived('project_id');
CREATE OR REPLACE TRIGGER knowledge_base_touch BEFORE UPDATE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER knowledge_base_audit AFTER INSERT OR UPDATE OR DELETE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION app.audit('KnowledgeBase', 'id');
CREATE OR REPLACE TRIGGER knowledge_base_document_audit AFTER INSERT OR DELETE ON knowledge_base_document FOR EACH ROW
    EXECUTE FUNCTION app.audit('KnowledgeBase', 'knowledge_base_id');

GRANT EXECUTE ON FUNCTION app.search_document(text), app.search_knowledge_base(text), app.base_document_counts(uuid[]), app.base_passage_counts(uuid[]),
    app.document_files(uuid[]), app.sweep_documents(integer), app.take_document(uuid, integer, uuid), app.fail_document(uuid, integer, uuid, text),
    app.finish_document(uuid, integer, uuid, integer, integer, integer[], text[], text[]), app.set_embeddings(uuid, integer, integer[], text[]),
    app.best_passages(uuid[], text, integer, real[]), app.note_citations(uuid, jsonb) TO lectern_app;
