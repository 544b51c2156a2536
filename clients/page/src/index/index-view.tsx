/** What is indexed, how fresh it is, what is left out and why, and what the server does now. */
import { useState } from "preact/hooks";
import { call, connection, sentenceOf } from "../api/client";
import { has, pathOfUri, rootName, session, status, take } from "../api/session";
import type { RootStatus, Status, TierStatus } from "../api/types";
import { showToast } from "../app/announce";
import { Icon } from "../app/icons";
import { Skipped } from "./skipped";
import { duration, number, size, STATES, summaryOf } from "./words";

export function IndexView() {
  const now = status.value;
  if (!now) return <p class="notice quiet">Asking the server ...</p>;
  const pending = now.roots.reduce((sum, root) => sum + root.pending, 0);
  return (
    <div class="index-view">
      <header class="view-head">
        <h1>Index</h1>
        <p class="state-line">
          <span class={`state-dot state-${now.state}`} aria-hidden="true" /> <strong>{STATES[now.state]}</strong>{" "}
          <span class="muted">{summaryOf(now)}</span>
        </p>
        <Controls now={now} />
      </header>
      {pending > 0 && <Progress now={now} pending={pending} />}
      {now.problems.length > 0 && <Problems now={now} />}
      <div class="cards">
        <Card title="Symbols" value={number(total(now, "symbols"))} />
        <Card title="Files" value={number(total(now, "files"))} />
        <Card title="Freshness" value={now.lagMs > 0 ? `${duration(now.lagMs)} behind` : "up to date"} />
        <Card title="Index on disk" value={size(now.indexBytes)} />
        <Card title="Memory" value={size(now.rssBytes)} />
        <Card
          title="Leaves this machine"
          value={
            now.remote.length === 0 ? "nothing" : `${number(now.remote.reduce((sum, one) => sum + one.texts, 0))} texts`
          }
        />
      </div>
      <Roots roots={now.roots} />
      <Tiers tiers={now.tiers} />
      {now.remote.length > 0 && <Remote now={now} />}
      {has("skipped") ? <Skipped now={now} /> : null}
      <Sessions now={now} />
      <p class="muted foot">
        semlens {session.value?.version} · generation {now.generation}
        {session.value?.exposed && " · this page can be reached from other machines"}
      </p>
    </div>
  );
}

function total(now: Status, field: "symbols" | "files"): number {
  return now.roots.reduce((sum, root) => sum + root[field], 0);
}

function Card({ title, value }: { title: string; value: string }) {
  return (
    <div class="card">
      <span class="card-title">{title}</span>
      <span class="card-value">{value}</span>
    </div>
  );
}

function Controls({ now }: { now: Status }) {
  const [isBusy, setBusy] = useState(false);
  const run = async (method: "pause" | "resume" | "reindex", done: string) => {
    setBusy(true);
    try {
      take(await call<Status>(method, {}));
      showToast(done);
    } catch (error) {
      showToast(sentenceOf(error));
    }
    setBusy(false);
  };
  const isDisabled = isBusy || connection.value !== "live";
  return (
    <div class="actions" role="group" aria-label="Actions">
      {has("reindex") && (
        <button
          type="button"
          class="button"
          disabled={isDisabled}
          onClick={() => void run("reindex", "The index is compared with the disk.")}
        >
          <Icon name="refresh" /> Compare with the disk
        </button>
      )}
      {has("pause") && now.state !== "paused" && (
        <button
          type="button"
          class="button"
          disabled={isDisabled}
          onClick={() => void run("pause", "Indexing is paused. Searches are answered.")}
        >
          <Icon name="pause" /> Pause
        </button>
      )}
      {has("resume") && now.state === "paused" && (
        <button
          type="button"
          class="button"
          disabled={isDisabled}
          onClick={() => void run("resume", "Indexing goes on.")}
        >
          <Icon name="play" /> Resume
        </button>
      )}
    </div>
  );
}

function Progress({ now, pending }: { now: Status; pending: number }) {
  const done = total(now, "files");
  return (
    <div class="progress">
      <label>
        {number(pending)} files to go
        <progress max={done + pending} value={done} />
      </label>
    </div>
  );
}

function Roots({ roots }: { roots: RootStatus[] }) {
  return (
    <section>
      <h2>Folders</h2>
      <div class="table-box" role="region" aria-label="Folders" tabIndex={0}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">Folder</th>
              <th scope="col" class="num">
                Files
              </th>
              <th scope="col" class="num">
                Symbols
              </th>
              <th scope="col" class="num">
                Waiting
              </th>
              <th scope="col">Changes are noticed by</th>
            </tr>
          </thead>
          <tbody>
            {roots.map((root) => {
              const path = pathOfUri(root.uri);
              return (
                <tr key={root.uri}>
                  <th scope="row" title={path}>
                    {rootName(path)} <span class="muted path-of-root">{path}</span>
                  </th>
                  <td class="num">{number(root.files)}</td>
                  <td class="num">{number(root.symbols)}</td>
                  <td class="num">{number(root.pending)}</td>
                  <td>{WATCHING[root.watching] ?? root.watching}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const WATCHING: Record<string, string> = {
  native: "events of the system",
  polling: "looking again and again",
  client: "the editor",
  none: "nothing: compare with the disk yourself",
};

function Tiers({ tiers }: { tiers: TierStatus[] }) {
  if (tiers.length === 0)
    return <p class="notice">No model is loaded: search is by names and words only. "semlens doctor" says why.</p>;
  return (
    <section>
      <h2>Meaning</h2>
      <ul class="tiers">
        {tiers.map((tier) => {
          const all = tier.embedded + tier.pending;
          return (
            <li key={tier.model}>
              <label>
                <span class="tier-name">{tier.model}</span>
                <span class="muted">
                  {tier.role === "first" ? "fast, covers everything" : "better, follows later"} ·{" "}
                  {number(tier.embedded)} of {number(all)} passages
                </span>
                <progress max={Math.max(all, 1)} value={all ? tier.embedded : 1} />
              </label>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Remote({ now }: { now: Status }) {
  return (
    <section>
      <h2>Services that you set</h2>
      <ul>
        {now.remote.map((one) => (
          <li key={one.service}>
            <strong>{one.service}</strong>: {number(one.texts)} texts, {size(one.bytes)}, {number(one.redactions)}{" "}
            secrets masked
          </li>
        ))}
      </ul>
    </section>
  );
}

function Problems({ now }: { now: Status }) {
  return (
    <section class="problems">
      <h2>Problems</h2>
      <ul>
        {now.problems.map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            {path && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sessions({ now }: { now: Status }) {
  if (!now.sessions?.length) return null;
  return (
    <section>
      <h2>Who is connected</h2>
      <div class="table-box" role="region" aria-label="Sessions" tabIndex={0}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">Protocol</th>
              <th scope="col">Folders</th>
              <th scope="col" class="num">
                Open documents
              </th>
            </tr>
          </thead>
          <tbody>
            {now.sessions.map((one, index) => (
              <tr key={index}>
                <th scope="row">{one.client || "unnamed"}</th>
                <td>{one.protocol}</td>
                <td>{one.roots.map((uri) => rootName(pathOfUri(uri))).join(", ") || "none"}</td>
                <td class="num">{one.openDocuments}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
