import { expect, it } from "vitest";
import { shortName } from "../../src/search/names";

it.each([
  ["net/retry.py", "net.retry.fetch", "fetch"],
  ["src/net/retry.py", "net.retry.Client.send", "Client.send"],
  ["tests/test_a.py", "tests.test_a.test_one.app", "test_one.app"],
  ["net/__init__.py", "net.send", "send"],
  ["src/client.rs", "Client::send", "Client.send"],
  ["a.ts", "send", "send"],
  ["docs/a.md", "How to send.", "How to send."],
])("%s: %s is shown as %s", (path, qualifiedName, shown) => {
  const name = qualifiedName.startsWith("How") ? qualifiedName : qualifiedName.split(/::|\./).at(-1)!;
  expect(shortName({ name, qualifiedName, path })).toBe(shown);
});
