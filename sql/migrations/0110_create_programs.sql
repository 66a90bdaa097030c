-- What a school sells places in: programs, their forms, who reviews applications to them, and on which terms groups get in.

-- The currencies of ISO 4217 that have minor units, and how many digits of them.
CREATE TABLE currency (
    code     text PRIMARY KEY CONSTRAINT currency_code_check CHECK (code ~ '^[A-Z]{3}$'),
    exponent integer NOT NULL CONSTRAINT currency_exponent_check CHECK (exponent BETWEEN 0 AND 4)
);
INSERT INTO currency (code, exponent) SELECT c, 2 FROM regexp_split_to_table(
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK
     DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
     MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
     SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG', '\s+') AS c;
INSERT INTO currency (code, exponent) SELECT c, 0 FROM regexp_split_to_table(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', '\s+') AS c;
INSERT INTO currency (code, exponent) SELECT c, 3 FROM regexp_split_to_table(
    'BHD IQD JOD KWD LYD OMR TND', '\s+') AS c;
INSERT INTO currency (code, exponent) SELECT c, 4 FROM regexp_split_to_table(
    'CLF UYW', '\s+') AS c;

CREATE TABLE program_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO program_transition (from_status, to_status) VALUES
    ('DRAFT', 'ACTIVE'),
    ('DRAFT', 'ARCHIVED'),
    ('ACTIVE', 'DRAFT'),
    ('ACTIVE', 'ENDED'),
    ('ENDED', 'ACTIVE'),
    ('ENDED', 'ARCHIVED');

CREATE TABLE program (
    tenant_id                uuid NOT NULL REFERENCES tenant,
    id                       uuid NOT NULL,
    slug                     text NOT NULL CONSTRAINT program_slug_check CHECK (length(slug) BETWEEN 2 AND 63 AND slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name                     text NOT NULL CONSTRAINT program_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description              text CONSTRAINT program_description_check CHECK (length(description) <= 10000),
    kind                     text NOT NULL DEFAULT 'OTHER' CONSTRAINT program_kind_check CHECK (kind IN ('EVENT', 'TERM', 'RESIDENCY', 'CAMP', 'OTHER')),
    status                   text NOT NULL DEFAULT 'DRAFT' CONSTRAINT program_status_check CHECK (status IN ('DRAFT', 'ACTIVE', 'ENDED', 'ARCHIVED')),
    starts_at                timestamptz,
    ends_at                  timestamptz,
    applications_open_at     timestamptz,
    applications_close_at    timestamptz,
    -- Attendees; none: any number. What is taken stands in program_places.
    capacity                 integer CONSTRAINT program_capacity_check CHECK (capacity BETWEEN 1 AND 1000000),
    -- The first is the default. Each is a row of program_currency as well, kept there by trigger.
    currencies               text[] NOT NULL CONSTRAINT program_currencies_check CHECK (cardinality(currencies) BETWEEN 1 AND 5),
    fee_amount               integer CONSTRAINT program_fee_amount_check CHECK (fee_amount BETWEEN 1 AND 1999999999),
    fee_currency             text,
    credit_fee_on_acceptance boolean NOT NULL DEFAULT false,
    -- None: managers decide.
    review_strategy          text CONSTRAINT program_review_strategy_check
                                 CHECK (review_strategy IN ('AUTO_ACCEPT', 'ANY_REVIEWER', 'ALL_REVIEWERS', 'THRESHOLD', 'WEIGHTED')),
    veto                     text NOT NULL DEFAULT 'STRONG_NO' CONSTRAINT program_veto_check CHECK (veto IN ('NONE', 'STRONG_NO', 'ANY_NO')),
    approvals_needed         integer NOT NULL DEFAULT 1 CONSTRAINT program_approvals_needed_check CHECK (approvals_needed BETWEEN 1 AND 100),
    accept_score             integer NOT NULL DEFAULT 2 CONSTRAINT program_accept_score_check CHECK (accept_score BETWEEN -1000 AND 1000),
    reject_score             integer NOT NULL DEFAULT -2 CONSTRAINT program_reject_score_check CHECK (reject_score BETWEEN -1000 AND 1000),
    offer_hours              integer NOT NULL DEFAULT 48 CONSTRAINT program_offer_hours_check CHECK (offer_hours BETWEEN 1 AND 720),
    pay_within_days          integer CONSTRAINT program_pay_within_days_check CHECK (pay_within_days BETWEEN 1 AND 365),
    payment_minutes          integer NOT NULL DEFAULT 35 CONSTRAINT program_payment_minutes_check CHECK (payment_minutes BETWEEN 31 AND 1440),
    transfer_days            integer NOT NULL DEFAULT 7 CONSTRAINT program_transfer_days_check CHECK (transfer_days BETWEEN 1 AND 60),
    exchanges_until          timestamptz,
    has_directory            boolean NOT NULL DEFAULT false,
    enroll_when              text NOT NULL DEFAULT 'PAID' CONSTRAINT program_enroll_when_check CHECK (enroll_when IN ('ACCEPTED', 'PAID')),
    referrals_per_person     integer NOT NULL DEFAULT 0 CONSTRAINT program_referrals_per_person_check CHECK (referrals_per_person BETWEEN 0 AND 1000),
    -- 0: no form yet.
    form_version             integer NOT NULL DEFAULT 0 CONSTRAINT program_form_version_check CHECK (form_version >= 0),
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now(),
    search                   tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT program_slug_key UNIQUE (tenant_id, slug),
    CONSTRAINT program_span_check CHECK (ends_at > starts_at),
    CONSTRAINT program_window_check CHECK (applications_close_at > applications_open_at),
    CONSTRAINT program_scores_check CHECK (accept_score > reject_score),
    CONSTRAINT program_fee_check CHECK ((fee_amount IS NULL) = (fee_currency IS NULL)),
    CONSTRAINT program_fee_currency_check CHECK (fee_currency = ANY (currencies))
);
CREATE INDEX program_name_idx ON program (tenant_id, name COLLATE "und-x-icu", id);
CREATE INDEX program_starts_idx ON program (tenant_id, starts_at, id);
CREATE INDEX program_created_idx ON program (tenant_id, created_at, id);
CREATE INDEX program_search_idx ON program USING gin (tenant_id, search);
-- What is to end.
CREATE INDEX program_ends_idx ON program (tenant_id, ends_at, id) WHERE status = 'ACTIVE';

-- What is priced in a currency points here, with its program: so none of these goes that is in use.
CREATE TABLE program_currency (
    tenant_id  uuid NOT NULL,
    program_id uuid NOT NULL,
    currency   text NOT NULL,
    position   integer NOT NULL CONSTRAINT program_currency_position_check CHECK (position BETWEEN 1 AND 5),
    CONSTRAINT program_currency_pkey PRIMARY KEY (tenant_id, program_id, currency),
    CONSTRAINT program_currency_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE
);

-- Which type a key of a program's forms has: the same in every version.
CREATE TABLE program_form_key (
    tenant_id  uuid NOT NULL,
    program_id uuid NOT NULL,
    key        text NOT NULL CONSTRAINT program_form_key_key_check CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$' AND key NOT IN ('name', 'email')),
    type       text NOT NULL CONSTRAINT program_form_key_type_check
                   CHECK (type IN ('TEXT', 'TEXTAREA', 'NUMBER', 'BOOLEAN', 'SELECT', 'MULTISELECT', 'DATE', 'EMAIL', 'URL', 'FILE')),
    CONSTRAINT program_form_key_pkey PRIMARY KEY (tenant_id, program_id, key),
    CONSTRAINT program_form_key_typed_key UNIQUE (tenant_id, program_id, key, type),
    CONSTRAINT program_form_key_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE
);

-- The forms, a row for each field of each version. They are never changed.
CREATE TABLE program_form_field (
    tenant_id    uuid NOT NULL,
    program_id   uuid NOT NULL,
    version      integer NOT NULL CONSTRAINT program_form_field_version_check CHECK (version >= 1),
    position     integer NOT NULL CONSTRAINT program_form_field_position_check CHECK (position BETWEEN 1 AND 60),
    key          text NOT NULL,
    label        text NOT NULL CONSTRAINT program_form_field_label_check CHECK (length(label) BETWEEN 1 AND 200),
    type         text NOT NULL,
    required     boolean NOT NULL DEFAULT false,
    section      text CONSTRAINT program_form_field_section_check CHECK (length(section) BETWEEN 1 AND 200),
    options      text[] NOT NULL DEFAULT '{}',
    help         text CONSTRAINT program_form_field_help_check CHECK (length(help) <= 10000),
    placeholder  text CONSTRAINT program_form_field_placeholder_check CHECK (length(placeholder) BETWEEN 1 AND 200),
    min          double precision,
    max          double precision,
    max_length   integer,
    in_directory boolean NOT NULL DEFAULT false,
    sensitive    boolean NOT NULL DEFAULT false,
    CONSTRAINT program_form_field_pkey PRIMARY KEY (tenant_id, program_id, version, position),
    CONSTRAINT program_form_field_key_key UNIQUE (tenant_id, program_id, version, key),
    CONSTRAINT program_form_field_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_form_field_type_fkey FOREIGN KEY (tenant_id, program_id, key, type) REFERENCES program_form_key (tenant_id, program_id, key, type) ON DELETE CASCADE,
    CONSTRAINT program_form_field_options_check CHECK (CASE WHEN type IN ('SELECT', 'MULTISELECT') THEN cardinality(options) BETWEEN 1 AND 100 ELSE cardinality(options) = 0 END),
    CONSTRAINT program_form_field_range_check CHECK ((type = 'NUMBER' OR (min IS NULL AND max IS NULL)) AND min <= max),
    CONSTRAINT program_form_field_max_length_check
        CHECK (CASE type WHEN 'TEXT' THEN max_length BETWEEN 1 AND 200 WHEN 'TEXTAREA' THEN max_length BETWEEN 1 AND 10000 ELSE max_length IS NULL END),
    CONSTRAINT program_form_field_directory_check CHECK (NOT (in_directory AND sensitive))
);
CREATE INDEX program_form_field_type_idx ON program_form_field (tenant_id, program_id, key, type);

CREATE TABLE program_reviewer (
    tenant_id   uuid NOT NULL,
    program_id  uuid NOT NULL,
    user_id     uuid NOT NULL,
    is_required boolean NOT NULL DEFAULT false,
    position    integer NOT NULL CONSTRAINT program_reviewer_position_check CHECK (position BETWEEN 1 AND 100),
    CONSTRAINT program_reviewer_pkey PRIMARY KEY (tenant_id, program_id, user_id),
    CONSTRAINT program_reviewer_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_reviewer_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX program_reviewer_user_idx ON program_reviewer (tenant_id, user_id, program_id);

-- What attendees are enrolled in, and join.
CREATE TABLE program_course (
    tenant_id  uuid NOT NULL,
    program_id uuid NOT NULL,
    course_id  uuid NOT NULL,
    CONSTRAINT program_course_pkey PRIMARY KEY (tenant_id, program_id, course_id),
    CONSTRAINT program_course_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_course_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE
);
CREATE INDEX program_course_course_idx ON program_course (tenant_id, course_id, program_id);

CREATE TABLE program_link_group (
    tenant_id  uuid NOT NULL,
    program_id uuid NOT NULL,
    group_id   uuid NOT NULL,
    CONSTRAINT program_link_group_pkey PRIMARY KEY (tenant_id, program_id, group_id),
    CONSTRAINT program_link_group_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_link_group_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group
);
CREATE INDEX program_link_group_group_idx ON program_link_group (tenant_id, group_id, program_id);

-- Groups that get in on terms of their own.
CREATE TABLE program_group (
    tenant_id   uuid NOT NULL,
    program_id  uuid NOT NULL,
    group_id    uuid NOT NULL,
    -- In hundredths of a percent.
    percent_off integer NOT NULL DEFAULT 0 CONSTRAINT program_group_percent_off_check CHECK (percent_off BETWEEN 0 AND 10000),
    max_members integer CONSTRAINT program_group_max_members_check CHECK (max_members BETWEEN 0 AND 1000000),
    auto_accept boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT program_group_pkey PRIMARY KEY (tenant_id, program_id, group_id),
    CONSTRAINT program_group_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_group_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group
);
CREATE INDEX program_group_group_idx ON program_group (tenant_id, group_id, program_id);

-- Counters, one row for each program: attendees of those who are accepted or hold an offer, and parties that wait. Narrow, because they change often.
CREATE TABLE program_places (
    tenant_id  uuid NOT NULL,
    program_id uuid NOT NULL,
    capacity   integer,
    taken      integer NOT NULL DEFAULT 0 CONSTRAINT program_places_taken_positive_check CHECK (taken >= 0),
    waiting    integer NOT NULL DEFAULT 0 CONSTRAINT program_places_waiting_check CHECK (waiting >= 0),
    CONSTRAINT program_places_pkey PRIMARY KEY (tenant_id, program_id),
    CONSTRAINT program_places_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_places_taken_check CHECK (taken <= capacity)
) WITH (fillfactor = 50);

-- MEMBER attendees of a group in a program. The row stays when the group's terms go: its members stay, too.
CREATE TABLE program_group_places (
    tenant_id   uuid NOT NULL,
    program_id  uuid NOT NULL,
    group_id    uuid NOT NULL,
    max_members integer,
    members     integer NOT NULL DEFAULT 0 CONSTRAINT program_group_places_positive_check CHECK (members >= 0),
    CONSTRAINT program_group_places_pkey PRIMARY KEY (tenant_id, program_id, group_id),
    CONSTRAINT program_group_places_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_group_places_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT program_group_places_members_check CHECK (members <= max_members)
) WITH (fillfactor = 50);
CREATE INDEX program_group_places_group_idx ON program_group_places (tenant_id, group_id);
