-- One row of every kind of knowledge, for schools that are there to be attacked; identity.sql says what may be relied on. The knowledge base is there already. The document is the
-- school's: administrators see it by no more than the wall.
INSERT INTO document (tenant_id, id, title, file_id, media_type, byte_size, state, page_count, character_count, passage_count, created_by_id, processed_at)
    SELECT f.tenant_id, gen_random_uuid(), w.word, f.id, 'text/plain', 4, 'COMPLETED', 1, 4, 1, f.owner_id, now()
    FROM file f CROSS JOIN current_setting('probe.word') AS w(word) WHERE f.tenant_id = app.tenant_id() AND f.visibility = 'PRIVATE' ORDER BY f.id LIMIT 1;

INSERT INTO passage (tenant_id, document_id, position, revision, page, heading, text)
    SELECT d.tenant_id, d.id, 1, 1, 1, d.title, d.title FROM document d WHERE d.tenant_id = app.tenant_id();

INSERT INTO knowledge_base_document (tenant_id, knowledge_base_id, document_id)
    SELECT k.tenant_id, k.id, d.id FROM knowledge_base k JOIN document d ON d.tenant_id = k.tenant_id WHERE k.tenant_id = app.tenant_id();

INSERT INTO message_citation (tenant_id, message_id, marker, title, page, heading, document_id, position, revision)
    SELECT m.tenant_id, m.id, 1, d.title, 1, d.title, d.id, 1, 1 FROM message m JOIN document d ON d.tenant_id = m.tenant_id
    WHERE m.tenant_id = app.tenant_id() AND m.role = 'ASSISTANT';
