-- What can be booked beside people, and when whoever or whatever can be booked is open: by weekly rules, by single openings (availability), less time off.

-- Tags as one text, for the words that are searched: array_to_string is not immutable.
CREATE FUNCTION public.joined_tags(tags text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(t.tag, ' ' ORDER BY t.nth), '') FROM unnest(tags) WITH ORDINALITY AS t(tag, nth));
REVOKE ALL ON FUNCTION public.joined_tags(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.joined_tags(text[]) TO lectern_app, lectern_definer, lectern_platform;

CREATE TABLE resource (
    tenant_id        uuid NOT NULL REFERENCES tenant,
    id               uuid NOT NULL,
    name             text NOT NULL CONSTRAINT resource_name_check CHECK (length(name) BETWEEN 1 AND 200),
    kind             text NOT NULL CONSTRAINT resource_kind_check CHECK (kind IN ('ROOM', 'AIRCRAFT', 'VEHICLE', 'DEVICE', 'OTHER')),
    description      text CONSTRAINT resource_description_check CHECK (length(description) <= 10000),
    location         text CONSTRAINT resource_location_check CHECK (length(location) BETWEEN 1 AND 200),
    tags             text[] NOT NULL DEFAULT '{}' CONSTRAINT resource_tags_check CHECK (cardinality(tags) <= 20),
    mode             text NOT NULL DEFAULT 'FREE' CONSTRAINT resource_mode_check CHECK (mode IN ('FREE', 'APPROVAL_REQUIRED', 'UNBOOKABLE')),
    capacity         integer CONSTRAINT resource_capacity_check CHECK (capacity BETWEEN 1 AND 100000),
    setup_minutes    integer NOT NULL DEFAULT 0 CONSTRAINT resource_setup_check CHECK (setup_minutes BETWEEN 0 AND 480),
    teardown_minutes integer NOT NULL DEFAULT 0 CONSTRAINT resource_teardown_check CHECK (teardown_minutes BETWEEN 0 AND 480),
    time_zone        text NOT NULL,
    deleted_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    search           tsvector NOT NULL GENERATED ALWAYS AS
                         (array_to_tsvector(public.search_words(name || ' ' || coalesce(location, '') || ' ' || public.joined_tags(tags)))) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX resource_name_idx ON resource (tenant_id, name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX resource_search_idx ON resource USING gin (tenant_id, search);
CREATE INDEX resource_tags_idx ON resource USING gin (tenant_id, tags);

-- Time on the wall's clock of a zone, kept as that and never made into rows of spans: a zone that changes its law changes what is open,
-- and no row. The dates are those on which it begins; what ends no later than it begins ends on the day after.
CREATE TABLE availability_rule (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    instructor_id uuid,
    resource_id   uuid,
    weekdays      text[] NOT NULL CONSTRAINT availability_rule_weekdays_check
                      CHECK (cardinality(weekdays) BETWEEN 1 AND 7 AND weekdays <@ '{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY}'),
    from_time     text NOT NULL CONSTRAINT availability_rule_from_check CHECK (from_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    until_time    text NOT NULL CONSTRAINT availability_rule_until_check CHECK (until_time ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'),
    time_zone     text NOT NULL,
    valid_from    date NOT NULL,
    valid_until   date,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT availability_rule_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT availability_rule_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource,
    CONSTRAINT availability_rule_owner_check CHECK (num_nonnulls(instructor_id, resource_id) = 1),
    CONSTRAINT availability_rule_span_check CHECK (from_time <> until_time),
    CONSTRAINT availability_rule_dates_check CHECK (valid_until >= valid_from)
);
CREATE INDEX availability_rule_created_idx ON availability_rule (tenant_id, created_at, id);
CREATE INDEX availability_rule_instructor_idx ON availability_rule (tenant_id, instructor_id, created_at, id);
CREATE INDEX availability_rule_resource_idx ON availability_rule (tenant_id, resource_id, created_at, id);

-- What is taken off of what is open otherwise. 366 days are days of a zone, which the service knows: here is what none are longer than.
CREATE TABLE time_off (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    instructor_id uuid,
    resource_id   uuid,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    reason        text CONSTRAINT time_off_reason_check CHECK (length(reason) BETWEEN 1 AND 1000),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT time_off_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT time_off_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource,
    CONSTRAINT time_off_owner_check CHECK (num_nonnulls(instructor_id, resource_id) = 1),
    CONSTRAINT time_off_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '367 days')
);
CREATE INDEX time_off_starts_idx ON time_off (tenant_id, starts_at, id);
CREATE INDEX time_off_instructor_idx ON time_off (tenant_id, instructor_id, starts_at, id);
CREATE INDEX time_off_resource_idx ON time_off (tenant_id, resource_id, starts_at, id);

-- A single opening is an instructor's or a resource's.
ALTER TABLE availability
    ALTER COLUMN instructor_id DROP NOT NULL,
    ADD COLUMN resource_id uuid,
    ADD CONSTRAINT availability_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource,
    ADD CONSTRAINT availability_owner_check CHECK (num_nonnulls(instructor_id, resource_id) = 1);
CREATE INDEX availability_resource_idx ON availability (tenant_id, resource_id, starts_at, id);
