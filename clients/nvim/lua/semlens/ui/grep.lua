-- Hands the words of a question to a live grep, and back. It uses the picker of the setting `ui`, or of another plugin
-- that is there; without one, 'grepprg' and the quickfix list.
local config = require('semlens.config')

local M = {}

local BACK_KEY = '<C-g>'

---@param text string
local function search(text)
  vim.schedule(function()
    require('semlens').search(text)
  end)
end

---@type table<string, fun(text: string)>
local backends = {
  telescope = function(text)
    require('telescope.builtin').live_grep({
      default_text = text,
      attach_mappings = function(_, map)
        map({ 'i', 'n' }, BACK_KEY, function(prompt)
          local current = require('telescope.actions.state').get_current_line()
          require('telescope.actions').close(prompt)
          search(current)
        end)
        return true
      end,
    })
  end,
  ['fzf-lua'] = function(text)
    require('fzf-lua').live_grep({
      search = text,
      actions = {
        ['ctrl-g'] = function(_, options)
          search(options.last_query or text)
        end,
      },
    })
  end,
  snacks = function(text)
    require('snacks').picker.grep({
      search = text,
      actions = {
        semlens = function(picker)
          local current = picker.input.filter.search
          picker:close()
          search(current)
        end,
      },
      win = { input = { keys = { [BACK_KEY] = { 'semlens', mode = { 'i', 'n' } } } } },
    })
  end,
  ['mini.pick'] = function(text)
    local pick = require('mini.pick')
    vim.api.nvim_create_autocmd('User', {
      pattern = 'MiniPickStart',
      once = true,
      callback = function()
        pick.set_picker_query(vim.fn.split(text, '\\zs'))
      end,
    })
    pick.builtin.grep_live({}, {
      mappings = {
        semlens = {
          char = BACK_KEY,
          func = function()
            search(table.concat(pick.get_picker_query() or {}))
            return true
          end,
        },
      },
    })
  end,
}

---Neovim's own `:grep`, as a fixed string. `:Semlens!` leads back.
---@param text string
local function quickfix(text)
  if text == '' then -- it would list every line of every file, and Neovim would wait for that
    require('semlens.messages').say('NO_WORDS')
    return
  end
  local is_recursive = vim.o.grepprg:match('^%S*rg%f[%s\0]') ~= nil
  local arguments = (is_recursive and '-F -- ' or '-rF -- ')
    .. vim.fn.shellescape(text)
    .. (is_recursive and '' or ' .')
  vim.cmd(('silent grep! %s'):format(vim.fn.escape(arguments, '#%|')))
  vim.cmd('botright copen')
end

---@param text string a question
---@return string its words, without filters
function M.words(text)
  local words = vim.tbl_filter(function(word)
    return not word:match('^%-?%l+:.')
  end, vim.split(text, '%s+', { trimempty = true }))
  return table.concat(words, ' ')
end

---@param text string a question
function M.open(text)
  local name = config.get().ui
  local names = backends[name] and { name } or { 'snacks', 'telescope', 'fzf-lua', 'mini.pick' }
  for _, one in ipairs(names) do
    if require('semlens.ui').problem(one) == nil then
      backends[one](M.words(text))
      return
    end
  end
  quickfix(M.words(text))
end

return M
