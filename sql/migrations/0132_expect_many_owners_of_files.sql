-- Where few people have brought all files, a plan for anybody would take everybody for one of them, and go through all files for those who see few. It works
-- from the next ANALYZE on.

ALTER TABLE file ALTER COLUMN owner_id SET (n_distinct = -0.02);
