// Records the connections of this extension host and its servers. Linux only.

import dns from "node:dns";
import * as fs from "node:fs";
import * as net from "node:net";

const LOOPBACK = /^(127\.|::1$|::ffff:127\.|localhost$|$)/;
const outside = new Set<string>();

/** Records every host that this process connects to or looks up from now on. */
export function watchConnections(): void {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]): net.Socket {
    const first = Array.isArray(given[0]) ? (given[0] as unknown[])[0] : given[0];
    const host = typeof first === "object" && first !== null ? (first as { host?: string }).host : given[1];
    if (typeof host === "string") {
      note(host);
    }
    return Reflect.apply(connect, this, given) as net.Socket;
  } as typeof connect;
  const lookup = dns.lookup;
  Object.assign(dns, {
    lookup: (host: string, ...rest: unknown[]) => {
      note(host);
      return Reflect.apply(lookup, dns, [host, ...rest]) as unknown;
    },
  });
}

export function connectionsOutside(): string[] {
  return [...outside];
}

/** The remote addresses of a process's sockets, except loopback. */
export function remoteAddresses(pid: number): string[] {
  const sockets = new Set(
    fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed since
      }
    }),
  );
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((table) =>
    fs
      .readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => sockets.has(columns[9] ?? ""))
      .map((columns) => columns[2] ?? "")
      .filter((address) => !/^(0100007F|0+|0{24}01000000|0{16}FFFF00000100007F):/.test(address)),
  );
}

/** The child processes of this process and, recursively, theirs. */
export function children(pid: number): number[] {
  const own = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const direct = own.map(Number).filter((other) => parentOf(other) === pid);
  return direct.flatMap((child) => [child, ...children(child)]);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return undefined; // gone since
  }
}

function note(host: string): void {
  if (!LOOPBACK.test(host)) {
    outside.add(host);
  }
}
