import type { Dialect } from "../dialect.ts";
import { encodeError } from "../openai-errors.ts";
import { encodeModel, encodeModels } from "../openai-models.ts";
import { decode } from "./lazy-decode.ts";

/** The OpenAI Chat Completions API. */
export const chat: Dialect = { name: "chat", decode, encodeError, encodeModels, encodeModel };
