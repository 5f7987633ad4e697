import type { Dialect } from "../dialect.ts";
import { encodeError } from "../openai-errors.ts";
import { encodeModel, encodeModels } from "../openai-models.ts";
import { count } from "./count.ts";
import { decode } from "./lazy-decode.ts";

/** The OpenAI Responses API. */
export const responses: Dialect = { name: "responses", decode, encodeError, count, encodeModels, encodeModel };
