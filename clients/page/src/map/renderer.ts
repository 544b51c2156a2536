/** Draws the points into the pixels of a canvas. For points of a few pixels this is several times faster than WebGL where that is drawn by
 * software (24 frames a second for 160,000 points), as fast as the screen elsewhere, and works in every browser. */
import type { Camera, Size } from "./camera";
import type { Points } from "./points";

export type Rgb = readonly [number, number, number];

/** More pixels than this are drawn coarser and stretched. */
const MAX_PIXELS = 6_000_000;
const OPAQUE = 0xff;
const FAINT = 0x48;

export class Renderer {
  private readonly context: CanvasRenderingContext2D;
  private image: ImageData | undefined;
  private pixels = new Uint32Array();
  private colours: Uint8Array;
  private lit = new Uint32Array();
  private palette: Rgb[] = [];
  private ink: Rgb = [0, 0, 0];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly points: Points,
  ) {
    this.context = canvas.getContext("2d")!;
    this.colours = new Uint8Array(points.count);
  }

  setColours(colours: Uint8Array): void {
    this.colours = colours;
  }

  /** `ink` is the colour of the ring around points that are lit. */
  setPalette(palette: Rgb[], ink: Rgb): void {
    this.palette = palette;
    this.ink = ink;
  }

  /** Points that stand out; with none, all look alike. */
  setLit(points: Uint32Array): void {
    this.lit = points as Uint32Array<ArrayBuffer>;
  }

  draw(camera: Camera, size: Size, pixelRatio: number): void {
    const ratio = Math.min(pixelRatio, Math.sqrt(MAX_PIXELS / (size.width * size.height)));
    const [width, height] = [Math.max(1, Math.round(size.width * ratio)), Math.max(1, Math.round(size.height * ratio))];
    const image = this.imageOf(width, height);
    this.pixels.fill(0);
    const scale = camera.scale * ratio;
    const diameter = this.diameter(camera, size) * ratio;
    const alpha = this.lit.length > 0 ? FAINT : OPAQUE;
    const tints = this.palette.map((colour) => pixelOf(colour, alpha));
    const { x, y, count } = this.points;
    const [left, top] = [width / 2 - camera.x * scale, height / 2 + camera.y * scale];
    const disc = spans(Math.max(1, Math.round(diameter)));
    for (let point = 0; point < count; point++) {
      this.stamp(left + x[point]! * scale, top - y[point]! * scale, disc, tints[this.colours[point]!]!, width, height);
    }
    const outer = spans(Math.max(Math.round(9 * ratio), disc.length + 4));
    const inner = spans(Math.max(1, outer.length - Math.round(4 * ratio)));
    const ring = pixelOf(this.ink, OPAQUE);
    for (const point of this.lit) {
      const [across, down] = [left + x[point]! * scale, top - y[point]! * scale];
      this.stamp(across, down, outer, ring, width, height);
      this.stamp(across, down, inner, pixelOf(this.palette[this.colours[point]!]!, OPAQUE), width, height);
    }
    this.context.putImageData(image, 0, 0);
  }

  private imageOf(width: number, height: number): ImageData {
    if (this.image?.width !== width || this.image.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    return this.image;
  }

  /** Fill a disc of rows around a place, within the canvas. */
  private stamp(across: number, down: number, disc: Int8Array, tint: number, width: number, height: number): void {
    const size = disc.length;
    const column = Math.round(across - size / 2);
    const row = Math.round(down - size / 2);
    if (column + size <= 0 || row + size <= 0 || column >= width || row >= height) return;
    for (let line = 0; line < size; line++) {
      const at = row + line;
      if (at < 0 || at >= height) continue;
      const inset = disc[line]!;
      const from = Math.max(0, column + inset);
      const to = Math.min(width, column + size - inset);
      for (let pixel = at * width + from; pixel < at * width + to; pixel++) this.pixels[pixel] = tint;
    }
  }

  /** In CSS pixels: larger the fewer points there are, and the closer one looks. */
  private diameter(camera: Camera, size: Size): number {
    const density = Math.sqrt((size.width * size.height) / Math.max(this.points.count, 1));
    this.extent ??= extentOf(this.points.x);
    const spread = (camera.scale * this.extent) / Math.min(size.width, size.height);
    return Math.min(12, Math.max(1.6, 0.55 * density * Math.sqrt(spread)));
  }

  private extent: number | undefined;
}

/** For each row of a disc, how many pixels are left out at each end. */
function spans(diameter: number): Int8Array {
  const radius = diameter / 2;
  return Int8Array.from({ length: diameter }, (_, row) => {
    const height = row + 0.5 - radius;
    return diameter < 4 ? 0 : Math.round(radius - Math.sqrt(Math.max(0, radius * radius - height * height)));
  });
}

function pixelOf([red, green, blue]: Rgb, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0; // every processor that browsers run on is little-endian
}

function extentOf(values: Float32Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return Math.max(high - low, 1e-6);
}
