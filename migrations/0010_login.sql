-- Codes that `terraform login` exchanges for a token: each once, within minutes. A used one stays until it is over, so that whoever comes
-- with it a second time is seen, and loses the token that the first one got.
CREATE TABLE login_codes (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- base64url of the SHA-256 of the verifier that has to come with it
    challenge TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- of the token to be made
    description TEXT NOT NULL,
    ttl_seconds BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    token_id TEXT REFERENCES tokens (id) ON DELETE CASCADE
);
CREATE INDEX login_codes_by_end ON login_codes (expires_at);
