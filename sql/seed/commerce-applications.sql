-- Who applies to the programs of commerce.sql, with whom, and what became of it. People are told apart by their place among the school's learners; the first is the
-- demo's learner.
CREATE TEMPORARY TABLE seed_applicant ON COMMIT DROP AS
    SELECT w.program, l.key AS person, w.n, w.status, w.size, w.offer, now() - make_interval(days => w.days) AS at
    FROM (VALUES
        ('summer', 1, 'ACCEPTED', 2, false, 30), ('summer', 2, 'ACCEPTED', 1, false, 29), ('summer', 3, 'ACCEPTED', 1, false, 28), ('summer', 4, 'ACCEPTED', 1, false, 27),
        ('summer', 5, 'ACCEPTED', 1, false, 26), ('summer', 6, 'ACCEPTED', 1, false, 25), ('summer', 7, 'ACCEPTED', 1, false, 20), ('summer', 8, 'ACCEPTED', 1, false, 16),
        ('summer', 9, 'ACCEPTED', 1, false, 15), ('summer', 10, 'ACCEPTED', 3, false, 14), ('summer', 11, 'IN_REVIEW', 1, false, 4), ('summer', 12, 'IN_REVIEW', 2, false, 2),
        ('summer', 13, 'DRAFT', 1, false, 1), ('summer', 14, 'REJECTED', 1, false, 18), ('summer', 15, 'WITHDRAWN', 1, false, 17), ('summer', 16, 'WAITLISTED', 1, true, 12),
        ('summer', 17, 'WAITLISTED', 2, false, 11), ('summer', 18, 'WAITLISTED', 1, false, 9), ('summer', 19, 'WAITLISTED', 3, false, 7),
        ('open', 1, 'ACCEPTED', 1, false, 10), ('open', 3, 'ACCEPTED', 2, false, 9), ('open', 5, 'ACCEPTED', 1, false, 8), ('open', 7, 'ACCEPTED', 1, false, 6), ('open', 12, 'DRAFT', 1, false, 2),
        ('past', 1, 'ACCEPTED', 1, false, 90), ('past', 2, 'ACCEPTED', 1, false, 88), ('past', 4, 'ACCEPTED', 1, false, 85), ('past', 6, 'ACCEPTED', 1, false, 80),
        ('past', 8, 'ACCEPTED', 1, false, 75), ('past', 9, 'WITHDRAWN', 1, false, 70)
    ) AS w(program, n, status, size, offer, days)
    JOIN (SELECT p.key, row_number() OVER (ORDER BY p.key = 'learner' DESC, p.key) AS n FROM seed_person p WHERE p.role = 'LEARNER') AS l ON l.n = w.n;

-- What they answered: of the reviewed program alone.
CREATE TEMPORARY TABLE seed_answer ON COMMIT DROP AS
    SELECT a.program, a.person, jsonb_build_object(
            'town', (ARRAY['Boulder', 'Graz', 'Oslo', 'Lyon', 'Porto', 'Ghent'])[1 + a.n % 6],
            'motivation', (ARRAY['I was there last year, and have talked of nothing else since.', 'My teacher said that I should.', 'To meet people who are as stubborn as I am.'])[1 + a.n % 3],
            'years', 1 + a.n % 9, 'level', (ARRAY['Beginner', 'Intermediate', 'Advanced'])[1 + a.n % 3],
            'topics', (ARRAY['["Practice", "Company"]', '["Theory"]', '["Quiet"]']::jsonb[])[1 + a.n % 3],
            'first_time', a.n % 2 = 0) AS answers
    FROM seed_applicant a WHERE a.program = 'summer';

