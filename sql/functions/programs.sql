-- Programs: which steps they take, what stands beside them (currencies, counters of places), their forms, and what everybody may know of them.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   program_transition          no such step leads on from the program's state
--   program_in_use              people have applied to the program
--   program_below_used          fewer places than are taken (limit, used)
--   program_group_below_used    fewer members of a group than there are (limit, used)
--   program_currency_unknown    ISO 4217 has no such currency (index)
--   program_form_stale          the form has another version by now (version)
--   program_form_key_reused     a key was used with another type (index)

-- An amount as people read it, with the digits that its currency has: 12.50 EUR, 1200 JPY.
CREATE OR REPLACE FUNCTION app.money_text(amount bigint, currency text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT CASE WHEN c.exponent = 0 THEN amount::text
                        ELSE CASE WHEN amount < 0 THEN '-' ELSE '' END || (abs(amount) / (10 ^ c.exponent)::bigint)::text || '.'
                             || lpad((abs(amount) % (10 ^ c.exponent)::bigint)::text, c.exponent, '0') END || ' ' || c.code
            FROM public.currency c WHERE c.code = money_text.currency);
END
$$;

-- The programs that the actor sees in whatever state: those they have applied to, and those that name them as a reviewer. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.my_programs() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.program_id FROM application a WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id()
        UNION
        SELECT r.program_id FROM program_reviewer r WHERE r.tenant_id = app.tenant_id() AND r.user_id = app.user_id();
END
$$;

-- Whether the actor sees a program: the rule of policies/programs.sql, for functions that cross it. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.sees_program(program uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = sees_program.program
          AND (p.status IN ('ACTIVE', 'ENDED') OR app.can('PROGRAM_MANAGE') OR app.can('APPLICATION_READ_ALL') OR p.id IN (SELECT app.my_programs())));
END
$$;

