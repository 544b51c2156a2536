---@meta
-- The shared types of the plugin, for LuaLS. This file is never loaded.

---@class semlens.Position
---@field line integer 0-based
---@field character integer in the client's offset encoding

---@class semlens.Range
---@field start semlens.Position
---@field end semlens.Position

---@class semlens.Location
---@field uri string
---@field range semlens.Range

---A hit as the server sends it.
---@class semlens.Hit
---@field name string
---@field kind integer LSP's SymbolKind
---@field containerName? string
---@field location semlens.Location
---@field selectionRange? semlens.Range of the name
---@field language? string
---@field score? number
---@field signature? string
---@field snippet? { text: string, range: semlens.Range }
---@field highlights? semlens.Range[]
---@field reasons? string[]
---@field dirty? boolean found in unsaved text
---@field path? string relative to its root
---@field team? string the repository of a hit that the team's server found

---@class semlens.SearchResult
---@field hits semlens.Hit[]
---@field generation integer
---@field complete boolean
---@field elapsedMs number
---@field notes? string[] messages about filters that the server did not understand
---@field confidence? number probability that one of the first three hits is what was asked for
---@field nothingFits? boolean the confidence is so low that the hits probably do not fit

---@class semlens.Filter
---@field languages? string[]
---@field kinds? (string|integer)[]
---@field paths? string[] globs
---@field excludePaths? string[] globs
---@field tests? 'include'|'exclude'|'only'

---@class semlens.SearchOptions
---@field limit? integer
---@field filter? semlens.Filter
---@field perFile? integer maximum of hits from one file among the first ten; 0: no limit
---@field explain? boolean

---@class semlens.Root
---@field uri string
---@field files integer
---@field symbols integer
---@field pending integer
---@field skipped table<string, integer>
---@field watching 'client'|'native'|'polling'|'none'

---@class semlens.Tier
---@field model string
---@field role 'first'|'refine'
---@field embedded integer
---@field pending integer

---@class semlens.Status
---@field number? integer increases with every status that the server sends
---@field state 'starting'|'scanning'|'indexing'|'ready'|'paused'|'degraded'|'stopped'
---@field complete boolean
---@field refining boolean
---@field roots semlens.Root[]
---@field tiers semlens.Tier[]
---@field generation integer
---@field lagMs number
---@field rssBytes integer
---@field indexBytes integer
---@field remote { service: string, texts: integer, bytes: integer, redactions: integer }[]
---@field problems { path: string, message: string }[]

---A list that a picker can show: its texts, and the request that fills it.
---@class semlens.Source
---@field name string
---@field title string
---@field hint string shown while the prompt is empty
---@field live boolean send a request on every keystroke; false: typing filters the first result
---@field request fun(text: string, on_result: semlens.OnResult): fun() returns a function that cancels the request

---@alias semlens.OnResult fun(err: string?, result: semlens.SearchResult?, is_partial: boolean)

---@class semlens.PickerOptions
---@field width number fraction of the columns, or a count if above 1
---@field height number fraction of the lines, or a count if above 1
---@field preview boolean
---@field icons 'auto'|false|table<string, string> by lower-case kind; auto: from mini.icons, if it is set up
---@field border? string|string[] default: 'winborder', else rounded
---@field limit integer maximum of hits
---@field keys table<string, string|string[]|false> action to keys

---@class semlens.Config
---@field cmd? string|string[] the server's command; default: searched, see `semlens.server`
---@field env? table<string, string> environment of the server
---@field package? string what `:Semlens install` installs: a wheel; default: the wheel in `dist/` of this clone
---@field log_level integer of the plugin's log, one of vim.log.levels
---@field project_venv boolean allow a server from the project's .venv
---@field settings table<string, any> the server's settings, see docs/configuration.md
---@field server { shared: boolean } shared: use the resident server
---@field root_markers (string|string[])[] names of files that mark a root, best first
---@field picker semlens.PickerOptions
---@field ui 'builtin'|'telescope'|'fzf-lua'|'snacks'|'mini.pick'|'select' the picker that shows the hits
---@field context_budget integer tokens of :SemanticContext
