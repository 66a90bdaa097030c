-- Payments: what is waited for, what comes of it, and what goes back. Whoever changes a payment holds its application's row, then its order's.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   payment_transition        no such step leads on from the payment's state
--   payment_provider          the school takes no money by this provider
--   payment_return_url        the origin of the page is none of the school's
--   payment_order_state       the order is not in a state in which this is done
--   refund_too_large          more than what is left of the order, or of what was paid for it (`limit`)
--   refund_tickets            one of the tickets is none of the order's that are ISSUED (`at`)
--   credit_currency           the program takes no money in this currency

-- A payment moves by the rows of payment_transition alone, whoever moves it.
CREATE OR REPLACE FUNCTION app.check_payment_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT EXISTS (SELECT FROM public.payment_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('payment_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER payment_move BEFORE UPDATE OF status ON payment FOR EACH ROW EXECUTE FUNCTION app.check_payment_move();

-- Tells PAYMENT_MANAGE that money is not where it should be. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_payment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    data jsonb;
    note jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.webhooks_want('payment.attention') THEN
        data := jsonb_build_object('id', app.type_id('payment', NEW.id), 'orderId', app.type_id('order', NEW.order_id), 'provider', NEW.provider, 'status', NEW.status,
                                   'attention', NEW.attention);
    END IF;
    IF app.notifies('payment.attention') THEN
        note := jsonb_build_object('facts', jsonb_build_object('why', NEW.attention, 'reference', NEW.reference, 'amount', app.money_text(NEW.amount, NEW.currency)));
    END IF;
    IF data IS NOT NULL OR note IS NOT NULL THEN
        PERFORM app.emit('payment.attention', app.type_id('payment', NEW.id), data, note);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER payment_tell_new AFTER INSERT ON payment FOR EACH ROW WHEN (NEW.attention IS NOT NULL) EXECUTE FUNCTION app.tell_of_payment();
CREATE OR REPLACE TRIGGER payment_tell AFTER UPDATE OF attention ON payment FOR EACH ROW
    WHEN (NEW.attention IS NOT NULL AND NEW.attention IS DISTINCT FROM OLD.attention) EXECUTE FUNCTION app.tell_of_payment();

-- Tells the buyer of what went back to them, and PAYMENT_MANAGE of what could not. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_refund() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sold sales_order;
    what jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT * INTO sold FROM sales_order o WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.order_id;
    what := jsonb_build_object('reference', sold.reference, 'amount', app.money_text(NEW.amount, NEW.currency));
    IF NEW.status = 'SUCCEEDED' AND NEW.failure IS NULL THEN
        IF NEW.amount > 0 AND app.notifies('notify.refund_made') THEN
            PERFORM app.emit('notify.refund_made', app.type_id('order', NEW.order_id), NULL, jsonb_build_object('person', sold.buyer_id, 'facts', what));
        END IF;
    ELSIF app.notifies('notify.refund_failed') THEN
        PERFORM app.emit('notify.refund_failed', app.type_id('payment', NEW.payment_id), NULL, jsonb_build_object('facts', what || '{"why": "REFUND_FAILED"}'));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER refund_tell_new AFTER INSERT ON refund FOR EACH ROW WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION app.tell_of_refund();
CREATE OR REPLACE TRIGGER refund_tell AFTER UPDATE OF status ON refund FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION app.tell_of_refund();
CREATE OR REPLACE TRIGGER refund_tell_undone AFTER UPDATE OF failure ON refund FOR EACH ROW
    WHEN (OLD.status = 'SUCCEEDED' AND NEW.failure IS DISTINCT FROM OLD.failure) EXECUTE FUNCTION app.tell_of_refund();

-- Who listens to an order hears of its payments and refunds.
CREATE OR REPLACE TRIGGER payment_announce AFTER INSERT OR UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION app.announce_row('order', 'order_id', 'order_id');
CREATE OR REPLACE TRIGGER refund_announce AFTER INSERT OR UPDATE ON refund FOR EACH ROW EXECUTE FUNCTION app.announce_row('order', 'order_id', 'order_id');

-- Whether the school takes money by a provider. Reveals: that.
CREATE OR REPLACE FUNCTION app.provider_ready(provider text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM payment_settings s WHERE s.tenant_id = app.tenant_id() AND provider_ready.provider = ANY (s.providers));
END
$$;

-- The providers that the school takes money by. Reveals: to everybody who sees a program, these.
CREATE OR REPLACE FUNCTION app.ready_providers() RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT s.providers FROM payment_settings s WHERE s.tenant_id = app.tenant_id()), '{}');
END
$$;

-- What the school says to whoever transfers money. Reveals: to everybody who sees a payment, that.
CREATE OR REPLACE FUNCTION app.transfer_instructions() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT s.transfer_instructions FROM payment_settings s WHERE s.tenant_id = app.tenant_id());
END
$$;

-- Takes an order's locks, in their order: its application, then itself. Reveals: the order.
CREATE OR REPLACE FUNCTION app.hold_order(ordered uuid) RETURNS sales_order
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held sales_order;
BEGIN
    SELECT * INTO held FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered;
    IF FOUND THEN
        PERFORM app.lock_application(held.application_id);
        SELECT * INTO held FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered FOR NO KEY UPDATE;
    END IF;
    RETURN held;
END
$$;

