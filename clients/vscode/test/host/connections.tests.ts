import assert from "node:assert/strict";
import * as net from "node:net";
import { children, connectionsOutside, remoteAddresses } from "./connections";
import { context, test } from "./harness";

test("neither the extension host nor the server connected outside loopback", async () => {
  const pid = (await context()).running?.pid;
  assert.ok(pid !== undefined && children(process.pid).includes(pid));
  assert.deepEqual(connectionsOutside(), []);
  for (const process of [pid, ...children(pid)]) {
    assert.deepEqual(remoteAddresses(process), []);
  }
});

test("a connection outside loopback is recorded", async () => {
  const socket = net.connect({ host: "192.0.2.1", port: 9 }); // a reserved address for documentation
  socket.on("error", () => undefined);
  socket.destroy();
  assert.deepEqual(connectionsOutside(), ["192.0.2.1"]);
});
