/** Views whose code is loaded when they are first opened, and again where that failed, when the server is back. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { connection } from "../api/client";

export function lateView(load: () => Promise<ComponentType>): ComponentType {
  const view = signal<ComponentType | null>(null);
  const isMissing = signal(false);
  return function LateView() {
    const isLive = connection.value === "live";
    useLayoutEffect(() => {
      if (view.value) return;
      load().then(
        (loaded) => (view.value = loaded),
        () => (isMissing.value = true),
      );
    }, [isLive]);
    const View = view.value;
    if (View) return <View />;
    if (!isMissing.value) return <p class="notice quiet">Loading ...</p>;
    return (
      <p class="notice bad" role="alert">
        This view could not be loaded.{" "}
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </p>
    );
  };
}
