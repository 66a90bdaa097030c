-- Orders: what somebody buys for the attendees of an application, the tickets that they get for it, and the credit that they have.

CREATE TABLE order_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO order_transition (from_status, to_status) VALUES
    ('PENDING', 'PAID'),
    ('PENDING', 'EXPIRED'),
    ('PENDING', 'CANCELLED'),
    -- Money that came late, where everything can be had again.
    ('EXPIRED', 'PAID'),
    ('PAID', 'REFUNDED');

-- Amounts are minor units of the order's one currency.
CREATE TABLE sales_order (
    tenant_id        uuid NOT NULL,
    id               uuid NOT NULL,
    -- What is written on a transfer.
    reference        text NOT NULL CONSTRAINT sales_order_reference_check CHECK (reference ~ '^[A-Z2-9]{8}$'),
    kind             text NOT NULL CONSTRAINT sales_order_kind_check CHECK (kind IN ('PURCHASE', 'APPLICATION_FEE')),
    program_id       uuid NOT NULL,
    application_id   uuid NOT NULL,
    -- The applicant, whoever placed it.
    buyer_id         uuid NOT NULL,
    status           text NOT NULL DEFAULT 'PENDING'
                     CONSTRAINT sales_order_status_check CHECK (status IN ('PENDING', 'PAID', 'EXPIRED', 'CANCELLED', 'REFUNDED')),
    currency         text NOT NULL CONSTRAINT sales_order_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal         integer NOT NULL CHECK (subtotal BETWEEN 0 AND 1999999999),
    discount         integer NOT NULL DEFAULT 0 CHECK (discount BETWEEN 0 AND subtotal),
    discount_source  text CONSTRAINT sales_order_source_check CHECK (discount_source IN ('ASSIGNED', 'GROUP', 'REFERRAL', 'COUPON', 'COMPLIMENTARY')),
    discount_label   text,
    -- Hundredths of a percent.
    discount_percent integer CHECK (discount_percent BETWEEN 1 AND 10000),
    coupon_id        uuid,
    coupon_code      text,
    -- What was paid for the tickets that are exchanged.
    returned         integer NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND 1999999999),
    credit_applied   integer NOT NULL DEFAULT 0 CHECK (credit_applied BETWEEN 0 AND 1999999999),
    tax              integer NOT NULL DEFAULT 0 CHECK (tax BETWEEN 0 AND 1999999999),
    total            integer NOT NULL CHECK (total BETWEEN 0 AND 1999999999),
    credit_granted   integer NOT NULL DEFAULT 0 CHECK (credit_granted BETWEEN 0 AND 1999999999),
    -- What was used of payments, and what was given back of it, as money or credit.
    paid             integer NOT NULL DEFAULT 0,
    refunded         integer NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    billing_name     text CHECK (length(billing_name) BETWEEN 1 AND 200),
    billing_address  text CHECK (length(billing_address) BETWEEN 1 AND 1000),
    billing_tax_id   text CHECK (length(billing_tax_id) BETWEEN 1 AND 50),
    provider         text CHECK (provider IN ('MANUAL', 'STRIPE', 'TEST')),
    -- None: it does not expire by itself, because a part of it is paid, or it is not PENDING.
    expires_at       timestamptz,
    paid_at          timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sales_order_reference_key UNIQUE (tenant_id, reference),
    CONSTRAINT sales_order_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program,
    CONSTRAINT sales_order_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT sales_order_buyer_fkey FOREIGN KEY (tenant_id, buyer_id) REFERENCES app_user,
    CONSTRAINT sales_order_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon,
    CONSTRAINT sales_order_paid_check CHECK (paid BETWEEN 0 AND total),
    CONSTRAINT sales_order_discount_check CHECK ((discount_source IS NULL) = (discount_label IS NULL) AND (discount = 0 OR discount_source IS NOT NULL)),
    CONSTRAINT sales_order_coupon_check CHECK (coupon_id IS NULL OR (discount_source = 'COUPON' AND coupon_code IS NOT NULL))
);
-- Whose an order is decides who sees it: with that, orders are counted by the index alone.
CREATE INDEX sales_order_created_idx ON sales_order (tenant_id, created_at, id) INCLUDE (buyer_id);
CREATE INDEX sales_order_application_idx ON sales_order (tenant_id, application_id, created_at, id);
CREATE INDEX sales_order_program_idx ON sales_order (tenant_id, program_id, created_at, id) INCLUDE (buyer_id);
CREATE INDEX sales_order_buyer_idx ON sales_order (tenant_id, buyer_id, created_at, id);
CREATE INDEX sales_order_coupon_idx ON sales_order (tenant_id, coupon_id) WHERE coupon_id IS NOT NULL;
-- Of an application one at a time.
CREATE UNIQUE INDEX sales_order_pending ON sales_order (tenant_id, application_id) WHERE status = 'PENDING';
-- Which are overdue: few of many.
CREATE INDEX sales_order_expires_idx ON sales_order (tenant_id, expires_at, id) WHERE status = 'PENDING';

