-- Instructors stand above learners and participants, in the schools of before as well.
INSERT INTO role_manages (tenant_id, role_id, managed_role_id)
    SELECT own.tenant_id, own.id, below.id
    FROM role own JOIN role below ON below.tenant_id = own.tenant_id AND below.is_system AND below.key IN ('LEARNER', 'PARTICIPANT')
    WHERE own.is_system AND own.key = 'INSTRUCTOR'
      AND NOT EXISTS (SELECT FROM role_manages m WHERE m.tenant_id = own.tenant_id AND m.role_id = own.id AND m.managed_role_id = below.id)
    ORDER BY own.tenant_id, below.key LIMIT 1000
