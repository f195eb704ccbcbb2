import { assertEquals, assertThrows } from "@std/assert";
import { GuessBudget, GuessLedger, MAX_GUESSES_PER_PEER } from "../../../lib/bob/mod.ts";

Deno.test("GuessBudget spends what it has and takes back what was spent", () => {
  const budget = new GuessBudget(2);
  assertEquals([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
  assertEquals([budget.spent, budget.left], [2, 0]);
  budget.giveBack();
  assertEquals([budget.spend(), budget.spend()], [true, false]);
  budget.giveBack();
  budget.giveBack();
  assertThrows(() => budget.giveBack(), Error, "none is spent");
});

Deno.test("GuessBudget takes a whole number from 1", () => {
  for (const most of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new GuessBudget(most), RangeError);
  }
});

Deno.test("GuessLedger gives each peer its share of one budget", () => {
  const budget = new GuessBudget(MAX_GUESSES_PER_PEER + 2);
  const ledger = new GuessLedger(budget);
  for (let count = 0; count < MAX_GUESSES_PER_PEER; count++) assertEquals(ledger.spend(1), "spent");
  assertEquals(ledger.spend(1), "ignored");
  assertEquals([ledger.spend(2), ledger.spend(3), ledger.spend(4)], ["spent", "spent", "used-up"]);
  ledger.giveBack(1);
  assertEquals(budget.left, 1);
  assertEquals([ledger.spend(1), ledger.spend(1)], ["spent", "ignored"]);
  assertEquals(ledger.spend(2), "used-up");
});

Deno.test("GuessLedger counts a cancelled guess against the peer alone", () => {
  const budget = new GuessBudget(1);
  const ledger = new GuessLedger(budget);
  for (let count = 0; count < MAX_GUESSES_PER_PEER; count++) {
    assertEquals(ledger.spend(1), "spent");
    ledger.cancel();
  }
  assertEquals([ledger.spend(1), budget.spent], ["ignored", 0]);
  ledger.forget(1);
  assertEquals([ledger.spend(1), ledger.spend(2)], ["spent", "used-up"]);
});
