from __future__ import annotations

import pytest
from search_cases import search, snapshot_of, view_of

from semlens.search.signals.path_roles import path_roles


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("dist/app.js", {"product"}),
        ("packages/core/build/index.js", {"product"}),
        ("lib/vue.global.prod.js", {"product"}),
        ("single_include/json.hpp", {"product"}),
        ("amalgamated.h", {"product"}),
        ("src/build/plan.py", set()),
        ("src/distance.py", set()),
        ("bundle.py", set()),
        (".github/issue_template/bug.yml", {"manifest"}),
        ("cargo.toml", {"manifest"}),
        ("go.mod", {"manifest"}),
        ("app/app.csproj", {"manifest"}),
        ("examples/routes.json", {"data"}),
        ("src/package.py", set()),
    ],
)
def test_the_roles_of_a_path(path, roles):
    assert {name for name, column in path_roles([path]).items() if column[0]} == roles


CODE = "function openRoute(name) {\n  return table.lookup(name)\n}\n"
FILES = {
    "src/router.js": CODE,
    "dist/router.js": CODE + CODE.replace("openRoute", "openRouteAgain"),
    "routes.json": '{"open": {"route": "open route name"}, "openRoute": "look up the name of a route"}\n',
    ".github/ISSUE_TEMPLATE/route.yml": "name: open route\nbody: the route that I open by its name\n",
}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("open a route by its name", "src/router.js"),
        ("open a route in the dist bundle", "dist/router.js"),
        ("openRoute", "src/router.js"),
    ],
)
def test_sources_rank_before_what_was_built_of_them(query, first):
    assert search(snapshot_of(view_of(FILES)), query)[0].path == first
