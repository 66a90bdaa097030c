-- What is paid for orders, by whom it is taken and given back; the books, and the invoices.

CREATE TABLE payment_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
-- Money that comes late is never refused: whatever has ended without it can still be approved.
INSERT INTO payment_transition (from_status, to_status) VALUES
    ('PENDING', 'APPROVED'),
    ('PENDING', 'REJECTED'),
    ('PENDING', 'EXPIRED'),
    ('PENDING', 'CANCELLED'),
    ('REJECTED', 'APPROVED'),
    ('EXPIRED', 'APPROVED'),
    ('CANCELLED', 'APPROVED'),
    ('APPROVED', 'REFUNDED');

-- How a school is paid, and what stands on its invoices. One row a school, once something was said.
CREATE TABLE payment_settings (
    tenant_id             uuid NOT NULL REFERENCES tenant,
    providers             text[] NOT NULL DEFAULT '{}' CONSTRAINT payment_settings_providers_check
                          CHECK (providers <@ ARRAY['MANUAL', 'STRIPE', 'TEST'] AND cardinality(providers) <= 3),
    -- Shown with every transfer that is waited for.
    transfer_instructions text CONSTRAINT payment_settings_instructions_check CHECK (length(transfer_instructions) BETWEEN 1 AND 2000),
    stripe_secret_key     bytea,
    has_stripe_secret_key boolean NOT NULL GENERATED ALWAYS AS (stripe_secret_key IS NOT NULL) STORED,
    stripe_webhook_secret bytea,
    has_stripe_webhook_secret boolean NOT NULL GENERATED ALWAYS AS (stripe_webhook_secret IS NOT NULL) STORED,
    test_webhook_secret   bytea,
    has_test_webhook_secret boolean NOT NULL GENERATED ALWAYS AS (test_webhook_secret IS NOT NULL) STORED,
    -- Of the pages that a provider may send a buyer back to.
    return_origins        text[] NOT NULL DEFAULT '{}' CONSTRAINT payment_settings_origins_check CHECK (cardinality(return_origins) <= 20),
    seller_name           text CONSTRAINT payment_settings_seller_name_check CHECK (length(seller_name) BETWEEN 1 AND 200),
    seller_address        text CONSTRAINT payment_settings_seller_address_check CHECK (length(seller_address) BETWEEN 1 AND 1000),
    seller_tax_id         text CONSTRAINT payment_settings_seller_tax_id_check CHECK (length(seller_tax_id) BETWEEN 1 AND 100),
    invoice_prefix        text NOT NULL DEFAULT '' CONSTRAINT payment_settings_prefix_check CHECK (length(invoice_prefix) <= 20),
    PRIMARY KEY (tenant_id),
    CONSTRAINT payment_settings_stripe_check CHECK ('STRIPE' <> ALL (providers) OR stripe_secret_key IS NOT NULL AND stripe_webhook_secret IS NOT NULL),
    CONSTRAINT payment_settings_test_check CHECK ('TEST' <> ALL (providers) OR test_webhook_secret IS NOT NULL)
);
COMMENT ON COLUMN payment_settings.stripe_secret_key IS 'secret: takes and gives back the school''s money, sealed';
COMMENT ON COLUMN payment_settings.stripe_webhook_secret IS 'secret: by which Stripe proves itself, sealed';
COMMENT ON COLUMN payment_settings.test_webhook_secret IS 'secret: by which the test provider proves itself, sealed';

