defmodule Foo.Bar do
  @moduledoc """
  Module doc
  """
  use GenServer
  alias Foo.{A, B}
  @timeout 5000
  @doc "adds"
  @spec add(integer, integer) :: integer
  def add(a, b \\ 1), do: a + b
  @doc """
  long
  """
  def fetch(url, opts) when is_list(opts) do
    Http.get(url) |> handle()
  end
  def noargs do :ok end
  def noparens, do: 1
  defp priv(x), do: x
  defmacro mac(x) do quote do unquote(x) end end
  defguard is_x(v) when v == 1
  defdelegate d(x), to: Other
  defstruct [:a, :b]
  @type t :: %__MODULE__{}
  @callback cb(integer) :: atom
  defmodule Inner do def z(), do: 1 end
  def a <> b, do: 1
end
defprotocol P do def size(x) end
defimpl P, for: List do def size(x), do: length(x) end
defexception [:message]
test "x works" do end
