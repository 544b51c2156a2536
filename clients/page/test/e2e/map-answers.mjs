// Answers for the map, where the server does not offer it yet: three points, one in the middle.
const json = (route, body) => route.fulfill({ contentType: "application/json", body: JSON.stringify(body) });

export async function mapAnswers(page, root) {
  const symbol = { root, path: "net/retry.py", name: "fetch_with_retry", qualifiedName: "fetch_with_retry", kind: "function", language: "python" };
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
      points: 3,
      bounds: [-1, -1, 1, 1],
      labels: [{ x: 0.5, y: 0.5, text: "retry request", symbols: 2 }],
      languages: ["python", "go"],
      kinds: ["function"],
      folders: ["net", "store"],
    }),
  );
  await page.route("**/api/map/points*", (route) => route.fulfill({ contentType: "application/octet-stream", body: points() }));
  await page.route("**/api/map/symbols", (route) =>
    json(route, { symbols: route.request().postDataJSON().points.map(() => ({ ...symbol, startLine: 7, endLine: 14, nameLine: 7 })) }),
  );
  await page.route("**/api/map/locate", (route) =>
    json(route, { points: route.request().postDataJSON().places.map((_, index) => (index < 2 ? index : null)) }),
  );
}

function points() {
  const bytes = Buffer.alloc(4 + 3 * 13);
  bytes.writeUInt32LE(3, 0);
  [0, 0.8, -0.8].forEach((x, index) => bytes.writeFloatLE(x, 4 + 4 * index));
  [0, 0.8, -0.8].forEach((y, index) => bytes.writeFloatLE(y, 16 + 4 * index));
  bytes.writeUInt16LE(1, 4 + 8 * 3 + 4);
  bytes.writeUInt16LE(1, 4 + 10 * 3 + 4);
  return bytes;
}