CREATE TABLE payment (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    order_id     uuid NOT NULL,
    provider     text NOT NULL CONSTRAINT payment_provider_check CHECK (provider IN ('MANUAL', 'STRIPE', 'TEST')),
    status       text NOT NULL DEFAULT 'PENDING' CONSTRAINT payment_status_check
                 CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'REFUNDED')),
    -- What is waited for; once it is approved, what came.
    amount       integer NOT NULL CONSTRAINT payment_amount_check CHECK (amount BETWEEN 1 AND 1999999999),
    currency     text NOT NULL CONSTRAINT payment_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    -- What went back of it by its provider; what became credit is not counted.
    refunded     integer NOT NULL DEFAULT 0 CONSTRAINT payment_refunded_check CHECK (refunded BETWEEN 0 AND amount),
    -- That of its order.
    reference    text NOT NULL CONSTRAINT payment_reference_check CHECK (length(reference) BETWEEN 1 AND 40),
    -- As what the provider knows it: Stripe's session, and its intent.
    provider_id  text CONSTRAINT payment_provider_id_check CHECK (length(provider_id) BETWEEN 1 AND 255),
    intent_id    text CONSTRAINT payment_intent_id_check CHECK (length(intent_id) BETWEEN 1 AND 255),
    checkout_url text CONSTRAINT payment_checkout_url_check CHECK (length(checkout_url) BETWEEN 1 AND 4000),
    return_url   text CONSTRAINT payment_return_url_check CHECK (length(return_url) BETWEEN 1 AND 2000),
    failure      text CONSTRAINT payment_failure_check CHECK (length(failure) BETWEEN 1 AND 1000),
    attention    text CONSTRAINT payment_attention_check CHECK (attention IN ('AMOUNT_MISMATCH', 'LATE', 'SURPLUS', 'DISPUTED')),
    -- What was said of money that somebody has recorded.
    note         text CONSTRAINT payment_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    -- When the money came, or the provider said that none will.
    settled_at   timestamptz,
    -- When the provider was last asked what became of it.
    asked_at     timestamptz,
    -- Whether it was asked once more after the payment had ended without money.
    is_checked   boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT payment_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order
);
-- An order waits for one payment at a time.
CREATE UNIQUE INDEX payment_pending_key ON payment (tenant_id, order_id) WHERE status = 'PENDING';
CREATE INDEX payment_order_idx ON payment (tenant_id, order_id, created_at, id);
CREATE INDEX payment_created_idx ON payment (tenant_id, created_at, id);
CREATE INDEX payment_attention_idx ON payment (tenant_id, created_at, id) WHERE attention IS NOT NULL;
-- What a dispute is about is named by the intent alone.
CREATE INDEX payment_intent_idx ON payment (tenant_id, intent_id) WHERE intent_id IS NOT NULL;
-- What Stripe is asked about: few of many.
CREATE INDEX payment_unsettled_idx ON payment (tenant_id, created_at, id)
    WHERE provider = 'STRIPE' AND (status = 'PENDING' OR status IN ('EXPIRED', 'CANCELLED', 'REJECTED') AND NOT is_checked);

-- What goes back of an order, or of money that came for none.
CREATE TABLE refund (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    order_id    uuid NOT NULL,
    -- By which the money came; none where it becomes credit, and where nothing was paid.
    payment_id  uuid,
    amount      integer NOT NULL CONSTRAINT refund_amount_check CHECK (amount BETWEEN 0 AND 1999999999),
    currency    text NOT NULL CONSTRAINT refund_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    to_credit   boolean NOT NULL,
    -- Of money that was used for no order: it goes back by itself.
    is_late     boolean NOT NULL DEFAULT false,
    status      text NOT NULL DEFAULT 'PENDING' CONSTRAINT refund_status_check CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    reason      text NOT NULL CONSTRAINT refund_reason_check CHECK (length(reason) BETWEEN 1 AND 1000),
    provider_id text CONSTRAINT refund_provider_id_check CHECK (length(provider_id) BETWEEN 1 AND 255),
    failure     text CONSTRAINT refund_failure_check CHECK (length(failure) BETWEEN 1 AND 1000),
    asked_at    timestamptz,
    settled_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT refund_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT refund_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CONSTRAINT refund_settled_check CHECK (status = 'PENDING' OR settled_at IS NOT NULL)
);
CREATE INDEX refund_order_idx ON refund (tenant_id, order_id, created_at, id);
CREATE INDEX refund_payment_idx ON refund (tenant_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX refund_pending_idx ON refund (tenant_id, created_at, id) WHERE status = 'PENDING';
-- A provider's refund is one of ours.
CREATE UNIQUE INDEX refund_provider_key ON refund (tenant_id, provider_id) WHERE provider_id IS NOT NULL;

-- The tickets that a refund has cancelled.
CREATE TABLE refund_ticket (
    tenant_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, refund_id, ticket_id),
    CONSTRAINT refund_ticket_refund_fkey FOREIGN KEY (tenant_id, refund_id) REFERENCES refund,
    CONSTRAINT refund_ticket_ticket_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket
);
CREATE INDEX refund_ticket_ticket_idx ON refund_ticket (tenant_id, ticket_id);

