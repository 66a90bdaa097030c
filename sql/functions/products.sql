-- Products: their prices and stock, coupons, referrals. What an order makes of them is said in orders.sql.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   program_products      a program has too many products (limit)
--   product_stock_used    fewer than are held (limit, used)
--   coupon_uses_used      fewer uses than there were (limit, used)
--   referral_uses_used    the same of a referral
--   referral_person       there is no such person, or no more
--   referral_limit        somebody has made as many referrals as they may (limit, used)
--   referral_not_accepted an applicant makes referrals only once they are ACCEPTED
--   code_unknown          no such code, or none that may be used: alike
--   code_exhausted        it was used as often as it may be
--   own_referral          somebody names their own

-- A product stands in its own counter row from the first moment on. A program has at most 200. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_new_product() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 200;
    used integer;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('products', NEW.program_id);
    SELECT count(*) INTO used FROM product p WHERE p.tenant_id = NEW.tenant_id AND p.program_id = NEW.program_id;
    IF used > most THEN
        PERFORM app.refuse('program_products', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    INSERT INTO product_stock (tenant_id, product_id) VALUES (NEW.tenant_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER product_follow_new AFTER INSERT ON product FOR EACH ROW EXECUTE FUNCTION app.follow_new_product();

-- No limit is set below what is used. The row is locked by the change, so that nobody takes more meanwhile.
CREATE OR REPLACE FUNCTION app.check_product_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stock < NEW.held THEN
        PERFORM app.refuse('product_stock_used', jsonb_build_object('limit', NEW.stock, 'used', NEW.held)::text);
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER product_stock_check BEFORE UPDATE OF stock ON product_stock FOR EACH ROW EXECUTE FUNCTION app.check_product_stock();

CREATE OR REPLACE FUNCTION app.check_max_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.max_uses < NEW.uses THEN
        PERFORM app.refuse(TG_TABLE_NAME || '_used', jsonb_build_object('limit', NEW.max_uses, 'used', NEW.uses)::text);
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER coupon_uses_max BEFORE UPDATE OF max_uses ON coupon_uses FOR EACH ROW EXECUTE FUNCTION app.check_max_uses();
CREATE OR REPLACE TRIGGER referral_uses_max BEFORE UPDATE OF max_uses ON referral_uses FOR EACH ROW EXECUTE FUNCTION app.check_max_uses();

-- A code is one of its program's, whether a coupon's or a referral's: program_code_pkey says so. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_new_coupon() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO program_code (tenant_id, program_id, code, coupon_id) VALUES (NEW.tenant_id, NEW.program_id, NEW.code, NEW.id);
    INSERT INTO coupon_uses (tenant_id, coupon_id) VALUES (NEW.tenant_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER coupon_follow_new AFTER INSERT ON coupon FOR EACH ROW EXECUTE FUNCTION app.follow_new_coupon();

CREATE OR REPLACE FUNCTION app.follow_new_referral() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO program_code (tenant_id, program_id, code, referral_id) VALUES (NEW.tenant_id, NEW.program_id, NEW.code, NEW.id);
    INSERT INTO referral_uses (tenant_id, referral_id) VALUES (NEW.tenant_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER referral_follow_new AFTER INSERT ON referral FOR EACH ROW EXECUTE FUNCTION app.follow_new_referral();

-- Whether products can be bought. Reveals: this word, and no counts.
CREATE OR REPLACE FUNCTION app.product_availability(products uuid[]) RETURNS TABLE (product_id uuid, availability text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT p.id, app.availability_of(s.stock - s.held, p.sale_starts_at, p.sale_ends_at)
        FROM product p JOIN product_stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id
        WHERE p.tenant_id = app.tenant_id() AND p.id = ANY (products);
END
$$;
CREATE OR REPLACE FUNCTION app.availability_of(left_over integer, starts timestamptz, ends timestamptz) RETURNS text LANGUAGE sql STABLE
    RETURN CASE WHEN left_over <= 0 THEN 'SOLD_OUT' WHEN now() < starts THEN 'UPCOMING' WHEN now() >= ends THEN 'ENDED' ELSE 'ON_SALE' END;

-- What everybody may know of what programs sell: ACTIVE ones, of schools in good standing; the transaction stays in the school that it is in. Reveals: names, prices,
-- and whether it can be bought.
CREATE OR REPLACE FUNCTION app.public_products(schools uuid[], programs uuid[])
    RETURNS TABLE (program_id uuid, name text, description text, kind text, amounts integer[], currencies text[], availability text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
    school     uuid;
BEGIN
    FOR school IN
        SELECT DISTINCT t.tenant_id FROM tenant t WHERE t.tenant_id = ANY (schools) AND t.is_listed AND t.suspended_at IS NULL AND app.runs(t.tenant_id)
    LOOP
        PERFORM set_config('app.tenant_id', school::text, true);
        RETURN QUERY
            SELECT p.program_id, p.name, p.description, p.kind, c.amounts, c.currencies, app.availability_of(s.stock - s.held, p.sale_starts_at, p.sale_ends_at)
            FROM product p
            JOIN program g ON g.tenant_id = p.tenant_id AND g.id = p.program_id AND g.status = 'ACTIVE'
            JOIN product_stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id
            CROSS JOIN LATERAL (SELECT array_agg(r.amount ORDER BY r.position) AS amounts, array_agg(r.currency ORDER BY r.position) AS currencies
                                FROM product_price r WHERE r.tenant_id = p.tenant_id AND r.product_id = p.id) AS c
            WHERE p.tenant_id = school AND p.program_id = ANY (programs) AND p.is_active
            ORDER BY p.program_id, p.position, p.id;
    END LOOP;
    PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true);
END
$$;

-- How many applications that named a referral are ACCEPTED. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.referral_acceptances(referrals uuid[]) RETURNS TABLE (referral_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.referral_id, count(*) FROM application a
        WHERE a.tenant_id = app.tenant_id() AND a.referral_id = ANY (referrals) AND a.status = 'ACCEPTED' GROUP BY a.referral_id;
END
$$;

-- Eight letters and digits that can't be confused.
CREATE OR REPLACE FUNCTION app.random_letters() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    bytes CONSTANT bytea := uuid_send(gen_random_uuid());
    said  text := '';
    n     integer;
BEGIN
    FOREACH n IN ARRAY '{0,1,2,3,4,5,10,11}'::integer[] LOOP
        said := said || substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 1 + (get_byte(bytes, n) & 31), 1);
    END LOOP;
    RETURN said;
END
$$;

-- Makes a referral: an applicant who is ACCEPTED their own, as many as the program lets them; PROGRAM_MANAGE any. Without a code it gets one. Reveals, to PROGRAM_MANAGE: whether there is such a person.
CREATE OR REPLACE FUNCTION app.create_referral(made uuid, program uuid, owner uuid, wanted_code text, percent integer, most integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mine    uuid;
    allowed integer;
    used    integer;
    chosen  text := wanted_code;
BEGIN
    IF NOT app.can('PROGRAM_MANAGE') THEN
        IF owner <> app.user_id() OR NOT app.can('APPLICATION_SUBMIT') OR percent <> 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'referrals of others are for PROGRAM_MANAGE';
        END IF;
    END IF;
    -- Whoever is being deleted is waited for.
    IF NOT app.hold_person(owner) THEN
        PERFORM app.refuse('referral_person');
    END IF;
    IF NOT app.can('PROGRAM_MANAGE') THEN
        -- One after the other: the row of the application is their turn.
        SELECT a.id INTO mine FROM application a
            WHERE a.tenant_id = app.tenant_id() AND a.program_id = create_referral.program AND a.user_id = owner AND a.status = 'ACCEPTED' FOR NO KEY UPDATE;
        IF mine IS NULL THEN
            PERFORM app.refuse('referral_not_accepted');
        END IF;
        SELECT p.referrals_per_person INTO allowed FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = create_referral.program;
        SELECT count(*) INTO used FROM referral r WHERE r.tenant_id = app.tenant_id() AND r.program_id = create_referral.program AND r.owner_id = owner;
        IF used >= allowed THEN
            PERFORM app.refuse('referral_limit', jsonb_build_object('limit', allowed, 'used', used)::text);
        END IF;
    END IF;
    WHILE chosen IS NULL OR (wanted_code IS NULL AND EXISTS (
        SELECT FROM program_code c WHERE c.tenant_id = app.tenant_id() AND c.program_id = create_referral.program AND c.code = chosen))
    LOOP
        chosen := app.random_letters();
    END LOOP;
    INSERT INTO referral (tenant_id, id, program_id, owner_id, code, percent_off)
        VALUES (app.tenant_id(), made, create_referral.program, owner, chosen, percent);
    IF most IS NOT NULL THEN
        UPDATE referral_uses u SET max_uses = most WHERE u.tenant_id = app.tenant_id() AND u.referral_id = made;
    END IF;
END
$$;

-- Uses up a referral for an application that somebody begins. Unknown and inactive codes, and those of other programs, are refused alike. Reveals: which it is.
CREATE OR REPLACE FUNCTION app.use_referral(program uuid, code text, person uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r referral;
BEGIN
    SELECT x.* INTO r FROM program_code c JOIN referral x ON x.tenant_id = c.tenant_id AND x.id = c.referral_id
        WHERE c.tenant_id = app.tenant_id() AND c.program_id = use_referral.program AND c.code = use_referral.code AND x.is_active;
    IF NOT FOUND THEN
        PERFORM app.refuse('code_unknown');
    END IF;
    IF r.owner_id = person THEN
        PERFORM app.refuse('own_referral');
    END IF;
    UPDATE referral_uses u SET uses = u.uses + 1
        WHERE u.tenant_id = r.tenant_id AND u.referral_id = r.id AND (u.max_uses IS NULL OR u.uses < u.max_uses);
    IF NOT FOUND THEN
        PERFORM app.refuse('code_exhausted');
    END IF;
    RETURN r.id;
END
$$;

CREATE OR REPLACE TRIGGER product_touch BEFORE UPDATE ON product FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER product_audit AFTER INSERT OR UPDATE OR DELETE ON product FOR EACH ROW EXECUTE FUNCTION app.audit('Product', 'id');
CREATE OR REPLACE TRIGGER product_price_audit AFTER INSERT OR UPDATE OR DELETE ON product_price FOR EACH ROW EXECUTE FUNCTION app.audit('Product', 'product_id');
CREATE OR REPLACE TRIGGER coupon_audit AFTER INSERT OR UPDATE OR DELETE ON coupon FOR EACH ROW EXECUTE FUNCTION app.audit('Coupon', 'id', 'code');
CREATE OR REPLACE TRIGGER referral_audit AFTER INSERT OR UPDATE OR DELETE ON referral FOR EACH ROW EXECUTE FUNCTION app.audit('Referral', 'id', 'code');
-- Of counters only what somebody sets.
CREATE OR REPLACE TRIGGER product_stock_audit AFTER UPDATE OF stock ON product_stock FOR EACH ROW
    WHEN (OLD.stock IS DISTINCT FROM NEW.stock) EXECUTE FUNCTION app.audit('Product', 'product_id');
CREATE OR REPLACE TRIGGER coupon_uses_audit AFTER UPDATE OF max_uses ON coupon_uses FOR EACH ROW
    WHEN (OLD.max_uses IS DISTINCT FROM NEW.max_uses) EXECUTE FUNCTION app.audit('Coupon', 'coupon_id');
CREATE OR REPLACE TRIGGER referral_uses_audit AFTER UPDATE OF max_uses ON referral_uses FOR EACH ROW
    WHEN (OLD.max_uses IS DISTINCT FROM NEW.max_uses) EXECUTE FUNCTION app.audit('Referral', 'referral_id');

GRANT EXECUTE ON FUNCTION app.product_availability(uuid[]), app.public_products(uuid[], uuid[]), app.referral_acceptances(uuid[]),
    app.create_referral(uuid, uuid, uuid, text, integer, integer) TO lectern_app;
