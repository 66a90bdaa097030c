-- Accounts elsewhere by which people of a school sign in (OpenID Connect).

CREATE TABLE sign_in_provider (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    key           text NOT NULL CONSTRAINT sign_in_provider_key_check CHECK (key ~ '^[a-z0-9-]{2,40}$'),
    name          text NOT NULL CONSTRAINT sign_in_provider_name_check CHECK (length(name) BETWEEN 1 AND 200),
    -- As it was typed: what tokens say is compared with it, letter by letter.
    issuer        text NOT NULL CONSTRAINT sign_in_provider_issuer_check CHECK (length(issuer) BETWEEN 1 AND 2000),
    client_id     text NOT NULL CONSTRAINT sign_in_provider_client_id_check CHECK (length(client_id) BETWEEN 1 AND 500),
    client_secret bytea,
    has_client_secret boolean NOT NULL GENERATED ALWAYS AS (client_secret IS NOT NULL) STORED,
    redirect_uris text[] NOT NULL CONSTRAINT sign_in_provider_redirect_uris_check CHECK (cardinality(redirect_uris) BETWEEN 1 AND 20),
    -- None: every domain.
    email_domains text[] NOT NULL DEFAULT '{}' CONSTRAINT sign_in_provider_email_domains_check CHECK (cardinality(email_domains) <= 100),
    -- The role of whoever is new; NULL: nobody new comes in.
    role_key      text CONSTRAINT sign_in_provider_role_key_check CHECK (length(role_key) BETWEEN 2 AND 40),
    is_enabled    boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sign_in_provider_key_key UNIQUE (tenant_id, key)
);
COMMENT ON COLUMN sign_in_provider.client_secret IS 'secret: by which the school proves itself to the provider, sealed';
CREATE INDEX sign_in_provider_name_idx ON sign_in_provider (tenant_id, name COLLATE "und-x-icu", id);

-- Whose account at a provider is whose here.
CREATE TABLE provider_account (
    tenant_id   uuid NOT NULL,
    provider_id uuid NOT NULL,
    -- The provider's own word for them (`sub`).
    account     text NOT NULL CONSTRAINT provider_account_account_check CHECK (length(account) BETWEEN 1 AND 255),
    user_id     uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, provider_id, account),
    -- An address that a provider has given to somebody else does not take the first one's place.
    CONSTRAINT provider_account_user_key UNIQUE (tenant_id, user_id, provider_id),
    CONSTRAINT provider_account_provider_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES sign_in_provider ON DELETE CASCADE,
    CONSTRAINT provider_account_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

-- A sign-in that has begun here and goes on at a provider: the hash of its state; nonce and verifier, sealed; where the browser comes back to.
CREATE TABLE provider_sign_in (
    tenant_id    uuid NOT NULL,
    state_hash   bytea NOT NULL CONSTRAINT provider_sign_in_hash_check CHECK (length(state_hash) = 32),
    provider_id  uuid NOT NULL,
    secrets      bytea NOT NULL,
    redirect_uri text NOT NULL CONSTRAINT provider_sign_in_redirect_uri_check CHECK (length(redirect_uri) <= 2000),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, state_hash),
    CONSTRAINT provider_sign_in_provider_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES sign_in_provider ON DELETE CASCADE
);
COMMENT ON COLUMN provider_sign_in.state_hash IS 'secret: the hash of what completes a sign-in';
COMMENT ON COLUMN provider_sign_in.secrets IS 'secret: nonce and verifier of a sign-in, sealed';
CREATE INDEX provider_sign_in_provider_idx ON provider_sign_in (tenant_id, provider_id);
CREATE INDEX provider_sign_in_expires_idx ON provider_sign_in (tenant_id, expires_at);
