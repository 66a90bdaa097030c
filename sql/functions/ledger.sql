-- The books: what each step of an order moves between accounts, and the invoices. Debit is over 0, credit under 0.
--
--   payment       CASH_x          / CUSTOMER
--   sale          CUSTOMER, CREDIT / REVENUE of each product, TAX; what was given in exchange goes the other way
--   refund        REVENUE, TAX    / CASH_x or CREDIT
--   credit        GOODWILL, or REVENUE of a fee, or CUSTOMER (what came too much) / CREDIT
--   late payment  CASH_x          / SUSPENSE, and SUSPENSE to where it goes
--
-- CUSTOMER is 0 for every order that is not PENDING; SUSPENSE is 0 once late money has gone its way.

-- What is written stays: nobody changes or removes it, but an erasure of the whole school; and `lectern audit`, which makes two schools and takes them along.
CREATE OR REPLACE FUNCTION app.keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND (app.erases(OLD.tenant_id) OR pg_has_role(session_user, 'lectern_platform', 'MEMBER') AND EXISTS (
        SELECT FROM public.tenant t WHERE t.tenant_id = OLD.tenant_id AND t.slug ~ '^audit-[0-9a-f]{8}-[ab]$' AND NOT t.is_listed)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'the ledger is only added to';
END
$$;
CREATE OR REPLACE TRIGGER ledger_entry_keep BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE OR REPLACE TRIGGER ledger_posting_keep BEFORE UPDATE OR DELETE ON ledger_posting FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();

-- At the end of the transaction every entry has postings, and those of each currency sum to 0. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_ledger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    entry CONSTANT uuid := (to_jsonb(NEW) ->> CASE TG_TABLE_NAME WHEN 'ledger_entry' THEN 'id' ELSE 'entry_id' END)::uuid;
    found_in integer;
    wrong integer;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT count(*), count(*) FILTER (WHERE s.rest <> 0) INTO found_in, wrong
        FROM (SELECT sum(p.amount) AS rest FROM ledger_posting p WHERE p.tenant_id = NEW.tenant_id AND p.entry_id = entry GROUP BY p.currency) AS s;
    IF found_in = 0 OR wrong > 0 THEN
        PERFORM app.refuse('ledger_balance');
    END IF;
    RETURN NULL;
END
$$;
-- Constraint triggers can't be replaced.
DROP TRIGGER IF EXISTS ledger_entry_balance ON ledger_entry;
CREATE CONSTRAINT TRIGGER ledger_entry_balance AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_ledger();
DROP TRIGGER IF EXISTS ledger_posting_balance ON ledger_posting;
CREATE CONSTRAINT TRIGGER ledger_posting_balance AFTER INSERT ON ledger_posting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_ledger();

-- Writes an entry: its accounts, amounts and products one below the other. What comes to 0 is left out; without postings there is no entry. Reveals nothing.
CREATE OR REPLACE FUNCTION app.post_entry(kind text, application uuid, ordered uuid, payment uuid, refund uuid, note text, currency text,
                                          accounts text[], amounts bigint[], products uuid[]) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    made    CONSTANT uuid := app.uuid_v7();
    program uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(amounts) AS w(amount) WHERE w.amount <> 0) THEN
        RETURN NULL;
    END IF;
    SELECT a.program_id INTO STRICT program FROM application a WHERE a.tenant_id = school AND a.id = application;
    INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, payment_id, refund_id, note)
        VALUES (school, made, post_entry.kind, application, program, ordered, payment, refund, post_entry.note);
    INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id)
        SELECT school, made, row_number() OVER (ORDER BY w.at), w.account, w.amount, post_entry.currency, program, w.product
        FROM (SELECT min(u.at) AS at, u.account, u.product, sum(u.amount)::bigint AS amount
              FROM unnest(accounts, amounts, products) WITH ORDINALITY AS u(account, amount, product, at) GROUP BY u.account, u.product, u.amount > 0) AS w
        WHERE w.amount <> 0;
    RETURN made;
END
$$;

