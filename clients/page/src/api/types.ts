/** The JSON of the server, as docs/protocol.md describes it. Lines count from 1, both ends included. */

export interface Hit {
  root?: string;
  path: string;
  name: string;
  qualifiedName: string;
  kind: string;
  language: string;
  score: number;
  signature: string;
  reasons: string[];
  dirty: boolean;
  /** The repository of a hit that the team's server found. */
  team?: string;
  startLine: number;
  endLine: number;
  nameLine: number;
  nameColumn?: number;
  snippet?: { text: string; startLine: number; endLine: number };
  highlights: [number, number][];
  features?: Record<string, number>;
  /** Why the page shows it, where `reasons` do not say it. The server sends none. */
  why?: string;
}

export interface SearchAnswer {
  hits: Hit[];
  generation: number;
  complete: boolean;
  elapsedMs: number;
  confidence?: number;
  nothingFits?: boolean;
  notes?: string[];
}

/** A use of one symbol by another. */
export interface Edge {
  hit: Hit;
  ranges: { startLine: number; endLine: number }[];
  confidence: number;
  kind: string;
  test: boolean;
  /** Number of edges to the symbol that was asked for. */
  distance: number;
  /** Index of the edge to the symbol in between. */
  through?: number;
}

export interface EdgesAnswer {
  symbol: Hit;
  edges: Edge[];
  omitted: number;
  /** The same by distance. */
  omittedAt: number[];
  /** Uses of a very common name that were not looked at, and the same by distance. */
  unseen?: number;
  unseenAt?: number[];
  generation: number;
}

export interface AffectedPath {
  /** Names from the changed symbol on. */
  via: string[];
  distance: number;
  confidence: number;
}

export interface ImpactAnswer {
  changed: Hit[];
  affected: (AffectedPath & { hit: Hit })[];
  tests: (AffectedPath & Hit)[];
  omitted: number;
  notes: string[];
  generation: number;
}

export interface UnusedAnswer {
  symbols: { hit: Hit; confidence: number; assumption: string }[];
  assumed: Record<string, number>;
  omitted: number;
  generation: number;
}

export interface DuplicateGroup {
  symbols: Hit[];
  similarity: number;
  savedLines: number;
}

export interface DuplicatesAnswer {
  groups: DuplicateGroup[];
  generation: number;
}

export interface RootStatus {
  uri: string;
  files: number;
  symbols: number;
  pending: number;
  skipped: Record<string, number>;
  watching: string;
}

export interface TierStatus {
  model: string;
  role: "first" | "refine";
  embedded: number;
  pending: number;
}

export interface SessionStatus {
  client: string;
  protocol: string;
  roots: string[];
  openDocuments: number;
}

export interface Status {
  number?: number;
  state: "starting" | "scanning" | "indexing" | "ready" | "paused" | "degraded" | "stopped";
  complete: boolean;
  refining: boolean;
  roots: RootStatus[];
  tiers: TierStatus[];
  generation: number;
  lagMs: number;
  rssBytes: number;
  indexBytes: number;
  remote: { service: string; texts: number; bytes: number; redactions: number }[];
  problems: { path: string; message: string }[];
  sessions?: SessionStatus[];
}

export interface SearchParams {
  query: string;
  limit?: number;
  explain?: boolean;
  roots?: string[];
  filter?: {
    languages?: string[];
    kinds?: string[];
    paths?: string[];
    excludePaths?: string[];
    tests?: string;
    content?: string;
  };
}

export interface Session {
  version: string;
  roots: { path: string; uri: string; name: string; hostPath: string }[];
  editors: { name: string; url?: string; command?: string }[];
  methods: string[];
  exposed: boolean;
}

export interface FolderCounts {
  root: string;
  path: string;
  files: number;
  symbols: number;
  lines: number;
  languages: Record<string, number>;
}

export interface FoldersAnswer {
  folders: FolderCounts[];
  files?: { root: string; path: string; symbols: number; lines: number; language: string }[];
  truncated: boolean;
  generation: number;
}

export interface SkippedAnswer {
  reasons: { reason: string; count: number; fix: string }[];
  files: { root: string; path: string; reason: string }[];
  truncated: boolean;
}
