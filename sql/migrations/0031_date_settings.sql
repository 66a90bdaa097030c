-- Since when a school has had its settings.
ALTER TABLE tenant_settings ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
