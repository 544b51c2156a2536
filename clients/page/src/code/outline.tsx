/** The symbols of the file beside its text, where the window is wide enough. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api/client";
import { generation } from "../api/session";
import { Kind } from "../search/kind";

interface OutlineSymbol {
  name: string;
  qualifiedName: string;
  kind: string;
  startLine: number;
  endLine: number;
  nameLine: number;
}

interface Props {
  root: string;
  path: string;
  line: number;
  hrefOf: (line: number) => string;
}

const MAX_SHOWN = 400;

export function Outline({ root, path, line, hrefOf }: Props) {
  const symbols = useOutline(root, path);
  if (symbols.length === 0) return null;
  const shown = symbols.slice(0, MAX_SHOWN);
  const current = shown.filter((one) => one.startLine <= line && line <= one.endLine).at(-1);
  return (
    <nav class="outline" aria-label={`Symbols of ${path}`}>
      <ol>
        {shown.map((one) => (
          <li key={`${one.qualifiedName}:${one.startLine}`} class={`level-${levelOf(one, shown)}`}>
            <a
              href={hrefOf(one.startLine)}
              aria-current={one === current ? "true" : undefined}
              title={one.qualifiedName}
            >
              <Kind kind={one.kind} /> <span class="outline-name">{one.name}</span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** How many symbols contain this one, at most 3. */
function levelOf(symbol: OutlineSymbol, symbols: OutlineSymbol[]): number {
  const isAround = (one: OutlineSymbol) =>
    one !== symbol &&
    one.startLine <= symbol.startLine &&
    one.endLine >= symbol.endLine &&
    one.qualifiedName !== symbol.qualifiedName;
  return Math.min(3, symbols.filter(isAround).length);
}

function useOutline(root: string, path: string): OutlineSymbol[] {
  const [state, setState] = useState<{ key: string; symbols: OutlineSymbol[] }>({ key: "", symbols: [] });
  const key = `${root}\n${path}`;
  const number = generation.value;
  useEffect(() => {
    const abort = new AbortController();
    // the text comes first
    const timer = setTimeout(() => {
      call<{ symbols: OutlineSymbol[] }>("outline", { root, path }, abort.signal).then(
        ({ symbols }) => setState({ key, symbols }),
        () => setState({ key, symbols: [] }), // a file of the preview need not be indexed
      );
    }, 100);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, number]);
  return state.key === key ? state.symbols : [];
}
