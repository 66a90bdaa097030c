-- One row of every kind of payments, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO payment_settings (tenant_id, providers, transfer_instructions, stripe_secret_key, stripe_webhook_secret, test_webhook_secret, return_origins, seller_name,
        seller_address, seller_tax_id, invoice_prefix)
    SELECT app.tenant_id(), '{MANUAL,TEST}', w.word, sha256(w.word::bytea), sha256(w.word::bytea), sha256(w.word::bytea), ARRAY['https://' || lower(w.word) || '.example'],
           w.word, w.word, w.word, left(w.word, 20)
    FROM current_setting('probe.word') AS w(word);

INSERT INTO payment (tenant_id, id, order_id, provider, status, amount, currency, reference, provider_id, intent_id, checkout_url, failure, note, settled_at)
    SELECT o.tenant_id, gen_random_uuid(), o.id, 'STRIPE', 'APPROVED', 100, o.currency, left(w.word, 40), w.word, w.word, 'https://' || lower(w.word) || '.example', w.word, w.word, now()
    FROM sales_order o CROSS JOIN current_setting('probe.word') AS w(word) WHERE o.tenant_id = app.tenant_id();

INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, status, reason, settled_at)
    SELECT p.tenant_id, gen_random_uuid(), p.order_id, p.id, 50, p.currency, false, 'SUCCEEDED', current_setting('probe.word'), now()
    FROM payment p WHERE p.tenant_id = app.tenant_id();

INSERT INTO refund_ticket (tenant_id, refund_id, ticket_id)
    SELECT r.tenant_id, r.id, t.id FROM refund r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.order_id = r.order_id WHERE r.tenant_id = app.tenant_id();

INSERT INTO payment_event (tenant_id, provider, event_id, type, payment_id, outcome)
    SELECT p.tenant_id, p.provider, w.word, w.word, p.id, 'APPLIED' FROM payment p CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE p.tenant_id = app.tenant_id() ORDER BY p.id LIMIT 1;