-- What providers have said, each event once: the key is what makes a replay do nothing.
CREATE TABLE payment_event (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    provider    text NOT NULL CONSTRAINT payment_event_provider_check CHECK (provider IN ('MANUAL', 'STRIPE', 'TEST')),
    event_id    text NOT NULL CONSTRAINT payment_event_id_check CHECK (length(event_id) BETWEEN 1 AND 255),
    type        text NOT NULL CONSTRAINT payment_event_type_check CHECK (length(type) BETWEEN 1 AND 255),
    -- None: of no payment of the school.
    payment_id  uuid,
    outcome     text NOT NULL DEFAULT 'IGNORED' CONSTRAINT payment_event_outcome_check CHECK (outcome IN ('APPLIED', 'IGNORED', 'MISMATCH')),
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payment_event_pkey PRIMARY KEY (tenant_id, provider, event_id),
    CONSTRAINT payment_event_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
);
CREATE INDEX payment_event_payment_idx ON payment_event (tenant_id, payment_id, received_at, event_id) WHERE payment_id IS NOT NULL;

-- The books: what happened, and what it moved between accounts. Nobody changes or removes any of it.
CREATE TABLE ledger_entry (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    kind           text NOT NULL CONSTRAINT ledger_entry_kind_check CHECK (kind IN ('PAYMENT', 'SALE', 'REFUND', 'CREDIT', 'LATE_PAYMENT')),
    application_id uuid NOT NULL,
    program_id     uuid NOT NULL,
    order_id       uuid,
    payment_id     uuid,
    refund_id      uuid,
    -- Why credit was given.
    note           text CONSTRAINT ledger_entry_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT ledger_entry_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT ledger_entry_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program,
    CONSTRAINT ledger_entry_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT ledger_entry_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CONSTRAINT ledger_entry_refund_fkey FOREIGN KEY (tenant_id, refund_id) REFERENCES refund
);
CREATE INDEX ledger_entry_at_idx ON ledger_entry (tenant_id, at, id);
CREATE INDEX ledger_entry_program_idx ON ledger_entry (tenant_id, program_id, at, id);
CREATE INDEX ledger_entry_application_idx ON ledger_entry (tenant_id, application_id);
CREATE INDEX ledger_entry_order_idx ON ledger_entry (tenant_id, order_id, at, id) WHERE order_id IS NOT NULL;
CREATE INDEX ledger_entry_payment_idx ON ledger_entry (tenant_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX ledger_entry_refund_idx ON ledger_entry (tenant_id, refund_id) WHERE refund_id IS NOT NULL;

-- Debit is over 0, credit under 0; the postings of an entry sum to 0.
CREATE TABLE ledger_posting (
    tenant_id  uuid NOT NULL,
    entry_id   uuid NOT NULL,
    n          integer NOT NULL,
    account    text NOT NULL CONSTRAINT ledger_posting_account_check
               CHECK (account IN ('CASH_MANUAL', 'CASH_STRIPE', 'CASH_TEST', 'CUSTOMER', 'CREDIT', 'REVENUE', 'TAX', 'GOODWILL', 'SUSPENSE')),
    amount     bigint NOT NULL CONSTRAINT ledger_posting_amount_check CHECK (amount <> 0),
    currency   text NOT NULL CONSTRAINT ledger_posting_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    program_id uuid NOT NULL,
    -- Of what is sold; none for fees, and for accounts that know no products.
    product_id uuid,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, entry_id, n),
    CONSTRAINT ledger_posting_entry_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry,
    CONSTRAINT ledger_posting_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program,
    CONSTRAINT ledger_posting_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES product
);
CREATE INDEX ledger_posting_account_idx ON ledger_posting (tenant_id, program_id, account, at) INCLUDE (amount, currency, product_id);
CREATE INDEX ledger_posting_school_idx ON ledger_posting (tenant_id, account, at) INCLUDE (amount, currency, product_id, entry_id);
CREATE INDEX ledger_posting_product_idx ON ledger_posting (tenant_id, product_id) WHERE product_id IS NOT NULL;