INSERT INTO application (tenant_id, id, program_id, user_id, status, answers, form_version, not_shared, waitlisted_at, offered_at, offer_expires_at, submitted_at, decided_at,
        accepted_at, discount_percent, referral_id, fee_paid_at, fee_credited_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('application:' || a.program || ':' || a.n), pg_temp.id('program:' || a.program), pg_temp.id('user:' || a.person), a.status,
           coalesce(w.answers, '{}'), CASE WHEN a.status <> 'DRAFT' THEN CASE a.program WHEN 'summer' THEN 1 ELSE 0 END END,
           CASE WHEN a.n % 4 = 0 THEN '{}'::text[] ELSE '{email}' END,
           CASE a.status WHEN 'WAITLISTED' THEN a.at + interval '1 day' END, CASE WHEN a.offer THEN now() - interval '9 hours' END,
           CASE WHEN a.offer THEN now() + interval '39 hours' END, CASE WHEN a.status <> 'DRAFT' THEN a.at END,
           CASE WHEN a.status IN ('ACCEPTED', 'REJECTED') THEN a.at + interval '1 day' END, CASE a.status WHEN 'ACCEPTED' THEN a.at + interval '1 day' END,
           CASE WHEN a.program = 'summer' AND a.n = 6 THEN 500 END, CASE WHEN a.program = 'summer' AND a.n = 9 THEN pg_temp.id('referral:learner') END,
           CASE WHEN a.program = 'summer' AND a.status <> 'DRAFT' THEN a.at - interval '1 hour' END,
           CASE WHEN a.program = 'summer' AND a.status = 'ACCEPTED' THEN a.at + interval '1 day' END, a.at - interval '3 hours', a.at + interval '1 day'
    FROM seed_applicant a LEFT JOIN seed_answer w ON w.program = a.program AND w.person = a.person
    ORDER BY a.at;
INSERT INTO application_secret (tenant_id, application_id, user_id, answers)
    SELECT pg_temp.id('tenant'), pg_temp.id('application:summer:' || a.n), pg_temp.id('user:' || a.person), '{"health": "I am allergic to nuts."}'
    FROM seed_applicant a WHERE a.program = 'summer' AND a.n % 5 = 2;

-- Each comes alone, with somebody, or with a family. Whoever applies is known by their address; the others are not yet.
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, user_id, created_at)
    SELECT u.tenant_id, pg_temp.id('attendee:' || a.program || ':' || a.n || ':' || k.nth), pg_temp.id('application:' || a.program || ':' || a.n), pg_temp.id('program:' || a.program),
           (ARRAY['MAIN', 'SPOUSE', 'CHILD'])[k.nth],
           CASE k.nth WHEN 1 THEN u.name ELSE (ARRAY['Alex', 'Robin', 'Kim', 'Sascha', 'Toni'])[1 + (a.n + k.nth) % 5] || ' ' || split_part(u.name, ' ', 2) END,
           CASE k.nth WHEN 1 THEN u.email WHEN 2 THEN 'with-' || u.email END, CASE k.nth WHEN 1 THEN u.id END, a.at - interval '3 hours'
    FROM seed_applicant a JOIN app_user u ON u.tenant_id = pg_temp.id('tenant') AND u.id = pg_temp.id('user:' || a.person)
    CROSS JOIN LATERAL generate_series(1, a.size) AS k(nth) ORDER BY a.at, k.nth;

-- Each step, with what was answered then.
INSERT INTO application_event (tenant_id, id, application_id, at, from_status, to_status, message, answers, form_version, actor_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('step:' || a.program || ':' || a.n || ':' || s.nth), pg_temp.id('application:' || a.program || ':' || a.n), a.at + s.after, s.was, s.becomes, s.message,
           coalesce(w.answers, '{}'), CASE a.program WHEN 'summer' THEN 1 ELSE 0 END, s.who
    FROM seed_applicant a LEFT JOIN seed_answer w ON w.program = a.program AND w.person = a.person
    CROSS JOIN LATERAL (
        SELECT 1, interval '-3 hours', NULL, 'DRAFT', NULL::text, pg_temp.id('user:' || a.person)
        UNION ALL SELECT 2, '0', 'DRAFT', CASE a.program WHEN 'summer' THEN 'IN_REVIEW' ELSE 'ACCEPTED' END, NULL, pg_temp.id('user:' || a.person) WHERE a.status <> 'DRAFT'
        UNION ALL SELECT 3, '1 day', CASE a.program WHEN 'summer' THEN 'IN_REVIEW' ELSE 'ACCEPTED' END, a.status,
                         CASE a.status WHEN 'REJECTED' THEN 'We have more strings than chairs this year.' END,
                         CASE a.status WHEN 'WITHDRAWN' THEN pg_temp.id('user:' || a.person) ELSE pg_temp.id('user:instructor') END
                  WHERE a.status NOT IN ('DRAFT', CASE a.program WHEN 'summer' THEN 'IN_REVIEW' ELSE 'ACCEPTED' END)
    ) AS s(nth, after, was, becomes, message, who);

-- Votes: two who say yes accept; one strong no rejects; of those under review the required reviewer has not been heard.
INSERT INTO application_review (tenant_id, id, application_id, reviewer_id, decision, note, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('vote:' || a.n || ':' || r.position), pg_temp.id('application:summer:' || a.n), r.user_id,
           CASE WHEN a.status = 'REJECTED' THEN 'STRONG_NO' WHEN a.n % 3 = 0 THEN 'STRONG_YES' ELSE 'YES' END,
           CASE WHEN a.status = 'REJECTED' THEN 'Not with this group.' WHEN a.n % 4 = 0 THEN 'A pleasure to have around.' END,
           a.at + make_interval(hours => 8 * r.position), a.at + make_interval(hours => 8 * r.position)
    FROM seed_applicant a JOIN program_reviewer r ON r.tenant_id = pg_temp.id('tenant') AND r.program_id = pg_temp.id('program:summer')
    WHERE a.program = 'summer' AND CASE a.status WHEN 'ACCEPTED' THEN r.position <= 2 WHEN 'WAITLISTED' THEN r.position <= 2 WHEN 'REJECTED' THEN r.position = 1
                                                 WHEN 'IN_REVIEW' THEN r.position = 2 ELSE false END;
INSERT INTO red_flag (tenant_id, user_id, flag_note, raised_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || p.key), 'Left without paying, twice.', now() - interval '100 days' FROM seed_person p WHERE p.role = 'SUSPENDED';
