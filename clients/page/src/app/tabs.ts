/** The views that the navigation and the digits lead to. */
import { has } from "../api/session";
import type { View } from "./route";

export interface Tab {
  view: View;
  label: string;
  /** A method without which the server cannot answer the view. */
  needs?: string;
}

const TABS: Tab[] = [
  { view: "search", label: "Search" },
  { view: "folders", label: "Folders", needs: "folders" },
  { view: "map", label: "Map", needs: "map" },
  { view: "changes", label: "Changes", needs: "impact" },
  { view: "duplicates", label: "Duplicates", needs: "duplicates" },
  { view: "unused", label: "Unused", needs: "unused" },
  { view: "index", label: "Index" },
];

export function tabs(): Tab[] {
  return TABS.filter(({ needs }) => !needs || has(needs));
}
