-- policies/knowledge.sql: which documents and bases an actor reads, who changes them, and what of an answer's sources they see.

CALL app.raise_wall('document', searched => true);
-- Of the school by whoever works with assistants; of a project by those in it.
CREATE POLICY document_read ON document FOR SELECT TO lectern_app USING (
    (project_id IS NULL AND (SELECT app.sees_school_wide())) OR project_id IN (SELECT app.entered_projects()));
CREATE POLICY document_add ON document FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('DOCUMENT_UPLOAD')) AND created_by_id = (SELECT app.user_id()) AND state = 'PENDING'
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.joined_projects())));
-- A project's by its MANAGERs, and by the MEMBER who has added it.
CREATE POLICY document_change ON document FOR UPDATE TO lectern_app USING (
    (SELECT app.can('DOCUMENT_UPLOAD'))
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.managed_projects())
         OR (created_by_id = (SELECT app.user_id()) AND project_id IN (SELECT app.joined_projects()))));
CREATE POLICY document_remove ON document FOR DELETE TO lectern_app USING (
    (SELECT app.can('DOCUMENT_DELETE'))
    OR ((SELECT app.can('DOCUMENT_UPLOAD'))
        AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.managed_projects())
             OR (created_by_id = (SELECT app.user_id()) AND project_id IN (SELECT app.joined_projects())))));
CREATE POLICY definer_all ON document TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, title, project_id, file_id, media_type, byte_size, state, failure_reason, revision, attempts, page_count, character_count, passage_count,
        created_by_id, created_at, updated_at, processed_at),
    INSERT (tenant_id, id, title, project_id, file_id, text, media_type, byte_size, created_by_id), UPDATE (title, file_id, text, media_type, byte_size, revision),
    DELETE ON document TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, failure_reason, attempts, worker, page_count, character_count, passage_count, processed_at) ON document TO lectern_definer;

REVOKE ALL ON document_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON document_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('passage', searched => true);
-- With the document. Written by functions alone.
CREATE POLICY passage_read ON passage FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM document d WHERE d.tenant_id = passage.tenant_id AND d.id = passage.document_id));
CREATE POLICY definer_all ON passage TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, document_id, position, revision, page, heading, text) ON passage TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (embedding) ON passage TO lectern_definer;

CALL app.raise_wall('knowledge_base', searched => true);
CREATE POLICY knowledge_base_read ON knowledge_base FOR SELECT TO lectern_app USING (
    (project_id IS NULL AND (SELECT app.sees_school_wide())) OR project_id IN (SELECT app.entered_projects()));
CREATE POLICY knowledge_base_add ON knowledge_base FOR INSERT TO lectern_app WITH CHECK (
    created_by_id = (SELECT app.user_id()) AND ((SELECT app.can('DOCUMENT_UPLOAD')) OR (SELECT app.can('AGENT_MANAGE')))
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.managed_projects())));
CREATE POLICY knowledge_base_change ON knowledge_base FOR UPDATE TO lectern_app USING (
    ((SELECT app.can('DOCUMENT_UPLOAD')) OR (SELECT app.can('AGENT_MANAGE')))
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.managed_projects())));
CREATE POLICY knowledge_base_remove ON knowledge_base FOR DELETE TO lectern_app USING (
    ((SELECT app.can('DOCUMENT_UPLOAD')) OR (SELECT app.can('AGENT_MANAGE')))
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR project_id IN (SELECT app.managed_projects())));
CREATE POLICY definer_all ON knowledge_base TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, project_id, name, description, created_by_id, created_at, updated_at),
    INSERT (tenant_id, id, project_id, name, description, created_by_id), UPDATE (name, description, updated_at), DELETE ON knowledge_base TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (updated_at) ON knowledge_base TO lectern_definer;

CALL app.raise_wall('knowledge_base_document');
-- Where base and document are seen. Changed with the base.
CREATE POLICY knowledge_base_document_read ON knowledge_base_document FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM knowledge_base k WHERE k.tenant_id = knowledge_base_document.tenant_id AND k.id = knowledge_base_document.knowledge_base_id)
    AND EXISTS (SELECT FROM document d WHERE d.tenant_id = knowledge_base_document.tenant_id AND d.id = knowledge_base_document.document_id));
CREATE POLICY knowledge_base_document_add ON knowledge_base_document FOR INSERT TO lectern_app WITH CHECK (
    ((SELECT app.can('DOCUMENT_UPLOAD')) OR (SELECT app.can('AGENT_MANAGE')))
    AND EXISTS (SELECT FROM knowledge_base k WHERE k.tenant_id = knowledge_base_document.tenant_id AND k.id = knowledge_base_document.knowledge_base_id
                AND ((k.project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR k.project_id IN (SELECT app.managed_projects()))));
CREATE POLICY knowledge_base_document_remove ON knowledge_base_document FOR DELETE TO lectern_app USING (
    ((SELECT app.can('DOCUMENT_UPLOAD')) OR (SELECT app.can('AGENT_MANAGE')))
    AND EXISTS (SELECT FROM knowledge_base k WHERE k.tenant_id = knowledge_base_document.tenant_id AND k.id = knowledge_base_document.knowledge_base_id
                AND ((k.project_id IS NULL AND (SELECT app.can('AGENT_MANAGE'))) OR k.project_id IN (SELECT app.managed_projects()))));
CREATE POLICY definer_all ON knowledge_base_document TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, knowledge_base_id, document_id), DELETE ON knowledge_base_document TO lectern_app;
GRANT SELECT, INSERT, DELETE ON knowledge_base_document TO lectern_definer;

CALL app.raise_wall('message_citation');
-- With the answer. Written by functions alone.
CREATE POLICY message_citation_read ON message_citation FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM message m WHERE m.tenant_id = message_citation.tenant_id AND m.id = message_citation.message_id));
CREATE POLICY definer_all ON message_citation TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT ON message_citation TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (is_cited) ON message_citation TO lectern_definer;
