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
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name, provider)
);

CREATE TABLE registry_module_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    module_id TEXT NOT NULL,
    version TEXT NOT NULL,
    -- 'pending', 'ok' or 'reg_ingress_failed'
    status TEXT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (module_id, version),
    FOREIGN KEY (organization_id, module_id) REFERENCES registry_modules (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE registry_providers (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);

CREATE TABLE registry_provider_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    version TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- JSON: a list
    protocols TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (provider_id, version),
    FOREIGN KEY (organization_id, provider_id) REFERENCES registry_providers (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, key_id) REFERENCES gpg_keys (organization_id, key_id)
);

CREATE TABLE registry_platforms (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    version_id TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    shasum TEXT NOT NULL,
    filename TEXT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (version_id, os, arch),
    FOREIGN KEY (organization_id, version_id) REFERENCES registry_provider_versions (organization_id, id) ON DELETE CASCADE
);

-- Files of theirs, each sealed with a key of its own. They go with what they belong to; their objects are swept later.
CREATE TABLE registry_files (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    -- 'archive', 'shasums' or 'signature'
    kind TEXT NOT NULL,
    -- its owner: one of the three
    module_version_id TEXT,
    provider_version_id TEXT,
    platform_id TEXT,
    name TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    size BIGINT NOT NULL,
    sealed BYTEA,
    object_key TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (module_version_id, kind),
    UNIQUE (provider_version_id, kind),
    UNIQUE (platform_id, kind),
    FOREIGN KEY (organization_id, module_version_id) REFERENCES registry_module_versions (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, provider_version_id) REFERENCES registry_provider_versions (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, platform_id) REFERENCES registry_platforms (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX registry_files_by_object ON registry_files (object_key) WHERE object_key IS NOT NULL;
