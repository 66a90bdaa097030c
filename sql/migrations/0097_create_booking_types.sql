-- What learners book without being answered one by one: how long, with whom, by what, under which rules.

CREATE TABLE booking_type (
    tenant_id                  uuid NOT NULL REFERENCES tenant,
    id                         uuid NOT NULL,
    name                       text NOT NULL CONSTRAINT booking_type_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description                text CONSTRAINT booking_type_description_check CHECK (length(description) <= 10000),
    is_active                  boolean NOT NULL DEFAULT true,
    course_id                  uuid,
    location                   text CONSTRAINT booking_type_location_check CHECK (length(location) BETWEEN 1 AND 200),
    -- Minutes; the first is the usual one.
    durations                  integer[] NOT NULL CONSTRAINT booking_type_durations_check CHECK (cardinality(durations) BETWEEN 1 AND 6 AND 5 <= ALL (durations) AND 1440 >= ALL (durations)),
    slot_step_minutes          integer NOT NULL DEFAULT 15 CONSTRAINT booking_type_step_check CHECK (slot_step_minutes BETWEEN 5 AND 1440),
    buffer_before_minutes      integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_before_check CHECK (buffer_before_minutes BETWEEN 0 AND 480),
    buffer_after_minutes       integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_after_check CHECK (buffer_after_minutes BETWEEN 0 AND 480),
    min_notice_minutes         integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_notice_check CHECK (min_notice_minutes BETWEEN 0 AND 525600),
    max_horizon_days           integer CONSTRAINT booking_type_horizon_check CHECK (max_horizon_days BETWEEN 1 AND 1095),
    seats                      integer NOT NULL DEFAULT 1 CONSTRAINT booking_type_seats_check CHECK (seats BETWEEN 1 AND 1000),
    needs_instructor           boolean NOT NULL DEFAULT true,
    strategy                   text NOT NULL DEFAULT 'ROUND_ROBIN' CONSTRAINT booking_type_strategy_check CHECK (strategy IN ('FIXED', 'ROUND_ROBIN', 'LEAST_BUSY')),
    learner_chooses_instructor boolean NOT NULL DEFAULT true,
    needs_approval             boolean NOT NULL DEFAULT false,
    holds_while_requested      boolean NOT NULL DEFAULT false,
    -- How many there may be of it; null: any number.
    per_learner                integer CONSTRAINT booking_type_per_learner_check CHECK (per_learner BETWEEN 1 AND 1000),
    per_learner_per_day        integer CONSTRAINT booking_type_per_learner_day_check CHECK (per_learner_per_day BETWEEN 1 AND 1000),
    per_learner_per_week       integer CONSTRAINT booking_type_per_learner_week_check CHECK (per_learner_per_week BETWEEN 1 AND 1000),
    open_per_learner           integer CONSTRAINT booking_type_open_check CHECK (open_per_learner BETWEEN 1 AND 1000),
    per_instructor_per_day     integer CONSTRAINT booking_type_per_instructor_day_check CHECK (per_instructor_per_day BETWEEN 1 AND 1000),
    per_instructor_per_week    integer CONSTRAINT booking_type_per_instructor_week_check CHECK (per_instructor_per_week BETWEEN 1 AND 1000),
    cancel_notice_minutes      integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_cancel_check CHECK (cancel_notice_minutes BETWEEN 0 AND 525600),
    allows_late_cancel         boolean NOT NULL DEFAULT false,
    reschedule_notice_minutes  integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_reschedule_check CHECK (reschedule_notice_minutes BETWEEN 0 AND 525600),
    max_reschedules            integer CONSTRAINT booking_type_reschedules_check CHECK (max_reschedules BETWEEN 0 AND 100),
    requires_reason            boolean NOT NULL DEFAULT false,
    -- Those of the school where nothing is said.
    reminder_minutes           integer[] NOT NULL
                                   CONSTRAINT booking_type_reminders_check CHECK (cardinality(reminder_minutes) <= 3 AND 5 <= ALL (reminder_minutes) AND 43200 >= ALL (reminder_minutes)),
    deleted_at                 timestamptz,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    search                     tsvector NOT NULL GENERATED ALWAYS AS
                                   (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '') || ' ' || coalesce(location, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT booking_type_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);
CREATE INDEX booking_type_name_idx ON booking_type (tenant_id, name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX booking_type_search_idx ON booking_type USING gin (tenant_id, search);
CREATE INDEX booking_type_course_idx ON booking_type (tenant_id, course_id, id);

-- Who takes bookings of a type, in their order. The counter is how many each was given by ROUND_ROBIN, less those that were cancelled.
CREATE TABLE booking_type_instructor (
    tenant_id        uuid NOT NULL,
    type_id          uuid NOT NULL,
    instructor_id    uuid NOT NULL,
    place            integer NOT NULL CONSTRAINT booking_type_instructor_place_check CHECK (place BETWEEN 1 AND 200),
    weight           integer NOT NULL DEFAULT 1 CONSTRAINT booking_type_instructor_weight_check CHECK (weight BETWEEN 1 AND 100),
    assigned_count   integer NOT NULL DEFAULT 0 CONSTRAINT booking_type_instructor_count_check CHECK (assigned_count >= 0),
    last_assigned_at timestamptz,
    PRIMARY KEY (tenant_id, type_id, instructor_id),
    CONSTRAINT booking_type_instructor_type_fkey FOREIGN KEY (tenant_id, type_id) REFERENCES booking_type ON DELETE CASCADE,
    CONSTRAINT booking_type_instructor_user_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user
);
CREATE INDEX booking_type_instructor_user_idx ON booking_type_instructor (tenant_id, instructor_id, type_id);

-- What a booking of a type needs beside people: one of the resources of each requirement, in their order.
CREATE TABLE booking_type_requirement (
    tenant_id uuid NOT NULL,
    type_id   uuid NOT NULL,
    place     integer NOT NULL CONSTRAINT booking_type_requirement_place_check CHECK (place BETWEEN 1 AND 5),
    name      text NOT NULL CONSTRAINT booking_type_requirement_name_check CHECK (length(name) BETWEEN 1 AND 200),
    PRIMARY KEY (tenant_id, type_id, place),
    CONSTRAINT booking_type_requirement_type_fkey FOREIGN KEY (tenant_id, type_id) REFERENCES booking_type ON DELETE CASCADE
);
CREATE TABLE booking_type_resource (
    tenant_id   uuid NOT NULL,
    type_id     uuid NOT NULL,
    resource_id uuid NOT NULL,
    requirement integer NOT NULL,
    place       integer NOT NULL CONSTRAINT booking_type_resource_place_check CHECK (place BETWEEN 1 AND 50),
    -- Each resource in one requirement.
    PRIMARY KEY (tenant_id, type_id, resource_id),
    CONSTRAINT booking_type_resource_requirement_fkey FOREIGN KEY (tenant_id, type_id, requirement) REFERENCES booking_type_requirement ON DELETE CASCADE,
    CONSTRAINT booking_type_resource_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource
);
CREATE INDEX booking_type_resource_requirement_idx ON booking_type_resource (tenant_id, type_id, requirement, place);
CREATE INDEX booking_type_resource_resource_idx ON booking_type_resource (tenant_id, resource_id, type_id);

-- Who may book: every rule must hold, any one of its subjects will do.
CREATE TABLE booking_type_rule (
    tenant_id   uuid NOT NULL,
    type_id     uuid NOT NULL,
    place       integer NOT NULL CONSTRAINT booking_type_rule_place_check CHECK (place BETWEEN 1 AND 10),
    kind        text NOT NULL CONSTRAINT booking_type_rule_kind_check CHECK (kind IN ('COURSE_ENROLLED', 'COURSE_IN_PROGRESS', 'COURSE_COMPLETED', 'LESSON_COMPLETED', 'GROUP_MEMBER', 'MAX_NO_SHOWS')),
    -- Of courses, lessons or groups, or none; without foreign keys, for they are of several tables: what is gone is met by nobody.
    subject_ids uuid[] NOT NULL DEFAULT '{}' CONSTRAINT booking_type_rule_subjects_check CHECK (CASE WHEN kind = 'MAX_NO_SHOWS' THEN cardinality(subject_ids) = 0 ELSE cardinality(subject_ids) BETWEEN 1 AND 20 END),
    -- The same as clients know them, for the log.
    subjects    text[] NOT NULL DEFAULT '{}' CONSTRAINT booking_type_rule_names_check CHECK (cardinality(subjects) = cardinality(subject_ids)),
    max_count   integer CONSTRAINT booking_type_rule_count_check CHECK (CASE WHEN kind = 'MAX_NO_SHOWS' THEN max_count BETWEEN 0 AND 100 ELSE max_count IS NULL END),
    PRIMARY KEY (tenant_id, type_id, place),
    CONSTRAINT booking_type_rule_type_fkey FOREIGN KEY (tenant_id, type_id) REFERENCES booking_type ON DELETE CASCADE
);

-- How much of one instructor's time may be booked, over all types and none.
CREATE TABLE instructor_limit (
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    max_minutes_per_day  integer CONSTRAINT instructor_limit_day_check CHECK (max_minutes_per_day BETWEEN 1 AND 1440),
    max_minutes_per_week integer CONSTRAINT instructor_limit_week_check CHECK (max_minutes_per_week BETWEEN 1 AND 10080),
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT instructor_limit_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);

-- What a booking keeps of its type as it was when it was booked, and what became of it. Null as long as there is nothing to say: bookings without a type
-- are as wide as ever, here and in the log.
ALTER TABLE booking
    ADD COLUMN booking_type_id        uuid,
    -- True where nobody is to take it; null otherwise.
    ADD COLUMN needs_no_instructor    boolean,
    -- True where it holds time from the request on; null otherwise.
    ADD COLUMN holds_while_requested  boolean,
    ADD COLUMN buffer_before_minutes  integer CONSTRAINT booking_before_check CHECK (buffer_before_minutes BETWEEN 0 AND 480),
    ADD COLUMN buffer_after_minutes   integer CONSTRAINT booking_after_check CHECK (buffer_after_minutes BETWEEN 0 AND 480),
    ADD COLUMN outcome                text CONSTRAINT booking_outcome_check CHECK (outcome IN ('ATTENDED', 'LATE', 'NO_SHOW', 'INSTRUCTOR_NO_SHOW')),
    ADD COLUMN minutes_late           integer CONSTRAINT booking_late_check CHECK (CASE WHEN outcome = 'LATE' THEN coalesce(minutes_late BETWEEN 1 AND 1440, false) ELSE minutes_late IS NULL END),
    -- How often it was moved; null: never.
    ADD COLUMN reschedule_count       integer,
    ADD COLUMN cancelled_at           timestamptz,
    ADD COLUMN cancelled_by_id        uuid,
    -- True where the learner cancelled it after the notice; null otherwise.
    ADD COLUMN is_late_cancel         boolean,
    -- The rules that a manager skipped.
    ADD COLUMN override               text[] CONSTRAINT booking_override_check CHECK (override <@ '{NOTICE,HORIZON,LIMITS,ELIGIBILITY}'),
    ADD CONSTRAINT booking_type_fkey FOREIGN KEY (tenant_id, booking_type_id) REFERENCES booking_type,
    ADD CONSTRAINT booking_cancelled_by_fkey FOREIGN KEY (tenant_id, cancelled_by_id) REFERENCES app_user,
    DROP CONSTRAINT booking_assigned_check,
    -- What needs no instructor has none; whoever was assigned stays named on a booking that was cancelled later.
    ADD CONSTRAINT booking_assigned_check CHECK (CASE WHEN needs_no_instructor THEN instructor_id IS NULL
                                                      WHEN status IN ('ASSIGNED', 'COMPLETED') THEN instructor_id IS NOT NULL
                                                      WHEN status IN ('REQUESTED', 'APPROVED') THEN instructor_id IS NULL ELSE true END);
CREATE INDEX booking_type_idx ON booking (tenant_id, booking_type_id, starts_at) WHERE booking_type_id IS NOT NULL;
CREATE INDEX booking_cancelled_by_idx ON booking (tenant_id, cancelled_by_id) WHERE cancelled_by_id IS NOT NULL;
-- For rules about how often somebody did not come.
CREATE INDEX booking_no_show_idx ON booking (tenant_id, student_id, starts_at) WHERE outcome = 'NO_SHOW';

-- Who was chosen by a strategy, why, and who else there was; of bookings for which a person chose there is none.
CREATE TABLE booking_assignment (
    tenant_id  uuid NOT NULL,
    booking_id uuid NOT NULL,
    strategy   text NOT NULL CONSTRAINT booking_assignment_strategy_check CHECK (strategy IN ('FIXED', 'ROUND_ROBIN', 'LEAST_BUSY')),
    reason     text NOT NULL CONSTRAINT booking_assignment_reason_check CHECK (length(reason) BETWEEN 1 AND 1000),
    at         timestamptz NOT NULL,
    -- [{"instructor", "is_chosen", "reason", "assigned", "minutes", "last"}], best first.
    candidates jsonb NOT NULL,
    PRIMARY KEY (tenant_id, booking_id),
    CONSTRAINT booking_assignment_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking ON DELETE CASCADE
);
