-- Orders: what a cart costs, what placing it takes, and how all of it is given back.
--
-- Every change of an order locks its application first, then the order: expiry, payment, cancellation and refund come one after another. After them
-- come the counters: products by their ids, then the coupon, then credit. Whoever needs more looks for it among what nobody waits for (SKIP LOCKED).
-- An order is overdue where it is PENDING and `expires_at` has come; a part of it that was paid takes that moment away.
--
-- The refusals below are rules like constraints: the service maps them by their names. `n` is the place of the line, or of the ticket that is given back.
--   order_no_application order_not_yours order_not_accepted order_program_closed order_complimentary order_currency order_transition order_has_payments
--   order_fee_paid order_no_fee order_not_draft
--   order_pending            another one waits to be paid (orderId)
--   order_no_product order_no_attendee order_no_price order_not_on_sale order_sold_out order_too_large (n)
--   order_limit person_limit (n, limit)      exclusive_product requires_product (n)
--   order_no_ticket ticket_not_exchangeable ticket_used ticket_required (n)
--   code_unknown code_not_yet_valid code_expired code_exhausted code_used code_currency
--   order_price              the total is another (expected, actual)
--   order_provider           something is to be paid, and nobody said how
--   order_provider_off       that provider isn't switched on
--   order_key_reused         the key was used for another request
--   ticket_in_exchange       a pending order exchanges the ticket (orderId)

-- Whose attendees and applications are the actor's own. Reveals: these ids.
CREATE OR REPLACE FUNCTION app.attendees_of_mine() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT t.id FROM attendee t WHERE t.tenant_id = app.tenant_id() AND t.user_id = app.user_id();
END
$$;
CREATE OR REPLACE FUNCTION app.applications_of_mine() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.id FROM application a WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id();
END
$$;

