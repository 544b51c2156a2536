// The part of the server's protocol that this client uses; docs/protocol.md is its definition.

import type { Range as WireRange } from "vscode-languageclient/node";

export interface Hit {
  readonly name: string;
  readonly kind: number;
  readonly containerName?: string;
  readonly location: { readonly uri: string; readonly range: WireRange };
  readonly selectionRange: WireRange;
  readonly language: string;
  readonly score: number;
  readonly signature: string;
  readonly highlights: readonly WireRange[];
  readonly reasons: readonly string[];
  readonly dirty: boolean;
  readonly path?: string;
}

export interface SearchAnswer {
  readonly hits: readonly Hit[];
  readonly generation: number;
  readonly complete: boolean;
  readonly elapsedMs: number;
  readonly notes?: readonly string[];
}

export interface Partial {
  readonly hits: readonly Hit[];
  readonly stage: "first" | "refined";
}

export interface Status {
  readonly state: "starting" | "scanning" | "indexing" | "ready" | "paused" | "degraded" | "stopped";
  readonly complete: boolean;
  readonly refining: boolean;
  readonly roots: readonly {
    readonly uri: string;
    readonly files: number;
    readonly symbols: number;
    readonly pending: number;
    readonly watching: string;
  }[];
  readonly tiers: readonly {
    readonly model: string;
    readonly role: string;
    readonly embedded: number;
    readonly pending: number;
  }[];
  readonly generation: number;
  readonly rssBytes: number;
  readonly indexBytes: number;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}
