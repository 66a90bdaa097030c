-- What proves that a loaded actor is still what they were: one row a school, changed by whatever changes who may do what in
-- it (`app.mark_access_changed`). A school without a row has no proof, and its actors are loaded for each request.
CREATE TABLE access_version (
    tenant_id uuid PRIMARY KEY REFERENCES tenant ON DELETE CASCADE,
    version   bigint NOT NULL
) WITH (fillfactor = 50);
