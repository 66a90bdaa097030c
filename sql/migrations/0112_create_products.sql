-- What a program sells, and what takes something off: products with prices and stock, coupons, referrals.

CREATE TABLE product (
    tenant_id           uuid NOT NULL,
    id                  uuid NOT NULL,
    program_id          uuid NOT NULL,
    name                text NOT NULL CONSTRAINT product_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description         text CONSTRAINT product_description_check CHECK (length(description) BETWEEN 1 AND 10000),
    kind                text NOT NULL CONSTRAINT product_kind_check CHECK (kind IN ('TICKET', 'HOUSING', 'MERCH', 'OTHER')),
    -- Of tickets, and of all of them.
    duration            text CONSTRAINT product_duration_check CHECK (duration IN ('DAY', 'WEEK', 'MONTH', 'FULL')),
    admission           text NOT NULL DEFAULT 'ONCE' CONSTRAINT product_admission_check CHECK (admission IN ('ONCE', 'DAILY')),
    per_person_limit    integer CONSTRAINT product_person_limit_check CHECK (per_person_limit BETWEEN 1 AND 1000000),
    per_order_limit     integer CONSTRAINT product_order_limit_check CHECK (per_order_limit BETWEEN 1 AND 1000000),
    -- Half-open; either end may be missing.
    sale_starts_at      timestamptz,
    sale_ends_at        timestamptz,
    valid_from          timestamptz,
    valid_until         timestamptz,
    exclusive           boolean NOT NULL DEFAULT false,
    requires_product_id uuid,
    discountable        boolean NOT NULL DEFAULT true,
    exchangeable        boolean NOT NULL DEFAULT true,
    -- Hundredths of a percent.
    tax_percent         integer NOT NULL DEFAULT 0 CONSTRAINT product_tax_check CHECK (tax_percent BETWEEN 0 AND 10000),
    tax_included        boolean NOT NULL DEFAULT true,
    position            integer NOT NULL DEFAULT 0 CONSTRAINT product_position_check CHECK (position BETWEEN 0 AND 1000000),
    is_active           boolean NOT NULL DEFAULT true,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT product_of_program UNIQUE (tenant_id, program_id, id),
    CONSTRAINT product_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    -- Of the same program.
    CONSTRAINT product_requires_fkey FOREIGN KEY (tenant_id, program_id, requires_product_id) REFERENCES product (tenant_id, program_id, id),
    CONSTRAINT product_requires_check CHECK (requires_product_id <> id),
    CONSTRAINT product_duration_of_ticket CHECK ((kind = 'TICKET') = (duration IS NOT NULL)),
    CONSTRAINT product_sale_check CHECK (sale_ends_at > sale_starts_at),
    CONSTRAINT product_validity_check CHECK (valid_until > valid_from)
);
CREATE INDEX product_program_idx ON product (tenant_id, program_id, position, id);
CREATE INDEX product_requires_idx ON product (tenant_id, program_id, requires_product_id) WHERE requires_product_id IS NOT NULL;

-- One price in each currency of the program; minor units.
CREATE TABLE product_price (
    tenant_id  uuid NOT NULL,
    product_id uuid NOT NULL,
    currency   text NOT NULL,
    program_id uuid NOT NULL,
    amount     integer NOT NULL CONSTRAINT product_price_amount_check CHECK (amount BETWEEN 0 AND 1999999999),
    position   smallint NOT NULL,
    CONSTRAINT product_price_pkey PRIMARY KEY (tenant_id, product_id, currency),
    -- With the program at once: its currencies go before its products do.
    CONSTRAINT product_price_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT product_price_product_fkey FOREIGN KEY (tenant_id, program_id, product_id) REFERENCES product (tenant_id, program_id, id) ON DELETE CASCADE,
    -- A currency that something is priced in can't be dropped.
    CONSTRAINT product_price_currency_fkey FOREIGN KEY (tenant_id, program_id, currency) REFERENCES program_currency (tenant_id, program_id, currency)
);
CREATE INDEX product_price_product_idx ON product_price (tenant_id, program_id, product_id);
CREATE INDEX product_price_currency_idx ON product_price (tenant_id, program_id, currency);

-- How many there are (none: any number), and how many live tickets hold: HELD and ISSUED. A narrow row of its own, because everybody who buys takes it.
CREATE TABLE product_stock (
    tenant_id  uuid NOT NULL,
    product_id uuid NOT NULL,
    stock      integer CONSTRAINT product_stock_stock_check CHECK (stock BETWEEN 0 AND 1000000),
    held       integer NOT NULL DEFAULT 0,
    CONSTRAINT product_stock_pkey PRIMARY KEY (tenant_id, product_id),
    CONSTRAINT product_stock_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES product ON DELETE CASCADE,
    CONSTRAINT product_stock_held_check CHECK (held >= 0 AND held <= stock)
) WITH (fillfactor = 50);