-- The steps of an order are rows.
CREATE OR REPLACE FUNCTION app.check_order_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT EXISTS (SELECT FROM public.order_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('order_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER sales_order_step BEFORE UPDATE OF status ON sales_order FOR EACH ROW EXECUTE FUNCTION app.check_order_step();

-- The application that the actor may buy for: the own one, or any for PAYMENT_MANAGE. Reveals: that one.
CREATE OR REPLACE FUNCTION app.buying_for(wanted uuid) RETURNS application
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    SELECT * INTO a FROM application x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted;
    IF a.id IS NULL THEN
        PERFORM app.refuse('order_no_application');
    ELSIF NOT ((a.user_id = app.user_id() AND app.can('APPLICATION_SUBMIT')) OR app.can('PAYMENT_MANAGE')) THEN
        PERFORM app.refuse(CASE WHEN app.sees_application(wanted) THEN 'order_not_yours' ELSE 'order_no_application' END);
    END IF;
    RETURN a;
END
$$;

-- Spreads an amount in proportion to what it is taken off, by the largest remainder; of equal ones the first.
CREATE OR REPLACE FUNCTION app.spread(amount bigint, bases bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
    RETURN (SELECT array_agg(s.part + CASE WHEN s.rank <= amount - s.parts THEN 1 ELSE 0 END ORDER BY s.n)
            FROM (SELECT b.n, amount * b.base / b.whole AS part, sum(amount * b.base / b.whole) OVER () AS parts,
                         row_number() OVER (ORDER BY amount * b.base % b.whole DESC, b.n) AS rank
                  FROM (SELECT u.n, u.base, greatest(sum(u.base) OVER (), 1)::bigint AS whole FROM unnest(bases) WITH ORDINALITY AS u(base, n)) AS b) AS s);

-- A percentage in hundredths of each of these, half up. The next two are loops: each order asks for several, and a query would be planned anew for each.
CREATE OR REPLACE FUNCTION app.percent_of_each(percent integer, bases bigint[]) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    base  bigint;
    parts bigint[];
BEGIN
    IF percent IS NOT NULL THEN
        FOREACH base IN ARRAY coalesce(bases, '{}') LOOP
            parts := parts || (base * percent + 5000) / 10000;
        END LOOP;
    END IF;
    RETURN parts;
END
$$;

CREATE OR REPLACE FUNCTION app.sum_of(amounts bigint[]) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    amount bigint;
    whole  bigint := 0;
BEGIN
    FOREACH amount IN ARRAY coalesce(amounts, '{}') LOOP
        whole := whole + coalesce(amount, 0);
    END LOOP;
    RETURN whole;
END
$$;

-- The coupon of a code, where it can be used for this application in this currency. Unknown and inactive codes, and those of other programs, are refused alike.
-- What overdue orders hold of it counts as given back. Reveals: which it is, and why it can't be used.
CREATE OR REPLACE FUNCTION app.usable_coupon(a application, code text, chosen text) RETURNS coupon
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    k      coupon;
    u      coupon_uses;
    is_out boolean;
BEGIN
    SELECT x.* INTO k FROM program_code c JOIN coupon x ON x.tenant_id = c.tenant_id AND x.id = c.coupon_id
        WHERE c.tenant_id = a.tenant_id AND c.program_id = a.program_id AND c.code = usable_coupon.code AND x.is_active;
    IF k.id IS NULL THEN
        PERFORM app.refuse('code_unknown');
    END IF;
    IF now() < k.starts_at THEN
        PERFORM app.refuse('code_not_yet_valid');
    ELSIF now() >= k.ends_at THEN
        PERFORM app.refuse('code_expired');
    END IF;
    SELECT * INTO u FROM coupon_uses x WHERE x.tenant_id = k.tenant_id AND x.coupon_id = k.id;
    is_out := u.uses >= u.max_uses;
    IF is_out AND u.uses - (SELECT count(*) FROM sales_order o WHERE o.tenant_id = k.tenant_id AND o.coupon_id = k.id AND o.status = 'PENDING'
                            AND o.expires_at <= now()) >= u.max_uses THEN
        PERFORM app.refuse('code_exhausted');
    END IF;
    IF k.uses_per_person <= (SELECT count(*) FROM sales_order o
                             WHERE o.tenant_id = k.tenant_id AND o.application_id = a.id AND o.coupon_id = k.id
                               AND (o.status IN ('PAID', 'REFUNDED') OR (o.status = 'PENDING' AND coalesce(o.expires_at > now(), true)))) THEN
        PERFORM app.refuse('code_used');
    END IF;
    IF k.currency <> chosen THEN
        PERFORM app.refuse('code_currency');
    END IF;
    RETURN k;
END
$$;

-- What tickets count for that are given back: what was paid for them, but no more than is left of the value of their order, after refunds and exchanges.
-- Checks that they can be. `kept` are the new lines, as of app.quote_order. Answers `[{"ticket", "amount"}]`. Reveals: this, to whoever buys.
CREATE OR REPLACE FUNCTION app.value_returns(a application, chosen text, given_back uuid[], kept jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    until_  CONSTANT timestamptz := (SELECT p.exchanges_until FROM program p WHERE p.tenant_id = a.tenant_id AND p.id = a.program_id);
    t       record;
    lefts   jsonb := '{}';
    left_of bigint;
    amount  bigint;
    made    jsonb := '[]';
BEGIN
    FOR t IN
        SELECT r.n - 1 AS n, k.id, k.order_id, k.attendee_id, k.product_id, k.status, k.price, k.currency, k.checked_in_at, x.exchangeable
        FROM unnest(given_back) WITH ORDINALITY AS r(id, n)
        LEFT JOIN ticket k ON k.tenant_id = a.tenant_id AND k.id = r.id AND k.application_id = a.id
        LEFT JOIN product x ON x.tenant_id = k.tenant_id AND x.id = k.product_id
        ORDER BY r.n
    LOOP
        IF t.id IS NULL THEN
            PERFORM app.refuse('order_no_ticket', jsonb_build_object('n', t.n)::text);
        ELSIF t.status <> 'ISSUED' OR NOT t.exchangeable OR t.currency <> chosen OR coalesce(now() >= until_, true) THEN
            PERFORM app.refuse('ticket_not_exchangeable', jsonb_build_object('n', t.n)::text);
        ELSIF t.checked_in_at IS NOT NULL THEN
            PERFORM app.refuse('ticket_used', jsonb_build_object('n', t.n)::text);
        ELSIF EXISTS (
            SELECT FROM ticket d JOIN product x ON x.tenant_id = d.tenant_id AND x.id = d.product_id AND x.requires_product_id = t.product_id
            WHERE d.tenant_id = a.tenant_id AND d.attendee_id = t.attendee_id AND d.status = 'ISSUED' AND d.id <> ALL (given_back))
            AND NOT EXISTS (
                SELECT FROM ticket o WHERE o.tenant_id = a.tenant_id AND o.attendee_id = t.attendee_id AND o.product_id = t.product_id AND o.status = 'ISSUED'
                    AND o.id <> ALL (given_back))
            AND NOT kept @> jsonb_build_array(jsonb_build_object('product', t.product_id, 'attendee', t.attendee_id))
        THEN
            PERFORM app.refuse('ticket_required', jsonb_build_object('n', t.n)::text);
        END IF;
        left_of := coalesce((lefts ->> t.order_id::text)::bigint, app.left_of_order(t.order_id));
        amount := greatest(least(t.price, left_of), 0);
        lefts := lefts || jsonb_build_object(t.order_id::text, left_of - amount);
        made := made || jsonb_build_object('ticket', t.id, 'amount', amount);
    END LOOP;
    RETURN made;
END
$$;

-- Whether an order of the school is overdue. For functions: that.
CREATE OR REPLACE FUNCTION app.has_overdue() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.status = 'PENDING' AND o.expires_at <= now());
END
$$;

-- How many paid tickets of a product an attendee holds, without those that are given back. For functions: that.
CREATE OR REPLACE FUNCTION app.issued_of(attendee uuid, product uuid, given_back uuid[]) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT count(*) FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.attendee_id = issued_of.attendee AND t.product_id = issued_of.product
            AND t.status = 'ISSUED' AND t.id <> ALL (given_back));
END
$$;

-- Whether an attendee holds an exclusive ticket of a kind that is not given back, or one of the first lines of a cart is one for them. For functions: that.
CREATE OR REPLACE FUNCTION app.has_exclusive(attendee uuid, kind text, given_back uuid[], lines jsonb, first integer) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.attendee_id = has_exclusive.attendee AND t.kind = has_exclusive.kind AND t.is_exclusive
                   AND t.status = 'ISSUED' AND t.id <> ALL (given_back))
        OR EXISTS (SELECT FROM jsonb_array_elements(lines) WITH ORDINALITY AS e(line, n)
                   JOIN product y ON y.tenant_id = app.tenant_id() AND y.id = (e.line ->> 'product')::uuid AND y.kind = has_exclusive.kind AND y.exclusive
                   WHERE e.n <= first AND (e.line ->> 'attendee')::uuid = has_exclusive.attendee);
END
$$;

-- What a cart costs, and whether it can be had: for the preview and for the order alike. It only reads. Lines are `[{"product", "attendee", "quantity"}]`, each product
-- and attendee once. What overdue orders hold counts as given back: `crowded` says that this was needed. Reveals: this, to whoever may buy for the application.
CREATE OR REPLACE FUNCTION app.quote_order(wanted uuid, wanted_currency text, wanted_lines jsonb, given_back uuid[], code text, uses_credit boolean, is_free boolean)
    RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most      CONSTANT bigint := 1999999999;
    a         application := app.buying_for(wanted);
    p         program;
    chosen    text;
    found_id  uuid;
    l         record;
    x         record;
    spare     bigint;
    crowded   boolean := false;
    -- The lines, column by column.
    places    jsonb[] := '{}';
    subtotals bigint[] := '{}';
    bases     bigint[] := '{}';
    discounts bigint[];
    taxes     bigint[] := '{}';
    totals    bigint[] := '{}';
    rates     integer[] := '{}';
    inclusive boolean[] := '{}';
    returns   jsonb := '[]';
    returned  bigint := 0;
    k         coupon;
    source    text;
    label     text;
    percent   integer;
    net       bigint;
    whole     bigint;
    credit    bigint := 0;
BEGIN
    SELECT * INTO p FROM program g WHERE g.tenant_id = a.tenant_id AND g.id = a.program_id;
    IF a.status <> 'ACCEPTED' THEN
        PERFORM app.refuse('order_not_accepted');
    ELSIF NOT app.sells(p) THEN
        PERFORM app.refuse('order_program_closed');
    ELSIF is_free AND NOT app.can('PAYMENT_MANAGE') THEN
        PERFORM app.refuse('order_complimentary');
    END IF;
    SELECT o.id INTO found_id FROM sales_order o
        WHERE o.tenant_id = a.tenant_id AND o.application_id = a.id AND o.status = 'PENDING' AND coalesce(o.expires_at > now(), true);
    IF found_id IS NOT NULL THEN
        PERFORM app.refuse('order_pending', jsonb_build_object('orderId', app.type_id('order', found_id))::text);
    END IF;
    chosen := coalesce(wanted_currency, p.currencies[1]);
    IF chosen <> ALL (p.currencies) THEN
        PERFORM app.refuse('order_currency');
    END IF;

    FOR l IN
        -- With how many of its product the lines up to this one want, and all of them.
        SELECT e.n, e.product_id, e.attendee_id, e.quantity, (sum(e.quantity) OVER (PARTITION BY e.product_id ORDER BY e.n))::bigint AS so_far,
               (sum(e.quantity) OVER (PARTITION BY e.product_id))::bigint AS in_order
        FROM (SELECT w.n::integer - 1 AS n, (w.line ->> 'product')::uuid AS product_id, (w.line ->> 'attendee')::uuid AS attendee_id, (w.line ->> 'quantity')::bigint AS quantity
              FROM jsonb_array_elements(wanted_lines) WITH ORDINALITY AS w(line, n)) AS e ORDER BY e.n
    LOOP
        SELECT y.*, s.stock, s.held, r.amount, EXISTS (SELECT FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.id = l.attendee_id AND t.application_id = a.id) AS has_attendee
            INTO x FROM product y
            JOIN product_stock s ON s.tenant_id = y.tenant_id AND s.product_id = y.id
            LEFT JOIN product_price r ON r.tenant_id = y.tenant_id AND r.product_id = y.id AND r.currency = chosen
            WHERE y.tenant_id = a.tenant_id AND y.id = l.product_id AND y.program_id = a.program_id
              AND (y.is_active OR app.can('PROGRAM_MANAGE') OR app.can('ORDER_READ_ALL'));
        IF x.id IS NULL THEN
            PERFORM app.refuse('order_no_product', jsonb_build_object('n', l.n)::text);
        ELSIF NOT x.has_attendee THEN
            PERFORM app.refuse('order_no_attendee', jsonb_build_object('n', l.n)::text);
        END IF;
        -- What is left, once the lines up to this one have it. What is overdue is looked for first: mostly there is nothing, and of a product that is sold out all is held.
        spare := x.stock - x.held - l.so_far;
        IF spare < 0 AND app.has_overdue() THEN
            spare := spare + (SELECT count(*) FROM ticket t JOIN sales_order o ON o.tenant_id = t.tenant_id AND o.id = t.order_id
                              WHERE t.tenant_id = a.tenant_id AND t.product_id = x.id AND t.status = 'HELD' AND o.status = 'PENDING' AND o.expires_at <= now());
            crowded := true;
        END IF;
        IF NOT x.is_active THEN
            PERFORM app.refuse('order_not_on_sale', jsonb_build_object('n', l.n)::text);
        ELSIF x.stock - x.held <= 0 AND spare < 0 THEN
            PERFORM app.refuse('order_sold_out', jsonb_build_object('n', l.n)::text);
        ELSIF now() < x.sale_starts_at OR now() >= x.sale_ends_at THEN
            PERFORM app.refuse('order_not_on_sale', jsonb_build_object('n', l.n)::text);
        ELSIF spare < 0 THEN
            PERFORM app.refuse('order_sold_out', jsonb_build_object('n', l.n)::text);
        ELSIF x.amount IS NULL THEN
            PERFORM app.refuse('order_no_price', jsonb_build_object('n', l.n)::text);
        ELSIF l.in_order > x.per_order_limit THEN
            PERFORM app.refuse('order_limit', jsonb_build_object('n', l.n, 'limit', x.per_order_limit)::text);
        -- Functions, so that nothing is asked where there is no such rule.
        ELSIF x.per_person_limit IS NOT NULL AND l.quantity + app.issued_of(l.attendee_id, x.id, given_back) > x.per_person_limit THEN
            PERFORM app.refuse('person_limit', jsonb_build_object('n', l.n, 'limit', x.per_person_limit)::text);
        ELSIF x.exclusive AND (l.quantity > 1 OR app.has_exclusive(l.attendee_id, x.kind, given_back, wanted_lines, l.n)) THEN
            PERFORM app.refuse('exclusive_product', jsonb_build_object('n', l.n)::text);
        ELSIF x.requires_product_id IS NOT NULL AND app.issued_of(l.attendee_id, x.requires_product_id, given_back) = 0
            AND NOT wanted_lines @> jsonb_build_array(jsonb_build_object('product', x.requires_product_id, 'attendee', l.attendee_id)) THEN
            PERFORM app.refuse('requires_product', jsonb_build_object('n', l.n)::text);
        ELSIF x.amount * l.quantity > most THEN
            PERFORM app.refuse('order_too_large', jsonb_build_object('n', l.n)::text);
        END IF;
        places := places || jsonb_build_object('product', x.id, 'attendee', l.attendee_id, 'quantity', l.quantity, 'name', x.name, 'kind', x.kind, 'unit_price', x.amount,
            'exclusive', x.exclusive, 'admission', x.admission, 'valid_from', x.valid_from, 'valid_until', x.valid_until);
        subtotals := subtotals || x.amount * l.quantity;
        bases := bases || CASE WHEN x.discountable THEN x.amount * l.quantity ELSE 0::bigint END;
        rates := rates || x.tax_percent;
        inclusive := inclusive || x.tax_included;
    END LOOP;
    IF app.sum_of(subtotals) > most THEN
        PERFORM app.refuse('order_too_large', jsonb_build_object('n', cardinality(subtotals) - 1)::text);
    END IF;
    IF cardinality(given_back) > 0 THEN
        returns := app.value_returns(a, chosen, given_back, wanted_lines);
        SELECT sum((r.back ->> 'amount')::bigint) INTO returned FROM jsonb_array_elements(returns) AS r(back);
    END IF;
    IF code IS NOT NULL THEN
        k := app.usable_coupon(a, code, chosen);
        crowded := crowded OR EXISTS (SELECT FROM coupon_uses u WHERE u.tenant_id = a.tenant_id AND u.coupon_id = k.id AND u.uses >= u.max_uses);
    END IF;

    -- Of what may take something off, the one that takes most off this cart; of equal ones the first.
    IF is_free THEN
        source := 'COMPLIMENTARY';
        label := 'Complimentary';
        percent := 10000;
        discounts := subtotals;
    ELSIF a.discount_percent IS NOT NULL OR a.referral_id IS NOT NULL OR k.id IS NOT NULL
        OR EXISTS (SELECT FROM program_group g WHERE g.tenant_id = a.tenant_id AND g.program_id = a.program_id AND g.percent_off > 0) THEN
        SELECT c.source, c.label, c.percent, c.parts INTO source, label, percent, discounts FROM (
            SELECT 1 AS place, 'ASSIGNED' AS source, 'Assigned discount' AS label, a.discount_percent AS percent, app.percent_of_each(a.discount_percent, bases) AS parts
                WHERE a.discount_percent IS NOT NULL
          UNION ALL
            (SELECT 2, 'GROUP', u.name, g.percent_off, app.percent_of_each(g.percent_off, bases)
             FROM program_group g
             JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.group_id AND m.user_id = a.user_id
             JOIN user_group u ON u.tenant_id = g.tenant_id AND u.id = g.group_id AND u.deleted_at IS NULL
             WHERE g.tenant_id = a.tenant_id AND g.program_id = a.program_id AND g.percent_off > 0 ORDER BY g.percent_off DESC, g.group_id LIMIT 1)
          UNION ALL
            SELECT 3, 'REFERRAL', r.code, r.percent_off, app.percent_of_each(r.percent_off, bases)
            FROM referral r WHERE r.tenant_id = a.tenant_id AND r.id = a.referral_id AND r.is_active AND r.percent_off > 0
          UNION ALL
            SELECT 4, 'COUPON', k.code, k.percent_off,
                   CASE WHEN k.percent_off IS NULL THEN app.spread(least(k.amount_off, app.sum_of(bases)), bases) ELSE app.percent_of_each(k.percent_off, bases) END
                WHERE k.id IS NOT NULL
        ) AS c ORDER BY app.sum_of(c.parts) DESC, c.place LIMIT 1;
    END IF;
    IF app.sum_of(discounts) = 0 THEN
        source := NULL;
        label := NULL;
        percent := NULL;
        discounts := array_fill(0::bigint, ARRAY[cardinality(subtotals)]);
    END IF;
    FOR i IN 1 .. cardinality(subtotals) LOOP
        net := subtotals[i] - discounts[i];
        IF inclusive[i] THEN
            taxes := taxes || (2 * net * rates[i] + 10000 + rates[i]) / (2 * (10000 + rates[i]));
            totals := totals || net;
        ELSE
            taxes := taxes || (net * rates[i] + 5000) / 10000;
            totals := totals || net + taxes[i];
        END IF;
    END LOOP;
    whole := app.sum_of(totals);
    IF whole > most OR returned > most THEN
        PERFORM app.refuse('order_too_large', jsonb_build_object('n', greatest(cardinality(totals) - 1, 0))::text);
    END IF;
    IF uses_credit AND whole > returned THEN
        -- What an overdue order of this application holds is as good as given back.
        credit := least(whole - returned, coalesce((
            SELECT b.amount - b.held + coalesce((SELECT o.credit_applied FROM sales_order o
                       WHERE o.tenant_id = a.tenant_id AND o.application_id = a.id AND o.status = 'PENDING' AND o.expires_at <= now() AND o.currency = chosen), 0)
            FROM credit_balance b WHERE b.tenant_id = a.tenant_id AND b.application_id = a.id AND b.currency = chosen), 0));
    END IF;
    RETURN jsonb_build_object(
        'currency', chosen, 'subtotal', app.sum_of(subtotals), 'discount', app.sum_of(discounts), 'source', source, 'label', label, 'percent', percent,
        'coupon', CASE WHEN source = 'COUPON' THEN k.id END, 'coupon_code', CASE WHEN source = 'COUPON' THEN k.code END,
        'returns', returns, 'returned', returned, 'credit_applied', credit, 'tax', app.sum_of(taxes),
        'total', greatest(whole - returned - credit, 0), 'credit_granted', greatest(returned - whole, 0), 'crowded', crowded,
        'lines', (SELECT coalesce(jsonb_agg(places[i] || jsonb_build_object(
                      'subtotal', subtotals[i], 'discount', discounts[i], 'tax_percent', rates[i], 'tax_included', inclusive[i], 'tax', taxes[i], 'total', totals[i]) ORDER BY i), '[]')
                  FROM generate_subscripts(places, 1) AS i));
END
$$;

-- Answers what an earlier request under the same key has made; NULL: this one is the first, and the key is its own, for the object that it makes. Whoever comes
-- second waits for the end of this transaction. Reveals: the id.
CREATE OR REPLACE FUNCTION app.use_key(mutation text, key text, digest bytea, object uuid DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known order_key;
BEGIN
    LOOP
        INSERT INTO order_key AS o (tenant_id, user_id, mutation, key, request_digest, object_id)
            VALUES (app.tenant_id(), app.user_id(), use_key.mutation, use_key.key, digest, object)
            ON CONFLICT ON CONSTRAINT order_key_pkey DO NOTHING;
        IF FOUND THEN
            RETURN NULL;
        END IF;
        SELECT * INTO known FROM order_key o
            WHERE o.tenant_id = app.tenant_id() AND o.user_id = app.user_id() AND o.mutation = use_key.mutation AND o.key = use_key.key;
        IF known.key IS NOT NULL THEN
            IF known.request_digest <> digest THEN
                PERFORM app.refuse('order_key_reused');
            END IF;
            RETURN known.object_id;
        END IF;
    END LOOP;
END
$$;

-- Gives back the stock that tickets held, products by their ids. For what has just been cancelled. Reveals nothing.
CREATE OR REPLACE FUNCTION app.free_stock(tickets uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    freed record;
BEGIN
    FOR freed IN
        SELECT t.product_id, count(*)::integer AS n FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.id = ANY (tickets) GROUP BY t.product_id ORDER BY t.product_id
    LOOP
        UPDATE product_stock s SET held = s.held - freed.n WHERE s.tenant_id = app.tenant_id() AND s.product_id = freed.product_id;
    END LOOP;
END
$$;

-- Ends a PENDING order, and gives back once what it held: tickets and their stock, the coupon's use, credit, the tickets that it was to exchange. What was paid of
-- it becomes credit. False where it was not PENDING. Reveals: that.
CREATE OR REPLACE FUNCTION app.end_order(wanted uuid, to_status text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o     sales_order;
    ended uuid[];
BEGIN
    PERFORM app.lock_application((SELECT x.application_id FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted));
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted AND x.status = 'PENDING' FOR NO KEY UPDATE;
    IF o.id IS NULL THEN
        RETURN false;
    END IF;
    UPDATE sales_order x SET status = to_status WHERE x.tenant_id = o.tenant_id AND x.id = o.id;
    WITH gone AS (
        UPDATE ticket t SET status = 'CANCELLED' WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id AND t.status = 'HELD' RETURNING t.id)
    SELECT array_agg(g.id) INTO ended FROM gone g;
    UPDATE ticket t SET return_order_id = NULL WHERE t.tenant_id = o.tenant_id AND t.return_order_id = o.id AND t.status = 'ISSUED';
    PERFORM app.free_stock(ended);
    IF o.coupon_id IS NOT NULL THEN
        UPDATE coupon_uses u SET uses = u.uses - 1 WHERE u.tenant_id = o.tenant_id AND u.coupon_id = o.coupon_id;
    END IF;
    IF o.credit_applied > 0 THEN
        UPDATE credit_balance b SET held = b.held - o.credit_applied
            WHERE b.tenant_id = o.tenant_id AND b.application_id = o.application_id AND b.currency = o.currency;
    END IF;
    PERFORM app.end_payments(o.id, to_status);
    IF o.paid > 0 THEN
        PERFORM app.credit_payments(o.id);
    END IF;
    RETURN true;
END
$$;

-- Expires the overdue order of an application, if it has one. Reveals nothing.
CREATE OR REPLACE FUNCTION app.expire_overdue(application uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.end_order(o.id, 'EXPIRED') FROM sales_order o
        WHERE o.tenant_id = app.tenant_id() AND o.application_id = expire_overdue.application AND o.status = 'PENDING' AND o.expires_at <= now();
END
$$;

-- Expires overdue orders of others that hold what somebody needs: tickets of these products, uses of this coupon. Whoever is at work on one keeps it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.expire_crowding(products uuid[], coupon uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due record;
BEGIN
    FOR due IN
        SELECT o.id FROM sales_order o JOIN application a ON a.tenant_id = o.tenant_id AND a.id = o.application_id
        WHERE o.tenant_id = app.tenant_id() AND o.status = 'PENDING' AND o.expires_at <= now()
          AND (o.coupon_id = coupon OR EXISTS (SELECT FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id AND t.product_id = ANY (products)))
        ORDER BY o.expires_at, o.id FOR NO KEY UPDATE OF a SKIP LOCKED
    LOOP
        PERFORM app.end_order(due.id, 'EXPIRED');
    END LOOP;
END
$$;

-- Expires overdue orders, the longest overdue first; at most so many. Answers how many. For the job that does so; nobody's doing. Reveals: that.
CREATE OR REPLACE FUNCTION app.expire_orders(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    FOR due IN
        SELECT o.id FROM sales_order o JOIN application a ON a.tenant_id = o.tenant_id AND a.id = o.application_id
        WHERE o.tenant_id = app.tenant_id() AND o.status = 'PENDING' AND o.expires_at <= now()
        ORDER BY o.expires_at, o.id LIMIT most FOR NO KEY UPDATE OF a SKIP LOCKED
    LOOP
        IF app.end_order(due.id, 'EXPIRED') THEN
            count := count + 1;
        END IF;
    END LOOP;
    RETURN count;
END
$$;

-- Takes what an order holds: the stock of its tickets by products, a use of its coupon, credit. False where something can't be had (any more). Reveals: that.
CREATE OR REPLACE FUNCTION app.take_holds(o sales_order) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taken record;
BEGIN
    -- By the order, and not by a list of tickets, for which this would be planned anew each time.
    FOR taken IN
        SELECT t.product_id, count(*)::integer AS n FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id GROUP BY t.product_id ORDER BY t.product_id
    LOOP
        UPDATE product_stock s SET held = s.held + taken.n
            WHERE s.tenant_id = o.tenant_id AND s.product_id = taken.product_id AND (s.stock IS NULL OR s.held + taken.n <= s.stock);
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END LOOP;
    IF o.coupon_id IS NOT NULL THEN
        UPDATE coupon_uses u SET uses = u.uses + 1
            WHERE u.tenant_id = o.tenant_id AND u.coupon_id = o.coupon_id AND (u.max_uses IS NULL OR u.uses < u.max_uses);
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;
    IF o.credit_applied > 0 THEN
        UPDATE credit_balance b SET held = b.held + o.credit_applied
            WHERE b.tenant_id = o.tenant_id AND b.application_id = o.application_id AND b.currency = o.currency AND b.amount - b.held >= o.credit_applied;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;
    RETURN true;
END
$$;

-- A reference that no order of the school has yet.
CREATE OR REPLACE FUNCTION app.new_reference() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    chosen text;
BEGIN
    LOOP
        chosen := app.random_letters();
        EXIT WHEN NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.reference = chosen);
    END LOOP;
    RETURN chosen;
END
$$;

-- The same for a preview: what the cart costs, as `{"quote"}`, or what refuses it, as `{"rule", "detail"}`: the statements that a document asks beside it go on.
-- Reveals: as app.quote_order.
CREATE OR REPLACE FUNCTION app.preview_order(wanted uuid, wanted_currency text, wanted_lines jsonb, given_back uuid[], code text, uses_credit boolean, is_free boolean)
    RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    rule text;
    why  text;
BEGIN
    RETURN jsonb_build_object('quote', app.quote_order(wanted, wanted_currency, wanted_lines, given_back, code, uses_credit, is_free));
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME, why = PG_EXCEPTION_DETAIL;
    RETURN jsonb_build_object('rule', rule, 'detail', why);
END
$$;

-- Before an order is placed: the school's key for codes, as of app.ticket_key. Where a line wants more than is left, the cart is quoted here, so that most of a crowd are refused
-- before anything is locked or written. It is left to app.place_order where this key has made an order already (committed in the same snapshot), and where the application has an
-- order that waits. Reveals, to the service only: the key; and what app.quote_order does.
CREATE OR REPLACE FUNCTION app.begin_order(wanted uuid, wanted_currency text, wanted_lines jsonb, given_back uuid[], code text, uses_credit boolean, is_free boolean, key text,
        fresh bytea)
    RETURNS bytea LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.quote_order(wanted, wanted_currency, wanted_lines, given_back, code, uses_credit, is_free)
        WHERE EXISTS (SELECT FROM jsonb_array_elements(wanted_lines) AS e(line)
                      JOIN product_stock s ON s.tenant_id = app.tenant_id() AND s.product_id = (e.line ->> 'product')::uuid WHERE s.stock - s.held < (e.line ->> 'quantity')::bigint)
          AND NOT EXISTS (SELECT FROM order_key u WHERE u.tenant_id = app.tenant_id() AND u.user_id = app.user_id() AND u.mutation = 'placeOrder' AND u.key = begin_order.key)
          AND NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.application_id = wanted AND o.status = 'PENDING');
    RETURN app.ticket_key(fresh);
END
$$;

-- Places an order, or answers the one that was placed under this key. The key is looked at first, then what app.quote_order refuses, the price last. `ticket_ids` and
-- `hashes` are as many as there are pieces. Reveals: the order's id.
CREATE OR REPLACE FUNCTION app.place_order(wanted uuid, wanted_currency text, wanted_lines jsonb, given_back uuid[], code text, uses_credit boolean, is_free boolean,
        expected bigint, way text, back_url text, bill_name text, bill_address text, bill_tax_id text, key text, digest bytea, ticket_ids uuid[], hashes bytea[])
    RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a     application := app.buying_for(wanted);
    fresh CONSTANT uuid := app.uuid_v7();
    made  uuid;
    p     program;
    q     jsonb;
    o     sales_order;
BEGIN
    made := app.use_key('placeOrder', key, digest, fresh);
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    PERFORM app.lock_application(wanted);
    PERFORM app.expire_overdue(wanted);
    IF cardinality(given_back) > 0 THEN
        -- A door that lets somebody in with one of these is waited for, or waits.
        PERFORM FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.application_id = wanted AND t.id = ANY (given_back) ORDER BY t.id FOR NO KEY UPDATE;
    END IF;
    q := app.quote_order(wanted, wanted_currency, wanted_lines, given_back, code, uses_credit, is_free);
    IF way IS NOT NULL AND NOT app.provider_ready(way) THEN
        PERFORM app.refuse('order_provider_off');
    ELSIF (q ->> 'total')::bigint <> expected THEN
        PERFORM app.refuse('order_price', jsonb_build_object('expected', expected, 'actual', (q ->> 'total')::bigint)::text);
    ELSIF expected > 0 AND way IS NULL THEN
        PERFORM app.refuse('order_provider');
    END IF;
    IF (q ->> 'crowded')::boolean THEN
        PERFORM app.expire_crowding(ARRAY(SELECT (l.line ->> 'product')::uuid FROM jsonb_array_elements(q -> 'lines') AS l(line)), (q ->> 'coupon')::uuid);
    END IF;
    SELECT * INTO p FROM program g WHERE g.tenant_id = a.tenant_id AND g.id = a.program_id;
    INSERT INTO sales_order AS x (tenant_id, id, reference, kind, program_id, application_id, buyer_id, currency, subtotal, discount, discount_source, discount_label,
            discount_percent, coupon_id, coupon_code, returned, credit_applied, tax, total, credit_granted, billing_name, billing_address, billing_tax_id, provider, expires_at)
        VALUES (a.tenant_id, fresh, app.new_reference(), 'PURCHASE', a.program_id, a.id, a.user_id, q ->> 'currency', (q ->> 'subtotal')::integer,
            (q ->> 'discount')::integer, q ->> 'source', q ->> 'label', (q ->> 'percent')::integer, (q ->> 'coupon')::uuid, q ->> 'coupon_code', (q ->> 'returned')::integer,
            (q ->> 'credit_applied')::integer, (q ->> 'tax')::integer, (q ->> 'total')::integer, (q ->> 'credit_granted')::integer, bill_name, bill_address, bill_tax_id,
            CASE WHEN expected > 0 THEN way END,
            CASE WHEN expected > 0 THEN now() + CASE way WHEN 'MANUAL' THEN make_interval(days => p.transfer_days) ELSE make_interval(mins => p.payment_minutes) END END)
        RETURNING x.* INTO o;
    INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, discount, tax_percent, tax_included, tax, total)
        SELECT o.tenant_id, app.uuid_v7(), o.id, l.n - 1, (l.line ->> 'product')::uuid, (l.line ->> 'attendee')::uuid, l.line ->> 'name', l.line ->> 'kind',
            (l.line ->> 'quantity')::integer, (l.line ->> 'unit_price')::integer, (l.line ->> 'subtotal')::integer, (l.line ->> 'discount')::integer,
            (l.line ->> 'tax_percent')::integer, (l.line ->> 'tax_included')::boolean, (l.line ->> 'tax')::integer, (l.line ->> 'total')::integer
        FROM jsonb_array_elements(q -> 'lines') WITH ORDINALITY AS l(line, n);
    IF cardinality(given_back) > 0 THEN
        -- What is given back is set aside first: an exclusive ticket makes room for what it is exchanged for.
        INSERT INTO order_return (tenant_id, order_id, ticket_id, amount)
            SELECT o.tenant_id, o.id, (r.back ->> 'ticket')::uuid, (r.back ->> 'amount')::integer FROM jsonb_array_elements(q -> 'returns') AS r(back);
        UPDATE ticket t SET return_order_id = o.id WHERE t.tenant_id = o.tenant_id AND t.id = ANY (given_back);
    END IF;
    INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, price, currency, kind, is_exclusive, admission,
            valid_from, valid_until, code_hash)
        SELECT o.tenant_id, ticket_ids[s.piece], o.id, s.id, o.program_id, o.application_id, s.product_id, s.attendee_id,
            s.total / s.quantity + CASE WHEN s.nth <= s.total % s.quantity THEN 1 ELSE 0 END, o.currency, s.kind, (s.line ->> 'exclusive')::boolean, s.line ->> 'admission',
            (s.line ->> 'valid_from')::timestamptz, (s.line ->> 'valid_until')::timestamptz, hashes[s.piece]
        FROM (SELECT l.*, e.line, g.nth, row_number() OVER (ORDER BY l.position, g.nth) AS piece
              FROM order_line l JOIN jsonb_array_elements(q -> 'lines') WITH ORDINALITY AS e(line, n) ON e.n = l.position + 1
              CROSS JOIN LATERAL generate_series(1, l.quantity) AS g(nth)
              WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) AS s;
    IF expected > 0 THEN
        PERFORM app.begin_payment(o.id, way, expected, back_url);
        PERFORM app.enqueue('order.expire', o.id::text, '{}', o.expires_at);
    END IF;
    -- As late as can be: whoever wants the last of something waits for the end of this transaction.
    IF NOT app.take_holds(o) THEN
        -- Somebody came first: asked once more, it says what is gone.
        PERFORM app.refuse_taken(o, wanted_lines);
    END IF;
    IF expected = 0 THEN
        PERFORM app.order_paid(o.id);
    END IF;
    RETURN o.id;
END
$$;

-- Why an order's holds could not be taken. Reveals: that.
CREATE OR REPLACE FUNCTION app.refuse_taken(o sales_order, wanted_lines jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    SELECT min(e.n) - 1 INTO gone FROM jsonb_array_elements(wanted_lines) WITH ORDINALITY AS e(line, n)
        JOIN product_stock s ON s.tenant_id = o.tenant_id AND s.product_id = (e.line ->> 'product')::uuid
        -- The pieces before the one that failed are taken already.
        WHERE s.stock - s.held < (SELECT sum((w.line ->> 'quantity')::bigint) FROM jsonb_array_elements(wanted_lines) AS w(line) WHERE w.line ->> 'product' = e.line ->> 'product');
    IF gone IS NOT NULL THEN
        PERFORM app.refuse('order_sold_out', jsonb_build_object('n', gone)::text);
    ELSIF o.coupon_id IS NOT NULL AND EXISTS (SELECT FROM coupon_uses u WHERE u.tenant_id = o.tenant_id AND u.coupon_id = o.coupon_id AND u.uses >= u.max_uses) THEN
        PERFORM app.refuse('code_exhausted');
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'what an order holds was taken meanwhile';
END
$$;

-- An order for the fee of a draft: no tax, no discount, no credit. Reveals: its id.
CREATE OR REPLACE FUNCTION app.place_fee_order(wanted uuid, expected bigint, way text, back_url text, key text, digest bytea) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a     application := app.buying_for(wanted);
    fresh CONSTANT uuid := app.uuid_v7();
    made  uuid := app.use_key('payApplicationFee', key, digest, fresh);
    p     program;
    other uuid;
    o     sales_order;
BEGIN
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    PERFORM app.lock_application(wanted);
    PERFORM app.expire_overdue(wanted);
    SELECT * INTO a FROM application x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted;
    SELECT * INTO p FROM program g WHERE g.tenant_id = a.tenant_id AND g.id = a.program_id;
    SELECT x.id INTO other FROM sales_order x WHERE x.tenant_id = a.tenant_id AND x.application_id = a.id AND x.status = 'PENDING';
    IF a.fee_paid_at IS NOT NULL THEN
        PERFORM app.refuse('order_fee_paid');
    ELSIF a.status <> 'DRAFT' THEN
        PERFORM app.refuse('order_not_draft');
    ELSIF other IS NOT NULL THEN
        PERFORM app.refuse('order_pending', jsonb_build_object('orderId', app.type_id('order', other))::text);
    ELSIF NOT app.program_is_open(a.program_id) THEN
        PERFORM app.refuse('order_program_closed');
    ELSIF p.fee_amount IS NULL THEN
        PERFORM app.refuse('order_no_fee');
    ELSIF NOT app.provider_ready(way) THEN
        PERFORM app.refuse('order_provider_off');
    ELSIF p.fee_amount <> expected THEN
        PERFORM app.refuse('order_price', jsonb_build_object('expected', expected, 'actual', p.fee_amount)::text);
    END IF;
    INSERT INTO sales_order AS x (tenant_id, id, reference, kind, program_id, application_id, buyer_id, currency, subtotal, total, provider, expires_at)
        VALUES (a.tenant_id, fresh, app.new_reference(), 'APPLICATION_FEE', a.program_id, a.id, a.user_id, p.fee_currency, p.fee_amount, p.fee_amount, way,
            now() + CASE way WHEN 'MANUAL' THEN make_interval(days => p.transfer_days) ELSE make_interval(mins => p.payment_minutes) END)
        RETURNING x.* INTO o;
    INSERT INTO order_line (tenant_id, id, order_id, position, name, quantity, unit_price, subtotal, total)
        VALUES (o.tenant_id, app.uuid_v7(), o.id, 0, p.name, 1, o.total, o.total, o.total);
    PERFORM app.begin_payment(o.id, way, o.total, back_url);
    PERFORM app.enqueue('order.expire', o.id::text, '{}', o.expires_at);
    RETURN o.id;
END
$$;

-- Puts credit to an application's good, or takes it away; the books are the caller's. Reveals nothing.
CREATE OR REPLACE FUNCTION app.add_credit(application uuid, currency text, amount bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO credit_balance AS b (tenant_id, application_id, currency, amount)
        VALUES (app.tenant_id(), add_credit.application, add_credit.currency, add_credit.amount)
        ON CONFLICT ON CONSTRAINT credit_balance_pkey DO UPDATE SET amount = b.amount + excluded.amount;
END
$$;
CREATE OR REPLACE FUNCTION app.remove_credit(application uuid, currency text, amount bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE credit_balance b SET amount = b.amount - remove_credit.amount
        WHERE b.tenant_id = app.tenant_id() AND b.application_id = remove_credit.application AND b.currency = remove_credit.currency;
END
$$;

-- A PENDING order is paid, or one whose holds were had again (app.revive_order): tickets are issued, what they are exchanged for is cancelled, credit moves, the books
-- and the invoice are written. All in the caller's transaction. Reveals nothing.
CREATE OR REPLACE FUNCTION app.order_paid(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o        sales_order;
    returned uuid[];
    losing   uuid[];
BEGIN
    PERFORM app.lock_application((SELECT x.application_id FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted));
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted FOR NO KEY UPDATE;
    IF o.status = 'PAID' THEN
        RETURN;
    END IF;
    UPDATE sales_order x SET status = 'PAID', paid_at = now(), expires_at = NULL WHERE x.tenant_id = o.tenant_id AND x.id = o.id;
    WITH gone AS (
        UPDATE ticket t SET status = 'CANCELLED' WHERE t.tenant_id = o.tenant_id AND t.return_order_id = o.id AND t.status = 'ISSUED' RETURNING t.id, t.attendee_id)
    SELECT array_agg(g.id), array_agg(DISTINCT g.attendee_id) INTO returned, losing FROM gone g;
    UPDATE ticket t SET status = 'ISSUED', issued_at = now() WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id AND t.status = 'HELD';
    PERFORM app.free_stock(returned);
    IF o.credit_applied > 0 THEN
        UPDATE credit_balance b SET amount = b.amount - o.credit_applied, held = b.held - o.credit_applied
            WHERE b.tenant_id = o.tenant_id AND b.application_id = o.application_id AND b.currency = o.currency;
    END IF;
    IF o.credit_granted > 0 THEN
        PERFORM app.add_credit(o.application_id, o.currency, o.credit_granted);
    END IF;
    IF o.kind = 'APPLICATION_FEE' THEN
        UPDATE application a SET fee_paid_at = now() WHERE a.tenant_id = o.tenant_id AND a.id = o.application_id AND a.fee_paid_at IS NULL;
    END IF;
    PERFORM app.post_sale(o.id);
    PERFORM app.on_paid(o.id);
    IF losing IS NOT NULL THEN
        PERFORM app.on_tickets_ended(losing);
    END IF;
    -- The number of an invoice is taken last: whoever needs the next waits for the end of this transaction.
    PERFORM app.issue_invoice(o.id, 'INVOICE', NULL);
END
$$;

-- Pays an EXPIRED order with money that came late, where every hold can be had again: stock, the coupon, credit, the places of limits, the tickets that it
-- exchanges, and no other order that waits. Its sale window and prices no longer matter. False otherwise, and nothing is changed. Reveals: that.
CREATE OR REPLACE FUNCTION app.revive_order(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o    sales_order;
    a    application;
    k    coupon;
BEGIN
    PERFORM app.lock_application((SELECT x.application_id FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted));
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted AND x.status = 'EXPIRED' FOR NO KEY UPDATE;
    IF o.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM app.expire_overdue(o.application_id);
    SELECT * INTO a FROM application x WHERE x.tenant_id = o.tenant_id AND x.id = o.application_id;
    IF EXISTS (SELECT FROM sales_order x WHERE x.tenant_id = o.tenant_id AND x.application_id = o.application_id AND x.status = 'PENDING')
       OR (o.kind = 'PURCHASE' AND a.status <> 'ACCEPTED') OR (o.kind = 'APPLICATION_FEE' AND (a.fee_paid_at IS NOT NULL OR a.status = 'WITHDRAWN'))
    THEN
        RETURN false;
    END IF;
    IF o.coupon_id IS NOT NULL THEN
        SELECT * INTO k FROM coupon x WHERE x.tenant_id = o.tenant_id AND x.id = o.coupon_id;
        IF k.uses_per_person <= (SELECT count(*) FROM sales_order x WHERE x.tenant_id = o.tenant_id AND x.application_id = o.application_id AND x.coupon_id = k.id
                                 AND x.status IN ('PAID', 'REFUNDED')) THEN
            RETURN false;
        END IF;
    END IF;
    -- Whoever it was for may be gone, or have what limits give once.
    IF EXISTS (SELECT FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id AND t.attendee_id IS NULL)
       OR EXISTS (
           SELECT FROM (SELECT t.attendee_id, t.product_id, count(*) AS n FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id GROUP BY 1, 2) AS s
           JOIN product p ON p.tenant_id = o.tenant_id AND p.id = s.product_id
           WHERE s.n + (SELECT count(*) FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.attendee_id = s.attendee_id AND t.product_id = s.product_id
                        AND t.status IN ('HELD', 'ISSUED') AND t.id NOT IN (SELECT r.ticket_id FROM order_return r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id))
                 > p.per_person_limit
              OR (p.requires_product_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.attendee_id = s.attendee_id AND t.product_id = p.requires_product_id
                                  AND (t.order_id = o.id OR t.status = 'ISSUED'))))
       OR EXISTS (
           SELECT FROM order_return r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id
           WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id AND (t.status <> 'ISSUED' OR t.return_order_id IS NOT NULL OR t.checked_in_at IS NOT NULL))
       -- What they are worth may have gone back meanwhile.
       OR EXISTS (
           SELECT FROM order_return r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id
           WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id GROUP BY t.order_id HAVING sum(r.amount) > app.left_of_order(t.order_id))
    THEN
        RETURN false;
    END IF;
    PERFORM app.expire_crowding(ARRAY(SELECT DISTINCT t.product_id FROM ticket t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id), o.coupon_id);
    BEGIN
        UPDATE ticket t SET return_order_id = o.id
            WHERE t.tenant_id = o.tenant_id AND t.id IN (SELECT r.ticket_id FROM order_return r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id);
        UPDATE ticket t SET status = 'HELD' WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id;
        IF NOT app.take_holds(o) THEN
            PERFORM app.refuse('order_holds_gone');
        END IF;
    EXCEPTION WHEN check_violation OR unique_violation THEN
        RETURN false;
    END;
    PERFORM app.order_paid(o.id);
    RETURN true;
END
$$;

-- Cancels live tickets of a PAID order, these or all: their stock is free again, and what came with them is taken back. Answers how many. Reveals: that.
CREATE OR REPLACE FUNCTION app.cancel_tickets(wanted uuid, tickets uuid[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended  uuid[];
    losing uuid[];
    other  uuid;
BEGIN
    SELECT t.return_order_id INTO other FROM ticket t
        WHERE t.tenant_id = app.tenant_id() AND t.order_id = wanted AND t.status = 'ISSUED' AND t.return_order_id IS NOT NULL AND (tickets IS NULL OR t.id = ANY (tickets)) LIMIT 1;
    IF other IS NOT NULL THEN
        PERFORM app.refuse('ticket_in_exchange', jsonb_build_object('orderId', app.type_id('order', other))::text);
    END IF;
    WITH gone AS (
        UPDATE ticket t SET status = 'CANCELLED'
            WHERE t.tenant_id = app.tenant_id() AND t.order_id = wanted AND t.status = 'ISSUED' AND (tickets IS NULL OR t.id = ANY (tickets)) RETURNING t.id, t.attendee_id)
    SELECT array_agg(g.id), array_agg(DISTINCT g.attendee_id) INTO ended, losing FROM gone g;
    IF ended IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM app.free_stock(ended);
    PERFORM app.on_tickets_ended(losing);
    RETURN cardinality(ended);
END
$$;

-- Cancels a PENDING order: its buyer, unless something of it was paid; PAYMENT_MANAGE any, and what was paid becomes credit. Reveals: whether it could be.
CREATE OR REPLACE FUNCTION app.cancel_order(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o sales_order;
BEGIN
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.id = wanted
        AND (x.buyer_id = app.user_id() OR app.can('PAYMENT_MANAGE') OR app.can('ORDER_READ_ALL'));
    IF o.id IS NULL THEN
        PERFORM app.refuse('order_not_there');
    ELSIF NOT ((o.buyer_id = app.user_id() AND app.can('APPLICATION_SUBMIT')) OR app.can('PAYMENT_MANAGE')) THEN
        PERFORM app.refuse('order_not_yours');
    END IF;
    PERFORM app.lock_application(o.application_id);
    PERFORM app.expire_overdue(o.application_id);
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = o.tenant_id AND x.id = o.id FOR NO KEY UPDATE;
    IF o.status <> 'PENDING' THEN
        PERFORM app.refuse('order_transition');
    ELSIF NOT app.can('PAYMENT_MANAGE') AND o.paid > 0 THEN
        PERFORM app.refuse('order_has_payments');
    END IF;
    PERFORM app.end_order(o.id, 'CANCELLED');
END
$$;

-- The fee that an accepted applicant has paid becomes credit, once, where the program says so; but for what went back of it, or is about to. Reveals nothing.
CREATE OR REPLACE FUNCTION app.credit_fee(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o    sales_order;
    rest bigint;
BEGIN
    SELECT * INTO o FROM sales_order x WHERE x.tenant_id = app.tenant_id() AND x.application_id = wanted AND x.kind = 'APPLICATION_FEE' AND x.status = 'PAID'
        ORDER BY x.paid_at DESC LIMIT 1;
    rest := o.paid - o.refunded - (
        SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.tenant_id = o.tenant_id AND r.order_id = o.id AND r.status = 'PENDING' AND NOT r.is_late);
    UPDATE application a SET fee_credited_at = now() FROM program p
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.fee_paid_at IS NOT NULL AND a.fee_credited_at IS NULL AND rest > 0
          AND p.tenant_id = a.tenant_id AND p.id = a.program_id AND p.credit_fee_on_acceptance;
    IF FOUND THEN
        PERFORM app.add_credit(wanted, o.currency, rest);
        PERFORM app.post_credit(wanted, o.currency, rest, 'FEE');
    END IF;
END
$$;

-- Whether tickets are held or issued, and whether an order waits. For applications, which know no tickets. Reveal: that.
CREATE OR REPLACE FUNCTION app.has_live_tickets(application uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.application_id = has_live_tickets.application AND t.status IN ('HELD', 'ISSUED'));
END
$$;
CREATE OR REPLACE FUNCTION app.attendee_has_live_tickets(attendee uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.attendee_id = attendee_has_live_tickets.attendee AND t.status IN ('HELD', 'ISSUED'));
END
$$;
CREATE OR REPLACE FUNCTION app.has_pending_order(application uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.application_id = has_pending_order.application AND o.status = 'PENDING');
END
$$;

-- The school's key for codes of tickets, sealed: the one that it has, else this one, which it keeps for ever. Reveals, to the service only: that.
CREATE OR REPLACE FUNCTION app.ticket_key(fresh bytea) RETURNS bytea
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept bytea;
BEGIN
    SELECT k.sealed INTO kept FROM ticket_key k WHERE k.tenant_id = app.tenant_id();
    IF NOT FOUND THEN
        INSERT INTO ticket_key (tenant_id, sealed) VALUES (app.tenant_id(), fresh) ON CONFLICT (tenant_id) DO NOTHING;
        SELECT k.sealed INTO kept FROM ticket_key k WHERE k.tenant_id = app.tenant_id();
    END IF;
    RETURN kept;
END
$$;

-- What the codes of tickets are made of, for whom they are shown to: the holder, the applicant, APPLICATION_MANAGE; of ISSUED ones, and in no viewing.
-- Reveals, to the service only: that.
CREATE OR REPLACE FUNCTION app.ticket_codes(tickets uuid[]) RETURNS TABLE (ticket_id uuid, generation integer, sealed bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.viewed_by() IS NOT NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT t.id, t.generation, k.sealed FROM ticket t JOIN ticket_key k ON k.tenant_id = t.tenant_id
        WHERE t.tenant_id = app.tenant_id() AND t.id = ANY (tickets) AND t.status = 'ISSUED'
          AND (app.can('APPLICATION_MANAGE') OR t.attendee_id IN (SELECT app.attendees_of_mine()) OR t.application_id IN (SELECT app.applications_of_mine()));
END
$$;

-- Makes the codes of an attendee's live tickets unknown, for new ones (app.keep_ticket_codes): they go to somebody else. Reveals: which tickets these are.
CREATE OR REPLACE FUNCTION app.renew_ticket_codes(attendee uuid) RETURNS TABLE (ticket_id uuid, generation integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        UPDATE ticket t SET generation = t.generation + 1, code_hash = NULL
            WHERE t.tenant_id = app.tenant_id() AND t.attendee_id = renew_ticket_codes.attendee AND t.status IN ('HELD', 'ISSUED')
              AND (app.can('APPLICATION_MANAGE') OR t.application_id IN (SELECT app.applications_of_mine()))
            RETURNING t.id, t.generation;
END
$$;
CREATE OR REPLACE FUNCTION app.keep_ticket_codes(tickets uuid[], hashes bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE ticket t SET code_hash = n.hash FROM unnest(tickets, hashes) AS n(id, hash)
        WHERE t.tenant_id = app.tenant_id() AND t.id = n.id AND t.code_hash IS NULL;
END
$$;

-- Tells of an order: by webhooks, and its buyer. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_order() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := 'order.' || CASE NEW.status WHEN 'PENDING' THEN 'placed' ELSE lower(NEW.status) END;
    data jsonb;
    note jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.status = 'REFUNDED' AND NEW.kind = 'APPLICATION_FEE' THEN
        UPDATE application a SET fee_paid_at = NULL WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.application_id AND a.fee_credited_at IS NULL;
    END IF;
    IF app.webhooks_want(type) THEN
        data := jsonb_build_object(
            'id', app.type_id('order', NEW.id), 'kind', NEW.kind, 'status', NEW.status, 'programId', app.type_id('program', NEW.program_id),
            'applicationId', app.type_id('application', NEW.application_id), 'buyerId', app.type_id('user', NEW.buyer_id));
    END IF;
    -- Of what costs nothing nobody is told that it waits to be paid.
    IF app.notifies(type) AND (NEW.status <> 'PENDING' OR NEW.total > 0) THEN
        note := jsonb_build_object('person', NEW.buyer_id, 'facts', jsonb_build_object(
            'program', (SELECT p.name FROM program p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.program_id), 'reference', NEW.reference,
            'total', app.money_text(NEW.total, NEW.currency), 'expires', NEW.expires_at,
            'instructions', coalesce((SELECT s.transfer_instructions FROM payment_settings s WHERE s.tenant_id = NEW.tenant_id AND NEW.provider = 'MANUAL'), '')));
    END IF;
    IF data IS NOT NULL OR note IS NOT NULL THEN
        PERFORM app.emit(type, app.type_id('order', NEW.id), data, note);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER sales_order_tell_new AFTER INSERT ON sales_order FOR EACH ROW WHEN (NEW.status = 'PENDING') EXECUTE FUNCTION app.tell_of_order();
CREATE OR REPLACE TRIGGER sales_order_tell AFTER UPDATE OF status ON sales_order FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION app.tell_of_order();
CREATE OR REPLACE TRIGGER sales_order_announce AFTER INSERT OR UPDATE OR DELETE ON sales_order FOR EACH ROW EXECUTE FUNCTION app.announce_row('order', 'id', 'id');

-- A person who is deleted buys nothing any more: what waits is cancelled, and so are the tickets of their applications; nothing is paid back by it. Before applications
-- are withdrawn, hence the name: triggers go by it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.close_orders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.end_order(o.id, 'CANCELLED') FROM sales_order o WHERE o.tenant_id = NEW.tenant_id AND o.buyer_id = NEW.id AND o.status = 'PENDING';
    PERFORM app.cancel_tickets(o.id, NULL) FROM sales_order o
        WHERE o.tenant_id = NEW.tenant_id AND o.buyer_id = NEW.id AND o.status IN ('PAID', 'REFUNDED');
    UPDATE referral r SET is_active = false WHERE r.tenant_id = NEW.tenant_id AND r.owner_id = NEW.id AND r.is_active;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_a_close_orders AFTER UPDATE OF deleted_at ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.close_orders();

CREATE OR REPLACE TRIGGER sales_order_touch BEFORE UPDATE ON sales_order FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER sales_order_audit AFTER INSERT OR UPDATE OR DELETE ON sales_order FOR EACH ROW EXECUTE FUNCTION app.audit('Order', 'id', 'coupon_code,discount_label');
CREATE OR REPLACE TRIGGER order_line_audit AFTER INSERT OR UPDATE OR DELETE ON order_line FOR EACH ROW EXECUTE FUNCTION app.audit('OrderLine', 'id');
CREATE OR REPLACE TRIGGER order_return_audit AFTER INSERT OR UPDATE OR DELETE ON order_return FOR EACH ROW EXECUTE FUNCTION app.audit('Order', 'order_id');
CREATE OR REPLACE TRIGGER ticket_audit AFTER INSERT OR UPDATE OR DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION app.audit('Ticket', 'id', 'code_hash');

GRANT EXECUTE ON FUNCTION app.attendees_of_mine(), app.applications_of_mine(), app.preview_order(uuid, text, jsonb, uuid[], text, boolean, boolean),
    app.begin_order(uuid, text, jsonb, uuid[], text, boolean, boolean, text, bytea),
    app.place_order(uuid, text, jsonb, uuid[], text, boolean, boolean, bigint, text, text, text, text, text, text, bytea, uuid[], bytea[]),
    app.place_fee_order(uuid, bigint, text, text, text, bytea), app.cancel_order(uuid), app.expire_orders(integer), app.use_key(text, text, bytea, uuid),
    app.ticket_key(bytea), app.ticket_codes(uuid[]), app.renew_ticket_codes(uuid), app.keep_ticket_codes(uuid[], bytea[]) TO lectern_app;
