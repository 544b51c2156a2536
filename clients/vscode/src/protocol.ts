// The types of the server's protocol that this client uses. docs/protocol.md defines them. Positions count UTF-16 code
// units, as in the editor.

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Hit {
  readonly name: string;
  readonly kind: number;
  readonly containerName?: string;
  readonly location: { readonly uri: string; readonly range: Range };
  readonly selectionRange: Range;
  readonly language: string;
  readonly score: number;
  readonly signature: string;
  readonly snippet: { readonly text: string; readonly range: Range };
  readonly highlights: readonly Range[];
  readonly reasons: readonly string[];
  readonly dirty: boolean;
  readonly path?: string;
  /** The repository of a hit that the team's server found. Its file is a copy. */
  readonly team?: string;
}

/** Result of `semlens/search` and `semlens/similar`. */
export interface SearchResult {
  readonly hits: readonly Hit[];
  readonly generation: number;
  readonly complete: boolean;
  readonly notes?: readonly string[];
  /** Probability that one of the first three hits is what was asked for. */
  readonly confidence?: number;
  /** The confidence is so low that the hits probably do not fit. */
  readonly nothingFits?: boolean;
}

/** Value of `$/progress` for a `refineToken`, sent before the result. */
export interface PartialResult {
  readonly hits: readonly Hit[];
  readonly stage: "first" | "refined";
}

/** A use of one symbol by another. `through` is the index of the edge to the symbol in between. */
export interface Edge {
  readonly hit: Hit;
  readonly confidence: number;
  readonly kind: string;
  readonly test: boolean;
  readonly distance: number;
  readonly through?: number;
}

/** Result of `semlens/callers` and `semlens/callees`. */
export interface EdgesResult {
  readonly symbol: Hit;
  readonly edges: readonly Edge[];
  readonly omitted: number;
  readonly others?: readonly Hit[];
}

/** Result of `semlens/impact`. `via` names the symbols of the path, from the changed one on. */
export interface ImpactResult {
  readonly changed: readonly Hit[];
  readonly affected: readonly { readonly hit: Hit; readonly via: readonly string[] }[];
  readonly tests: readonly (Hit & { readonly via: readonly string[] })[];
}

export interface DuplicatesResult {
  readonly groups: readonly {
    readonly symbols: readonly Hit[];
    readonly similarity: number;
    readonly savedLines: number;
  }[];
}

export interface ContextResult {
  readonly text: string;
  readonly tokens: number;
  readonly countedBy: string;
  readonly budget: number;
  readonly items: readonly { readonly path: string; readonly name: string; readonly form: string }[];
  readonly omitted: number;
  readonly masked: number;
}

/** The newer of two statuses of one server. A response may arrive after a newer notification. */
export function newerStatus<T extends { readonly number?: number | undefined }>(shown: T | undefined, next: T): T {
  return shown?.number !== undefined && next.number !== undefined && next.number < shown.number ? shown : next;
}

export interface Status {
  /** Increases with every status that the server sends. */
  readonly number?: number;
  readonly state: "starting" | "scanning" | "indexing" | "ready" | "paused" | "degraded" | "stopped";
  readonly complete: boolean;
  readonly refining: boolean;
  readonly roots: readonly {
    readonly uri: string;
    readonly files: number;
    readonly symbols: number;
    readonly pending: number;
    readonly skipped: Readonly<Record<string, number>>;
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
  /** The user's embedding services that texts were sent to. */
  readonly remote?: readonly {
    readonly service: string;
    readonly texts: number;
    readonly bytes: number;
    readonly redactions: number;
  }[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}
