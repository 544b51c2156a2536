#!/usr/bin/env bash
# install.sh: installs the plugin the ways that people do, each in a fresh home, and asks Neovim whether its commands are
# there. The managers are those of the bundle that setup.sh unpacks. Without luarocks its part is skipped.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$tests/setup.sh"

# what the release pushes: the history of this folder as a repository of its own, here one commit
remote=$scratch/semlens.nvim
cp -r "$client" "$remote"
git -C "$remote" init --quiet --initial-branch=main
git -C "$remote" add --all
git -C "$remote" -c user.name=test -c user.email=test@localhost commit --quiet --message=test

asks=$scratch/asks.lua
cat > "$asks" <<'LUA'
for _, name in ipairs({ 'SemanticSearch', 'SemanticInstall' }) do
  assert(vim.fn.exists(':' .. name) == 2, name .. ' is no command')
end
assert(vim.lsp.config.semlens.cmd, 'no configuration named semlens')
assert(require('semlens').setup or require('semlens').search, 'the module is empty')
assert(#vim.fn.getcompletion('semlens', 'help') > 0 or vim.g.no_help, 'no help')
io.stdout:write('OK\n')
LUA

check() {  # check NAME INIT: start Neovim with that init.lua in a fresh data folder, then ask
    export XDG_DATA_HOME=$scratch/data-$1 XDG_STATE_HOME=$scratch/state-$1
    printf '%s\n' "$2" > "$scratch/$1.lua"
    said=$("$nvim" --headless -u "$scratch/$1.lua" "+luafile $asks" +qa 2>&1) || true
    case $said in
        *OK*) echo "installed by $1" ;;
        *) echo "not installed by $1: $said" >&2; exit 1 ;;
    esac
}

check packpath "vim.fn.mkdir('$scratch/site/pack/any/start', 'p')
  vim.uv.fs_symlink('$remote', '$scratch/site/pack/any/start/semlens.nvim')
  vim.opt.packpath:append('$scratch/site')
  vim.cmd.packadd('semlens.nvim')
  vim.cmd.helptags('ALL')"
check lazy-folder "vim.opt.rtp:prepend('$plugins/lazy.nvim')
  require('lazy').setup({ { dir = '$remote', name = 'semlens.nvim' } }, { rocks = { enabled = false } })"
check lazy "vim.opt.rtp:prepend('$plugins/lazy.nvim')
  require('lazy').setup({ { url = 'file://$remote', name = 'semlens.nvim' } }, { rocks = { enabled = false } })"
check mini.deps "vim.opt.rtp:prepend('$plugins/mini.nvim')
  require('mini.deps').setup({ path = { package = vim.fn.stdpath('data') .. '/site' } })
  MiniDeps.add({ source = 'file://$remote', name = 'semlens.nvim' })"
if "$nvim" --headless -u NONE -c 'lua os.exit(vim.pack and 0 or 1)' 2> /dev/null; then
    check vim.pack "vim.pack.add({ { src = 'file://$remote', name = 'semlens.nvim' } }, { confirm = false })"
else
    echo "left out vim.pack: this Neovim has none"
fi

# the configuration for nvim-lspconfig: no plugin, only the file
check lspconfig "vim.g.no_help = true
  vim.fn.mkdir('$scratch/lspconfig/lsp', 'p')
  vim.uv.fs_copyfile('$repository/release/lspconfig/semlens.lua', '$scratch/lspconfig/lsp/semlens.lua')
  vim.opt.rtp:append('$scratch/lspconfig')
  assert(vim.deep_equal(vim.lsp.config.semlens.cmd, { 'semlens', 'serve' }))
  vim.opt.rtp:append('$client')
  vim.cmd.runtime('plugin/semlens.lua')"

rockspec=semlens.nvim-scm-1.rockspec
if command -v luarocks > /dev/null; then
    cd "$remote"
    luarocks lint "$rockspec"
    luarocks --tree "$scratch/rocks" make --deps-mode=none "$rockspec" > /dev/null
    rock=$(echo "$scratch"/rocks/lib/luarocks/rocks-*/semlens.nvim/scm-1)
    check luarocks "package.path = table.concat(vim.fn.globpath('$scratch/rocks/share/lua', '5.*', 0, 1), '') .. '/?.lua;' ..
      table.concat(vim.fn.globpath('$scratch/rocks/share/lua', '5.*', 0, 1), '') .. '/?/init.lua;' .. package.path
      vim.opt.rtp:append('$rock')
      vim.cmd.runtime('plugin/semlens.lua')
      vim.cmd.helptags('ALL')"
else
    echo "left out luarocks: 'apt-get install luarocks' installs it"
fi

# the server, as the plugin offers it where neither uv nor pipx is: this checkout's wheel, by pip, in an environment of its own;
# without a shell in the environment, as on the continuous integration
WHEEL=$(sh "$repository/clients/wheel.sh" "$python" "$scratch")
export WHEEL
mkdir "$scratch/bare"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$("$python" -c 'import sys; print(sys._base_executable)')" > "$scratch/bare/python3"
chmod +x "$scratch/bare/python3"
unset PYTHONPATH
cd "$scratch/workspace"
said=$(env -u SHELL PATH="$scratch/bare" "$nvim" --headless -u NONE -i NONE -n -l "$tests/install_server.lua" 2>&1) || true
case $said in
    *OK*) echo "installed the server from its wheel" ;;
    *) echo "did not install the server: $said" >&2; exit 1 ;;
esac
