---@meta
-- The types of the whole plugin, for LuaLS. Never loaded.

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
---@field selectionRange? semlens.Range where the name stands
---@field language? string
---@field score? number
---@field signature? string
---@field snippet? { text: string, range: semlens.Range }
---@field highlights? semlens.Range[]
---@field reasons? string[]
---@field dirty? boolean from a buffer that is not saved as shown
---@field path? string relative to its root

---@class semlens.SearchResult
---@field hits semlens.Hit[]
---@field generation integer
---@field complete boolean
---@field elapsedMs number
---@field notes? string[] sentences about filters that were not understood

---@class semlens.Filter
---@field languages? string[]
---@field kinds? (string|integer)[]
---@field paths? string[] globs
---@field excludePaths? string[] globs
---@field tests? 'include'|'exclude'|'only'

---@class semlens.SearchOptions
---@field limit? integer
---@field filter? semlens.Filter
---@field perFile? integer hits that one file takes of the first ten; 0: no bound
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
---@field number? integer grows with every status that the server makes
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

---What a picker shows and where it gets it from.
---@class semlens.Source
---@field name string
---@field title string
---@field hint string shown while nothing is typed
---@field live boolean ask again on every keystroke
---@field ask fun(text: string, on_result: semlens.OnResult): fun() returns what cancels the question

---@alias semlens.OnResult fun(err: string?, result: semlens.SearchResult?, is_partial: boolean)

---@class semlens.PickerOptions
---@field width number share of the columns, or columns when above 1
---@field height number share of the lines, or lines when above 1
---@field preview boolean
---@field icons 'auto'|false|table<string, string> by lower-case kind; auto: of mini.icons where it is set up
---@field border? string|string[] default: 'winborder', else rounded
---@field limit integer hits to ask for
---@field keys table<string, string|string[]|false> action to keys

---@class semlens.Config
---@field cmd? string|string[] the server's command; default: looked for
---@field env? table<string, string> environment of the server
---@field project_venv boolean run the semlens in a project's own .venv
---@field settings table<string, any> the server's settings, see docs/configuration.md
---@field root_markers (string|string[])[] what marks a root, the best first
---@field picker semlens.PickerOptions
---@field ui 'builtin'|'telescope'|'fzf-lua'|'snacks'|'mini.pick'|'select' whose list shows the hits
---@field context_budget integer tokens of :SemanticContext
