-- A public address names a file alone: whose it is, the index says.
CREATE INDEX file_public_idx ON file (id) WHERE visibility = 'PUBLIC';
