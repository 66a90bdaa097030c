-- policies/products.sql: what is sold is seen with its program; coupons by whoever manages programs or reads orders; referrals by their owner, too.

CALL app.raise_wall('product');
-- As the program, which its own policy shows or hides. What is not sold any more: whoever manages programs or reads orders.
CREATE POLICY product_read ON product FOR SELECT TO lectern_app USING (
    (is_active OR (SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('ORDER_READ_ALL')))
    AND EXISTS (SELECT FROM program p WHERE p.tenant_id = product.tenant_id AND p.id = product.program_id));
CREATE POLICY product_create ON product FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY product_update ON product FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY product_delete ON product FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON product TO lectern_definer USING (true);
GRANT SELECT,
    INSERT (tenant_id, id, program_id, name, description, kind, duration, admission, per_person_limit, per_order_limit, sale_starts_at, sale_ends_at,
        valid_from, valid_until, exclusive, requires_product_id, discountable, exchangeable, tax_percent, tax_included, position, is_active),
    UPDATE (name, description, admission, per_person_limit, per_order_limit, sale_starts_at, sale_ends_at, valid_from, valid_until, exclusive,
        requires_product_id, discountable, exchangeable, tax_percent, tax_included, position, is_active),
    DELETE ON product TO lectern_app;
GRANT SELECT ON product TO lectern_definer;

CALL app.raise_wall('product_price');
CREATE POLICY product_price_read ON product_price FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM product p WHERE p.tenant_id = product_price.tenant_id AND p.id = product_price.product_id));
CREATE POLICY product_price_create ON product_price FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY product_price_update ON product_price FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY product_price_delete ON product_price FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON product_price TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (amount, position), DELETE ON product_price TO lectern_app;
GRANT SELECT ON product_price TO lectern_definer;

CALL app.raise_wall('product_stock');
CREATE POLICY product_stock_read ON product_stock FOR SELECT TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY product_stock_update ON product_stock FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON product_stock TO lectern_definer USING (true);
GRANT SELECT, UPDATE (stock) ON product_stock TO lectern_app;
GRANT SELECT, INSERT, UPDATE (held) ON product_stock TO lectern_definer;

CALL app.raise_wall('coupon');
CREATE POLICY coupon_read ON coupon FOR SELECT TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY coupon_create ON coupon FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY coupon_update ON coupon FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY coupon_delete ON coupon FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON coupon TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, program_id, code, percent_off, amount_off, currency, uses_per_person, starts_at, ends_at, is_active),
    UPDATE (percent_off, amount_off, currency, uses_per_person, starts_at, ends_at, is_active), DELETE ON coupon TO lectern_app;
GRANT SELECT ON coupon TO lectern_definer;

CALL app.raise_wall('coupon_uses');
CREATE POLICY coupon_uses_read ON coupon_uses FOR SELECT TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY coupon_uses_update ON coupon_uses FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON coupon_uses TO lectern_definer USING (true);
GRANT SELECT, UPDATE (max_uses) ON coupon_uses TO lectern_app;
GRANT SELECT, INSERT, UPDATE (uses) ON coupon_uses TO lectern_definer;

CALL app.raise_wall('referral');
-- One's own; all for whoever manages programs or reads orders.
CREATE POLICY referral_read ON referral FOR SELECT TO lectern_app USING (
    owner_id = (SELECT app.user_id()) OR (SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY referral_update ON referral FOR UPDATE TO lectern_app USING (
    (owner_id = (SELECT app.user_id()) AND (SELECT app.can('APPLICATION_SUBMIT'))) OR (SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_all ON referral TO lectern_definer USING (true);
-- Made by app.create_referral alone.
GRANT SELECT, UPDATE (percent_off, is_active) ON referral TO lectern_app;
GRANT SELECT, INSERT, UPDATE (is_active) ON referral TO lectern_definer;

CALL app.raise_wall('referral_uses');
CREATE POLICY referral_uses_read ON referral_uses FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM referral r WHERE r.tenant_id = referral_uses.tenant_id AND r.id = referral_uses.referral_id));
CREATE POLICY referral_uses_update ON referral_uses FOR UPDATE TO lectern_app USING (
    (SELECT app.can('PROGRAM_MANAGE')) OR EXISTS (
        SELECT FROM referral r WHERE r.tenant_id = referral_uses.tenant_id AND r.id = referral_uses.referral_id AND r.owner_id = (SELECT app.user_id())));
CREATE POLICY definer_all ON referral_uses TO lectern_definer USING (true);
GRANT SELECT, UPDATE (max_uses) ON referral_uses TO lectern_app;
GRANT SELECT, INSERT, UPDATE (uses, max_uses) ON referral_uses TO lectern_definer;

-- Codes are looked up by functions alone.
CALL app.raise_wall('program_code');
CREATE POLICY definer_all ON program_code TO lectern_definer USING (true);
GRANT SELECT, INSERT ON program_code TO lectern_definer;
