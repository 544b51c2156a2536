defmodule MyApp.Counter do
  @moduledoc """
  Counts things.
  """
  use GenServer

  @default 0
  @type t :: %__MODULE__{value: integer()}
  defstruct value: @default

  @callback changed(integer()) :: :ok

  ## Client

  @doc "Starts it."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  def increment(pid, by) when is_integer(by), do: GenServer.cast(pid, {:increment, by})
  def value, do: GenServer.call(__MODULE__, :value)

  @impl true
  def init(_opts), do: {:ok, %__MODULE__{}}

  @impl true
  def handle_call(:value, _from, state) do
    {:reply, state.value, state}
  end

  def handle_call(:reset, _from, state) do
    {:reply, :ok, %{state | value: 0}}
  end

  defp log(message), do: IO.puts(message)

  defmacro count!(expression) do
    quote do
      unquote(expression)
    end
  end

  defimpl String.Chars do
    def to_string(counter), do: "#{counter.value}"
  end
end

defmodule MyApp.CounterTest do
  use ExUnit.Case, async: true

  describe "increment/2" do
    test "adds" do
      assert MyApp.Counter.increment(self(), 1) == :ok
    end
  end
end