-- What is left of the lines of an order: with its tax, and the tax in it. Refunds that have failed took nothing. One row without line where an order has none.
-- For the functions below and those of refunds. Reveals: that.
CREATE OR REPLACE FUNCTION app.lines_left(ordered uuid) RETURNS TABLE (line uuid, product uuid, place integer, amount bigint, tax bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT w.line, w.product, w.place, w.total - coalesce(r.amount, 0), w.tax - coalesce(r.tax, 0)
        FROM (SELECT l.id AS line, l.product_id AS product, row_number() OVER (ORDER BY l.position, l.id)::integer AS place, l.total::bigint AS total, l.tax::bigint AS tax
              FROM order_line l WHERE l.tenant_id = app.tenant_id() AND l.order_id = ordered
              UNION ALL
              SELECT NULL, NULL, 1, o.total::bigint, o.tax::bigint FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered
                AND NOT EXISTS (SELECT FROM order_line l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id)) AS w
        LEFT JOIN LATERAL (
            SELECT sum(v.amount)::bigint AS amount, sum(v.tax)::bigint AS tax FROM line_reversal v
                LEFT JOIN refund f ON f.tenant_id = v.tenant_id AND f.id = v.refund_id
            WHERE v.tenant_id = app.tenant_id() AND v.order_id = ordered AND v.order_line_id IS NOT DISTINCT FROM w.line
              AND f.status IS DISTINCT FROM 'FAILED') AS r ON true
        ORDER BY w.place;
END
$$;

-- What of an order may still be asked back: what is left of its lines, but for what exchanges that wait for their payment take along; not those that are overdue. For the
-- functions of refunds and exchanges. Reveals: that.
CREATE OR REPLACE FUNCTION app.left_of_order(ordered uuid) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN greatest((SELECT sum(l.amount) FROM app.lines_left(ordered) AS l) - (
        SELECT coalesce(sum(r.amount), 0) FROM ticket t JOIN order_return r ON r.tenant_id = t.tenant_id AND r.ticket_id = t.id
        JOIN sales_order b ON b.tenant_id = r.tenant_id AND b.id = r.order_id AND b.status = 'PENDING' AND (b.expires_at IS NULL OR b.expires_at > now())
        WHERE t.tenant_id = app.tenant_id() AND t.order_id = ordered), 0);
END
$$;

-- Takes an amount back of the lines of an order and writes down of which, in the proportion of the weights (one a line, in their order), by largest remainder; of
-- no line more than is left of it, as long as another has something left. The tax goes along in proportion: with the last of a line goes the last of its tax.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.reverse_lines(ordered uuid, amount bigint, weights bigint[], refund uuid, by_order uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    lines   uuid[];
    lefts   bigint[];
    taxes   bigint[];
    shares  bigint[];
    rest    bigint := amount;
    weight  numeric;
    n       integer;
    place   integer;
    more    bigint;
    tax     bigint;
BEGIN
    SELECT array_agg(l.line ORDER BY l.place), array_agg(greatest(l.amount, 0) ORDER BY l.place), array_agg(greatest(l.tax, 0) ORDER BY l.place)
        INTO lines, lefts, taxes FROM app.lines_left(ordered) AS l;
    n := cardinality(lefts);
    weight := (SELECT sum(w) FROM unnest(weights) AS w);
    IF coalesce(weight, 0) = 0 THEN
        weights := lefts;
        weight := (SELECT sum(w) FROM unnest(weights) AS w);
    END IF;
    shares := array_fill(0::bigint, ARRAY[n]);
    IF weight > 0 THEN
        FOR i IN 1 .. n LOOP
            shares[i] := least(floor(amount::numeric * weights[i] / weight), lefts[i]);
        END LOOP;
        -- The largest remainders first, one each.
        rest := amount - (SELECT sum(s) FROM unnest(shares) AS s);
        FOR place IN SELECT u.nth FROM unnest(weights) WITH ORDINALITY AS u(w, nth) WHERE u.w > 0 ORDER BY (amount::numeric * u.w) % weight DESC, u.nth LOOP
            EXIT WHEN rest = 0;
            IF shares[place] < lefts[place] THEN
                shares[place] := shares[place] + 1;
                rest := rest - 1;
            END IF;
        END LOOP;
    END IF;
    -- What the weighed lines do not have: of whichever has it, and in the end of the first.
    FOR i IN 1 .. n LOOP
        more := least(rest, lefts[i] - shares[i]);
        shares[i] := shares[i] + more;
        rest := rest - more;
    END LOOP;
    shares[1] := shares[1] + rest;
    FOR i IN 1 .. n LOOP
        IF shares[i] > 0 THEN
            tax := CASE WHEN shares[i] >= lefts[i] THEN taxes[i] ELSE (2 * taxes[i]::numeric * shares[i] + lefts[i])::bigint / (2 * lefts[i]) END;
            INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, refund_id, by_order_id, amount, tax)
                VALUES (school, app.uuid_v7(), ordered, lines[i], refund, by_order, shares[i], least(tax, shares[i]));
        END IF;
    END LOOP;
END
$$;

-- Books the sale of an order that is paid, in the transaction that pays it: what its lines bring in, and what tickets that were given back for it had brought in.
-- For app.order_paid. Reveals nothing.
CREATE OR REPLACE FUNCTION app.post_sale(ordered uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    sold    sales_order;
    former  record;
    accounts text[];
    amounts  bigint[];
    products uuid[];
BEGIN
    SELECT * INTO STRICT sold FROM sales_order o WHERE o.tenant_id = school AND o.id = ordered;
    FOR former IN
        SELECT l.order_id, sum(r.amount)::bigint AS amount FROM order_return r
            JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id JOIN order_line l ON l.tenant_id = t.tenant_id AND l.id = t.order_line_id
            WHERE r.tenant_id = school AND r.order_id = ordered GROUP BY l.order_id ORDER BY l.order_id LOOP
        PERFORM app.reverse_lines(former.order_id, former.amount, (
            SELECT array_agg(coalesce(w.amount, 0) ORDER BY l.place) FROM app.lines_left(former.order_id) AS l LEFT JOIN (
                SELECT t.order_line_id, sum(r.amount)::bigint AS amount FROM order_return r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id
                    WHERE r.tenant_id = school AND r.order_id = ordered GROUP BY t.order_line_id) AS w ON w.order_line_id = l.line), NULL, ordered);
    END LOOP;
    SELECT array_agg(w.account ORDER BY w.at), array_agg(w.amount ORDER BY w.at), array_agg(w.product ORDER BY w.at) INTO accounts, amounts, products FROM (
        SELECT 1 AS at, 'CUSTOMER' AS account, sold.total::bigint AS amount, NULL::uuid AS product
        UNION ALL SELECT 2, 'CREDIT', sold.credit_applied::bigint - sold.credit_granted::bigint, NULL
        UNION ALL SELECT 3, 'REVENUE', l.tax::bigint - l.total::bigint, l.product_id FROM order_line l WHERE l.tenant_id = school AND l.order_id = ordered
        UNION ALL SELECT 4, 'TAX', -l.tax::bigint, NULL FROM order_line l WHERE l.tenant_id = school AND l.order_id = ordered
        UNION ALL SELECT 3, 'REVENUE', sold.tax::bigint - sold.total::bigint, NULL
            WHERE NOT EXISTS (SELECT FROM order_line l WHERE l.tenant_id = school AND l.order_id = ordered)
        UNION ALL SELECT 5, 'REVENUE', v.amount - v.tax, l.product_id FROM line_reversal v
            LEFT JOIN order_line l ON l.tenant_id = v.tenant_id AND l.id = v.order_line_id WHERE v.tenant_id = school AND v.by_order_id = ordered
        UNION ALL SELECT 6, 'TAX', v.tax, NULL FROM line_reversal v WHERE v.tenant_id = school AND v.by_order_id = ordered) AS w;
    PERFORM app.post_entry('SALE', sold.application_id, ordered, NULL, NULL, NULL, sold.currency, accounts, amounts, products);
END
$$;

-- Books credit that an application is given: GOODWILL of the school, or FEE, which was paid and is counted towards what is bought. The balance is changed beside it
-- (app.add_credit). Reveals nothing.
CREATE OR REPLACE FUNCTION app.post_credit(application uuid, currency text, amount bigint, source text, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.post_entry('CREDIT', application, NULL, NULL, NULL, note, currency,
        ARRAY[CASE source WHEN 'FEE' THEN 'REVENUE' ELSE 'GOODWILL' END, 'CREDIT'], ARRAY[amount, -amount], ARRAY[NULL, NULL]::uuid[]);
END
$$;

-- Books a refund that has been made: of what was sold, or of money that was used for nothing. Reveals nothing.
CREATE OR REPLACE FUNCTION app.post_refund(made uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    what    record;
    account text;
    accounts text[];
    amounts  bigint[];
    products uuid[];
BEGIN
    SELECT r.*, o.application_id, p.provider INTO STRICT what FROM refund r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
        LEFT JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id WHERE r.tenant_id = school AND r.id = made;
    account := CASE WHEN what.to_credit THEN 'CREDIT' ELSE 'CASH_' || what.provider END;
    IF what.is_late THEN
        accounts := ARRAY['SUSPENSE', account];
        amounts := ARRAY[what.amount, -what.amount];
        products := ARRAY[NULL, NULL];
    ELSE
        SELECT array_agg(w.account ORDER BY w.at), array_agg(w.amount ORDER BY w.at), array_agg(w.product ORDER BY w.at) INTO accounts, amounts, products FROM (
            SELECT 1 AS at, 'REVENUE' AS account, v.amount - v.tax AS amount, l.product_id AS product FROM line_reversal v
                LEFT JOIN order_line l ON l.tenant_id = v.tenant_id AND l.id = v.order_line_id WHERE v.tenant_id = school AND v.refund_id = made
            UNION ALL SELECT 2, 'TAX', v.tax, NULL FROM line_reversal v WHERE v.tenant_id = school AND v.refund_id = made
            UNION ALL SELECT 3, account, -what.amount::bigint, NULL) AS w;
    END IF;
    PERFORM app.post_entry('REFUND', what.application_id, what.order_id, what.payment_id, made, NULL, what.currency, accounts, amounts, products);
END
$$;

-- The next number of a kind: without gaps, because whoever does not commit gives it back, and the next waits for that. For app.issue_invoice. Reveals: that
-- number.
CREATE OR REPLACE FUNCTION app.next_invoice(kind text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    INSERT INTO invoice_counter AS c (tenant_id, kind, last) VALUES (app.tenant_id(), next_invoice.kind, 1)
        ON CONFLICT ON CONSTRAINT invoice_counter_pkey DO UPDATE SET last = c.last + 1 RETURNING c.last INTO number;
    RETURN number;
END
$$;

-- Writes the invoice of an order that is paid (none where its lines come to 0), or the credit note of a refund (none where no invoice was written, or nothing went
-- back): with all that stands on it as it is now. Called last in its transaction, because numbers are waited for. Reveals: its id.
CREATE OR REPLACE FUNCTION app.issue_invoice(ordered uuid, kind text, refund uuid DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    made   CONSTANT uuid := app.uuid_v7();
    sold   sales_order;
    back   refund;
    set    payment_settings;
    seller text;
    buyer  text;
    about  text;
    lines  jsonb;
    taxes  jsonb;
    total  bigint;
    tax    bigint;
    number bigint;
BEGIN
    SELECT * INTO STRICT sold FROM sales_order o WHERE o.tenant_id = school AND o.id = ordered;
    IF issue_invoice.kind = 'INVOICE' THEN
        IF NOT EXISTS (SELECT FROM order_line l WHERE l.tenant_id = school AND l.order_id = ordered) THEN
            lines := jsonb_build_array(jsonb_build_object('name', 'Application fee', 'quantity', 1, 'unitPrice', sold.subtotal, 'subtotal', sold.subtotal, 'discount', sold.discount,
                'taxPercent', 0, 'taxIncluded', true, 'tax', sold.tax, 'total', sold.total));
        ELSE
            SELECT jsonb_agg(jsonb_build_object('name', l.name, 'quantity', l.quantity, 'unitPrice', l.unit_price, 'subtotal', l.subtotal, 'discount', l.discount,
                       'taxPercent', trim_scale(l.tax_percent / 100.0), 'taxIncluded', l.tax_included, 'tax', l.tax, 'total', l.total) ORDER BY l.position, l.id)
                INTO lines FROM order_line l WHERE l.tenant_id = school AND l.order_id = ordered;
        END IF;
    ELSE
        SELECT * INTO STRICT back FROM refund r WHERE r.tenant_id = school AND r.id = issue_invoice.refund;
        IF NOT EXISTS (SELECT FROM invoice i WHERE i.tenant_id = school AND i.order_id = ordered AND i.kind = 'INVOICE') THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_agg(jsonb_build_object('name', coalesce(l.name, 'Application fee'), 'taxPercent', trim_scale(coalesce(l.tax_percent, 0) / 100.0),
                   'taxIncluded', coalesce(l.tax_included, true), 'tax', v.tax, 'total', v.amount) ORDER BY l.position, v.id)
            INTO lines FROM line_reversal v LEFT JOIN order_line l ON l.tenant_id = v.tenant_id AND l.id = v.order_line_id
            WHERE v.tenant_id = school AND v.refund_id = back.id;
    END IF;
    SELECT coalesce(sum((w ->> 'total')::bigint), 0), coalesce(sum((w ->> 'tax')::bigint), 0) INTO total, tax FROM jsonb_array_elements(coalesce(lines, '[]')) AS w;
    IF total = 0 THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(jsonb_build_object('percent', w.percent, 'net', w.total - w.tax, 'tax', w.tax) ORDER BY w.percent) INTO taxes
        FROM (SELECT (l ->> 'taxPercent')::numeric AS percent, sum((l ->> 'total')::bigint) AS total, sum((l ->> 'tax')::bigint) AS tax
              FROM jsonb_array_elements(lines) AS l GROUP BY 1) AS w;
    SELECT s.* INTO set FROM payment_settings s WHERE s.tenant_id = school;
    SELECT coalesce(set.seller_name, t.name) INTO seller FROM tenant t WHERE t.tenant_id = school;
    SELECT coalesce(sold.billing_name, u.name) INTO buyer FROM app_user u WHERE u.tenant_id = school AND u.id = sold.buyer_id;
    SELECT p.name INTO about FROM program p WHERE p.tenant_id = school AND p.id = sold.program_id;
    number := app.next_invoice(issue_invoice.kind);
    INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, refund_id, total, tax, currency, document)
        VALUES (school, made, issue_invoice.kind, number, coalesce(set.invoice_prefix, '') || lpad(number::text, greatest(6, length(number::text)), '0'), ordered, back.id, total, tax,
                sold.currency, jsonb_strip_nulls(jsonb_build_object(
                    'seller', jsonb_build_object('name', seller, 'address', set.seller_address, 'taxId', set.seller_tax_id),
                    'buyer', jsonb_build_object('name', buyer, 'address', sold.billing_address, 'taxId', sold.billing_tax_id),
                    'reference', sold.reference, 'program', about, 'currency', sold.currency, 'exponent', (SELECT c.exponent FROM currency c WHERE c.code = sold.currency),
                    'lines', lines, 'taxes', taxes, 'net', total - tax, 'tax', tax, 'total', total, 'reason', back.reason,
                    'invoice', CASE WHEN back.id IS NOT NULL THEN (SELECT i.code FROM invoice i WHERE i.tenant_id = school AND i.order_id = ordered AND i.kind = 'INVOICE') END,
                    'returned', CASE WHEN back.id IS NULL THEN nullif(sold.returned, 0) END,
                    'creditApplied', CASE WHEN back.id IS NULL THEN nullif(sold.credit_applied, 0) END)));
    PERFORM app.enqueue('invoice.render', made::text, jsonb_build_object('invoice', made), subject => app.type_id('invoice', made));
    RETURN made;
END
$$;

-- What is drawn of an invoice, by the clock and in the language of the school; nothing where it is drawn already. For the job. Reveals: that.
CREATE OR REPLACE FUNCTION app.invoice_to_draw(wanted uuid)
    RETURNS TABLE (kind text, code text, document jsonb, issued_at timestamptz, time_zone text, locale text, primary_color text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT i.kind, i.code, i.document, i.issued_at, t.time_zone, coalesce(s.locale, 'en'), s.primary_color
        FROM invoice i JOIN tenant t ON t.tenant_id = i.tenant_id LEFT JOIN tenant_settings s ON s.tenant_id = i.tenant_id
        WHERE i.tenant_id = app.tenant_id() AND i.id = wanted AND i.file_id IS NULL;
END
$$;

-- An invoice as it was drawn: a file of nobody, read through its invoice. Once. For the job. Reveals: whether it was the first.
CREATE OR REPLACE FUNCTION app.attach_invoice(wanted uuid, name text, content_type text, size bigint, sha256 text, object text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    made   CONSTANT uuid := app.uuid_v7();
BEGIN
    PERFORM FROM invoice i WHERE i.tenant_id = school AND i.id = wanted AND i.file_id IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO file (tenant_id, id, name, content_type, size, sha256, folder, object)
        VALUES (school, made, attach_invoice.name, attach_invoice.content_type, attach_invoice.size, attach_invoice.sha256, 'invoices', attach_invoice.object);
    UPDATE invoice i SET file_id = made WHERE i.tenant_id = school AND i.id = wanted;
    RETURN true;
END
$$;

-- Which files invoices are drawn in, for whoever sees their orders. Reveals: to them, these ids.
CREATE OR REPLACE FUNCTION app.invoice_drawings(invoices uuid[]) RETURNS TABLE (invoice_id uuid, file_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT i.id, i.file_id FROM invoice i JOIN sales_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
        WHERE i.tenant_id = app.tenant_id() AND i.id = ANY (invoices) AND i.file_id IS NOT NULL
          AND (o.buyer_id = app.user_id() OR app.can('ORDER_READ_ALL') OR app.can('PAYMENT_MANAGE'));
END
$$;
-- Those files themselves. Reveals: to them, these.
CREATE OR REPLACE FUNCTION app.invoice_files(invoices uuid[]) RETURNS SETOF file
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM app.invoice_drawings(invoices) AS d JOIN file f ON f.tenant_id = app.tenant_id() AND f.id = d.file_id;
END
$$;

CREATE OR REPLACE TRIGGER invoice_audit AFTER INSERT OR UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION app.audit('Invoice', 'id', 'document');

GRANT EXECUTE ON FUNCTION app.invoice_to_draw(uuid), app.attach_invoice(uuid, text, text, bigint, text, text), app.invoice_drawings(uuid[]), app.invoice_files(uuid[]) TO lectern_app;
