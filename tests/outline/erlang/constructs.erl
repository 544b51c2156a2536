-module(foo).
-export([add/2]).
-record(state, {a, b = 1}).
-define(MAX, 10).
-define(SQ(X), X*X).
-type t() :: integer().
%% @doc Adds.
-spec add(integer(), integer()) -> integer().
add(A, B) -> A + B.
%% two clauses
fact(0) -> 1;
fact(N) when N > 0 ->
    N * fact(N - 1).
fact(A, B) -> other:call(A), local(B).
