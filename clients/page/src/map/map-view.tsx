export function MapView() {
  return <p class="notice quiet">This server has no map.</p>;
}
