-- The words of a demo school, filled by alpha-flight-school.sql or bravo-academy.sql and read by school.sql and life.sql.
CREATE TEMPORARY TABLE seed_person (key text PRIMARY KEY, name text NOT NULL, role text NOT NULL, joined_days_ago integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_course (
    key text PRIMARY KEY, title text NOT NULL, description text NOT NULL, teacher text NOT NULL, status text NOT NULL, capacity integer,
    enrollment_key text, tags text[] NOT NULL, created_days_ago integer NOT NULL,
    popularity integer NOT NULL, -- percent of the learners who are in it
    sections text[] NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_group (
    key text PRIMARY KEY, name text NOT NULL, description text NOT NULL, capacity integer, auto_enroll boolean NOT NULL,
    created_days_ago integer NOT NULL, leader text NOT NULL, members text[] NOT NULL, courses text[] NOT NULL) ON COMMIT DROP;
-- When instructors work, and the lessons that fit into it.
CREATE TEMPORARY TABLE seed_shift (starts time PRIMARY KEY, ends time NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_slot (starts time PRIMARY KEY, ends time NOT NULL) ON COMMIT DROP;
-- Files: `asset` is the file of sql/seed/files/ that holds the bytes. `shared` names people, groups and courses by their keys.
CREATE TEMPORARY TABLE seed_file (
    key text PRIMARY KEY, name text NOT NULL, content_type text NOT NULL, folder text NOT NULL, visibility text NOT NULL, owner text NOT NULL,
    asset text NOT NULL, created_days_ago integer NOT NULL, shared text[] NOT NULL DEFAULT '{}') ON COMMIT DROP;
-- Courses that come with lessons, and their parts. `together` teach a course beside its teacher.
CREATE TEMPORARY TABLE seed_taught (
    key text PRIMARY KEY, title text NOT NULL, subtitle text NOT NULL, description text NOT NULL, code text NOT NULL, teacher text NOT NULL, together text[] NOT NULL,
    tags text[] NOT NULL, created_days_ago integer NOT NULL, popularity integer NOT NULL, is_sequential boolean NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_part (
    course text NOT NULL, position integer NOT NULL, title text NOT NULL, opens_in_days integer, after integer, PRIMARY KEY (course, position)) ON COMMIT DROP;
-- What they are made of, and those of seed_course, whose parts are its sections; `file` names one of seed_file.
CREATE TEMPORARY TABLE seed_step (
    course text NOT NULL, part integer NOT NULL, position integer NOT NULL, kind text NOT NULL, title text NOT NULL, minutes integer NOT NULL, body text, url text,
    media_seconds integer, file text, in_days integer, extras text NOT NULL DEFAULT '', PRIMARY KEY (course, part, position)) ON COMMIT DROP;
-- What a quiz asks: of its own, or out of a pool. `right_one`: which option, or the number.
CREATE TEMPORARY TABLE seed_question (
    course text NOT NULL, position integer NOT NULL, is_of_pool boolean NOT NULL, kind text NOT NULL, prompt text NOT NULL, options text[] NOT NULL, right_one integer NOT NULL,
    explanation text, PRIMARY KEY (course, position)) ON COMMIT DROP;
-- What courses ask for, a path through several of them, and what is certified.
CREATE TEMPORARY TABLE seed_wanted (course text NOT NULL, requires text NOT NULL, PRIMARY KEY (course, requires)) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_way_through (key text PRIMARY KEY, title text NOT NULL, description text NOT NULL, courses text[] NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_certificate (course text PRIMARY KEY, title text NOT NULL, text text, signatory text NOT NULL, valid_months integer NOT NULL) ON COMMIT DROP;
-- Strangers who want to come in, and people who are asked in. Whoever was ACCEPTED is one of the people.
CREATE TEMPORARY TABLE seed_sign_up (
    key text PRIMARY KEY, name text NOT NULL, role text NOT NULL, message text, state text NOT NULL, note text, hours_ago integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_invitation (key text PRIMARY KEY, name text, role text NOT NULL, state text NOT NULL, hours_ago integer NOT NULL) ON COMMIT DROP;
-- Who wants another password, and keys that have ended.
CREATE TEMPORARY TABLE seed_password_wish (key text PRIMARY KEY, note text, hours_ago integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_api_key (
    key text PRIMARY KEY, owner text NOT NULL, name text NOT NULL, permissions text[] NOT NULL, hint text NOT NULL, ended_days_ago integer NOT NULL) ON COMMIT DROP;
-- What can be booked beside people. `hours`: from when to when it is open but on Sundays; null: day and night.
CREATE TEMPORARY TABLE seed_resource (
    key text PRIMARY KEY, name text NOT NULL, kind text NOT NULL, description text, location text, tags text[] NOT NULL, mode text NOT NULL, capacity integer,
    setup integer NOT NULL, teardown integer NOT NULL, hours text[]) ON COMMIT DROP;
-- What learners book without being asked about it. `teachers` with their `weights`; `things`: what it needs, and of which of the resources; `asks`: of a course.
CREATE TEMPORARY TABLE seed_booking_type (
    key text PRIMARY KEY, name text NOT NULL, description text, location text, course text, durations integer[] NOT NULL, step integer NOT NULL, before integer NOT NULL,
    after integer NOT NULL, notice integer NOT NULL, horizon integer, seats integer NOT NULL, strategy text NOT NULL, needs_approval boolean NOT NULL, holds boolean NOT NULL,
    per_learner integer, cancel_notice integer NOT NULL, teachers text[] NOT NULL, weights integer[] NOT NULL, things jsonb NOT NULL, asks text, asked_course text) ON COMMIT DROP;