CREATE TABLE coupon (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    program_id      uuid NOT NULL,
    code            text NOT NULL CONSTRAINT coupon_code_check CHECK (code ~ '^[A-Z0-9_-]{3,40}$'),
    -- Hundredths of a percent.
    percent_off     integer CONSTRAINT coupon_percent_check CHECK (percent_off BETWEEN 1 AND 10000),
    amount_off      integer CONSTRAINT coupon_amount_check CHECK (amount_off BETWEEN 1 AND 1999999999),
    currency        text,
    uses_per_person integer CONSTRAINT coupon_uses_per_person_check CHECK (uses_per_person BETWEEN 1 AND 1000000),
    starts_at       timestamptz,
    ends_at         timestamptz,
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT coupon_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT coupon_currency_fkey FOREIGN KEY (tenant_id, program_id, currency) REFERENCES program_currency (tenant_id, program_id, currency),
    CONSTRAINT coupon_off_check CHECK ((percent_off IS NULL) <> (amount_off IS NULL) AND (amount_off IS NULL) = (currency IS NULL)),
    CONSTRAINT coupon_span_check CHECK (ends_at > starts_at)
);
CREATE INDEX coupon_created_idx ON coupon (tenant_id, created_at, id);
CREATE INDEX coupon_program_idx ON coupon (tenant_id, program_id, created_at, id);
CREATE INDEX coupon_currency_idx ON coupon (tenant_id, program_id, currency) WHERE currency IS NOT NULL;

-- How often it may be used (none: any number), and how often it is: by orders that are pending or were paid.
CREATE TABLE coupon_uses (
    tenant_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    max_uses  integer CONSTRAINT coupon_uses_max_check CHECK (max_uses BETWEEN 1 AND 1000000),
    uses      integer NOT NULL DEFAULT 0,
    CONSTRAINT coupon_uses_pkey PRIMARY KEY (tenant_id, coupon_id),
    CONSTRAINT coupon_uses_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon ON DELETE CASCADE,
    CONSTRAINT coupon_uses_check CHECK (uses >= 0 AND uses <= max_uses)
) WITH (fillfactor = 50);

CREATE TABLE referral (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    program_id  uuid NOT NULL,
    owner_id    uuid NOT NULL,
    code        text NOT NULL CONSTRAINT referral_code_check CHECK (code ~ '^[A-Z0-9_-]{3,40}$'),
    -- Hundredths of a percent; 0 where it takes nothing off.
    percent_off integer NOT NULL DEFAULT 0 CONSTRAINT referral_percent_check CHECK (percent_off BETWEEN 0 AND 10000),
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT referral_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT referral_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user
);
CREATE INDEX referral_created_idx ON referral (tenant_id, created_at, id);
CREATE INDEX referral_program_idx ON referral (tenant_id, program_id, created_at, id);
CREATE INDEX referral_owner_idx ON referral (tenant_id, owner_id, created_at, id);

-- How often it may be named by an application (none: any number), and how often it was.
CREATE TABLE referral_uses (
    tenant_id   uuid NOT NULL,
    referral_id uuid NOT NULL,
    max_uses    integer CONSTRAINT referral_uses_max_check CHECK (max_uses BETWEEN 1 AND 1000000),
    uses        integer NOT NULL DEFAULT 0,
    CONSTRAINT referral_uses_pkey PRIMARY KEY (tenant_id, referral_id),
    CONSTRAINT referral_uses_referral_fkey FOREIGN KEY (tenant_id, referral_id) REFERENCES referral ON DELETE CASCADE,
    CONSTRAINT referral_uses_check CHECK (uses >= 0 AND uses <= max_uses)
) WITH (fillfactor = 50);

-- The codes of coupons and referrals of a program are unique together.
CREATE TABLE program_code (
    tenant_id   uuid NOT NULL,
    program_id  uuid NOT NULL,
    code        text NOT NULL,
    coupon_id   uuid,
    referral_id uuid,
    CONSTRAINT program_code_pkey PRIMARY KEY (tenant_id, program_id, code),
    CONSTRAINT program_code_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program ON DELETE CASCADE,
    CONSTRAINT program_code_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon ON DELETE CASCADE,
    CONSTRAINT program_code_referral_fkey FOREIGN KEY (tenant_id, referral_id) REFERENCES referral ON DELETE CASCADE,
    CONSTRAINT program_code_of_one CHECK ((coupon_id IS NULL) <> (referral_id IS NULL))
);
CREATE INDEX program_code_coupon_idx ON program_code (tenant_id, coupon_id) WHERE coupon_id IS NOT NULL;
CREATE INDEX program_code_referral_idx ON program_code (tenant_id, referral_id) WHERE referral_id IS NOT NULL;

-- The referral that an application named at its start.
ALTER TABLE application ADD CONSTRAINT application_referral_fkey FOREIGN KEY (tenant_id, referral_id) REFERENCES referral;
CREATE INDEX application_referral_idx ON application (tenant_id, referral_id) WHERE referral_id IS NOT NULL;