-- What was taken back of a line of an order, by a refund or by an exchange: so that the last part is exactly what is left of it.
CREATE TABLE line_reversal (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    order_id      uuid NOT NULL,
    -- None: of an order without lines.
    order_line_id uuid,
    -- One of the two: the refund, or the order that it was given back for.
    refund_id     uuid,
    by_order_id   uuid,
    -- With its tax.
    amount        bigint NOT NULL CONSTRAINT line_reversal_amount_check CHECK (amount >= 0),
    tax           bigint NOT NULL CONSTRAINT line_reversal_tax_check CHECK (tax BETWEEN 0 AND amount),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT line_reversal_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT line_reversal_line_fkey FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_line,
    CONSTRAINT line_reversal_refund_fkey FOREIGN KEY (tenant_id, refund_id) REFERENCES refund,
    CONSTRAINT line_reversal_by_fkey FOREIGN KEY (tenant_id, by_order_id) REFERENCES sales_order,
    CONSTRAINT line_reversal_one_check CHECK (num_nonnulls(refund_id, by_order_id) <= 1)
);
CREATE INDEX line_reversal_order_idx ON line_reversal (tenant_id, order_id);
CREATE INDEX line_reversal_line_idx ON line_reversal (tenant_id, order_line_id) WHERE order_line_id IS NOT NULL;
CREATE INDEX line_reversal_refund_idx ON line_reversal (tenant_id, refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX line_reversal_by_idx ON line_reversal (tenant_id, by_order_id) WHERE by_order_id IS NOT NULL;

-- The last number given, for each kind: taken at the end of the transaction that gives one, so that none is left out.
CREATE TABLE invoice_counter (
    tenant_id uuid NOT NULL REFERENCES tenant,
    kind      text NOT NULL CONSTRAINT invoice_counter_kind_check CHECK (kind IN ('INVOICE', 'CREDIT_NOTE')),
    last      integer NOT NULL CONSTRAINT invoice_counter_last_check CHECK (last >= 0),
    PRIMARY KEY (tenant_id, kind)
) WITH (fillfactor = 50);

CREATE TABLE invoice (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    kind      text NOT NULL CONSTRAINT invoice_kind_check CHECK (kind IN ('INVOICE', 'CREDIT_NOTE')),
    number    bigint NOT NULL CONSTRAINT invoice_number_check CHECK (number >= 1),
    code      text NOT NULL CONSTRAINT invoice_code_check CHECK (length(code) BETWEEN 6 AND 40),
    order_id  uuid NOT NULL,
    -- Which a credit note is about.
    refund_id uuid,
    total     integer NOT NULL CONSTRAINT invoice_total_check CHECK (total BETWEEN 0 AND 1999999999),
    tax       integer NOT NULL CONSTRAINT invoice_tax_check CHECK (tax BETWEEN 0 AND total),
    currency  text NOT NULL CONSTRAINT invoice_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    -- Seller, buyer, lines and taxes as they were.
    document  jsonb NOT NULL,
    -- As it is drawn; none until a job has done so.
    file_id   uuid,
    issued_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT invoice_number_key UNIQUE (tenant_id, kind, number),
    CONSTRAINT invoice_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES sales_order,
    CONSTRAINT invoice_refund_fkey FOREIGN KEY (tenant_id, refund_id) REFERENCES refund,
    CONSTRAINT invoice_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT,
    CONSTRAINT invoice_of_check CHECK ((kind = 'CREDIT_NOTE') = (refund_id IS NOT NULL))
);
-- One invoice an order, one credit note a refund.
CREATE UNIQUE INDEX invoice_order_key ON invoice (tenant_id, order_id) WHERE kind = 'INVOICE';
CREATE UNIQUE INDEX invoice_refund_key ON invoice (tenant_id, refund_id) WHERE kind = 'CREDIT_NOTE';
CREATE INDEX invoice_order_idx ON invoice (tenant_id, order_id, issued_at, id);
CREATE INDEX invoice_issued_idx ON invoice (tenant_id, issued_at, id);
CREATE INDEX invoice_listed_idx ON invoice (tenant_id, number, id);
CREATE INDEX invoice_file_idx ON invoice (tenant_id, file_id) WHERE file_id IS NOT NULL;
