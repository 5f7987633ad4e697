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
  `
  CREATE TABLE request (
    id TEXT PRIMARY KEY,
    -- When it came: the day by the local clock, and milliseconds since 1970.
    day TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    api TEXT NOT NULL,
    engine TEXT NOT NULL,
    -- What is not known is NULL.
    model TEXT,
    way TEXT,
    input INTEGER,
    output INTEGER,
    cache_read INTEGER,
    cache_write INTEGER,
    -- List price in USD.
    cost REAL,
    first_text_ms REAL,
    ms REAL NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL
  ) STRICT;
  CREATE INDEX request_day ON request (day);
  -- What is left of a day when its requests have gone.
  CREATE TABLE day_sum (
    day TEXT NOT NULL,
    client TEXT NOT NULL,
    api TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    -- Of how many requests the price is known, and what they come to.
    priced INTEGER NOT NULL,
    cost REAL NOT NULL,
    PRIMARY KEY (day, client, api, engine, model)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- How many responses there are, and their bytes: whoever counted them would look at each with every one that is stored.
  CREATE TABLE response_total (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  INSERT INTO response_total SELECT 1, count(*), coalesce(sum(bytes), 0) FROM response;
  -- In the order in which they came, which a wider index does not give.
  CREATE INDEX response_order ON response (gone);
  CREATE TRIGGER response_comes AFTER INSERT ON response BEGIN
    UPDATE response_total SET count = count + 1, bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER response_goes AFTER DELETE ON response BEGIN
    UPDATE response_total SET count = count - 1, bytes = bytes - old.bytes;
  END;
  `,
  `
  -- In the order of time: by its id alone, each row was written into another page of an index.
  CREATE TABLE request_in_time (
    id TEXT NOT NULL,
    day TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    api TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT,
    way TEXT,
    input INTEGER,
    output INTEGER,
    cache_read INTEGER,
    cache_write INTEGER,
    cost REAL,
    first_text_ms REAL,
    ms REAL NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (day, at, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO request_in_time SELECT * FROM request;
  DROP TABLE request;
  ALTER TABLE request_in_time RENAME TO request;
  `,
];
