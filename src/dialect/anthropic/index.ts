import type { Dialect } from "../dialect.ts";
import { count } from "./count.ts";
import { decode } from "./lazy-decode.ts";
import { encodeError } from "./errors.ts";
import { encodeModel, encodeModels } from "./models.ts";

/** The Anthropic Messages API. */
export const anthropic: Dialect = { name: "anthropic", decode, encodeError, count, encodeModels, encodeModel };
