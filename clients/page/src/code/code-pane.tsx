/** The preview: where the code is, why it is here, what one can do with it, and its text. */
import { memo } from "preact/compat";
import { useCallback, useEffect, useState } from "preact/hooks";
import { connection, sentenceOf } from "../api/client";
import { generation, has, hasSeveralRoots, rootName } from "../api/session";
import type { Hit } from "../api/types";
import { Icon } from "../app/icons";
import { changed, CLOSED, hashOf, type Place, placeText, view } from "../app/route";
import { isReading } from "../search/focus";
import { keyOf } from "../search/hits";
import { searchKey } from "../search/query";
import { whyHere } from "../search/reasons";
import { Signals } from "./signals";
import { CodeActions } from "./code-actions";
import { CodeView } from "./code-view";
import { type FileText, readFile } from "./file-store";
import { Outline } from "./outline";

interface Props {
  place: Place;
  hit: Hit | undefined;
  /** Why it is here; without it, by the hit's reasons. */
  why?: string;
  onClose?: () => void;
}

/** Shows the last place whose text is there, so that it changes at once and whole. */
export function CodePane({ place, hit, why, onClose }: Props) {
  const loaded = useLoaded(place, hit);
  return loaded ? (
    <LoadedPane {...loaded} why={why} onClose={onClose} />
  ) : (
    <section class="pane" aria-label="Preview" />
  );
}

interface Loaded {
  place: Place;
  hit: Hit | undefined;
  file: FileText | null;
  problem: string;
}

const LoadedPane = memo(({ place, hit, file, problem, why, onClose }: Loaded & Pick<Props, "why" | "onClose">) => {
  const { root, path } = place;
  const hrefOf = useCallback(
    (line: number) => hashOf(changed({ ...CLOSED, open: placeText({ path, line }), in: root || null })),
    [root, path],
  );
  const to = hit ? hit.endLine : place.endLine;
  return (
    <section class="pane" aria-label="Preview">
      <header class="pane-head">
        <div class="pane-title">
          {onClose && (
            <button type="button" class="ghost only-narrow" onClick={onClose}>
              <Icon name="back" /> Results
            </button>
          )}
          <h2>
            <PathText path={path} root={hasSeveralRoots.value ? root : ""} />
            <span class="muted lines-of">
              :{place.line}
              {to > place.line && `–${to}`}
            </span>
          </h2>
        </div>
        <CodeActions place={place} hit={hit} />
        {hit && <Why hit={hit} why={why} />}
      </header>
      {problem && (
        <p class="notice" role="status">
          {problem}
        </p>
      )}
      {file && <LongFile file={file} hrefOf={hrefOf} />}
      <div class="pane-body">
        {file && (
          <CodeView
            lines={file.lines}
            firstLine={file.firstLine}
            language={file.language || hit?.language || ""}
            from={place.line}
            to={to}
            highlights={hit?.highlights ?? NONE}
            hrefOf={hrefOf}
            label={`Text of ${path}`}
            place={`${root}\n${path}:${place.line} ${isReading.value}`}
          />
        )}
        {file && has("outline") && <Outline root={root} path={path} line={place.line} hrefOf={hrefOf} />}
      </div>
    </section>
  );
});

const NONE: [number, number][] = [];
const PATIENCE_MS = 400;

function useLoaded(place: Place, hit: Hit | undefined): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const { root, path, line, endLine } = place;
  const hitKey = hit && JSON.stringify([keyOf(hit), hit.endLine, hit.highlights, hit.reasons, hit.dirty]);
  const number = generation.value;
  const isLost = connection.value === "lost";
  useEffect(() => {
    let isCurrent = true;
    const show = (file: FileText | null, problem: string) => {
      clearTimeout(timer);
      if (isCurrent) setLoaded((old) => ({ place, hit, file: file ?? ownFile(old, place), problem }));
    };
    const timer = setTimeout(() => show(null, ""), PATIENCE_MS);
    readFile(root, path, line).then(
      (file) => show(file, ""),
      (error: unknown) => show(null, sentenceOf(error)),
    );
    return () => {
      clearTimeout(timer);
      isCurrent = false;
    };
  }, [root, path, line, endLine, hitKey, number, isLost]);
  return loaded;
}

/** What was read stays in sight when the file is gone; the sentence above it says so. */
function ownFile(old: Loaded | null, { root, path }: Place): FileText | null {
  return old?.file?.root === root && old.file.path === path ? old.file : null;
}

function LongFile({ file, hrefOf }: { file: FileText; hrefOf: (line: number) => string }) {
  const last = file.lastLine;
  if (file.firstLine === 1 && last >= file.totalLines) return null;
  const number = (value: number) => value.toLocaleString("en");
  return (
    <p class="notice quiet">
      Lines {number(file.firstLine)} to {number(last)} of {number(file.totalLines)}.{" "}
      {file.firstLine > 1 && <a href={hrefOf(Math.max(1, file.firstLine - 1))}>Earlier lines</a>}{" "}
      {last < file.totalLines && <a href={hrefOf(last + 1)}>Later lines</a>}
    </p>
  );
}

export function PathText({ path, root }: { path: string; root: string }) {
  const at = path.lastIndexOf("/") + 1;
  return (
    <span class="path" title={path}>
      {root && <span class="root-name">{rootName(root)}</span>}
      <span class="folder">{path.slice(0, at)}</span>
      <span class="file">{path.slice(at)}</span>
    </span>
  );
}

function Why({ hit, why }: { hit: Hit; why: string | undefined }) {
  return (
    <div class="why">
      <p>
        {why ?? whyHere(hit, view.value)}
        {hit.dirty && " The text is from an editor and is not saved yet."}
      </p>
      {view.value === "search" && <Signals hit={hit} key={`${searchKey.value} ${keyOf(hit)}`} />}
    </div>
  );
}
