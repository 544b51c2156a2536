// Formats every Lua file of the client as stylua.toml says, or (without --fix) names those that are not.
const fs = require('fs')
const stylua = require('@johnnymorganz/stylua')

const wanted = Object.fromEntries(
  fs
    .readFileSync('stylua.toml', 'utf8')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => line.split('=').map((part) => part.trim().replace(/^"|"$/g, '')))
)

function config() { // each call of the formatter takes its own
  const config = stylua.Config.new()
  config.column_width = Number(wanted.column_width)
  config.indent_type = stylua.IndentType[wanted.indent_type]
  config.indent_width = Number(wanted.indent_width)
  config.quote_style = stylua.QuoteStyle[wanted.quote_style]
  return config
}

let nWrong = 0
for (const name of fs.readdirSync('.', { recursive: true }).sort()) {
  if (!name.endsWith('.lua') || name.startsWith('tests/fixture')) continue
  const before = fs.readFileSync(name, 'utf8')
  const after = stylua.formatCode(before, config(), undefined, stylua.OutputVerification.Full)
  if (after === before) continue
  if (process.argv.includes('--fix')) {
    fs.writeFileSync(name, after)
  } else {
    console.error(`${name} is not formatted: bash clients/nvim/tests/lint.sh --fix`)
    nWrong += 1
  }
}
process.exit(nWrong ? 1 : 0)