-- What is bought, with names and prices as they were. A fee has no product and no attendee.
CREATE TABLE order_line (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    order_id     uuid NOT NULL,
    position     smallint NOT NULL,
    product_id   uuid,
    attendee_id  uuid,
    name         text NOT NULL,
    kind         text CHECK (kind IN ('TICKET', 'HOUSING', 'MERCH', 'OTHER')),
    quantity     integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    unit_price   integer NOT NULL CHECK (unit_price BETWEEN 0 AND 1999999999),
    subtotal     integer NOT NULL CHECK (subtotal BETWEEN 0 AND 1999999999),
    discount     integer NOT NULL DEFAULT 0 CHECK (discount BETWEEN 0 AND subtotal),
    -- Hundredths of a percent.
    tax_percent  integer NOT NULL DEFAULT 0 CHECK (tax_percent BETWEEN 0 AND 10000),
    tax_included boolean NOT NULL DEFAULT true,
    tax          integer NOT NULL DEFAULT 0 CHECK (tax BETWEEN 0 AND 1999999999),
    total        integer NOT NULL CHECK (total BETWEEN 0 AND 1999999999),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT order_line_place UNIQUE (tenant_id, order_id, position),
    CONSTRAINT order_line_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT order_line_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES product,
    CONSTRAINT order_line_attendee_fkey FOREIGN KEY (tenant_id, attendee_id) REFERENCES attendee ON DELETE SET NULL (attendee_id),
    -- Parts sum to the whole.
    CONSTRAINT order_line_sum_check CHECK (total = subtotal - discount + CASE WHEN tax_included THEN 0 ELSE tax END AND subtotal = unit_price::bigint * quantity)
);
CREATE INDEX order_line_product_idx ON order_line (tenant_id, product_id) WHERE product_id IS NOT NULL;
CREATE INDEX order_line_attendee_idx ON order_line (tenant_id, attendee_id) WHERE attendee_id IS NOT NULL;

