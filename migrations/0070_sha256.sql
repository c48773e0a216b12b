-- What the bytes of a state are, told by a hash that nobody can make two of: hexadecimal. Versions from before this have none.
ALTER TABLE state_versions ADD COLUMN sha256 TEXT;
