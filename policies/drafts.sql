-- policies/drafts.sql: generations are whose who asked for them; where drafts come from is seen with the course.

CALL app.raise_wall('generation');
CREATE POLICY generation_read ON generation FOR SELECT TO lectern_app USING (requested_by_id = (SELECT app.user_id()) AND (SELECT app.viewed_by()) IS NULL);
-- A draft of a course by who creates courses, a section anew by who changes them, a grade by who gives them.
CREATE POLICY generation_ask ON generation FOR INSERT TO lectern_app WITH CHECK (
    requested_by_id = (SELECT app.user_id()) AND state = 'PENDING'
    AND CASE kind WHEN 'COURSE' THEN (SELECT app.can('COURSE_CREATE'))
                  WHEN 'SECTION' THEN (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses()))
                  ELSE (SELECT app.can('GRADE_MANAGE')) END);
CREATE POLICY definer_all ON generation TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, kind, state, failure_reason, requested_by_id, client_request_id, request_digest, topic, audience, language, instructions, section_count,
        lessons_per_section, questions_per_section, knowledge_base_ids, overwrites_edits, model, prompt_tokens, completion_tokens, course_id, section_id, submission_id,
        points, maximum, feedback, created_at, updated_at, finished_at),
    INSERT (tenant_id, id, kind, requested_by_id, client_request_id, request_digest, topic, audience, language, instructions, section_count, lessons_per_section,
        questions_per_section, knowledge_base_ids, overwrites_edits, model, course_id, section_id, submission_id, maximum) ON generation TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, failure_reason, worker, prompt_tokens, completion_tokens, course_id, section_id, points, maximum, feedback, finished_at) ON generation TO lectern_definer;

REVOKE ALL ON generation_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON generation_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('generation_source');
-- With the generation; the documents have policies of their own.
CREATE POLICY generation_source_read ON generation_source FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM generation g WHERE g.tenant_id = generation_source.tenant_id AND g.id = generation_source.generation_id));
CREATE POLICY definer_all ON generation_source TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT ON generation_source TO lectern_app;
GRANT SELECT, INSERT, DELETE ON generation_source TO lectern_definer;

CALL app.raise_wall('generation_call');
-- By functions of the job alone.
CREATE POLICY definer_all ON generation_call TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (content) ON generation_call TO lectern_definer;

CALL app.raise_wall('provenance');
-- With the course. Written by functions alone.
CREATE POLICY provenance_read ON provenance FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = provenance.tenant_id AND c.id = provenance.course_id AND c.deleted_at IS NULL));
CREATE POLICY definer_all ON provenance TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT ON provenance TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (generation_id, model, generated_at, is_edited) ON provenance TO lectern_definer;
