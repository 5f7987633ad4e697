/** The options of the ledger and of what may be used (issue 8: budgets). */

import type { Config } from "./config.ts";
import { dollars, onOff, whole } from "./option-values.ts";
import type { Option } from "./options.ts";

type Name = "noLedger" | "budgetDay" | "budgetMonth" | "budgetDayRequests" | "budgetMonthRequests";

const usd = { hint: "USD", expects: "an amount in dollars above 0, such as 5 or 12.50", schema: dollars };
const requests = { hint: "NUMBER", expects: "a whole number from 1 to 1000000000", schema: whole(1, 1e9) };
const price = "at the list price that Claude Code reports";

export const usageOptions: { readonly [K in Name]: Option<Config[K]> } = {
  budgetDay: {
    flag: "budget-day",
    description: `What may be used in a day, ${price}; beyond it requests are refused with 429`,
    ...usd,
  },
  budgetMonth: { flag: "budget-month", description: `What may be used in a calendar month, ${price}`, ...usd },
  budgetDayRequests: {
    flag: "budget-day-requests",
    description: "How many requests the model may answer in a day",
    ...requests,
  },
  budgetMonthRequests: {
    flag: "budget-month-requests",
    description: "How many requests the model may answer in a calendar month",
    ...requests,
  },
  noLedger: {
    flag: "no-ledger",
    description: "Keep no ledger of requests: `sluice usage` shows none of them",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
};
