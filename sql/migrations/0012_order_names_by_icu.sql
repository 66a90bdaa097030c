-- Lists by name stand in the order of people: "aa, Éa, Zz" (ICU's root collation; the database's own may be that of bytes). The
-- service names the collation in each ORDER BY and in each comparison with a cursor (SortKey::name), and these indexes serve both.
DROP INDEX tenant_public_idx, app_user_name_idx, course_title_idx, user_group_name_idx;
CREATE INDEX tenant_public_idx ON tenant (name COLLATE "und-x-icu", tenant_id) WHERE is_listed AND suspended_at IS NULL;
CREATE INDEX app_user_name_idx ON app_user (tenant_id, name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX course_title_idx ON course (tenant_id, title COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX user_group_name_idx ON user_group (tenant_id, name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
