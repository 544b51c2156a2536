#!/bin/bash
f() { echo; }
function g { echo; }
function h() (
  echo
)
export A=1
readonly B=2
declare -r C=3
local_x=1
alias ll='ls -l'
i ()
{
  nested() { :; }
}
ns::fn() { :; }
