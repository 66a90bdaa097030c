-- How a school looks, which language it speaks, and what it has switched on.

ALTER TABLE tenant_settings
    ADD COLUMN locale text NOT NULL DEFAULT 'en' CONSTRAINT tenant_settings_locale_check CHECK (length(locale) BETWEEN 2 AND 35),
    ADD COLUMN logo_file_id uuid,
    ADD COLUMN primary_color text CONSTRAINT tenant_settings_primary_color_check CHECK (primary_color ~ '^#[0-9a-f]{6}$'),
    ADD COLUMN website text CONSTRAINT tenant_settings_website_check CHECK (starts_with(website, 'https://') AND length(website) <= 500),
    ADD COLUMN support_email text CONSTRAINT tenant_settings_support_email_check CHECK (length(support_email) BETWEEN 3 AND 254),
    ADD CONSTRAINT tenant_settings_logo_fkey FOREIGN KEY (tenant_id, logo_file_id) REFERENCES file ON DELETE RESTRICT;
CREATE INDEX tenant_settings_logo_idx ON tenant_settings (tenant_id, logo_file_id) WHERE logo_file_id IS NOT NULL;

-- What a school has switched on, for everybody or for some roles.
CREATE TABLE feature_flag (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    key        text NOT NULL CONSTRAINT feature_flag_key_check CHECK (key ~ '^[a-z0-9-]{2,40}$'),
    is_on      boolean NOT NULL,
    -- None: everybody.
    role_keys  text[] CONSTRAINT feature_flag_role_keys_check CHECK (cardinality(role_keys) BETWEEN 1 AND 50),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT feature_flag_key_key UNIQUE (tenant_id, key),
    CONSTRAINT feature_flag_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant
);
