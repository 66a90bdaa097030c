-- A role of a school's own that has the key of the new system role is called otherwise from now on.
UPDATE role r SET key = 'PARTICIPANT_OWN' WHERE (r.tenant_id, r.id) IN (
    SELECT own.tenant_id, own.id FROM role own
    WHERE own.key = 'PARTICIPANT' AND NOT own.is_system
      AND NOT EXISTS (SELECT FROM role taken WHERE taken.tenant_id = own.tenant_id AND taken.key = 'PARTICIPANT_OWN')
    LIMIT 1000)
