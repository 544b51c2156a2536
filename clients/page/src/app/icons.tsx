/** Icons are drawn here; each stands beside a text or has a label. */
import type { JSX } from "preact";

const PATHS = {
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.3 7.8 3.7 3.7",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  open: "M9 2.5h4.5V7M13.5 2.5 7.5 8.5M6 3.5H3v9.5h9.5V10",
  similar: "M5.5 8a3 3 0 1 1 0-.01M10.5 8a3 3 0 1 1 0-.01",
  callers: "M2.5 4h4M2.5 8h4M2.5 12h4M6.5 4c3 0 3 4 6 4M6.5 12c3 0 3-4 6-4M6.5 8h6M11 6l2 2-2 2",
  callees: "M14 4h-4M14 8h-4M14 12h-4M10 4C7 4 7 8 4 8M10 12C7 12 7 8 4 8M10 8H4M5.5 6l-2 2 2 2",
  graph:
    "M4 3.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM4 9.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM12 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM5.5 5 10.5 7.4M5.5 11 10.5 8.6",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  back: "M9.5 3.5 5 8l4.5 4.5",
  close: "M4 4l8 8M12 4l-8 8",
  light: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M12.5 10A5.5 5.5 0 0 1 6 3.5a5.5 5.5 0 1 0 6.5 6.5Z",
  system: "M2 3h12v8H2zM6 13.5h4",
  help: "M6 6a2 2 0 1 1 3 1.7c-.7.4-1 .8-1 1.6M8 11.7v.3",
  plus: "M8 4v8M4 8h8",
  folder: "M2 4h4l1.5 1.5H14V12.5H2z",
  refresh: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3",
  pause: "M5.5 4v8M10.5 4v8",
  play: "M5.5 3.5 12 8l-6.5 4.5z",
  check: "M3 8.5 6.5 12 13 4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
