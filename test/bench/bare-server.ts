/** A server that does nothing, with what Sluice is made of: it listens as early as one can. */

import { Database } from "bun:sqlite";
import { defineCommand } from "citty";
import { z } from "zod";

Object.assign(globalThis, { kept: [Database, defineCommand, z.object({ text: z.string() })] });
Bun.serve({ hostname: "127.0.0.1", port: Number(process.argv[2]), fetch: () => new Response("ok") });