-- Begins a payment of an order that is PENDING and waits for none. Who asks has taken the order's locks. Stripe is told by a job. Reveals: the payment's id.
CREATE OR REPLACE FUNCTION app.begin_payment(ordered uuid, provider text, amount bigint, return_url text DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made CONSTANT uuid := app.uuid_v7();
BEGIN
    IF provider IS NULL OR NOT app.provider_ready(provider) THEN
        PERFORM app.refuse('payment_provider');
    END IF;
    -- Letter by letter: what is no plain origin matches none.
    IF return_url IS NOT NULL AND NOT EXISTS (
        SELECT FROM payment_settings s WHERE s.tenant_id = app.tenant_id() AND lower(substring(begin_payment.return_url FROM '^[A-Za-z]+://[^/?#]*')) = ANY (s.return_origins))
    THEN
        PERFORM app.refuse('payment_return_url');
    END IF;
    INSERT INTO payment (tenant_id, id, order_id, provider, amount, currency, reference, return_url)
        SELECT o.tenant_id, made, o.id, begin_payment.provider, begin_payment.amount, o.currency, o.reference, begin_payment.return_url
        FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered;
    IF provider = 'STRIPE' THEN
        PERFORM app.enqueue('payment.start', made::text, jsonb_build_object('payment', made), subject => app.type_id('payment', made));
    END IF;
    RETURN made;
END
$$;

-- What is over of the money for an order becomes its applicant's credit. Reveals nothing.
CREATE OR REPLACE FUNCTION app.credit_surplus(sold sales_order, payment uuid, amount bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF amount > 0 THEN
        PERFORM app.add_credit(sold.application_id, sold.currency, amount);
        PERFORM app.post_entry('CREDIT', sold.application_id, sold.id, payment, NULL, NULL, sold.currency, ARRAY['CUSTOMER', 'CREDIT'], ARRAY[amount, -amount],
                               ARRAY[NULL, NULL]::uuid[]);
    END IF;
END
$$;

-- The pending payment of an order ends with it, in the same state. For app.end_order, which holds the order. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_payments(ordered uuid, to_status text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE payment p SET status = to_status, settled_at = now() WHERE p.tenant_id = app.tenant_id() AND p.order_id = ordered AND p.status = 'PENDING';
END
$$;

-- What was paid of an order that is not to be PAID becomes credit. For app.end_order, which holds the order. Reveals nothing.
CREATE OR REPLACE FUNCTION app.credit_payments(ordered uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sold sales_order;
BEGIN
    SELECT * INTO sold FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered AND o.paid_at IS NULL;
    IF sold.paid > 0 THEN
        UPDATE sales_order o SET paid = 0 WHERE o.tenant_id = app.tenant_id() AND o.id = ordered;
        PERFORM app.credit_surplus(sold, NULL, sold.paid);
    END IF;
END
$$;

-- Uses money for an order that waits for it, up to what is due; what is over becomes credit. What it was booked from is CASH of its provider, or SUSPENSE. Answers
-- whether the order has all of its money now. Reveals nothing.
CREATE OR REPLACE FUNCTION app.use_money(ordered uuid, paying payment, source text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sold sales_order;
    used bigint;
BEGIN
    SELECT * INTO sold FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.id = ordered;
    used := least(paying.amount, sold.total - sold.paid);
    PERFORM app.post_entry(CASE source WHEN 'SUSPENSE' THEN 'LATE_PAYMENT' ELSE 'PAYMENT' END, sold.application_id, ordered, paying.id, NULL, paying.note, paying.currency,
        ARRAY[source, 'CUSTOMER'], ARRAY[paying.amount, -paying.amount], ARRAY[NULL, NULL]::uuid[]);
    UPDATE sales_order o SET paid = o.paid + used, expires_at = CASE WHEN o.paid + used < o.total THEN NULL ELSE o.expires_at END
        WHERE o.tenant_id = app.tenant_id() AND o.id = ordered;
    PERFORM app.credit_surplus(sold, paying.id, paying.amount - used);
    RETURN sold.paid + used >= sold.total;
END
$$;

-- Money that no order waits for: it is booked to SUSPENSE first. An order that has expired is revived, if everything that it held can be had again and the money is
-- enough; otherwise the money goes back by its provider, or becomes credit where it came by none. Reveals nothing.
CREATE OR REPLACE FUNCTION app.place_late_money(sold sales_order, late payment) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    made   CONSTANT uuid := app.uuid_v7();
BEGIN
    UPDATE payment p SET attention = CASE WHEN sold.status IN ('PAID', 'REFUNDED') THEN 'SURPLUS' ELSE 'LATE' END WHERE p.tenant_id = school AND p.id = late.id;
    PERFORM app.post_entry('LATE_PAYMENT', sold.application_id, sold.id, late.id, NULL, late.note, late.currency,
        ARRAY['CASH_' || late.provider, 'SUSPENSE'], ARRAY[late.amount, -late.amount], ARRAY[NULL, NULL]::uuid[]);
    IF sold.status = 'EXPIRED' AND late.amount >= sold.total AND app.revive_order(sold.id) THEN
        PERFORM app.use_money(sold.id, late, 'SUSPENSE');
        RETURN;
    END IF;
    INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, is_late, reason)
        VALUES (school, made, sold.id, late.id, late.amount, late.currency, late.provider = 'MANUAL', true, 'The payment came when nothing was to be paid.');
    PERFORM app.make_refund(made);
END
$$;

-- Does a refund that was written down: what the service can do by itself at once, Stripe's by a job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.make_refund(made uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    provider text := (SELECT p.provider FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
                      WHERE r.tenant_id = app.tenant_id() AND r.id = made AND NOT r.to_credit);
BEGIN
    IF provider = 'STRIPE' THEN
        PERFORM app.enqueue('refund.send', made::text, jsonb_build_object('refund', made), subject => app.type_id('refund', made));
    ELSE
        PERFORM app.settle_refund(made, 'SUCCEEDED', NULL, NULL);
    END IF;
END
$$;

-- What came of a refund: once, whoever says it first. One that was made is booked, and noted; an order of which everything went back, and no ticket is left, is
-- REFUNDED. Of one that has failed nothing is taken from the order; money that was used for nothing becomes credit then. One that was made and has failed since stays as it
-- is booked, and is told once. The order's locks are held. Answers whether anything came of it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.settle_refund(made uuid, to_status text, provider_id text, failure text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    instead CONSTANT uuid := app.uuid_v7();
    back   refund;
BEGIN
    UPDATE refund r SET provider_id = coalesce(r.provider_id, settle_refund.provider_id) WHERE r.tenant_id = school AND r.id = made;
    IF to_status = 'PENDING' THEN
        RETURN false;
    END IF;
    UPDATE refund r SET status = to_status, settled_at = now(), failure = CASE to_status WHEN 'FAILED' THEN left(settle_refund.failure, 1000) END
        WHERE r.tenant_id = school AND r.id = made AND r.status = 'PENDING' RETURNING r.* INTO back;
    IF NOT FOUND THEN
        UPDATE refund r SET failure = coalesce(left(settle_refund.failure, 1000), 'The provider has undone it.')
            WHERE r.tenant_id = school AND r.id = made AND r.status = 'SUCCEEDED' AND r.failure IS NULL AND to_status = 'FAILED';
        RETURN FOUND;
    END IF;
    IF to_status = 'FAILED' THEN
        IF back.is_late THEN
            INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, is_late, reason)
                VALUES (school, instead, back.order_id, back.payment_id, back.amount, back.currency, true, true, 'The provider did not take it back.');
            PERFORM app.settle_refund(instead, 'SUCCEEDED', NULL, NULL);
        END IF;
        RETURN true;
    END IF;
    IF back.to_credit THEN
        PERFORM app.add_credit(o.application_id, back.currency, back.amount) FROM sales_order o WHERE o.tenant_id = school AND o.id = back.order_id AND back.amount > 0;
    ELSIF back.payment_id IS NOT NULL THEN
        UPDATE payment p SET refunded = p.refunded + back.amount,
                status = CASE WHEN p.refunded + back.amount = p.amount AND p.status = 'APPROVED' THEN 'REFUNDED' ELSE p.status END
            WHERE p.tenant_id = school AND p.id = back.payment_id;
    END IF;
    PERFORM app.post_refund(made);
    IF NOT back.is_late THEN
        UPDATE sales_order o SET refunded = o.refunded + back.amount WHERE o.tenant_id = school AND o.id = back.order_id;
        UPDATE sales_order o SET status = 'REFUNDED' WHERE o.tenant_id = school AND o.id = back.order_id AND o.status = 'PAID'
            AND (o.refunded >= o.paid OR NOT EXISTS (SELECT FROM app.lines_left(o.id) AS l WHERE l.amount > 0))
            AND NOT EXISTS (SELECT FROM ticket t WHERE t.tenant_id = school AND t.order_id = o.id AND t.status IN ('HELD', 'ISSUED'))
            AND NOT EXISTS (SELECT FROM refund r WHERE r.tenant_id = school AND r.order_id = o.id AND r.status = 'PENDING' AND NOT r.is_late);
        PERFORM app.issue_invoice(back.order_id, 'CREDIT_NOTE', made);
    END IF;
    RETURN true;
END
$$;

-- Says that the money of a payment has come. The order's locks are held. Answers what became of it: APPLIED, IGNORED (it had come before), or MISMATCH (another amount
-- or currency than was asked for: nothing is approved). Reveals: that.
CREATE OR REPLACE FUNCTION app.settle_payment(paid uuid, amount bigint, currency text, at timestamptz DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    due    payment;
    sold   sales_order;
BEGIN
    SELECT * INTO STRICT due FROM payment p WHERE p.tenant_id = school AND p.id = paid FOR NO KEY UPDATE;
    IF due.status IN ('APPROVED', 'REFUNDED') THEN
        RETURN 'IGNORED';
    END IF;
    IF due.amount <> settle_payment.amount OR due.currency <> upper(settle_payment.currency) THEN
        UPDATE payment p SET attention = 'AMOUNT_MISMATCH' WHERE p.tenant_id = school AND p.id = paid;
        RETURN 'MISMATCH';
    END IF;
    UPDATE payment p SET status = 'APPROVED', settled_at = coalesce(settle_payment.at, now()), failure = NULL WHERE p.tenant_id = school AND p.id = paid RETURNING p.* INTO due;
    SELECT * INTO STRICT sold FROM sales_order o WHERE o.tenant_id = school AND o.id = due.order_id;
    PERFORM app.spend_payment(sold, due);
    RETURN 'APPLIED';
END
$$;

-- What a payment that is approved is used for. Reveals nothing.
CREATE OR REPLACE FUNCTION app.spend_payment(sold sales_order, due payment) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    rest   bigint;
BEGIN
    IF sold.status <> 'PENDING' THEN
        PERFORM app.place_late_money(sold, due);
        RETURN;
    END IF;
    rest := sold.total - sold.paid - due.amount;
    IF rest < 0 AND due.provider <> 'MANUAL' THEN
        UPDATE payment p SET attention = 'SURPLUS' WHERE p.tenant_id = school AND p.id = due.id;
    END IF;
    -- Another one that is waited for is not to be paid as well.
    UPDATE payment p SET status = 'CANCELLED', settled_at = now() WHERE p.tenant_id = school AND p.order_id = sold.id AND p.status = 'PENDING';
    IF app.use_money(sold.id, due, 'CASH_' || due.provider) THEN
        PERFORM app.order_paid(sold.id);
    ELSE
        INSERT INTO payment (tenant_id, id, order_id, provider, amount, currency, reference) VALUES (school, app.uuid_v7(), sold.id, 'MANUAL', rest, sold.currency, sold.reference);
    END IF;
END
$$;

-- The provider says that no money comes by a payment that is PENDING. One that was refused leaves the order waiting for another, as long as for a first one; one that
-- has expired ends it, unless a part of it is paid. The order's locks are held. Answers whether anything came of it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fail_payment(failed uuid, to_status text, failure text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    ended  payment;
BEGIN
    UPDATE payment p SET status = to_status, failure = left(fail_payment.failure, 1000), settled_at = now(), is_checked = true
        WHERE p.tenant_id = school AND p.id = failed AND p.status = 'PENDING' RETURNING p.* INTO ended;
    IF NOT FOUND THEN
        -- It had ended here already; what became of it at the provider is known now.
        UPDATE payment p SET is_checked = true
            WHERE p.tenant_id = school AND p.id = failed AND p.status IN ('EXPIRED', 'CANCELLED', 'REJECTED') AND NOT p.is_checked;
        RETURN false;
    END IF;
    IF to_status = 'REJECTED' THEN
        -- The time of a transfer between banks goes with it; that of a transfer to the school stays, where one was ever waited for.
        UPDATE sales_order o SET expires_at = b.hold_ends
            FROM (SELECT x.id, greatest(now() + make_interval(mins => p.payment_minutes),
                      CASE WHEN EXISTS (SELECT FROM payment m WHERE m.tenant_id = school AND m.order_id = x.id AND m.provider = 'MANUAL')
                          THEN x.created_at + make_interval(hours => 24 * p.transfer_days) END) AS hold_ends
                  FROM sales_order x JOIN program p ON p.tenant_id = x.tenant_id AND p.id = x.program_id
                  WHERE x.tenant_id = school AND x.id = ended.order_id) AS b
            WHERE o.tenant_id = school AND o.id = b.id AND o.status = 'PENDING' AND o.expires_at > b.hold_ends;
    END IF;
    IF to_status = 'EXPIRED' AND EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = school AND o.id = ended.order_id AND o.status = 'PENDING' AND o.paid = 0) THEN
        PERFORM app.end_order(ended.order_id, 'EXPIRED');
    END IF;
    RETURN true;
END
$$;

-- More went back of a payment at its provider than was asked for here: somebody gave it back there. It is booked as money without tickets. Reveals: whether so.
CREATE OR REPLACE FUNCTION app.find_refund(paid payment, went_back bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    made   CONSTANT uuid := app.uuid_v7();
    known  bigint;
    amount bigint;
    sold   sales_order;
BEGIN
    SELECT paid.refunded + coalesce(sum(r.amount), 0) INTO known FROM refund r WHERE r.tenant_id = school AND r.payment_id = paid.id AND r.status = 'PENDING' AND NOT r.to_credit;
    SELECT * INTO STRICT sold FROM sales_order o WHERE o.tenant_id = school AND o.id = paid.order_id;
    amount := least(went_back - known, paid.amount - known, sold.paid - sold.refunded);
    IF paid.status <> 'APPROVED' OR amount <= 0 OR sold.status <> 'PAID' THEN
        RETURN false;
    END IF;
    INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, reason)
        VALUES (school, made, sold.id, paid.id, amount, paid.currency, false, 'Given back at the provider.');
    PERFORM app.reverse_lines(sold.id, amount, NULL, made, NULL);
    -- An exchange that counted on it can't be paid any more; its money, if it comes, goes the way of late money.
    PERFORM app.end_order(b.id, 'EXPIRED') FROM sales_order b
        WHERE b.tenant_id = school AND b.application_id = sold.application_id AND b.status = 'PENDING'
          AND (SELECT sum(r.amount) FROM order_return r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id
               WHERE r.tenant_id = school AND r.order_id = b.id AND t.order_id = sold.id)
              > (SELECT sum(greatest(l.amount, 0)) FROM app.lines_left(sold.id) AS l);
    RETURN app.settle_refund(made, 'SUCCEEDED', NULL, NULL);
END
$$;

-- Takes what a provider says: once for each event, in one transaction with all that follows from it. `effect` is APPROVE, PROCESS (the money is on its way), REJECT,
-- EXPIRE, DISPUTE, REFUNDED (`amount` of the payment in all), REFUND (`refund`, in the state `state`), or NOTHING. The payment is named by our id; a dispute by the
-- provider's intent. For webhooks and what asks in their place: nobody acts. Answers APPLIED, IGNORED or MISMATCH; NULL for what was taken before. Reveals: that.
CREATE OR REPLACE FUNCTION app.take_payment_event(of_provider text, event text, event_type text, effect text, named uuid, intent text, session text, amount bigint, currency text,
                                                  refunding uuid, provider_refund text, state text, why text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    paid   payment;
    done   text := 'IGNORED';
BEGIN
    PERFORM set_config('app.operation', 'system:payment', true);
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true);
    INSERT INTO payment_event (tenant_id, provider, event_id, type) VALUES (school, of_provider, event, event_type) ON CONFLICT ON CONSTRAINT payment_event_pkey DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF named IS NULL AND refunding IS NOT NULL THEN
        named := (SELECT r.payment_id FROM refund r WHERE r.tenant_id = school AND r.id = refunding);
    END IF;
    IF named IS NULL AND intent IS NOT NULL THEN
        named := (SELECT p.id FROM payment p WHERE p.tenant_id = school AND p.intent_id = intent AND p.provider = of_provider ORDER BY p.created_at LIMIT 1);
    END IF;
    SELECT * INTO paid FROM payment p WHERE p.tenant_id = school AND p.id = named AND p.provider = of_provider;
    IF NOT FOUND THEN
        RETURN done;
    END IF;
    PERFORM app.hold_order(paid.order_id);
    SELECT * INTO paid FROM payment p WHERE p.tenant_id = school AND p.id = named FOR NO KEY UPDATE;
    IF session IS NOT NULL AND paid.provider_id IS NULL OR intent IS NOT NULL AND paid.intent_id IS NULL THEN
        UPDATE payment p SET provider_id = coalesce(p.provider_id, session), intent_id = coalesce(p.intent_id, intent) WHERE p.tenant_id = school AND p.id = named RETURNING p.* INTO paid;
    END IF;
    CASE effect
        WHEN 'APPROVE' THEN
            done := app.settle_payment(named, amount, currency);
        WHEN 'PROCESS' THEN
            -- The hold waits as long as a transfer between banks may take.
            UPDATE sales_order o SET expires_at = greatest(o.expires_at, now() + interval '336 hours')
                WHERE o.tenant_id = school AND o.id = paid.order_id AND o.status = 'PENDING' AND o.expires_at IS NOT NULL AND paid.status = 'PENDING';
            done := CASE WHEN FOUND THEN 'APPLIED' ELSE 'IGNORED' END;
        WHEN 'REJECT' THEN
            done := CASE WHEN app.fail_payment(named, 'REJECTED', why) THEN 'APPLIED' ELSE 'IGNORED' END;
        WHEN 'EXPIRE' THEN
            done := CASE WHEN app.fail_payment(named, 'EXPIRED', why) THEN 'APPLIED' ELSE 'IGNORED' END;
        WHEN 'DISPUTE' THEN
            UPDATE payment p SET attention = 'DISPUTED' WHERE p.tenant_id = school AND p.id = named;
            done := 'APPLIED';
        WHEN 'REFUNDED' THEN
            done := CASE WHEN app.find_refund(paid, amount) THEN 'APPLIED' ELSE 'IGNORED' END;
        WHEN 'REFUND' THEN
            IF EXISTS (SELECT FROM refund r WHERE r.tenant_id = school AND r.id = refunding AND r.payment_id = named AND NOT r.to_credit) THEN
                done := CASE WHEN app.settle_refund(refunding, state, provider_refund, why) THEN 'APPLIED' ELSE 'IGNORED' END;
            END IF;
        ELSE
            NULL;
    END CASE;
    UPDATE payment_event e SET payment_id = named, outcome = done WHERE e.tenant_id = school AND e.provider = of_provider AND e.event_id = event;
    RETURN done;
END
$$;

-- By what a school's webhook of a provider proves itself: by its short name, only where the school is in good standing and the secret is set; the transaction stays in
-- the school that it is in. Reveals, to the service alone: the school and the sealed secret.
CREATE OR REPLACE FUNCTION app.payment_door(school text, provider text) RETURNS TABLE (tenant uuid, secret bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
    found_in   uuid;
BEGIN
    SELECT t.tenant_id INTO found_in FROM tenant t WHERE t.slug = lower(school) AND t.suspended_at IS NULL AND t.subscription_start <= now()
        AND (t.subscription_end IS NULL OR now() < t.subscription_end);
    IF FOUND THEN
        PERFORM set_config('app.tenant_id', found_in::text, true);
        RETURN QUERY SELECT d.tenant_id, d.secret FROM (
            SELECT s.tenant_id, CASE payment_door.provider WHEN 'STRIPE' THEN s.stripe_webhook_secret WHEN 'TEST' THEN s.test_webhook_secret END AS secret
            FROM payment_settings s WHERE s.tenant_id = found_in) AS d WHERE d.secret IS NOT NULL;
        PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true);
    END IF;
END
$$;

-- What the page of the test provider shows, to whoever knows the payment's id. Reveals: that.
CREATE OR REPLACE FUNCTION app.test_payment(wanted uuid) RETURNS TABLE (status text, amount integer, currency text, reference text, school text, return_url text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.status, p.amount, p.currency, p.reference, t.name, p.return_url FROM payment p JOIN tenant t ON t.tenant_id = p.tenant_id
        WHERE p.tenant_id = app.tenant_id() AND p.id = wanted AND p.provider = 'TEST';
END
$$;

-- Another try of a pending order, or another way: what was waited for is waited for no more. The hold is prolonged as a new order's would be, but never beyond the time
-- that a transfer had from the beginning. By the buyer, or PAYMENT_MANAGE. Reveals nothing.
CREATE OR REPLACE FUNCTION app.pay_order(ordered uuid, provider text, return_url text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    sold   sales_order := app.hold_order(ordered);
BEGIN
    IF NOT (app.can('PAYMENT_MANAGE') OR app.can('APPLICATION_SUBMIT') AND sold.buyer_id = app.user_id()) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to pay';
    END IF;
    IF sold.status <> 'PENDING' OR sold.expires_at <= now() THEN
        PERFORM app.refuse('payment_order_state');
    END IF;
    UPDATE payment p SET status = 'CANCELLED', settled_at = now() WHERE p.tenant_id = school AND p.order_id = ordered AND p.status = 'PENDING';
    UPDATE sales_order o SET provider = pay_order.provider,
            expires_at = greatest(o.expires_at, least(
                now() + CASE pay_order.provider WHEN 'MANUAL' THEN make_interval(hours => 24 * p.transfer_days) ELSE make_interval(mins => p.payment_minutes) END,
                o.created_at + make_interval(hours => 24 * p.transfer_days)))
        FROM program p WHERE o.tenant_id = school AND o.id = ordered AND p.tenant_id = school AND p.id = o.program_id;
    IF sold.expires_at IS NULL THEN -- a part of it is paid
        UPDATE sales_order o SET expires_at = NULL WHERE o.tenant_id = school AND o.id = ordered;
    END IF;
    PERFORM app.begin_payment(ordered, provider, sold.total - sold.paid, return_url);
END
$$;

-- Money that came by no provider's word: by PAYMENT_MANAGE. Reveals nothing.
CREATE OR REPLACE FUNCTION app.record_payment(ordered uuid, amount integer, received timestamptz, note text, key text, digest bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    sold   sales_order;
    came   payment;
BEGIN
    IF NOT app.can('PAYMENT_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to record';
    END IF;
    IF app.use_key('recordPayment', key, digest, ordered) IS NOT NULL THEN
        RETURN;
    END IF;
    sold := app.hold_order(ordered);
    -- The transfer that is waited for, or the last that was.
    SELECT * INTO came FROM payment p WHERE p.tenant_id = school AND p.order_id = ordered AND p.provider = 'MANUAL'
        AND (p.status = 'PENDING' OR sold.status <> 'PENDING' AND p.status IN ('EXPIRED', 'CANCELLED')) ORDER BY p.created_at DESC, p.id DESC LIMIT 1 FOR NO KEY UPDATE;
    IF FOUND THEN
        UPDATE payment p SET amount = record_payment.amount, status = 'APPROVED', settled_at = coalesce(received, now()), note = record_payment.note
            WHERE p.tenant_id = school AND p.id = came.id RETURNING p.* INTO came;
    ELSE
        INSERT INTO payment AS p (tenant_id, id, order_id, provider, status, amount, currency, reference, settled_at, note)
            VALUES (school, app.uuid_v7(), ordered, 'MANUAL', 'APPROVED', record_payment.amount, sold.currency, sold.reference, coalesce(received, now()), record_payment.note)
            RETURNING p.* INTO came;
    END IF;
    PERFORM app.spend_payment(sold, came);
END
$$;

-- Gives back what was paid for an order that is PAID: all that is left of it, with all tickets; or tickets, for their price or another amount; or an amount, and the
-- tickets stay. Of the newest payments first, or as credit. An amount that somebody names is no more than what was paid, less what went back of it; what was paid with credit
-- or with another ticket goes back with the tickets, as credit. By PAYMENT_MANAGE; of two full refunds at once one wins, since the order's row is held. Reveals nothing.
CREATE OR REPLACE FUNCTION app.refund_order(ordered uuid, wanted integer, tickets uuid[], to_credit boolean, reason text, key text, digest bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    sold   sales_order;
    most   bigint;
    money  bigint;
    amount bigint := wanted;
    gone   uuid[] := tickets;
    weights bigint[];
    wrong  bigint;
    rest   bigint;
    part   bigint;
    due    record;
    made   uuid;
    all_made uuid[] := '{}';
BEGIN
    IF NOT app.can('PAYMENT_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to refund';
    END IF;
    IF app.use_key('refundOrder', key, digest, ordered) IS NOT NULL THEN
        RETURN;
    END IF;
    sold := app.hold_order(ordered);
    IF sold.status NOT IN ('PAID', 'REFUNDED') THEN
        PERFORM app.refuse('payment_order_state');
    END IF;
    PERFORM app.expire_overdue(sold.application_id);
    -- What was paid for its lines, in money, credit or tickets that were given back, less what went back. What is under way is gone already; so is what an exchange
    -- takes along to another order, and what of a fee was turned into credit.
    most := app.left_of_order(ordered);
    IF sold.kind = 'APPLICATION_FEE' THEN
        most := greatest(most - (
            SELECT coalesce(sum(p.amount), 0) FROM ledger_entry e JOIN ledger_posting p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id AND p.account = 'REVENUE'
            WHERE e.tenant_id = school AND e.application_id = sold.application_id AND e.kind = 'CREDIT'), 0);
    END IF;
    money := greatest(least(most, sold.paid - sold.refunded - (
        SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.tenant_id = school AND r.order_id = ordered AND r.status = 'PENDING' AND NOT r.is_late)), 0);
    IF gone IS NULL AND amount IS NULL THEN
        amount := most;
        gone := ARRAY(SELECT t.id FROM ticket t WHERE t.tenant_id = school AND t.order_id = ordered AND t.status = 'ISSUED' ORDER BY t.id);
        IF amount = 0 AND (cardinality(gone) = 0 OR sold.status = 'REFUNDED') THEN
            PERFORM app.refuse('refund_too_large', '{"limit": 0}');
        END IF;
    ELSIF gone IS NOT NULL THEN
        SELECT min(w.place) - 1 INTO wrong FROM unnest(gone) WITH ORDINALITY AS w(id, place) WHERE NOT EXISTS (
            SELECT FROM ticket t WHERE t.tenant_id = school AND t.id = w.id AND t.order_id = ordered AND t.status = 'ISSUED');
        IF wrong IS NOT NULL THEN
            PERFORM app.refuse('refund_tickets', jsonb_build_object('at', wrong)::text);
        END IF;
        IF amount IS NULL THEN
            amount := (SELECT sum(t.price) FROM ticket t WHERE t.tenant_id = school AND t.id = ANY (gone));
        END IF;
        SELECT array_agg(coalesce(w.price, 0) ORDER BY l.place) INTO weights FROM app.lines_left(ordered) AS l LEFT JOIN (
            SELECT t.order_line_id, sum(t.price)::bigint AS price FROM ticket t WHERE t.tenant_id = school AND t.id = ANY (gone) GROUP BY t.order_line_id) AS w
            ON w.order_line_id = l.line;
    END IF;
    IF amount > most OR wanted > money THEN
        PERFORM app.refuse('refund_too_large', jsonb_build_object('limit', CASE WHEN wanted IS NULL THEN most ELSE money END)::text);
    END IF;
    rest := amount;
    FOR due IN
        SELECT p.id, p.amount - p.refunded - coalesce((SELECT sum(r.amount) FROM refund r
                   WHERE r.tenant_id = school AND r.payment_id = p.id AND r.status = 'PENDING'), 0) AS rest
            FROM payment p WHERE p.tenant_id = school AND p.order_id = ordered AND p.status = 'APPROVED' AND NOT refund_order.to_credit
              AND NOT EXISTS (SELECT FROM refund r WHERE r.tenant_id = school AND r.payment_id = p.id AND r.is_late)
            ORDER BY p.created_at DESC, p.id DESC FOR NO KEY UPDATE OF p LOOP
        part := least(rest, due.rest);
        IF part > 0 THEN
            made := app.uuid_v7();
            INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, reason)
                VALUES (school, made, ordered, due.id, part, sold.currency, false, refund_order.reason);
            all_made := all_made || made;
            rest := rest - part;
        END IF;
    END LOOP;
    -- As credit; and what no payment brought, so that it is not lost.
    IF rest > 0 OR amount = 0 THEN
        made := app.uuid_v7();
        INSERT INTO refund (tenant_id, id, order_id, amount, currency, to_credit, reason)
            VALUES (school, made, ordered, rest, sold.currency, refund_order.to_credit OR rest > 0, refund_order.reason);
        all_made := all_made || made;
    END IF;
    IF cardinality(gone) > 0 THEN
        INSERT INTO refund_ticket (tenant_id, refund_id, ticket_id) SELECT school, all_made[1], w.id FROM unnest(gone) AS w(id);
        PERFORM app.cancel_tickets(ordered, gone);
    END IF;
    FOR due IN SELECT r.id, r.amount FROM unnest(all_made) WITH ORDINALITY AS w(id, place) JOIN refund r ON r.tenant_id = school AND r.id = w.id ORDER BY w.place LOOP
        IF due.amount > 0 THEN
            PERFORM app.reverse_lines(ordered, due.amount, weights, due.id, NULL);
        END IF;
    END LOOP;
    FOREACH made IN ARRAY all_made LOOP
        PERFORM app.make_refund(made);
    END LOOP;
END
$$;

-- Gives credit out of goodwill: by PAYMENT_MANAGE. Reveals nothing.
CREATE OR REPLACE FUNCTION app.grant_credit(application uuid, amount bigint, currency text, reason text, key text, digest bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('PAYMENT_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to give credit';
    END IF;
    IF app.use_key('grantCredit', key, digest, application) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM app.lock_application(application);
    IF NOT EXISTS (SELECT FROM application a JOIN program_currency c ON c.tenant_id = a.tenant_id AND c.program_id = a.program_id
                   WHERE a.tenant_id = app.tenant_id() AND a.id = grant_credit.application AND c.currency = grant_credit.currency) THEN
        PERFORM app.refuse('credit_currency');
    END IF;
    PERFORM app.add_credit(application, currency, amount);
    IF EXISTS (SELECT FROM credit_balance b WHERE b.tenant_id = app.tenant_id() AND b.application_id = grant_credit.application AND b.currency = grant_credit.currency
               AND b.amount > 1999999999) THEN
        PERFORM app.refuse('credit_too_large');
    END IF;
    PERFORM app.post_credit(application, currency, amount, 'GOODWILL', reason);
END
$$;

-- What Stripe is to be told of a payment; nothing where it was told, or the payment has ended. For the job. Reveals: that, and the sealed key.
CREATE OR REPLACE FUNCTION app.payment_to_start(wanted uuid)
    RETURNS TABLE (amount integer, currency text, reference text, program text, created_at timestamptz, expires_at timestamptz, return_url text, secret bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.amount, p.currency, p.reference, g.name, p.created_at, o.expires_at, p.return_url, s.stripe_secret_key
        FROM payment p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.id = p.order_id JOIN program g ON g.tenant_id = o.tenant_id AND g.id = o.program_id
            LEFT JOIN payment_settings s ON s.tenant_id = p.tenant_id
        WHERE p.tenant_id = app.tenant_id() AND p.id = wanted AND p.provider = 'STRIPE' AND p.status = 'PENDING' AND p.checkout_url IS NULL;
END
$$;

-- Where the payment is made. For the job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.payment_started(wanted uuid, session text, intent text, url text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE payment p SET provider_id = coalesce(p.provider_id, session), intent_id = coalesce(p.intent_id, intent), checkout_url = url
        WHERE p.tenant_id = app.tenant_id() AND p.id = wanted AND p.provider = 'STRIPE';
END
$$;

-- Payments that Stripe is asked about: those that have been PENDING for a quarter of an hour, every five minutes; and those that have ended without money, for what was paid
-- at the last moment, until it has said what became of them, for a month. One that Stripe was never told of is told again. For the job. Reveals: these, and the sealed key.
CREATE OR REPLACE FUNCTION app.payments_to_ask(at_most integer) RETURNS TABLE (payment uuid, session text, secret bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    unknown uuid;
BEGIN
    FOR unknown IN UPDATE payment p SET asked_at = now() WHERE p.tenant_id = school AND p.provider = 'STRIPE' AND p.status = 'PENDING' AND p.provider_id IS NULL
            AND p.created_at < now() - interval '15 minutes' AND coalesce(p.asked_at, p.created_at) < now() - interval '15 minutes' RETURNING p.id LOOP
        PERFORM app.enqueue('payment.start', NULL, jsonb_build_object('payment', unknown), subject => app.type_id('payment', unknown));
    END LOOP;
    RETURN QUERY WITH due AS (
        UPDATE payment p SET asked_at = now()
            WHERE p.tenant_id = school AND p.id IN (
                SELECT o.id FROM payment o WHERE o.tenant_id = school AND o.provider = 'STRIPE' AND o.provider_id IS NOT NULL
                    AND (o.status = 'PENDING' AND o.created_at < now() - interval '15 minutes' AND coalesce(o.asked_at, o.created_at) < now() - interval '5 minutes'
                         OR o.status IN ('EXPIRED', 'CANCELLED', 'REJECTED') AND NOT o.is_checked AND o.settled_at < now() - interval '10 minutes'
                             AND (o.asked_at IS NULL OR o.asked_at < now() - interval '5 minutes' AND o.settled_at > now() - interval '30 days'))
                ORDER BY coalesce(o.asked_at, o.created_at), o.id LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING p.id, p.provider_id)
        SELECT d.id, d.provider_id, s.stripe_secret_key FROM due d JOIN payment_settings s ON s.tenant_id = school WHERE s.stripe_secret_key IS NOT NULL;
END
$$;

-- Stripe has said what became of a payment: where it has ended without money, it is not asked again. For the job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.payment_checked(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE payment p SET is_checked = true
        WHERE p.tenant_id = app.tenant_id() AND p.id = wanted AND p.status IN ('EXPIRED', 'CANCELLED', 'REJECTED') AND NOT p.is_checked;
END
$$;

-- What Stripe is to give back; nothing once something came of it. For the job. Reveals: that, and the sealed key.
CREATE OR REPLACE FUNCTION app.refund_to_send(wanted uuid) RETURNS TABLE (amount integer, payment uuid, session text, intent text, known text, is_old boolean, secret bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.amount, p.id, p.provider_id, p.intent_id, r.provider_id, r.created_at < now() - interval '20 hours', s.stripe_secret_key
        FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id LEFT JOIN payment_settings s ON s.tenant_id = r.tenant_id
        WHERE r.tenant_id = app.tenant_id() AND r.id = wanted AND r.status = 'PENDING' AND NOT r.to_credit AND p.provider = 'STRIPE';
END
$$;

-- Refunds of which nothing was heard for a quarter of an hour: they are looked after by the same job anew. For the job. Reveals: how many.
CREATE OR REPLACE FUNCTION app.chase_refunds(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    chased integer;
BEGIN
    WITH due AS (
        UPDATE refund r SET asked_at = now() WHERE r.tenant_id = app.tenant_id() AND r.id IN (
            SELECT o.id FROM refund o WHERE o.tenant_id = app.tenant_id() AND o.status = 'PENDING' AND coalesce(o.asked_at, o.created_at) < now() - interval '15 minutes'
            ORDER BY coalesce(o.asked_at, o.created_at), o.id LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED) RETURNING r.id)
    SELECT count(app.enqueue('refund.send', NULL, jsonb_build_object('refund', d.id), subject => app.type_id('refund', d.id))) INTO chased FROM due d;
    RETURN chased;
END
$$;

CREATE OR REPLACE TRIGGER payment_touch BEFORE UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER payment_audit AFTER INSERT OR UPDATE OR DELETE ON payment FOR EACH ROW EXECUTE FUNCTION app.audit('Payment', 'id', 'checkout_url');
CREATE OR REPLACE TRIGGER refund_audit AFTER INSERT OR UPDATE OR DELETE ON refund FOR EACH ROW EXECUTE FUNCTION app.audit('Refund', 'id');
CREATE OR REPLACE TRIGGER refund_ticket_audit AFTER INSERT OR UPDATE OR DELETE ON refund_ticket FOR EACH ROW EXECUTE FUNCTION app.audit('Refund', 'refund_id');
CREATE OR REPLACE TRIGGER payment_settings_audit AFTER INSERT OR UPDATE OR DELETE ON payment_settings FOR EACH ROW
    EXECUTE FUNCTION app.audit('PaymentSettings', 'tenant_id', 'stripe_secret_key,stripe_webhook_secret,test_webhook_secret');

GRANT EXECUTE ON FUNCTION app.provider_ready(text), app.ready_providers(), app.transfer_instructions(), app.payment_door(text, text), app.test_payment(uuid),
    app.take_payment_event(text, text, text, text, uuid, text, text, bigint, text, uuid, text, text, text), app.pay_order(uuid, text, text), app.record_payment(uuid, integer, timestamptz, text, text, bytea),
    app.refund_order(uuid, integer, uuid[], boolean, text, text, bytea), app.grant_credit(uuid, bigint, text, text, text, bytea), app.payment_to_start(uuid), app.payment_started(uuid, text, text, text), app.payments_to_ask(integer),
    app.payment_checked(uuid), app.refund_to_send(uuid), app.chase_refunds(integer) TO lectern_app;