CREATE TABLE ticket (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    order_id        uuid NOT NULL,
    order_line_id   uuid NOT NULL,
    program_id      uuid NOT NULL,
    application_id  uuid NOT NULL,
    product_id      uuid NOT NULL,
    -- None: the attendee was removed, after it had been cancelled.
    attendee_id     uuid,
    status          text NOT NULL DEFAULT 'HELD' CONSTRAINT ticket_status_check CHECK (status IN ('HELD', 'ISSUED', 'CANCELLED')),
    -- Its part of the line's total, tax included.
    price           integer NOT NULL CHECK (price BETWEEN 0 AND 1999999999),
    currency        text NOT NULL,
    -- As the product was: of exclusive ones of a kind an attendee has one.
    kind            text NOT NULL,
    is_exclusive    boolean NOT NULL DEFAULT false,
    admission       text NOT NULL DEFAULT 'ONCE',
    valid_from      timestamptz,
    valid_until     timestamptz,
    -- The code is made of the school's key, the ticket and this; each raise makes the codes before unknown.
    generation      integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
    -- SHA-256 of the code. None for a moment, while a code is renewed.
    code_hash       bytea CONSTRAINT ticket_code_hash_check CHECK (length(code_hash) = 32),
    -- The order that is to exchange it, while that is pending, and afterwards.
    return_order_id uuid,
    checked_in_at   timestamptz,
    issued_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT ticket_code_key UNIQUE (tenant_id, code_hash),
    CONSTRAINT ticket_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT ticket_line_fkey FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_line,
    CONSTRAINT ticket_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program,
    CONSTRAINT ticket_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT ticket_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES product,
    CONSTRAINT ticket_attendee_fkey FOREIGN KEY (tenant_id, attendee_id) REFERENCES attendee ON DELETE SET NULL (attendee_id),
    CONSTRAINT ticket_return_fkey FOREIGN KEY (tenant_id, return_order_id) REFERENCES sales_order
);
COMMENT ON COLUMN ticket.code_hash IS 'secret: whoever has it can try codes against it';
CREATE INDEX ticket_order_idx ON ticket (tenant_id, order_id, id);
CREATE INDEX ticket_line_idx ON ticket (tenant_id, order_line_id, id);
CREATE INDEX ticket_program_idx ON ticket (tenant_id, program_id, status, id);
CREATE INDEX ticket_application_idx ON ticket (tenant_id, application_id, status);
CREATE INDEX ticket_product_idx ON ticket (tenant_id, product_id, status);
CREATE INDEX ticket_attendee_idx ON ticket (tenant_id, attendee_id, created_at, id);
CREATE INDEX ticket_return_idx ON ticket (tenant_id, return_order_id) WHERE return_order_id IS NOT NULL;
-- What is about to be exchanged does not stand in the way of what it is exchanged for.
CREATE UNIQUE INDEX ticket_exclusive ON ticket (tenant_id, attendee_id, kind)
    WHERE is_exclusive AND status IN ('HELD', 'ISSUED') AND return_order_id IS NULL;

-- What an order exchanges, and what that counts for.
CREATE TABLE order_return (
    tenant_id uuid NOT NULL,
    order_id  uuid NOT NULL,
    ticket_id uuid NOT NULL,
    amount    integer NOT NULL CHECK (amount BETWEEN 0 AND 1999999999),
    CONSTRAINT order_return_pkey PRIMARY KEY (tenant_id, order_id, ticket_id),
    CONSTRAINT order_return_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT order_return_ticket_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket
);
CREATE INDEX order_return_ticket_idx ON order_return (tenant_id, ticket_id);

-- What is to an application's good, and what of it pending orders hold. Equals the ledger's account CREDIT.
CREATE TABLE credit_balance (
    tenant_id      uuid NOT NULL,
    application_id uuid NOT NULL,
    currency       text NOT NULL CONSTRAINT credit_balance_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    amount         bigint NOT NULL DEFAULT 0,
    held           bigint NOT NULL DEFAULT 0,
    CONSTRAINT credit_balance_pkey PRIMARY KEY (tenant_id, application_id, currency),
    CONSTRAINT credit_balance_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT credit_balance_check CHECK (held BETWEEN 0 AND amount)
) WITH (fillfactor = 50);

-- What was asked for under which key: the same again answers the same.
CREATE TABLE order_key (
    tenant_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    mutation       text NOT NULL,
    key            text NOT NULL CHECK (key ~ '^[A-Za-z0-9_-]{8,64}$'),
    request_digest bytea NOT NULL CHECK (length(request_digest) = 32),
    -- None only within the transaction that makes it.
    object_id      uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_key_pkey PRIMARY KEY (tenant_id, user_id, mutation, key),
    CONSTRAINT order_key_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);

-- The school's key for the codes of tickets, sealed. Never replaced: every code that was ever shown is made of it.
CREATE TABLE ticket_key (
    tenant_id  uuid PRIMARY KEY REFERENCES tenant,
    sealed     bytea NOT NULL CHECK (length(sealed) BETWEEN 32 AND 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN ticket_key.sealed IS 'secret: the codes of all tickets are made of it';
