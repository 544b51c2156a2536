{ pkgs, lib ? x }:
let
  # Doc
  f = a: b: a + b;
  k = 1;
in {
  pkg = pkgs.mkDerivation { name = "x"; buildPhase = ''a''; };
  services.foo.enable = true;
  g = { x, y }: x;
  inherit k;
}
