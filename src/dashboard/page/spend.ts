/** What today and this month have come to, and the budgets. */

import type { Spend, Used } from "../../observe/spend.ts";
import { byId, write } from "./dom.ts";
import { count, dollars, plural, until } from "./format.ts";
import { gaugeRow, replaceIfNew } from "./instruments.ts";

const names = { day: "Today", month: "This month" } as const;

export function showSpend(spend: Spend | null): void {
  byId("spend-section").hidden = spend === null;
  write(byId("spend"), dollars(spend?.day.usd));
  if (spend === null) return;
  const now = performance.timeOrigin + performance.now();
  const rows = (["day", "month"] as const).flatMap((period) => {
    const { requests, failed, input, output, usd }: Used = spend[period];
    const failures = failed === 0 ? "" : `, ${count(failed)} failed`;
    const note = `${plural(requests, "request")}${failures}, ${count(input)} tokens in, ${count(output)} out`;
    const budgets = spend.budgets.filter((budget) => budget.period === period);
    return [
      gaugeRow(names[period], dollars(usd), note, undefined),
      ...budgets.map(({ unit, limit, used, reset }) => {
        const value = (amount: number) => (unit === "usd" ? dollars(amount) : count(amount));
        const what = unit === "usd" ? "Budget" : "Budget of requests";
        const left = used >= limit ? "used up, anew" : "anew";
        return gaugeRow(what, `${value(used)} of ${value(limit)}`, `${left} ${until(reset - now)}`, used / limit);
      }),
    ];
  });
  replaceIfNew(byId("spend-rows"), rows, rows.map((row) => row.textContent).join("\n"));
}
