import { describe, expect, it } from "vitest";
import { cameraText, fit, panned, placeLabels, readCamera, toMap, toScreen, zoomed } from "../../src/map/camera";
import { coloursOf, N_COLOURS, rankedValues, readPoints } from "../../src/map/points";
import { hitOfEdge } from "../../src/search/related";

const SIZE = { width: 800, height: 400 };

describe("the camera", () => {
  const camera = fit([-10, -10, 10, 10], SIZE);

  it("shows all, in the middle", () => {
    expect(toScreen(camera, SIZE, 0, 0)).toEqual([400, 200]);
    expect(toScreen(camera, SIZE, 10, 10)[1]).toBeGreaterThan(0);
    expect(fit([3, 3, 3, 3], SIZE).scale).toBeGreaterThan(0);
  });

  it.each([
    [0, 0],
    [123, 45],
    [800, 400],
  ])("takes %i,%i to the map and back", (left, top) => {
    const [x, y] = toScreen(camera, SIZE, ...toMap(camera, SIZE, left, top));
    expect([Math.round(x), Math.round(y)]).toEqual([left, top]);
  });

  it("keeps what lies under the pointer", () => {
    const before = toMap(camera, SIZE, 100, 100);
    const after = toMap(zoomed(camera, SIZE, 3, 100, 100), SIZE, 100, 100);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    expect(toScreen(panned(camera, 30, -20), SIZE, 0, 0)).toEqual([430, 180]);
  });

  it("is part of the address", () => {
    expect(readCamera(cameraText({ x: 0.123456789, y: -2, scale: 345.6789 }))).toEqual({
      x: 0.12346,
      y: -2,
      scale: 345.68,
    });
    for (const text of [null, "", "1,2", "1,2,0", "a,b,c", "1,2,-3"]) expect(readCamera(text)).toBeNull();
  });

  it("leaves out labels that would cover a larger one, until one zooms in", () => {
    const labels = [
      { x: 0, y: 0, text: "small", symbols: 1 },
      { x: 0.2, y: 0, text: "large", symbols: 9 },
    ];
    expect(placeLabels(labels, camera, SIZE).map(({ text }) => text)).toEqual(["large"]);
    expect(placeLabels(labels, zoomed(camera, SIZE, 40), SIZE)).toHaveLength(2);
  });
});

describe("the points", () => {
  const bytes = new ArrayBuffer(4 + 2 * 13);
  const view = new DataView(bytes);
  view.setUint32(0, 2, true);
  view.setFloat32(8, 1.5, true);
  view.setUint16(22, 7, true);
  view.setUint8(29, 3);

  it("are read as columns", () => {
    const points = readPoints(bytes);
    expect([points.count, [...points.x], [...points.folder], [...points.kind]]).toEqual([2, [0, 1.5], [0, 7], [0, 3]]);
  });

  it("are refused when some are missing", () => expect(() => readPoints(bytes.slice(0, 20))).toThrow("not whole"));

  it("have the colours of the most frequent values", () => {
    const column = [...Array.from({ length: 20 }, (_, index) => index % 10), 4, 4];
    const ranked = rankedValues(column, ["a", "b", "c", "d", "e"]);
    expect(ranked[0]).toEqual({ value: 4, name: "e", count: 4 });
    expect(coloursOf([4, 9], ranked)).toEqual(Uint8Array.from([0, N_COLOURS]));
  });
});

it.each([
  ["callers", 0.95, ["call"], [[5, 6]]],
  ["callers", 0.6, ["call", "likely"], [[5, 6]]],
  ["callees", 0.2, ["call", "possible"], []],
] as const)("an edge of %s with confidence %f", (view, confidence, reasons, highlights) => {
  const edge = {
    hit: {} as never,
    ranges: [{ startLine: 5, endLine: 6 }],
    confidence,
    kind: "call",
    test: false,
    distance: 1,
  };
  expect(hitOfEdge(edge, view)).toEqual({ reasons, highlights });
});
