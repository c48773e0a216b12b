-- Modules and providers that an organization publishes for its own configurations.

-- Public keys of those who sign its providers.
CREATE TABLE gpg_keys (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    -- the last 16 hexadecimal digits of its fingerprint
    key_id TEXT NOT NULL,
    ascii_armor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, key_id)
);

CREATE TABLE registry_modules (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, name, provider)
);

CREATE TABLE registry_module_versions (
    id TEXT NOT NULL PRIMARY KEY,
    module_id TEXT NOT NULL REFERENCES registry_modules (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    -- 'pending', 'ok' or 'reg_ingress_failed'
    status TEXT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (module_id, version)
);

CREATE TABLE registry_providers (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE registry_provider_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES registry_providers (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- JSON: a list
    protocols TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider_id, version),
    FOREIGN KEY (organization_id, key_id) REFERENCES gpg_keys (organization_id, key_id)
);

CREATE TABLE registry_platforms (
    id TEXT NOT NULL PRIMARY KEY,
    version_id TEXT NOT NULL REFERENCES registry_provider_versions (id) ON DELETE CASCADE,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    shasum TEXT NOT NULL,
    filename TEXT NOT NULL,
    UNIQUE (version_id, os, arch)
);

-- Files of theirs, each sealed with a key of its own. They go with what they belong to; their objects are swept later.
CREATE TABLE registry_files (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    -- 'archive', 'shasums' or 'signature'
    kind TEXT NOT NULL,
    module_version_id TEXT REFERENCES registry_module_versions (id) ON DELETE CASCADE,
    provider_version_id TEXT REFERENCES registry_provider_versions (id) ON DELETE CASCADE,
    platform_id TEXT REFERENCES registry_platforms (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    size BIGINT NOT NULL,
    sealed BYTEA,
    object_key TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (module_version_id, kind),
    UNIQUE (provider_version_id, kind),
    UNIQUE (platform_id, kind)
);
CREATE INDEX registry_files_by_object ON registry_files (object_key) WHERE object_key IS NOT NULL;
