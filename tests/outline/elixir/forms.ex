defmodule A.B do
  @moduledoc "mod doc"
  use X
  @doc "d"
  @spec f(integer) :: integer
  def f(x) when x > 1, do: x
  def f(x, y \\ 1) do
    y
  end
  defp priv, do: 1
  defmacro mac(x) do quote do unquote(x) end end
  defdelegate del(a, b), to: C
  defguard is_x(a) when a > 1
  defstruct [:a, b: 1]
  @type t :: integer
  @callback cb(x :: integer) :: any
  @attr 1
  defmodule Inner do def g, do: 1 end
  defimpl P, for: A do def h(x), do: x end
  defprotocol Pr do def pr(x) end
  defexception message: "x"
  def a + b, do: 1
  def unquote(name)(), do: 1
end
defimpl P, for: [A, B] do
  def z(_), do: 1
end
