-- Mails about a changed password say how many API keys go on: those that were asked for before there were any, say nothing of it.
UPDATE mail m SET parameters = m.parameters || '{"keys": ""}'
    WHERE (m.tenant_id, m.id) IN (
        SELECT o.tenant_id, o.id FROM mail o WHERE o.template = 'password_changed' AND NOT o.parameters ? 'keys' LIMIT 1000)
