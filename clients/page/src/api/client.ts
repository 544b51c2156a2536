/** Requests to the server that this page came from. Every failure is an `ApiError` with a sentence for the user. */
import { signal } from "@preact/signals";
import { parseJson, toJson } from "./json";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** As in docs/protocol.md, "The page's API"; empty where the server did not answer. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export type Connection = "connecting" | "live" | "lost" | "expired";

export const connection = signal<Connection>("connecting");

const UNREACHABLE =
  "The server does not answer. The page tries again by itself; if it stays away, run `semlens http --open`.";

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** One sentence about any error. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** POST `/api/<method>`. Aborting cancels the work in the server. */
export function call<T>(method: string, params: unknown, abort?: AbortSignal): Promise<T> {
  return request<T>(`/api/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: toJson(params),
    ...(abort ? { signal: abort } : {}),
  });
}

async function request<T>(url: string, options: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (isAborted(error)) throw error;
    if (connection.value === "live") connection.value = "lost";
    throw new ApiError(0, "", UNREACHABLE);
  }
  if (response.status === 401) connection.value = "expired";
  const body = await bodyOf(response);
  if (response.ok) return body as T;
  const { code = "", message = `The server answered with status ${response.status}.` } = errorOf(body);
  throw new ApiError(response.status, code, message);
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return parseJson(text);
  } catch {
    return null; // of a proxy between, or a page
  }
}

function errorOf(body: unknown): { code?: string; message?: string } {
  return (body as { error?: { code?: string; message?: string } } | null)?.error ?? {};
}
