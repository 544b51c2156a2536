// Tests in a trusted workspace with two folders.

import { watchConnections } from "./connections";
import { runTests } from "./harness";

watchConnections();

export async function run(): Promise<void> {
  await import("./server.tests");
  await import("./roots.tests");
  await import("./commands.tests");
  await import("./picker.tests");
  await import("./tools.tests");
  await import("./shared.tests");
  await import("./crash.tests");
  await import("./connections.tests");
  await runTests();
}
