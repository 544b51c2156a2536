/** The frame of every view: navigation, the state of the server, messages. */
import { useEffect, useRef } from "preact/hooks";
import type { ComponentType } from "preact";
import { connection } from "../api/client";
import { has, isGrowing, session, status } from "../api/session";
import { number, STATES } from "../index/words";
import { relatedOf } from "../search/related";
import { SearchView } from "../search/search-view";
import { announcement, toast } from "./announce";
import { Icon, type IconName } from "./icons";
import { isHelpOpen, KEYS } from "./keys";
import { lateView } from "./late-view";
import { hashOf, route, type View, VIEWS as VIEW_NAMES } from "./route";
import { tabs } from "./tabs";
import { nextTheme, singleKeys, theme } from "./theme";

const FoldersView = lateView(() => import("../folders/folders-view").then((module) => module.FoldersView));
const DuplicatesView = lateView(() => import("../duplicates/duplicates-view").then((module) => module.DuplicatesView));
const IndexView = lateView(() => import("../index/index-view").then((module) => module.IndexView));
const GraphView = lateView(() => import("../graph/graph-view").then((module) => module.GraphView));
const MapView = lateView(() => import("../map/map-view").then((module) => module.MapView));

const VIEWS: Record<View, ComponentType> = {
  search: SearchView,
  similar: SearchView,
  callers: SearchView,
  callees: SearchView,
  changes: SearchView,
  unused: SearchView,
  graph: GraphView,
  folders: FoldersView,
  duplicates: DuplicatesView,
  map: MapView,
  index: IndexView,
};

const TITLES: Record<View, string> = {
  search: "Search",
  similar: "Similar code",
  callers: "Callers",
  callees: "Uses",
  graph: "Call graph",
  changes: "Changes",
  unused: "Unused",
  folders: "Folders",
  duplicates: "Duplicates",
  map: "Map",
  index: "Index",
};

function titleOf(view: View, params: URLSearchParams): string {
  if (view === "search") return params.get("q") || TITLES[view];
  const name = relatedOf(view) || view === "graph" ? params.get("name") : "";
  return name ? `${name} · ${TITLES[view]}` : TITLES[view];
}

/** Views that do not say themselves how far the index is. */
const SAYS_TOO_LITTLE = new Set<View>(VIEW_NAMES.filter((view) => view !== "search" && view !== "index"));

export function Shell() {
  const { view, params } = route.value;
  useEffect(() => {
    document.title = `${titleOf(view, params)} · semlens`;
  }, [view, params]);
  if (connection.value === "expired") return <Expired />;
  const View = VIEWS[view];
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => (event.preventDefault(), document.getElementById("content")?.focus())}
      >
        To the content
      </a>
      <Header view={view} />
      {connection.value === "lost" && (
        <p class="banner" role="alert">
          The server is gone. The page connects again by itself; what you see may be old.
        </p>
      )}
      {isGrowing.value && SAYS_TOO_LITTLE.has(view) && (
        <p class="banner" role="status">
          The index is not complete yet: something may be missing here, or look unused. This changes as the index grows.
        </p>
      )}
      <main id="content" tabIndex={-1} class={`view-${view}`}>
        <View />
      </main>
      <Help />
      <div class="unseen" aria-live="polite">
        {announcement.value}
      </div>
      <div class={`toast${toast.value ? " is-shown" : ""}`} role="status">
        {toast.value}
      </div>
    </>
  );
}

function Expired() {
  return (
    <main class="expired" id="content">
      <h1>This page is signed out</h1>
      <p>
        The link was used already, or the sign-in has expired. Press Enter in the terminal in which{" "}
        <code>semlens http</code> runs, and open the link that it prints.
      </p>
    </main>
  );
}

function Header({ view }: { view: View }) {
  const tab = relatedOf(view) || view === "graph" ? "search" : view;
  const nav = useRef<HTMLElement>(null);
  const nTabs = tabs().length;
  useEffect(() => {
    // on a narrow window the views are wider than the window
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab, nTabs]);
  return (
    <header class="top">
      <a class="brand" href="#/search" aria-label="semlens, search">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="14" cy="14" r="8.5" />
          <path d="M20.5 20.5 27 27" />
          <circle class="dot" cx="14" cy="14" r="2.6" />
        </svg>
        <span>semlens</span>
      </a>
      <nav aria-label="Views" ref={nav}>
        {tabs().map(({ view: to, label }) => (
          <a
            key={to}
            href={hashOf({ view: to, params: new URLSearchParams() })}
            aria-current={to === tab ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <StatePill />
      <button
        type="button"
        class="ghost"
        aria-label={`Colours: ${theme.value}. Change`}
        title={`Colours: ${theme.value}`}
        onClick={nextTheme}
      >
        <Icon name={theme.value as IconName} />
      </button>
      <button
        type="button"
        class="ghost"
        aria-label="Keys and help"
        title="Keys and help (?)"
        onClick={() => (isHelpOpen.value = true)}
      >
        <Icon name="help" />
      </button>
    </header>
  );
}

function StatePill() {
  const now = status.value;
  if (connection.value !== "live" || !now) {
    return (
      <span class="pill">
        <span class="state-dot state-stopped" aria-hidden="true" />
        <span>{connection.value === "lost" ? "Not connected" : "Connecting"}</span>
      </span>
    );
  }
  const pending = now.roots.reduce((sum, root) => sum + root.pending, 0);
  const symbols = now.roots.reduce((sum, root) => sum + root.symbols, 0);
  return (
    <a class="pill" href="#/index" title="The state of the index">
      <span class={`state-dot state-${now.state}`} aria-hidden="true" />
      <span>{STATES[now.state]}</span>
      <span class="muted pill-detail">
        {pending > 0 ? `${number(pending)} files to go` : `${number(symbols)} symbols`}
      </span>
    </a>
  );
}

function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isHelpOpen.value]);
  const isPrivate = status.value?.remote.length === 0 && session.value?.exposed === false;
  const keys = KEYS.filter(({ needs }) => !needs || has(needs));
  return (
    <dialog ref={dialog} onClose={() => (isHelpOpen.value = false)} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keys.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>1 to {tabs().length}</kbd>
          </dt>
          <dd>
            {tabs()
              .map(({ label }) => label)
              .join(", ")}
          </dd>
        </div>
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => (singleKeys.value = event.currentTarget.checked)}
        />
        Single letters are commands (outside of text fields)
      </label>
      <h2>In the question</h2>
      <p>
        <code>lang:python</code> <code>kind:class</code> <code>path:src/**</code> <code>-path:vendor/**</code>{" "}
        <code>test:only</code> filter, as the chips do. A pasted stack trace finds the places in it.
      </p>
      <p class="muted">
        semlens {session.value?.version}.{isPrivate && " Everything stays on this machine."}
      </p>
      <button type="button" class="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
