// Answers for the map, where the server does not offer it yet: three points, one in the middle; or many.
const json = (route, body) => route.fulfill({ contentType: "application/json", body: JSON.stringify(body) });

export async function mapAnswers(page, root, count = 3) {
  const symbol = {
    root,
    path: "net/retry.py",
    name: "fetch_with_retry",
    qualifiedName: "fetch_with_retry",
    kind: "function",
    language: "python",
  };
  await page.route("**/api/session", async (route) => {
    const response = await route.fetch();
    const session = await response.json();
    await json(route, { ...session, methods: [...new Set([...session.methods, "map"])] });
  });
  await page.route("**/api/map", (route) =>
    json(route, {
      state: "ready",
      progress: 1,
      version: "1",
      points: count,
      bounds: [-1, -1, 1, 1],
      labels: [{ x: 0.5, y: 0.5, text: "retry request", symbols: 2 }],
      languages: ["python", "go"],
      kinds: ["function"],
      folders: ["net", "store"],
    }),
  );
  await page.route("**/api/map/points*", (route) =>
    route.fulfill({ contentType: "application/octet-stream", body: points(count) }),
  );
  await page.route("**/api/map/symbols", (route) =>
    json(route, {
      symbols: route
        .request()
        .postDataJSON()
        .points.map(() => ({ ...symbol, startLine: 7, endLine: 14, nameLine: 7 })),
    }),
  );
  await page.route("**/api/map/locate", (route) =>
    json(route, {
      points: route
        .request()
        .postDataJSON()
        .places.map((_, index) => (index < 2 ? index : null)),
    }),
  );
}

function points(count) {
  const bytes = Buffer.alloc(4 + count * 13);
  bytes.writeUInt32LE(count, 0);
  for (let point = 0; point < count; point++) {
    const [x, y] =
      point === 0
        ? [0, 0]
        : [Math.sin(point * 7.1) * Math.sqrt(point / count), Math.cos(point * 3.7) * Math.sqrt(point / count)];
    bytes.writeFloatLE(x, 4 + 4 * point);
    bytes.writeFloatLE(y, 4 + 4 * (count + point));
    bytes.writeUInt16LE(point % 2, 4 + 8 * count + 2 * point);
    bytes.writeUInt16LE(point % 2, 4 + 10 * count + 2 * point);
  }
  return bytes;
}
