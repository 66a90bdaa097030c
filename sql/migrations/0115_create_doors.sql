-- The door of a program: every scan of a ticket; and what attendees get beside their tickets: courses and groups.

-- One scan of one device. Kept as it was, also refused ones.
CREATE TABLE check_in (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    program_id    uuid NOT NULL,
    -- The device's own name for the scan: the same again is the same row.
    client_id     text NOT NULL CONSTRAINT check_in_client_id_check CHECK (length(client_id) BETWEEN 1 AND 100),
    outcome       text NOT NULL CONSTRAINT check_in_outcome_check
                      CHECK (outcome IN ('ADMITTED', 'DUPLICATE', 'UNPAID', 'CANCELLED', 'NOT_VALID_NOW', 'WRONG_PROGRAM', 'UNKNOWN')),
    -- None: no ticket of the school has this code.
    ticket_id     uuid,
    -- As they were when it arrived.
    attendee_name text CONSTRAINT check_in_attendee_name_check CHECK (length(attendee_name) <= 200),
    product_name  text CONSTRAINT check_in_product_name_check CHECK (length(product_name) <= 200),
    station       text CONSTRAINT check_in_station_check CHECK (length(station) BETWEEN 1 AND 100),
    -- What it counts for: the day in the school's zone of a ticket that admits daily, else -infinity. Only where it was valid.
    admits_on     date,
    scanned_at    timestamptz NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT now(),
    by_id         uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT check_in_client_key UNIQUE (tenant_id, program_id, client_id),
    CONSTRAINT check_in_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT check_in_ticket_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket,
    CONSTRAINT check_in_by_fkey FOREIGN KEY (tenant_id, by_id) REFERENCES app_user,
    CONSTRAINT check_in_ticket_check CHECK ((ticket_id IS NULL) = (outcome = 'UNKNOWN')),
    CONSTRAINT check_in_admits_check CHECK ((admits_on IS NOT NULL) = (outcome IN ('ADMITTED', 'DUPLICATE')))
);
-- Of six doors at once one admits.
CREATE UNIQUE INDEX check_in_admitted_once ON check_in (tenant_id, ticket_id, admits_on) WHERE outcome = 'ADMITTED';
-- The latest first: of the school, of a program, of a ticket (the first time that a ticket was shown, too).
CREATE INDEX check_in_scanned_idx ON check_in (tenant_id, scanned_at, id);
CREATE INDEX check_in_program_idx ON check_in (tenant_id, program_id, scanned_at, id);
CREATE INDEX check_in_ticket_idx ON check_in (tenant_id, ticket_id, scanned_at, id) INCLUDE (outcome, admits_on);
CREATE INDEX check_in_by_idx ON check_in (tenant_id, by_id);

-- A course or a group that an attendee was to get, once it was tried. What was not tried yet has no row.
CREATE TABLE attendee_grant (
    tenant_id   uuid NOT NULL,
    attendee_id uuid NOT NULL,
    -- The course or the group.
    target_id   uuid NOT NULL GENERATED ALWAYS AS (coalesce(course_id, group_id)) STORED,
    course_id   uuid,
    group_id    uuid,
    -- Who got it.
    user_id     uuid NOT NULL,
    state       text NOT NULL CONSTRAINT attendee_grant_state_check CHECK (state IN ('DONE', 'FAILED', 'REVOKED')),
    -- Why it failed.
    reason      text CONSTRAINT attendee_grant_reason_check CHECK (length(reason) BETWEEN 1 AND 100),
    -- Whether this grant gave it; else they had it already, and it is not taken back.
    is_given    boolean NOT NULL DEFAULT false,
    tried_at    timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attendee_grant_pkey PRIMARY KEY (tenant_id, attendee_id, target_id),
    CONSTRAINT attendee_grant_attendee_fkey FOREIGN KEY (tenant_id, attendee_id) REFERENCES attendee ON DELETE CASCADE,
    CONSTRAINT attendee_grant_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT attendee_grant_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT attendee_grant_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT attendee_grant_target_check CHECK (num_nonnulls(course_id, group_id) = 1),
    CONSTRAINT attendee_grant_failed_check CHECK ((reason IS NOT NULL) = (state = 'FAILED')),
    CONSTRAINT attendee_grant_given_check CHECK (NOT is_given OR state = 'DONE')
);
CREATE INDEX attendee_grant_course_idx ON attendee_grant (tenant_id, course_id, user_id);
CREATE INDEX attendee_grant_group_idx ON attendee_grant (tenant_id, group_id, user_id);
CREATE INDEX attendee_grant_user_idx ON attendee_grant (tenant_id, user_id);
-- What is tried again: few of many.
CREATE INDEX attendee_grant_failed_idx ON attendee_grant (tenant_id, tried_at) WHERE state = 'FAILED';

-- Rosters of doors: the tickets of a program that let somebody in.
CREATE INDEX ticket_roster_idx ON ticket (tenant_id, program_id, created_at, id) WHERE status = 'ISSUED';
