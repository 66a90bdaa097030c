-- Reviews of applications, red flags, and what rules make of both.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   application_own   nobody votes on an application of their own

-- Whether the actor may vote on applications to a program. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.votes_on(program uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.can('APPLICATION_MANAGE') OR votes_on.program IN (SELECT app.reviewed_programs());
END
$$;

-- What rules say of an application: ACCEPTED, REJECTED, or NULL where people go on deciding. The first that holds: a red flag, a group whose members get in, no strategy, AUTO_ACCEPT, the veto,
-- the strategy. Whoever asks has the turn. For app.decide_by_rules.
CREATE OR REPLACE FUNCTION app.verdict(wanted uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a        application;
    p        program;
    votes    record;
    required record;
BEGIN
    SELECT * INTO a FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    SELECT * INTO p FROM program o WHERE o.tenant_id = a.tenant_id AND o.id = a.program_id;
    IF EXISTS (SELECT FROM red_flag f WHERE f.tenant_id = a.tenant_id AND f.user_id = a.user_id) THEN
        RETURN 'REJECTED';
    ELSIF EXISTS (
        SELECT FROM program_group g JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.group_id AND m.user_id = a.user_id
        WHERE g.tenant_id = a.tenant_id AND g.program_id = a.program_id AND g.group_id = a.group_id AND g.auto_accept) THEN
        RETURN 'ACCEPTED';
    ELSIF p.review_strategy IS NULL THEN
        RETURN NULL;
    ELSIF p.review_strategy = 'AUTO_ACCEPT' THEN
        RETURN 'ACCEPTED';
    END IF;
    SELECT count(*) FILTER (WHERE r.decision IN ('YES', 'STRONG_YES')) AS yeses, count(*) FILTER (WHERE r.decision IN ('NO', 'STRONG_NO')) AS noes,
           count(*) FILTER (WHERE r.decision = 'STRONG_NO') AS strong_noes, count(*) AS cast_votes,
           coalesce(sum(CASE r.decision WHEN 'STRONG_YES' THEN 2 WHEN 'YES' THEN 1 WHEN 'NO' THEN -1 ELSE -2 END), 0) AS score
        INTO votes FROM application_review r WHERE r.tenant_id = a.tenant_id AND r.application_id = wanted;
    IF (p.veto = 'STRONG_NO' AND votes.strong_noes > 0) OR (p.veto = 'ANY_NO' AND votes.noes > 0) THEN
        RETURN 'REJECTED';
    ELSIF p.review_strategy = 'WEIGHTED' THEN
        RETURN CASE WHEN votes.cast_votes = 0 THEN NULL WHEN votes.score >= p.accept_score THEN 'ACCEPTED' WHEN votes.score <= p.reject_score THEN 'REJECTED' END;
    END IF;
    -- Whom the applicant is: nobody votes on their own, and nobody waits for that.
    SELECT count(*) AS named, count(r.id) AS heard, count(r.id) FILTER (WHERE r.decision IN ('YES', 'STRONG_YES')) AS yeses INTO required
        FROM program_reviewer w LEFT JOIN application_review r ON r.tenant_id = w.tenant_id AND r.application_id = wanted AND r.reviewer_id = w.user_id
        WHERE w.tenant_id = a.tenant_id AND w.program_id = a.program_id AND w.is_required AND w.user_id <> a.user_id;
    IF (CASE WHEN p.review_strategy = 'THRESHOLD' THEN votes.yeses >= p.approvals_needed
             WHEN p.review_strategy = 'ALL_REVIEWERS' AND required.named > 0 THEN required.yeses = required.named
             ELSE votes.yeses > 0 END) THEN
        RETURN 'ACCEPTED';
    END IF;
    RETURN CASE WHEN required.named > 0 AND required.heard = required.named THEN 'REJECTED' END;
END
$$;

-- Decides what rules decide of an application that is handed in or was voted on: a party that is accepted and does not fit waits. Whoever asks has the turn. For functions.
CREATE OR REPLACE FUNCTION app.decide_by_rules(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    present CONSTANT text := (SELECT a.status FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted);
    target  text := coalesce(app.verdict(wanted), 'IN_REVIEW');
BEGIN
    IF target = 'ACCEPTED' AND NOT app.party_fits(wanted) THEN
        target := 'WAITLISTED';
    END IF;
    IF target <> present THEN
        PERFORM app.move_application(wanted, target, NULL);
    END IF;
END
$$;

-- The actor's vote on an application, in place of the one before; then rules decide. Reveals: whether it was theirs to vote on.
CREATE OR REPLACE FUNCTION app.review_application(wanted uuid, made uuid, vote text, remark text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.user_id = app.user_id() THEN
        PERFORM app.refuse('application_own');
    ELSIF a.id IS NULL OR NOT app.votes_on(a.program_id) OR NOT app.sees_application(wanted) THEN
        RETURN false;
    ELSIF a.status <> 'IN_REVIEW' THEN
        PERFORM app.refuse('application_transition');
    END IF;
    INSERT INTO application_review AS r (tenant_id, id, application_id, reviewer_id, decision, note)
        VALUES (a.tenant_id, made, wanted, app.user_id(), vote, remark)
        ON CONFLICT (tenant_id, application_id, reviewer_id) DO UPDATE SET decision = excluded.decision, note = excluded.note;
    PERFORM app.decide_by_rules(wanted);
    RETURN true;
END
$$;

-- Flags a person, or takes the flag away; NULL note: none. What they have in review or on a waiting list is rejected. Reveals: whether there is such a person.
CREATE OR REPLACE FUNCTION app.set_red_flag(person uuid, flagged boolean, remark text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own uuid;
    a   application;
BEGIN
    IF NOT app.can('APPLICATION_MANAGE') THEN
        RETURN false;
    END IF;
    -- Whoever is being deleted is waited for: nobody would take the flag away.
    IF NOT app.hold_person(person) THEN
        RETURN false;
    END IF;
    IF NOT flagged THEN
        DELETE FROM red_flag f WHERE f.tenant_id = app.tenant_id() AND f.user_id = person;
        RETURN true;
    END IF;
    INSERT INTO red_flag (tenant_id, user_id, flag_note) VALUES (app.tenant_id(), person, remark)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET flag_note = excluded.flag_note;
    -- What is submitted meanwhile waits for the turn of its program, or is found here.
    PERFORM app.lock_places(p.program_id) FROM (
        SELECT o.program_id FROM application o WHERE o.tenant_id = app.tenant_id() AND o.user_id = person AND o.status NOT IN ('REJECTED', 'ACCEPTED') ORDER BY o.program_id) AS p;
    FOR own IN
        SELECT o.id FROM application o WHERE o.tenant_id = app.tenant_id() AND o.user_id = person AND o.status IN ('IN_REVIEW', 'WAITLISTED') ORDER BY o.program_id
    LOOP
        a := app.take_turn(own);
        IF a.status IN ('IN_REVIEW', 'WAITLISTED') THEN
            PERFORM app.move_application(own, 'REJECTED', NULL);
        END IF;
    END LOOP;
    RETURN true;
END
$$;

-- Who of people is flagged. Reveals, to whoever manages applications: these ids.
CREATE OR REPLACE FUNCTION app.red_flagged(people uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('APPLICATION_MANAGE') THEN
        RETURN QUERY SELECT f.user_id FROM red_flag f WHERE f.tenant_id = app.tenant_id() AND f.user_id = ANY (people);
    END IF;
END
$$;

-- How the votes on applications stand, and which required reviewers are not yet heard; not on the actor's own. Reveals, to whoever sees reviews: that.
CREATE OR REPLACE FUNCTION app.review_summaries(wanted uuid[]) RETURNS TABLE (application_id uuid, strong_yes bigint, yes bigint, no bigint, strong_no bigint, outstanding uuid[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id, count(*) FILTER (WHERE r.decision = 'STRONG_YES'), count(*) FILTER (WHERE r.decision = 'YES'), count(*) FILTER (WHERE r.decision = 'NO'),
               count(*) FILTER (WHERE r.decision = 'STRONG_NO'),
               ARRAY(SELECT w.user_id FROM program_reviewer w
                     WHERE w.tenant_id = a.tenant_id AND w.program_id = a.program_id AND w.is_required AND w.user_id <> a.user_id
                       AND NOT EXISTS (SELECT FROM application_review v WHERE v.tenant_id = w.tenant_id AND v.application_id = a.id AND v.reviewer_id = w.user_id)
                     ORDER BY w.position, w.user_id)
        FROM application a LEFT JOIN application_review r ON r.tenant_id = a.tenant_id AND r.application_id = a.id
        WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (wanted) AND a.user_id <> app.user_id()
          AND (app.can('APPLICATION_READ_ALL') OR app.can('APPLICATION_MANAGE')
               OR (a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL AND a.program_id IN (SELECT app.reviewed_programs())))
        GROUP BY a.tenant_id, a.id;
END
$$;

-- How many applications wait for the actor's vote, as a named reviewer. Reveals: to the actor, this number.
CREATE OR REPLACE FUNCTION app.pending_reviews() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM application a
        WHERE a.tenant_id = app.tenant_id() AND a.program_id IN (SELECT app.reviewed_programs()) AND a.status = 'IN_REVIEW' AND a.user_id <> app.user_id()
          AND NOT EXISTS (SELECT FROM application_review r WHERE r.tenant_id = a.tenant_id AND r.application_id = a.id AND r.reviewer_id = app.user_id()));
END
$$;

-- Whoever listens to applications hears of votes. Reveals nothing.
CREATE OR REPLACE FUNCTION app.announce_review() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.announce('application', a.id, a.program_id) FROM application a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.application_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER application_review_announce AFTER INSERT OR UPDATE ON application_review FOR EACH ROW EXECUTE FUNCTION app.announce_review();

CREATE OR REPLACE TRIGGER application_review_touch BEFORE UPDATE ON application_review FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER application_review_audit AFTER INSERT OR UPDATE OR DELETE ON application_review FOR EACH ROW EXECUTE FUNCTION app.audit('ApplicationReview', 'id');
CREATE OR REPLACE TRIGGER red_flag_audit AFTER INSERT OR UPDATE OR DELETE ON red_flag FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');

GRANT EXECUTE ON FUNCTION app.review_application(uuid, uuid, text, text), app.set_red_flag(uuid, boolean, text), app.red_flagged(uuid[]), app.review_summaries(uuid[]),
    app.pending_reviews() TO lectern_app;
