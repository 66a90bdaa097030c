-- One row of every kind of what is earned, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO points_rule (tenant_id, key, points) SELECT app.tenant_id(), 'SIGN_IN', 5;

INSERT INTO level (tenant_id, number, name, min_points) SELECT app.tenant_id(), 1, current_setting('probe.word'), 0;

-- What follows from the ledger comes along: reward_standing, course_points.
INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, course_id, reason)
    SELECT e.tenant_id, e.id, e.user_id, 'MANUAL', 5, e.id::text, e.course_id, current_setting('probe.word')
    FROM (SELECT u.tenant_id, gen_random_uuid() AS id, u.id AS user_id, c.id AS course_id
          FROM app_user u JOIN course c ON c.tenant_id = u.tenant_id WHERE u.tenant_id = app.tenant_id()) AS e;

INSERT INTO leaderboard_absence (tenant_id, user_id) SELECT u.tenant_id, u.id FROM app_user u WHERE u.tenant_id = app.tenant_id();

-- One of each thing that a badge can be earned by.
INSERT INTO badge (tenant_id, id, name, description, rule, course_id)
    SELECT c.tenant_id, gen_random_uuid(), w.word, w.word, 'COURSE_COMPLETED', c.id
    FROM (SELECT o.* FROM course o WHERE o.tenant_id = app.tenant_id() LIMIT 1) AS c CROSS JOIN current_setting('probe.word') AS w(word);
INSERT INTO badge (tenant_id, id, name, description, rule, path_id)
    SELECT p.tenant_id, gen_random_uuid(), w.word, w.word, 'PATH_COMPLETED', p.id FROM learning_path p CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE p.tenant_id = app.tenant_id();

INSERT INTO badge_award (tenant_id, badge_id, user_id, reason)
    SELECT b.tenant_id, b.id, u.id, current_setting('probe.word') FROM badge b JOIN app_user u ON u.tenant_id = b.tenant_id WHERE b.tenant_id = app.tenant_id();
