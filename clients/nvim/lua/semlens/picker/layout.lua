-- Computes positions and sizes of the picker's windows. Pure functions of numbers; `windows` applies the result.
local M = {}

---@class semlens.Box
---@field row integer of the border
---@field col integer of the border
---@field width integer without the border
---@field height integer without the border

---@class semlens.Layout
---@field prompt semlens.Box
---@field list semlens.Box
---@field preview? semlens.Box

local MIN_COLUMNS_BESIDE = 100 -- from this width on the preview is beside the list
local MIN_LINES_BELOW = 18 -- from this height on a narrow picker has the preview below the list

---@param setting number a fraction of `available`, or a count if above 1
---@param available integer
---@param minimum integer
---@return integer
local function to_cells(setting, available, minimum)
  local size = setting <= 1 and math.floor(available * setting) or math.floor(setting)
  return math.min(available, math.max(minimum, size))
end

---@param columns integer
---@param lines integer without the command line
---@param options { width: number, height: number, preview: boolean }
---@return semlens.Layout
function M.compute(columns, lines, options)
  local width = to_cells(options.width, columns, math.min(columns, 80))
  local height = to_cells(options.height, lines, math.min(lines, 16))
  local row = math.floor((lines - height) / 2)
  local col = math.floor((columns - width) / 2)
  local inner = width - 2
  local prompt = { row = row, col = col, width = inner, height = 1 }
  local list = { row = row + 3, col = col, width = inner, height = math.max(1, height - 5) }
  if options.preview and width >= MIN_COLUMNS_BESIDE then
    local left = math.floor(width * 0.46)
    prompt.width = left - 2
    list.width = left - 2
    local preview = { row = row, col = col + left, width = width - left - 2, height = list.height + 3 }
    return { prompt = prompt, list = list, preview = preview }
  elseif options.preview and height >= MIN_LINES_BELOW then
    list.height = math.floor((height - 3) * 0.45) - 2
    local top = list.row + list.height + 2
    return {
      prompt = prompt,
      list = list,
      preview = { row = top, col = col, width = inner, height = row + height - top - 2 },
    }
  end
  return { prompt = prompt, list = list }
end

return M
