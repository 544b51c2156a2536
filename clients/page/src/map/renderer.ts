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
    const disc = discOf(Math.max(1, Math.round(diameter)));
    for (let point = 0; point < count; point++) {
      this.stamp(left + x[point]! * scale, top - y[point]! * scale, disc, tints[this.colours[point]!]!, width, height);
    }
    const outer = discOf(Math.max(Math.round(10 * ratio), disc.size + 4));
    const inner = discOf(Math.max(1, outer.size - Math.max(2, Math.round(2.5 * ratio))));
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

  /** Draw a disc around a place, within the canvas. Its soft edge shows only where nothing is drawn yet. */
  private stamp(across: number, down: number, disc: Disc, tint: number, width: number, height: number): void {
    const { size, cover } = disc;
    const column = Math.round(across - size / 2);
    const row = Math.round(down - size / 2);
    if (column + size <= 0 || row + size <= 0 || column >= width || row >= height) return;
    const { pixels } = this;
    const colour = tint & 0xffffff;
    const alpha = tint >>> 24;
    for (let line = Math.max(0, -row); line < size && row + line < height; line++) {
      for (let step = Math.max(0, -column); step < size && column + step < width; step++) {
        const part = cover[line * size + step]!;
        const pixel = (row + line) * width + column + step;
        if (part === OPAQUE) pixels[pixel] = tint;
        else if (part > 0 && pixels[pixel] === 0) pixels[pixel] = (colour | (((alpha * part) / OPAQUE) << 24)) >>> 0;
      }
    }
  }

  /** In CSS pixels: larger the fewer points there are, and the closer one looks. */
  private diameter(camera: Camera, size: Size): number {
    const density = Math.sqrt((size.width * size.height) / Math.max(this.points.count, 1));
    this.extent ??= extentOf(this.points.x);
    const spread = (camera.scale * this.extent) / Math.min(size.width, size.height);
    return Math.min(10, Math.max(1.6, 0.36 * density * Math.sqrt(spread)));
  }

  private extent: number | undefined;
}

/** How much of each pixel a disc covers, 0 to 255. Up to three pixels wide it is a square. */
interface Disc {
  size: number;
  cover: Uint8Array;
}

function discOf(size: number): Disc {
  const cover = new Uint8Array(size * size).fill(OPAQUE);
  if (size < 4) return { size, cover };
  const middle = (size - 1) / 2;
  for (let pixel = 0; pixel < cover.length; pixel++) {
    const far = Math.hypot((pixel % size) - middle, Math.floor(pixel / size) - middle);
    cover[pixel] = OPAQUE * Math.min(1, Math.max(0, size / 2 - far));
  }
  return { size, cover };
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
