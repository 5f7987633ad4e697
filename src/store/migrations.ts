/** How the database came to be as it is: each entry takes it one version on. What is released stays as it is. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE response (
    id TEXT PRIMARY KEY,
    -- The response that it continues.
    previous TEXT,
    -- Milliseconds since 1970.
    created INTEGER NOT NULL,
    -- Deleted or expired, and here only as long as a later response stands on it.
    gone INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL,
    input TEXT NOT NULL,
    pieces TEXT NOT NULL
  ) STRICT;
  CREATE INDEX response_age ON response (gone, created, bytes);
  CREATE INDEX response_previous ON response (previous);
  CREATE TABLE item (
    id TEXT PRIMARY KEY,
    response TEXT NOT NULL REFERENCES response (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX item_response ON item (response);
  `,
];
