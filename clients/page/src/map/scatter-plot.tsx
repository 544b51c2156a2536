/** The canvas of the map with its labels: pan by dragging or arrows, zoom by wheel, pinch, + and -, 0 shows all. */
import KDBush from "kdbush";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { changed, navigate, route } from "../app/route";
import { theme } from "../app/theme";
import { type Camera, cameraText, fit, panned, placeLabels, readCamera, type Size, toMap, zoomed } from "./camera";
import type { LoadedMap } from "./map-store";
import { N_COLOURS } from "./points";
import { Renderer, type Rgb } from "./renderer";

interface Props {
  map: LoadedMap;
  colours: Uint8Array;
  lit: Uint32Array;
  onPick: (point: number) => void;
}

const REACH = 10;
const STEP = 60;
const REST_MS = 300;

export function ScatterPlot({ map, colours, lit, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<Renderer | null>(null);
  const [size, setSize] = useState<Size | null>(null);
  const [moved, setMoved] = useState<Camera | null>(() => readCamera(route.value.params.get("at")));
  const camera = moved ?? (size && fit(map.info.bounds, size));
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    renderer.current = new Renderer(canvas.current!, map.points);
  }, [map]);
  useFrame(() => {
    if (!renderer.current || !camera || !size) return;
    renderer.current.setPalette(paletteOf(box.current!), rgbOf(getComputedStyle(box.current!).color));
    renderer.current.setColours(colours);
    renderer.current.setLit(lit);
  }, [map, colours, lit, theme.value, size !== null]);
  useFrame(() => {
    if (camera && size) renderer.current?.draw(camera, size, Math.min(devicePixelRatio, 2));
  }, [map, camera, size, colours, lit, theme.value]);
  useEffect(() => {
    const timer = setTimeout(() => navigate(changed({ at: moved && cameraText(moved) }), { replace: true }), REST_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  const index = usePointIndex(map);
  const gestures = useGestures(camera, size, setMoved, (left, top) => {
    if (!camera || !size) return;
    const [x, y] = toMap(camera, size, left, top);
    const near = nearest(index(), map, x, y, REACH / camera.scale);
    if (near !== undefined) onPick(near);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const next = camera && size && afterKey(event.key, camera, size, fit(map.info.bounds, size));
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setMoved(next);
  };
  return (
    <div class="plot" ref={box}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Map of all symbols. Arrows move, plus and minus zoom, 0 shows all. The areas are listed after it."
        onKeyDown={onKeyDown}
        {...gestures}
      />
      <Swatches />
      {camera && size && (
        <ul class="labels" aria-label="Areas of the map">
          {placeLabels(map.info.labels, camera, size).map((label) => (
            <li
              key={`${label.text} ${label.x} ${label.y}`}
              style={{ transform: `translate(${label.left}px, ${label.top}px) translate(-50%, -50%)` }}
            >
              <button type="button" onClick={() => setMoved(zoomed({ ...camera, x: label.x, y: label.y }, size, 2))}>
                {label.text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Their computed colours are the palette, which so follows the theme. */
function Swatches() {
  return (
    <div class="palette" aria-hidden="true">
      {Array.from({ length: N_COLOURS + 1 }, (_, rank) => (
        <span key={rank} class={`swatch colour-${rank}`} />
      ))}
    </div>
  );
}

function paletteOf(box: HTMLElement): Rgb[] {
  return [...box.querySelectorAll(".palette .swatch")].map((swatch) => rgbOf(getComputedStyle(swatch).backgroundColor));
}

function rgbOf(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** After the frame that the change belongs to. */
function useFrame(work: () => void, changes: unknown[]): void {
  useEffect(() => {
    const frame = requestAnimationFrame(work);
    return () => cancelAnimationFrame(frame);
  }, changes);
}

function usePointIndex({ points }: LoadedMap): () => KDBush {
  return useMemo(() => {
    let index: KDBush | undefined;
    return () => {
      if (!index) {
        index = new KDBush(points.count);
        for (let point = 0; point < points.count; point++) index.add(points.x[point]!, points.y[point]!);
        index.finish();
      }
      return index;
    };
  }, [points]);
}

function nearest(index: KDBush, { points }: LoadedMap, x: number, y: number, reach: number): number | undefined {
  const far = (point: number) => (points.x[point]! - x) ** 2 + (points.y[point]! - y) ** 2;
  return index.within(x, y, reach).sort((one, other) => far(one) - far(other))[0];
}

function afterKey(key: string, camera: Camera, size: Size, all: Camera): Camera | undefined {
  const moves: Record<string, () => Camera> = {
    ArrowLeft: () => panned(camera, STEP, 0),
    ArrowRight: () => panned(camera, -STEP, 0),
    ArrowUp: () => panned(camera, 0, STEP),
    ArrowDown: () => panned(camera, 0, -STEP),
    "+": () => zoomed(camera, size, 1.5),
    "=": () => zoomed(camera, size, 1.5),
    "-": () => zoomed(camera, size, 1 / 1.5),
    "0": () => all,
  };
  return moves[key]?.();
}

function useGestures(
  camera: Camera | null,
  size: Size | null,
  move: (next: Camera) => void,
  pick: (left: number, top: number) => void,
) {
  const pointers = useRef(new Map<number, [number, number]>());
  const wasMoved = useRef(false);
  const placeOf = (event: MouseEvent): [number, number] => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const canvasOf = (event: PointerEvent) => event.currentTarget as HTMLCanvasElement;
  return {
    onPointerDown: (event: PointerEvent) => {
      canvasOf(event).setPointerCapture(event.pointerId);
      pointers.current.set(event.pointerId, placeOf(event));
      wasMoved.current = pointers.current.size > 1;
    },
    onPointerMove: (event: PointerEvent) => {
      const before = pointers.current.get(event.pointerId);
      if (!before || !camera || !size) return;
      const now = placeOf(event);
      const others = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      if (!wasMoved.current && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
      wasMoved.current = true;
      pointers.current.set(event.pointerId, now);
      const [other] = others;
      if (other) {
        const factor =
          Math.hypot(now[0] - other[0], now[1] - other[1]) /
          Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
        move(zoomed(camera, size, factor, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2));
      } else {
        move(panned(camera, now[0] - before[0], now[1] - before[1]));
      }
    },
    onPointerUp: (event: PointerEvent) => {
      pointers.current.delete(event.pointerId);
      if (!wasMoved.current) pick(...placeOf(event));
    },
    onPointerCancel: (event: PointerEvent) => void pointers.current.delete(event.pointerId),
    onWheel: (event: WheelEvent) => {
      if (!camera || !size) return;
      event.preventDefault();
      move(zoomed(camera, size, Math.exp(-event.deltaY * 0.0015), ...placeOf(event)));
    },
  };
}
