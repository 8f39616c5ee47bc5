import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { de } from "../../static/js/texts/de.js";
import { en } from "../../static/js/texts/en.js";

/** Every key with the kind of its value, as `page.pause: string`. */
function keys(texts, path = "") {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "object" ? keys(value, `${path}${key}.`) : `${path}${key}: ${typeof value}`,
  );
}

test("the second language has every text of the first, and no other", () => {
  assert.deepEqual(keys(de).sort(), keys(en).sort());
});

test("the first screen says where pictures go from the host that it names", () => {
  assert.ok(!en.page.host("host", false).includes("cluster"));
  assert.ok(en.page.host("host", true).includes("from there to the machines of its cluster"));
  assert.ok(!de.page.host("host", false).includes("Verbund"));
  assert.ok(de.page.host("host", true).includes("von dort an die Rechner seines Verbunds"));
});

test("every text that a template asks for is there", () => {
  const folder = new URL("../../templates/", import.meta.url);
  for (const name of readdirSync(folder)) {
    const source = readFileSync(new URL(name, folder), "utf8");
    const sentences = name === "about.html" ? en.about : en.page;
    for (const [, key] of source.matchAll(/data-(?:text|label)="(\w+)"/g)) {
      assert.equal(typeof sentences[key], "string", `${name}: ${key}`);
    }
  }
});