-- Whether the actor reviews applications to a program: it names them, and they may review. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.is_reviewer_of(program uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.can('APPLICATION_REVIEW') AND EXISTS (
        SELECT FROM program_reviewer r WHERE r.tenant_id = app.tenant_id() AND r.program_id = is_reviewer_of.program AND r.user_id = app.user_id());
END
$$;

-- The same, of a program by its id. For functions.
CREATE OR REPLACE FUNCTION app.program_sells(program uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = program_sells.program AND app.sells(p));
END
$$;

-- Whether a program takes applications now: it sells, and its window is open. For functions.
CREATE OR REPLACE FUNCTION app.program_is_open(program uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = program_is_open.program AND p.status = 'ACTIVE' AND (p.ends_at IS NULL OR now() < p.ends_at)
          AND (p.applications_open_at IS NULL OR p.applications_open_at <= now()) AND (p.applications_close_at IS NULL OR now() < p.applications_close_at));
END
$$;

-- A program whose state stays as it is until this transaction ends, for whatever relies on that. For functions: NULL where there is none.
CREATE OR REPLACE FUNCTION app.enter_program(program uuid) RETURNS program
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    entered program;
BEGIN
    SELECT p.* INTO entered FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = enter_program.program FOR SHARE;
    RETURN entered;
END
$$;

-- How many places of programs are taken. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.places_taken(programs uuid[]) RETURNS TABLE (program_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.program_id, c.taken::bigint FROM program_places c WHERE c.tenant_id = app.tenant_id() AND c.program_id = ANY (programs);
END
$$;

-- How many parties wait for places of programs. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.waitlist_counts(programs uuid[]) RETURNS TABLE (program_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.program_id, c.waiting::bigint FROM program_places c WHERE c.tenant_id = app.tenant_id() AND c.program_id = ANY (programs);
END
$$;

-- How many members of groups are attendees of programs: of some programs, and of some groups. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.program_member_counts(programs uuid[], groups uuid[]) RETURNS TABLE (program_id uuid, group_id uuid, count integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.program_id, c.group_id, c.members FROM program_group_places c
        WHERE c.tenant_id = app.tenant_id() AND (c.program_id = ANY (programs) OR c.group_id = ANY (groups));
END
$$;

-- The steps that the actor may take programs now; back to a draft only without applications. Reveals: to PROGRAM_MANAGE, that.
CREATE OR REPLACE FUNCTION app.program_steps(programs uuid[]) RETURNS TABLE (program_id uuid, to_status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('PROGRAM_MANAGE') THEN
        RETURN QUERY
            SELECT p.id, t.to_status FROM program p JOIN program_transition t ON t.from_status = p.status
            WHERE p.tenant_id = app.tenant_id() AND p.id = ANY (programs)
              AND (t.to_status <> 'DRAFT' OR NOT EXISTS (SELECT FROM application a WHERE a.tenant_id = p.tenant_id AND a.program_id = p.id))
            ORDER BY p.id, array_position('{DRAFT,ACTIVE,ENDED,ARCHIVED}'::text[], t.to_status);
    END IF;
END
$$;

-- Programs found by the beginnings of words in name and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_program(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT p.id FROM program p WHERE p.tenant_id = app.tenant_id() AND p.search @@ wanted;
END
$$;

-- What everybody may know of the programs of a listed school in good standing, by its short name; the transaction stays in the school that it is in. Reveals: of
-- ACTIVE programs that are not over, what they are, and whether they are full.
CREATE OR REPLACE FUNCTION app.public_programs(school text)
    RETURNS TABLE (tenant_id uuid, id uuid, slug text, name text, description text, kind text, starts_at timestamptz, ends_at timestamptz,
                   applications_close_at timestamptz, is_full boolean)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
    found_in   CONSTANT uuid := (SELECT t.tenant_id FROM tenant t WHERE t.slug = lower(trim(school)) AND t.is_listed AND t.suspended_at IS NULL AND app.runs(t.tenant_id));
BEGIN
    IF found_in IS NOT NULL THEN
        PERFORM set_config('app.tenant_id', found_in::text, true);
        RETURN QUERY
            SELECT p.tenant_id, p.id, p.slug, p.name, p.description, p.kind, p.starts_at, p.ends_at, p.applications_close_at, coalesce(c.taken >= p.capacity, false)
            FROM program p JOIN program_places c ON c.tenant_id = p.tenant_id AND c.program_id = p.id
            WHERE p.tenant_id = found_in AND p.status = 'ACTIVE' AND (p.ends_at IS NULL OR now() < p.ends_at);
        PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true);
    END IF;
END
$$;

-- A program moves by the rows of program_transition alone, whoever moves it, and back to a draft only without applications. Whoever applies holds the program's row
-- (app.enter_program), so that none comes in between.
CREATE OR REPLACE FUNCTION app.check_program_move() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NOT EXISTS (SELECT FROM program_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('program_transition', jsonb_build_object('from', OLD.status)::text);
    ELSIF NEW.status = 'DRAFT' AND EXISTS (SELECT FROM application a WHERE a.tenant_id = NEW.tenant_id AND a.program_id = NEW.id) THEN
        PERFORM app.refuse('program_in_use');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER program_move BEFORE UPDATE OF status ON program FOR EACH ROW EXECUTE FUNCTION app.check_program_move();

-- Keeps what stands beside a program as it says: its currencies as rows that prices point at, and its capacity beside what is taken. Places that come free by it are
-- offered to who waits. Reveals: in a refusal, how many places are taken.
CREATE OR REPLACE FUNCTION app.follow_program() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    used    integer;
    unknown bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF TG_OP = 'INSERT' THEN
        INSERT INTO program_places (tenant_id, program_id, capacity) VALUES (NEW.tenant_id, NEW.id, NEW.capacity);
    ELSIF NEW.capacity IS DISTINCT FROM OLD.capacity THEN
        UPDATE program_places c SET capacity = NEW.capacity
            WHERE c.tenant_id = NEW.tenant_id AND c.program_id = NEW.id AND (NEW.capacity IS NULL OR c.taken <= NEW.capacity);
        IF NOT FOUND THEN
            SELECT c.taken INTO used FROM program_places c WHERE c.tenant_id = NEW.tenant_id AND c.program_id = NEW.id;
            PERFORM app.refuse('program_below_used', jsonb_build_object('limit', NEW.capacity, 'used', used)::text);
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.currencies <> OLD.currencies THEN
        SELECT min(l.nth) - 1 INTO unknown FROM unnest(NEW.currencies) WITH ORDINALITY AS l(code, nth) WHERE NOT EXISTS (SELECT FROM currency y WHERE y.code = l.code);
        IF unknown IS NOT NULL THEN
            PERFORM app.refuse('program_currency_unknown', jsonb_build_object('index', unknown)::text);
        END IF;
        INSERT INTO program_currency AS c (tenant_id, program_id, currency, position)
            SELECT NEW.tenant_id, NEW.id, l.currency, l.position FROM unnest(NEW.currencies) WITH ORDINALITY AS l(currency, position)
            ON CONFLICT ON CONSTRAINT program_currency_pkey DO UPDATE SET position = excluded.position WHERE c.position <> excluded.position;
        DELETE FROM program_currency c WHERE c.tenant_id = NEW.tenant_id AND c.program_id = NEW.id AND c.currency <> ALL (NEW.currencies);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.status = 'ACTIVE' AND (
        OLD.status = 'ENDED' OR (OLD.capacity IS NOT NULL AND (NEW.capacity IS NULL OR NEW.capacity > OLD.capacity)) OR NEW.ends_at IS DISTINCT FROM OLD.ends_at) THEN
        PERFORM app.advance_places(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER program_follow AFTER INSERT OR UPDATE OF status, capacity, currencies, ends_at ON program FOR EACH ROW EXECUTE FUNCTION app.follow_program();

-- Keeps how many members of a group there may be beside how many there are; without terms any number. Reveals: in a refusal, how many there are.
CREATE OR REPLACE FUNCTION app.follow_program_group() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    used integer;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        UPDATE program_group_places c SET max_members = NULL
            WHERE c.tenant_id = OLD.tenant_id AND c.program_id = OLD.program_id AND c.group_id = OLD.group_id AND c.max_members IS NOT NULL;
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO program_group_places AS c (tenant_id, program_id, group_id, max_members) VALUES (NEW.tenant_id, NEW.program_id, NEW.group_id, NEW.max_members)
        ON CONFLICT ON CONSTRAINT program_group_places_pkey DO UPDATE SET max_members = excluded.max_members
        WHERE excluded.max_members IS NULL OR c.members <= excluded.max_members;
    IF NOT FOUND THEN
        SELECT c.members INTO used FROM program_group_places c WHERE c.tenant_id = NEW.tenant_id AND c.program_id = NEW.program_id AND c.group_id = NEW.group_id;
        PERFORM app.refuse('program_group_below_used', jsonb_build_object('limit', NEW.max_members, 'used', used)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER program_group_follow AFTER INSERT OR UPDATE OR DELETE ON program_group FOR EACH ROW EXECUTE FUNCTION app.follow_program_group();

-- Gives a program another form: all its fields, as a JSON array of rows of program_form_field, under the next version. Those before stay as they are. Reveals: the
-- version; NULL where there is no such program.
CREATE OR REPLACE FUNCTION app.set_program_form(wanted uuid, expected integer, fields jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    present integer;
    reused  bigint;
BEGIN
    IF NOT app.can('PROGRAM_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s program';
    END IF;
    SELECT p.form_version INTO present FROM program p WHERE p.tenant_id = school AND p.id = wanted FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF present <> expected THEN
        PERFORM app.refuse('program_form_stale', jsonb_build_object('version', present)::text);
    END IF;
    SELECT min(f.nth) - 1 INTO reused FROM jsonb_array_elements(fields) WITH ORDINALITY AS f(field, nth)
        JOIN program_form_key k ON k.tenant_id = school AND k.program_id = wanted AND k.key = f.field ->> 'key' AND k.type <> f.field ->> 'type';
    IF reused IS NOT NULL THEN
        PERFORM app.refuse('program_form_key_reused', jsonb_build_object('index', reused)::text);
    END IF;
    INSERT INTO program_form_key (tenant_id, program_id, key, type)
        SELECT school, wanted, f.field ->> 'key', f.field ->> 'type' FROM jsonb_array_elements(fields) AS f(field) ON CONFLICT ON CONSTRAINT program_form_key_pkey DO NOTHING;
    INSERT INTO program_form_field (tenant_id, program_id, version, position, key, label, type, required, section, options, help, placeholder, min, max, max_length,
                                    in_directory, sensitive)
        SELECT school, wanted, present + 1, f.nth, r.key, r.label, r.type, r.required, r.section, r.options, r.help, r.placeholder, r.min, r.max, r.max_length,
               r.in_directory, r.sensitive
        FROM jsonb_array_elements(fields) WITH ORDINALITY AS f(field, nth) CROSS JOIN LATERAL jsonb_populate_record(NULL::program_form_field, f.field) AS r;
    UPDATE program p SET form_version = present + 1 WHERE p.tenant_id = school AND p.id = wanted;
    PERFORM app.hide_answers(wanted, NULL);
    RETURN present + 1;
END
$$;

-- Which of some people may review, in whatever role. Reveals: to PROGRAM_MANAGE, that.
CREATE OR REPLACE FUNCTION app.may_review(people uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('PROGRAM_MANAGE') THEN
        RETURN QUERY SELECT p.id FROM unnest(people) AS p(id) WHERE app.holds(p.id, 'APPLICATION_REVIEW');
    END IF;
END
$$;

-- Ends programs that are over; at most so many. Reveals: how many.
CREATE OR REPLACE FUNCTION app.end_programs(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended integer;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT p.id FROM program p WHERE p.tenant_id = app.tenant_id() AND p.status = 'ACTIVE' AND p.ends_at <= now()
        ORDER BY p.ends_at, p.id LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE program p SET status = 'ENDED' WHERE p.tenant_id = app.tenant_id() AND p.status = 'ACTIVE' AND p.id IN (SELECT d.id FROM due d);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;

-- Whoever is deleted reviews nothing any more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_reviewer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM program_reviewer r WHERE r.tenant_id = NEW.tenant_id AND r.user_id = NEW.id;
    RETURN NULL;
END
$$;
-- Nor is anybody named who is being deleted.
CREATE OR REPLACE TRIGGER program_reviewer_keep AFTER INSERT ON program_reviewer FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('user_id');
CREATE OR REPLACE TRIGGER app_user_retire_reviewer AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_reviewer();

CREATE OR REPLACE TRIGGER program_touch BEFORE UPDATE ON program FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER program_audit AFTER INSERT OR UPDATE OR DELETE ON program FOR EACH ROW EXECUTE FUNCTION app.audit('Program', 'id');
CREATE OR REPLACE TRIGGER program_reviewer_audit AFTER INSERT OR UPDATE OR DELETE ON program_reviewer FOR EACH ROW EXECUTE FUNCTION app.audit('Program', 'program_id');
CREATE OR REPLACE TRIGGER program_course_audit AFTER INSERT OR UPDATE OR DELETE ON program_course FOR EACH ROW EXECUTE FUNCTION app.audit('Program', 'program_id');
CREATE OR REPLACE TRIGGER program_link_group_audit AFTER INSERT OR UPDATE OR DELETE ON program_link_group FOR EACH ROW EXECUTE FUNCTION app.audit('Program', 'program_id');
CREATE OR REPLACE TRIGGER program_group_audit AFTER INSERT OR UPDATE OR DELETE ON program_group FOR EACH ROW EXECUTE FUNCTION app.audit('Program', 'program_id');

GRANT EXECUTE ON FUNCTION app.my_programs(), app.sees_program(uuid), app.is_reviewer_of(uuid), app.program_sells(uuid), app.program_is_open(uuid),
    app.places_taken(uuid[]), app.waitlist_counts(uuid[]), app.program_member_counts(uuid[], uuid[]), app.program_steps(uuid[]), app.search_program(text),
    app.public_programs(text), app.set_program_form(uuid, integer, jsonb), app.may_review(uuid[]), app.end_programs(integer) TO lectern_app;
