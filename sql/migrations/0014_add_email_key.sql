-- Email addresses are kept as they are typed, and compared by a key: the part before the @ in lower case, the domain as DNS has it. The
-- service writes it (kernel/src/text.rs); for addresses that older versions wrote, `lectern migrate` does. Where there is none, the address
-- is compared as before, in lower case: of two old ones that turn out to be one, the second stays without until an operator has changed it.
ALTER TABLE app_user ADD COLUMN email_key text;
CREATE UNIQUE INDEX app_user_address_key ON app_user (tenant_id, email_key);
CREATE INDEX app_user_keyless_idx ON app_user (tenant_id, id) WHERE email_key IS NULL AND email IS NOT NULL;
