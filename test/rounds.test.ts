import { expect, test } from "bun:test";
import { nowhere } from "../src/bag.ts";
import { Rounds } from "../src/rounds.ts";
import { eventually } from "./support/environment.ts";

const thing = (name: string) => ({ name, place: nowhere });

test("each thing is visited again and again, until it is taken out", async () => {
  const visits: string[] = [];
  const rounds = new Rounds<ReturnType<typeof thing>>(5, ({ name }) => void visits.push(name));
  const [a, b] = [thing("a"), thing("b")];
  rounds.add(a);
  rounds.add(b);
  await eventually(() => visits.filter((name) => name === "b").length >= 2);
  rounds.delete(a);
  visits.length = 0;
  await eventually(() => visits.length >= 3);
  expect(new Set(visits)).toEqual(new Set(["b"]));
  // There is nothing to go for meanwhile; a timer that has ended begins anew.
  rounds.delete(b);
  await Bun.sleep(20);
  visits.length = 0;
  rounds.add(a);
  await eventually(() => visits.length >= 2);
  expect(new Set(visits)).toEqual(new Set(["a"]));
  rounds.delete(a);
});

test("a visit may end what is visited, and is told the time", async () => {
  const began = performance.now();
  const times: number[] = [];
  const rounds = new Rounds<ReturnType<typeof thing>>(5, (one, now) => {
    times.push(now);
    rounds.delete(one);
  });
  rounds.add(thing("a"));
  rounds.add(thing("b"));
  await eventually(() => times.length === 2);
  await Bun.sleep(20);
  expect(times).toHaveLength(2);
  for (const time of times) expect(time).toBeWithin(began, performance.now());
});
