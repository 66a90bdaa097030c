-- Points, levels, streaks, badges: what people earn by learning.

-- What a school has decided otherwise than everybody gets it (app.points_rules).
CREATE TABLE points_rule (
    tenant_id uuid NOT NULL REFERENCES tenant,
    key       text NOT NULL CONSTRAINT points_rule_key_check CHECK (key IN ('SIGN_IN', 'LESSON_COMPLETED', 'QUIZ_PASSED', 'ASSIGNMENT_PASSED', 'COURSE_COMPLETED', 'PATH_COMPLETED')),
    points    integer NOT NULL CONSTRAINT points_rule_points_check CHECK (points BETWEEN 0 AND 10000),
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT points_rule_pkey PRIMARY KEY (tenant_id, key)
);

-- A school's own levels; none: those that everybody has (app.levels).
CREATE TABLE level (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    number     integer NOT NULL CONSTRAINT level_number_check CHECK (number BETWEEN 1 AND 20),
    name       text NOT NULL CONSTRAINT level_name_check CHECK (length(name) BETWEEN 1 AND 200),
    min_points integer NOT NULL CONSTRAINT level_min_points_check CHECK (min_points >= 0 AND (number > 1 OR min_points = 0)),
    CONSTRAINT level_pkey PRIMARY KEY (tenant_id, number),
    CONSTRAINT level_min_points_key UNIQUE (tenant_id, min_points)
);

-- The ledger: nothing in it is ever changed or deleted by a role of the service.
CREATE TABLE points_entry (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    user_id   uuid NOT NULL,
    rule      text NOT NULL CONSTRAINT points_entry_rule_check
                  CHECK (rule IN ('SIGN_IN', 'LESSON_COMPLETED', 'QUIZ_PASSED', 'ASSIGNMENT_PASSED', 'COURSE_COMPLETED', 'PATH_COMPLETED', 'MANUAL')),
    points    integer NOT NULL CONSTRAINT points_entry_points_check CHECK (points BETWEEN -100000 AND 100000 AND points <> 0),
    -- What it was earned by: the id of a lesson, a course, a path; a day of the school; for MANUAL the entry itself.
    source    text NOT NULL CONSTRAINT points_entry_source_check CHECK (length(source) BETWEEN 1 AND 40),
    course_id uuid,
    reason    text CONSTRAINT points_entry_reason_check CHECK ((reason IS NOT NULL) = (rule = 'MANUAL') AND length(reason) BETWEEN 1 AND 10000),
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    -- Once for each.
    CONSTRAINT points_entry_once UNIQUE (tenant_id, user_id, rule, source),
    CONSTRAINT points_entry_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT points_entry_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE SET NULL (course_id)
);
CREATE INDEX points_entry_at_idx ON points_entry (tenant_id, at, id);
CREATE INDEX points_entry_user_idx ON points_entry (tenant_id, user_id, at, id);
CREATE INDEX points_entry_course_idx ON points_entry (tenant_id, course_id, at, id);

-- What follows from the ledger, and the days on which somebody has learned. Written by functions alone.
CREATE TABLE reward_standing (
    tenant_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    points         bigint NOT NULL DEFAULT 0,
    -- So many days in a row up to `active_on`.
    streak         integer NOT NULL DEFAULT 0,
    longest_streak integer NOT NULL DEFAULT 0,
    active_on      date,
    CONSTRAINT reward_standing_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT reward_standing_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT reward_standing_streak_check CHECK (streak BETWEEN 0 AND longest_streak AND (active_on IS NULL) = (longest_streak = 0))
);
CREATE INDEX reward_standing_points_idx ON reward_standing (tenant_id, points);
CREATE INDEX reward_standing_streak_idx ON reward_standing (tenant_id, longest_streak);

-- The points that somebody has earned in a course.
CREATE TABLE course_points (
    tenant_id uuid NOT NULL,
    course_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    points    bigint NOT NULL,
    CONSTRAINT course_points_pkey PRIMARY KEY (tenant_id, course_id, user_id),
    CONSTRAINT course_points_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE,
    CONSTRAINT course_points_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX course_points_user_idx ON course_points (tenant_id, user_id);

-- Who does not want to be shown on leaderboards.
CREATE TABLE leaderboard_absence (
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    hidden_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT leaderboard_absence_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT leaderboard_absence_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);

CREATE TABLE badge (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    id           uuid NOT NULL,
    name         text NOT NULL CONSTRAINT badge_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description  text CONSTRAINT badge_description_check CHECK (length(description) BETWEEN 1 AND 10000),
    icon_file_id uuid,
    rule         text NOT NULL CONSTRAINT badge_rule_check
                     CHECK (rule IN ('MANUAL', 'POINTS', 'STREAK_DAYS', 'PERFECT_QUIZ', 'COURSES_COMPLETED', 'COURSE_COMPLETED', 'PATH_COMPLETED')),
    threshold    integer CONSTRAINT badge_threshold_check CHECK (threshold BETWEEN 1 AND 1000000000),
    -- None also where the course, or the path, is gone: nobody earns it any more.
    course_id    uuid,
    path_id      uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT badge_of_rule_check CHECK ((threshold IS NOT NULL) = (rule IN ('POINTS', 'STREAK_DAYS', 'COURSES_COMPLETED'))
        AND (course_id IS NULL OR rule = 'COURSE_COMPLETED') AND (path_id IS NULL OR rule = 'PATH_COMPLETED')),
    CONSTRAINT badge_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE SET NULL (course_id),
    CONSTRAINT badge_icon_fkey FOREIGN KEY (tenant_id, icon_file_id) REFERENCES file ON DELETE RESTRICT
);
CREATE INDEX badge_rule_idx ON badge (tenant_id, rule);
CREATE INDEX badge_course_idx ON badge (tenant_id, course_id);
CREATE INDEX badge_icon_idx ON badge (tenant_id, icon_file_id);

CREATE TABLE badge_award (
    tenant_id  uuid NOT NULL,
    badge_id   uuid NOT NULL,
    user_id    uuid NOT NULL,
    awarded_at timestamptz NOT NULL DEFAULT now(),
    -- Why, where somebody has given it.
    reason     text CONSTRAINT badge_award_reason_check CHECK (length(reason) BETWEEN 1 AND 10000),
    -- It was taken away: nobody earns it anew, but somebody may give it again.
    revoked_at timestamptz,
    revoke_reason text CONSTRAINT badge_award_revoke_reason_check CHECK (revoke_reason IS NULL OR (length(revoke_reason) BETWEEN 1 AND 10000 AND revoked_at IS NOT NULL)),
    CONSTRAINT badge_award_pkey PRIMARY KEY (tenant_id, badge_id, user_id),
    CONSTRAINT badge_award_badge_fkey FOREIGN KEY (tenant_id, badge_id) REFERENCES badge ON DELETE CASCADE,
    CONSTRAINT badge_award_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX badge_award_user_idx ON badge_award (tenant_id, user_id, awarded_at, badge_id);

ALTER TABLE tenant_settings
    ADD COLUMN gamification       boolean NOT NULL DEFAULT true,
    ADD COLUMN leaderboards       boolean NOT NULL DEFAULT true,
    -- After so many days without any activity somebody is at risk.
    ADD COLUMN risk_inactive_days integer NOT NULL DEFAULT 14 CONSTRAINT tenant_settings_risk_check CHECK (risk_inactive_days BETWEEN 1 AND 365);
