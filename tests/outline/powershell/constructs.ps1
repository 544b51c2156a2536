# Doc
function Get-Thing {
  [CmdletBinding()]
  param([string]$Name)
  Get-Other -Name $Name
}
filter Foo { $_ }
class Bar : Base {
  [int]$X
  Bar([int]$x) { $this.X = $x }
  [string] Method([int]$a) { return "x" }
  static [void] S() {}
}
enum Color { Red; Green = 2 }
$script:v = 1
