import assert from "node:assert/strict";
import * as net from "node:net";
import { children, connectionsOutside, remoteAddresses } from "./connections";
import { context, test } from "./harness";

test("nothing was asked outside loopback, by the extension host or by the server", async () => {
  const pid = (await context()).running?.pid;
  assert.ok(pid !== undefined && children(process.pid).includes(pid));
  assert.deepEqual(connectionsOutside(), []);
  for (const process of [pid, ...children(pid)]) {
    assert.deepEqual(remoteAddresses(process), []);
  }
});

test("such a question would have been seen", async () => {
  const socket = net.connect({ host: "192.0.2.1", port: 9 }); // an address for documentation: nobody is there
  socket.on("error", () => undefined);
  socket.destroy();
  assert.deepEqual(connectionsOutside(), ["192.0.2.1"]);
});
