/** Which part of the map is seen: a centre in map coordinates, and pixels for each unit. */

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export type Bounds = readonly [x0: number, y0: number, x1: number, y1: number];

export interface Size {
  width: number;
  height: number;
}

export function fit([x0, y0, x1, y1]: Bounds, { width, height }: Size): Camera {
  const scale = 0.94 * Math.min(width / Math.max(x1 - x0, 1e-6), height / Math.max(y1 - y0, 1e-6));
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale };
}

/** As in the address of the page. */
export function cameraText({ x, y, scale }: Camera): string {
  return [x, y, scale].map((value) => Number(value.toPrecision(5))).join(",");
}

export function readCamera(text: string | null): Camera | null {
  const [x, y, scale] = (text ?? "").split(",").map(Number);
  return scale && scale > 0 && Number.isFinite(x) && Number.isFinite(y) ? { x: x!, y: y!, scale } : null;
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): [number, number] {
  return [size.width / 2 + (x - camera.x) * camera.scale, size.height / 2 - (y - camera.y) * camera.scale];
}

export function toMap(camera: Camera, size: Size, left: number, top: number): [number, number] {
  return [camera.x + (left - size.width / 2) / camera.scale, camera.y - (top - size.height / 2) / camera.scale];
}

export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale };
}

/** What lies under the pointer stays there. */
export function zoomed(
  camera: Camera,
  size: Size,
  factor: number,
  left = size.width / 2,
  top = size.height / 2,
): Camera {
  const [x, y] = toMap(camera, size, left, top);
  const scale = camera.scale * factor;
  return { x: x - (left - size.width / 2) / scale, y: y + (top - size.height / 2) / scale, scale };
}

export interface Label {
  x: number;
  y: number;
  text: string;
  symbols: number;
}

export interface PlacedLabel extends Label {
  left: number;
  top: number;
}

const LETTER = 7.2;
const LINE = 20;

/** The largest areas first; a label that would cover another is left out until one zooms in. */
export function placeLabels(labels: Label[], camera: Camera, size: Size, most = 40): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  const boxes: [number, number, number, number][] = [];
  for (const label of [...labels].sort((one, other) => other.symbols - one.symbols)) {
    const [left, top] = toScreen(camera, size, label.x, label.y);
    const half = (label.text.length * LETTER) / 2 + 6;
    if (left < half || left > size.width - half || top < LINE || top > size.height - LINE) continue;
    const box: [number, number, number, number] = [left - half, top - LINE / 2, left + half, top + LINE / 2];
    if (boxes.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]))
      continue;
    boxes.push(box);
    placed.push({ ...label, left, top });
    if (placed.length === most) break;
  }
  return placed;
}
