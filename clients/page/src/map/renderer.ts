/** Draws the points with WebGL 2: one buffer a column, one draw call, and a second for the points that are lit. */
import type { Camera, Size } from "./camera";
import type { Points } from "./points";

const VERTEX = `#version 300 es
in float x;
in float y;
in float colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float pointSize;
uniform vec3 palette[9];
uniform float dim;
out vec4 tint;
void main() {
  gl_Position = vec4((vec2(x, y) - centre) * scale, 0.0, 1.0);
  gl_PointSize = pointSize;
  tint = vec4(palette[int(colour)], dim);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 tint;
uniform float isRing;
out vec4 pixel;
void main() {
  float far = length(gl_PointCoord - 0.5);
  if (far > 0.5) discard;
  pixel = vec4(isRing > 0.5 && far > 0.34 ? vec3(0.0) : tint.rgb, 1.0) * tint.a;
}`;

export type Rgb = readonly [number, number, number];

export class Renderer {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly colours: WebGLBuffer;
  private readonly lit: WebGLBuffer;
  private litCount = 0;

  /** @throws Error with a sentence, where the browser has no WebGL 2. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly points: Points,
  ) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("The map needs WebGL 2, which this browser does not offer or has turned off.");
    this.gl = gl;
    this.program = linked(gl);
    gl.useProgram(this.program);
    gl.bindVertexArray(gl.createVertexArray());
    this.column("x", points.x, gl.FLOAT);
    this.column("y", points.y, gl.FLOAT);
    this.colours = this.column("colour", new Uint8Array(points.count), gl.UNSIGNED_BYTE);
    this.lit = gl.createBuffer();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  private column(name: string, data: Float32Array | Uint8Array, type: number): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    const place = gl.getAttribLocation(this.program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 1, type, false, 0, 0);
    return buffer;
  }

  setColours(colours: Uint8Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.colours);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, colours, this.gl.STATIC_DRAW);
  }

  setPalette(palette: readonly Rgb[]): void {
    this.gl.uniform3fv(this.uniform("palette"), palette.flat());
  }

  /** Points that stand out; with none, all look alike. */
  setLit(points: Uint32Array): void {
    this.litCount = points.length;
    this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, this.lit);
    this.gl.bufferData(this.gl.ELEMENT_ARRAY_BUFFER, points, this.gl.DYNAMIC_DRAW);
  }

  draw(camera: Camera, size: Size, ratio: number): void {
    const { gl, canvas } = this;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.uniform("centre"), camera.x, camera.y);
    gl.uniform2f(this.uniform("scale"), (2 * camera.scale) / size.width, (2 * camera.scale) / size.height);
    const density = Math.sqrt((size.width * size.height) / Math.max(this.points.count, 1));
    const spread = (camera.scale * this.extent()) / Math.min(size.width, size.height);
    const pointSize = Math.min(12, Math.max(1.6, 0.55 * density * Math.sqrt(spread))) * ratio;
    gl.uniform1f(this.uniform("pointSize"), pointSize);
    gl.uniform1f(this.uniform("isRing"), 0);
    gl.uniform1f(this.uniform("dim"), this.litCount > 0 ? 0.22 : 0.8);
    gl.drawArrays(gl.POINTS, 0, this.points.count);
    if (this.litCount > 0) {
      gl.uniform1f(this.uniform("pointSize"), Math.max(7 * ratio, pointSize * 1.6));
      gl.uniform1f(this.uniform("isRing"), 1);
      gl.uniform1f(this.uniform("dim"), 1);
      gl.drawElements(gl.POINTS, this.litCount, gl.UNSIGNED_INT, 0);
    }
  }

  /** Width of all points, in units of the map. */
  private extent(): number {
    this.known ??= span(this.points.x);
    return this.known;
  }

  private known: number | undefined;

  private readonly uniforms = new Map<string, WebGLUniformLocation | null>();

  private uniform(name: string): WebGLUniformLocation | null {
    let place = this.uniforms.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(this.program, name);
      this.uniforms.set(name, place);
    }
    return place;
  }

  dispose(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function span(values: Float32Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return Math.max(high - low, 1e-6);
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(`The map cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  return program;
}
